package store

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// ClaimOutgoing takes what is due for Temporal and hides it for a while.
func (s *Store) ClaimOutgoing(ctx context.Context, lease time.Duration, limit int) ([]Outgoing, error) {
	var claimed []Outgoing
	err := s.inTx(ctx, func(t *tx) (err error) {
		claimed, err = t.Claim(ctx, t.now, t.now.Add(lease), limit)
		return err
	})
	return claimed, err
}

// Delivered removes what reached Temporal.
func (s *Store) Delivered(ctx context.Context, id int64) error {
	return s.inTx(ctx, func(t *tx) error { return t.Done(ctx, id) })
}

// Undelivered keeps it for another try after a while.
func (s *Store) Undelivered(ctx context.Context, id int64, wait time.Duration, cause error) error {
	return s.inTx(ctx, func(t *tx) error { return t.Release(ctx, id, t.now.Add(wait), strings.ToValidUTF8(cause.Error(), "?")) })
}

// Backlog is how much waits for Temporal, and for how long the oldest does.
func (s *Store) Backlog(ctx context.Context) (int, time.Duration, error) {
	var count int
	var age time.Duration
	err := s.inTx(ctx, func(t *tx) error {
		waiting, oldest, err := t.Waiting(ctx)
		count = waiting
		if !oldest.IsZero() {
			age = t.now.Sub(oldest)
		}
		return err
	})
	return count, age, err
}

// Unfinished lists alerts that something should still happen to, older than age,
// page by page.
func (s *Store) Unfinished(ctx context.Context, age time.Duration, afterID string, limit int) ([]Record, error) {
	var records []Record
	err := s.inTx(ctx, func(t *tx) (err error) {
		records, err = t.Tx.Unfinished(ctx, t.now.Add(-age), afterID, limit)
		return err
	})
	return records, err
}

// Requeue brings an alert to Temporal's attention again: its start, and every
// answer, which the workflow knows if it had it before.
func (s *Store) Requeue(ctx context.Context, id string) error {
	return s.onAlert(ctx, id, func(t *tx, _ *Record) error {
		if err := t.enqueue(id, OutgoingStart, "", ""); err != nil {
			return err
		}
		answers, err := t.Answers(ctx, id)
		if err != nil {
			return fmt.Errorf("read answers: %w", err)
		}
		for _, answer := range answers {
			if err := t.enqueue(id, OutgoingAnswer, answer.ID, answer.Choice); err != nil {
				return err
			}
		}
		return nil
	})
}
