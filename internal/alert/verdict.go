package alert

import "slices"

// Status is where an alert stands.
type Status string

// The statuses of an alert's life.
const (
	Received  Status = "received"
	Asking    Status = "asking"
	Proving   Status = "proving"
	Escalated Status = "escalated"
	Closed    Status = "closed"
)

// Outcome is the bare word of a verdict.
type Outcome string

// The outcomes of this release.
const (
	Confirmed   Outcome = "confirmed"   // yes, and the second factor approved this very alert
	Unproven    Outcome = "unproven"    // yes, without accepted proof
	Denied      Outcome = "denied"      // no; fraud on the phone; yes in chat and Deny on the phone
	Unsure      Outcome = "unsure"      // the person can't tell
	NoResponse  Outcome = "no_response" // of a question that was delivered
	Unreachable Outcome = "unreachable" // nobody to ask
	Unasked     Outcome = "unasked"     // policy or a cap did not let us ask
)

// Verdict is what was decided about an alert, with the reason where the word
// alone does not say it.
type Verdict struct {
	Outcome Outcome
	Reason  string
}

// Decided tells whether there is a verdict at all.
func (v Verdict) Decided() bool { return v.Outcome != "" }

// NeedsCase tells whether the security team has to see the alert. Everything
// but a proven yes does.
func (v Verdict) NeedsCase() bool { return v.Decided() && v.Outcome != Confirmed }

// Status is where an alert with this verdict stands.
func (v Verdict) Status() Status {
	if v.NeedsCase() {
		return Escalated
	}
	return Closed
}

// The reasons that code decides by. Others are only shown.
const (
	ReasonFraud         = "fraud"            // reported as fraud on the phone
	ReasonContradicted  = "contradicted"     // yes in chat, Deny on the phone
	ReasonDistrusted    = "distrusted"       // the person's chat account is suspected
	ReasonNoFactor      = "no_second_factor" // no provider is configured
	ReasonNotEnrolled   = "not_enrolled"
	ReasonTimedOut      = "timed_out"
	ReasonLost          = "lost" // pushed, but the transaction was never learnt
	ReasonUnavailable   = "unavailable"
	ReasonPushLimit     = "push_limit"
	ReasonUnknownPerson = "unknown_person"
	ReasonAmbiguous     = "ambiguous_person"
	ReasonMismatch      = "mismatch" // email and chat id belong to different people
	ReasonDeactivated   = "deactivated"
	ReasonBot           = "bot"
	ReasonForeign       = "foreign_team"
	ReasonUndelivered   = "undelivered" // the chat system did not take the question in time
)

// known are the reasons that may come from outside the record.
var known = []string{
	ReasonUnavailable, ReasonUndelivered, ReasonDeactivated, ReasonBot, ReasonForeign, ReasonUnknownPerson,
}

// KnownReason is a reason as it is if it is one of ours, else the given one: no
// free text becomes part of a verdict. Nothing stays nothing.
func KnownReason(reason, otherwise string) string {
	if reason == "" || slices.Contains(known, reason) {
		return reason
	}
	return otherwise
}

// Suspicious tells whether the verdict is the clearest sign of a stolen chat account.
func (v Verdict) Suspicious() bool {
	return v.Outcome == Denied && (v.Reason == ReasonFraud || v.Reason == ReasonContradicted)
}
