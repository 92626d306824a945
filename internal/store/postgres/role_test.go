package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"securitybot/internal/store"
	"securitybot/internal/store/storetest"
	"securitybot/internal/testkit"
)

// insufficientPrivilege is the server's code of what a role may not do.
const insufficientPrivilege = "42501"

// role makes a role with a name that needs quoting; it is gone with the test.
func role(t *testing.T) string {
	t.Helper()
	admin := on(t, testkit.Postgres(t))
	name := "App's \"role\" " + strings.ToLower(rand.Text())
	quoted := `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
	_, err := admin.pool.Exec(t.Context(), "CREATE ROLE "+quoted+" LOGIN PASSWORD 'x'")
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := admin.pool.Exec(context.WithoutCancel(t.Context()), "DROP ROLE "+quoted)
		require.NoError(t, err)
	})
	return name
}

// as is the URL of a database for a role.
func as(t *testing.T, role, owners string) string {
	t.Helper()
	theirs, err := url.Parse(owners)
	require.NoError(t, err)
	theirs.User = url.UserPassword(role, "x")
	return theirs.String()
}

// freshFor makes a database for a role, and opens it as that role.
func freshFor(t *testing.T, role string) (app *Backend, owners string) {
	t.Helper()
	owners = testkit.Postgres(t)
	require.NoError(t, Migrate(t.Context(), owners, WithRole(role)))
	return on(t, as(t, role, owners)), owners
}

func TestConformanceOfTheApplicationsRole(t *testing.T) {
	t.Parallel()
	role := role(t)
	t.Run("suite", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, func(t *testing.T) store.Backend {
			app, _ := freshFor(t, role)
			return app
		})
	})
}

func TestTheApplicationCannotChangeTheTimeline(t *testing.T) {
	t.Parallel()
	app, _ := freshFor(t, role(t))
	execute := func(ctx context.Context, statement string) error {
		_, err := app.pool.Exec(ctx, statement)
		return err
	}
	storetest.AppendOnly(t, app, execute)
	for _, statement := range []string{
		"UPDATE timeline SET actor = 'somebody else'", "DELETE FROM timeline", "TRUNCATE timeline", "TRUNCATE timeline CASCADE",
		"UPDATE log_leaves SET hash = ''", "DELETE FROM log_leaves", "TRUNCATE log_leaves",
		"UPDATE log_hashes SET hash = ''", "DELETE FROM log_hashes", "TRUNCATE log_hashes",
		"UPDATE checkpoints SET note = 'x'", "DELETE FROM checkpoints", "TRUNCATE checkpoints",
		"UPDATE payloads SET body = ''", "UPDATE timeline_personal SET personal = 'x'", "TRUNCATE timeline_personal", "TRUNCATE alerts CASCADE",
		"ALTER TABLE timeline DISABLE TRIGGER ALL", "DROP TRIGGER timeline_append_only ON timeline", "DROP TABLE timeline",
		"CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
		"CREATE TRIGGER mine BEFORE INSERT ON timeline FOR EACH STATEMENT EXECUTE FUNCTION append_only()",
		"SET session_replication_role = replica", "CREATE TABLE mine (id integer)",
	} {
		var refused *pgconn.PgError
		require.ErrorAs(t, execute(t.Context(), statement), &refused, statement)
		require.Equal(t, insufficientPrivilege, refused.Code, statement)
	}
}

func TestTruncateIsRefusedToTheOwnerToo(t *testing.T) {
	t.Parallel()
	backend := fresh(t)
	for _, table := range appended {
		for _, statement := range []string{"TRUNCATE " + table, "TRUNCATE " + table + " CASCADE"} {
			_, err := backend.pool.Exec(t.Context(), statement)
			require.Error(t, err, statement)
		}
	}
}

func TestRightsAreGivenAnew(t *testing.T) {
	t.Parallel()
	role := role(t)
	app, owners := freshFor(t, role)
	owner := on(t, owners)
	_, err := owner.pool.Exec(t.Context(), `GRANT ALL ON timeline TO "`+strings.ReplaceAll(role, `"`, `""`)+`"`)
	require.NoError(t, err)
	done := make(chan error)
	for range 3 {
		go func() { done <- Migrate(t.Context(), owners, WithRole(role)) }()
	}
	for range 3 {
		require.NoError(t, <-done)
	}
	_, err = app.pool.Exec(t.Context(), "DELETE FROM timeline")
	require.ErrorContains(t, err, "permission denied")
	require.NoError(t, keep(t, app, "still works"))
}

// The application asks for the newest form when it starts: it has it, or has to
// wait for the owner.
func TestTheApplicationMigratesNothing(t *testing.T) {
	t.Parallel()
	role := role(t)
	owners := testkit.Postgres(t)
	app := as(t, role, owners)
	require.ErrorContains(t, Migrate(t.Context(), app, WithRole(role)), "permission denied")
	require.NoError(t, Migrate(t.Context(), owners, WithRole(role)))
	require.NoError(t, Migrate(t.Context(), app, WithRole(role)))
	_, err := on(t, app).pool.Exec(t.Context(), "DELETE FROM "+versions)
	require.ErrorContains(t, err, "permission denied")
}

func TestARoleThatCouldHelpItselfIsRefused(t *testing.T) {
	t.Parallel()
	owners := testkit.Postgres(t)
	require.ErrorContains(t, Migrate(t.Context(), owners, WithRole("no such role")), `no role "no such role"`)
	var owner string
	require.NoError(t, on(t, owners).pool.QueryRow(t.Context(), "SELECT current_user::text").Scan(&owner))
	require.ErrorContains(t, Migrate(t.Context(), owners, WithRole(owner)), "may act as the owner")
	for _, gift := range []string{"ALTER ROLE %s CREATEROLE", "GRANT pg_write_all_data TO %s"} {
		gifted := role(t)
		_, err := on(t, owners).pool.Exec(t.Context(), fmt.Sprintf(gift, pgx.Identifier{gifted}.Sanitize()))
		require.NoError(t, err)
		require.ErrorContains(t, Migrate(t.Context(), owners, WithRole(gifted)), "could change the timeline", gift)
	}
}
