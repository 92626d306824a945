package oidcserver_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/oauth2"

	"securitybot/internal/sandbox/oidcserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	clientID     = "client"
	clientSecret = "a secret: with+signs/="
	redirectURL  = "http://127.0.0.1:1/back"
	verifier     = "a-verifier-that-is-long-enough-to-be-one-really"
)

// provider is a server on a real listener.
type provider struct {
	*httptest.Server
	t      *testing.T
	client *http.Client
	late   atomic.Int64 // of its clock
}

func play(t *testing.T) *provider {
	t.Helper()
	p := &provider{t: t, Server: httptest.NewUnstartedServer(nil)}
	server, err := oidcserver.New(oidcserver.Options{
		Issuer: "http://" + p.Listener.Addr().String() + "/oidc", ClientID: clientID, ClientSecret: clientSecret,
		RedirectURL: redirectURL, People: people,
		Clock: func() time.Time { return time.Now().Add(time.Duration(p.late.Load())) },
	})
	require.NoError(t, err)
	p.Config.Handler = server.Handler()
	p.Start()
	p.client = &http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(p.Close)
	t.Cleanup(p.client.CloseIdleConnections)
	return p
}

func people() []oidcserver.Person {
	return []oidcserver.Person{
		{Subject: "U1", Name: "Sam Rivera", Title: "Responder", Claims: map[string]any{
			"email": "sam@example.com", "email_verified": true, "groups": []string{"security"}, "iss": "https://evil.example",
		}},
		{Subject: "U2", Name: `<b>"Kim"</b>`},
	}
}

func (p *provider) send(method, path string, form url.Values, change ...func(*http.Request)) (*http.Response, string) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.URL+path, strings.NewReader(form.Encode()))
	require.NoError(p.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, f := range change {
		f(request)
	}
	answer, err := p.client.Do(request)
	require.NoError(p.t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(p.t, err)
	return answer, string(body)
}

// wanted is a request for a login with some parameters replaced.
func wanted(replaced ...string) url.Values {
	values := url.Values{
		"client_id": {clientID}, "redirect_uri": {redirectURL}, "response_type": {"code"}, "scope": {"openid email"},
		"state": {"the-state"}, "nonce": {"the-nonce"}, "code_challenge": {oauth2.S256ChallengeFromVerifier(verifier)},
		"code_challenge_method": {"S256"},
	}
	return replace(values, replaced)
}

func replace(values url.Values, pairs []string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return values
}

// back is where an answer leads, and with what.
func (p *provider) back(answer *http.Response) url.Values {
	p.t.Helper()
	require.Equal(p.t, http.StatusSeeOther, answer.StatusCode)
	at, err := answer.Location()
	require.NoError(p.t, err)
	require.True(p.t, strings.HasPrefix(at.String(), redirectURL+"?"), at)
	require.Equal(p.t, "the-state", at.Query().Get("state"))
	return at.Query()
}

// code logs Sam in.
func (p *provider) code() string {
	p.t.Helper()
	form := wanted()
	form.Set("person", "U1")
	answer, _ := p.send(http.MethodPost, "/oidc/authorize", form)
	code := p.back(answer).Get("code")
	require.NotEmpty(p.t, code)
	return code
}

// redeem sends what a client would, with some parameters replaced.
func (p *provider) redeem(code string, replaced ...string) (status int, fault string) {
	p.t.Helper()
	form := replace(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURL}, "code_verifier": {verifier},
		"client_id": {clientID}, "client_secret": {clientSecret},
	}, replaced)
	answer, body := p.send(http.MethodPost, "/oidc/token", form)
	var told struct{ Error string }
	require.NoError(p.t, json.Unmarshal([]byte(body), &told), body)
	require.Equal(p.t, "no-store", answer.Header.Get("Cache-Control"))
	return answer.StatusCode, told.Error
}

func TestAClientLibraryLearnsWhoSomebodyIs(t *testing.T) {
	t.Parallel()
	for name, style := range map[string]oauth2.AuthStyle{
		"by itself": oauth2.AuthStyleAutoDetect, "basic": oauth2.AuthStyleInHeader, "post": oauth2.AuthStyleInParams,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := play(t)
			ctx := oidc.ClientContext(t.Context(), p.client)
			found, err := oidc.NewProvider(ctx, p.URL+"/oidc")
			require.NoError(t, err)
			endpoint := found.Endpoint()
			endpoint.AuthStyle = style
			config := oauth2.Config{ClientID: clientID, ClientSecret: clientSecret, RedirectURL: redirectURL, Endpoint: endpoint}
			token, err := config.Exchange(ctx, p.code(), oauth2.VerifierOption(verifier))
			require.NoError(t, err)
			raw, _ := token.Extra("id_token").(string)
			verified, err := found.Verifier(&oidc.Config{ClientID: clientID}).Verify(ctx, raw)
			require.NoError(t, err)
			require.Equal(t, "U1", verified.Subject)
			require.Equal(t, "the-nonce", verified.Nonce)
			require.Equal(t, p.URL+"/oidc", verified.Issuer, "no claim of a person's replaces it")
			var claims struct {
				Email, Name string
				Verified    bool `json:"email_verified"`
				Groups      []string
			}
			require.NoError(t, verified.Claims(&claims))
			require.Equal(t, "sam@example.com", claims.Email)
			require.Equal(t, "Sam Rivera", claims.Name)
			require.True(t, claims.Verified)
			require.Equal(t, []string{"security"}, claims.Groups)
		})
	}
}

