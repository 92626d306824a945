package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"securitybot/internal/alert"
	"securitybot/internal/conversation"
	"securitybot/internal/store"
)

var now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// office is everything around a reconciler, and a log of what it does.
type office struct {
	records []store.Record
	posts   map[string]store.PostState // of the case, by alert
	running []string
	away    error // of Temporal
	listing error
	fails   map[string]error // of a step, as in "case a1"
	unknown bool             // the directory doesn't know the person
	settles alert.Outcome
	mu      sync.Mutex
	did     []string
	asked   []string // queries
}

func (o *office) do(step, id string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.did = append(o.did, step+" "+id)
	return o.fails[step+" "+id]
}

func (o *office) Now() time.Time { return now }

func (o *office) Story(_ context.Context, id string) (store.Story, error) {
	return store.Story{Posts: map[string]store.Post{store.PurposeCase: {State: o.posts[id]}}}, o.fails["story "+id]
}

func (o *office) Unfinished(_ context.Context, age time.Duration, after string, limit int) ([]store.Record, error) {
	var page []store.Record
	skip := after != ""
	for _, record := range o.records {
		if !skip && now.Sub(record.ReceivedAt) >= age && len(page) < limit {
			page = append(page, record)
		}
		skip = skip && record.ID != after
	}
	return page, o.listing
}

func (o *office) Revive(context.Context) error { return nil }

func (o *office) FoldTallies(context.Context) error { return nil }

func (o *office) Requeue(_ context.Context, id string) error { return o.do("requeue", id) }

func (o *office) Admit(_ context.Context, in conversation.AlertRef) (conversation.Admission, error) {
	return conversation.Admission{Unknown: o.unknown}, o.do("admit", in.AlertID)
}

func (o *office) AdmitUnidentified(_ context.Context, in conversation.AlertRef) (conversation.Admission, error) {
	return conversation.Admission{}, o.do("admit-unidentified", in.AlertID)
}

func (o *office) Settle(_ context.Context, in conversation.SettleInput) (conversation.Outcome, error) {
	if in.Undelivered != "" || in.Unprovable != "" {
		return conversation.Outcome{}, errors.New("the record alone decides here")
	}
	return conversation.Outcome{Verdict: o.settles}, o.do("settle", in.AlertID)
}

func (o *office) Case(_ context.Context, in conversation.AlertRef) error {
	return o.do("case", in.AlertID)
}

func (o *office) ShowQuestion(_ context.Context, in conversation.AlertRef) error {
	return o.do("show", in.AlertID)
}

// ListWorkflow gives two to a page.
func (o *office) ListWorkflow(_ context.Context, request *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	o.asked = append(o.asked, request.GetQuery())
	if o.away != nil {
		return nil, o.away
	}
	from := len(request.GetNextPageToken())
	answer := &workflowservice.ListWorkflowExecutionsResponse{}
	for i := from; i < min(from+2, len(o.running)); i++ {
		answer.Executions = append(answer.Executions, &workflowpb.WorkflowExecutionInfo{
			Execution: &commonpb.WorkflowExecution{WorkflowId: conversation.AlertWorkflowID(o.running[i])},
		})
	}
	if from+2 < len(o.running) {
		answer.NextPageToken = make([]byte, from+2)
	}
	return answer, nil
}

func (o *office) pass(t *testing.T) error {
	t.Helper()
	return NewReconciler(o, o, o, slog.New(slog.DiscardHandler)).Pass(t.Context())
}

// ago is an alert that was asked about so long ago, to be answered within an hour.
func ago(id string, asked time.Duration) store.Record {
	at := now.Add(-asked)
	return store.Record{
		Alert: alert.Alert{ID: id, ReceivedAt: at}, Status: alert.Asking,
		Plan: &alert.Plan{Action: alert.Ask, AskBy: at.Add(time.Hour)}, AskedAt: at,
		Deadline: at.Add(time.Hour), WatchUntil: at.Add(72 * time.Hour),
	}
}

// decided is an alert with a verdict since a while.
func decided(id string, outcome alert.Outcome, since time.Duration) store.Record {
	record := ago(id, 30*time.Minute)
	record.Verdict, record.SettledAt = alert.Verdict{Outcome: outcome}, now.Add(-since)
	if record.Verdict.NeedsCase(alert.Plan{}) {
		record.EscalatedAt = record.SettledAt
	}
	return record
}

