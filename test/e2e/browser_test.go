package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// page is a tab of a real browser that looks at a bot's page.
type page struct {
	*testing.T
	bot *bot
	ctx context.Context // chromedp keeps the tab in it

	mu      sync.Mutex
	asked   []string
	grumble []string
}

// stepWithin bounds one step in the browser; waits for the bot are the bot's.
const stepWithin = 30 * time.Second

// browse starts a browser, which ends with the test and leaves nothing behind.
func browse(b *bot) *page {
	b.Helper()
	p := &page{T: b.T, bot: b}
	started, stop := chromedp.NewExecAllocator(background(), slices.Concat(chromedp.DefaultExecAllocatorOptions[:],
		[]chromedp.ExecAllocatorOption{
			chromedp.ExecPath(chromium(b.T)), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 800),
			chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
			chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }),
		})...)
	tab, closeTab := chromedp.NewContext(started, chromedp.WithListener(p.listen))
	p.ctx = tab
	b.Cleanup(func() {
		if b.Failed() {
			p.keeps("failed")
		}
		p.end()
		closeTab()
		stop()
	})
	require.NoError(b, chromedp.Do(tab), "start the browser")
	return p
}

// chromium is the browser's program.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no Chromium on PATH; `make deps` installs it")
	return ""
}

// listen runs in the loop that reads the browser's messages: it only takes note.
func (p *page) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		p.asked = append(p.asked, event.Request.URL)
	case *runtime.EventExceptionThrown:
		p.grumble = append(p.grumble, exceptionText(event.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		p.grumble = append(p.grumble, fmt.Sprintf("console.%s", event.Type))
	case *log.EventEntryAdded:
		p.grumble = append(p.grumble, fmt.Sprintf("%s: %s %s", event.Entry.Level, event.Entry.Text, event.Entry.URL))
	case *cdppage.EventJavascriptDialogOpening:
		p.grumble = append(p.grumble, "a dialog: "+event.Message)
	}
}

func exceptionText(details *runtime.ExceptionDetails) string {
	if details.Exception != nil && details.Exception.Description != "" {
		return details.Exception.Description
	}
	return details.Text
}

// requests are the addresses that the page asked so far.
func (p *page) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

// complaints are what the browser's console holds.
func (p *page) complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.grumble)
}

// end closes the browser and sees that all its processes are gone.
func (p *page) end() {
	browser := chromedp.FromContext(p.ctx).Browser
	if browser == nil {
		return
	}
	group := browser.Process().Pid
	closing, cancel := context.WithTimeout(p.ctx, stepWithin)
	defer cancel()
	if err := chromedp.Cancel(closing); err != nil {
		p.Errorf("close the browser: %v", err)
	}
	for deadline := time.Now().Add(stepWithin); syscall.Kill(-group, 0) == nil; {
		if time.Now().After(deadline) {
			_ = syscall.Kill(-group, syscall.SIGKILL)
			p.Errorf("the browser's processes did not end")
			return
		}
		<-time.After(20 * time.Millisecond)
	}
}

func (p *page) opens(path string) {
	p.Helper()
	p.does("open the page", chromedp.Navigate(p.bot.url(path)))
}

func (p *page) does(what string, action chromedp.Action[chromedp.Void]) {
	p.Helper()
	step, cancel := context.WithTimeout(p.ctx, stepWithin)
	defer cancel()
	require.NoError(p, chromedp.Do(step, action), what)
}

// holds tells whether a JavaScript condition is true now; $ is querySelector. A
// condition about something that isn't there is not, nor is one of a page that is
// just being left.
func (p *page) holds(condition string) bool {
	p.Helper()
	step, cancel := context.WithTimeout(p.ctx, stepWithin)
	defer cancel()
	held, err := chromedp.Run(step, chromedp.Evaluate[bool](
		`(($) => { try { return Boolean(`+condition+`); } catch { return false; } })((s) => document.querySelector(s))`))
	if _, leaving := errors.AsType[*cdproto.Error](err); leaving {
		return false
	}
	require.NoError(p, err, condition)
	return held
}

// sees waits until a JavaScript condition is true.
func (p *page) sees(what, condition string) {
	p.Helper()
	p.bot.eventually(what, func() bool { return p.holds(condition) })
}

// presses clicks what a person could click: it must be there, enabled, and
// nothing may lie above it.
func (p *page) presses(selector string) {
	p.Helper()
	p.sees("something to press: "+selector, fmt.Sprintf(`((node) => {
		node.scrollIntoView({block: "nearest"});
		const box = node.getBoundingClientRect();
		const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
		if (node.disabled || !node.contains(top)) return false;
		node.click();
		return true;
	})($(%s))`, strconv.Quote(selector)))
}

func (p *page) types(selector, text string) {
	p.Helper()
	p.does("type into "+selector, chromedp.SendKeys(chromedp.CSS(selector), text))
}

// text is what somebody reads there.
func (p *page) text(selector string) string {
	p.Helper()
	step, cancel := context.WithTimeout(p.ctx, stepWithin)
	defer cancel()
	text, err := chromedp.Run(step, chromedp.Evaluate[string](`document.querySelector(`+strconv.Quote(selector)+`).innerText`))
	require.NoError(p, err, selector)
	return text
}
