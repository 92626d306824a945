package outbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"golang.org/x/sync/errgroup"

	"securitybot/internal/alert"
	"securitybot/internal/conversation"
	"securitybot/internal/store"
)

const (
	reconcileEvery = 30 * time.Second
	reviveEvery    = 10               // passes
	settleIn       = 20 * time.Second // what is younger is on its way
	pageSize       = 500
	atATime        = 8
	lookWithin     = 30 * time.Second
	tellWithin     = 2 * time.Minute
	patience       = time.Hour // for an alert that nobody even planned for
)

// Unfinished is what the reconciler needs of the record.
type Unfinished interface {
	Story(ctx context.Context, id string) (store.Story, error)
	Unfinished(ctx context.Context, age time.Duration, afterID string, limit int) ([]store.Record, error)
	Requeue(ctx context.Context, id string) error
	Revive(ctx context.Context) error
	FoldTallies(ctx context.Context) error
	Now() time.Time
}

// Steps are the steps of a conversation, taken without Temporal.
type Steps interface {
	Admit(ctx context.Context, in conversation.AlertRef) (conversation.Admission, error)
	AdmitUnidentified(ctx context.Context, in conversation.AlertRef) (conversation.Admission, error)
	Settle(ctx context.Context, in conversation.SettleInput) (conversation.Outcome, error)
	Case(ctx context.Context, in conversation.AlertRef) error
	ShowQuestion(ctx context.Context, in conversation.AlertRef) error
}

// Visibility lists workflows.
type Visibility interface {
	ListWorkflow(ctx context.Context, request *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error)
}

// Reconciler restarts every unfinished alert that has no running workflow, and
// escalates what is long past its time whatever Temporal says.
type Reconciler struct {
	record   Unfinished
	steps    Steps
	temporal Visibility
	logger   *slog.Logger
}

// NewReconciler gives a reconciler.
func NewReconciler(record Unfinished, steps Steps, temporal Visibility, logger *slog.Logger) *Reconciler {
	return &Reconciler{record: record, steps: steps, temporal: temporal, logger: logger}
}

