package e2e_test

import (
	"context"
	_ "embed"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"securitybot/api/console"
)

// screenshots names a folder that pictures of the console's pages are kept in.
const screenshots = "SECURITYBOT_TEST_SCREENSHOTS"

// axe finds what keeps people from using a page: axe-core, as it is published.
//
//go:embed testdata/axe/axe.min.js
var axe string

// screen is what a page is looked at on.
type screen struct {
	name          string
	width, height int64
	phone         bool
	colours       string // that the person likes
	rules         string // of axe that can come out otherwise than on those before
}

var (
	laptop  = screen{name: "light", width: 1280, height: 800, colours: "light", rules: `{}`}
	screens = []screen{
		laptop,
		{name: "dark", width: 1280, height: 800, colours: "dark", rules: `{runOnly: ["color-contrast"]}`},
		{name: "phone-dark", width: 390, height: 844, phone: true, colours: "dark", rules: `{runOnly: ["color-contrast"]}`},
		{name: "phone-light", width: 390, height: 844, phone: true, colours: "light", rules: `{runOnly: ["scrollable-region-focusable", "color-contrast"]}`},
	}
)

// shows has the page be on a screen.
func (p *page) shows(s screen) {
	p.Helper()
	var options []chromedp.EmulateViewportOption
	if s.phone {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	p.does("show it on "+s.name, chromedp.EmulateViewport(s.width, s.height, options...))
	p.does("like "+s.colours, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: s.colours}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	}))
}

// looksAtEveryPage opens each page of the console that there is.
func (p *page) looksAtEveryPage(d day) {
	p.Helper()
	for name, path := range everyPage(d) {
		p.opens(path)
		p.at(path)
		p.looks(name)
	}
}

// everyPage are the addresses of all pages, by a name for each.
func everyPage(d day) map[string]string {
	pages := map[string]string{
		"alert-confirmed": "/console/alerts/" + d.confirmed, "alert-open": "/console/alerts/" + d.open,
	}
	filled := strings.NewReplacer("{id}", d.contradicted, "{email}", alice, "{revision}", d.revision, "/{$}", "")
	named := strings.NewReplacer("/console", "", "/", "-", "{", "", "}", "")
	for _, each := range console.Pages() {
		if each.Method != http.MethodGet || isDownload(each.Path) {
			continue
		}
		name := strings.TrimPrefix(named.Replace(strings.TrimSuffix(each.Path, "/{$}")), "-")
		if name == "" {
			name = "overview"
		}
		pages[name] = filled.Replace(each.Path)
	}
	return pages
}

// isDownload tells that an address gives a file.
func isDownload(path string) bool {
	return strings.HasSuffix(path, "/export") || strings.HasSuffix(path, "/{id}/evidence") || strings.HasSuffix(path, ".yaml")
}

// looks sees that whoever comes to a page can use it: on a laptop and a phone, in
// light and dark, and with a screen reader. Nothing but colours differs by theme.
func (p *page) looks(name string) {
	p.Helper()
	evaluated[bool](p, axe+"; true")
	for _, s := range screens {
		p.shows(s)
		p.keeps(name + "-" + s.name)
	}
	p.unfolds()
	for _, s := range screens {
		p.shows(s)
		require.True(p, p.holds(`((root) => root.scrollWidth <= root.clientWidth)(document.documentElement)`),
			"%s on %s has to be scrolled sideways: %s", name, s.name, p.wide())
		p.isForEverybody(name, s)
	}
	p.shows(laptop)
}

// unfolds opens what is folded up on the page: nobody, and no rule of axe, sees into
// it before. Of the description of the API, which is long, that is the beginning.
func (p *page) unfolds() {
	p.Helper()
	evaluated[bool](p, `[...document.querySelectorAll("details")].slice(0, 40).every((e) => { e.open = true; return true; })`)
}

// isForEverybody sees that nothing serious keeps anybody from using the page.
func (p *page) isForEverybody(name string, s screen) {
	p.Helper()
	faults := evaluated[[]string](p, `axe.run(document, `+s.rules+`).then((found) => found.violations
		.filter((fault) => ["serious", "critical"].includes(fault.impact))
		.map((fault) => fault.id + ": " + fault.nodes.map((node) => node.html.slice(0, 200) + " " + node.failureSummary).join(" | ")))`)
	require.Empty(p, faults, "%s on %s", name, s.name)
}

// isTurnedAway looks at what somebody gets who proves who they are and has no role.
func (p *page) isTurnedAway(email string) {
	p.Helper()
	p.identifiesAs(email)
	p.at("/login/callback")
	require.Contains(p, p.text("main"), "You don't have access")
	require.Contains(p, p.text("main"), email)
	p.looks("login-no-role")
}

// wide names what is wider than the page.
func (p *page) wide() string {
	p.Helper()
	return evaluated[string](p, `[...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
		.slice(0, 8).map((e) => e.outerHTML.slice(0, 120)).join("\n")`)
}

// keeps a picture of the page, if somebody wants to see it.
func (p *page) keeps(name string) {
	p.Helper()
	folder := os.Getenv(screenshots)
	if folder == "" {
		return
	}
	step, cancel := context.WithTimeout(p.ctx, stepWithin)
	defer cancel()
	picture, err := chromedp.Run(step, chromedp.FullScreenshot(100))
	require.NoError(p, err, name)
	require.NoError(p, os.MkdirAll(folder, 0o700))
	require.NoError(p, os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o600))
}

// evaluated is the value of an expression in the page, awaited.
func evaluated[T any](p *page, expression string) T {
	p.Helper()
	step, cancel := context.WithTimeout(p.ctx, stepWithin)
	defer cancel()
	value, err := chromedp.Run(step, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(p, err)
	return value
}
