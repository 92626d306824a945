package login_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/net/html"

	"securitybot/api"
	"securitybot/api/login"
	"securitybot/internal/alert"
	"securitybot/internal/sandbox/oidcserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is moved by the tests alone.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// shelf keeps sessions as the record does, and can break.
type shelf struct {
	clock  *clock
	broken atomic.Bool
	before atomic.Pointer[func()] // called before the next row is written

	mu   sync.Mutex
	rows map[string]row
}

type row struct {
	data    []byte
	expires time.Time
}

var errDisk = errors.New("disk of db-7.internal is gone")

func (s *shelf) FindSession(_ context.Context, id string) ([]byte, bool, error) {
	if s.broken.Load() {
		return nil, false, errDisk
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.rows[id]
	if !ok || !s.clock.time().Before(found.expires) {
		return nil, false, nil
	}
	return found.data, true, nil
}

func (s *shelf) PutSession(_ context.Context, id string, data []byte, expires time.Time) error {
	if s.broken.Load() {
		return errDisk
	}
	if before := s.before.Swap(nil); before != nil {
		(*before)()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[id] = row{data, expires}
	return nil
}

func (s *shelf) DropSession(_ context.Context, id string) error {
	if s.broken.Load() {
		return errDisk
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rows, id)
	return nil
}

func (s *shelf) all() map[string]row {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.rows)
}

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// world is a provider and an app with a login, each on a listener of its own.
type world struct {
	t        *testing.T
	clock    *clock
	shelf    *shelf
	log      *lines
	people   []oidcserver.Person // at the provider
	away     atomic.Bool         // the provider
	known    map[string]int      // people of the directory, by address
	provider *httptest.Server
	app      *httptest.Server
	handler  atomic.Pointer[http.Handler]
	options  login.Options
}

func person(name string, claims map[string]any) oidcserver.Person {
	all := map[string]any{"email": name + "@example.com", "email_verified": true}
	maps.Copy(all, claims)
	return oidcserver.Person{Subject: "id-" + name, Name: strings.ToUpper(name[:1]) + name[1:], Claims: all}
}

func groups(names ...string) map[string]any { return map[string]any{"groups": names} }

// begin is when the tests take place. Cookies live by the machine's clock, so it
// is now.
func newWorld(t *testing.T, change ...func(*login.Options)) *world {
	t.Helper()
	w := &world{
		t: t, clock: &clock{now: time.Now()}, log: &lines{},
		people: []oidcserver.Person{
			person("sam", groups("security", "security-admins")), person("kim", groups("security")),
			person("dave", nil), person("alice", groups("platform")),
		},
		known: map[string]int{"sam@example.com": 1, "kim@example.com": 1, "dave@example.com": 1, "alice@example.com": 1},
	}
	w.shelf = &shelf{clock: w.clock, rows: map[string]row{}}
	w.app = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		(*w.handler.Load()).ServeHTTP(out, r)
	}))
	t.Cleanup(w.app.Close)
	w.play()
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	w.options = login.Options{
		Issuer: w.provider.URL + "/oidc", ClientID: "securitybot", ClientSecret: "planted secret/+", PublicURL: w.app.URL,
		RolesClaim: "groups", Sessions: w.shelf, Directory: w.directory, HTTPClient: client,
		Roles: map[string][]string{"admin": {"security-admins"}, "responder": {"security"}, "viewer": {"Dave@Example.com"}},
		Now:   w.clock.time, Logger: slog.New(slog.NewTextHandler(w.log, nil)),
	}
	w.restart(change...)
	return w
}

// play starts the provider.
func (w *world) play() {
	w.t.Helper()
	server := httptest.NewUnstartedServer(nil)
	opt := oidcserver.Options{
		Issuer: "http://" + server.Listener.Addr().String() + "/oidc", ClientID: "securitybot", ClientSecret: "planted secret/+",
		RedirectURL: w.app.URL + "/login/callback", People: func() []oidcserver.Person { return w.people }, Clock: w.clock.time,
	}
	played, err := oidcserver.New(opt)
	require.NoError(w.t, err)
	server.Config.Handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if w.away.Load() {
			http.Error(out, "planted outage", http.StatusServiceUnavailable)
			return
		}
		played.Handler().ServeHTTP(out, r)
	})
	server.Start()
	w.t.Cleanup(server.Close)
	w.provider = server
}

func (w *world) directory(_ context.Context, email string) ([]alert.Person, error) {
	name, _, _ := strings.Cut(email, "@")
	found := make([]alert.Person, w.known[email])
	for i := range found {
		found[i] = alert.Person{
			PersonKey: alert.PersonKey{Team: "T1", User: "U-" + email}, Email: email,
			Name: strings.ToUpper(name[:1]) + name[1:] + " of the directory",
		}
	}
	return found, nil
}

