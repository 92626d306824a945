package slack

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	api "github.com/slack-go/slack"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
)

// errIncomplete is an answer that says ok and lacks what it is about; the library
// gives a nil error for it.
var errIncomplete = errors.New("slack's answer is incomplete")

// unsaidWait is how long to wait after a 429 that doesn't say.
const unsaidWait = 5 * time.Second

// effect is what a call does, which decides what its failure means.
type effect struct {
	once   bool // shows something: doing it twice would be seen
	person bool // is about a person rather than a channel
	edit   bool // changes a message that we posted
}

// doubtful is a failure that doesn't tell whether the call took effect.
const doubtful chat.Failure = "doubtful"

// failures maps the words of ok:false. What isn't here is doubtful. See
// docs.slack.dev/reference/methods/chat.postMessage and its neighbours.
var failures = invert(map[chat.Failure][]string{
	chat.RateLimited: {"ratelimited", "rate_limited"},
	chat.Transient:   {"team_added_to_org"},
	doubtful:         {"internal_error", "fatal_error", "service_unavailable", "request_timeout"},
	chat.Gone: {
		"user_disabled", "cannot_dm_bot", "user_not_found", "users_not_found", "user_not_visible",
		"message_not_found", "thread_not_found",
	},
	chat.Operator: {
		"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
		"missing_scope", "no_permission", "not_allowed_token_type", "team_access_not_granted",
		"org_login_required", "ekm_access_denied", "enterprise_is_restricted", "access_denied",
		"two_factor_setup_required", "deprecated_endpoint", "method_deprecated", "unknown_method",
		"messages_tab_disabled", "not_enabled", "accesslimited",
	},
	chat.Refused: {
		"channel_not_found", "is_archived", "not_in_channel", "user_not_in_channel", "restricted_action",
		"restricted_action_read_only_channel", "restricted_action_thread_only_channel",
		"restricted_action_non_threadable_channel", "restricted_action_thread_locked",
		"channel_is_limited_access", "posting_to_general_channel_denied", "thread_locked",
		"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long",
		"metadata_too_large", "invalid_metadata_format", "invalid_metadata_schema", "no_text",
		"too_many_attachments", "invalid_arguments", "invalid_arg_name", "invalid_array_arg",
		"invalid_charset", "invalid_form_data", "invalid_post_type", "missing_post_type",
		"block_mismatch", "view_too_large", "cannot_reply_to_message",
		"cant_update_message", "edit_window_closed", "is_inactive",
		"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "invalid_trigger",
		"hash_conflict", "not_found", "no_such_subteam", "plan_upgrade_required",
	},
})

// people gives the domain's reason for a person whom nothing can be sent to.
var people = map[string]string{
	"user_disabled":     alert.ReasonDeactivated,
	"cannot_dm_bot":     alert.ReasonBot,
	"user_not_found":    alert.ReasonUnknownPerson,
	"users_not_found":   alert.ReasonUnknownPerson,
	"user_not_visible":  alert.ReasonUnknownPerson,
	"channel_not_found": alert.ReasonUnknownPerson,
}

func invert(groups map[chat.Failure][]string) map[string]chat.Failure {
	words := make(map[string]chat.Failure)
	for failure, list := range groups {
		for _, word := range list {
			words[word] = failure
		}
	}
	return words
}

// classify says what a failed call means.
func (s *Slack) classify(about effect, connected bool, err error) *chat.Error {
	failed := &chat.Error{Failure: doubtful, Reason: "unreachable", Err: s.scrub(err)}
	var limited *api.RateLimitedError
	var status api.StatusCodeError
	var answer api.SlackErrorResponse
	switch {
	case errors.As(err, &limited):
		failed.Failure, failed.Reason, failed.RetryAfter = chat.RateLimited, "ratelimited", limited.RetryAfter
	case errors.As(err, &status):
		failed.Failure, failed.Reason = byStatus(status.Code), fmt.Sprintf("http_%d", status.Code)
	case errors.As(err, &answer):
		failed.Failure, failed.Reason = byAnswer(about, answer)
	case errors.Is(err, errIncomplete):
		failed.Reason = "incomplete_answer"
	case !connected:
		failed.Failure = chat.Transient
	}
	if failed.Failure == chat.RateLimited && limited == nil {
		failed.RetryAfter = unsaidWait
	}
	return settle(about, failed)
}

// settle turns doubt into what it means here: only what is seen twice is a worry.
func settle(about effect, failed *chat.Error) *chat.Error {
	if failed.Failure != doubtful {
		return failed
	}
	failed.Failure = chat.Transient
	if about.once {
		failed.Failure = chat.Ambiguous
	}
	return failed
}

func byStatus(code int) chat.Failure {
	switch {
	case code == http.StatusTooManyRequests:
		return chat.RateLimited
	case code >= 500, code == http.StatusRequestTimeout:
		return doubtful
	case code == http.StatusRequestEntityTooLarge:
		return chat.Refused
	}
	return chat.Operator // no method of Slack answers so: a wrong address or a proxy does
}

var plainWord = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// byAnswer reads the word, and of a person what comes with it: that they are the
// argument that doesn't fit is all that views.publish says of who can't have a Home.
func byAnswer(about effect, answer api.SlackErrorResponse) (chat.Failure, string) {
	if about.person && answer.Err == "invalid_arguments" &&
		strings.Contains(strings.Join(answer.ResponseMetadata.Messages, " "), "user_id") {
		return chat.Gone, alert.ReasonUnknownPerson
	}
	return byWord(about, answer.Err)
}

func byWord(about effect, word string) (chat.Failure, string) {
	if !plainWord.MatchString(word) {
		return doubtful, "unknown"
	}
	failure, known := failures[word]
	if !known {
		return doubtful, word
	}
	if word == "channel_not_found" && (about.person || about.edit) {
		failure = chat.Gone
	}
	if reason, ok := people[word]; ok && failure == chat.Gone && !about.edit {
		return failure, reason
	}
	return failure, word
}

// scrub drops an error's address, which the library's errors carry, and any secret.
func (s *Slack) scrub(err error) error {
	if address, ok := errors.AsType[*url.Error](err); ok {
		err = address.Err
	}
	text := err.Error()
	for _, secret := range s.secrets {
		text = strings.ReplaceAll(text, secret, "[secret]")
	}
	if text != err.Error() {
		return errors.New(text)
	}
	return err
}
