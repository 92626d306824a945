package chat

import (
	"errors"
	"fmt"
	"time"
)

// Failure is what a failed call means for the one who made it.
type Failure string

// The failures. The adapter that saw the reply decides which it is.
const (
	RateLimited Failure = "rate_limited" // nothing happened; try after RetryAfter
	Transient   Failure = "transient"    // nothing happened; try again
	Ambiguous   Failure = "ambiguous"    // it may have happened: look before trying again
	Gone        Failure = "gone"         // the person or message is no more; see Reason
	Refused     Failure = "refused"      // this channel or content will never be taken
	Operator    Failure = "operator"     // a token or scope: nobody can be told anything until it is mended
)

// Error is a failed call to a chat system.
type Error struct {
	Failure    Failure
	Reason     string // the vendor's word, or an alert.Reason… for Gone people
	RetryAfter time.Duration
	Err        error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("chat: %s: %s", e.Failure, e.Reason)
	}
	return fmt.Sprintf("chat: %s: %s: %v", e.Failure, e.Reason, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// FailureOf tells what an error means; what is not an *Error may have happened.
func FailureOf(err error) *Error {
	if failed, ok := errors.AsType[*Error](err); ok {
		return failed
	}
	return &Error{Failure: Ambiguous, Reason: "unknown", Err: err}
}
