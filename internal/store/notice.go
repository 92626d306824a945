package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
)

// The kinds of notices.
const (
	NoticePolicyLoaded = "policy_loaded"
	NoticePolicyBroken = "policy_broken"
	NoticeHeld         = "held"
	NoticeTold         = "told"
	NoticeException    = "exception"
	NoticeRevoked      = "revoked"
	NoticeToken        = "token"
	NoticeWithdrawn    = "withdrawn"
	NoticeOptedOut     = "opted_out"
	NoticeOptedIn      = "opted_in"
	NoticeNotOurs      = "not_ours"
	NoticePaused       = "paused"
	NoticeResumed      = "resumed"
	NoticeOpenCases    = "open_cases"
	NoticeRollup       = "rollup"

	NoticeLogForked         = "log_forked"
	NoticeStrangeCheckpoint = "strange_checkpoint"
)

// Notify leaves something to be said once. A notice with an id that was used
// before changes nothing.
func (s *Store) Notify(ctx context.Context, notice Notice) error {
	return s.inTx(ctx, func(t *tx) error { return t.notify(notice) })
}

func (t *tx) notify(notice Notice) error {
	if notice.ID == "" {
		notice.ID = "notice-" + rand.Text()
	}
	notice.CreatedAt, notice.State = t.now, PostIntended
	err := t.InsertNotice(t.ctx, notice)
	if errors.Is(err, ErrExists) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("insert notice: %w", err)
	}
	return t.enqueue("", OutgoingNotice, notice.ID, "")
}

// notifyOf leaves a notice with fields.
func (t *tx) notifyOf(id, kind string, data Fields) error {
	text, err := json.Marshal(data.present())
	if err != nil {
		return fmt.Errorf("write notice: %w", err)
	}
	return t.notify(Notice{ID: id, Kind: kind, Data: text})
}

// BeginNotice claims a notice before it is posted.
func (s *Store) BeginNotice(ctx context.Context, id string) (Notice, Turn, error) {
	var notice Notice
	var turn Turn
	err := s.onNotice(ctx, id, func(t *tx, stored *Notice) error {
		stored.Post, turn = nextTurn(stored.Post, stored.Tries > 0, t.now)
		notice = *stored
		if turn == TurnStands || turn == TurnWait {
			return nil
		}
		return t.UpdateNotice(ctx, notice)
	})
	return notice, turn, err
}

// ReleaseNotice gives a claim back, as ReleasePost does.
func (s *Store) ReleaseNotice(ctx context.Context, notice Notice, happened bool) error {
	return s.onNotice(ctx, notice.ID, func(t *tx, stored *Notice) error {
		if !release(&stored.Post, notice.Post, happened) {
			return nil
		}
		return t.UpdateNotice(ctx, *stored)
	})
}

// FinishNotice records where a notice stands.
func (s *Store) FinishNotice(ctx context.Context, notice Notice) error {
	return s.onNotice(ctx, notice.ID, func(t *tx, stored *Notice) error {
		if stored.State == PostDone {
			return nil
		}
		stored.Post = notice.Post
		stored.State = PostDone
		return t.UpdateNotice(ctx, *stored)
	})
}

func (s *Store) onNotice(ctx context.Context, id string, f func(*tx, *Notice) error) error {
	return s.inTx(ctx, func(t *tx) error {
		notice, err := t.LockNotice(ctx, id)
		if err != nil {
			return fmt.Errorf("lock notice: %w", err)
		}
		return f(t, &notice)
	})
}
