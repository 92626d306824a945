package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

func TestTheFirstVerdictStands(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.asked(alice).ID
		b.answers(id, alice, alert.NotSure)
		first := b.settles(id)
		require.Equal(b, alert.Verdict{Outcome: alert.Unsure}, first.Verdict)
		require.Equal(b, alert.Escalated, first.Status)
		require.Equal(b, noon, first.EscalatedAt)
		require.Equal(b, "unsure", first.Escalation)

		before := b.story(id).Entries
		b.passes(time.Hour)
		for _, because := range []store.Because{{}, {Undelivered: "gone"}, {Unprovable: "away"}} {
			again, err := b.Settle(b.Context(), id, because)
			require.NoError(b, err)
			require.Equal(b, first, again)
		}
		require.Equal(b, before, b.story(id).Entries, "a re-run appends nothing")
	})
}

func TestSettleAtTheSameTime(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.asked(alice).ID
		b.answers(id, alice, alert.No)
		records := together(b, 8, func(int) (store.Record, error) { return b.Settle(b.Context(), id, store.Because{}) })
		for _, record := range records {
			require.Equal(b, alert.Denied, record.Verdict.Outcome)
		}
		require.Equal(b, "accepted identified planned asked answered settled", b.kinds(id))
	})
}

func TestSettleIsOpenUntilSomethingIsDue(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.Zero(b, b.settles(b.accepted().ID).Verdict, "nothing is planned yet")
		require.Zero(b, b.settles(b.admitted(alice).ID).Verdict, "nothing is asked yet")
		id := b.asked(alice).ID
		b.passes(2*time.Hour + alert.AnswerGrace - time.Microsecond)
		require.Zero(b, b.settles(id).Verdict, "an answer may be on its way")
		b.passes(time.Microsecond)
		record := b.settles(id)
		require.Equal(b, alert.Verdict{Outcome: alert.NoResponse}, record.Verdict)
		require.Equal(b, alert.Escalated, record.Status)
		_, err := b.Settle(b.Context(), "nothing", store.Because{})
		require.ErrorIs(b, err, store.ErrNotFound)
	})
}

func TestNobodyWhoAnsweredInTimeIsSilent(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		for choice, verdict := range map[alert.Choice]alert.Verdict{
			alert.Yes: {}, alert.No: {Outcome: alert.Denied}, alert.NotSure: {Outcome: alert.Unsure},
		} {
			id := b.asked(alice).ID
			b.passes(2 * time.Hour)
			b.answers(id, alice, choice)
			b.passes(5 * time.Minute)
			require.Equal(b, verdict, b.settles(id).Verdict, choice)
			b.passes(24 * time.Hour)
			require.NotEqual(b, alert.NoResponse, b.settles(id).Verdict.Outcome, choice)
		}
	})
}

// Whoever drives the steps may say that nothing works; it only ever escalates.
func TestWhatTheDriverSaysNeverConfirms(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		forged := store.Because{Undelivered: "confirmed", Unprovable: "approved"}
		settle := func(id string) alert.Verdict {
			record, err := b.Settle(b.Context(), id, forged)
			require.NoError(b, err)
			return record.Verdict
		}
		require.Equal(b, alert.Verdict{Outcome: alert.Unreachable, Reason: "confirmed"}, settle(b.admitted(alice).ID))
		require.Zero(b, settle(b.asked(alice).ID), "a question that stands is waited for")
		require.Equal(b, alert.Verdict{Outcome: alert.Unproven, Reason: "approved"}, settle(b.saidYes(alice)))

		approved := b.saidYes(alice)
		b.phoneSays(b.pushes(approved, 1), alert.ProofApproved)
		require.Equal(b, alert.Verdict{Outcome: alert.Confirmed}, settle(approved))
	})
}

func TestTheQuestionThatCouldNotBeDelivered(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.admitted(alice).ID
		b.passes(2*time.Hour + alert.OverdueAfter)
		require.Zero(b, b.settles(id).Verdict)
		b.passes(time.Second)
		require.Equal(b, alert.Verdict{Outcome: alert.Unreachable, Reason: alert.ReasonUndelivered}, b.settles(id).Verdict)
	})
}

// The yes came too late to count, before anybody had settled; the phone denies it.
func TestADeniedLateYesIsStillAContradiction(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.asked(alice).ID
		b.passes(2*time.Hour + time.Second)
		require.True(b, b.answers(id, alice, alert.Yes).Answer.Late)
		b.phoneSays(b.pushes(id, 1), alert.ProofDenied)
		require.Equal(b, alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonContradicted}, b.settles(id).Verdict)
	})
}

