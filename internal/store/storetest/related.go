package storetest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// stranger has Alice's user id in another team.
var stranger = alert.PersonKey{Team: "T2", User: alice.User}

func admittedAndAsked(b *bench) {
	of := func(n int, person alert.PersonKey, admitted, asked time.Time) store.Record {
		record := plain(n)
		record.Person, record.AdmittedAt, record.AskedAt = person, admitted, asked
		return record
	}
	never := time.Time{}
	b.insert(
		of(5, alice, noon, after(time.Minute)), of(4, alice, after(time.Hour), noon), of(6, alice, after(time.Hour), never),
		of(1, alice, after(-1), after(-1)), of(2, bob, noon, noon), of(3, stranger, noon, noon), of(7, alice, never, never),
	)
	b.in(func(ctx context.Context, tx store.Tx) {
		admitted, err := tx.AdmittedOf(ctx, alice, noon)
		require.NoError(b, err)
		require.Equal(b, idsOf(5, 4, 6), ids(admitted))
		require.Equal(b, of(5, alice, noon, after(time.Minute)), admitted[0])
		admitted, err = tx.AdmittedOf(ctx, bob, after(time.Second))
		require.NoError(b, err)
		require.Empty(b, admitted)
		for since, want := range map[time.Time][2]int{
			after(-time.Hour):  {3, 5},
			noon:               {2, 4},
			after(time.Minute): {1, 1},
			after(time.Hour):   {0, 0},
		} {
			one, err := tx.AskedOf(ctx, alice, since)
			require.NoError(b, err)
			all, err := tx.AskedSince(ctx, since)
			require.NoError(b, err)
			require.Equal(b, want, [2]int{one, all}, since)
		}
	})
}

func stormOf(b *bench) {
	of := func(n int, person alert.PersonKey, pile string, escalated time.Time) store.Record {
		record := plain(n)
		record.Person, record.Pile, record.EscalatedAt = person, pile, escalated
		return record
	}
	b.insert(
		of(1, alice, store.PileStorm, after(time.Hour)), of(3, alice, store.PileStorm, after(2*time.Hour)),
		of(2, alice, store.PileStorm, after(2*time.Hour)), of(4, alice, "", after(3*time.Hour)),
		of(5, alice, store.PileFlood, after(3*time.Hour)), of(6, stranger, store.PileStorm, after(3*time.Hour)),
		of(7, alice, store.PileStorm, time.Time{}),
	)
	b.in(func(ctx context.Context, tx store.Tx) {
		for _, since := range []time.Time{{}, after(2 * time.Hour)} {
			found, err := tx.StormOf(ctx, alice, since)
			require.NoError(b, err)
			require.Equal(b, of(3, alice, store.PileStorm, after(2*time.Hour)), found)
		}
		_, err := tx.StormOf(ctx, alice, after(3*time.Hour))
		require.ErrorIs(b, err, store.ErrNotFound)
		_, err = tx.StormOf(ctx, bob, noon)
		require.ErrorIs(b, err, store.ErrNotFound)
	})
}

func together(b *bench) {
	of := func(n int, joinedTo, caseOf string) store.Record {
		record := plain(n)
		record.ReceivedAt = after(time.Duration(n/2) * time.Second)
		record.JoinedTo, record.CaseOf = joinedTo, caseOf
		return record
	}
	b.insert(of(9, "", ""), of(5, id(1), ""), of(4, id(1), id(2)), of(8, id(1), id(2)), of(3, id(2), id(2)),
		of(6, id(2), id(1)), of(1, "", ""), of(2, "", ""))
	b.in(func(ctx context.Context, tx store.Tx) {
		joined, err := tx.JoinedTo(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, []store.Record{of(4, id(1), id(2)), of(5, id(1), ""), of(8, id(1), id(2))}, joined)
		listed, err := tx.InCaseOf(ctx, id(2))
		require.NoError(b, err)
		require.Equal(b, []store.Record{of(3, id(2), id(2)), of(4, id(1), id(2)), of(8, id(1), id(2))}, listed)
		for _, nobody := range []string{"", id(9), id(99)} {
			joined, err := tx.JoinedTo(ctx, nobody)
			require.NoError(b, err)
			require.Empty(b, joined, "joined to %q", nobody)
			listed, err := tx.InCaseOf(ctx, nobody)
			require.NoError(b, err)
			require.Empty(b, listed, "in the case of %q", nobody)
		}
	})
}

func escalatedLike(b *bench) {
	of := func(n int, source, reason string, at time.Time) store.Record {
		record := plain(n)
		record.Source, record.Escalation, record.EscalatedAt = source, reason, at
		return record
	}
	listed := of(8, "siem", "no_response", after(time.Minute))
	listed.CaseOf = id(5)
	b.insert(of(5, "siem", "no_response", after(time.Minute)), of(3, "siem", "no_response", after(time.Hour)),
		of(4, "siem", "no_response", after(time.Minute)), of(2, "edr", "no_response", after(time.Minute)),
		of(1, "siem", "denied", after(time.Minute)), of(6, "siem", "no_response", noon), listed,
		of(7, "siem", "no_response", time.Time{}))
	b.in(func(ctx context.Context, tx store.Tx) {
		like, err := tx.EscalatedLike(ctx, "siem", "no_response", after(time.Minute))
		require.NoError(b, err)
		require.Equal(b, idsOf(4, 5, 3), ids(like))
		require.Equal(b, of(4, "siem", "no_response", after(time.Minute)), like[0])
		like, err = tx.EscalatedLike(ctx, "siem", "", noon)
		require.NoError(b, err)
		require.Empty(b, like)
	})
}

func settledBetween(b *bench) {
	of := func(n int, settled time.Time) store.Record {
		record := plain(n)
		record.Verdict.Outcome, record.SettledAt = alert.Denied, settled
		return record
	}
	b.insert(of(9, after(-1)), of(8, noon), of(5, after(time.Second)), of(2, after(time.Second)), of(6, after(time.Second)),
		of(1, after(3*time.Second)), of(3, after(2*time.Second)), of(7, after(4*time.Second)), plain(4))
	page := func(after store.Cursor, limit int) (list []store.Record) {
		b.in(func(ctx context.Context, tx store.Tx) {
			var err error
			list, err = tx.SettledBetween(ctx, noon, noon.Add(4*time.Second), after, limit)
			require.NoError(b, err)
		})
		return list
	}
	for limit := 1; limit <= 7; limit++ {
		got, last := []string{}, store.Cursor{}
		for list := page(last, limit); len(list) > 0; list = page(last, limit) {
			require.LessOrEqual(b, len(list), limit)
			require.Less(b, len(got), 7, "it ends")
			got = append(got, ids(list)...)
			last = store.Cursor{ReceivedAt: list[len(list)-1].ReceivedAt, ID: got[len(got)-1]}
		}
		require.Equal(b, idsOf(8, 2, 5, 6, 3, 1), got, "limit %d", limit)
	}
	b.in(func(ctx context.Context, tx store.Tx) {
		_, err := tx.SettledBetween(ctx, noon, after(time.Hour), store.Cursor{ID: id(99)}, 1)
		require.ErrorIs(b, err, store.ErrNotFound)
	})
}
