package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// withdraws takes an alert back as Sam, who responds.
func (b *bench) withdraws(id string) store.Heard {
	b.Helper()
	heard, err := b.Withdraw(b.Context(), store.Withdrawal{
		AlertID: id, By: "Sam Smith", Person: sam.PersonKey, Reason: "the rule was wrong",
	})
	require.NoError(b, err)
	return heard
}

// last is the latest line of a timeline.
func (b *bench) last(id string) store.Entry {
	b.Helper()
	entries := b.story(id).Entries
	return entries[len(entries)-1]
}

func TestAQuestionIsWithdrawn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.NoError(b, b.PutPeople(b.Context(), []alert.Person{alice, sam}))
		id := b.asked(alice).ID
		b.waiting(id)
		heard := b.withdraws(id)
		require.Empty(b, heard.Refusal)
		require.Equal(b, alert.Verdict{Outcome: alert.Withdrawn}, heard.Record.Verdict)
		require.Equal(b, []string{store.OutgoingWake}, b.waiting(id), "the question loses its buttons")
		require.Equal(b, b.reads(id), heard.Record)
		require.Equal(b, alert.Closed, heard.Record.Status)
		require.Nil(b, b.caseOf(id))
		last := b.last(id)
		require.Equal(b, []string{store.KindWithdrawn, "Sam Smith"}, []string{last.Kind, last.Actor})
		require.NotContains(b, string(last.Data), "the rule was wrong")
		require.Contains(b, string(last.Personal), "the rule was wrong")

		require.Equal(b, store.RefusedWithdrawn, b.withdraws(id).Refusal)
		require.Equal(b, store.RefusedClosed, b.answers(id, alice, alert.Yes).Refusal)
		require.Equal(b, alert.Withdrawn, b.settles(id).Verdict.Outcome, "the first verdict stands")
		require.NoError(b, b.Finish(b.Context(), id))
		require.False(b, b.reads(id).FinishedAt.IsZero())
	})
}

// What nobody has planned yet is taken back as well, and admitting it afterwards
// changes nothing.
func TestAnAlertIsWithdrawnBeforeItsAdmission(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.accepted().ID
		heard, err := b.Withdraw(b.Context(), store.Withdrawal{AlertID: id, By: "auditd", Reason: "a test"})
		require.NoError(b, err)
		require.Empty(b, heard.Refusal)
		admitted, err := b.Admit(b.Context(), id, store.Identified{Person: alice}, plans(nil))
		require.NoError(b, err)
		require.Equal(b, alert.Withdrawn, admitted.Verdict.Outcome)
		require.Equal(b, alert.Close, admitted.Plan.Action)
		require.False(b, admitted.FinishedAt.IsZero())
		require.Equal(b, "accepted withdrawn", b.kinds(id))
	})
}

func TestWhatAQuestionAsksAboutTooIsWithdrawnWithIt(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		question := b.asks(b.reports(on("db-1"), nil))
		second, third := b.reports(on("db-1"), nil), b.reports(on("db-1"), nil)
		require.Equal(b, question.ID, second.JoinedTo)

		require.Empty(b, b.withdraws(third.ID).Refusal)
		require.Equal(b, alert.Withdrawn, b.reads(third.ID).Verdict.Outcome)
		require.Empty(b, b.reads(second.ID).Verdict.Outcome, "one that joined is withdrawn alone")
		require.Len(b, b.story(question.ID).Joined, 1, "and is not asked about any more")

		require.Empty(b, b.withdraws(question.ID).Refusal)
		require.Equal(b, alert.Withdrawn, b.reads(second.ID).Verdict.Outcome)
	})
}

// A source must not silence what others report by a question of its own that theirs join.
func TestASourceTakesBackNothingOfOthers(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.NoError(b, b.PutPeople(b.Context(), []alert.Person{sam}))
		question := b.asks(b.reports(on("db-1"), nil))
		others := on("db-1")
		others.Source = "zeek"
		joined := b.reports(others, nil)
		require.Equal(b, question.ID, joined.JoinedTo)
		wanted := store.Withdrawal{AlertID: question.ID, By: question.Source, Reason: "never mind"}
		heard, err := b.Withdraw(b.Context(), wanted)
		require.NoError(b, err)
		require.Equal(b, store.RefusedOthers, heard.Refusal)
		require.Empty(b, b.reads(joined.ID).Verdict.Outcome)

		heard, err = b.Withdraw(b.Context(), store.Withdrawal{AlertID: joined.ID, By: "zeek", Reason: "a test"})
		require.NoError(b, err)
		require.Empty(b, heard.Refusal, "its own it may")
		heard, err = b.Withdraw(b.Context(), wanted)
		require.NoError(b, err)
		require.Empty(b, heard.Refusal, "and then the rest")
	})
}

