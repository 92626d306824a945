package e2e_test

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Every verdict that a person can bring about, each with its conversation.
func TestConversations(t *testing.T) {
	t.Parallel()
	b := running(t)

	t.Run("yes, a reason and the approval", func(t *testing.T) {
		id := b.reports(alertAbout(alice))
		b.answers(alice, "yes")
		const reason = "Rotating keys on web-1 <!channel> *now* & then"
		b.explains(alice, reason)
		b.phone(alice, "approve")

		view := b.settles(id, "confirmed", "")
		require.Equal(t, "closed", view.Status)
		require.Equal(t, &answerView{"yes", reason, view.Answer.At}, view.Answer)
		require.Equal(t, "approved", view.Proof.Result)
		b.eventually("the buttons vanish", func() bool { return len(b.questions(alice)[0].Actions) == 0 })
		require.Empty(t, b.security(), "nobody is disturbed")
	})

	t.Run("no, and the words join the case", func(t *testing.T) {
		id := b.reports(alertAbout(bob))
		b.answers(bob, "no")
		b.eventually("the case is there before any words", func() bool { return len(b.security()) == 1 })
		b.explains(bob, "I was on a train")
		b.eventually("the words join it", func() bool { return strings.Contains(b.security()[0].Text, "I was on a train") })
		b.settles(id, "denied", "")
		require.Len(t, b.security(), 1)
	})

	t.Run("not sure", func(*testing.T) {
		id := b.reports(alertAbout(carol))
		b.answers(carol, "unsure")
		b.settles(id, "unsure", "")
		b.eventually("a case", func() bool { return len(b.security()) == 2 })
	})

	for name, tc := range map[string]struct{ email, verdict, reason string }{
		"deactivated": {frank, "unreachable", "deactivated"},
		"unknown":     {"mallory@example.com", "unreachable", "unknown_person"},
	} {
		t.Run(name, func(*testing.T) {
			before := len(b.security())
			id := b.reports(alertAbout(tc.email))
			b.settles(id, tc.verdict, tc.reason)
			b.eventually("a case", func() bool { return len(b.security()) == before+1 })
		})
	}

	t.Run("no second factor", func(t *testing.T) {
		before := len(b.security())
		id := b.reports(alertAbout(erin))
		b.answers(erin, "yes")
		b.settles(id, "unproven", "not_enrolled")
		b.eventually("a case", func() bool { return len(b.security()) == before+1 })
		require.Empty(t, b.pushes(erin))
	})
}

func TestSilence(t *testing.T) {
	t.Parallel()
	b := running(t, "SECURITYBOT_DEADLINE=6s", "SECURITYBOT_REMINDERS=2s,4s", "SECURITYBOT_WATCH_FOR=20s")
	id := b.reports(alertAbout(alice))
	question := b.asked(alice)
	view := b.settles(id, "no_response", "")
	require.Equal(t, 2, view.count("reminded"))
	b.eventually("a case", func() bool { return len(b.security()) == 1 })

	b.eventually("the question says that it is late", func() bool {
		return strings.Contains(b.questions(alice)[0].Text, "did not hear from you in time")
	})
	b.clicks(alice, question, "no")
	b.eventually("a late no is posted again", func() bool { return len(b.security()) == 2 })
	view = b.alert(id)
	require.Equal(t, "no_response", view.Verdict, "the first verdict stands")
	require.Equal(t, "escalated", view.Status)
	b.eventually("the watch ends without buttons", func() bool { return len(b.questions(alice)[0].Actions) == 0 })
}

// A thief answers yes in a stolen chat account; the phone is not theirs.
func TestStolenAccount(t *testing.T) {
	t.Parallel()
	for _, said := range []struct{ press, reason string }{{"deny", "contradicted"}, {"fraud", "fraud"}} {
		t.Run(said.reason, func(t *testing.T) {
			t.Parallel()
			b := running(t)
			other := b.reports(alertAbout(alice))
			b.asked(alice)
			id := b.reports(alertAbout(alice))
			b.eventually("two questions", func() bool { return len(b.questions(alice)) == 2 })
			b.clicks(alice, b.questions(alice)[1], "yes")
			b.phone(alice, said.press)

			b.settles(id, "denied", said.reason)
			b.settles(other, "unasked", "distrusted")
			b.eventually("one case each", func() bool { return len(b.security()) == 2 })
			b.eventually("no question has buttons", func() bool {
				for _, question := range b.questions(alice) {
					if len(question.Actions) > 0 {
						return false
					}
				}
				return true
			})
			next := b.reports(alertAbout(alice))
			b.settles(next, "unasked", "distrusted")
			require.Len(t, b.questions(alice), 2, "she is not asked any more")
			require.Len(t, b.pushes(alice), 1, "her phone is left alone")

			out, err := exec.Command(binary, "person", "trust", alice, "--reason", "spoke to her", "--data", b.data).CombinedOutput()
			require.NoError(t, err, string(out))
			b.reports(alertAbout(alice))
			b.eventually("she is asked again", func() bool { return len(b.questions(alice)) == 3 })
		})
	}
}

func TestSnoozeAndTypedAnswers(t *testing.T) {
	t.Parallel()
	b := running(t, "SECURITYBOT_DEADLINE=60s", "SECURITYBOT_REMINDERS=50s")
	id := b.reports(alertAbout(alice))
	question := b.answers(alice, "snooze")
	b.eventually("she is told so", func() bool {
		for _, message := range b.dm(alice) {
			if message.Ephemeral && strings.Contains(message.Text, "I'll remind you in 20 seconds") {
				return true
			}
		}
		return false
	})
	b.eventually("she is reminded", func() bool { return b.alert(id).count("reminded") == 1 })
	b.post("/sandbox/control/reply", map[string]string{"user": alice, "text": "Yes, I was patching", "thread_ts": question.TS})
	b.phone(alice, "approve")
	view := b.settles(id, "confirmed", "")
	require.Equal(t, "I was patching", view.Answer.Explanation)
}

func TestPushThatTimesOut(t *testing.T) {
	t.Parallel()
	b := running(t)
	id := b.reports(alertAbout(alice))
	b.answers(alice, "yes")
	b.eventually("the push dies", func() bool {
		pushes := b.pushes(alice)
		return len(pushes) == 1 && pushes[0].Status == "expired"
	})
	var offer shown
	b.eventually("another is offered", func() bool {
		for _, message := range b.dm(alice) {
			if message.offers("push_again") {
				offer = message
				return true
			}
		}
		return false
	})
	b.clicks(alice, offer, "push_again")
	b.phone(alice, "approve")
	b.settles(id, "confirmed", "")
	require.Len(t, b.pushes(alice), 2)
}

func TestSecondStartIsQuickAndKeepsEverything(t *testing.T) {
	t.Parallel()
	b := running(t)
	id := b.reports(alertAbout(alice))
	b.asked(alice)
	deadline := b.deadline(id)
	b.stop()

	begun := time.Now()
	b.start()
	t.Logf("a second start took alerts after %s", time.Since(begun).Round(time.Millisecond))
	b.answers(alice, "yes")
	b.phone(alice, "approve")
	b.settles(id, "confirmed", "")
	require.Len(t, b.questions(alice), 1)
	require.Equal(t, deadline, b.alert(id).Deadline)
	status, _ := b.try(http.MethodGet, "/healthz", nil)
	require.Equal(t, http.StatusOK, status)
}
