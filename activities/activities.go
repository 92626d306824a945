// Package activities is what the workflows have done: one exported method per
// side effect. Each finds in the record what was done before, so that it may be
// run again at any moment.
package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/conversation"
	"securitybot/internal/evidence"
	"securitybot/internal/factor"
	"securitybot/internal/seal"
	"securitybot/internal/sink"
	"securitybot/internal/store"
	"securitybot/internal/words"
)

// Record is what the steps need of the record.
type Record interface {
	Summaries
	Upkeep

	Now() time.Time
	Alert(ctx context.Context, id string) (store.Record, error)
	Story(ctx context.Context, id string) (store.Story, error)
	Admit(ctx context.Context, id string, who store.Identified, planner store.Planner) (store.Record, error)
	TakeTurn(ctx context.Context, id string) (store.Record, error)
	Settle(ctx context.Context, id string, because store.Because) (store.Record, error)
	Finish(ctx context.Context, id string) error
	Shown(ctx context.Context, id string, revision int) error
	Paused(ctx context.Context) (bool, error)
	OptOutOf(ctx context.Context, person alert.PersonKey) (store.OptOut, bool, error)

	BeginPost(ctx context.Context, alertID, purpose string) (store.Post, store.Turn, error)
	ReleasePost(ctx context.Context, post store.Post, happened bool) error
	FinishPost(ctx context.Context, post store.Post, kind string, data, shown store.Fields) error

	NextRung(ctx context.Context, id string) (store.Rung, error)
	Climbed(ctx context.Context, id string, rung int, how string) error

	BeginNotice(ctx context.Context, id string) (store.Notice, store.Turn, error)
	ReleaseNotice(ctx context.Context, notice store.Notice, happened bool) error
	FinishNotice(ctx context.Context, notice store.Notice) error

	BeginProof(ctx context.Context, alertID string, attempt int, factor string) (alert.Proof, store.ProofTurn, error)
	ProofSending(ctx context.Context, proof alert.Proof, devices []store.Device) (alert.Proof, error)
	ProofPushed(ctx context.Context, proof alert.Proof) error
	ProofNotSent(ctx context.Context, proof alert.Proof) error
	ProofDecided(ctx context.Context, proof alert.Proof, result alert.ProofResult, reason string) (alert.Proof, error)
}

// Finder resolves an alert's subject to a person.
type Finder interface {
	// Known looks into the directory cache; false when it can't tell.
	Known(ctx context.Context, subject alert.Subject) (store.Identified, bool, error)
	// Find asks the chat system's directory, and keeps what it says.
	Find(ctx context.Context, subject alert.Subject) (store.Identified, error)
	// GroupsOf lists the groups of the chat system that a person is known to be in.
	GroupsOf(ctx context.Context, person alert.PersonKey) ([]string, error)
}

// Policies is what is decided by.
type Policies interface {
	// Planner is of the policy in force.
	Planner(ctx context.Context) (store.Planner, error)
}

// Links are the addresses that messages point to; "" leaves one out.
type Links interface {
	Alert(id string) string
	Workflow(id string) string
}

// Options are what the steps work with.
type Options struct {
	Record  Record
	Finder  Finder
	Policy  Policies
	Book    *words.Book
	Chat    chat.Chat
	Channel string          // of the security team
	Second  sink.CaseTarget // used when the chat system can't be; nil without one
	Targets Targets         // of the policy in force; nil without any
	Factor  factor.Factor
	Sealer  *seal.Sealer
	Links   Links
	Logger  *slog.Logger

	EvidenceKey *evidence.Key // nil: timelines are not signed
	Retention   time.Duration // of what is personal; 0 keeps it
}

// Activities are the steps.
type Activities struct {
	Options
}

// New checks that nothing is missing.
func New(options Options) (*Activities, error) {
	switch {
	case options.Record == nil, options.Finder == nil, options.Policy == nil, options.Book == nil:
		return nil, errors.New("activities need a record, a finder, a policy and words")
	case options.Chat == nil, options.Factor == nil, options.Channel == "":
		return nil, errors.New("activities need a chat, its security channel and a factor")
	case options.Sealer == nil, options.Links == nil, options.Logger == nil:
		return nil, errors.New("activities need a sealer, links and a logger")
	}
	return &Activities{Options: options}, nil
}

// Admit fixes the plan of an alert whose person is in the directory cache.
func (a *Activities) Admit(ctx context.Context, in conversation.AlertRef) (conversation.Admission, error) {
	record, err := a.Record.Alert(ctx, in.AlertID)
	if err != nil {
		return conversation.Admission{}, missing(err)
	}
	if record.Plan != nil {
		return a.admission(ctx, record)
	}
	who, known, err := a.Finder.Known(ctx, record.Subject)
	if err != nil {
		return conversation.Admission{}, err
	}
	if !known {
		return conversation.Admission{Unknown: true}, nil
	}
	return a.admit(ctx, in.AlertID, who)
}

