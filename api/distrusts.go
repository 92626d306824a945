package api

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"securitybot/internal/store"
)

// DistrustView is somebody whose chat account was suspected, until a responder
// cleared it: GET /v1/distrusts.
type DistrustView struct {
	Person    Someone   `json:"person"`
	AlertID   string    `json:"alert_id"` // that showed it
	Reason    string    `json:"reason"`
	Since     time.Time `json:"since"`
	ClearedAt time.Time `json:"cleared_at,omitzero"`
	ClearedBy string    `json:"cleared_by,omitempty"`
	Clearance string    `json:"clearance,omitempty"` // the reason given
}

// DistrustList are those in force, and then the newest of those that were cleared.
type DistrustList struct {
	Distrusts []DistrustView `json:"distrusts"`
}

func distrustOf(distrust store.Distrust, person Someone) DistrustView {
	return DistrustView{
		Person: person, AlertID: distrust.AlertID, Reason: distrust.Reason, Since: distrust.Since.UTC(),
		ClearedAt: distrust.ClearedAt.UTC(), ClearedBy: distrust.ClearedBy, Clearance: distrust.Clearance,
	}
}

func (s *Server) listDistrusts(c *gin.Context) error {
	limit := defaultLimit
	faults := readQuery(c.Request.URL.RawQuery, map[string]func(string) error{"limit": limited(&limit)})
	if len(faults) > 0 {
		return problemOf(http.StatusBadRequest, "the query is not valid", faults...)
	}
	list, err := s.opt.Record.Distrusts(c.Request.Context(), limit)
	if err != nil {
		return fmt.Errorf("list distrusts: %w", err)
	}
	people, views := s.directory(), DistrustList{Distrusts: make([]DistrustView, 0, len(list))}
	for _, each := range list {
		if isSelf(c, each.Person) {
			continue
		}
		person, err := people.find(c.Request.Context(), each.Person)
		if err != nil {
			return err
		}
		views.Distrusts = append(views.Distrusts, distrustOf(each, person))
	}
	return writeJSON(c, http.StatusOK, views)
}

// clearDistrust has somebody asked again, which weighs as much as a grave case: a
// token alone could make a thief believed.
func (s *Server) clearDistrust(c *gin.Context) error {
	reason, err := s.readReason(c, "a clearance")
	if err != nil {
		return err
	}
	person, err := s.other(c)
	if err != nil {
		return err
	}
	if !callerOf(c).Session {
		return problemOf(http.StatusForbidden,
			"clearing a distrust needs more than a token: log in to the console, or use `securitybot person trust`")
	}
	err = s.opt.Record.Trust(c.Request.Context(), person.PersonKey, called(c), reason)
	switch {
	case errors.Is(err, store.ErrTrusted):
		return problemOf(http.StatusConflict, "the person is not under distrust")
	case err != nil:
		return fmt.Errorf("clear distrust: %w", err)
	}
	s.opt.Kick()
	return writeJSON(c, http.StatusOK, map[string]any{"person": someone(person)})
}
