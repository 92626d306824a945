package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// stormy allows three open questions, and five alerts an hour.
func stormy(plan *alert.Plan) { plan.Limits = alert.Limits{Open: 3, Storm: 5} }

func TestAStormIsOneCase(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		for n := range 5 {
			require.Equal(b, alert.Ask, b.reports(on(fmt.Sprint(n)), stormy).Plan.Action)
		}
		carrier := b.reports(on("a"), stormy)
		require.Equal(b, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonStorm}, carrier.Verdict)
		require.Equal(b, store.PileStorm, carrier.Pile)
		require.NotNil(b, b.caseOf(carrier.ID), "it has its case before anybody drives it")

		for _, severity := range alert.Severities() {
			b.passes(time.Minute)
			member := b.reports(of(severity, on("b")), stormy)
			require.Equal(b, carrier.ID, member.CaseOf)
			require.Equal(b, alert.ReasonStorm, b.settles(member.ID).Verdict.Reason)
			require.Nil(b, b.caseOf(member.ID))
		}
		require.Len(b, b.story(carrier.ID).Members, 4, "the gravest too")
		theirs, err := b.report(bob, on("a"), stormy)
		require.NoError(b, err)
		require.Equal(b, alert.Ask, theirs.Plan.Action)
	})
}

func TestAnotherStormHasACaseOfItsOwn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		carrier := func() string {
			for n := range 5 {
				b.reports(on(fmt.Sprint(n, b.Now())), stormy)
			}
			storm := b.reports(on("a"), stormy)
			require.Equal(b, store.PileStorm, storm.Pile)
			return storm.ID
		}
		first := carrier()
		b.passes(time.Hour)
		require.Equal(b, first, b.reports(on("b"), stormy).CaseOf)
		b.passes(time.Hour + time.Second)
		require.Equal(b, alert.Ask, b.reports(on("b"), stormy).Plan.Action, "it is over")
		b.passes(2 * time.Hour)
		require.NotEqual(b, first, carrier())
	})
}

// A case that was resolved must not swallow what comes next.
func TestAStormGoesOnAfterItsCaseWasResolved(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		for n := range 5 {
			b.reports(on(fmt.Sprint(n)), stormy)
		}
		carrier := b.reports(on("a"), stormy).ID
		heard, err := b.TakeResolve(b.Context(), b.said(carrier, bob, ""), "Bob", "a load test")
		require.NoError(b, err)
		require.Empty(b, heard.Refusal)
		b.settles(b.reports(on("b"), stormy).ID)
		require.True(b, b.caseOf(carrier).ResolvedAt.IsZero())
	})
}

func TestSuppressedAndObservedAlertsMakeNoStorm(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		b.proven(b.reports(on("db-1"), suppressing))
		for range 10 {
			b.settles(b.reports(on("db-1"), func(plan *alert.Plan) { suppressing(plan); stormy(plan) }).ID)
		}
		require.Equal(b, alert.Ask, b.reports(on("db-2"), stormy).Plan.Action)
	})
}

// Five hundred alerts about one person at once: a few questions, one case, and
// every row accounted for.
func TestHundredsOfAlertsAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		const most = 20
		alerts := often(100, 500) // five hundred over the wire: test/e2e
		limits := plans(func(plan *alert.Plan) { plan.Limits = alert.Limits{Open: 3, Storm: most} })
		records := together(b, alerts, func(n int) (store.Record, error) {
			severity := alert.Severities()[n%4]
			return b.report(alice, of(severity, on(fmt.Sprint("db-", n%7))), limits)
		})
		require.LessOrEqual(b, b.openQuestions(), 3)
		count := map[string]int{}
		carriers := map[string]bool{}
		for _, record := range records {
			stands := b.settles(record.ID)
			switch {
			case stands.HasTurn():
				count["asked"]++
			case stands.JoinedTo != "":
				count["joined"]++
				require.Empty(b, b.reads(stands.JoinedTo).JoinedTo)
			case !stands.QueuedUntil.IsZero():
				count["waits"]++
			case stands.Pile == store.PileStorm:
				count["case"]++
				carriers[stands.ID] = true
			default:
				count["listed"]++
				carriers[stands.CaseOf] = true
			}
		}
		require.Equal(b, most, count["asked"]+count["joined"]+count["waits"])
		require.Equal(b, 1, count["case"])
		require.Equal(b, alerts-most-1, count["listed"])
		require.Len(b, carriers, 1)
		open, err := b.OpenCases(b.Context(), b.Now().Add(time.Second), 10)
		require.NoError(b, err)
		require.Len(b, open, 1)
		require.Len(b, b.story(open[0].Record.ID).Members, count["listed"])
	})
}
