package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"securitybot/internal/conversation"
)

// TestConsole is a day of the security team in a real browser: Sam sees to what
// there is, every page is looked at, a hostile alert does nothing, no other site
// does anything, and Kim sees nothing of what is about Kim.
func TestConsole(t *testing.T) {
	t.Parallel()
	file := policy(t, watched)
	b := running(t, file)
	day := b.haveADay(strings.TrimPrefix(file, "SECURITYBOT_POLICY="))
	p := browse(b)
	p.shows(laptop)
	p.opens("/console/alerts")
	p.at("/login")
	p.looks("login")
	p.signsIn(sam)
	p.at("/console/alerts")

	p.finds(day.confirmed)
	p.reportsByHand()
	p.revokes(day.suppression)
	p.clearsADistrust(day.contradicted)
	p.looksAtEveryPage(day)
	p.resolvesByKeyboard(day.denied)
	p.isNotFooled()
	p.requireOwnRequestsOnly()
	require.Empty(t, p.complaints(), "errors and broken content policies in the browser's console")

	p.opens("/console/nothing")
	p.looks("not-found")
	p.isNotLedAstray(day)
	p.signsOut()
	p.isTurnedAway(alice)
	p.opens("/console")
	p.signsIn(kim)
	p.seesNothingAboutOneself(day.own, kim)
}

// watched is a policy that wants what is confirmed about payroll to be looked at.
const watched = always + `rules:
  - {name: payroll, match: 'detection == "payroll_export"', on_confirmed: review, deadline: 20m}
`

// day are the alerts of a day.
type day struct {
	confirmed, repeated, reviewed, denied, contradicted, own, open string

	suppression, revision string
}

// haveADay has the sandbox's people meet one of each.
func (b *bot) haveADay(policyFile string) day {
	b.Helper()
	d := day{
		confirmed:    b.reports(incident(alice, "sudo_interactive", "medium", "db-7", "Root shell on db-7 outside the backup window")),
		reviewed:     b.reports(incident(carol, "payroll_export", "medium", "hr-1", "Payroll of March exported")),
		denied:       b.reports(incident(bob, "new_country_login", "high", "vpn-2", "Login from a country never seen before")),
		contradicted: b.reports(incident(dave, "oauth_token_issued", "critical", "ci-4", "New access token for the build robot")),
		own:          b.reports(incident(kim, "mailbox_forwarding", "high", "mail-1", "Mailbox rule forwards everything to the outside")),
		open:         b.reports(incident(erin, "usb_mass_storage", "low", "lap-19", "Forty files copied to a USB stick")),
	}
	b.explained(alice, d.confirmed, "yes", "Restoring last night's backup, see the change in the calendar")
	b.explained(carol, d.reviewed, "yes", "The auditors asked for it")
	b.explained(bob, d.denied, "no", "I am at my desk in Lisbon, this is not me")
	b.explained(dave, d.contradicted, "yes", "sure, that's mine")
	b.explained(kim, d.own, "unsure", "")
	b.phone(alice, "approve")
	b.phone(carol, "approve")
	b.phone(dave, "deny")
	b.settles(d.confirmed, "confirmed", "")
	b.settles(d.reviewed, "confirmed", "")
	b.settles(d.denied, "denied", "")
	b.settles(d.contradicted, "denied", "contradicted")
	b.settles(d.own, "unsure", "")
	d.repeated = b.reports(incident(alice, "sudo_interactive", "low", "db-7", "Root shell on db-7 outside the backup window"))
	b.settles(d.repeated, "suppressed", "proven")
	d.suppression = b.suppressions("?active=true&person=" + alice)[0].ID
	b.becomes(d.open, "asking")
	for _, id := range []string{d.denied, d.contradicted, d.own} {
		b.eventually("a case", func() bool { return b.alert(id).has("case_opened") })
	}
	b.post("/v1/exceptions", map[string]any{
		"person": carol, "detection": "sudo_interactive", "scope": map[string]string{"host": "ci-1"},
		"severity": "medium", "for": "24h", "reason": "the migration of ci-1",
	})
	b.post("/v1/opt-outs", map[string]any{"person": dave, "for": "12h", "reason": "in hospital"})
	b.post("/v1/tokens", map[string]any{"source": "falco", "scopes": []string{"ingest"}, "detections": []string{"sudo_*"}, "per_hour": 500})
	b.checkpoints()
	d.revision = b.loosens(policyFile)
	return d
}

