package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
)

// The budget of a proven yes of somebody known: what Temporal is asked, by its
// own meter, what it has to keep, and what Slack is asked.
func TestBudgetOfAProvenYes(t *testing.T) {
	t.Parallel()
	b := installed(t)
	meter := b.metered()
	b.start()
	b.confirms(alice) // now she is known, and our place in the team
	asked, before := len(b.log("slack")), b.steady(meter)

	recorded := b.wholeHistory(b.confirms(alice))
	events, counted, metered := len(recorded.GetEvents()), actionsOf(recorded), b.steady(meter)-before
	calls := methodsOf(b.log("slack")[asked:])
	t.Logf("a proven yes: %d events, %d actions by its history, %d by Temporal's meter, calls of Slack: %v",
		events, counted, metered, calls)
	require.LessOrEqual(t, events, 30)
	require.LessOrEqual(t, counted, 8)
	require.LessOrEqual(t, metered, 8)
	require.ElementsMatch(t, []string{"chat.postMessage", "views.open", "chat.update"}, calls)
}

// One more occurrence costs its own start and admission, and the question a signal
// and an edit; an alert that a proven yes covers costs next to nothing.
func TestBudgetOfWhatIsNotAsked(t *testing.T) {
	t.Parallel()
	b := installed(t, policy(t, always))
	meter := b.metered()
	b.start()
	b.confirms(bob)

	first := b.reports(alertOn("db-1", alice, "medium"))
	b.questionOf(alice, first)
	b.historyWith(first, enums.EVENT_TYPE_TIMER_STARTED)
	before := b.steady(meter)
	joined := b.reports(alertOn("db-1", alice, "medium"))
	b.eventually("the question lists both", func() bool { return b.asked(alice).offers("some_not") })
	cost := b.steady(meter) - before
	t.Logf("a joined alert: %d actions, %d events of its own", cost, len(b.wholeHistory(joined).GetEvents()))
	require.LessOrEqual(t, cost, 4)

	b.clicks(alice, b.asked(alice), "yes")
	b.phone(alice, "approve")
	b.settles(joined, "confirmed", "")
	b.wholeHistory(first)
	asked, before := len(b.log("slack")), b.steady(meter)
	covered := b.reports(alertOn("db-1", alice, "medium"))
	b.settles(covered, "suppressed", "proven")
	recorded := b.wholeHistory(covered)
	cost = b.steady(meter) - before
	t.Logf("a suppressed alert: %d actions, %d events", cost, len(recorded.GetEvents()))
	require.LessOrEqual(t, actionsOf(recorded), 3)
	require.LessOrEqual(t, cost, 3)
	require.Empty(t, methodsOf(b.log("slack")[asked:]))
}

// confirms is a whole conversation, with a reason.
func (b *bot) confirms(email string) (id string) {
	b.Helper()
	id = b.reports(alertAbout(email))
	b.answers(email, "yes")
	b.phone(email, "approve")
	b.explains(email, "I was patching")
	b.settles(id, "confirmed", "")
	b.wholeHistory(id)
	b.buttonless(email)
	return id
}

// steady reads a meter, which tells with some delay, until it stands still.
func (b *bot) steady(meter func() int) int {
	b.Helper()
	count, since := meter(), time.Now()
	b.eventually("the meter stands still", func() bool {
		if now := meter(); now != count {
			count, since = now, time.Now()
		}
		return time.Since(since) > 3*time.Second
	})
	return count
}

// actionsOf counts what Temporal bills: see its page on actions. Heartbeats
// leave no trace in a history; the meter counts them.
func actionsOf(recorded *history.History) int {
	actions := countOf(recorded, enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
		enums.EVENT_TYPE_TIMER_STARTED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
		enums.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES, enums.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED)
	marked := map[int64]bool{} // local steps of one workflow task are one action
	for _, event := range recorded.GetEvents() {
		actions += max(int(event.GetActivityTaskStartedEventAttributes().GetAttempt())-1, 0)
		if marker := event.GetMarkerRecordedEventAttributes(); marker != nil {
			marked[marker.GetWorkflowTaskCompletedEventId()] = true
		}
	}
	return actions + len(marked)
}

func methodsOf(log []seen) []string {
	var methods []string
	for _, request := range log {
		methods = append(methods, request.Method)
	}
	return methods
}

var actionCount = regexp.MustCompile(`(?m)^(?:temporal_)?action\{.*namespace="default".*\} (\S+)$`)

// metered has the installation use a Temporal server that counts its actions,
// and gives what reads the count.
func (b *bot) metered() (meter func() int) {
	b.Helper()
	ports := freePorts(b.T, 2)
	b.tport = ports[0]
	server := exec.Command(filepath.Join(filepath.Dir(binary), "temporal-devserver"), "server", "start-dev",
		"--headless", fmt.Sprintf("--port=%d", ports[0]), fmt.Sprintf("--metrics-port=%d", ports[1]),
		"--log-level=error", "--exit-with-parent")
	held, err := server.StdinPipe()
	require.NoError(b, err)
	server.Stderr = os.Stderr
	require.NoError(b, server.Start())
	b.Cleanup(func() {
		_ = held.Close()
		_ = server.Wait()
	})
	b.env = append(b.env, fmt.Sprintf("TEMPORAL_ADDRESS=127.0.0.1:%d", ports[0]))
	read := func() (text string) {
		response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/metrics", ports[1]))
		if err != nil {
			return ""
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		require.NoError(b, err)
		return string(body)
	}
	b.eventually("the meter runs", func() bool { return read() != "" })
	return func() int {
		total := 0.0
		for _, match := range actionCount.FindAllStringSubmatch(read(), -1) {
			count, err := strconv.ParseFloat(match[1], 64)
			require.NoError(b, err)
			total += count
		}
		return int(total)
	}
}
