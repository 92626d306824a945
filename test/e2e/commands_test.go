package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What people can write, by direct message and by the command alike.
func TestCommands(t *testing.T) {
	t.Parallel()
	for name, say := range map[string]func(*bot, string, string) string{"by direct message": (*bot).types, "by slash command": (*bot).slash} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := running(t, policy(t, always))
			require.Contains(t, say(b, alice, "help"), "lost phone: tell the security team")
			require.Contains(t, say(b, alice, "Hi!"), "Hi Alice!")
			require.Contains(t, say(b, alice, "status"), "No question is open for you")
			require.NotContains(t, say(b, alice, "stop the presses"), "no more questions", "a sentence is no command")

			id := b.reports(alertAbout(alice))
			question := b.questionOf(alice, id)
			code := question.code()
			require.Len(t, code, 3)
			status := say(b, alice, "status")
			require.Contains(t, status, "One question is open for you")
			require.Contains(t, status, code)
			require.Contains(t, say(b, alice, "verify "+code), "Yes, that is from us")
			require.Len(t, b.notices(), 1, "of the policy, and of nothing else")
			require.Contains(t, say(b, alice, "verify 007"), "No, we have not asked you anything with the code 007")
			require.True(t, b.notice("the code 007").says("Alice"))
			require.Contains(t, say(b, bob, "verify "+code), "No, we have not", "another's code is nobody's")

			require.Contains(t, say(b, alice, "ignore last 99999999999h"), "4 hours at most")
			require.Contains(t, say(b, alice, "ignore last 0m"), "no time at all")
			require.Contains(t, say(b, alice, "ignore last"), "Please write it like this")
			require.Contains(t, say(b, alice, "ignore last 1h"), "only leave out what you have confirmed")
			require.Contains(t, say(b, alice, "ignore current 1h"), "only leave out what you have confirmed")
			require.Empty(t, b.alert(id).Verdict, "nothing of it changed the question")
			require.Empty(t, b.suppressions(""))
			require.Empty(t, b.pushes(alice))
		})
	}
}

// A harmless alert about oneself is a whole conversation that covers nothing.
func TestATestAboutOneself(t *testing.T) {
	t.Parallel()
	b := running(t, policy(t, always))
	require.Contains(t, b.types(alice, "test"), "harmless question is on its way")
	question := b.asked(alice)
	require.True(t, question.says("A test that you asked for"))
	b.clicks(alice, question, "yes")
	b.phone(alice, "approve")
	id, _ := question.about()
	b.settles(id, "confirmed", "")
	for range 2 {
		require.Contains(t, b.types(alice, "test"), "on its way")
	}
	require.Contains(t, b.types(alice, "test"), "often enough for now", "three an hour")
	require.Empty(t, b.suppressions(""), "a test covers nothing")
	b.eventually("three tests", func() bool { return len(b.questions(alice)) == 3 })
	require.Empty(t, b.security())
}

// What was just confirmed is left out for a while, after a push for the wish itself.
func TestIgnoreNeedsAProof(t *testing.T) {
	t.Parallel()
	b := running(t, policy(t, always))
	confirmed := b.confirmsAbout(alice, alertOn("db-1", alice, "high"))
	require.Empty(t, b.suppressions(""), "a grave alert covers nothing by itself")
	require.Contains(t, b.types(alice, "ignore last 1h30m"), "If your phone shows")
	require.Empty(t, b.suppressions(""), "a wish is not enough")
	push := b.phone(alice, "approve")
	require.Contains(t, fmt.Sprint(push.Info), "Somebody asked for this in Slack as you")
	var made []suppression
	b.eventually("it holds", func() bool {
		made = b.suppressions("?active=true")
		return len(made) == 1
	})
	require.Equal(t, "ignore", made[0].Kind)
	require.Equal(t, confirmed, made[0].AlertID)
	require.WithinDuration(t, time.Now().Add(90*time.Minute), made[0].Until, 2*time.Minute)
	require.Equal(t, made[0].ID, b.settles(b.reports(alertOn("db-1", alice, "high")), "suppressed", "ignore").CoveredBy.ID)
	b.becomes(b.reports(alertOn("db-1", alice, "critical")), "asking")
	b.becomes(b.reports(alertOn("db-2", alice, "high")), "asking")
}

