package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

func (b *bench) overview(name string) store.Overview {
	b.Helper()
	overview, err := b.Overview(b.Context(), name, nil)
	require.NoError(b, err)
	return overview
}

func TestAnOverviewCountsWhatHappened(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		empty := b.overview("24h")
		require.Len(b, empty.Series, 24)
		require.Empty(b, empty.Detections)
		require.Nil(b, empty.Totals.MedianSeconds)

		b.confirmed(alice) // at noon
		b.passes(time.Hour)
		no := b.asked(bob)
		b.answers(no.ID, bob, alert.No)
		b.answers(no.ID, bob, alert.Yes)                      // changes nothing
		_, refusal, err := b.Request(b.Context(), store.Wish{ // Securitybot's own alert counts for nothing
			Delivery: "wish", Person: alice.PersonKey, At: b.Now(), Kind: alert.RequestResolve, AlertID: no.ID, Title: "resolve",
		})
		require.NoError(b, err)
		require.Empty(b, refusal)
		b.accepted()

		check := func() {
			b.Helper()
			overview := b.overview("24h")
			totals := overview.Totals
			require.Equal(b, []int{3, 2, 2, 1}, []int{totals.Accepted, totals.Asked, totals.Answered, totals.Cases})
			require.Equal(b, map[alert.Outcome]int{alert.Confirmed: 1, alert.Denied: 1}, totals.Verdicts)
			last := overview.Series[23]
			require.Equal(b, b.Now().Truncate(time.Hour), last.At)
			require.Equal(b, []int{1, 2}, []int{overview.Series[22].Accepted, last.Accepted})
			require.Equal(b, map[alert.Outcome]int{alert.Confirmed: 1}, overview.Series[22].Verdicts)
			require.Equal(b, map[alert.Outcome]int{alert.Denied: 1}, last.Verdicts)
			require.Equal(b, []store.DetectionOverview{{
				Detection: "sudo_interactive", Accepted: 3, Asked: 2, Confirmed: 1, Denied: 1,
			}}, overview.Detections)
			require.Equal(b, store.OpenCaseCounts{Total: 1, Denied: 1}, overview.OpenCases)
			require.Equal(b, totals, b.overview("7d").Totals)
			require.Equal(b, totals, b.overview("30d").Totals)
		}
		check()
		require.NoError(b, b.FoldTallies(b.Context()))
		check()
		require.NoError(b, b.FoldTallies(b.Context()))
		check()

		b.passes(24 * time.Hour)
		require.Zero(b, b.overview("24h").Totals.Accepted)
		require.Equal(b, 3, b.overview("7d").Totals.Accepted)
		require.Equal(b, 3, b.overview("7d").Series[5].Accepted)
		b.passes(30 * 24 * time.Hour)
		require.Zero(b, b.overview("30d").Totals.Accepted)
		_, err = b.Overview(b.Context(), "1y", nil)
		require.Error(b, err)
	})
}

// Several who fold at once count everything once, whatever comes in meanwhile.
func TestFoldingAtOnceCountsOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		together(b, 8, func(n int) (struct{}, error) {
			if n%2 == 0 {
				return struct{}{}, b.FoldTallies(b.Context())
			}
			_, err := b.Accept(b.Context(), sudo(b.fresh("key")))
			return struct{}{}, err
		})
		require.NoError(b, b.FoldTallies(b.Context()))
		require.Equal(b, 4, b.overview("24h").Totals.Accepted)
	})
}

func TestAQuestionAboutSeveralCountsEachOfThem(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		question := b.reports(on("web-1"), nil)
		joined := b.reports(on("web-1"), nil)
		require.Equal(b, question.ID, joined.JoinedTo)
		b.posts(question.ID, store.PurposeQuestion, b.Now())
		said := b.said(question.ID, alice, alert.Yes)
		said.Revision = 2
		_, err := b.TakeAnswer(b.Context(), said)
		require.NoError(b, err)
		b.approves(question.ID)

		require.Equal(b, alert.Confirmed, b.reads(joined.ID).Verdict.Outcome)
		require.Equal(b, alert.Yes, b.reads(joined.ID).Answered)
		require.True(b, b.reads(joined.ID).Proven)
		totals := b.overview("24h").Totals
		require.Equal(b, []int{2, 2, 1}, []int{totals.Accepted, totals.Asked, totals.Answered})
		require.Equal(b, map[alert.Outcome]int{alert.Confirmed: 2}, totals.Verdicts)
	})
}

