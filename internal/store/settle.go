package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"securitybot/internal/alert"
)

// Because is what the one who settles knows beyond the rows. Both only ever escalate.
type Because struct {
	Undelivered string // the question can't be delivered
	Unprovable  string // nobody will try to prove the yes any more
}

// Settle decides an alert's verdict from its rows, in one transaction. The first
// verdict stands; a record without one is still open. What joined a question is
// settled with that.
func (s *Store) Settle(ctx context.Context, id string, because Because) (Record, error) {
	var settled Record
	err := s.onAlert(ctx, id, func(t *tx, record *Record) error {
		if record.Plan != nil && record.JoinedTo == "" && !record.Verdict.Decided() {
			if err := t.settle(record, because); err != nil {
				return err
			}
		}
		settled = *record
		return nil
	})
	return settled, err
}

func (t *tx) settle(record *Record, because Because) error {
	facts, err := t.facts(record, because)
	if err != nil {
		return err
	}
	verdict := alert.Decide(facts)
	if !verdict.Decided() {
		return nil
	}
	waited := record.HasTurn()
	if err := t.conclude(record, verdict); err != nil {
		return err
	}
	if err := t.concludeJoined(record); err != nil {
		return err
	}
	if err := t.follow(record); err != nil {
		return err
	}
	if !waited {
		return nil
	}
	return t.promote(record.Person)
}

// conclude writes a verdict, and opens the case that it needs.
func (t *tx) conclude(record *Record, verdict alert.Verdict) error {
	record.Verdict, record.Status, record.SettledAt, record.QueuedUntil = verdict, alert.Closed, t.now, time.Time{}
	if verdict.Outcome != alert.Suppressed {
		record.CoveredBy = ""
	}
	if verdict.NeedsCase(*record.Plan) {
		record.Status, record.EscalatedAt, record.Escalation = alert.Escalated, t.now, escalationOf(verdict)
		lateNo, err := t.lateNo(record.ID)
		if err != nil {
			return err
		}
		if lateNo && !verdict.Suspicious() {
			record.Escalation = EscalationLateNo
		}
	}
	if err := t.enlist(record); err != nil {
		return err
	}
	if record.AskedAt.IsZero() && (record.EscalatedAt.IsZero() || record.CaseOf != "") {
		record.FinishedAt = t.now // there is no question to close, and no case to open
	}
	if err := t.tally(record, string(verdict.Outcome)); err != nil {
		return err
	}
	if err := t.save(record); err != nil {
		return err
	}
	return t.append(record.ID, KindSettled, ActorBot, Fields{
		"verdict": verdict.Outcome, "reason": verdict.Reason,
		"suppression": record.CoveredBy, "case_of": record.CaseOf,
	}, nil)
}

// enlist gives an escalated alert its case: one of its own, or a line in another's.
func (t *tx) enlist(record *Record) error {
	if record.EscalatedAt.IsZero() {
		return nil
	}
	if record.CaseOf != "" {
		return t.refreshCase(record.CaseOf)
	}
	return t.openCase(record)
}

