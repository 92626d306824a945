package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Where policy wants words, a yes goes on when they are sent, or when the window is
// closed; a no waits for nothing.
func TestExplanationRequired(t *testing.T) {
	t.Parallel()
	b := running(t, policy(t, "version: 1\ndefaults: {explanation: required}\n"))
	sent := b.reports(alertAbout(alice))
	b.answers(alice, "yes")
	b.stays(2*time.Second, "no push without words", func() bool { return len(b.pushes(alice)) == 0 })
	b.explains(alice, "I was patching")
	b.phone(alice, "approve")
	require.Equal(t, "I was patching", b.settles(sent, "confirmed", "").Answer.Explanation)

	closed := b.reports(alertAbout(bob))
	b.answers(bob, "yes")
	b.stays(time.Second, "no push yet", func() bool { return len(b.pushes(bob)) == 0 })
	b.post("/sandbox/control/close", map[string]string{"user": bob})
	b.phone(bob, "approve")
	b.settles(closed, "confirmed", "")

	no := b.reports(alertAbout(carol))
	b.answers(carol, "no")
	b.settles(no, "denied", "")
}
