// Package sink is the contract of a place that cases are told to, beside the chat
// system. Its forms are sub-packages.
package sink

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind is what is told about a case.
type Kind string

// The kinds. A target may drop what comes before the case is opened, and take for a
// new case what is noted after it is resolved: they are told in this order.
const (
	Opened       Kind = "case.opened"       // the security team has to see it
	Noted        Kind = "case.noted"        // something was added to it
	Acknowledged Kind = "case.acknowledged" // a responder sees to it
	Resolved     Kind = "case.resolved"     // a responder is done with it
)

// Person is whom a case is about.
type Person struct {
	Email string `json:"email,omitempty"`
	Name  string `json:"name,omitempty"`
}

// Case is what one delivery says. ID names the delivery for good: sent twice, it is
// the same. CaseID names the case, in all that is ever told about it.
type Case struct {
	ID          string            `json:"id"`
	CaseID      string            `json:"case_id,omitempty"`
	Kind        Kind              `json:"-"`
	At          time.Time         `json:"-"` // when this came about
	AlertID     string            `json:"alert_id"`
	Verdict     string            `json:"verdict"`
	Reason      string            `json:"reason,omitempty"`
	Severity    string            `json:"severity"`
	Detection   string            `json:"detection"`
	Title       string            `json:"title"`
	Person      Person            `json:"person"`
	Answer      string            `json:"answer,omitempty"`
	Explanation string            `json:"explanation,omitempty"`
	Note        string            `json:"note,omitempty"`       // what was added, if it is not the explanation
	By          string            `json:"by,omitempty"`         // who acknowledged or resolved it
	Resolution  string            `json:"resolution,omitempty"` // in the responder's words
	Occurrences int               `json:"occurrences,omitempty"`
	OpenedAt    time.Time         `json:"opened_at"`
	Links       map[string]string `json:"links,omitempty"`
}

// CaseTarget is a place that cases are told to.
type CaseTarget interface {
	Name() string
	// Send tells a case, of any kind. Its error is an *Error, without secrets and
	// without the texts of the case.
	Send(ctx context.Context, told Case) error
}

// Error is a case that could not be told.
type Error struct {
	Refused    bool // for good: trying again is of no use
	Status     int  // of HTTP, 0 when there was no answer
	RetryAfter time.Duration
	Err        error
}

func (e *Error) Error() string {
	what := "not taken yet"
	if e.Refused {
		what = "refused"
	}
	if e.Status != 0 {
		what = fmt.Sprintf("%s (status %d)", what, e.Status)
	}
	if e.Err == nil {
		return "sink: case " + what
	}
	return fmt.Sprintf("sink: case %s: %v", what, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// FailureOf tells what an error means; what is not an *Error may be tried again.
func FailureOf(err error) *Error {
	if failed, ok := errors.AsType[*Error](err); ok {
		return failed
	}
	return &Error{Err: err}
}
