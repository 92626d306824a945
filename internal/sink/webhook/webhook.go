// Package webhook tells cases to an HTTP endpoint, signed by the Standard Webhooks
// rules (github.com/standard-webhooks/standard-webhooks).
package webhook

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"securitybot/internal/sink"
)

const (
	maxID        = 256
	secretPrefix = "whsec_"
	minSecret    = 24 // bytes, as the rules ask
	maxSecret    = 64
)

// Options of a target. No error ever carries the secret or the URL, which may hold one.
type Options struct {
	URL        string // https; http only on this machine
	Secret     string // whsec_ and base64
	HTTPClient *http.Client
	Now        func() time.Time
}

// Target implements [sink.CaseTarget].
type Target struct {
	url    string
	signer *standardwebhooks.Webhook
	http   *http.Client
	now    func() time.Time
}

var _ sink.CaseTarget = (*Target)(nil)

// New makes a target. It doesn't call it.
func New(options Options) (*Target, error) {
	if err := sink.CheckURL(options.URL); err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	signer, err := newSigner(options.Secret)
	if err != nil {
		return nil, err
	}
	t := &Target{url: options.URL, signer: signer, http: sink.HTTPClient(options.HTTPClient), now: options.Now}
	if t.now == nil {
		t.now = time.Now
	}
	return t, nil
}

func newSigner(secret string) (*standardwebhooks.Webhook, error) {
	encoded, found := strings.CutPrefix(secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !found || err != nil || len(key) < minSecret || len(key) > maxSecret {
		return nil, fmt.Errorf("webhook: the secret must be %s and the base64 of %d to %d bytes", secretPrefix, minSecret, maxSecret)
	}
	return standardwebhooks.NewWebhookRaw(key)
}

// Format implements [fmt.Formatter]: the address may hold a secret.
func (t *Target) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.Name()) }

// Close lets go of idle connections.
func (t *Target) Close() { t.http.CloseIdleConnections() }

// Name implements [sink.CaseTarget].
func (t *Target) Name() string { return "webhook" }

// Send implements [sink.CaseTarget]. The webhook-id stays the same however often a
// case is sent; the webhook-timestamp is the attempt's.
func (t *Target) Send(ctx context.Context, told sink.Case) error {
	request, err := t.request(ctx, told)
	if err != nil {
		return &sink.Error{Refused: true, Err: err}
	}
	return sink.Deliver(t.http, request, func(status int) bool { return status >= 200 && status < 300 })
}

// message is the form that the rules recommend for a payload.
type message struct {
	Type      sink.Kind `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      sink.Case `json:"data"`
}

func (t *Target) request(ctx context.Context, told sink.Case) (*http.Request, error) {
	if told.ID == "" || len(told.ID) > maxID || strings.ContainsAny(told.ID, ".\r\n") {
		return nil, errors.New("the case has no usable id") // a dot would blur what is signed
	}
	body, err := json.Marshal(message{Type: told.Kind, Timestamp: told.At.UTC(), Data: told})
	if err != nil {
		return nil, fmt.Errorf("encode case: %w", err)
	}
	now := t.now()
	signature, err := t.signer.Sign(told.ID, now, body)
	if err != nil {
		return nil, fmt.Errorf("sign case: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address is not a URL")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "securitybot")
	request.Header.Set(standardwebhooks.HeaderWebhookID, told.ID)
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return request, nil
}
