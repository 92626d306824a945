// Package sandbox is a Slack and a Duo for trying and testing Securitybot without
// any account: both speak their real wire protocols, keep their state durably,
// and are moved by people on a page or by a control interface for tests. An
// identity provider knows the same people.
//
// It answers only requests whose Host is local or allowed, and sends requests
// only to the app's CallbackURL.
package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"securitybot/internal/sandbox/disk"
	"securitybot/internal/sandbox/duoserver"
	"securitybot/internal/sandbox/oidcserver"
	"securitybot/internal/sandbox/slackserver"
	"securitybot/internal/sandbox/traffic"
)

// Options of a Sandbox. DataDir, PublicURL, the credentials and Logger are
// required; everything from Clock on has Slack's and Duo's own value as default.
type Options struct {
	DataDir string // created if needed; holds sandbox.db, duo-ca.pem and its key
	// PublicURL is the listener that Handler is mounted on, as http://127.0.0.1:8080.
	PublicURL string
	// CallbackURL gets signed callbacks at /slack/events, /slack/interactions and
	// /slack/commands while no Socket Mode client is connected.
	CallbackURL string

	BotToken, AppToken, SigningSecret string
	DuoIKey, DuoSKey                  string

	// OIDCClientID is the client of the identity provider, which callers on this
	// machine reach while Loopback is set; without it there is none.
	OIDCClientID, OIDCClientSecret string
	// OIDCRedirectURL is where the client wants people back; the only one allowed.
	OIDCRedirectURL string

	DuoListen string // host:port of the TLS listener; default 127.0.0.1:0
	DuoName   string // host name in DuoHost, if clients can't use the one of DuoListen

	// Loopback turns the control interface on, for callers on this machine only.
	Loopback bool
	// AllowedHosts are names that requests may be addressed to, besides those of
	// this machine, of PublicURL and DuoName.
	AllowedHosts []string

	Page   http.Handler // everything below /sandbox that isn't the sandbox's own; may be nil
	Status func() any   // the JSON at /sandbox/status; may be nil
	Logger *slog.Logger

	Scopes       []string // of the bot token
	Clock        func() time.Time
	AckTimeout   time.Duration
	EventRetries []time.Duration
	SocketPing   time.Duration
	PushTTL      time.Duration
	LongPoll     time.Duration
	Late         time.Duration // how late the fault "timeout" answers
	Kill         func()        // ends the process for the fault "kill"
}

// Sandbox is the running pair of services.
type Sandbox struct {
	opt   Options
	disk  *disk.Disk
	desk  *traffic.Desk
	slack *slackserver.Server
	duo   *duoserver.Server
	oidc  *oidcserver.Server // nil without a client
	live  *live

	run    context.Context //nolint:containedctx // its own lifetime, ended by Close
	cancel context.CancelFunc

	closing  sync.Once
	closeErr error
}

// defaultScopes are those of the app's manifest, but for private channels, which
// the workspace has none of, and those of optional checks.
func defaultScopes() []string {
	return []string{
		"chat:write", "im:write", "im:history", "users:read", "users:read.email", "commands", "channels:read",
		"channels:history", "dnd:read", "reactions:write", "usergroups:read",
	}
}

func (o Options) withDefaults() Options {
	o.PublicURL = strings.TrimSuffix(o.PublicURL, "/")
	o.CallbackURL = strings.TrimSuffix(o.CallbackURL, "/")
	o.DuoListen = cmp.Or(o.DuoListen, "127.0.0.1:0")
	o.AllowedHosts = slices.Clone(o.AllowedHosts)
	if u, err := url.Parse(o.PublicURL); err == nil {
		o.AllowedHosts = append(o.AllowedHosts, u.Hostname()) // the name it is announced by
	}
	if o.DuoName != "" {
		o.AllowedHosts = append(o.AllowedHosts, o.DuoName)
	}
	if o.Scopes == nil {
		o.Scopes = defaultScopes()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.EventRetries == nil {
		o.EventRetries = []time.Duration{0, time.Minute, 5 * time.Minute}
	}
	o.AckTimeout = cmp.Or(o.AckTimeout, 3*time.Second)
	o.SocketPing = cmp.Or(o.SocketPing, 10*time.Second)
	o.PushTTL = cmp.Or(o.PushTTL, time.Minute)
	o.LongPoll = cmp.Or(o.LongPoll, 30*time.Second)
	o.Late = cmp.Or(o.Late, 30*time.Second)
	if o.Kill == nil {
		o.Kill = func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) }
	}
	return o
}

