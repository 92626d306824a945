package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

const (
	maxReason        = 500
	maxScope         = 20                 // fields
	longestException = 7 * 24 * time.Hour // as the record has it
	shownPast        = 7 * 24 * time.Hour // suppressions that are over
	mostSuppressions = 10_000             // that are looked at
)

// SuppressionView is what will not be asked about until a time. Active tells that
// it still covers something.
type SuppressionView struct {
	ID         string          `json:"id"`
	Kind       string          `json:"kind"`
	Active     bool            `json:"active"`
	Person     Someone         `json:"person"`
	Detection  string          `json:"detection"`
	Scope      json.RawMessage `json:"scope"`
	Severity   alert.Severity  `json:"severity"` // the gravest that it covers
	AlertID    string          `json:"alert_id,omitempty"`
	By         string          `json:"by"`
	Reason     string          `json:"reason"`
	Since      time.Time       `json:"since"`
	Until      time.Time       `json:"until"`
	Used       int             `json:"used"`
	Most       int             `json:"most"`
	RevokedAt  time.Time       `json:"revoked_at,omitzero"`
	RevokedBy  string          `json:"revoked_by,omitempty"`
	Revocation string          `json:"revocation,omitempty"`
}

func suppressionOf(suppression store.Suppression, person Someone, now time.Time) SuppressionView {
	return SuppressionView{
		ID: suppression.ID, Kind: suppression.Kind, Active: suppression.InForce(now), Person: person,
		Detection: suppression.Detection, Scope: suppression.Scope, Severity: suppression.Severity,
		AlertID: suppression.AlertID, By: suppression.By, Reason: suppression.Reason,
		Since: suppression.Since.UTC(), Until: suppression.Until.UTC(), Used: suppression.Used, Most: suppression.Most,
		RevokedAt: suppression.RevokedAt.UTC(), RevokedBy: suppression.RevokedBy, Revocation: suppression.Revocation,
	}
}

func (s *Server) listSuppressions(c *gin.Context) error {
	query := struct {
		active bool
		person string
		limit  int
	}{limit: defaultLimit}
	faults := readQuery(c.Request.URL.RawQuery, map[string]func(string) error{
		"active": flag(&query.active), "person": plain(&query.person), "limit": limited(&query.limit),
	})
	if len(faults) > 0 {
		return problemOf(http.StatusBadRequest, "the query is not valid", faults...)
	}
	var only *alert.Person
	if query.person != "" {
		person, err := s.person(c.Request.Context(), query.person)
		if err != nil {
			return err
		}
		only = &person
	}
	now := s.opt.Now()
	since := now.Add(-shownPast)
	if query.active {
		since = now
	}
	list, err := s.opt.Record.Suppressions(c.Request.Context(), since, mostSuppressions)
	if err != nil {
		return fmt.Errorf("list suppressions: %w", err)
	}
	list = slices.DeleteFunc(list, func(each store.Suppression) bool {
		return isSelf(c, each.Person) || query.active && !each.InForce(now) || only != nil && each.Person != only.PersonKey
	})
	return s.writeSuppressions(c, list[:min(len(list), query.limit)], now)
}

func (s *Server) writeSuppressions(c *gin.Context, list []store.Suppression, now time.Time) error {
	people := s.directory()
	views := make([]SuppressionView, 0, len(list))
	for _, each := range list {
		person, err := people.find(c.Request.Context(), each.Person)
		if err != nil {
			return err
		}
		views = append(views, suppressionOf(each, person, now))
	}
	return writeJSON(c, http.StatusOK, map[string]any{"suppressions": views})
}