func TestThePageOffersThePeople(t *testing.T) {
	t.Parallel()
	p := play(t)
	answer, body := p.send(http.MethodGet, "/oidc/authorize?"+wanted("state", `"><script>`).Encode(), nil)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Contains(t, body, "Sign in as Sam Rivera")
	require.Contains(t, body, "Sign in as &lt;b&gt;")
	require.NotContains(t, body, "<b>")
	require.NotContains(t, body, "<script>")
	require.Contains(t, answer.Header.Get("Content-Security-Policy"), "form-action 'self' http://127.0.0.1:1;")
	require.Equal(t, "same-origin", answer.Header.Get("Referrer-Policy"))
	sheet, _ := p.send(http.MethodGet, "/oidc/style.css", nil)
	require.Equal(t, "text/css; charset=utf-8", sheet.Header.Get("Content-Type"))
}

func TestARequestOfAStrangerIsNotAnswered(t *testing.T) {
	t.Parallel()
	p := play(t)
	for _, replaced := range [][]string{
		{"client_id", "another"},
		{"client_id", ""},
		{"redirect_uri", "https://evil.example/"},
		{"redirect_uri", redirectURL + "/more"},
		{"redirect_uri", ""},
	} {
		form := wanted(replaced...)
		shown, _ := p.send(http.MethodGet, "/oidc/authorize?"+form.Encode(), nil)
		require.Equal(t, http.StatusBadRequest, shown.StatusCode, replaced)
		form.Set("person", "U1")
		pressed, _ := p.send(http.MethodPost, "/oidc/authorize", form)
		require.Equal(t, http.StatusBadRequest, pressed.StatusCode, replaced)
	}
}

func TestARequestThatCanNotBeFulfilledLeadsBack(t *testing.T) {
	t.Parallel()
	p := play(t)
	for fault, replaced := range map[string][]string{
		"unsupported_response_type": {"response_type", "token"},
		"invalid_scope":             {"scope", "email"},
		"invalid_request":           {"code_challenge_method", "plain"},
		"access_denied":             {"person", "U9"},
	} {
		answer, _ := p.send(http.MethodPost, "/oidc/authorize", wanted(replaced...))
		back := p.back(answer)
		require.Equal(t, fault, back.Get("error"))
		require.Empty(t, back.Get("code"))
	}
	answer, _ := p.send(http.MethodGet, "/oidc/authorize?"+wanted("code_challenge", "").Encode(), nil)
	require.Equal(t, "invalid_request", p.back(answer).Get("error"))
}

func TestOnlyTheClientRedeemsACode(t *testing.T) {
	t.Parallel()
	p := play(t)
	for name, c := range map[string]struct {
		replaced []string
		fault    string
	}{
		"another verifier": {[]string{"code_verifier", "another"}, "invalid_grant"},
		"no verifier":      {[]string{"code_verifier", ""}, "invalid_grant"},
		"another redirect": {[]string{"redirect_uri", "https://evil.example/"}, "invalid_grant"},
		"another code":     {[]string{"code", "guessed"}, "invalid_grant"},
		"another grant":    {[]string{"grant_type", "password"}, "unsupported_grant_type"},
		"another secret":   {[]string{"client_secret", "guessed"}, "invalid_client"},
		"no secret":        {[]string{"client_secret", ""}, "invalid_client"},
		"another client":   {[]string{"client_id", "guessed"}, "invalid_client"},
	} {
		_, fault := p.redeem(p.code(), c.replaced...)
		require.Equal(t, c.fault, fault, name)
	}
	wrong, _ := p.send(http.MethodPost, "/oidc/token", url.Values{"code": {p.code()}}, func(r *http.Request) {
		r.SetBasicAuth(clientID, "%zz")
	})
	require.Equal(t, http.StatusUnauthorized, wrong.StatusCode)
}

func TestACodeIsGoodOnceAndForAMinute(t *testing.T) {
	t.Parallel()
	p := play(t)
	code := p.code()
	status, _ := p.redeem(code)
	require.Equal(t, http.StatusOK, status)
	_, fault := p.redeem(code)
	require.Equal(t, "invalid_grant", fault)

	spoilt := p.code()
	_, fault = p.redeem(spoilt, "code_verifier", "another")
	require.Equal(t, "invalid_grant", fault)
	_, fault = p.redeem(spoilt)
	require.Equal(t, "invalid_grant", fault, "one try")

	old := p.code()
	p.late.Add(int64(61 * time.Second))
	_, fault = p.redeem(old)
	require.Equal(t, "invalid_grant", fault)
}

func TestOptionsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	for _, opt := range []oidcserver.Options{
		{Issuer: "127.0.0.1", ClientID: clientID, ClientSecret: clientSecret, RedirectURL: redirectURL, People: people},
		{Issuer: "http://127.0.0.1/oidc", ClientSecret: clientSecret, RedirectURL: redirectURL, People: people},
		{Issuer: "http://127.0.0.1/oidc", ClientID: clientID, RedirectURL: redirectURL, People: people},
		{Issuer: "http://127.0.0.1/oidc", ClientID: clientID, ClientSecret: clientSecret, People: people},
	} {
		_, err := oidcserver.New(opt)
		require.ErrorContains(t, err, "oidcserver: ")
	}
}
