package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// Responding is what responders do.
type Responding interface {
	TakeAck(ctx context.Context, said store.Said, by string) (store.Heard, error)
	TakeResolve(ctx context.Context, said store.Said, by, reason string) (store.Heard, error)
	TakeReview(ctx context.Context, said store.Said, by string, fine bool) (store.Heard, error)
	Withdraw(ctx context.Context, wanted store.Withdrawal) (store.Heard, error)
	Try(ctx context.Context, reported alert.Alert, who store.Identified, planner store.Planner) (store.Story, error)
}

// said is what the person who makes a request does about the alert that it names.
func (s *Server) said(c *gin.Context) (store.Said, error) {
	id, err := s.alertParam(c)
	caller := callerOf(c)
	return store.Said{
		Delivery: "api " + rand.Text(), AlertID: id, Person: caller.Person, At: s.opt.Now().UTC(), LoggedIn: caller.Session,
	}, err
}

// alertParam is the alert that a path names.
func (s *Server) alertParam(c *gin.Context) (string, error) {
	id := c.Param("id")
	if !alertID.MatchString(id) {
		return "", problemOf(http.StatusNotFound, "no such alert")
	}
	return id, nil
}

func (s *Server) acknowledge(c *gin.Context) error {
	said, err := s.said(c)
	if err != nil {
		return err
	}
	heard, err := s.opt.Record.TakeAck(c.Request.Context(), said, called(c))
	return s.responded(c, heard, err)
}

func (s *Server) resolve(c *gin.Context) error {
	said, err := s.said(c)
	if err != nil {
		return err
	}
	reason, err := s.readReason(c, "a resolution")
	if err != nil {
		return err
	}
	heard, err := s.opt.Record.TakeResolve(c.Request.Context(), said, called(c), reason)
	return s.responded(c, heard, err)
}

func (s *Server) review(c *gin.Context) error {
	said, err := s.said(c)
	if err != nil {
		return err
	}
	body, err := readBody(c, "a review")
	if err != nil {
		return err
	}
	f := form{now: s.opt.Now()}
	var fine bool
	f.read(body, map[string]func(string, json.RawMessage){"fine": f.flag(&fine)})
	if err := f.invalid(); err != nil {
		return err
	}
	heard, err := s.opt.Record.TakeReview(c.Request.Context(), said, called(c), fine)
	if heard.Refusal == store.RefusedClosed {
		return problemOf(http.StatusConflict, "nobody wanted this alert looked at")
	}
	return s.responded(c, heard, err)
}

// withdraw takes an alert back: a responder any, a source one of its own.
func (s *Server) withdraw(c *gin.Context) error {
	id, err := s.alertParam(c)
	if err != nil {
		return err
	}
	reason, err := s.readReason(c, "a withdrawal")
	if err != nil {
		return err
	}
	caller := callerOf(c)
	wanted := store.Withdrawal{AlertID: id, By: caller.Source, Reason: reason}
	if caller.Email != "" {
		if !caller.May(ScopeRespond) {
			return needs(respond)
		}
		wanted.By, wanted.Person = called(c), caller.Person
	} else if err := s.reportedBy(c.Request.Context(), id, caller); err != nil {
		return err
	}
	heard, err := s.opt.Record.Withdraw(c.Request.Context(), wanted)
	return s.responded(c, heard, err)
}

// reportedBy refuses a source what another one reported, and a token what it may not
// report: that is not its to take back either.
func (s *Server) reportedBy(ctx context.Context, id string, caller Caller) error {
	story, err := s.readStory(ctx, id)
	if err != nil {
		return err
	}
	field := caller.Token.Allows(story.Record.Alert)
	switch {
	case story.Record.Source != caller.Source && !caller.May(ScopeRead):
		return problemOf(http.StatusNotFound, "no such alert")
	case story.Record.Source != caller.Source:
		return problemOf(http.StatusForbidden, "a source can only withdraw what it reported itself")
	case field != "":
		return problemOf(http.StatusForbidden, "the token does not allow this "+field)
	default:
		return nil
	}
}

// responded answers with the alert as it is now, or tells why nothing changed.
func (s *Server) responded(c *gin.Context, heard store.Heard, err error) error {
	if err != nil {
		return fmt.Errorf("respond: %w", err)
	}
	if heard.Refusal != "" {
		return s.refusal(c, heard)
	}
	s.opt.Kick()
	return s.showAlert(c)
}

// refusal says in words why something that a responder did changed nothing; where
// another one was faster, who that was.
func (s *Server) refusal(c *gin.Context, heard store.Heard) error {
	switch heard.Refusal {
	case store.RefusedOwnCase:
		return errOwn()
	case store.RefusedSuspected:
		return errSuspected()
	case store.RefusedNeedsProof:
		return problemOf(http.StatusForbidden,
			"a case as grave as this one needs more than a token: log in to the console, or resolve it in Slack")
	case store.RefusedReviewed:
		return problemOf(http.StatusConflict, "reviewed already by "+heard.Record.ReviewedBy)
	case store.RefusedWithdrawn:
		return problemOf(http.StatusConflict, "it was withdrawn already")
	case store.RefusedOthers:
		return problemOf(http.StatusConflict, "its question asks about what another source reported, too: ask a responder to withdraw it")
	case store.RefusedAcked, store.RefusedResolved, store.RefusedClosed:
		return s.conflict(c, heard)
	default:
		return problemOf(http.StatusConflict, "it was not taken: "+string(heard.Refusal))
	}
}

func (s *Server) conflict(c *gin.Context, heard store.Heard) error {
	story, err := s.readStory(c.Request.Context(), heard.Record.ID)
	if err != nil {
		return err
	}
	opened := story.Case
	detail := "there is no open case"
	switch {
	case opened != nil && !opened.ResolvedAt.IsZero():
		detail = "resolved already by " + opened.ResolvedBy
	case opened != nil && heard.Refusal == store.RefusedAcked:
		detail = "acknowledged already by " + opened.AckedBy
	case opened != nil:
		detail = "it has a verdict: resolve the case instead"
	case heard.Record.CaseOf != "":
		detail = "it is listed in the case of " + heard.Record.CaseOf
	case heard.Record.Verdict.Decided():
		detail = fmt.Sprintf("it was decided (%s), and there is no open case", heard.Record.Verdict.Outcome)
	}
	return problemOf(http.StatusConflict, detail)
}

// called is how timelines name the person who makes a request, as in Slack.
func called(c *gin.Context) string {
	who := self(c)
	if who == nil {
		return callerOf(c).Source
	}
	return cmp.Or(who.Name, who.Email, who.User)
}

func errOwn() error { return problemOf(http.StatusForbidden, "this is about you") }

func errSuspected() error {
	return problemOf(http.StatusForbidden, "your own chat account is suspected at the moment: ask another responder")
}
