package store

import (
	"encoding/json"
	"time"

	"securitybot/internal/alert"
)

// Record is an alert and where it stands: one row.
type Record struct {
	alert.Alert
	PayloadDigest string // of an alert without a key, else ""

	Status       alert.Status
	Verdict      alert.Verdict
	Person       alert.PersonKey // zero until it is known
	Plan         *alert.Plan     // nil until admitted
	Code         string          // the short code of the question and its push
	Revision     int             // of the question as shown
	AdmittedAt   time.Time
	AskedAt      time.Time // the question's own time; zero until it stands
	Deadline     time.Time // zero until asked
	WatchUntil   time.Time // late answers are taken until then
	Snoozes      int
	SnoozedUntil time.Time
	SettledAt    time.Time
	EscalatedAt  time.Time
	Escalation   string    // why there is a case
	FinishedAt   time.Time // nothing more will happen by itself
}

// Entry is one line of an alert's timeline. Data holds nothing personal;
// Personal (a JSON object or empty) enters the chain as a salted digest only.
type Entry struct {
	AlertID  string
	Seq      int // from 1, without gaps
	At       time.Time
	Kind     string
	Actor    string
	Data     json.RawMessage
	Personal json.RawMessage
	Salt     []byte
	Digest   string // hex SHA-256 over Salt and Personal, "" without Personal
	Previous string // Hash of the entry before, "" of the first
	Hash     string // hex SHA-256 over all of the above but Personal and Salt
}

// PostState is how far a message of ours has come.
type PostState string

// The states of a post.
const (
	PostIntended PostState = "intended" // somebody is about to post it, or died trying
	PostDone     PostState = "done"     // it stands at Channel and TS
)

// Post is one message of ours: one row per alert and purpose, however often
// it is tried.
type Post struct {
	AlertID      string
	Purpose      string // "question", "reminder-1", "case", …
	State        PostState
	ClaimedUntil time.Time // nobody else may try before
	IntendedAt   time.Time // of the first try
	Tries        int
	Channel      string
	TS           string
	PostedAt     time.Time
}

// Outgoing is something that must reach Temporal.
type Outgoing struct {
	ID          int64
	AlertID     string
	Kind        string // an Outgoing… constant
	Ref         string // the answer's id, or what makes this entry one of its kind
	Choice      string // of an answer
	CreatedAt   time.Time
	AvailableAt time.Time // not tried before; also the end of a claim
	Attempts    int
	LastError   string
}

// Distrust is a person whose chat account is suspected.
type Distrust struct {
	Person    alert.PersonKey
	AlertID   string // that showed it
	Reason    string
	Since     time.Time
	ClearedAt time.Time // zero while in force
	ClearedBy string
	Clearance string // the reason given
}

// Filter selects alerts; empty fields select all.
type Filter struct {
	Status    string
	Outcome   string
	Detection string
	Subject   string // equals the subject's email, username or chat id
	Source    string
	Key       string
	Before    Cursor // older than this one
	Limit     int
}

// Cursor is a place in the list of alerts, newest first.
type Cursor struct {
	ReceivedAt time.Time
	ID         string
}
