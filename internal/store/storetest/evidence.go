package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/store"
)

// chain gives an alert a timeline of some entries.
func (b *bench) chain(n, entries int) {
	b.Helper()
	b.in(func(ctx context.Context, tx store.Tx) {
		for seq := range entries {
			require.NoError(b, tx.AppendEntry(ctx, hashed(n, seq+1)))
		}
	})
}

// hashed is an entry with a hash of its own.
func hashed(n, seq int) store.Entry {
	one := entry(id(n), seq)
	one.Hash = fmt.Sprintf("hash of %d/%d", n, seq)
	return one
}

func head(n, seq int) store.Head {
	return store.Head{AlertID: id(n), Seq: seq, Hash: hashed(n, seq).Hash}
}

func chainHasNoGaps(b *bench) {
	b.insert(plain(1), plain(2))
	refused := func(n, seq int) {
		b.Helper()
		b.in(func(ctx context.Context, tx store.Tx) {
			require.ErrorIs(b, tx.AppendEntry(ctx, hashed(n, seq)), store.ErrExists)
		})
	}
	refused(1, 2)
	b.chain(1, 2)
	for _, seq := range []int{1, 2, 4} {
		refused(1, seq)
	}
	refused(2, 3)
	b.chain(2, 1)
	b.in(func(ctx context.Context, tx store.Tx) {
		entries, err := tx.Entries(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, []store.Entry{hashed(1, 1), hashed(1, 2)}, entries)
		last, err := tx.LastEntry(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, hashed(1, 2), last)
		heads, err := tx.Unlogged(ctx, 9)
		require.NoError(b, err)
		require.Equal(b, []store.Head{head(1, 2), head(2, 1)}, heads)
	})
}

func oneEntryWins(b *bench) {
	b.insert(plain(1))
	b.chain(1, 1)
	errs := b.together(func(int) error {
		return b.db.InTx(b.Context(), func(tx store.Tx) error { return tx.AppendEntry(b.Context(), hashed(1, 2)) })
	})
	b.oneWon(errs)
}

func payloads(b *bench) {
	b.insert(plain(1))
	b.in(func(ctx context.Context, tx store.Tx) {
		_, err := tx.Payload(ctx, id(1))
		require.ErrorIs(b, err, store.ErrNotFound)
		sent := payload(1)
		sent.Body = []byte("\x00\xff" + strings.Repeat("x", 1_000_000))
		require.NoError(b, tx.InsertPayload(ctx, sent))
		require.ErrorIs(b, tx.InsertPayload(ctx, payload(1)), store.ErrExists)
		got, err := tx.Payload(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, sent, got)
	})
}

func logOfHeads(b *bench) {
	b.insert(plain(1), plain(2), plain(3))
	b.chain(1, 3)
	b.chain(2, 1)
	b.chain(3, 1)
	b.in(func(ctx context.Context, tx store.Tx) {
		size, err := tx.LogSize(ctx)
		require.NoError(b, err)
		require.Zero(b, size)
		heads, err := tx.Unlogged(ctx, 2)
		require.NoError(b, err)
		require.Equal(b, []store.Head{head(1, 3), head(2, 1)}, heads)
		require.NoError(b, tx.AppendLeaves(ctx, 0, heads))
		require.NoError(b, tx.AppendLeaves(ctx, 2, nil))
		heads, err = tx.Unlogged(ctx, 9)
		require.NoError(b, err)
		require.Equal(b, []store.Head{head(3, 1)}, heads)
		require.NoError(b, tx.AppendEntry(ctx, hashed(1, 4)))
		require.NoError(b, tx.AppendLeaves(ctx, 2, []store.Head{head(3, 1), head(1, 4)}))
		heads, err = tx.Unlogged(ctx, 9)
		require.NoError(b, err)
		require.Empty(b, heads)
	})
	b.in(func(ctx context.Context, tx store.Tx) {
		size, err := tx.LogSize(ctx)
		require.NoError(b, err)
		require.Equal(b, int64(4), size)
		leaves, err := tx.Leaves(ctx, 1, 2)
		require.NoError(b, err)
		require.Equal(b, []store.Head{head(2, 1), head(3, 1)}, leaves)
		of, err := tx.LeavesOf(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, []store.Leaf{{Position: 0, Head: head(1, 3)}, {Position: 3, Head: head(1, 4)}}, of)
		of, err = tx.LeavesOf(ctx, id(9))
		require.NoError(b, err)
		require.Empty(b, of)
	})
	err := b.db.InTx(b.Context(), func(tx store.Tx) error {
		return tx.AppendLeaves(b.Context(), 3, []store.Head{head(2, 1), head(3, 1)})
	})
	require.ErrorIs(b, err, store.ErrExists)
	b.in(func(ctx context.Context, tx store.Tx) {
		size, err := tx.LogSize(ctx)
		require.NoError(b, err)
		require.Equal(b, int64(4), size, "nothing of it was written")
	})
}

