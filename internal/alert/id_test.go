package alert_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
)

func reported() alert.Alert {
	return alert.Alert{
		Source: "auditd", Detection: "sudo_interactive", Title: "A root shell", Description: "as root",
		Severity:   alert.High,
		Subject:    alert.Subject{Email: "alice@example.com", Username: "alice", SlackID: "U1"},
		OccurredAt: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), URL: "https://siem.example.com/1",
		Context: []byte(`{"b":[1,"x"], "a": 1.0}`),
	}
}

func digest(t *testing.T, of alert.Alert) string {
	t.Helper()
	sum, err := alert.PayloadDigest(of)
	require.NoError(t, err)
	return sum
}

// Ids are in other systems' tickets: a release that changes one loses an alert.
func TestIDsAreStable(t *testing.T) {
	t.Parallel()
	payload := digest(t, reported())
	require.Equal(t, "b25156bad102ffd6a3ef09c5a425cbb5418830a9b57c0d2e81ce931e7a0dc81c", payload)
	for want, id := range map[string]string{
		"0a882bc3c198d5d0f35af88cfaba5ed6412471b3bc74e61ac777e1eb8dc66159": alert.KeyedID("auditd", "k-1"),
		"b4f303d6e7278f30a39a2ef4b4a84670aae73a5343216ff7d1a8c6d6041884fa": alert.PayloadID("auditd", payload, time.Time{}),
		"e283d8b8beec2548729eae30224b43aa0e66c27374182e4f2fc93847b0967907": alert.PayloadID("auditd", payload, time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)),
	} {
		require.Equal(t, want, id)
	}
}

func TestPayloadDigestIgnoresHowItIsWritten(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*alert.Alert){
		"order of the context":   func(a *alert.Alert) { a.Context = []byte(`{"a":1.0,"b":[1,"x"]}`) },
		"spacing of the context": func(a *alert.Alert) { a.Context = []byte("{\n\t\"b\" : [ 1 , \"x\" ],\"a\":1.0 }") },
		"escapes in the context": func(a *alert.Alert) { a.Context = []byte(`{"\u0062":[1,"\u0078"],"a":1.0}`) },
		"another time zone":      func(a *alert.Alert) { a.OccurredAt = a.OccurredAt.In(time.FixedZone("", 7200)) },
		"who reported it":        func(a *alert.Alert) { a.Source, a.Key, a.ID = "zeek", "k", "id" },
		"when it arrived":        func(a *alert.Alert) { a.ReceivedAt = time.Now() },
	} {
		changed := reported()
		change(&changed)
		require.Equal(t, digest(t, reported()), digest(t, changed), name)
	}
}

func TestPayloadDigestSeesEveryField(t *testing.T) {
	t.Parallel()
	seen := map[string]string{digest(t, reported()): "nothing"}
	for name, change := range map[string]func(*alert.Alert){
		"detection":                   func(a *alert.Alert) { a.Detection += "x" },
		"title":                       func(a *alert.Alert) { a.Title += "x" },
		"description":                 func(a *alert.Alert) { a.Description = "" },
		"severity":                    func(a *alert.Alert) { a.Severity = alert.Low },
		"email":                       func(a *alert.Alert) { a.Subject.Email = "" },
		"username":                    func(a *alert.Alert) { a.Subject.Username = "" },
		"chat id":                     func(a *alert.Alert) { a.Subject.SlackID = "" },
		"time":                        func(a *alert.Alert) { a.OccurredAt = a.OccurredAt.Add(1) },
		"no time":                     func(a *alert.Alert) { a.OccurredAt = time.Time{} },
		"address":                     func(a *alert.Alert) { a.URL = "" },
		"context":                     func(a *alert.Alert) { a.Context = nil },
		"context's value":             func(a *alert.Alert) { a.Context = []byte(`{"b":[1,"x"],"a":1.1}`) },
		"context's order of a list":   func(a *alert.Alert) { a.Context = []byte(`{"b":["x",1],"a":1.0}`) },
		"a large number":              func(a *alert.Alert) { a.Context = []byte(`{"a":9007199254740993}`) },
		"its neighbour":               func(a *alert.Alert) { a.Context = []byte(`{"a":9007199254740992}`) },
		"a letter into the next part": func(a *alert.Alert) { a.Title, a.Description = "A root shel", "las root" },
		"a part into the next":        func(a *alert.Alert) { a.Title, a.Description = "", "A root shellas root" },
		"email as username":           func(a *alert.Alert) { a.Subject.Email, a.Subject.Username = "alice", "alice@example.com" },
	} {
		changed := reported()
		change(&changed)
		sum := digest(t, changed)
		require.NotContains(t, seen, sum, name)
		seen[sum] = name
	}
}