func TestFinish(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		finished := func(id string) bool {
			require.NoError(b, b.Finish(b.Context(), id))
			return !b.reads(id).FinishedAt.IsZero()
		}
		require.True(b, finished(b.confirmed(alice).ID))

		open := b.asked(alice).ID
		require.False(b, finished(open), "without a verdict")
		b.answers(open, alice, alert.No)
		b.settles(open)
		require.False(b, finished(open), "without its case")
		post, _, err := b.BeginPost(b.Context(), open, store.PurposeCase)
		require.NoError(b, err)
		require.False(b, finished(open), "with a case that somebody is about to post")
		post.Channel, post.TS, post.PostedAt = "C1", "9.9", noon
		require.NoError(b, b.FinishPost(b.Context(), post, store.KindCaseOpened, nil, nil))
		require.True(b, finished(open))
		at := b.reads(open).FinishedAt
		b.passes(time.Minute)
		require.True(b, finished(open))
		require.Equal(b, at, b.reads(open).FinishedAt)

		silent := b.asked(alice).ID
		b.passes(2*time.Hour + alert.AnswerGrace)
		b.settles(silent)
		b.posts(silent, store.PurposeCase, b.Now())
		require.False(b, finished(silent), "late answers are still taken")
		b.moment.Store(b.reads(silent).WatchUntil.UnixMicro())
		require.True(b, finished(silent))
	})
}

func TestUnfinishedIsWhatSomethingShouldHappenTo(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		done := b.confirmed(alice).ID
		require.NoError(b, b.Finish(b.Context(), done))
		var want []string
		for range 5 {
			want = append(want, b.accepted().ID)
			b.passes(time.Second)
		}
		b.passes(time.Minute)
		b.accepted() // on its way
		var got []string
		after := ""
		for {
			page, err := b.Unfinished(b.Context(), 20*time.Second, after, 2)
			require.NoError(b, err)
			for _, record := range page {
				got = append(got, record.ID)
			}
			if len(page) < 2 {
				break
			}
			after = page[1].ID
		}
		require.Equal(b, want, got)
	})
}

func TestRequeue(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.asked(alice).ID
		b.answers(id, alice, alert.Yes)
		b.answers(id, alice, alert.No)
		require.Equal(b, []string{"start", "answer yes", "answer no"}, b.waiting(id))
		for range 2 {
			require.NoError(b, b.Requeue(b.Context(), id))
		}
		require.Equal(b, []string{"start", "answer yes", "answer no"}, b.waiting(id))
		require.ErrorIs(b, b.Requeue(b.Context(), "nothing"), store.ErrNotFound)
	})
}

func TestOutgoing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		first := b.accepted().ID
		b.passes(time.Second)
		second := b.accepted().ID
		claim := func(limit int) []string {
			entries, err := b.ClaimOutgoing(b.Context(), 30*time.Second, limit)
			require.NoError(b, err)
			ids := []string{}
			for _, entry := range entries {
				ids = append(ids, entry.AlertID)
			}
			return ids
		}
		count, age, err := b.Backlog(b.Context())
		require.NoError(b, err)
		require.Equal(b, 2, count)
		require.Equal(b, time.Second, age)

		require.Equal(b, []string{first}, claim(1))
		require.Equal(b, []string{second}, claim(10), "what another took is hidden")
		require.Empty(b, claim(10))
		b.passes(30 * time.Second)
		entries, err := b.ClaimOutgoing(b.Context(), 30*time.Second, 10)
		require.NoError(b, err)
		require.Len(b, entries, 2, "who took it died")
		require.Equal(b, 2, entries[0].Attempts)

		require.NoError(b, b.Delivered(b.Context(), entries[1].ID))
		require.NoError(b, b.Undelivered(b.Context(), entries[0].ID, time.Second, errBad))
		require.Empty(b, claim(10))
		b.passes(time.Second)
		entries, err = b.ClaimOutgoing(b.Context(), 30*time.Second, 10)
		require.NoError(b, err)
		require.Len(b, entries, 1)
		require.Equal(b, "bad ? text", entries[0].LastError, "as any database can keep it")
	})
}

type badTextError string

func (e badTextError) Error() string { return string(e) }

const errBad = badTextError("bad \xff text")

func TestPlansOfAnAlertWhoseQuestionIsPlannedDifferently(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		short := plans(func(plan *alert.Plan) { plan.Deadline, plan.WatchFor = time.Minute, time.Hour })
		id := b.accepted().ID
		_, err := b.Admit(b.Context(), id, store.Identified{Person: alice}, short)
		require.NoError(b, err)
		b.passes(9 * time.Minute) // the chat system was away
		b.posts(id, question, b.Now())
		b.passes(time.Minute + alert.AnswerGrace)
		record := b.settles(id)
		require.Equal(b, alert.NoResponse, record.Verdict.Outcome)
		require.Equal(b, noon.Add(10*time.Minute+time.Hour), record.WatchUntil)
	})
}
