package console_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/net/html"

	"securitybot/api"
	"securitybot/api/console"
	"securitybot/internal/alert"
	"securitybot/internal/evidence"
	"securitybot/internal/policy"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const falcoToken = "falco-token-planted"

// begin is when the tests take place.
var begin = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

var (
	alice = alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: "UALICE"}, Email: "alice@example.com", Name: "Alice Adams", Username: "alice"}
	kim   = alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: "UKIM"}, Email: "kim@example.com", Name: "Kim Kent"}
	sam   = alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: "USAM"}, Email: "sam@example.com", Name: "Sam Smith"}
	vera  = alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: "UVERA"}, Email: "vera@example.com", Name: "Vera Voss"}
)

// room is a console over the real API and a real record.
type room struct {
	t       *testing.T
	now     atomic.Pointer[time.Time]
	store   *store.Store
	api     http.Handler
	console http.Handler
}

// blank is a record that nothing is in yet. It is made once: that takes a while.
var blank = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "console")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "record.db")
	if err := sqlite.Migrate(context.Background(), path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func newRoom(t *testing.T) *room {
	t.Helper()
	path := filepath.Join(t.TempDir(), "record.db")
	empty, err := blank()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, empty, 0o600))
	backend, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	r := &room{t: t}
	r.now.Store(&begin)
	r.store = store.New(backend, store.WithClock(r.time))
	t.Cleanup(func() { require.NoError(t, r.store.Close()) })
	require.NoError(t, r.store.PutPeople(t.Context(), []alert.Person{alice, kim, sam, vera}))
	r.api = api.New(api.Options{
		Record:      r.store,
		Sources:     func(token string) (string, bool) { return "falco", token == falcoToken },
		Team:        func(context.Context) (string, error) { return "T1", nil },
		Links:       api.Links{Workflow: func(id string) string { return "http://temporal.example.com/alert-" + id }},
		Policy:      inHouse{r.store},
		Finder:      inHouse{r.store},
		Render:      rendered,
		EvidenceKey: key(t),
		Now:         r.time,
	}).Handler()
	r.console, err = console.New(console.Options{API: r.api, Require: known, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	require.NoError(t, err)
	return r
}

// key is one that evidence is signed with.
func key(t *testing.T) *evidence.Key {
	t.Helper()
	secret, _, err := evidence.GenerateKey("securitybot-test")
	require.NoError(t, err)
	made, err := evidence.ReadKey(secret)
	require.NoError(t, err)
	return &made
}

func (r *room) time() time.Time { return *r.now.Load() }

func (r *room) forward(by time.Duration) {
	later := r.time().Add(by)
	r.now.Store(&later)
}

type callerKey struct{}

// known stands for the login: whom a test names is who is logged in.
func known(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if caller, ok := r.Context().Value(callerKey{}).(api.Caller); ok {
			r = r.WithContext(api.WithCaller(r.Context(), caller))
		}
		next.ServeHTTP(w, r)
	})
}

// visitor is somebody with a browser.
type visitor struct {
	*room
	caller  *api.Caller // nil: nobody
	cookies map[string]string
}

func (r *room) as(person alert.Person, role api.Role) *visitor {
	return &visitor{room: r, cookies: map[string]string{}, caller: &api.Caller{
		Email: person.Email, Name: person.Name, Person: person.PersonKey, Scopes: role.Scopes(), Session: true,
	}}
}

func (r *room) nobody() *visitor { return &visitor{room: r, cookies: map[string]string{}} }

// shown is what a browser got.
type shown struct {
	t      *testing.T
	status int
	header http.Header
	body   string
	page   *html.Node
}

