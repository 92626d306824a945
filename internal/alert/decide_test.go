package alert_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
)

var (
	asked    = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	deadline = asked.Add(time.Hour)
)

func yesAt(at time.Time) alert.Answer {
	return alert.Answer{Choice: alert.Yes, At: at, RecordedAt: at}
}

func answers(choices ...alert.Choice) []alert.Answer {
	var list []alert.Answer
	for _, choice := range choices {
		list = append(list, alert.Answer{Choice: choice, At: asked.Add(time.Minute), RecordedAt: asked.Add(time.Minute)})
	}
	return list
}

func proofs(results ...alert.ProofResult) []alert.Proof {
	var list []alert.Proof
	for i, result := range results {
		list = append(list, alert.Proof{Attempt: i + 1, Result: result, Reason: "why", BegunAt: asked.Add(time.Minute)})
	}
	return list
}

func TestDecide(t *testing.T) {
	t.Parallel()
	early, late := asked.Add(10*time.Minute), deadline.Add(alert.AnswerGrace)
	ask := alert.Plan{Action: alert.Ask, AskBy: deadline}
	cases := map[string]struct {
		facts alert.Facts
		want  alert.Verdict
	}{
		"nothing yet":                      {alert.Facts{Now: early}, alert.Verdict{}},
		"silence until the deadline":       {alert.Facts{Now: late}, alert.Verdict{Outcome: alert.NoResponse}},
		"silence, an answer may be coming": {alert.Facts{Now: late.Add(-time.Millisecond)}, alert.Verdict{}},
		"no":                               {alert.Facts{Now: early, Answers: answers(alert.No)}, alert.Verdict{Outcome: alert.Denied}},
		"not sure":                         {alert.Facts{Now: early, Answers: answers(alert.NotSure)}, alert.Verdict{Outcome: alert.Unsure}},
		"a yes alone is a claim":           {alert.Facts{Now: early, Answers: answers(alert.Yes)}, alert.Verdict{}},
		"a yes alone at the deadline":      {alert.Facts{Now: late, Answers: answers(alert.Yes)}, alert.Verdict{}},
		"a yes that nobody will prove": {
			alert.Facts{Now: early, Answers: answers(alert.Yes), Unprovable: alert.ReasonUnavailable},
			alert.Verdict{Outcome: alert.Unproven, Reason: alert.ReasonUnavailable},
		},
		"a yes forgotten long after the deadline": {
			alert.Facts{Now: late.Add(alert.OverdueAfter), Answers: answers(alert.Yes)},
			alert.Verdict{Outcome: alert.Unproven, Reason: alert.ReasonUnavailable},
		},
		"a proven yes": {
			alert.Facts{Now: early, Answers: answers(alert.Yes), Proofs: proofs(alert.ProofApproved)},
			alert.Verdict{Outcome: alert.Confirmed},
		},
		"a proof without a yes": {alert.Facts{Now: early, Proofs: proofs(alert.ProofApproved)}, alert.Verdict{}},
		"approved at the second push": {
			alert.Facts{Now: early, Answers: answers(alert.Yes), Proofs: proofs(alert.ProofTimedOut, alert.ProofApproved)},
			alert.Verdict{Outcome: alert.Confirmed},
		},
		"a proof that runs is not cut": {
			alert.Facts{Now: late, Answers: answers(alert.Yes), Proofs: proofs(alert.ProofPending)}, alert.Verdict{},
		},
		"a timed out push may be sent again": {
			alert.Facts{Now: early, Answers: answers(alert.Yes), Proofs: proofs(alert.ProofTimedOut)}, alert.Verdict{},
		},
		"but not after the deadline": {
			alert.Facts{Now: deadline, Answers: answers(alert.Yes), Proofs: proofs(alert.ProofTimedOut)},
			alert.Verdict{Outcome: alert.Unproven, Reason: alert.ReasonTimedOut},
		},
		"a lost push": {
			alert.Facts{Now: deadline, Answers: answers(alert.Yes), Proofs: proofs(alert.ProofLost)},
			alert.Verdict{Outcome: alert.Unproven, Reason: alert.ReasonLost},
		},
		"no proof to be had": {
			alert.Facts{Now: early, Answers: answers(alert.Yes), Proofs: proofs(alert.ProofUnavailable)},
			alert.Verdict{Outcome: alert.Unproven, Reason: "why"},
		},
		"yes in chat, Deny on the phone": {
			alert.Facts{Now: early, Answers: answers(alert.Yes), Proofs: proofs(alert.ProofDenied)},
			alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonContradicted},
		},
		"fraud on the phone": {
			alert.Facts{Now: early, Answers: answers(alert.Yes), Proofs: proofs(alert.ProofFraud)},
			alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonFraud},
		},
		"fraud outranks a no": {
			alert.Facts{Now: early, Answers: answers(alert.Yes, alert.No), Proofs: proofs(alert.ProofFraud)},
			alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonFraud},
		},
		"a no outranks an approved yes": {
			alert.Facts{Now: early, Answers: answers(alert.Yes, alert.No), Proofs: proofs(alert.ProofApproved)},
			alert.Verdict{Outcome: alert.Denied},
		},
		"a distrusted person's proven yes": {
			alert.Facts{Now: early, Distrusted: true, Answers: answers(alert.Yes), Proofs: proofs(alert.ProofApproved)},
			alert.Verdict{Outcome: alert.Unproven, Reason: alert.ReasonDistrusted},
		},
		"a distrusted person's open question": {
			alert.Facts{Now: early, Distrusted: true}, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonDistrusted},
		},
		"some of them were not": {
			alert.Facts{Now: early, Answers: answers(alert.Yes, alert.SomeNot), Proofs: proofs(alert.ProofApproved)},
			alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonSome},
		},
		"fraud outranks some of them were not": {
			alert.Facts{Now: early, Answers: answers(alert.SomeNot), Proofs: proofs(alert.ProofFraud)},
			alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonFraud},
		},
		"an opt-out ends no question that stands": {alert.Facts{Now: early, OptedOut: true}, alert.Verdict{}},
		"a yes in the last second": {
			alert.Facts{Now: late, Answers: []alert.Answer{yesAt(deadline)}}, alert.Verdict{},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.facts.Plan, tc.facts.Asked, tc.facts.Deadline = ask, true, deadline
			require.Equal(t, tc.want, alert.Decide(tc.facts))
		})
	}
}

