// Package pagerdutytest plays PagerDuty's Events API v2 for tests: it refuses what
// PagerDuty refuses, and keeps incidents as PagerDuty does.
package pagerdutytest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

const maxEvent = 512_000 // bytes

// Event is what the API takes.
type Event struct {
	RoutingKey string   `json:"routing_key"`
	Action     string   `json:"event_action"`
	DedupKey   string   `json:"dedup_key"`
	Payload    *Payload `json:"payload"`
	Client     string   `json:"client"`
	ClientURL  string   `json:"client_url"`
	Links      []Link   `json:"links"`
}

// Payload is what an event says.
type Payload struct {
	Summary       string         `json:"summary"`
	Source        string         `json:"source"`
	Severity      string         `json:"severity"`
	Timestamp     string         `json:"timestamp"`
	Class         string         `json:"class"`
	CustomDetails map[string]any `json:"custom_details"`
}

// Link is an address shown with an incident.
type Link struct {
	HRef string `json:"href"`
	Text string `json:"text"`
}

// Incident is what came of the events with one key.
type Incident struct {
	RoutingKey, DedupKey string
	Status               string // triggered, acknowledged or resolved
	Log                  []Event
}

// Server is one account with services of the given routing keys.
type Server struct {
	URL string // to configure as the Events API

	keys      []string
	mu        sync.Mutex
	incidents []*Incident
}

// Start runs a server until the test ends.
func Start(t testing.TB, routingKeys ...string) *Server {
	t.Helper()
	s := &Server{keys: routingKeys}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/enqueue", s.enqueue)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Incidents gives all of them, the oldest first.
func (s *Server) Incidents() []Incident {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Incident
	for _, incident := range s.incidents {
		shown := *incident
		shown.Log = slices.Clone(shown.Log)
		all = append(all, shown)
	}
	return all
}

// receipt is what the API answers.
type receipt struct {
	Status   string   `json:"status"`
	Message  string   `json:"message"`
	DedupKey string   `json:"dedup_key,omitempty"`
	Errors   []string `json:"errors,omitempty"`
}

func (s *Server) enqueue(w http.ResponseWriter, request *http.Request) {
	got, err := s.read(w, request)
	if err != nil {
		answer(w, http.StatusBadRequest, receipt{
			Status: "invalid event", Message: "Event object is invalid", Errors: []string{err.Error()},
		})
		return
	}
	s.mu.Lock()
	s.apply(got)
	s.mu.Unlock()
	answer(w, http.StatusAccepted, receipt{Status: "success", Message: "Event processed", DedupKey: got.DedupKey})
}

func answer(w http.ResponseWriter, status int, body receipt) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		panic(http.ErrAbortHandler) // the client went away
	}
}

// apply changes the open incident of the event's key, if there is one; only a
// trigger opens one.
func (s *Server) apply(got Event) {
	open := slices.IndexFunc(s.incidents, func(incident *Incident) bool {
		return incident.RoutingKey == got.RoutingKey && incident.DedupKey == got.DedupKey && incident.Status != "resolved"
	})
	switch {
	case open < 0 && got.Action != "trigger":
		return
	case open < 0:
		open = len(s.incidents)
		s.incidents = append(s.incidents, &Incident{RoutingKey: got.RoutingKey, DedupKey: got.DedupKey, Status: "triggered"})
	}
	incident := s.incidents[open]
	incident.Log = append(incident.Log, got)
	switch got.Action {
	case "acknowledge":
		incident.Status = "acknowledged"
	case "resolve":
		incident.Status = "resolved"
	}
}

func (s *Server) read(w http.ResponseWriter, request *http.Request) (Event, error) {
	var got Event
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, maxEvent))
	if err != nil {
		return got, fmt.Errorf("read body: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields() // a misspelt field would be lost without a word
	switch err := decoder.Decode(&got); {
	case request.Header.Get("Content-Type") != "application/json":
		return got, fmt.Errorf("content type %q", request.Header.Get("Content-Type"))
	case !utf8.Valid(body):
		return got, errors.New("the body is not UTF-8")
	case err != nil:
		return got, fmt.Errorf("parse JSON: %w", err)
	}
	return got, s.check(got)
}

func (s *Server) check(got Event) error {
	switch {
	case len(got.RoutingKey) != 32:
		return errors.New("length of 'routing_key' is incorrect (should be 32 characters)")
	case !slices.Contains(s.keys, got.RoutingKey):
		return errors.New("'routing_key' is unknown")
	case !slices.Contains([]string{"trigger", "acknowledge", "resolve"}, got.Action):
		return errors.New("'event_action' is invalid")
	case got.DedupKey == "" && got.Action != "trigger":
		return errors.New("'dedup_key' is missing")
	case utf8.RuneCountInString(got.DedupKey) > 255:
		return errors.New("'dedup_key' is longer than 255 characters")
	case got.Payload == nil && got.Action == "trigger":
		return errors.New("'payload' is missing")
	case got.ClientURL != "" && !isURL(got.ClientURL):
		return errors.New("'client_url' is no URL")
	}
	for _, link := range got.Links {
		if !isURL(link.HRef) {
			return errors.New("'links' has what is no URL")
		}
	}
	if got.Payload == nil {
		return nil
	}
	return got.Payload.check()
}

func (p *Payload) check() error {
	switch {
	case p.Summary == "" || utf8.RuneCountInString(p.Summary) > 1024:
		return errors.New("'payload.summary' has not 1 to 1024 characters")
	case p.Source == "":
		return errors.New("'payload.source' is missing")
	case !slices.Contains([]string{"critical", "error", "warning", "info"}, p.Severity):
		return errors.New("'payload.severity' is invalid")
	}
	if _, err := time.Parse(time.RFC3339Nano, p.Timestamp); p.Timestamp != "" && err != nil {
		return errors.New("'payload.timestamp' is invalid")
	}
	return nil
}

func isURL(text string) bool {
	parsed, err := url.Parse(text)
	return err == nil && parsed.Hostname() != "" && (parsed.Scheme == "http" || parsed.Scheme == "https")
}
