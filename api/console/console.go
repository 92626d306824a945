// Package console is the web pages for the security team. It decides nothing and
// has no database: every page reads and writes through the API, in process and
// with the rights of whoever is logged in.
package console

import (
	"errors"
	"log/slog"
	"net/http"

	"securitybot/api"
	"securitybot/api/login"
)

// contentSecurityPolicy lets a page run our own scripts and style sheets and
// talk to its own origin, and nothing else.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// mostForm limits the body of a form: the alert to try against the policy is the
// largest thing that is typed.
const mostForm = 1 << 20

// Options of a console. API and Require are required.
type Options struct {
	API http.Handler // of [api.Server]; asked in process
	// Require loads who is logged in into the request's context, and sends away who
	// isn't: [login.Login.Require].
	Require func(http.Handler) http.Handler
	Secure  bool         // cookies are for https alone
	Logger  *slog.Logger // default: discards
}

// Console serves everything at and below /console.
type Console struct {
	opt       Options
	log       *slog.Logger
	assets    map[string]asset
	templates templates
	handler   http.Handler
}

// New makes a console.
func New(options Options) (*Console, error) {
	if options.API == nil || options.Require == nil {
		return nil, errors.New("a console needs the API and the login")
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Console{opt: options, log: options.Logger}
	var err error
	if c.assets, err = readAssets(); err != nil {
		return nil, err
	}
	if c.templates, err = c.readTemplates(); err != nil {
		return nil, err
	}
	c.handler = c.routes()
	return c, nil
}

// ServeHTTP implements [http.Handler]. It wants the whole path.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	c.handler.ServeHTTP(w, r)
}

func secure(header http.Header) {
	header.Set("Content-Security-Policy", contentSecurityPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
}

// routes serves the style sheet to everybody, for the login has pages too, and
// all else to who is logged in.
func (c *Console) routes() http.Handler {
	pages := http.NewServeMux()
	for _, page := range Pages() {
		pages.Handle(page.Method+" "+page.Path, c.serve(page))
	}
	pages.Handle("/", c.serve(Page{Title: "Not found", show: notFound}))
	outer := http.NewServeMux()
	outer.HandleFunc("GET /console/assets/{name}", c.serveAsset)
	outer.Handle("/", login.SameOrigin(c.opt.Require(pages)))
	return outer
}

// serve runs one page for who may see it.
func (c *Console) serve(page Page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{console: c, w: w, r: r, page: page}
		var known bool
		if x.caller, known = api.CallerOf(r.Context()); !known {
			x.fail(&refusal{Status: http.StatusUnauthorized, Detail: "Please sign in."})
			return
		}
		if page.Scope != "" && !x.caller.May(page.Scope) {
			x.fail(&refusal{Status: http.StatusForbidden, Detail: "Your role does not allow this. An admin of Securitybot can change that."})
			return
		}
		if err := x.run(); err != nil {
			x.fail(err)
		}
	})
}
