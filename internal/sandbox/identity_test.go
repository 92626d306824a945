package sandbox_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"securitybot/internal/sandbox"
)

const verifier = "a-verifier-that-is-long-enough-to-be-one-really"

func withProvider(o *sandbox.Options) {
	o.OIDCClientID, o.OIDCClientSecret, o.OIDCRedirectURL = "securitybot", "oidc-secret", "http://127.0.0.1:1/login/callback"
}

// signIn presses a person's button and is what the client learns of them.
func (w *world) signIn(id string) map[string]any {
	w.t.Helper()
	ctx := oidc.ClientContext(w.t.Context(), w.http)
	provider, err := oidc.NewProvider(ctx, w.sb.OIDCIssuer())
	require.NoError(w.t, err)
	client := oauth2.Config{
		ClientID: "securitybot", ClientSecret: "oidc-secret", RedirectURL: "http://127.0.0.1:1/login/callback",
		Endpoint: provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID},
	}
	page, err := url.Parse(client.AuthCodeURL("state", oidc.Nonce("nonce"), oauth2.S256ChallengeOption(verifier)))
	require.NoError(w.t, err)
	form := page.Query()
	form.Set("person", id)
	answer := w.pressForm(form, w.url)
	require.Equal(w.t, http.StatusSeeOther, answer.StatusCode)
	back, err := answer.Location()
	require.NoError(w.t, err)
	if back.Query().Get("error") != "" {
		return nil
	}
	token, err := client.Exchange(ctx, back.Query().Get("code"), oauth2.VerifierOption(verifier))
	require.NoError(w.t, err)
	raw, _ := token.Extra("id_token").(string)
	verified, err := provider.Verifier(&oidc.Config{ClientID: "securitybot"}).Verify(ctx, raw)
	require.NoError(w.t, err)
	claims := map[string]any{}
	require.NoError(w.t, verified.Claims(&claims))
	return claims
}

// pressForm sends what a button of the provider's page does, from a page of an origin.
func (w *world) pressForm(form url.Values, origin string) *http.Response {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.sb.OIDCIssuer()+"/authorize", strings.NewReader(form.Encode()))
	require.NoError(w.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", origin)
	stay := *w.http
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := stay.Do(request)
	require.NoError(w.t, err)
	require.NoError(w.t, answer.Body.Close())
	return answer
}

func TestThePeopleOfTheWorkspaceCanSignIn(t *testing.T) {
	t.Parallel()
	w := start(t, withProvider)
	for email, groups := range map[string][]any{
		sam: {sandbox.GroupResponders, sandbox.GroupAdmins}, kim: {sandbox.GroupResponders},
		"dave@example.com": {sandbox.GroupViewers}, "carol@example.com": {sandbox.GroupViewers}, alice: {},
	} {
		claims := w.signIn(w.id(email))
		require.Equal(t, email, claims["email"])
		require.Equal(t, true, claims["email_verified"])
		require.Equal(t, groups, claims["groups"], email)
	}
}

func TestWhoHasLeftCanNotSignIn(t *testing.T) {
	t.Parallel()
	w := start(t, withProvider)
	id := w.id(bob)
	require.NotNil(t, w.signIn(id))
	require.Equal(t, http.StatusOK, w.do(http.MethodPost, "deactivate", press{"user": bob, "deactivated": true}, nil))
	require.Nil(t, w.signIn(id))
	require.Nil(t, w.signIn("USLACKBOT"))
}

func TestTheProviderIsForThisMachineAlone(t *testing.T) {
	t.Parallel()
	const discovery = "/sandbox/oidc/.well-known/openid-configuration"
	nothing := func(*http.Request) {}
	w := start(t, withProvider)
	require.Equal(t, http.StatusOK, w.status(http.MethodGet, discovery, nil, nothing))
	require.Equal(t, http.StatusForbidden, w.status(http.MethodGet, discovery, nil, func(r *http.Request) { r.Host = "evil.example" }))
	require.Equal(t, http.StatusForbidden, w.pressForm(url.Values{}, "https://evil.example").StatusCode)
	require.Equal(t, http.StatusForbidden, w.pressForm(url.Values{}, "null").StatusCode)

	open := start(t, withProvider, func(o *sandbox.Options) { o.Loopback = false })
	require.Equal(t, http.StatusNotFound, open.status(http.MethodGet, discovery, nil, nothing))
	without := start(t)
	require.Equal(t, http.StatusNotFound, without.status(http.MethodGet, discovery, nil, nothing))
}
