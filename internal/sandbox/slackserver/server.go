// Package slackserver is a stateful Slack workspace: the Web API, Socket Mode,
// signed HTTP callbacks, modals, rate limits, and people who click and write.
//
// It follows Slack's published rules closely enough that unmodified client
// libraries work against it. What people do (Click, Reply, Submit …) is called
// by the sandbox's control interface.
package slackserver

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"securitybot/internal/sandbox/disk"
	"securitybot/internal/sandbox/traffic"
)

// Options of a Server. All are required except CallbackURL, which may be empty
// when the app connects by Socket Mode.
type Options struct {
	Disk   *disk.Disk
	Desk   *traffic.Desk
	Clock  func() time.Time
	Logger *slog.Logger
	// PublicURL is the listener's address; the API is below PublicURL/sandbox/slack/.
	PublicURL   string
	CallbackURL string

	BotToken, AppToken, SigningSecret string
	// Scopes of the bot token; a method outside them answers missing_scope.
	Scopes []string

	AckTimeout   time.Duration   // 3 s at Slack
	EventRetries []time.Duration // at once, 1 min, 5 min at Slack
	SocketPing   time.Duration   // clients give up after 30 s without one

	// Changed is called, without locks held, after anything that people can see changed.
	Changed func()
}

// Server is the workspace. Everything a method changes is queued on the disk
// before its lock is released, so the disk holds the same order of events.
type Server struct {
	opt     Options
	client  *http.Client
	limits  *limiter
	sockets *sockets

	mu          sync.Mutex
	users       []*User
	channels    []*Channel
	messages    map[string][]*message // by channel, oldest first
	modals      map[string]*modalStack
	homes       map[string]*home // by user id
	triggers    map[string]*trigger
	hooks       map[string]*hook
	events      map[string]*pendingEvent
	deliveries  []*Delivery
	refused     map[string]int // posts to deactivated people
	last        *callback
	lastTS      int64
	deliverySeq int64

	run    context.Context //nolint:containedctx // its own lifetime, ended by Close
	cancel context.CancelFunc
	work   sync.WaitGroup
	wake   chan struct{}
}

type object = map[string]any

// New loads the workspace from the disk, or founds it.
func New(ctx context.Context, opt Options) (*Server, error) {
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &Server{
		opt: opt, limits: newLimiter(opt.Clock), wake: make(chan struct{}, 1), run: run, cancel: cancel,
		messages: map[string][]*message{}, modals: map[string]*modalStack{}, homes: map[string]*home{},
		triggers: map[string]*trigger{}, hooks: map[string]*hook{}, events: map[string]*pendingEvent{},
		refused: map[string]int{},
		client: &http.Client{
			Transport:     &http.Transport{Proxy: nil, DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	s.sockets = newSockets(s)
	if err := s.load(ctx); err != nil {
		cancel()
		return nil, fmt.Errorf("load slack workspace: %w", err)
	}
	return s, nil
}

// Start begins to redeliver events that the app has not acknowledged.
func (s *Server) Start() {
	s.work.Go(s.redeliver)
}

// Close ends Socket Mode connections and deliveries, and waits for them.
func (s *Server) Close() {
	s.cancel()
	s.sockets.closeAll()
	s.work.Wait()
	s.client.CloseIdleConnections()
}

// Handler serves everything under /sandbox/slack/.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/sandbox/slack/api/{method}", s.serveAPI)
	mux.HandleFunc("POST /sandbox/slack/response/{token}", s.serveResponseURL)
	mux.HandleFunc("GET /sandbox/slack/link", s.sockets.serve)
	return mux
}

// APIURL is the base of the Web API, with a slash at its end.
func (s *Server) APIURL() string { return s.opt.PublicURL + "/sandbox/slack/api/" }

// SocketMode tells whether an app is connected.
func (s *Server) SocketMode() bool { return s.sockets.count() > 0 }

// flush makes durable what a person did before anybody is told of it.
func (s *Server) flush(ctx context.Context) error {
	if err := s.opt.Disk.Flush(ctx); err != nil {
		return fmt.Errorf("store slack change: %w", err)
	}
	return nil
}

// newID returns an identifier as Slack makes them: a capital and ten more.
func newID(prefix string) string {
	return prefix + strings.ToUpper(rand.Text()[:10])
}

func newSecret() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// nextTS returns the identity of a new message: the time in seconds with six
// decimals, strictly later than any before. The caller holds mu.
func (s *Server) nextTS() string {
	s.lastTS = max(s.opt.Clock().UnixMicro(), s.lastTS+1)
	return formatTS(s.lastTS)
}

func formatTS(micros int64) string {
	return fmt.Sprintf("%d.%06d", micros/1e6, micros%1e6)
}
