// Package login finds out who somebody with a browser is: an OpenID Connect
// provider says it, a session keeps it, and lists of the configuration say what
// role it gives. Who has no role, or isn't exactly one person of the directory,
// sees nothing: nobody could keep them from their own cases.
package login

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/sync/singleflight"

	"securitybot/api"
	"securitybot/internal/alert"
)

// Where the handler is mounted, and where people go who asked for nothing else.
const (
	Path       = "/login"
	LogoutPath = "/logout"
	startPath  = Path + "/start"
	returnPath = Path + "/callback"
	home       = "/console"
)

// Why a request is nobody's who may see anything.
var (
	ErrNobody  = errors.New("nobody is logged in")
	ErrNoRole  = errors.New("the person has no role")
	ErrUnknown = errors.New("the directory doesn't know exactly one person with the address")
)

// Sessions are rows of the record. An id is a digest of what the browser has, so
// that nobody who reads the rows can use them.
type Sessions interface {
	// FindSession finds a session that has not expired.
	FindSession(ctx context.Context, id string) (data []byte, ok bool, err error)
	// PutSession stores a session, or replaces it.
	PutSession(ctx context.Context, id string, data []byte, expires time.Time) error
	// DropSession forgets a session, if there is one.
	DropSession(ctx context.Context, id string) error
}

// Options of a Login. Sessions and Directory are required; so are ClientID and
// PublicURL with an Issuer.
type Options struct {
	// Issuer is the provider's address, as its discovery document has it. With
	// none nobody can log in, and a page says so.
	Issuer                 string
	ClientID, ClientSecret string
	// PublicURL is how browsers reach this server; the provider must allow
	// PublicURL/login/callback as a redirect.
	PublicURL string
	// RolesClaim names the claim, a string or a list of them, that holds groups or
	// roles; "" for none.
	RolesClaim string
	// TrustEmail takes an address that the provider doesn't say is verified, for
	// providers that never say it. One that it says is not verified is refused.
	TrustEmail bool
	// Roles are, per role (viewer, responder, admin), who has it: what contains an
	// @ is an address, letter case aside; all else is a value of RolesClaim.
	Roles map[string][]string

	Sessions Sessions
	// Directory finds the people of our team who have an address and are still there.
	Directory func(ctx context.Context, email string) ([]alert.Person, error)

	HTTPClient *http.Client  // for the provider; default: one with a time-out
	SessionFor time.Duration // however busy; default 10 h
	IdleFor    time.Duration // without any request but a [PollHeader]; default 2 h
	Logger     *slog.Logger  // default: discards
	Now        func() time.Time
}

// Login logs people in and out, and knows who makes a request.
type Login struct {
	opt      Options
	log      *slog.Logger
	roles    roles
	sessions *sessions

	provider  atomic.Pointer[oidc.Provider] // nil until it was reached once
	discovery singleflight.Group
}

// New checks the options. It doesn't speak to the provider, which may be away.
func New(options Options) (*Login, error) {
	opt := options.withDefaults()
	public, err := opt.check()
	if err != nil {
		return nil, err
	}
	by, err := readRoles(opt.Roles)
	if err != nil {
		return nil, err
	}
	local := public.Scheme == "http" && loopback(public.Hostname())
	if opt.Issuer != "" && public.Scheme != "https" && !local {
		opt.Logger.Warn("nobody can log in: browsers send the session's cookie over https alone", "public_url", opt.PublicURL)
	}
	return &Login{opt: opt, log: opt.Logger, roles: by, sessions: newSessions(opt, !local)}, nil
}

func (o Options) withDefaults() Options {
	o.PublicURL = strings.TrimSuffix(o.PublicURL, "/")
	o.SessionFor = cmp.Or(o.SessionFor, 10*time.Hour)
	o.IdleFor = cmp.Or(o.IdleFor, 2*time.Hour)
	if o.HTTPClient == nil {
		o.HTTPClient = &http.Client{Timeout: providerTimeout}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// check returns the public address.
func (o Options) check() (*url.URL, error) {
	if o.Sessions == nil || o.Directory == nil {
		return nil, errors.New("login: Sessions and Directory are required")
	}
	public, err := url.Parse(o.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("login: read public address: %w", err)
	}
	if o.Issuer == "" {
		return public, nil
	}
	if o.ClientID == "" {
		return nil, errors.New("login: ClientID is empty")
	}
	for name, address := range map[string]string{"Issuer": o.Issuer, "PublicURL": o.PublicURL} {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https"}, u.Scheme) {
			return nil, fmt.Errorf("login: %s %q is no web address", name, address)
		}
	}
	return public, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// Handler serves the pages at /login and /logout, whole paths included, and brings
// SameOrigin.
func (l *Login) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, l.welcome)
	mux.HandleFunc("GET "+startPath, l.provided(l.start))
	mux.HandleFunc("GET "+returnPath, l.provided(l.callback))
	mux.HandleFunc("POST "+LogoutPath, l.logout)
	return SameOrigin(mux)
}

// Caller is who makes a request: [ErrNobody], [ErrNoRole] or [ErrUnknown] tell why
// it is nobody who may see anything; other errors are the record's.
func (l *Login) Caller(r *http.Request) (api.Caller, error) {
	who, err := l.sessions.find(r.Context(), r)
	if err != nil {
		return api.Caller{}, err
	}
	return l.callerOf(r.Context(), who)
}

// callerOf evaluates roles and directory anew, so that changes hold at once.
func (l *Login) callerOf(ctx context.Context, who identity) (api.Caller, error) {
	role := l.roles.of(who)
	if role == "" {
		return api.Caller{}, ErrNoRole
	}
	people, err := l.opt.Directory(ctx, who.Email)
	if err != nil {
		return api.Caller{}, fmt.Errorf("look %s up in the directory: %w", who.Email, err)
	}
	if len(people) != 1 {
		return api.Caller{}, ErrUnknown
	}
	return api.Caller{
		Email: who.Email, Name: cmp.Or(people[0].Name, who.Name, who.Email), Person: people[0].PersonKey,
		Scopes: role.Scopes(), Session: true,
	}, nil
}
