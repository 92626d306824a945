package slackserver

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const ticketTTL = 30 * time.Second

// sockets are the app's Socket Mode connections.
type sockets struct {
	s        *Server
	upgrader websocket.Upgrader

	mu      sync.Mutex
	tickets map[string]time.Time
	open    []*socket
}

type socket struct {
	conn *websocket.Conn
	gone chan struct{} // closed when the reader ends

	mu   sync.Mutex // guards writes and acks
	acks map[string]chan json.RawMessage
}

func newSockets(s *Server) *sockets {
	return &sockets{
		s: s, tickets: map[string]time.Time{},
		// The ticket authenticates the connection; clients send Slack's own Origin.
		upgrader: websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }},
	}
}

// newLink returns a WebSocket address with a ticket for one connection.
func (k *sockets) newLink() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.s.opt.Clock()
	for ticket, at := range k.tickets {
		if now.Sub(at) > ticketTTL {
			delete(k.tickets, ticket)
		}
	}
	ticket := newSecret()
	k.tickets[ticket] = now
	base := "ws" + strings.TrimPrefix(k.s.opt.PublicURL, "http")
	return base + "/sandbox/slack/link?" + url.Values{"ticket": {ticket}, "app_id": {AppID}}.Encode()
}

func (k *sockets) redeem(ticket string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	at, ok := k.tickets[ticket]
	delete(k.tickets, ticket)
	return ok && k.s.opt.Clock().Sub(at) <= ticketTTL
}

func (k *sockets) serve(w http.ResponseWriter, r *http.Request) {
	if !k.redeem(r.URL.Query().Get("ticket")) {
		http.Error(w, "ticket is unknown, used or expired", http.StatusForbidden)
		return
	}
	conn, err := k.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	c := &socket{conn: conn, gone: make(chan struct{}), acks: map[string]chan json.RawMessage{}}
	n := k.join(c)
	if n == 0 {
		_ = conn.Close()
		return
	}
	hello := object{
		"type": "hello", "num_connections": n, "connection_info": object{"app_id": AppID},
		"debug_info": object{"host": "sandbox", "approximate_connection_time": 3600},
	}
	if c.write(hello) != nil {
		_ = conn.Close()
	}
	k.s.opt.Changed()
	c.read(3 * k.s.opt.SocketPing)
	k.leave(c)
	k.s.opt.Changed()
}

// join starts the pings of a connection and returns the number of connections,
// 0 when the server is closing.
func (k *sockets) join(c *socket) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.s.run.Err() != nil {
		return 0
	}
	k.open = append(k.open, c)
	k.s.work.Go(func() { c.ping(k.s.opt.SocketPing) })
	return len(k.open)
}

func (k *sockets) leave(c *socket) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, other := range k.open {
		if other == c {
			k.open = append(k.open[:i:i], k.open[i+1:]...)
		}
	}
	_ = c.conn.Close()
	close(c.gone)
}

func (k *sockets) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.open)
}

func (k *sockets) pick() *socket {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.open) == 0 {
		return nil
	}
	return k.open[rand.IntN(len(k.open))] //nolint:gosec // spreads load, protects nothing
}

// send delivers a callback over one connection; sent is false when there is none.
func (k *sockets) send(ctx context.Context, cb callback) (receipt Receipt, sent bool) {
	c := k.pick()
	if c == nil {
		return Receipt{}, false
	}
	id := newSecret()
	envelope := object{
		"type": cb.kind, "envelope_id": id, "payload": cb.payload, "accepts_response_payload": cb.kind != kindEvent,
	}
	if cb.kind == kindEvent {
		envelope["retry_attempt"], envelope["retry_reason"] = cb.attempt, cb.reason
	}
	ack := c.expect(id)
	defer c.forget(id)
	if c.write(envelope) != nil {
		return Receipt{Error: "connection_failed"}, true
	}
	select {
	case body := <-ack:
		return Receipt{Delivered: true, Status: http.StatusOK, body: body}, true
	case <-c.gone:
		return Receipt{Error: "connection_failed"}, true
	case <-ctx.Done():
		return Receipt{Error: "timeout"}, true
	}
}

// disconnect asks all clients to come back, as Slack does every few hours; hard
// drops the connections without a word.
func (k *sockets) disconnect(hard bool) {
	k.mu.Lock()
	open := append([]*socket(nil), k.open...)
	k.mu.Unlock()
	for _, c := range open {
		if !hard {
			_ = c.write(object{"type": "disconnect", "reason": "refresh_requested", "debug_info": object{"host": "sandbox"}})
		}
		_ = c.conn.Close()
	}
}

func (k *sockets) closeAll() { k.disconnect(false) }

// Disconnect ends all Socket Mode connections; hard means without a warning.
func (s *Server) Disconnect(hard bool) { s.sockets.disconnect(hard) }

func (c *socket) expect(id string) chan json.RawMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	ack := make(chan json.RawMessage, 1)
	c.acks[id] = ack
	return ack
}

func (c *socket) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.acks, id)
}

func (c *socket) write(frame object) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.conn.SetWriteDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	return c.conn.WriteJSON(frame)
}

func (c *socket) ping(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if c.conn.WriteControl(websocket.PingMessage, []byte("ping"), time.Now().Add(5*time.Second)) != nil {
			_ = c.conn.Close()
			<-c.gone
			return
		}
		select {
		case <-ticker.C:
		case <-c.gone:
			return
		}
	}
}

// read takes acknowledgements until the connection ends or stays silent too long.
func (c *socket) read(silence time.Duration) {
	alive := func(string) error { return c.conn.SetReadDeadline(time.Now().Add(silence)) }
	_ = alive("")
	c.conn.SetPongHandler(alive)
	for {
		var frame struct {
			EnvelopeID string          `json:"envelope_id"`
			Payload    json.RawMessage `json:"payload"`
		}
		_, data, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		if json.Unmarshal(data, &frame) != nil {
			continue
		}
		c.mu.Lock()
		ack := c.acks[frame.EnvelopeID]
		delete(c.acks, frame.EnvelopeID)
		c.mu.Unlock()
		if ack != nil {
			ack <- frame.Payload
		}
	}
}
