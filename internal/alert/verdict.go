package alert

import "slices"

// Status is where an alert stands.
type Status string

// The statuses of an alert's life.
const (
	Received  Status = "received"
	Held      Status = "held" // until working hours, or until the person's other questions are answered
	Asking    Status = "asking"
	Proving   Status = "proving"
	Escalated Status = "escalated"
	Closed    Status = "closed"
)

// Outcome is the bare word of a verdict.
type Outcome string

// The outcomes.
const (
	Confirmed   Outcome = "confirmed"   // yes, and the second factor approved this very alert
	Unproven    Outcome = "unproven"    // yes, without accepted proof
	Denied      Outcome = "denied"      // no; fraud on the phone; yes in chat and Deny on the phone
	Unsure      Outcome = "unsure"      // the person can't tell
	NoResponse  Outcome = "no_response" // of a question that was delivered
	Unreachable Outcome = "unreachable" // nobody to ask
	Unasked     Outcome = "unasked"     // policy or a cap did not let us ask
	Observed    Outcome = "observed"    // recorded, and nobody contacted: shadow mode, a canary
	Suppressed  Outcome = "suppressed"  // a proven yes covers it, or an exception
	Withdrawn   Outcome = "withdrawn"   // taken back before it was decided, by its source or a responder
)

// Verdict is what was decided about an alert, with the reason where the word
// alone does not say it.
type Verdict struct {
	Outcome Outcome
	Reason  string
}

// Decided tells whether there is a verdict at all.
func (v Verdict) Decided() bool { return v.Outcome != "" }

// NeedsCase tells whether the security team has to see an alert of this plan.
// Everything but a proven yes does, unless policy said beforehand that it need not.
func (v Verdict) NeedsCase(plan Plan) bool {
	switch {
	case !v.Decided(), v.Outcome == Confirmed, v.Outcome == Observed, v.Outcome == Suppressed, v.Outcome == Withdrawn:
		return false
	case v.Suspicious():
		return true
	case plan.Quiet: // but somebody else's wish, in their name, is no test
		return plan.Request != nil && v.Outcome == Denied
	case v.Outcome == Unproven:
		return !plan.RecordUnproven
	default:
		return true
	}
}

// The reasons that code decides by. Others are only shown.
const (
	ReasonFraud         = "fraud"            // reported as fraud on the phone
	ReasonContradicted  = "contradicted"     // yes in chat, Deny on the phone
	ReasonDistrusted    = "distrusted"       // the person's chat account is suspected
	ReasonNoFactor      = "no_second_factor" // no provider is configured
	ReasonNotEnrolled   = "not_enrolled"
	ReasonNoPushDevice  = "no_push_device"
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

	ReasonSome           = "some_not_me"       // of several occurrences
	ReasonFactorOff      = "second_factor_off" // policy wants no proof
	ReasonFactorDoubted  = "factor_doubted"    // the alert is about the second factor
	ReasonChannelDoubted = "channel_doubted"   // the alert is about the chat account
	ReasonNewDevice      = "new_device"        // seen for less than three days
	ReasonOutsideHours   = "outside_hours"
	ReasonAway           = "away"
	ReasonOptedOut       = "opted_out"
	ReasonTooMany        = "too_many_questions" // waited for the person's other questions until the deadline
	ReasonStorm          = "storm"
	ReasonCapped         = "capped" // a daily cap is reached
	ReasonNotOnboarded   = "not_onboarded"
	ReasonPaused         = "paused"
	ReasonShadow         = "shadow"
	ReasonCanary         = "canary"
	ReasonPolicy         = "policy"     // a rule says so
	ReasonLostPhone      = "lost_phone" // reported by the person
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
