package store

import (
	"context"
	"errors"
	"time"

	"securitybot/internal/alert"
)

// ErrNotFound is what a look-up of a missing row answers.
var ErrNotFound = errors.New("not found")

// ErrExists is what an insert answers whose key is taken.
var ErrExists = errors.New("exists already")

// Backend is a database that keeps the record. All logic is in [Store]; a
// backend only moves rows, so that both decide alike.
type Backend interface {
	// InTx runs f in one transaction: all of it, or nothing. Times come back in UTC
	// with microseconds. A transaction that the database refused because of
	// another one (serialization, deadlock, busy) is run again.
	InTx(ctx context.Context, f func(Tx) error) error
	// Ping tells whether the database answers.
	Ping(ctx context.Context) error
	Close() error
}

// Tx is one transaction. A find that locks keeps others from the row until the
// transaction ends. None of its methods decides anything.
type Tx interface {
	// LockName serializes transactions that take the same name.
	LockName(ctx context.Context, name string) error

	InsertAlert(ctx context.Context, record Record) error // ErrExists
	FindAlert(ctx context.Context, id string) (Record, error)
	LockAlert(ctx context.Context, id string) (Record, error)
	// UpdateAlert writes everything that is not of alert.Alert.
	UpdateAlert(ctx context.Context, record Record) error
	// FindAlerts gives those of the ids that exist, newest first.
	FindAlerts(ctx context.Context, ids []string) ([]Record, error)
	// InsertNew writes alerts with all that belongs to them, in one round trip, and
	// tells for each whether it was new: of one that exists nothing is written.
	InsertNew(ctx context.Context, arrivals []Arrival) ([]bool, error)
	// FindPayload is the newest alert of this source and payload received after a moment.
	FindPayload(ctx context.Context, source, digest string, after time.Time) (Record, error)
	// FindPayloads is FindPayload for many digests, by digest.
	FindPayloads(ctx context.Context, source string, digests []string, after time.Time) (map[string]Record, error)
	// AcceptedBy counts a source's alerts received at a moment or later, and no further than most.
	AcceptedBy(ctx context.Context, source string, since time.Time, most int) (int, error)
	// ListAlerts lists the newest first. A text without words finds nothing.
	ListAlerts(ctx context.Context, filter Filter) ([]Record, error)
	// ReviewsDue lists confirmed alerts that policy wants looked at and nobody has, newest first.
	ReviewsDue(ctx context.Context, before Cursor, limit int) ([]Record, error)
	// Unfinished lists alerts with no FinishedAt, received before a moment, oldest
	// first, from the one after the given alert on.
	Unfinished(ctx context.Context, before time.Time, afterID string, limit int) ([]Record, error)
	// OpenOf lists a person's alerts without a verdict.
	OpenOf(ctx context.Context, person alert.PersonKey) ([]Record, error)
	// ConfirmedOf lists a person's alerts confirmed since a moment, oldest first.
	ConfirmedOf(ctx context.Context, person alert.PersonKey, since time.Time) ([]Record, error)

	// AdmittedOf lists a person's alerts admitted since a moment, oldest first.
	AdmittedOf(ctx context.Context, person alert.PersonKey, since time.Time) ([]Record, error)
	// StormOf finds the newest alert of a person that carries a storm, escalated
	// since a moment.
	StormOf(ctx context.Context, person alert.PersonKey, since time.Time) (Record, error)
	// AskedOf and AskedSince count questions that were posted since a moment.
	AskedOf(ctx context.Context, person alert.PersonKey, since time.Time) (int, error)
	AskedSince(ctx context.Context, since time.Time) (int, error)
	// JoinedTo lists the alerts that the question of another one asks about too, oldest first.
	JoinedTo(ctx context.Context, id string) ([]Record, error)
	// InCaseOf lists the alerts that the case of another one lists, oldest first.
	InCaseOf(ctx context.Context, id string) ([]Record, error)
	// EscalatedLike lists a source's alerts escalated for a reason since a moment
	// that have a case of their own, oldest first.
	EscalatedLike(ctx context.Context, source, reason string, since time.Time) ([]Record, error)
	// SettledBetween lists alerts by the time of their verdict, from inclusive, to
	// exclusive, from the one after the given one on.
	SettledBetween(ctx context.Context, from, to time.Time, after Cursor, limit int) ([]Record, error)

	PutCase(ctx context.Context, opened Case) error // inserts or replaces by alert
	FindCase(ctx context.Context, alertID string) (Case, error)
	// OpenCases lists cases without a resolution, oldest first, opened before a moment.
	OpenCases(ctx context.Context, before time.Time, limit int) ([]Case, error)

	// CasesByRank lists cases without a resolution, the gravest first, of a rank the
	// oldest first, from the one after a place on; the zero place is the beginning.
	CasesByRank(ctx context.Context, after CaseCursor, limit int) ([]Case, error)
	// CountCases counts the cases without a resolution, by rank; ranks without any are left out.
	CountCases(ctx context.Context) ([]CaseCount, error)

	PutSuppression(ctx context.Context, suppression Suppression) error // inserts or replaces by id
	FindSuppression(ctx context.Context, id string) (Suppression, error)
	// SuppressionsOf lists a person's that were not revoked and end after a moment, newest first.
	SuppressionsOf(ctx context.Context, person alert.PersonKey, after time.Time) ([]Suppression, error)
	// Suppressions lists everybody's that end after a moment, revoked ones too, newest first.
	Suppressions(ctx context.Context, after time.Time, limit int) ([]Suppression, error)

	// DropEnded removes suppressions, opt-outs and distrusts that ended before a moment.
	DropEnded(ctx context.Context, before time.Time) error

	PutOptOut(ctx context.Context, optOut OptOut) error // inserts or replaces by person and since
	// FindOptOut finds the one that holds at a moment.
	FindOptOut(ctx context.Context, person alert.PersonKey, at time.Time) (OptOut, error)
	// OptOuts lists those that hold at a moment.
	OptOuts(ctx context.Context, at time.Time) ([]OptOut, error)

	Devices(ctx context.Context, person alert.PersonKey, factor string) ([]Device, error)
	PutDevice(ctx context.Context, device Device) error // inserts, or changes the name alone

	InsertNotice(ctx context.Context, notice Notice) error // ErrExists
	LockNotice(ctx context.Context, id string) (Notice, error)
	UpdateNotice(ctx context.Context, notice Notice) error // its Post alone
	// Notices lists those of a kind since a moment, oldest first.
	Notices(ctx context.Context, kind string, since time.Time) ([]Notice, error)

	// DropNotices removes those made before a moment.
	DropNotices(ctx context.Context, before time.Time) error

	InsertPolicy(ctx context.Context, policy PolicyText) error // ErrExists
	FindPolicy(ctx context.Context, revision string) (PolicyText, error)
	// Policies lists the newest first.
	Policies(ctx context.Context, limit int) ([]PolicyText, error)

	// PutGroup replaces the members of a group of the chat system.
	PutGroup(ctx context.Context, team, group string, members []string) error
	GroupsOf(ctx context.Context, person alert.PersonKey) ([]string, error)

	// AppendEntry answers ErrExists, and writes nothing, when the entry is not the
	// next one of its timeline.
	AppendEntry(ctx context.Context, entry Entry) error
	LastEntry(ctx context.Context, alertID string) (Entry, error)
	Entries(ctx context.Context, alertID string) ([]Entry, error)

	FindPost(ctx context.Context, alertID, purpose string) (Post, error)
	PutPost(ctx context.Context, post Post) error // inserts or replaces
	Posts(ctx context.Context, alertID string) ([]Post, error)
	// PostAt finds the post that stands at a place.
	PostAt(ctx context.Context, channel, ts string) (Post, error)

	// InsertDelivery answers false when this delivery was recorded before.
	InsertDelivery(ctx context.Context, delivery string, at time.Time) (bool, error)
	InsertAnswer(ctx context.Context, answer alert.Answer) error // ErrExists
	FindAnswer(ctx context.Context, id string) (alert.Answer, error)
	Explain(ctx context.Context, answerID, explanation string, at time.Time) error
	Answers(ctx context.Context, alertID string) ([]alert.Answer, error) // as recorded, oldest first

	PutProof(ctx context.Context, proof alert.Proof) error // inserts or replaces by alert and attempt
	DropProof(ctx context.Context, alertID string, attempt int) error
	Proofs(ctx context.Context, alertID string) ([]alert.Proof, error) // by attempt
	// PushesOf lists a person's proofs begun since a moment, newest first, whatever became of them.
	PushesOf(ctx context.Context, person alert.PersonKey, since time.Time) ([]alert.Proof, error)

	PutPerson(ctx context.Context, person alert.Person) error // inserts or replaces by key
	FindPerson(ctx context.Context, key alert.PersonKey) (alert.Person, error)
	// PeopleByEmail finds people of a team by email, letter case aside.
	PeopleByEmail(ctx context.Context, team, email string) ([]alert.Person, error)

	// People lists people of a team by email, from the one after the user that is given
	// on; of a prefix, those whose email, name or username begins with it, ASCII
	// letter case aside. Errors: ErrNotFound for an unknown user.
	People(ctx context.Context, team, prefix, afterUser string, limit int) ([]alert.Person, error)

	InsertDistrust(ctx context.Context, distrust Distrust) error                                      // ErrExists while one is in force
	FindDistrust(ctx context.Context, person alert.PersonKey) (Distrust, error)                       // the one in force
	ClearDistrust(ctx context.Context, person alert.PersonKey, at time.Time, by, reason string) error // ErrNotFound
	// Distrusts lists those in force first, then the newest.
	Distrusts(ctx context.Context, limit int) ([]Distrust, error)

	// Enqueue adds an entry; a second one with the same alert, kind and ref changes
	// nothing but that it may come due earlier.
	Enqueue(ctx context.Context, outgoing Outgoing) error
	// Claim takes entries that are due, oldest first, and hides them until a moment.
	// Entries that another claims at this instant are skipped.
	Claim(ctx context.Context, now, until time.Time, limit int) ([]Outgoing, error)
	Release(ctx context.Context, id int64, availableAt time.Time, lastError string) error
	Done(ctx context.Context, id int64) error // removes it; a later Enqueue of the same alert, kind and ref counts as new
	// Waiting counts the entries and gives the oldest one's CreatedAt (zero if none).
	Waiting(ctx context.Context) (int, time.Time, error)

	// PruneDeliveries forgets deliveries from before a moment.
	PruneDeliveries(ctx context.Context, before time.Time) error

	// Setting answers ErrNotFound; PutSetting keeps an existing value and returns what stands.
	Setting(ctx context.Context, name string) (string, error)
	PutSetting(ctx context.Context, name, value string) (string, error)
	// ReplaceSetting overwrites.
	ReplaceSetting(ctx context.Context, name, value string) error

	TxTallies
	TxTokens
	TxEvidence
	TxErasure
}

