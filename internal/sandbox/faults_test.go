package sandbox_test

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/duosecurity/duo_api_golang/authapi"
	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"
)

func (w *world) order(fault press) {
	w.t.Helper()
	require.Equal(w.t, http.StatusOK, w.do(http.MethodPost, "faults", fault, nil))
}

func (w *world) say(ctx context.Context, text string) error {
	_, _, err := w.slack.PostMessageContext(ctx, "security", slack.MsgOptionText(text, true))
	return err
}

func TestFaultsHappenAsOftenAsOrdered(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.order(press{"service": "slack", "method": "chat.postMessage", "fault": "ratelimit", "times": 2, "retry_after": 7})
	for range 2 {
		var limited *slack.RateLimitedError
		require.ErrorAs(t, w.say(t.Context(), "hello"), &limited)
		require.Equal(t, 7*time.Second, limited.RetryAfter)
	}
	require.NoError(t, w.say(t.Context(), "hello"))
	require.Len(t, w.channel("security"), 1)
	log := w.log("slack", "chat.postMessage")
	require.Len(t, log, 3)
	require.Equal(t, logged{Method: "chat.postMessage", Args: log[0].Args, Status: 429, Fault: "ratelimit"}, log[0])
	require.Empty(t, log[2].Fault)
}

func TestFaultsBeforeTheEffect(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, c := range []struct {
		fault press
		check func(error)
	}{
		{press{"fault": "error"}, func(err error) {
			var status slack.StatusCodeError
			require.ErrorAs(t, err, &status)
			require.Equal(t, http.StatusInternalServerError, status.Code)
		}},
		{press{"fault": "error", "code": "fatal_error"}, func(err error) {
			require.Equal(t, "fatal_error", slackError(t, err).Err)
		}},
		{press{"fault": "ratelimit", "retry_after": -1}, func(err error) {
			var status slack.StatusCodeError
			require.ErrorAs(t, err, &status, "429 without Retry-After")
		}},
	} {
		c.fault["service"], c.fault["method"], c.fault["times"] = "slack", "*", 1
		w.order(c.fault)
		c.check(w.say(t.Context(), "not posted"))
	}
	require.Empty(t, w.channel("security"))
}

func TestAHangingRequestHasNoEffect(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.order(press{"service": "slack", "method": "chat.postMessage", "fault": "hang", "times": 1})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, w.say(ctx, "hello"), context.DeadlineExceeded)
	require.Empty(t, w.channel("security"))
	require.Len(t, w.log("slack", "chat.postMessage"), 1)
}

func TestAHangEndsWithTheSandbox(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.order(press{"service": "slack", "method": "chat.postMessage", "fault": "hang", "times": 1})
	failed := make(chan error, 1)
	go func() { failed <- w.say(context.Background(), "hello") }()
	w.until(func() bool { return len(w.log("slack", "chat.postMessage")) == 1 })
	require.NoError(t, w.sb.Close(t.Context()))
	require.Error(t, <-failed)
}

func TestFaultsAfterTheEffect(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.order(press{"service": "slack", "method": "chat.postMessage", "fault": "lost_response", "times": 1})
	err := w.say(t.Context(), "lost")
	require.Error(t, err)
	require.NotErrorAs(t, err, &slack.SlackErrorResponse{})
	require.Equal(t, "lost", w.channel("security")[0].Text)

	w.order(press{"service": "slack", "method": "chat.postMessage", "fault": "timeout", "times": 1, "delay_ms": 60_000})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, w.say(ctx, "late"), context.DeadlineExceeded)
	require.Equal(t, "late", w.channel("security")[1].Text)

	w.order(press{"service": "slack", "method": "chat.postMessage", "fault": "timeout", "times": 1, "delay_ms": 1})
	require.NoError(t, w.say(t.Context(), "just late"))
}

func TestFaultsAreListedAndCleared(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, wrong := range []press{
		{"service": "slack", "method": "auth.test", "fault": "earthquake"},
		{"service": "fax", "method": "auth.test", "fault": "error"},
		{"service": "slack", "fault": "error", "times": -1},
		{"service": "slack", "fault": "error", "tims": 1},
	} {
		require.Equal(t, http.StatusBadRequest, w.do(http.MethodPost, "faults", wrong, nil))
	}
	w.order(press{"service": "slack", "method": "*", "fault": "error", "times": 1_000_000})
	require.Error(t, w.say(t.Context(), "down"))
	var left []struct{ Times int }
	require.Equal(t, http.StatusOK, w.do(http.MethodGet, "faults", nil, &left))
	require.Equal(t, 999_999, left[0].Times)
	require.Equal(t, http.StatusOK, w.do(http.MethodDelete, "faults", nil, nil))
	require.NoError(t, w.say(t.Context(), "up"))
}

func TestDuoFails(t *testing.T) {
	t.Parallel()
	w := start(t)
	api := w.duo()
	order := func(method, fault string) {
		w.order(press{"service": "duo", "method": method, "fault": fault, "times": 1})
	}
	order("preauth", "error")
	_, err := api.Preauth(authapi.PreauthUsername("alice"))
	require.Error(t, err, "an HTML page is no JSON")
	w.order(press{"service": "duo", "method": "preauth", "fault": "error", "code": "40301", "times": 1})
	res, err := api.Preauth(authapi.PreauthUsername("alice"))
	require.NoError(t, err)
	require.Equal(t, int32(40301), *res.Code)

	order("auth", "lost_response")
	_, err = api.Auth("push", authapi.AuthUsername("alice"), authapi.AuthDevice("auto"), authapi.AuthAsync())
	require.Error(t, err)
	require.Len(t, w.pushes(alice), 1, "the phone rang all the same")
	txid := w.push(api, "alice")
	require.Equal(t, "waiting", w.pushes(alice)[1].Status)

	w.order(press{"service": "duo", "method": "auth_status", "fault": "ratelimit", "times": 1})
	status, err := api.AuthStatus(txid) // the library waits a second and asks again
	require.NoError(t, err)
	require.Equal(t, "waiting", status.Response.Result)
	require.Len(t, w.log("duo", "auth_status"), 2)
}

func TestKillStrikesOnlyWhenTheEffectIsDurable(t *testing.T) {
	t.Parallel()
	opt := options(t)
	survivor := t.TempDir()
	killed := make(chan struct{}, 1)
	opt.Kill = func() {
		// What is on the disk now is what the next process will find.
		if err := os.CopyFS(survivor, os.DirFS(opt.DataDir)); err == nil {
			killed <- struct{}{}
		}
	}
	w := startWith(t, opt)
	w.order(press{"service": "slack", "method": "chat.postMessage", "fault": "kill", "times": 1})
	require.Error(t, w.say(t.Context(), "last words"))
	<-killed

	again := options(t)
	again.DataDir = survivor
	next := startWith(t, again)
	require.Equal(t, "last words", next.channel("security")[0].Text)
	require.Len(t, next.log("slack", "chat.postMessage"), 1)
	require.NoError(t, next.say(t.Context(), "alive"), "the kill isn't repeated")
}
