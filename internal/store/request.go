package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"securitybot/internal/alert"
)

// requestFor is how long a request may be proved.
const requestFor = 10 * time.Minute

// Wish is something that somebody wants to have done and that needs a proof of
// who they are.
type Wish struct {
	Delivery string
	Person   alert.PersonKey
	At       time.Time
	Kind     alert.RequestKind
	AlertID  string // that it is about
	For      time.Duration
	Reason   string
	Title    string // for the person's phone

	EscalateTo []alert.Step // of a case that it may become
}

// Request makes an alert of a wish, with the yes that the wish is: it is proved
// like any other, and what it wants is done when it is confirmed. Denied on the
// phone, it is what any denied yes is.
func (s *Store) Request(ctx context.Context, wish Wish) (Record, Refusal, error) {
	var made Record
	var refusal Refusal
	err := s.inTx(ctx, func(t *tx) error {
		made, refusal = Record{}, ""
		if err := t.lockPerson(wish.Person); err != nil {
			return err
		}
		subject, err := t.FindAlert(ctx, wish.AlertID)
		if err != nil {
			return fmt.Errorf("find alert %.12s: %w", wish.AlertID, err)
		}
		if refusal, err = t.refuseWish(wish, subject); err != nil || refusal != "" {
			return err
		}
		made, refusal, err = t.request(wish, subject)
		return err
	})
	return made, refusal, err
}

func (t *tx) refuseWish(wish Wish, subject Record) (Refusal, error) {
	distrusted, err := t.distrusted(wish.Person)
	if err != nil || distrusted {
		return RefusedSuspected, err
	}
	if wish.Kind != alert.RequestIgnore {
		return "", nil
	}
	switch {
	case subject.Person != wish.Person:
		return RefusedOther, nil
	case subject.Verdict.Outcome != alert.Confirmed, !subject.EscalatedAt.IsZero(), subject.Plan.Quiet:
		return RefusedUnconfirmed, nil
	}
	if _, scoped := ScopeOf(subject.Context, subject.Plan.SuppressScope); !scoped {
		return RefusedNoScope, nil
	}
	count, err := t.ownOf(wish.Person, alert.DetectionRequest, time.Hour)
	if err == nil && count >= wishesAnHour {
		return RefusedTooOften, nil
	}
	return "", err
}

// wishesAnHour is how often a person may wish to have something ignored.
const wishesAnHour = 5

// ownOf counts the alerts of our own of a kind that a person brought about lately.
func (t *tx) ownOf(person alert.PersonKey, detection string, within time.Duration) (int, error) {
	recent, err := t.AdmittedOf(t.ctx, person, t.now.Add(-within))
	if err != nil {
		return 0, fmt.Errorf("list recent alerts: %w", err)
	}
	count := 0
	for _, record := range recent {
		if record.Source == alert.OwnSource && record.Detection == detection {
			count++
		}
	}
	return count, nil
}

func (t *tx) request(wish Wish, subject Record) (Record, Refusal, error) {
	record := t.own(alert.DetectionRequest, wish.Delivery, wish.Title, wish.Person)
	record.Severity, record.Code, record.Revision, record.Answered = subject.Severity, newCode(), 1, alert.Yes
	record.Plan = &alert.Plan{
		Revision: "request", Action: alert.Ask, AskBy: t.now.Add(requestFor), Deadline: requestFor, Quiet: true,
		EscalateTo: wish.EscalateTo,
		Request:    &alert.Request{Kind: wish.Kind, AlertID: wish.AlertID, For: min(wish.For, longestIgnore), Reason: wish.Reason},
	}
	fresh, err := t.insertOwn(&record)
	if err != nil || !fresh {
		return record, RefusedRepeat, err
	}
	err = t.InsertAnswer(t.ctx, alert.Answer{
		ID: wish.Delivery, AlertID: record.ID, Person: wish.Person, Choice: alert.Yes, Revision: 1,
		At: wish.At, RecordedAt: t.now, Explanation: wish.Reason,
	})
	if err != nil {
		return record, "", fmt.Errorf("insert answer: %w", err)
	}
	err = t.append(record.ID, KindRequested, ActorPerson, Fields{
		"request": wish.Kind, "about": wish.AlertID, "for": record.Plan.Request.For.String(),
		"choice": alert.Yes, "pressed_at": wish.At,
	}, Fields{"explanation": wish.Reason, "delivery": wish.Delivery, "chat_id": wish.Person.User})
	return record, "", err
}

