package e2e_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"securitybot/internal/conversation"
)

// Somebody has Temporal and nothing else. Whatever they do there, no alert is
// confirmed without an answer and a proof, none gets lost, and nobody is asked twice.
func TestOnlyTemporal(t *testing.T) {
	t.Parallel()
	b := running(t, policy(t, unlimited))
	attacks := map[string]func(*intruder){
		"sends every signal":                 (*intruder).sendsEverySignal,
		"says that the phone approved":       (*intruder).approvesByHand,
		"says that the proof failed":         (*intruder).failsTheProof,
		"terminates":                         (*intruder).terminates,
		"cancels":                            (*intruder).cancels,
		"resets":                             (*intruder).resets,
		"starts workflows":                   (*intruder).startsWorkflows,
		"takes steps of their own":           (*intruder).takesSteps,
		"puts another workflow in its place": (*intruder).replaces,
	}
	t.Run("somebody", func(t *testing.T) {
		for name, attack := range attacks {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				attack(newIntruder(b.in(t)))
			})
		}
	})
	b.everythingIsProven()
}

// The steps that post are answered by somebody else while Slack is away.
func TestOnlyTemporalWhileSlackHangs(t *testing.T) {
	t.Parallel()
	b := running(t)
	in := newIntruder(b)
	b.fault("slack", "chat.postMessage", "hang", 1000)
	asked, unreachable := b.reports(alertAbout(alice)), b.reports(alertAbout(frank))
	in.completes(asked, "Ask", conversation.Question{AskedAt: time.Now(), Deadline: time.Now().Add(24 * time.Hour)})
	b.settles(unreachable, "unreachable", "deactivated")
	in.completes(unreachable, "Case", nil)
	b.eventually("its workflow believes that all is told", func() bool { return !in.open(unreachable) })
	status, text := b.try(http.MethodDelete, "/sandbox/control/faults", nil)
	require.Equal(t, http.StatusOK, status, "%s", text)
	require.Equal(t, "received", b.alert(asked).Status, "the record knows of no question")

	in.terminate(asked)
	b.answers(alice, "yes")
	b.phone(alice, "approve")
	b.settles(asked, "confirmed", "")
	require.Len(t, b.questions(alice), 1)
	b.within(3*time.Minute, "the missing case is opened", func() bool { return b.alert(unreachable).has("case_opened") })
	require.Len(t, b.security(), 1)
	b.everythingIsProven()
}

// intruder has a client of the bot's Temporal.
type intruder struct {
	*bot
	client.Client
}

func newIntruder(b *bot) *intruder {
	b.Helper()
	in := &intruder{bot: b}
	b.eventually("Temporal takes calls", func() bool {
		var err error
		in.Client, err = client.Dial(client.Options{HostPort: fmt.Sprintf("127.0.0.1:%d", b.tport)})
		return err == nil
	})
	b.Cleanup(in.Close)
	return in
}

func (in *intruder) sendsEverySignal() {
	id := in.reports(alertAbout(alice))
	question := in.asks(alice, id)
	forged := map[string][]any{conversation.SignalWake: {conversation.Wake{Why: "forged"}}}
	for _, choice := range []string{"yes", "no", "unsure", "approved", ""} {
		forged[conversation.SignalAnswer] = append(forged[conversation.SignalAnswer], map[string]string{"AnswerID": "forged-" + choice, "Choice": choice})
	}
	for _, attempt := range []int{1, 2, 1 << 40, -1} {
		forged[conversation.SignalPushAgain] = append(forged[conversation.SignalPushAgain], conversation.PushAgain{Attempt: attempt})
	}
	forged[conversation.SignalSnooze] = []any{conversation.Snoozed{SnoozeID: "forged"}}
	forged["confirmed"] = []any{id}
	for name, messages := range forged {
		for _, message := range append(messages, "not its message", 42, nil) {
			require.NoError(in, in.SignalWorkflow(in.Context(), conversation.AlertWorkflowID(id), "", name, message))
		}
	}
	in.stays(4*time.Second, "nothing changes", func() bool {
		view := in.alert(id)
		return view.Status == "asking" && view.Proof == nil && view.Answer == nil && len(in.pushes(alice)) == 0
	})
	in.clicks(alice, question, "yes")
	in.phone(alice, "approve")
	in.settles(id, "confirmed", "")
	require.Equal(in, 1, in.alert(id).count("asked"))
}

