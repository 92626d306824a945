package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/store"
)

// arrival is an alert with all that is written with it.
func arrival(n int) store.Arrival {
	record := plain(n)
	record.Key, record.Context = nasty, json.RawMessage(nastyJSON)
	record.OccurredAt = noon
	first := entry(record.ID, 1)
	first.Previous = ""
	return store.Arrival{
		Record: record, Entry: first,
		Payload:  store.Payload{AlertID: record.ID, Body: []byte(nastyJSON + "\x00\xff"), Salt: []byte{0, 255}, Digest: "d"},
		Outgoing: store.Outgoing{AlertID: record.ID, Kind: "start", Ref: "r", CreatedAt: noon, AvailableAt: noon},
		Tallies:  []store.Tally{tally(noon, "", "accepted", 1), tally(noon, record.Detection, "accepted", 1)},
	}
}

// bare is an arrival with nothing that may be missing.
func bare(n int) store.Arrival {
	record := plain(n)
	return store.Arrival{
		Record: record, Outgoing: store.Outgoing{AlertID: record.ID, Kind: "start", CreatedAt: noon, AvailableAt: noon},
		Entry: store.Entry{AlertID: record.ID, Seq: 1, At: noon, Kind: "accepted"},
	}
}

func (b *bench) arrive(arrivals ...store.Arrival) []bool {
	b.Helper()
	var news []bool
	b.in(func(ctx context.Context, tx store.Tx) {
		var err error
		news, err = tx.InsertNew(ctx, arrivals)
		require.NoError(b, err)
	})
	return news
}

func arrivals(b *bench) {
	whole, empty := arrival(1), bare(2)
	require.Equal(b, []bool{true, true, false}, b.arrive(whole, empty, arrival(1)), "the first of the same")
	b.stands(whole.Record)
	b.stands(empty.Record)
	b.in(func(ctx context.Context, tx store.Tx) {
		for _, each := range []store.Arrival{whole, empty} {
			entries, err := tx.Entries(ctx, each.Record.ID)
			require.NoError(b, err)
			require.Equal(b, []store.Entry{each.Entry}, entries)
		}
		payload, err := tx.Payload(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, whole.Payload, payload)
		_, err = tx.Payload(ctx, id(2))
		require.ErrorIs(b, err, store.ErrNotFound)
	})
	sent := b.claim(noon, 9)
	require.Len(b, sent, 2)
	order := []string{sent[0].AlertID, sent[1].AlertID}
	require.Equal(b, idsOf(1, 2), order, "as they were given")
	require.Equal(b, "r", sent[0].Ref)
	b.finds(store.Filter{Text: "egnp"})
	b.finds(store.Filter{Text: "gnp"}, 1)
	require.Equal(b, []store.Tally{sum(store.TallyHour, "", "accepted", 0, 1)}, b.tallies(total("accepted")))

	next := entry(id(1), 2)
	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.AppendEntry(ctx, next), "the chain goes on")
	})
	require.Empty(b, b.arrive(), "none at all")
}

func thousandArrivals(b *bench) {
	const count = 1000
	b.insert(plain(1), plain(500))
	var many []store.Arrival
	for n := range count {
		one := bare(count - n)
		one.Tallies = []store.Tally{tally(noon, "", "accepted", 1)}
		many = append(many, one)
	}
	b.arrive(many[:count/2]...)
	news := b.arrive(many...)
	for n, fresh := range news {
		id := count - n
		require.Equal(b, id <= count/2 && id != 1 && id != 500, fresh, "alert %d", id)
	}
	sums := b.tallies(total("accepted"))
	require.Len(b, sums, 1)
	require.Equal(b, count-2, sums[0].Count, "of what existed nothing was written")
	b.in(func(ctx context.Context, tx store.Tx) {
		waiting, _, err := tx.Waiting(ctx)
		require.NoError(b, err)
		require.Equal(b, count-2, waiting)
		_, err = tx.LastEntry(ctx, id(500))
		require.ErrorIs(b, err, store.ErrNotFound)
	})
}

