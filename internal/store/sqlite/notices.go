package sqlite

import (
	"context"
	"encoding/json"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite/litedb"
)

func (t *tx) InsertNotice(ctx context.Context, n store.Notice) error {
	return inserted(t.q.InsertNotice(ctx, litedb.InsertNoticeParams{
		ID:           n.ID,
		Kind:         n.Kind,
		Target:       n.Target,
		PersonTeam:   n.Person.Team,
		PersonUser:   n.Person.User,
		Data:         string(n.Data),
		CreatedAt:    micros(n.CreatedAt),
		State:        string(n.State),
		ClaimedUntil: maybeMicros(n.ClaimedUntil),
		IntendedAt:   maybeMicros(n.IntendedAt),
		Tries:        int64(n.Tries),
		Channel:      n.Channel,
		Ts:           n.TS,
		PostedAt:     maybeMicros(n.PostedAt),
	}))
}

func (t *tx) LockNotice(ctx context.Context, id string) (store.Notice, error) {
	row, err := t.q.LockNotice(ctx, id)
	return one(row, err, noticeOf)
}

func (t *tx) UpdateNotice(ctx context.Context, n store.Notice) error {
	return changed(t.q.UpdateNotice(ctx, litedb.UpdateNoticeParams{
		ID:           n.ID,
		State:        string(n.State),
		ClaimedUntil: maybeMicros(n.ClaimedUntil),
		IntendedAt:   maybeMicros(n.IntendedAt),
		Tries:        int64(n.Tries),
		Channel:      n.Channel,
		Ts:           n.TS,
		PostedAt:     maybeMicros(n.PostedAt),
	}))
}

func (t *tx) Notices(ctx context.Context, kind string, since time.Time) ([]store.Notice, error) {
	rows, err := t.q.Notices(ctx, kind, micros(since))
	return all(rows, err, noticeOf)
}

func (t *tx) DropNotices(ctx context.Context, before time.Time) error {
	return t.q.DropNotices(ctx, micros(before))
}

func noticeOf(row litedb.Notice) store.Notice {
	return store.Notice{
		ID:        row.ID,
		Kind:      row.Kind,
		Target:    row.Target,
		Person:    alert.PersonKey{Team: row.PersonTeam, User: row.PersonUser},
		Data:      json.RawMessage(row.Data),
		CreatedAt: moment(row.CreatedAt),
		Post: store.Post{
			State:        store.PostState(row.State),
			ClaimedUntil: maybeMoment(row.ClaimedUntil),
			IntendedAt:   maybeMoment(row.IntendedAt),
			Tries:        int(row.Tries),
			Channel:      row.Channel,
			TS:           row.Ts,
			PostedAt:     maybeMoment(row.PostedAt),
		},
	}
}
