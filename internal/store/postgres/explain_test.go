package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"securitybot/internal/store/postgres/pgdb"
	"securitybot/internal/store/storetest"
)

// explained asks the server how it would run each statement before it does.
type explained struct {
	pgx.Tx
	how  string // "EXPLAIN " or more
	plan string
}

func (e *explained) explain(ctx context.Context, statement string, arguments []any) error {
	rows, err := e.Tx.Query(ctx, e.how+statement, arguments...)
	if err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	e.plan = strings.Join(lines, "\n")
	return err
}

func (e *explained) Exec(ctx context.Context, statement string, arguments ...any) (pgconn.CommandTag, error) {
	if err := e.explain(ctx, statement, arguments); err != nil {
		return pgconn.CommandTag{}, err
	}
	return e.Tx.Exec(ctx, statement, arguments...)
}

func (e *explained) Query(ctx context.Context, statement string, arguments ...any) (pgx.Rows, error) {
	if err := e.explain(ctx, statement, arguments); err != nil {
		return nil, err
	}
	return e.Tx.Query(ctx, statement, arguments...)
}

func (e *explained) QueryRow(ctx context.Context, statement string, arguments ...any) pgx.Row {
	if err := e.explain(ctx, statement, arguments); err != nil {
		return failed{err: err}
	}
	return e.Tx.QueryRow(ctx, statement, arguments...)
}

// failed is a row that there is none of.
type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }

// crowd makes some thousands of alerts out of one, one in twenty without a verdict.
const crowd = `
INSERT INTO alerts
SELECT (jsonb_populate_record(alerts, jsonb_build_object(
    'id', n, 'source', 'siem', 'payload_digest', md5(n::text), 'received_at', received_at + n * interval '1 minute',
    'person_team', 'T1', 'person_user', 'U' || n % 50, 'outcome', CASE WHEN n % 20 = 0 THEN '' ELSE 'denied' END,
    'asked_at', received_at + n * interval '1 minute', 'settled_at', received_at + n * interval '1 minute'))).*
FROM alerts, generate_series(1, 4000) n`

// A small table is read whole by choice, so that choice is taken away.
func TestLookupsUseTheirIndex(t *testing.T) {
	t.Parallel()
	ctx, backend := withAlert(t)
	for _, statement := range []string{crowd, "ANALYZE alerts"} {
		_, err := backend.pool.Exec(ctx, statement)
		require.NoError(t, err)
	}
	transaction, err := backend.pool.Begin(ctx)
	require.NoError(t, err)
	defer func() { require.NoError(t, transaction.Rollback(context.WithoutCancel(ctx))) }()
	_, err = transaction.Exec(ctx, "SET LOCAL enable_seqscan = off")
	require.NoError(t, err)
	for _, lookup := range storetest.Lookups() {
		asked := &explained{Tx: transaction, how: "EXPLAIN "}
		require.NoError(t, lookup.Call(ctx, &tx{q: pgdb.New(asked)}), lookup.Name)
		require.Regexp(t, `Index.* Scan.* (using|on) `+lookup.Index+`\b`, asked.plan, lookup.Name)
	}
}
