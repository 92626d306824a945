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

	Answered alert.Choice // of the answer that counts; "" without one
	Proven   bool         // a second factor approved it
	ErasedAt time.Time    // when its personal content was removed; zero while it is there
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
	Rank       int // a Rank… constant: what responders see first
}

// The ranks of cases, the gravest first.
const (
	RankSuspicious = iota // contradicted, fraud, a lost phone, a late no
	RankDenied
	RankCritical
	RankHigh
	RankMedium
	RankLow
)

// CaseCursor is a place in the list of open cases, by rank and then by age.
type CaseCursor struct {
	Rank     int
	OpenedAt time.Time
	AlertID  string
}

// CaseCount is how many open cases there are of a rank.
type CaseCount struct {
	Rank  int
	Open  int
	Acked int // of those
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

// AnsweredNone is a Filter's word for alerts that nobody answered.
const AnsweredNone = "none"

// Filter selects alerts; empty fields select all.
type Filter struct {
	Status    string
	Outcome   string
	Detection string
	Subject   string // equals the subject's email, username or chat id, ASCII letter case aside
	Source    string
	Key       string
	Severity  string
	Answered  string          // an alert.Choice, or AnsweredNone
	Proven    *bool           // whether a second factor approved it
	From      time.Time       // received then or later
	Until     time.Time       // received then or earlier
	Text      string          // all its words are in the alert; see SearchWords
	Person    alert.PersonKey // resolved to
	Except    *alert.Person   // leaves out what concerns them, see Record.Concerns
	Before    Cursor          // older than this one
	Limit     int
}

// Cursor is a place in the list of alerts, newest first.
type Cursor struct {
	ReceivedAt time.Time
	ID         string
}

// Arrival is an alert that was just accepted, with all that is written with it.
type Arrival struct {
	Record   Record // as received: without a verdict, a plan, or a person
	Entry    Entry  // the first of its timeline
	Payload  Payload
	Outgoing Outgoing
	Tallies  []Tally
}

// The spans of tallies.
const (
	TallyHour = "hour"
	TallyDay  = "day" // in UTC
)

// Tally is a number of things that happened. Added, it has the moment and no
// span; read, it has the sum of a span and the beginning of that.
type Tally struct {
	Span      string
	At        time.Time
	Detection string // "" is the total
	Measure   string
	Bucket    int // of measures that are counted by size
	Count     int
}

// TallyQuery selects tallies of a span that begin at From or later and before To.
type TallyQuery struct {
	Span      string
	From      time.Time
	To        time.Time
	Detection *string // nil: each detection's sum over the whole time (At is zero); else one's spans
	Measures  []string
}

// Token lets a source or a person call the API.
type Token struct {
	ID         string
	Source     string // of the alerts that it brings; "" of a person's
	Digest     string // hex SHA-256 of the secret
	Email      string // of the person who acts; "" of a source's
	Scopes     []string
	Detections []string // that it may report; none: any
	Severities []string // that it may report; none: any
	PerHour    int      // alerts; 0 is no limit
	CreatedAt  time.Time
	CreatedBy  string
	ExpiresAt  time.Time // zero: never
	LastUsedAt time.Time
	RevokedAt  time.Time
	RevokedBy  string
}
