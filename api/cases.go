package api

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// CaseSummary is a case that nobody has resolved.
type CaseSummary struct {
	AlertID    string          `json:"alert_id"`
	Rank       int             `json:"rank"` // how grave: 0 suspicious, 1 denied, 2 critical, 3 high, 4 medium, 5 low
	Verdict    alert.Outcome   `json:"verdict"`
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

// CasePage is a part of the list of open cases, the gravest first and of those alike
// the oldest. Next is nil at its end.
type CasePage struct {
	Cases []CaseSummary `json:"cases"`
	Next  *string       `json:"next"`
}

func (s *Server) listCases(c *gin.Context) error {
	limit, state, after := defaultLimit, "open", store.CaseCursor{}
	faults := readQuery(c.Request.URL.RawQuery, map[string]func(string) error{
		"limit": limited(&limit), "state": oneOf(&state, "open"), "cursor": caseCursor(&after),
	})
	if len(faults) > 0 {
		return problemOf(http.StatusBadRequest, "the query is not valid", faults...)
	}
	list, err := s.opt.Record.Cases(c.Request.Context(), after, limit, self(c))
	if err != nil {
		return fmt.Errorf("list open cases: %w", err)
	}
	page := CasePage{Cases: make([]CaseSummary, 0, len(list.Cases))}
	for _, each := range list.Cases {
		page.Cases = append(page.Cases, s.caseSummary(each))
	}
	if list.Next != nil {
		next := caseCursorText(*list.Next)
		page.Next = &next
	}
	return writeJSON(c, http.StatusOK, page)
}

func (s *Server) caseSummary(opened store.OpenCase) CaseSummary {
	record := opened.Record
	return CaseSummary{
		AlertID: record.ID, Rank: opened.Case.Rank, Verdict: record.Verdict.Outcome, Title: record.Title,
		Detection: record.Detection, Severity: record.Severity,
		Who: store.WhoIs(opened.Person, record.Subject), Escalation: escalationOf(record),
		OpenedAt: opened.Case.OpenedAt.UTC(), AckedAt: opened.Case.AckedAt.UTC(), AckedBy: opened.Case.AckedBy,
		Links: s.opt.Links.linksOf(record.ID),
	}
}

// caseCursorText is a place in the list of cases, which clients hand back as it is.
func caseCursorText(at store.CaseCursor) string {
	place := fmt.Sprintf("%d %d %s", at.Rank, at.OpenedAt.UnixMicro(), at.AlertID)
	return base64.RawURLEncoding.EncodeToString([]byte(place))
}

func caseCursor(into *store.CaseCursor) func(string) error {
	return func(value string) error {
		invalid := errors.New("is not a cursor of this list")
		place, err := base64.RawURLEncoding.DecodeString(value)
		if err != nil {
			return invalid
		}
		parts := strings.Split(string(place), " ")
		if len(parts) != 3 || !alertID.MatchString(parts[2]) {
			return invalid
		}
		rank, err := strconv.Atoi(parts[0])
		if err != nil || rank < store.RankSuspicious || rank > store.RankLow {
			return invalid
		}
		micros, err := strconv.ParseInt(parts[1], 10, 64)
		if err != nil || micros <= 0 || micros > 1<<53 {
			return invalid
		}
		*into = store.CaseCursor{Rank: rank, OpenedAt: time.UnixMicro(micros).UTC(), AlertID: parts[2]}
		return nil
	}
}
