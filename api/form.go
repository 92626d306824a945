package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"securitybot/internal/alert"
	"securitybot/internal/policy"
)

// form reads the fields of a JSON object and collects all that is wrong with them.
type form struct {
	now    time.Time
	faults []Fault
}

func (f *form) fault(field, format string, args ...any) {
	f.faults = append(f.faults, Fault{Field: field, Detail: fmt.Sprintf(format, args...)})
}

// object reads the members of an object by their names, and tells which ones it
// found. A null is a member that is absent.
func (f *form) object(within string, raw []byte, known map[string]func(string, json.RawMessage)) map[string]bool {
	list, err := members(raw)
	if err != nil {
		f.fault(strings.TrimSuffix(orBody(within), "."), "%s", err)
		return allOf(known)
	}
	seen, found := map[string]bool{}, map[string]bool{}
	for _, member := range list {
		field := within + shown(member.name)
		read, ok := known[member.name]
		switch {
		case seen[member.name]:
			f.fault(field, "is given twice")
		case !ok:
			f.fault(field, "unknown field")
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
func (f *form) text(into *string, most int) func(string, json.RawMessage) {
	return func(field string, raw json.RawMessage) {
		var value string
		if err := json.Unmarshal(raw, &value); err != nil {
			f.fault(field, "must be a string")
			return
		}
		if length := utf8.RuneCountInString(value); length > most {
			f.fault(field, "has %d characters, at most %d are taken", length, most)
			return
		}
		if err := checkText(value); err != nil {
			f.fault(field, "%s", err)
			return
		}
		*into = value
	}
}

// required reads a string that says something.
func (f *form) required(into *string, most int) func(string, json.RawMessage) {
	return func(field string, raw json.RawMessage) {
		before := len(f.faults)
		f.text(into, most)(field, raw)
		if len(f.faults) == before && strings.TrimSpace(*into) == "" {
			f.fault(field, "is empty")
		}
	}
}

// trimmed refuses what would never be found in a directory.
func (f *form) trimmed(field, value string) {
	if value != strings.TrimSpace(value) {
		f.fault(field, "begins or ends with white space")
	}
}

func (f *form) detection(into *string) func(string, json.RawMessage) {
	return func(field string, raw json.RawMessage) {
		f.required(into, maxDetection)(field, raw)
		if strings.TrimSpace(*into) != "" && !detectionName.MatchString(*into) {
			f.fault(field, "may have letters, digits and _ . : / - only")
		}
	}
}

func (f *form) severity(into *alert.Severity) func(string, json.RawMessage) {
	return func(field string, raw json.RawMessage) {
		var value alert.Severity
		if err := json.Unmarshal(raw, &value); err != nil || !slices.Contains(alert.Severities(), value) {
			f.fault(field, "must be low, medium, high or critical")
			return
		}
		*into = value
	}
}

func (f *form) flag(into *bool) func(string, json.RawMessage) {
	return func(field string, raw json.RawMessage) {
		if json.Unmarshal(raw, into) != nil {
			f.fault(field, "must be true or false")
		}
	}
}

func (f *form) email(into *string) func(string, json.RawMessage) {
	return func(field string, raw json.RawMessage) {
		before := len(f.faults)
		f.required(into, maxSubject)(field, raw)
		if len(f.faults) == before && !isEmail(*into) {
			f.fault(field, "is not an email address")
		}
	}
}

// term is when something ends: a time, or a length from now on.
type term struct {
	until time.Time
	times int // that it was given
}

func (f *form) until(into *term) func(string, json.RawMessage) {
	return func(field string, raw json.RawMessage) {
		into.times++
		var value string
		at, err := time.Time{}, json.Unmarshal(raw, &value)
		if err == nil {
			at, err = time.Parse(time.RFC3339, value)
		}
		if err != nil {
			f.fault(field, "must be a time as 2006-01-02T15:04:05Z (RFC 3339)")
			return
		}
		into.until = at.UTC()
	}
}

func (f *form) lasting(into *term) func(string, json.RawMessage) {
	return func(field string, raw json.RawMessage) {
		into.times++
		var value string
		length, err := time.Duration(0), json.Unmarshal(raw, &value)
		if err == nil {
			length, err = policy.ParseLength(value)
		}
		if err != nil {
			f.fault(field, "must be a length of time such as 90m, 24h or 3d")
			return
		}
		into.until = f.now.Add(length).UTC()
	}
}

// within wants one end, ahead and not too far.
func (f *form) within(ends term, most time.Duration) {
	switch {
	case ends.times == 0:
		f.fault("until", "is required, or for")
	case ends.times > 1:
		f.fault("for", "give either until or for")
	case ends.until.IsZero(): // a fault already
	case !ends.until.After(f.now):
		f.fault("until", "is not ahead")
	case ends.until.Sub(f.now) > most:
		f.fault("until", "is more than %d days ahead", int(most/(24*time.Hour)))
	}
}

// read reads a body whose fields are all required but those named.
func (f *form) read(body []byte, known map[string]func(string, json.RawMessage), optional ...string) {
	if err := checkJSON(body); err != nil {
		f.fault("body", "%s", err)
		return
	}
	given := f.object("", body, known)
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if !given[name] && !slices.Contains(optional, name) {
			f.fault(name, "is required")
		}
	}
}

// invalid tells all that is wrong, or nothing.
func (f *form) invalid() error {
	if len(f.faults) == 0 {
		return nil
	}
	return problemOf(http.StatusBadRequest, "the request is not valid", f.faults...)
}