func (o Options) check() error {
	for name, value := range map[string]string{
		"DataDir": o.DataDir, "PublicURL": o.PublicURL, "BotToken": o.BotToken, "AppToken": o.AppToken,
		"SigningSecret": o.SigningSecret, "DuoIKey": o.DuoIKey, "DuoSKey": o.DuoSKey,
	} {
		if value == "" {
			return fmt.Errorf("sandbox: %s is empty", name)
		}
	}
	for _, address := range []string{o.PublicURL, o.CallbackURL} {
		if u, err := url.Parse(address); address != "" && (err != nil || u.Host == "") {
			return fmt.Errorf("sandbox: %q is not the address of a listener", address)
		}
	}
	if o.Logger == nil {
		return errors.New("sandbox: Logger is nil")
	}
	return nil
}

// New loads the state from DataDir, or begins it. Close must follow, also
// without Start.
func New(opt Options) (*Sandbox, error) {
	opt = opt.withDefaults()
	if err := opt.check(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(opt.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make sandbox folder: %w", err)
	}
	run, cancel := context.WithCancel(context.Background()) //nolint:forbidigo // it lives until Close, not as long as any call
	s := &Sandbox{opt: opt, live: newLive(), run: run, cancel: cancel}
	if err := s.open(run); err != nil {
		cancel()
		if s.disk != nil {
			err = errors.Join(err, s.disk.Close())
		}
		return nil, err
	}
	return s, nil
}

func (s *Sandbox) open(ctx context.Context) error {
	var err error
	o := s.opt
	if s.disk, err = disk.Open(ctx, filepath.Join(o.DataDir, "sandbox.db")); err != nil {
		return err
	}
	s.desk, err = traffic.Open(ctx, traffic.Options{
		Disk: s.disk, Clock: o.Clock, Kill: o.Kill, Late: o.Late, Done: ctx.Done(),
	})
	if err != nil {
		return fmt.Errorf("open sandbox log: %w", err)
	}
	s.slack, err = slackserver.New(ctx, slackserver.Options{
		Disk: s.disk, Desk: s.desk, Clock: o.Clock, Logger: o.Logger,
		PublicURL: o.PublicURL, CallbackURL: o.CallbackURL,
		BotToken: o.BotToken, AppToken: o.AppToken, SigningSecret: o.SigningSecret, Scopes: o.Scopes,
		AckTimeout: o.AckTimeout, EventRetries: o.EventRetries, SocketPing: o.SocketPing,
		Changed: func() { s.live.change("slack") },
	})
	if err != nil {
		return err
	}
	s.duo, err = duoserver.New(ctx, duoserver.Options{
		Disk: s.disk, Desk: s.desk, Clock: o.Clock, Logger: o.Logger,
		DataDir: o.DataDir, Listen: o.DuoListen, Name: o.DuoName, Hosts: o.AllowedHosts,
		IKey: o.DuoIKey, SKey: o.DuoSKey, PushTTL: o.PushTTL, LongPoll: o.LongPoll,
		Guard: s.guard, Changed: func() { s.live.change("duo") },
	})
	if err != nil || o.OIDCClientID == "" {
		return err
	}
	s.oidc, err = oidcserver.New(oidcserver.Options{
		Issuer: s.OIDCIssuer(), ClientID: o.OIDCClientID, ClientSecret: o.OIDCClientSecret, RedirectURL: o.OIDCRedirectURL,
		People: s.identities, Clock: o.Clock,
	})
	return err
}

// Start opens Duo's listener and resumes deliveries. It may be called once.
func (s *Sandbox) Start(ctx context.Context) error {
	if err := s.duo.Start(ctx); err != nil {
		return err
	}
	s.slack.Start()
	return nil
}

// Close ends everything that the sandbox runs, long answers included, and closes
// its file. ctx bounds the wait for Duo's clients. Further calls do nothing.
func (s *Sandbox) Close(ctx context.Context) error {
	s.closing.Do(func() {
		s.cancel()
		s.slack.Close()
		s.closeErr = errors.Join(s.duo.Close(ctx), s.disk.Close())
	})
	return s.closeErr
}

// SlackAPIURL is the base of the Web API, with a slash at its end.
func (s *Sandbox) SlackAPIURL() string { return s.slack.APIURL() }

// DuoHost is the host:port of the Auth API, known after Start.
func (s *Sandbox) DuoHost() string { return s.duo.Host() }

// DuoCAFile is the certificate to trust for DuoHost; it exists after Start.
func (s *Sandbox) DuoCAFile() string { return s.duo.CAFile() }
