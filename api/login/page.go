package login

import (
	"bytes"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"
)

//go:embed page.html
var source string

var layout = template.Must(template.New("page").Parse(source))

// page is what somebody reads who is not let in, or not yet.
type page struct {
	Title string
	Text  []string
	Email string // whom the provider says they are
	Start string // address that begins a login, if that may help
	Again bool   // it was tried before
	Leave bool   // with a button to log out
}

var (
	loginPage = page{Title: "Securitybot", Text: []string{"Please log in to see alerts and cases."}}

	noProvider = page{Title: "Nobody can log in here", Text: []string{
		"No identity provider is configured. Whoever runs Securitybot can set SECURITYBOT_OIDC_ISSUER.",
	}}
	providerAway = page{Title: "The identity provider does not answer", Again: true, Text: []string{
		"Logging in is not possible at the moment. Please try again in a minute.",
	}}
	somethingAway = page{Title: "Something does not answer", Text: []string{
		"Securitybot can't reach something that it needs at the moment. Nothing is lost; please try again in a minute.",
	}}
	expiredLogin = page{Title: "This login has expired", Again: true, Text: []string{
		"It was begun too long ago, in another window, or in another browser. Please begin again.",
	}}
	sessionOver = page{Title: "You are not logged in any more", Text: []string{
		"Nothing was changed. Please log in again; going back in your browser brings back what you typed.",
	}}
	notCompleted = page{Title: "The login was not completed", Again: true, Text: []string{
		"The identity provider did not confirm who you are. You can try again.",
	}}
	unverified = page{Title: "Your email address is not confirmed", Again: true, Text: []string{
		"The identity provider gives no email address that it has verified, and Securitybot knows people by that. " +
			"Please ask whoever runs the identity provider.",
	}}
	noRole = page{Title: "You don't have access", Text: []string{
		"Alerts and cases are for people with a role in Securitybot. If you need to see them, please ask your security team: " +
			"who runs Securitybot can give you one.",
	}}
	unknown = page{Title: "We can't tell which person you are", Text: []string{
		"The directory must know exactly one person with your email address, so that nobody handles what concerns " +
			"themselves. Please ask your security team to check your address in the chat system.",
	}}
)

// refusedPage explains why somebody known sees nothing.
func refusedPage(err error) (page, bool) {
	switch {
	case errors.Is(err, ErrNoRole):
		return noRole, true
	case errors.Is(err, ErrUnknown):
		return unknown, true
	default:
		return page{}, false
	}
}

func (p page) startingAt(next string) page {
	p.Start = startPath + "?" + url.Values{"next": {local(next)}}.Encode()
	return p
}

func (p page) about(email string) page {
	p.Email, p.Again = email, true
	return p
}

func (p page) leaving() page {
	p.Leave = true
	return p
}

// show answers with a page.
func (l *Login) show(w http.ResponseWriter, r *http.Request, status int, shown page) {
	var html bytes.Buffer
	if err := layout.Execute(&html, shown); err != nil {
		l.log.ErrorContext(r.Context(), "login page can't be shown", "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	secure(w.Header())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(html.Bytes()) // the browser may have gone
}

// lead sends the browser on, with a GET whatever it sent.
func lead(w http.ResponseWriter, r *http.Request, to string) {
	secure(w.Header())
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // it went through local, or is the provider's address
}

// secure sets the headers of every answer. Under a stricter Referrer-Policy
// browsers would say Origin: null when a form is sent.
func secure(header http.Header) {
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "+
		"frame-ancestors 'none'; base-uri 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
}
