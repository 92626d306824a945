package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"securitybot/internal/conversation"
	workers "securitybot/worker"
)

// updateHistories has the histories that workflows/replay_test.go replays
// recorded anew, by UPDATE_HISTORIES=1 go test -run TestHistories ./test/e2e.
var updateHistories = os.Getenv("UPDATE_HISTORIES") != ""

// Real conversations, finished and still waiting, replay with the code that
// held them; with UPDATE_HISTORIES set they become the ones that later code
// has to replay.
func TestHistories(t *testing.T) {
	t.Parallel()
	t.Run("answered", func(t *testing.T) {
		t.Parallel()
		b := running(t)
		confirmed := b.reports(alertAbout(alice))
		b.asked(alice)
		b.records("waiting", b.historyWith(confirmed, enums.EVENT_TYPE_TIMER_STARTED))
		b.answers(alice, "yes")
		b.eventually("her phone lights up", func() bool { return len(b.pushes(alice)) == 1 })
		b.records("proving", b.historyWith(confirmed, enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED))
		b.phone(alice, "approve")
		b.records("confirmed", b.wholeHistory(confirmed))

		denied := b.reports(alertAbout(bob))
		b.answers(bob, "no")
		b.records("denied", b.wholeHistory(denied))

		contradicted := b.reports(alertAbout(carol))
		b.answers(carol, "yes")
		b.phone(carol, "deny")
		b.settles(contradicted, "denied", "contradicted")
		b.records("contradicted", b.wholeHistory(contradicted))

		b.suffers(fault{Service: "duo", Method: "auth", Fault: "error", Times: 1})
		again := b.reports(alertAbout(dave))
		b.answers(dave, "yes")
		b.clicks(dave, b.offered(dave), "push_again")
		b.phone(dave, "approve")
		b.settles(again, "confirmed", "")
		b.records("push_again", b.wholeHistory(again))
	})
	t.Run("silent", func(t *testing.T) {
		t.Parallel()
		b := running(t, "SECURITYBOT_DEADLINE=6s", "SECURITYBOT_REMINDERS=2s,4s", "SECURITYBOT_WATCH_FOR=20s")
		silent, late := b.reports(alertAbout(alice)), b.reports(alertAbout(bob))
		question := b.asked(bob)
		b.settles(silent, "no_response", "")
		b.settles(late, "no_response", "")
		b.clicks(bob, question, "no")
		b.records("silence_with_reminders", b.wholeHistory(silent))
		b.records("late_answer", b.wholeHistory(late))
		require.Equal(t, 2, b.alert(silent).count("reminded"))
		require.Equal(t, 1, b.alert(late).count("late_answer"))
	})
	t.Run("several", func(t *testing.T) {
		t.Parallel()
		recordsSeveral(running(t, policy(t, patient)))
	})
	t.Run("held", func(t *testing.T) {
		t.Parallel()
		b := running(t, policy(t, atWorkIn(2*24*time.Hour)))
		held := b.reports(alertOn("db-1", alice, "low"))
		b.becomes(held, "held")
		b.records("held", b.historyWith(held, enums.EVENT_TYPE_TIMER_STARTED))
		b.notice("waits until")
		b.records("notice", b.historyOf(conversation.NoticeWorkflowID("held-"+held), enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED))
	})
	t.Run("upkeep", func(t *testing.T) {
		t.Parallel()
		b := running(t)
		for _, task := range []string{conversation.TaskCheckpoint, conversation.TaskRetention} {
			whole := b.upkeep(task)
			b.records("upkeep_"+task, whole)
			begun := slices.IndexFunc(whole.GetEvents(), func(event *history.HistoryEvent) bool {
				return event.GetEventType() == enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
			})
			b.records("upkeep_"+task+"_begun", &history.History{Events: whole.GetEvents()[:begun+1]})
		}
	})
}

// upkeep has a task done, as its schedule would.
func (b *bot) upkeep(task string) *history.History {
	b.Helper()
	id := conversation.UpkeepScheduleID(task) + "-now"
	_, err := newIntruder(b).ExecuteWorkflow(b.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: conversation.QueueAlerts},
		conversation.WorkflowUpkeep, conversation.UpkeepInput{Task: task})
	require.NoError(b, err)
	return b.historyOf(id, enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED)
}

// atWorkIn is a policy whose people are at work on one day of the week alone, and
// not asked before.
func atWorkIn(wait time.Duration) string {
	day := strings.ToLower(time.Now().UTC().Add(wait).Weekday().String()[:3])
	return "version: 1\ndefaults: {outside_hours: hold, clock: working, working_hours: {zone: UTC, days: " + day + ", from: \"00:00\", to: \"24:00\"}}\n"
}

