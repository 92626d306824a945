package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"securitybot/internal/store"
	"securitybot/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fresh makes a migrated database in a folder whose name needs escaping.
func fresh(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "100% of it? #1.db")
	require.NoError(t, Migrate(t.Context(), path))
	return path
}

func reopen(t *testing.T, path string) *Backend {
	t.Helper()
	backend, err := Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, backend.Close()) })
	return backend
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Backend { return reopen(t, fresh(t)) })
}

func TestTimelineIsAppendOnly(t *testing.T) {
	t.Parallel()
	backend := reopen(t, fresh(t))
	storetest.AppendOnly(t, backend, func(ctx context.Context, statement string) error {
		_, err := backend.db.ExecContext(ctx, statement)
		return err
	})
}

// Not even in the file's free pages.
func TestNothingIsLeftOfWhatWasErased(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	backend := reopen(t, path)
	storetest.Erased(t, backend, func() string {
		_, err := backend.db.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
		require.NoError(t, err)
		file, err := os.ReadFile(path)
		require.NoError(t, err)
		return string(file)
	})
}

func TestSettingsOfTheConnection(t *testing.T) {
	t.Parallel()
	backend := reopen(t, fresh(t))
	for name, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000", "secure_delete": "1",
	} {
		var value string
		require.NoError(t, backend.db.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&value))
		require.Equal(t, want, value, name)
	}
}

func TestDatabaseIsPrivate(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	reopen(t, path)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), suffix)
	}
}

func TestMigrateTwiceKeepsTheRecord(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	ctx := t.Context()
	keep := func(value string) (stands string) {
		backend, err := Open(ctx, path)
		require.NoError(t, err)
		defer func() { require.NoError(t, backend.Close()) }()
		require.NoError(t, backend.InTx(ctx, func(tx store.Tx) (err error) {
			stands, err = tx.PutSetting(ctx, "name", value)
			return err
		}))
		return stands
	}
	require.Equal(t, "first", keep("first"))
	require.NoError(t, Migrate(ctx, path))
	require.Equal(t, "first", keep("second"))
}

func TestOpenWithoutFolder(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), filepath.Join(t.TempDir(), "missing", "x.db"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// Two handles on one file are like two processes: a writer waits for the other.
func TestTwoProcessesTakeTurns(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	ours, theirs := reopen(t, path), reopen(t, path)
	ctx := t.Context()
	begun, done := make(chan struct{}), make(chan error, 1)
	go func() {
		<-begun
		done <- theirs.InTx(ctx, func(tx store.Tx) error {
			value, err := tx.Setting(ctx, "name")
			if err != nil {
				return err
			}
			return tx.ReplaceSetting(ctx, "name", value+" and theirs")
		})
	}()
	require.NoError(t, ours.InTx(ctx, func(tx store.Tx) error {
		close(begun)
		return tx.ReplaceSetting(ctx, "name", "ours")
	}))
	require.NoError(t, <-done)
	require.NoError(t, ours.InTx(ctx, func(tx store.Tx) error {
		value, err := tx.Setting(ctx, "name")
		require.Equal(t, "ours and theirs", value)
		return err
	}))
}

func TestBusyRunsAgain(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	ours, theirs := reopen(t, path), reopen(t, path)
	ctx := t.Context()
	_, err := theirs.db.ExecContext(ctx, "PRAGMA busy_timeout = 0")
	require.NoError(t, err)
	require.NoError(t, ours.InTx(ctx, func(store.Tx) error {
		err = theirs.InTx(ctx, func(store.Tx) error { panic("it can't begin") })
		return nil
	}))
	require.ErrorContains(t, err, "begin transaction")
	require.True(t, busy(err))

	runs := 0
	require.NoError(t, theirs.InTx(ctx, func(tx store.Tx) error {
		if runs++; runs == 1 {
			require.NoError(t, tx.ReplaceSetting(ctx, "first", "yes"))
			return err
		}
		_, missing := tx.Setting(ctx, "first")
		require.ErrorIs(t, missing, store.ErrNotFound)
		return nil
	}))
	require.Equal(t, 2, runs)
}
