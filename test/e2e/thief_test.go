package e2e_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Somebody has a person's chat account and nothing else: no phone. Whatever they
// press and write there, no alert closes without a proof, and nothing is kept from
// the security team.
func TestThief(t *testing.T) {
	t.Parallel()
	b := running(t, policy(t, always+"limits: {open_questions: 20}\n"))
	t.Run("plays", func(t *testing.T) { // each with an account of their own
		for name, plays := range map[string]func(*bot){
			"hides in something real":    hidesInSomethingReal,
			"tires the phone":            tiresThePhone,
			"ignores what was confirmed": ignoresWhatWasConfirmed,
			"stops the questions":        stopsTheQuestions,
			"rewrites the conversation":  rewritesTheConversation,
			"is a responder":             seesToTheirOwnCase,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				plays(b.in(t))
			})
		}
	})
	b.nothingIsSilenced()
}

// A thief adds a fake sudo to a real one, and Alice answers what she was shown.
func hidesInSomethingReal(b *bot) {
	authentic := b.reports(alertOn("web-1", alice, "high"))
	shownFirst := b.questionOf(alice, authentic)
	fake := b.reports(alertOn("web-1", alice, "high"))
	b.eventually("her question lists both", func() bool { return b.questionOf(alice, authentic).offers("some_not") })
	value := shownFirst.value("yes")
	b.forces(alice, shownFirst, "yes", &value)
	b.phone(alice, "approve")
	b.settles(authentic, "confirmed", "")
	require.Empty(b, b.alert(fake).Verdict, "her proof is for what she saw")

	b.clicks(alice, b.questionOf(alice, fake), "yes") // the thief
	b.phone(alice, "deny")
	b.settles(fake, "denied", "contradicted")
	own := b.caseOf(fake)
	for _, action := range []string{"acknowledge", "resolve"} {
		require.Contains(b, b.presses(alice, own, action), "Only responders can do this")
	}
	require.GreaterOrEqual(b, b.refused(fake, "not_asked", b.slackID(alice)), 2, "it is on the timeline that somebody tried")
	view := b.alert(fake)
	require.False(b, view.has("case_acknowledged") || view.has("case_resolved"))

	for _, wish := range []string{"test", "stop", "ignore last 4h", "verify 123"} {
		require.NotContains(b, b.types(alice, wish), "until", "nothing is granted any more")
	}
	for _, clearing := range []string{alice, bob, "nobody@example.com"} {
		b.refuses(http.StatusConflict, http.MethodPost, "/sandbox/trust",
			map[string]string{"user": alice, "responder": clearing, "reason": "it is me again"})
	}
	later := b.settles(b.reports(alertOn("web-2", alice, "critical")), "unasked", "distrusted")
	b.caseOf(later.ID)
	require.Len(b, b.pushes(alice), 2, "her phone is left alone")
}

// A yes on everything: the phone rings three times at most.
func tiresThePhone(b *bot) {
	ids := map[string]bool{}
	for i := range 10 {
		ids[b.reports(alertOn(fmt.Sprint("host-", i), bob, "high"))] = true
	}
	for id := range ids {
		b.clicks(bob, b.questionOf(bob, id), "yes")
	}
	b.eventually("what was not pushed is a case", func() bool {
		cases := 0
		for id := range ids {
			if view := b.alert(id); view.VerdictReason == "push_limit" && view.has("case_opened") {
				cases++
			}
		}
		return cases == 7
	})
	for range 3 {
		require.NotContains(b, b.types(bob, "test"), "confirmed")
	}
	b.stays(3*time.Second, "three pushes are all", func() bool { return len(b.pushes(bob)) <= 3 })
	for id := range ids {
		require.NotEqual(b, "closed", b.alert(id).Status)
	}
}

// A thief wants what Carol confirmed to be left out, and her phone says no.
func ignoresWhatWasConfirmed(b *bot) {
	confirmed := b.confirmsAbout(carol, alertOn("web-1", carol, "high"))
	require.Contains(b, b.types(carol, "ignore last 4h"), "If your phone shows")
	require.Contains(b, fmt.Sprint(b.phone(carol, "deny").Info), "Somebody asked for this in Slack as you")
	again := b.settles(b.reports(alertOn("web-1", carol, "high")), "unasked", "distrusted")
	b.caseOf(again.ID)
	require.Equal(b, "confirmed", b.alert(confirmed).Verdict)
	for _, made := range b.suppressions("") {
		require.NotEqual(b, confirmed, made.AlertID, "nothing is left out")
	}
}

