package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// proves claims an attempt.
func (b *bench) proves(id string, attempt int) (alert.Proof, store.ProofTurn) {
	b.Helper()
	proof, turn, err := b.BeginProof(b.Context(), id, attempt, "duo")
	require.NoError(b, err)
	return proof, turn
}

// saidYes is a question that was answered with yes.
func (b *bench) saidYes(who alert.Person) string {
	b.Helper()
	id := b.asked(who).ID
	require.Empty(b, b.answers(id, who, alert.Yes).Refusal)
	return id
}

func TestBeginProofRecordsTheAttemptBeforeThePush(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.saidYes(alice)
		proof, turn := b.proves(id, 1)
		require.Equal(b, store.ProofPush, turn)
		story := b.story(id)
		require.Equal(b, []alert.Proof{{
			AlertID: id, Attempt: 1, AnswerID: story.Answers[0].ID, Person: alice.PersonKey, Factor: "duo",
			Code: story.Record.Code, Result: alert.ProofPending, BegunAt: noon,
		}}, story.Proofs)
		require.Equal(b, story.Proofs[0], proof)
		require.Equal(b, alert.Proving, story.Record.Status)
	})
}

func TestBeginProofWithoutAYes(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		for name, said := range map[string][]alert.Choice{
			"no answer": nil, "a no": {alert.No}, "not sure": {alert.NotSure}, "a yes and a no": {alert.Yes, alert.No},
		} {
			id := b.asked(alice).ID
			for _, choice := range said {
				b.answers(id, alice, choice)
			}
			for _, attempt := range []int{-1, 0, 1, 7} {
				_, turn := b.proves(id, attempt)
				require.Equal(b, store.ProofNone, turn, name)
			}
			require.Empty(b, b.story(id).Proofs, name)
		}
		_, _, err := b.BeginProof(b.Context(), "nothing", 1, "duo")
		require.ErrorIs(b, err, store.ErrNotFound)
	})
}

func TestAProofIsTakenUpWhereItWasLeft(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.saidYes(alice)
		b.pushes(id, 1)
		proof, turn := b.proves(id, 1)
		require.Equal(b, store.ProofPoll, turn)
		require.Equal(b, "DPHONE", proof.Device)
		require.NotEmpty(b, proof.Transaction)
		require.Equal(b, noon, proof.PushedAt)

		b.phoneSays(proof, alert.ProofApproved)
		proof, turn = b.proves(id, 1)
		require.Equal(b, store.ProofDone, turn)
		require.Equal(b, alert.ProofApproved, proof.Result)
		_, turn = b.proves(id, 2)
		require.Equal(b, store.ProofNone, turn, "no second push after an approval")
	})
}

// Died between the attempt and its transaction: nobody knows whether a phone rang.
func TestAPushWithoutTransactionIsLost(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.saidYes(alice)
		begun, _ := b.proves(id, 1)
		again, turn := b.proves(id, 1)
		require.Equal(b, store.ProofPush, turn, "nothing left yet: the next one may push")
		require.Equal(b, begun, again)
		begun, err := b.ProofSending(b.Context(), begun, phone)
		require.NoError(b, err)
		_, err = b.ProofSending(b.Context(), again, phone)
		require.ErrorIs(b, err, store.ErrSending, "one of them pushes")
		require.NoError(b, b.ProofNotSent(b.Context(), again), "who did not send it takes nothing back")
		for range 2 {
			proof, turn := b.proves(id, 1)
			require.Equal(b, store.ProofDone, turn)
			require.Equal(b, alert.ProofLost, proof.Result)
			begun.Transaction = "known-too-late"
			require.NoError(b, b.ProofPushed(b.Context(), begun))
		}
		require.Equal(b, 1, strings.Count(b.kinds(id), store.KindProof), "said once")
		_, turn = b.proves(id, 2)
		require.Equal(b, store.ProofNone, turn, "nobody asked for another")
		_, err = b.TakePushAgain(b.Context(), b.said(id, alice, ""))
		require.NoError(b, err)
		_, turn = b.proves(id, 2)
		require.Equal(b, store.ProofPush, turn, "the person may ask for another")
	})
}

// An impatient press is no wish for a third push.
func TestTwoPressesAreOnePush(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.saidYes(alice)
		b.phoneSays(b.pushes(id, 1), alert.ProofTimedOut)
		for range 2 {
			_, err := b.TakePushAgain(b.Context(), b.said(id, alice, ""))
			require.NoError(b, err)
		}
		b.phoneSays(b.pushes(id, 2), alert.ProofTimedOut)
		_, turn := b.proves(id, 3)
		require.Equal(b, store.ProofNone, turn)
	})
}

