package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	reviveAfter  = 2 * time.Minute // whoever was to do it is taken for lost
	reviveWithin = 7 * 24 * time.Hour
	reviveMost   = 1000 // cases at a time

	rememberFor = 30 * 24 * time.Hour // no chat system delivers the same thing again after that
)

// Revive brings to Temporal's attention again what is long due and belongs to no
// unfinished alert: rungs of ladders, and notices. Its data may be gone. Deliveries
// that can't come again are forgotten on the way.
func (s *Store) Revive(ctx context.Context) error {
	forget := s.inTx(ctx, func(t *tx) error { return t.PruneDeliveries(ctx, t.now.Add(-rememberFor)) })
	return errors.Join(s.reviveLadders(ctx), s.reviveNotices(ctx), forget)
}

// reviveLadders looks at the oldest open cases.
func (s *Store) reviveLadders(ctx context.Context) error {
	var open []Case
	err := s.inTx(ctx, func(t *tx) (err error) {
		open, err = t.Tx.OpenCases(ctx, t.now.Add(-reviveAfter), reviveMost)
		return err
	})
	if err != nil {
		return fmt.Errorf("list open cases: %w", err)
	}
	for _, opened := range open {
		if !opened.AckedAt.IsZero() {
			continue
		}
		if err := s.reviveLadder(ctx, opened.AlertID); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) reviveLadder(ctx context.Context, id string) error {
	next, err := s.NextRung(ctx, id)
	if err != nil || next.Done || s.Now().Before(next.At.Add(reviveAfter)) {
		return err
	}
	return s.onAlert(ctx, id, func(t *tx, record *Record) error {
		return t.wakeLadder(record, next.Index, fmt.Sprintf("late-%d", next.Index))
	})
}

func (s *Store) reviveNotices(ctx context.Context) error {
	return s.inTx(ctx, func(t *tx) error {
		for _, kind := range []string{
			NoticePolicyLoaded, NoticePolicyBroken, NoticeHeld, NoticeTold, NoticeException, NoticeRevoked, NoticeToken, NoticeWithdrawn,
			NoticeOptedOut, NoticeOptedIn, NoticeNotOurs, NoticePaused, NoticeResumed, NoticeOpenCases, NoticeRollup,
			NoticeLogForked, NoticeStrangeCheckpoint,
		} {
			notices, err := t.Notices(ctx, kind, t.now.Add(-reviveWithin))
			if err != nil {
				return fmt.Errorf("list notices: %w", err)
			}
			for _, notice := range notices {
				if notice.State == PostDone || t.now.Before(notice.CreatedAt.Add(reviveAfter)) {
					continue
				}
				if err := t.enqueue("", OutgoingNotice, notice.ID, ""); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
