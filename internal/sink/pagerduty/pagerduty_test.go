package pagerduty

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"securitybot/internal/sink"
	"securitybot/internal/sink/pagerduty/pagerdutytest"
	"securitybot/internal/sink/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const key = "plantedKey0123456789abcdef012345"

func target(t *testing.T, address string) *Target {
	t.Helper()
	made, err := New(Options{RoutingKey: key, URL: address})
	require.NoError(t, err)
	t.Cleanup(made.Close)
	return made
}

// account is a service at PagerDuty and the target that sends to it.
func account(t *testing.T) (*pagerdutytest.Server, *Target) {
	t.Helper()
	server := pagerdutytest.Start(t, key)
	return server, target(t, server.URL)
}

func TestItIsACaseTarget(t *testing.T) {
	t.Parallel()
	sinktest.Run(t, sinktest.Subject{
		New:     func(t *testing.T, endpoint string) sink.CaseTarget { return target(t, endpoint) },
		Taken:   http.StatusAccepted,
		Secrets: []string{key},
	})
}

func TestTheLifeOfACase(t *testing.T) {
	t.Parallel()
	server, pager := account(t)
	for _, step := range []struct {
		kind   sink.Kind
		action string
		status string
	}{
		{sink.Opened, "trigger", "triggered"},
		{sink.Noted, "trigger", "triggered"},
		{sink.Acknowledged, "acknowledge", "acknowledged"},
		{sink.Noted, "trigger", "acknowledged"},
		{sink.Resolved, "resolve", "resolved"},
		{sink.Resolved, "", "resolved"}, // told again, there is nothing left to resolve
	} {
		require.NoError(t, pager.Send(t.Context(), sinktest.Told(step.kind)))
		incidents := server.Incidents()
		require.Len(t, incidents, 1)
		require.Equal(t, step.status, incidents[0].Status)
		if log := incidents[0].Log; step.action != "" {
			require.Equal(t, step.action, log[len(log)-1].Action)
		}
	}
	incident := server.Incidents()[0]
	require.Equal(t, "case-a1", incident.DedupKey)
	require.Len(t, incident.Log, 5)
	resolved := incident.Log[4].Payload.CustomDetails
	require.Equal(t, "sam@example.com", resolved["by"])
	require.Equal(t, "laptop was taken in", resolved["resolution"])
}

func TestWhatAResponderSees(t *testing.T) {
	t.Parallel()
	server, pager := account(t)
	told := sinktest.Told(sink.Opened)
	told.Links["runbook"], told.Links["workflow"] = "javascript:alert(1)", ""
	require.NoError(t, pager.Send(t.Context(), told))
	opened := server.Incidents()[0].Log[0]
	require.Equal(t, "denied (fraud) · Alice <alice@example.com> · 3× Root <shell>", opened.Payload.Summary)
	require.Equal(t, "alice@example.com", opened.Payload.Source)
	require.Equal(t, "sudo_interactive", opened.Payload.Class)
	require.Equal(t, "2026-11-21T10:02:03Z", opened.Payload.Timestamp)
	require.Equal(t, "Securitybot", opened.Client)
	require.Equal(t, "https://bot.example/a1", opened.ClientURL)
	require.Equal(t, []pagerdutytest.Link{{HRef: "https://bot.example/a1", Text: "alert"}}, opened.Links)
	require.Equal(t, "not me", opened.Payload.CustomDetails["explanation"])
	require.Equal(t, map[string]any{"email": "alice@example.com", "name": "Alice"}, opened.Payload.CustomDetails["person"])
}

func TestSeverities(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"critical": "critical", "high": "error", "medium": "warning", "low": "info", "": "error", "grave": "error",
	} {
		server, pager := account(t)
		told := sinktest.Told(sink.Opened)
		told.Severity = given
		require.NoError(t, pager.Send(t.Context(), told))
		require.Equal(t, want, server.Incidents()[0].Log[0].Payload.Severity, given)
	}
}

func TestEveryCaseFitsWhatPagerDutyTakes(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("\x01<é", 60_000)
	for name, told := range map[string]sink.Case{
		"nothing known": {ID: "case-a1", CaseID: "case-a1", Kind: sink.Opened},
		"nobody known":  {ID: "case-a1", CaseID: "case-a1", Kind: sink.Opened, Title: "Root shell", Severity: "low"},
		"an hour in a zone of its own": {
			ID: "case-a1", CaseID: "case-a1", Kind: sink.Opened, Title: "Root shell",
			At: time.Date(2026, 3, 29, 2, 30, 0, 1, time.FixedZone("odd", 20_700)),
		},
		"huge texts": {
			ID: "case-a1", CaseID: "case-a1", Kind: sink.Opened, Title: huge, Explanation: huge, Reason: huge, Verdict: huge,
			Severity: huge, Detection: huge, Note: huge, By: huge, Resolution: huge, Answer: huge, AlertID: huge,
			Person: sink.Person{Email: huge, Name: huge},
		},
		"a longest title": {ID: "case-a1", CaseID: strings.Repeat("é", maxID), Kind: sink.Opened, Title: strings.Repeat("🙈", 5000)},
		"invisible texts": {ID: "case-a1", CaseID: "case-a1", Kind: sink.Opened, Title: "\u202e\u200b\x00", Verdict: " \n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, pager := account(t)
			require.NoError(t, pager.Send(t.Context(), told))
			summary := server.Incidents()[0].Log[0].Payload.Summary
			require.Equal(t, oneLine(summary), summary)
			require.LessOrEqual(t, utf8.RuneCountInString(summary), 1024)
		})
	}
}