// A thief wants peace and quiet, and gets attention: floods are bounded, an end of
// the questions is announced and escalates, and a lost phone ends it all.
func stopsTheQuestions(b *bot) {
	for range 3 {
		require.Contains(b, b.types(dave, "test"), "on its way")
	}
	for range 5 {
		require.Contains(b, b.types(dave, "test"), "often enough for now")
	}
	for code := 900; code < 905; code++ {
		require.Contains(b, b.types(dave, fmt.Sprint("verify ", code)), "No, we have not")
		b.notice(fmt.Sprint("the code ", code))
	}
	require.Contains(b, b.types(dave, "stop"), "no more questions until")
	b.notice("Dave Okafor gets no questions until")
	unasked := b.settles(b.reports(alertOn("web-1", dave, "high")), "unasked", "opted_out")
	b.caseOf(unasked.ID)

	require.NotEmpty(b, b.types(dave, "lost phone"))
	lost := b.settles(b.reports(alertOn("web-1", dave, "low")), "unasked", "distrusted")
	b.caseOf(lost.ID)
	require.Empty(b, b.pushes(dave))
}

// What is edited or deleted afterwards was said all the same, and says nothing new.
func rewritesTheConversation(b *bot) {
	id := b.reports(alertOn("web-1", erin, "high"))
	question := b.questionOf(erin, id)
	var said struct{ TS string }
	b.decode(b.post("/sandbox/control/reply", map[string]string{"user": erin, "text": "who are you?"}), &said)
	b.post("/sandbox/control/edit", map[string]string{"user": erin, "ts": said.TS, "text": "yes"})
	b.post("/sandbox/control/edit", map[string]string{"user": erin, "ts": said.TS, "text": "stop"})
	b.stays(2*time.Second, "an edit is no answer", func() bool { return b.alert(id).Answer == nil })

	b.decode(b.post("/sandbox/control/reply", map[string]string{"user": erin, "text": "no, that was not me", "thread_ts": question.TS}), &said)
	b.settles(id, "denied", "")
	b.post("/sandbox/control/edit", map[string]string{"user": erin, "ts": said.TS, "text": "yes, that was me"})
	b.post("/sandbox/control/delete", map[string]string{"user": erin, "ts": said.TS})
	require.True(b, b.caseOf(id).says("that was not me"))
	b.stays(2*time.Second, "her no stands", func() bool { return b.alert(id).Answer.Choice == "no" })
}

// A responder's account is no better: nobody sees to their own case, which goes to
// somebody else.
func seesToTheirOwnCase(b *bot) {
	id := b.reports(alertOn("web-1", kim, "high"))
	b.clicks(kim, b.questionOf(kim, id), "no")
	b.settles(id, "denied", "")
	var own shown
	b.eventually("the leads have it", func() bool {
		for _, message := range b.channel("security-leads") {
			if about, purpose := message.about(); about == id && purpose == "case" {
				own = message
			}
		}
		return own.TS != ""
	})
	b.forces(kim, own, "acknowledge", nil)
	b.forces(kim, own, "resolve", nil)
	b.eventually("both are refused", func() bool { return b.refused(id, "own_case", b.slackID(kim)) == 2 })
	view := b.alert(id)
	require.False(b, view.has("case_acknowledged") || view.has("case_resolved"))
}

// nothingIsSilenced checks every alert of an attack: what is closed was proved, and
// what is not is in front of the security team or still asked about.
func (b *bot) nothingIsSilenced() {
	b.Helper()
	for id := range b.everyAlert() {
		view := b.alert(id)
		switch view.Status {
		case "closed":
			if view.Timeline[0]["actor"] == "securitybot" && view.Verdict != "confirmed" {
				continue // a harmless test of somebody's own that came to nothing
			}
			require.Equal(b, "confirmed", view.Verdict, "%v", view.Timeline)
			require.Equal(b, "approved", view.Proof.Result)
		case "escalated":
			b.eventually("a case", func() bool { return view.CaseOf != "" || b.alert(id).has("case_opened") })
		default:
			require.Contains(b, []string{"asking", "proving", "held", "received"}, view.Status)
		}
	}
}

// A thief waits for Friday evening, when nobody is asked until Monday: the security
// team knows on Friday, and what nobody proves is theirs on Monday.
func TestThiefOnAFridayEvening(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	friday := nextFriday(berlin)
	c := calendarFrom(t, time.Date(friday.Year(), friday.Month(), friday.Day(), 19, 0, 0, 0, berlin), officeHours)
	monday := time.Date(friday.Year(), friday.Month(), friday.Day()+3, 9, 0, 0, 0, berlin)
	held := alertAbout(alice)
	held["severity"] = "low"
	id := c.reportsNow(held)
	c.eventually("the security team knows", func() bool { return len(c.notices()) == 1 })
	urgent := c.reportsNow(alertAbout(alice))
	c.questionOf(alice, urgent) // what is grave waits for no Monday

	c.forward(id, monday.Add(time.Minute))
	c.clicks(alice, c.questionOf(alice, id), "yes")
	c.phones.phone(alice, "deny")
	c.settles(id, "denied", "contradicted")
	c.eventually("a case each", func() bool { return len(c.security()) == 2 })
	require.Equal(t, "distrusted", c.alert(urgent).VerdictReason)
}