// restart begins anew over the same sessions, as another process would.
func (w *world) restart(change ...func(*login.Options)) {
	w.t.Helper()
	for _, f := range change {
		f(&w.options)
	}
	made, err := login.New(w.options)
	require.NoError(w.t, err)
	mux := http.NewServeMux()
	mux.Handle("/login", made.Handler())
	mux.Handle("/login/", made.Handler())
	mux.Handle("/logout", made.Handler())
	mux.Handle("/", made.Require(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		caller, _ := api.CallerOf(r.Context())
		_, _ = io.WriteString(out, caller.Email+" as "+caller.Name+" "+caller.Person.User+" may")
		for _, scope := range caller.Scopes {
			_, _ = io.WriteString(out, " "+string(scope))
		}
	})))
	handler := http.Handler(mux)
	w.handler.Store(&handler)
}

// browser is somebody's, and shows redirects instead of following them.
type browser struct {
	*world
	jar    *cookiejar.Jar
	client *http.Client
}

func (w *world) browser() *browser {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	client := &http.Client{
		Jar: jar, Transport: &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	w.t.Cleanup(client.CloseIdleConnections)
	return &browser{w, jar, client}
}

// shown is what a browser got.
type shown struct {
	status   int
	location string
	header   http.Header
	cookies  []*http.Cookie
	body     string
}

func (b *browser) send(method, address string, form url.Values, header ...string) shown {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	answer, err := b.client.Do(request)
	require.NoError(b.t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(b.t, err)
	return shown{answer.StatusCode, answer.Header.Get("Location"), answer.Header, answer.Cookies(), string(body)}
}

func (b *browser) get(path string, header ...string) shown {
	b.t.Helper()
	return b.send(http.MethodGet, b.app.URL+path, nil, header...)
}

// leave begins a login and is the page of the provider that it leads to.
func (b *browser) leave(next string) string {
	b.t.Helper()
	answer := b.get("/login/start?" + url.Values{"next": {next}}.Encode())
	require.Equal(b.t, http.StatusSeeOther, answer.status, answer.body)
	require.True(b.t, strings.HasPrefix(answer.location, b.provider.URL+"/oidc/authorize?"), answer.location)
	return answer.location
}

// press presses a button of the provider's page and is where that leads back to.
func (b *browser) press(page, button string) string {
	b.t.Helper()
	choice := b.send(http.MethodGet, page, nil)
	require.Equal(b.t, http.StatusOK, choice.status, choice.body)
	action, form := formWith(b.t, choice.body, button)
	answer := b.send(http.MethodPost, b.provider.URL+action, form)
	require.Equal(b.t, http.StatusSeeOther, answer.status, answer.body)
	return answer.location
}

// formWith is what a page's form sends when a button is pressed.
func formWith(t *testing.T, page, button string) (action string, form url.Values) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	form = url.Values{}
	found := false
	for node := range root.Descendants() {
		attributes := map[string]string{}
		for _, each := range node.Attr {
			attributes[each.Key] = each.Val
		}
		switch {
		case node.Data == "form":
			action = attributes["action"]
		case node.Data == "input":
			form.Set(attributes["name"], attributes["value"])
		case node.Data == "button" && node.FirstChild.Data == button:
			found = true
			form.Set(attributes["name"], attributes["value"])
		}
	}
	require.True(t, found, "no button %q on %s", button, page)
	return action, form
}

// login logs somebody in who wants to see a page, and is what the callback answers.
func (b *browser) login(name, next string) shown {
	b.t.Helper()
	return b.send(http.MethodGet, b.press(b.leave(next), "Sign in as "+name), nil)
}

// enter logs somebody in who is let in.
func (b *browser) enter(name string) {
	b.t.Helper()
	answer := b.login(name, "/console")
	require.Equal(b.t, http.StatusSeeOther, answer.status, answer.body)
	require.Equal(b.t, "/console", answer.location)
}

// requireSees checks whom the console sees; "" for nobody.
func (b *browser) requireSees(email string) {
	b.t.Helper()
	answer := b.get("/console")
	if email == "" {
		require.Equal(b.t, http.StatusSeeOther, answer.status, answer.body)
		require.Equal(b.t, "/login?next=%2Fconsole", answer.location)
		return
	}
	require.Equal(b.t, http.StatusOK, answer.status, answer.body)
	require.True(b.t, strings.HasPrefix(answer.body, email+" as "), answer.body)
}

// cookie is the value that the browser sends the app under a name.
func (b *browser) cookie(name string) string {
	b.t.Helper()
	at, err := url.Parse(b.app.URL)
	require.NoError(b.t, err)
	for _, each := range b.jar.Cookies(at) {
		if each.Name == name {
			return each.Value
		}
	}
	return ""
}

// plant puts a cookie into the browser, as an attacker beside it might.
func (b *browser) plant(name, value string) {
	b.t.Helper()
	at, err := url.Parse(b.app.URL)
	require.NoError(b.t, err)
	b.jar.SetCookies(at, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

const (
	sessionCookie = "securitybot"
	attemptCookie = "securitybot-login"
)
