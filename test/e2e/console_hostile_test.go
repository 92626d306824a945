package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// hostile is a text that is anything but text: HTML and script, Slack's markup,
// characters that turn the line round or can't be seen.
const hostile = "inv\u202efdp.exe\u2066 \u0007\u001b[31m\u200b " + `<script>planted=1</script><img src=x onerror="planted=1"> "><svg onload=planted=1> ' autofocus onfocus='planted=1' ` +
	`</title></textarea></pre><b class=planted>bold</b> {{planted}} javascript:planted=1 <!channel> <https://planted.example.com|here> ` +
	"*planted* end"

// hostileText is the beginning of it, for fields that take less.
func hostileText(length int) string {
	runes := []rune(hostile)
	return string(runes[:min(length, len(runes))])
}

// isNotFooled has an alert and an explanation that are hostile in every field, and
// reads them on every page that shows them: as text.
func (p *page) isNotFooled() {
	p.Helper()
	b := p.bot
	body := alertAbout(bob)
	body["key"], body["title"], body["description"] = "key "+hostileText(150), hostileText(290), hostile
	body["url"] = `https://evil.example.com/?"><script>planted=1</script>`
	body["subject"] = map[string]string{"email": bob, "username": hostileText(190)}
	body["context"] = map[string]any{"host": hostile, hostileText(90): "key", "<script>planted=1</script>": []string{hostile}}
	id := b.reports(body)
	b.explained(bob, id, "no", hostile)
	b.settles(id, "denied", "")
	b.eventually("its case has his words", func() bool { return b.caseOf(id).says("end") })

	for _, path := range []string{
		"", "/cases", "/alerts", "/alerts?cols=received,person,key,source,answered&q=planted", "/alerts/" + id,
		"/people/" + bob, "/alerts?q=" + url.QueryEscape(hostile), "/suppressions?person=" + url.QueryEscape(hostile), "/people?q=" + url.QueryEscape(hostileText(90)),
	} {
		p.opens("/console" + path)
		p.isHarmless(path)
		require.Contains(p, p.said(), "planted=1", path)
	}
	p.opens("/console/alerts/" + id)
	for _, part := range []string{
		"<script>planted=1</script>", `<img src=x onerror="planted=1">`, "<!channel>", "<https://planted.example.com|here>", "*planted*", "RLO", "ESC", "ZWSP",
	} {
		require.Contains(p, p.text("main"), part)
	}
	p.previewsIt()
}

// previewsIt types what is hostile into the form for alerts.
func (p *page) previewsIt() {
	p.Helper()
	p.opens("/console/new?" + url.Values{
		"title": {hostileText(290)}, "detection": {"manual_check"}, "subject": {alice}, "description": {hostile}, "context": {"host=" + hostile},
	}.Encode())
	p.presses(`[formaction="/console/new/preview"]`)
	p.sees("what would be sent", `$(".message").innerText.includes("planted=1")`)
	p.isHarmless("/console/new/preview")
}

// said is all that stands on the page, in fields as well.
func (p *page) said() string {
	p.Helper()
	return evaluated[string](p, `document.body.innerText + [...document.querySelectorAll("input, textarea")].map((e) => e.value).join(" ")`)
}

// isHarmless tells that nothing of a text became a part of the page.
func (p *page) isHarmless(path string) {
	p.Helper()
	require.False(p, p.holds(`"planted" in window`), "a script of theirs ran on %s", path)
	require.False(p, p.holds(`$(".planted, [onerror], [onload], [onfocus], img[src=x], svg[onload], main script, main img")`), path)
	require.True(p, p.holds(`[...document.querySelectorAll("script")].every((e) => new URL(e.src).pathname.startsWith("/console/assets/"))`), path)
	require.False(p, p.holds(`/[\u202a-\u202e\u2066-\u2069\u200b\u0007\u001b]/.test(document.body.innerText)`), "what turns the line round, on %s", path)
	require.False(p, p.holds(`[...document.querySelectorAll("a")].some((a) => a.href.startsWith("javascript:") || a.host === "planted.example.com")`), path)
}

// isNotLedAstray opens pages of two other sites while Sam is signed in: one of
// another name, and one of the same name at another port, whose requests bear the
// cookies. Both send every form they like.
func (p *page) isNotLedAstray(d day) {
	p.Helper()
	for _, host := range []string{"localhost", "127.0.0.1"} {
		site := p.otherSite(host)
		for _, path := range []string{
			"/console/alerts/" + d.contradicted + "/resolve", "/console/pause", "/console/people/" + alice + "/lost-phone", "/console/tokens", "/logout",
		} {
			p.does("open another site", chromedp.Navigate(site+"/form?to="+url.QueryEscape(p.bot.url(path))))
			p.sees("our answer to its form", fmt.Sprintf(`location.href === %q`, p.bot.url(path)))
			require.Contains(p, p.text("body"), "did not come from a page of Securitybot", "%s from %s", path, host)
		}
		p.does("open another site", chromedp.Navigate(site+"/script?to="+url.QueryEscape(p.bot.url("/console/alerts/"+d.contradicted+"/resolve"))))
		p.sees("its request is over", `document.title === "sent"`)
	}
	view := p.bot.alert(d.contradicted)
	require.Empty(p, view.Case.ResolvedBy)
	require.False(p, p.bot.isPaused())
	p.opens("/console")
	p.at("/console") // still signed in
}

func (b *bot) isPaused() bool {
	b.Helper()
	var pause struct{ Paused bool }
	b.get("/v1/pause", &pause)
	return pause.Paused
}

// otherSite serves pages that send things to us.
func (p *page) otherSite(host string) string {
	p.Helper()
	pages := http.NewServeMux()
	pages.HandleFunc("GET /form", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<form method="post" action="%s"><input name="reason" value="planted"><input name="source" value="planted">
			<input name="scopes" value="ingest"></form><script>document.forms[0].submit()</script>`, r.URL.Query().Get("to"))
	})
	pages.HandleFunc("GET /script", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<script>fetch("%s", {method: "POST", mode: "no-cors", credentials: "include",
			body: new URLSearchParams({reason: "planted"})}).finally(() => { document.title = "sent"; })</script>`, r.URL.Query().Get("to"))
	})
	pages.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "") })
	server := httptest.NewServer(pages)
	p.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", host, 1)
}