// TxTallies is what a transaction does with tallies.
type TxTallies interface {
	// AddTallies adds to the sums, without waiting for another transaction that does.
	AddTallies(ctx context.Context, tallies []Tally) error
	// FoldTallies moves at most so many of what was added into its hour and its day,
	// each exactly once, and tells how many it moved. Reading gives the same before and after.
	FoldTallies(ctx context.Context, limit int) (int, error)
	// Tallies lists sums by time, detection, measure and bucket.
	Tallies(ctx context.Context, query TallyQuery) ([]Tally, error)
	// DropTallies removes the sums of a span that began before a moment.
	DropTallies(ctx context.Context, span string, before time.Time) error
}

// TxTokens is what a transaction does with tokens and sessions.
type TxTokens interface {
	InsertToken(ctx context.Context, token Token) error // ErrExists: its id or its digest
	FindToken(ctx context.Context, digest string) (Token, error)
	Tokens(ctx context.Context) ([]Token, error) // newest first
	LockToken(ctx context.Context, id string) (Token, error)
	UpdateToken(ctx context.Context, token Token) error // its last use and its revocation

	// FindSession finds what was put there, unless it has expired.
	FindSession(ctx context.Context, id string, now time.Time) ([]byte, error)
	PutSession(ctx context.Context, id string, data []byte, expires time.Time) error // inserts or replaces
	DropSession(ctx context.Context, id string) error
	PruneSessions(ctx context.Context, before time.Time) error // those that expired before a moment
}

