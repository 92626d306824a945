package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"securitybot/internal/store"
)

// TokenKeeping is what the API needs of the store for tokens.
type TokenKeeping interface {
	TokenOf(ctx context.Context, plain string) (store.Token, bool, error)
	Tokens(ctx context.Context) ([]store.Token, error)
	MakeToken(ctx context.Context, wanted store.Token, by string) (store.Token, string, error)
	RevokeToken(ctx context.Context, id, by string) (store.Token, error)
}

// TokenView is an API token, without the token itself: GET /v1/tokens. It is either a
// source's or a person's. Empty lists of detections and severities allow all of them.
type TokenView struct {
	ID         string    `json:"id"`
	Source     string    `json:"source,omitempty"`
	Email      string    `json:"email,omitempty"` // of the person who acts with it
	Scopes     []string  `json:"scopes"`
	Detections []string  `json:"detections"` // names, or beginnings of names before a *
	Severities []string  `json:"severities"`
	PerHour    int       `json:"per_hour"` // alerts of its source that are taken in an hour; 0: any number
	State      string    `json:"state"`    // active, revoked or expired
	CreatedAt  time.Time `json:"created_at"`
	CreatedBy  string    `json:"created_by"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"`
	LastUsedAt time.Time `json:"last_used_at,omitzero"` // to the minute
	RevokedAt  time.Time `json:"revoked_at,omitzero"`
	RevokedBy  string    `json:"revoked_by,omitempty"`
}

// TokenList are all tokens, the newest first.
type TokenList struct {
	Tokens []TokenView `json:"tokens"`
}

// MadeToken is the answer to POST /v1/tokens: the only time that a token is shown. The
// request has source or email, scopes, and, if wanted, detections, severities,
// per_hour, and until or for (such as 90d), which a person's token needs.
type MadeToken struct {
	TokenView
	Token string `json:"token"`
}

// callerWith is who shows a token of the record.
func callerWith(token store.Token) Caller {
	caller := Caller{Source: token.Source, TokenID: token.ID, Email: token.Email, Token: token}
	for _, scope := range token.Scopes {
		caller.Scopes = append(caller.Scopes, Scope(scope))
	}
	return caller
}

func (s *Server) listTokens(c *gin.Context) error {
	tokens, err := s.opt.Record.Tokens(c.Request.Context())
	if err != nil {
		return fmt.Errorf("list tokens: %w", err)
	}
	list := TokenList{Tokens: make([]TokenView, len(tokens))}
	for i, token := range tokens {
		list.Tokens[i] = tokenOf(token, s.opt.Now())
	}
	return writeJSON(c, http.StatusOK, list)
}

func tokenOf(token store.Token, now time.Time) TokenView {
	state := "active"
	switch {
	case !token.RevokedAt.IsZero():
		state = "revoked"
	case !token.Live(now):
		state = "expired"
	}
	return TokenView{
		ID: token.ID, Source: token.Source, Email: token.Email, Scopes: listed(token.Scopes),
		Detections: listed(token.Detections), Severities: listed(token.Severities), PerHour: token.PerHour, State: state,
		CreatedAt: token.CreatedAt.UTC(), CreatedBy: token.CreatedBy, ExpiresAt: token.ExpiresAt.UTC(),
		LastUsedAt: token.LastUsedAt.UTC(), RevokedAt: token.RevokedAt.UTC(), RevokedBy: token.RevokedBy,
	}
}

// listed is never null.
func listed(list []string) []string { return append([]string{}, list...) }

// makeToken makes a source's token, or one of the person who asks: nobody gets to act
// under another one's name, nor to do more than they may.
func (s *Server) makeToken(c *gin.Context) error {
	body, err := readBody(c, "a request")
	if err != nil {
		return err
	}
	caller := callerOf(c)
	wanted, err := readToken(body, s.opt.Now())
	if err != nil {
		return err
	}
	if wanted.Email != "" {
		if err := within(caller, wanted); err != nil {
			return err
		}
	}
	made, plain, err := s.opt.Record.MakeToken(c.Request.Context(), wanted, actor(c))
	if err != nil {
		return refusedToken(err)
	}
	s.opt.Kick()
	c.Header("Location", "/v1/tokens")
	return writeJSON(c, http.StatusCreated, MadeToken{tokenOf(made, s.opt.Now()), plain})
}

func refusedToken(err error) error {
	if errors.Is(err, store.ErrTooManyTokens) {
		return problemOf(http.StatusConflict, err.Error())
	}
	invalid, ok := errors.AsType[*store.InvalidTokenError](err)
	if !ok {
		return fmt.Errorf("make token: %w", err)
	}
	var faults []Fault
	for _, fault := range invalid.Faults {
		faults = append(faults, Fault(fault))
	}
	return problemOf(http.StatusBadRequest, "the token is not valid", faults...)
}

// within refuses a person's token that would be more than its maker is.
func within(caller Caller, wanted store.Token) error {
	if !strings.EqualFold(wanted.Email, caller.Email) {
		return problemOf(http.StatusForbidden, "nobody makes a token that acts as somebody else",
			Fault{Field: "email", Detail: "is not your own"})
	}
	if slices.ContainsFunc(wanted.Scopes, func(scope string) bool { return !caller.May(Scope(scope)) }) {
		return problemOf(http.StatusForbidden, "nobody makes a token that may do more than they may",
			Fault{Field: "scopes", Detail: "has one that you don't have"})
	}
	return nil
}

func (s *Server) revokeToken(c *gin.Context) error {
	token, err := s.opt.Record.RevokeToken(c.Request.Context(), c.Param("id"), actor(c))
	if errors.Is(err, store.ErrNotFound) {
		return problemOf(http.StatusNotFound, "no such token")
	}
	if err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	return writeJSON(c, http.StatusOK, tokenOf(token, s.opt.Now()))
}

// readToken reads the body of POST /v1/tokens. Whether there can be such a token, the
// store tells.
func readToken(body []byte, now time.Time) (store.Token, error) {
	form := form{now: now}
	var wanted store.Token
	var ends term
	form.read(body, map[string]func(string, json.RawMessage){
		"source":     form.text(&wanted.Source, maxSubject),
		"email":      form.text(&wanted.Email, maxSubject),
		"scopes":     form.texts(&wanted.Scopes),
		"detections": form.texts(&wanted.Detections),
		"severities": form.texts(&wanted.Severities),
		"per_hour":   form.whole(&wanted.PerHour),
		"until":      form.until(&ends),
		"for":        form.lasting(&ends),
	}, "source", "email", "detections", "severities", "per_hour", "until", "for")
	if ends.times > 1 {
		form.fault("for", "give either until or for")
	}
	wanted.ExpiresAt = ends.until
	return wanted, form.invalid()
}

// mostTexts bounds a list of words.
const mostTexts = 100

func (f *form) texts(into *[]string) func(string, json.RawMessage) {
	return func(field string, raw json.RawMessage) {
		var given []string
		if err := json.Unmarshal(raw, &given); err != nil || len(given) > mostTexts {
			f.fault(field, "must be a list of at most %d strings", mostTexts)
			return
		}
		for _, text := range given {
			if err := checkText(text); err != nil {
				f.fault(field, "%s", err)
				return
			}
		}
		*into = given
	}
}

func (f *form) whole(into *int) func(string, json.RawMessage) {
	return func(field string, raw json.RawMessage) {
		if err := json.Unmarshal(raw, into); err != nil {
			f.fault(field, "must be a whole number")
		}
	}
}
