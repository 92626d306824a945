package e2e_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"securitybot/api"
	"securitybot/api/console"
)

// Every page of the console and every route of the API is there for whom its table
// names, and for nobody else; and no other site makes anybody's browser do anything.
func TestEveryPageAndRouteRefusesOthers(t *testing.T) {
	t.Parallel()
	b := running(t, policy(t, always))
	id := b.reports(alertAbout(bob))
	b.clicks(bob, b.questionOf(bob, id), "no")
	b.settles(id, "denied", "")
	b.caseOf(id)
	filled := strings.NewReplacer("{id}", id, "{email}", bob, "{revision}", b.inForce().Revision, "{$}", "")

	t.Run("the console", func(t *testing.T) { b.in(t).consoleRefuses(filled) })
	t.Run("the API", func(t *testing.T) { b.in(t).routesRefuse(filled) })
	require.Equal(t, &caseView{}, b.alert(id).Case, "nothing was done")
	require.Empty(t, b.questions(alice))
	require.False(t, b.isPaused())
}

// roles are who may do what in the sandbox. Alice has none, and is nobody.
var roles = map[string]api.Role{sam: api.Admin, kim: api.Responder, carol: api.Viewer}

func (b *bot) consoleRefuses(filled *strings.Replacer) {
	b.Helper()
	people := map[string]*visitor{}
	for email := range roles {
		people[email] = b.visitor()
		require.Equal(b, http.StatusSeeOther, people[email].signsIn(email), email)
	}
	nobody := b.visitor()
	require.Equal(b, http.StatusForbidden, nobody.signsIn(alice))
	for _, page := range console.Pages() {
		path := filled.Replace(page.Path)
		anonymous := map[string]int{http.MethodGet: http.StatusSeeOther, http.MethodPost: http.StatusUnauthorized}[page.Method]
		require.Equal(b, anonymous, nobody.asks(page.Method, path, fromUs), "%s %s", page.Method, path)
		for email, role := range roles {
			allowed := slices.Contains(role.Scopes(), page.Scope)
			if allowed && page.Method != http.MethodGet {
				continue
			}
			got := people[email].asks(page.Method, path, fromUs)
			if allowed {
				require.Equal(b, http.StatusOK, got, "%s for %s", path, email)
			} else {
				require.Equal(b, http.StatusForbidden, got, "%s %s for %s", page.Method, path, email)
			}
		}
		if page.Method == http.MethodPost {
			for name, header := range fromOthers {
				require.Equal(b, http.StatusForbidden, people[sam].asks(page.Method, path, header), "%s, %s", path, name)
			}
		}
	}
	for name, header := range fromOthers {
		require.Equal(b, http.StatusForbidden, people[sam].asks(http.MethodPost, "/logout", header), name)
	}
	require.Equal(b, http.StatusOK, people[sam].asks(http.MethodGet, "/console", nil), "and is still signed in")
}

// What browsers say of where a request comes from.
var (
	fromUs     = map[string]string{"Sec-Fetch-Site": "same-origin"}
	fromOthers = map[string]map[string]string{
		"another site":              {"Sec-Fetch-Site": "cross-site", "Origin": "https://planted.example.com"},
		"another port of this host": {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
		"an old browser":            {"Origin": "https://planted.example.com"},
		"a page without an origin":  {"Origin": "null"},
		"a program":                 nil,
	}
)

// routesRefuse tries tokens of every kind, and somebody's session.
func (b *bot) routesRefuse(filled *strings.Replacer) {
	b.Helper()
	tokens := map[string][]api.Scope{}
	for _, made := range []struct {
		whose string
		scope api.Scope
	}{{"--source=falco", api.ScopeIngest}, {"--person=" + carol, api.ScopeRead}, {"--person=" + kim, api.ScopeRespond}, {"--person=" + sam, api.ScopeAdmin}} {
		said := strings.Fields(b.runs("token", "create", made.whose, "--scope", string(made.scope), "--data", b.data))
		tokens[said[len(said)-1]] = []api.Scope{made.scope}
	}
	signedIn := b.visitor()
	require.Equal(b, http.StatusSeeOther, signedIn.signsIn(sam))
	for _, route := range new(api.Server).Routes() {
		path := filled.Replace(route.Path)
		for _, token := range []string{"", "nobody's"} {
			response, _ := b.rawRequest(route.Method, path, token, "{}")
			require.Equal(b, http.StatusUnauthorized, response.StatusCode, "%s %s with %q", route.Method, path, token)
			require.Equal(b, "application/problem+json", response.Header.Get("Content-Type"))
		}
		require.Equal(b, http.StatusUnauthorized, signedIn.asks(route.Method, path, fromUs), "%s %s with a session", route.Method, path)
		for _, token := range slices.Sorted(maps.Keys(tokens)) {
			if len(route.Scopes) == 0 || slices.ContainsFunc(route.Scopes, func(s api.Scope) bool { return slices.Contains(tokens[token], s) }) {
				continue
			}
			response, told := b.rawRequest(route.Method, path, token, "{}")
			require.Equal(b, http.StatusForbidden, response.StatusCode, "%s %s with %s: %s", route.Method, path, tokens[token], told)
		}
	}
}

// visitor is somebody's browser: it keeps cookies.
type visitor struct {
	*bot
	client *http.Client
}

func (b *bot) visitor() *visitor {
	b.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(b, err)
	return &visitor{bot: b, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// asks makes one request, and gives the status.
func (v *visitor) asks(method, path string, header map[string]string) int {
	v.Helper()
	response, _ := v.sends(method, v.url(path), header, nil)
	return response.StatusCode
}

func (v *visitor) sends(method, address string, header map[string]string, form url.Values) (*http.Response, string) {
	v.Helper()
	request, err := http.NewRequestWithContext(v.Context(), method, address, strings.NewReader(form.Encode()))
	require.NoError(v, err)
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := v.client.Do(request)
	require.NoError(v, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(v, err)
	return response, string(text)
}

// signsIn presses a name at the sandbox's identity provider, and gives the status of
// what they come back to.
func (v *visitor) signsIn(email string) int {
	v.Helper()
	started, _ := v.sends(http.MethodGet, v.url("/login/start?next=/console"), nil, nil)
	require.Equal(v, http.StatusSeeOther, started.StatusCode)
	choice, err := started.Location()
	require.NoError(v, err)
	asked, text := v.sends(http.MethodGet, choice.String(), nil, nil)
	require.Equal(v, http.StatusOK, asked.StatusCode, text)
	action, form := formOf(v.T, text)
	form.Set("person", v.slackID(email))
	target, err := choice.Parse(action)
	require.NoError(v, err)
	pressed, text := v.sends(http.MethodPost, target.String(), map[string]string{"Origin": v.url("")}, form)
	back, err := pressed.Location()
	require.NoError(v, err, text)
	came, _ := v.sends(http.MethodGet, back.String(), nil, nil)
	return came.StatusCode
}

// formOf is the form of a page, with what stands in it.
func formOf(t *testing.T, text string) (action string, form url.Values) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	require.NoError(t, err)
	form = url.Values{}
	for node := range root.Descendants() {
		attributes := map[string]string{}
		for _, each := range node.Attr {
			attributes[each.Key] = each.Val
		}
		switch node.Data {
		case "form":
			action = attributes["action"]
		case "input":
			form.Set(attributes["name"], attributes["value"])
		}
	}
	return action, form
}
