package client_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"securitybot/api"
	"securitybot/internal/client"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const alertBody = `{"key":"k-1","detection":"sudo_interactive","title":"Root shell","severity":"high",
	"subject":{"email":"alice@example.com"},"occurred_at":"2026-03-04T11:00:00Z"}`

// newClient is a client of a real API over a real record.
func newClient(t *testing.T, token string) *client.Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "record.db")
	require.NoError(t, sqlite.Migrate(t.Context(), path))
	backend, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	record := store.New(backend)
	t.Cleanup(func() { require.NoError(t, record.Close()) })
	return clientOf(t, token, api.New(api.Options{
		Record:  record,
		Sources: func(token string) (string, bool) { return "falco", token == "right" },
	}).Handler())
}

func clientOf(t *testing.T, token string, handler http.Handler) *client.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		server.Close()
	})
	c, err := client.New(server.URL+"/", token)
	require.NoError(t, err)
	return c
}

func TestAnAlertIsSentShownAndListed(t *testing.T) {
	t.Parallel()
	c := newClient(t, "right")
	sent, err := c.Send(t.Context(), []byte(alertBody))
	require.NoError(t, err)
	require.False(t, sent.Duplicate)
	require.Equal(t, "received", sent.Status)
	require.Contains(t, string(sent.Raw), sent.ID)

	again, err := c.Send(t.Context(), []byte(alertBody))
	require.NoError(t, err)
	require.True(t, again.Duplicate)
	require.Equal(t, sent.ID, again.ID)

	shown, err := c.Show(t.Context(), sent.ID)
	require.NoError(t, err)
	require.Equal(t, "Root shell", shown.Title)
	require.Equal(t, "alice@example.com", shown.Subject.String())
	require.Equal(t, time.Date(2026, 3, 4, 11, 0, 0, 0, time.UTC), shown.OccurredAt)
	require.Zero(t, shown.Deadline)
	require.Equal(t, "accepted", shown.Timeline[0].Kind)
	require.Equal(t, "falco", shown.Timeline[0].Actor)
	require.Equal(t, "sudo_interactive", shown.Timeline[0].Fields["detection"])
	require.Equal(t, "high", shown.Timeline[0].Fields["severity"])

	_, err = c.Send(t.Context(), []byte(strings.Replace(alertBody, "k-1", "k-2", 1)))
	require.NoError(t, err)
	first, err := c.List(t.Context(), client.Filter{Limit: 1, Source: "falco"})
	require.NoError(t, err)
	require.Equal(t, "k-2", first.Alerts[0].Key)
	second, err := c.List(t.Context(), client.Filter{Limit: 1, Cursor: first.Next})
	require.NoError(t, err)
	require.Equal(t, "k-1", second.Alerts[0].Key)
	require.Empty(t, second.Next)
	none, err := c.List(t.Context(), client.Filter{Key: "k-3"})
	require.NoError(t, err)
	require.Empty(t, none.Alerts)
}

func TestRefusalsNameTheFields(t *testing.T) {
	t.Parallel()
	c := newClient(t, "right")
	_, err := c.Send(t.Context(), []byte(`{"title":1}`))
	var problem *client.ProblemError
	require.ErrorAs(t, err, &problem)
	require.Equal(t, http.StatusBadRequest, problem.Status)
	require.ErrorContains(t, err, "400 Bad Request: the alert is not valid")
	require.ErrorContains(t, err, "\n  title: must be a string")
	require.ErrorContains(t, err, "\n  detection: is required")

	_, err = c.Show(t.Context(), "../../metrics")
	require.ErrorContains(t, err, "404 Not Found")
	_, err = c.List(t.Context(), client.Filter{Status: "open"})
	require.ErrorContains(t, err, "status: must be one of")
}

func TestAWrongTokenIsRefusedAndNotShown(t *testing.T) {
	t.Parallel()
	_, err := newClient(t, "wrong-planted").List(t.Context(), client.Filter{})
	require.ErrorContains(t, err, "401 Unauthorized")
	require.NotContains(t, err.Error(), "planted")
}

func TestAnswersThatAreNotTheAPIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"a proxy's page": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", http.StatusBadGateway) }, "502 Bad Gateway: not an answer of the API"},
		"a redirect":     {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }, "302 Found: not an answer"},
		"no JSON":        {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }, "read the API's answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := clientOf(t, "right", c.handler).Show(t.Context(), "x")
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "127.0.0.1:8080", "ftp://example.com", "http://", "http://user:pw@example.com", "http://\n"} {
		_, err := client.New(address, "t")
		require.Error(t, err, address)
		require.NotContains(t, err.Error(), "pw")
	}
}
