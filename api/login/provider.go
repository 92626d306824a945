package login

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// providerTimeout is how long the provider may take for one answer.
const providerTimeout = 10 * time.Second

// errAway says that the provider could not be asked: trying again may help.
var errAway = errors.New("the identity provider does not answer")

// refusal is why somebody isn't let in although the provider answered.
type refusal string

func (r refusal) Error() string { return string(r) }

// Refusals, as the log has them.
const (
	errToken      = refusal("the provider's token is not valid")
	errNoEmail    = refusal("the provider gives no email address")
	errUnverified = refusal("the provider does not say that the email address is verified")
)

// reach finds the provider's endpoints, once. Many browsers share one attempt.
func (l *Login) reach(ctx context.Context) (*oidc.Provider, error) {
	if known := l.provider.Load(); known != nil {
		return known, nil
	}
	_, err, _ := l.discovery.Do("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), providerTimeout)
		defer cancel()
		found, err := oidc.NewProvider(oidc.ClientContext(ctx, l.opt.HTTPClient), l.opt.Issuer)
		if err != nil {
			return nil, fmt.Errorf("%w: discover %s: %w", errAway, l.opt.Issuer, err)
		}
		l.provider.Store(found)
		return nil, nil //nolint:nilnil // what was found is stored
	})
	return l.provider.Load(), err
}

func (l *Login) client(provider *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: l.opt.ClientID, ClientSecret: l.opt.ClientSecret, Endpoint: provider.Endpoint(),
		RedirectURL: l.opt.PublicURL + returnPath, Scopes: []string{oidc.ScopeOpenID, "email", "profile"},
	}
}

// redeem turns the provider's code into who somebody is.
func (l *Login) redeem(ctx context.Context, code string, begun attempt) (identity, error) {
	provider, err := l.reach(ctx)
	if err != nil {
		return identity{}, err
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, l.opt.HTTPClient), providerTimeout)
	defer cancel()
	token, err := l.client(provider).Exchange(ctx, code, oauth2.VerifierOption(begun.Verifier))
	if err != nil {
		return identity{}, exchangeError(err)
	}
	raw, _ := token.Extra("id_token").(string)
	verifier := provider.Verifier(&oidc.Config{ClientID: l.opt.ClientID, Now: l.opt.Now})
	verified, err := verifier.Verify(ctx, raw)
	if err != nil {
		return identity{}, fmt.Errorf("%w: %w", errToken, err)
	}
	if subtle.ConstantTimeCompare([]byte(verified.Nonce), []byte(begun.Nonce)) != 1 {
		return identity{}, fmt.Errorf("%w: it is for another login", errToken)
	}
	return l.identify(verified)
}

// exchangeError leaves out the answer's body, which is none of the log's business.
func exchangeError(err error) error {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case !ok:
		return fmt.Errorf("%w: exchange code: %w", errAway, err)
	case refused.ErrorCode == "":
		return fmt.Errorf("%w: exchange code: status %s", errAway, refused.Response.Status)
	default:
		return refusal("the provider refused the code: " + refused.ErrorCode)
	}
}

// identify reads the claims of a verified token.
func (l *Login) identify(token *oidc.IDToken) (identity, error) {
	var claims map[string]json.RawMessage
	if err := token.Claims(&claims); err != nil {
		return identity{}, fmt.Errorf("%w: %w", errToken, err)
	}
	who := identity{Issuer: l.opt.Issuer, Email: lower(textOf(claims["email"])), Name: textOf(claims["name"])}
	if who.Email == "" {
		return identity{}, errNoEmail
	}
	if !l.verified(claims["email_verified"]) {
		return identity{}, fmt.Errorf("%w: %s", errUnverified, who.Email)
	}
	if l.opt.RolesClaim != "" {
		who.Values = textsOf(claims[l.opt.RolesClaim])
	}
	return who, nil
}

// verified reads email_verified, which some providers give as a string.
func (l *Login) verified(claim json.RawMessage) bool {
	switch string(claim) {
	case `true`, `"true"`:
		return true
	case "", "null":
		return l.opt.TrustEmail
	default:
		return false
	}
}

// textOf is a claim that is a string, or nothing.
func textOf(claim json.RawMessage) string {
	var text string
	if json.Unmarshal(claim, &text) != nil {
		return ""
	}
	return text
}

// textsOf is a claim that is a string or a list of them.
func textsOf(claim json.RawMessage) []string {
	if text := textOf(claim); text != "" {
		return []string{text}
	}
	var texts []string
	if json.Unmarshal(claim, &texts) != nil {
		return nil
	}
	return texts
}
