// Package worker registers the workflows and steps and runs them.
package worker

import (
	"fmt"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"securitybot/activities"
	"securitybot/internal/conversation"
	"securitybot/workflows"
)

// RegisterWorkflows registers every workflow under the name that others start it by.
func RegisterWorkflows(registry sdkworker.WorkflowRegistry) {
	registry.RegisterWorkflowWithOptions(workflows.Alert, workflow.RegisterOptions{Name: conversation.WorkflowAlert})
	registry.RegisterWorkflowWithOptions(workflows.FollowUp, workflow.RegisterOptions{Name: conversation.WorkflowFollowUp})
	registry.RegisterWorkflowWithOptions(workflows.Ladder, workflow.RegisterOptions{Name: conversation.WorkflowLadder})
	registry.RegisterWorkflowWithOptions(workflows.Notice, workflow.RegisterOptions{Name: conversation.WorkflowNotice})
	registry.RegisterWorkflowWithOptions(workflows.Upkeep, workflow.RegisterOptions{Name: conversation.WorkflowUpkeep})
	registry.RegisterWorkflowWithOptions(workflows.Rollup, workflow.RegisterOptions{Name: conversation.WorkflowRollup})
}

// stopWithin lets the slowest call that does not heartbeat come to its end.
const stopWithin = 20 * time.Second

// Options change how a worker runs.
type Options struct {
	OnFatalError func(error)
}

// Worker serves the three queues.
type Worker struct {
	queues []sdkworker.Worker
}

// New gives a worker that has not started. Steps of the alert queue are those
// that only need the record.
func New(temporal client.Client, steps *activities.Activities, options Options) *Worker {
	serve := func(queue string, with sdkworker.Options) sdkworker.Worker {
		with.WorkerStopTimeout, with.OnFatalError = stopWithin, options.OnFatalError
		served := sdkworker.New(temporal, queue, with)
		served.RegisterActivity(steps)
		return served
	}
	alerts := serve(conversation.QueueAlerts, sdkworker.Options{})
	RegisterWorkflows(alerts)
	return &Worker{queues: []sdkworker.Worker{
		alerts,
		serve(conversation.QueueChat, sdkworker.Options{DisableWorkflowWorker: true, MaxConcurrentActivityExecutionSize: 50}),
		serve(conversation.QueueFactor, sdkworker.Options{DisableWorkflowWorker: true}),
	}}
}

// Start starts every queue, or none.
func (w *Worker) Start() error {
	for i, queue := range w.queues {
		if err := queue.Start(); err != nil {
			for _, started := range w.queues[:i] {
				started.Stop()
			}
			return fmt.Errorf("start worker: %w", err)
		}
	}
	return nil
}

// Stop lets what runs come to its end and stops, all queues at once: together they
// take no longer than the slowest.
func (w *Worker) Stop() {
	var group sync.WaitGroup
	for _, queue := range w.queues {
		group.Go(queue.Stop)
	}
	group.Wait()
}
