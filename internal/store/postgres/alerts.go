package postgres

import (
	"context"
	"fmt"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/postgres/pgdb"
)

// tx is a store.Tx.
type tx struct {
	q *pgdb.Queries
}

var _ store.Tx = (*tx)(nil)

func (t *tx) LockName(ctx context.Context, name string) error { return t.q.LockName(ctx, name) }

func (t *tx) InsertAlert(ctx context.Context, record store.Record) error {
	row, err := rowOf(record)
	if err != nil {
		return err
	}
	if err := inserted(t.q.InsertAlert(ctx, pgdb.InsertAlertParams(row))); err != nil {
		return err
	}
	return t.q.InsertSearch(ctx, record.ID, stamp(record.ReceivedAt), indexedText(record))
}

func (t *tx) FindAlert(ctx context.Context, id string) (store.Record, error) {
	row, err := t.q.FindAlert(ctx, id)
	return oneRecord(row, err)
}

func (t *tx) LockAlert(ctx context.Context, id string) (store.Record, error) {
	row, err := t.q.LockAlert(ctx, id)
	return oneRecord(row, err)
}

func (t *tx) UpdateAlert(ctx context.Context, record store.Record) error {
	row, err := rowOf(record)
	if err != nil {
		return err
	}
	return changed(t.q.UpdateAlert(ctx, pgdb.UpdateAlertParams{
		ID:            row.ID,
		PayloadDigest: row.PayloadDigest,
		Status:        row.Status,
		Outcome:       row.Outcome,
		OutcomeReason: row.OutcomeReason,
		PersonTeam:    row.PersonTeam,
		PersonUser:    row.PersonUser,
		Plan:          row.Plan,
		Code:          row.Code,
		Revision:      row.Revision,
		AdmittedAt:    row.AdmittedAt,
		AskedAt:       row.AskedAt,
		Deadline:      row.Deadline,
		WatchUntil:    row.WatchUntil,
		Snoozes:       row.Snoozes,
		SnoozedUntil:  row.SnoozedUntil,
		SettledAt:     row.SettledAt,
		EscalatedAt:   row.EscalatedAt,
		Escalation:    row.Escalation,
		FinishedAt:    row.FinishedAt,
		ShownRevision: row.ShownRevision,
		QueuedUntil:   row.QueuedUntil,
		JoinedTo:      row.JoinedTo,
		JoinRevision:  row.JoinRevision,
		CoveredBy:     row.CoveredBy,
		CaseOf:        row.CaseOf,
		Pile:          row.Pile,
		ReviewedAt:    row.ReviewedAt,
		ReviewedBy:    row.ReviewedBy,
		Review:        row.Review,
		Answered:      row.Answered,
		Proven:        row.Proven,
		ErasedAt:      row.ErasedAt,
	}))
}

func (t *tx) FindPayload(ctx context.Context, source, digest string, after time.Time) (store.Record, error) {
	row, err := t.q.FindPayload(ctx, source, digest, stamp(after))
	return oneRecord(row, err)
}

// Unfinished goes on after the place of afterID in the order of the list.
func (t *tx) Unfinished(ctx context.Context, before time.Time, afterID string, limit int) ([]store.Record, error) {
	after := pgdb.Alert{ReceivedAt: stamp(time.Time{})}
	if afterID != "" {
		var err error
		if after, err = t.q.FindAlert(ctx, afterID); err != nil {
			return nil, fmt.Errorf("find place in list: %w", found(err))
		}
	}
	rows, err := t.q.Unfinished(ctx, pgdb.UnfinishedParams{
		Before: stamp(before), After: after.ReceivedAt, AfterID: after.ID, Count: int64(limit),
	})
	return records(rows, err)
}

func (t *tx) OpenOf(ctx context.Context, person alert.PersonKey) ([]store.Record, error) {
	rows, err := t.q.OpenOf(ctx, person.Team, person.User)
	return records(rows, err)
}

func (t *tx) ConfirmedOf(ctx context.Context, person alert.PersonKey, since time.Time) ([]store.Record, error) {
	from := stamp(since)
	rows, err := t.q.ConfirmedOf(ctx, person.Team, person.User, &from)
	return records(rows, err)
}
