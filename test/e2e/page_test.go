package e2e_test

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestPage plays the page's stories one after the other in a real browser,
// beginning with the question that waits on the first view.
func TestPage(t *testing.T) {
	t.Parallel()
	b := installed(t)
	b.args = slices.DeleteFunc(b.args, func(arg string) bool { return arg == "--sample=false" })
	b.start()
	p := browse(b)
	p.does("take a laptop's screen", chromedp.EmulateViewport(1280, 800))
	p.opens("/sandbox")

	p.sees("Alice's question is there already", `$("[data-testid=dm] [data-action=yes]")`)
	require.Contains(t, p.text("[data-testid=dm]"), "Hi Alice")
	require.Equal(t, "0", p.text("[data-testid=interrupted]"))
	p.sees("its workflow is linked", `$("[data-testid=temporal-link]").href.includes("/workflows/alert-")`)

	p.fits()
	p.playsItWasMe()
	p.playsStolen()
	p.fits()
	p.clearsTheDistrust()
	p.playsSeveral()
	p.playsNobody()
	p.playsHome()
	p.playsNight()
	p.playsStorm()
	p.fits()

	p.requireOwnRequestsOnly()
	require.Empty(t, p.complaints(), "errors and broken content policies in the browser's console")
}

// fits checks that nobody has to scroll to see it all.
func (p *page) fits() {
	p.Helper()
	p.sees("one screen", `((root) => root.scrollHeight <= innerHeight && root.scrollWidth <= innerWidth)(document.documentElement)`)
	p.sees("whole headers", `[...document.querySelectorAll(".pane-head, .hint, .group")].every((bar) => bar.scrollWidth <= bar.clientWidth)`)
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
}

// clearsTheDistrust is what a responder does who has spoken to the person.
func (p *page) clearsTheDistrust() {
	p.Helper()
	id := p.newest().ID
	p.sees("she is not trusted", `$("[data-testid=person-alice]").classList.contains("doubted")`)
	p.presses("[data-testid=trust]")
	require.Contains(p, p.text("[data-testid=curl-text]"), "person trust "+alice)
	p.presses("[data-testid=trust-now]")
	p.sees("the timeline names who cleared it", `$("[data-testid=timeline] [data-kind=trusted]").innerText.includes("Sam Rivera cleared Alice")`)
	p.sees("she is trusted again", `!$("[data-testid=person-alice]").classList.contains("doubted")`)
	require.True(p, p.bot.alert(id).has("trusted"))
}

// playsSeveral answers a question about three occurrences, and has a responder see
// to the case.
func (p *page) playsSeveral() {
	p.Helper()
	p.presses("[data-testid=story-several]")
	p.sees("one question lists all three", `$("[data-testid=dm] .lively").innerText.includes("3 times")`)
	p.sees("the story points at it", `document.body.dataset.point === "some_not"`)
	sent := p.newest()
	id := cmp.Or(sent.JoinedTo, sent.ID)
	require.Len(p, p.bot.alert(id).Occurrences, 2)
	p.presses(".lively [data-action=some_not]")
	p.presses("#slack [data-testid=confirm-yes]")
	p.sees("the modal opens", `$("#slack [data-testid=modal-input]")`)
	p.types("#slack [data-testid=modal-input]", "only the first two were mine")
	p.presses("#slack [data-testid=modal-submit]")
	p.bot.settles(id, "denied", "some_not_me")
	p.sees("the story ends", `$("#hint").dataset.mood === "grave"`)
	p.sees("one more case", `$("[data-testid=interrupted]").innerText === "2"`)
	p.resolves(id)
}

// resolves takes a grave case as Sam, and proves with Sam's own phone that it is Sam.
func (p *page) resolves(id string) {
	p.Helper()
	card := `[data-testid=case][data-alert="` + id + `"]`
	p.presses(card + " [data-action=acknowledge]")
	p.sees("it is taken", `$("[data-testid=timeline] [data-kind=case_acknowledged]").innerText.includes("Sam")`)
	p.presses(card + " [data-action=resolve]")
	p.sees("a reason is wanted", `$("#security [data-testid=modal-input]")`)
	p.types("#security [data-testid=modal-input]", "sessions ended, key rotated")
	p.presses("#security [data-testid=modal-submit]")
	p.sees("Sam's phone rings", `$("[data-testid=responder-phone]").classList.contains("rings")`)
	p.presses("[data-testid=responder-phone]")
	p.presses("[data-testid=push-approve]")
	p.sees("it is resolved", `$("[data-testid=timeline] [data-kind=case_resolved]").innerText.includes("sessions ended, key rotated")`)
	require.Equal(p, "denied", p.bot.alert(id).Verdict)
	p.presses("[data-testid=person-alice]")
}

// playsHome answers on the Home tab.
func (p *page) playsHome() {
	p.Helper()
	p.presses("[data-testid=person-bob]")
	p.presses("[data-testid=send-sudo_interactive]")
	p.sees("Bob is asked", `$("[data-testid=dm] [data-action=yes]")`)
	id := p.newest().ID
	p.presses("[data-testid=tab-home]")
	p.presses("[data-testid=home] [data-action=yes]")
	p.sees("the modal opens", `$("#slack [data-testid=modal-input]")`)
	p.types("#slack [data-testid=modal-input]", "patching")
	p.presses("#slack [data-testid=modal-submit]")
	p.presses("[data-testid=push-approve]")
	p.bot.settles(id, "confirmed", "")
	p.presses("[data-testid=tab-messages]")
	p.presses("[data-testid=tab-home]")
	p.sees("it is among what he answered", `$("[data-testid=home]").innerText.includes("you confirmed it")`)
}

// playsNight sends what can wait: the person is left alone, and the channel knows.
func (p *page) playsNight() {
	p.Helper()
	before := p.text("[data-testid=interrupted]")
	p.presses("[data-testid=person-carol]")
	p.presses("[data-testid=send-night]")
	p.sees("it is held", `$("[data-testid=timeline] [data-kind=planned]").innerText.includes("hold it until Carol works again")`)
	p.sees("the channel is told", `$("[data-testid=channel]").innerText.includes("waits until")`)
	require.Equal(p, before, p.text("[data-testid=interrupted]"), "that is no case")
	require.Empty(p, p.bot.dm(carol))
}

// playsStorm sends everything about one person at once: some questions, and one case.
func (p *page) playsStorm() {
	p.Helper()
	p.presses("[data-testid=person-dave]")
	p.presses("[data-testid=send-storm]")
	p.sees("one case for the storm", `[...document.querySelectorAll("[data-testid=case]")].filter((c) => c.innerText.includes("A storm")).length === 1`)
	require.LessOrEqual(p, len(p.bot.questions(dave)), 3)
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
		return p.holds(`$("[data-testid=interrupted]").innerText === "3"`)
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
		if address.Scheme == "data" {
			continue // a picture of the browser's own
		}
		require.Equal(p, own.Host, address.Host, request)
	}
}
