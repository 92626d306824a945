package postgres

import (
	"bytes"
	"context"
	"net"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"securitybot/internal/store"
	"securitybot/internal/testkit"
)

func TestServerRestartsBetweenTransactions(t *testing.T) {
	t.Parallel()
	url, restart := testkit.RestartablePostgres(t)
	require.NoError(t, Migrate(t.Context(), url))
	backend := on(t, url)
	require.NoError(t, keep(t, backend, "before"))
	restart()
	require.NoError(t, keep(t, backend, "after"))
	require.True(t, kept(t, backend, "before"))
	require.True(t, kept(t, backend, "after"))
}

func TestServerRestartsInATransaction(t *testing.T) {
	t.Parallel()
	url, restart := testkit.RestartablePostgres(t)
	require.NoError(t, Migrate(t.Context(), url))
	backend := on(t, url)
	runs := 0
	require.NoError(t, backend.InTx(t.Context(), func(tx store.Tx) error {
		runs++
		if runs == 1 {
			require.NoError(t, tx.ReplaceSetting(t.Context(), "first", "yes"))
			restart()
		}
		return tx.ReplaceSetting(t.Context(), "last", "yes")
	}))
	require.Equal(t, 2, runs)
	require.False(t, kept(t, backend, "first"), "it was rolled back")
	require.True(t, kept(t, backend, "last"))
}

func TestConnectionLostInATransaction(t *testing.T) {
	t.Parallel()
	backend, line := cuttable(t)
	runs := 0
	require.NoError(t, backend.InTx(t.Context(), func(tx store.Tx) error {
		runs++
		if runs <= 2 {
			line.cutBefore("settings")
		}
		return tx.ReplaceSetting(t.Context(), "name", "yes")
	}))
	require.Equal(t, 3, runs)
	require.True(t, kept(t, backend, "name"))
}

// When the answer to a commit is lost nobody knows what happened, so only the
// caller can tell whether to go on.
func TestConnectionLostAtCommit(t *testing.T) {
	t.Parallel()
	for name, each := range map[string]struct {
		cut       func(*line, string)
		committed bool
	}{
		"before the server has it": {(*line).cutBefore, false},
		"after the server has it":  {(*line).cutAfter, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			backend, line := cuttable(t)
			runs := 0
			err := backend.InTx(t.Context(), func(tx store.Tx) error {
				runs++
				each.cut(line, "commit")
				return tx.ReplaceSetting(t.Context(), "name", "yes")
			})
			require.ErrorContains(t, err, "commit transaction")
			require.Equal(t, 1, runs)
			require.Equal(t, each.committed, kept(t, backend, "name"))
		})
	}
}

// line is the network to a server. It can be told to break once, at what is sent.
type line struct {
	before, after atomic.Value // string
}

func (l *line) cutBefore(text string) { l.before.Store(text) }
func (l *line) cutAfter(text string)  { l.after.Store(text) }

// due tells whether a cut is to be made here, and makes it the last.
func due(cut *atomic.Value, sent []byte) bool {
	text, _ := cut.Load().(string)
	return text != "" && bytes.Contains(sent, []byte(text)) && cut.CompareAndSwap(text, "")
}

// wire is one connection over a line.
type wire struct {
	net.Conn
	line *line
}

func (w *wire) Write(sent []byte) (int, error) {
	if due(&w.line.before, sent) {
		_ = w.Close()
		return 0, net.ErrClosed
	}
	n, err := w.Conn.Write(sent)
	if due(&w.line.after, sent) {
		// The server has answered once something comes back: only then is it certain to have it.
		_, _ = w.Conn.Read(make([]byte, 1))
		_ = w.Close()
	}
	return n, err
}

// cuttable is a backend whose network can be cut.
func cuttable(t *testing.T) (*Backend, *line) {
	t.Helper()
	url := testkit.Postgres(t)
	require.NoError(t, Migrate(t.Context(), url))
	config, err := pgxpool.ParseConfig(url)
	require.NoError(t, err)
	network := &line{}
	dialer := config.ConnConfig.DialFunc
	config.ConnConfig.DialFunc = func(ctx context.Context, kind, address string) (net.Conn, error) {
		conn, err := dialer(ctx, kind, address)
		return &wire{Conn: conn, line: network}, err
	}
	return dial(t, config), network
}

// dial opens a backend with a configuration.
func dial(t *testing.T, config *pgxpool.Config) *Backend {
	t.Helper()
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return &Backend{pool: pool}
}
