package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// ignores wants an alert's repetitions ignored.
func (b *bench) ignores(id string, who alert.Person, length time.Duration) (store.Record, store.Refusal) {
	b.Helper()
	request, refusal, err := b.Request(b.Context(), store.Wish{
		Delivery: b.fresh("command"), Person: who.PersonKey, At: b.Now(), Kind: alert.RequestIgnore,
		AlertID: id, For: length, Title: "Ignore a sudo",
	})
	require.NoError(b, err)
	return request, refusal
}

func TestAProvenWishToIgnoreSuppresses(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		confirmed := b.proven(b.reports(on("db-1"), nil))
		request, refusal := b.ignores(confirmed.ID, alice, 90*time.Minute)
		require.Empty(b, refusal)
		require.Equal(b, []string{"start"}, b.waiting(request.ID))
		require.Zero(b, b.settles(request.ID).Verdict, "a wish is a claim")
		require.Empty(b, b.inForce())
		require.Equal(b, alert.Ask, b.reports(on("db-1"), nil).Plan.Action)

		require.Equal(b, alert.Confirmed, b.approves(request.ID).Verdict.Outcome)
		suppression := b.inForce()[0]
		require.Equal(b, store.SuppressIgnore, suppression.Kind)
		require.Equal(b, confirmed.ID, suppression.AlertID)
		require.Equal(b, b.Now().Add(90*time.Minute), suppression.Until)
		covered := b.settles(b.reports(on("db-1"), nil).ID)
		require.Equal(b, alert.Verdict{Outcome: alert.Suppressed, Reason: store.SuppressIgnore}, covered.Verdict)
		b.settles(request.ID)
		require.Len(b, b.inForce(), 1, "once")
	})
}

func TestNothingIsIgnoredForLongerThanFourHours(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		confirmed := b.proven(b.reports(on("db-1"), nil))
		request, _ := b.ignores(confirmed.ID, alice, 1<<62)
		b.approves(request.ID)
		require.Equal(b, b.Now().Add(4*time.Hour), b.inForce()[0].Until)
		backwards, _ := b.ignores(confirmed.ID, alice, -time.Hour)
		b.approves(backwards.ID)
		require.Len(b, b.inForce(), 1)
	})
}

func TestWishesThatAreRefused(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		refused := func(id string, who alert.Person) store.Refusal {
			_, refusal := b.ignores(id, who, time.Hour)
			return refusal
		}
		confirmed := b.proven(b.reports(on("db-1"), nil))
		require.Equal(b, store.RefusedUnconfirmed, refused(b.asks(b.reports(on("db-2"), nil)).ID, alice), "still open")
		require.Equal(b, store.RefusedOther, refused(confirmed.ID, bob))
		require.Equal(b, store.RefusedOther, refused(b.accepted().ID, alice), "of nobody yet")
		require.Equal(b, store.RefusedNoScope, refused(b.proven(b.reports(sudo(""), nil)).ID, alice))
		taken := b.proven(b.reports(on("db-3"), nil))
		b.answers(taken.ID, alice, alert.No)
		require.Equal(b, store.RefusedUnconfirmed, refused(taken.ID, alice), "a no came after it")
		_, _, err := b.Request(b.Context(), store.Wish{Person: alice.PersonKey, AlertID: "nothing"})
		require.ErrorIs(b, err, store.ErrNotFound)

		b.passes(time.Hour)
		b.contradicts(alice)
		require.Equal(b, store.RefusedSuspected, refused(confirmed.ID, alice))
		require.Empty(b, b.inForce())
	})
}

func TestAWishThatIsDeliveredTwiceIsOne(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		confirmed := b.proven(b.reports(on("db-1"), nil))
		wish := store.Wish{
			Delivery: "command-1", Person: alice.PersonKey, At: noon, Kind: alert.RequestIgnore, AlertID: confirmed.ID, For: time.Hour,
		}
		refusals := together(b, 4, func(int) (store.Refusal, error) {
			_, refusal, err := b.Request(b.Context(), wish)
			return refusal, err
		})
		require.ElementsMatch(b, []store.Refusal{"", store.RefusedRepeat, store.RefusedRepeat, store.RefusedRepeat}, refusals)
	})
}

// Whoever has the account can ask for much: each wish would ring a phone.
func TestWishesAreFewAnHour(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		confirmed := b.proven(b.reports(on("db-1"), nil))
		refused := 0
		for range 8 {
			if _, refusal := b.ignores(confirmed.ID, alice, time.Hour); refusal == store.RefusedTooOften {
				refused++
			}
		}
		require.Equal(b, 3, refused)
		b.passes(time.Hour + time.Second)
		_, refusal := b.ignores(confirmed.ID, alice, time.Hour)
		require.Empty(b, refusal)
	})
}

