// Package testkit lends tests a real PostgreSQL: the one that TEST_DATABASE_URL
// names, or one that is installed, started for the test process and gone with it.
package testkit

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// patience is how long anything here may take before the test fails.
const patience = time.Minute

// shared is the cluster of this test process, started by the first who asks.
var shared = sync.OnceValues(startCluster)

// Postgres gives the URL of a fresh, empty database, dropped when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv("TEST_DATABASE_URL")
	if server == "" {
		started, err := shared()
		require.NoError(t, err)
		server = started.url
	}
	return freshDatabase(t, server)
}

// RestartablePostgres gives the URL of a fresh database on a server of its own,
// and what stops that server at once, as a crash would, and starts it again at
// the same place.
func RestartablePostgres(t testing.TB) (database string, restart func()) {
	t.Helper()
	started, err := startCluster()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, started.close()) })
	restart = func() {
		t.Helper()
		require.NoError(t, started.order("restart"))
	}
	return freshDatabase(t, started.url), restart
}

// freshDatabase makes a database on the server of a URL.
func freshDatabase(t testing.TB, server string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	administer(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { administer(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	database, err := url.Parse(server)
	require.NoError(t, err)
	database.Path = "/" + name
	return database.String()
}

func administer(t testing.TB, server, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, statement)
	require.NoError(t, err)
}