// Identify asks the chat system who is meant, and admits the alert.
func (a *Activities) Identify(ctx context.Context, in conversation.AlertRef) (conversation.Admission, error) {
	record, err := a.Record.Alert(ctx, in.AlertID)
	if err != nil {
		return conversation.Admission{}, missing(err)
	}
	who, err := a.Finder.Find(ctx, record.Subject)
	if err != nil {
		return conversation.Admission{}, a.failed("find the person", err)
	}
	return a.admit(ctx, in.AlertID, who)
}

// AdmitUnidentified admits an alert whose person could not be looked up in time.
func (a *Activities) AdmitUnidentified(ctx context.Context, in conversation.AlertRef) (conversation.Admission, error) {
	return a.admit(ctx, in.AlertID, store.Identified{Reason: alert.ReasonUndelivered})
}

func (a *Activities) admit(ctx context.Context, id string, who store.Identified) (conversation.Admission, error) {
	planner, err := a.Policy.Planner(ctx)
	if err != nil {
		return conversation.Admission{}, fmt.Errorf("read the policy: %w", err)
	}
	if who.Groups, err = a.Finder.GroupsOf(ctx, who.Person.PersonKey); err != nil {
		return conversation.Admission{}, fmt.Errorf("read the person's groups: %w", err)
	}
	record, err := a.Record.Admit(ctx, id, who, planner)
	if err != nil {
		return conversation.Admission{}, err
	}
	return a.admission(ctx, record)
}

func (a *Activities) admission(ctx context.Context, record store.Record) (conversation.Admission, error) {
	outcome, err := a.outcome(ctx, record)
	return conversation.Admission{
		Ask:      record.Plan.Action == alert.Ask,
		Joined:   record.JoinedTo != "",
		Claim:    record.Plan.FactorOff || record.Plan.FactorDoubted,
		Priority: 5 - record.Severity.Rank(),
		AskBy:    record.Plan.AskBy,
		Turn:     turnOf(record),
		Question: outcome.Question,
		Outcome:  outcome,
	}, err
}

// turnOf tells whether a question waits: for working hours, or for its person's
// other questions.
func turnOf(record store.Record) conversation.Turn {
	turn := conversation.Turn{Waits: record.Status == alert.Held, Until: record.Plan.NotBefore}
	if !record.QueuedUntil.IsZero() {
		turn.Until = record.QueuedUntil
	}
	return turn
}

// TakeTurn tells whether a question that waited may be asked now, or what was
// decided instead.
func (a *Activities) TakeTurn(ctx context.Context, in conversation.AlertRef) (conversation.Turned, error) {
	if _, err := a.Record.TakeTurn(ctx, in.AlertID); err != nil {
		return conversation.Turned{}, missing(err)
	}
	record, err := a.Record.Settle(ctx, in.AlertID, store.Because{})
	if err != nil {
		return conversation.Turned{}, err
	}
	outcome, err := a.outcome(ctx, record)
	return conversation.Turned{Turn: turnOf(record), Outcome: outcome}, err
}

// Settle asks the record for its verdict.
func (a *Activities) Settle(ctx context.Context, in conversation.SettleInput) (conversation.Outcome, error) {
	record, err := a.Record.Settle(ctx, in.AlertID,
		store.Because{
			Undelivered: alert.KnownReason(in.Undelivered, alert.ReasonUndelivered),
			Unprovable:  alert.KnownReason(in.Unprovable, alert.ReasonUnavailable),
		})
	if err != nil {
		return conversation.Outcome{}, missing(err)
	}
	return a.outcome(ctx, record)
}

// outcome is what a workflow may know of a record.
func (a *Activities) outcome(ctx context.Context, record store.Record) (conversation.Outcome, error) {
	outcome := conversation.Outcome{
		Verdict: record.Verdict.Outcome,
		Case:    !record.EscalatedAt.IsZero() && record.CaseOf == "",
	}
	if record.Verdict.Outcome == alert.NoResponse {
		outcome.WatchUntil = record.WatchUntil
	}
	if record.AskedAt.IsZero() {
		return outcome, nil
	}
	story, err := a.Record.Story(ctx, record.ID)
	if err != nil {
		return outcome, err
	}
	outcome.Question = questionOf(story)
	return outcome, nil
}

func questionOf(story store.Story) conversation.Question {
	question := conversation.Question{
		AskedAt:      story.Record.AskedAt,
		Deadline:     story.Record.Deadline,
		Snoozes:      story.Record.Snoozes,
		SnoozedUntil: story.Record.SnoozedUntil,
		Attempts:     len(story.Proofs),
	}
	for _, after := range story.Record.Plan.Reminders {
		question.Reminders = append(question.Reminders, story.Record.Plan.After(question.AskedAt, after))
	}
	if answer := story.Answer(); answer != nil && !story.WaitsForWords() {
		question.Answer = conversation.Answered{AnswerID: answer.ID, Choice: answer.Choice}
	}
	return question
}