func TestDecideOfAnAlertThatWasNotAsked(t *testing.T) {
	t.Parallel()
	ask := alert.Plan{Action: alert.Ask, AskBy: deadline}
	refused := alert.Plan{Action: alert.Escalate, Verdict: alert.Verdict{Outcome: alert.Unreachable, Reason: alert.ReasonDeactivated}}
	covered := alert.Plan{Action: alert.Close, Verdict: alert.Verdict{Outcome: alert.Suppressed, Reason: "proven"}}
	shadow := alert.Plan{Action: alert.Close, Verdict: alert.Verdict{Outcome: alert.Observed, Reason: alert.ReasonShadow}}
	cases := map[string]struct {
		facts alert.Facts
		want  alert.Verdict
	}{
		"not delivered yet":  {alert.Facts{Now: asked, Plan: ask}, alert.Verdict{}},
		"never no_response":  {alert.Facts{Now: deadline.Add(time.Minute), Plan: ask}, alert.Verdict{}},
		"can't be delivered": {alert.Facts{Now: asked, Plan: ask, Undelivered: "gone"}, alert.Verdict{Outcome: alert.Unreachable, Reason: "gone"}},
		"long past its time": {
			alert.Facts{Now: deadline.Add(alert.OverdueAfter + time.Second), Plan: ask},
			alert.Verdict{Outcome: alert.Unreachable, Reason: alert.ReasonUndelivered},
		},
		"planned so":       {alert.Facts{Now: asked, Plan: refused}, refused.Verdict},
		"waits for others": {alert.Facts{Now: deadline.Add(-time.Second), Plan: ask, QueuedUntil: deadline}, alert.Verdict{}},
		"waited for others until the end": {
			alert.Facts{Now: deadline, Plan: ask, QueuedUntil: deadline},
			alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonTooMany},
		},
		"opted out meanwhile": {
			alert.Facts{Now: asked, Plan: ask, OptedOut: true}, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonOptedOut},
		},
		"covered": {alert.Facts{Now: asked, Plan: covered}, covered.Verdict},
		"covered by a yes that is in doubt by now": {
			alert.Facts{Now: asked, Plan: covered, Distrusted: true},
			alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonDistrusted},
		},
		"observed, of a suspected account": {alert.Facts{Now: asked, Plan: shadow, Distrusted: true}, shadow.Verdict},
		"a wish that was denied on the phone": {
			alert.Facts{Now: asked, Plan: ask, Answers: answers(alert.Yes), Proofs: proofs(alert.ProofDenied)},
			alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonContradicted},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, alert.Decide(tc.facts))
		})
	}
}

// Where policy wants no proof, or doubts it, a yes stays a claim, whatever else is there.
func TestDecideOfAYesThatNothingProves(t *testing.T) {
	t.Parallel()
	for reason, plan := range map[string]alert.Plan{
		alert.ReasonFactorOff:     {Action: alert.Ask, FactorOff: true},
		alert.ReasonFactorDoubted: {Action: alert.Ask, FactorDoubted: true},
	} {
		for _, results := range [][]alert.ProofResult{nil, {alert.ProofApproved}, {alert.ProofPending}} {
			facts := alert.Facts{
				Now: asked, Plan: plan, Asked: true, Deadline: deadline, Answers: answers(alert.Yes), Proofs: proofs(results...),
			}
			require.Equal(t, alert.Verdict{Outcome: alert.Unproven, Reason: reason}, alert.Decide(facts))
			facts.Distrusted = true
			require.Equal(t, alert.ReasonDistrusted, alert.Decide(facts).Reason)
			facts.Answers = answers(alert.No)
			require.Equal(t, alert.Verdict{Outcome: alert.Denied}, alert.Decide(facts))
		}
	}
}

// Only two rows together make a confirmed: whatever else is claimed.
func TestNothingElseConfirms(t *testing.T) {
	t.Parallel()
	results := []alert.ProofResult{
		alert.ProofPending, alert.ProofDenied, alert.ProofFraud, alert.ProofTimedOut,
		alert.ProofUnavailable, alert.ProofLost, "", "allow", "bypass",
	}
	for _, result := range results {
		for _, choice := range []alert.Choice{alert.Yes, alert.No, alert.NotSure, alert.SomeNot, ""} {
			for _, now := range []time.Time{asked, deadline, deadline.Add(24 * time.Hour)} {
				verdict := alert.Decide(alert.Facts{
					Now: now, Plan: alert.Plan{Action: alert.Ask}, Asked: true, Deadline: deadline,
					Answers: answers(choice), Proofs: proofs(result),
				})
				require.NotEqual(t, alert.Confirmed, verdict.Outcome, "%s with %q", choice, result)
			}
		}
	}
}