func (s *Server) revoke(c *gin.Context) error {
	reason, err := s.readReason(c, "a revocation")
	if err != nil {
		return err
	}
	revoked, err := s.opt.Record.Revoke(c.Request.Context(), c.Param("id"), callerOf(c).Person, actor(c), reason)
	switch {
	case errors.Is(err, store.ErrOwnException):
		return errOwn()
	case errors.Is(err, store.ErrNotFound):
		return problemOf(http.StatusNotFound, "no such suppression")
	case errors.Is(err, store.ErrSilentRevoking):
		return problemOf(http.StatusConflict, "it is not in force any more")
	case err != nil:
		return fmt.Errorf("revoke suppression: %w", err)
	}
	s.opt.Kick()
	person, err := s.directory().find(c.Request.Context(), revoked.Person)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, suppressionOf(revoked, person, s.opt.Now()))
}

// readReason reads a body that gives nothing but a reason.
func (s *Server) readReason(c *gin.Context, what string) (string, error) {
	body, err := readBody(c, what)
	if err != nil {
		return "", err
	}
	f := form{now: s.opt.Now()}
	var reason string
	f.read(body, map[string]func(string, json.RawMessage){"reason": f.required(&reason, maxReason)})
	return reason, f.invalid()
}

// exception is what an admin wants not to be asked about.
type exception struct {
	person string
	ends   term
	store.Suppression
}

func readException(body []byte, now time.Time) (exception, error) {
	f := form{now: now}
	var wanted exception
	f.read(body, map[string]func(string, json.RawMessage){
		"person": f.email(&wanted.person), "detection": f.detection(&wanted.Detection),
		"scope": f.scope(&wanted.Scope), "severity": f.severity(&wanted.Severity),
		"reason": f.required(&wanted.Reason, maxReason),
		"until":  f.until(&wanted.ends), "for": f.lasting(&wanted.ends),
	}, "until", "for")
	f.within(wanted.ends, longestException)
	wanted.Until = wanted.ends.until
	return wanted, f.invalid()
}

// scope reads the fields of the context that an alert must have, with the same
// values, to be covered: one at least, for else it would be all of a detection.
func (f *form) scope(into *json.RawMessage) func(string, json.RawMessage) {
	return func(field string, raw json.RawMessage) {
		before := len(f.faults)
		var given map[string]any
		known := map[string]func(string, json.RawMessage){}
		if json.Unmarshal(raw, &given) == nil {
			for name := range given {
				known[name] = f.scopeValue
			}
		}
		f.object(field+".", raw, known)
		if len(f.faults) > before {
			return
		}
		canonical, ok := store.ScopeOf(raw, slices.Collect(maps.Keys(given)))
		switch {
		case len(given) == 0:
			f.fault(field, "needs at least one field of the context")
		case len(given) > maxScope:
			f.fault(field, "has more than %d fields", maxScope)
		case !ok:
			f.fault(field, "may have texts that are not empty, numbers, true and false only")
		default:
			*into = canonical
		}
	}
}

func (f *form) scopeValue(field string, raw json.RawMessage) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		f.fault(field, "can't be read")
		return
	}
	if err := errors.Join(checkText(field), checkValue(value, 1)); err != nil {
		f.fault(field, "%s", err)
	}
}

func (s *Server) except(c *gin.Context) error {
	body, err := readBody(c, "an exception")
	if err != nil {
		return err
	}
	wanted, err := readException(body, s.opt.Now())
	if err != nil {
		return err
	}
	person, err := s.person(c.Request.Context(), wanted.person)
	if err != nil {
		return err
	}
	wanted.Person = person.PersonKey
	made, err := s.opt.Record.Except(c.Request.Context(), wanted.Suppression, callerOf(c).Person, actor(c), nameOf(person))
	switch {
	case errors.Is(err, store.ErrOwnException):
		return problemOf(http.StatusForbidden, "nobody may except themselves: ask another admin")
	case errors.Is(err, store.ErrLongException):
		return problemOf(http.StatusBadRequest, "the request is not valid", Fault{Field: "until", Detail: err.Error()})
	case err != nil:
		return fmt.Errorf("add exception: %w", err)
	}
	s.opt.Kick()
	return writeJSON(c, http.StatusCreated, suppressionOf(made, someone(person), s.opt.Now()))
}
