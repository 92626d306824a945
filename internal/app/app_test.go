package app_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"securitybot/internal/app"
	"securitybot/internal/config"
)

func TestMain(m *testing.M) {
	if err := os.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1"); err != nil { // nobody answers there
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop")) // the default client's idle connections
}

// With Temporal away a process starts, takes alerts, says what is degraded, and
// leaves nothing behind when it stops.
func TestWithTemporalAway(t *testing.T) {
	t.Parallel()
	links, stop := start(t, onThisMachine(t))
	require.Len(t, links.Alert, 64, "the sample was taken")
	require.Empty(t, links.Temporal)
	var readiness struct {
		Status   string
		Degraded []string
	}
	require.NoError(t, json.Unmarshal(get(t, links.API+"/readyz"), &readiness))
	require.Equal(t, "ready", readiness.Status)
	require.Contains(t, readiness.Degraded, "temporal")
	require.Contains(t, string(get(t, links.API+"/metrics")), "securitybot")

	stop()
}

// Without a sandbox and without credentials there is nobody to ask.
func TestRefusesToRunForNobody(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load(func(string) (string, bool) { return "", false }, os.ReadFile)
	require.NoError(t, err)
	for _, role := range []app.Role{{API: true}, {Worker: true}} {
		_, err = app.New(t.Context(), app.Options{Config: cfg, Role: role, Logger: slog.New(slog.DiscardHandler)})
		require.ErrorContains(t, err, config.SlackBotToken)
	}
}

// A sandbox plays anybody for whoever reaches it.
func TestTheSandboxStaysOnThisMachine(t *testing.T) {
	t.Parallel()
	environment := map[string]string{config.Listen: "0.0.0.0:0", config.DataDir: t.TempDir()}
	cfg, err := config.Load(func(name string) (string, bool) {
		value, ok := environment[name]
		return value, ok
	}, os.ReadFile)
	require.NoError(t, err)
	_, err = app.New(t.Context(), app.Options{
		Config: cfg, Role: app.Role{Sandbox: true}, Logger: slog.New(slog.DiscardHandler),
	})
	require.ErrorContains(t, err, "--allow-remote")
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, strings.TrimSpace(string(body)))
	return body
}