func TestIDsNeverMeet(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	seen := map[string]bool{}
	for _, id := range []string{
		alert.KeyedID("a", "bc"), alert.KeyedID("ab", "c"), alert.KeyedID("abc", ""), alert.KeyedID("", "abc"),
		alert.PayloadID("a", "bc", time.Time{}), alert.PayloadID("ab", "c", time.Time{}),
		alert.PayloadID("a", "bc", at), alert.PayloadID("a", "bc", at.Add(time.Microsecond)),
	} {
		require.Regexp(t, `^[0-9a-f]{64}$`, id)
		require.False(t, seen[id])
		seen[id] = true
	}
}

func TestPayloadDigestOfABrokenContext(t *testing.T) {
	t.Parallel()
	broken := reported()
	broken.Context = []byte(`{"a":`)
	_, err := alert.PayloadDigest(broken)
	require.ErrorContains(t, err, "read context")
}

func TestSeverities(t *testing.T) {
	t.Parallel()
	for i, severity := range alert.Severities() {
		require.Equal(t, i+1, severity.Rank())
	}
	require.Zero(t, alert.Severity("LOW").Rank())
	require.Zero(t, alert.Severity("").Rank())
}

func TestOnlyAProvenYesNeedsNoCase(t *testing.T) {
	t.Parallel()
	for _, outcome := range []alert.Outcome{
		alert.Unproven, alert.Denied, alert.Unsure, alert.NoResponse, alert.Unreachable, alert.Unasked, "unheard of",
	} {
		verdict := alert.Verdict{Outcome: outcome}
		require.True(t, verdict.NeedsCase(alert.Plan{}), outcome)
	}
	for _, outcome := range []alert.Outcome{"", alert.Confirmed, alert.Observed, alert.Suppressed} {
		require.False(t, alert.Verdict{Outcome: outcome}.NeedsCase(alert.Plan{}), outcome)
	}
}

func TestWhatPolicyKeepsFromTheSecurityTeam(t *testing.T) {
	t.Parallel()
	quiet, record := alert.Plan{Quiet: true}, alert.Plan{RecordUnproven: true}
	unproven, denied := alert.Verdict{Outcome: alert.Unproven}, alert.Verdict{Outcome: alert.Denied}
	require.False(t, unproven.NeedsCase(record))
	require.True(t, denied.NeedsCase(record))
	require.False(t, unproven.NeedsCase(quiet))
	require.False(t, denied.NeedsCase(quiet))
	for _, reason := range []string{alert.ReasonFraud, alert.ReasonContradicted} {
		require.True(t, alert.Verdict{Outcome: alert.Denied, Reason: reason}.NeedsCase(quiet), reason)
	}
}

func TestPlanAfter(t *testing.T) {
	t.Parallel()
	monday := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	day := func(n int) alert.Window {
		return alert.Window{From: monday.AddDate(0, 0, n), To: monday.AddDate(0, 0, n).Add(9 * time.Hour)}
	}
	working := alert.Plan{Working: []alert.Window{day(0), day(1), day(4), day(7)}}
	for name, tc := range map[string]struct {
		plan   alert.Plan
		from   time.Time
		length time.Duration
		want   time.Time
	}{
		"all time counts":              {alert.Plan{}, monday, 48 * time.Hour, monday.Add(48 * time.Hour)},
		"within a day":                 {working, monday.Add(time.Hour), 2 * time.Hour, monday.Add(3 * time.Hour)},
		"to the last minute":           {working, monday, 9 * time.Hour, monday.Add(9 * time.Hour)},
		"over the night":               {working, monday.Add(8 * time.Hour), 2 * time.Hour, monday.Add(25 * time.Hour)},
		"over the weekend":             {working, monday.AddDate(0, 0, 4).Add(8*time.Hour + 30*time.Minute), 2 * time.Hour, monday.AddDate(0, 0, 7).Add(90 * time.Minute)},
		"from before work":             {working, monday.Add(-time.Hour), time.Hour, monday.Add(time.Hour)},
		"beyond what was planned":      {working, monday.AddDate(0, 0, 7).Add(8 * time.Hour), 2 * time.Hour, monday.AddDate(0, 0, 7).Add(10 * time.Hour)},
		"after all that was planned":   {working, monday.AddDate(0, 0, 9), time.Hour, monday.AddDate(0, 0, 9).Add(time.Hour)},
		"nothing at all, out of hours": {working, monday.Add(-time.Hour), 0, monday},
	} {
		require.Equal(t, tc.want, tc.plan.After(tc.from, tc.length), name)
	}
}

func TestFirstName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"Alice Adams": "Alice", "Алиса А": "Алиса", "Alice": "Alice", "": ""} {
		require.Equal(t, want, alert.Person{Name: name}.FirstName())
	}
}
