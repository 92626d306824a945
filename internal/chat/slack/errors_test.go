package slack

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
)

// meaning is what one failure is for a post to a person, a post to a channel, an
// edit, and a look-up.
type meaning struct {
	dm, channel, edit, read chat.Failure
	reason                  string // of the post to a person
	after                   time.Duration
}

func same(failure chat.Failure, reason string) meaning {
	return meaning{dm: failure, channel: failure, edit: failure, read: failure, reason: reason}
}

func unclear(reason string) meaning {
	return meaning{dm: chat.Ambiguous, channel: chat.Ambiguous, edit: chat.Transient, read: chat.Transient, reason: reason}
}

func said(word string) answer { return answer{body: `{"ok":false,"error":"` + word + `"}`} }

func limited(reason string, after time.Duration) meaning {
	m := same(chat.RateLimited, reason)
	m.after = after
	return m
}

// outcome is an answer of Slack's and what it means.
type outcome struct {
	answer  answer
	meaning meaning
}

// onTheWire are failures below the words of Slack.
func onTheWire() map[string]outcome {
	return map[string]outcome{
		"429 that says how long":         {answer{status: 429, header: map[string]string{"Retry-After": "7"}, body: `{"ok":false,"error":"ratelimited"}`}, limited("ratelimited", 7*time.Second)},
		"429 that doesn't":               {answer{status: 429, body: `{"ok":false,"error":"ratelimited"}`}, limited("http_429", unsaidWait)},
		"ratelimited with 200":           {said("ratelimited"), limited("ratelimited", unsaidWait)},
		"500":                            {answer{status: 500, body: "<html>"}, unclear("http_500")},
		"503 with a token in it":         {answer{status: 503, body: botToken}, unclear("http_503")},
		"408":                            {answer{status: 408}, unclear("http_408")},
		"404 of a wrong address":         {answer{status: 404}, same(chat.Operator, "http_404")},
		"a redirect is not followed":     {answer{status: 307, header: map[string]string{"Location": "https://elsewhere.invalid/"}}, same(chat.Operator, "http_307")},
		"413":                            {answer{status: 413}, same(chat.Refused, "http_413")},
		"connection reset after reading": {answer{reset: true}, unclear("unreachable")},
		"HTML with 200":                  {answer{body: "<html>"}, unclear("unreachable")},
		"empty":                          {answer{}, unclear("unreachable")},
		"not ok and no word":             {answer{body: `{"ok":false}`}, unclear("incomplete_answer")},
		"ok and nothing else":            {answer{body: `{"ok":true}`}, meaning{dm: chat.Ambiguous, channel: chat.Ambiguous, edit: chat.Transient, read: "", reason: "incomplete_answer"}},
	}
}

// inWords are failures that Slack names.
func inWords() map[string]outcome {
	notHere := same(chat.Gone, alert.ReasonUnknownPerson)
	lostChannel := notHere
	lostChannel.channel, lostChannel.read = chat.Refused, chat.Refused
	return map[string]outcome{
		"internal_error":            {said("internal_error"), unclear("internal_error")},
		"fatal_error":               {said("fatal_error"), unclear("fatal_error")},
		"service_unavailable":       {said("service_unavailable"), unclear("service_unavailable")},
		"request_timeout":           {said("request_timeout"), unclear("request_timeout")},
		"a word that we don't know": {said("new_error_of_2027"), unclear("new_error_of_2027")},
		"a word that is none":       {said("your token " + botToken), unclear("unknown")},
		"team_added_to_org":         {said("team_added_to_org"), same(chat.Transient, "team_added_to_org")},
		"user_disabled":             {said("user_disabled"), same(chat.Gone, alert.ReasonDeactivated)},
		"cannot_dm_bot":             {said("cannot_dm_bot"), same(chat.Gone, alert.ReasonBot)},
		"user_not_found":            {said("user_not_found"), notHere},
		"user_not_visible":          {said("user_not_visible"), notHere},
		"channel_not_found":         {said("channel_not_found"), lostChannel},
		"message_not_found":         {said("message_not_found"), same(chat.Gone, "message_not_found")},
		"invalid_auth":              {said("invalid_auth"), same(chat.Operator, "invalid_auth")},
		"not_authed":                {said("not_authed"), same(chat.Operator, "not_authed")},
		"account_inactive":          {said("account_inactive"), same(chat.Operator, "account_inactive")},
		"token_revoked":             {said("token_revoked"), same(chat.Operator, "token_revoked")},
		"missing_scope":             {said("missing_scope"), same(chat.Operator, "missing_scope")},
		"team_access_not_granted":   {said("team_access_not_granted"), same(chat.Operator, "team_access_not_granted")},
		"not_allowed_token_type":    {said("not_allowed_token_type"), same(chat.Operator, "not_allowed_token_type")},
		"messages_tab_disabled":     {said("messages_tab_disabled"), same(chat.Operator, "messages_tab_disabled")},
		"is_archived":               {said("is_archived"), same(chat.Refused, "is_archived")},
		"not_in_channel":            {said("not_in_channel"), same(chat.Refused, "not_in_channel")},
		"restricted_action":         {said("restricted_action"), same(chat.Refused, "restricted_action")},
		"invalid_blocks":            {said("invalid_blocks"), same(chat.Refused, "invalid_blocks")},
		"msg_too_long":              {said("msg_too_long"), same(chat.Refused, "msg_too_long")},
		"msg_blocks_too_long":       {said("msg_blocks_too_long"), same(chat.Refused, "msg_blocks_too_long")},
		"metadata_too_large":        {said("metadata_too_large"), same(chat.Refused, "metadata_too_large")},
		"no_text":                   {said("no_text"), same(chat.Refused, "no_text")},
		"cant_update_message":       {said("cant_update_message"), same(chat.Refused, "cant_update_message")},
		"edit_window_closed":        {said("edit_window_closed"), same(chat.Refused, "edit_window_closed")},
	}
}