func TestOnlyWhatIsTooLargeIsCut(t *testing.T) {
	t.Parallel()
	server, pager := account(t)
	told := sinktest.Told(sink.Opened)
	told.Explanation, told.Note = strings.Repeat("<", 45_000), strings.Repeat("&", 45_000)
	require.NoError(t, pager.Send(t.Context(), told))
	told.Note = strings.Repeat("&", maxEvent)
	require.NoError(t, pager.Send(t.Context(), told))
	log := server.Incidents()[0].Log
	require.Equal(t, told.Explanation, log[0].Payload.CustomDetails["explanation"])
	require.Equal(t, strings.Repeat("&", shortText-1)+"…", log[1].Payload.CustomDetails["note"])
	require.Equal(t, "Root <shell>", log[1].Payload.CustomDetails["title"])
}

func TestTheEndOfALongTitleIsCutNotThePerson(t *testing.T) {
	t.Parallel()
	told := sinktest.Told(sink.Opened)
	told.Title, told.Person.Name = strings.Repeat("a\n\u202eb", 5000), strings.Repeat("n", 5000)
	got := summary(told)
	require.Equal(t, 1024, utf8.RuneCountInString(got))
	require.Contains(t, got, "<alice@example.com> · 3× a ba b")
	require.True(t, strings.HasSuffix(got, "…"))
}

func TestWhatCannotBeTold(t *testing.T) {
	t.Parallel()
	server, pager := account(t)
	tooLarge := sinktest.Told(sink.Opened)
	tooLarge.Links = map[string]string{"alert": "https://bot.example/" + strings.Repeat("x", maxEvent)}
	for name, told := range map[string]sink.Case{
		"no case":         {ID: "case-a1-words", Kind: sink.Noted},
		"a case too long": {ID: "case-a1", CaseID: strings.Repeat("x", maxID+1), Kind: sink.Opened},
		"no kind":         {ID: "case-a1", CaseID: "case-a1"},
		"another kind":    {ID: "case-a1", CaseID: "case-a1", Kind: "case.closed"},
		"too large":       tooLarge,
	} {
		err := pager.Send(t.Context(), told)
		require.True(t, sink.FailureOf(err).Refused, name)
		require.Zero(t, sink.FailureOf(err).Status, name)
	}
	require.Empty(t, server.Incidents())
}

func TestAKeyThatPagerDutyDoesNotKnowIsRefused(t *testing.T) {
	t.Parallel()
	server := pagerdutytest.Start(t, strings.Repeat("0", 32))
	failed := sink.FailureOf(target(t, server.URL).Send(t.Context(), sinktest.Told(sink.Opened)))
	require.True(t, failed.Refused)
	require.Equal(t, http.StatusBadRequest, failed.Status)
	require.Empty(t, server.Incidents())
}

func TestTooManyEventsAreToldLater(t *testing.T) {
	t.Parallel()
	status := http.StatusTooManyRequests
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(busy.Close)
	pager := target(t, busy.URL)
	failed := sink.FailureOf(pager.Send(t.Context(), sinktest.Told(sink.Opened)))
	require.False(t, failed.Refused)
	require.Equal(t, time.Minute, failed.RetryAfter)
	status = http.StatusOK // somebody else's page is not PagerDuty's receipt
	err := pager.Send(t.Context(), sinktest.Told(sink.Opened))
	require.Error(t, err)
	require.False(t, sink.FailureOf(err).Refused)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]Options{
		"no key":               {},
		"a short key":          {RoutingKey: key[1:]},
		"a key with a newline": {RoutingKey: key[1:] + "\n"},
		"a broken URL":         {RoutingKey: key, URL: "https://\x00planted"},
		"http to another host": {RoutingKey: key, URL: "http://events.pagerduty.com"},
		"a path":               {RoutingKey: key, URL: "https://events.pagerduty.com/planted"},
		"a query":              {RoutingKey: key, URL: "https://events.pagerduty.com?planted"},
		"a user":               {RoutingKey: key, URL: "https://planted@events.pagerduty.com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New(options)
			require.ErrorContains(t, err, "pagerduty: ")
			require.NotContains(t, err.Error(), "planted")
		})
	}
	for address, want := range map[string]string{
		"":                                 "https://events.pagerduty.com/v2/enqueue",
		"https://events.eu.pagerduty.com/": "https://events.eu.pagerduty.com/v2/enqueue",
		"http://127.0.0.1:1":               "http://127.0.0.1:1/v2/enqueue",
	} {
		require.Equal(t, want, target(t, address).url)
	}
	named, err := New(Options{Name: "oncall", RoutingKey: key})
	require.NoError(t, err)
	require.Equal(t, "pagerduty:oncall", named.Name())
	require.Equal(t, "pagerduty", target(t, "").Name())
}
