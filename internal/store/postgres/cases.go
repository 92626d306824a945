package postgres

import (
	"context"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/postgres/pgdb"
)

func (t *tx) PutCase(ctx context.Context, c store.Case) error {
	return t.q.PutCase(ctx, pgdb.PutCaseParams{
		AlertID:    c.AlertID,
		AboutTeam:  c.About.Team,
		AboutUser:  c.About.User,
		OpenedAt:   stamp(c.OpenedAt),
		AckedAt:    maybeStamp(c.AckedAt),
		AckedBy:    c.AckedBy,
		ResolvedAt: maybeStamp(c.ResolvedAt),
		ResolvedBy: c.ResolvedBy,
		Resolution: c.Resolution,
		Rung:       c.Rung,
		Rank:       c.Rank,
	})
}

func (t *tx) FindCase(ctx context.Context, alertID string) (store.Case, error) {
	row, err := t.q.FindCase(ctx, alertID)
	return one(row, err, caseOf)
}

func (t *tx) OpenCases(ctx context.Context, before time.Time, limit int) ([]store.Case, error) {
	rows, err := t.q.OpenCases(ctx, stamp(before), int64(limit))
	return all(rows, err, caseOf)
}

func (t *tx) CasesByRank(ctx context.Context, after store.CaseCursor, limit int) ([]store.Case, error) {
	rows, err := t.q.CasesByRank(ctx, pgdb.CasesByRankParams{
		Rank: after.Rank, Opened: stamp(after.OpenedAt), AfterID: after.AlertID, Count: int64(limit),
	})
	return all(rows, err, caseOf)
}

func (t *tx) CountCases(ctx context.Context) ([]store.CaseCount, error) {
	rows, err := t.q.CountCases(ctx)
	return all(rows, err, func(row pgdb.CountCasesRow) store.CaseCount {
		return store.CaseCount{Rank: row.Rank, Open: int(row.Open), Acked: int(row.Acked)}
	})
}

func caseOf(row pgdb.Case) store.Case {
	return store.Case{
		AlertID:    row.AlertID,
		About:      alert.PersonKey{Team: row.AboutTeam, User: row.AboutUser},
		OpenedAt:   row.OpenedAt.UTC(),
		AckedAt:    maybeUTC(row.AckedAt),
		AckedBy:    row.AckedBy,
		ResolvedAt: maybeUTC(row.ResolvedAt),
		ResolvedBy: row.ResolvedBy,
		Resolution: row.Resolution,
		Rung:       row.Rung,
		Rank:       row.Rank,
	}
}