// The turn of a question that is withdrawn is given to the next one.
func TestAWithdrawalMakesRoom(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		one := func(plan *alert.Plan) { plan.Limits.Open = 1 }
		first := b.reports(on("db-1"), one)
		second := b.reports(on("db-2"), one)
		require.Equal(b, alert.Held, second.Status)
		b.waiting(second.ID)
		b.withdraws(first.ID)
		require.Equal(b, alert.Received, b.reads(second.ID).Status)
		require.Equal(b, []string{store.OutgoingWake}, b.waiting(second.ID))
	})
}

func TestWhatCanNotBeWithdrawn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.NoError(b, b.PutPeople(b.Context(), []alert.Person{alice, sam}))
		own := b.asked(sam).ID
		require.Equal(b, store.RefusedOwnCase, b.withdraws(own).Refusal, "what is about oneself")
		require.Empty(b, b.reads(own).Verdict.Outcome)
		require.Equal(b, store.RefusedClosed, b.withdraws(b.confirmed(alice).ID).Refusal, "what was decided")
		_, err := b.Withdraw(b.Context(), store.Withdrawal{AlertID: alert.KeyedID("nobody", "x"), By: "auditd"})
		require.ErrorIs(b, err, store.ErrNotFound)
	})
}

// A push that runs proves nothing any more; but a phone that denies the yes still
// speaks of a stolen account.
func TestAPushRunsWhileItsAlertIsWithdrawn(t *testing.T) {
	t.Parallel()
	for says, escalated := range map[alert.ProofResult]bool{
		alert.ProofApproved: false, alert.ProofTimedOut: false, alert.ProofDenied: true, alert.ProofFraud: true,
	} {
		onBoth(t, func(b *bench) {
			id := b.asked(alice).ID
			b.answers(id, alice, alert.Yes)
			push := b.pushes(id, 1)
			b.withdraws(id)
			b.phoneSays(push, says)
			settled := b.settles(id)
			require.Equal(b, alert.Withdrawn, settled.Verdict.Outcome)
			require.Equal(b, escalated, !settled.EscalatedAt.IsZero(), says)
		})
	}
}

// Nobody looks at what is withdrawn: where it may matter, the team is told.
func TestAGraveWithdrawalIsAnnounced(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.NoError(b, b.PutPeople(b.Context(), []alert.Person{alice}))
		for _, severity := range alert.Severities() {
			reported := sudo("")
			reported.Severity = severity
			b.withdraws(b.reports(reported, nil).ID)
			b.passes(time.Second)
		}
		var severities []string
		require.NoError(b, b.db.InTx(b.Context(), func(tx store.Tx) error {
			notices, err := tx.Notices(b.Context(), store.NoticeWithdrawn, noon.Add(-time.Hour))
			for _, notice := range notices {
				severities = append(severities, string(notice.Data))
			}
			return err
		}))
		require.Len(b, severities, 2)
		for i, severity := range []alert.Severity{alert.High, alert.Critical} {
			require.JSONEq(b, `{"by":"Sam Smith","who":"Alice Adams (alice@example.com)","title":"sudo to an interactive shell",`+
				`"severity":"`+string(severity)+`","reason":"the rule was wrong"}`, severities[i])
		}
	})
}

func TestTwoWithdrawAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.asked(alice).ID
		counts := map[store.Refusal]int{}
		for _, refusal := range together(b, 4, func(int) (store.Refusal, error) {
			heard, err := b.Withdraw(b.Context(), store.Withdrawal{AlertID: id, By: "auditd", Reason: "a test"})
			return heard.Refusal, err
		}) {
			counts[refusal]++
		}
		require.Equal(b, map[store.Refusal]int{"": 1, store.RefusedWithdrawn: 3}, counts)
	})
}
