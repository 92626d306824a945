package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// covering is a suppression of Alice's that nobody revoked.
func covering(name string, since, until time.Time) store.Suppression {
	return store.Suppression{
		ID: name, Kind: store.SuppressException, Person: alice, Detection: "sudo_interactive", Scope: json.RawMessage(`{}`),
		Severity: alert.Low, By: "bob", Since: since, Until: until, Most: 20,
	}
}

// revoked is a suppression with a value in every field.
func revoked(name string) store.Suppression {
	return store.Suppression{
		ID: name, Kind: store.SuppressProven, Person: bob, Detection: "nmap", Scope: json.RawMessage(`{"b": 1.0,  "a":2}`),
		Severity: alert.Critical, AlertID: id(1), By: "slack:T1/UBOB", Reason: "a proven yes", Since: noon,
		Until: after(12 * time.Hour), Used: 3, Most: 19, RevokedAt: after(time.Hour), RevokedBy: "slack:T1/UCAROL",
		Revocation: "left the company",
	}
}

func suppressions(b *bench) {
	put := func(s store.Suppression) {
		b.Helper()
		b.in(func(ctx context.Context, tx store.Tx) { require.NoError(b, tx.PutSuppression(ctx, s)) })
		b.in(func(ctx context.Context, tx store.Tx) {
			got, err := tx.FindSuppression(ctx, s.ID)
			require.NoError(b, err)
			require.Equal(b, s, got)
		})
	}
	b.in(func(ctx context.Context, tx store.Tx) {
		_, err := tx.FindSuppression(ctx, "s1")
		require.ErrorIs(b, err, store.ErrNotFound)
	})
	put(covering("s1", noon, after(time.Hour)))
	put(revoked("s2"))
	put(revoked("s1"))
	put(covering("s2", after(time.Minute), after(time.Hour)))
	ignore := revoked("s3")
	ignore.Kind = store.SuppressIgnore
	put(ignore)
}

func suppressionLists(b *bench) {
	ended := covering("ended", after(time.Hour), after(2*time.Hour))
	first := covering("first", noon, after(3*time.Hour))
	twin, other := covering("twin", noon, after(4*time.Hour)), covering("other", noon, after(5*time.Hour))
	newest := covering("newest", after(time.Minute), after(3*time.Hour))
	gone := covering("gone", after(2*time.Minute), after(9*time.Hour))
	gone.RevokedAt, gone.RevokedBy = after(3*time.Minute), "bob"
	used := covering("used", after(3*time.Minute), after(9*time.Hour))
	used.Used = used.Most
	bobs := covering("bobs", after(4*time.Minute), after(9*time.Hour))
	bobs.Person = bob
	theirs := covering("theirs", after(5*time.Minute), after(9*time.Hour))
	theirs.Person = stranger
	b.in(func(ctx context.Context, tx store.Tx) {
		for _, each := range []store.Suppression{gone, first, newest, twin, used, other, ended, bobs, theirs} {
			require.NoError(b, tx.PutSuppression(ctx, each))
		}
		own, err := tx.SuppressionsOf(ctx, alice, after(2*time.Hour))
		require.NoError(b, err)
		require.Equal(b, []store.Suppression{used, newest, twin, other, first}, own)
		whole := []store.Suppression{theirs, bobs, used, gone, newest, twin, other, first}
		for limit := 1; limit <= 10; limit++ {
			got, err := tx.Suppressions(ctx, after(2*time.Hour), limit)
			require.NoError(b, err)
			require.Equal(b, whole[:min(limit, len(whole))], got)
		}
		own, err = tx.SuppressionsOf(ctx, alice, after(9*time.Hour))
		require.NoError(b, err)
		require.Empty(b, own)
	})
}

func optOuts(b *bench) {
	short := store.OptOut{Person: alice, Since: noon, Until: after(time.Hour)}
	long := store.OptOut{Person: alice, Since: after(time.Minute), Until: after(2 * time.Hour), By: "alice", Reason: "on call"}
	ended := store.OptOut{
		Person: bob, Since: noon, Until: after(3 * time.Hour), By: "bob", Reason: "tired", EndedAt: after(30 * time.Minute),
	}
	b.in(func(ctx context.Context, tx store.Tx) {
		for _, each := range []store.OptOut{ended, long, short} {
			require.NoError(b, tx.PutOptOut(ctx, each))
		}
		for _, each := range []struct {
			at   time.Duration
			want []store.OptOut
		}{
			{-time.Microsecond, nil},
			{0, []store.OptOut{short, ended}},
			{time.Minute, []store.OptOut{short, ended, long}},
			{30 * time.Minute, []store.OptOut{short, long}},
			{time.Hour, []store.OptOut{long}},
			{2 * time.Hour, nil},
		} {
			got, err := tx.OptOuts(ctx, after(each.at))
			require.NoError(b, err)
			require.Equal(b, each.want, got, each.at)
		}
	})
	b.in(func(ctx context.Context, tx store.Tx) {
		found, err := tx.FindOptOut(ctx, alice, after(time.Minute))
		require.NoError(b, err)
		require.Equal(b, long, found, "the one that holds longest")
		long.EndedAt, long.By, long.Reason, long.Until = after(10*time.Minute), "carol", "back", after(3*time.Hour)
		require.NoError(b, tx.PutOptOut(ctx, long))
		found, err = tx.FindOptOut(ctx, alice, after(10*time.Minute))
		require.NoError(b, err)
		require.Equal(b, short, found)
		found, err = tx.FindOptOut(ctx, alice, after(9*time.Minute))
		require.NoError(b, err)
		require.Equal(b, long, found)
		_, err = tx.FindOptOut(ctx, stranger, noon)
		require.ErrorIs(b, err, store.ErrNotFound)
		_, err = tx.FindOptOut(ctx, alice, after(time.Hour))
		require.ErrorIs(b, err, store.ErrNotFound)
	})
}

// suppressionUsedUp has many alerts arrive at once that one suppression could
// cover, each deciding under the person's name.
func suppressionUsedUp(b *bench) {
	const most = crowdSize*rounds - 7
	one := covering("s1", noon, after(time.Hour))
	one.Most = most
	b.in(func(ctx context.Context, tx store.Tx) { require.NoError(b, tx.PutSuppression(ctx, one)) })
	covered := make(chan bool, crowdSize*rounds)
	errs := b.together(func(int) error {
		return b.repeat(func(tx store.Tx) error {
			if err := tx.LockName(b.Context(), "person "+alice.User); err != nil {
				return err
			}
			list, err := tx.SuppressionsOf(b.Context(), alice, noon)
			if err != nil {
				return err
			}
			if len(list) != 1 {
				return fmt.Errorf("%d suppressions", len(list))
			}
			if !list[0].InForce(noon) {
				return nil
			}
			list[0].Used++
			covered <- true
			return tx.PutSuppression(b.Context(), list[0])
		})
	})
	require.NoError(b, errors.Join(errs...))
	require.Len(b, covered, most)
	one.Used = most
	b.in(func(ctx context.Context, tx store.Tx) {
		got, err := tx.FindSuppression(ctx, "s1")
		require.NoError(b, err)
		require.Equal(b, one, got)
	})
}
