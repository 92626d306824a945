// Package outbox brings to Temporal what the record holds for it: starts, answers
// and wake-ups, at least once each; and the reconciler, which finds what got lost
// on Temporal's side all the same.
package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"securitybot/internal/alert"
	"securitybot/internal/conversation"
	"securitybot/internal/store"
)

const (
	lease      = 30 * time.Second // how long one process may take over a batch
	batchSize  = 20
	idle       = time.Second
	callTime   = 10 * time.Second
	longestRow = 30 * time.Second
)

// Record is what the outbox needs of the record.
type Record interface {
	Alert(ctx context.Context, id string) (store.Record, error)
	ClaimOutgoing(ctx context.Context, lease time.Duration, limit int) ([]store.Outgoing, error)
	Delivered(ctx context.Context, id int64) error
	Undelivered(ctx context.Context, id int64, wait time.Duration, cause error) error
}

// Temporal is what the outbox needs of a Temporal client.
type Temporal interface {
	ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
	SignalWithStartWorkflow(ctx context.Context, workflowID, signalName string, signalArg any,
		options client.StartWorkflowOptions, workflow any, workflowArgs ...any) (client.WorkflowRun, error)
}

// Outbox delivers what waits.
type Outbox struct {
	record   Record
	temporal Temporal
	logger   *slog.Logger
	kicks    chan struct{}
}

// New gives an outbox.
func New(record Record, temporal Temporal, logger *slog.Logger) *Outbox {
	return &Outbox{record: record, temporal: temporal, logger: logger, kicks: make(chan struct{}, 1)}
}

// Kick has it look at once. It never blocks.
func (o *Outbox) Kick() {
	select {
	case o.kicks <- struct{}{}:
	default:
	}
}

// Run delivers until the context ends.
func (o *Outbox) Run(ctx context.Context) {
	ticker := time.NewTicker(idle)
	defer ticker.Stop()
	for ctx.Err() == nil {
		if o.pass(ctx) == batchSize {
			continue
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		case <-o.kicks:
		}
	}
}

// pass delivers one batch and gives its size.
func (o *Outbox) pass(ctx context.Context) int {
	entries, err := o.record.ClaimOutgoing(ctx, lease, batchSize)
	if err != nil {
		o.log(ctx, "claim what waits for Temporal", err)
		return 0
	}
	// All at once, so that a Temporal that hangs takes no longer than the claim lasts.
	var group sync.WaitGroup
	for _, entry := range entries {
		group.Go(func() { o.handle(ctx, entry) })
	}
	group.Wait()
	return len(entries)
}

// handle delivers one entry and settles its row.
func (o *Outbox) handle(ctx context.Context, entry store.Outgoing) {
	if err := o.deliver(ctx, entry); err != nil {
		o.log(ctx, "bring "+entry.Kind+" to Temporal", err)
		o.keep(ctx, entry, err)
		return
	}
	if err := o.record.Delivered(ctx, entry.ID); err != nil {
		o.log(ctx, "note what reached Temporal", err)
	}
}

func (o *Outbox) keep(ctx context.Context, entry store.Outgoing, cause error) {
	wait := min(time.Second<<min(entry.Attempts, 10), longestRow)
	if err := o.record.Undelivered(ctx, entry.ID, wait, cause); err != nil {
		o.log(ctx, "keep what did not reach Temporal", err)
	}
}

func (o *Outbox) log(ctx context.Context, doing string, err error) {
	if ctx.Err() == nil {
		o.logger.Warn("outbox", "doing", doing, "error", err)
	}
}

func (o *Outbox) deliver(ctx context.Context, entry store.Outgoing) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	switch entry.Kind {
	case store.OutgoingStart:
		return o.start(ctx, entry)
	case store.OutgoingAnswer:
		return o.signal(ctx, entry, conversation.SignalAnswer,
			conversation.Answered{AnswerID: entry.Ref, Choice: alert.Choice(entry.Choice)})
	case store.OutgoingSnooze:
		return o.signal(ctx, entry, conversation.SignalSnooze, conversation.Snoozed{SnoozeID: entry.Ref})
	case store.OutgoingPushAgain:
		attempt, err := strconv.Atoi(entry.Ref)
		if err != nil {
			return fmt.Errorf("read attempt: %w", err)
		}
		return o.signal(ctx, entry, conversation.SignalPushAgain, conversation.PushAgain{Attempt: attempt})
	case store.OutgoingWake:
		return o.signal(ctx, entry, conversation.SignalWake, conversation.Wake{Why: entry.Ref})
	case store.OutgoingJoined:
		return o.signal(ctx, entry, conversation.SignalJoined, conversation.Joined{})
	case store.OutgoingFollowUp:
		return o.followUp(ctx, entry)
	case store.OutgoingLadder:
		return o.ladder(ctx, entry)
	case store.OutgoingNotice:
		return o.notice(ctx, entry)
	default:
		return fmt.Errorf("unknown kind %q", entry.Kind)
	}
}

