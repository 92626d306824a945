package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/store"
)

func tally(at time.Time, detection, measure string, count int) store.Tally {
	return store.Tally{At: at, Detection: detection, Measure: measure, Count: count}
}

// hour is the one of noon, and day the one of the tests.
var (
	hour = noon.Truncate(time.Hour)
	day  = noon.Truncate(24 * time.Hour)
)

// sum is what is read of a span that begins with these tests.
func sum(span, detection, measure string, bucket, count int) store.Tally {
	at := hour
	if span == store.TallyDay {
		at = day
	}
	return store.Tally{Span: span, At: at, Detection: detection, Measure: measure, Bucket: bucket, Count: count}
}

// total asks for the hours of the total.
func total(measures ...string) store.TallyQuery {
	all := ""
	return store.TallyQuery{Span: store.TallyHour, From: day, To: day.Add(24 * time.Hour), Detection: &all, Measures: measures}
}

func (b *bench) tally(tallies ...store.Tally) {
	b.Helper()
	b.in(func(ctx context.Context, tx store.Tx) { require.NoError(b, tx.AddTallies(ctx, tallies)) })
}

func (b *bench) tallies(query store.TallyQuery) []store.Tally {
	b.Helper()
	var list []store.Tally
	b.in(func(ctx context.Context, tx store.Tx) {
		var err error
		list, err = tx.Tallies(ctx, query)
		require.NoError(b, err)
	})
	return list
}

func (b *bench) fold(limit int) (count int) {
	b.Helper()
	b.in(func(ctx context.Context, tx store.Tx) {
		var err error
		count, err = tx.FoldTallies(ctx, limit)
		require.NoError(b, err)
	})
	return count
}

func tallies(b *bench) {
	b.tally()
	slow := tally(noon, "", "answered", 1)
	slow.Bucket = 40
	b.tally(tally(noon, "", "asked", 1), tally(noon, "sudo", "asked", 1), tally(noon, "nmap", "asked", 2), slow,
		tally(after(time.Minute), "", "asked", 2), tally(after(2*time.Hour), "", "asked", 5), tally(after(2*time.Hour), "sudo", "asked", 4),
		tally(after(24*time.Hour), "", "asked", 7), tally(noon, "", "denied", 9))
	named, days := "sudo", total("asked", "answered")
	days.Span, days.To = store.TallyDay, day.Add(24*time.Hour)
	one, apart := total("asked"), total("asked")
	one.Detection, apart.Detection = &named, nil
	narrow := total("asked")
	narrow.From, narrow.To = hour, hour.Add(time.Hour)
	later := sum(store.TallyHour, "", "asked", 0, 5)
	later.At = hour.Add(2 * time.Hour)
	laterSudo := sum(store.TallyHour, "sudo", "asked", 0, 4)
	laterSudo.At = later.At
	check := func() {
		b.Helper()
		require.Equal(b, []store.Tally{
			sum(store.TallyHour, "", "answered", 40, 1), sum(store.TallyHour, "", "asked", 0, 3), later,
		}, b.tallies(total("asked", "answered")))
		require.Equal(b, []store.Tally{
			sum(store.TallyDay, "", "answered", 40, 1), sum(store.TallyDay, "", "asked", 0, 8),
		}, b.tallies(days))
		require.Equal(b, []store.Tally{sum(store.TallyHour, "sudo", "asked", 0, 1), laterSudo}, b.tallies(one))
		require.Equal(b, []store.Tally{
			{Span: store.TallyHour, Detection: "nmap", Measure: "asked", Count: 2},
			{Span: store.TallyHour, Detection: "sudo", Measure: "asked", Count: 5},
		}, b.tallies(apart))
		require.Equal(b, []store.Tally{sum(store.TallyHour, "", "asked", 0, 3)}, b.tallies(narrow))
		require.Empty(b, b.tallies(total("never")))
		require.Empty(b, b.tallies(total()))
	}
	check()
	require.Equal(b, 4, b.fold(4))
	check()
	require.Equal(b, 5, b.fold(100))
	check()
	require.Zero(b, b.fold(100))
	check()
	b.tally(tally(after(time.Second), "", "asked", 10))
	require.Equal(b, 13, b.tallies(narrow)[0].Count)
	require.Equal(b, 1, b.fold(1))
	require.Equal(b, []store.Tally{sum(store.TallyHour, "", "asked", 0, 13)}, b.tallies(narrow))
}

func talliesDropped(b *bench) {
	b.tally(tally(noon, "", "asked", 1), tally(after(time.Hour), "", "asked", 1))
	b.fold(9)
	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.DropTallies(ctx, store.TallyHour, hour.Add(time.Hour)))
	})
	kept := sum(store.TallyHour, "", "asked", 0, 1)
	kept.At = hour.Add(time.Hour)
	require.Equal(b, []store.Tally{kept}, b.tallies(total("asked")))
	days := total("asked")
	days.Span = store.TallyDay
	require.Equal(b, []store.Tally{sum(store.TallyDay, "", "asked", 0, 2)}, b.tallies(days))
}

func foldRolledBack(b *bench) {
	b.tally(tally(noon, "", "asked", 1))
	errDied := errors.New("died")
	require.ErrorIs(b, b.db.InTx(b.Context(), func(tx store.Tx) error {
		count, err := tx.FoldTallies(b.Context(), 9)
		require.NoError(b, err)
		require.Equal(b, 1, count)
		return errDied
	}), errDied)
	want := []store.Tally{sum(store.TallyHour, "", "asked", 0, 1)}
	require.Equal(b, want, b.tallies(total("asked")))
	require.Equal(b, 1, b.fold(9))
	require.Equal(b, want, b.tallies(total("asked")))
}

// Some add while others fold: nothing is lost, nothing counts twice.
func foldedTogether(b *bench) {
	folded := make(chan int, crowdSize*rounds)
	errs := b.together(func(n int) error {
		return b.repeat(func(tx store.Tx) error {
			if n%2 == 0 {
				return tx.AddTallies(b.Context(), []store.Tally{tally(noon, "", "asked", 1), tally(noon, "sudo", "asked", 1)})
			}
			count, err := tx.FoldTallies(b.Context(), 3)
			if err == nil {
				folded <- count
			}
			return err
		})
	})
	require.NoError(b, errors.Join(errs...))
	close(folded)
	moved := 0
	for count := range folded {
		moved += count
	}
	moved += b.fold(1000)
	require.Equal(b, crowdSize*rounds, moved)
	require.Equal(b, []store.Tally{sum(store.TallyHour, "", "asked", 0, crowdSize/2*rounds)}, b.tallies(total("asked")))
}
