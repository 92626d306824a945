package main

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/api"
	"securitybot/internal/client"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite"
)

const sampleAlert = `{"key":"k-1","detection":"sudo_interactive","title":"Root shell\u001b[2J","severity":"high",
	"subject":{"email":"alice@example.com"},"context":{"host":"web-1"}}`

// serveAlerts runs a real API over a real record and gives its address.
func serveAlerts(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "record.db")
	require.NoError(t, sqlite.Migrate(t.Context(), path))
	backend, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	record := store.New(backend)
	server := httptest.NewServer(api.New(api.Options{
		Record:  record,
		Sources: func(token string) (string, bool) { return "falco", token == "sandbox" },
		Links:   api.Links{Workflow: func(id string) string { return "http://temporal.example.com/" + id }},
	}).Handler())
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, record.Close())
	})
	return server.URL
}

// alertCommand runs `securitybot alert …` and gives what it prints.
func alertCommand(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	command := newAlertCommand()
	command.SilenceUsage, command.SilenceErrors = true, true
	command.SetIn(strings.NewReader(stdin))
	command.SetOut(&out)
	command.SetErr(&out)
	command.SetArgs(args)
	err := command.ExecuteContext(t.Context())
	return out.String(), err
}

func TestAlertSendShowList(t *testing.T) {
	t.Parallel()
	address := serveAlerts(t)
	file := filepath.Join(t.TempDir(), "alert.json")
	require.NoError(t, os.WriteFile(file, []byte(sampleAlert), 0o600))

	sent, err := alertCommand(t, "", "send", file, "--url", address)
	require.NoError(t, err)
	id := regexp.MustCompile(`accepted +([0-9a-f]{64})`).FindStringSubmatch(sent)[1]
	require.Contains(t, sent, "http://temporal.example.com/"+id)

	again, err := alertCommand(t, sampleAlert, "send", "-", "--url", address, "--json")
	require.NoError(t, err)
	var answer client.Sent
	require.NoError(t, json.Unmarshal([]byte(again), &answer))
	require.Equal(t, id, answer.ID)
	require.True(t, answer.Duplicate)

	shown, err := alertCommand(t, "", "show", id, "--url", address)
	require.NoError(t, err)
	require.Regexp(t, `title +Root shell \[2J\n`, shown)
	require.Regexp(t, `subject +alice@example.com\n`, shown)
	require.Regexp(t, `UTC +falco +accepted +detection=sudo_interactive severity=high`, shown)
	require.NotContains(t, shown, "verdict")

	listed, err := alertCommand(t, "", "list", "--url", address, "--status", "received")
	require.NoError(t, err)
	require.Regexp(t, `^ID +AGE +SEVERITY`, listed)
	require.Regexp(t, id+` +\d+s +high +received +- +alice@example.com +sudo_interactive +Root shell`, listed)

	none, err := alertCommand(t, "", "list", "--url", address, "--key", "k-2")
	require.NoError(t, err)
	require.Equal(t, "No alerts.\n", none)
}

func TestAlertListGoesOn(t *testing.T) {
	t.Parallel()
	address := serveAlerts(t)
	for _, key := range []string{"k-1", "k-2"} {
		_, err := alertCommand(t, strings.Replace(sampleAlert, "k-1", key, 1), "send", "-", "--url", address)
		require.NoError(t, err)
	}
	first, err := alertCommand(t, "", "list", "--url", address, "--limit", "1")
	require.NoError(t, err)
	cursor := regexp.MustCompile(`--cursor (\S+)`).FindStringSubmatch(first)[1]
	second, err := alertCommand(t, "", "list", "--url", address, "--limit", "1", "--cursor", cursor)
	require.NoError(t, err)
	require.NotContains(t, second, "There are more")
	require.NotEqual(t, strings.Fields(first)[8], strings.Fields(second)[8])
}

func TestAlertCommandsTellWhatIsWrong(t *testing.T) {
	t.Parallel()
	address := serveAlerts(t)
	for want, args := range map[string][]string{
		"severity: is required":   {"send", "-", "--url", address},
		"401 Unauthorized":        {"list", "--url", address, "--token", "wrong"},
		"404 Not Found":           {"show", "abc", "--url", address},
		"limit: must be a number": {"list", "--url", address, "--limit", "900"},
		"open alert":              {"send", "/nonexistent/alert.json", "--url", address},
		"call the API":            {"list", "--url", "http://127.0.0.1:1"},
		"the API's address":       {"list", "--url", "nowhere"},
		"accepts 1 arg(s)":        {"send"},
	} {
		_, err := alertCommand(t, `{"detection":"d"}`, args...)
		require.ErrorContains(t, err, want)
	}
}

func TestAlertHelpDoesNotShowTheToken(t *testing.T) {
	t.Setenv(envToken, "planted-token")
	t.Setenv(envURL, "http://127.0.0.1:1")
	help, err := alertCommand(t, "", "list", "--help")
	require.NoError(t, err)
	require.NotContains(t, help, "planted")
	_, err = alertCommand(t, "", "list")
	require.ErrorContains(t, err, "127.0.0.1:1")
	require.NotContains(t, err.Error(), "planted")
}

func TestAWholeAlertInLines(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	var out bytes.Buffer
	require.NoError(t, printAlert(&out, client.Alert{
		ID: "id", Title: "Root shell", Status: "escalated", Verdict: "denied", VerdictReason: "contradicted", Deadline: at,
		Answer: &client.Answer{Choice: "yes", Explanation: "I'm\u202e on call"}, Proof: &client.Proof{Result: "denied", Factor: "duo"},
		Escalation: &client.Escalation{Reason: "contradicted", At: at},
		Timeline:   []client.Entry{{At: at, Kind: "push_sent", Actor: "securitybot", Fields: map[string]any{"code": "482", "text": "two words", "attempt": 1.0}}},
	}))
	require.Equal(t, `alert     id
title     Root shell
status    escalated
verdict   denied (contradicted)
deadline  2026-03-04 12:00:00 UTC
answer    yes, "I'm\u202e on call"
proof     denied by duo
case      contradicted, 2026-03-04 12:00:00 UTC

2026-03-04 12:00:00 UTC  securitybot  push sent  attempt=1 code=482 text="two words"
`, out.String())
}

func TestAges(t *testing.T) {
	t.Parallel()
	for length, want := range map[time.Duration]string{
		-time.Second: "0s", 59 * time.Second: "59s", 90 * time.Second: "1m", 3 * time.Hour: "3h", 47 * time.Hour: "47h", 72 * time.Hour: "3d",
	} {
		require.Equal(t, want, age(length))
	}
}
