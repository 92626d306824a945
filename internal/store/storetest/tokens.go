package storetest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/store"
)

func token(name string, created time.Time) store.Token {
	return store.Token{
		ID: name, Source: "siem", Digest: "digest of " + name, Scopes: []string{"ingest"}, CreatedAt: created, CreatedBy: "Rita",
	}
}

func tokens(b *bench) {
	plainOne, other := token("t1", noon), token("t2", noon)
	full := store.Token{
		ID: "t0", Source: "", Digest: nasty, Email: nasty, Scopes: []string{"read", nasty}, Detections: []string{`a"b`, "c,d"},
		Severities: []string{"high"}, PerHour: 60, CreatedAt: after(time.Hour), CreatedBy: nasty,
		ExpiresAt: after(2 * time.Hour), LastUsedAt: after(3 * time.Hour), RevokedAt: after(4 * time.Hour), RevokedBy: nasty,
	}
	b.in(func(ctx context.Context, tx store.Tx) {
		none, err := tx.Tokens(ctx)
		require.NoError(b, err)
		require.Empty(b, none)
		for _, each := range []store.Token{plainOne, other, full} {
			require.NoError(b, tx.InsertToken(ctx, each))
		}
		same := token("t9", noon)
		same.Digest = plainOne.Digest
		require.ErrorIs(b, tx.InsertToken(ctx, same), store.ErrExists)
		same = token("t1", noon)
		same.Digest = "another"
		require.ErrorIs(b, tx.InsertToken(ctx, same), store.ErrExists)
	})
	b.in(func(ctx context.Context, tx store.Tx) {
		list, err := tx.Tokens(ctx)
		require.NoError(b, err)
		require.Equal(b, []store.Token{full, other, plainOne}, list)
		got, err := tx.FindToken(ctx, nasty)
		require.NoError(b, err)
		require.Equal(b, full, got)
		got, err = tx.LockToken(ctx, "t1")
		require.NoError(b, err)
		require.Equal(b, plainOne, got)
		for _, missing := range []string{"", "%", "DIGEST OF T1"} {
			_, err = tx.FindToken(ctx, missing)
			require.ErrorIs(b, err, store.ErrNotFound)
			_, err = tx.LockToken(ctx, missing)
			require.ErrorIs(b, err, store.ErrNotFound)
		}
		changed := plainOne
		changed.LastUsedAt, changed.RevokedAt, changed.RevokedBy = noon, after(time.Minute), "Sam"
		given := changed
		given.Scopes, given.Source, given.Digest = []string{"admin"}, "other", "other"
		require.NoError(b, tx.UpdateToken(ctx, given))
		got, err = tx.FindToken(ctx, plainOne.Digest)
		require.NoError(b, err)
		require.Equal(b, changed, got, "its rights stay as they are")
		require.ErrorIs(b, tx.UpdateToken(ctx, token("t9", noon)), store.ErrNotFound)
	})
}

func sessions(b *bench) {
	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.PutSession(ctx, nasty, []byte{0, 255}, after(time.Hour)))
		require.NoError(b, tx.PutSession(ctx, "s2", []byte("first"), after(time.Hour)))
		require.NoError(b, tx.PutSession(ctx, "s2", []byte("second"), after(2*time.Hour)))
	})
	find := func(name string, now time.Time) (data []byte, err error) {
		b.in(func(ctx context.Context, tx store.Tx) { data, err = tx.FindSession(ctx, name, now) })
		return data, err
	}
	data, err := find(nasty, noon)
	require.NoError(b, err)
	require.Equal(b, []byte{0, 255}, data)
	data, err = find("s2", after(time.Hour))
	require.NoError(b, err)
	require.Equal(b, []byte("second"), data)
	_, err = find(nasty, after(time.Hour))
	require.ErrorIs(b, err, store.ErrNotFound, "it has expired")
	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.PruneSessions(ctx, after(time.Hour+time.Second)))
		require.NoError(b, tx.DropSession(ctx, "unknown"))
	})
	_, err = find(nasty, noon)
	require.ErrorIs(b, err, store.ErrNotFound, "it was pruned")
	_, err = find("s2", noon)
	require.NoError(b, err)
	b.in(func(ctx context.Context, tx store.Tx) { require.NoError(b, tx.DropSession(ctx, "s2")) })
	_, err = find("s2", noon)
	require.ErrorIs(b, err, store.ErrNotFound)
}
