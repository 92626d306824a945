// Package client calls the API, for the command line and for tests.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	callTimeout = 30 * time.Second
	maxAnswer   = 16 << 20
)

// Client calls one API with one token.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// New makes a client of the API at a URL. It doesn't call it.
func New(base, token string) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil {
		return nil, errors.New("the API's address must be http(s)://HOST[:PORT]")
	}
	return &Client{base: strings.TrimRight(base, "/"), token: token, http: &http.Client{
		Timeout: callTimeout,
		// A token must not follow a redirect to somebody else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Fault is one thing that the API found wrong.
type Fault struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// ProblemError is a refusal of the API (RFC 9457).
type ProblemError struct {
	Title  string  `json:"title"`
	Status int     `json:"status"`
	Detail string  `json:"detail"`
	Errors []Fault `json:"errors"`
}

// Error names every field that is wrong.
func (p *ProblemError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d %s", p.Status, p.Title)
	if p.Detail != "" {
		text.WriteString(": " + p.Detail)
	}
	for _, fault := range p.Errors {
		fmt.Fprintf(&text, "\n  %s: %s", fault.Field, fault.Detail)
	}
	return text.String()
}

// Send reports an alert: the JSON body of POST /v1/alerts.
func (c *Client) Send(ctx context.Context, alert []byte) (Sent, error) {
	var sent Sent
	raw, err := c.call(ctx, http.MethodPost, "/v1/alerts", alert, &sent)
	sent.Raw = raw
	return sent, err
}

// Show gives an alert.
func (c *Client) Show(ctx context.Context, id string) (Alert, error) {
	var alert Alert
	raw, err := c.call(ctx, http.MethodGet, "/v1/alerts/"+url.PathEscape(id), nil, &alert)
	alert.Raw = raw
	return alert, err
}

// List gives alerts, newest first.
func (c *Client) List(ctx context.Context, filter Filter) (Page, error) {
	var page Page
	raw, err := c.call(ctx, http.MethodGet, "/v1/alerts?"+filter.query().Encode(), nil, &page)
	page.Raw = raw
	return page, err
}

// call sends a request and reads its answer, which it gives as it came as well.
func (c *Client) call(ctx context.Context, method, path string, body []byte, into any) (json.RawMessage, error) {
	raw, err := c.fetch(ctx, method, path, body, "application/json")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return nil, fmt.Errorf("read the API's answer: %w", err)
	}
	return raw, nil
}

// fetch sends a request and gives the answer as it came.
func (c *Client) fetch(ctx context.Context, method, path string, body []byte, accept string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Accept", accept+", application/problem+json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("call the API: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the API's answer: %w", err)
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return nil, refusal(answer.StatusCode, raw)
	}
	return raw, nil
}

// refusal is what the API told, or what can be said of an answer that is not its own.
func refusal(status int, raw []byte) *ProblemError {
	problem := &ProblemError{}
	if json.Unmarshal(raw, problem) != nil || problem.Status != status {
		problem = &ProblemError{Title: http.StatusText(status), Detail: "not an answer of the API"}
	}
	problem.Status = status
	return problem
}

func (f Filter) query() url.Values {
	values := url.Values{}
	for name, value := range map[string]string{
		"status": f.Status, "verdict": f.Verdict, "detection": f.Detection, "subject": f.Subject,
		"source": f.Source, "key": f.Key, "cursor": f.Cursor,
	} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if f.Limit != 0 {
		values.Set("limit", strconv.Itoa(f.Limit))
	}
	return values
}
