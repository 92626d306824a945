package app

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAddressOfAMessage(t *testing.T) {
	t.Parallel()
	known := &team{address: "https://acme.slack.com/"}
	require.Equal(t, "https://acme.slack.com/archives/C0123/p1358546515000008", known.message("C0123", "1358546515.000008"))
	require.Empty(t, known.message("", "1358546515.000008"))
	require.Empty(t, known.message("C0123", ""), "it was never posted")
	require.Empty(t, new(team).message("C0123", "1358546515.000008"), "nobody has asked Slack yet")
}
