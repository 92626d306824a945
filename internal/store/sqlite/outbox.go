package sqlite

import (
	"cmp"
	"context"
	"slices"
	"time"

	"securitybot/internal/store"
	"securitybot/internal/store/sqlite/litedb"
)

func (t *tx) Enqueue(ctx context.Context, o store.Outgoing) error {
	return t.q.Enqueue(ctx, litedb.EnqueueParams{
		AlertID:     o.AlertID,
		Kind:        o.Kind,
		Ref:         o.Ref,
		Choice:      o.Choice,
		CreatedAt:   micros(o.CreatedAt),
		AvailableAt: micros(o.AvailableAt),
		Attempts:    int64(o.Attempts),
		LastError:   o.LastError,
	})
}

// Claim counts an attempt for every entry it takes, whatever becomes of it.
func (t *tx) Claim(ctx context.Context, now, until time.Time, limit int) ([]store.Outgoing, error) {
	rows, err := t.q.Claim(ctx, micros(until), micros(now), int64(limit))
	slices.SortFunc(rows, func(a, b litedb.Outbox) int {
		return cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return all(rows, err, outgoingOf)
}

func (t *tx) Release(ctx context.Context, id int64, availableAt time.Time, lastError string) error {
	return t.q.Release(ctx, micros(availableAt), lastError, id)
}

func (t *tx) Done(ctx context.Context, id int64) error { return t.q.Done(ctx, id) }

func (t *tx) Waiting(ctx context.Context) (int, time.Time, error) {
	row, err := t.q.Waiting(ctx)
	if err != nil || row.Waiting == 0 {
		return 0, time.Time{}, err
	}
	return int(row.Waiting), moment(row.Oldest), nil
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

func outgoingOf(row litedb.Outbox) store.Outgoing {
	return store.Outgoing{
		ID:          row.ID,
		AlertID:     row.AlertID,
		Kind:        row.Kind,
		Ref:         row.Ref,
		Choice:      row.Choice,
		CreatedAt:   moment(row.CreatedAt),
		AvailableAt: moment(row.AvailableAt),
		Attempts:    int(row.Attempts),
		LastError:   row.LastError,
	}
}
