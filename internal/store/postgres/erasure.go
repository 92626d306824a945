package postgres

import (
	"context"
	"fmt"
	"time"

	"securitybot/internal/alert"
)

func (t *tx) Erasable(ctx context.Context, before time.Time, limit int) ([]string, error) {
	return t.q.Erasable(ctx, stamp(before), int64(limit))
}

func (t *tx) EraseAlert(ctx context.Context, id string, at time.Time) error {
	record, err := t.LockAlert(ctx, id)
	if err != nil {
		return err
	}
	if record.Plan != nil && record.Plan.Request != nil {
		record.Plan.Request.Reason = ""
	}
	plan, err := planText(record.Plan)
	if err != nil {
		return err
	}
	if err := changed(t.q.EraseAlert(ctx, plan, stamp(at), id)); err != nil {
		return fmt.Errorf("erase alert: %w", err)
	}
	return each(ctx, id, map[string]func(context.Context, string) error{
		"erase answers": t.q.EraseAnswers, "erase proofs": t.q.EraseProofs, "erase case": t.q.EraseCase,
		"erase posts":            t.q.ErasePosts,
		"drop personal timeline": t.q.DropPersonal, "drop payload": t.q.DropPayload, "drop search": t.q.DropSearch,
	})
}

// each runs statements that all take the same alert; their order is nothing to them.
func each(ctx context.Context, id string, statements map[string]func(context.Context, string) error) error {
	for name, run := range statements {
		if err := run(ctx, id); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (t *tx) ErasePerson(ctx context.Context, key alert.PersonKey) error {
	if err := t.q.DropNoticesOf(ctx, key.Team, key.User); err != nil { // while the directory tells what they are called
		return fmt.Errorf("drop notices: %w", err)
	}
	for name, run := range map[string]func(context.Context, string, string) error{
		"drop person": t.q.DropPerson, "drop devices": t.q.DropDevices,
		"drop opt-outs": t.q.DropOptOutsOf, "drop memberships": t.q.DropMemberships,
		"erase suppressions": t.q.EraseSuppressions, "erase distrusts": t.q.EraseDistrusts,
	} {
		if err := run(ctx, key.Team, key.User); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