// Who wants no questions gets none: what comes up goes to the security team, who are
// told so.
func TestStopAndStart(t *testing.T) {
	t.Parallel()
	b := running(t, policy(t, always))
	require.Contains(t, b.types(alice, "start"), "nothing to start")
	require.Contains(t, b.types(alice, "stop"), "no more questions until")
	require.True(t, b.notice("gets no questions until").says("Alice"))
	require.Contains(t, b.types(alice, "stop"), "already send you no questions")
	id := b.reports(alertAbout(alice))
	require.Equal(t, "escalated", b.settles(id, "unasked", "opted_out").Status)
	b.caseOf(id)
	require.Empty(t, b.questions(alice))
	var outs struct {
		OptOuts []struct{ Until time.Time } `json:"opt_outs"`
	}
	b.get("/v1/opt-outs", &outs)
	require.Len(t, outs.OptOuts, 1)
	require.LessOrEqual(t, time.Until(outs.OptOuts[0].Until), 24*time.Hour)

	require.Contains(t, b.types(alice, "start"), "Welcome back")
	b.notice("gets questions again")
	b.questionOf(alice, b.reports(alertAbout(alice)))
}

// Who lost the phone has no proof any more: what it confirmed is looked at again.
func TestLostPhone(t *testing.T) {
	t.Parallel()
	b := running(t, policy(t, always))
	confirmed := b.confirmsAbout(alice, alertOn("db-1", alice, "medium"))
	require.Len(t, b.suppressions("?active=true"), 1)
	open := b.reports(alertAbout(alice))
	b.questionOf(alice, open)
	require.Contains(t, b.types(alice, "I lost my phone"), "The security team knows")
	require.Equal(t, "escalated", b.settles(open, "unasked", "distrusted").Status)
	require.Equal(t, "lost_phone", b.becomes(confirmed, "escalated").Escalation.Reason)
	require.Equal(t, "confirmed", b.alert(confirmed).Verdict, "the verdict stands")
	lost := b.alert(confirmed).CaseOf
	require.True(t, b.caseOf(lost).says("Phone reported lost"))
	require.Empty(t, b.suppressions("?active=true"))
	b.settles(b.reports(alertAbout(alice)), "unasked", "distrusted")
	require.Contains(t, b.types(alice, "ignore last 1h"), "can't do that for you right now")
	require.Contains(t, b.types(alice, "test"), "can't do that for you right now")
	require.Len(t, b.pushes(alice), 1, "no push to that phone")
}

// What must not change anything, and must stop nothing: somebody without an alert,
// very long texts, nothing at all, messages that are edited or deleted.
func TestOddMessages(t *testing.T) {
	t.Parallel()
	b := running(t)
	require.Contains(t, b.types(kim, "yes"), "nothing that I need to ask you")
	id := b.reports(alertAbout(alice))
	question := b.questionOf(alice, id)
	require.Contains(t, b.types(alice, strings.Repeat("maybe ", 6600)), "Sorry, I didn't get that")
	b.post("/sandbox/control/reply", map[string]string{"user": alice, "text": " \t\u00a0 "})
	var sent struct{ TS string }
	b.decode(b.post("/sandbox/control/reply", map[string]string{"user": alice, "text": "hm"}), &sent)
	b.post("/sandbox/control/edit", map[string]string{"user": alice, "ts": sent.TS, "text": "no"})
	b.post("/sandbox/control/delete", map[string]string{"user": alice, "ts": sent.TS})
	b.stays(2*time.Second, "nothing is answered", func() bool { return b.alert(id).Answer == nil })
	require.Empty(t, b.security())

	b.post("/sandbox/control/reply", map[string]string{
		"user": alice, "thread_ts": question.TS, "text": "yes, " + strings.Repeat("é", 30000),
	})
	b.phone(alice, "approve")
	view := b.settles(id, "confirmed", "")
	require.LessOrEqual(t, len([]rune(view.Answer.Explanation)), 30000)
}