// TxEvidence is what a transaction does with payloads and the log of timelines.
type TxEvidence interface {
	InsertPayload(ctx context.Context, payload Payload) error // ErrExists
	Payload(ctx context.Context, alertID string) (Payload, error)

	// HeadOf is how far an alert's timeline has come, as it was noted beside it, and up
	// to which entry the log was told of it.
	HeadOf(ctx context.Context, alertID string) (head Head, logged int, err error)
	// Unlogged lists the heads that the log does not know yet, by alert id.
	Unlogged(ctx context.Context, limit int) ([]Head, error)
	// AppendLeaves writes heads into the log from a position on. ErrExists when one of
	// them is taken: the transaction must not be committed then.
	AppendLeaves(ctx context.Context, from int64, heads []Head) error
	LogSize(ctx context.Context) (int64, error) // the position of the next leaf; the first is 0
	Leaves(ctx context.Context, from int64, limit int) ([]Head, error)
	// LeavesOf lists all that the log holds of an alert, by entry and position.
	LeavesOf(ctx context.Context, alertID string) ([]Leaf, error)

	// PutHashes writes the log's stored hashes, see golang.org/x/mod/sumdb/tlog. ErrExists as AppendLeaves.
	PutHashes(ctx context.Context, from int64, hashes [][]byte) error
	Hashes(ctx context.Context, indexes []int64) ([][]byte, error) // in their order; ErrNotFound if one is missing

	InsertCheckpoint(ctx context.Context, checkpoint Checkpoint) error // ErrExists: its size
	Checkpoints(ctx context.Context, limit int) ([]Checkpoint, error)  // newest first

	// AuditAlerts lists the ids of all alerts, by id, from the one after a given one
	// on; also of those that only their timeline, its head or the log still knows.
	AuditAlerts(ctx context.Context, afterID string, limit int) ([]string, error)
}

// TxErasure is how personal content leaves the record.
type TxErasure interface {
	// Erasable lists finished alerts received before a moment that have a verdict, were
	// not erased and are in no open case, nor is what they joined; oldest first.
	Erasable(ctx context.Context, before time.Time, limit int) ([]string, error)
	// EraseAlert removes what an alert's rows say of people and things, and the
	// personal part of its timeline; the entries stay. ErrNotFound.
	EraseAlert(ctx context.Context, id string, at time.Time) error
	// ErasePerson removes a person's entry in the directory with their devices, groups
	// and opt-outs, the notices to or about them, and the words of their suppressions.
	ErasePerson(ctx context.Context, key alert.PersonKey) error
}
