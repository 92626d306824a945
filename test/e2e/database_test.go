package e2e_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"securitybot/internal/testkit"
)

// PostgreSQL crashes and comes back while alerts and presses arrive: a source
// sends again what was not taken, people press again what was not acknowledged,
// and nothing is lost or there twice.
func TestDatabaseRestarts(t *testing.T) {
	t.Parallel()
	database, restart := testkit.RestartablePostgres(t)
	b := running(t, "DATABASE_URL="+database, policy(t, unlimited))
	yes := b.reports(alertAbout(alice))
	no := b.reports(alertAbout(bob))
	proving := b.reports(alertAbout(dave))
	toAlice, toBob := b.asked(alice), b.asked(bob)
	b.answers(dave, "yes")
	b.eventually("dave's phone lights up", func() bool { return len(b.pushes(dave)) == 1 })

	var meanwhile errgroup.Group
	var over atomic.Bool
	const alerts, restarts = 12, 4
	ids := make([]string, alerts)
	for i := range ids {
		meanwhile.Go(func() (err error) {
			body := alertAbout(carol)
			body["key"] = fmt.Sprintf("outage-%d", i)
			for restarting := true; restarting; { // repetitions are recognised, too
				restarting = !over.Load()
				var id string
				if id, err = b.sendsOn(body); err != nil {
					return err
				}
				if ids[i] != "" && ids[i] != id {
					return fmt.Errorf("alert %d got two ids: %s and %s", i, ids[i], id)
				}
				ids[i] = id
			}
			return nil
		})
	}
	meanwhile.Go(func() error { return b.pressesOn(alice, toAlice, "yes") })
	meanwhile.Go(func() error { return b.pressesOn(bob, toBob, "no") })
	for range restarts {
		restart()
	}
	b.phone(dave, "approve")
	restart()
	over.Store(true)
	require.NoError(t, meanwhile.Wait())

	b.settles(proving, "confirmed", "")
	b.settles(no, "denied", "")
	b.asksForPush(alice)
	b.phone(alice, "approve")
	b.settles(yes, "confirmed", "")
	b.eventually("every alert is asked about", func() bool { return len(b.questions(carol)) == alerts })
	for _, id := range ids {
		b.eventually("its question is known", func() bool { return b.alert(id).has("asked") })
		require.Equal(t, 1, b.alert(id).count("asked"))
	}
	for email, pushes := range map[string]int{alice: 1, bob: 0, dave: 1} {
		require.Len(t, b.questions(email), 1)
		require.Len(t, b.pushes(email), pushes)
		b.buttonless(email)
	}
	b.eventually("the case is known", func() bool { return b.alert(no).has("case_opened") })
	require.Len(t, b.security(), 1)
	require.Len(t, b.questions(carol), alerts)
}

// asksForPush waits for a push, and asks for it when the database went away just
// as it was to be sent: then nobody knows whether it was.
func (b *bot) asksForPush(email string) {
	b.Helper()
	b.eventually("the phone lights up", func() bool {
		for _, message := range b.dm(email) {
			if message.offers("push_again") {
				b.tryClick(email, message, "push_again")
			}
		}
		return len(b.pushes(email)) == 1
	})
}
