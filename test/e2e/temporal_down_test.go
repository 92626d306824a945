package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Temporal is away when people answer, and still when the deadline passes: who
// answered in time is never taken for silent.
func TestTemporalDown(t *testing.T) {
	t.Parallel()
	outages := map[string]struct{ during, after func(b *bot) }{
		"frozen": {
			during: func(b *bot) { b.signalTemporal(syscall.SIGSTOP) },
			after:  func(b *bot) { b.signalTemporal(syscall.SIGCONT) },
		},
		"killed again and again": {
			during: func(b *bot) { b.signalTemporal(syscall.SIGKILL) },
			after:  func(*bot) {},
		},
	}
	for name, outage := range outages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := running(t, "SECURITYBOT_DEADLINE=30s", "SECURITYBOT_REMINDERS=none", "SECURITYBOT_WATCH_FOR=60s")
			yes, no, silent := b.reports(alertAbout(alice)), b.reports(alertAbout(bob)), b.reports(alertAbout(carol))
			toAlice, toBob := b.asked(alice), b.asked(bob)
			b.asked(carol)
			b.eventually("all questions are known", func() bool { return b.alert(silent).Deadline != "" })

			outage.during(b)
			meanwhile := b.reports(alertAbout(dave)) // taken all the same
			require.NoError(t, b.pressesOn(alice, toAlice, "yes"))
			require.NoError(t, b.pressesOn(bob, toBob, "no"))
			b.eventually("readiness names what is missing", func() bool {
				status, text := b.try(http.MethodGet, "/readyz", nil)
				require.Equal(b, http.StatusOK, status, "alerts are taken")
				return strings.Contains(string(text), "temporal")
			})
			over := b.overAt(silent)
			b.eventually("the deadline passes", func() bool {
				outage.during(b)
				return time.Now().After(over)
			})
			b.undecided(yes)
			b.undecided(silent)
			require.Equal(b, "denied", b.alert(no).Verdict, "a no needs nobody")
			outage.after(b)
			back := time.Now()

			b.answers(dave, "no")
			b.phone(alice, "approve")
			b.settles(yes, "confirmed", "")
			b.settles(no, "denied", "")
			b.settles(silent, "no_response", "")
			b.settles(meanwhile, "denied", "")
			b.eventually("three cases", func() bool { return len(b.security()) == 3 })
			t.Logf("everything went on within %s", time.Since(back).Round(time.Second))
			for email, id := range map[string]string{alice: yes, bob: no, carol: silent, dave: meanwhile} {
				require.Len(t, b.questions(email), 1)
				require.Equal(t, 1, b.alert(id).count("settled"))
			}
			require.Len(t, b.pushes(alice), 1)
			b.stop()
		})
	}
}

// overAt is when even an answer given in time would have arrived.
func (b *bot) overAt(id string) time.Time {
	b.Helper()
	deadline, err := time.Parse(time.RFC3339Nano, b.alert(id).Deadline)
	require.NoError(b, err)
	return deadline.Add(5 * time.Second)
}

// signalTemporal reaches the Temporal server, when it runs.
func (b *bot) signalTemporal(signal syscall.Signal) {
	b.Helper()
	for _, pid := range b.children() {
		require.NoError(b, ignoreGone(syscall.Kill(pid, signal)))
	}
}

func ignoreGone(err error) error {
	if err == syscall.ESRCH { //nolint:errorlint // a bare number by definition
		return nil
	}
	return err
}

// children are the processes that the program started: Temporal's server alone.
func (b *bot) children() []int {
	b.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(b, err)
	require.NotEmpty(b, stats)
	var pids []int
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended
		}
		_, after, _ := bytes.Cut(text, []byte(") "))
		var state string
		var parent int
		if _, err := fmt.Sscan(string(after), &state, &parent); err != nil || parent != b.cmd.Process.Pid || state == "Z" {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		require.NoError(b, err)
		pids = append(pids, pid)
	}
	return pids
}
