package e2e_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// A detection runs wild where policy knows no limits: all of its alerts are taken at
// once, and everybody is asked about each of theirs once, as fast as Slack lets us
// write to one person.
func TestBurst(t *testing.T) {
	t.Parallel()
	const alerts, senders = 200, 16
	people := []string{alice, bob, carol, dave}
	b := running(t, policy(t, unlimited))

	begun := time.Now()
	ids := b.burst(alerts, senders, people)
	taken := time.Since(begun)
	require.Len(t, ids, alerts, "each alert is one of its own")
	for i, email := range people {
		b.asksAbout(email, alerts/len(people), time.Duration(alerts)*2*time.Second)
		t.Logf("person %d has all of %d questions %s after the first alert", i+1, alerts/len(people),
			time.Since(begun).Round(100*time.Millisecond))
	}
	t.Logf("%d alerts taken in %s: %.0f/s (go test -run TestBurst -v ./test/e2e)",
		alerts, taken.Round(time.Millisecond), alerts/taken.Seconds())
	for id := range ids {
		b.eventually("its question is known", func() bool { return b.alert(id).has("asked") })
		require.Equal(t, 1, b.alert(id).count("asked"))
	}
	for _, email := range people {
		require.Len(t, b.questions(email), alerts/len(people), "%s is asked about each once", email)
	}
	limited := 0
	for _, request := range b.log("slack") {
		if request.Status == http.StatusTooManyRequests {
			limited++
		}
	}
	t.Logf("Slack answered 429 %d times, %.1f for each question", limited, float64(limited)/alerts)
	require.Empty(t, b.security())
}

// burst sends alerts about everybody in turn, from many senders at once, and
// gives the ids.
func (b *bot) burst(alerts, senders int, people []string) map[string]bool {
	b.Helper()
	found := make([]string, alerts)
	var sending errgroup.Group
	sending.SetLimit(senders)
	for i := range alerts {
		sending.Go(func() (err error) {
			body := alertAbout(people[i%len(people)])
			body["key"] = fmt.Sprintf("burst-%d", i)
			found[i], err = b.sendsOn(body)
			return err
		})
	}
	require.NoError(b, sending.Wait())
	ids := map[string]bool{}
	for _, id := range found {
		ids[id] = true
	}
	return ids
}

// asksAbout waits until a person has so many questions. It looks once a second:
// each look reads them all.
func (b *bot) asksAbout(email string, count int, within time.Duration) {
	b.Helper()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for deadline := time.Now().Add(within); ; <-tick.C {
		asked := len(b.questions(email))
		if asked == count {
			return
		}
		require.Less(b, asked, count, "a question twice")
		require.True(b, time.Now().Before(deadline), "%s has %d of %d questions", email, asked, count)
	}
}
