package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

var sam = alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: "USAM"}, Email: "sam@example.com", Name: "Sam Smith"}

// planned plans the same for every alert.
type planned alert.Plan

func (p planned) Plan(alert.Alert, alert.Person, []string, time.Time) alert.Plan {
	return alert.Plan(p)
}

// escalated is an alert that policy brings to the security team unasked.
func (b *bench) escalated(reported alert.Alert, who alert.Person, ladder ...alert.Step) store.Record {
	b.Helper()
	accepted, err := b.Accept(b.Context(), reported)
	require.NoError(b, err)
	_, err = b.Admit(b.Context(), accepted.Record.ID, store.Identified{Person: who}, planned{
		Action: alert.Escalate, Verdict: alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonPolicy},
		AskBy: b.Now().Add(time.Hour), Deadline: time.Hour, EscalateTo: ladder,
	})
	require.NoError(b, err)
	return b.settles(accepted.Record.ID)
}

// askedBy is an alert about Alice whose question stands, under a plan of its own.
func (b *bench) askedBy(plan planned) string {
	b.Helper()
	accepted, err := b.Accept(b.Context(), sudo(b.fresh("key")))
	require.NoError(b, err)
	id := accepted.Record.ID
	_, err = b.Admit(b.Context(), id, store.Identified{Person: alice}, plan)
	require.NoError(b, err)
	b.posts(id, store.PurposeQuestion, b.Now())
	return id
}

// caseOf is the open or resolved case of an alert; nil without one of its own.
func (b *bench) caseOf(id string) *store.Case {
	b.Helper()
	return b.story(id).Case
}

// refs of a kind that wait for Temporal about an alert, taken away by looking.
func (b *bench) refs(id, kind string) []string {
	b.Helper()
	entries, err := b.ClaimOutgoing(b.Context(), time.Minute, 1000)
	require.NoError(b, err)
	var refs []string
	for _, entry := range entries {
		require.NoError(b, b.Delivered(b.Context(), entry.ID))
		if entry.AlertID == id && entry.Kind == kind {
			refs = append(refs, entry.Ref)
		}
	}
	return refs
}

func TestACaseIsOpenedWithTheVerdict(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		record := b.escalated(sudo(b.fresh("key")), alice)
		require.Equal(b, &store.Case{AlertID: record.ID, About: alice.PersonKey, OpenedAt: noon, Rung: 1, Rank: store.RankMedium}, b.caseOf(record.ID))
		require.Empty(b, b.refs(record.ID, store.OutgoingLadder), "one immediate rung needs nothing that climbs")
		b.settles(record.ID)
		require.Equal(b, noon, b.caseOf(record.ID).OpenedAt)
		require.Nil(b, b.caseOf(b.confirmed(alice).ID), "a proven yes has none")
	})
}

func TestAFloodIsOneCaseWithAList(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		for range 10 {
			record := b.escalated(sudo(b.fresh("key")), alice)
			require.Empty(b, record.Pile)
			require.NotNil(b, b.caseOf(record.ID))
		}
		carrier := b.escalated(sudo(b.fresh("key")), alice)
		require.Equal(b, store.PileFlood, carrier.Pile)
		require.NotNil(b, b.caseOf(carrier.ID))
		require.Empty(b, b.refs(carrier.ID, store.OutgoingFollowUp))

		b.passes(time.Second)
		var listed []string
		for range 3 {
			record := b.escalated(sudo(b.fresh("key")), sam)
			require.Equal(b, carrier.ID, record.CaseOf)
			require.Nil(b, b.caseOf(record.ID))
			require.Contains(b, b.kinds(record.ID), store.KindListed)
			listed = append(listed, record.ID)
		}
		require.Len(b, b.story(carrier.ID).Members, len(listed))
		require.Empty(b, b.refs(carrier.ID, store.OutgoingFollowUp), "the list is shown when its ten seconds are over")
		b.passes(15 * time.Second)
		require.Len(b, b.refs(carrier.ID, store.OutgoingFollowUp), 1, "once for all three")

		b.passes(11 * time.Minute)
		require.Empty(b, b.escalated(sudo(b.fresh("key")), alice).CaseOf, "the flood is over")
	})
}

