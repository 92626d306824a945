package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"securitybot/internal/alert"
	"securitybot/internal/conversation"
)

// recheck is how soon a deadline that passed without a verdict is looked at again.
const recheck = time.Minute

// wait sleeps until somebody does something, a reminder is due or the deadline
// is over. Answers go before timers.
func (r *alertRun) wait(ctx workflow.Context) error {
	at, reminder := r.nextWake(workflow.Now(ctx))
	summary := "until the deadline"
	if reminder != "" {
		summary = "until the next reminder"
	}
	timers, cancel := workflow.WithCancel(ctx)
	timer := workflow.NewTimerWithOptions(timers, at.Sub(workflow.Now(ctx)), workflow.TimerOptions{Summary: summary})
	if !r.waitFor(ctx, timer) {
		if !r.heard.anyAnswer() {
			cancel() // one that is left running when the alert closes costs nothing
		}
		return r.react(ctx)
	}
	if reminder != "" {
		r.remind(ctx, reminder)
		return nil
	}
	return r.settle(ctx, conversation.SettleInput{})
}

// waitFor sleeps until there is something to react to, or the timer is over. One
// more occurrence is only shown; the timer goes on.
func (r *alertRun) waitFor(ctx workflow.Context, timer workflow.Future) (over bool) {
	for {
		if r.heard.takeJoined() {
			r.show(ctx)
		}
		if r.heard.anything() {
			return false
		}
		if r.heard.wait(ctx, timer, r.showing.pending()) {
			return true
		}
		r.showing.next(ctx, r.render)
	}
}

// react does what a signal other than an answer asks for.
func (r *alertRun) react(ctx workflow.Context) error {
	if attempt := r.heard.takePushAgain(); attempt > r.proved {
		r.attempt = r.proved + 1 // whatever number a signal says
	}
	snoozed, woken := r.heard.takeSnooze(), r.heard.takeWake()
	if snoozed {
		r.show(ctx)
	}
	if snoozed || woken {
		return r.settle(ctx, conversation.SettleInput{})
	}
	return nil
}

// nextWake is the next reminder and its name, or else the end of the deadline.
func (r *alertRun) nextWake(now time.Time) (at time.Time, reminder string) {
	end := r.question.Deadline.Add(alert.AnswerGrace)
	switch {
	case !end.After(now):
		return now.Add(recheck), ""
	case r.proved > 0:
		return end, ""
	case r.question.SnoozedUntil.After(r.remindedAt):
		at, reminder = r.question.SnoozedUntil, fmt.Sprintf("snooze-%d", r.question.Snoozes)
	default:
		at, reminder = r.nextReminder()
	}
	if reminder == "" || !at.Before(r.question.Deadline) {
		return end, ""
	}
	return at, reminder
}

// nextReminder is the first one of the plan that is not sent or passed over.
func (r *alertRun) nextReminder() (at time.Time, reminder string) {
	for i, at := range r.question.Reminders {
		if at.After(r.remindedAt) {
			return at, fmt.Sprint(i + 1)
		}
	}
	return time.Time{}, ""
}

// remind sends the reminder that is due; nothing waits for it.
func (r *alertRun) remind(ctx workflow.Context, reminder string) {
	r.remindedAt = workflow.Now(ctx)
	chat := withChat(ctx, "Remind the person", r.question.Deadline.Sub(r.remindedAt), 4)
	workflow.ExecuteActivity(chat, steps.Remind, conversation.RemindInput{AlertID: r.ref.AlertID, Reminder: reminder})
}

// watch takes late answers to a question that nobody answered in time.
func (r *alertRun) watch(ctx workflow.Context) error {
	if r.outcome.WatchUntil.IsZero() {
		return r.lastWords(ctx)
	}
	timer := workflow.NewTimerWithOptions(ctx, r.outcome.WatchUntil.Sub(workflow.Now(ctx)),
		workflow.TimerOptions{Summary: "until late answers are no longer taken"})
	for over := false; !over; {
		if err := r.lastWords(ctx); err != nil {
			return err
		}
		over = r.heard.wait(ctx, timer)
	}
	if err := r.lastWords(ctx); err != nil {
		return err
	}
	r.showNow(ctx)
	return nil
}

// lastWords brings answers that came after the verdict to the security team.
// Nothing is left unread when it returns.
func (r *alertRun) lastWords(ctx workflow.Context) error {
	for {
		r.heard.drain()
		answer, answered := r.heard.answer()
		if !answered {
			return nil
		}
		if err := r.late(ctx, answer); err != nil {
			return err
		}
	}
}

// late tells of one late answer, and of a late yes once more with its proof.
func (r *alertRun) late(ctx workflow.Context, answer conversation.Answered) error {
	if err := r.tell(ctx); err != nil {
		return err
	}
	r.showNow(ctx)
	if answer.Choice != alert.Yes || r.outcome.WatchUntil.IsZero() || r.proved > 0 {
		return nil
	}
	r.proved = 1
	factor := withFactor(ctx, 0)
	r.proof = workflow.ExecuteActivity(factor, steps.Prove, conversation.ProveInput{AlertID: r.ref.AlertID, Attempt: 1})
	for !r.proof.IsReady() {
		r.heard.wait(ctx, r.proof)
		if r.heard.anyAnswer() { // only a no can follow a yes
			if err := r.tell(ctx); err != nil {
				return err
			}
			r.heard.answer()
		}
	}
	return r.tell(ctx)
}
