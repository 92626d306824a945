package e2e_test

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestPage plays the page's three stories one after the other in a real
// browser, beginning with the question that waits on the first view.
func TestPage(t *testing.T) {
	t.Parallel()
	b := installed(t)
	b.args = slices.DeleteFunc(b.args, func(arg string) bool { return arg == "--sample=false" })
	b.start()
	p := browse(b)
	p.opens("/sandbox")

	p.sees("Alice's question is there already", `$("[data-testid=dm] [data-action=yes]")`)
	require.Contains(t, p.text("[data-testid=dm]"), "Hi Alice")
	require.Equal(t, "0", p.text("[data-testid=interrupted]"))
	p.sees("its workflow is linked", `$("[data-testid=temporal-link]").href.includes("/workflows/alert-")`)

	p.playsItWasMe()
	p.playsStolen()
	p.playsNobody()

	p.requireOwnRequestsOnly()
	require.Empty(t, p.complaints(), "errors and broken content policies in the browser's console")
}

// playsItWasMe answers the question that was there, and proves it.
func (p *page) playsItWasMe() {
	p.Helper()
	id := p.newest().ID
	p.presses("[data-testid=story-it-was-me]")
	p.says("yes", "Rotating keys on web-1 <b>today</b>")
	p.sees("the phone lights up", `$("[data-testid=push-approve]")`)
	require.Contains(p, p.text("[data-testid=dm]"), p.text(".push-code b"), "the code of the phone is the one in Slack")
	p.presses("[data-testid=push-approve]")
	p.sees("the story ends well", `$("#hint").dataset.mood === "good"`)

	view := p.bot.settles(id, "confirmed", "")
	require.Equal(p, "Rotating keys on web-1 <b>today</b>", view.Answer.Explanation)
	require.Equal(p, id, p.newest().ID, "the story used the question that was there")
	p.sees("the buttons vanish", `!$("[data-testid=dm] [data-action]")`)
	p.sees("the timeline says so", `$("[data-testid=timeline] [data-kind=settled]").innerText.includes("confirmed")`)
	p.sees("it is counted", `$("[data-testid=settled-without]").innerText === "1"`)
	require.Equal(p, "0", p.text("[data-testid=interrupted]"), "nobody is disturbed")
}

// playsStolen lies in chat, and is caught on the phone.
func (p *page) playsStolen() {
	p.Helper()
	p.presses("[data-testid=story-stolen]")
	p.says("yes", "sure, all good")
	p.sees("the owner is asked on the phone", `document.body.dataset.point === "deny"`)
	p.presses("[data-testid=push-deny]")
	p.sees("a red case", `$("[data-testid=case][data-gravity=grave]").innerText.includes("Chat account may be stolen")`)
	p.sees("the team is interrupted once", `$("[data-testid=interrupted]").innerText === "1"`)
	p.sees("the story ends", `$("#hint").dataset.mood === "grave"`)
	p.bot.settles(p.newest().ID, "denied", "contradicted")
	p.presses("[data-testid=trust]")
	require.Contains(p, p.text("[data-testid=curl-text]"), "person trust "+alice)
	p.presses("#curl .close")
}

// playsNobody lets the clock run out.
func (p *page) playsNobody() {
	p.Helper()
	p.presses("[data-testid=story-nobody]")
	p.sees("a countdown", `/deadline in \d+:\d\d/.test($("[data-testid=countdown]").innerText)`)
	begun := p.secondsLeft()
	require.LessOrEqual(p, begun, 90)
	p.sees("it runs down", fmt.Sprintf(
		`(([, m, s]) => m * 60 + Number(s) < %d)(/deadline in (\d+):(\d\d)/.exec($("[data-testid=countdown]").innerText))`, begun))
	p.bot.within(2*patience, "silence becomes a case", func() bool {
		return p.holds(`$("[data-testid=interrupted]").innerText === "2"`)
	})
	view := p.bot.settles(p.newest().ID, "no_response", "")
	require.Equal(p, 2, view.count("reminded"))
	p.sees("two reminders on the page", `document.querySelectorAll("[data-testid=timeline] [data-kind=reminded]").length === 2`)
	p.sees("the buttons stay for a late answer", `$("[data-testid=dm] [data-action=no]")`)
}

// says presses a button of the open question and fills in the modal.
func (p *page) says(action, words string) {
	p.Helper()
	p.sees("the story points at the question", fmt.Sprintf(`document.body.dataset.point === %q`, action))
	p.presses(".lively [data-action=" + action + "]")
	p.sees("the modal opens", `$("[data-testid=modal-input]") === document.activeElement`)
	p.types("[data-testid=modal-input]", words)
	p.presses("[data-testid=modal-submit]")
	p.sees("the modal closes", `!$("[data-testid=modal]")`)
}

// newest is the alert that came last.
func (p *page) newest() alertView {
	p.Helper()
	var list struct{ Alerts []alertView }
	p.bot.get("/v1/alerts?limit=1", &list)
	require.Len(p, list.Alerts, 1)
	return list.Alerts[0]
}

var remaining = regexp.MustCompile(`deadline in (\d+):(\d\d)`)

func (p *page) secondsLeft() int {
	p.Helper()
	found := remaining.FindStringSubmatch(p.text("[data-testid=countdown]"))
	require.NotNil(p, found)
	minutes, err := strconv.Atoi(found[1])
	require.NoError(p, err)
	seconds, err := strconv.Atoi(found[2])
	require.NoError(p, err)
	return int((time.Duration(minutes)*time.Minute + time.Duration(seconds)*time.Second) / time.Second)
}

// requireOwnRequestsOnly checks that the page asked nobody but its own origin.
func (p *page) requireOwnRequestsOnly() {
	p.Helper()
	requests := p.requests()
	require.NotEmpty(p, requests)
	own, err := url.Parse(p.bot.url(""))
	require.NoError(p, err)
	for _, request := range requests {
		address, err := url.Parse(request)
		require.NoError(p, err)
		require.Equal(p, own.Host, address.Host, request)
	}
}
