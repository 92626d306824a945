package oidcserver

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
)

// tokenFor is how long an ID token is valid.
const tokenFor = 5 * time.Minute

// token redeems a code (OpenID Connect Core 1.0, section 3.1.3).
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request")
		return
	}
	if !s.isClient(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="sandbox"`)
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	if r.PostForm.Get("grant_type") != "authorization_code" {
		refuse(w, http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	given, ok := s.redeem(r.PostForm)
	if !ok {
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	signed, err := s.sign(given)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "server_error")
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": rand.Text(), "token_type": "Bearer", "expires_in": int(tokenFor.Seconds()), "id_token": signed,
	})
}

func refuse(w http.ResponseWriter, status int, code string) {
	writeJSON(w, status, map[string]string{"error": code})
}

// isClient checks client_secret_basic or client_secret_post. Basic's two parts
// are form-encoded before they are joined (RFC 6749, section 2.3.1).
func (s *Server) isClient(r *http.Request) bool {
	id, secret, basic := r.BasicAuth()
	if basic {
		var wrong [2]error
		id, wrong[0] = url.QueryUnescape(id)
		secret, wrong[1] = url.QueryUnescape(secret)
		if wrong[0] != nil || wrong[1] != nil {
			return false
		}
	} else {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	return equal(id, s.opt.ClientID) && equal(secret, s.opt.ClientSecret)
}

// redeem takes a code, once, whether what comes with it is right or not.
func (s *Server) redeem(form url.Values) (grant, bool) {
	s.mu.Lock()
	given, ok := s.grants[form.Get("code")]
	delete(s.grants, form.Get("code"))
	s.mu.Unlock()
	digest := sha256.Sum256([]byte(form.Get("code_verifier")))
	return given, ok && s.opt.Clock().Sub(given.at) <= codeFor &&
		form.Get("redirect_uri") == s.opt.RedirectURL &&
		equal(base64.RawURLEncoding.EncodeToString(digest[:]), given.challenge)
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// sign makes the ID token. A person's claims come first: none replaces ours.
func (s *Server) sign(given grant) (string, error) {
	now := s.opt.Clock()
	claims := map[string]any{"name": given.person.Name}
	maps.Copy(claims, given.person.Claims)
	maps.Copy(claims, map[string]any{
		"iss": s.opt.Issuer, "sub": given.person.Subject, "aud": s.opt.ClientID,
		"iat": now.Unix(), "exp": now.Add(tokenFor).Unix(), "auth_time": given.at.Unix(),
	})
	if given.nonce != "" {
		claims["nonce"] = given.nonce
	}
	return jwt.Signed(s.signer).Claims(claims).Serialize()
}
