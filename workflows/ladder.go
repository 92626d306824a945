package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"securitybot/internal/conversation"
)

const (
	rungAgain = 10 * time.Second // until a rung is looked at again that the record did not let go
	climbFor  = 24 * time.Hour   // then the ladder fails, and is started again by the reconciler
)

// Ladder brings a case to one after the other, each at its time, until somebody
// sees to it. The record knows whose turn it is and what is done; a wake only has
// it asked once more. It can't be cancelled either.
func Ladder(ctx workflow.Context, in conversation.AlertRef) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	wakes := workflow.GetSignalChannel(ctx, conversation.SignalWake)
	tried := -1 // the rung that was climbed last
	for {
		for heardWake(wakes) { // what it says is asked for now
		}
		var next conversation.Rung
		if err := storeStep(ctx, steps.NextRung, in, &next); err != nil {
			return err
		}
		if next.Done {
			if heardWake(wakes) {
				continue
			}
			return nil
		}
		wait := next.At.Sub(workflow.Now(ctx))
		if next.Index == tried {
			wait = max(wait, rungAgain)
		}
		if woken(ctx, wakes, wait) {
			continue
		}
		tried = next.Index
		chat := withChat(ctx, "Tell the next of the ladder", climbFor, 1)
		err := workflow.ExecuteActivity(chat, steps.Climb, conversation.ClimbInput{AlertID: in.AlertID, Rung: next.Index}).Get(chat, nil)
		if err != nil {
			return err
		}
	}
}

// woken waits for a wake until the time is over; false says that it is.
func woken(ctx workflow.Context, wakes workflow.ReceiveChannel, wait time.Duration) (woken bool) {
	if wait <= 0 {
		return false
	}
	timers, cancel := workflow.WithCancel(ctx)
	timer := workflow.NewTimerWithOptions(timers, wait, workflow.TimerOptions{Summary: "until the next rung"})
	workflow.NewSelector(ctx).
		AddReceive(wakes, func(c workflow.ReceiveChannel, _ bool) { woken = heardWake(c) }).
		AddFuture(timer, func(workflow.Future) {}).
		Select(ctx)
	if woken {
		cancel()
	}
	return woken
}

func heardWake(wakes workflow.ReceiveChannel) bool {
	var wake conversation.Wake
	return wakes.ReceiveAsync(&wake)
}
