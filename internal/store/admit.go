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
	Groups []string // of the chat system that the person is in, as far as policy names them
	Reason string   // an alert.Reason… when nobody can be asked
}

// Planner decides an alert's plan.
type Planner interface {
	Plan(admitted alert.Alert, who alert.Person, groups []string, now time.Time) alert.Plan
}

// Admit fixes whom an alert is about and what will be done. The first admission
// stands: a later one returns it.
func (s *Store) Admit(ctx context.Context, id string, who Identified, planner Planner) (Record, error) {
	var admitted Record
	err := s.inTx(ctx, func(t *tx) error {
		return t.onPersonsAlert(who.Person.PersonKey, id, func(t *tx, record *Record) error {
			if record.Plan == nil {
				if err := t.admit(record, who, planner); err != nil {
					return err
				}
			}
			admitted = *record
			return nil
		})
	})
	return admitted, err
}

func (t *tx) admit(record *Record, who Identified, planner Planner) error {
	plan := planner.Plan(record.Alert, who.Person, who.Groups, t.now)
	if record.Source == alert.OwnSource {
		plan = ownPlan(plan, t.now)
	}
	record.Person, record.Plan, record.AdmittedAt = who.Person.PersonKey, &plan, t.now
	record.Code, record.Revision = newCode(), 1
	if err := t.place(record, who.Reason); err != nil {
		return err
	}
	if err := t.save(record); err != nil {
		return err
	}
	if err := t.appendAdmission(record, who); err != nil {
		return err
	}
	if record.Pile == PileStorm { // the alerts that come next find its case
		return t.settle(record, Because{})
	}
	return t.announce(record, who.Person)
}

// ownPlan is the plan of a harmless alert that somebody wanted to see: at once, and
// whatever policy would rather do with an alert of theirs now.
func ownPlan(plan alert.Plan, now time.Time) alert.Plan {
	if plan.Verdict.Outcome == alert.Unasked && plan.Verdict.Reason != alert.ReasonNotOnboarded {
		plan.Action, plan.Verdict = alert.Ask, alert.Verdict{}
	}
	plan.Quiet, plan.NotBefore, plan.Tell, plan.SuppressFor, plan.Review = true, time.Time{}, false, 0, ""
	plan.Working, plan.AskBy = nil, now.Add(max(plan.Deadline, 10*time.Minute))
	return plan
}

// place finds what becomes of an admitted alert first: the gravest reason not to
// ask comes first, and only what is asked may join, be covered or wait.
func (t *tx) place(record *Record, unreachable string) error {
	plan := record.Plan
	refuse := func(outcome alert.Outcome, reason string) error {
		plan.Action, plan.Verdict = alert.Escalate, alert.Verdict{Outcome: outcome, Reason: reason}
		return nil
	}
	if plan.Verdict.Outcome == alert.Observed && plan.Verdict.Reason != alert.ReasonPolicy {
		return nil // shadow mode and the canary contact nobody, whatever else is true
	}
	if unreachable != "" {
		return refuse(alert.Unreachable, unreachable)
	}
	distrusted, err := t.distrusted(record.Person)
	switch {
	case err != nil:
		return err
	case distrusted:
		return refuse(alert.Unasked, alert.ReasonDistrusted)
	case plan.Action != alert.Ask:
		return nil
	}
	reason, err := t.notToAsk(record)
	if err != nil {
		return err
	}
	if reason != "" {
		return refuse(alert.Unasked, reason)
	}
	return t.placeQuestion(record)
}

// notToAsk tells why a question must not be asked now.
func (t *tx) notToAsk(record *Record) (string, error) {
	paused, err := t.paused()
	if err != nil || paused {
		return alert.ReasonPaused, err
	}
	out, err := t.optedOut(record.Person)
	if err != nil || out {
		return alert.ReasonOptedOut, err
	}
	return "", nil
}

// placeQuestion lets a question be covered by a proven yes, be part of a storm,
// join an open question, be one too many of the day, wait for its turn, or be
// asked now.
func (t *tx) placeQuestion(record *Record) error {
	for _, take := range []func(*Record) (bool, error){t.cover, t.storm, t.join, t.cap} {
		if taken, err := take(record); taken || err != nil {
			return err
		}
	}
	return t.queue(record)
}

func (t *tx) appendAdmission(record *Record, who Identified) error {
	if who.Person.User != "" {
		err := t.append(record.ID, KindIdentified, ActorBot,
			Fields{"team": who.Person.Team},
			Fields{"chat_id": who.Person.User, "email": who.Person.Email, "name": who.Person.Name})
		if err != nil {
			return err
		}
	}
	plan := record.Plan
	return t.append(record.ID, KindPlanned, ActorBot, Fields{
		"action": plan.Action, "revision": plan.Revision, "rule": plan.Rule, "would": plan.Would, "ask_by": plan.AskBy,
		"deadline": plan.Deadline.String(), "reason": plan.Verdict.Reason, "not_before": maybeTime(plan.NotBefore),
		"joined_to": record.JoinedTo, "covered_by": record.CoveredBy, "queued_until": maybeTime(record.QueuedUntil),
	}, nil)
}

// maybeTime is nothing for the zero time.
func maybeTime(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at
}

// longHold is from when on the security team is told that a question waits.
const longHold = 16 * time.Hour

// announce tells the security team at once what policy wants told.
func (t *tx) announce(record *Record, person alert.Person) error {
	plan := record.Plan
	if plan.Action != alert.Ask {
		return nil
	}
	said := Fields{
		"who": person.Name, "title": record.Title, "severity": record.Severity, "detection": record.Detection,
		"alert_id": record.ID, "until": maybeTime(plan.NotBefore),
	}
	if plan.NotBefore.Sub(t.now) > longHold && record.JoinedTo == "" {
		if err := t.notifyOf("held-"+record.ID, NoticeHeld, said); err != nil {
			return err
		}
	}
	if plan.Tell {
		return t.notifyOf("told-"+record.ID, NoticeTold, said)
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
