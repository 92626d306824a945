package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/store"
)

func policies(b *bench) {
	text := func(revision string, loaded time.Time) store.PolicyText {
		return store.PolicyText{Revision: revision, Text: "# " + revision, LoadedAt: loaded, LoadedBy: "alice@host"}
	}
	bare := store.PolicyText{Revision: "r0", LoadedAt: after(-time.Hour)}
	order := []store.PolicyText{text("r1", after(time.Hour)), text("r3", noon), text("r2", noon), bare}
	b.in(func(ctx context.Context, tx store.Tx) {
		_, err := tx.FindPolicy(ctx, "r1")
		require.ErrorIs(b, err, store.ErrNotFound)
		none, err := tx.Policies(ctx, 1)
		require.NoError(b, err)
		require.Empty(b, none)
		for _, each := range []store.PolicyText{order[2], order[0], bare, order[1]} {
			require.NoError(b, tx.InsertPolicy(ctx, each))
		}
		require.ErrorIs(b, tx.InsertPolicy(ctx, text("r0", noon)), store.ErrExists)
	})
	b.in(func(ctx context.Context, tx store.Tx) {
		for _, each := range order {
			got, err := tx.FindPolicy(ctx, each.Revision)
			require.NoError(b, err)
			require.Equal(b, each, got)
		}
		for limit := 1; limit <= 5; limit++ {
			got, err := tx.Policies(ctx, limit)
			require.NoError(b, err)
			require.Equal(b, order[:min(limit, 4)], got, fmt.Sprint("limit ", limit))
		}
	})
}
