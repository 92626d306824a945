// Package conversation is what crosses processes: the names of workflows,
// queues and signals, and the messages. Nothing personal is in any of them: ids,
// choices and times only.
package conversation

import (
	"time"

	"go.temporal.io/sdk/temporal"

	"securitybot/internal/alert"
)

// The task queues. Chat has its own, so that its rate limits hold up nothing else.
const (
	QueueAlerts = "securitybot-alerts"
	QueueChat   = "securitybot-chat"
	QueueFactor = "securitybot-factor"
)

// The workflow types.
const (
	WorkflowAlert    = "Alert"
	WorkflowFollowUp = "FollowUp"
	WorkflowLadder   = "Ladder"
	WorkflowNotice   = "Notice"
)

// The signals of the alert workflow.
const (
	SignalAnswer    = "answer"
	SignalSnooze    = "snooze"
	SignalPushAgain = "push_again"
	SignalWake      = "wake"
	SignalJoined    = "joined" // the question asks about one more
)

// The search attributes of an alert's workflow.
var (
	AttributeDetection = temporal.NewSearchAttributeKeyKeyword("AlertDetection")
	AttributeSeverity  = temporal.NewSearchAttributeKeyKeyword("AlertSeverity")
	AttributeSource    = temporal.NewSearchAttributeKeyKeyword("AlertSource")
)

// SearchAttributes names every search attribute, all of type Keyword.
func SearchAttributes() []string {
	return []string{AttributeDetection.GetName(), AttributeSeverity.GetName(), AttributeSource.GetName()}
}

// AlertWorkflowID is the workflow of an alert.
func AlertWorkflowID(alertID string) string { return "alert-" + alertID }

// FollowUpWorkflowID is the workflow that brings something to the security
// channel after the alert's own has ended.
func FollowUpWorkflowID(alertID, about string) string { return "follow-up-" + alertID + "-" + about }

// LadderWorkflowID is the workflow that brings a case to more and more people.
func LadderWorkflowID(alertID string) string { return "ladder-" + alertID }

// NoticeWorkflowID is the workflow that says something once.
func NoticeWorkflowID(noticeID string) string { return "notice-" + noticeID }

// AlertRef names an alert; it is the input of most workflows and steps.
type AlertRef struct {
	AlertID string
}

// Answered is the signal of a recorded answer.
type Answered struct {
	AnswerID string
	Choice   alert.Choice
}

// Snoozed is the signal of a recorded snooze.
type Snoozed struct {
	SnoozeID string
}

// PushAgain is the signal of a recorded wish for another push.
type PushAgain struct {
	Attempt int
}

// Wake is the signal to look at the record again.
type Wake struct {
	Why string
}

// Admission is what is to be done about an alert.
type Admission struct {
	Unknown  bool // the person is not in the directory cache: identify first
	Ask      bool
	Joined   bool // the question of another alert asks about it: there is nothing to do
	Claim    bool // a yes will not be proved
	Priority int  // 1 is the most urgent
	AskBy    time.Time
	Turn     Turn
	Question Question // when it stands already
	Outcome  Outcome  // when it is settled already
}

// Turn tells whether a question may be asked now.
type Turn struct {
	Waits bool
	Until time.Time // look again then at the latest; only of one that waits
}

// Turned is what became of the wish to ask.
type Turned struct {
	Turn    Turn
	Outcome Outcome
}

// Joined is the signal that a question asks about one more occurrence.
type Joined struct{}

// Question is a question that stands, and what came of it so far.
type Question struct {
	AskedAt      time.Time
	Deadline     time.Time
	Reminders    []time.Time // of the plan, in order
	Snoozes      int
	SnoozedUntil time.Time
	Answer       Answered // empty without one
	Attempts     int      // proofs begun
}

// Stands tells whether the question was posted.
func (q Question) Stands() bool { return !q.AskedAt.IsZero() }

// Outcome is what the record decided, or that it has not yet.
type Outcome struct {
	Verdict    alert.Outcome // "" while open
	Case       bool          // the security team has to see it
	WatchUntil time.Time     // late answers are awaited until then; zero when not
	Question   Question
}

// Settled tells whether there is a verdict.
func (o Outcome) Settled() bool { return o.Verdict != "" }

// SettleInput asks the record for its verdict.
type SettleInput struct {
	AlertID     string
	Undelivered string
	Unprovable  string
}

// RemindInput names one reminder: the plan's "1", "2", … or "snooze-1", ….
type RemindInput struct {
	AlertID  string
	Reminder string
}

// ProveInput names one attempt to prove a yes, from 1.
type ProveInput struct {
	AlertID string
	Attempt int
}

// Proved is what became of it.
type Proved struct {
	Result alert.ProofResult
}

// Rung is the next step of a case's ladder, from 0.
type Rung struct {
	Index int
	At    time.Time
	Done  bool // there is none
}

// ClimbInput names one rung.
type ClimbInput struct {
	AlertID string
	Rung    int
}

// NoticeRef names a notice.
type NoticeRef struct {
	NoticeID string
}

// UndeliverableError is the type of an error of a step whose message will never
// be delivered; its details are the reason.
const UndeliverableError = "Undeliverable"
