package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"securitybot/internal/alert"
	"securitybot/internal/policy"
	"securitybot/internal/store"
)

// Policies know what is planned.
type Policies interface {
	Current(ctx context.Context) (*policy.Policy, error)
	// EscalateTo is where a case of ours about somebody goes.
	EscalateTo(ctx context.Context, person alert.PersonKey) ([]alert.Step, error)
}

// Finder resolves an alert's subject to a person, as far as the record knows people.
type Finder interface {
	// Known is false when the chat system would have to be asked.
	Known(ctx context.Context, subject alert.Subject) (store.Identified, bool, error)
	GroupsOf(ctx context.Context, person alert.PersonKey) ([]string, error)
}

// MessageView is a message of ours as the chat system gets it. Text alone carries the
// full meaning; Blocks are the chat system's own, a JSON list.
type MessageView struct {
	Text   string          `json:"text"`
	Blocks json.RawMessage `json:"blocks,omitempty"`
}

// Preview is what would become of an alert if it were reported now: POST
// /v1/alerts/preview. Nothing is recorded and nobody is told. Person is absent when
// the record knows nobody of that name, Message when nobody would be asked.
type Preview struct {
	Person    *Someone        `json:"person,omitempty"`
	Action    alert.Action    `json:"action"`  // ask, escalate or close
	Summary   string          `json:"summary"` // the same in words
	Verdict   alert.Outcome   `json:"verdict"` // of what is not asked
	Reason    string          `json:"verdict_reason"`
	HeldUntil time.Time       `json:"held_until,omitzero"` // for working hours
	Waits     bool            `json:"waits,omitempty"`     // for the person's other questions
	JoinedTo  string          `json:"joined_to,omitempty"` // the alert whose question would ask about this one too
	CoveredBy string          `json:"covered_by,omitempty"`
	Plan      json.RawMessage `json:"plan"` // an alert.Plan, with rule and revision
	Message   *MessageView    `json:"message,omitempty"`
}

// preview tries an alert.
func (s *Server) preview(c *gin.Context) error {
	tried, _, err := s.readByHand(c)
	if err != nil {
		return err
	}
	who, err := s.identified(c.Request.Context(), tried.Subject)
	if err != nil {
		return err
	}
	if err := notAbout(c, tried, who.Person); err != nil {
		return err
	}
	current, err := s.policy(c.Request.Context())
	if err != nil {
		return err
	}
	story, err := s.opt.Record.Try(c.Request.Context(), tried, who, current)
	if err != nil {
		return fmt.Errorf("try an alert: %w", err)
	}
	view, err := s.previewOf(story)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, view)
}

// reportByHand takes an alert that a responder reports, under their name.
func (s *Server) reportByHand(c *gin.Context) error {
	reported, body, err := s.readByHand(c)
	if err != nil {
		return err
	}
	who, err := s.identified(c.Request.Context(), reported.Subject)
	if err != nil {
		return err
	}
	if err := notAbout(c, reported, who.Person); err != nil {
		return err
	}
	report := store.Report{Alert: reported, Body: body, By: called(c)}
	accepted, err := s.opt.Record.AcceptAll(c.Request.Context(), alert.ByHand, []store.Report{report}, 0)
	if err == nil {
		err = accepted[0].Err
	}
	if err != nil {
		return fmt.Errorf("accept alert: %w", err)
	}
	taken, status := takenOf(accepted[0], s.opt.Links), http.StatusOK
	if !taken.Duplicate {
		status = http.StatusAccepted
		s.opt.Kick()
	}
	c.Header("Location", taken.Links.Self)
	return writeJSON(c, status, taken)
}

// readByHand reads an alert that is reported by hand, or only tried.
func (s *Server) readByHand(c *gin.Context) (alert.Alert, []byte, error) {
	body, err := readBody(c, "an alert")
	if err != nil {
		return alert.Alert{}, nil, err
	}
	read, faults := ReadAlert(body, s.opt.Now())
	if len(faults) > 0 {
		return read, nil, problemOf(http.StatusBadRequest, "the alert is not valid", faults...)
	}
	read.Source, read.ReceivedAt = alert.ByHand, s.opt.Now().UTC()
	return read, body, nil
}

