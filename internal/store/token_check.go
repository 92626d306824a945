package store

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"securitybot/internal/alert"
)

// What a token's scopes may be: a source reports, a person acts.
var (
	sourceScopes = []string{"ingest", "read"}
	personScopes = []string{"read", "respond", "admin"}
)

// LongestPersonToken is how long somebody can act with a token at most.
const LongestPersonToken = 90 * 24 * time.Hour

const (
	mostPatterns = 100
	mostPattern  = 100       // characters
	mostAnHour   = 1_000_000 // alerts
)

var (
	sourceName       = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,63}$`)
	personEmail      = regexp.MustCompile(`^[^\s@=,;<>"]+@[^\s@=,;<>"]+$`)
	detectionPattern = regexp.MustCompile(`^[A-Za-z0-9_.:/-]*\*?$`)
)

// TokenFault is something that is wrong with a wanted token.
type TokenFault struct{ Field, Detail string }

// InvalidTokenError is a wanted token that there can't be.
type InvalidTokenError struct{ Faults []TokenFault }

// Error implements error.
func (e *InvalidTokenError) Error() string {
	texts := make([]string, len(e.Faults))
	for i, fault := range e.Faults {
		texts[i] = fault.Field + ": " + fault.Detail
	}
	return strings.Join(texts, "; ")
}

func (e *InvalidTokenError) add(wrong bool, field, format string, args ...any) {
	if wrong {
		e.Faults = append(e.Faults, TokenFault{field, fmt.Sprintf(format, args...)})
	}
}

// check tells everything that is wrong with a wanted token.
func (t Token) check(now time.Time) error {
	var invalid InvalidTokenError
	t.checkOwner(&invalid)
	t.checkLimits(&invalid)
	t.checkEnd(&invalid, now)
	if len(invalid.Faults) > 0 {
		return &invalid
	}
	return nil
}

func (t Token) checkOwner(invalid *InvalidTokenError) {
	allowed, whose := sourceScopes, "a source's"
	switch {
	case (t.Source == "") == (t.Email == ""):
		invalid.add(true, "source", "give either a source or an email")
		return
	case t.Email != "":
		allowed, whose = personScopes, "a person's"
		invalid.add(!personEmail.MatchString(t.Email), "email", "is not an email address")
	default:
		invalid.add(!sourceName.MatchString(t.Source), "source",
			"must have small letters, digits and _ . - only, at most 64, a letter or digit first")
		invalid.add(alert.ReservedSource(t.Source), "source", "is a timeline's own word")
	}
	invalid.add(len(t.Scopes) == 0, "scopes", "is empty")
	for i, scope := range t.Scopes {
		invalid.add(!slices.Contains(allowed, scope), "scopes", "%s token has some of %s", whose, strings.Join(allowed, ", "))
		invalid.add(slices.Contains(t.Scopes[:i], scope), "scopes", "has one twice")
	}
}

func (t Token) checkLimits(invalid *InvalidTokenError) {
	if t.Email != "" {
		invalid.add(len(t.Detections) > 0, "detections", "is for sources alone")
		invalid.add(len(t.Severities) > 0, "severities", "is for sources alone")
		invalid.add(t.PerHour != 0, "per_hour", "is for sources alone")
		return
	}
	invalid.add(len(t.Detections) > mostPatterns, "detections", "has more than %d", mostPatterns)
	invalid.add(slices.ContainsFunc(t.Detections, func(pattern string) bool {
		return pattern == "" || utf8.RuneCountInString(pattern) > mostPattern || !detectionPattern.MatchString(pattern)
	}), "detections", "must be names of detections, or beginnings of names with a * at their end")
	invalid.add(slices.ContainsFunc(t.Severities, func(severity string) bool {
		return alert.Severity(severity).Rank() == 0
	}), "severities", "must be some of low, medium, high, critical")
	invalid.add(t.PerHour < 0 || t.PerHour > mostAnHour, "per_hour", "must be a number from 0 to %d", mostAnHour)
}

// checkEnd wants an end of what acts as a person: people leave, and change what they do.
func (t Token) checkEnd(invalid *InvalidTokenError, now time.Time) {
	const most = int(LongestPersonToken / (24 * time.Hour))
	ofPerson := t.Source == "" && t.Email != ""
	switch {
	case t.ExpiresAt.IsZero():
		invalid.add(ofPerson, "until", "is required of a person's token, at most %d days ahead", most)
	case !t.ExpiresAt.After(now):
		invalid.add(true, "until", "is not ahead")
	default:
		invalid.add(ofPerson && t.ExpiresAt.Sub(now) > LongestPersonToken, "until",
			"is more than %d days ahead, the most of a person's token", most)
	}
}
