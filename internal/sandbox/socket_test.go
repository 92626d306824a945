package sandbox_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
	"github.com/stretchr/testify/require"

	"securitybot/internal/sandbox"
)

// connect runs an unmodified Socket Mode client until the test ends and hands
// each request to handle, after the connection stands.
func (w *world) connect(handle func(*socketmode.Client, socketmode.Event)) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	client := socketmode.New(w.slack, socketmode.OptionDialer(&websocket.Dialer{HandshakeTimeout: patience}))
	done, connected := make(chan struct{}), make(chan struct{}, 10)
	go func() {
		defer close(done)
		_ = client.RunContext(ctx)
	}()
	handled := make(chan struct{})
	go func() {
		defer close(handled)
		for {
			select {
			case ev := <-client.Events:
				if ev.Type == socketmode.EventTypeConnected {
					connected <- struct{}{}
				}
				if ev.Request != nil && ev.Request.EnvelopeID != "" {
					handle(client, ev)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	w.t.Cleanup(func() {
		cancel()
		<-done
		<-handled
	})
	select {
	case <-connected:
	case <-time.After(patience):
		require.FailNow(w.t, "socket mode did not connect")
	}
	w.until(w.socketMode)
}

func (w *world) socketMode() bool {
	w.t.Helper()
	var state struct {
		SocketMode bool `json:"socket_mode"`
	}
	w.get("/sandbox/state?user="+alice, &state)
	return state.SocketMode
}

func TestAConnectedAppGetsEverythingOverTheSocket(t *testing.T) {
	t.Parallel()
	w := start(t)
	got := make(chan socketmode.Event, 10)
	w.connect(func(client *socketmode.Client, ev socketmode.Event) {
		var payload any
		switch ev.Type {
		case socketmode.EventTypeSlashCommand:
			payload = map[string]any{"response_type": "ephemeral", "text": "nothing open"}
		case socketmode.EventTypeInteractive:
			if call, ok := ev.Data.(slack.InteractionCallback); ok && call.Type == slack.InteractionTypeViewSubmission {
				payload = slack.NewErrorsViewSubmissionResponse(map[string]string{"why": "too short"})
			}
		}
		_ = client.AckCtx(context.Background(), ev.Request.EnvelopeID, payload)
		got <- ev
	})
	channel, ts := w.ask(alice)
	require.True(t, w.post("click", press{"user": alice, "channel": channel, "ts": ts, "action_id": "yes"}).Delivered)
	call, ok := (<-got).Data.(slack.InteractionCallback)
	require.True(t, ok)
	require.Equal(t, "mac-yes", call.ActionCallback.BlockActions[0].Value)
	_, err := w.slack.OpenViewContext(t.Context(), call.TriggerID, explanation())
	require.NoError(t, err)
	refused := w.post("submit", press{"user": alice, "values": press{"explanation": "x"}})
	require.Equal(t, map[string]string{"why": "too short"}, refused.Errors)
	require.Equal(t, socketmode.EventTypeInteractive, (<-got).Type)

	require.True(t, w.post("reply", press{"user": alice, "text": "it was me"}).Delivered)
	event, ok := (<-got).Data.(slackevents.EventsAPIEvent)
	require.True(t, ok)
	require.Equal(t, "it was me", event.InnerEvent.Data.(*slackevents.MessageEvent).Text)

	require.True(t, w.post("command", press{"user": bob, "command": "/securitybot", "text": "list"}).Delivered)
	require.Equal(t, "/securitybot", (<-got).Data.(slack.SlashCommand).Command)
	require.Equal(t, "nothing open", w.dm(bob)[0].Text)

	w.app.mu.Lock()
	defer w.app.mu.Unlock()
	require.Empty(t, w.app.got, "nothing by HTTP")
}

func TestAnEventWithoutAnAckComesAgain(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *sandbox.Options) {
		o.AckTimeout = 50 * time.Millisecond
		o.EventRetries = []time.Duration{0, time.Millisecond, time.Millisecond}
	})
	got := make(chan socketmode.Event, 10)
	w.connect(func(client *socketmode.Client, ev socketmode.Event) {
		if ev.Request.RetryAttempt > 0 {
			_ = client.AckCtx(context.Background(), ev.Request.EnvelopeID, nil)
		}
		got <- ev
	})
	require.False(t, w.post("reply", press{"user": alice, "text": "hello?"}).Delivered)
	first, second := <-got, <-got
	require.Equal(t, 0, first.Request.RetryAttempt)
	require.Equal(t, 1, second.Request.RetryAttempt)
	require.Equal(t, "timeout", second.Request.RetryReason)
	require.NotEqual(t, first.Request.EnvelopeID, second.Request.EnvelopeID)
	require.Equal(t, first.Data.(slackevents.EventsAPIEvent).Data.(*slackevents.EventsAPICallbackEvent).EventID,
		second.Data.(slackevents.EventsAPIEvent).Data.(*slackevents.EventsAPICallbackEvent).EventID)
}

func TestAPressWithoutAnAckIsLost(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *sandbox.Options) { o.AckTimeout = 50 * time.Millisecond })
	w.connect(func(*socketmode.Client, socketmode.Event) {})
	channel, ts := w.ask(alice)
	got := w.post("click", press{"user": alice, "channel": channel, "ts": ts, "action_id": "yes"})
	require.False(t, got.Delivered)
	require.Equal(t, "timeout", got.Error)
	var attempts []struct {
		Kind      string `json:"kind"`
		Via       string `json:"via"`
		Delivered bool   `json:"delivered"`
	}
	require.Equal(t, http.StatusOK, w.do(http.MethodGet, "deliveries", nil, &attempts))
	require.Len(t, attempts, 1)
	require.Equal(t, "socket", attempts[0].Via)
	require.False(t, attempts[0].Delivered)
}

