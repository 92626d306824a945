// Package duoserver is a Duo Auth API with people whose phones can be answered
// by a test or from a page. It speaks HTTPS/1.1 with a certificate of its own
// authority, checks signatures, and long-polls as the service does.
package duoserver

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"securitybot/internal/sandbox/disk"
	"securitybot/internal/sandbox/traffic"
)

// Options of a Server. All are required except Hosts.
type Options struct {
	Disk   *disk.Disk
	Desk   *traffic.Desk
	Clock  func() time.Time
	Logger *slog.Logger

	DataDir    string // holds the authority: duo-ca.pem and its key
	Listen     string // host:port; port 0 picks one
	Name       string // the host name that clients use, if not the one of Listen
	Hosts      []string
	IKey, SKey string

	PushTTL  time.Duration // 60 s at Duo
	LongPoll time.Duration // how long auth_status waits for a change
	// Guard wraps the listener's handler; it refuses foreign hosts and origins.
	Guard func(http.Handler) http.Handler
	// Changed is called, without locks held, after a push or a person changed.
	Changed func()
}

// Server is the account of one organisation at Duo.
type Server struct {
	opt Options

	mu      sync.Mutex
	people  []*Person
	pushes  []*Push // oldest first
	polled  map[string]bool
	changed chan struct{} // closed and replaced at each change of a push

	listener net.Listener
	http     *http.Server
	run      context.Context //nolint:containedctx // its own lifetime, ended by Close
	cancel   context.CancelFunc
	work     sync.WaitGroup
}

// New loads people and pushes from the disk, or enrols the people at first.
func New(ctx context.Context, opt Options) (*Server, error) {
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &Server{
		opt: opt, polled: map[string]bool{}, changed: make(chan struct{}), run: run, cancel: cancel,
	}
	if err := s.load(ctx); err != nil {
		cancel()
		return nil, fmt.Errorf("load duo account: %w", err)
	}
	return s, nil
}

// Start opens the TLS listener; the authority's file exists when it returns.
func (s *Server) Start(ctx context.Context) error {
	config, err := s.tlsConfig()
	if err != nil {
		return err
	}
	listen := net.ListenConfig{}
	s.listener, err = listen.Listen(ctx, "tcp", s.opt.Listen)
	if err != nil {
		return fmt.Errorf("listen for duo: %w", err)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	s.http = &http.Server{
		Handler: s.opt.Guard(s), TLSConfig: config, Protocols: protocols, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(s.opt.Logger.Handler(), slog.LevelDebug),
	}
	s.work.Go(func() {
		if err := s.http.ServeTLS(s.listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
			s.opt.Logger.Error("sandbox duo listener ended", "error", err)
		}
	})
	s.work.Go(s.expire)
	return nil
}

// Close ends long polls, the listener and the goroutines.
func (s *Server) Close(ctx context.Context) error {
	s.cancel()
	var err error
	if s.http != nil {
		if err = s.http.Shutdown(ctx); err != nil {
			err = errors.Join(fmt.Errorf("stop duo listener: %w", err), s.http.Close())
		}
	}
	s.work.Wait()
	return err
}

// Host is what clients are configured with: host:port, known after Start.
func (s *Server) Host() string {
	if s.listener == nil {
		return ""
	}
	addr := s.listener.Addr().String()
	if s.opt.Name == "" {
		return addr
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return net.JoinHostPort(s.opt.Name, port)
}

const maxBody = 1 << 20

// ServeHTTP answers one API call. The body is read to its end whatever its
// declared length: client libraries send it chunked.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "body too large", http.StatusRequestEntityTooLarge)
		return
	}
	params, err := paramsOf(r, body)
	if err != nil {
		http.Error(w, "bad parameters", http.StatusBadRequest)
		return
	}
	args := map[string]string{}
	for k := range params {
		args[k] = params.Get(k)
	}
	name := path.Base(r.URL.Path)
	s.opt.Desk.Serve(w, r, traffic.Call{
		Service: "duo", Method: name, Args: args, Dialect: dialect{},
		Effect: func() traffic.Answer { return s.answer(r, name, params) },
	})
}

func paramsOf(r *http.Request, body []byte) (url.Values, error) {
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		return url.ParseQuery(string(body))
	}
	return url.ParseQuery(r.URL.RawQuery)
}

func (s *Server) answer(r *http.Request, name string, p url.Values) traffic.Answer {
	e, known := endpoints()[r.URL.Path]
	switch {
	case !known:
		return fail(40401, "Resource not found", "")
	case r.Method != e.method:
		return fail(40501, "Method not allowed", "")
	}
	if !e.open {
		if refused := s.verify(r, p); refused != nil {
			return *refused
		}
	}
	if e.method == http.MethodPost && len(p) == 0 {
		s.opt.Desk.Violate("empty POST to duo", name)
	}
	for _, param := range []string{"ipaddr", "trusted_device_token"} {
		if p.Has(param) {
			s.opt.Desk.Violate(param+" sent to duo", name)
		}
	}
	return e.run(s, r.Context(), p)
}

type endpoint struct {
	method string
	open   bool // unsigned
	run    func(*Server, context.Context, url.Values) traffic.Answer
}

func endpoints() map[string]endpoint {
	return map[string]endpoint{
		"/auth/v2/ping":        {http.MethodGet, true, (*Server).ping},
		"/auth/v2/check":       {http.MethodGet, false, (*Server).ping},
		"/auth/v2/preauth":     {http.MethodPost, false, (*Server).preauth},
		"/auth/v2/auth":        {http.MethodPost, false, (*Server).auth},
		"/auth/v2/auth_status": {http.MethodGet, false, (*Server).authStatus},
	}
}

func (s *Server) ping(context.Context, url.Values) traffic.Answer {
	return ok(map[string]any{"time": s.opt.Clock().Unix()})
}

func ok(response any) traffic.Answer {
	return reply(http.StatusOK, map[string]any{"stat": "OK", "response": response}, "")
}

// fail is an error answer; the first three digits of the code are the HTTP status.
func fail(code int, message, detail string) traffic.Answer {
	body := map[string]any{"stat": "FAIL", "code": code, "message": message}
	if detail != "" {
		body["message_detail"] = detail
	}
	return reply(code/100, body, fmt.Sprint(code))
}

func reply(status int, body any, code string) traffic.Answer {
	data, err := json.Marshal(body)
	if err != nil {
		return dialect{}.Failed("")
	}
	return traffic.Answer{
		Status: status, Body: data, Error: code, Header: http.Header{"Content-Type": {"application/json"}},
	}
}

// dialect words Duo's faults.
type dialect struct{}

func (dialect) RateLimited(retryAfter int) traffic.Answer {
	a := fail(42901, "Too Many Requests", "")
	if retryAfter >= 0 {
		a.Header.Set("Retry-After", fmt.Sprint(retryAfter))
	}
	return a
}

func (dialect) Failed(code string) traffic.Answer {
	var n int
	if _, err := fmt.Sscan(code, &n); err == nil && n >= 40000 && n < 60000 {
		return fail(n, "Ordered failure", "")
	}
	return traffic.Answer{
		Status: http.StatusInternalServerError, Error: "http_500",
		Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte("<html><body>Internal error</body></html>"),
	}
}

func newID(prefix string) string { return prefix + strings.ToUpper(rand.Text()[:18]) }
