package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Suppressions gives what is not asked about, newest first: all of the last days, or
// what is in force; everybody's, or one person's by email. Limit 0 is the API's own.
func (c *Client) Suppressions(ctx context.Context, active bool, email string, limit int) (Suppressions, error) {
	values := url.Values{}
	if active {
		values.Set("active", "true")
	}
	if email != "" {
		values.Set("person", email)
	}
	setLimit(values, limit)
	var list Suppressions
	raw, err := c.call(ctx, http.MethodGet, "/v1/suppressions?"+values.Encode(), nil, &list)
	list.Raw = raw
	return list, err
}

// Revoke ends a suppression.
func (c *Client) Revoke(ctx context.Context, id, reason string) (Suppression, error) {
	var revoked Suppression
	raw, err := c.send(ctx, http.MethodDelete, "/v1/suppressions/"+url.PathEscape(id), because{reason}, &revoked)
	revoked.Raw = raw
	return revoked, err
}

// Except adds a suppression by hand.
func (c *Client) Except(ctx context.Context, exception Exception) (Suppression, error) {
	var made Suppression
	raw, err := c.send(ctx, http.MethodPost, "/v1/exceptions", exception, &made)
	made.Raw = raw
	return made, err
}

// OptOuts gives the people who are not asked for a while.
func (c *Client) OptOuts(ctx context.Context) (OptOuts, error) {
	var list OptOuts
	raw, err := c.call(ctx, http.MethodGet, "/v1/opt-outs", nil, &list)
	list.Raw = raw
	return list, err
}

// OptOut keeps questions from a person, by email, for a length such as 24h or 30d.
func (c *Client) OptOut(ctx context.Context, email, length, reason string) (OptOut, error) {
	var made OptOut
	raw, err := c.send(ctx, http.MethodPost, "/v1/opt-outs", struct {
		Person string `json:"person"`
		For    string `json:"for"`
		Reason string `json:"reason"`
	}{email, length, reason}, &made)
	made.Raw = raw
	return made, err
}

// OptIn has a person asked again.
func (c *Client) OptIn(ctx context.Context, email string) (OptOut, error) {
	var ended OptOut
	raw, err := c.call(ctx, http.MethodDelete, "/v1/opt-outs/"+url.PathEscape(email), nil, &ended)
	ended.Raw = raw
	return ended, err
}

// Pause stops all contact with people.
func (c *Client) Pause(ctx context.Context, reason string) (Pause, error) {
	var pause Pause
	raw, err := c.send(ctx, http.MethodPost, "/v1/pause", because{reason}, &pause)
	pause.Raw = raw
	return pause, err
}

// Resume ends a pause.
func (c *Client) Resume(ctx context.Context) (Pause, error) {
	var pause Pause
	raw, err := c.call(ctx, http.MethodPost, "/v1/resume", nil, &pause)
	pause.Raw = raw
	return pause, err
}

// Cases gives the cases that nobody has resolved, oldest first. Limit 0 is the
// API's own.
func (c *Client) Cases(ctx context.Context, limit int) (Cases, error) {
	values := url.Values{"state": {"open"}}
	setLimit(values, limit)
	var list Cases
	raw, err := c.call(ctx, http.MethodGet, "/v1/cases?"+values.Encode(), nil, &list)
	list.Raw = raw
	return list, err
}

// Rollup sums up a stretch of time.
func (c *Client) Rollup(ctx context.Context, from, to time.Time) (Rollup, error) {
	var sum Rollup
	raw, err := c.call(ctx, http.MethodGet, "/v1/rollups?"+span(from, to), nil, &sum)
	sum.Raw = raw
	return sum, err
}

// RollupCSV is a Rollup for a spreadsheet.
func (c *Client) RollupCSV(ctx context.Context, from, to time.Time) ([]byte, error) {
	return c.fetch(ctx, http.MethodGet, "/v1/rollups?format=csv&"+span(from, to), nil, "text/csv")
}

// Evidence gives the signed file of an alert, as it is.
func (c *Client) Evidence(ctx context.Context, id string) ([]byte, error) {
	return c.fetch(ctx, http.MethodGet, "/v1/alerts/"+url.PathEscape(id)+"/evidence", nil, "text/plain")
}

func span(from, to time.Time) string {
	return url.Values{"from": {from.UTC().Format(time.RFC3339Nano)}, "to": {to.UTC().Format(time.RFC3339Nano)}}.Encode()
}

// because is the body of what needs a reason and nothing else.
type because struct {
	Reason string `json:"reason"`
}

func setLimit(values url.Values, limit int) {
	if limit != 0 {
		values.Set("limit", strconv.Itoa(limit))
	}
}

// send is call with a body that is yet to be written.
func (c *Client) send(ctx context.Context, method, path string, body, into any) (json.RawMessage, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("write request: %w", err)
	}
	return c.call(ctx, method, path, text, into)
}
