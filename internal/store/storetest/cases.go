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
		Resolution: "a new laptop", Rung: 2, Rank: store.RankCritical,
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

func casesByRank(b *bench) {
	of := func(n, rank int, opened time.Duration) store.Case {
		return store.Case{AlertID: id(n), Rank: rank, OpenedAt: after(opened)}
	}
	acked, resolved := of(4, store.RankDenied, time.Hour), of(1, store.RankSuspicious, 0)
	acked.AckedAt, resolved.ResolvedAt = noon, noon
	list := []store.Case{
		of(6, store.RankSuspicious, time.Hour), of(5, store.RankDenied, 0), of(3, store.RankDenied, time.Hour), acked, of(2, store.RankLow, 0),
	}
	b.in(func(ctx context.Context, tx store.Tx) {
		for n := range 6 {
			require.NoError(b, tx.InsertAlert(ctx, plain(n+1)))
		}
		for _, each := range []store.Case{list[4], list[1], resolved, list[3], list[2], list[0]} {
			require.NoError(b, tx.PutCase(ctx, each))
		}
		for limit := 1; limit <= 6; limit++ {
			var got []store.Case
			after := store.CaseCursor{}
			for {
				page, err := tx.CasesByRank(ctx, after, limit)
				require.NoError(b, err)
				require.LessOrEqual(b, len(page), limit)
				if len(page) == 0 {
					break
				}
				last := page[len(page)-1]
				after = store.CaseCursor{Rank: last.Rank, OpenedAt: last.OpenedAt, AlertID: last.AlertID}
				got = append(got, page...)
			}
			require.Equal(b, list, got, "limit %d", limit)
		}
		counts, err := tx.CountCases(ctx)
		require.NoError(b, err)
		require.Equal(b, []store.CaseCount{
			{Rank: store.RankSuspicious, Open: 1}, {Rank: store.RankDenied, Open: 3, Acked: 1}, {Rank: store.RankLow, Open: 1},
		}, counts)
	})
}
