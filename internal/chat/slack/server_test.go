package slack

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	botToken = "xoxb-planted-bot-token"
	appToken = "xapp-planted-app-token"
)

// answer is one reply of the stand-in for Slack.
type answer struct {
	status int // 0 is 200
	header map[string]string
	body   string
	hang   bool            // answer nothing until the caller gives up
	wait   <-chan struct{} // answer only then
	reset  bool            // read the request, then drop the connection
}

// received is one call that the stand-in saw.
type received struct {
	method string
	form   url.Values
	body   string
	bearer string
}

// server stands in for Slack's Web API: each method has a queue of answers, the
// last of which stays.
type server struct {
	t       *testing.T
	http    *httptest.Server
	mu      sync.Mutex
	answers map[string][]answer
	calls   []received
	seen    chan struct{}
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, answers: map[string][]answer{}, seen: make(chan struct{}, 100)}
	s.http = httptest.NewServer(s)
	t.Cleanup(s.http.Close)
	s.on("auth.test", answer{body: `{"ok":true,"team_id":"T1","user_id":"UBOT","bot_id":"BBOT"}`})
	return s
}

func (s *server) on(method string, answers ...answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[method] = answers
}

func (s *server) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return
	}
	form, _ := url.ParseQuery(string(body))
	call := received{
		method: strings.TrimPrefix(request.URL.Path, "/api/"), form: form,
		body: string(body), bearer: request.Header.Get("Authorization"),
	}
	reply := s.next(call)
	switch {
	case reply.hang:
		<-request.Context().Done()
		return
	case reply.reset:
		reset(w)
		return
	}
	if reply.wait != nil {
		<-reply.wait
	}
	for name, value := range reply.header {
		w.Header().Set(name, value)
	}
	if reply.status != 0 {
		w.WriteHeader(reply.status)
	}
	_, _ = io.WriteString(w, reply.body)
}

func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}

func (s *server) next(call received) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
	select {
	case s.seen <- struct{}{}:
	default:
	}
	queue := s.answers[call.method]
	if len(queue) == 0 {
		return answer{body: `{"ok":false,"error":"unknown_method"}`}
	}
	if len(queue) > 1 {
		s.answers[call.method] = queue[1:]
	}
	return queue[0]
}

// got lists the calls of one method.
func (s *server) got(method string) []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	var calls []received
	for _, call := range s.calls {
		if call.method == method {
			calls = append(calls, call)
		}
	}
	return calls
}

// await gives the first call of a method, which may be still to come.
func (s *server) await(method string) received {
	s.t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		if calls := s.got(method); len(calls) > 0 {
			return calls[0]
		}
		select {
		case <-s.seen:
		case <-deadline:
			require.FailNow(s.t, "call never came", method)
		}
	}
}

// transcript is a log that tests can read while it is written.
type transcript struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (l *transcript) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(p)
}

func (l *transcript) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.String()
}

// speaker is a client at the stand-in, and what it logs.
func speaker(t *testing.T, s *server) (*Slack, *transcript) {
	t.Helper()
	log := &transcript{}
	client, err := New(Options{
		APIURL: s.http.URL + "/api", BotToken: botToken, AppToken: appToken,
		Logger: slog.New(slog.NewTextHandler(log, nil)),
		Now:    func() time.Time { return time.Unix(1_800_000_000, 0) },
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client, log
}
