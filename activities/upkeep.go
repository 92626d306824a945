package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"securitybot/internal/conversation"
	"securitybot/internal/evidence"
	"securitybot/internal/store"
)

// Upkeep is what upkeep needs of the record.
type Upkeep interface {
	LogHeads(ctx context.Context) (more bool, err error)
	Checkpoint(ctx context.Context, key evidence.Key) (store.Checkpoint, error)
	LastCheckpoint(ctx context.Context, key evidence.Key) (store.Checkpoint, bool, error)
	Erase(ctx context.Context, before time.Time, limit int) (erased int, more bool, err error)
	Forget(ctx context.Context, before time.Time) error
	FinishErasures(ctx context.Context, alive func()) error
}

// eraseAtOnce is how many alerts lose what is personal in one transaction.
const eraseAtOnce = 500

// Checkpoint takes into the log what timelines have grown by, and signs it. Without a
// key there is nothing to do: the log begins with the first one.
func (a *Activities) Checkpoint(ctx context.Context, _ conversation.UpkeepInput) error {
	if a.EvidenceKey == nil {
		return nil
	}
	for more := true; more; {
		var err error
		more, err = a.Record.LogHeads(ctx)
		if errors.Is(err, store.ErrForked) {
			break // of which Checkpoint tells
		}
		if err != nil {
			return fmt.Errorf("log the timelines: %w", err)
		}
		activity.RecordHeartbeat(ctx)
	}
	if _, err := a.Record.Checkpoint(ctx, *a.EvidenceKey); err != nil {
		return fmt.Errorf("sign the log: %w", err)
	}
	return nil
}

// Retain goes on with erasing people who asked for it, and erases what is personal
// and older than it may be. What is done stays done: it may be stopped at any moment.
func (a *Activities) Retain(ctx context.Context, _ conversation.UpkeepInput) error {
	err := a.Record.FinishErasures(ctx, func() { activity.RecordHeartbeat(ctx) })
	if err != nil {
		err = fmt.Errorf("erase people: %w", err)
	}
	if a.Retention == 0 {
		return err
	}
	return errors.Join(err, a.eraseByAge(ctx))
}

func (a *Activities) eraseByAge(ctx context.Context) error {
	before := a.Record.Now().Add(-a.Retention)
	total := 0
	for more := true; more; {
		erased, again, err := a.Record.Erase(ctx, before, eraseAtOnce)
		if err != nil {
			return fmt.Errorf("erase old alerts: %w", err)
		}
		total, more = total+erased, again
		activity.RecordHeartbeat(ctx, total)
	}
	if err := a.Record.Forget(ctx, before); err != nil {
		return fmt.Errorf("forget old notices: %w", err)
	}
	if total > 0 {
		a.Logger.Info("personal content was erased by age", "alerts", total, "before", before)
	}
	return nil
}