// recordsSeveral are conversations about more than one alert, and a case that climbs.
func recordsSeveral(b *bot) {
	b.Helper()
	first := b.reports(alertOn("db-1", alice, "high"))
	b.asked(alice)
	joined := b.reports(alertOn("db-1", alice, "high"))
	b.records("joined", b.wholeHistory(joined))
	b.eventually("the question lists both", func() bool { return b.asked(alice).offers("some_not") })
	b.records("waiting_with_joined", b.historyWith(first, enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED))
	queued := b.reports(alertOn("db-2", alice, "high"))
	b.becomes(queued, "held")
	b.records("queued", b.historyWith(queued, enums.EVENT_TYPE_TIMER_STARTED))
	b.clicks(alice, b.asked(alice), "yes")
	b.phone(alice, "approve")
	b.records("confirmed_with_joined", b.wholeHistory(first))

	b.clicks(alice, b.questionOf(alice, queued), "yes")
	b.phone(alice, "approve")
	b.records("queued_and_confirmed", b.wholeHistory(queued))
	require.Contains(b, b.types(alice, "ignore last 1h"), "If your phone shows")
	b.eventually("her phone lights up", func() bool { return len(b.pushes(alice)) == 3 })
	wish := b.requestOf(alice)
	b.records("request", b.historyWith(wish, enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED))
	b.phone(alice, "approve")
	b.records("request_confirmed", b.wholeHistory(wish))
	covered := b.reports(alertOn("db-2", alice, "high"))
	b.settles(covered, "suppressed", "ignore")
	b.records("suppressed", b.wholeHistory(covered))

	climbs := b.reports(alertAbout(bob))
	b.answers(bob, "unsure")
	b.caseOf(climbs)
	ladder := conversation.LadderWorkflowID(climbs)
	b.records("ladder_waiting", b.historyOf(ladder, enums.EVENT_TYPE_TIMER_STARTED))
	b.eventually("it climbs", func() bool { return b.alert(climbs).has("case_climbed") })
	b.records("ladder", b.historyOf(ladder, enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED))
	b.clicks(sam, b.caseOf(climbs), "acknowledge")
	b.eventually("the case says so", func() bool { return b.caseOf(climbs).says("acknowledged this") })
}

// requestOf is the alert that a wish of somebody's became.
func (b *bot) requestOf(email string) string {
	b.Helper()
	for id, view := range b.everyAlert() {
		if view.Request != nil {
			return id
		}
	}
	require.FailNow(b, email+" asked for nothing")
	return ""
}

// records replays a history, and keeps it when asked to.
func (b *bot) records(name string, recorded *history.History) {
	b.Helper()
	replayer := worker.NewWorkflowReplayer()
	workers.RegisterWorkflows(replayer)
	require.NoError(b, replayer.ReplayWorkflowHistory(nil, recorded), name)
	if !updateHistories {
		return
	}
	folder := filepath.Join("..", "..", "workflows", "testdata", "histories")
	require.NoError(b, os.MkdirAll(folder, 0o755))
	require.NoError(b, os.WriteFile(filepath.Join(folder, name+".json"), b.anonymous(recorded), 0o644))
}

// anonymous is a history without what names the machine that it happened on.
func (b *bot) anonymous(recorded *history.History) []byte {
	b.Helper()
	text, err := temporalproto.CustomJSONMarshalOptions{}.Marshal(recorded)
	require.NoError(b, err)
	var tree any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	require.NoError(b, decoder.Decode(&tree))
	forget(tree)
	text, err = json.MarshalIndent(tree, "", " ")
	require.NoError(b, err)
	host, err := os.Hostname()
	require.NoError(b, err)
	home, err := os.Getwd()
	require.NoError(b, err)
	for _, secret := range []string{host + ":", "@" + host, home, "@example.com"} {
		require.NotContains(b, string(text), secret)
	}
	return append(text, '\n')
}

// forget drops who ran a step, and the names of queues that only one process serves.
func forget(tree any) {
	switch node := tree.(type) {
	case []any:
		for _, child := range node {
			forget(child)
		}
	case map[string]any:
		delete(node, "identity")
		delete(node, "stackTrace")
		if normal, sticky := node["normalName"]; sticky {
			node["name"] = normal
		}
		for _, child := range node {
			forget(child)
		}
	}
}

// historyWith waits until something has happened in an alert's workflow and
// there is nothing that its worker has still to look at.
func (b *bot) historyWith(id string, kind enums.EventType) *history.History {
	b.Helper()
	return b.historyOf(conversation.AlertWorkflowID(id), kind)
}

// historyOf is historyWith for any workflow.
func (b *bot) historyOf(workflowID string, kind enums.EventType) *history.History {
	b.Helper()
	var recorded *history.History
	b.eventually("the workflow comes to "+kind.String(), func() bool {
		if recorded = b.history(workflowID); len(recorded.GetEvents()) == 0 {
			return false
		}
		last := recorded.GetEvents()[len(recorded.GetEvents())-1].GetEventType()
		busy := last == enums.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED || last == enums.EVENT_TYPE_WORKFLOW_TASK_STARTED
		return !busy && countOf(recorded, kind) > 0
	})
	return recorded
}

// wholeHistory waits for an alert's workflow to end.
func (b *bot) wholeHistory(id string) *history.History {
	b.Helper()
	return b.historyWith(id, enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED)
}

// history is what Temporal knows of a workflow now; nothing while there is none.
func (b *bot) history(workflowID string) *history.History {
	b.Helper()
	connection := b.temporal()
	defer connection.Close()
	recorded := &history.History{}
	events := connection.GetWorkflowHistory(b.Context(), workflowID, "", false,
		enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if _, missing := errors.AsType[*serviceerror.NotFound](err); missing {
			return recorded
		}
		require.NoError(b, err)
		recorded.Events = append(recorded.Events, event)
	}
	return recorded
}

func (b *bot) temporal() client.Client {
	b.Helper()
	connection, err := client.Dial(client.Options{HostPort: "127.0.0.1:" + strconv.Itoa(b.tport)})
	require.NoError(b, err)
	return connection
}

func countOf(recorded *history.History, kinds ...enums.EventType) int {
	count := 0
	for _, event := range recorded.GetEvents() {
		if slices.Contains(kinds, event.GetEventType()) {
			count++
		}
	}
	return count
}