func TestOneOfManyPushes(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.saidYes(alice)
		sends := together(b, 8, func(int) (bool, error) {
			proof, turn, err := b.BeginProof(b.Context(), id, 1, "duo")
			if err != nil || turn != store.ProofPush {
				return false, err
			}
			_, err = b.ProofSending(b.Context(), proof, phone)
			if errors.Is(err, store.ErrSending) {
				return false, nil
			}
			return true, err
		})
		pushes := 0
		for _, sent := range sends {
			if sent {
				pushes++
			}
		}
		require.Equal(b, 1, pushes)
		require.Len(b, b.story(id).Proofs, 1)
	})
}

func TestAPushThatNeverLeftIsForgotten(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.saidYes(alice)
		for range 5 { // more often than the budget allows pushes
			proof, turn := b.proves(id, 1)
			require.Equal(b, store.ProofPush, turn)
			require.NoError(b, b.ProofNotSent(b.Context(), proof))
			require.Empty(b, b.story(id).Proofs)
		}
	})
}

// pushed is an alert whose push timed out.
func (b *bench) pushed(who alert.Person) {
	b.Helper()
	b.phoneSays(b.pushes(b.saidYes(who), 1), alert.ProofTimedOut)
}

// requireRefused tells that no push leaves for a yes.
func (b *bench) requireRefused(id, reason string) {
	b.Helper()
	proof, turn := b.proves(id, 1)
	require.Equal(b, store.ProofDone, turn)
	require.Equal(b, alert.ProofUnavailable, proof.Result)
	require.Equal(b, reason, proof.Reason)
	require.True(b, proof.PushedAt.IsZero())
	require.Equal(b, alert.Verdict{Outcome: alert.Unproven, Reason: reason}, b.settles(id).Verdict)
}

func TestThreePushesAnHourOverAllAlerts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		for range 3 {
			b.pushed(alice)
			b.passes(10 * time.Minute)
		}
		b.requireRefused(b.saidYes(alice), alert.ReasonPushLimit)
		b.pushed(bob) // has a budget of his own
		b.passes(29 * time.Minute)
		b.requireRefused(b.saidYes(alice), alert.ReasonPushLimit)
		b.passes(time.Minute) // an hour after the first; what was refused does not count
		b.pushed(alice)
	})
}

func TestEightPushesADay(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		for range 8 {
			b.pushed(alice)
			b.passes(time.Hour)
		}
		b.requireRefused(b.saidYes(alice), alert.ReasonPushLimit)
		b.passes(16*time.Hour + time.Microsecond)
		b.pushed(alice)
	})
}

func TestTheBudgetHoldsForPushesAtTheSameTime(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		ids := make([]string, 8)
		for n := range ids {
			ids[n] = b.saidYes(alice)
		}
		turns := together(b, len(ids), func(n int) (store.ProofTurn, error) {
			_, turn, err := b.BeginProof(b.Context(), ids[n], 1, "duo")
			return turn, err
		})
		count := map[store.ProofTurn]int{}
		for _, turn := range turns {
			count[turn]++
		}
		require.Equal(b, map[store.ProofTurn]int{store.ProofPush: 3, store.ProofDone: 5}, count)
	})
}

func TestNoPushForAnHourAfterADeny(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		b.contradicts(alice)
		require.NoError(b, b.Trust(b.Context(), alice.PersonKey, "carol", "she slipped"))
		b.passes(59 * time.Minute)
		b.requireRefused(b.saidYes(alice), alert.ReasonPushLimit)
		b.passes(time.Minute)
		b.pushed(alice)
	})
}

func TestProofDecided(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.saidYes(alice)
		proof := b.pushes(id, 1)
		b.passes(time.Minute)
		decided, err := b.ProofDecided(b.Context(), proof, alert.ProofTimedOut, "")
		require.NoError(b, err)
		require.Equal(b, alert.ProofTimedOut, decided.Result)
		require.Equal(b, b.Now(), decided.DecidedAt)
		decided, err = b.ProofDecided(b.Context(), proof, alert.ProofApproved, "")
		require.NoError(b, err)
		require.Equal(b, alert.ProofTimedOut, decided.Result, "the first result stands")
		require.Equal(b, alert.ProofTimedOut, b.story(id).Proof().Result)
		require.Equal(b, "accepted identified planned asked answered push_sent proof", b.kinds(id))
	})
}

