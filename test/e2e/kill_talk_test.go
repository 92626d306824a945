package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The process dies while something waits that is no plain question, and starts
// again: it goes on, and nothing is there twice.
func TestKilledWhileSomethingWaits(t *testing.T) {
	t.Parallel()
	deaths := map[string]func(*bot){
		"a joined occurrence to be shown": (*bot).diesBeforeItShowsWhatJoined,
		"a question for its turn":         (*bot).diesWhileAQuestionWaits,
		"a wish for its proof":            (*bot).diesWhileAWishIsProved,
		"a notice to be said":             (*bot).diesWhenANoticeIsPosted,
		"a ladder for its next rung":      (*bot).diesWhileALadderWaits,
	}
	for database, env := range databases {
		for name, dies := range deaths {
			t.Run(database+"/"+name, func(t *testing.T) {
				t.Parallel()
				dies(running(t, append(env(t), policy(t, patient))...))
			})
		}
	}
}

// patient is a policy in which cases climb and confirmed alerts cover nothing.
const patient = `version: 1
defaults:
  working_hours: {zone: UTC, days: mon-sun, from: "00:00", to: "24:00"}
  suppress_for: 0
  escalate_to: [security, {to: later, after: 20s}]
limits: {open_questions: 1}
targets: {later: {slack: "#security-leads"}}
responders: {group: S_RESPONDERS, own_cases: later}
`

func (b *bot) diesBeforeItShowsWhatJoined() {
	first := b.reports(alertOn("db-1", alice, "high"))
	b.asked(alice)
	b.deadline(first)
	b.fault("slack", "chat.update", "kill", 1)
	second := b.reports(alertOn("db-1", alice, "high"))
	b.restarts()
	b.eventually("the question lists both", func() bool { return b.asked(alice).offers("some_not") })
	b.clicks(alice, b.asked(alice), "yes")
	b.phone(alice, "approve")
	b.settles(first, "confirmed", "")
	b.settles(second, "confirmed", "")
	require.Equal(b, 1, b.alert(first).count("occurred"))
	require.Len(b, b.questions(alice), 1)
	require.Len(b, b.pushes(alice), 1)
	require.Empty(b, b.security())
}

func (b *bot) diesWhileAQuestionWaits() {
	first := b.reports(alertAbout(alice))
	b.questionOf(alice, first)
	waiting := b.reports(alertAbout(alice))
	until := b.becomes(waiting, "held").QueuedUntil
	b.kill()
	b.start()
	require.Equal(b, until, b.becomes(waiting, "held").QueuedUntil)
	require.Len(b, b.questions(alice), 1)
	b.fault("slack", "chat.postMessage", "kill", 1) // at the next question
	b.tryClick(alice, b.questionOf(alice, first), "yes")
	b.phone(alice, "approve")
	b.restarts()
	b.settles(first, "confirmed", "")
	b.clicks(alice, b.questionOf(alice, waiting), "yes")
	b.phone(alice, "approve")
	b.settles(waiting, "confirmed", "")
	require.Len(b, b.questions(alice), 2)
	require.Len(b, b.pushes(alice), 2)
}

func (b *bot) diesWhileAWishIsProved() {
	b.confirmsAbout(alice, alertOn("db-1", alice, "high"))
	b.fault("duo", "auth_status", "kill", 1)
	b.try(http.MethodPost, "/sandbox/control/reply", map[string]string{"user": alice, "text": "ignore last 1h"})
	b.restarts()
	require.Empty(b, b.suppressions(""))
	b.phone(alice, "approve")
	b.eventually("the wish is fulfilled", func() bool { return len(b.suppressions("?active=true")) == 1 })
	require.Len(b, b.pushes(alice), 2, "one for the yes, one for the wish")
	b.settles(b.reports(alertOn("db-1", alice, "high")), "suppressed", "ignore")
	require.Len(b, b.suppressions(""), 1)
	require.Empty(b, b.security())
}

func (b *bot) diesWhenANoticeIsPosted() {
	b.notice("is in force now") // the policy's own
	b.fault("slack", "chat.postMessage", "kill", 1)
	b.post("/v1/pause", map[string]string{"reason": "a drill"})
	b.restarts()
	b.notice("paused all questions")
	b.kill()
	b.start()
	b.settles(b.reports(alertAbout(alice)), "unasked", "paused")
	count := 0
	for _, message := range b.notices() {
		if strings.Contains(message.Text, "paused all questions") {
			count++
		}
	}
	require.Equal(b, 1, count, "said once")
}

func (b *bot) diesWhileALadderWaits() {
	id := b.reports(alertAbout(alice))
	b.answers(alice, "unsure")
	b.caseOf(id)
	b.kill()
	b.start()
	require.Empty(b, b.channel("security-leads"))
	b.fault("slack", "chat.postMessage", "kill", 1) // at the rung
	b.restarts()
	b.eventually("the next one is told", func() bool { return b.alert(id).has("case_climbed") })
	require.Len(b, b.channel("security-leads"), 1, "once")
	require.Len(b, b.security(), 1)
	b.clicks(sam, b.channel("security-leads")[0], "acknowledge")
	b.eventually("he has it", func() bool { return strings.Contains(b.alert(id).Case.AckedBy, "Sam") })
	require.Equal(b, 1, b.alert(id).count("case_climbed"))
}
