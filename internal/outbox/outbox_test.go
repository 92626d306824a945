package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.uber.org/goleak"

	"securitybot/internal/alert"
	"securitybot/internal/conversation"
	"securitybot/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// waiting is a record in which something waits for Temporal.
type waiting struct {
	mu        sync.Mutex
	due       []store.Outgoing
	missing   error // of every alert
	claiming  error
	delivered []int64
	kept      map[int64]time.Duration
	causes    map[int64]string
	claims    chan struct{}
}

func (w *waiting) Alert(_ context.Context, id string) (store.Record, error) {
	return store.Record{Alert: alert.Alert{
		ID: id, Source: "auditd", Detection: "sudo_interactive", Severity: alert.Critical, Title: "a secret title",
		Subject: alert.Subject{Email: "alice@example.com"},
	}}, w.missing
}

func (w *waiting) ClaimOutgoing(_ context.Context, _ time.Duration, limit int) ([]store.Outgoing, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.claims != nil {
		w.claims <- struct{}{}
	}
	count := min(limit, len(w.due))
	claimed := w.due[:count]
	w.due = w.due[count:]
	return claimed, w.claiming
}

func (w *waiting) Delivered(_ context.Context, id int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delivered = append(w.delivered, id)
	return nil
}

func (w *waiting) Undelivered(_ context.Context, id int64, wait time.Duration, cause error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.kept == nil {
		w.kept, w.causes = map[int64]time.Duration{}, map[int64]string{}
	}
	w.kept[id], w.causes[id] = wait, cause.Error()
	return nil
}

// played is a Temporal that notes what it is asked.
type played struct {
	mu      sync.Mutex
	calls   []string
	options []client.StartWorkflowOptions
	fails   func(workflowID string) error
}

func (p *played) note(call string, options client.StartWorkflowOptions) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, call)
	p.options = append(p.options, options)
	if p.fails == nil {
		return nil
	}
	return p.fails(options.ID)
}

func (p *played) ExecuteWorkflow(_ context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error) {
	return nil, p.note(fmt.Sprintf("start %v %s %+v", workflow, options.ID, args), options)
}

func (p *played) SignalWithStartWorkflow(_ context.Context, id, signal string, message any, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error) {
	return nil, p.note(fmt.Sprintf("signal %s %+v to %v %s %+v", signal, message, workflow, id, args), options)
}

func newOutbox(record *waiting, temporal *played) *Outbox {
	return New(record, temporal, slog.New(slog.DiscardHandler))
}

var over = serviceerror.NewWorkflowExecutionAlreadyStarted("started before", "", "")

func entry(kind, ref, choice string) store.Outgoing {
	return store.Outgoing{ID: 1, AlertID: "a1", Kind: kind, Ref: ref, Choice: choice, Attempts: 1}
}

func TestWhatReachesTemporal(t *testing.T) {
	t.Parallel()
	followUp := func(kind, ref string) string {
		return "start FollowUp follow-up-a1-" + kind + "-" + shortName(ref) + " [{AlertID:a1}]"
	}
	cases := map[string]struct {
		entry store.Outgoing
		call  string
		after string // when the alert's workflow has come to its end
	}{
		"start": {entry(store.OutgoingStart, "", ""), "start Alert alert-a1 [{AlertID:a1}]", ""},
		"answer": {
			entry(store.OutgoingAnswer, "press-1", "no"),
			"signal answer {AnswerID:press-1 Choice:no} to Alert alert-a1 [{AlertID:a1}]", followUp("answer", "press-1"),
		},
		"snooze": {
			entry(store.OutgoingSnooze, "press-2", ""),
			"signal snooze {SnoozeID:press-2} to Alert alert-a1 [{AlertID:a1}]", "",
		},
		"push again": {
			entry(store.OutgoingPushAgain, "2", ""), "signal push_again {Attempt:2} to Alert alert-a1 [{AlertID:a1}]", "",
		},
		"wake": {
			entry(store.OutgoingWake, "distrust a2", ""), "signal wake {Why:distrust a2} to Alert alert-a1 [{AlertID:a1}]", "",
		},
		"words": {entry(store.OutgoingFollowUp, "press-1", ""), followUp("follow_up", "press-1"), ""},
		"notice": {
			store.Outgoing{ID: 1, Kind: store.OutgoingNotice, Ref: "n1", Attempts: 1}, "start Notice notice-n1 [{NoticeID:n1}]", "",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			record, temporal := &waiting{due: []store.Outgoing{tc.entry}}, &played{}
			require.Equal(t, 1, newOutbox(record, temporal).pass(t.Context()))
			require.Equal(t, []string{tc.call}, temporal.calls)
			require.Equal(t, []int64{1}, record.delivered)
			require.Empty(t, record.kept)

			record, temporal = &waiting{due: []store.Outgoing{tc.entry}}, &played{fails: func(string) error { return over }}
			newOutbox(record, temporal).pass(t.Context())
			want := []string{tc.call}
			if tc.after != "" {
				want = append(want, tc.after)
			}
			require.Equal(t, want, temporal.calls)
			require.Equal(t, []int64{1}, record.delivered, "what was done before is done")

			away := errors.New("away")
			record, temporal = &waiting{due: []store.Outgoing{tc.entry}}, &played{fails: func(string) error { return away }}
			newOutbox(record, temporal).pass(t.Context())
			require.Empty(t, record.delivered)
			require.Equal(t, map[int64]string{1: "away"}, record.causes)
		})
	}
}

