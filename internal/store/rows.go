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

	ShownRevision int       // of the question, as it was last shown for certain
	QueuedUntil   time.Time // waits for the person's other questions until then; zero when it doesn't
	JoinedTo      string    // the alert whose question asks about this one too
	JoinRevision  int       // the first of that question's that lists this one
	CoveredBy     string    // the suppression that covers it
	CaseOf        string    // the alert whose case lists this one
	Pile          string    // of a case that lists others: a Pile… constant
	ReviewedAt    time.Time // a responder looked at a confirmed alert that policy wanted looked at
	ReviewedBy    string
}

// Why a case lists other alerts.
const (
	PileStorm = "storm" // of one person
	PileFlood = "flood" // of one source and reason
)

// Case is what the security team sees of an escalated alert, until a responder
// resolves it.
type Case struct {
	AlertID    string
	About      alert.PersonKey // zero when nobody is known
	OpenedAt   time.Time
	AckedAt    time.Time
	AckedBy    string // how the timeline names the responder
	ResolvedAt time.Time
	ResolvedBy string
	Resolution string
	Rung       int // of the ladder, the next one to climb
}

// The kinds of suppressions.
const (
	SuppressProven    = "proven"    // after a proven yes, as policy says
	SuppressIgnore    = "ignore"    // asked for by the person, with a proof
	SuppressException = "exception" // added by hand
)

// Suppression is a person, a detection and a scope that will not be asked about
// until a time.
type Suppression struct {
	ID         string
	Kind       string
	Person     alert.PersonKey
	Detection  string
	Scope      json.RawMessage // a JSON object of context fields in canonical form
	Severity   alert.Severity  // the gravest that it covers
	AlertID    string          // that was proven; "" of an exception
	By         string
	Reason     string
	Since      time.Time
	Until      time.Time
	Used       int
	Most       int // alerts that it may cover
	RevokedAt  time.Time
	RevokedBy  string
	Revocation string
}

// InForce tells whether it still covers something.
func (s Suppression) InForce(now time.Time) bool {
	return s.RevokedAt.IsZero() && now.Before(s.Until) && s.Used < s.Most
}

// OptOut is a person who wants no questions for a while: what is about them goes
// to the security team unasked.
type OptOut struct {
	Person  alert.PersonKey
	Since   time.Time
	Until   time.Time
	By      string
	Reason  string
	EndedAt time.Time // zero while it holds
}

// Device is something of a person's that takes pushes, as the second factor names it.
type Device struct {
	Person    alert.PersonKey
	Factor    string
	ID        string
	Name      string
	FirstSeen time.Time
	Original  bool // was there when the person's devices were first looked at
}

// Notice is something that is said once and belongs to no alert's conversation.
type Notice struct {
	ID        string
	Kind      string          // a Notice… constant
	Target    string          // of the policy; "" is the security channel
	Person    alert.PersonKey // it is a direct message to; zero otherwise
	Data      json.RawMessage // what is said, for the templates
	CreatedAt time.Time
	Post      // AlertID and Purpose are empty
}

// PolicyText is one revision of the policy file.
type PolicyText struct {
	Revision string
	Text     string
	LoadedAt time.Time
	LoadedBy string
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
	Revision     int // of a question, as it was rendered; not kept here but as the record's ShownRevision
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