func TestWhatIsNeverOneLineOfMany(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		for range 11 {
			b.escalated(sudo(b.fresh("key")), alice)
		}
		require.NotEmpty(b, b.escalated(sudo(b.fresh("key")), alice).CaseOf)

		critical := sudo(b.fresh("key"))
		critical.Severity = alert.Critical
		require.NotNil(b, b.caseOf(b.escalated(critical, alice).ID))
		elsewhere := sudo(b.fresh("key"))
		elsewhere.Source = "zeek"
		require.NotNil(b, b.caseOf(b.escalated(elsewhere, alice).ID), "another source")

		for range 12 {
			id := b.askedBy(planned{Action: alert.Ask, AskBy: b.Now().Add(time.Hour), Deadline: time.Hour})
			b.answers(id, alice, alert.No)
			require.NotNil(b, b.caseOf(id), "a no")
			require.Empty(b, b.reads(id).Pile, "a no")
		}
	})
}

func TestAResolvedFloodTakesNoMore(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		var carrier store.Record
		for range 11 {
			carrier = b.escalated(sudo(b.fresh("key")), alice)
		}
		_, err := b.TakeResolve(b.Context(), b.said(carrier.ID, sam, ""), "Sam", "a broken sensor")
		require.NoError(b, err)
		b.passes(time.Minute)
		next := b.escalated(sudo(b.fresh("key")), alice)
		require.Empty(b, next.CaseOf)
		require.Equal(b, store.PileFlood, next.Pile, "somebody has to see that it goes on")
		require.Equal(b, next.ID, b.escalated(sudo(b.fresh("key")), alice).CaseOf)
	})
}

func TestAFloodOfManyAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		var ids []string
		for range 30 {
			accepted, err := b.Accept(b.Context(), sudo(b.fresh("key")))
			require.NoError(b, err)
			ids = append(ids, accepted.Record.ID)
			_, err = b.Admit(b.Context(), accepted.Record.ID, store.Identified{Reason: alert.ReasonUnknownPerson}, planned{
				Action: alert.Ask, AskBy: b.Now().Add(time.Hour), Deadline: time.Hour,
			})
			require.NoError(b, err)
		}
		settled := together(b, len(ids), func(n int) (store.Record, error) {
			return b.Settle(b.Context(), ids[n], store.Because{})
		})
		own, piles := 0, 0
		for _, record := range settled {
			if record.CaseOf == "" {
				own++
			}
			if record.Pile == store.PileFlood {
				piles++
			}
		}
		require.Equal(b, 11, own)
		require.Equal(b, 1, piles)
	})
}

// A case lists what its carrier's people did, so none of them may see to it.
func TestNobodySeesToTheirOwnCase(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		var carrier store.Record
		for range 11 {
			carrier = b.escalated(sudo(b.fresh("key")), alice)
		}
		b.escalated(sudo(b.fresh("key")), bob)
		named := sudo(b.fresh("key"))
		named.Subject = alert.Subject{Email: "Robin@Example.com", SlackID: "UELSE"}
		robin := alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: "UROBIN"}, Email: "robin@example.com"}
		require.NoError(b, b.PutPeople(b.Context(), []alert.Person{robin}))
		b.escalated(named, alert.Person{})

		for name, who := range map[string]alert.Person{
			"whom it is about": alice, "whom it lists": bob, "whom the subject names, and nobody could resolve": robin,
		} {
			before := b.story(carrier.ID)
			acked, err := b.TakeAck(b.Context(), b.said(carrier.ID, who, ""), "me")
			require.NoError(b, err, name)
			resolved, err := b.TakeResolve(b.Context(), b.said(carrier.ID, who, ""), "me", "all fine")
			require.NoError(b, err, name)
			peer, err := b.TakePeerAnswer(b.Context(), b.said(carrier.ID, who, alert.Yes), "manager", "me")
			require.NoError(b, err, name)
			review, err := b.TakeReview(b.Context(), b.said(carrier.ID, who, ""), "me", true)
			require.NoError(b, err, name)
			for _, heard := range []store.Heard{acked, resolved, peer, review} {
				require.Equal(b, store.RefusedOwnCase, heard.Refusal, name)
			}
			after := b.story(carrier.ID)
			require.Equal(b, before.Case, after.Case, name)
			require.Len(b, after.Entries, len(before.Entries)+4, name)
			require.Equal(b, store.ActorPerson, after.Entries[len(after.Entries)-1].Actor)
		}
	})
}

