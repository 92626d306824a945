package storetest

import (
	"context"
	"errors"

	"github.com/stretchr/testify/require"

	"securitybot/internal/store"
)

var errOurs = errors.New("we changed our mind")

func allOrNothing(b *bench) {
	err := b.db.InTx(b.Context(), func(tx store.Tx) error {
		require.NoError(b, tx.InsertAlert(b.Context(), plain(1)))
		return errOurs
	})
	require.ErrorIs(b, err, errOurs)
	b.missing(id(1))
	b.insert(plain(1))
}

func panicRollsBack(b *bench) {
	require.PanicsWithValue(b, "oh", func() {
		_ = b.db.InTx(b.Context(), func(tx store.Tx) error {
			require.NoError(b, tx.InsertAlert(b.Context(), plain(1)))
			panic("oh")
		})
	})
	b.missing(id(1))
}

func cancelledLeavesNothing(b *bench) {
	ctx, cancel := context.WithCancel(b.Context())
	runs := 0
	err := b.db.InTx(ctx, func(tx store.Tx) error {
		runs++
		require.NoError(b, tx.InsertAlert(ctx, plain(1)))
		cancel()
		return nil
	})
	require.ErrorIs(b, err, context.Canceled)
	require.Equal(b, 1, runs)
	b.missing(id(1))
}

func takenKeySpoilsNothing(b *bench) {
	b.insert(plain(1))
	b.in(func(ctx context.Context, tx store.Tx) {
		require.ErrorIs(b, tx.InsertAlert(ctx, plain(1)), store.ErrExists)
		require.NoError(b, tx.InsertAlert(ctx, plain(2)))
	})
	b.in(func(ctx context.Context, tx store.Tx) {
		_, err := tx.FindAlert(ctx, id(2))
		require.NoError(b, err)
	})
}

func ping(b *bench) {
	require.NoError(b, b.db.Ping(b.Context()))
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	require.ErrorIs(b, b.db.Ping(ctx), context.Canceled)
}

// missing expects no alert with this id.
func (b *bench) missing(alertID string) {
	b.Helper()
	b.in(func(ctx context.Context, tx store.Tx) {
		_, err := tx.FindAlert(ctx, alertID)
		require.ErrorIs(b, err, store.ErrNotFound)
		_, err = tx.LockAlert(ctx, alertID)
		require.ErrorIs(b, err, store.ErrNotFound)
	})
}
