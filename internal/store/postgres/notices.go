package postgres

import (
	"context"
	"encoding/json"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/postgres/pgdb"
)

func (t *tx) InsertNotice(ctx context.Context, n store.Notice) error {
	return inserted(t.q.InsertNotice(ctx, pgdb.InsertNoticeParams{
		ID:           n.ID,
		Kind:         n.Kind,
		Target:       n.Target,
		PersonTeam:   n.Person.Team,
		PersonUser:   n.Person.User,
		Data:         string(n.Data),
		CreatedAt:    stamp(n.CreatedAt),
		State:        string(n.State),
		ClaimedUntil: maybeStamp(n.ClaimedUntil),
		IntendedAt:   maybeStamp(n.IntendedAt),
		Tries:        n.Tries,
		Channel:      n.Channel,
		Ts:           n.TS,
		PostedAt:     maybeStamp(n.PostedAt),
	}))
}

func (t *tx) LockNotice(ctx context.Context, id string) (store.Notice, error) {
	row, err := t.q.LockNotice(ctx, id)
	return one(row, err, noticeOf)
}

func (t *tx) UpdateNotice(ctx context.Context, n store.Notice) error {
	return changed(t.q.UpdateNotice(ctx, pgdb.UpdateNoticeParams{
		ID:           n.ID,
		State:        string(n.State),
		ClaimedUntil: maybeStamp(n.ClaimedUntil),
		IntendedAt:   maybeStamp(n.IntendedAt),
		Tries:        n.Tries,
		Channel:      n.Channel,
		Ts:           n.TS,
		PostedAt:     maybeStamp(n.PostedAt),
	}))
}

func (t *tx) Notices(ctx context.Context, kind string, since time.Time) ([]store.Notice, error) {
	rows, err := t.q.Notices(ctx, kind, stamp(since))
	return all(rows, err, noticeOf)
}

func (t *tx) DropNotices(ctx context.Context, before time.Time) error {
	return t.q.DropNotices(ctx, stamp(before))
}

func noticeOf(row pgdb.Notice) store.Notice {
	return store.Notice{
		ID:        row.ID,
		Kind:      row.Kind,
		Target:    row.Target,
		Person:    alert.PersonKey{Team: row.PersonTeam, User: row.PersonUser},
		Data:      json.RawMessage(row.Data),
		CreatedAt: row.CreatedAt.UTC(),
		Post: store.Post{
			State:        store.PostState(row.State),
			ClaimedUntil: maybeUTC(row.ClaimedUntil),
			IntendedAt:   maybeUTC(row.IntendedAt),
			Tries:        row.Tries,
			Channel:      row.Channel,
			TS:           row.Ts,
			PostedAt:     maybeUTC(row.PostedAt),
		},
	}
}
