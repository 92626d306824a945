package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// What is tried meets what a real alert would meet, and leaves nothing behind.
func TestAnAlertIsTried(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.NoError(b, b.PutPeople(b.Context(), []alert.Person{alice}))
		try := func(host string) store.Story {
			story, err := b.Try(b.Context(), on(host), store.Identified{Person: alice}, plans(suppressing))
			require.NoError(b, err)
			require.Equal(b, alice.Name, story.Person.Name)
			_, err = b.Alert(b.Context(), story.Record.ID)
			require.ErrorIs(b, err, store.ErrNotFound)
			return story
		}
		require.Equal(b, alert.Ask, try("db-1").Record.Plan.Action)
		require.True(b, try("db-1").First)

		question := b.asks(b.reports(on("db-1"), suppressing))
		require.Equal(b, question.ID, try("db-1").Record.JoinedTo)
		require.Empty(b, try("db-2").Record.JoinedTo)
		require.Equal(b, 1, b.reads(question.ID).Revision, "the question does not grow")

		b.answers(question.ID, alice, alert.Yes)
		b.approves(question.ID)
		covered := try("db-1").Record
		require.Equal(b, alert.Verdict{Outcome: alert.Suppressed, Reason: store.SuppressProven}, covered.Plan.Verdict)
		require.Zero(b, b.inForce()[0].Used)

		nobody, err := b.Try(b.Context(), on("db-1"), store.Identified{Reason: alert.ReasonUnknownPerson}, plans(nil))
		require.NoError(b, err)
		require.Equal(b, alert.Unreachable, nobody.Record.Plan.Verdict.Outcome)
	})
}

func TestWhatTheRecordHoldsOfSomebody(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.NoError(b, b.PutPeople(b.Context(), []alert.Person{alice, bob}))
		b.confirmed(alice)
		b.passes(2 * time.Hour)
		yesterday := b.asked(alice).ID
		b.answers(yesterday, alice, alert.Yes)
		b.phoneSays(b.pushes(yesterday, 1), alert.ProofTimedOut)
		_, err := b.OptOut(b.Context(), store.OptOut{Person: alice.PersonKey, Until: b.Now().Add(time.Hour), By: "Sam", Reason: "leave"}, "Alice")
		require.NoError(b, err)

		story, err := b.PersonStory(b.Context(), alice.PersonKey, nil)
		require.NoError(b, err)
		require.Equal(b, alice.Email, story.Person.Email)
		require.Equal(b, []int{2, 2, 1}, []int{story.Questions, story.Pushes, story.PushesHour})
		require.Len(b, story.Open, 1)
		require.Equal(b, yesterday, story.Recent[0].ID, "the newest first")
		require.Len(b, story.Recent, 2)
		require.Equal(b, "a phone", story.Devices[0].Name)
		require.Equal(b, noon, story.Devices[0].TrustedFrom(), "it was there from the beginning")
		require.Equal(b, "leave", story.OptOut.Reason)
		require.Nil(b, story.Distrust)

		none, err := b.PersonStory(b.Context(), bob.PersonKey, nil)
		require.NoError(b, err)
		require.Empty(b, none.Recent)
		_, err = b.PersonStory(b.Context(), alert.PersonKey{Team: "T1", User: "UNOBODY"}, nil)
		require.ErrorIs(b, err, store.ErrNotFound)
	})
}

func TestAResponderReportsALostPhone(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		confirmed := b.confirmed(alice).ID
		report := func() (store.Record, store.Refusal) {
			made, refusal, err := b.ReportLostPhone(b.Context(), store.LostPhone{
				Delivery: b.fresh("api"), Person: alice.PersonKey, Title: "Lost phone", By: "Sam Smith", Reason: "she called",
			})
			require.NoError(b, err)
			return made, refusal
		}
		lost, refusal := report()
		require.Empty(b, refusal)
		require.Equal(b, store.RankSuspicious, b.caseOf(lost.ID).Rank)
		require.Equal(b, "accepted requested distrusted settled", b.kinds(lost.ID))
		require.Equal(b, "Sam Smith", b.story(lost.ID).Entries[1].Actor)
		require.Equal(b, "Sam Smith", b.last(confirmed).Actor)
		require.Equal(b, lost.ID, b.reads(confirmed).CaseOf)
		distrusts, err := b.Distrusts(b.Context(), 10)
		require.NoError(b, err)
		require.Len(b, distrusts, 1)
		_, refusal = report()
		require.Equal(b, store.RefusedAlready, refusal)
	})
}
