package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"securitybot/internal/conversation"
)

const (
	storeLocally  = 5 * time.Second      // then as an ordinary activity
	storeAtAll    = 365 * 24 * time.Hour // a database may be away for long
	pushLives     = 100 * time.Second    // a push lives a minute; the rest is for reaching the provider
	chatCall      = 15 * time.Second     // one call and what the record keeps of it
	proofSilence  = 15 * time.Second     // without a heartbeat
	retryMost     = 2 * time.Minute
	retryStoreMax = 30 * time.Second
)

// storeStep runs a step that only needs the record: at once and locally, or, with
// the database away, as an activity for as long as it takes.
func storeStep(ctx workflow.Context, step, input, result any) error {
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: storeLocally,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, MaximumInterval: time.Second},
	})
	err := workflow.ExecuteLocalActivity(local, step, input).Get(local, result)
	var refused *temporal.ApplicationError
	if err == nil || (asApplication(err, &refused) && refused.NonRetryable()) {
		return err
	}
	patient := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              conversation.QueueAlerts,
		StartToCloseTimeout:    chatCall,
		ScheduleToCloseTimeout: storeAtAll,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: retryStoreMax},
		Summary:                "Wait for the database",
	})
	return workflow.ExecuteActivity(patient, step, input).Get(patient, result)
}

// withChat is for one message, tried until a deadline. Its rate limits are
// waited for by the server, so the longest wait may be as long as it likes.
func withChat(ctx workflow.Context, summary string, within time.Duration, priority int) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              conversation.QueueChat,
		DisableEagerExecution:  true,
		StartToCloseTimeout:    chatCall,
		ScheduleToCloseTimeout: max(within, chatCall),
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 1.5, MaximumInterval: retryMost,
		},
		Priority: temporal.Priority{PriorityKey: priority},
		Summary:  summary,
	})
}

// withFactor is for one proof, begun before a deadline and not cut by it.
func withFactor(ctx workflow.Context, left time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              conversation.QueueFactor,
		DisableEagerExecution:  true,
		StartToCloseTimeout:    pushLives,
		HeartbeatTimeout:       proofSilence,
		ScheduleToCloseTimeout: max(left, pushLives+proofSilence),
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 1.5, MaximumInterval: retryStoreMax,
		},
		Summary: "Prove the yes",
	})
}
