package client

import (
	"encoding/json"
	"time"
)

// Links are the addresses of an alert.
type Links struct {
	Self     string `json:"self"`
	Temporal string `json:"temporal"`
	Console  string `json:"console"`
}

// Sent is the answer to an alert that was taken.
type Sent struct {
	ID        string          `json:"id"`
	Status    string          `json:"status"`
	Duplicate bool            `json:"duplicate"`
	Links     Links           `json:"links"`
	Raw       json.RawMessage `json:"-"` // as it came
}

// Subject is what the alert says of the person.
type Subject struct {
	Email    string `json:"email"`
	Username string `json:"username"`
	SlackID  string `json:"slack_id"`
}

// String is the most telling of its names.
func (s Subject) String() string {
	for _, name := range []string{s.Email, s.Username} {
		if name != "" {
			return name
		}
	}
	return s.SlackID
}

// Alert is an alert; a list leaves out everything from Description on.
type Alert struct {
	ID            string      `json:"id"`
	Key           string      `json:"key"`
	Source        string      `json:"source"`
	Status        string      `json:"status"`
	Verdict       string      `json:"verdict"` // empty until there is one
	VerdictReason string      `json:"verdict_reason"`
	Detection     string      `json:"detection"`
	Title         string      `json:"title"`
	Severity      string      `json:"severity"`
	Subject       Subject     `json:"subject"`
	ReceivedAt    time.Time   `json:"received_at"`
	OccurredAt    time.Time   `json:"occurred_at"`
	Deadline      time.Time   `json:"deadline"`
	Escalation    *Escalation `json:"escalation"`
	Links         Links       `json:"links"`

	Description string          `json:"description"`
	URL         string          `json:"url"`
	Context     json.RawMessage `json:"context"`
	Answer      *Answer         `json:"answer"`
	Proof       *Proof          `json:"proof"`
	Timeline    []Entry         `json:"timeline"`
	Raw         json.RawMessage `json:"-"` // as it came
}

// Answer is what the person answered.
type Answer struct {
	Choice      string    `json:"choice"`
	Explanation string    `json:"explanation"`
	At          time.Time `json:"at"`
}

// Proof is the last attempt to prove a yes.
type Proof struct {
	Result      string `json:"result"`
	Reason      string `json:"reason"`
	Factor      string `json:"factor"`
	Transaction string `json:"transaction"`
}

// Escalation is why there is a case.
type Escalation struct {
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Entry is a line of the timeline.
type Entry struct {
	At     time.Time
	Kind   string
	Actor  string
	Fields map[string]any // of its kind
}

// UnmarshalJSON implements [json.Unmarshaler].
func (e *Entry) UnmarshalJSON(raw []byte) error {
	var head struct {
		At          time.Time
		Kind, Actor string
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return err
	}
	e.At, e.Kind, e.Actor, e.Fields = head.At, head.Kind, head.Actor, nil
	if err := json.Unmarshal(raw, &e.Fields); err != nil {
		return err
	}
	for _, own := range []string{"at", "kind", "actor"} {
		delete(e.Fields, own)
	}
	return nil
}

// Filter selects alerts; empty fields select all. Limit 0 is the API's own.
type Filter struct {
	Status, Verdict, Detection, Subject, Source, Key, Cursor string
	Limit                                                    int
}

// Page is a part of a list. Next is the cursor of the next one, empty at the end.
type Page struct {
	Alerts []Alert         `json:"alerts"`
	Next   string          `json:"next"`
	Raw    json.RawMessage `json:"-"` // as it came
}
