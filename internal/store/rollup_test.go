package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// sumsUp what was decided since noon.
func (b *bench) sumsUp() store.Rollup {
	b.Helper()
	rollup, err := b.Rollup(b.Context(), noon, b.Now().Add(time.Microsecond))
	require.NoError(b, err)
	return rollup
}

// A day of Alice's and Bob's, with something of everything.
func TestRollupOfADay(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.NoError(b, b.PutPeople(b.Context(), []alert.Person{alice, bob}))
		quick := b.asks(b.reports(on("web-1"), nil))
		b.passes(10 * time.Minute)
		b.explains(quick.ID, "the release needed it")
		b.approves(quick.ID)

		slow := b.asked(bob)
		b.passes(time.Hour)
		b.answers(slow.ID, bob, alert.No)
		b.settles(slow.ID)

		joined := b.asks(b.reports(on("web-2"), nil))
		b.reports(on("web-2"), nil)
		b.answersTo(joined.ID, 2, alert.Yes)
		b.approves(joined.ID)

		shadow := func(plan *alert.Plan) {
			plan.Action, plan.Would = alert.Close, alert.Ask
			plan.Verdict = alert.Verdict{Outcome: alert.Observed, Reason: alert.ReasonShadow}
		}
		for range 3 {
			b.settles(b.reports(on("web-3"), shadow).ID)
		}
		sum := b.sumsUp()

		require.Equal(b, []int{7, 4, 3}, []int{sum.Alerts, sum.Asked, sum.Unasked})
		require.Equal(b, []store.DetectionVerdicts{{Detection: "sudo_interactive", Counts: map[alert.Outcome]int{
			alert.Confirmed: 3, alert.Denied: 1, alert.Observed: 3,
		}}}, sum.Verdicts)
		require.Equal(b, map[string]int{"approved": 2}, sum.Pushes)
		require.Equal(b, []store.Observation{{Detection: "sudo_interactive", Reason: "shadow", Would: alert.Ask, Count: 3}}, sum.Observed)

		require.Len(b, sum.Confirmed, 2, "the question that asked about two is one line")
		require.Equal(b, store.Explained{
			AlertID: quick.ID, Detection: "sudo_interactive", Title: "sudo to an interactive shell",
			Who:         store.Who{Name: "Alice Adams", Email: "alice@example.com"},
			Explanation: "the release needed it", Took: 10 * time.Minute, Seconds: 600,
		}, sum.Confirmed[0])
		require.Equal(b, 1, sum.Confirmed[1].Joined)

		require.Equal(b, []string{slow.ID, quick.ID, joined.ID}, alertsOf(sum.Slowest))
		require.Len(b, sum.OpenCases, 1)
		require.Equal(b, slow.ID, sum.OpenCases[0].AlertID)
		require.Equal(b, "Bob Brown (bob@example.com)", sum.OpenCases[0].Who.String())
		require.Empty(b, sum.More)
	})
}

// What was decided before it begins, or at its end, is another rollup's.
func TestRollupsDoNotOverlap(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		closed := func(plan *alert.Plan) {
			plan.Action, plan.Verdict = alert.Close, alert.Verdict{Outcome: alert.Observed, Reason: alert.ReasonPolicy}
		}
		begin := b.Now()
		for range 4 {
			b.settles(b.reports(on("web-1"), closed).ID)
			b.passes(30 * time.Minute)
		}
		for hour := range 2 {
			from := begin.Add(time.Duration(hour) * time.Hour)
			sum, err := b.Rollup(b.Context(), from, from.Add(time.Hour))
			require.NoError(b, err)
			require.Equal(b, 2, sum.Alerts)
		}
		nothing, err := b.Rollup(b.Context(), begin.Add(2*time.Hour), begin.Add(3*time.Hour))
		require.NoError(b, err)
		require.Zero(b, nothing.Alerts)
		require.NotNil(b, nothing.Verdicts, "an empty list is one")
	})
}

// More alerts than one page and more lines than a list has.
func TestRollupOfABigDay(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		for n := range 205 {
			reported := on(fmt.Sprint(n))
			reported.Detection = fmt.Sprintf("detection-%03d", n)
			b.settles(b.reports(reported, func(plan *alert.Plan) {
				plan.Action, plan.Verdict = alert.Escalate, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonPolicy}
			}).ID)
		}
		b.settles(b.reports(alert.Alert{
			Source: "auditd", Detection: "detection-204", Title: "t", Severity: alert.Low, Subject: alert.Subject{Username: "zoe"},
		}, func(plan *alert.Plan) {
			plan.Action, plan.Verdict = alert.Close, alert.Verdict{Outcome: alert.Observed}
		}).ID)
		sum := b.sumsUp()
		require.Equal(b, 206, sum.Alerts)
		require.Len(b, sum.Verdicts, 200)
		require.Equal(b, "detection-204", sum.Verdicts[0].Detection, "the most alerts come first")
		require.Equal(b, "detection-000", sum.Verdicts[1].Detection)
		require.Equal(b, 5, sum.More["verdicts"])
	})
}

func TestRollupTellsWhatIsSilenced(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.NoError(b, b.PutPeople(b.Context(), []alert.Person{alice}))
		_, err := b.OptOut(b.Context(), store.OptOut{Person: bob.PersonKey, Until: noon.Add(time.Hour), By: "person"}, "Bob")
		require.NoError(b, err)
		for _, length := range []time.Duration{time.Minute, time.Hour} {
			_, err := b.Except(b.Context(), store.Suppression{
				Person: alice.PersonKey, Detection: "sudo_interactive", Scope: []byte(`{"host":"web-1"}`), Severity: alert.High,
				Until: noon.Add(length), Reason: "maintenance",
			}, bob.PersonKey, "bob", "Alice")
			require.NoError(b, err)
		}
		b.confirmedOn("web-9")
		b.passes(2 * time.Minute)
		sum := b.sumsUp()
		require.Len(b, sum.OptedOut, 1)
		require.Equal(b, "UBOB", sum.OptedOut[0].Who.String(), "nobody in the directory")
		require.Len(b, sum.Exceptions, 1, "neither what is over nor what came of a yes")
		require.Equal(b, "maintenance", sum.Exceptions[0].Reason)
		require.JSONEq(b, `{"host":"web-1"}`, sum.Exceptions[0].Scope)
	})
}

// Harmless tests and wishes are nobody's alerts; the case of a lost phone is open
// like any other.
func TestRollupLeavesOutOurOwn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.NoError(b, b.LostPhone(b.Context(), b.said("", alice, ""), "Alice's phone is lost", nil))
		sum := b.sumsUp()
		require.Zero(b, sum.Alerts)
		require.Len(b, sum.OpenCases, 1)
		require.Equal(b, alert.ReasonLostPhone, sum.OpenCases[0].Reason)
	})
}

// explains a yes in the same breath.
func (b *bench) explains(id, words string) {
	b.Helper()
	said := b.said(id, alice, alert.Yes)
	said.Words = words
	heard, err := b.TakeAnswer(b.Context(), said)
	require.NoError(b, err)
	require.Empty(b, heard.Refusal)
}

// confirmedOn is a proven yes that covers repetitions for a while.
func (b *bench) confirmedOn(host string) {
	b.Helper()
	record := b.asks(b.reports(on(host), func(plan *alert.Plan) { plan.SuppressFor = time.Hour }))
	b.answers(record.ID, alice, alert.Yes)
	b.approves(record.ID)
}

func alertsOf(lines []store.Explained) []string {
	var ids []string
	for _, line := range lines {
		ids = append(ids, line.AlertID)
	}
	return ids
}
