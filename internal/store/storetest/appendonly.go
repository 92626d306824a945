package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"securitybot/internal/store"
)

// AppendOnly is for backends to call with what runs a statement past them: a
// timeline can't be changed even so.
func AppendOnly(t *testing.T, db store.Backend, execute func(ctx context.Context, statement string) error) {
	t.Helper()
	b := &bench{T: t, db: db}
	b.insert(plain(1))
	b.in(func(ctx context.Context, tx store.Tx) { require.NoError(b, tx.AppendEntry(ctx, entry(id(1), 1))) })
	for _, statement := range []string{
		"UPDATE timeline SET actor = 'somebody else'",
		"DELETE FROM timeline",
		"DELETE FROM alerts",
	} {
		require.Error(t, execute(t.Context(), statement), statement)
	}
	b.in(func(ctx context.Context, tx store.Tx) {
		entries, err := tx.Entries(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, []store.Entry{entry(id(1), 1)}, entries)
	})
	require.NoError(t, execute(t.Context(), "UPDATE alerts SET code = '482'"), "statements do get through")
}
