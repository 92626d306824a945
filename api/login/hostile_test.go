package login_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/api/login"
)

// with is an address with a parameter replaced.
func with(t *testing.T, address, name, value string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	query := u.Query()
	query.Set(name, value)
	u.RawQuery = query.Encode()
	return u.String()
}

// requireRefused checks that an answer of the provider lets nobody in.
func (b *browser) requireRefused(callback string) {
	b.t.Helper()
	answer := b.send(http.MethodGet, callback, nil)
	require.Equal(b.t, http.StatusForbidden, answer.status, answer.body)
	require.Empty(b.t, b.cookie(sessionCookie))
	b.requireSees("")
}

func TestAnAnswerWithAnotherStateIsRefused(t *testing.T) {
	t.Parallel()
	for name, state := range map[string]string{"wrong": "guessed", "empty": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newWorld(t).browser()
			back := b.press(b.leave("/console"), "Sign in as Sam")
			b.requireRefused(with(t, back, "state", state))
			b.requireRefused(back) // and the login is over
		})
	}
}

func TestAnAnswerToAnotherBrowsersLoginIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	attacker, victim := w.browser(), w.browser()
	back := attacker.press(attacker.leave("/console"), "Sign in as Kim")
	victim.requireRefused(back) // who has begun nothing

	own := victim.press(victim.leave("/console"), "Sign in as Sam")
	theirs, err := url.Parse(back)
	require.NoError(t, err)
	victim.requireRefused(with(t, own, "code", theirs.Query().Get("code"))) // PKCE
}

func TestATokenForAnotherLoginIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, nonce := range map[string]string{"another": "of-another-login", "none": ""} {
		b := w.browser()
		page := with(t, b.leave("/console"), "nonce", nonce)
		b.requireRefused(b.press(page, "Sign in as Sam"))
		require.Contains(t, w.log.String(), "it is for another login", name)
	}
}

func TestACodeIsGoodOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	back := b.press(b.leave("/console"), "Sign in as Sam")
	require.Equal(t, "/console", b.send(http.MethodGet, back, nil).location)

	again := b.send(http.MethodGet, back, nil)
	require.Equal(t, http.StatusSeeOther, again.status, "who goes back is logged in already")
	w.browser().requireRefused(back)

	used, err := url.Parse(back)
	require.NoError(t, err)
	other := w.browser()
	other.requireRefused(with(t, other.press(other.leave("/console"), "Sign in as Kim"), "code", used.Query().Get("code")))
}

func TestACodeThatIsOldIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	back := b.press(b.leave("/console"), "Sign in as Sam")
	w.clock.forward(2 * time.Minute)
	b.requireRefused(back)
	require.Contains(t, w.log.String(), "the provider refused the code: invalid_grant")
}

func TestAnAnswerOfNothingIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.requireRefused(w.app.URL + "/login/callback")
	state := func() string {
		u, err := url.Parse(b.leave("/console"))
		require.NoError(t, err)
		return u.Query().Get("state")
	}
	b.requireRefused(w.app.URL + "/login/callback?state=" + state())
	b.requireRefused(w.app.URL + "/login/callback?code=guessed&state=" + state())
}

func TestWhoCancelsIsNotLoggedIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	back := b.press(b.leave("/console/cases"), "Cancel")
	answer := b.send(http.MethodGet, back, nil)
	require.Equal(t, http.StatusForbidden, answer.status)
	require.Contains(t, answer.body, `href="/login/start?next=%2Fconsole%2Fcases"`)
	require.Contains(t, w.log.String(), "the provider answered access_denied")
	b.requireSees("")
}

func TestALoginLeadsToNoOtherSite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for next, want := range map[string]string{
		"/console/cases?x=%2F": "/console/cases?x=%2F",
		"/console#part":        "/console#part",
		"/":                    "/",
		"":                     "/console",
		"console":              "/console",
		"//evil.example":       "/console",
		"///evil.example":      "/console",
		"/\\evil.example":      "/console",
		"\\\\evil.example":     "/console",
		"/\t/evil.example":     "/console",
		"/\n/evil.example":     "/console",
		"\u0020//evil.example": "/console",
		"https://evil.example": "/console",
		"https:/evil.example":  "/console",
		"https:evil.example":   "/console",
		"javascript:alert(1)":  "/console",
		"//evil@example.com/":  "/console",
		"/login?next=/login":   "/console",
		"/login/start":         "/console",
		"/logout":              "/console",
		"/console?x=" + strings.Repeat("y", 3000): "/console",
	} {
		b := w.browser()
		require.Equal(t, want, b.login("Sam", next).location, "%q", next)
		require.Equal(t, want, b.get("/login?"+url.Values{"next": {next}}.Encode()).location, "%q", next)
	}
}

func TestAPathOfTwoSlashesLeadsHome(t *testing.T) {
	t.Parallel()
	made, err := login.New(newWorld(t).options)
	require.NoError(t, err)
	for _, path := range []string{"//evil.example/console", "/\\evil.example", "///evil.example"} {
		recorder := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/console", nil)
		request.URL.Path = path
		made.Require(http.NotFoundHandler()).ServeHTTP(recorder, request)
		require.Equal(t, http.StatusSeeOther, recorder.Code)
		next, err := url.QueryUnescape(strings.TrimPrefix(recorder.Header().Get("Location"), "/login?next="))
		require.NoError(t, err)
		require.Contains(t, []string{"/console", "/%5Cevil.example"}, next)
	}
}

func TestWhatTheProviderSaysIsShownAsText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people[3].Claims["email"] = `<script>alert(1)</script>@example.com`
	answer := w.browser().login("Alice", "/console")
	require.Equal(t, http.StatusForbidden, answer.status)
	require.Contains(t, answer.body, "&lt;script&gt;alert(1)&lt;/script&gt;@example.com")
	require.NotContains(t, answer.body, "<script")
}
