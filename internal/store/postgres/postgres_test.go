package postgres

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/storetest"
	"securitybot/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// on opens a backend on a database.
func on(t *testing.T, url string) *Backend {
	t.Helper()
	backend, err := Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, backend.Close()) })
	return backend
}

func fresh(t *testing.T) *Backend {
	t.Helper()
	url := testkit.Postgres(t)
	require.NoError(t, Migrate(t.Context(), url))
	return on(t, url)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Backend { return fresh(t) })
}

func TestTimelineIsAppendOnly(t *testing.T) {
	t.Parallel()
	backend := fresh(t)
	execute := func(ctx context.Context, statement string) error {
		_, err := backend.pool.Exec(ctx, statement)
		return err
	}
	storetest.AppendOnly(t, backend, execute)
	require.ErrorContains(t, execute(t.Context(), "TRUNCATE alerts CASCADE"), "append-only")
}

func TestNothingIsLeftOfWhatWasErased(t *testing.T) {
	t.Parallel()
	backend := fresh(t)
	storetest.Erased(t, backend, func() string {
		var everything strings.Builder
		rows, err := backend.pool.Query(t.Context(), tablesOfRecord)
		require.NoError(t, err)
		tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		for _, table := range tables {
			rows, err := backend.pool.Query(t.Context(), "SELECT row::text FROM "+table+" row")
			require.NoError(t, err)
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			require.NoError(t, err)
			everything.WriteString(strings.Join(lines, "\n"))
		}
		return everything.String()
	})
}

func TestProcessesMigrateAtTheSameTime(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	done := make(chan error)
	for range 3 {
		go func() { done <- Migrate(t.Context(), url) }()
	}
	for range 3 {
		require.NoError(t, <-done)
	}
	require.NoError(t, keep(t, on(t, url), "migrated"))
}

func TestOpenNeedsNoServer(t *testing.T) {
	t.Parallel()
	backend := on(t, "postgres://postgres@/nothing?host="+t.TempDir())
	require.ErrorContains(t, backend.Ping(t.Context()), "ask database")
}

func TestUnknownDatabaseIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	config := on(t, testkit.Postgres(t)).pool.Config()
	config.ConnConfig.Database = "no such database"
	_, err := dial(t, config).pool.Begin(t.Context())
	require.Error(t, err)
	require.False(t, reachable(err))
}

func TestBadURLKeepsItsPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://bot:hunter2@host:port/db", "postgres://bot:hunter2@host/db?sslmode=perhaps", "password=hunter2 port=x",
	} {
		_, err := Open(t.Context(), url)
		require.ErrorContains(t, err, "read database URL")
		require.NotContains(t, err.Error(), "hunter2")
	}
}

// keep writes a setting, so that something stands if and only if it committed.
func keep(t *testing.T, backend *Backend, name string) error {
	t.Helper()
	return backend.InTx(t.Context(), func(tx store.Tx) error {
		return tx.ReplaceSetting(t.Context(), name, "yes")
	})
}

// kept tells whether it stands.
func kept(t *testing.T, backend *Backend, name string) bool {
	t.Helper()
	err := backend.InTx(t.Context(), func(tx store.Tx) error {
		_, err := tx.Setting(t.Context(), name)
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		require.NoError(t, err)
	}
	return err == nil
}

// Two that lock the same names in opposite order block each other; the server
// ends one of them, which then runs again.
func TestDeadlockRunsAgain(t *testing.T) {
	t.Parallel()
	backend := fresh(t)
	ctx := t.Context()
	met := make(chan struct{}, 2)
	cross := func(first, second string, meet chan struct{}, runs *int) error {
		return backend.InTx(ctx, func(tx store.Tx) error {
			*runs++
			if err := tx.LockName(ctx, first); err != nil {
				return err
			}
			if *runs == 1 {
				met <- struct{}{}
				<-meet
			}
			return tx.LockName(ctx, second)
		})
	}
	meet, done, runs := make(chan struct{}), make(chan error), make([]int, 2)
	go func() { done <- cross("a", "b", meet, &runs[0]) }()
	go func() { done <- cross("b", "a", meet, &runs[1]) }()
	<-met
	<-met
	close(meet)
	require.NoError(t, errors.Join(<-done, <-done))
	require.Equal(t, 3, runs[0]+runs[1])
}

// withAlert makes a backend with one alert in it, and a context for
// transactions that must not wait for each other.
func withAlert(t *testing.T) (context.Context, *Backend) {
	t.Helper()
	backend := fresh(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	one := store.Record{Alert: alert.Alert{ID: "a", Severity: alert.Low, ReceivedAt: now}, Status: alert.Received}
	require.NoError(t, backend.InTx(ctx, func(tx store.Tx) error { return tx.InsertAlert(ctx, one) }))
	return ctx, backend
}

var now = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func wake(ref string) store.Outgoing {
	return store.Outgoing{AlertID: "a", Kind: "wake", Ref: ref, CreatedAt: now, AvailableAt: now}
}

func TestClaimSkipsWhatAnotherHolds(t *testing.T) {
	t.Parallel()
	ctx, backend := withAlert(t)
	require.NoError(t, backend.InTx(ctx, func(tx store.Tx) error {
		return errors.Join(tx.Enqueue(ctx, wake("1")), tx.Enqueue(ctx, wake("2")))
	}))
	claim := func(tx store.Tx) string {
		claimed, err := tx.Claim(ctx, now, now.Add(time.Minute), 1)
		require.NoError(t, err)
		require.Len(t, claimed, 1)
		return claimed[0].Ref
	}
	require.NoError(t, backend.InTx(ctx, func(ours store.Tx) error {
		require.Equal(t, "1", claim(ours))
		return backend.InTx(ctx, func(theirs store.Tx) error {
			require.Equal(t, "2", claim(theirs))
			return nil
		})
	}))
}

func TestALockedAlertKeepsNobodyFromItsOtherRows(t *testing.T) {
	t.Parallel()
	ctx, backend := withAlert(t)
	require.NoError(t, backend.InTx(ctx, func(ours store.Tx) error {
		record, err := ours.LockAlert(ctx, "a")
		require.NoError(t, err)
		require.NoError(t, backend.InTx(ctx, func(theirs store.Tx) error {
			return errors.Join(theirs.Enqueue(ctx, wake("1")),
				theirs.PutPost(ctx, store.Post{AlertID: "a", Purpose: "case", State: store.PostIntended}),
				theirs.PutCase(ctx, store.Case{AlertID: "a", OpenedAt: now}))
		}))
		return ours.UpdateAlert(ctx, record)
	}))
}
