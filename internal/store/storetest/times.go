package storetest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/store"
)

// abroad is the same microsecond as another clock tells it.
func abroad(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(time.FixedZone("UTC+5:45", 20700)).Add(999)
}

func rowTimes(b *bench) {
	b.insert(plain(1))
	resolved, covers, said := fullCase(1), revoked("s1"), posted("n1")
	resolved.OpenedAt, resolved.AckedAt, resolved.ResolvedAt = abroad(resolved.OpenedAt), abroad(resolved.AckedAt), abroad(resolved.ResolvedAt)
	covers.Since, covers.Until, covers.RevokedAt = abroad(covers.Since), abroad(covers.Until), abroad(covers.RevokedAt)
	said.CreatedAt, said.ClaimedUntil = abroad(said.CreatedAt), abroad(said.ClaimedUntil)
	said.IntendedAt, said.PostedAt = abroad(said.IntendedAt), abroad(said.PostedAt)
	out := store.OptOut{Person: alice, Since: noon, Until: after(time.Hour)}
	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.PutCase(ctx, resolved))
		require.NoError(b, tx.PutSuppression(ctx, covers))
		require.NoError(b, tx.InsertNotice(ctx, said))
		require.NoError(b, tx.PutOptOut(ctx, out))
		require.NoError(b, tx.PutOptOut(ctx, store.OptOut{Person: alice, Since: abroad(noon), Until: abroad(after(time.Hour))}))
		require.NoError(b, tx.PutDevice(ctx, store.Device{Person: alice, Factor: "duo", ID: "D1", FirstSeen: abroad(noon)}))
		require.NoError(b, tx.InsertPolicy(ctx, store.PolicyText{Revision: "r1", LoadedAt: abroad(noon)}))
	})
	b.in(func(ctx context.Context, tx store.Tx) {
		gotCase, err := tx.FindCase(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, fullCase(1), gotCase)
		gotCover, err := tx.FindSuppression(ctx, "s1")
		require.NoError(b, err)
		require.Equal(b, revoked("s1"), gotCover)
		gotNotice, err := tx.LockNotice(ctx, "n1")
		require.NoError(b, err)
		require.Equal(b, posted("n1"), gotNotice)
		gotOuts, err := tx.OptOuts(ctx, abroad(noon))
		require.NoError(b, err)
		require.Equal(b, []store.OptOut{out}, gotOuts, "the same moment twice is one row")
		gotDevices, err := tx.Devices(ctx, alice, "duo")
		require.NoError(b, err)
		require.Equal(b, noon, gotDevices[0].FirstSeen)
		gotPolicy, err := tx.FindPolicy(ctx, "r1")
		require.NoError(b, err)
		require.Equal(b, noon, gotPolicy.LoadedAt)
	})
}
