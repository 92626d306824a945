package api

import (
	"bytes"
	"encoding/json"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"securitybot/internal/alert"
)

// The limits of an alert's fields, in characters.
const (
	maxKey         = 200
	maxDetection   = 100
	maxTitle       = 300
	maxDescription = 8000
	maxSubject     = 200
	maxURL         = 2000
	maxDepth       = 10 // of the context; the object itself counts
	maxAhead       = 24 * time.Hour
)

var (
	detectionName = regexp.MustCompile(`^[A-Za-z0-9_.:/-]+$`)
	epoch         = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
)

// ReadAlert reads the body of POST /v1/alerts, strictly, and tells everything
// that is wrong with it. The alert has neither source, id nor arrival yet.
func ReadAlert(body []byte, now time.Time) (alert.Alert, []Fault) {
	r := &intake{form: form{now: now}}
	if err := checkJSON(body); err != nil {
		r.fault("body", "%s", err)
		return alert.Alert{}, r.faults
	}
	fields := r.object("", body, r.known())
	for _, required := range []string{"detection", "title", "severity", "subject"} {
		if !fields[required] {
			r.fault(required, "is required")
		}
	}
	return r.alert, r.faults
}

// intake collects an alert and what is wrong with it.
type intake struct {
	form
	alert alert.Alert
}

// known are the fields of an alert and what reads them.
func (r *intake) known() map[string]func(string, json.RawMessage) {
	return map[string]func(string, json.RawMessage){
		"key":         r.text(&r.alert.Key, maxKey),
		"detection":   r.detection(&r.alert.Detection),
		"title":       r.required(&r.alert.Title, maxTitle),
		"description": r.text(&r.alert.Description, maxDescription),
		"severity":    r.severity(&r.alert.Severity),
		"subject":     r.subject,
		"occurred_at": r.occurredAt,
		"url":         r.url,
		"context":     r.context,
	}
}

func (r *intake) subject(field string, raw json.RawMessage) {
	subject := &r.alert.Subject
	before := len(r.faults)
	r.object(field+".", raw, map[string]func(string, json.RawMessage){
		"email":    r.text(&subject.Email, maxSubject),
		"username": r.text(&subject.Username, maxSubject),
		"slack_id": r.text(&subject.SlackID, maxSubject),
	})
	r.trimmed(field+".username", subject.Username)
	r.trimmed(field+".slack_id", subject.SlackID)
	if subject.Email != "" && !isEmail(subject.Email) {
		r.fault(field+".email", "is not an email address")
	}
	if len(r.faults) == before && subject.Empty() {
		r.fault(field, "needs an email, a username or a slack_id")
	}
}

// isEmail takes a bare address, without a name and without quotes.
func isEmail(text string) bool {
	address, err := mail.ParseAddress(text)
	return err == nil && address.Address == text && !strings.ContainsAny(text, "\"<>()[], \t\r\n")
}

func (r *intake) occurredAt(field string, raw json.RawMessage) {
	var value string
	at, err := time.Time{}, json.Unmarshal(raw, &value)
	if err == nil {
		at, err = time.Parse(time.RFC3339, value)
	}
	switch {
	case err != nil:
		r.fault(field, "must be a time as 2006-01-02T15:04:05Z (RFC 3339)")
	case at.Before(epoch):
		r.fault(field, "is before the year 2000")
	case at.After(r.now.Add(maxAhead)):
		r.fault(field, "is more than 24 hours ahead")
	default:
		r.alert.OccurredAt = at.UTC()
	}
}

func (r *intake) url(field string, raw json.RawMessage) {
	var value string
	before := len(r.faults)
	r.text(&value, maxURL)(field, raw)
	if len(r.faults) > before || value == "" {
		return
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "":
		r.fault(field, "must be an absolute http or https URL")
	case u.User != nil:
		r.fault(field, "must not have a user or password")
	default:
		r.alert.URL = value
	}
}

func (r *intake) context(field string, raw json.RawMessage) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		r.fault(field, "can't be read")
		return
	}
	if _, ok := value.(map[string]any); !ok {
		r.fault(field, "%s", errNotObject)
		return
	}
	if err := checkValue(value, 1); err != nil {
		r.fault(field, "%s", err)
		return
	}
	r.alert.Context = slices.Clone(raw)
}
