package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"securitybot/internal/store/sqlite/litedb"
	"securitybot/internal/store/storetest"
)

// explained asks the database how it would run each statement before it does.
type explained struct {
	*sql.Tx
	t    *testing.T
	plan string
}

func (e *explained) explain(ctx context.Context, statement string, arguments []any) {
	rows, err := e.Tx.QueryContext(ctx, "EXPLAIN QUERY PLAN "+statement, arguments...)
	require.NoError(e.t, err)
	defer func() { require.NoError(e.t, rows.Close()) }()
	for rows.Next() {
		var id, parent, unused int
		var step string
		require.NoError(e.t, rows.Scan(&id, &parent, &unused, &step))
		e.plan += fmt.Sprintln(step)
	}
	require.NoError(e.t, rows.Err())
}

func (e *explained) ExecContext(ctx context.Context, statement string, arguments ...any) (sql.Result, error) {
	e.explain(ctx, statement, arguments)
	return e.Tx.ExecContext(ctx, statement, arguments...)
}

func (e *explained) QueryContext(ctx context.Context, statement string, arguments ...any) (*sql.Rows, error) {
	e.explain(ctx, statement, arguments)
	return e.Tx.QueryContext(ctx, statement, arguments...)
}

func (e *explained) QueryRowContext(ctx context.Context, statement string, arguments ...any) *sql.Row {
	e.explain(ctx, statement, arguments)
	return e.Tx.QueryRowContext(ctx, statement, arguments...)
}

func TestLookupsUseTheirIndex(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	transaction, err := reopen(t, fresh(t)).db.BeginTx(ctx, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, transaction.Rollback()) }()
	for _, lookup := range storetest.Lookups() {
		asked := &explained{Tx: transaction, t: t}
		require.NoError(t, lookup.Call(ctx, &tx{q: litedb.New(asked)}), lookup.Name)
		require.Regexp(t, `USING (COVERING )?INDEX `+lookup.Index+`\b`, asked.plan, lookup.Name)
	}
}
