package webhook

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"securitybot/internal/sink"
	"securitybot/internal/sink/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var secret = secretPrefix + base64.StdEncoding.EncodeToString([]byte("planted-webhook-secret-of-32-b.."))

// delivery is what an endpoint got.
type delivery struct {
	header http.Header
	body   string
}

// endpoint is somebody's receiver that gives one status to all.
func endpoint(t *testing.T, status int) (string, chan delivery) {
	t.Helper()
	got := make(chan delivery, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		got <- delivery{header: request.Header, body: string(body)}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/hook/planted-path", got
}

func target(t *testing.T, address string, now func() time.Time) *Target {
	t.Helper()
	made, err := New(Options{URL: address, Secret: secret, Now: now})
	require.NoError(t, err)
	t.Cleanup(made.Close)
	return made
}

func told() sink.Case {
	at := time.Date(2026, 11, 21, 10, 2, 3, 0, time.UTC)
	return sink.Case{
		ID: "case_1", Kind: sink.Opened, At: at, AlertID: "a1", Verdict: "denied", Reason: "fraud",
		Severity: "high", Detection: "sudo_interactive", Title: "Root <shell>",
		Person: sink.Person{Email: "alice@example.com", Name: "Alice"}, Answer: "no", Explanation: "not me",
		OpenedAt: at, Links: map[string]string{"alert": "https://bot.example/a1"},
	}
}

func TestCaseIsSignedByTheRules(t *testing.T) {
	t.Parallel()
	address, got := endpoint(t, http.StatusNoContent)
	hook := target(t, address, nil)
	require.Equal(t, "webhook", hook.Name())
	require.NoError(t, hook.Send(t.Context(), told()))
	first := <-got
	verifier, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	require.NoError(t, verifier.Verify([]byte(first.body), first.header))
	require.ErrorIs(t, verifier.Verify([]byte(first.body+" "), first.header), standardwebhooks.ErrNoMatchingSignature)
	require.Equal(t, "case_1", first.header.Get("webhook-id"))
	require.Equal(t, "application/json", first.header.Get("Content-Type"))
	require.JSONEq(t, `{"type":"case.opened","timestamp":"2026-11-21T10:02:03Z","data":{
		"id":"case_1","alert_id":"a1","verdict":"denied","reason":"fraud","severity":"high","detection":"sudo_interactive",
		"title":"Root <shell>","person":{"email":"alice@example.com","name":"Alice"},"answer":"no","explanation":"not me",
		"opened_at":"2026-11-21T10:02:03Z","links":{"alert":"https://bot.example/a1"}}}`, first.body)
}

func TestTriedAgainItKeepsItsIDAndBody(t *testing.T) {
	t.Parallel()
	address, got := endpoint(t, http.StatusServiceUnavailable)
	now := time.Unix(1_800_000_000, 0)
	hook := target(t, address, func() time.Time { now = now.Add(time.Minute); return now })
	require.Error(t, hook.Send(t.Context(), told()))
	require.Error(t, hook.Send(t.Context(), told()))
	first, second := <-got, <-got
	require.Equal(t, first.body, second.body)
	require.Equal(t, first.header.Get("webhook-id"), second.header.Get("webhook-id"))
	require.Equal(t, "1800000060", first.header.Get("webhook-timestamp"))
	require.Equal(t, "1800000120", second.header.Get("webhook-timestamp"))
	require.NotEqual(t, first.header.Get("webhook-signature"), second.header.Get("webhook-signature"))
}

func TestItIsACaseTarget(t *testing.T) {
	t.Parallel()
	sinktest.Run(t, sinktest.Subject{
		New: func(t *testing.T, endpoint string) sink.CaseTarget {
			return target(t, strings.Replace(endpoint, "://", "://user:planted@", 1)+"/hook/planted-path", nil)
		},
		Taken:   http.StatusNoContent,
		Secrets: []string{"planted", strings.TrimPrefix(secret, secretPrefix)},
	})
}

func TestAnySuccessWillDo(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent} {
		address, _ := endpoint(t, status)
		require.NoError(t, target(t, address, nil).Send(t.Context(), told()))
	}
}

func TestTheTypeIsTheKind(t *testing.T) {
	t.Parallel()
	address, got := endpoint(t, http.StatusNoContent)
	hook := target(t, address, nil)
	for _, kind := range []sink.Kind{sink.Opened, sink.Noted, sink.Acknowledged, sink.Resolved} {
		require.NoError(t, hook.Send(t.Context(), sinktest.Told(kind)))
		require.Contains(t, (<-got).body, `{"type":"`+string(kind)+`",`)
	}
}

func check(t *testing.T, err error) *sink.Error {
	t.Helper()
	var failed *sink.Error
	require.ErrorAs(t, err, &failed)
	require.NotContains(t, err.Error(), "planted")
	require.NotContains(t, err.Error(), strings.TrimPrefix(secret, secretPrefix))
	return failed
}

func TestCaseWithoutAUsableIDIsRefused(t *testing.T) {
	t.Parallel()
	address, got := endpoint(t, http.StatusOK)
	for _, id := range []string{"", "a.b", "a\r\nb", strings.Repeat("x", maxID+1)} {
		unnamed := told()
		unnamed.ID = id
		require.True(t, check(t, target(t, address, nil).Send(t.Context(), unnamed)).Refused)
	}
	require.Empty(t, got)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]Options{
		"no URL":                {Secret: secret},
		"a broken URL":          {URL: "https://\x00planted", Secret: secret},
		"http to another host":  {URL: "http://soc.example.com/planted", Secret: secret},
		"another scheme":        {URL: "file:///planted", Secret: secret},
		"no secret":             {URL: "https://soc.example.com/"},
		"a secret without mark": {URL: "https://soc.example.com/", Secret: strings.TrimPrefix(secret, secretPrefix)},
		"a secret not base64":   {URL: "https://soc.example.com/", Secret: "whsec_planted!"},
		"a short secret":        {URL: "https://soc.example.com/", Secret: "whsec_cGxhbnRlZA=="},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New(options)
			require.Error(t, err)
			require.NotContains(t, err.Error(), "planted")
		})
	}
	for _, address := range []string{"https://soc.example.com/hook", "http://localhost:1/", "http://[::1]:1/"} {
		_, err := New(Options{URL: address, Secret: secret})
		require.NoError(t, err)
	}
}

func TestWhatIsNoSinkErrorMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	require.False(t, sink.FailureOf(io.EOF).Refused)
	require.ErrorIs(t, sink.FailureOf(io.EOF), io.EOF)
	require.Equal(t, "sink: case refused (status 410)", (&sink.Error{Refused: true, Status: 410}).Error())
	require.Equal(t, "sink: case not taken yet: EOF", (&sink.Error{Err: io.EOF}).Error())
}
