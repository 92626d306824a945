package sqlite

import (
	"context"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite/litedb"
)

func (t *tx) PutCase(ctx context.Context, c store.Case) error {
	return t.q.PutCase(ctx, litedb.PutCaseParams{
		AlertID:    c.AlertID,
		AboutTeam:  c.About.Team,
		AboutUser:  c.About.User,
		OpenedAt:   micros(c.OpenedAt),
		AckedAt:    maybeMicros(c.AckedAt),
		AckedBy:    c.AckedBy,
		ResolvedAt: maybeMicros(c.ResolvedAt),
		ResolvedBy: c.ResolvedBy,
		Resolution: c.Resolution,
		Rung:       int64(c.Rung),
		Rank:       int64(c.Rank),
	})
}

func (t *tx) FindCase(ctx context.Context, alertID string) (store.Case, error) {
	row, err := t.q.FindCase(ctx, alertID)
	return one(row, err, caseOf)
}

func (t *tx) OpenCases(ctx context.Context, before time.Time, limit int) ([]store.Case, error) {
	rows, err := t.q.OpenCases(ctx, micros(before), int64(limit))
	return all(rows, err, caseOf)
}

func (t *tx) CasesByRank(ctx context.Context, after store.CaseCursor, limit int) ([]store.Case, error) {
	rows, err := t.q.CasesByRank(ctx, litedb.CasesByRankParams{
		Rank: int64(after.Rank), Opened: micros(after.OpenedAt), AfterID: after.AlertID, Count: int64(limit),
	})
	return all(rows, err, caseOf)
}

func (t *tx) CountCases(ctx context.Context) ([]store.CaseCount, error) {
	rows, err := t.q.CountCases(ctx)
	return all(rows, err, func(row litedb.CountCasesRow) store.CaseCount {
		return store.CaseCount{Rank: int(row.Rank), Open: int(row.Open), Acked: int(row.Acked)}
	})
}

func caseOf(row litedb.Case) store.Case {
	return store.Case{
		AlertID:    row.AlertID,
		About:      alert.PersonKey{Team: row.AboutTeam, User: row.AboutUser},
		OpenedAt:   moment(row.OpenedAt),
		AckedAt:    maybeMoment(row.AckedAt),
		AckedBy:    row.AckedBy,
		ResolvedAt: maybeMoment(row.ResolvedAt),
		ResolvedBy: row.ResolvedBy,
		Resolution: row.Resolution,
		Rung:       int(row.Rung),
		Rank:       int(row.Rank),
	}
}
