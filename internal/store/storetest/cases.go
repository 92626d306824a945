package storetest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/store"
)

// fullCase is a case that somebody resolved.
func fullCase(n int) store.Case {
	return store.Case{
		AlertID: id(n), About: alice, OpenedAt: after(time.Duration(n) * time.Minute),
		AckedAt: after(time.Hour), AckedBy: "slack:T1/UBOB", ResolvedAt: after(2 * time.Hour), ResolvedBy: "slack:T1/UCAROL",
		Resolution: "a new laptop", Rung: 2,
	}
}

func cases(b *bench) {
	bare := store.Case{AlertID: id(2), OpenedAt: noon}
	b.insert(plain(1), plain(2))
	put := func(c store.Case) {
		b.Helper()
		b.in(func(ctx context.Context, tx store.Tx) { require.NoError(b, tx.PutCase(ctx, c)) })
		b.in(func(ctx context.Context, tx store.Tx) {
			got, err := tx.FindCase(ctx, c.AlertID)
			require.NoError(b, err)
			require.Equal(b, c, got)
		})
	}
	b.in(func(ctx context.Context, tx store.Tx) {
		_, err := tx.FindCase(ctx, id(1))
		require.ErrorIs(b, err, store.ErrNotFound)
	})
	put(bare)
	put(fullCase(1))
	put(fullCase(2))
	bare.AlertID, bare.About, bare.OpenedAt = id(1), bob, after(time.Second)
	put(bare)
}

func openCases(b *bench) {
	opened := func(n int, at time.Time) store.Case { return store.Case{AlertID: id(n), OpenedAt: at} }
	resolved := opened(1, noon)
	resolved.ResolvedAt = after(time.Hour)
	acked := opened(2, after(time.Minute))
	acked.AckedAt, acked.AckedBy = after(time.Hour), "bob"
	list := []store.Case{opened(5, after(-time.Minute)), acked, opened(3, after(time.Minute)), opened(4, after(2*time.Minute))}
	b.in(func(ctx context.Context, tx store.Tx) {
		for n := range 6 {
			require.NoError(b, tx.InsertAlert(ctx, plain(n+1)))
		}
		for _, each := range []store.Case{list[3], list[2], resolved, list[1], list[0], opened(6, after(time.Hour))} {
			require.NoError(b, tx.PutCase(ctx, each))
		}
		for limit := range 6 {
			got, err := tx.OpenCases(ctx, after(time.Hour), limit)
			require.NoError(b, err)
			require.ElementsMatch(b, list[:min(limit, 4)], got)
			for i, each := range got {
				require.Equal(b, list[i], each)
			}
		}
	})
}