func TestEveryFailureIsClassified(t *testing.T) {
	t.Parallel()
	failures := onTheWire()
	maps.Copy(failures, inWords())
	for name, test := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.on("chat.postMessage", test.answer)
			s.on("chat.update", test.answer)
			s.on("conversations.history", test.answer)
			client, log := speaker(t, s)
			hello := chat.Message{Text: "Hello"}
			_, dm := client.Post(t.Context(), chat.Recipient{User: "U1"}, hello, "k")
			_, channel := client.Post(t.Context(), chat.Recipient{Channel: "C1"}, hello, "k")
			edit := client.Edit(t.Context(), chat.Ref{Channel: "D1", TS: "1.000001"}, hello)
			_, found, read := client.Find(t.Context(), chat.Recipient{Channel: "C1"}, "k", time.Unix(1, 0))
			require.False(t, found)
			check(t, test.meaning.dm, dm)
			check(t, test.meaning.channel, channel)
			check(t, test.meaning.edit, edit)
			check(t, test.meaning.read, read)
			require.Equal(t, test.meaning.reason, chat.FailureOf(dm).Reason)
			require.Equal(t, test.meaning.after, chat.FailureOf(dm).RetryAfter)
			require.Len(t, s.got("chat.postMessage"), 2, "nothing is tried again by itself")
			require.NotContains(t, log.String(), botToken)
		})
	}
}

func check(t *testing.T, want chat.Failure, err error) {
	t.Helper()
	if want == "" {
		require.NoError(t, err)
		return
	}
	var failed *chat.Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, want, failed.Failure, "%v", err)
	require.NotContains(t, err.Error(), botToken)
	require.NotContains(t, err.Error(), appToken)
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	client, err := New(Options{APIURL: "http://" + address + "/", BotToken: botToken})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	_, err = client.Post(t.Context(), chat.Recipient{User: "U1"}, chat.Message{Text: "Hello"}, "k")
	check(t, chat.Transient, err)
	check(t, chat.Transient, client.Edit(t.Context(), chat.Ref{Channel: "D1", TS: "1.1"}, chat.Message{Text: "Hello"}))
}

func TestSlackHangs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("chat.postMessage", answer{hang: true})
	client, _ := speaker(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-s.seen
		cancel()
	}()
	_, err := client.Post(ctx, chat.Recipient{User: "U1"}, chat.Message{Text: "Hello"}, "k")
	check(t, chat.Ambiguous, err)
	require.ErrorIs(t, err, context.Canceled)
}

// leaky is a transport whose errors show what they should not.
type leaky struct{}

func (leaky) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("proxy refused " + botToken + " and " + appToken)
}

func TestNoErrorCarriesAToken(t *testing.T) {
	t.Parallel()
	client, err := New(Options{BotToken: botToken, AppToken: appToken, HTTPClient: &http.Client{Transport: leaky{}}})
	require.NoError(t, err)
	_, err = client.Post(t.Context(), chat.Recipient{User: "U1"}, chat.Message{Text: "Hello"}, "k")
	check(t, chat.Transient, err)
	require.ErrorContains(t, err, "proxy refused [secret] and [secret]")
	_, err = client.Team(t.Context())
	check(t, chat.Transient, err)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]Options{
		"no token":        {},
		"a strange URL":   {BotToken: botToken, APIURL: "file:///etc"},
		"a broken URL":    {BotToken: botToken, APIURL: "https://\x00" + botToken},
		"a URL of no one": {BotToken: botToken, APIURL: "https://"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New(options)
			require.Error(t, err)
			require.NotContains(t, err.Error(), botToken)
		})
	}
}
