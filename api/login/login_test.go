package login_test

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"securitybot/api/login"
	"securitybot/internal/alert"
	"securitybot/internal/sandbox/oidcserver"
)

func TestEachRoleMayWhatItMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, may := range map[string]string{
		"Sam": "read respond admin", "Kim": "read respond", "Dave": "read", // by two groups, by a group, by address
	} {
		b := w.browser()
		b.requireSees("")
		answer := b.login(name, "/console/alerts?status=closed")
		require.Equal(t, http.StatusSeeOther, answer.status, answer.body)
		require.Equal(t, "/console/alerts?status=closed", answer.location)
		email := strings.ToLower(name) + "@example.com"
		require.Equal(t, email+" as "+name+" of the directory U-"+email+" may "+may, b.get(answer.location).body)
		require.Contains(t, w.log.String(), `msg="logged in" email=`+email)
	}
}

func TestWhoHasNoNameInTheDirectoryHasTheProviders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *login.Options) {
		o.Directory = func(context.Context, string) ([]alert.Person, error) { return make([]alert.Person, 1), nil }
	})
	b := w.browser()
	b.enter("Kim")
	require.True(t, strings.HasPrefix(b.get("/console").body, "kim@example.com as Kim "))
	w.people = []oidcserver.Person{person("kim", map[string]any{"name": nil, "groups": "security"})}
	b.enter("Kim")
	require.True(t, strings.HasPrefix(b.get("/console").body, "kim@example.com as kim@example.com "))
}

func TestWhoHasNoRoleSeesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	answer := b.login("Alice", "/console")
	require.Equal(t, http.StatusForbidden, answer.status)
	require.Contains(t, answer.body, "You don&#39;t have access")
	require.Contains(t, answer.body, "alice@example.com")
	require.Empty(t, w.shelf.all())
	b.requireSees("")
	require.Contains(t, w.log.String(), `msg="login refused" email=alice@example.com`)
}

func TestAGroupNamedLikeAnAddressGivesNoRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people = []oidcserver.Person{person("alice", groups("dave@example.com", "DAVE@EXAMPLE.COM"))}
	require.Equal(t, http.StatusForbidden, w.browser().login("Alice", "/console").status)
}

func TestAnAddressThatOnlyLooksLikeAnotherIsAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *login.Options) { o.Roles["admin"] = []string{"kim@example.com"} })
	w.people = []oidcserver.Person{person("alice", map[string]any{"email": "\u212Aim@example.com"})} // a Kelvin sign
	require.Equal(t, http.StatusForbidden, w.browser().login("Alice", "/console").status)
	w.people = []oidcserver.Person{person("kim", map[string]any{"email": "KIM@Example.com"})}
	b := w.browser()
	b.enter("Kim")
	b.requireSees("kim@example.com")
}

func TestWhoIsNotOnePersonOfTheDirectorySeesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, people := range []int{0, 2} {
		w.known["sam@example.com"] = people
		answer := w.browser().login("Sam", "/console")
		require.Equal(t, http.StatusForbidden, answer.status)
		require.Contains(t, answer.body, "We can&#39;t tell which person you are")
	}
	require.Empty(t, w.shelf.all())
}

func TestOnlyAVerifiedAddressCounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		claims     map[string]any
		trust      bool
		wantStatus int
	}{
		"verified":                      {map[string]any{"email_verified": true}, false, http.StatusSeeOther},
		"verified, as some say it":      {map[string]any{"email_verified": "true"}, false, http.StatusSeeOther},
		"not verified":                  {map[string]any{"email_verified": false}, false, http.StatusForbidden},
		"nothing said":                  {map[string]any{"email_verified": nil}, false, http.StatusForbidden},
		"nothing said, and trusted":     {map[string]any{"email_verified": nil}, true, http.StatusSeeOther},
		"not verified, though trusted":  {map[string]any{"email_verified": false}, true, http.StatusForbidden},
		"not verified, though a string": {map[string]any{"email_verified": "false"}, true, http.StatusForbidden},
		"a number":                      {map[string]any{"email_verified": 1}, true, http.StatusForbidden},
		"no address":                    {map[string]any{"email": nil}, true, http.StatusForbidden},
		"an empty address":              {map[string]any{"email": ""}, true, http.StatusForbidden},
		"a list of addresses":           {map[string]any{"email": []string{"sam@example.com"}}, true, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *login.Options) { o.TrustEmail = c.trust })
			w.people[0] = person("sam", groups("security-admins"))
			maps.Copy(w.people[0].Claims, c.claims)
			require.Equal(t, c.wantStatus, w.browser().login("Sam", "/console").status)
		})
	}
}

