package alert

import "time"

// AnswerGrace is how long after the deadline an answer that was given in time
// may still be on its way: a chat system waits three seconds for our receipt.
const AnswerGrace = 3 * time.Second

// OverdueAfter is how long a step may be past its time before the alert is
// escalated whatever drives it says.
const OverdueAfter = 10 * time.Minute

// Facts are the recorded rows that a verdict follows from. Nothing in here can
// be made by somebody who only has access to the workflow engine, but for
// Undelivered and Unprovable, and those only ever escalate.
type Facts struct {
	Now         time.Time
	Plan        Plan
	Asked       bool
	Deadline    time.Time
	Answers     []Answer // without late ones, oldest first
	Proofs      []Proof
	Distrusted  bool
	OptedOut    bool
	QueuedUntil time.Time // the question waits for others of the person until then; zero when it doesn't
	Undelivered string    // why the question can't be delivered, when that is certain
	Unprovable  string    // why a yes can't be proved, when nobody will try again
}

// Decide gives the verdict that follows from the facts, or none yet.
//
// The order is the order of gravity: what the phone reports as fraud, a no, a
// yes that the phone denies; only then everything else.
func Decide(f Facts) Verdict {
	yes := f.has(Yes)
	switch {
	case f.proved(ProofFraud):
		return Verdict{Denied, ReasonFraud}
	case f.has(No):
		return Verdict{Outcome: Denied}
	case f.has(SomeNot):
		return Verdict{Denied, ReasonSome}
	case f.proved(ProofDenied): // only a yes is ever pushed, even if it came too late to count
		return Verdict{Denied, ReasonContradicted}
	case f.Plan.Action != Ask:
		return f.ofPlan()
	case f.Distrusted && yes:
		return Verdict{Unproven, ReasonDistrusted}
	case f.Distrusted:
		return Verdict{Unasked, ReasonDistrusted}
	case f.has(NotSure):
		return Verdict{Outcome: Unsure}
	case yes:
		return f.ofYes()
	default:
		return f.ofSilence()
	}
}

// ofPlan is the verdict of an alert that is not asked. A yes of an account that
// has been suspected since covers nothing any more.
func (f Facts) ofPlan() Verdict {
	if f.Distrusted && f.Plan.Verdict.Outcome == Suppressed {
		return Verdict{Unasked, ReasonDistrusted}
	}
	return f.Plan.Verdict
}

func (f Facts) has(choice Choice) bool {
	for _, answer := range f.Answers {
		if answer.Choice == choice {
			return true
		}
	}
	return false
}

func (f Facts) proved(result ProofResult) bool {
	for _, proof := range f.Proofs {
		if proof.Result == result {
			return true
		}
	}
	return false
}

// ofYes waits for the proof: a running one is not cut by the deadline, one that
// may be sent again is waited for until then.
func (f Facts) ofYes() Verdict {
	switch {
	case f.Plan.FactorOff:
		return Verdict{Unproven, ReasonFactorOff}
	case f.Plan.FactorDoubted:
		return Verdict{Unproven, ReasonFactorDoubted}
	case f.proved(ProofApproved):
		return Verdict{Outcome: Confirmed}
	}
	if len(f.Proofs) == 0 {
		return f.unprovedSince(f.lastAnswerAt())
	}
	last := f.Proofs[len(f.Proofs)-1]
	switch {
	case last.Result == ProofUnavailable:
		return Verdict{Unproven, last.Reason}
	case last.Result.Again() && !f.Now.Before(f.Deadline):
		return Verdict{Unproven, string(last.Result)}
	case last.Result.Again():
		return Verdict{}
	default:
		return f.unprovedSince(last.BegunAt)
	}
}

// unprovedSince gives up a proof that nobody will bring any more.
func (f Facts) unprovedSince(begun time.Time) Verdict {
	if f.Unprovable != "" {
		return Verdict{Unproven, f.Unprovable}
	}
	patience := begun
	if f.Deadline.After(patience) {
		patience = f.Deadline
	}
	if f.Now.After(patience.Add(OverdueAfter)) {
		return Verdict{Unproven, ReasonUnavailable}
	}
	return Verdict{}
}

func (f Facts) lastAnswerAt() time.Time {
	return f.Answers[len(f.Answers)-1].RecordedAt
}

func (f Facts) ofSilence() Verdict {
	switch {
	case f.Asked && !f.Now.Before(f.Deadline.Add(AnswerGrace)):
		return Verdict{Outcome: NoResponse}
	case f.Asked:
		return Verdict{}
	case f.OptedOut:
		return Verdict{Unasked, ReasonOptedOut}
	case !f.QueuedUntil.IsZero() && !f.Now.Before(f.QueuedUntil):
		return Verdict{Unasked, ReasonTooMany}
	case f.Undelivered != "":
		return Verdict{Unreachable, f.Undelivered}
	case !f.Plan.AskBy.IsZero() && f.Now.After(f.Plan.AskBy.Add(OverdueAfter)):
		return Verdict{Unreachable, ReasonUndelivered}
	default:
		return Verdict{}
	}
}
