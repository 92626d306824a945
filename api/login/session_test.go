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

// logout presses the button of a page of ours.
func (b *browser) logout() {
	b.t.Helper()
	answer := b.send(http.MethodPost, b.app.URL+"/logout", url.Values{}, "Sec-Fetch-Site", "same-origin")
	require.Equal(b.t, http.StatusSeeOther, answer.status, answer.body)
	require.Equal(b.t, "/login", answer.location)
}

func TestLogoutEndsTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.enter("Sam")
	stolen := b.cookie(sessionCookie)
	require.NotEmpty(t, w.shelf.all())
	b.logout()
	require.Empty(t, w.shelf.all())
	require.Empty(t, b.cookie(sessionCookie))
	b.requireSees("")
	b.plant(sessionCookie, stolen)
	b.requireSees("")
	require.Contains(t, w.log.String(), `msg="logged out" email=sam@example.com`)
	b.logout()
}

func TestARequestThatRunsDuringTheLogoutBringsNothingBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.enter("Sam")
	stolen := b.cookie(sessionCookie)
	w.clock.forward(time.Hour) // so that the next request notes that Sam is still there
	other := w.browser()
	other.plant(sessionCookie, stolen)
	logout := func() { b.logout() }
	w.shelf.before.Store(&logout)
	other.requireSees("sam@example.com") // it was found before the logout
	require.Nil(t, w.shelf.before.Load(), "the logout came in between")
	other.requireSees("")
}

func TestASessionIsOverAfterItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *login.Options) { o.SessionFor, o.IdleFor = 10*time.Hour, 2*time.Hour })
	b := w.browser()
	b.enter("Sam")
	w.clock.forward(2 * time.Hour)
	b.requireSees("") // away for too long

	b.enter("Sam")
	for range 9 {
		w.clock.forward(time.Hour)
		b.requireSees("sam@example.com")
	}
	w.clock.forward(time.Hour)
	b.requireSees("") // however busy
}

// A tab that nobody looks at asks for news all day.
func TestAPageThatPollsKeepsNobodyLoggedIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *login.Options) { o.IdleFor = 2 * time.Hour })
	b := w.browser()
	polls := func() int { return b.get("/console", "HX-Request", "true", login.PollHeader, "1").status }
	b.enter("Sam")
	for range 3 {
		w.clock.forward(30 * time.Minute)
		require.Equal(t, http.StatusOK, polls())
	}
	b.requireSees("sam@example.com") // Sam is back, and clicks
	for range 7 {
		w.clock.forward(15 * time.Minute)
		require.Equal(t, http.StatusOK, polls())
	}
	w.clock.forward(15 * time.Minute)
	require.Equal(t, http.StatusUnauthorized, polls())
	b.requireSees("")
}

func TestActivityIsNotedNowAndThen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.enter("Sam")
	writes := 0
	count := func() { writes++ }
	for range 10 {
		w.shelf.before.Store(&count)
		w.clock.forward(time.Minute)
		b.requireSees("sam@example.com")
	}
	require.Equal(t, 1, writes, "two hours of idleness are noted in parts of six minutes")
}

func TestALoginUnderWayIsOverAfterItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	page := b.leave("/console")
	w.clock.forward(10 * time.Minute)
	answer := b.send(http.MethodGet, b.press(page, "Sign in as Sam"), nil)
	require.Equal(t, http.StatusForbidden, answer.status)
	require.Contains(t, answer.body, "This login has expired")
	require.Contains(t, answer.body, "/login/start")
	b.requireSees("")
}

func TestTwoBrowsersAreTwoSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sam, kim, phone := w.browser(), w.browser(), w.browser()
	page := kim.leave("/console")
	sam.enter("Sam")
	require.Equal(t, "/console", kim.send(http.MethodGet, kim.press(page, "Sign in as Kim"), nil).location)
	phone.enter("Sam")
	sam.requireSees("sam@example.com")
	kim.requireSees("kim@example.com")
	sam.logout()
	sam.requireSees("")
	kim.requireSees("kim@example.com")
	phone.requireSees("sam@example.com")
}

func TestASessionFixedBeforeTheLoginIsWorthNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	attacker, victim := w.browser(), w.browser()
	attacker.enter("Kim")
	planted := attacker.cookie(sessionCookie)
	victim.plant(sessionCookie, planted)
	victim.enter("Sam")
	require.NotEqual(t, planted, victim.cookie(sessionCookie))
	victim.requireSees("sam@example.com")
	attacker.requireSees("")

	attacker.plant(sessionCookie, "chosen-by-the-attacker")
	victim.plant(sessionCookie, "chosen-by-the-attacker")
	victim.enter("Sam")
	attacker.requireSees("")
}

func TestTheTokenOfALoginUnderWayIsNoSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.leave("/console")
	begun := b.cookie(attemptCookie)
	require.NotEmpty(t, begun)
	b.plant(sessionCookie, begun)
	b.requireSees("")
	require.Equal(t, http.StatusSeeOther, b.send(http.MethodPost, w.app.URL+"/logout", url.Values{}, "Origin", w.app.URL).status)
	b.enter("Sam")
	require.Empty(t, b.cookie(attemptCookie))
	require.Len(t, w.shelf.all(), 2, "the session and its last activity")
}

func TestASessionsTokenIsNoLoginUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	attacker, victim := w.browser(), w.browser()
	attacker.enter("Kim")
	victim.plant(attemptCookie, attacker.cookie(sessionCookie))
	answer := victim.get("/login/callback?state=&code=guessed")
	require.Equal(t, http.StatusForbidden, answer.status)
	require.Contains(t, answer.body, "This login has expired")
}

func TestWhoReadsTheRowsCanNotUseThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.enter("Sam")
	token := b.cookie(sessionCookie)
	for id, stored := range w.shelf.all() {
		require.NotContains(t, id+string(stored.data), token)
		thief := w.browser()
		thief.plant(sessionCookie, id)
		thief.requireSees("")
	}
}

func TestTheSessionsCookie(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer := w.browser().login("Sam", "/console")
	require.Equal(t, "no-store", answer.header.Values("Cache-Control")[0])
	for _, cookie := range answer.cookies {
		require.True(t, cookie.HttpOnly)
		require.False(t, cookie.Secure, "this machine has no https")
		require.Equal(t, "/", cookie.Path)
		require.Empty(t, cookie.Domain)
		require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	}
	require.Len(t, answer.cookies, 2, "one begins, one ends")
}

func TestTheCookiesAreSecureButOnThisMachine(t *testing.T) {
	t.Parallel()
	for address, secure := range map[string]bool{
		"https://bot.example.com": true, "http://bot.example.com": true, "https://localhost": true,
		"http://localhost:8080": false, "http://127.0.0.1:8080": false, "http://[::1]:8080": false, "http://127.0.0.1.evil.example": true,
	} {
		w := newWorld(t, func(o *login.Options) { o.PublicURL = address })
		cookies := w.browser().get("/login/start").cookies
		require.Len(t, cookies, 1, address)
		require.Equal(t, secure, cookies[0].Secure, address)
		require.Equal(t, secure, strings.HasPrefix(cookies[0].Name, "__Host-"), address)
		require.Equal(t, address == "http://bot.example.com" || address == "http://127.0.0.1.evil.example",
			strings.Contains(w.log.String(), "over https alone"), address)
	}
}

func TestTheLogTellsWhoAndNeverTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	page := b.leave("/console")
	begun := b.cookie(attemptCookie)
	back := b.press(page, "Sign in as Sam")
	b.send(http.MethodGet, back, nil)
	b.send(http.MethodGet, back, nil)
	answered, err := url.Parse(back)
	require.NoError(t, err)
	for _, secret := range []string{
		begun, b.cookie(sessionCookie), answered.Query().Get("code"), answered.Query().Get("state"), w.options.ClientSecret,
	} {
		require.NotEmpty(t, secret)
		require.NotContains(t, w.log.String(), secret)
	}
}

func TestEveryAnswerIsKeptApartFromOtherSites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	for _, path := range []string{"/login", "/login/start", "/login/callback", "/console"} {
		header := b.get(path).header
		require.Equal(t, "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
			header.Get("Content-Security-Policy"), path)
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
		require.Equal(t, "same-origin", header.Get("Referrer-Policy"), path)
		require.Contains(t, header.Values("Cache-Control"), "no-store", path)
	}
	require.NotContains(t, b.get("/login").body, "<script")
}

func TestOtherSitesCanNotMakeABrowserAct(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.enter("Sam")
	for name, header := range map[string][]string{
		"another site":         {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
		"a neighbour":          {"Sec-Fetch-Site", "same-site"},
		"an old browser":       {"Origin", "https://evil.example"},
		"a sandboxed frame":    {"Origin", "null"},
		"another port":         {"Origin", "http://127.0.0.1:1"},
		"what is no browser":   nil,
		"an origin that lies":  {"Sec-Fetch-Site", "cross-site", "Origin", w.app.URL},
		"a name that looks so": {"Origin", w.app.URL + ".evil.example"},
	} {
		answer := b.send(http.MethodPost, w.app.URL+"/logout", url.Values{}, header...)
		require.Equal(t, http.StatusForbidden, answer.status, name)
		require.Equal(t, http.StatusMethodNotAllowed, b.get("/logout").status)
		b.requireSees("sam@example.com")
	}
	answer := b.send(http.MethodPost, w.app.URL+"/logout", url.Values{}, "Origin", w.app.URL)
	require.Equal(t, http.StatusSeeOther, answer.status, "an old browser on our own page")
}

func TestSameOriginLetsReadersThrough(t *testing.T) {
	t.Parallel()
	handler := login.SameOrigin(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for method, want := range map[string]int{
		http.MethodGet: http.StatusNoContent, http.MethodHead: http.StatusNoContent, http.MethodOptions: http.StatusNoContent,
		http.MethodPost: http.StatusForbidden, http.MethodPut: http.StatusForbidden, http.MethodPatch: http.StatusForbidden,
		http.MethodDelete: http.StatusForbidden, "PURGE": http.StatusForbidden,
	} {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), method, "/console", nil))
		require.Equal(t, want, recorder.Code, method)
	}
}
