package pagerduty

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"securitybot/internal/alert"
	"securitybot/internal/sink"
)

const (
	maxSummary = 1024       // characters
	maxPart    = 200        // characters of what stands before the title in a summary
	maxEvent   = 512 * 1000 // bytes; the documentation's "512 KB", in the smaller sense
	shortText  = 4000       // characters of each text of an event that was too large
)

type action string

const (
	trigger     action = "trigger"
	acknowledge action = "acknowledge"
	resolve     action = "resolve"
)

// actionOf is what a kind means there. A trigger with the key of an open incident is
// an entry in its log, and notifies nobody once it is acknowledged.
func actionOf(kind sink.Kind) (action, error) {
	switch kind {
	case sink.Opened, sink.Noted:
		return trigger, nil
	case sink.Acknowledged:
		return acknowledge, nil
	case sink.Resolved:
		return resolve, nil
	default:
		return "", errors.New("the case is of no known kind")
	}
}

// event is what the API takes. Client and Links are of use to triggers alone.
type event struct {
	RoutingKey string  `json:"routing_key"`
	Action     action  `json:"event_action"`
	DedupKey   string  `json:"dedup_key"`
	Payload    payload `json:"payload"`
	Client     string  `json:"client,omitempty"`
	ClientURL  string  `json:"client_url,omitempty"`
	Links      []link  `json:"links,omitempty"`
}

type payload struct {
	Summary       string     `json:"summary"`
	Source        string     `json:"source"`
	Severity      string     `json:"severity"`
	Timestamp     *time.Time `json:"timestamp,omitempty"`
	Class         string     `json:"class,omitempty"`
	CustomDetails sink.Case  `json:"custom_details"`
}

type link struct {
	HRef string `json:"href"`
	Text string `json:"text"`
}

func (t *Target) event(action action, told sink.Case) event {
	made := event{
		RoutingKey: t.key, Action: action, DedupKey: told.CaseID,
		Payload: payload{
			Summary: summary(told), Source: cut(cmp.Or(oneLine(told.Person.Email), "securitybot"), maxPart),
			Severity: severity(told.Severity), Class: cut(oneLine(told.Detection), maxPart), CustomDetails: told,
		},
	}
	if !told.At.IsZero() {
		at := told.At.UTC().Truncate(time.Millisecond) // as in the documentation
		made.Payload.Timestamp = &at
	}
	if action == trigger {
		made.Client, made.Links = "Securitybot", links(told.Links)
		if page := told.Links["alert"]; isLink(page) {
			made.ClientURL = page
		}
	}
	return made
}

func severity(of string) string {
	switch alert.Severity(of) {
	case alert.Critical:
		return "critical"
	case alert.High:
		return "error"
	case alert.Medium:
		return "warning"
	case alert.Low:
		return "info"
	default:
		return "error" // nobody knows how grave it is, so that somebody looks
	}
}

// summary is what a phone shows, or reads out: the verdict and the person first,
// because the end may be cut.
func summary(told sink.Case) string {
	verdict := oneLine(told.Verdict)
	if reason := oneLine(told.Reason); reason != "" {
		verdict += " (" + reason + ")"
	}
	who := oneLine(told.Person.Name)
	if email := oneLine(told.Person.Email); email != "" {
		who = strings.TrimSpace(cut(who, maxPart) + " <" + email + ">")
	}
	title := cmp.Or(oneLine(told.Title), oneLine(told.Detection))
	if told.Occurrences > 1 {
		title = fmt.Sprintf("%d× %s", told.Occurrences, title)
	}
	parts := []string{cut(verdict, maxPart), cut(who, 2*maxPart), title}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	return cut(cmp.Or(strings.Join(parts, " · "), told.CaseID), maxSummary)
}

// oneLine takes out what could make a text look like another: line breaks, control
// characters, and marks that nobody sees.
func oneLine(text string) string {
	text = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c), unicode.IsControl(c):
			return ' '
		case unicode.Is(unicode.Cf, c):
			return -1
		default:
			return c
		}
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

// links are those that PagerDuty takes; one that it doesn't take spoils the event.
func links(named map[string]string) []link {
	var taken []link
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if isLink(named[name]) {
			taken = append(taken, link{HRef: named[name], Text: name})
		}
	}
	return taken
}

func isLink(address string) bool {
	parsed, err := url.Parse(address)
	return err == nil && parsed.Hostname() != "" && (parsed.Scheme == "http" || parsed.Scheme == "https")
}

// encode cuts the texts of an event that is too large: a page without all the words
// is better than none.
func encode(made event) ([]byte, error) {
	body, err := marshal(made)
	if err != nil || len(body) <= maxEvent {
		return body, err
	}
	details := &made.Payload.CustomDetails
	for _, text := range []*string{
		&details.AlertID, &details.Verdict, &details.Reason, &details.Severity, &details.Detection, &details.Title,
		&details.Person.Email, &details.Person.Name, &details.Answer, &details.Explanation, &details.Note,
		&details.By, &details.Resolution,
	} {
		*text = cut(*text, shortText)
	}
	if body, err = marshal(made); err == nil && len(body) > maxEvent {
		return nil, errors.New("the case is too large")
	}
	return body, err
}

// marshal leaves <, > and & as they are: six bytes for each would count.
func marshal(made event) ([]byte, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(made); err != nil {
		return nil, fmt.Errorf("encode case: %w", err)
	}
	return body.Bytes(), nil
}