func (v *visitor) send(request *http.Request) shown {
	v.t.Helper()
	if v.caller != nil {
		request = request.WithContext(context.WithValue(request.Context(), callerKey{}, *v.caller))
	}
	for name, value := range v.cookies {
		request.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	recorder := httptest.NewRecorder()
	v.console.ServeHTTP(recorder, request)
	for _, cookie := range recorder.Result().Cookies() {
		if v.cookies[cookie.Name] = cookie.Value; cookie.MaxAge < 0 {
			delete(v.cookies, cookie.Name)
		}
	}
	page, err := html.Parse(strings.NewReader(recorder.Body.String()))
	require.NoError(v.t, err)
	return shown{t: v.t, status: recorder.Code, header: recorder.Header(), body: recorder.Body.String(), page: page}
}

func (v *visitor) get(path string, header ...string) shown {
	v.t.Helper()
	request := httptest.NewRequestWithContext(v.t.Context(), http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	return v.send(request)
}

// sees gets a page that is there.
func (v *visitor) sees(path string) shown {
	v.t.Helper()
	page := v.get(path)
	require.Equal(v.t, http.StatusOK, page.status, page.text())
	return page
}

// post sends a form of ours. Fields are names and values in turn.
func (v *visitor) post(path string, fields ...string) shown {
	v.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	request := newPost(v.t, path, form.Encode())
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	return v.send(request)
}

// does sends a form that does something, and sees the page that says so.
func (v *visitor) does(path string, fields ...string) shown {
	v.t.Helper()
	answered := v.post(path, fields...)
	require.Equal(v.t, http.StatusSeeOther, answered.status, answered.text())
	return v.sees(answered.header.Get("Location"))
}

// text is what can be read of a page, with single spaces.
func (s shown) text() string {
	var words []string
	s.each(func(node *html.Node) {
		if node.Type == html.TextNode {
			words = append(words, strings.Fields(node.Data)...)
		}
	})
	return strings.Join(words, " ")
}

func (s shown) each(f func(*html.Node)) {
	for node := range s.page.Descendants() {
		f(node)
	}
}

// elements are those of a name.
func (s shown) elements(name string) []*html.Node {
	var list []*html.Node
	s.each(func(node *html.Node) {
		if node.Type == html.ElementNode && node.Data == name {
			list = append(list, node)
		}
	})
	return list
}

func attribute(node *html.Node, name string) string {
	for _, each := range node.Attr {
		if each.Key == name {
			return each.Val
		}
	}
	return ""
}

// links are the addresses that a page leads to.
func (s shown) links() []string {
	var list []string
	for _, node := range s.elements("a") {
		list = append(list, attribute(node, "href"))
	}
	return list
}

// forms are where a page's forms are sent to.
func (s shown) forms() []string {
	var list []string
	for _, node := range s.elements("form") {
		list = append(list, attribute(node, "action"))
	}
	return list
}

// value is what stands in a field.
func (s shown) value(name string) string {
	for _, kind := range []string{"input", "textarea", "select"} {
		for _, node := range s.elements(kind) {
			if attribute(node, "name") != name {
				continue
			}
			if kind == "textarea" && node.FirstChild != nil {
				return node.FirstChild.Data
			}
			return attribute(node, "value")
		}
	}
	return ""
}

// reported is an alert about Alice with some fields replaced, as falco reports it.
func (r *room) reported(pairs ...any) string {
	r.t.Helper()
	fields := map[string]any{
		"detection": "sudo_interactive", "title": "Interactive root shell", "severity": "high",
		"subject": map[string]any{"email": alice.Email}, "context": map[string]any{"host": "web-1"},
	}
	for i := 0; i < len(pairs); i += 2 {
		fields[pairs[i].(string)] = pairs[i+1]
	}
	encoded, err := json.Marshal(fields)
	require.NoError(r.t, err)
	request := httptest.NewRequestWithContext(r.t.Context(), http.MethodPost, "/v1/alerts", strings.NewReader(string(encoded)))
	request.Header.Set("Authorization", "Bearer "+falcoToken)
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	r.api.ServeHTTP(recorder, request)
	require.Equal(r.t, http.StatusAccepted, recorder.Code, recorder.Body.String())
	var taken api.Taken
	require.NoError(r.t, json.Unmarshal(recorder.Body.Bytes(), &taken))
	return taken.ID
}

// fixed plans one thing for everything.
type fixed alert.Plan

func (f fixed) Plan(alert.Alert, alert.Person, []string, time.Time) alert.Plan { return alert.Plan(f) }

// inHouse knows what is planned, and everybody of the record.
type inHouse struct{ store *store.Store }

func (inHouse) Current(context.Context) (*policy.Policy, error) { return policy.Defaults(), nil }

func (inHouse) EscalateTo(context.Context, alert.PersonKey) ([]alert.Step, error) { return nil, nil }

func (h inHouse) Known(ctx context.Context, subject alert.Subject) (store.Identified, bool, error) {
	people, err := h.store.PeopleByEmail(ctx, "T1", subject.Email)
	if err != nil || len(people) != 1 {
		return store.Identified{}, false, err
	}
	return store.Identified{Person: people[0]}, true, nil
}

func (h inHouse) GroupsOf(ctx context.Context, person alert.PersonKey) ([]string, error) {
	return h.store.GroupsOf(ctx, person)
}

// rendered is a question with all that an alert says in it.
func rendered(story store.Story) (string, json.RawMessage, error) {
	text := "Was it you? " + story.Record.Title
	blocks, err := json.Marshal([]any{
		map[string]any{"type": "header", "text": map[string]any{"type": "plain_text", "text": text}},
		map[string]any{"type": "section", "text": map[string]any{"type": "mrkdwn", "text": story.Record.Description}},
		map[string]any{"type": "actions", "elements": []any{
			map[string]any{"type": "button", "style": "primary", "text": map[string]any{"type": "plain_text", "text": "Yes, it was me"}},
		}},
	})
	return text, blocks, err
}

func newPost(t *testing.T, path, form string) *http.Request {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(form))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return request
}
