package api

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// CaseSummary is a case that nobody has resolved.
type CaseSummary struct {
	AlertID    string          `json:"alert_id"`
	Title      string          `json:"title"`
	Detection  string          `json:"detection"`
	Severity   alert.Severity  `json:"severity"`
	Who        store.Who       `json:"who"`
	Escalation *EscalationView `json:"escalation,omitempty"`
	OpenedAt   time.Time       `json:"opened_at"`
	AckedAt    time.Time       `json:"acked_at,omitzero"`
	AckedBy    string          `json:"acked_by,omitempty"`
	Links      LinksView       `json:"links"`
}

func (s *Server) listCases(c *gin.Context) error {
	limit, state := defaultLimit, "open"
	faults := readQuery(c.Request.URL.RawQuery, map[string]func(string) error{
		"limit": limited(&limit), "state": oneOf(&state, "open"),
	})
	if len(faults) > 0 {
		return problemOf(http.StatusBadRequest, "the query is not valid", faults...)
	}
	list, err := s.opt.Record.OpenCases(c.Request.Context(), s.opt.Now().Add(time.Hour), limit) // whatever the clocks say
	if err != nil {
		return fmt.Errorf("list open cases: %w", err)
	}
	views := make([]CaseSummary, 0, len(list))
	for _, each := range list {
		views = append(views, CaseSummary{
			AlertID: each.Record.ID, Title: each.Record.Title, Detection: each.Record.Detection, Severity: each.Record.Severity,
			Who: store.WhoIs(each.Person, each.Record.Subject), Escalation: escalationOf(each.Record),
			OpenedAt: each.Case.OpenedAt.UTC(), AckedAt: each.Case.AckedAt.UTC(), AckedBy: each.Case.AckedBy,
			Links: s.opt.Links.linksOf(each.Record.ID),
		})
	}
	return writeJSON(c, http.StatusOK, map[string]any{"cases": views})
}