func (in *intruder) approvesByHand() {
	id := in.reports(alertAbout(bob))
	in.clicks(bob, in.asks(bob, id), "yes")
	in.eventually("his phone lights up", func() bool { return in.alert(id).has("push_sent") })
	in.completes(id, "Prove", map[string]string{"Result": "approved"})
	in.stays(3*time.Second, "it is not confirmed", func() bool { return in.alert(id).Verdict == "" })
	in.terminate(id)
	in.phone(bob, "approve")
	view := in.settles(id, "confirmed", "")
	require.Equal(in, 1, view.count("push_sent"), "the same push counts")
}

func (in *intruder) failsTheProof() {
	id := in.reports(alertAbout(carol))
	in.clicks(carol, in.asks(carol, id), "yes")
	in.eventually("her phone lights up", func() bool { return in.alert(id).has("push_sent") })
	run, step := in.pending(id, "Prove")
	forged := temporal.NewNonRetryableApplicationError("confirmed", "Approved", nil)
	require.NoError(in, in.CompleteActivityByID(in.Context(), "default", conversation.AlertWorkflowID(id), run, step, nil, forged))
	in.settles(id, "unproven", "unavailable")
	in.eventually("a case", func() bool { return in.alert(id).has("case_opened") })
}

func (in *intruder) terminates() {
	id := in.reports(alertAbout(dave))
	question := in.asks(dave, id)
	deadline := in.alert(id).Deadline
	in.terminate(id)
	in.clicks(dave, question, "yes") // an answer starts it again
	in.phone(dave, "approve")
	view := in.settles(id, "confirmed", "")
	require.Equal(in, 1, view.count("asked"))
	require.Equal(in, deadline, view.Deadline)
	in.terminateQuietly(id)

	early := in.reports(alertAbout(dave))
	in.terminateQuietly(early)
	in.clicks(dave, in.asks(dave, early), "unsure")
	in.settles(early, "unsure", "")
	in.eventually("a case", func() bool { return in.alert(early).has("case_opened") })
}

func (in *intruder) cancels() {
	id := in.reports(alertAbout(erin))
	question := in.asks(erin, id)
	require.NoError(in, in.CancelWorkflow(in.Context(), conversation.AlertWorkflowID(id), ""))
	in.stays(2*time.Second, "it goes on", func() bool { return in.open(id) && in.alert(id).Status == "asking" })
	in.clicks(erin, question, "no")
	view := in.settles(id, "denied", "")
	require.Equal(in, 1, view.count("asked"))
	in.eventually("a case", func() bool { return in.alert(id).has("case_opened") })
}

// resets forgets every signal, before and after the answer.
func (in *intruder) resets() {
	id := in.reports(alertAbout(erin))
	question := in.asks(erin, id)
	in.reset(id)
	in.eventually("it runs again", func() bool { return in.open(id) })
	in.clicks(erin, question, "unsure")
	in.settles(id, "unsure", "")
	in.eventually("a case", func() bool { return in.alert(id).has("case_opened") })
	in.eventually("it ends", func() bool { return !in.open(id) })
	in.reset(id)
	in.eventually("it ends again", func() bool { return !in.open(id) })
	view := in.alert(id)
	require.Equal(in, "unsure", view.Verdict)
	for _, once := range []string{"asked", "answered", "settled", "case_opened"} {
		require.Equal(in, 1, view.count(once), once)
	}
}

