package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// In these tests somebody has Alice's chat account and a root shell, and Alice has
// her phone. Whatever they type and press, what they did is not closed unseen.

// seen tells that the security team has an alert before them.
func (b *bench) seen(id string) {
	b.Helper()
	record := b.settles(id)
	require.Equal(b, alert.Escalated, record.Status, "%+v", record.Verdict)
	if record.CaseOf != "" {
		id = record.CaseOf
	}
	opened := b.caseOf(id)
	require.NotNil(b, opened)
	require.True(b, opened.ResolvedAt.IsZero())
}

func TestAThiefSaysYes(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]alert.ProofResult{
		"and Alice's phone lies in a drawer": alert.ProofTimedOut, "and Alice taps Deny": alert.ProofDenied,
		"and Alice reports it": alert.ProofFraud, "and Duo is away": alert.ProofUnavailable,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(b *bench) {
				id := b.asks(b.reports(on("db-1"), suppressing)).ID
				b.answers(id, alice, alert.Yes)
				b.phoneSays(b.pushes(id, 1), says)
				b.passes(2 * time.Hour)
				b.seen(id)
				require.Empty(b, b.inForce())
				require.Equal(b, says == alert.ProofDenied || says == alert.ProofFraud, b.story(id).Distrust != nil)
			})
		})
	}
}

func TestAThiefIgnores(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		earlier := b.proven(b.reports(on("db-1"), nil)) // by Alice herself
		own := b.asks(b.reports(on("db-2"), nil))
		_, refusal := b.ignores(own.ID, alice, time.Hour)
		require.Equal(b, store.RefusedUnconfirmed, refusal)
		for range 2 {
			request, refusal := b.ignores(earlier.ID, alice, 4*time.Hour)
			require.Empty(b, refusal)
			b.phoneSays(b.pushes(request.ID, 1), alert.ProofTimedOut)
			b.settles(request.ID)
		}
		require.Equal(b, alert.Ask, b.reports(on("db-1"), nil).Plan.Action)
		request, _ := b.ignores(earlier.ID, alice, 4*time.Hour)
		b.requireRefused(request.ID, alert.ReasonPushLimit)
		require.Empty(b, b.inForce())
	})
}

func TestAThiefStopsTheQuestions(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		held := b.reports(on("db-0"), func(plan *alert.Plan) { plan.NotBefore = noon.Add(64 * time.Hour) })
		_, err := b.OptOut(b.Context(), store.OptOut{Person: alice.PersonKey, Until: noon.Add(24 * time.Hour)}, "Alice")
		require.NoError(b, err)
		b.seen(held.ID)
		for n := range 15 {
			b.seen(b.reports(on(fmt.Sprint("db-", n)), nil).ID)
		}
	})
}

// Tests and their pushes use up what Alice may be pushed, and nothing else.
func TestAThiefFloodsWithTests(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		limits := plans(func(plan *alert.Plan) { plan.Limits = alert.Limits{Open: 1, Storm: 3, PersonDay: 2} })
		for range 3 {
			refusal, err := b.Test(b.Context(), alice.PersonKey, "A test", "")
			require.NoError(b, err)
			require.Empty(b, refusal)
		}
		tests, err := b.List(b.Context(), store.Filter{Detection: alert.DetectionTest})
		require.NoError(b, err)
		for _, test := range tests {
			record, err := b.Admit(b.Context(), test.ID, store.Identified{Person: alice}, limits)
			require.NoError(b, err)
			b.asks(record)
			b.answers(record.ID, alice, alert.Yes)
			b.phoneSays(b.pushes(record.ID, 1), alert.ProofTimedOut)
		}
		refusal, err := b.Test(b.Context(), alice.PersonKey, "A test", "")
		require.NoError(b, err)
		require.Equal(b, store.RefusedTooOften, refusal)

		id := b.asks(b.reports(on("db-1"), limits)).ID
		b.answers(id, alice, alert.Yes)
		b.requireRefused(id, alert.ReasonPushLimit)
		b.seen(id)
	})
}

func TestAThiefTiresAliceWithPushes(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.asked(alice).ID
		b.answers(id, alice, alert.Yes)
		pushes := 0
		for attempt := 1; attempt < 20; attempt++ {
			proof, turn := b.proves(id, attempt)
			if turn != store.ProofPush {
				break
			}
			proof, err := b.ProofSending(b.Context(), proof, phone)
			require.NoError(b, err)
			pushes++
			b.phoneSays(proof, alert.ProofTimedOut)
			_, err = b.TakePushAgain(b.Context(), b.said(id, alice, ""))
			require.NoError(b, err)
		}
		require.Equal(b, 3, pushes)
		b.seen(id)
		b.contradicts(bob)
		b.passes(30 * time.Minute)
		require.NoError(b, b.Trust(b.Context(), bob.PersonKey, "carol", "she called"))
		refused, _ := b.proves(b.saidYes(bob), 1)
		require.Equal(b, alert.ReasonPushLimit, refused.Reason, "nobody is rung up for an hour after a Deny")
	})
}

