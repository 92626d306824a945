package app_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"securitybot/internal/app"
	"securitybot/internal/config"
)

// start runs everything on this machine, with Temporal away, until the test ends or
// the function that it gives is called.
func start(t *testing.T, environment map[string]string) (app.Links, func()) {
	t.Helper()
	cfg, err := config.Load(func(name string) (string, bool) {
		value, ok := environment[name]
		return value, ok
	}, os.ReadFile)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ready := make(chan app.Links, 1)
	process, err := app.New(ctx, app.Options{
		Config: cfg, Role: app.Role{API: true, Worker: true, Sandbox: true}, Sample: true,
		Logger: slog.New(slog.DiscardHandler), Announce: func(links app.Links) { ready <- links },
	})
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- process.Run(ctx) }()
	stopped := false
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-ended:
			require.NoError(t, err)
		case <-time.After(time.Minute):
			require.FailNow(t, "it did not stop")
		}
	}
	t.Cleanup(stop)
	select {
	case links := <-ready:
		return links, stop
	case err := <-ended:
		stopped = true
		require.FailNow(t, "it ended", "%v", err)
		return app.Links{}, stop
	}
}

func onThisMachine(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{config.Listen: "127.0.0.1:0", config.DataDir: t.TempDir()}
}

// browser is somebody's: it keeps cookies and follows redirects.
type browser struct {
	*testing.T
	client *http.Client
}

func newBrowser(t *testing.T) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	dialer := new(net.Dialer)
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address) // "localhost" may be ::1 as well, where we don't listen
		if err != nil {
			return nil, err
		}
		return dialer.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return browser{T: t, client: &http.Client{Jar: jar, Transport: transport}}
}

// page is where a browser has come to.
type page struct {
	status int
	url    *url.URL
	text   string
}

func (b browser) opens(address string) page {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, address, http.NoBody)
	require.NoError(b, err)
	return b.does(request)
}

// sends posts a form of a page, as browsers do.
func (b browser) sends(from page, action string, form url.Values) page {
	b.Helper()
	target, err := from.url.Parse(action)
	require.NoError(b, err)
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, target.String(), strings.NewReader(form.Encode()))
	require.NoError(b, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", from.url.Scheme+"://"+from.url.Host)
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.does(request)
}

func (b browser) does(request *http.Request) page {
	b.Helper()
	response, err := b.client.Do(request)
	require.NoError(b, err)
	defer func() { require.NoError(b, response.Body.Close()) }()
	body, err := io.ReadAll(response.Body)
	require.NoError(b, err)
	return page{status: response.StatusCode, url: response.Request.URL, text: string(body)}
}

// logsIn presses a name at the sandbox's provider.
func (b browser) logsIn(base, name string) page {
	b.Helper()
	choice := b.opens(base + "/login/start?next=/console")
	require.Equal(b, http.StatusOK, choice.status, choice.text)
	action, form := formOf(b.T, choice.text, "Sign in as "+name)
	return b.sends(choice, action, form)
}

// formOf is the form with a button, as pressing it sends it.
func formOf(t *testing.T, text, button string) (action string, form url.Values) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	require.NoError(t, err)
	form = url.Values{}
	pressed := false
	for node := range root.Descendants() {
		switch node.Data {
		case "form":
			action = attribute(node, "action")
		case "input":
			form.Set(attribute(node, "name"), attribute(node, "value"))
		case "button":
			if node.FirstChild != nil && node.FirstChild.Data == button {
				form.Set(attribute(node, "name"), attribute(node, "value"))
				pressed = true
			}
		}
	}
	require.True(t, pressed, "no button %q in %s", button, text)
	return action, form
}

func attribute(node *html.Node, name string) string {
	for _, each := range node.Attr {
		if each.Key == name {
			return each.Val
		}
	}
	return ""
}

