package duo

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"

	duoapi "github.com/duosecurity/duo_api_golang"

	"securitybot/internal/alert"
	"securitybot/internal/factor"
)

const (
	statOK        = "OK"
	codeInvalid   = 40002 // a parameter that isn't right: of auth_status, the transaction
	reasonLimited = "rate_limited"
)

func noProof(reason string) *factor.Error {
	return &factor.Error{Failure: factor.NotProof, Reason: reason}
}

// notSent is a call that failed without an answer of Duo's, taken as one that had no effect.
func notSent(err error) *factor.Error {
	failed := &factor.Error{Failure: factor.NotSent, Reason: alert.ReasonUnavailable, Err: bare(err)}
	if limited, ok := errors.AsType[*limitedError](err); ok {
		failed.Reason, failed.RetryAfter = reasonLimited, limited.after
	}
	return failed
}

// code is the code of a FAIL, 0 where there is none: the library gives nil for it.
func code(answer duoapi.StatResult) int {
	if answer.Code == nil {
		return 0
	}
	return int(*answer.Code)
}

// byCode classifies a FAIL by its code, whose first three digits are an HTTP status.
// Wrong credentials and a wrong clock are the operator's to mend: nothing was sent,
// and it is tried again until the deadline. doubt is what an answer means that says
// nothing definite.
func byCode(answer duoapi.StatResult, doubt factor.Failure) *factor.Error {
	number := code(answer)
	failed := &factor.Error{Err: fmt.Errorf("Duo answered with code %d", number)}
	switch number / 100 {
	case 401, 403:
		failed.Failure, failed.Reason = factor.NotSent, "credentials"
	case 429:
		failed.Failure, failed.Reason, failed.RetryAfter = factor.NotSent, reasonLimited, unsaidWait
	case http.StatusInternalServerError, http.StatusServiceUnavailable:
		failed.Failure, failed.Reason = factor.NotSent, alert.ReasonUnavailable
	case 400, 404, 405:
		failed.Failure, failed.Reason = factor.NotProof, fmt.Sprintf("refused_%d", number)
	default:
		failed.Failure, failed.Reason = doubt, alert.ReasonUnavailable
	}
	return failed
}

// saysNo tells that Duo itself answered that it did not do it. What a proxy on the
// way says of its own says nothing of Duo.
func saysNo(err error) bool {
	answered, ok := errors.AsType[*statusError](err)
	return ok && (answered.code == http.StatusInternalServerError || answered.code == http.StatusServiceUnavailable)
}

var plainWord = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// word passes a vendor's word on if it is one.
func word(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "unknown"
}
