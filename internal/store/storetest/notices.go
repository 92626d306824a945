package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/store"
)

// notice is one that nobody has tried to post yet.
func notice(name, kind string, created time.Time) store.Notice {
	return store.Notice{
		ID: name, Kind: kind, Data: json.RawMessage(`{}`), CreatedAt: created, Post: store.Post{State: store.PostIntended},
	}
}

// posted is a notice with a value in every field.
func posted(name string) store.Notice {
	return store.Notice{
		ID: name, Kind: "held", Target: "oncall", Person: alice, Data: json.RawMessage(`{"b": 1.0,  "a":2}`), CreatedAt: noon,
		Post: store.Post{
			State: store.PostDone, ClaimedUntil: after(time.Minute), IntendedAt: after(time.Second), Tries: 3,
			Channel: "C1", TS: "1.000200", PostedAt: after(2 * time.Second),
		},
	}
}

func notices(b *bench) {
	locked := func(want store.Notice) {
		b.Helper()
		b.in(func(ctx context.Context, tx store.Tx) {
			got, err := tx.LockNotice(ctx, want.ID)
			require.NoError(b, err)
			require.Equal(b, want, got)
		})
	}
	bare := notice("n1", "rollup", noon)
	b.in(func(ctx context.Context, tx store.Tx) {
		_, err := tx.LockNotice(ctx, "n1")
		require.ErrorIs(b, err, store.ErrNotFound)
		require.ErrorIs(b, tx.UpdateNotice(ctx, bare), store.ErrNotFound)
		require.NoError(b, tx.InsertNotice(ctx, bare))
		require.NoError(b, tx.InsertNotice(ctx, posted("n2")))
		require.ErrorIs(b, tx.InsertNotice(ctx, posted("n1")), store.ErrExists)
	})
	locked(bare)
	locked(posted("n2"))
	b.in(func(ctx context.Context, tx store.Tx) { require.NoError(b, tx.UpdateNotice(ctx, posted("n1"))) })
	bare.Post = posted("n1").Post
	locked(bare)
	cleared := posted("n2")
	cleared.Post = store.Post{State: store.PostIntended}
	b.in(func(ctx context.Context, tx store.Tx) { require.NoError(b, tx.UpdateNotice(ctx, cleared)) })
	locked(cleared)
	locked(bare)
}

func noticeLists(b *bench) {
	b.in(func(ctx context.Context, tx store.Tx) {
		for _, each := range []store.Notice{
			notice("d", "held", after(time.Hour)), notice("c", "held", noon), notice("a", "held", after(time.Minute)),
			notice("b", "held", after(time.Minute)), notice("e", "told", noon), notice("f", "held", after(-time.Microsecond)),
		} {
			require.NoError(b, tx.InsertNotice(ctx, each))
		}
		got, err := tx.Notices(ctx, "held", noon)
		require.NoError(b, err)
		require.Equal(b, []store.Notice{
			notice("c", "held", noon), notice("a", "held", after(time.Minute)),
			notice("b", "held", after(time.Minute)), notice("d", "held", after(time.Hour)),
		}, got)
		got, err = tx.Notices(ctx, "paused", noon)
		require.NoError(b, err)
		require.Empty(b, got)
	})
}

func oneNoticeWins(b *bench) {
	b.oneWon(b.together(func(int) error {
		return b.db.InTx(b.Context(), func(tx store.Tx) error {
			return tx.InsertNotice(b.Context(), notice("n1", "rollup", noon))
		})
	}))
}

func lockNoticeSerializes(b *bench) {
	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.InsertNotice(ctx, notice("n1", "rollup", noon)))
	})
	errs := b.together(func(int) error {
		return b.repeat(func(tx store.Tx) error {
			locked, err := tx.LockNotice(b.Context(), "n1")
			if err != nil {
				return err
			}
			locked.Tries++
			return tx.UpdateNotice(b.Context(), locked)
		})
	})
	require.NoError(b, errors.Join(errs...))
	b.in(func(ctx context.Context, tx store.Tx) {
		got, err := tx.LockNotice(ctx, "n1")
		require.NoError(b, err)
		require.Equal(b, crowdSize*rounds, got.Tries)
	})
}
