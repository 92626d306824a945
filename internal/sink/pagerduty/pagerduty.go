// Package pagerduty tells cases to PagerDuty by its Events API v2
// (github.com/PagerDuty/developer-docs, docs/events-API-v2). A case is an incident
// there, found again by the case's id.
package pagerduty

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"securitybot/internal/sink"
)

// DefaultURL is the Events API of PagerDuty's service region US.
const DefaultURL = "https://events.pagerduty.com"

const (
	maxID = 255 // characters of a dedup_key
	// tooMany is when to try again after a 429 that doesn't say it: PagerDuty asks
	// for "a few minutes", a case can't wait that long each time.
	tooMany = time.Minute
)

var routingKey = regexp.MustCompile(`^[A-Za-z0-9]{32}$`)

// Options of a target. No error ever carries the routing key.
type Options struct {
	Name       string // which target it is, where there are several; may be empty
	RoutingKey string // the integration key of an Events API v2 integration, 32 characters
	URL        string // without a path; empty: [DefaultURL]
	HTTPClient *http.Client
}

// Target implements [sink.CaseTarget].
type Target struct {
	name string
	key  string
	url  string
	http *http.Client
}

var _ sink.CaseTarget = (*Target)(nil)

// New makes a target. It doesn't call it.
func New(options Options) (*Target, error) {
	if !routingKey.MatchString(options.RoutingKey) {
		return nil, errors.New("pagerduty: the routing key must be 32 letters and digits")
	}
	base := cmp.Or(options.URL, DefaultURL)
	if err := sink.CheckURL(base); err != nil {
		return nil, fmt.Errorf("pagerduty: %w", err)
	}
	parsed, err := url.Parse(base)
	if err != nil || strings.Trim(parsed.Path, "/") != "" || parsed.RawQuery != "" || parsed.User != nil {
		return nil, errors.New("pagerduty: the address must be scheme and host alone")
	}
	name := "pagerduty"
	if options.Name != "" {
		name += ":" + options.Name
	}
	return &Target{
		name: name, key: options.RoutingKey, url: parsed.JoinPath("v2/enqueue").String(),
		http: sink.HTTPClient(options.HTTPClient),
	}, nil
}

// Format implements [fmt.Formatter]: the routing key is never printed.
func (t *Target) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.name) }

// Close lets go of idle connections.
func (t *Target) Close() { t.http.CloseIdleConnections() }

// Name implements [sink.CaseTarget]: "pagerduty", or "pagerduty:" and the given name.
func (t *Target) Name() string { return t.name }

// Send implements [sink.CaseTarget]. PagerDuty drops an acknowledgement and a
// resolution of what it doesn't know or has resolved, and answers as if it had taken
// them; what is noted of a resolved incident opens a new one.
func (t *Target) Send(ctx context.Context, told sink.Case) error {
	request, err := t.request(ctx, told)
	if err != nil {
		return &sink.Error{Refused: true, Err: err}
	}
	err = sink.Deliver(t.http, request, func(status int) bool { return status == http.StatusAccepted })
	if failed, ok := errors.AsType[*sink.Error](err); ok && failed.Status == http.StatusTooManyRequests {
		failed.RetryAfter = cmp.Or(failed.RetryAfter, tooMany)
	}
	return err
}

func (t *Target) request(ctx context.Context, told sink.Case) (*http.Request, error) {
	if !usable(told.ID) || !usable(told.CaseID) { // without the case's it would be an incident of its own
		return nil, errors.New("the case has no usable id")
	}
	action, err := actionOf(told.Kind)
	if err != nil {
		return nil, err
	}
	body, err := encode(t.event(action, told))
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address is not a URL")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "securitybot")
	return request, nil
}

func usable(id string) bool { return id != "" && utf8.RuneCountInString(id) <= maxID }