func arrivalsAreAllOrNothing(b *bench) {
	errDied := errors.New("died")
	err := b.db.InTx(b.Context(), func(tx store.Tx) error {
		_, err := tx.InsertNew(b.Context(), []store.Arrival{arrival(1), arrival(2)})
		require.NoError(b, err)
		return errDied
	})
	require.ErrorIs(b, err, errDied)
	bad := arrival(2)
	bad.Record.Severity = "grave"
	err = b.db.InTx(b.Context(), func(tx store.Tx) error {
		_, err := tx.InsertNew(b.Context(), []store.Arrival{arrival(1), bad})
		return err
	})
	require.Error(b, err)
	b.missing(id(1))
	b.missing(id(2))
	require.Empty(b, b.claim(noon, 9))
	require.Empty(b, b.tallies(total("accepted")))
	require.Equal(b, []bool{true}, b.arrive(arrival(1)), "nothing is in its way")
}

func arrivalsTogether(b *bench) {
	const count = 30
	fresh := make(chan int, crowdSize)
	errs := b.together(func(n int) error {
		var mine []store.Arrival
		for i := range count { // each in another order
			mine = append(mine, arrival(1+(i*7+n*11)%count))
		}
		won := 0
		err := b.db.InTx(b.Context(), func(tx store.Tx) error {
			news, err := tx.InsertNew(b.Context(), mine)
			won = 0
			for _, is := range news {
				if is {
					won++
				}
			}
			return err
		})
		fresh <- won
		return err
	})
	require.NoError(b, errors.Join(errs...))
	sum := 0
	for range crowdSize {
		sum += <-fresh
	}
	require.Equal(b, count, sum)
}

func findPayloads(b *bench) {
	sent := func(n int, source, digest string) store.Record {
		record := plain(n)
		record.Source, record.PayloadDigest = source, digest
		return record
	}
	b.insert(sent(1, "siem", "d1"), sent(3, "siem", "d1"), sent(2, "siem", "d1"), sent(4, "edr", "d1"),
		sent(5, "siem", "d2"), sent(6, "siem", ""), sent(7, "siem", "d3"))
	b.in(func(ctx context.Context, tx store.Tx) {
		got, err := tx.FindPayloads(ctx, "siem", []string{"d1", "d2", "", "d9", "d1"}, time.Time{})
		require.NoError(b, err)
		require.Equal(b, map[string]store.Record{"d1": sent(3, "siem", "d1"), "d2": sent(5, "siem", "d2")}, got)
		got, err = tx.FindPayloads(ctx, "siem", []string{"d1", "d2"}, sent(3, "", "").ReceivedAt)
		require.NoError(b, err)
		require.Equal(b, map[string]store.Record{"d2": sent(5, "siem", "d2")}, got)
		got, err = tx.FindPayloads(ctx, "siem", nil, time.Time{})
		require.NoError(b, err)
		require.Empty(b, got)
	})
}

func acceptedBy(b *bench) {
	other := plain(9)
	other.Source = "edr"
	b.insert(plain(1), plain(2), plain(3), other)
	b.in(func(ctx context.Context, tx store.Tx) {
		for _, each := range []struct {
			source     string
			since      time.Time
			most, want int
		}{
			{"siem", time.Time{}, 9, 3},
			{"siem", plain(2).ReceivedAt, 9, 2},
			{"siem", time.Time{}, 2, 2},
			{"siem", time.Time{}, 0, 0},
			{"edr", time.Time{}, 9, 1},
			{strings.ToUpper("edr"), time.Time{}, 9, 0},
			{"siem", plain(4).ReceivedAt, 9, 0},
		} {
			got, err := tx.AcceptedBy(ctx, each.source, each.since, each.most)
			require.NoError(b, err)
			require.Equal(b, each.want, got, "%+v", each)
		}
	})
}

// payload is what an alert was POSTed as.
func payload(n int) store.Payload {
	return store.Payload{AlertID: id(n), Body: []byte("{\"a\": 1}\n"), Salt: []byte{1, 2}, Digest: strings.Repeat("4", 64)}
}
