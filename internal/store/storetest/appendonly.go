package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"securitybot/internal/store"
)

// insertOnly are the tables that nobody may change, and halfway those that may
// only lose rows.
var (
	insertOnly = []string{"timeline", "log_leaves", "log_hashes", "checkpoints"}
	halfway    = map[string]string{"timeline_personal": "personal", "payloads": "digest"}
)

// AppendOnly is for backends to call with what runs a statement past them: a
// timeline and the log can't be changed even so.
func AppendOnly(t *testing.T, db store.Backend, execute func(ctx context.Context, statement string) error) {
	t.Helper()
	b := &bench{T: t, db: db}
	b.evidence()
	for _, table := range insertOnly {
		for _, statement := range []string{"DELETE FROM ", "UPDATE "} {
			statement += table
			if statement == "UPDATE "+table {
				statement += " SET " + columnOf[table]
			}
			require.Error(t, execute(t.Context(), statement), statement)
		}
	}
	for table, column := range halfway {
		statement := "UPDATE " + table + " SET " + column + " = 'another'"
		require.Error(t, execute(t.Context(), statement), statement)
	}
	require.Error(t, execute(t.Context(), "DELETE FROM alerts"))
	b.evidenceStands()
	require.NoError(t, execute(t.Context(), "UPDATE alerts SET code = '482'"), "statements do get through")
}

// columnOf is a change of a row of each table.
var columnOf = map[string]string{
	"timeline": "actor = 'somebody else'", "log_leaves": "hash = 'another'", "log_hashes": "idx = 7", "checkpoints": "note = 'another'",
}

// evidence writes a row into each of those tables.
func (b *bench) evidence() {
	b.Helper()
	b.insert(plain(1))
	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.AppendEntry(ctx, entry(id(1), 1)))
		require.NoError(b, tx.InsertPayload(ctx, payload(1)))
		require.NoError(b, tx.AppendLeaves(ctx, 0, []store.Head{head(1, 1)}))
		require.NoError(b, tx.PutHashes(ctx, 0, [][]byte{{1}}))
		require.NoError(b, tx.InsertCheckpoint(ctx, store.Checkpoint{Size: 1, At: noon, Note: "signed"}))
	})
}

func (b *bench) evidenceStands() {
	b.Helper()
	b.in(func(ctx context.Context, tx store.Tx) {
		entries, err := tx.Entries(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, []store.Entry{entry(id(1), 1)}, entries)
		kept, err := tx.Payload(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, payload(1), kept)
		leaves, err := tx.Leaves(ctx, 0, 9)
		require.NoError(b, err)
		require.Equal(b, []store.Head{head(1, 1)}, leaves)
		hashes, err := tx.Hashes(ctx, []int64{0})
		require.NoError(b, err)
		require.Equal(b, [][]byte{{1}}, hashes)
		signed, err := tx.Checkpoints(ctx, 9)
		require.NoError(b, err)
		require.Len(b, signed, 1)
		require.Equal(b, "signed", signed[0].Note)
	})
}