// own is an alert that Securitybot makes itself.
func (t *tx) own(detection, key, title string, person alert.PersonKey) Record {
	return Record{
		Alert: alert.Alert{
			ID: alert.KeyedID(alert.OwnSource, key), Source: alert.OwnSource, Key: key, Detection: detection,
			Title: title, Severity: alert.Low, Subject: alert.Subject{SlackID: person.User}, ReceivedAt: t.now,
		},
		Status: alert.Received, Person: person, AdmittedAt: t.now,
	}
}

// insertOwn writes an alert of our own and what starts its workflow; false when it
// was made before.
func (t *tx) insertOwn(record *Record) (bool, error) {
	err := t.InsertAlert(t.ctx, *record)
	if errors.Is(err, ErrExists) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("insert own alert: %w", err)
	}
	if err := t.save(record); err != nil {
		return false, err
	}
	payload, said, err := payloadOf(record.Alert, nil)
	if err != nil {
		return false, err
	}
	if err := t.InsertPayload(t.ctx, payload); err != nil {
		return false, fmt.Errorf("insert payload: %w", err)
	}
	if err := t.append(record.ID, KindAccepted, record.Source, said, nil); err != nil {
		return false, err
	}
	return true, t.enqueue(record.ID, OutgoingStart, "", "")
}

// fulfilIgnore suppresses what a confirmed alert was about, for as long as its
// person asked for and proved to want it.
func (t *tx) fulfilIgnore(request *Record) error {
	subject, err := t.LockAlert(t.ctx, request.Plan.Request.AlertID)
	if err != nil {
		return fmt.Errorf("lock the ignored alert: %w", err)
	}
	scope, ok := ScopeOf(subject.Context, subject.Plan.SuppressScope)
	if !ok || subject.Verdict.Outcome != alert.Confirmed || !subject.EscalatedAt.IsZero() {
		return nil // a no came meanwhile
	}
	return t.suppress(&subject, Suppression{
		Kind: SuppressIgnore, Scope: scope, Until: t.now.Add(request.Plan.Request.For), By: ActorPerson,
		Reason: "asked for by the person, with a proof",
	})
}

// testsAnHour is how often a person may see a harmless alert.
const testsAnHour = 3

// Test reports a harmless alert about the person who wants to see one.
func (s *Store) Test(ctx context.Context, person alert.PersonKey, title, description string) (Refusal, error) {
	hour := s.Now().Truncate(time.Hour).Unix()
	for n := range testsAnHour {
		accepted, err := s.Accept(ctx, alert.Alert{
			Source: alert.OwnSource, Key: fmt.Sprintf("test %s %s %d %d", person.Team, person.User, hour, n),
			Detection: alert.DetectionTest, Title: title, Description: description, Severity: alert.Low,
			Subject: alert.Subject{SlackID: person.User},
		})
		if err != nil || !accepted.Duplicate {
			return "", err
		}
	}
	return RefusedTooOften, nil
}

// reopenFor is how far back a lost phone puts confirmed alerts in doubt.
const reopenFor = 24 * time.Hour

// LostPhone is the report that somebody's phone is gone.
type LostPhone struct {
	Delivery   string
	Person     alert.PersonKey // whose it is
	Title      string          // of the case
	EscalateTo []alert.Step
	By         string // how the timeline names a responder who reports it; "" when the person does
	Reason     string // a responder's
}

// LostPhone is ReportLostPhone for the person's own word.
func (s *Store) LostPhone(ctx context.Context, said Said, title string, escalateTo []alert.Step) error {
	_, _, err := s.ReportLostPhone(ctx, LostPhone{
		Delivery: said.Delivery, Person: said.Person, Title: title, EscalateTo: escalateTo,
	})
	return err
}

// ReportLostPhone takes a person's chat account and phone for lost: distrust, and a
// case that reopens what was confirmed in the last day. One who says so again changes
// nothing: RefusedAlready.
func (s *Store) ReportLostPhone(ctx context.Context, lost LostPhone) (Record, Refusal, error) {
	var made Record
	var refusal Refusal
	err := s.inTx(ctx, func(t *tx) error {
		made, refusal = Record{}, RefusedAlready
		if err := t.lockPerson(lost.Person); err != nil {
			return err
		}
		distrusted, err := t.distrusted(lost.Person)
		if err != nil {
			return err
		}
		reported, err := t.ownOf(lost.Person, alert.DetectionLostPhone, reopenFor)
		if err != nil || (distrusted && reported > 0) {
			return err
		}
		record := t.own(alert.DetectionLostPhone, lost.Delivery, lost.Title, lost.Person)
		record.Severity = alert.High
		record.Plan = &alert.Plan{
			Revision: "lost phone", Action: alert.Escalate, AskBy: t.now,
			Verdict: alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonLostPhone}, EscalateTo: lost.EscalateTo,
		}
		fresh, err := t.insertOwn(&record)
		if err != nil || !fresh {
			return err
		}
		refusal = ""
		err = t.takeForLost(&record, lost)
		made = record
		return err
	})
	return made, refusal, err
}

