// Package api is the HTTP side: alerts in, alerts out, health and metrics, and
// the handlers that others bring. Everything it refuses is told as RFC 9457
// problem details that name the field.
package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"securitybot/internal/alert"
	"securitybot/internal/evidence"
	"securitybot/internal/store"
)

// Record is what the API needs of the store.
type Record interface {
	Story(ctx context.Context, id string) (store.Story, error)
	Backlog(ctx context.Context) (int, time.Duration, error)
	Ping(ctx context.Context) error
	Intake
	Reading
	TokenKeeping
	Administration
	Responding
	Directory
	Evidence
}

// Administration is what admins see and do.
type Administration interface {
	Rollup(ctx context.Context, from, to time.Time) (store.Rollup, error)
	Cases(ctx context.Context, after store.CaseCursor, limit int, except *alert.Person) (store.CasePage, error)
	Reviews(ctx context.Context, before store.Cursor, limit int, except *alert.Person) ([]store.Found, error)
	Suppressions(ctx context.Context, since time.Time, limit int) ([]store.Suppression, error)
	Except(ctx context.Context, exception store.Suppression, admin alert.PersonKey, adminName, personName string) (store.Suppression, error)
	Revoke(ctx context.Context, id string, responder alert.PersonKey, by, reason string) (store.Suppression, error)
	OptOuts(ctx context.Context) ([]store.OptOut, error)
	OptOut(ctx context.Context, optOut store.OptOut, name string) (store.Refusal, error)
	OptIn(ctx context.Context, person alert.PersonKey, name, by string) (store.Refusal, error)
	Paused(ctx context.Context) (bool, error)
	Pause(ctx context.Context, by, reason string) (store.Refusal, error)
	Resume(ctx context.Context, by string) (store.Refusal, error)
	Policy(ctx context.Context) (store.PolicyText, bool, error)
	Policies(ctx context.Context, limit int) ([]store.PolicyText, error)
}

// Mount is a handler for everything at and below Path, with any method. It
// sees the whole path, and it does its own authentication.
type Mount struct {
	Path    string
	Handler http.Handler
}

// Links says where people find an alert and its workflow. A nil function gives
// a path of the API, or nothing.
type Links struct {
	Alert    func(id string) string
	Workflow func(id string) string
	Console  func(id string) string
	Chat     func(channel, ts string) string // a message in the chat system
}

// Options of a Server. Record and Sources are required.
type Options struct {
	Record  Record
	Sources func(token string) (source string, ok bool) // in constant time
	// Admins tells whose token it is, by email and in constant time; nil: nobody's.
	Admins func(token string) (email string, ok bool)
	// Team is the chat system's team that the record's people are of; admins need it.
	Team   func(ctx context.Context) (string, error)
	Mounts []Mount
	// Policy, Finder and Render are what previews and explanations need: the question of
	// a story as the chat system shows it.
	Policy Policies
	Finder Finder
	Render func(story store.Story) (text string, blocks json.RawMessage, err error)
	// LostPhoneTitle is what the case of a lost phone is called.
	LostPhoneTitle string
	// EvidenceKey signs bundles; nil: there are none.
	EvidenceKey *evidence.Key
	// Kick is called after an alert was stored, so that it is started at once.
	Kick func()
	// Degraded names what does not work at the moment although alerts are taken.
	Degraded func(ctx context.Context) []string
	Links    Links
	// Registerer gets the API's collectors. Without it the server has a registry of
	// its own and serves that at /metrics.
	Registerer prometheus.Registerer
	// Hosts tells whether a request's Host, without its port, is served; nil: any.
	Hosts  func(host string) bool
	Logger *slog.Logger     // default: discards
	Now    func() time.Time // default: time.Now
}

// Server answers HTTP requests.
type Server struct {
	opt      Options
	log      *slog.Logger
	handler  http.Handler
	counts   *counts
	metrics  http.Handler  // at /metrics; nil when they are somebody else's to serve
	stopping chan struct{} // closed when Serve begins to stop
}

// quiet keeps gin from printing its routes. The mode is a global of gin's.
var quiet = sync.OnceFunc(func() { gin.SetMode(gin.ReleaseMode) })

// New makes a server. It panics when two mounts have the same path.
func New(options Options) *Server {
	s := &Server{opt: options.withDefaults(), stopping: make(chan struct{})}
	s.log = s.opt.Logger
	if s.opt.Registerer == nil {
		s.opt.Registerer, s.metrics = ownRegistry()
	}
	s.counts = newCounts(s.opt.Registerer, s.opt.Record)
	s.handler = s.front(s.routes())
	return s
}

func (o Options) withDefaults() Options {
	if o.Admins == nil {
		o.Admins = func(string) (string, bool) { return "", false }
	}
	if o.Team == nil {
		o.Team = func(context.Context) (string, error) { return "", errors.New("no directory") }
	}
	if o.Policy == nil {
		o.Policy = unwired{}
	}
	if o.Finder == nil {
		o.Finder = unwired{}
	}
	if o.Render == nil {
		o.Render = unwired{}.Render
	}
	if o.Kick == nil {
		o.Kick = func() {}
	}
	if o.Degraded == nil {
		o.Degraded = func(context.Context) []string { return nil }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Handler answers everything that the server does.
func (s *Server) Handler() http.Handler { return s.handler }

func (s *Server) routes() http.Handler {
	quiet()
	engine := gin.New()
	_ = engine.SetTrustedProxies(nil) // nil is always taken
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	engine.Use(s.observe, s.recoverPanic)
	engine.NoRoute(s.handle(func(*gin.Context) error { return problemOf(http.StatusNotFound, "no such resource") }))
	engine.NoMethod(s.handle(func(*gin.Context) error {
		return problemOf(http.StatusMethodNotAllowed, "the resource has no such method")
	}))
	engine.GET("/healthz", s.handle(s.healthy))
	engine.GET("/readyz", s.handle(s.ready))
	if s.metrics != nil {
		engine.GET("/metrics", gin.WrapH(s.metrics))
	}
	s.route(engine)
	for _, mount := range s.opt.Mounts {
		engine.Any(mount.Path, gin.WrapH(mount.Handler))
		if mount.Path != "/" {
			engine.Any(mount.Path+"/*below", gin.WrapH(mount.Handler))
		}
	}
	return engine
}

// linksOf are an alert's links.
func (l Links) linksOf(id string) LinksView {
	links := LinksView{Self: "/v1/alerts/" + id}
	if l.Alert != nil {
		links.Self = l.Alert(id)
	}
	if l.Workflow != nil {
		links.Temporal = l.Workflow(id)
	}
	if l.Console != nil {
		links.Console = l.Console(id)
	}
	return links
}
