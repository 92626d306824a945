// Package alert is the domain: what a detection reported, who it is about, what
// they answered, what was proved, and what follows from it. Standard library
// only; every other room may import it.
package alert

import (
	"encoding/json"
	"strings"
	"time"
)

// Severity is how grave the source says an alert is.
type Severity string

// The four severities, from the mildest.
const (
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// Severities lists every severity, mildest first.
func Severities() []Severity { return []Severity{Low, Medium, High, Critical} }

// Rank orders severities: 1 is low, 4 is critical, 0 is not a severity.
func (s Severity) Rank() int {
	for i, known := range Severities() {
		if s == known {
			return i + 1
		}
	}
	return 0
}

// Subject is what the alert says of the person; any one field is enough.
type Subject struct {
	Email    string `json:"email,omitempty"`
	Username string `json:"username,omitempty"`
	SlackID  string `json:"slack_id,omitempty"`
}

// Empty tells that the alert names nobody.
func (s Subject) Empty() bool { return s == Subject{} }

// Same tells that two subjects say the same, letter case of the email aside.
func (s Subject) Same(other Subject) bool {
	return strings.EqualFold(s.Email, other.Email) && s.Username == other.Username && s.SlackID == other.SlackID
}

// Alert is one thing that a detection reported about one person. It never
// changes once it was accepted.
type Alert struct {
	ID          string // 64 hex digits, see NewID
	Source      string // known by its token, never by the body
	Key         string // the source's own key, may be empty
	Detection   string
	Title       string
	Description string
	Severity    Severity
	Subject     Subject
	OccurredAt  time.Time // zero when the source gave none
	URL         string
	Context     json.RawMessage // a JSON object, or empty
	ReceivedAt  time.Time
}

// When is the moment that the alert speaks of: its own time, else its arrival.
func (a Alert) When() time.Time {
	if a.OccurredAt.IsZero() {
		return a.ReceivedAt
	}
	return a.OccurredAt
}

// PersonKey names a person for good: a team and an immutable chat id.
type PersonKey struct {
	Team string
	User string
}

// Person is whom an alert's subject was resolved to, as the directory knows them.
type Person struct {
	PersonKey
	Email       string
	Username    string // the chat system's handle, only ever shown or looked up
	Name        string
	Zone        string    // IANA zone name, may be empty
	FactorName  string    // the name at the second factor, may be empty
	Manager     string    // email, may be empty
	AwayUntil   time.Time // what they say of themselves in the chat; zero when here
	Deactivated bool
	Bot         bool
	Foreign     bool // of another team
	SeenAt      time.Time
}

// FirstName is what a polite message calls the person.
func (p Person) FirstName() string {
	for i, r := range p.Name {
		if r == ' ' {
			return p.Name[:i]
		}
	}
	return p.Name
}