func TestAcknowledgeAndResolve(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		record := b.escalated(sudo(b.fresh("key")), alice)
		b.waiting(record.ID)
		said := b.said(record.ID, sam, "")
		heard, err := b.TakeAck(b.Context(), said, "Sam")
		require.NoError(b, err)
		require.Empty(b, heard.Refusal)
		require.Equal(b, []string{said.Delivery}, b.refs(record.ID, store.OutgoingFollowUp))
		heard, err = b.TakeAck(b.Context(), said, "Sam")
		require.NoError(b, err)
		require.Equal(b, store.RefusedRepeat, heard.Refusal, "Slack delivered it twice")
		heard, err = b.TakeAck(b.Context(), b.said(record.ID, bob, ""), "Bob")
		require.NoError(b, err)
		require.Equal(b, store.RefusedAcked, heard.Refusal)
		require.Equal(b, "Sam", b.caseOf(record.ID).AckedBy)

		b.passes(time.Hour)
		heard, err = b.TakeResolve(b.Context(), b.said(record.ID, bob, ""), "Bob", "planned work")
		require.NoError(b, err)
		require.Empty(b, heard.Refusal)
		opened := b.caseOf(record.ID)
		require.Equal(b, "planned work", opened.Resolution)
		require.Equal(b, noon.Add(time.Hour), opened.ResolvedAt)
		require.Equal(b, record.Verdict, b.reads(record.ID).Verdict, "the verdict stays as it is")
		for _, again := range []func() (store.Heard, error){
			func() (store.Heard, error) { return b.TakeAck(b.Context(), b.said(record.ID, sam, ""), "Sam") },
			func() (store.Heard, error) {
				return b.TakeResolve(b.Context(), b.said(record.ID, sam, ""), "Sam", "me too")
			},
		} {
			heard, err = again()
			require.NoError(b, err)
			require.Equal(b, store.RefusedResolved, heard.Refusal)
		}
		require.Equal(b, "accepted identified planned settled case_acknowledged press_refused case_resolved press_refused press_refused",
			b.kinds(record.ID))
		heard, err = b.TakeAck(b.Context(), b.said(b.asked(alice).ID, sam, ""), "Sam")
		require.NoError(b, err)
		require.Equal(b, store.RefusedClosed, heard.Refusal, "there is no case")
	})
}

func TestTwoRespondersAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		record := b.escalated(sudo(b.fresh("key")), alice)
		taken := together(b, 6, func(int) (store.Heard, error) {
			return b.TakeResolve(b.Context(), b.said(record.ID, sam, ""), "Sam", "done")
		})
		counts := 0
		for _, heard := range taken {
			if heard.Refusal == "" {
				counts++
			}
		}
		require.Equal(b, 1, counts)
	})
}

func TestAGraveCaseIsNotResolvedByAPress(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		denied := b.asked(alice).ID
		b.answers(denied, alice, alert.No)
		lateNo := b.confirmed(alice).ID
		b.answers(lateNo, alice, alert.No)
		critical := sudo(b.fresh("key"))
		critical.Severity = alert.Critical
		for name, id := range map[string]string{"a no": denied, "a late no": lateNo, "critical": b.escalated(critical, alice).ID} {
			said := b.said(id, sam, "")
			before := len(b.story(id).Entries)
			for range 2 {
				heard, err := b.TakeResolve(b.Context(), said, "Sam", "all fine")
				require.NoError(b, err, name)
				require.Equal(b, store.RefusedNeedsProof, heard.Refusal, "%s: nothing is recorded, so it is no repetition", name)
				require.Equal(b, id, heard.Record.ID)
			}
			require.Len(b, b.story(id).Entries, before, name)
			acked, err := b.TakeAck(b.Context(), b.said(id, sam, ""), "Sam")
			require.NoError(b, err, name)
			require.Empty(b, acked.Refusal, "%s: anybody may see to it", name)
		}
	})
}

