package e2e_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"securitybot/internal/testkit"
)

// databases are what the record is kept in; each test of a dying process runs on both.
var databases = map[string]func(t *testing.T) []string{
	"sqlite":     func(*testing.T) []string { return nil },
	"postgresql": func(t *testing.T) []string { return []string{"DATABASE_URL=" + testkit.Postgres(t)} },
}

// The process dies at an effect, right after it happened, and starts again: the
// conversation goes on as if nothing had been.
func TestKilledAtEveryEffect(t *testing.T) {
	t.Parallel()
	deaths := map[string]struct{ service, method string }{
		"question posted": {"slack", "chat.postMessage"},
		"modal opened":    {"slack", "views.open"},
		"question edited": {"slack", "chat.update"},
		"push polled":     {"duo", "auth_status"},
	}
	for database, env := range databases {
		for name, death := range deaths {
			t.Run(database+"/"+name, func(t *testing.T) {
				t.Parallel()
				b := running(t, env(t)...)
				b.fault(death.service, death.method, "kill", 1)
				if name == "modal opened" { // a push that leaves at that very moment would be lost: see TestKilledWhenThePushLeft
					b.suffers(fault{Service: "duo", Method: "preauth", Fault: "error", Times: forGood})
				}
				id := b.reports(alertAbout(alice))
				if name == "question posted" {
					b.restarts()
				}
				question := b.asked(alice)
				deadline := b.deadline(id)
				b.tryClick(alice, question, "yes")
				if name == "modal opened" || name == "push polled" {
					b.restarts()
				}
				if name == "modal opened" {
					b.recovers()
				}
				b.phone(alice, "approve")
				if name == "question edited" {
					b.restarts()
				}
				view := b.settles(id, "confirmed", "")
				require.Len(t, b.questions(alice), 1, "no second question")
				require.Len(t, b.pushes(alice), 1, "no second push")
				require.Equal(t, 1, view.count("asked"))
				require.Equal(t, 1, view.count("settled"))
				require.Equal(t, deadline, view.Deadline, "times do not move")
				require.Empty(t, b.security())
				b.eventually("the buttons vanish", func() bool { return len(b.questions(alice)[0].Actions) == 0 })
			})
		}
	}
}

// The push left and nobody learnt its transaction: it can never count, and it is
// never sent again by itself.
func TestKilledWhenThePushLeft(t *testing.T) {
	t.Parallel()
	for database, env := range databases {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			b := running(t, env(t)...)
			b.fault("duo", "auth", "kill", 1)
			id := b.reports(alertAbout(alice))
			b.tryClick(alice, b.asked(alice), "yes")
			b.restarts()
			var offer shown
			b.eventually("another push is offered", func() bool {
				for _, message := range b.dm(alice) {
					if message.offers("push_again") {
						offer = message
						return true
					}
				}
				return false
			})
			require.Len(t, b.pushes(alice), 1, "no second push by itself")
			b.phone(alice, "approve") // of the lost one
			b.clicks(alice, offer, "push_again")
			b.phone(alice, "approve")
			b.settles(id, "confirmed", "")
			require.Len(t, b.pushes(alice), 2)
		})
	}
}

func TestKilledWhenTheCaseIsPosted(t *testing.T) {
	t.Parallel()
	for database, env := range databases {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			b := running(t, env(t)...)
			id := b.reports(alertAbout(alice))
			question := b.asked(alice)
			b.fault("slack", "chat.postMessage", "kill", 1)
			b.tryClick(alice, question, "no")
			b.restarts()
			b.settles(id, "denied", "")
			b.eventually("the case is known", func() bool { return b.alert(id).has("case_opened") })
			require.Len(t, b.security(), 1, "exactly one case")
		})
	}
}

// Killed from outside right after an answer of ours: what was acknowledged stands.
func TestPowerCuts(t *testing.T) {
	t.Parallel()
	for database, env := range databases {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			b := running(t, env(t)...)
			id := b.reports(alertAbout(alice))
			b.kill() // after accept
			b.start()
			question := b.asked(alice)
			b.suffers(fault{Service: "duo", Method: "preauth", Fault: "error", Times: forGood}) // no push leaves before the end
			b.clicks(alice, question, "yes")
			b.kill() // after the answer
			b.start()
			b.recovers()
			b.phone(alice, "approve")
			b.settles(id, "confirmed", "")
			b.kill() // after it was settled
			b.start()
			b.eventually("the buttons vanish", func() bool { return len(b.questions(alice)[0].Actions) == 0 })
			require.Len(t, b.questions(alice), 1)
			require.Len(t, b.pushes(alice), 1)
			require.Equal(t, 1, b.alert(id).count("settled"))
		})
	}
}

// Temporal's own data is gone in the middle of conversations.
func TestTemporalDataDeleted(t *testing.T) {
	t.Parallel()
	for database, env := range databases {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			b := running(t, env(t)...)
			open := b.reports(alertAbout(alice))
			b.asked(alice)
			proving := b.reports(alertAbout(bob))
			b.answers(bob, "yes")
			b.eventually("bob's phone lights up", func() bool { return b.alert(proving).has("push_sent") })
			deadline := b.deadline(open)
			b.kill()
			files, err := filepath.Glob(filepath.Join(b.data, "temporal-*.db*"))
			require.NoError(t, err)
			require.NotEmpty(t, files)
			for _, file := range files {
				require.NoError(t, os.Remove(file))
			}
			b.start()

			b.phone(bob, "approve")
			b.settles(proving, "confirmed", "")
			b.answers(alice, "yes")
			b.phone(alice, "approve")
			b.settles(open, "confirmed", "")
			for _, email := range []string{alice, bob} {
				require.Len(t, b.questions(email), 1)
				require.Len(t, b.pushes(email), 1)
			}
			require.Equal(t, deadline, b.alert(open).Deadline)
		})
	}
}

// restarts waits until the program has died, and starts it again.
func (b *bot) restarts() {
	b.Helper()
	b.awaitExit()
	b.start()
}

// tryClick presses a button; the answer may be lost with the process.
func (b *bot) tryClick(email string, message shown, action string) {
	b.Helper()
	b.try("POST", "/sandbox/control/click", map[string]any{
		"user": email, "channel": message.Channel, "ts": message.TS, "action_id": action,
	})
}