func TestAWishDeniedOnThePhoneIsAnAlarm(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		confirmed := b.proven(b.reports(on("db-1"), suppressing))
		request, _ := b.ignores(confirmed.ID, alice, time.Hour)
		b.phoneSays(b.pushes(request.ID, 1), alert.ProofDenied)
		require.Equal(b, alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonContradicted}, b.settles(request.ID).Verdict)
		require.NotNil(b, b.caseOf(request.ID))
		require.NotNil(b, b.story(request.ID).Distrust)
		require.Empty(b, b.inForce(), "and what was suppressed before is asked again")
	})
}

func TestAWishThatNobodyProvesDoesNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		confirmed := b.proven(b.reports(on("db-1"), nil))
		timedOut, _ := b.ignores(confirmed.ID, alice, time.Hour)
		b.phoneSays(b.pushes(timedOut.ID, 1), alert.ProofTimedOut)
		b.settles(timedOut.ID)
		forgotten, _ := b.ignores(confirmed.ID, alice, time.Hour)
		b.passes(10*time.Minute + time.Second)
		b.settles(forgotten.ID)
		for _, id := range []string{timedOut.ID, forgotten.ID} {
			require.Equal(b, alert.Unproven, b.reads(id).Verdict.Outcome)
			require.Equal(b, alert.Closed, b.reads(id).Status, "nothing happened that anybody has to see")
		}
		require.Empty(b, b.inForce())
	})
}

// The no comes while the phone is being asked.
func TestAWishAboutWhatWasTakenBackMeanwhile(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		confirmed := b.proven(b.reports(on("db-1"), nil))
		request, _ := b.ignores(confirmed.ID, alice, time.Hour)
		proof := b.pushes(request.ID, 1)
		b.answers(confirmed.ID, alice, alert.No)
		b.phoneSays(proof, alert.ProofApproved)
		b.settles(request.ID)
		require.Empty(b, b.inForce())
	})
}

func TestThreeTestsAnHour(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		refusals := together(b, 6, func(int) (store.Refusal, error) { return b.Test(b.Context(), alice.PersonKey, "A test", "") })
		count := map[store.Refusal]int{}
		for _, refusal := range refusals {
			count[refusal]++
		}
		require.Equal(b, map[store.Refusal]int{"": 3, store.RefusedTooOften: 3}, count)
		refusal, err := b.Test(b.Context(), bob.PersonKey, "A test", "")
		require.NoError(b, err)
		require.Empty(b, refusal)
		b.passes(time.Hour)
		refusal, err = b.Test(b.Context(), alice.PersonKey, "A test", "")
		require.NoError(b, err)
		require.Empty(b, refusal)
	})
}

func TestATestIsShownAtAnyTime(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		for reason, shown := range map[string]bool{
			alert.ReasonOutsideHours: true, alert.ReasonAway: true, alert.ReasonPolicy: true, alert.ReasonNotOnboarded: false,
		} {
			_, err := b.Test(b.Context(), alice.PersonKey, "A test", "")
			require.NoError(b, err)
			b.passes(time.Hour)
			tests, err := b.List(b.Context(), store.Filter{Detection: alert.DetectionTest})
			require.NoError(b, err)
			record, err := b.Admit(b.Context(), tests[0].ID, store.Identified{Person: alice}, plans(func(plan *alert.Plan) {
				plan.Action, plan.Verdict = alert.Escalate, alert.Verdict{Outcome: alert.Unasked, Reason: reason}
			}))
			require.NoError(b, err)
			require.Equal(b, shown, record.Plan.Action == alert.Ask, reason)
			require.Equal(b, !shown, b.settles(record.ID).Verdict.Decided(), reason)
		}
	})
}

func TestATestIsHarmless(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		for _, choice := range []alert.Choice{alert.No, alert.NotSure, ""} {
			id := b.wantsATest(func(plan *alert.Plan) { plan.NotBefore = b.Now().Add(24 * time.Hour) }).ID
			if choice != "" {
				b.answers(id, alice, choice)
			}
			b.passes(3 * time.Hour)
			require.Equal(b, alert.Closed, b.settles(id).Status, choice)
			require.Nil(b, b.caseOf(id))
			b.answers(id, alice, alert.No)
			require.Nil(b, b.caseOf(id), "nor later")
		}
		denied := b.wantsATest(nil).ID
		b.answers(denied, alice, alert.Yes)
		b.phoneSays(b.pushes(denied, 1), alert.ProofFraud)
		b.settles(denied)
		require.NotNil(b, b.caseOf(denied), "but what the phone calls a fraud is one")
	})
}