// incident is an alert about somebody, with what a detection would say.
func incident(email, detection, severity, host, title string) map[string]any {
	body := alertOn(host, email, severity)
	body["title"], body["detection"] = title, detection
	body["description"] = "Seen by the agent on " + host + " and not part of any change that is known."
	body["url"] = "https://siem.example.com/events?host=" + host
	return body
}

// explained answers the question about an alert, with words if there are any.
func (b *bot) explained(email, id, choice, words string) {
	b.Helper()
	b.clicks(email, b.questionOf(email, id), choice)
	if words != "" {
		b.explains(email, words)
	}
}

// checkpoints has the timelines signed now, and not at the next full hour.
func (b *bot) checkpoints() {
	b.Helper()
	in := newIntruder(b)
	schedule := in.ScheduleClient().GetHandle(b.Context(), conversation.UpkeepScheduleID(conversation.TaskCheckpoint))
	b.eventually("the schedule is there", func() bool {
		return schedule.Trigger(b.Context(), client.ScheduleTriggerOptions{}) == nil
	})
	b.eventually("the timelines are signed", func() bool {
		var list struct{ Checkpoints []struct{ Size int } }
		b.get("/v1/checkpoints", &list)
		return len(list.Checkpoints) > 0
	})
}

// loosens puts another policy into force, and gives its revision.
func (b *bot) loosens(policyFile string) string {
	b.Helper()
	before := b.inForce().Revision
	b.writes(policyFile, strings.Replace(watched, "deadline: 20m", "deadline: 2h", 1))
	b.eventually("the change is in force", func() bool { return b.inForce().Revision != before })
	return b.inForce().Revision
}

// signsIn goes through the login to the console.
func (p *page) signsIn(email string) {
	p.Helper()
	p.identifiesAs(email)
	p.sees("the console", `$("nav.menu") && location.pathname.startsWith("/console")`)
}

// identifiesAs goes from the login to the sandbox's identity provider and back.
func (p *page) identifiesAs(email string) {
	p.Helper()
	p.at("/login")
	p.presses("main a.primary")
	p.presses(`[name=person][value="` + p.bot.slackID(email) + `"]`)
}

func (p *page) signsOut() {
	p.Helper()
	p.presses(`form[action="/logout"] button`)
	p.at("/login")
}

// at waits until a whole page is there.
func (p *page) at(path string) {
	p.Helper()
	p.sees("the page "+path, fmt.Sprintf(`location.pathname === %q && document.readyState === "complete"`, path))
}

