package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"securitybot/internal/conversation"
)

const (
	upkeepAtOnce  = time.Hour        // a first sweep of a big record; what is done stays done
	upkeepAtAll   = 24 * time.Hour   // then the next run of the schedule takes over
	upkeepSilence = 2 * time.Minute  // without a heartbeat
	retryUpkeep   = 10 * time.Minute // at most, while the database is away
)

// Upkeep does one task that keeps the record in order.
func Upkeep(ctx workflow.Context, in conversation.UpkeepInput) error {
	var step any
	switch in.Task {
	case conversation.TaskCheckpoint:
		step = steps.Checkpoint
	case conversation.TaskRetention:
		step = steps.Retain
	default:
		return temporal.NewNonRetryableApplicationError(fmt.Sprintf("nobody knows the task %q", in.Task), "Task", nil)
	}
	patient := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              conversation.QueueAlerts,
		StartToCloseTimeout:    upkeepAtOnce,
		ScheduleToCloseTimeout: upkeepAtAll,
		HeartbeatTimeout:       upkeepSilence,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: retryUpkeep},
		Summary:                "Upkeep: " + in.Task,
	})
	return workflow.ExecuteActivity(patient, step, in).Get(patient, nil)
}
