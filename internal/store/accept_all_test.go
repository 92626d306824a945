package store_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite"
)

// reports are alerts as they were sent, in an order.
func reports(alerts ...alert.Alert) []store.Report {
	list := make([]store.Report, len(alerts))
	for i, each := range alerts {
		list[i] = store.Report{Alert: each, Body: []byte(`{"sent":` + fmt.Sprint(i) + `}`)}
	}
	return list
}

func (b *bench) acceptsAll(perHour int, alerts ...alert.Alert) []store.Accepted {
	b.Helper()
	all, err := b.AcceptAll(b.Context(), "auditd", reports(alerts...), perHour)
	require.NoError(b, err)
	require.Len(b, all, len(alerts))
	return all
}

// became is one word for each report.
func became(all []store.Accepted) []string {
	words := make([]string, len(all))
	for i, each := range all {
		switch {
		case each.Err != nil:
			words[i] = each.Err.Error()
		case each.Duplicate:
			words[i] = "known"
		default:
			words[i] = "new"
		}
	}
	return words
}

func TestManyAreAcceptedAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		before := b.acceptsAll(0, sudo("old"), sudo(""))
		b.waiting("")
		b.passes(time.Minute)
		aboutBob, timed := sudo("old"), sudo("")
		aboutBob.Subject.Email, timed.OccurredAt = "bob@example.com", noon
		again := sudo("fresh")
		again.Title = "said another way"
		otherwise := sudo("fresh")
		otherwise.Detection = "nmap"

		all := b.acceptsAll(0, sudo("fresh"), sudo("old"), again, aboutBob, otherwise, sudo(""), timed, timed, sudo("last"))

		require.Equal(b, []string{
			"new", "known", "known", store.ErrConflict.Error(), store.ErrConflict.Error(), "known", "new", "known", "new",
		}, became(all))
		require.Equal(b, before[0].Record.ID, all[1].Record.ID)
		require.Equal(b, before[1].Record.ID, all[5].Record.ID, "without a key or a time, the same words are the same for ten minutes")
		require.Equal(b, all[0].Record.ID, all[2].Record.ID)
		require.Equal(b, all[6].Record.ID, all[7].Record.ID)
		for _, place := range []int{0, 6, 8} {
			id := all[place].Record.ID
			require.Equal(b, noon.Add(time.Minute), b.reads(id).ReceivedAt)
			require.Equal(b, store.KindAccepted, b.kinds(id))
		}
		listed, err := b.List(b.Context(), store.Filter{})
		require.NoError(b, err)
		require.Len(b, listed, 5)
		require.Equal(b, "sudo to an interactive shell", b.reads(all[0].Record.ID).Title, "the first stands")
		count, _, err := b.Backlog(b.Context())
		require.NoError(b, err)
		require.Equal(b, 3, count, "each new one is started once")
	})
}

// Two batches with the same alerts in opposite orders wait for each other at most.
func TestTheSameBatchesAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		var alerts []alert.Alert
		for i := range 40 {
			alerts = append(alerts, sudo(fmt.Sprint(i)))
		}
		alerts = append(alerts, sudo(""))
		backward := slices.Clone(alerts)
		slices.Reverse(backward)
		all := together(b, 6, func(n int) ([]store.Accepted, error) {
			return b.AcceptAll(b.Context(), "auditd", reports([][]alert.Alert{alerts, backward}[n%2]...), 0)
		})
		fresh := 0
		for _, each := range slices.Concat(all...) {
			require.NoError(b, each.Err)
			if !each.Duplicate {
				fresh++
			}
		}
		require.Equal(b, len(alerts), fresh)
		count, _, err := b.Backlog(b.Context())
		require.NoError(b, err)
		require.Equal(b, len(alerts), count)
	})
}

func TestSoManyAnHour(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		const limited = "3 alerts an hour are taken"
		b.acceptsAll(0, sudo("a"))
		elsewhere := sudo("elsewhere")
		elsewhere.Source = "zeek"
		_, err := b.Accept(b.Context(), elsewhere)
		require.NoError(b, err)
		b.passes(20 * time.Minute)

		all := b.acceptsAll(3, sudo("a"), sudo("b"), sudo("c"), sudo("d"), sudo("b"), sudo("d"))
		require.Equal(b, []string{"known", "new", "new", limited, "known", limited}, became(all), "what is known costs nothing")
		require.Equal(b, 40*time.Minute+time.Second, waitOf(b, all[3]))

		b.passes(40 * time.Minute)
		require.Equal(b, []string{limited}, became(b.acceptsAll(3, sudo("d"))), "the first was received an hour ago to the second")
		b.passes(time.Second)
		all = b.acceptsAll(3, sudo("e"), sudo("f"))
		require.Equal(b, []string{"new", limited}, became(all))
		require.Equal(b, 20*time.Minute, waitOf(b, all[1]))
		b.passes(20 * time.Minute)
		require.Equal(b, []string{"new", "new", limited}, became(b.acceptsAll(3, sudo("f"), sudo("g"), sudo("h"))))
		require.Equal(b, []string{"new"}, became(b.acceptsAll(0, sudo("h"))), "another token of the source without a limit")
	})
}

func waitOf(b *bench, refused store.Accepted) time.Duration {
	b.Helper()
	var limit *store.LimitError
	require.ErrorAs(b, refused.Err, &limit)
	return limit.Wait
}

func TestTheLimitHoldsForAllWhoSendAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		all := together(b, 12, func(n int) ([]store.Accepted, error) {
			return b.AcceptAll(b.Context(), "auditd", reports(sudo(fmt.Sprint(n))), 5)
		})
		fresh := 0
		for _, each := range all {
			if each[0].Err == nil {
				fresh++
			}
		}
		require.Equal(b, 5, fresh)
	})
}

func BenchmarkAThousandAtOnce(b *testing.B) {
	path := filepath.Join(b.TempDir(), "record.db")
	require.NoError(b, sqlite.Migrate(b.Context(), path))
	backend, err := sqlite.Open(b.Context(), path)
	require.NoError(b, err)
	record := store.New(backend)
	b.Cleanup(func() { require.NoError(b, record.Close()) })
	for round := 0; b.Loop(); round++ {
		alerts := make([]alert.Alert, 1000)
		for i := range alerts {
			alerts[i] = sudo(fmt.Sprintf("%d-%d", round, i))
		}
		_, err := record.AcceptAll(b.Context(), "auditd", reports(alerts...), 0)
		require.NoError(b, err)
	}
}
