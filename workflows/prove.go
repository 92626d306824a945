package workflows

import (
	"go.temporal.io/sdk/workflow"

	"securitybot/internal/alert"
	"securitybot/internal/conversation"
)

// mostDoubts bounds how often a result that the record does not know is looked
// at again.
const mostDoubts = 3

// prove runs one attempt to its end. A no does not wait for it.
func (r *alertRun) prove(ctx workflow.Context) error {
	attempt := r.attempt
	factor := withFactor(ctx, r.question.Deadline.Sub(workflow.Now(ctx)))
	proof := workflow.ExecuteActivity(factor, steps.Prove,
		conversation.ProveInput{AlertID: r.ref.AlertID, Attempt: attempt})
	for !proof.IsReady() {
		r.heard.wait(ctx, proof)
		if err := r.interrupt(ctx); err != nil || r.outcome.Settled() {
			r.proof = proof
			return err
		}
	}
	return r.afterProof(ctx, proof, attempt)
}

// interrupt takes what outranks a proof that still runs.
func (r *alertRun) interrupt(ctx workflow.Context) error {
	answer, answered := r.heard.answer()
	woken := r.heard.takeWake()
	if woken || (answered && answer.Choice != alert.Yes) {
		return r.settle(ctx, conversation.SettleInput{})
	}
	return nil
}

// afterProof goes on from its result. Without one there was no yes to prove,
// whatever a signal said, and the next one is the first.
func (r *alertRun) afterProof(ctx workflow.Context, proof workflow.Future, attempt int) error {
	var proved conversation.Proved
	if err := proof.Get(ctx, &proved); err != nil {
		r.proved = attempt
		return r.settle(ctx, conversation.SettleInput{Unprovable: alert.ReasonUnavailable})
	}
	if proved.Result == "" {
		r.attempt = r.proved
		return r.settle(ctx, conversation.SettleInput{})
	}
	r.proved = attempt
	if err := r.settle(ctx, conversation.SettleInput{}); err != nil || r.outcome.Settled() {
		return err
	}
	if !proved.Result.Again() && r.doubts < mostDoubts {
		// The record knows of no such result: look again.
		r.doubts, r.proved = r.doubts+1, attempt-1
	}
	r.offerAgain(ctx, proved)
	return r.react(ctx)
}

// offerAgain shows a button that sends the push once more; nothing waits for it.
func (r *alertRun) offerAgain(ctx workflow.Context, proved conversation.Proved) {
	left := r.question.Deadline.Sub(workflow.Now(ctx))
	if !proved.Result.Again() || left <= 0 {
		return
	}
	chat := withChat(ctx, "Offer another push", left, 2)
	workflow.ExecuteActivity(chat, steps.OfferPush, conversation.ProveInput{AlertID: r.ref.AlertID, Attempt: r.proved})
}

// awaitProof hears what the phone says when a no did not wait for it.
func (r *alertRun) awaitProof(ctx workflow.Context) error {
	if r.proof == nil {
		return nil
	}
	var proved conversation.Proved
	if err := r.proof.Get(ctx, &proved); err != nil {
		return nil //nolint:nilerr // the verdict stands without it
	}
	if proved.Result != alert.ProofFraud && proved.Result != alert.ProofDenied {
		return nil
	}
	return r.tell(ctx)
}
