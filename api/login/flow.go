package login

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// welcome is the page with the one button.
func (l *Login) welcome(w http.ResponseWriter, r *http.Request) {
	next := local(r.URL.Query().Get("next"))
	_, err := l.Caller(r)
	switch {
	case err == nil:
		lead(w, r, next)
	case l.opt.Issuer == "":
		l.show(w, r, http.StatusOK, noProvider)
	default:
		l.show(w, r, http.StatusOK, loginPage.startingAt(next))
	}
}

// provided answers in place of a handler that needs a provider when there is none.
func (l *Login) provided(handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if l.opt.Issuer == "" {
			l.show(w, r, http.StatusNotFound, noProvider)
			return
		}
		handler(w, r)
	}
}

// start sends the browser to the provider.
func (l *Login) start(w http.ResponseWriter, r *http.Request) {
	next := local(r.URL.Query().Get("next"))
	provider, err := l.reach(r.Context())
	if err != nil {
		l.log.WarnContext(r.Context(), "login is not possible", "error", err)
		l.show(w, r, http.StatusBadGateway, providerAway.startingAt(next))
		return
	}
	begun := attempt{Issuer: l.opt.Issuer, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: next}
	attempts := l.sessions.attempts
	if _, err := attempts.begin(r.Context(), w, attempts.shown(r), begun); err != nil {
		l.failed(w, r, err)
		return
	}
	lead(w, r, l.client(provider).AuthCodeURL(begun.State, oidc.Nonce(begun.Nonce), oauth2.S256ChallengeOption(begun.Verifier)))
}

// callback is where the provider sends the browser back to.
func (l *Login) callback(w http.ResponseWriter, r *http.Request) {
	begun, ok, err := l.begun(r.Context(), w, l.sessions.attempts.shown(r))
	if err != nil {
		l.failed(w, r, err)
		return
	}
	query := r.URL.Query()
	if !ok || subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(begun.State)) != 1 {
		l.notBegun(w, r)
		return
	}
	if code := query.Get("error"); code != "" {
		l.refuse(w, r, "", "the provider answered "+code, notCompleted.startingAt(begun.Next))
		return
	}
	who, err := l.redeem(r.Context(), query.Get("code"), begun)
	if err != nil {
		l.unidentified(w, r, begun, err)
		return
	}
	l.admit(w, r, begun, who)
}

// notBegun answers what this browser has not asked for. Who went back to this
// address, or pressed the provider's button twice, is logged in already.
func (l *Login) notBegun(w http.ResponseWriter, r *http.Request) {
	if _, err := l.Caller(r); err == nil {
		lead(w, r, home)
		return
	}
	l.refuse(w, r, "", "the browser has not begun this login", expiredLogin.startingAt(home))
}

// begun takes the login that a browser has under way: one answer of the provider
// ends it, whatever it says.
func (l *Login) begun(ctx context.Context, w http.ResponseWriter, token string) (attempt, bool, error) {
	var begun attempt
	ok, err := l.sessions.attempts.find(ctx, token, &begun)
	if err != nil || !ok || begun.Issuer != l.opt.Issuer {
		return attempt{}, false, err
	}
	return begun, true, l.sessions.attempts.end(ctx, w, token)
}

// unidentified tells why the provider's answer says nothing of who somebody is.
func (l *Login) unidentified(w http.ResponseWriter, r *http.Request, begun attempt, err error) {
	switch {
	case errors.Is(err, errAway):
		l.log.WarnContext(r.Context(), "login is not possible", "error", err)
		l.show(w, r, http.StatusBadGateway, providerAway.startingAt(begun.Next))
	case errors.Is(err, errNoEmail), errors.Is(err, errUnverified):
		l.refuse(w, r, "", err.Error(), unverified.startingAt(begun.Next))
	default:
		l.refuse(w, r, "", err.Error(), notCompleted.startingAt(begun.Next))
	}
}

// admit begins the session of somebody who may see something.
func (l *Login) admit(w http.ResponseWriter, r *http.Request, begun attempt, who identity) {
	caller, err := l.callerOf(r.Context(), who)
	if page, ok := refusedPage(err); ok {
		l.refuse(w, r, who.Email, err.Error(), page.about(who.Email).startingAt(begun.Next))
		return
	}
	if err == nil {
		err = l.sessions.admit(r.Context(), w, r, who)
	}
	if err != nil {
		l.failed(w, r, err)
		return
	}
	l.log.InfoContext(r.Context(), "logged in", "email", caller.Email, "scopes", caller.Scopes)
	lead(w, r, local(begun.Next))
}

// refuse tells and logs that somebody isn't let in.
func (l *Login) refuse(w http.ResponseWriter, r *http.Request, email, reason string, page page) {
	l.log.WarnContext(r.Context(), "login refused", "email", email, "reason", reason)
	l.show(w, r, http.StatusForbidden, page)
}

// failed answers what is nobody's fault.
func (l *Login) failed(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil { // else the browser has gone
		l.log.ErrorContext(r.Context(), "login can't be checked", "error", err)
	}
	l.show(w, r, http.StatusServiceUnavailable, somethingAway)
}

func (l *Login) logout(w http.ResponseWriter, r *http.Request) {
	who, err := l.sessions.find(r.Context(), r)
	if err != nil && !errors.Is(err, ErrNobody) {
		l.failed(w, r, err)
		return
	}
	if err := l.sessions.dismiss(r.Context(), w, r); err != nil {
		l.failed(w, r, err)
		return
	}
	if who.Email != "" {
		l.log.InfoContext(r.Context(), "logged out", "email", who.Email)
	}
	lead(w, r, Path)
}
