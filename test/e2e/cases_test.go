package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/sink/pagerduty/pagerdutytest"
)

// Responders see to a case; the person it is about can't, and neither can others.
func TestResponders(t *testing.T) {
	t.Parallel()
	b := running(t)
	id := b.reports(alertAbout(alice))
	b.answers(alice, "unsure")
	b.settles(id, "unsure", "")
	opened := b.caseOf(id)
	for _, action := range []string{"acknowledge", "resolve"} {
		require.Contains(t, b.presses(alice, opened, action), "Only responders can do this", action)
		require.Contains(t, b.presses(bob, opened, action), "Only responders can do this", action)
	}
	require.Equal(t, &caseView{}, b.alert(id).Case)

	b.clicks(sam, opened, "acknowledge")
	b.eventually("he has it", func() bool { return b.caseOf(id).says("acknowledged this") })
	require.Contains(t, b.alert(id).Case.AckedBy, "Sam")
	require.Contains(t, b.presses(kim, opened, "acknowledge"), "Somebody has this already")
	b.clicks(kim, b.caseOf(id), "resolve")
	b.explains(kim, "Spoke to her, it was a drill")
	b.eventually("it is resolved", func() bool { return b.caseOf(id).says("Spoke to her, it was a drill") })
	view := b.alert(id)
	require.Contains(t, view.Case.ResolvedBy, "Kim")
	require.Equal(t, "Spoke to her, it was a drill", view.Case.Resolution)
	require.Equal(t, "unsure", view.Verdict, "the verdict stands")
	require.Empty(t, b.caseOf(id).Actions)
	require.Empty(t, b.pushes(kim))
	require.Len(t, b.security(), 1)
}

// A responder is nobody special in a case about themselves, which goes elsewhere.
func TestACaseAboutAResponder(t *testing.T) {
	t.Parallel()
	b := running(t)
	id := b.reports(alertAbout(sam))
	b.clicks(sam, b.questionOf(sam, id), "unsure")
	b.settles(id, "unsure", "")
	var own shown
	b.eventually("the leads have it", func() bool {
		for _, message := range b.channel("security-leads") {
			if about, _ := message.about(); about == id {
				own = message
				return true
			}
		}
		return false
	})
	require.Empty(t, b.security())
	b.hears(sam, func() { b.clicks(sam, own, "acknowledge") })
	require.Empty(t, b.alert(id).Case.AckedBy)
	require.Positive(t, b.refused(id, "own_case", b.slackID(sam)))
	b.clicks(kim, own, "acknowledge")
	b.eventually("another responder has it", func() bool { return strings.Contains(b.alert(id).Case.AckedBy, "Kim") })
}

// What is grave is resolved with the responder's own second factor alone.
func TestResolvingWhatIsGrave(t *testing.T) {
	t.Parallel()
	b := running(t)
	id := b.reports(alertAbout(alice))
	b.answers(alice, "no")
	b.settles(id, "denied", "")
	b.clicks(sam, b.caseOf(id), "resolve")
	require.Contains(t, b.hears(sam, func() { b.explains(sam, "cleaned") }), "approve")
	b.eventually("his phone lights up", func() bool { return len(b.pushes(sam)) == 1 })
	require.Empty(t, b.alert(id).Case.ResolvedBy, "not before his phone agrees")
	push := b.phone(sam, "approve")
	require.Contains(t, fmt.Sprint(push.Info), "Somebody asked for this in Slack as you")
	b.eventually("it is resolved", func() bool { return b.alert(id).Case.Resolution == "cleaned" })
	require.Equal(t, "denied", b.alert(id).Verdict)

	other := b.reports(alertAbout(bob))
	b.answers(bob, "no")
	b.clicks(sam, b.caseOf(other), "resolve")
	b.explains(sam, "trust me")
	b.phone(sam, "deny")
	b.eventually("a stolen responder's account is one", func() bool {
		return slices.ContainsFunc(b.channel("security-leads"), func(message shown) bool { return message.says("may be stolen") })
	})
	require.Empty(t, b.alert(other).Case.ResolvedBy)
	b.hears(sam, func() { b.clicks(sam, b.caseOf(other), "acknowledge") })
	require.Empty(t, b.alert(other).Case.AckedBy)
}

