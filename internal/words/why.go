package words

import (
	"fmt"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// why says why the security team sees an alert.
func why(story store.Story) string {
	record := story.Record
	if record.Escalation == store.EscalationLateNo {
		if record.Verdict.Outcome == alert.Confirmed {
			return "They had said yes and proved it; now they say that it was not them."
		}
		return "They did not answer in time; now they say that it was not them."
	}
	switch record.Verdict.Outcome {
	case alert.Denied:
		return whyDenied(record.Verdict.Reason)
	case alert.Unsure:
		return "They are not sure whether it was them."
	case alert.NoResponse:
		return fmt.Sprintf("No answer within %s, reminders included.", span(record.Plan.Deadline))
	case alert.Unproven:
		return "They said yes, but it is not proved: " + reasonWords(record.Verdict.Reason) + "."
	case alert.Unreachable:
		return "Nobody could be asked: " + reasonWords(record.Verdict.Reason) + "."
	default:
		if takenBack(record) {
			return "They had been asked, but no answer there would count: " + reasonWords(record.Verdict.Reason) + "."
		}
		return "They were not asked: " + reasonWords(record.Verdict.Reason) + "."
	}
}

// takenBack is a question that stood and lost its buttons.
func takenBack(record store.Record) bool {
	return record.Verdict.Outcome == alert.Unasked && !record.AskedAt.IsZero()
}

func whyDenied(reason string) string {
	const thief = " Until somebody clears them, Securitybot asks them nothing and believes nothing that comes from their chat account."
	switch reason {
	case alert.ReasonContradicted:
		return "Somebody answered yes from their chat account, but their phone said Deny." + thief
	case alert.ReasonFraud:
		return "Somebody answered yes from their chat account, but their phone reported it as fraud." + thief
	default:
		return "They say that it was not them."
	}
}

// reasonWords is a reason for readers; one of a vendor's own is shown as it is.
func reasonWords(reason string) string {
	known := map[string]string{
		alert.ReasonDistrusted:    "their chat account is suspected to be stolen",
		alert.ReasonNoFactor:      "no second factor is set up here",
		alert.ReasonNotEnrolled:   "they have no second factor",
		alert.ReasonTimedOut:      "their phone did not reply",
		alert.ReasonLost:          "the push to their phone was lost",
		alert.ReasonUnavailable:   "the second factor could not be reached",
		alert.ReasonPushLimit:     "their phone has had as many pushes as it may",
		alert.ReasonUnknownPerson: "no such person is known",
		alert.ReasonAmbiguous:     "more than one person matches",
		alert.ReasonMismatch:      "the email and the chat id belong to different people",
		alert.ReasonDeactivated:   "their chat account is deactivated",
		alert.ReasonBot:           "the account is a bot's",
		alert.ReasonForeign:       "the account is of another team",
		alert.ReasonUndelivered:   "the question could not be delivered in time",

		// Duo's own words, as its adapter gives them.
		"bypass":         "their second factor lets them in without asking",
		"locked_out":     "they are locked out of their second factor",
		"disabled":       "they are disabled at their second factor",
		"no_push_device": "they have no device that takes a push",
	}
	if said, ok := known[reason]; ok {
		return said
	}
	return reason
}

func said(choice alert.Choice) string {
	switch choice {
	case alert.Yes:
		return "yes, it was me"
	case alert.No:
		return "no, it wasn't me"
	default:
		return "not sure"
	}
}

func proofWords(proof alert.Proof) string {
	switch proof.Result {
	case alert.ProofApproved:
		return "approved"
	case alert.ProofDenied:
		return "denied"
	case alert.ProofFraud:
		return "reported as fraud"
	case alert.ProofUnavailable:
		return reasonWords(proof.Reason)
	default:
		return reasonWords(string(proof.Result))
	}
}
