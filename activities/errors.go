package activities

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"

	"securitybot/internal/chat"
	"securitybot/internal/conversation"
	"securitybot/internal/sink"
	"securitybot/internal/store"
)

// The types of errors that a step may end with.
const (
	errMissing     = "Missing"
	errRateLimited = "RateLimited"
	errBusy        = "Busy"
	errProvider    = "Provider"
	errOperator    = "Operator"
	errPaused      = "Paused"
)

// missing makes a look-up of an alert that isn't there final: somebody started a
// workflow by hand.
func missing(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return temporal.NewNonRetryableApplicationError("no such alert", errMissing, err)
	}
	return err
}

// failed says what a failure means to Temporal. The texts hold the vendor's code
// alone, never what was sent.
func (a *Activities) failed(doing string, err error) error {
	var decided *temporal.ApplicationError
	var failed *chat.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &decided):
		return decided // alone: joined to another error, Temporal would not know it
	case !errors.As(err, &failed):
		return fmt.Errorf("%s: %w", doing, err)
	}
	said := doing + ": " + failed.Reason
	switch failed.Failure {
	case chat.RateLimited:
		return temporal.NewApplicationErrorWithOptions(said, errRateLimited, temporal.ApplicationErrorOptions{
			NextRetryDelay: failed.RetryAfter, Category: temporal.ApplicationErrorCategoryBenign,
		})
	case chat.Gone, chat.Refused:
		return temporal.NewNonRetryableApplicationError(said, conversation.UndeliverableError, nil, failed.Reason)
	case chat.Operator:
		a.Logger.Error("the chat system refuses us: check the token and its scopes", "doing", doing, "reason", failed.Reason)
		return temporal.NewApplicationError(said, errOperator)
	default:
		return temporal.NewApplicationError(said, errProvider)
	}
}

// notAsked tells an operator why a question was refused: the verdict only says that
// it could not be delivered.
func (a *Activities) notAsked(alertID string, err error) error {
	if failed, ok := errors.AsType[*chat.Error](err); ok && (failed.Failure == chat.Gone || failed.Failure == chat.Refused) {
		a.Logger.Warn("a question was refused", "alert_id", alertID, "reason", failed.Reason)
	}
	return a.failed("post the question", err)
}

// untold keeps a case that the chat system refused coming back: it must reach
// somebody, so that an operator has to hear of it.
func (a *Activities) untold(alertID string, err error) error {
	var failed *chat.Error
	if errors.As(err, &failed) && (failed.Failure == chat.Gone || failed.Failure == chat.Refused) {
		a.Logger.Error("no case can be posted: check the security channel", "alert_id", alertID, "reason", failed.Reason)
		return temporal.NewApplicationError("post the case: "+failed.Reason, errOperator)
	}
	return a.failed("post the case", err)
}

// notTaken is a case that the second target did not take; it says when to try again.
func notTaken(err error) error {
	return temporal.NewApplicationErrorWithOptions("send the case to the second target: "+err.Error(), errProvider,
		temporal.ApplicationErrorOptions{NextRetryDelay: sink.FailureOf(err).RetryAfter})
}

// busy is a message that another process is posting at this moment.
func busy(post store.Post) error {
	return temporal.NewApplicationErrorWithOptions("somebody else is posting this", errBusy, temporal.ApplicationErrorOptions{
		NextRetryDelay: max(time.Until(post.ClaimedUntil), time.Second),
		Category:       temporal.ApplicationErrorCategoryBenign,
	})
}
