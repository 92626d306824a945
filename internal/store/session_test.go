package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A session is there until it expires or is dropped, whichever comes first; pruning
// takes away only those that nobody could find any more.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		put := func(id string, length time.Duration) {
			require.NoError(b, b.PutSession(b.Context(), id, []byte("of "+id), b.Now().Add(length)))
		}
		found := func(id string) bool {
			data, ok, err := b.FindSession(b.Context(), id)
			require.NoError(b, err)
			require.Equal(b, ok, string(data) == "of "+id)
			return ok
		}
		put("short", time.Minute)
		put("long", time.Hour)
		put("dropped", time.Hour)
		require.True(b, found("short"))
		require.False(b, found("nobody's"))
		require.NoError(b, b.DropSession(b.Context(), "dropped"))
		require.NoError(b, b.DropSession(b.Context(), "dropped"), "two browsers' log-outs")
		require.False(b, found("dropped"))

		b.passes(2 * time.Minute)
		require.False(b, found("short"))
		require.NoError(b, b.PruneSessions(b.Context()))
		require.True(b, found("long"))
		put("long", 2*time.Hour)
		b.passes(90 * time.Minute)
		require.True(b, found("long"), "it was replaced by a longer one")
	})
}