func TestTheClaimOfRoles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		value any
		want  int
	}{
		"a string":                 {"security", http.StatusSeeOther},
		"a list":                   {[]string{"platform", "security"}, http.StatusSeeOther},
		"of another case":          {"Security", http.StatusForbidden},
		"part of a name":           {"security-interns", http.StatusForbidden},
		"a list in a string":       {`["security"]`, http.StatusForbidden},
		"an object":                {map[string]any{"security": true}, http.StatusForbidden},
		"a list of several things": {[]any{"security", 1}, http.StatusForbidden},
		"nothing":                  {nil, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.people = []oidcserver.Person{person("kim", map[string]any{"groups": c.value})}
			require.Equal(t, c.want, w.browser().login("Kim", "/console").status)
		})
	}
}

func TestWithoutAClaimNoGroupCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *login.Options) { o.RolesClaim = "" })
	require.Equal(t, http.StatusForbidden, w.browser().login("Sam", "/console").status)
	w.browser().enter("Dave")
}

func TestNobodyIsLedToTheLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	page := b.get("/console/alerts?q=a+b", "Sec-Fetch-Mode", "navigate")
	require.Equal(t, http.StatusSeeOther, page.status)
	require.Equal(t, "/login?next=%2Fconsole%2Falerts%3Fq%3Da%2Bb", page.location)
	welcome := b.get(page.location)
	require.Equal(t, http.StatusOK, welcome.status)
	require.Contains(t, welcome.body, `href="/login/start?next=%2Fconsole%2Falerts%3Fq%3Da%2Bb"`)

	part := b.get("/console/alerts", "HX-Request", "true", "HX-Current-URL", w.app.URL+"/console/alerts?q=a")
	require.Equal(t, http.StatusUnauthorized, part.status)
	require.Equal(t, "/login?next=%2Fconsole%2Falerts%3Fq%3Da", part.header.Get("HX-Redirect"))
	elsewhere := b.get("/console", "HX-Request", "true", "HX-Current-URL", "https://evil.example//evil.example/x")
	require.Equal(t, "/login?next=%2Fconsole", elsewhere.header.Get("HX-Redirect"))

	form := b.send(http.MethodPost, w.app.URL+"/console", url.Values{}, "Sec-Fetch-Mode", "navigate", "Referer", w.app.URL+"/console/alerts/1")
	require.Equal(t, http.StatusUnauthorized, form.status)
	require.Contains(t, form.body, "Nothing was changed")
	require.Contains(t, form.body, `href="/login/start?next=%2Fconsole%2Falerts%2F1"`)
	require.Equal(t, http.StatusUnauthorized, b.get("/console", "Sec-Fetch-Mode", "cors").status)
	require.Equal(t, http.StatusUnauthorized, b.send(http.MethodPost, w.app.URL+"/console", url.Values{}).status)
	require.Equal(t, http.StatusUnauthorized, b.send(http.MethodDelete, w.app.URL+"/console", nil).status)
	b.plant(sessionCookie, "guessed")
	b.requireSees("")
}

func TestWhoIsLoggedInSeesNoLogin(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	b.enter("Kim")
	answer := b.get("/login?next=/console/cases")
	require.Equal(t, http.StatusSeeOther, answer.status)
	require.Equal(t, "/console/cases", answer.location)
}

func TestRolesAndTheDirectoryHoldAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.enter("Sam")
	w.restart(func(o *login.Options) { o.Roles = map[string][]string{"viewer": {"sam@example.com"}} })
	require.True(t, strings.HasSuffix(b.get("/console").body, " may read"))
	w.restart(func(o *login.Options) { o.Roles = map[string][]string{"responder": {"security"}} })
	require.True(t, strings.HasSuffix(b.get("/console").body, " may read respond"))

	w.restart(func(o *login.Options) { o.Roles = nil })
	refused := b.get("/console")
	require.Equal(t, http.StatusForbidden, refused.status)
	require.Contains(t, refused.body, "please ask your security team")
	require.Contains(t, refused.body, `action="/logout"`)

	w.restart(func(o *login.Options) { o.Roles = map[string][]string{"viewer": {"sam@example.com"}} })
	w.known["sam@example.com"] = 2
	require.Equal(t, http.StatusForbidden, b.get("/console").status)
}

func TestTheSessionsOfAnotherProviderAreOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.enter("Sam")
	w.restart(func(o *login.Options) { o.Issuer = "https://login.example.com" })
	b.requireSees("")
	w.restart(func(o *login.Options) { o.Issuer = "" })
	b.requireSees("")
}

func TestWithoutAProviderNobodyCanLogIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *login.Options) { o.Issuer, o.ClientID, o.PublicURL = "", "", "" })
	for _, path := range []string{"/login", "/login/start", "/login/callback?code=x&state=y"} {
		require.Contains(t, w.browser().get(path).body, "No identity provider is configured", path)
	}
}

func TestAProviderThatIsAwayStopsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.away.Store(true)
	b := w.browser()
	require.Equal(t, http.StatusOK, b.get("/login").status)
	answer := b.get("/login/start?next=/console/cases")
	require.Equal(t, http.StatusBadGateway, answer.status)
	require.Contains(t, answer.body, "does not answer")
	require.Contains(t, answer.body, `href="/login/start?next=%2Fconsole%2Fcases"`)

	w.away.Store(false)
	back := b.press(b.leave("/console"), "Sign in as Sam")
	w.away.Store(true)
	require.Equal(t, http.StatusBadGateway, b.send(http.MethodGet, back, nil).status)
	b.requireSees("")

	w.away.Store(false)
	b.enter("Sam")
	require.Contains(t, w.log.String(), "exchange code: status 503 Service Unavailable\"", "and nothing of what it said")
}

func TestARecordThatIsAwayIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.enter("Sam")
	w.shelf.broken.Store(true)
	for _, path := range []string{"/console", "/login/start"} {
		answer := b.get(path)
		require.Equal(t, http.StatusServiceUnavailable, answer.status, path)
		require.Contains(t, answer.body, "Nothing is lost")
		require.NotContains(t, answer.body, "db-7")
	}
	out := b.send(http.MethodPost, w.app.URL+"/logout", url.Values{}, "Origin", w.app.URL)
	require.Equal(t, http.StatusServiceUnavailable, out.status)
	w.shelf.broken.Store(false)
	b.requireSees("sam@example.com")

	w.restart(func(o *login.Options) {
		o.Directory = func(context.Context, string) ([]alert.Person, error) { return nil, errDisk }
	})
	require.Equal(t, http.StatusServiceUnavailable, b.get("/console").status)
}

func TestCallerTellsWhyItIsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made, err := login.New(w.options)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.app.URL, nil)
	require.NoError(t, err)
	_, err = made.Caller(request)
	require.ErrorIs(t, err, login.ErrNobody)

	b := w.browser()
	b.enter("Sam")
	request.AddCookie(&http.Cookie{Name: sessionCookie, Value: b.cookie(sessionCookie)})
	caller, err := made.Caller(request)
	require.NoError(t, err)
	require.True(t, caller.Session)
	require.Empty(t, caller.TokenID)
	w.known["sam@example.com"] = 0
	_, err = made.Caller(request)
	require.ErrorIs(t, err, login.ErrUnknown)
	w.shelf.broken.Store(true)
	_, err = made.Caller(request)
	require.ErrorIs(t, err, errDisk)
	require.NotErrorIs(t, err, login.ErrNobody)
}

func TestOptionsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*login.Options){
		"no sessions":            func(o *login.Options) { o.Sessions = nil },
		"no directory":           func(o *login.Options) { o.Directory = nil },
		"no client":              func(o *login.Options) { o.ClientID = "" },
		"no public address":      func(o *login.Options) { o.PublicURL = "" },
		"an issuer that is none": func(o *login.Options) { o.Issuer = "login.example.com" },
		"another scheme":         func(o *login.Options) { o.PublicURL = "ftp://bot.example.com" },
		"a role that is none":    func(o *login.Options) { o.Roles = map[string][]string{"owner": {"sam@example.com"}} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := newWorld(t).options
			spoil(&options)
			_, err := login.New(options)
			require.ErrorContains(t, err, "login: ")
		})
	}
}
