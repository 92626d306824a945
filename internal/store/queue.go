package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"securitybot/internal/alert"
)

// queue gives an alert its turn to be asked, or has it wait: for working hours,
// or for the person's other questions, as long as asking makes sense.
func (t *tx) queue(record *Record) error {
	record.QueuedUntil = time.Time{}
	if t.now.Before(record.Plan.NotBefore) {
		record.Status = alert.Held
		return nil
	}
	free, err := t.free(record)
	if err != nil {
		return err
	}
	record.Status = alert.Received
	if !free {
		record.Status, record.QueuedUntil = alert.Held, record.Plan.AskBy
	}
	return nil
}

// free tells whether the person has fewer open questions than they may have.
func (t *tx) free(record *Record) (bool, error) {
	most := record.Plan.Limits.Open
	if most == 0 || record.Plan.Quiet {
		return true, nil
	}
	open, err := t.OpenOf(t.ctx, record.Person)
	if err != nil {
		return false, fmt.Errorf("list open alerts: %w", err)
	}
	count := 0
	for _, other := range open {
		if other.ID != record.ID && other.HasTurn() {
			count++
		}
	}
	return count < most, nil
}

// HasTurn tells that a question is open, or about to be.
func (r Record) HasTurn() bool {
	return r.Plan != nil && r.Plan.Action == alert.Ask && !r.Plan.Quiet && !r.Verdict.Decided() &&
		r.JoinedTo == "" && r.Status != alert.Held
}

// TakeTurn tells the one who wants to ask whether it may, or until when it waits.
func (s *Store) TakeTurn(ctx context.Context, id string) (Record, error) {
	var turned Record
	err := s.onAlert(ctx, id, func(t *tx, record *Record) error {
		turned = *record
		if !record.waits(t.now) {
			return nil
		}
		waited := !record.QueuedUntil.IsZero()
		if err := t.queue(record); err != nil {
			return err
		}
		turned = *record
		if !waited && !record.QueuedUntil.IsZero() {
			if err := t.append(record.ID, KindHeld, ActorBot, Fields{"until": record.QueuedUntil}, nil); err != nil {
				return err
			}
		}
		return t.save(record)
	})
	return turned, err
}

// waits tells that a question has no turn yet and may still get one.
func (r Record) waits(now time.Time) bool {
	over := !r.QueuedUntil.IsZero() && !now.Before(r.QueuedUntil)
	return r.Plan != nil && !r.Verdict.Decided() && r.JoinedTo == "" && r.Status == alert.Held && !over
}

// promote gives the turn of a question that is over to the gravest, then oldest,
// that waits for one.
func (t *tx) promote(person alert.PersonKey) error {
	if person.User == "" {
		return nil
	}
	open, err := t.OpenOf(t.ctx, person)
	if err != nil {
		return fmt.Errorf("list open alerts: %w", err)
	}
	waiting := slices.DeleteFunc(open, func(record Record) bool {
		return record.QueuedUntil.IsZero() || !record.waits(t.now)
	})
	slices.SortStableFunc(waiting, func(a, b Record) int { return b.Severity.Rank() - a.Severity.Rank() })
	for _, seen := range waiting {
		record, err := t.LockAlert(t.ctx, seen.ID)
		if err != nil {
			return fmt.Errorf("lock alert %.12s: %w", seen.ID, err)
		}
		free, err := t.free(&record)
		if err != nil || !free {
			return err
		}
		record.Status, record.QueuedUntil = alert.Received, time.Time{}
		if err := t.save(&record); err != nil {
			return err
		}
		if err := t.enqueue(record.ID, OutgoingWake, "turn", ""); err != nil {
			return err
		}
	}
	return nil
}

// cap refuses a question beyond the daily caps.
func (t *tx) cap(record *Record) (bool, error) {
	if record.Plan.Quiet {
		return false, nil
	}
	over, err := t.overPersonsCap(record)
	if err != nil {
		return false, err
	}
	if most := record.Plan.Limits.Day; most > 0 && !over {
		count, err := t.AskedSince(t.ctx, t.now.Add(-capFor))
		if err != nil {
			return false, fmt.Errorf("count questions: %w", err)
		}
		over = count >= most
	}
	if over {
		record.Plan.Action = alert.Escalate
		record.Plan.Verdict = alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonCapped}
	}
	return over, nil
}

// capFor is the span of the daily caps.
const capFor = 24 * time.Hour

// overPersonsCap counts the questions that a person had, and those that they are
// about to have, but for the harmless ones that they wanted to see.
func (t *tx) overPersonsCap(record *Record) (bool, error) {
	most := record.Plan.Limits.PersonDay
	if most == 0 {
		return false, nil
	}
	count, err := t.AskedOf(t.ctx, record.Person, t.now.Add(-capFor))
	if err != nil {
		return false, fmt.Errorf("count questions: %w", err)
	}
	open, err := t.OpenOf(t.ctx, record.Person)
	if err != nil {
		return false, fmt.Errorf("list open alerts: %w", err)
	}
	for _, other := range open {
		if other.Plan != nil && other.Plan.Action == alert.Ask && !other.Plan.Quiet && other.JoinedTo == "" && other.AskedAt.IsZero() {
			count++
		}
	}
	if count < most {
		return false, nil
	}
	recent, err := t.AdmittedOf(t.ctx, record.Person, t.now.Add(-capFor))
	if err != nil {
		return false, fmt.Errorf("list recent alerts: %w", err)
	}
	for _, other := range recent {
		if other.Source == alert.OwnSource && !other.AskedAt.IsZero() {
			count--
		}
	}
	return count >= most, nil
}
