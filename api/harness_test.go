package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"securitybot/api"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	falcoToken = "falco-token-planted"
	oktaToken  = "okta-token-planted"
)

// begin is when the tests take place.
var begin = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// clock is moved by the tests alone.
type clock struct{ now atomic.Pointer[time.Time] }

func newClock() *clock {
	c := &clock{}
	c.now.Store(&begin)
	return c
}

func (c *clock) time() time.Time { return *c.now.Load() }

func (c *clock) forward(by time.Duration) {
	later := c.time().Add(by)
	c.now.Store(&later)
}

// desk is an API over a real record.
type desk struct {
	t      *testing.T
	clock  *clock
	store  *store.Store
	record *fragile
	kicks  atomic.Int32
	log    *lockedLog
	server *api.Server
}

// fragile is a record that can break.
type fragile struct {
	api.Record
	broken   atomic.Bool
	searches atomic.Int32 // that still succeed; all of them below zero
}

var errDisk = errors.New("disk of db-7.internal is gone")

func (f *fragile) AcceptAll(ctx context.Context, source string, reports []store.Report, perHour int) ([]store.Accepted, error) {
	if f.broken.Load() {
		return nil, errDisk
	}
	return f.Record.AcceptAll(ctx, source, reports, perHour)
}

func (f *fragile) Search(ctx context.Context, search store.Search) ([]store.Found, error) {
	if f.searches.Load() >= 0 && f.searches.Add(-1) < 0 {
		f.searches.Store(0)
		return nil, errDisk
	}
	return f.Record.Search(ctx, search)
}

func (f *fragile) Story(ctx context.Context, id string) (store.Story, error) {
	if f.broken.Load() {
		return store.Story{}, errDisk
	}
	return f.Record.Story(ctx, id)
}

func (f *fragile) Ping(ctx context.Context) error {
	if f.broken.Load() {
		return errDisk
	}
	return f.Record.Ping(ctx)
}

func (f *fragile) Backlog(ctx context.Context) (int, time.Duration, error) {
	if f.broken.Load() {
		return 0, 0, errDisk
	}
	return f.Record.Backlog(ctx)
}

type lockedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func newDesk(t *testing.T, change ...func(*api.Options)) *desk {
	t.Helper()
	path := filepath.Join(t.TempDir(), "record.db")
	require.NoError(t, sqlite.Migrate(t.Context(), path))
	backend, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	d := &desk{t: t, clock: newClock(), log: &lockedLog{}}
	d.store = store.New(backend, store.WithClock(d.clock.time))
	t.Cleanup(func() { require.NoError(t, d.store.Close()) })
	d.record = &fragile{Record: d.store}
	d.record.searches.Store(-1)
	options := api.Options{
		Record:  d.record,
		Sources: sources,
		Kick:    func() { d.kicks.Add(1) },
		Links: api.Links{Workflow: func(id string) string {
			return "http://temporal.example.com/alert-" + id
		}},
		Logger: slog.New(slog.NewTextHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:    d.clock.time,
	}
	for _, f := range change {
		f(&options)
	}
	d.server = api.New(options)
	return d
}

func sources(token string) (string, bool) {
	source, ok := map[string]string{falcoToken: "falco", oktaToken: "okta"}[token]
	return source, ok
}

// answer is what the API said.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

func (a answer) into(value any) {
	a.t.Helper()
	require.NoError(a.t, json.Unmarshal([]byte(a.body), value), a.body)
}

// taken reads the answer to an alert.
func (a answer) taken(status int) api.Taken {
	a.t.Helper()
	require.Equal(a.t, status, a.status, a.body)
	var taken api.Taken
	a.into(&taken)
	return taken
}

type problem struct {
	Type   string
	Title  string
	Status int
	Detail string
	Errors []api.Fault
}

// problem reads a refusal, by the rules of RFC 9457.
func (a answer) problem(status int) problem {
	a.t.Helper()
	require.Equal(a.t, status, a.status, a.body)
	require.Equal(a.t, "application/problem+json", a.header.Get("Content-Type"))
	var told problem
	a.into(&told)
	require.Equal(a.t, status, told.Status)
	require.Equal(a.t, "about:blank", told.Type)
	require.Equal(a.t, http.StatusText(status), told.Title)
	require.NotEmpty(a.t, told.Detail)
	return told
}

func (d *desk) do(method, target, body string, header ...string) answer {
	d.t.Helper()
	request := httptest.NewRequestWithContext(d.t.Context(), method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	return d.serve(request)
}

// serve answers a request, and checks the answer against the description of the API.
func (d *desk) serve(request *http.Request) answer {
	d.t.Helper()
	recorder := httptest.NewRecorder()
	d.server.Handler().ServeHTTP(recorder, request)
	description(d.t).conforms(d.t, d.server.Routes(), request, recorder)
	return answer{t: d.t, status: recorder.Code, header: recorder.Header(), body: recorder.Body.String()}
}

// send posts an alert as falco.
func (d *desk) send(body string, header ...string) answer {
	d.t.Helper()
	header = append([]string{"Authorization", "Bearer " + falcoToken, "Content-Type", "application/json"}, header...)
	return d.do(http.MethodPost, "/v1/alerts", body, header...)
}

func (d *desk) get(target string) answer {
	d.t.Helper()
	return d.do(http.MethodGet, target, "", "Authorization", "Bearer "+oktaToken)
}

func (d *desk) page(target string) api.Page {
	d.t.Helper()
	answer := d.get(target)
	require.Equal(d.t, http.StatusOK, answer.status, answer.body)
	var page api.Page
	answer.into(&page)
	return page
}

// stored counts the alerts in the record.
func (d *desk) stored() int {
	d.t.Helper()
	records, err := d.store.List(d.t.Context(), store.Filter{})
	require.NoError(d.t, err)
	return len(records)
}

// body is a valid alert with some fields replaced; a nil value takes one away.
func body(t *testing.T, pairs ...any) string {
	t.Helper()
	fields := map[string]any{
		"detection": "sudo_interactive", "title": "Interactive root shell", "severity": "high",
		"subject": map[string]any{"email": "alice@example.com"},
	}
	for i := 0; i < len(pairs); i += 2 {
		name := pairs[i].(string)
		if pairs[i+1] == nil {
			delete(fields, name)
			continue
		}
		fields[name] = pairs[i+1]
	}
	encoded, err := json.Marshal(fields)
	require.NoError(t, err)
	return string(encoded)
}