func (t *tx) takeForLost(record *Record, lost LostPhone) error {
	if lost.By != "" {
		err := t.append(record.ID, KindRequested, lost.By, Fields{"request": "lost_phone"}, Fields{"reason": lost.Reason})
		if err != nil {
			return err
		}
	}
	if err := t.distrust(record, alert.ReasonLostPhone); err != nil {
		return err
	}
	if err := t.reopen(record, cmp.Or(lost.By, ActorPerson)); err != nil {
		return err
	}
	return t.settle(record, Because{})
}

// reopen lists what a person confirmed lately in the case of a lost phone, and
// what was closed unasked because they had.
func (t *tx) reopen(lost *Record, actor string) error {
	closed, err := t.ConfirmedOf(t.ctx, lost.Person, t.now.Add(-reopenFor))
	if err != nil {
		return fmt.Errorf("list confirmed alerts: %w", err)
	}
	recent, err := t.AdmittedOf(t.ctx, lost.Person, t.now.Add(-reopenFor))
	if err != nil {
		return fmt.Errorf("list recent alerts: %w", err)
	}
	for _, record := range recent {
		if record.Verdict.Outcome == alert.Suppressed && record.Verdict.Reason != SuppressException {
			closed = append(closed, record)
		}
	}
	closed = slices.DeleteFunc(closed, func(record Record) bool {
		return record.Source == alert.OwnSource || !record.EscalatedAt.IsZero()
	})
	for _, record := range closed {
		record.Status, record.EscalatedAt, record.Escalation = alert.Escalated, t.now, alert.ReasonLostPhone
		record.CaseOf = lost.ID
		if err := t.save(&record); err != nil {
			return err
		}
		if err := t.append(record.ID, KindReopened, actor, Fields{"case_of": lost.ID}, nil); err != nil {
			return err
		}
	}
	return nil
}

// shownFor is how long a code that was shown is remembered, from the admission on:
// a question may be held for a long weekend.
const shownFor = 14 * 24 * time.Hour

// CodeOf finds what a code that we have shown a person was about, in a question or
// on their phone; false when none of the last two weeks had it.
func (s *Store) CodeOf(ctx context.Context, person alert.PersonKey, code string) (Record, bool, error) {
	var shown Record
	var ok bool
	err := s.inTx(ctx, func(t *tx) error {
		recent, err := t.AdmittedOf(ctx, person, t.now.Add(-shownFor))
		if err != nil {
			return fmt.Errorf("list recent alerts: %w", err)
		}
		shown, ok = Record{}, false
		for _, record := range recent {
			asked := !record.AskedAt.IsZero() || (record.Plan != nil && record.Plan.Request != nil)
			if asked && record.Code == code {
				shown, ok = record, true
				shown.AskedAt = cmp.Or(record.AskedAt, record.AdmittedAt) // a request is pushed at once
			}
		}
		return nil
	})
	return shown, ok, err
}

// LastConfirmed is what a person confirmed last, within a day; false without one.
func (s *Store) LastConfirmed(ctx context.Context, person alert.PersonKey) (Record, bool, error) {
	var last Record
	var ok bool
	err := s.inTx(ctx, func(t *tx) error {
		confirmed, err := t.ConfirmedOf(ctx, person, t.now.Add(-reopenFor))
		if err != nil {
			return fmt.Errorf("list confirmed alerts: %w", err)
		}
		last, ok = Record{}, false
		for _, record := range confirmed {
			if record.Source != alert.OwnSource {
				last, ok = record, true
			}
		}
		return nil
	})
	return last, ok, err
}

// Distrusted tells whether a person's chat account is suspected.
func (s *Store) Distrusted(ctx context.Context, person alert.PersonKey) (bool, error) {
	var distrusted bool
	err := s.inTx(ctx, func(t *tx) error {
		_, ok, err := found(t.FindDistrust(ctx, person))
		distrusted = ok
		return err
	})
	return distrusted, err
}
