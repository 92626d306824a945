package storetest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/store"
)

func outgoing(alertID, kind, ref string, created time.Time) store.Outgoing {
	return store.Outgoing{AlertID: alertID, Kind: kind, Ref: ref, CreatedAt: created, AvailableAt: created}
}

// enqueue puts entries into the outbox.
func (b *bench) enqueue(entries ...store.Outgoing) {
	b.Helper()
	b.in(func(ctx context.Context, tx store.Tx) {
		for _, each := range entries {
			require.NoError(b, tx.Enqueue(ctx, each))
		}
	})
}

// claim takes due entries for a minute.
func (b *bench) claim(now time.Time, limit int) []store.Outgoing {
	b.Helper()
	var claimed []store.Outgoing
	b.in(func(ctx context.Context, tx store.Tx) {
		var err error
		claimed, err = tx.Claim(ctx, now, now.Add(time.Minute), limit)
		require.NoError(b, err)
	})
	return claimed
}

func (b *bench) waiting(count int, oldest time.Time) {
	b.Helper()
	b.in(func(ctx context.Context, tx store.Tx) {
		n, since, err := tx.Waiting(ctx)
		require.NoError(b, err)
		require.Equal(b, count, n)
		require.Equal(b, oldest, since)
	})
}

func outbox(b *bench) {
	b.insert(plain(1))
	b.waiting(0, time.Time{})
	require.Empty(b, b.claim(noon, 10))
	first := outgoing(id(1), "answer", "a1", noon)
	first.Choice = "yes"
	b.enqueue(first, outgoing(id(1), "answer", "a2", after(time.Second)))
	again := outgoing(id(1), "answer", "a1", after(time.Hour))
	again.Choice, again.Attempts, again.LastError = "no", 7, "changes nothing"
	b.enqueue(again)
	b.waiting(2, noon)

	claimed := b.claim(noon, 10)
	require.Len(b, claimed, 1)
	taken := claimed[0]
	first.ID, first.AvailableAt, first.Attempts = taken.ID, after(time.Minute), 1
	require.Equal(b, first, taken)
	require.NotZero(b, taken.ID)
	require.Empty(b, b.claim(noon, 10), "hidden, and the other is not due")

	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.Release(ctx, taken.ID, after(time.Second), "temporal is away"))
	})
	claimed = b.claim(after(time.Second), 10)
	require.Len(b, claimed, 2)
	first.AvailableAt, first.Attempts, first.LastError = after(61*time.Second), 2, "temporal is away"
	require.Equal(b, first, claimed[0])
	require.Len(b, b.claim(after(61*time.Second), 10), 2, "whoever took them died")

	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.Done(ctx, taken.ID))
		require.NoError(b, tx.Done(ctx, taken.ID), "it is gone already")
		require.NoError(b, tx.Release(ctx, taken.ID, noon, ""), "it is gone already")
	})
	b.waiting(1, after(time.Second))
}

func outboxOrder(b *bench) {
	b.insert(plain(1), plain(2))
	b.enqueue(
		outgoing(id(1), "start", "", after(2*time.Second)),
		outgoing(id(2), "start", "", after(1*time.Second)),
		outgoing(id(1), "wake", "1", after(3*time.Second)),
		outgoing(id(1), "wake", "2", after(3*time.Second)),
		outgoing(id(1), "wake", "3", after(4*time.Second)),
	)
	var order []string
	for range 3 {
		for _, each := range b.claim(after(3*time.Second), 2) {
			order = append(order, each.AlertID[63:]+each.Kind+each.Ref)
		}
	}
	require.Equal(b, []string{"2start", "1start", "1wake1", "1wake2"}, order)
}

func outboxAgain(b *bench) {
	b.insert(plain(1))
	b.enqueue(outgoing(id(1), "wake", "", noon))
	first := b.claim(noon, 1)[0]
	b.in(func(ctx context.Context, tx store.Tx) { require.NoError(b, tx.Done(ctx, first.ID)) })
	b.enqueue(outgoing(id(1), "wake", "", after(time.Second)))
	second := b.claim(after(time.Second), 1)[0]
	require.NotEqual(b, first.ID, second.ID, "an id is never used twice")
	require.Equal(b, 1, second.Attempts)
	b.in(func(ctx context.Context, tx store.Tx) { require.NoError(b, tx.Done(ctx, first.ID)) })
	b.waiting(1, after(time.Second))
}

func outboxEarlier(b *bench) {
	b.insert(plain(1))
	later, other := outgoing(id(1), "wake", "1", noon), outgoing(id(1), "wake", "2", noon)
	later.AvailableAt, other.AvailableAt = after(time.Hour), after(time.Hour)
	b.enqueue(later, other)
	require.Empty(b, b.claim(after(time.Minute), 10))

	sooner := later
	sooner.CreatedAt, sooner.AvailableAt = after(time.Second), after(time.Minute)
	b.enqueue(sooner, later) // the earlier of the two stays
	claimed := b.claim(after(time.Minute), 10)
	require.Len(b, claimed, 1)
	later.ID, later.AvailableAt, later.Attempts = claimed[0].ID, after(2*time.Minute), 1
	require.Equal(b, later, claimed[0], "nothing else changed")
	b.waiting(2, noon)

	b.enqueue(outgoing(id(1), "wake", "1", after(time.Minute)))
	require.Len(b, b.claim(after(time.Minute), 10), 1, "news while somebody holds it: it is tried once more")
}

func outboxOfNoAlert(b *bench) {
	b.enqueue(outgoing("", "notice", "n1", noon), outgoing("", "notice", "n2", noon),
		outgoing("", "rollup", "n1", noon), outgoing("", "notice", "n1", after(time.Second)))
	b.waiting(3, noon)
	var kinds []string
	for _, each := range b.claim(noon, 10) {
		require.Empty(b, each.AlertID)
		kinds = append(kinds, each.Kind+" "+each.Ref)
	}
	require.Equal(b, []string{"notice n1", "notice n2", "rollup n1"}, kinds)
}
