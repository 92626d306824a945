// Package workflows is the durable conversation about one alert. It waits,
// retries and wakes; what is true is decided in the record, which the steps ask.
// Nobody can bring about a verdict by what they send to a workflow.
package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"securitybot/activities"
	"securitybot/internal/alert"
	"securitybot/internal/conversation"
)

// Alert asks the person of an alert, proves a yes and brings the rest to the
// security team. It may be started again at any time and from any state of the
// record: every step finds what was done before. It can't be cancelled: only the
// record decides that an alert is over.
func Alert(ctx workflow.Context, in conversation.AlertRef) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	run := newAlertRun(ctx, in)
	if err := run.admit(ctx); err != nil {
		return err
	}
	if run.admission.Joined && !run.outcome.Settled() {
		return nil // whoever settles the question that it joined settles it
	}
	if err := run.ask(ctx); err != nil {
		return err
	}
	if err := run.converse(ctx); err != nil {
		return err
	}
	if err := run.publish(ctx); err != nil {
		return err
	}
	return run.watch(ctx)
}

const (
	identifyFor = 10 * time.Minute
	caseFor     = 30 * 24 * time.Hour
	showFor     = 24 * time.Hour
)

// steps names the activities by their methods.
var steps *activities.Activities

// alertRun is one run of the conversation.
type alertRun struct {
	ref        conversation.AlertRef
	heard      *heard
	admission  conversation.Admission
	question   conversation.Question
	outcome    conversation.Outcome
	asked      bool            // the question stands, or was tried
	remindedAt time.Time       // reminders due until then are sent or passed over
	attempt    int             // the proof that is wanted
	proved     int             // the proof that has a result
	doubts     int             // results that the record did not know of
	proof      workflow.Future // of a proof that runs on after the verdict
	showing    showing         // of the question
}

func newAlertRun(ctx workflow.Context, in conversation.AlertRef) *alertRun {
	return &alertRun{ref: in, heard: newHeard(ctx)}
}

// admit learns who is meant and what is planned.
func (r *alertRun) admit(ctx workflow.Context) error {
	if err := storeStep(ctx, steps.Admit, r.ref, &r.admission); err != nil {
		return err
	}
	if r.admission.Unknown {
		if err := r.identify(ctx); err != nil {
			return err
		}
	}
	r.outcome = r.admission.Outcome
	r.stands(r.admission.Question)
	return nil
}

// stands takes over what the record says of the question.
func (r *alertRun) stands(question conversation.Question) {
	if !question.Stands() {
		return
	}
	r.asked = true
	r.question = question
	r.heard.remember(question.Answer)
}

// identify asks the chat system's directory; when it stays away, the record
// admits the alert as one that nobody can be asked about.
func (r *alertRun) identify(ctx workflow.Context) error {
	chat := withChat(ctx, "Find the person", identifyFor, 0)
	if err := workflow.ExecuteActivity(chat, steps.Identify, r.ref).Get(chat, &r.admission); err == nil {
		return nil
	}
	return storeStep(ctx, steps.AdmitUnidentified, r.ref, &r.admission)
}

// ask posts the question, unless it stands.
func (r *alertRun) ask(ctx workflow.Context) error {
	if r.outcome.Settled() || r.question.Stands() {
		return nil
	}
	if !r.admission.Ask {
		return r.settle(ctx, conversation.SettleInput{})
	}
	if err := r.awaitTurn(ctx); err != nil || r.outcome.Settled() {
		return err
	}
	left := r.admission.AskBy.Sub(workflow.Now(ctx))
	if left <= 0 {
		return r.settle(ctx, conversation.SettleInput{Undelivered: alert.ReasonUndelivered})
	}
	r.asked = true
	chat := withChat(ctx, "Ask the person", left, r.admission.Priority)
	var question conversation.Question
	err := workflow.ExecuteActivity(chat, steps.Ask, r.ref).Get(chat, &question)
	if err == nil {
		r.stands(question)
		return nil
	}
	return r.settle(ctx, conversation.SettleInput{Undelivered: undelivered(err)})
}

// settle asks the record for the verdict.
func (r *alertRun) settle(ctx workflow.Context, in conversation.SettleInput) error {
	in.AlertID = r.ref.AlertID
	if err := storeStep(ctx, steps.Settle, in, &r.outcome); err != nil {
		return err
	}
	r.stands(r.outcome.Question)
	return nil
}

// converse goes on until there is a verdict.
func (r *alertRun) converse(ctx workflow.Context) error {
	r.remindedAt = workflow.Now(ctx)
	r.attempt = r.question.Attempts
	for !r.outcome.Settled() {
		if err := r.step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// step does the one thing that is due.
func (r *alertRun) step(ctx workflow.Context) error {
	answer, answered := r.heard.answer()
	switch {
	case answered && answer.Choice == alert.Yes && !r.admission.Claim:
		r.attempt = max(r.attempt, 1)
		return nil
	case answered:
		return r.settle(ctx, conversation.SettleInput{})
	case r.attempt > r.proved:
		return r.prove(ctx)
	default:
		return r.wait(ctx)
	}
}

// publish tells everybody at once: the security team first, then the person.
func (r *alertRun) publish(ctx workflow.Context) error {
	var told workflow.Future
	if r.outcome.Case {
		chat := withChat(ctx, "Open a case", caseFor, 1)
		told = workflow.ExecuteActivity(chat, steps.Case, r.ref)
	}
	if r.asked {
		r.showNow(ctx)
	}
	if told != nil {
		if err := told.Get(ctx, nil); err != nil {
			return err
		}
	}
	return r.awaitProof(ctx)
}

// showNow waits until the question shows what was decided. One that can't be
// edited refuses presses all the same.
func (r *alertRun) showNow(ctx workflow.Context) { r.showing.finish(ctx, r.render) }

// show has the question rendered as the record has it now; nothing waits for it.
func (r *alertRun) show(ctx workflow.Context) { r.showing.want(ctx, r.render) }

func (r *alertRun) render(ctx workflow.Context) workflow.Future {
	chat := withChat(ctx, "Show what was decided", showFor, 5)
	return workflow.ExecuteActivity(chat, steps.ShowQuestion, r.ref)
}

// tell brings the security channel up to date.
func (r *alertRun) tell(ctx workflow.Context) error {
	chat := withChat(ctx, "Tell the security team", caseFor, 1)
	return workflow.ExecuteActivity(chat, steps.Case, r.ref).Get(chat, nil)
}

// undelivered is why a question was not delivered.
func undelivered(err error) string {
	var failed *temporal.ApplicationError
	if asApplication(err, &failed) && failed.Type() == conversation.UndeliverableError {
		var reason string
		if failed.Details(&reason) == nil && reason != "" {
			return reason
		}
	}
	return alert.ReasonUndelivered
}

func asApplication(err error, target **temporal.ApplicationError) bool {
	return errors.As(err, target)
}
