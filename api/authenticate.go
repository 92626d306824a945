package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"securitybot/internal/alert"
)

// selfKey is where a request keeps the person who makes it.
const selfKey = "self"

// authenticate finds out who calls: whoever stands in the context already, else
// the one whose token was shown. A person must be one whom the directory knows:
// else nobody could keep them from what is about themselves.
func (s *Server) authenticate(c *gin.Context) error {
	ctx := c.Request.Context()
	caller, ok := CallerOf(ctx)
	if !ok {
		var err error
		if caller, ok, err = s.bearer(ctx, c.GetHeader("Authorization")); err != nil {
			return fmt.Errorf("find token: %w", err)
		}
	}
	if !ok {
		s.refused(c, http.StatusUnauthorized)
		c.Header("WWW-Authenticate", `Bearer realm="securitybot"`)
		return problemOf(http.StatusUnauthorized, "give a valid token as Authorization: Bearer TOKEN")
	}
	c.Request = c.Request.WithContext(WithCaller(ctx, caller))
	return nil
}

// bearer is the caller whose token an Authorization header shows.
func (s *Server) bearer(ctx context.Context, header string) (Caller, bool, error) {
	scheme, token, _ := strings.Cut(header, " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || token == "" {
		return Caller{}, false, nil
	}
	if source, ok := s.opt.Sources(token); ok {
		return Caller{Source: source, Scopes: []Scope{ScopeIngest, ScopeRead}}, true, nil
	}
	if email, ok := s.opt.Admins(token); ok {
		return Caller{Email: strings.ToLower(email), Scopes: Admin.Scopes()}, true, nil
	}
	kept, ok, err := s.opt.Record.TokenOf(ctx, token)
	return callerWith(kept), ok, err
}

// authorize lets those through who have one of the scopes; without any, everybody
// who is known.
func (s *Server) authorize(scopes []Scope) func(*gin.Context) error {
	return func(c *gin.Context) error {
		caller := callerOf(c)
		if len(scopes) == 0 {
			return nil
		}
		if !slices.ContainsFunc(scopes, caller.acts) {
			s.refused(c, http.StatusForbidden)
			return needs(scopes)
		}
		if caller.Email == "" {
			return nil
		}
		if err := s.recognize(c, caller); err != nil || slices.Contains(scopes, ScopeRead) {
			return err
		}
		return s.suspected(c)
	}
}

// acts tells whether the caller may do what a scope is for. Only sources report, and
// only people respond to cases and administer: somebody has to be named.
func (c Caller) acts(scope Scope) bool {
	switch scope {
	case ScopeIngest:
		return c.May(scope) && c.Source != ""
	case ScopeRead:
		return c.May(scope)
	default:
		return c.May(scope) && c.Email != ""
	}
}

func needs(scopes []Scope) error {
	return problemOf(http.StatusForbidden, "this needs the scope "+orList(scopes))
}

// suspected keeps somebody whose chat account may be stolen from changing anything.
func (s *Server) suspected(c *gin.Context) error {
	suspected, err := s.opt.Record.Distrusted(c.Request.Context(), callerOf(c).Person)
	if err != nil {
		return fmt.Errorf("read distrust: %w", err)
	}
	if suspected {
		return errSuspected()
	}
	return nil
}

// recognize looks the person up who makes a request, once.
func (s *Server) recognize(c *gin.Context, caller Caller) error {
	people, err := s.withEmail(c.Request.Context(), caller.Email)
	if err != nil {
		return err
	}
	if len(people) != 1 {
		return s.unrecognized(c.Request.Context())
	}
	person := people[0]
	c.Set(selfKey, &person)
	caller.Person, caller.Name = person.PersonKey, person.Name
	c.Request = c.Request.WithContext(WithCaller(c.Request.Context(), caller))
	return nil
}

// unrecognized tells somebody whom the directory doesn't have, or the first callers
// after the first start that it was not read yet.
func (s *Server) unrecognized(ctx context.Context) error {
	team, err := s.opt.Team(ctx)
	if err != nil {
		return fmt.Errorf("find out the team: %w", err)
	}
	anybody, err := s.opt.Record.People(ctx, team, "", "", 1)
	switch {
	case err != nil:
		return fmt.Errorf("look people up: %w", err)
	case len(anybody) == 0:
		return problemOf(http.StatusServiceUnavailable, "the chat system's directory is not read yet")
	default:
		return problemOf(http.StatusForbidden,
			"the directory must know exactly one person with your address, so that nobody sees to what is about themselves")
	}
}

// callerOf is who makes a request that was authenticated.
func callerOf(c *gin.Context) Caller {
	caller, _ := CallerOf(c.Request.Context())
	return caller
}

// self is the person who makes a request; nil of a source.
func self(c *gin.Context) *alert.Person {
	person, _ := c.Value(selfKey).(*alert.Person)
	return person
}

func orList(scopes []Scope) string {
	names := make([]string, len(scopes))
	for i, scope := range scopes {
		names[i] = string(scope)
	}
	return strings.Join(names, " or ")
}

// refused counts an alert that nobody was allowed to report.
func (s *Server) refused(c *gin.Context, status int) {
	if c.Request.Method == http.MethodPost && c.FullPath() == "/v1/alerts" {
		s.counts.refuse(callerOf(c).Source, status)
	}
}