// wishes resolves a grave case with a proof, up to what the phone says.
func (b *bench) wishes(id string, who alert.Person, says alert.ProofResult) store.Record {
	b.Helper()
	request, refusal, err := b.Request(b.Context(), store.Wish{
		Delivery: b.fresh("wish"), Person: who.PersonKey, At: b.Now(), Kind: alert.RequestResolve, AlertID: id, Reason: "spoke to Alice",
	})
	require.NoError(b, err)
	require.Empty(b, refusal)
	b.phoneSays(b.pushes(request.ID, 1), says)
	return b.settles(request.ID)
}

func TestAProofResolvesAGraveCase(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.NoError(b, b.PutPeople(b.Context(), []alert.Person{sam}))
		id := b.asked(alice).ID
		b.answers(id, alice, alert.No)
		b.wishes(id, sam, alert.ProofUnavailable)
		require.True(b, b.caseOf(id).ResolvedAt.IsZero(), "without a proof")
		b.wishes(id, sam, alert.ProofApproved)
		opened := b.caseOf(id)
		require.Equal(b, noon, opened.ResolvedAt)
		require.Equal(b, "Sam Smith", opened.ResolvedBy)
		require.Equal(b, "spoke to Alice", opened.Resolution)
		require.Equal(b, alert.Denied, b.reads(id).Verdict.Outcome)
		require.Contains(b, b.kinds(id), store.KindResolved)

		b.passes(2 * time.Hour)
		b.wishes(id, sam, alert.ProofApproved)
		require.Equal(b, opened, b.caseOf(id), "the first stands")
	})
}

func TestNoProofResolvesOnesOwnCase(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.asked(alice).ID
		b.answers(id, alice, alert.No)
		b.wishes(id, alice, alert.ProofApproved)
		require.True(b, b.caseOf(id).ResolvedAt.IsZero())
		entries := b.story(id).Entries
		require.Equal(b, store.KindPressRefused, entries[len(entries)-1].Kind)
	})
}

func TestAStolenAccountOfAResponder(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.NoError(b, b.PutPeople(b.Context(), []alert.Person{sam}))
		record := b.escalated(sudo(b.fresh("key")), alice)
		theirs := b.asked(sam).ID
		b.answers(theirs, sam, alert.Yes)
		b.phoneSays(b.pushes(theirs, 1), alert.ProofDenied)
		heard, err := b.TakeResolve(b.Context(), b.said(record.ID, sam, ""), "Sam", "nothing to see")
		require.NoError(b, err)
		require.Equal(b, store.RefusedSuspected, heard.Refusal)
		require.True(b, b.caseOf(record.ID).ResolvedAt.IsZero())
	})
}

func TestWhatComesAfterTheResolution(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.asked(alice).ID
		b.passes(3 * time.Hour)
		require.Equal(b, alert.NoResponse, b.settles(id).Verdict.Outcome)
		heard, err := b.TakeResolve(b.Context(), b.said(id, sam, ""), "Sam", "on holiday")
		require.NoError(b, err)
		require.Empty(b, heard.Refusal)
		b.passes(time.Hour)
		b.answers(id, alice, alert.No)
		opened := b.caseOf(id)
		require.True(b, opened.ResolvedAt.IsZero(), "a late no opens it again")
		require.Empty(b, opened.ResolvedBy)
		require.Contains(b, b.kinds(id), store.KindReopened)
	})
}