// A ladder that has come to its end starts anew: the case may be open again.
func TestALadderIsStartedOrWoken(t *testing.T) {
	t.Parallel()
	record := &waiting{due: []store.Outgoing{entry(store.OutgoingLadder, "press-3", "")}}
	temporal := &played{}
	newOutbox(record, temporal).pass(t.Context())
	require.Equal(t, []string{"signal wake {Why:press-3} to Ladder ladder-a1 [{AlertID:a1}]"}, temporal.calls)
	require.Equal(t, enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, temporal.options[0].WorkflowIDReusePolicy)
	require.Equal(t, []int64{1}, record.delivered)

	record.due = []store.Outgoing{entry(store.OutgoingLadder, "press-3", "")}
	temporal.fails = func(string) error { return errors.New("away") }
	newOutbox(record, temporal).pass(t.Context())
	require.Contains(t, record.kept, int64(1))
}

// The follow-up of a late no fails: the no is kept, not forgotten.
func TestAFollowUpThatFailsIsKept(t *testing.T) {
	t.Parallel()
	record := &waiting{due: []store.Outgoing{entry(store.OutgoingAnswer, "p", "no")}}
	temporal := &played{fails: func(id string) error {
		if strings.HasPrefix(id, "alert-") {
			return over
		}
		return errors.New("away")
	}}
	newOutbox(record, temporal).pass(t.Context())
	require.Empty(t, record.delivered)
	require.Contains(t, record.kept, int64(1))
}

func TestHowAWorkflowIsStarted(t *testing.T) {
	t.Parallel()
	record := &waiting{due: []store.Outgoing{
		entry(store.OutgoingStart, "", ""), entry(store.OutgoingAnswer, "p", "yes"), entry(store.OutgoingFollowUp, "p", ""),
	}}
	temporal := &played{}
	newOutbox(record, temporal).pass(t.Context())
	require.Len(t, temporal.options, 3)
	for i, options := range temporal.options {
		require.Equal(t, conversation.QueueAlerts, options.TaskQueue)
		reuse := enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY
		if strings.HasPrefix(temporal.calls[i], "start Alert") {
			reuse = enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE // the record is not done with the alert
		}
		require.Equal(t, reuse, options.WorkflowIDReusePolicy)
		require.True(t, options.WorkflowExecutionErrorWhenAlreadyStarted)
		require.Zero(t, options.WorkflowExecutionTimeout, "no wait is cut off from outside")
		require.NotContains(t, fmt.Sprintf("%+v", options), "alice@", "nothing personal enters Temporal")
		require.NotContains(t, fmt.Sprintf("%+v", options), "secret title")
	}
	begun := temporal.options[slices.IndexFunc(temporal.calls, func(call string) bool {
		return strings.HasPrefix(call, "start Alert")
	})]
	require.Equal(t, 1, begun.Priority.PriorityKey)
	require.Equal(t, "auditd", begun.Priority.FairnessKey)
}

func TestTheWaitGrows(t *testing.T) {
	t.Parallel()
	for attempts, want := range map[int]time.Duration{
		1: 2 * time.Second, 2: 4 * time.Second, 4: 16 * time.Second, 5: 30 * time.Second, 60: 30 * time.Second,
	} {
		failing := entry(store.OutgoingStart, "", "")
		failing.Attempts = attempts
		record := &waiting{due: []store.Outgoing{failing}}
		newOutbox(record, &played{fails: func(string) error { return errors.New("away") }}).pass(t.Context())
		require.Equal(t, want, record.kept[1], attempts)
	}
}

func TestOneThatCannotBeBroughtHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	odd, unread := entry("unheard of", "", ""), entry(store.OutgoingPushAgain, "two", "")
	odd.ID, unread.ID = 7, 8
	record, temporal := &waiting{due: []store.Outgoing{odd, unread, entry(store.OutgoingStart, "", "")}}, &played{}
	newOutbox(record, temporal).pass(t.Context())
	require.Equal(t, []int64{1}, record.delivered)
	require.Len(t, record.kept, 2)

	record = &waiting{due: []store.Outgoing{entry(store.OutgoingStart, "", "")}, missing: errors.New("database away")}
	newOutbox(record, temporal).pass(t.Context())
	require.Contains(t, record.causes[1], "read alert")

	record = &waiting{claiming: errors.New("database away")}
	require.Zero(t, newOutbox(record, temporal).pass(t.Context()))
}

func TestRunLooksAtOnceWhenKicked(t *testing.T) {
	t.Parallel()
	record := &waiting{claims: make(chan struct{})}
	outbox := newOutbox(record, &played{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		outbox.Run(ctx)
	}()
	<-record.claims // the first look
	for range 3 {
		outbox.Kick() // never blocks
	}
	<-record.claims
	cancel()
	for {
		select {
		case <-record.claims: // one that was on its way
			continue
		case <-done:
		}
		break
	}
}

func TestFairnessKeyFitsTemporal(t *testing.T) {
	t.Parallel()
	require.Equal(t, "auditd", fairness("auditd"))
	require.Len(t, fairness(strings.Repeat("a", 100)), 64)
}