// identified is whom a subject means, as far as the record knows.
func (s *Server) identified(ctx context.Context, subject alert.Subject) (store.Identified, error) {
	who, known, err := s.opt.Finder.Known(ctx, subject)
	if err != nil {
		return who, fmt.Errorf("find the person: %w", err)
	}
	if !known {
		return store.Identified{Reason: alert.ReasonUnknownPerson}, nil
	}
	if who.Groups, err = s.opt.Finder.GroupsOf(ctx, who.Person.PersonKey); err != nil {
		return who, fmt.Errorf("read the person's groups: %w", err)
	}
	return who, nil
}

// notAbout keeps people from reporting themselves, which would be a way to have
// something confirmed or closed that is about them.
func notAbout(c *gin.Context, reported alert.Alert, person alert.Person) error {
	who := self(c)
	if who == nil || !(store.Record{Alert: reported, Person: person.PersonKey}).Concerns(*who) {
		return nil
	}
	return problemOf(http.StatusForbidden, "this is about you: somebody else has to report it")
}

func (s *Server) previewOf(story store.Story) (Preview, error) {
	record := story.Record
	plan, err := json.Marshal(record.Plan)
	if err != nil {
		return Preview{}, fmt.Errorf("show plan: %w", err)
	}
	view := Preview{
		Action: record.Plan.Action, Verdict: record.Plan.Verdict.Outcome, Reason: record.Plan.Verdict.Reason,
		Waits: !record.QueuedUntil.IsZero(), JoinedTo: record.JoinedTo, CoveredBy: record.CoveredBy, Plan: plan,
	}
	if story.Person.User != "" {
		person := someone(story.Person)
		view.Person = &person
	}
	if record.Status == alert.Held && record.QueuedUntil.IsZero() {
		view.HeldUntil = record.Plan.NotBefore.UTC()
	}
	view.Summary = view.inWords(nameOf(story.Person))
	if view.Action != alert.Ask || view.JoinedTo != "" {
		return view, nil
	}
	text, blocks, err := s.opt.Render(story)
	if err != nil {
		return view, fmt.Errorf("render the question: %w", err)
	}
	view.Message = &MessageView{Text: text, Blocks: blocks}
	return view, nil
}

// inWords says what would happen first.
func (p Preview) inWords(name string) string {
	switch {
	case p.Action == alert.Escalate:
		return fmt.Sprintf("Nobody is asked: the security team gets it at once (%s).", p.Reason)
	case p.Action == alert.Close:
		return fmt.Sprintf("It is closed as %s (%s), and nobody is told.", p.Verdict, p.Reason)
	case p.JoinedTo != "":
		return name + " is asked about it with a question that is open already."
	case p.Waits:
		return name + " is asked once enough of their other questions are answered."
	case !p.HeldUntil.IsZero():
		return fmt.Sprintf("%s is asked on %s.", name, p.HeldUntil.Format("Mon 2 Jan 2006 at 15:04 MST"))
	default:
		return name + " is asked at once."
	}
}

// unwired stands in for what a server was given nothing for.
type unwired struct{}

func (unwired) unavailable() error {
	return problemOf(http.StatusServiceUnavailable, "this process does not know how alerts are planned")
}

func (u unwired) Current(context.Context) (*policy.Policy, error) { return nil, u.unavailable() }

func (u unwired) EscalateTo(context.Context, alert.PersonKey) ([]alert.Step, error) {
	return nil, u.unavailable()
}

func (u unwired) Known(context.Context, alert.Subject) (store.Identified, bool, error) {
	return store.Identified{}, false, u.unavailable()
}

func (u unwired) GroupsOf(context.Context, alert.PersonKey) ([]string, error) {
	return nil, u.unavailable()
}

func (u unwired) Render(store.Story) (string, json.RawMessage, error) {
	return "", nil, u.unavailable()
}