func TestALostPhone(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		old := b.proven(b.reports(on("old"), nil))
		b.passes(24*time.Hour + time.Second)
		confirmed := b.proven(b.reports(on("db-1"), suppressing))
		covered := b.settles(b.reports(on("db-1"), suppressing).ID)
		joinedTo := b.asks(b.reports(on("db-2"), nil)).ID
		joined := b.reports(on("db-2"), nil).ID
		b.answersTo(joinedTo, 2, alert.Yes)
		b.approves(joinedTo)
		denied := b.asks(b.reports(on("db-3"), nil)).ID
		b.answers(denied, alice, alert.No)
		asked := b.asks(b.reports(on("db-4"), nil)).ID
		proving := b.asks(b.reports(on("db-5"), nil)).ID
		b.answers(proving, alice, alert.Yes)
		push := b.pushes(proving, 1)
		b.wakes()

		said := b.said("", alice, "")
		for range 3 {
			require.NoError(b, b.LostPhone(b.Context(), said, "Lost phone", nil))
		}
		require.NoError(b, b.LostPhone(b.Context(), b.said("", alice, ""), "Lost phone", nil), "said again")
		lost, err := b.List(b.Context(), store.Filter{Detection: alert.DetectionLostPhone})
		require.NoError(b, err)
		require.Len(b, lost, 1)
		require.Equal(b, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonLostPhone}, lost[0].Verdict)

		var members []string
		for _, member := range b.story(lost[0].ID).Members {
			members = append(members, member.ID)
		}
		require.ElementsMatch(b, []string{confirmed.ID, covered.ID, joinedTo, joined}, members)
		b.requireOneCase(lost[0].ID, members...)
		require.Zero(b, b.reads(old.ID).EscalatedAt)
		require.Empty(b, b.inForce())

		require.ElementsMatch(b, []string{asked, proving}, b.wakes())
		b.phoneSays(push, alert.ProofApproved)
		require.Equal(b, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonDistrusted}, b.settles(asked).Verdict)
		require.Equal(b, alert.Verdict{Outcome: alert.Unproven, Reason: alert.ReasonDistrusted}, b.settles(proving).Verdict)
		require.Equal(b, alert.ReasonDistrusted, b.reports(on("db-6"), nil).Plan.Verdict.Reason)
	})
}

// A late no to an alert that the lost phone had reopened is worth a case of its own.
func TestANoToWhatWasReopened(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		confirmed := b.proven(b.reports(on("db-1"), nil))
		require.NoError(b, b.LostPhone(b.Context(), b.said("", alice, ""), "Lost phone", nil))
		require.NotEmpty(b, b.reads(confirmed.ID).CaseOf)
		b.answers(confirmed.ID, alice, alert.No)
		require.Empty(b, b.reads(confirmed.ID).CaseOf)
		require.NotNil(b, b.caseOf(confirmed.ID))
	})
}

func TestCodeOf(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		ours := func(who alert.Person, code string) bool {
			_, ok, err := b.CodeOf(b.Context(), who.PersonKey, code)
			require.NoError(b, err)
			return ok
		}
		held := b.reports(on("a"), func(plan *alert.Plan) { plan.NotBefore = noon.Add(72 * time.Hour) })
		require.False(b, ours(alice, held.Code), "we have shown it to nobody")
		b.passes(72 * time.Hour)
		_, err := b.TakeTurn(b.Context(), held.ID)
		require.NoError(b, err)
		b.asks(held)
		require.True(b, ours(alice, held.Code), "asked just now, though admitted on Friday")
		require.False(b, ours(bob, held.Code))
		require.False(b, ours(alice, "12"))

		confirmed := b.proven(held)
		request, _ := b.ignores(confirmed.ID, alice, time.Hour)
		shown, ok, err := b.CodeOf(b.Context(), alice.PersonKey, request.Code)
		require.NoError(b, err)
		require.True(b, ok, "their phone shows it")
		require.Equal(b, b.Now(), shown.AskedAt)
		b.passes(15 * 24 * time.Hour)
		require.False(b, ours(alice, held.Code))
	})
}

func TestLastConfirmed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		last := func() string {
			record, ok, err := b.LastConfirmed(b.Context(), alice.PersonKey)
			require.NoError(b, err)
			require.Equal(b, ok, record.ID != "")
			return record.ID
		}
		require.Empty(b, last())
		b.proven(b.reports(on("a"), nil))
		b.passes(time.Minute)
		second := b.proven(b.reports(on("b"), nil))
		b.passes(time.Minute)
		id := b.wantsATest(nil).ID
		b.answers(id, alice, alert.Yes)
		b.approves(id)
		require.Equal(b, second.ID, last(), "a test is nothing to ignore")
		b.passes(24 * time.Hour)
		require.Empty(b, last())
	})
}
