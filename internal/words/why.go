package words

import (
	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// why says why the security team sees an alert.
func (b *Book) why(story store.Story) string {
	record := story.Record
	switch {
	case record.Escalation == store.EscalationLateNo:
		if record.Verdict.Outcome == alert.Confirmed {
			return b.text("why.confirmed_then_no", nil)
		}
		return b.text("why.silent_then_no", nil)
	case isLostPhone(record):
		return b.text("why.lost_phone", nil)
	}
	values := fill{"Reason": b.reason(record.Verdict.Reason)}
	switch record.Verdict.Outcome {
	case alert.Confirmed:
		return b.text("why.reopened", nil)
	case alert.Denied:
		return b.whyDenied(record.Verdict.Reason)
	case alert.Unsure:
		return b.text("why.unsure", nil)
	case alert.NoResponse:
		return b.text("why.no_response", fill{"For": span(record.Plan.Deadline)})
	case alert.Unproven:
		return b.text("why.unproven", values)
	case alert.Unreachable:
		return b.text("why.unreachable", values)
	case "":
		return b.text("why.told", nil)
	default:
		if takenBack(record) {
			return b.text("why.taken_back", values)
		}
		return b.text("why.unasked", values)
	}
}

// takenBack is a question that stood and lost its buttons.
func takenBack(record store.Record) bool {
	return record.Verdict.Outcome == alert.Unasked && !record.AskedAt.IsZero()
}

func (b *Book) whyDenied(reason string) string {
	switch reason {
	case alert.ReasonContradicted:
		return b.text("why.contradicted", nil) + " " + b.text("why.distrusted", nil)
	case alert.ReasonFraud:
		return b.text("why.fraud", nil) + " " + b.text("why.distrusted", nil)
	case alert.ReasonSome:
		return b.text("why.some", nil)
	default:
		return b.text("why.denied", nil)
	}
}

// reason is a reason for readers; one of a vendor's own is shown as it is.
func (b *Book) reason(reason string) string {
	if key := "reason." + reason; known(key) {
		return b.text(key, nil)
	}
	return cut(reason, 100)
}

func (b *Book) choice(choice alert.Choice) string {
	if key := "said." + string(choice); known(key) {
		return b.text(key, nil)
	}
	return b.text("said.unsure", nil)
}

func (b *Book) proof(proof alert.Proof) string {
	switch proof.Result {
	case alert.ProofApproved, alert.ProofDenied, alert.ProofFraud:
		return b.text("proof."+string(proof.Result), nil)
	case alert.ProofUnavailable:
		return b.reason(proof.Reason)
	default:
		return b.reason(string(proof.Result))
	}
}

// verdict is an outcome as lists name it.
func (b *Book) verdict(outcome alert.Outcome) string {
	if key := "verdict." + string(outcome); known(key) {
		return b.text(key, nil)
	}
	return string(outcome)
}
