package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

func listFilters(b *bench) {
	mixed := full(1)
	mixed.Source, mixed.Detection = "edr", "nmap"
	other := plain(2)
	other.Key, other.Subject = "key-2", alert.Subject{Email: "bob@example.com"}
	named := plain(3)
	named.Subject = alert.Subject{Username: "alice@example.com"}
	b.insert(mixed, other, named)
	for _, each := range []struct {
		filter store.Filter
		want   []string
	}{
		{store.Filter{}, idsOf(3, 2, 1)},
		{store.Filter{Limit: 2}, idsOf(3, 2)},
		{store.Filter{Limit: 5}, idsOf(3, 2, 1)},
		{store.Filter{Status: "received"}, idsOf(3, 2)},
		{store.Filter{Outcome: "denied"}, idsOf(1)},
		{store.Filter{Detection: "nmap"}, idsOf(1)},
		{store.Filter{Subject: "alice@example.com"}, idsOf(3, 1)},
		{store.Filter{Subject: "alice"}, idsOf(1)},
		{store.Filter{Subject: "UALICE"}, idsOf(1)},
		{store.Filter{Subject: "%"}, []string{}},
		{store.Filter{Source: "siem"}, idsOf(3, 2)},
		{store.Filter{Key: "key-2"}, idsOf(2)},
		{store.Filter{Source: "edr", Key: "key-2"}, []string{}},
		{store.Filter{Status: "received", Source: "siem", Detection: "sudo_interactive", Limit: 1}, idsOf(3)},
		{store.Filter{Before: store.Cursor{ReceivedAt: other.ReceivedAt, ID: other.ID}}, idsOf(1)},
		{store.Filter{Status: "received", Before: store.Cursor{ReceivedAt: named.ReceivedAt, ID: named.ID}}, idsOf(2)},
	} {
		b.in(func(ctx context.Context, tx store.Tx) {
			got, err := tx.ListAlerts(ctx, each.filter)
			require.NoError(b, err)
			require.Equal(b, each.want, ids(got), "%+v", each.filter)
		})
	}
}

// crowd inserts alerts of which several share each moment, in no order.
func (b *bench) crowd() {
	b.Helper()
	for _, n := range []int{4, 9, 1, 7, 3, 8, 2, 6, 5} {
		record := plain(n)
		record.ReceivedAt = after(time.Duration((n-1)/4) * time.Second)
		b.insert(record)
	}
}

func listPages(b *bench) {
	b.crowd()
	for limit := 1; limit <= 10; limit++ {
		var got []string
		filter := store.Filter{Limit: limit}
		for range 10 {
			var page []store.Record
			b.in(func(ctx context.Context, tx store.Tx) {
				var err error
				page, err = tx.ListAlerts(ctx, filter)
				require.NoError(b, err)
			})
			if len(page) == 0 {
				break
			}
			last := page[len(page)-1]
			filter.Before = store.Cursor{ReceivedAt: last.ReceivedAt, ID: last.ID}
			got = append(got, ids(page)...)
		}
		require.Equal(b, idsOf(9, 8, 7, 6, 5, 4, 3, 2, 1), got, fmt.Sprint("limit ", limit))
	}
}

func unfinished(b *bench) {
	b.crowd()
	done := plain(0)
	done.FinishedAt = after(time.Hour)
	early := plain(10) // the oldest has the greatest id
	early.ReceivedAt = after(-time.Second)
	b.insert(done, early)
	before := after(2 * time.Second) // the ninth came at this very moment
	for limit := 1; limit <= 10; limit++ {
		got, last := []string{}, ""
		for range 12 {
			var page []store.Record
			b.in(func(ctx context.Context, tx store.Tx) {
				var err error
				page, err = tx.Unfinished(ctx, before, last, limit)
				require.NoError(b, err)
			})
			if len(page) == 0 {
				break
			}
			require.LessOrEqual(b, len(page), limit)
			got = append(got, ids(page)...)
			last = got[len(got)-1]
		}
		require.Equal(b, idsOf(10, 1, 2, 3, 4, 5, 6, 7, 8), got, fmt.Sprint("limit ", limit))
	}
	b.in(func(ctx context.Context, tx store.Tx) {
		_, err := tx.Unfinished(ctx, before, id(99), 1)
		require.ErrorIs(b, err, store.ErrNotFound)
	})
}