// Run reconciles now and then until the context ends.
func (r *Reconciler) Run(ctx context.Context) {
	ticker := time.NewTicker(reconcileEvery)
	defer ticker.Stop()
	for passes := 1; ctx.Err() == nil; passes++ {
		err := errors.Join(r.Pass(ctx), r.record.FoldTallies(ctx))
		if passes%reviveEvery == 0 {
			err = errors.Join(err, r.record.Revive(ctx))
		}
		if err != nil && ctx.Err() == nil {
			r.logger.Warn("reconcile", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// Pass looks at every unfinished alert once. With Temporal away it still
// escalates what is overdue.
func (r *Reconciler) Pass(ctx context.Context) error {
	running, listErr := r.running(ctx)
	afterID := ""
	for {
		records, err := r.record.Unfinished(ctx, settleIn, afterID, pageSize)
		if err != nil {
			return fmt.Errorf("list unfinished alerts: %w", err)
		}
		r.lookAt(ctx, records, running, listErr == nil)
		if len(records) < pageSize {
			return listErr
		}
		afterID = records[len(records)-1].ID
	}
}

// lookAt looks at several alerts at a time: a provider that hangs for one of them
// must not hold up the others.
func (r *Reconciler) lookAt(ctx context.Context, records []store.Record, running map[string]bool, known bool) {
	var group errgroup.Group
	group.SetLimit(atATime)
	for _, record := range records {
		group.Go(func() error {
			bounded, cancel := context.WithTimeout(ctx, lookWithin)
			defer cancel()
			r.look(bounded, record, running, known)
			return nil
		})
	}
	_ = group.Wait() // none of them gives an error
}

// look restarts or escalates one alert. Its failure holds up no other.
func (r *Reconciler) look(ctx context.Context, record store.Record, running map[string]bool, known bool) {
	var err error
	lost := known && !running[record.ID]
	switch {
	case overdue(record, r.record.Now()):
		err = r.escalate(ctx, record)
	case untold(record, r.record.Now()):
		err = r.tell(ctx, record, lost)
	case lost, stuck(record, r.record.Now()):
		err = r.record.Requeue(ctx, record.ID)
	}
	if err != nil && ctx.Err() == nil {
		r.logger.Error("reconcile alert", "alert_id", record.ID, "error", err)
	}
}

// running lists the alerts whose workflow runs.
func (r *Reconciler) running(ctx context.Context) (map[string]bool, error) {
	running := map[string]bool{}
	request := &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: 1000,
		Query:    fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", conversation.WorkflowAlert),
	}
	prefix := conversation.AlertWorkflowID("")
	for {
		page, err := r.temporal.ListWorkflow(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("list running workflows: %w", err)
		}
		for _, execution := range page.GetExecutions() {
			if id, ours := strings.CutPrefix(execution.GetExecution().GetWorkflowId(), prefix); ours {
				running[id] = true
			}
		}
		if request.NextPageToken = page.GetNextPageToken(); len(request.NextPageToken) == 0 {
			return running, nil
		}
	}
}

// overdue tells that a step is so late that nobody is to be waited for.
func overdue(record store.Record, now time.Time) bool {
	late := func(at time.Time) bool { return now.After(at.Add(alert.OverdueAfter)) }
	switch {
	case record.Watching(now):
		return false
	case record.Verdict.Decided():
		return late(record.SettledAt.Add(toldWithin(record))) && (record.Verdict.Outcome != alert.NoResponse || late(record.WatchUntil))
	case record.Plan == nil:
		return now.After(record.ReceivedAt.Add(patience))
	case record.AskedAt.IsZero():
		return late(record.Plan.AskBy)
	default:
		return late(record.Deadline)
	}
}

// untold tells that there should be a case by now.
func untold(record store.Record, now time.Time) bool {
	return !record.EscalatedAt.IsZero() && now.After(record.EscalatedAt.Add(toldWithin(record)+tellWithin))
}

// toldWithin is when the last of those is told whom policy brings a case to: until
// then it may have no place yet.
func toldWithin(record store.Record) time.Duration {
	ladder := record.Ladder()
	return ladder[len(ladder)-1].After
}

// tell opens a case that its workflow did not, or that somebody kept it from
// opening. With the case open, a lost workflow has late answers to bring.
func (r *Reconciler) tell(ctx context.Context, record store.Record, lost bool) error {
	story, err := r.record.Story(ctx, record.ID)
	switch {
	case err != nil:
		return err
	case story.Posts[store.PurposeCase].State == store.PostDone && lost:
		return r.record.Requeue(ctx, record.ID)
	case story.Posts[store.PurposeCase].State == store.PostDone:
		return nil
	}
	r.logger.Warn("a case is missing and is opened without its workflow", "alert_id", record.ID)
	return r.steps.Case(ctx, conversation.AlertRef{AlertID: record.ID})
}

// stuck tells that a question's deadline has passed and nothing came of it: an
// answer's signal, or the timer, was taken away from the workflow.
func stuck(record store.Record, now time.Time) bool {
	return record.Status == alert.Asking && now.After(record.Deadline.Add(time.Minute))
}

// escalate takes the last steps without Temporal.
func (r *Reconciler) escalate(ctx context.Context, record store.Record) error {
	ref := conversation.AlertRef{AlertID: record.ID}
	if record.Plan == nil {
		return r.admit(ctx, ref)
	}
	outcome, err := r.steps.Settle(ctx, conversation.SettleInput{AlertID: record.ID})
	if err != nil || !outcome.Settled() {
		return err
	}
	r.logger.Error("an alert is overdue and was settled without its workflow",
		"alert_id", record.ID, "verdict", outcome.Verdict)
	if err := r.steps.Case(ctx, ref); err != nil {
		return err
	}
	return r.steps.ShowQuestion(ctx, ref)
}

// admit plans for an alert that no workflow ever saw: the plan's own times bring
// it to the security team from here on.
func (r *Reconciler) admit(ctx context.Context, ref conversation.AlertRef) error {
	admission, err := r.steps.Admit(ctx, ref)
	if err == nil && admission.Unknown {
		_, err = r.steps.AdmitUnidentified(ctx, ref)
	}
	return err
}

// shortName fits a reference of any length into a workflow id.
func shortName(ref string) string {
	sum := sha256.Sum256([]byte(ref))
	return hex.EncodeToString(sum[:8])
}
