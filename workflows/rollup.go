package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"securitybot/internal/conversation"
)

// sumUpWithin is for a very long day.
const sumUpWithin = 10 * time.Minute

// Rollup sums up the period before the moment that its schedule meant, however
// late it is.
func Rollup(ctx workflow.Context, in conversation.RollupInput) error {
	in.At = workflow.Now(ctx) // of one that somebody starts by hand
	if meant, ok := workflow.GetTypedSearchAttributes(ctx).GetTime(conversation.AttributeScheduled); ok {
		in.At = meant
	}
	patient := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              conversation.QueueAlerts,
		StartToCloseTimeout:    sumUpWithin,
		ScheduleToCloseTimeout: storeAtAll,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: retryStoreMax},
		Summary:                "Sum up what happened",
	})
	return workflow.ExecuteActivity(patient, steps.Rollup, in).Get(patient, nil)
}
