package store_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/store"
)

// loads a policy file, changed under a process or read at its start.
func (b *bench) loads(revision string, changed bool) (bool, error) {
	text := store.PolicyText{Revision: revision, Text: "version: 1 # " + revision, LoadedBy: "worker-1"}
	return b.LoadPolicy(b.Context(), text, changed, func(before store.PolicyText) json.RawMessage {
		return json.RawMessage(fmt.Sprintf(`{"before":%q,"now":%q}`, before.Revision, revision))
	})
}

// announced are the changes of the policy that were told, oldest first.
func (b *bench) announced() []string {
	b.Helper()
	var told []string
	require.NoError(b, b.db.InTx(b.Context(), func(tx store.Tx) error {
		notices, err := tx.Notices(b.Context(), store.NoticePolicyLoaded, noon)
		for _, notice := range notices {
			told = append(told, string(notice.Data))
		}
		return err
	}))
	return told
}

func TestWhichPolicyIsInForce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		_, ok, err := b.Policy(b.Context())
		require.NoError(b, err)
		require.False(b, ok)
		for _, step := range []struct {
			revision string
			changed  bool
			loaded   bool
			inForce  string
		}{
			{"r1", false, true, "r1"},
			{"r1", true, false, "r1"},
			{"r2", true, true, "r2"},
			{"r1", false, false, "r2"}, // an older copy at the start of a process
			{"r1", true, true, "r1"},   // somebody brought it back
			{"r3", false, true, "r3"},  // a new one comes with a new process
		} {
			b.passes(time.Second)
			loaded, err := b.loads(step.revision, step.changed)
			require.NoError(b, err)
			require.Equal(b, step.loaded, loaded)
			current, ok, err := b.Policy(b.Context())
			require.NoError(b, err)
			require.True(b, ok)
			require.Equal(b, step.inForce, current.Revision)
			require.Contains(b, current.Text, step.inForce)
			revision, err := b.PolicyRevision(b.Context())
			require.NoError(b, err)
			require.Equal(b, step.inForce, revision)
		}
		require.Equal(b, []string{
			`{"before":"","now":"r1"}`, `{"before":"r1","now":"r2"}`, `{"before":"r2","now":"r1"}`, `{"before":"r1","now":"r3"}`,
		}, b.announced())
		listed, err := b.Policies(b.Context(), 10)
		require.NoError(b, err)
		require.Len(b, listed, 3)
	})
}

func TestManyProcessesLoadAPolicyOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		for _, revision := range []string{"r1", "r2"} {
			loaded := 0
			for _, did := range together(b, 6, func(int) (bool, error) { return b.loads(revision, true) }) {
				if did {
					loaded++
				}
			}
			require.Equal(b, 1, loaded)
		}
		require.Len(b, b.announced(), 2)
	})
}