func TestWhatTheReconcilerDoes(t *testing.T) {
	t.Parallel()
	unplanned := func(age time.Duration) store.Record {
		return store.Record{Alert: alert.Alert{ID: "a1", ReceivedAt: now.Add(-age)}, Status: alert.Received}
	}
	unasked := func(late time.Duration) store.Record {
		record := ago("a1", time.Hour+late)
		record.AskedAt, record.Deadline, record.Status = time.Time{}, time.Time{}, alert.Received
		return record
	}
	watched := decided("a1", alert.NoResponse, time.Hour)
	proving := ago("a1", time.Hour+2*time.Minute)
	proving.Status = alert.Proving
	escalates := []string{"settle a1", "case a1", "show a1"}
	cases := map[string]struct {
		record  store.Record
		posted  store.PostState
		running bool
		away    bool
		did     []string
	}{
		"runs":                              {record: ago("a1", time.Minute), running: true},
		"does not run":                      {record: ago("a1", time.Minute), did: []string{"requeue a1"}},
		"nobody knows whether it runs":      {record: ago("a1", time.Minute), away: true},
		"just arrived":                      {record: unplanned(time.Second)},
		"a minute old, never started":       {record: unplanned(time.Minute), did: []string{"requeue a1"}},
		"an hour old, never planned":        {record: unplanned(time.Hour + 1), away: true, did: []string{"admit a1"}},
		"not asked in time":                 {record: unasked(alert.OverdueAfter + 1), running: true, did: escalates},
		"not asked, a little late":          {record: unasked(alert.OverdueAfter), running: true},
		"overdue and running":               {record: ago("a1", time.Hour+alert.OverdueAfter+1), running: true, did: escalates},
		"overdue, Temporal away":            {record: ago("a1", time.Hour+alert.OverdueAfter+1), away: true, did: escalates},
		"its signal was taken away":         {record: ago("a1", time.Hour+2*time.Minute), running: true, did: []string{"requeue a1"}},
		"a proof that runs on":              {record: proving, running: true},
		"settled, its case on the way":      {record: decided("a1", alert.Denied, time.Minute), running: true},
		"settled, its case missing":         {record: decided("a1", alert.Denied, 3*time.Minute), running: true, did: []string{"case a1"}},
		"a case missing, Temporal away":     {record: decided("a1", alert.Denied, 3*time.Minute), away: true, did: []string{"case a1"}},
		"a case that somebody died posting": {record: decided("a1", alert.Denied, 3*time.Minute), posted: store.PostIntended, did: []string{"case a1"}},
		"a case that stands":                {record: decided("a1", alert.Denied, 3*time.Minute), posted: store.PostDone, running: true},
		"confirmed, its question unchanged": {record: decided("a1", alert.Confirmed, time.Minute), did: []string{"requeue a1"}},
		"confirmed, and nothing came of it": {record: decided("a1", alert.Confirmed, alert.OverdueAfter+1), running: true, did: escalates},
		"late answers are waited for":       {record: watched, posted: store.PostDone, running: true},
		"late answers, and it does not run": {record: watched, posted: store.PostDone, did: []string{"requeue a1"}},
		"late answers, its case was kept":   {record: watched, running: true, did: []string{"case a1"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &office{records: []store.Record{tc.record}, posts: map[string]store.PostState{"a1": tc.posted}, settles: alert.NoResponse}
			if tc.running {
				o.running = []string{"x1", "x2", "a1"} // on the second page
			}
			if tc.away {
				o.away = errors.New("temporal is away")
			}
			require.Equal(t, tc.away, o.pass(t) != nil)
			require.Equal(t, tc.did, o.did)
		})
	}
}

func TestWhoIsNotInTheDirectoryIsAdmittedAllTheSame(t *testing.T) {
	t.Parallel()
	o := &office{unknown: true, records: []store.Record{{Alert: alert.Alert{ID: "a1", ReceivedAt: now.Add(-2 * time.Hour)}}}}
	require.NoError(t, o.pass(t))
	require.Equal(t, []string{"admit a1", "admit-unidentified a1"}, o.did)
}

func TestNoCaseWithoutAVerdict(t *testing.T) {
	t.Parallel()
	o := &office{records: []store.Record{ago("a1", 2*time.Hour)}} // the record waits for a proof
	require.NoError(t, o.pass(t))
	require.Equal(t, []string{"settle a1"}, o.did)
}

func TestOneFailureHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	o := &office{settles: alert.Denied, fails: map[string]error{
		"settle a1": errors.New("x"), "case a2": errors.New("x"), "requeue a3": errors.New("x"), "story a4": errors.New("x"),
	}}
	o.records = []store.Record{
		ago("a1", 2*time.Hour), ago("a2", 2*time.Hour), ago("a3", time.Minute), decided("a4", alert.Denied, 3*time.Minute), ago("a5", time.Minute),
	}
	require.NoError(t, o.pass(t))
	require.ElementsMatch(t, []string{"settle a1", "settle a2", "case a2", "requeue a3", "requeue a5"}, o.did)
}

func TestEveryPageIsLookedAt(t *testing.T) {
	t.Parallel()
	o := &office{}
	var want []string
	for n := range pageSize*2 + 1 {
		id := fmt.Sprintf("a%05d", n)
		o.records = append(o.records, ago(id, time.Minute))
		want = append(want, "requeue "+id)
	}
	require.NoError(t, o.pass(t))
	require.ElementsMatch(t, want, o.did)
	require.Equal(t, []string{"WorkflowType = 'Alert' AND ExecutionStatus = 'Running'"}, o.asked)
}

func TestTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	o := &office{listing: errors.New("away")}
	require.ErrorContains(t, o.pass(t), "list unfinished alerts")
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	NewReconciler(&office{}, &office{}, &office{}, slog.New(slog.DiscardHandler)).Run(ctx)
}
