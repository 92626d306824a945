package slackserver

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"securitybot/internal/sandbox/disk"
)

// The three kinds of callback, named like Socket Mode's envelopes.
const (
	kindEvent       = "events_api"
	kindInteractive = "interactive"
	kindCommand     = "slash_commands"
)

const maxDeliveries = 5_000

// Receipt tells what became of a callback. Delivered means acknowledged in time:
// a 2xx or an ack frame. Without it the person sees a warning.
type Receipt struct {
	Delivered bool   `json:"delivered"`
	Status    int    `json:"status,omitempty"` // of HTTP; 200 for an ack frame
	AckMS     int64  `json:"ack_ms"`
	Error     string `json:"error,omitempty"`

	body    []byte // what the app answered
	noRetry bool
}

// Delivery is one attempt to reach the app, as the log shows it.
type Delivery struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Via     string    `json:"via"` // http | socket
	EventID string    `json:"event_id,omitempty"`
	Attempt int       `json:"attempt"`
	Receipt
}

// callback is a message to the app before it takes the shape of HTTP or a frame.
type callback struct {
	kind    string
	payload object
	eventID string
	attempt int
	reason  string
}

func callbackPath(kind string) string {
	return map[string]string{
		kindEvent: "/slack/events", kindInteractive: "/slack/interactions", kindCommand: "/slack/commands",
	}[kind]
}

// deliver sends a callback by Socket Mode when an app is connected, else by
// signed HTTP, and waits for its acknowledgement.
func (s *Server) deliver(ctx context.Context, cb callback) Receipt {
	// A press goes out even if the one who scripted it leaves.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.opt.AckTimeout)
	defer cancel()
	stop := context.AfterFunc(s.run, cancel) //nolint:contextcheck // the end of the server ends it, too
	defer stop()
	s.mu.Lock()
	s.last = &cb
	s.mu.Unlock()
	started, via := time.Now(), "socket"
	receipt, sent := s.sockets.send(ctx, cb)
	if !sent {
		via = "http"
		receipt = s.post(ctx, cb)
	}
	receipt.AckMS = time.Since(started).Milliseconds()
	s.noteDelivery(cb, via, receipt)
	return receipt
}

func (s *Server) noteDelivery(cb callback, via string, receipt Receipt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliverySeq++
	d := &Delivery{
		Seq: s.deliverySeq, At: s.opt.Clock(), Kind: cb.kind, Via: via, EventID: cb.eventID,
		Attempt: cb.attempt, Receipt: receipt,
	}
	s.deliveries = append(s.deliveries, d)
	s.opt.Disk.Put("delivery", deliveryKey(d.Seq), d)
	if len(s.deliveries) > maxDeliveries {
		s.opt.Disk.Delete("delivery", deliveryKey(s.deliveries[0].Seq))
		s.deliveries = s.deliveries[1:]
	}
}

func deliveryKey(seq int64) string { return fmt.Sprintf("%012d", seq) }

func (s *Server) loadDeliveries(ctx context.Context) error {
	var err error
	if s.deliveries, err = disk.Load[Delivery](ctx, s.opt.Disk, "delivery"); err != nil {
		return err
	}
	for _, d := range s.deliveries {
		s.deliverySeq = max(s.deliverySeq, d.Seq)
	}
	return nil
}

// Deliveries returns every attempt to reach the app, oldest first.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Delivery, 0, len(s.deliveries))
	for _, d := range s.deliveries {
		out = append(out, *d)
	}
	return out
}

func (s *Server) post(ctx context.Context, cb callback) Receipt {
	body, contentType, err := cb.encode()
	if err != nil {
		return Receipt{Error: err.Error()}
	}
	header := http.Header{"Content-Type": {contentType}}
	if cb.attempt > 0 {
		header.Set("X-Slack-Retry-Num", strconv.Itoa(cb.attempt))
		header.Set("X-Slack-Retry-Reason", cb.reason)
	}
	now := strconv.FormatInt(s.opt.Clock().Unix(), 10)
	header.Set("X-Slack-Request-Timestamp", now)
	header.Set("X-Slack-Signature", Sign(s.opt.SigningSecret, now, body))
	return s.request(ctx, callbackPath(cb.kind), header, body)
}

// Sign is Slack's v0 signature over a request body; timestamp is in unix seconds.
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "v0:%s:%s", timestamp, body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

