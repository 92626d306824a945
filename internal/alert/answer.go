package alert

import "time"

// Choice is what a person answered.
type Choice string

// The answers.
const (
	Yes     Choice = "yes"
	No      Choice = "no"
	NotSure Choice = "unsure"
	SomeNot Choice = "some_not" // of several occurrences some were not theirs: weighs as a no
)

// Refuses tells that the answer is a no, to all of it or to a part.
func (c Choice) Refuses() bool { return c == No || c == SomeNot }

// Answer is a row that only the inbox makes, after the chat system's own checks.
type Answer struct {
	ID          string
	AlertID     string
	Person      PersonKey
	Choice      Choice
	Revision    int       // of the question that was shown
	At          time.Time // the chat system's time of the press
	RecordedAt  time.Time
	Late        bool // came after the verdict
	Explanation string
	ExplainedAt time.Time
}

// ProofResult is what became of one attempt to prove a yes.
type ProofResult string

// The results of an attempt. Pending means that it still runs, or that the
// process died while it ran.
const (
	ProofPending     ProofResult = "pending"
	ProofApproved    ProofResult = "approved"
	ProofDenied      ProofResult = "denied"
	ProofFraud       ProofResult = "fraud"
	ProofTimedOut    ProofResult = "timed_out"
	ProofUnavailable ProofResult = "unavailable" // see Reason; final
	ProofLost        ProofResult = "lost"        // pushed, but we never learnt its transaction
)

// Again tells whether the person may have the push sent once more.
func (r ProofResult) Again() bool { return r == ProofTimedOut || r == ProofLost }

// Proof is a row that only the factor activity makes, from the vendor's reply.
type Proof struct {
	AlertID     string
	Attempt     int // from 1
	AnswerID    string
	Person      PersonKey
	Factor      string // "duo", "none"
	Device      string
	Transaction string
	Code        string // the short code shown in chat and on the phone
	Result      ProofResult
	Reason      string
	BegunAt     time.Time
	SendingAt   time.Time // from then on a push may have left
	PushedAt    time.Time // when its transaction was learnt
	DecidedAt   time.Time
}