// keys presses keys, wherever the focus is. A key that the page takes for itself
// types nothing, as on a keyboard.
func (p *page) keys(keys string) {
	p.Helper()
	p.does("press "+strconv.Quote(keys), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for _, key := range keys {
			events := kb.Encode(key)
			down, up := *events[0], *events[len(events)-1]
			if len(events) == 3 {
				down.Text, down.UnmodifiedText = events[1].Text, events[1].UnmodifiedText
			}
			for _, event := range []input.DispatchKeyEventParams{down, up} {
				if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, event); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// chooses from a list.
func (p *page) chooses(selector, value string) {
	p.Helper()
	p.does("choose "+value, chromedp.SetValue(chromedp.CSS(selector), value))
}

// finds an alert by words, with the keyboard alone, and reads its timeline.
func (p *page) finds(id string) {
	p.Helper()
	p.opens("/console/alerts")
	p.keys("/")
	p.sees("the search has the focus", `document.activeElement === $("[data-search] [name=q]")`)
	p.keys("backup window root\r")
	p.sees("what was searched", `new URLSearchParams(location.search).get("q") === "backup window root"`)
	p.sees("both, and no other", `document.querySelectorAll("[data-row]").length === 2`)
	p.chooses("[data-search] [name=verdict]", "confirmed")
	p.presses("[data-search] button.primary")
	p.sees("one", `location.search.includes("verdict=confirmed") && document.querySelectorAll("[data-row]").length === 1`)
	p.at("/console/alerts")
	p.keys("j")
	p.sees("it has the focus", `document.activeElement.matches("[data-row] a[href]")`)
	p.keys("\r")
	p.at("/console/alerts/" + id)
	said := p.text("main")
	for _, part := range []string{
		"Hi Alice", "Restoring last night's backup, see the change in the calendar", "Approved", "Asked", "Push sent", "Settled", "Alice Nguyen",
	} {
		require.Contains(p, said, part)
	}
	require.True(p, p.holds(`$("a[href^='http://127.0.0.1'][href*='/workflows/alert-']")`), "its workflow is linked")
}

// reportsByHand sends an alert about Alice and watches it come to its end, on one
// and the same page.
func (p *page) reportsByHand() {
	p.Helper()
	const title = "A phone call from a number that claims to be yours"
	p.opens("/console/new")
	for name, text := range map[string]string{
		"title": title, "detection": "manual_check", "subject": alice, "description": "The help desk was called.", "context": "host=desk-1",
	} {
		p.types(`form[action="/console/new"] [name=`+name+`]`, text)
	}
	p.chooses(`form[action="/console/new"] [name=severity]`, "high")
	p.presses(`[formaction="/console/new/preview"]`)
	p.sees("the message that will be sent", `$(".message").innerText.includes("Hi Alice") && $(".message").innerText.includes("claims to be yours")`)
	require.Len(p, p.bot.questions(alice), 1, "a preview asks nobody")
	p.looks("new-preview")
	p.presses(`form[action="/console/new"] button.primary`)
	p.sees("the alert's page", fmt.Sprintf(`location.pathname !== "/console/new" && $("h1").innerText.includes(%q)`, title))
	p.does("mark the page", chromedp.SetJavascriptAttribute(chromedp.CSS("body"), "stays", "yes"))
	id := p.newest().ID
	p.at("/console/alerts/" + id)
	p.sees("it asks", `document.body.stays && $(".title .s-asking")`)
	p.bot.clicks(alice, p.bot.questionOf(alice, id), "yes")
	p.sees("her yes", `document.body.stays && $(".title .s-proving")`)
	p.bot.phone(alice, "approve")
	p.sees("it is confirmed", `document.body.stays && $(".title .v-confirmed")`)
	p.sees("the timeline has it", `[...document.querySelectorAll(".line .head")].some((e) => e.innerText.includes("Settled"))`)
	p.bot.settles(id, "confirmed", "")
	require.Contains(p, p.text("main"), "Sam Rivera", "who reported it")
}

// revokes ends a suppression, with a reason.
func (p *page) revokes(id string) {
	p.Helper()
	p.opens("/console/suppressions")
	row := "#s-" + id
	p.presses(row + " summary")
	p.types(row+" [name=reason]", "the laptop was lost")
	p.presses(row + " form button")
	p.sees("it says so", `$("[role=status]") && !$("`+row+`")`)
	for _, each := range p.bot.suppressions("") {
		require.False(p, each.ID == id && each.Active)
	}
	p.opens("/console/suppressions?all=true")
	require.Contains(p, p.text(row), "Sam Rivera (sam@example.com): the laptop was lost")
}

// clearsADistrust is what follows after having spoken to the person.
func (p *page) clearsADistrust(id string) {
	p.Helper()
	p.opens("/console/distrusted")
	require.Contains(p, p.text("main"), "Dave")
	p.presses("[data-row] summary")
	p.types("[data-row] [name=reason]", "I called him")
	p.presses("[data-row] form button")
	p.sees("who cleared it, and why", `$("[role=status]") && $("[data-row]").innerText.includes("I called him")`)
	entry := p.bot.alert(id).entry("trusted")
	require.Contains(p, fmt.Sprint(entry), "Sam Rivera")
}

// resolvesByKeyboard sees to a case without a mouse.
func (p *page) resolvesByKeyboard(id string) {
	p.Helper()
	p.opens("/console/cases")
	row := `[href="/console/alerts/` + id + `"]`
	p.sees("the case", `$('[data-row] `+row+`')`)
	p.bot.eventually("j leads to it", func() bool {
		p.keys("j")
		return p.holds(`document.activeElement.matches('` + row + `')`)
	})
	p.keys("\r")
	p.at("/console/alerts/" + id)
	p.tabsTo(`[action$="/acknowledge"] button`)
	p.keys("\r")
	p.sees("it is taken", `$("[role=status]") && !$('[action$="/acknowledge"]')`)
	p.tabsTo("details.act summary")
	p.keys("\r")
	p.tabsTo(`[action$="/resolve"] [name=reason]`)
	p.keys("sessions ended, password changed")
	p.tabsTo(`[action$="/resolve"] button`)
	p.keys("\r")
	p.sees("it is resolved", `$("[role=status]") && $(".title").innerText.includes("Case resolved")`)
	view := p.bot.alert(id)
	require.Contains(p, view.Case.AckedBy, "Sam Rivera")
	require.Contains(p, view.Case.ResolvedBy, "Sam Rivera")
	require.Equal(p, "sessions ended, password changed", view.Case.Resolution)
	require.Equal(p, "denied", view.Verdict, "the verdict stands")
	p.bot.eventually("Slack knows", func() bool { return p.bot.caseOf(id).says("sessions ended, password changed") })
}

// tabsTo goes on with Tab until something has the focus.
func (p *page) tabsTo(selector string) {
	p.Helper()
	reached := fmt.Sprintf(`document.activeElement.matches(%s)`, strconv.Quote(selector))
	for range 120 {
		if p.holds(reached) {
			return
		}
		p.keys("\t")
	}
	require.Fail(p, "Tab never leads there", selector)
}

// seesNothingAboutOneself tries every page and every action of an alert that is
// about whoever is signed in.
func (p *page) seesNothingAboutOneself(id, email string) {
	p.Helper()
	for _, path := range []string{"", "/cases", "/alerts", "/alerts?q=mailbox+forwards", "/alerts?person=" + url.QueryEscape(email), "/people?q=kim"} {
		p.opens("/console" + path)
		require.False(p, p.holds(`[...document.querySelectorAll("a")].some((a) => a.href.includes("`+id+`"))`), path)
		require.NotContains(p, p.text("main"), "Mailbox rule", path)
	}
	for _, path := range []string{"/console/alerts/" + id, "/console/alerts/" + id + "/evidence", "/console/people/" + email} {
		p.opens(path)
		require.Contains(p, p.text("main"), "This is about you", path)
	}
	p.looks("about-you")
	for _, deed := range []string{"acknowledge", "resolve", "withdraw", "review"} {
		require.Equal(p, http.StatusForbidden, p.posts("/console/alerts/"+id+"/"+deed, "reason=me&fine=true"), deed)
	}
	require.Equal(p, http.StatusForbidden, p.posts("/console/distrusted/"+email+"/clear", "reason=me"))
	require.Equal(p, http.StatusForbidden, p.posts("/console/people/"+email+"/erase", "reason=me&again="+email))
	for _, format := range []string{"csv", "json"} {
		exported := p.fetched("/console/alerts/export?format=" + format)
		require.Contains(p, exported, "payroll_export", "what is about others")
		require.NotContains(p, exported, "mailbox_forwarding")
	}
	view := p.bot.alert(id)
	require.Equal(p, &caseView{}, view.Case, "nobody did anything")
}

// posts sends a form from the page that is open, and gives the status.
func (p *page) posts(path, form string) int {
	p.Helper()
	return evaluated[int](p, fmt.Sprintf(`fetch(%q, {method: "POST", redirect: "manual",
		headers: {"Content-Type": "application/x-www-form-urlencoded"}, body: %q}).then((r) => r.status)`, path, form))
}

// fetched is what the page that is open gets from another address.
func (p *page) fetched(path string) string {
	p.Helper()
	return evaluated[string](p, fmt.Sprintf(`fetch(%q).then((r) => r.text())`, path))
}