func (cb callback) encode() (body []byte, contentType string, err error) {
	const form = "application/x-www-form-urlencoded"
	if cb.kind == kindCommand {
		values := url.Values{}
		for k, v := range cb.payload {
			values.Set(k, fmt.Sprint(v))
		}
		return []byte(values.Encode()), form, nil
	}
	data, err := json.Marshal(cb.payload)
	if err != nil {
		return nil, "", fmt.Errorf("encode callback: %w", err)
	}
	if cb.kind == kindEvent {
		return data, "application/json", nil
	}
	return []byte(url.Values{"payload": {string(data)}}.Encode()), form, nil
}

// request is the only one that the sandbox ever sends, and only to the CallbackURL.
func (s *Server) request(ctx context.Context, path string, header http.Header, body []byte) Receipt {
	if s.opt.CallbackURL == "" {
		return Receipt{Error: "connection_failed"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.opt.CallbackURL+path, bytes.NewReader(body))
	if err != nil {
		return Receipt{Error: err.Error()}
	}
	req.Header = header
	req.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	resp, err := s.client.Do(req)
	if err != nil {
		return Receipt{Error: reasonOf(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return Receipt{Status: resp.StatusCode, Error: reasonOf(err)}
	}
	out := Receipt{Status: resp.StatusCode, body: answer, noRetry: resp.Header.Get("X-Slack-No-Retry") == "1"}
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode < 300:
		out.Delivered = true
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		out.Error = "too_many_redirects"
	default:
		out.Error = "http_error"
	}
	return out
}

// reasonOf is Slack's word for why a delivery failed.
func reasonOf(err error) string {
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return "http_timeout"
	}
	return "connection_failed"
}

// Raw is a callback that no Slack would send: forged, stale or unsigned.
type Raw struct {
	Path      string          `json:"path"` // below the CallbackURL, as in /slack/interactions
	Payload   json.RawMessage `json:"payload"`
	Timestamp *int64          `json:"timestamp,omitempty"` // unix seconds; now if nil
	Sign      *bool           `json:"sign,omitempty"`      // with the true secret; default yes
	Secret    string          `json:"secret,omitempty"`    // sign with this one instead
}

// ErrBadPath is returned for a raw callback to a place that Slack doesn't call.
var ErrBadPath = errors.New("path is not one of /slack/events, /slack/interactions, /slack/commands")

// SendRaw posts a callback as given, always by HTTP.
func (s *Server) SendRaw(ctx context.Context, raw Raw) (Receipt, error) {
	kinds := []string{kindEvent, kindInteractive, kindCommand}
	i := slices.IndexFunc(kinds, func(kind string) bool { return callbackPath(kind) == raw.Path })
	if i < 0 {
		return Receipt{}, ErrBadPath
	}
	cb := callback{kind: kinds[i]}
	if err := json.Unmarshal(raw.Payload, &cb.payload); err != nil {
		return Receipt{}, fmt.Errorf("read raw payload: %w", err)
	}
	body, contentType, err := cb.encode()
	if err != nil {
		return Receipt{}, err
	}
	at := s.opt.Clock().Unix()
	if raw.Timestamp != nil {
		at = *raw.Timestamp
	}
	stamp := strconv.FormatInt(at, 10)
	header := http.Header{"Content-Type": {contentType}, "X-Slack-Request-Timestamp": {stamp}}
	if raw.Sign == nil || *raw.Sign {
		secret := s.opt.SigningSecret
		if raw.Secret != "" {
			secret = raw.Secret
		}
		header.Set("X-Slack-Signature", Sign(secret, stamp, body))
	}
	ctx, cancel := context.WithTimeout(ctx, s.opt.AckTimeout)
	defer cancel()
	started := time.Now()
	receipt := s.request(ctx, raw.Path, header, body)
	receipt.AckMS = time.Since(started).Milliseconds()
	return receipt, nil
}

// ErrNothingSent is returned by Redeliver before there was any callback.
var ErrNothingSent = errors.New("nothing was delivered yet")

// Redeliver sends the last callback once more, as a network that repeats it would.
func (s *Server) Redeliver(ctx context.Context) (Receipt, error) {
	s.mu.Lock()
	last := s.last
	s.mu.Unlock()
	if last == nil {
		return Receipt{}, ErrNothingSent
	}
	return s.deliver(ctx, *last), nil
}
