package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"time"

	"securitybot/internal/alert"
)

// Identified is whom an alert's subject was resolved to, or why to nobody.
type Identified struct {
	Person alert.Person
	Reason string // an alert.Reason… when nobody can be asked
}

// Planner decides an alert's plan.
type Planner interface {
	Plan(admitted alert.Alert, now time.Time) alert.Plan
}

// Admit fixes whom an alert is about and what will be done. The first admission
// stands: a later one returns it.
func (s *Store) Admit(ctx context.Context, id string, who Identified, planner Planner) (Record, error) {
	var admitted Record
	err := s.onAlert(ctx, id, func(t *tx, record *Record) error {
		if record.Plan == nil {
			if err := t.admit(record, who, planner); err != nil {
				return err
			}
		}
		admitted = *record
		return nil
	})
	return admitted, err
}

func (t *tx) admit(record *Record, who Identified, planner Planner) error {
	plan := planner.Plan(record.Alert, t.now)
	record.Person = who.Person.PersonKey
	distrusted, err := t.distrusted(record.Person)
	if err != nil {
		return err
	}
	switch {
	case who.Reason != "":
		plan.Action, plan.Verdict = alert.Escalate, alert.Verdict{Outcome: alert.Unreachable, Reason: who.Reason}
	case distrusted:
		plan.Action, plan.Verdict = alert.Escalate, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonDistrusted}
	}
	record.Plan, record.AdmittedAt, record.Code, record.Revision = &plan, t.now, newCode(), 1
	if err := t.save(record); err != nil {
		return err
	}
	return t.appendAdmission(record, who)
}

func (t *tx) appendAdmission(record *Record, who Identified) error {
	if who.Person.User != "" {
		err := t.append(record.ID, KindIdentified, ActorBot,
			Fields{"team": who.Person.Team, "chat_id": who.Person.User},
			Fields{"email": who.Person.Email, "name": who.Person.Name})
		if err != nil {
			return err
		}
	}
	return t.append(record.ID, KindPlanned, ActorBot, Fields{
		"action": record.Plan.Action, "revision": record.Plan.Revision, "ask_by": record.Plan.AskBy,
		"deadline": record.Plan.Deadline.String(), "reason": record.Plan.Verdict.Reason,
	}, nil)
}

// lockPerson serializes what is decided about one person over several alerts:
// distrust and the push budget.
func (t *tx) lockPerson(person alert.PersonKey) error {
	if err := t.LockName(t.ctx, "person "+person.Team+" "+person.User); err != nil {
		return fmt.Errorf("lock person: %w", err)
	}
	return nil
}

// distrusted tells whether a person's chat account is suspected. It stays as it
// is until the transaction ends.
func (t *tx) distrusted(person alert.PersonKey) (bool, error) {
	if person.User == "" {
		return false, nil
	}
	if err := t.lockPerson(person); err != nil {
		return false, err
	}
	_, ok, err := found(t.FindDistrust(t.ctx, person))
	if err != nil {
		return false, fmt.Errorf("read distrust: %w", err)
	}
	return ok, nil
}

// newCode is the short code that the question and the push of an alert share.
func newCode() string {
	number, _ := rand.Int(rand.Reader, big.NewInt(900)) // never fails
	return fmt.Sprint(100 + number.Int64())
}
