package sqlite

import (
	"context"
	"fmt"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite/litedb"
)

func (t *tx) AppendEntry(ctx context.Context, e store.Entry) error {
	if err := inserted(t.q.AdvanceChain(ctx, e.AlertID, int64(e.Seq), e.Hash)); err != nil {
		return err
	}
	if err := t.q.InsertEntry(ctx, litedb.InsertEntryParams{
		AlertID:  e.AlertID,
		Seq:      int64(e.Seq),
		At:       micros(e.At),
		Kind:     e.Kind,
		Actor:    e.Actor,
		Data:     maybeText(string(e.Data)),
		Digest:   e.Digest,
		Previous: e.Previous,
		Hash:     e.Hash,
	}); err != nil {
		return fmt.Errorf("insert entry: %w", err)
	}
	if len(e.Personal) == 0 {
		return nil
	}
	return t.q.InsertPersonal(ctx, litedb.InsertPersonalParams{
		AlertID: e.AlertID, Seq: int64(e.Seq), Personal: string(e.Personal), Salt: e.Salt,
	})
}

func (t *tx) LastEntry(ctx context.Context, alertID string) (store.Entry, error) {
	row, err := t.q.LastEntry(ctx, alertID)
	return one(row, err, func(row litedb.LastEntryRow) store.Entry {
		return entryOf(row.Timeline, row.Personal, row.Salt)
	})
}

func (t *tx) Entries(ctx context.Context, alertID string) ([]store.Entry, error) {
	rows, err := t.q.Entries(ctx, alertID)
	return all(rows, err, func(row litedb.EntriesRow) store.Entry {
		return entryOf(row.Timeline, row.Personal, row.Salt)
	})
}

func (t *tx) FindPost(ctx context.Context, alertID, purpose string) (store.Post, error) {
	row, err := t.q.FindPost(ctx, alertID, purpose)
	return one(row, err, postOf)
}

func (t *tx) PutPost(ctx context.Context, p store.Post) error {
	return t.q.PutPost(ctx, litedb.PutPostParams{
		AlertID:      p.AlertID,
		Purpose:      p.Purpose,
		State:        string(p.State),
		ClaimedUntil: maybeMicros(p.ClaimedUntil),
		IntendedAt:   maybeMicros(p.IntendedAt),
		Tries:        int64(p.Tries),
		Channel:      p.Channel,
		Ts:           p.TS,
		PostedAt:     maybeMicros(p.PostedAt),
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
	rows, err := t.q.InsertDelivery(ctx, delivery, micros(at))
	return rows == 1, err
}

func (t *tx) PruneDeliveries(ctx context.Context, before time.Time) error {
	return t.q.PruneDeliveries(ctx, micros(before))
}

func (t *tx) InsertAnswer(ctx context.Context, a alert.Answer) error {
	return inserted(t.q.InsertAnswer(ctx, litedb.InsertAnswerParams{
		ID:          a.ID,
		AlertID:     a.AlertID,
		PersonTeam:  a.Person.Team,
		PersonUser:  a.Person.User,
		Choice:      string(a.Choice),
		Revision:    int64(a.Revision),
		At:          micros(a.At),
		RecordedAt:  micros(a.RecordedAt),
		Late:        a.Late,
		Explanation: a.Explanation,
		ExplainedAt: maybeMicros(a.ExplainedAt),
	}))
}

func (t *tx) FindAnswer(ctx context.Context, id string) (alert.Answer, error) {
	row, err := t.q.FindAnswer(ctx, id)
	return one(row, err, answerOf)
}

func (t *tx) Explain(ctx context.Context, answerID, explanation string, at time.Time) error {
	return changed(t.q.Explain(ctx, explanation, maybeMicros(at), answerID))
}

func (t *tx) Answers(ctx context.Context, alertID string) ([]alert.Answer, error) {
	rows, err := t.q.Answers(ctx, alertID)
	return all(rows, err, answerOf)
}

func entryOf(row litedb.Timeline, personal *string, salt []byte) store.Entry {
	return store.Entry{
		AlertID:  row.AlertID,
		Seq:      int(row.Seq),
		At:       moment(row.At),
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

func postOf(row litedb.Post) store.Post {
	return store.Post{
		AlertID:      row.AlertID,
		Purpose:      row.Purpose,
		State:        store.PostState(row.State),
		ClaimedUntil: maybeMoment(row.ClaimedUntil),
		IntendedAt:   maybeMoment(row.IntendedAt),
		Tries:        int(row.Tries),
		Channel:      row.Channel,
		TS:           row.Ts,
		PostedAt:     maybeMoment(row.PostedAt),
	}
}

func answerOf(row litedb.Answer) alert.Answer {
	return alert.Answer{
		ID:          row.ID,
		AlertID:     row.AlertID,
		Person:      alert.PersonKey{Team: row.PersonTeam, User: row.PersonUser},
		Choice:      alert.Choice(row.Choice),
		Revision:    int(row.Revision),
		At:          moment(row.At),
		RecordedAt:  moment(row.RecordedAt),
		Late:        row.Late,
		Explanation: row.Explanation,
		ExplainedAt: maybeMoment(row.ExplainedAt),
	}
}