// What is read from the buckets is within a tenth of the truth.
func TestHowLongAnswersTake(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		var waits []time.Duration
		for i := range 9 {
			waits = append(waits, time.Duration(i+1)*7*time.Minute)
		}
		for _, wait := range waits {
			id := b.asked(alice).ID
			b.passes(wait)
			b.answers(id, alice, alert.No)
		}
		totals := b.overview("24h").Totals
		require.InEpsilon(b, waits[4].Seconds(), *totals.MedianSeconds, 0.1)
		require.InEpsilon(b, waits[8].Seconds(), *totals.P90Seconds, 0.15)
		require.Less(b, *totals.MedianSeconds, *totals.P90Seconds)
	})
}

func TestWhatTheNumbersOfADetectionSay(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		counted store.DetectionOverview
		advice  store.Advice
		why     string
	}{
		"too few to say":     {store.DetectionOverview{Confirmed: 19}, store.AdviceNone, ""},
		"all is well":        {store.DetectionOverview{Confirmed: 90, Denied: 10}, store.AdviceNone, ""},
		"what people do":     {store.DetectionOverview{Confirmed: 38, Denied: 2}, store.AdviceRetire, "95 % of 40 questions were confirmed"},
		"nearly that":        {store.DetectionOverview{Confirmed: 94, Denied: 6}, store.AdviceNone, ""},
		"nobody answers":     {store.DetectionOverview{Confirmed: 14, Silent: 6}, store.AdviceAsk, "30 % of 20 questions got no answer"},
		"yes, without proof": {store.DetectionOverview{Confirmed: 16, Unproven: 4}, store.AdviceProof, "20 % of 20 questions got a yes without proof"},
		"who knows":          {store.DetectionOverview{Confirmed: 16, Unsure: 4}, store.AdviceExplain, `20 % of 20 questions got "not sure"`},
		"suppressed alone":   {store.DetectionOverview{Accepted: 500, Suppressed: 500}, store.AdviceNone, ""},
	} {
		advice, why := tc.counted.Advise()
		require.Equal(t, tc.advice, advice, name)
		require.Contains(t, why, tc.why, name)
		require.Equal(t, tc.why == "", why == "", name)
	}
}

// The number of open cases must not tell somebody that there is one about them.
func TestOpenCasesAreCountedWithoutOnesOwn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.NoError(b, b.PutPeople(b.Context(), []alert.Person{alice, bob}))
		id := b.asked(alice).ID
		b.answers(id, alice, alert.No)
		_, err := b.TakeAck(b.Context(), b.said(id, bob, ""), "Bob")
		require.NoError(b, err)
		silent := b.askedHimself().ID
		b.passes(3 * time.Hour)
		b.settles(silent)
		resolved := b.asked(alice).ID
		b.passes(3 * time.Hour)
		b.settles(resolved)
		_, err = b.TakeResolve(b.Context(), b.said(resolved, bob, ""), "Bob", "spoke to her")
		require.NoError(b, err)

		counts := func(except *alert.Person) store.OpenCaseCounts {
			overview, err := b.Overview(b.Context(), "24h", except)
			require.NoError(b, err)
			return overview.OpenCases
		}
		require.Equal(b, store.OpenCaseCounts{Total: 2, Denied: 1, Medium: 1, Acknowledged: 1}, counts(nil))
		require.Equal(b, store.OpenCaseCounts{Total: 1, Medium: 1}, counts(&alice))
		require.Equal(b, store.OpenCaseCounts{Total: 1, Denied: 1, Acknowledged: 1}, counts(&bob))
	})
}
