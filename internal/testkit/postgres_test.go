package testkit

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// actAsChild makes this program start a cluster, tell where, and wait to be killed.
const actAsChild = "TESTKIT_ACT_AS_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(actAsChild) != "" {
		child()
	}
	goleak.VerifyTestMain(m)
}

func child() {
	started, err := startCluster()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(started.url)
	select {}
}

// ask runs a query that gives one text.
func ask(t *testing.T, database, query string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	var text string
	require.NoError(t, conn.QueryRow(t.Context(), query).Scan(&text))
	return text
}

func TestEachDatabaseIsFreshAndDropped(t *testing.T) {
	t.Parallel()
	outer := Postgres(t)
	name := ask(t, outer, "SELECT current_database()::text")
	var other string
	t.Run("another test", func(t *testing.T) {
		other = ask(t, Postgres(t), "SELECT current_database()::text")
	})
	require.NotEqual(t, name, other)
	require.Equal(t, "0", ask(t, outer, "SELECT count(*)::text FROM pg_database WHERE datname = '"+other+"'"))
}

func TestRestartKeepsWhatWasCommitted(t *testing.T) {
	t.Parallel()
	database, restart := RestartablePostgres(t)
	const started = "SELECT pg_postmaster_start_time()::text"
	before := ask(t, database, started)
	administer(t, database, "CREATE TABLE t AS SELECT 'kept' AS v")
	restart()
	require.Equal(t, "kept", ask(t, database, "SELECT v FROM t"))
	require.NotEqual(t, before, ask(t, database, started))
}

func TestClusterDiesWithItsTest(t *testing.T) {
	t.Parallel()
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), actAsChild+"=yes")
	output, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	server, err := url.Parse(strings.TrimSpace(line))
	require.NoError(t, err)
	folder := server.Query().Get("host")
	require.DirExists(t, folder, line)
	require.NoError(t, process.Process.Kill())
	require.Error(t, process.Wait())
	require.Eventually(t, func() bool {
		_, err := os.Stat(folder)
		return os.IsNotExist(err)
	}, patience, 50*time.Millisecond)
	_, err = pgx.Connect(context.WithoutCancel(t.Context()), server.String())
	require.Error(t, err)
}

func TestProgramsMustBeComplete(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, program := range []string{"initdb", "pg_ctl", "postgres"} {
		require.False(t, complete(folder))
		require.NoError(t, os.WriteFile(filepath.Join(folder, program), nil, fs.FileMode(0o700)))
	}
	require.True(t, complete(folder))
	require.False(t, complete(filepath.Join(folder, "missing")))
	require.Equal(t, 17, version("/usr/lib/postgresql/17/bin"))
	require.Zero(t, version("/usr/lib/postgresql/9.6/bin"))
}
