package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"securitybot/internal/alert"
)

// join lets an open question of the same person, detection, scope and rule ask
// about one more occurrence, unless it was answered.
func (t *tx) join(record *Record) (bool, error) {
	open, err := t.OpenOf(t.ctx, record.Person)
	if err != nil {
		return false, fmt.Errorf("list open alerts: %w", err)
	}
	for _, question := range open {
		over := !question.Deadline.IsZero() && !t.now.Before(question.Deadline)
		if over || !joinable(question, *record) {
			continue
		}
		answers, err := t.Answers(t.ctx, question.ID)
		if err != nil {
			return false, fmt.Errorf("read answers: %w", err)
		}
		if len(answers) == 0 {
			return true, t.joinTo(record, question.ID)
		}
	}
	return false, nil
}

// joinable tells whether a question may ask about an alert too.
func joinable(question, record Record) bool {
	switch {
	case question.ID == record.ID, question.JoinedTo != "", question.Plan == nil, question.Plan.Action != alert.Ask:
		return false
	case question.Plan.Quiet, record.Plan.Quiet:
		return false
	case question.Detection != record.Detection:
		return false
	case question.Plan.Rule != record.Plan.Rule, question.Plan.Revision != record.Plan.Revision:
		return false // one verdict has to suit both plans
	case record.Severity.Rank() > question.Severity.Rank():
		return false
	}
	theirs, ok := ScopeOf(question.Context, record.Plan.SuppressScope)
	ours, also := ScopeOf(record.Context, record.Plan.SuppressScope)
	return ok && also && string(theirs) == string(ours)
}

// ScopeOf picks the fields of a scope from a context, in canonical form; false
// where one is missing, empty or no plain value: an absent field matches nothing.
// Numbers stay as they are written: rounded, different ones would be the same.
func ScopeOf(context json.RawMessage, fields []string) (json.RawMessage, bool) {
	var all map[string]any
	if len(context) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(context))
		decoder.UseNumber()
		if decoder.Decode(&all) != nil {
			return nil, false
		}
	}
	scope := map[string]any{}
	for _, field := range fields {
		switch value := all[field].(type) {
		case string, json.Number, bool:
			if value == "" {
				return nil, false
			}
			scope[field] = value
		default:
			return nil, false
		}
	}
	text, err := json.Marshal(scope)
	return text, err == nil
}

// joinTo makes an alert one more occurrence of a question. Its own workflow has
// nothing to do then: whoever settles the question settles it.
func (t *tx) joinTo(record *Record, questionID string) error {
	question, err := t.LockAlert(t.ctx, questionID)
	if err != nil {
		return fmt.Errorf("lock question %.12s: %w", questionID, err)
	}
	question.Revision++
	record.JoinedTo, record.JoinRevision = question.ID, question.Revision
	record.Status, record.QueuedUntil, record.FinishedAt = question.Status, time.Time{}, t.now
	if err := t.save(&question); err != nil {
		return err
	}
	if err := t.append(question.ID, KindOccurred, ActorBot, Fields{"alert_id": record.ID, "revision": question.Revision}, nil); err != nil {
		return err
	}
	return t.enqueue(question.ID, OutgoingJoined, fmt.Sprint(question.Revision), "")
}

// covered lists the alerts that an answer to a revision of a question covers, and
// the rest.
func (t *tx) covered(questionID string, revision int) (covered, rest []Record, err error) {
	joined, err := t.JoinedTo(t.ctx, questionID)
	if err != nil {
		return nil, nil, fmt.Errorf("list joined alerts: %w", err)
	}
	for _, record := range joined {
		switch {
		case record.Verdict.Decided():
		case record.JoinRevision <= revision:
			covered = append(covered, record)
		default:
			rest = append(rest, record)
		}
	}
	return covered, rest, nil
}

// part gives alerts that an answer did not cover the next question of the same
// conversation: the gravest of them asks it.
func (t *tx) part(rest []Record) error {
	if len(rest) == 0 {
		return nil
	}
	slices.SortStableFunc(rest, func(a, b Record) int { return b.Severity.Rank() - a.Severity.Rank() })
	next := rest[0]
	next.JoinedTo, next.JoinRevision, next.FinishedAt, next.Status = "", 0, time.Time{}, alert.Received
	if err := t.queue(&next); err != nil {
		return err
	}
	if err := t.save(&next); err != nil {
		return err
	}
	if err := t.append(next.ID, KindParted, ActorBot, nil, nil); err != nil {
		return err
	}
	for _, record := range rest[1:] {
		if err := t.joinTo(&record, next.ID); err != nil {
			return err
		}
		if err := t.save(&record); err != nil {
			return err
		}
	}
	// Its first start may be on its way yet: this is another one.
	if err := t.enqueue(next.ID, OutgoingStart, "parted", ""); err != nil {
		return err
	}
	if distrusted, err := t.distrusted(next.Person); err != nil || !distrusted {
		return err
	}
	return t.settle(&next, Because{}) // nobody was woken for it when the distrust began
}
