package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"securitybot/internal/store"
)

const longestOptOut = 90 * 24 * time.Hour

// OptOutView is somebody who is not asked until a time; what is about them goes to
// the security team.
type OptOutView struct {
	Person Someone   `json:"person"`
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
}

func optOutOf(optOut store.OptOut, person Someone) OptOutView {
	return OptOutView{
		Person: person, Since: optOut.Since.UTC(), Until: optOut.Until.UTC(), By: optOut.By, Reason: optOut.Reason,
	}
}

func (s *Server) listOptOuts(c *gin.Context) error {
	list, err := s.opt.Record.OptOuts(c.Request.Context())
	if err != nil {
		return fmt.Errorf("list opt-outs: %w", err)
	}
	people := s.directory()
	views := make([]OptOutView, 0, len(list))
	for _, each := range list {
		if isSelf(c, each.Person) {
			continue
		}
		person, err := people.find(c.Request.Context(), each.Person)
		if err != nil {
			return err
		}
		views = append(views, optOutOf(each, person))
	}
	return writeJSON(c, http.StatusOK, map[string]any{"opt_outs": views})
}

func (s *Server) optOut(c *gin.Context) error {
	body, err := readBody(c, "an opt-out")
	if err != nil {
		return err
	}
	f := form{now: s.opt.Now()}
	var email string
	var ends term
	wanted := store.OptOut{By: actor(c)}
	f.read(body, map[string]func(string, json.RawMessage){
		"person": f.email(&email), "reason": f.required(&wanted.Reason, maxReason),
		"until": f.until(&ends), "for": f.lasting(&ends),
	}, "until", "for")
	f.within(ends, longestOptOut)
	if err := f.invalid(); err != nil {
		return err
	}
	person, err := s.person(c.Request.Context(), email)
	switch {
	case err != nil:
		return err
	case isSelf(c, person.PersonKey):
		return problemOf(http.StatusForbidden, "this is about you: in Slack you can stop questions for a while by yourself")
	}
	wanted.Person, wanted.Until, wanted.Since = person.PersonKey, ends.until, f.now
	refusal, err := s.opt.Record.OptOut(c.Request.Context(), wanted, nameOf(person))
	if err := s.done(refusal, err, "opted out already"); err != nil {
		return err
	}
	return writeJSON(c, http.StatusCreated, optOutOf(wanted, someone(person)))
}

func (s *Server) optIn(c *gin.Context) error {
	person, err := s.other(c)
	if err != nil {
		return err
	}
	refusal, err := s.opt.Record.OptIn(c.Request.Context(), person.PersonKey, nameOf(person), actor(c))
	if err := s.done(refusal, err, "not opted out"); err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, map[string]any{"person": someone(person)})
}

// done tells what became of a change that may have been made before, and has its
// announcement sent at once.
func (s *Server) done(refusal store.Refusal, err error, already string) error {
	switch {
	case err != nil:
		return fmt.Errorf("change what holds: %w", err)
	case refusal != "":
		return problemOf(http.StatusConflict, already)
	}
	s.opt.Kick()
	return nil
}
