package sandbox_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"securitybot/internal/sandbox"
	"securitybot/internal/sandbox/disk"
)

// life runs f against a sandbox on dir and closes it before it returns.
func life(t *testing.T, name, dir string, f func(*world), change ...func(*sandbox.Options)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		opt := options(t)
		opt.DataDir = dir
		for _, c := range change {
			c(&opt)
		}
		f(startWith(t, opt))
	})
}

func TestARestartForgetsNothing(t *testing.T) { //nolint:tparallel // one life after the other
	t.Parallel()
	dir := t.TempDir()
	var channel, ts, txid, authority string
	life(t, "before", dir, func(w *world) {
		w.openModal()
		first := w.dm(alice)[0]
		channel, ts = first.Channel, first.TS
		txid = w.push(w.duo(), "alice")
		w.do(http.MethodPost, "deactivate", press{"user": bob, "deactivated": true}, nil)
		w.do(http.MethodPost, "person", press{"user": "carol@example.com", "factor": "bypass", "status": press{"text": "away"}}, nil)
		for _, alerts := range [][]string{{"web-1"}, {}} {
			_, err := w.publish(alice, openQuestions(alerts...), nil)
			require.NoError(w.t, err)
		}
		w.order(press{"service": "slack", "method": "chat.update", "fault": "error", "times": 2})
		require.NoError(w.t, w.slack.AddReactionContext(context.Background(), "eyes", slack.NewRefToMessage(channel, ts)))
		authority = readFile(w.t, w.sb.DuoCAFile())
	})
	life(t, "after", dir, func(w *world) {
		t := w.t
		seen := w.dm(alice)
		require.Len(t, seen, 1)
		require.Equal(t, ts, seen[0].TS)
		require.Len(t, seen[0].Actions, 2)
		require.Equal(t, "explain", w.modal(alice)["callback_id"])
		require.Equal(t, "away", w.person("carol@example.com").Profile.StatusText)
		require.Equal(t, "Open questions", w.home(alice).Text)
		require.True(t, w.post("click", press{"user": alice, "view": "home", "action_id": "yes"}).Delivered, "an earlier copy")
		require.Equal(t, txid, w.pushes(alice)[0].TxID)
		require.Equal(t, authority, readFile(t, w.sb.DuoCAFile()))
		require.Equal(t, http.StatusOK, w.do(http.MethodPost, "pushes/"+txid, press{"result": "approve"}, nil))
		res, err := w.duo().AuthStatus(txid)
		require.NoError(t, err)
		require.Equal(t, "allow", res.Response.Result)

		_, _, _, err = w.slack.UpdateMessageContext(t.Context(), channel, ts, slack.MsgOptionText("x", true))
		require.Error(t, err, "the fault is still ordered")
		require.Len(t, w.log("slack", "chat.postMessage"), 1, "the log goes on")
		_, err = w.slack.GetUserByEmailContext(t.Context(), bob)
		require.Equal(t, "users_not_found", slackError(t, err).Err)
		_, later := w.ask(alice)
		require.Greater(t, later, ts)
	})
}

func TestAnOlderWorkspaceLearnsWhoIsNew(t *testing.T) { //nolint:tparallel // one life after the other
	t.Parallel()
	dir := t.TempDir()
	life(t, "before", dir, func(w *world) {
		w.do(http.MethodPost, "deactivate", press{"user": bob, "deactivated": true}, nil)
	})
	ctx := t.Context()
	d, err := disk.Open(ctx, filepath.Join(dir, "sandbox.db"))
	require.NoError(t, err)
	d.Delete("user", "U0SBXSAM00")
	d.Delete("duo_person", "DUSANDBOX00000000007")
	require.NoError(t, d.Close())
	life(t, "after", dir, func(w *world) {
		require.Equal(w.t, "Sam Rivera", w.person(sam).RealName)
		require.NotEmpty(w.t, w.push(w.duo(), "sam"))
		_, err := w.slack.GetUserByEmailContext(w.t.Context(), bob)
		require.Equal(w.t, "users_not_found", slackError(w.t, err).Err, "who was known stays as they are")
		all, err := w.slack.GetUsersContext(w.t.Context())
		require.NoError(w.t, err)
		require.Len(w.t, all, 11)
	})
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(data)
}

func TestAnEventWaitsForTheNextProcess(t *testing.T) { //nolint:tparallel // one life after the other
	t.Parallel()
	dir := t.TempDir()
	var want string
	life(t, "the app is away", dir, func(w *world) {
		w.app.replies(func(arrival) (int, string) { return http.StatusBadGateway, "" })
		want = w.post("reply", press{"user": alice, "text": "anybody?"}).TS
	}, func(o *sandbox.Options) { o.EventRetries = []time.Duration{time.Hour} })
	clock := func() time.Time { return time.Now().Add(2 * time.Hour) }
	life(t, "the app is back", dir, func(w *world) {
		call := w.app.wait(1)[0]
		var body struct{ Event struct{ TS string } }
		require.NoError(w.t, json.Unmarshal([]byte(call.body), &body))
		require.Equal(w.t, want, body.Event.TS)
		require.Equal(w.t, "1", call.header.Get("X-Slack-Retry-Num"))
	}, func(o *sandbox.Options) { o.Clock = clock })
}

const victimDir = "SANDBOX_TEST_VICTIM_DIR"

// TestVictim is the process that TestWhatWasAnsweredSurvivesSIGKILL kills; run
// as an ordinary test it has nothing to do.
func TestVictim(t *testing.T) { //nolint:paralleltest // it is a program of its own
	dir := os.Getenv(victimDir)
	if dir == "" {
		return
	}
	opt := options(t)
	opt.DataDir = dir
	w := startWith(t, opt)
	w.order(press{"service": "slack", "method": "chat.postMessage", "fault": "kill", "times": 1})
	for i := range 3 {
		channel, ts, err := w.slack.PostMessageContext(t.Context(), w.id(alice), slack.MsgOptionText(fmt.Sprint(i), true))
		fmt.Println(channel, ts, err)
	}
}

func TestWhatWasAnsweredSurvivesSIGKILL(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	victim := exec.CommandContext(t.Context(), self, "-test.run=^TestVictim$")
	victim.Env = append(os.Environ(), victimDir+"="+dir)
	out, err := victim.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, victim.Start())
	for lines := bufio.NewScanner(out); lines.Scan(); {
		require.Fail(t, "the victim went on", lines.Text())
	}
	require.ErrorContains(t, victim.Wait(), "killed")
	opt := options(t)
	opt.DataDir = dir
	w := startWith(t, opt)
	seen := w.dm(alice)
	require.Len(t, seen, 1)
	require.Equal(t, "0", seen[0].Text)
}
