package sqlite

import (
	"context"
	"fmt"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite/litedb"
)

func (t *tx) AdmittedOf(ctx context.Context, person alert.PersonKey, since time.Time) ([]store.Record, error) {
	from := micros(since)
	rows, err := t.q.AdmittedOf(ctx, person.Team, person.User, &from)
	return records(rows, err)
}

func (t *tx) StormOf(ctx context.Context, person alert.PersonKey, since time.Time) (store.Record, error) {
	from := micros(since)
	row, err := t.q.StormOf(ctx, person.Team, person.User, &from)
	return oneRecord(row, err)
}

func (t *tx) AskedOf(ctx context.Context, person alert.PersonKey, since time.Time) (int, error) {
	from := micros(since)
	count, err := t.q.AskedOf(ctx, person.Team, person.User, &from)
	return int(count), err
}

func (t *tx) AskedSince(ctx context.Context, since time.Time) (int, error) {
	from := micros(since)
	count, err := t.q.AskedSince(ctx, &from)
	return int(count), err
}

func (t *tx) JoinedTo(ctx context.Context, id string) ([]store.Record, error) {
	rows, err := t.q.JoinedTo(ctx, id)
	return records(rows, err)
}

func (t *tx) InCaseOf(ctx context.Context, id string) ([]store.Record, error) {
	rows, err := t.q.InCaseOf(ctx, id)
	return records(rows, err)
}

func (t *tx) EscalatedLike(ctx context.Context, source, reason string, since time.Time) ([]store.Record, error) {
	from := micros(since)
	rows, err := t.q.EscalatedLike(ctx, source, reason, &from)
	return records(rows, err)
}

// SettledBetween goes on after the verdict of the alert that after names by its id.
func (t *tx) SettledBetween(
	ctx context.Context, from, to time.Time, after store.Cursor, limit int,
) ([]store.Record, error) {
	since, until, place := micros(from), micros(to), micros(time.Time{})
	if after.ID != "" {
		last, err := t.FindAlert(ctx, after.ID)
		if err != nil {
			return nil, fmt.Errorf("find place in list: %w", err)
		}
		place = micros(last.SettledAt)
		since = max(since, place) // else a page would be looked for from the first one on
	}
	rows, err := t.q.SettledBetween(ctx, litedb.SettledBetweenParams{
		Since: &since, Until: &until, After: &place, AfterID: after.ID, Count: int64(limit),
	})
	return records(rows, err)
}