// awaitDirectory waits until the people of the sandbox are known.
func awaitDirectory(t *testing.T, b browser, links app.Links) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); ; <-tick.C {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, links.API+"/v1/cases", http.NoBody)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer sandbox-admin")
		answer := b.does(request)
		if answer.status == http.StatusOK {
			return
		}
		require.True(t, time.Now().Before(deadline), "the directory was never read: %s", answer.text)
	}
}

// Everybody is led to the login; who has a role sees the console, and comes back to
// nothing once they have left.
func TestTheConsoleIsForThoseWhoLogIn(t *testing.T) {
	t.Parallel()
	links, _ := start(t, onThisMachine(t))
	require.Equal(t, links.API+"/console", links.Console)
	require.Equal(t, "Sam", links.SignInAs)
	nobody := newBrowser(t)
	awaitDirectory(t, nobody, links)
	for address, next := range map[string]string{"/": "/console", "/console": "/console", "/console/alerts?q=nmap": "/console/alerts?q=nmap"} {
		led := nobody.opens(links.API + address)
		require.Equal(t, "/login", led.url.Path, address)
		require.Equal(t, next, led.url.Query().Get("next"))
		require.Contains(t, led.text, "Log in")
	}
	require.NotEqual(t, "/login", nobody.opens(links.API+"/v1/alerts").url.Path, "programs are told, not led")

	sam := newBrowser(t)
	overview := sam.logsIn(links.API, "Sam Rivera")
	require.Equal(t, http.StatusOK, overview.status, overview.text)
	require.Equal(t, "/console", overview.url.Path)
	require.Contains(t, overview.text, "Overview")
	require.Equal(t, "/console", sam.opens(links.API+"/").url.Path)
	shown := sam.opens(links.Console + "/alerts/" + links.Alert)
	require.Equal(t, http.StatusOK, shown.status, shown.text)
	require.Equal(t, http.StatusUnauthorized, sam.opens(links.API+"/v1/alerts").status, "a session is no token")

	left := sam.sends(overview, "/logout", nil)
	require.Equal(t, "/login", left.url.Path)
	require.Equal(t, "/login", sam.opens(links.Console).url.Path)

	alice := newBrowser(t).logsIn(links.API, "Alice Nguyen")
	require.Equal(t, http.StatusForbidden, alice.status, "no role, no page")
}

// Cookies are one name's alone, so that all is done under the name that the
// provider leads back to.
func TestTheOtherNameOfThisMachineIsLedHome(t *testing.T) {
	t.Parallel()
	links, _ := start(t, onThisMachine(t))
	b := newBrowser(t)
	awaitDirectory(t, b, links)
	_, port, found := strings.Cut(links.API, "127.0.0.1:")
	require.True(t, found)
	overview := b.logsIn("http://localhost:"+port, "Sam Rivera")
	require.Equal(t, http.StatusOK, overview.status, overview.text)
	require.Equal(t, links.Console, overview.url.String())
}

// The key is made at the first start, for its owner alone, and is the same ever after.
func TestTheEvidenceKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	environment := onThisMachine(t)
	path := filepath.Join(environment[config.DataDir], "evidence.key")
	_, stop := start(t, environment)
	stop()
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	first, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(first), "PRIVATE+KEY+")
	leftovers, err := filepath.Glob(path + "-*")
	require.NoError(t, err)
	require.Empty(t, leftovers)

	_, stop = start(t, environment)
	stop()
	second, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, first, second)
}

// A key that was given is used, and none is made beside it.
func TestAGivenEvidenceKeyIsUsed(t *testing.T) {
	t.Parallel()
	environment := onThisMachine(t)
	environment[config.EvidenceKey] = "PRIVATE+KEY+test+4787090e+AdoRJ8/c6SJsOsxe+FAqcNbzcyQRA5po0DV8KWhbpnf1" // of this test alone
	_, stop := start(t, environment)
	stop()
	require.NoFileExists(t, filepath.Join(environment[config.DataDir], "evidence.key"))
}
