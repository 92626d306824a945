package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// What the application may do with a table. Everything else is for the owner,
// who migrates.
const (
	rightsOfMost   = "SELECT, INSERT, UPDATE, DELETE"
	rightsToErase  = "SELECT, INSERT, DELETE" // what is personal: never changed
	rightsToAppend = "SELECT, INSERT"
	rightsToLook   = "SELECT" // whether there is anything to migrate
)

var (
	appended = []string{"timeline", "log_leaves", "log_hashes", "checkpoints"}
	erased   = []string{"timeline_personal", "payloads"}
)

// versions is where goose keeps which migrations were run.
const versions = "goose_db_version"

// tablesOfRecord are those that the migrations made, and goose's.
const tablesOfRecord = `
SELECT relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
ORDER BY relname`

// mayActAsOwner tells so of superusers too, of who may make themselves one, and of who
// may write everywhere; and whether the role is who asks.
const mayActAsOwner = `
SELECT pg_has_role(r.oid, c.relowner, 'MEMBER') OR r.rolcreaterole OR pg_has_role(r.oid, 'pg_write_all_data', 'MEMBER'),
    r.rolname = current_user
FROM pg_roles r, pg_class c
WHERE r.rolname = $1 AND c.oid = 'timeline'::regclass`

// rightsOf are what the application may do with a table.
func rightsOf(table string) string {
	switch {
	case table == versions:
		return rightsToLook
	case slices.Contains(appended, table):
		return rightsToAppend
	case slices.Contains(erased, table):
		return rightsToErase
	default:
		return rightsOfMost
	}
}

// grant gives a role exactly the rights of the application, in one transaction.
func grant(ctx context.Context, db *sql.DB, role string) error {
	transaction, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer func() { _ = transaction.Rollback() }() // after a commit it does nothing
	itself, err := subordinate(ctx, transaction, role)
	if err != nil || itself {
		return err
	}
	tables, err := tablesOf(ctx, transaction)
	if err != nil {
		return err
	}
	var schema string
	if err := transaction.QueryRowContext(ctx, "SELECT current_schema()").Scan(&schema); err != nil {
		return fmt.Errorf("find schema: %w", err)
	}
	if _, err := transaction.ExecContext(ctx, grants(schema, role, tables)); err != nil {
		return fmt.Errorf("grant rights to role %q: %w", role, err)
	}
	if err := transaction.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	return nil
}

// subordinate makes sure that a role can't give itself what it isn't given, and
// tells whether it is the one who asks: that one has its rights, or waits for them.
func subordinate(ctx context.Context, transaction *sql.Tx, role string) (itself bool, err error) {
	var owns bool
	err = transaction.QueryRowContext(ctx, mayActAsOwner, role).Scan(&owns, &itself)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, fmt.Errorf("there is no role %q: create it first, with LOGIN and nothing else", role)
	case err != nil:
		return false, fmt.Errorf("look at role %q: %w", role, err)
	case owns:
		return false, fmt.Errorf("role %q may act as the owner of the tables, make roles or write everywhere, and could change the timeline: use another one", role)
	}
	return itself, nil
}

func tablesOf(ctx context.Context, transaction *sql.Tx) ([]string, error) {
	rows, err := transaction.QueryContext(ctx, tablesOfRecord)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	defer func() { _ = rows.Close() }() // what went wrong, Err tells
	var tables []string
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			return nil, fmt.Errorf("list tables: %w", err)
		}
		tables = append(tables, table)
	}
	return tables, rows.Err()
}

// grants are the statements. Processes that grant at the same time take turns:
// the server would refuse one of them.
func grants(schema, role string, tables []string) string {
	var script strings.Builder
	name := pgx.Identifier{role}.Sanitize()
	script.WriteString("SELECT pg_advisory_xact_lock(hashtextextended('grant rights', 0));\n")
	fmt.Fprintf(&script, "GRANT USAGE ON SCHEMA %s TO %s;\n", pgx.Identifier{schema}.Sanitize(), name)
	for _, table := range tables {
		quoted := pgx.Identifier{table}.Sanitize()
		fmt.Fprintf(&script, "REVOKE ALL ON %s FROM %s;\n", quoted, name)
		fmt.Fprintf(&script, "GRANT %s ON %s TO %s;\n", rightsOf(table), quoted, name)
	}
	return script.String()
}
