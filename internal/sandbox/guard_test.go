package sandbox_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"securitybot/internal/sandbox"
)

// get reads JSON from the sandbox's listener.
func (w *world) get(path string, out any) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.url+path, nil)
	require.NoError(w.t, err)
	resp, err := w.http.Do(req)
	require.NoError(w.t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(w.t, http.StatusOK, resp.StatusCode)
	require.NoError(w.t, json.NewDecoder(resp.Body).Decode(out))
}

func (w *world) status(method, path string, body io.Reader, change func(*http.Request)) int {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, body)
	require.NoError(w.t, err)
	change(req)
	resp, err := w.http.Do(req)
	require.NoError(w.t, err)
	require.NoError(w.t, resp.Body.Close())
	return resp.StatusCode
}

func page() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the page") })
}

func TestOnlyLocalNamesAreServed(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *sandbox.Options) { o.AllowedHosts, o.Page = []string{"sandbox"}, page() })
	for host, want := range map[string]int{
		"127.0.0.1:8080": 200, "localhost": 200, "LOCALHOST:9": 200, "[::1]:8080": 200, "127.9.9.9": 200, "sandbox:8080": 200,
		"evil.example": 403, "evil.example:8080": 403, "127.0.0.1.evil.example": 403, "192.0.2.1": 403, "localhost.evil": 403,
	} {
		for _, path := range []string{"/sandbox", "/sandbox/assets/x.js", "/sandbox/status", "/sandbox/control/users", "/sandbox/slack/api/api.test"} {
			got := w.status(http.MethodGet, path, nil, func(r *http.Request) { r.Host = host })
			require.Equal(t, want, got, host+path)
		}
	}
}

func TestOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	w := start(t)
	host := strings.TrimPrefix(w.url, "http://")
	for origin, want := range map[string]int{
		w.url: 200, "http://" + host: 200,
		"http://evil.example": 403, "null": 403, "http://127.0.0.1:1": 403, "https://api.slack.com": 403,
	} {
		got := w.status(http.MethodGet, "/sandbox/control/users", nil, func(r *http.Request) { r.Header.Set("Origin", origin) })
		require.Equal(t, want, got, origin)
	}
}

func TestAFormCannotControl(t *testing.T) {
	t.Parallel()
	w := start(t)
	for kind, want := range map[string]int{
		"text/plain": 415, "application/x-www-form-urlencoded": 415, "": 415, "application/json; charset=utf-8": 200,
	} {
		body := strings.NewReader(`{"user":"bob@example.com","deactivated":false}`)
		got := w.status(http.MethodPost, "/sandbox/control/deactivate", body, func(r *http.Request) {
			r.Header.Set("Content-Type", kind)
			r.Header.Set("Origin", w.url)
		})
		require.Equal(t, want, got, kind)
	}
	body := strings.NewReader(`{"user":"bob@example.com","deactivated":false}`)
	got := w.status(http.MethodPost, "/sandbox/control/deactivate", body, func(*http.Request) {})
	require.Equal(t, http.StatusOK, got, "what is no browser says no origin")
}

func TestWithoutLoopbackThereIsNoControl(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *sandbox.Options) { o.Loopback = false })
	nothing := func(*http.Request) {}
	require.Equal(t, http.StatusNotFound, w.status(http.MethodGet, "/sandbox/control/users", nil, nothing))
	require.Equal(t, http.StatusOK, w.status(http.MethodGet, "/sandbox/status", nil, nothing))
	_, err := w.slack.AuthTestContext(t.Context())
	require.NoError(t, err)
}

func TestThePageSeesEverythingAtOnceAndHearsOfChanges(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *sandbox.Options) {
		o.Page = page()
		o.Status = func() any { return map[string]any{"phase": "building"} }
	})
	var status struct{ Phase string }
	w.get("/sandbox/status", &status)
	require.Equal(t, "building", status.Phase)
	changes := w.listen()

	w.ask(alice)
	require.Equal(t, "slack", (<-changes).What)
	w.push(w.duo(), "alice")
	news := <-changes
	require.Equal(t, "duo", news.What)
	var state struct {
		Version    int64            `json:"version"`
		Users      []map[string]any `json:"users"`
		DM         []shown          `json:"dm"`
		Channel    []shown          `json:"channel"`
		Modal      map[string]any   `json:"modal"`
		Pushes     []push           `json:"pushes"`
		Home       map[string]any   `json:"home"`
		Responder  struct{ Email string }
		SocketMode bool `json:"socket_mode"`
	}
	w.get("/sandbox/state?user="+alice, &state)
	require.GreaterOrEqual(t, state.Version, news.Version)
	require.Len(t, state.DM, 1)
	require.Empty(t, state.Channel)
	require.NotNil(t, state.Channel)
	require.Nil(t, state.Modal)
	require.Len(t, state.Pushes, 1)
	require.Nil(t, state.Home)
	require.Equal(t, sam, state.Responder.Email)
	require.Len(t, state.Users, 8)
	for i, name := range []string{"alice", "bob", "carol", "dave", "erin", "frank", "sam", "kim"} {
		require.Equal(t, name, state.Users[i]["handle"])
		require.Equal(t, name != "erin" && name != "frank", state.Users[i]["has_phone"])
		require.Equal(t, name == "sam" || name == "kim", state.Users[i]["responder"])
	}
}

type change struct {
	Version int64
	What    string
}

// listen follows the live events until the test ends.
func (w *world) listen() <-chan change {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/sandbox/events", nil)
	require.NoError(w.t, err)
	resp, err := w.http.Do(req)
	require.NoError(w.t, err)
	lines := bufio.NewScanner(resp.Body)
	require.True(w.t, lines.Scan(), "the stream has begun")
	changes, done := make(chan change, 100), make(chan struct{})
	go func() {
		defer close(done)
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var c change
				if json.Unmarshal([]byte(data), &c) == nil {
					changes <- c
				}
			}
		}
	}()
	w.t.Cleanup(func() {
		cancel()
		_ = resp.Body.Close()
		<-done
	})
	return changes
}

func TestOptionsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	for _, spoil := range []func(*sandbox.Options){
		func(o *sandbox.Options) { o.DataDir = "" },
		func(o *sandbox.Options) { o.SigningSecret = "" },
		func(o *sandbox.Options) { o.PublicURL = "8080" },
		func(o *sandbox.Options) { o.Logger = nil },
	} {
		opt := options(t)
		opt.PublicURL = "http://127.0.0.1:1"
		spoil(&opt)
		_, err := sandbox.New(opt)
		require.Error(t, err)
	}
}
