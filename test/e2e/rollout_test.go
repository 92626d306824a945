package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What is decided and recorded while nobody is contacted.
func TestOnlyObserved(t *testing.T) {
	t.Parallel()
	b := running(t, policy(t, always+`
canary: [carol@example.com]
onboarding: {users: [alice@example.com, carol@example.com, dave@example.com]}
rules: [{name: trial, match: 'detection == "trial"', mode: shadow}]
`))
	trial := alertAbout(alice)
	trial["detection"] = "trial"
	id := b.reports(trial)
	view := b.settles(id, "observed", "shadow")
	require.Equal(t, "closed", view.Status)
	require.Equal(t, "ask", view.entry("planned")["would"])
	b.settles(b.reports(alertAbout(carol)), "observed", "canary")
	outside := b.reports(alertAbout(bob))
	b.settles(outside, "unasked", "not_onboarded")
	b.caseOf(outside)
	require.Len(t, b.security(), 1, "of him who is not onboarded")
	for _, email := range []string{alice, bob, carol} {
		require.Empty(t, b.questions(email))
		require.Empty(t, b.pushes(email))
	}
	b.questionOf(dave, b.reports(alertAbout(dave)))
}

// A pause stops all contact with people at once; what is recorded and what is told
// the security team goes on.
func TestPause(t *testing.T) {
	t.Parallel()
	b := running(t, policy(t, always))
	before := b.reports(alertAbout(alice))
	question := b.questionOf(alice, before)
	b.post("/v1/pause", map[string]string{"reason": "the wrong rules went live"})
	require.True(t, b.notice("paused all questions").says("the wrong rules went live"))
	require.Contains(t, b.refuses(http.StatusConflict, http.MethodPost, "/v1/pause", map[string]string{"reason": "again"}), "paused already")
	during := b.reports(alertAbout(bob))
	b.settles(during, "unasked", "paused")
	b.caseOf(during)
	b.clicks(alice, question, "yes")
	b.stays(2*time.Second, "nobody is contacted", func() bool { return len(b.pushes(alice)) == 0 && len(b.questions(bob)) == 0 })

	b.post("/v1/resume", nil)
	b.notice("resumed")
	b.phone(alice, "approve")
	b.settles(before, "confirmed", "")
	b.questionOf(bob, b.reports(alertAbout(bob)))
}

// Who is away by their Slack status is not asked where policy says so.
func TestAway(t *testing.T) {
	t.Parallel()
	b := running(t, policy(t, "version: 1\ndefaults: {away: escalate, working_hours: {zone: UTC, days: mon-sun, from: \"00:00\", to: \"24:00\"}}\n"))
	b.post("/sandbox/control/person", map[string]any{
		"user": alice, "status": map[string]any{"text": "Vacationing", "emoji": ":palm_tree:", "expires_in_seconds": 7 * 24 * 3600},
	})
	b.stop()
	b.start() // the directory is read anew
	b.settles(b.reports(alertAbout(alice)), "unasked", "away")
	require.Empty(t, b.questions(alice))
	b.questionOf(bob, b.reports(alertAbout(bob)))
}
