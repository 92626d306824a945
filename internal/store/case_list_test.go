package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// byRank reads the whole list of open cases, page by page.
func (b *bench) byRank(except *alert.Person, limit int) []string {
	b.Helper()
	ids, after := []string{}, store.CaseCursor{}
	for {
		page, err := b.Cases(b.Context(), after, limit, except)
		require.NoError(b, err)
		for _, each := range page.Cases {
			ids = append(ids, each.Record.ID)
		}
		if page.Next == nil {
			return ids
		}
		require.Len(b, page.Cases, limit)
		after = *page.Next
	}
}

func TestTheGravestCasesComeFirst(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.NoError(b, b.PutPeople(b.Context(), []alert.Person{alice, bob, sam}))
		graded := func(severity alert.Severity, who alert.Person) string {
			reported := sudo(b.fresh("key"))
			reported.Severity, reported.Subject = severity, alert.Subject{Email: who.Email}
			b.passes(time.Minute)
			return b.escalated(reported, who).ID
		}
		low, critical := graded(alert.Low, alice), graded(alert.Critical, alice)
		older, newer := graded(alert.High, alice), graded(alert.High, alice)
		own := graded(alert.High, sam)
		denied := b.asked(bob).ID
		b.answers(denied, bob, alert.No)
		contradicted := b.asked(bob).ID
		b.answers(contradicted, bob, alert.Yes)
		b.phoneSays(b.pushes(contradicted, 1), alert.ProofDenied)
		b.settles(contradicted)

		want := []string{contradicted, denied, critical, older, newer, own, low}
		for _, limit := range []int{1, 3, 7, 200} {
			require.Equal(b, want, b.byRank(nil, limit), limit)
		}
		want = []string{contradicted, denied, critical, older, newer, low}
		for _, limit := range []int{1, 3, 6} {
			require.Equal(b, want, b.byRank(&sam, limit), "without what is about Sam")
		}
	})
}

// A case that gets graver moves up.
func TestALateNoMovesACaseUp(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		silent := b.asked(alice).ID
		b.passes(3 * time.Hour)
		b.settles(silent)
		require.Equal(b, store.RankMedium, b.caseOf(silent).Rank)
		b.answers(silent, alice, alert.No)
		require.Equal(b, store.RankSuspicious, b.caseOf(silent).Rank)
	})
}

// Who logged in resolves what a press or a token may not.
func TestALoginResolvesAGraveCase(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.asked(alice).ID
		b.answers(id, alice, alert.No)
		said := b.said(id, sam, "")
		heard, err := b.TakeResolve(b.Context(), said, "Sam Smith", "spoke to Alice")
		require.NoError(b, err)
		require.Equal(b, store.RefusedNeedsProof, heard.Refusal)
		said.LoggedIn = true
		heard, err = b.TakeResolve(b.Context(), said, "Sam Smith", "spoke to Alice")
		require.NoError(b, err)
		require.Empty(b, heard.Refusal)
		require.Equal(b, "Sam Smith", b.caseOf(id).ResolvedBy)

		own := b.asked(sam).ID
		b.answers(own, sam, alert.No)
		said = b.said(own, sam, "")
		said.LoggedIn = true
		heard, err = b.TakeResolve(b.Context(), said, "Sam Smith", "nothing to see")
		require.NoError(b, err)
		require.Equal(b, store.RefusedOwnCase, heard.Refusal)
	})
}

func TestReviewsThatAreDue(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.NoError(b, b.PutPeople(b.Context(), []alert.Person{alice, bob}))
		var want []string
		for _, who := range []alert.Person{alice, bob, alice} {
			reported := sudo("")
			reported.Subject = alert.Subject{Email: who.Email}
			b.passes(2 * time.Hour) // within the person's pushes
			record, err := b.report(who, reported, func(plan *alert.Plan) { plan.Review = alert.ReviewSample })
			require.NoError(b, err)
			b.asks(record)
			b.answers(record.ID, who, alert.Yes)
			b.approves(record.ID)
			want = append([]string{record.ID}, want...)
		}
		list := func(except *alert.Person, limit int) []string {
			found, err := b.Reviews(b.Context(), store.Cursor{}, limit, except)
			require.NoError(b, err)
			ids := []string{}
			for _, each := range found {
				require.NotEmpty(b, each.Person.Name)
				ids = append(ids, each.Record.ID)
			}
			return ids
		}
		require.Equal(b, want, list(nil, 10))
		require.Equal(b, want[:1], list(nil, 1))
		require.Equal(b, []string{want[0], want[2]}, list(&bob, 2))
		_, err := b.TakeReview(b.Context(), b.said(want[0], bob, ""), "Bob", true)
		require.NoError(b, err)
		require.Equal(b, want[1:], list(nil, 10))
	})
}
