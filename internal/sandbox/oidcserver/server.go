// Package oidcserver is an OpenID Connect provider whose people log in by
// pressing the button with their name. It follows OpenID Connect Core 1.0 and
// Discovery 1.0 as far as the code flow goes, wants PKCE (RFC 7636, S256), and
// unmodified client libraries work against it.
//
// Nothing proves who presses a button: only this machine may reach it.
package oidcserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Person is somebody who can log in.
type Person struct {
	Subject string // never changes
	Name    string
	Title   string // shown beside the name
	// Claims of the ID token, such as email, email_verified and groups.
	Claims map[string]any
}

// Options of a Server. All are required but Clock.
type Options struct {
	// Issuer is the provider's own address; its path is where Handler is mounted.
	Issuer                 string
	ClientID, ClientSecret string
	RedirectURL            string          // the only one that is taken
	People                 func() []Person // those who may log in now
	Clock                  func() time.Time
}

// Server is the provider. Its keys and codes live as long as it does.
type Server struct {
	opt    Options
	base   string // path of the issuer
	signer jose.Signer
	public jose.JSONWebKeySet

	mu     sync.Mutex
	grants map[string]grant // by code
}

// New makes the provider's key.
func New(opt Options) (*Server, error) {
	if opt.Clock == nil {
		opt.Clock = time.Now
	}
	issuer, err := url.Parse(opt.Issuer)
	if err != nil || issuer.Host == "" {
		return nil, fmt.Errorf("oidcserver: issuer %q is no web address", opt.Issuer)
	}
	if opt.ClientID == "" || opt.ClientSecret == "" || opt.RedirectURL == "" || opt.People == nil {
		return nil, errors.New("oidcserver: ClientID, ClientSecret, RedirectURL and People are required")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make provider's key: %w", err)
	}
	named := jose.JSONWebKey{Key: key, KeyID: rand.Text(), Algorithm: string(jose.ES256), Use: "sig"}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: named}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("make provider's signer: %w", err)
	}
	return &Server{
		opt: opt, base: strings.TrimSuffix(issuer.Path, "/"), signer: signer, grants: map[string]grant{},
		public: jose.JSONWebKeySet{Keys: []jose.JSONWebKey{named.Public()}},
	}, nil
}

//go:embed style.css
var style []byte

// Handler serves everything below the issuer's path, whole paths included.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+s.base+"/.well-known/openid-configuration", s.discover)
	mux.HandleFunc("GET "+s.base+"/keys", s.keys)
	mux.HandleFunc("GET "+s.base+"/authorize", s.choose)
	mux.HandleFunc("POST "+s.base+"/authorize", s.chosen)
	mux.HandleFunc("POST "+s.base+"/token", s.token)
	mux.HandleFunc("GET "+s.base+"/style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(style) // the browser may have gone
	})
	return mux
}

func (s *Server) discover(w http.ResponseWriter, _ *http.Request) {
	at := strings.TrimSuffix(s.opt.Issuer, "/")
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                s.opt.Issuer,
		"authorization_endpoint":                at + "/authorize",
		"token_endpoint":                        at + "/token",
		"jwks_uri":                              at + "/keys",
		"response_types_supported":              []string{"code"},
		"grant_types_supported":                 []string{"authorization_code"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{string(jose.ES256)},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
		"code_challenge_methods_supported":      []string{"S256"},
		"scopes_supported":                      []string{"openid", "email", "profile"},
		"claims_supported":                      []string{"sub", "email", "email_verified", "name", "groups"},
	})
}

func (s *Server) keys(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.public) }

func writeJSON(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		http.Error(w, "sandbox: answer can't be encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(data) // the client may have gone
}
