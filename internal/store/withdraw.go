package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"securitybot/internal/alert"
)

// Why a withdrawal changed nothing.
const (
	RefusedWithdrawn Refusal = "withdrawn" // it was withdrawn before
	RefusedOthers    Refusal = "others"    // the question asks about what another source reported, too
)

// Withdrawal takes an alert back before it was decided.
type Withdrawal struct {
	AlertID string
	By      string          // how the timeline names who does it
	Person  alert.PersonKey // a responder; zero when it is the source that reported it
	Reason  string
}

// Withdraw ends an alert without an answer: what its question asks about too is
// withdrawn with it, and the question says that nothing is to be done. One that only
// joined a question is withdrawn alone. An alert with a verdict stays as it is. A push
// that runs proves nothing any more, but a Deny or a no still opens a case.
func (s *Store) Withdraw(ctx context.Context, wanted Withdrawal) (Heard, error) {
	var heard Heard
	err := s.onAlert(ctx, wanted.AlertID, func(t *tx, record *Record) (err error) {
		heard = Heard{}
		if heard.Refusal, err = t.refuseWithdrawal(record, wanted.Person); err != nil {
			return err
		}
		if heard.Refusal == "" {
			err = t.withdraw(record, wanted)
		}
		heard.Record = *record
		return err
	})
	return heard, err
}

func (t *tx) refuseWithdrawal(record *Record, responder alert.PersonKey) (Refusal, error) {
	refuse := func() (Refusal, error) { return t.refuseResponder(record, responder) }
	if responder.User == "" {
		refuse = func() (Refusal, error) { return t.refuseSource(record) }
	}
	if refusal, err := refuse(); err != nil || refusal != "" {
		return refusal, err
	}
	switch {
	case record.Verdict.Outcome == alert.Withdrawn:
		return RefusedWithdrawn, nil
	case record.Verdict.Decided():
		return RefusedClosed, nil
	default:
		return "", nil
	}
}

// refuseSource keeps a source from taking back what others reported: by a question
// of its own that theirs joined.
func (t *tx) refuseSource(record *Record) (Refusal, error) {
	joined, err := t.JoinedTo(t.ctx, record.ID)
	if err != nil {
		return "", fmt.Errorf("list joined alerts: %w", err)
	}
	if slices.ContainsFunc(joined, func(other Record) bool { return other.Source != record.Source }) {
		return RefusedOthers, nil
	}
	return "", nil
}

func (t *tx) withdraw(record *Record, wanted Withdrawal) error {
	if err := t.leaveQuestion(record); err != nil {
		return err
	}
	waited := record.HasTurn()
	if record.Plan == nil { // nobody will plan it any more
		record.Plan = &alert.Plan{Revision: "withdrawn", Action: alert.Close, AskBy: t.now}
	}
	record.Verdict, record.Status, record.SettledAt = alert.Verdict{Outcome: alert.Withdrawn}, alert.Closed, t.now
	record.QueuedUntil, record.CoveredBy = time.Time{}, ""
	if record.AskedAt.IsZero() {
		record.FinishedAt = t.now
	}
	if err := t.tally(record, string(record.Verdict.Outcome)); err != nil {
		return err
	}
	if err := t.save(record); err != nil {
		return err
	}
	err := t.append(record.ID, KindWithdrawn, wanted.By, Fields{"verdict": record.Verdict.Outcome},
		Fields{"reason": wanted.Reason, "chat_id": wanted.Person.User})
	if err != nil {
		return err
	}
	if err := t.concludeJoined(record); err != nil {
		return err
	}
	if err := t.announceWithdrawn(record, wanted); err != nil {
		return err
	}
	if err := t.enqueue(record.ID, OutgoingWake, "withdrawn", ""); err != nil {
		return err
	}
	if !waited {
		return nil
	}
	return t.promote(record.Person)
}

// leaveQuestion takes an alert out of the question that it joined, which is shown
// anew without it.
func (t *tx) leaveQuestion(record *Record) error {
	if record.JoinedTo == "" {
		return nil
	}
	question, err := t.LockAlert(t.ctx, record.JoinedTo)
	if err != nil {
		return fmt.Errorf("lock question %.12s: %w", record.JoinedTo, err)
	}
	record.JoinedTo, record.JoinRevision = "", 0
	question.Revision++
	if err := t.save(&question); err != nil {
		return err
	}
	return t.enqueue(question.ID, OutgoingJoined, fmt.Sprint(question.Revision), "")
}

// announceWithdrawn tells the security team that nobody will look at something grave.
func (t *tx) announceWithdrawn(record *Record, wanted Withdrawal) error {
	if record.Severity.Rank() < alert.High.Rank() {
		return nil
	}
	person, _, err := found(t.FindPerson(t.ctx, record.Person))
	if err != nil {
		return fmt.Errorf("read person: %w", err)
	}
	return t.notifyOf("withdrawn-"+record.ID, NoticeWithdrawn, Fields{
		"by": wanted.By, "who": WhoIs(person, record.Subject).String(), "title": record.Title,
		"severity": record.Severity, "reason": wanted.Reason,
	})
}
