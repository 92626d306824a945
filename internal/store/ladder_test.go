package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// ladder is the security channel at once, a manager after 10 minutes, and whoever
// is on call after 30.
func ladder() []alert.Step {
	return []alert.Step{
		{Target: "security"}, {Target: "manager", After: 10 * time.Minute}, {Target: "oncall", After: 30 * time.Minute},
	}
}

func (b *bench) nextRung(id string) store.Rung {
	b.Helper()
	next, err := b.NextRung(b.Context(), id)
	require.NoError(b, err)
	return next
}

func TestALadderIsClimbedRungByRung(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.escalated(sudo(b.fresh("key")), alice, ladder()...).ID
		require.Equal(b, []string{""}, b.refs(id, store.OutgoingLadder))
		first := store.Rung{Index: 1, Target: "manager", At: noon.Add(10 * time.Minute)}
		require.Equal(b, first, b.nextRung(id))
		require.NoError(b, b.Climbed(b.Context(), id, 2, store.ClimbedTold))
		require.Equal(b, first, b.nextRung(id), "it is not the other's turn")

		b.passes(10 * time.Minute)
		for range 2 {
			require.NoError(b, b.Climbed(b.Context(), id, 1, store.ClimbedTold))
			require.Equal(b, store.Rung{Index: 2, Target: "oncall", At: noon.Add(30 * time.Minute)}, b.nextRung(id))
		}
		require.NoError(b, b.Climbed(b.Context(), id, 2, store.ClimbedTold))
		require.Equal(b, store.Rung{Done: true}, b.nextRung(id))
		require.Equal(b, "accepted identified planned settled case_climbed case_climbed", b.kinds(id))
		for _, rung := range []int{-1, 3, 99} {
			require.NoError(b, b.Climbed(b.Context(), id, rung, store.ClimbedTold))
		}
		_, err := b.NextRung(b.Context(), "nothing")
		require.ErrorIs(b, err, store.ErrNotFound)
	})
}

func TestNobodyClimbsPastAResponder(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		acked := b.escalated(sudo(b.fresh("key")), alice, ladder()...).ID
		resolved := b.escalated(sudo(b.fresh("key")), alice, ladder()...).ID
		b.waiting("")
		said := b.said(acked, sam, "")
		_, err := b.TakeAck(b.Context(), said, "Sam")
		require.NoError(b, err)
		_, err = b.TakeResolve(b.Context(), b.said(resolved, sam, ""), "Sam", "done")
		require.NoError(b, err)
		require.True(b, b.nextRung(acked).Done)
		require.True(b, b.nextRung(resolved).Done)
		require.Equal(b, []string{said.Delivery}, b.refs(acked, store.OutgoingLadder), "it is woken")
		require.True(b, b.nextRung(b.confirmed(alice).ID).Done, "there is no case")
	})
}

func TestALadderGoesOnAtOnceWhereThereIsNobody(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.escalated(sudo(b.fresh("key")), alice,
			alert.Step{Target: "manager"}, alert.Step{Target: "security", After: 30 * time.Minute}).ID
		b.waiting(id)
		require.Equal(b, noon.Add(30*time.Minute), b.nextRung(id).At)
		b.passes(time.Second)
		require.NoError(b, b.Climbed(b.Context(), id, 0, store.ClimbedNobody))
		require.Equal(b, store.Rung{Index: 1, Target: "security", At: noon.Add(time.Second)}, b.nextRung(id))
		require.Equal(b, []string{"nobody-0"}, b.refs(id, store.OutgoingLadder))
	})
}

func TestAReopenedCaseHasItsDelaysAnew(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		record := b.escalated(sudo(b.fresh("key")), alice, ladder()...)
		_, err := b.TakeResolve(b.Context(), b.said(record.ID, sam, ""), "Sam", "done")
		require.NoError(b, err)
		b.waiting(record.ID)
		b.passes(time.Hour)
		b.answers(record.ID, alice, alert.No) // whatever way it came
		require.True(b, b.caseOf(record.ID).ResolvedAt.IsZero())
		require.Equal(b, store.Rung{Index: 1, Target: "manager", At: b.Now().Add(10 * time.Minute)}, b.nextRung(record.ID))
		require.Len(b, b.refs(record.ID, store.OutgoingLadder), 1, "it starts again")
	})
}

// Temporal has lost its data: what was due is found in the record.
// What was pressed a month ago is not delivered again; what was pressed today may be.
func TestOldDeliveriesAreForgotten(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.asked(alice).ID
		said := b.said(id, alice, alert.Yes)
		pressed := func() store.Refusal {
			require.NoError(b, b.Revive(b.Context()))
			heard, err := b.TakeAnswer(b.Context(), said)
			require.NoError(b, err)
			return heard.Refusal
		}
		require.Empty(b, pressed())
		require.Equal(b, store.RefusedRepeat, pressed())
		b.passes(31 * 24 * time.Hour)
		require.Equal(b, store.RefusedAnswered, pressed(), "known by what it answers")
	})
}

func TestRevive(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		late := b.escalated(sudo(b.fresh("key")), alice, ladder()...).ID
		acked := b.escalated(sudo(b.fresh("key")), alice, ladder()...).ID
		_, err := b.TakeAck(b.Context(), b.said(acked, sam, ""), "Sam")
		require.NoError(b, err)
		require.NoError(b, b.Notify(b.Context(), store.Notice{ID: "n1", Kind: store.NoticeHeld, Data: []byte(`{}`)}))
		b.waiting("")
		b.passes(time.Minute)
		require.NoError(b, b.Revive(b.Context()))
		require.Empty(b, b.refs("", store.OutgoingNotice), "it may still come")
		b.passes(12 * time.Minute)
		require.NoError(b, b.Revive(b.Context()))
		entries, err := b.ClaimOutgoing(b.Context(), time.Minute, 100)
		require.NoError(b, err)
		require.Len(b, entries, 2)
		for _, entry := range entries {
			require.Contains(b, []string{store.OutgoingLadder + " " + late + " late-1", store.OutgoingNotice + "  n1"},
				entry.Kind+" "+entry.AlertID+" "+entry.Ref)
		}
	})
}