func TestAClientThatIsSentAwayComesBack(t *testing.T) {
	t.Parallel()
	w := start(t)
	acked := make(chan struct{}, 10)
	w.connect(func(client *socketmode.Client, ev socketmode.Event) {
		_ = client.AckCtx(context.Background(), ev.Request.EnvelopeID, nil)
		acked <- struct{}{}
	})
	for _, kind := range []string{"disconnect", "drop"} {
		opened := len(w.log("slack", "apps.connections.open"))
		w.post("deliver", press{"kind": kind})
		w.until(func() bool { return len(w.log("slack", "apps.connections.open")) > opened && w.socketMode() })
		require.True(t, w.post("reply", press{"user": alice, "text": kind}).Delivered)
		<-acked
	}
}

func TestATicketOpensOneConnection(t *testing.T) {
	t.Parallel()
	w := start(t)
	_, link, err := w.slack.StartSocketModeContext(t.Context())
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(link, "ws://"))
	conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), link, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
	_, hello, err := conn.ReadMessage()
	require.NoError(t, err)
	require.Contains(t, string(hello), `"type":"hello"`)
	require.NoError(t, conn.Close())
	_, resp, err = websocket.DefaultDialer.DialContext(t.Context(), link, nil)
	require.ErrorIs(t, err, websocket.ErrBadHandshake)
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
	require.NoError(t, resp.Body.Close())
}

func TestPingsKeepAConnectionAlive(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *sandbox.Options) { o.SocketPing = 10 * time.Millisecond })
	_, link, err := w.slack.StartSocketModeContext(t.Context())
	require.NoError(t, err)
	conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), link, nil)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	pings := make(chan struct{}, 100)
	answer := conn.PingHandler()
	conn.SetPingHandler(func(data string) error {
		pings <- struct{}{}
		return answer(data)
	})
	read := make(chan struct{})
	go func() {
		defer close(read)
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	}()
	for range 5 {
		<-pings
	}
	require.True(t, w.socketMode())
	require.NoError(t, conn.Close())
	<-read
}
