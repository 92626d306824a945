package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"securitybot/internal/chat"
)

// line of a socket: the stand-in sends envelopes and reads what comes back.
type wire struct {
	t     *testing.T
	links chan *websocket.Conn
	http  *httptest.Server
}

func newWire(t *testing.T, s *server) *wire {
	t.Helper()
	w := &wire{t: t, links: make(chan *websocket.Conn, 4)}
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	w.http = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, request *http.Request) {
		if link, err := upgrader.Upgrade(rw, request, nil); err == nil {
			w.links <- link
		}
	}))
	t.Cleanup(w.http.Close)
	s.on("apps.connections.open", answer{body: `{"ok":true,"url":"ws` + strings.TrimPrefix(w.http.URL, "http") + `"}`})
	return w
}

func (w *wire) link() *websocket.Conn {
	w.t.Helper()
	select {
	case link := <-w.links:
		w.t.Cleanup(func() { _ = link.Close() })
		return link
	case <-time.After(10 * time.Second):
		require.FailNow(w.t, "nobody connected")
		return nil
	}
}

func send(t *testing.T, link *websocket.Conn, kind, id, payload string) {
	t.Helper()
	frame, err := json.Marshal(map[string]any{"type": kind, "envelope_id": id, "payload": json.RawMessage(payload)})
	require.NoError(t, err)
	require.NoError(t, link.WriteMessage(websocket.TextMessage, frame))
}

func receive(t *testing.T, link *websocket.Conn) string {
	t.Helper()
	require.NoError(t, link.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, frame, err := link.ReadMessage()
	require.NoError(t, err)
	return string(frame)
}

// listen runs Socket Mode until the test ends.
func listen(t *testing.T, d *desk) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.receiver.RunSocket(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		require.NoError(t, d.receiver.Stop(context.WithoutCancel(ctx)))
	})
}

func TestSocketTakesEverythingThatHTTPTakes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	w := newWire(t, d.slack)
	d.slack.on("chat.postEphemeral", answer{body: `{"ok":true,"message_ts":"2.000001"}`})
	d.inbox.reply = chat.Reply{Tell: "Noted"}
	listen(t, d)
	link := w.link()
	require.Equal(t, "Bearer "+appToken, d.slack.got("apps.connections.open")[0].bearer)

	send(t, link, "interactive", "e1", press)
	require.JSONEq(t, `{"envelope_id":"e1"}`, receive(t, link))
	require.Equal(t, "press|T1|U1|D1|1.000001|yes|1800000000.000200", d.inbox.presses[0].Delivery)
	require.Equal(t, "U1", d.slack.await("chat.postEphemeral").form.Get("user"))

	send(t, link, "events_api", "e2", typedEvent)
	require.JSONEq(t, `{"envelope_id":"e2"}`, receive(t, link))
	require.Equal(t, "event|Ev1", d.inbox.typed[0].Delivery)

	send(t, link, "slash_commands", "e3", `{"command":"/securitybot","text":"status","team_id":"T1","user_id":"U1","trigger_id":"t-1"}`)
	require.JSONEq(t, `{"envelope_id":"e3","payload":{"response_type":"ephemeral","mrkdwn":false,"text":"Noted"}}`, receive(t, link))
	require.Equal(t, "command|T1|U1|t-1", d.inbox.typed[1].Delivery)

	send(t, link, "events_api", "e4", strings.Replace(typedEvent, `"type":"message"`, `"type":"brand_new_event"`, 1))
	require.JSONEq(t, `{"envelope_id":"e4"}`, receive(t, link), "what the library can't read is acknowledged too")

	d.inbox.fails(errors.New("no database"))
	send(t, link, "interactive", "e5", submission)
	require.JSONEq(t, `{"envelope_id":"e5","payload":{"response_action":"errors","errors":{"explanation":"That could not be saved. Please try again."}}}`, receive(t, link))
}

func TestTheLongestEditDoesNotEndTheConnection(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	w := newWire(t, d.slack)
	listen(t, d)
	link := w.link()
	long := map[string]any{"text": strings.Repeat("😀", 40_000), "blocks": strings.Repeat("bold", 100_000)}
	send(t, link, "events_api", "e1", direct(map[string]any{"subtype": "message_changed", "message": long, "previous_message": long, "user": nil}))
	require.JSONEq(t, `{"envelope_id":"e1"}`, receive(t, link))
	require.Empty(t, d.inbox.typed)
	send(t, link, "interactive", "e2", press)
	require.JSONEq(t, `{"envelope_id":"e2"}`, receive(t, link), "on the same connection")
}

func TestSocketDoesNotAcknowledgeWhatIsNotRecorded(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*inbox){
		"an error": func(i *inbox) { i.err = errors.New("no database") },
		"a panic":  func(i *inbox) { i.panics = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			w := newWire(t, d.slack)
			spoil(d.inbox)
			listen(t, d)
			link := w.link()
			send(t, link, "interactive", "lost", press)
			require.Eventually(t, func() bool { return strings.Contains(d.log.String(), "level=ERROR") }, 10*time.Second, time.Millisecond)
			send(t, link, "slash_commands", "after", `{"team_id":"T1"}`)
			require.Contains(t, receive(t, link), `"after"`, "nothing came back for the press, and the loop goes on")
		})
	}
}

func TestSocketReconnectsWhenSlackAsksForIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	w := newWire(t, d.slack)
	listen(t, d)
	require.NoError(t, w.link().WriteMessage(websocket.TextMessage, []byte(`{"type":"disconnect","reason":"refresh_requested"}`)))
	link := w.link()
	send(t, link, "interactive", "e1", press)
	require.JSONEq(t, `{"envelope_id":"e1"}`, receive(t, link))
}

func TestSocketWithARefusedTokenEnds(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.slack.on("apps.connections.open", said("invalid_auth"))
	err := d.receiver.RunSocket(t.Context())
	check(t, chat.Operator, err)
	require.ErrorContains(t, err, "invalid_auth")
}

func TestSocketNeedsAnAppToken(t *testing.T) {
	t.Parallel()
	client, err := New(Options{BotToken: botToken})
	require.NoError(t, err)
	receiver, err := NewReceiver(client, &inbox{}, ReceiverOptions{})
	require.NoError(t, err)
	require.ErrorContains(t, receiver.RunSocket(t.Context()), "app token")
}

func TestAReceiverNeedsAClientAndAnInbox(t *testing.T) {
	t.Parallel()
	_, err := NewReceiver(nil, &inbox{}, ReceiverOptions{})
	require.Error(t, err)
	_, err = NewReceiver(&Slack{}, nil, ReceiverOptions{})
	require.Error(t, err)
}
