package api

import (
	"context"
	"slices"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// Scope is something that a caller may do.
type Scope string

// The scopes. None includes another one.
const (
	ScopeIngest  Scope = "ingest"  // report alerts, and read what it reported
	ScopeRead    Scope = "read"    // read everything
	ScopeRespond Scope = "respond" // see to cases
	ScopeAdmin   Scope = "admin"   // change what holds: exceptions, tokens, pauses
)

// Role is what somebody who logs in may be.
type Role string

// The roles, each with what those before it may do.
const (
	Viewer    Role = "viewer"
	Responder Role = "responder"
	Admin     Role = "admin"
)

// Scopes are what a role may do; nothing of one that isn't known.
func (r Role) Scopes() []Scope {
	switch r {
	case Viewer:
		return []Scope{ScopeRead}
	case Responder:
		return []Scope{ScopeRead, ScopeRespond}
	case Admin:
		return []Scope{ScopeRead, ScopeRespond, ScopeAdmin}
	default:
		return nil
	}
}

// Caller is who makes a request: a source, or a person.
type Caller struct {
	Source  string          // that its token reports as; "" of a person
	TokenID string          // of the token that was shown; "" of one that is configured, and of who logged in
	Email   string          // of a person, in lower case; "" of a source
	Name    string          // of a person
	Person  alert.PersonKey // of a person, as the directory has them; zero when it doesn't
	Session bool            // a person who logged in, rather than showed a token
	Scopes  []Scope
	Token   store.Token // of the record, that was shown; else the zero one, which restricts nothing
}

// May tells whether the caller has a scope.
func (c Caller) May(scope Scope) bool { return slices.Contains(c.Scopes, scope) }

type callerKey struct{}

// WithCaller says who makes the requests of this context. Whoever calls it has
// found out who that is.
func WithCaller(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// CallerOf is who makes a request; false while nobody has found out.
func CallerOf(ctx context.Context) (Caller, bool) {
	caller, ok := ctx.Value(callerKey{}).(Caller)
	return caller, ok
}