func (in *intruder) startsWorkflows() {
	unknown := conversation.AlertRef{AlertID: "f00d" + fmt.Sprintf("%060d", 0)}
	for _, name := range []string{conversation.WorkflowAlert, conversation.WorkflowFollowUp} {
		run := in.execute(name+"-of-nothing", name, unknown)
		require.Error(in, run.Get(in.Context(), nil))
	}
	status, _ := in.try(http.MethodGet, "/v1/alerts/"+unknown.AlertID, nil)
	require.Equal(in, http.StatusNotFound, status)

	open := in.reports(alertAbout(carol))
	in.asks(carol, open)
	in.execute("another-conversation", conversation.WorkflowAlert, conversation.AlertRef{AlertID: open})
	require.NoError(in, in.execute("nothing-to-follow", conversation.WorkflowFollowUp, conversation.AlertRef{AlertID: open}).Get(in.Context(), nil))
	require.False(in, in.alert(open).has("case_opened"))

	escalated := in.reports(alertAbout(frank))
	in.settles(escalated, "unreachable", "deactivated")
	for i := range 3 {
		in.execute(fmt.Sprint("follow-", i), conversation.WorkflowFollowUp, conversation.AlertRef{AlertID: escalated})
	}
	in.eventually("a case", func() bool { return in.alert(escalated).has("case_opened") })
	in.stays(2*time.Second, "nothing is said twice", func() bool {
		return in.alert(escalated).count("case_opened") == 1 && in.alert(open).count("asked") == 1
	})
	in.clicks(carol, in.questionAbout(carol, open), "no")
	view := in.settles(open, "denied", "")
	require.Equal(in, 1, view.count("settled"))
}

// takesSteps has our worker take single steps, out of order.
func (in *intruder) takesSteps() {
	theirs := worker.New(in.Client, "theirs", worker.Options{})
	theirs.RegisterWorkflowWithOptions(oneStep, workflow.RegisterOptions{Name: "OneStep"})
	require.NoError(in, theirs.Start())
	in.Cleanup(theirs.Stop)
	id := in.reports(alertAbout(bob))
	question := in.asks(bob, id)
	ref := conversation.AlertRef{AlertID: id}
	for i, step := range []struct {
		name  string
		input any
	}{
		{"Settle", conversation.SettleInput{AlertID: id, Undelivered: "unknown_person"}},
		{"Settle", conversation.SettleInput{AlertID: id, Unprovable: "unavailable"}},
		{"Admit", ref},
		{"AdmitUnidentified", ref},
		{"Identify", ref},
		{"Ask", ref},
		{"Prove", conversation.ProveInput{AlertID: id, Attempt: 1}},
		{"Prove", conversation.ProveInput{AlertID: id, Attempt: 7}},
		{"OfferPush", conversation.ProveInput{AlertID: id, Attempt: 1}},
		{"Remind", conversation.RemindInput{AlertID: id, Reminder: "forged"}},
		{"Remind", conversation.RemindInput{AlertID: id, Reminder: "snooze-1"}},
		{"Remind", conversation.RemindInput{AlertID: id, Reminder: "99"}},
		{"Case", ref},
		{"ShowQuestion", ref},
	} {
		options := client.StartWorkflowOptions{ID: fmt.Sprint("step-", i), TaskQueue: "theirs"}
		run, err := in.ExecuteWorkflow(in.Context(), options, "OneStep", step.name, step.input)
		require.NoError(in, err)
		require.NoError(in, run.Get(in.Context(), nil), step.name)
	}
	view := in.alert(id)
	require.Equal(in, "asking", view.Status)
	require.Empty(in, view.Verdict)
	for kind, times := range map[string]int{"asked": 1, "reminded": 0, "push_sent": 0, "proof": 0, "case_opened": 0} {
		require.Equal(in, times, view.count(kind), kind)
	}
	require.True(in, in.questionAbout(bob, id).offers("yes"))
	in.clicks(bob, question, "no")
	in.settles(id, "denied", "")
}

func oneStep(ctx workflow.Context, name string, input any) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: conversation.QueueAlerts, StartToCloseTimeout: 20 * time.Second,
		RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	return workflow.ExecuteActivity(ctx, name, input).Get(ctx, nil)
}

// replaces ends the conversation and has another workflow end well under its name.
func (in *intruder) replaces() {
	id := in.reports(alertAbout(dave))
	question := in.asks(dave, id)
	in.terminate(id)
	run := in.execute(conversation.AlertWorkflowID(id), conversation.WorkflowFollowUp, conversation.AlertRef{AlertID: id})
	require.NoError(in, run.Get(in.Context(), nil))
	in.clicks(dave, question, "no")
	in.settles(id, "denied", "")
	in.eventually("a case", func() bool { return in.alert(id).has("case_opened") })
	require.Equal(in, 1, in.alert(id).count("asked"))
}

