// Package api is the HTTP side: alerts in, alerts out, health and metrics, and
// the handlers that others bring. Everything it refuses is told as RFC 9457
// problem details that name the field.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// Record is what the API needs of the store.
type Record interface {
	Accept(ctx context.Context, reported alert.Alert) (store.Accepted, error)
	Story(ctx context.Context, id string) (store.Story, error)
	List(ctx context.Context, filter store.Filter) ([]store.Record, error)
	Backlog(ctx context.Context) (int, time.Duration, error)
	Ping(ctx context.Context) error
	Administration
}

// Administration is what admins see and do.
type Administration interface {
	Rollup(ctx context.Context, from, to time.Time) (store.Rollup, error)
	OpenCases(ctx context.Context, before time.Time, limit int) ([]store.OpenCase, error)
	Suppressions(ctx context.Context, since time.Time, limit int) ([]store.Suppression, error)
	Except(ctx context.Context, exception store.Suppression, admin alert.PersonKey, adminName, personName string) (store.Suppression, error)
	Revoke(ctx context.Context, id, by, reason string) (store.Suppression, error)
	OptOuts(ctx context.Context) ([]store.OptOut, error)
	OptOut(ctx context.Context, optOut store.OptOut, name string) (store.Refusal, error)
	OptIn(ctx context.Context, person alert.PersonKey, name string) (store.Refusal, error)
	Paused(ctx context.Context) (bool, error)
	Pause(ctx context.Context, by, reason string) (store.Refusal, error)
	Resume(ctx context.Context, by string) (store.Refusal, error)
	Policy(ctx context.Context) (store.PolicyText, bool, error)
	Policies(ctx context.Context, limit int) ([]store.PolicyText, error)
	Person(ctx context.Context, key alert.PersonKey) (alert.Person, bool, error)
	PeopleByEmail(ctx context.Context, team, email string) ([]alert.Person, error)
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
	v1 := engine.Group("/v1", s.handle(s.authenticate))
	v1.POST("/alerts", s.handle(s.onlySources), s.handle(s.takeAlert))
	v1.GET("/alerts", s.handle(s.listAlerts))
	v1.GET("/alerts/:id", s.handle(s.showAlert))
	s.administer(v1.Group("", s.handle(s.onlyAdmins)))
	for _, mount := range s.opt.Mounts {
		engine.Any(mount.Path, gin.WrapH(mount.Handler))
		if mount.Path != "/" {
			engine.Any(mount.Path+"/*below", gin.WrapH(mount.Handler))
		}
	}
	return engine
}

// administer routes what only admins may see or do.
func (s *Server) administer(admins *gin.RouterGroup) {
	admins.GET("/cases", s.handle(s.listCases))
	admins.GET("/rollups", s.handle(s.sumUp))
	admins.GET("/suppressions", s.handle(s.listSuppressions))
	admins.DELETE("/suppressions/:id", s.handle(s.revoke))
	admins.POST("/exceptions", s.handle(s.except))
	admins.GET("/opt-outs", s.handle(s.listOptOuts))
	admins.POST("/opt-outs", s.handle(s.optOut))
	admins.DELETE("/opt-outs/:email", s.handle(s.optIn))
	admins.GET("/pause", s.handle(s.showPause))
	admins.POST("/pause", s.handle(s.pause))
	admins.POST("/resume", s.handle(s.resume))
	admins.GET("/policy", s.handle(s.showPolicy))
	admins.GET("/policies", s.handle(s.listPolicies))
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
	return links
}
