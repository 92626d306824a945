package login_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/api/login"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite"
)

// openRecord opens the record as a process would that starts.
func openRecord(t *testing.T, path string, now func() time.Time) *store.Store {
	t.Helper()
	require.NoError(t, sqlite.Migrate(t.Context(), path))
	backend, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	return store.New(backend, store.WithClock(now))
}

func TestASessionOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "record.db")
	first := openRecord(t, path, w.clock.time)
	w.restart(func(o *login.Options) { o.Sessions = first })
	sam, kim := w.browser(), w.browser()
	sam.enter("Sam")
	kim.enter("Kim")
	require.NoError(t, first.Close())

	second := openRecord(t, path, w.clock.time)
	defer func() { require.NoError(t, second.Close()) }()
	w.restart(func(o *login.Options) { o.Sessions = second })
	w.clock.forward(time.Hour)
	sam.requireSees("sam@example.com")
	stolen := sam.cookie(sessionCookie)
	sam.logout()
	sam.plant(sessionCookie, stolen)
	sam.requireSees("")
	w.clock.forward(time.Hour)
	kim.requireSees("")
}