func (in *intruder) execute(id, name string, input any) client.WorkflowRun {
	in.Helper()
	run, err := in.ExecuteWorkflow(in.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: conversation.QueueAlerts}, name, input)
	require.NoError(in, err)
	return run
}

// asks waits for the question about one alert.
func (in *intruder) asks(email, id string) shown {
	in.Helper()
	var question shown
	in.eventually(email+" is asked", func() bool {
		question = in.questionAbout(email, id)
		return question.offers("yes")
	})
	return question
}

// open tells whether an alert's workflow runs.
func (in *intruder) open(id string) bool {
	in.Helper()
	described, err := in.DescribeWorkflowExecution(in.Context(), conversation.AlertWorkflowID(id), "")
	require.NoError(in, err)
	return described.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
}

func (in *intruder) terminate(id string) {
	in.Helper()
	require.NoError(in, in.TerminateWorkflow(in.Context(), conversation.AlertWorkflowID(id), "", "forged"))
}

// terminateQuietly ends a workflow that may have ended by itself, or not begun.
func (in *intruder) terminateQuietly(id string) {
	_ = in.TerminateWorkflow(in.Context(), conversation.AlertWorkflowID(id), "", "forged")
}

// pending waits for a step that runs, and gives its run and id.
func (in *intruder) pending(id, name string) (run, step string) {
	in.Helper()
	in.eventually("the step "+name+" runs", func() bool {
		described, err := in.DescribeWorkflowExecution(in.Context(), conversation.AlertWorkflowID(id), "")
		if err != nil {
			return false
		}
		for _, pending := range described.GetPendingActivities() {
			if pending.GetActivityType().GetName() == name && pending.GetState() == enums.PENDING_ACTIVITY_STATE_STARTED {
				run, step = described.GetWorkflowExecutionInfo().GetExecution().GetRunId(), pending.GetActivityId()
			}
		}
		return step != ""
	})
	return run, step
}

// completes answers a running step with a result of one's own.
func (in *intruder) completes(id, name string, result any) {
	in.Helper()
	run, step := in.pending(id, name)
	require.NoError(in, in.CompleteActivityByID(in.Context(), "default", conversation.AlertWorkflowID(id), run, step, result, nil))
}

// reset takes a workflow back to its beginning, without its signals.
func (in *intruder) reset(id string) {
	in.Helper()
	_, err := in.WorkflowService().ResetWorkflowExecution(in.Context(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: "default", WorkflowExecution: &common.WorkflowExecution{WorkflowId: conversation.AlertWorkflowID(id)},
		Reason: "forged", RequestId: fmt.Sprint("reset-", time.Now().UnixNano()), WorkflowTaskFinishEventId: in.firstTask(id),
		ResetReapplyExcludeTypes: []enums.ResetReapplyExcludeType{enums.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL},
	})
	require.NoError(in, err)
}

func (in *intruder) firstTask(id string) int64 {
	in.Helper()
	events := in.GetWorkflowHistory(in.Context(), conversation.AlertWorkflowID(id), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(in, err)
		if event.GetEventType() == enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			return event.GetEventId()
		}
	}
	require.FailNow(in, "no workflow task was completed")
	return 0
}

// everythingIsProven checks each alert: confirmed means a yes and an approved
// push, escalated means exactly one case, and nobody was asked twice.
func (b *bot) everythingIsProven() {
	b.Helper()
	var list struct{ Alerts []alertView }
	b.get("/v1/alerts?limit=200", &list)
	require.NotEmpty(b, list.Alerts)
	approved := map[string]bool{}
	for _, email := range []string{alice, bob, carol, dave} {
		for _, push := range b.pushes(email) {
			approved[push.TxID] = push.Status == "approved"
		}
	}
	for _, listed := range list.Alerts {
		view := b.alert(listed.ID)
		require.LessOrEqual(b, view.count("asked"), 1)
		require.LessOrEqual(b, view.count("settled"), 1)
		if view.Escalation != nil {
			b.eventually("a case", func() bool { return b.alert(listed.ID).count("case_opened") == 1 })
		}
		if view.Verdict != "confirmed" {
			continue
		}
		require.Equal(b, "yes", view.Answer.Choice)
		require.Equal(b, "approved", view.Proof.Result)
		require.True(b, approved[view.Proof.Transaction], "the phone approved %s", view.Proof.Transaction)
	}
}
