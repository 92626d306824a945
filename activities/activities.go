// Package activities is what the workflows have done: one exported method per
// side effect. Each finds in the record what was done before, so that it may be
// run again at any moment.
package activities

import (
	"context"
	"errors"
	"log/slog"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/conversation"
	"securitybot/internal/factor"
	"securitybot/internal/seal"
	"securitybot/internal/sink"
	"securitybot/internal/store"
)

// Record is what the steps need of the record.
type Record interface {
	Alert(ctx context.Context, id string) (store.Record, error)
	Story(ctx context.Context, id string) (store.Story, error)
	Admit(ctx context.Context, id string, who store.Identified, planner store.Planner) (store.Record, error)
	Settle(ctx context.Context, id string, because store.Because) (store.Record, error)
	Finish(ctx context.Context, id string) error

	BeginPost(ctx context.Context, alertID, purpose string) (store.Post, store.Turn, error)
	ReleasePost(ctx context.Context, post store.Post, happened bool) error
	FinishPost(ctx context.Context, post store.Post, kind string, data, shown store.Fields) error

	BeginProof(ctx context.Context, alertID string, attempt int, factor string) (alert.Proof, store.ProofTurn, error)
	ProofSending(ctx context.Context, proof alert.Proof) (alert.Proof, error)
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
	Planner store.Planner
	Chat    chat.Chat
	Channel string          // of the security team
	Second  sink.CaseTarget // used when the chat system can't be; nil without one
	Factor  factor.Factor
	Sealer  *seal.Sealer
	Links   Links
	Logger  *slog.Logger
}

// Activities are the steps.
type Activities struct {
	Options
}

// New checks that nothing is missing.
func New(options Options) (*Activities, error) {
	switch {
	case options.Record == nil, options.Finder == nil, options.Planner == nil:
		return nil, errors.New("activities need a record, a finder and a planner")
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
	record, err := a.Record.Admit(ctx, id, who, a.Planner)
	if err != nil {
		return conversation.Admission{}, err
	}
	return a.admission(ctx, record)
}

func (a *Activities) admission(ctx context.Context, record store.Record) (conversation.Admission, error) {
	outcome, err := a.outcome(ctx, record)
	return conversation.Admission{
		Ask:       record.Plan.Action == alert.Ask,
		Priority:  5 - record.Severity.Rank(),
		AskBy:     record.Plan.AskBy,
		Reminders: record.Plan.Reminders,
		Question:  outcome.Question,
		Outcome:   outcome,
	}, err
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
		Case:    !record.EscalatedAt.IsZero(),
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
	if answer := story.Answer(); answer != nil {
		question.Answer = conversation.Answered{AnswerID: answer.ID, Choice: answer.Choice}
	}
	return question
}
