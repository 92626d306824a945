package postgres

import (
	"context"

	"securitybot/internal/store"
	"securitybot/internal/store/postgres/pgdb"
)

func (t *tx) InsertPolicy(ctx context.Context, p store.PolicyText) error {
	return inserted(t.q.InsertPolicy(ctx, pgdb.InsertPolicyParams{
		Revision: p.Revision, Body: p.Text, LoadedAt: stamp(p.LoadedAt), LoadedBy: p.LoadedBy,
	}))
}

func (t *tx) FindPolicy(ctx context.Context, revision string) (store.PolicyText, error) {
	row, err := t.q.FindPolicy(ctx, revision)
	return one(row, err, policyOf)
}

func (t *tx) Policies(ctx context.Context, limit int) ([]store.PolicyText, error) {
	rows, err := t.q.Policies(ctx, int64(limit))
	return all(rows, err, policyOf)
}

func policyOf(row pgdb.Policy) store.PolicyText {
	return store.PolicyText{
		Revision: row.Revision, Text: row.Body, LoadedAt: row.LoadedAt.UTC(), LoadedBy: row.LoadedBy,
	}
}
