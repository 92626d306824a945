package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Who steals an account adds a phone: one that was first seen a moment ago, after we
// had looked before, proves nothing.
func TestANewDeviceProvesNothing(t *testing.T) {
	t.Parallel()
	b := running(t)
	none := b.reports(alertAbout(erin))
	b.clicks(erin, b.questionOf(erin, none), "yes")
	b.settles(none, "unproven", "not_enrolled")
	b.post("/sandbox/control/person", map[string]string{"user": erin, "factor": "auth"})
	added := b.reports(alertAbout(erin))
	b.clicks(erin, b.questionOf(erin, added), "yes")
	require.Equal(t, "escalated", b.settles(added, "unproven", "new_device").Status)
	require.True(t, b.caseOf(added).says("added less than three days ago"))
	require.Empty(t, b.pushes(erin), "nothing is sent there")

	known := b.reports(alertAbout(alice))
	b.clicks(alice, b.questionOf(alice, known), "yes")
	b.phone(alice, "approve")
	view := b.settles(known, "confirmed", "")
	require.NotEmpty(t, view.entry("push_sent")["device"], "which phone is on record")
}
