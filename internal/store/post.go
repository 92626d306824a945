package store

import (
	"context"
	"fmt"
	"time"

	"securitybot/internal/alert"
)

// The purposes of our messages. Some carry a suffix that tells them apart.
const (
	PurposeQuestion  = "question"
	PurposeReminder  = "reminder-"   // + number
	PurposePushAgain = "push-again-" // + attempt
	PurposeCase      = "case"
	PurposeNote      = "note-"   // + what it is about; to the second target, which can't be edited
	PurposeRaised    = "raised-" // + what came late; in the channel or the case's thread
	PurposeCaseTo    = "case-"   // + target; the case, at a later rung of its ladder
	PurposePeer      = "peer-"   // + target; a question to somebody beside the person
	PurposeReview    = "review"  // a confirmed alert that policy wants looked at
)

// PostWithin is how long one who posts may take, everything included.
const PostWithin = 12 * time.Second

// postLease is how long one who posts keeps others from trying.
const postLease = PostWithin + 5*time.Second

// Turn tells what the one who wants to post has to do.
type Turn string

// The turns.
const (
	TurnSend   Turn = "send"   // post it
	TurnLook   Turn = "look"   // somebody may have posted it: look for it first
	TurnWait   Turn = "wait"   // somebody is posting it now
	TurnStands Turn = "stands" // it is posted
)

// BeginPost claims a message before it is posted.
func (s *Store) BeginPost(ctx context.Context, alertID, purpose string) (Post, Turn, error) {
	var post Post
	var turn Turn
	err := s.onAlert(ctx, alertID, func(t *tx, _ *Record) error {
		stored, ok, err := found(t.FindPost(ctx, alertID, purpose))
		if err != nil {
			return fmt.Errorf("read post %s: %w", purpose, err)
		}
		post, turn = nextTurn(stored, ok, t.now)
		post.AlertID, post.Purpose = alertID, purpose
		if turn == TurnStands || turn == TurnWait {
			return nil
		}
		return t.putPost(post)
	})
	return post, turn, err
}

func nextTurn(post Post, known bool, now time.Time) (Post, Turn) {
	switch {
	case known && post.State == PostDone:
		return post, TurnStands
	case known && now.Before(post.ClaimedUntil):
		return post, TurnWait
	case !known:
		post.IntendedAt = now
	}
	turn := TurnSend
	if post.Tries > 0 {
		turn = TurnLook
	}
	post.State, post.ClaimedUntil = PostIntended, now.Add(postLease)
	post.Tries++
	return post, turn
}

// ReleasePost gives a claim back. happened tells whether the message may stand
// all the same, so that the next one has to look for it.
func (s *Store) ReleasePost(ctx context.Context, post Post, happened bool) error {
	return s.onAlert(ctx, post.AlertID, func(t *tx, _ *Record) error {
		stored, err := t.FindPost(ctx, post.AlertID, post.Purpose)
		if err != nil {
			return fmt.Errorf("read post %s: %w", post.Purpose, err)
		}
		if !release(&stored, post, happened) {
			return nil
		}
		return t.putPost(stored)
	})
}

// release gives a claim back, unless the message stands or the claim is somebody
// else's by now.
func release(stored *Post, claim Post, happened bool) bool {
	if stored.State == PostDone || !stored.ClaimedUntil.Equal(claim.ClaimedUntil) {
		return false
	}
	stored.ClaimedUntil = time.Time{}
	if !happened {
		stored.Tries--
	}
	return true
}

// FinishPost records where a message stands, and the entry that tells of it.
// Only the first one counts.
func (s *Store) FinishPost(ctx context.Context, post Post, kind string, data, shown Fields) error {
	return s.onAlert(ctx, post.AlertID, func(t *tx, record *Record) error {
		stored, ok, err := found(t.FindPost(ctx, post.AlertID, post.Purpose))
		if err != nil {
			return fmt.Errorf("read post %s: %w", post.Purpose, err)
		}
		if ok && stored.State == PostDone {
			return nil
		}
		post.State, post.ClaimedUntil = PostDone, time.Time{}
		if err := t.putPost(post); err != nil {
			return err
		}
		if post.Purpose == PurposeQuestion {
			record.ShownRevision = max(record.ShownRevision, post.Revision)
			if err := t.asked(record, post.PostedAt); err != nil {
				return err
			}
			if err := t.showJoined(record, post.Revision); err != nil {
				return err
			}
		}
		if !record.SettledAt.IsZero() && post.Purpose == PurposeQuestion {
			// It came to stand after the verdict: its buttons have to go.
			if err := t.enqueue(record.ID, OutgoingFollowUp, post.Purpose, ""); err != nil {
				return err
			}
		}
		return t.append(post.AlertID, kind, ActorBot, data, shown)
	})
}

// showJoined has a question edited that asks about more than was posted.
func (t *tx) showJoined(record *Record, posted int) error {
	if record.Revision <= posted {
		return nil
	}
	return t.enqueue(record.ID, OutgoingJoined, fmt.Sprintf("posted-%d", record.Revision), "")
}

// Shown records which revision of a question its person sees for certain.
func (s *Store) Shown(ctx context.Context, id string, revision int) error {
	return s.onAlert(ctx, id, func(t *tx, record *Record) error {
		if revision <= record.ShownRevision {
			return nil
		}
		record.ShownRevision = revision
		return t.save(record)
	})
}

// asked starts the clock of an alert, from its question's own time.
func (t *tx) asked(record *Record, at time.Time) error {
	record.AskedAt, record.QueuedUntil = at, time.Time{}
	record.Deadline = record.Plan.After(at, record.Plan.Deadline)
	record.WatchUntil = record.Deadline.Add(record.Plan.WatchFor)
	if record.Status == alert.Received || record.Status == alert.Held {
		record.Status = alert.Asking
	}
	if err := t.tally(record, MeasureAsked); err != nil {
		return err
	}
	return t.save(record)
}

func (t *tx) putPost(post Post) error {
	if err := t.PutPost(t.ctx, post); err != nil {
		return fmt.Errorf("write post %s: %w", post.Purpose, err)
	}
	return nil
}
