package oidcserver

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// codeFor is how long a code can be redeemed, once.
const codeFor = time.Minute

// grant is what a code stands for.
type grant struct {
	person    Person
	nonce     string
	challenge string
	at        time.Time
}

//go:embed page.html
var source string

var page = template.Must(template.New("authorize").Parse(source))

// request is what a client wants, kept in the page between its two requests.
type request struct {
	ClientID     string
	RedirectURL  string
	ResponseType string
	Scope        string
	State        string
	Nonce        string
	Challenge    string
	Method       string
}

func requestOf(values url.Values) request {
	return request{
		ClientID: values.Get("client_id"), RedirectURL: values.Get("redirect_uri"), ResponseType: values.Get("response_type"),
		Scope: values.Get("scope"), State: values.Get("state"), Nonce: values.Get("nonce"),
		Challenge: values.Get("code_challenge"), Method: values.Get("code_challenge_method"),
	}
}

// Fields are the request's parameters, as a form has them.
func (q request) Fields() map[string]string {
	return map[string]string{
		"client_id": q.ClientID, "redirect_uri": q.RedirectURL, "response_type": q.ResponseType, "scope": q.Scope,
		"state": q.State, "nonce": q.Nonce, "code_challenge": q.Challenge, "code_challenge_method": q.Method,
	}
}

// fault is the OAuth error of a request, and what it means; "" for none.
func (q request) fault() (code, meaning string) {
	switch {
	case q.ResponseType != "code":
		return "unsupported_response_type", "response_type must be code"
	case !slices.Contains(strings.Fields(q.Scope), "openid"):
		return "invalid_scope", "scope must contain openid"
	case q.Challenge == "" || q.Method != "S256":
		return "invalid_request", "code_challenge is required, with code_challenge_method S256"
	default:
		return "", ""
	}
}

// accepted tells whether the request may be answered by a redirect at all (RFC
// 6749, section 4.1.2.1), and answers it when it can't be fulfilled.
func (s *Server) accepted(w http.ResponseWriter, r *http.Request, wanted request) bool {
	if wanted.ClientID != s.opt.ClientID || wanted.RedirectURL != s.opt.RedirectURL {
		http.Error(w, "client_id or redirect_uri is not registered", http.StatusBadRequest)
		return false
	}
	if code, meaning := wanted.fault(); code != "" {
		s.send(w, r, wanted, url.Values{"error": {code}, "error_description": {meaning}})
		return false
	}
	return true
}

// choose shows the people.
func (s *Server) choose(w http.ResponseWriter, r *http.Request) {
	wanted := requestOf(r.URL.Query())
	if !s.accepted(w, r, wanted) {
		return
	}
	var html bytes.Buffer
	err := page.Execute(&html, map[string]any{
		"Style": s.base + "/style.css", "Action": s.base + "/authorize", "Fields": wanted.Fields(), "People": s.opt.People(),
	})
	if err != nil {
		http.Error(w, "sandbox: page can't be shown", http.StatusInternalServerError)
		return
	}
	secure(w.Header(), wanted.RedirectURL)
	_, _ = w.Write(html.Bytes()) // the browser may have gone
}

// secure lets the page's forms lead to the client: browsers hold form-action
// against redirects, too. A stricter Referrer-Policy would send Origin: null.
func secure(header http.Header, redirect string) {
	client, err := url.Parse(redirect)
	if err != nil {
		client = &url.URL{}
	}
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self' "+
		client.Scheme+"://"+client.Host+"; frame-ancestors 'none'; base-uri 'none'")
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
}

// chosen answers the press of a button; the one without a person cancels.
func (s *Server) chosen(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form can't be read", http.StatusBadRequest)
		return
	}
	wanted := requestOf(r.PostForm)
	if !s.accepted(w, r, wanted) {
		return
	}
	people := s.opt.People()
	i := slices.IndexFunc(people, func(p Person) bool { return p.Subject == r.PostForm.Get("person") })
	if i < 0 {
		s.send(w, r, wanted, url.Values{"error": {"access_denied"}, "error_description": {"nobody logged in"}})
		return
	}
	s.send(w, r, wanted, url.Values{"code": {s.issue(people[i], wanted)}})
}

// issue makes a code, and forgets those that nobody redeemed.
func (s *Server) issue(person Person, wanted request) string {
	code, now := rand.Text(), s.opt.Clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.grants, func(_ string, old grant) bool { return now.Sub(old.at) > codeFor })
	s.grants[code] = grant{person: person, nonce: wanted.Nonce, challenge: wanted.Challenge, at: now}
	return code
}

// send leads the browser back to the client.
func (s *Server) send(w http.ResponseWriter, r *http.Request, wanted request, answer url.Values) {
	if wanted.State != "" {
		answer.Set("state", wanted.State)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, s.opt.RedirectURL+"?"+answer.Encode(), http.StatusSeeOther)
}