// concludeJoined gives what the question asked about too the same verdict. Its
// occurrences have no case of their own and are listed in the question's.
func (t *tx) concludeJoined(question *Record) error {
	joined, _, err := t.covered(question.ID, math.MaxInt)
	if err != nil {
		return err
	}
	for _, record := range joined {
		record.Verdict, record.SettledAt, record.Status = question.Verdict, t.now, question.Status
		record.EscalatedAt, record.Escalation, record.FinishedAt = question.EscalatedAt, question.Escalation, t.now
		record.Answered, record.Proven = question.Answered, question.Proven
		if !question.EscalatedAt.IsZero() {
			record.CaseOf = cmp.Or(question.CaseOf, question.ID)
		}
		if err := t.tallyJoined(question, &record); err != nil {
			return err
		}
		if err := t.save(&record); err != nil {
			return err
		}
		err := t.append(record.ID, KindSettled, ActorBot, Fields{
			"verdict": record.Verdict.Outcome, "reason": record.Verdict.Reason, "with": question.ID,
		}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

// follow does what a proven yes brings about.
func (t *tx) follow(record *Record) error {
	if record.Verdict.Outcome != alert.Confirmed {
		return nil
	}
	request := record.Plan.Request
	switch {
	case request == nil:
		return t.suppressRepeats(record)
	case request.Kind == alert.RequestIgnore:
		return t.fulfilIgnore(record)
	default:
		return t.fulfilResolve(record)
	}
}

// lateNo tells that a no came after the deadline and before the verdict.
func (t *tx) lateNo(id string) (bool, error) {
	answers, err := t.Answers(t.ctx, id)
	if err != nil {
		return false, fmt.Errorf("read answers: %w", err)
	}
	return slices.ContainsFunc(answers, func(answer alert.Answer) bool {
		return answer.Late && answer.Choice.Refuses()
	}), nil
}

// escalationOf is the reason of a case: the verdict's own where it has one.
func escalationOf(verdict alert.Verdict) string {
	if verdict.Reason != "" {
		return verdict.Reason
	}
	return string(verdict.Outcome)
}

func (t *tx) facts(record *Record, because Because) (alert.Facts, error) {
	answers, err := t.Answers(t.ctx, record.ID)
	if err != nil {
		return alert.Facts{}, fmt.Errorf("read answers: %w", err)
	}
	proofs, err := t.Proofs(t.ctx, record.ID)
	if err != nil {
		return alert.Facts{}, fmt.Errorf("read proofs: %w", err)
	}
	distrusted, err := t.distrusted(record.Person)
	if err != nil {
		return alert.Facts{}, err
	}
	optedOut := false
	if record.AskedAt.IsZero() {
		if optedOut, err = t.optedOut(record.Person); err != nil {
			return alert.Facts{}, err
		}
	}
	return alert.Facts{
		Now: t.now, Plan: *record.Plan, Asked: !record.AskedAt.IsZero(), Deadline: record.Deadline,
		Answers: inTime(answers), Proofs: proofs, Distrusted: distrusted,
		OptedOut: optedOut, QueuedUntil: record.QueuedUntil, Undelivered: because.Undelivered, Unprovable: because.Unprovable,
	}, nil
}

func inTime(answers []alert.Answer) []alert.Answer {
	var kept []alert.Answer
	for _, answer := range answers {
		if !answer.Late {
			kept = append(kept, answer)
		}
	}
	return kept
}

// distrust takes a person's chat account for stolen: their open alerts are
// woken, and each will find it in the record.
func (t *tx) distrust(record *Record, reason string) error {
	if err := t.lockPerson(record.Person); err != nil {
		return err
	}
	err := t.InsertDistrust(t.ctx, Distrust{Person: record.Person, AlertID: record.ID, Reason: reason, Since: t.now})
	if errors.Is(err, ErrExists) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("insert distrust: %w", err)
	}
	if err := t.append(record.ID, KindDistrusted, ActorBot, Fields{"reason": reason}, nil); err != nil {
		return err
	}
	if err := t.revokeAllOf(record.Person, reason); err != nil {
		return err
	}
	open, err := t.OpenOf(t.ctx, record.Person)
	if err != nil {
		return fmt.Errorf("list open alerts: %w", err)
	}
	for _, other := range open {
		if other.ID == record.ID || other.JoinedTo != "" {
			continue
		}
		if err := t.enqueue(other.ID, OutgoingWake, "distrust "+record.ID, ""); err != nil {
			return err
		}
	}
	return nil
}

// Finish records that nothing more will happen by itself, unless something must:
// a verdict, a case that is due, late answers, a proof that runs.
func (s *Store) Finish(ctx context.Context, id string) error {
	return s.onAlert(ctx, id, func(t *tx, record *Record) error {
		if !record.Verdict.Decided() || !record.FinishedAt.IsZero() || record.Watching(t.now) {
			return nil
		}
		if !record.EscalatedAt.IsZero() && record.CaseOf == "" {
			opened, _, err := found(t.FindPost(ctx, id, PurposeCase))
			if err != nil || opened.State != PostDone {
				return err
			}
		}
		if running, err := t.proving(id); err != nil || running {
			return err
		}
		record.FinishedAt = t.now
		return t.save(record)
	})
}

// proving tells that a phone may still speak.
func (t *tx) proving(id string) (bool, error) {
	proofs, err := t.Proofs(t.ctx, id)
	if err != nil {
		return false, fmt.Errorf("read proofs: %w", err)
	}
	return slices.ContainsFunc(proofs, func(proof alert.Proof) bool {
		return proof.Result == alert.ProofPending && t.now.Before(proof.BegunAt.Add(alert.OverdueAfter))
	}), nil
}

// Watching tells whether late answers are still taken.
func (r Record) Watching(now time.Time) bool {
	return r.Verdict.Outcome == alert.NoResponse && now.Before(r.WatchUntil)
}
