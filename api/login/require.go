package login

import (
	"errors"
	"net/http"
	"net/url"

	"securitybot/api"
)

// PollHeader is what a page sends along when it asks for news by itself: that keeps
// nobody logged in who has gone away from it.
const PollHeader = "Securitybot-Poll"

// Require lets through who may see something, with [api.WithCaller] in the
// request's context. A browser that goes to a page is led to the login; every
// other request of nobody's gets 401, and one of htmx's the address to go to.
func (l *Login) Require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := l.Caller(r)
		page, refused := refusedPage(err)
		switch {
		case err == nil:
			next.ServeHTTP(w, r.WithContext(api.WithCaller(r.Context(), caller)))
		case errors.Is(err, ErrNobody):
			l.challenge(w, r)
		case refused:
			l.show(w, r, http.StatusForbidden, page.leaving())
		default:
			l.failed(w, r, err)
		}
	})
}

// challenge asks nobody to log in.
func (l *Login) challenge(w http.ResponseWriter, r *http.Request) {
	mode, htmx := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("HX-Request") != ""
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case htmx:
		w.Header().Set("HX-Redirect", welcomeFor(pathOf(r.Header.Get("HX-Current-URL"))))
	case reads && (mode == "" || mode == "navigate"):
		lead(w, r, welcomeFor(r.URL.RequestURI()))
		return
	case mode == "navigate": // a form that was sent
		l.show(w, r, http.StatusUnauthorized, sessionOver.startingAt(pathOf(r.Referer())))
		return
	}
	secure(w.Header())
	http.Error(w, "Please log in.", http.StatusUnauthorized)
}

// pathOf is a page of ours as a browser names it, without the host.
func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return home
	}
	return u.RequestURI()
}
