package postgres

import (
	"context"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/postgres/pgdb"
)

func (t *tx) AppendEntry(ctx context.Context, e store.Entry) error {
	return inserted(t.q.AppendEntry(ctx, pgdb.AppendEntryParams{
		AlertID:  e.AlertID,
		Seq:      e.Seq,
		At:       stamp(e.At),
		Kind:     e.Kind,
		Actor:    e.Actor,
		Data:     maybeText(string(e.Data)),
		Personal: maybeText(string(e.Personal)),
		Salt:     maybeBytes(e.Salt),
		Digest:   e.Digest,
		Previous: e.Previous,
		Hash:     e.Hash,
	}))
}

func (t *tx) LastEntry(ctx context.Context, alertID string) (store.Entry, error) {
	row, err := t.q.LastEntry(ctx, alertID)
	return one(row, err, func(row pgdb.LastEntryRow) store.Entry {
		return entryOf(row.Timeline, row.Personal, row.Salt)
	})
}

func (t *tx) Entries(ctx context.Context, alertID string) ([]store.Entry, error) {
	rows, err := t.q.Entries(ctx, alertID)
	return all(rows, err, func(row pgdb.EntriesRow) store.Entry {
		return entryOf(row.Timeline, row.Personal, row.Salt)
	})
}

func (t *tx) FindPost(ctx context.Context, alertID, purpose string) (store.Post, error) {
	row, err := t.q.FindPost(ctx, alertID, purpose)
	return one(row, err, postOf)
}

func (t *tx) PutPost(ctx context.Context, p store.Post) error {
	return t.q.PutPost(ctx, pgdb.PutPostParams{
		AlertID:      p.AlertID,
		Purpose:      p.Purpose,
		State:        string(p.State),
		ClaimedUntil: maybeStamp(p.ClaimedUntil),
		IntendedAt:   maybeStamp(p.IntendedAt),
		Tries:        p.Tries,
		Channel:      p.Channel,
		Ts:           p.TS,
		PostedAt:     maybeStamp(p.PostedAt),
	})
}

func (t *tx) Posts(ctx context.Context, alertID string) ([]store.Post, error) {
	rows, err := t.q.Posts(ctx, alertID)
	return all(rows, err, postOf)
}

func (t *tx) PostAt(ctx context.Context, channel, ts string) (store.Post, error) {
	row, err := t.q.PostAt(ctx, channel, ts)
	return one(row, err, postOf)
}

func (t *tx) InsertDelivery(ctx context.Context, delivery string, at time.Time) (bool, error) {
	rows, err := t.q.InsertDelivery(ctx, delivery, stamp(at))
	return rows == 1, err
}

func (t *tx) PruneDeliveries(ctx context.Context, before time.Time) error {
	return t.q.PruneDeliveries(ctx, stamp(before))
}

func (t *tx) InsertAnswer(ctx context.Context, a alert.Answer) error {
	return inserted(t.q.InsertAnswer(ctx, pgdb.InsertAnswerParams{
		ID:          a.ID,
		AlertID:     a.AlertID,
		PersonTeam:  a.Person.Team,
		PersonUser:  a.Person.User,
		Choice:      string(a.Choice),
		Revision:    a.Revision,
		At:          stamp(a.At),
		RecordedAt:  stamp(a.RecordedAt),
		Late:        a.Late,
		Explanation: a.Explanation,
		ExplainedAt: maybeStamp(a.ExplainedAt),
	}))
}

func (t *tx) FindAnswer(ctx context.Context, id string) (alert.Answer, error) {
	row, err := t.q.FindAnswer(ctx, id)
	return one(row, err, answerOf)
}

func (t *tx) Explain(ctx context.Context, answerID, explanation string, at time.Time) error {
	return changed(t.q.Explain(ctx, explanation, maybeStamp(at), answerID))
}

func (t *tx) Answers(ctx context.Context, alertID string) ([]alert.Answer, error) {
	rows, err := t.q.Answers(ctx, alertID)
	return all(rows, err, answerOf)
}

func entryOf(row pgdb.Timeline, personal *string, salt []byte) store.Entry {
	return store.Entry{
		AlertID:  row.AlertID,
		Seq:      row.Seq,
		At:       row.At.UTC(),
		Kind:     row.Kind,
		Actor:    row.Actor,
		Data:     rawJSON(row.Data),
		Personal: rawJSON(personal),
		Salt:     salt,
		Digest:   row.Digest,
		Previous: row.Previous,
		Hash:     row.Hash,
	}
}

func postOf(row pgdb.Post) store.Post {
	return store.Post{
		AlertID:      row.AlertID,
		Purpose:      row.Purpose,
		State:        store.PostState(row.State),
		ClaimedUntil: maybeUTC(row.ClaimedUntil),
		IntendedAt:   maybeUTC(row.IntendedAt),
		Tries:        row.Tries,
		Channel:      row.Channel,
		TS:           row.Ts,
		PostedAt:     maybeUTC(row.PostedAt),
	}
}

func answerOf(row pgdb.Answer) alert.Answer {
	return alert.Answer{
		ID:          row.ID,
		AlertID:     row.AlertID,
		Person:      alert.PersonKey{Team: row.PersonTeam, User: row.PersonUser},
		Choice:      alert.Choice(row.Choice),
		Revision:    row.Revision,
		At:          row.At.UTC(),
		RecordedAt:  row.RecordedAt.UTC(),
		Late:        row.Late,
		Explanation: row.Explanation,
		ExplainedAt: maybeUTC(row.ExplainedAt),
	}
}
