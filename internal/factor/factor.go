// Package factor is the contract of a second factor: a push to a person's own
// device that names one alert. Its forms are sub-packages.
package factor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"securitybot/internal/alert"
)

// Row is a line that the device shows.
type Row struct{ Name, Value string }

// Prompt is what the device shows.
type Prompt struct {
	Type string // what is asked for, "Security check"
	Rows []Row
}

// Device is something of a person's that takes pushes.
type Device struct {
	ID   string // the vendor's, lasting
	Name string // as the vendor shows it, may be empty
}

// Factor pushes and reads what became of it. Only a reply of the vendor about
// our own transaction is ever a result.
type Factor interface {
	// Name is the provider's, as in "duo".
	Name() string
	// Devices lists what a person can be pushed to, at least one. Nothing is sent.
	// Its error is an *Error.
	Devices(ctx context.Context, person string) ([]Device, error)
	// Push sends one push to a device of the named person and gives its
	// transaction. Its error is an *Error.
	Push(ctx context.Context, person, device string, prompt Prompt) (string, error)
	// Poll waits a short while for a result: ProofPending, or a final one with a
	// reason where it is ProofUnavailable. Its error is an *Error and means that
	// nothing was learnt.
	Poll(ctx context.Context, transaction string) (alert.ProofResult, string, error)
}

// Failure is what a failed call means.
type Failure string

// The failures.
const (
	NotSent  Failure = "not_sent" // certainly no push left; try again
	Lost     Failure = "lost"     // a push may have left, and its transaction is unknown
	NotProof Failure = "no_proof" // this person can't prove anything now; see Reason; final
)

// Error is a failed call to a factor. Reason is an alert.Reason… or the vendor's word.
type Error struct {
	Failure    Failure
	Reason     string
	RetryAfter time.Duration
	Err        error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("factor: %s: %s", e.Failure, e.Reason)
	}
	return fmt.Sprintf("factor: %s: %s: %v", e.Failure, e.Reason, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// FailureOf tells what an error means; of one that no adapter classified, the worst.
func FailureOf(err error) *Error {
	if failed, ok := errors.AsType[*Error](err); ok {
		return failed
	}
	return &Error{Failure: Lost, Reason: "unknown", Err: err}
}

// None is the factor of an installation without one: it never proves anything.
type None struct{}

// Name implements Factor.
func (None) Name() string { return "none" }

// Devices implements Factor: there are none.
func (None) Devices(context.Context, string) ([]Device, error) {
	return nil, &Error{Failure: NotProof, Reason: alert.ReasonNoFactor}
}

// Push implements Factor: there is nothing to push to.
func (None) Push(context.Context, string, string, Prompt) (string, error) {
	return "", &Error{Failure: NotProof, Reason: alert.ReasonNoFactor}
}

// Poll implements Factor.
func (None) Poll(context.Context, string) (alert.ProofResult, string, error) {
	return alert.ProofUnavailable, alert.ReasonNoFactor, nil
}
