package postgres

import (
	"cmp"
	"context"
	"slices"
	"time"

	"securitybot/internal/store"
	"securitybot/internal/store/postgres/pgdb"
)

func (t *tx) Enqueue(ctx context.Context, o store.Outgoing) error {
	return t.q.Enqueue(ctx, pgdb.EnqueueParams{
		AlertID:     o.AlertID,
		Kind:        o.Kind,
		Ref:         o.Ref,
		Choice:      o.Choice,
		CreatedAt:   stamp(o.CreatedAt),
		AvailableAt: stamp(o.AvailableAt),
		Attempts:    o.Attempts,
		LastError:   o.LastError,
	})
}

// Claim counts an attempt for every entry it takes, whatever becomes of it.
func (t *tx) Claim(ctx context.Context, now, until time.Time, limit int) ([]store.Outgoing, error) {
	rows, err := t.q.Claim(ctx, stamp(until), stamp(now), int64(limit))
	slices.SortFunc(rows, func(a, b pgdb.Outbox) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return all(rows, err, outgoingOf)
}

func (t *tx) Release(ctx context.Context, id int64, availableAt time.Time, lastError string) error {
	return t.q.Release(ctx, stamp(availableAt), lastError, id)
}

func (t *tx) Done(ctx context.Context, id int64) error { return t.q.Done(ctx, id) }

func (t *tx) Waiting(ctx context.Context) (int, time.Time, error) {
	row, err := t.q.Waiting(ctx)
	if err != nil || row.Waiting == 0 {
		return 0, time.Time{}, err
	}
	return int(row.Waiting), row.Oldest.UTC(), nil
}

func (t *tx) Setting(ctx context.Context, name string) (string, error) {
	value, err := t.q.Setting(ctx, name)
	return value, found(err)
}

func (t *tx) PutSetting(ctx context.Context, name, value string) (string, error) {
	if err := t.q.KeepSetting(ctx, name, value); err != nil {
		return "", err
	}
	return t.Setting(ctx, name)
}

func (t *tx) ReplaceSetting(ctx context.Context, name, value string) error {
	return t.q.ReplaceSetting(ctx, name, value)
}

func outgoingOf(row pgdb.Outbox) store.Outgoing {
	return store.Outgoing{
		ID:          row.ID,
		AlertID:     row.AlertID,
		Kind:        row.Kind,
		Ref:         row.Ref,
		Choice:      row.Choice,
		CreatedAt:   row.CreatedAt.UTC(),
		AvailableAt: row.AvailableAt.UTC(),
		Attempts:    row.Attempts,
		LastError:   row.LastError,
	}
}
