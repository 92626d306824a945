package workflows

import (
	"go.temporal.io/sdk/workflow"

	"securitybot/internal/conversation"
)

// awaitTurn sleeps until the question may be asked: in working hours, and when the
// person has few enough others. Whoever gives it its turn wakes it.
func (r *alertRun) awaitTurn(ctx workflow.Context) error {
	turn := r.admission.Turn
	for turn.Waits && !r.outcome.Settled() {
		left := max(turn.Until.Sub(workflow.Now(ctx)), 0)
		timers, cancel := workflow.WithCancel(ctx)
		timer := workflow.NewTimerWithOptions(timers, left, workflow.TimerOptions{Summary: "until it may be asked"})
		for !r.heard.woken && !r.heard.wait(ctx, timer) {
		}
		cancel()
		r.heard.takeWake()
		var turned conversation.Turned
		if err := storeStep(ctx, steps.TakeTurn, r.ref, &turned); err != nil {
			return err
		}
		turn, r.outcome = turned.Turn, turned.Outcome
		if turn.Waits && !turn.Until.After(workflow.Now(ctx)) {
			turn.Until = workflow.Now(ctx).Add(recheck)
		}
	}
	return nil
}
