package devchild

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

var alertUser = temporal.NewSearchAttributeKeyKeyword("AlertUser")

func TestServerKeepsItsDataOverARestart(t *testing.T) {
	t.Parallel()
	binary, dir := realServer(t), t.TempDir()
	opts := Options{
		Binary:           binary,
		DBFile:           binary.DBFileName(dir),
		LogFile:          filepath.Join(dir, "temporal.log"),
		SearchAttributes: map[string]enumspb.IndexedValueType{"AlertUser": enumspb.INDEXED_VALUE_TYPE_KEYWORD},
	}
	first := start(t, opts)
	require.Equal(t, http.StatusOK, statusOf(t, first.UIURL))
	_, err := dial(t, first).ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "alert-1", TaskQueue: "nobody",
		TypedSearchAttributes: temporal.NewSearchAttributes(alertUser.ValueSet("U1")),
	}, "AlertVerification")
	require.NoError(t, err)
	require.NoError(t, first.Stop(t.Context()))
	require.NoError(t, first.Err())

	second := start(t, opts)
	run, err := dial(t, second).DescribeWorkflow(t.Context(), "alert-1", "")
	require.NoError(t, err)
	user, ok := run.TypedSearchAttributes.GetKeyword(alertUser)
	require.True(t, ok)
	require.Equal(t, "U1", user)
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, run.Status)
}

func TestServerThatDiesSaysSo(t *testing.T) {
	t.Parallel()
	child := start(t, Options{Binary: realServer(t), Headless: true})
	require.Empty(t, child.UIURL)
	require.NoError(t, child.Err())
	require.NoError(t, syscall.Kill(child.pid, syscall.SIGKILL))
	<-child.Done()
	require.ErrorContains(t, child.Err(), "signal: killed")
	require.NoError(t, child.Stop(t.Context()), "nothing left to stop")
}

func TestServerThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := Start(t.Context(), Options{
		Binary:   realServer(t),
		Headless: true,
		DBFile:   filepath.Join(dir, "no", "such", "folder.db"),
		LogFile:  filepath.Join(dir, "temporal.log"),
	})
	require.ErrorContains(t, err, "exit status 1")
	require.ErrorContains(t, err, "temporal-devserver: create database file", "from its log")
}

func TestPortInUseNamesTheFlag(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	taken := listener.Addr().(*net.TCPAddr).Port

	tests := map[string]struct {
		opts Options
		want string
	}{
		"frontend": {Options{Port: taken}, "already in use: choose another port with --temporal-port"},
		"UI":       {Options{UIPort: taken}, "already in use: choose another port with --temporal-ui-port"},
		"twice":    {Options{Port: 7233, UIPort: 7233}, "wanted twice: choose another with --temporal-ui-port"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Start(t.Context(), test.opts)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestServerThatNeverListensIsKilled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(fakeTemporal(t, "unused"), "temporal")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := Start(ctx, Options{Binary: Binary{Path: path}})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "wait for Temporal server at 127.0.0.1:")
}

func TestStopKillsWhatIgnoresIt(t *testing.T) {
	t.Parallel()
	child := &Child{done: make(chan struct{})}
	stubborn := command(Options{Binary: Binary{Path: filepath.Join(fakeTemporal(t, "unused"), "temporal")}}, nil)
	stubborn.Stdout, stubborn.Stderr = nil, nil
	require.NoError(t, child.launch(stubborn, false))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.NoError(t, child.Stop(ctx))
	<-child.Done()
	require.NoError(t, child.Err())
}

func TestServerEndsWithItsParent(t *testing.T) {
	t.Parallel()
	binary := realServer(t)
	tests := map[string]string{"by its standard input": "yes"}
	if runtime.GOOS == "linux" {
		tests["by the kernel"] = ""
	}
	for name, own := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parent := selfCommand(t, parentOfEnv+"="+binary.Path, parentOwnEnv+"="+own)
			stdout, err := parent.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, parent.Start())
			address, err := bufio.NewReader(stdout).ReadString('\n')
			require.NoError(t, err)
			address = strings.TrimSpace(address)
			require.True(t, listens(address), address)

			require.NoError(t, parent.Process.Kill())
			require.Error(t, parent.Wait())
			require.Eventually(t, func() bool { return !listens(address) }, patience, 20*time.Millisecond)
		})
	}
}

func start(t *testing.T, opts Options) *Child {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	child, err := Start(ctx, opts)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, child.Stop(ctx))
	})
	return child
}

func dial(t *testing.T, child *Child) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: child.Address})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func statusOf(t *testing.T, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

func listens(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}