func (o *Outbox) start(ctx context.Context, entry store.Outgoing) error {
	options, finished, err := o.options(ctx, entry.AlertID)
	if err != nil {
		return err
	}
	if !finished { // a workflow that ended well too early, or another one in its place, is not the end
		options.WorkflowIDReusePolicy = enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
	}
	_, err = o.temporal.ExecuteWorkflow(ctx, options, conversation.WorkflowAlert, conversation.AlertRef{AlertID: entry.AlertID})
	if alreadyStarted(err) {
		return nil
	}
	return err
}

// signal reaches the alert's workflow, starting it when Temporal lost it. When
// it has come to its end, an answer is followed up by a workflow of its own.
func (o *Outbox) signal(ctx context.Context, entry store.Outgoing, name string, message any) error {
	options, _, err := o.options(ctx, entry.AlertID)
	if err != nil {
		return err
	}
	_, err = o.temporal.SignalWithStartWorkflow(ctx, options.ID, name, message, options,
		conversation.WorkflowAlert, conversation.AlertRef{AlertID: entry.AlertID})
	if !alreadyStarted(err) {
		return err
	}
	if entry.Kind != store.OutgoingAnswer {
		return nil
	}
	return o.followUp(ctx, entry)
}

func (o *Outbox) followUp(ctx context.Context, entry store.Outgoing) error {
	about := entry.Kind + "-" + shortName(entry.Ref)
	_, err := o.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                                       conversation.FollowUpWorkflowID(entry.AlertID, about),
		TaskQueue:                                conversation.QueueAlerts,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, conversation.WorkflowFollowUp, conversation.AlertRef{AlertID: entry.AlertID})
	if alreadyStarted(err) {
		return nil
	}
	return err
}

// ladder starts what climbs, or has it look at the case. One that came to its end
// starts anew: the case may be open again.
func (o *Outbox) ladder(ctx context.Context, entry store.Outgoing) error {
	id := conversation.LadderWorkflowID(entry.AlertID)
	_, err := o.temporal.SignalWithStartWorkflow(ctx, id, conversation.SignalWake, conversation.Wake{Why: entry.Ref},
		client.StartWorkflowOptions{
			ID: id, TaskQueue: conversation.QueueAlerts,
			WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		}, conversation.WorkflowLadder, conversation.AlertRef{AlertID: entry.AlertID})
	return err
}

func (o *Outbox) notice(ctx context.Context, entry store.Outgoing) error {
	_, err := o.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: conversation.NoticeWorkflowID(entry.Ref), TaskQueue: conversation.QueueAlerts,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, conversation.WorkflowNotice, conversation.NoticeRef{NoticeID: entry.Ref})
	if alreadyStarted(err) {
		return nil
	}
	return err
}

// options start an alert's workflow; finished tells that the record is done with it.
func (o *Outbox) options(ctx context.Context, alertID string) (_ client.StartWorkflowOptions, finished bool, _ error) {
	record, err := o.record.Alert(ctx, alertID)
	if err != nil {
		return client.StartWorkflowOptions{}, false, fmt.Errorf("read alert: %w", err)
	}
	return client.StartWorkflowOptions{
		ID:                                       conversation.AlertWorkflowID(alertID),
		TaskQueue:                                conversation.QueueAlerts,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            record.Detection + " · " + string(record.Severity),
		Priority:                                 temporal.Priority{PriorityKey: 5 - record.Severity.Rank(), FairnessKey: fairness(record.Source)},
		TypedSearchAttributes: temporal.NewSearchAttributes(
			conversation.AttributeDetection.ValueSet(record.Detection),
			conversation.AttributeSeverity.ValueSet(string(record.Severity)),
			conversation.AttributeSource.ValueSet(record.Source),
		),
	}, !record.FinishedAt.IsZero(), nil
}

// fairness keeps a source's name within Temporal's limit for the key.
func fairness(source string) string { return source[:min(len(source), 64)] }

func alreadyStarted(err error) bool {
	var started *serviceerror.WorkflowExecutionAlreadyStarted
	return errors.As(err, &started)
}