const pagerKey = "0123456789abcdef0123456789abcdef"

// A case that nobody sees to is brought to more and more people; their words are
// theirs. Who sees to it ends that, and everybody learns of it.
func TestLadder(t *testing.T) {
	t.Parallel()
	pager := pagerdutytest.Start(t, pagerKey)
	b := running(t, "PAGERDUTY_ROUTING_KEYS=oncall="+pagerKey, "PAGERDUTY_API_URL="+pager.URL, policy(t, `version: 1
defaults: {escalate_to: [security, {to: peer, after: 2s}, {to: oncall, after: 4s}, {to: later, after: 2h}]}
targets:
  leads: {slack: "#security-leads"}
  peer: {person: dave@example.com}
  oncall: {pagerduty: oncall}
  later: {slack: "#general"}
responders: {group: S_RESPONDERS, own_cases: leads}
`))
	id := b.reports(alertAbout(alice))
	b.answers(alice, "unsure")
	b.caseOf(id)
	var asked shown
	b.eventually("dave is asked", func() bool {
		for _, message := range b.dm(dave) {
			if message.offers("peer_yes") {
				asked = message
				return true
			}
		}
		return false
	})
	require.True(t, asked.says("recorded as yours"))
	b.clicks(dave, asked, "peer_yes")
	b.eventually("his word is in the case", func() bool {
		return b.alert(id).has("peer_answered") && strings.Contains(b.thread(b.caseOf(id)), "no proof")
	})
	require.Equal(t, "unsure", b.alert(id).Verdict, "and proves nothing")
	require.Equal(t, "unsure", b.alert(id).Answer.Choice)

	b.eventually("the pager goes off", func() bool { return len(pager.Incidents()) == 1 })
	b.clicks(sam, b.caseOf(id), "acknowledge")
	b.eventually("the pager knows", func() bool { return pager.Incidents()[0].Status == "acknowledged" })
	b.clicks(sam, b.caseOf(id), "resolve")
	b.explains(sam, "a drill")
	b.eventually("the pager is at rest", func() bool { return pager.Incidents()[0].Status == "resolved" })
	told := map[string]int{}
	for _, event := range pager.Incidents()[0].Log {
		told[event.Action]++
	}
	require.Equal(t, map[string]int{"trigger": 2, "acknowledge": 1, "resolve": 1}, told, "the case, his word, and who saw to it")
	require.Empty(t, b.channel("general"))
	require.Equal(t, 2, b.alert(id).count("case_climbed"))
}

// thread is all that stands below a message.
func (b *bot) thread(top shown) string {
	b.Helper()
	var messages []shown
	b.get("/sandbox/control/messages?channel=security", &messages)
	var text strings.Builder
	for _, message := range messages {
		if message.ThreadTS == top.TS || message.TS == top.TS {
			text.WriteString(message.Text + "\n")
		}
	}
	return text.String()
}

// A proof shows who it was, not whether it was fine: responders have a look.
func TestReview(t *testing.T) {
	t.Parallel()
	b := running(t, policy(t, always+"rules: [{name: shells, match: 'true', on_confirmed: review}]\n"))
	right := b.confirms(alice)
	b.eventually("an item for responders", func() bool { return len(b.reviews()) == 1 })
	require.True(t, b.reviews()[0].says("I was patching"), "with her words")
	require.Contains(t, b.presses(alice, b.reviews()[0], "reviewed"), "Only responders")
	b.clicks(sam, b.reviews()[0], "reviewed")
	b.eventually("he looked", func() bool { return b.reviews()[0].says("it looks right") })
	require.Equal(t, "closed", b.alert(right).Status)
	require.Empty(t, b.security())

	odd := b.confirms(bob)
	b.eventually("another item", func() bool { return len(b.reviews()) == 2 })
	b.clicks(kim, b.reviews()[1], "reopen")
	require.Equal(t, "review", b.becomes(odd, "escalated").Escalation.Reason)
	require.True(t, b.caseOf(odd).says("a responder wants to look at it again"))
	require.Equal(t, "confirmed", b.alert(odd).Verdict)
	b.stays(time.Second, "one case", func() bool { return len(b.security()) == 1 })
}
