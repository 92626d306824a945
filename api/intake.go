package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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
	r := &intake{now: now}
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
	now    time.Time
	alert  alert.Alert
	faults []Fault
}

func (r *intake) fault(field, format string, args ...any) {
	r.faults = append(r.faults, Fault{Field: field, Detail: fmt.Sprintf(format, args...)})
}

// known are the fields of an alert and what reads them.
func (r *intake) known() map[string]func(string, json.RawMessage) {
	return map[string]func(string, json.RawMessage){
		"key":         r.text(&r.alert.Key, maxKey),
		"detection":   r.detection,
		"title":       r.required(&r.alert.Title, maxTitle),
		"description": r.text(&r.alert.Description, maxDescription),
		"severity":    r.severity,
		"subject":     r.subject,
		"occurred_at": r.occurredAt,
		"url":         r.url,
		"context":     r.context,
	}
}

// object reads the members of an object by their names, and tells which ones it
// found. A null is a member that is absent.
func (r *intake) object(within string, raw []byte, known map[string]func(string, json.RawMessage)) map[string]bool {
	list, err := members(raw)
	if err != nil {
		r.fault(strings.TrimSuffix(orBody(within), "."), "%s", err)
		return allOf(known)
	}
	seen, found := map[string]bool{}, map[string]bool{}
	for _, member := range list {
		field := within + shown(member.name)
		read, ok := known[member.name]
		switch {
		case seen[member.name]:
			r.fault(field, "is given twice")
		case !ok:
			r.fault(field, "unknown field")
		case string(member.value) != "null":
			found[member.name] = true
			read(field, member.value)
		}
		seen[member.name] = true
	}
	return found
}

func orBody(within string) string {
	if within == "" {
		return "body"
	}
	return within
}

// allOf keeps quiet about what is missing in something that is no object.
func allOf(known map[string]func(string, json.RawMessage)) map[string]bool {
	all := map[string]bool{}
	for name := range known {
		all[name] = true
	}
	return all
}

// text reads a string into a place.
func (r *intake) text(into *string, most int) func(string, json.RawMessage) {
	return func(field string, raw json.RawMessage) {
		var value string
		if err := json.Unmarshal(raw, &value); err != nil {
			r.fault(field, "must be a string")
			return
		}
		if length := utf8.RuneCountInString(value); length > most {
			r.fault(field, "has %d characters, at most %d are taken", length, most)
			return
		}
		if err := checkText(value); err != nil {
			r.fault(field, "%s", err)
			return
		}
		*into = value
	}
}

// required reads a string that says something.
func (r *intake) required(into *string, most int) func(string, json.RawMessage) {
	return func(field string, raw json.RawMessage) {
		before := len(r.faults)
		r.text(into, most)(field, raw)
		if len(r.faults) == before && strings.TrimSpace(*into) == "" {
			r.fault(field, "is empty")
		}
	}
}

func (r *intake) detection(field string, raw json.RawMessage) {
	r.required(&r.alert.Detection, maxDetection)(field, raw)
	if name := r.alert.Detection; strings.TrimSpace(name) != "" && !detectionName.MatchString(name) {
		r.fault(field, "may have letters, digits and _ . : / - only")
	}
}

func (r *intake) severity(field string, raw json.RawMessage) {
	var value alert.Severity
	if err := json.Unmarshal(raw, &value); err != nil || !slices.Contains(alert.Severities(), value) {
		r.fault(field, "must be low, medium, high or critical")
		return
	}
	r.alert.Severity = value
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

// trimmed refuses what would never be found in a directory.
func (r *intake) trimmed(field, value string) {
	if value != strings.TrimSpace(value) {
		r.fault(field, "begins or ends with white space")
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