func storedHashes(b *bench) {
	hashes := [][]byte{{0, 1}, {255}, []byte("three")}
	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.PutHashes(ctx, 0, hashes[:2]))
		require.NoError(b, tx.PutHashes(ctx, 2, hashes[2:]))
		got, err := tx.Hashes(ctx, []int64{2, 0, 2, 1})
		require.NoError(b, err)
		require.Equal(b, [][]byte{hashes[2], hashes[0], hashes[2], hashes[1]}, got)
		got, err = tx.Hashes(ctx, nil)
		require.NoError(b, err)
		require.Empty(b, got)
		_, err = tx.Hashes(ctx, []int64{0, 3})
		require.ErrorIs(b, err, store.ErrNotFound)
	})
	err := b.db.InTx(b.Context(), func(tx store.Tx) error { return tx.PutHashes(b.Context(), 2, hashes) })
	require.ErrorIs(b, err, store.ErrExists)
}

func checkpoints(b *bench) {
	at := func(size int64) store.Checkpoint {
		return store.Checkpoint{Size: size, At: after(time.Duration(size) * time.Hour), Note: "a signed\nnote — " + fmt.Sprint(size)}
	}
	b.in(func(ctx context.Context, tx store.Tx) {
		list, err := tx.Checkpoints(ctx, 2)
		require.NoError(b, err)
		require.Empty(b, list)
		for _, size := range []int64{3, 10, 5} {
			require.NoError(b, tx.InsertCheckpoint(ctx, at(size)))
		}
		require.ErrorIs(b, tx.InsertCheckpoint(ctx, store.Checkpoint{Size: 5, At: noon, Note: "another"}), store.ErrExists)
		list, err = tx.Checkpoints(ctx, 2)
		require.NoError(b, err)
		require.Equal(b, []store.Checkpoint{at(10), at(5)}, list)
	})
}

func auditAlerts(b *bench) {
	b.insert(plain(1), plain(2), plain(3), plain(4))
	b.chain(2, 2)
	b.chain(4, 1)
	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.AppendLeaves(ctx, 0, []store.Head{head(2, 1), head(2, 2), {AlertID: id(9), Seq: 1, Hash: "gone"}}))
		heads, err := tx.Unlogged(ctx, 9)
		require.NoError(b, err)
		require.Equal(b, []store.Head{head(4, 1)}, heads)
		for limit := 1; limit <= 6; limit++ {
			got, last := []string{}, ""
			for {
				page, err := tx.AuditAlerts(ctx, last, limit)
				require.NoError(b, err)
				require.LessOrEqual(b, len(page), limit)
				if len(page) == 0 {
					break
				}
				got = append(got, page...)
				last = page[len(page)-1]
			}
			require.Equal(b, idsOf(1, 2, 3, 4, 9), got, "limit %d", limit)
		}
	})
}

func oneCheckpointWins(b *bench) {
	errs := b.together(func(n int) error {
		return b.db.InTx(b.Context(), func(tx store.Tx) error {
			return errors.Join(
				tx.AppendLeaves(b.Context(), 0, []store.Head{{AlertID: id(n + 1), Seq: 1, Hash: "h"}, {AlertID: id(n + 50), Seq: 1, Hash: "h"}}),
				tx.PutHashes(b.Context(), 0, [][]byte{{1}, {2}, {3}}),
			)
		})
	})
	b.oneWon(errs)
}

func evidenceInvariants(b *bench) {
	b.insert(plain(1))
	long := entry(id(9), 1)
	for name, put := range map[string]func(context.Context, store.Tx) error{
		"an entry of no alert":  func(ctx context.Context, tx store.Tx) error { return tx.AppendEntry(ctx, long) },
		"a payload of no alert": func(ctx context.Context, tx store.Tx) error { return tx.InsertPayload(ctx, payload(9)) },
		"a leaf of no alert":    func(ctx context.Context, tx store.Tx) error { return tx.AppendLeaves(ctx, 0, []store.Head{{Seq: 1}}) },
		"a leaf of no entry": func(ctx context.Context, tx store.Tx) error {
			return tx.AppendLeaves(ctx, 0, []store.Head{{AlertID: id(1)}})
		},
		"a leaf before the log": func(ctx context.Context, tx store.Tx) error {
			return tx.AppendLeaves(ctx, -1, []store.Head{head(1, 1)})
		},
		"a hash before the tree": func(ctx context.Context, tx store.Tx) error { return tx.PutHashes(ctx, -1, [][]byte{{1}}) },
		"a checkpoint unsigned": func(ctx context.Context, tx store.Tx) error {
			return tx.InsertCheckpoint(ctx, store.Checkpoint{At: noon})
		},
		"a token without an id": func(ctx context.Context, tx store.Tx) error {
			return tx.InsertToken(ctx, store.Token{Digest: "d", CreatedAt: noon})
		},
		"a token of any secret": func(ctx context.Context, tx store.Tx) error {
			return tx.InsertToken(ctx, store.Token{ID: "t", CreatedAt: noon})
		},
		"a tally of nothing": func(ctx context.Context, tx store.Tx) error {
			return tx.AddTallies(ctx, []store.Tally{{At: noon, Count: 1}})
		},
		"a case above all": func(ctx context.Context, tx store.Tx) error {
			return tx.PutCase(ctx, store.Case{AlertID: id(1), OpenedAt: noon, Rank: -1})
		},
	} {
		err := b.db.InTx(b.Context(), func(tx store.Tx) error { return put(b.Context(), tx) })
		require.Error(b, err, name)
		require.NotErrorIs(b, err, store.ErrExists, name)
	}
}