func TestWhatThePhoneDeniesMakesDistrust(t *testing.T) {
	t.Parallel()
	for result, reason := range map[alert.ProofResult]string{
		alert.ProofDenied: alert.ReasonContradicted, alert.ProofFraud: alert.ReasonFraud,
	} {
		t.Run(string(result), func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(b *bench) {
				before := b.confirmed(alice).ID
				asked, proving, claimed, others := b.asked(alice).ID, b.saidYes(alice), b.saidYes(alice), b.asked(bob).ID
				running := b.pushes(proving, 1)
				id := b.saidYes(alice)
				proof := b.pushes(id, 1)
				b.waiting(id)
				b.phoneSays(proof, result)

				story := b.story(id)
				require.Equal(b, reason, story.Distrust.Reason)
				require.Equal(b, id, story.Distrust.AlertID)
				require.Equal(b, before, story.Recent[0].ID, "what else they confirmed")
				woken, err := b.ClaimOutgoing(b.Context(), time.Minute, 10)
				require.NoError(b, err)
				ids := []string{}
				for _, entry := range woken {
					require.Equal(b, store.OutgoingWake, entry.Kind)
					ids = append(ids, entry.AlertID)
				}
				require.ElementsMatch(b, []string{asked, proving, claimed}, ids)

				require.Equal(b, alert.Verdict{Outcome: alert.Denied, Reason: reason}, b.settles(id).Verdict)
				require.Equal(b, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonDistrusted}, b.settles(asked).Verdict)
				b.phoneSays(running, alert.ProofApproved)
				require.Equal(b, alert.Verdict{Outcome: alert.Unproven, Reason: alert.ReasonDistrusted}, b.settles(proving).Verdict,
					"nothing that this account says is confirmed")
				require.Zero(b, b.settles(others).Verdict)
				b.requireRefused(claimed, alert.ReasonDistrusted)
			})
		})
	}
}

// A no settled the alert while its push was on the way; then the phone speaks.
func TestFraudAfterTheVerdictRaisesTheAlert(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.saidYes(alice)
		proof := b.pushes(id, 1)
		b.answers(id, alice, alert.No)
		require.Equal(b, alert.Verdict{Outcome: alert.Denied}, b.settles(id).Verdict)
		b.posts(id, store.PurposeCase, noon)
		require.NoError(b, b.Finish(b.Context(), id))
		b.phoneSays(proof, alert.ProofFraud)

		record := b.reads(id)
		require.Equal(b, alert.Verdict{Outcome: alert.Denied}, record.Verdict, "the first verdict stands")
		require.Equal(b, alert.ReasonFraud, record.Escalation)
		require.True(b, record.FinishedAt.IsZero(), "somebody has to be told")
		require.NotNil(b, b.story(id).Distrust)
	})
}

func TestTwoDeniesAreOneDistrust(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		first, second := b.saidYes(alice), b.saidYes(alice)
		proofs := []alert.Proof{b.pushes(first, 1), b.pushes(second, 1)}
		together(b, 2, func(n int) (alert.Proof, error) {
			return b.ProofDecided(b.Context(), proofs[n], alert.ProofDenied, "")
		})
		told := strings.Count(b.kinds(first)+b.kinds(second), store.KindDistrusted)
		require.Equal(b, 1, told)
		for _, id := range []string{first, second} {
			require.Equal(b, alert.ReasonContradicted, b.settles(id).Verdict.Reason)
		}
	})
}

func TestTrust(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.ErrorIs(b, b.Trust(b.Context(), alice.PersonKey, "carol", "why not"), store.ErrTrusted)
		id := b.contradicts(alice).ID
		require.ErrorIs(b, b.Trust(b.Context(), bob.PersonKey, "carol", "the wrong one"), store.ErrTrusted)
		require.NoError(b, b.Trust(b.Context(), alice.PersonKey, "carol", "new laptop, new password"))
		require.ErrorIs(b, b.Trust(b.Context(), alice.PersonKey, "carol", "again"), store.ErrTrusted)

		story := b.story(id)
		require.Nil(b, story.Distrust)
		last := story.Entries[len(story.Entries)-1]
		require.Equal(b, store.KindTrusted, last.Kind)
		require.Equal(b, "carol", last.Actor)
		require.JSONEq(b, `{"reason":"new laptop, new password"}`, string(last.Personal))
		require.Equal(b, alert.ReasonContradicted, b.settles(id).Verdict.Reason, "what was decided stands")
		require.Equal(b, alert.Ask, b.admitted(alice).Plan.Action)
	})
}
