package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"securitybot/internal/alert"
)

// ErrConflict is a key that its source has used for another subject or detection.
var ErrConflict = errors.New("key was used for another alert")

// sameFor is how long a payload that says neither its key nor its time is taken
// for a repetition of itself.
const sameFor = 10 * time.Minute

// The kinds of things that wait for Temporal.
const (
	OutgoingStart     = "start"
	OutgoingAnswer    = "answer"
	OutgoingSnooze    = "snooze"
	OutgoingPushAgain = "push_again"
	OutgoingWake      = "wake"
	OutgoingFollowUp  = "follow_up" // something has to be shown that the workflow does not know of
	OutgoingJoined    = "joined"    // the question asks about one more
	OutgoingLadder    = "ladder"    // a case with more than one rung; a second one wakes the ladder
	OutgoingNotice    = "notice"    // of no alert; Ref is the notice's id
)

// Accepted is an alert that will be handled to the end.
type Accepted struct {
	Record    Record
	Duplicate bool
}

// Accept writes an alert and what starts its workflow in one transaction. It
// fills in the alert's id and arrival. Errors: ErrConflict.
func (s *Store) Accept(ctx context.Context, reported alert.Alert) (Accepted, error) {
	digest, err := alert.PayloadDigest(reported)
	if err != nil {
		return Accepted{}, fmt.Errorf("digest alert: %w", err)
	}
	var accepted Accepted
	err = s.inTx(ctx, func(t *tx) error {
		accepted, err = t.accept(reported, digest)
		return err
	})
	return accepted, err
}

func (t *tx) accept(reported alert.Alert, digest string) (Accepted, error) {
	reported.ReceivedAt = t.now
	record := Record{Alert: reported, Status: alert.Received}
	if reported.Key == "" {
		record.PayloadDigest = digest
		if err := t.LockName(t.ctx, reported.Source+" "+digest); err != nil {
			return Accepted{}, fmt.Errorf("lock payload: %w", err)
		}
		same, ok, err := found(t.FindPayload(t.ctx, reported.Source, digest, t.since(reported)))
		if err != nil || ok {
			return Accepted{Record: same, Duplicate: ok}, err
		}
	}
	record.ID = t.idOf(reported, digest)
	err := t.InsertAlert(t.ctx, record)
	if errors.Is(err, ErrExists) {
		return t.acceptedBefore(record)
	}
	if err != nil {
		return Accepted{}, fmt.Errorf("insert alert: %w", err)
	}
	if err := t.append(record.ID, KindAccepted, record.Source,
		Fields{"detection": record.Detection, "severity": record.Severity}, nil); err != nil {
		return Accepted{}, err
	}
	return Accepted{Record: record}, t.enqueue(record.ID, OutgoingStart, "", "")
}

// since is the earliest arrival that a payload may be a repetition of.
func (t *tx) since(reported alert.Alert) time.Time {
	if !reported.OccurredAt.IsZero() {
		return time.Time{}
	}
	return t.now.Add(-sameFor)
}

func (t *tx) idOf(reported alert.Alert, digest string) string {
	switch {
	case reported.Key != "":
		return alert.KeyedID(reported.Source, reported.Key)
	case reported.OccurredAt.IsZero():
		return alert.PayloadID(reported.Source, digest, t.now)
	default:
		return alert.PayloadID(reported.Source, digest, time.Time{})
	}
}

func (t *tx) acceptedBefore(record Record) (Accepted, error) {
	stored, err := t.FindAlert(t.ctx, record.ID)
	if err != nil {
		return Accepted{}, fmt.Errorf("read alert accepted before: %w", err)
	}
	if !stored.Subject.Same(record.Subject) || stored.Detection != record.Detection {
		return Accepted{}, ErrConflict
	}
	return Accepted{Record: stored, Duplicate: true}, nil
}