// Alice has run sudo herself; the thief does the same on the same host at once.
func TestAThiefHidesBehindAnHonestQuestion(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		honest := b.asks(b.reports(on("db-1"), suppressing)).ID
		fake := b.reports(on("db-1"), suppressing).ID
		require.Equal(b, honest, b.reads(fake).JoinedTo)
		b.answersTo(honest, 1, alert.Yes) // what Alice saw
		b.approves(honest)
		require.Equal(b, alert.Confirmed, b.reads(honest).Verdict.Outcome)
		require.False(b, b.reads(fake).Verdict.Decided(), "it is asked about by itself")
		b.asks(b.reads(fake))
		b.answersTo(fake, 1, alert.No)
		b.seen(fake)
		require.NotEmpty(b, b.inForce(), "Alice's own yes was proven")

		graver := b.asks(b.reports(of(alert.High, on("db-1")), suppressing)).ID
		require.Empty(b, b.reads(graver).CoveredBy, "and covers nothing graver")
	})
}

func TestAThiefWaitsForFridayEvening(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		b.proven(b.reports(on("db-1"), suppressing))
		monday := b.Now().Add(64 * time.Hour)
		evening := plans(func(plan *alert.Plan) { suppressing(plan); plan.InHours, plan.NotBefore = false, monday })
		held := b.reports(on("db-1"), evening)
		require.Equal(b, alert.Held, held.Status, "Alice's yes of the afternoon does not cover the evening")
		joined := b.reports(on("db-1"), evening)
		require.NoError(b, b.db.InTx(b.Context(), func(tx store.Tx) error {
			notices, err := tx.Notices(b.Context(), store.NoticeHeld, noon)
			require.Len(b, notices, 1, "and the security team knows that a question waits")
			return err
		}))
		b.passes(64 * time.Hour)
		_, err := b.TakeTurn(b.Context(), held.ID)
		require.NoError(b, err)
		b.asks(b.reads(held.ID))
		b.passes(2*time.Hour + alert.AnswerGrace)
		b.seen(held.ID)
		b.seen(joined.ID)
	})
}

// Held until Monday, and nothing and nobody drives it any more.
func TestAHeldQuestionThatIsForgotten(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		held := b.reports(on("db-1"), func(plan *alert.Plan) { plan.NotBefore = noon.Add(64 * time.Hour) })
		b.passes(66*time.Hour + alert.OverdueAfter + time.Second)
		b.seen(held.ID)
	})
}

func TestAThiefHidesInAStorm(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		var ids []string
		for n := range 40 {
			ids = append(ids, b.reports(of(alert.Severities()[n%4], on(fmt.Sprint("db-", n%3))), stormy).ID)
		}
		b.passes(3 * time.Hour)
		for _, id := range ids {
			if b.reads(id).JoinedTo == "" {
				b.settles(id)
			}
		}
		for _, id := range ids {
			b.seen(id)
		}
	})
}

// The thief resolves nothing, and clears nobody: not even with the phone of another.
func TestAThiefSeesToTheirOwnCase(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.contradicts(alice).ID
		heard, err := b.TakeAck(b.Context(), b.said(id, alice, ""), "Alice")
		require.NoError(b, err)
		require.Equal(b, store.RefusedOwnCase, heard.Refusal)
		_, refusal, err := b.Request(b.Context(), store.Wish{
			Delivery: "resolve", Person: alice.PersonKey, At: noon, Kind: alert.RequestResolve, AlertID: id, Reason: "it was nothing",
		})
		require.NoError(b, err)
		require.Equal(b, store.RefusedSuspected, refusal)
		b.seen(id)
	})
}

// A stolen account that has been found out gets nothing any more.
func TestAThiefWhoWasFoundOut(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		earlier := b.proven(b.reports(on("db-1"), suppressing))
		open := b.asks(b.reports(on("db-2"), suppressing)).ID
		b.contradicts(alice)
		b.answers(open, alice, alert.Yes)
		_, turn := b.proves(open, 1)
		require.Equal(b, store.ProofDone, turn, "no push")
		b.seen(open)
		b.seen(b.reports(on("db-1"), suppressing).ID)
		_, refusal := b.ignores(earlier.ID, alice, time.Hour)
		require.Equal(b, store.RefusedSuspected, refusal)
		_, err := b.OptOut(b.Context(), store.OptOut{Person: alice.PersonKey, Until: noon.Add(time.Hour)}, "Alice")
		require.NoError(b, err)
		b.seen(b.reports(on("db-3"), suppressing).ID)
	})
}