func TestReviews(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		wanted := func() string {
			id := b.askedBy(planned{
				Action: alert.Ask, AskBy: b.Now().Add(time.Hour), Deadline: time.Hour, Review: alert.ReviewPolicy,
			})
			b.answers(id, alice, alert.Yes)
			b.phoneSays(b.pushes(id, 1), alert.ProofApproved)
			require.Equal(b, alert.Confirmed, b.settles(id).Verdict.Outcome)
			return id
		}
		review := func(id string, who alert.Person, fine bool) store.Refusal {
			heard, err := b.TakeReview(b.Context(), b.said(id, who, ""), who.Name, fine)
			require.NoError(b, err)
			return heard.Refusal
		}
		fine, odd := wanted(), wanted()
		require.Equal(b, store.RefusedOwnCase, review(fine, alice, true))
		require.Empty(b, review(fine, sam, true))
		require.Equal(b, store.RefusedReviewed, review(fine, bob, false))
		require.Equal(b, "Sam Smith", b.reads(fine).ReviewedBy)
		require.Nil(b, b.caseOf(fine))

		require.Empty(b, review(odd, sam, false))
		record := b.reads(odd)
		require.Equal(b, alert.Confirmed, record.Verdict.Outcome, "the verdict stays as it is")
		require.Equal(b, alert.Escalated, record.Status)
		require.Equal(b, store.EscalationReview, record.Escalation)
		require.NotNil(b, b.caseOf(odd))
		require.Equal(b, store.RefusedReviewed, review(odd, bob, true))
		b.passes(24 * time.Hour)
		require.Equal(b, store.RefusedClosed, review(b.confirmed(alice).ID, sam, true), "nobody wanted it looked at")
	})
}

func TestAPeersAnswerProvesNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		record := b.escalated(sudo(b.fresh("key")), alice, alert.Step{Target: "manager"})
		answer := func(choice alert.Choice) store.Refusal {
			heard, err := b.TakePeerAnswer(b.Context(), b.said(record.ID, sam, choice), "manager", "Sam Smith")
			require.NoError(b, err)
			return heard.Refusal
		}
		require.Empty(b, answer(alert.Yes))
		require.Equal(b, store.RefusedAnswered, answer(alert.No))
		story := b.story(record.ID)
		said, ok := story.PeerAnswer("manager")
		require.True(b, ok)
		require.Equal(b, store.PeerAnswer{Name: "Sam Smith", Choice: alert.Yes, At: noon}, said)
		require.Empty(b, story.Answers, "it is no answer")
		require.Equal(b, record.Verdict, story.Record.Verdict)
		require.True(b, story.Case.ResolvedAt.IsZero())
		require.NotContains(b, string(story.Entries[len(story.Entries)-1].Data), "Sam", "a name may be erased one day")

		_, err := b.TakeResolve(b.Context(), b.said(record.ID, bob, ""), "Bob", "done")
		require.NoError(b, err)
		heard, err := b.TakePeerAnswer(b.Context(), b.said(record.ID, sam, alert.No), "oncall", "Sam")
		require.NoError(b, err)
		require.Equal(b, store.RefusedResolved, heard.Refusal)
	})
}

func TestOpenCases(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.NoError(b, b.PutPeople(b.Context(), []alert.Person{alice}))
		first := b.escalated(sudo(b.fresh("key")), alice)
		b.passes(time.Minute)
		second := b.escalated(sudo(b.fresh("key")), alert.Person{})
		b.passes(time.Minute)
		third := b.escalated(sudo(b.fresh("key")), alice)
		_, err := b.TakeResolve(b.Context(), b.said(first.ID, sam, ""), "Sam", "done")
		require.NoError(b, err)
		_, err = b.TakeAck(b.Context(), b.said(third.ID, sam, ""), "Sam")
		require.NoError(b, err)

		open, err := b.OpenCases(b.Context(), b.Now().Add(time.Second), 10)
		require.NoError(b, err)
		require.Len(b, open, 2)
		require.Equal(b, second.ID, open[0].Case.AlertID)
		require.Empty(b, open[0].Person)
		require.Equal(b, "Alice Adams", open[1].Person.Name)
		require.Equal(b, "Sam", open[1].Case.AckedBy)
		require.Equal(b, third.Title, open[1].Record.Title)
		open, err = b.OpenCases(b.Context(), b.Now(), 1)
		require.NoError(b, err)
		require.Len(b, open, 1)
	})
}
