package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Duo fails at each of its methods: nothing is confirmed without the approval of
// a push whose transaction is known, and no push is sent twice by itself.
func TestDuoFails(t *testing.T) {
	t.Parallel()
	wait := 2
	// In this order nobody gets more pushes than an hour allows.
	kinds := []struct{ fault, email string }{
		{"ratelimit", alice}, {"error", alice}, {"lost_response", bob}, {"hang", carol}, {"timeout", dave},
	}
	for _, method := range []string{"preauth", "auth", "auth_status"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			b := running(t)
			pushes := map[string]int{}
			for _, tc := range kinds {
				t.Run(tc.fault, func(t *testing.T) {
					order := fault{Service: "duo", Method: method, Fault: tc.fault, Times: 1, RetryAfter: &wait}
					pushes[tc.email] += b.in(t).provesThrough(tc.email, order)
					require.Len(t, b.pushes(tc.email), pushes[tc.email])
				})
			}
			for email, count := range pushes {
				require.Len(t, b.pushes(email), count, "no push comes by itself")
			}
			require.Empty(t, b.security())
		})
	}
}

// provesThrough is a conversation whose proof meets the fault. It gives how many
// pushes there have to be.
func (b *bot) provesThrough(email string, order fault) (pushes int) {
	b.Helper()
	before := len(b.pushes(email))
	b.suffers(order)
	id := b.reports(alertAbout(email))
	b.answers(email, "yes")
	b.suffered()
	if order.Method == "auth" && order.Fault != "ratelimit" && order.Fault != "error" { // nobody can know whether it was sent
		offer := b.offered(email)
		b.undecided(id)
		if order.Fault == "lost_response" || order.Fault == "timeout" {
			pushes++
			require.Len(b, b.pushes(email), before+pushes)
			b.phone(email, "approve")
			b.stays(2*time.Second, "a push that nobody knows of proves nothing", func() bool {
				return b.alert(id).Verdict == ""
			})
		}
		require.Len(b, b.pushes(email), before+pushes, "no push without being asked for")
		require.Equal(b, "lost", b.alert(id).Proof.Reason)
		b.clicks(email, offer, "push_again")
	}
	b.eventually("the phone lights up", func() bool { return len(b.pushes(email)) == before+pushes+1 })
	b.undecided(id)
	b.phone(email, "approve")
	view := b.settles(id, "confirmed", "")
	require.Equal(b, "approved", view.Proof.Result)
	require.Equal(b, 1, view.count("push_sent"))
	b.buttonless(email)
	return pushes + 1
}

// Duo is away for a minute, with errors at first and then without any answer: a
// yes waits for it, a push that was approved meanwhile counts.
func TestDuoDownForAMinute(t *testing.T) {
	t.Parallel()
	b := running(t)
	begun := b.reports(alertAbout(bob))
	b.answers(bob, "yes")
	b.eventually("bob's phone lights up", func() bool { return len(b.pushes(bob)) == 1 })

	b.suffers(fault{Service: "duo", Method: "*", Fault: "error", Times: 6})
	b.suffers(fault{Service: "duo", Method: "*", Fault: "hang", Times: forGood})
	waiting := b.reports(alertAbout(alice))
	b.answers(alice, "yes")
	b.phone(bob, "approve")
	b.stays(time.Minute, "nothing is proved", func() bool {
		return b.alert(waiting).Verdict == "" && len(b.pushes(alice)) == 0
	})
	b.recovers()

	b.settles(begun, "confirmed", "")
	b.phone(alice, "approve")
	b.settles(waiting, "confirmed", "")
	require.Len(t, b.pushes(alice), 1)
	require.Len(t, b.pushes(bob), 1)
	require.Empty(t, b.security())
}
