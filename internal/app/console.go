package app

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"securitybot/api"
	"securitybot/api/console"
	"securitybot/api/login"
	"securitybot/internal/alert"
	"securitybot/internal/sandbox"
)

// consolePath is where the console is mounted.
const consolePath = "/console"

// The console as a client of the sandbox's identity provider, which lets everybody
// on this machine be anybody.
const (
	sandboxOIDCClient = "securitybot-console"
	sandboxOIDCSecret = "sandbox-oidc-secret" //nolint:gosec // see above
	sandboxOIDCClaim  = "groups"
	sandboxAdmin      = "Sam"
)

// sandboxRoles are who may do what in a sandbox.
var sandboxRoles = map[string][]string{
	string(api.Viewer):    {sandbox.GroupViewers},
	string(api.Responder): {sandbox.GroupResponders},
	string(api.Admin):     {sandbox.GroupAdmins},
}

// pruneEvery is how often sessions are looked through for those that are over.
const pruneEvery = time.Hour

// hasConsole tells whether anybody can log in to the console.
func (a *App) hasConsole() bool {
	return a.config.Login.Configured() || (a.sandbox != nil && a.options.Role.API)
}

// openLogin makes who knows who somebody with a browser is. A provider that is
// configured goes before the sandbox's.
func (a *App) openLogin(context.Context) (err error) {
	set := a.config.Login
	options := login.Options{
		Issuer: set.Issuer, ClientID: set.ClientID, ClientSecret: set.ClientSecret.Reveal(),
		RolesClaim: set.RolesClaim, TrustEmail: set.TrustEmail,
		Roles: map[string][]string{
			string(api.Viewer): set.Viewers, string(api.Responder): set.Responders, string(api.Admin): set.Admins,
		},
		PublicURL: a.publicURL(), Sessions: a.store, Directory: a.colleagues, Logger: a.logger,
	}
	if a.sandbox != nil && !set.Configured() {
		options.Issuer, options.ClientID, options.ClientSecret = a.sandbox.OIDCIssuer(), sandboxOIDCClient, sandboxOIDCSecret
		options.RolesClaim, options.Roles = sandboxOIDCClaim, sandboxRoles
	}
	a.login, err = login.New(options)
	return err
}

// colleagues are the people of our team who have an address and are still there.
func (a *App) colleagues(ctx context.Context, email string) ([]alert.Person, error) {
	team, err := a.team.id(ctx)
	if err != nil {
		return nil, err
	}
	people, err := a.store.PeopleByEmail(ctx, team, email)
	return slices.DeleteFunc(people, func(who alert.Person) bool { return who.Deactivated || who.Foreign }), err
}

// consoleMounts are the console and the login before it. The console asks the API
// that it is mounted on.
func (a *App) consoleMounts() ([]api.Mount, error) {
	pages, err := console.New(console.Options{
		API:     http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.api.Handler().ServeHTTP(w, r) }),
		Require: a.login.Require, Secure: strings.HasPrefix(a.publicURL(), "https://"), Logger: a.logger,
	})
	if err != nil {
		return nil, err
	}
	who := a.atHome(a.login.Handler())
	return []api.Mount{
		{Path: consolePath, Handler: a.atHome(pages)},
		{Path: login.Path, Handler: who},
		{Path: login.LogoutPath, Handler: who},
		{Path: "/", Handler: http.HandlerFunc(toConsole)},
	}, nil
}

func toConsole(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, consolePath, http.StatusSeeOther)
}

// atHome leads a browser that came by another name of this machine to the one that
// the provider leads it back to: a cookie is one name's alone.
func (a *App) atHome(next http.Handler) http.Handler {
	home, err := url.Parse(a.publicURL())
	if err != nil || !isLoopback(home.Hostname()) {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := &url.URL{Host: r.Host}
		if r.Method != http.MethodGet || asked.Hostname() == home.Hostname() || !isLoopback(asked.Hostname()) {
			next.ServeHTTP(w, r)
			return
		}
		target := *r.URL
		target.Scheme, target.Host = home.Scheme, home.Host
		http.Redirect(w, r, target.String(), http.StatusTemporaryRedirect) //nolint:gosec // to a host of ours
	})
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
}

// pruneSessions forgets sessions that are over.
func (a *App) pruneSessions(ctx context.Context) {
	for ctx.Err() == nil {
		if err := a.store.PruneSessions(ctx); err != nil && ctx.Err() == nil {
			a.logger.Warn("forget sessions that are over", "error", err)
		}
		_ = pause(ctx, pruneEvery)
	}
}

// consoleURL is an alert's page; "" where nobody can log in.
func (a *App) consoleURL(id string) string {
	if !a.hasConsole() {
		return ""
	}
	return strings.TrimSuffix(a.publicURL(), "/") + consolePath + "/alerts/" + id
}
