package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

const question = store.PurposeQuestion

// begins claims the question and tells what to do.
func (b *bench) begins(id string) (store.Post, store.Turn) {
	b.Helper()
	post, turn, err := b.BeginPost(b.Context(), id, question)
	require.NoError(b, err)
	require.Equal(b, id, post.AlertID)
	require.Equal(b, question, post.Purpose)
	return post, turn
}

func (b *bench) releases(post store.Post, happened bool) {
	b.Helper()
	require.NoError(b, b.ReleasePost(b.Context(), post, happened))
}

func TestPostIsClaimedByOne(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.admitted(alice).ID
		_, turn := b.begins(id)
		require.Equal(b, store.TurnSend, turn)
		post, turn := b.begins(id)
		require.Equal(b, store.TurnWait, turn)
		require.True(b, post.ClaimedUntil.After(b.Now()), "when to come again")

		b.passes(post.ClaimedUntil.Sub(b.Now()))
		again, turn := b.begins(id)
		require.Equal(b, store.TurnLook, turn, "who died may have posted it")
		require.Equal(b, noon, again.IntendedAt, "since when to look")
	})
}

func TestTwoWhoPostAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.admitted(alice).ID
		turns := together(b, 8, func(int) (store.Turn, error) {
			_, turn, err := b.BeginPost(b.Context(), id, question)
			return turn, err
		})
		count := map[store.Turn]int{}
		for _, turn := range turns {
			count[turn]++
		}
		require.Equal(b, map[store.Turn]int{store.TurnSend: 1, store.TurnWait: 7}, count)
	})
}

func TestReleasePost(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.admitted(alice).ID
		post, _ := b.begins(id)
		b.releases(post, false)
		post, turn := b.begins(id)
		require.Equal(b, store.TurnSend, turn, "certainly not posted")

		b.releases(post, true)
		post, turn = b.begins(id)
		require.Equal(b, store.TurnLook, turn, "perhaps posted")
		b.releases(post, true)
		post, turn = b.begins(id)
		require.Equal(b, store.TurnLook, turn, "once in doubt, always in doubt")

		post.Channel, post.TS, post.PostedAt = "D1", "1.1", noon
		require.NoError(b, b.FinishPost(b.Context(), post, store.KindAsked, nil, nil))
		b.releases(post, false)
		stood, turn := b.begins(id)
		require.Equal(b, store.TurnStands, turn)
		require.Equal(b, "1.1", stood.TS)
	})
}

// Who was asleep for longer than a claim lasts must not take away another's.
func TestAnOldClaimIsNotGivenBack(t *testing.T) {
	t.Parallel()
	for _, happened := range []bool{true, false} {
		onBothNamed(t, happened, func(b *bench) {
			id := b.admitted(alice).ID
			sleeper, _ := b.begins(id)
			b.passes(time.Minute)
			_, turn := b.begins(id)
			require.Equal(b, store.TurnLook, turn)
			b.releases(sleeper, happened)
			_, turn = b.begins(id)
			require.Equal(b, store.TurnWait, turn)
		})
	}
}

func onBothNamed(t *testing.T, happened bool, test func(b *bench)) {
	t.Helper()
	name := map[bool]string{true: "perhaps posted", false: "not posted"}[happened]
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		onBoth(t, test)
	})
}

func TestFinishPost(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.admitted(alice).ID
		post, _ := b.begins(id)
		b.passes(8 * time.Second)
		post.Channel, post.TS, post.PostedAt = "D1", "1.1", noon.Add(3*time.Second)
		require.NoError(b, b.FinishPost(b.Context(), post, store.KindAsked, store.Fields{"ts": "1.1"}, nil))
		second := post
		second.TS, second.PostedAt = "2.2", noon.Add(time.Minute)
		require.NoError(b, b.FinishPost(b.Context(), second, store.KindAsked, store.Fields{"ts": "2.2"}, nil))

		story, err := b.Story(b.Context(), id)
		require.NoError(b, err)
		require.Equal(b, store.PostDone, story.Posts[question].State)
		require.Equal(b, "1.1", story.Posts[question].TS, "the first stands")
		require.Equal(b, "accepted identified planned asked", b.kinds(id))
		record := b.reads(id)
		require.Equal(b, alert.Asking, record.Status)
		require.Equal(b, noon.Add(3*time.Second), record.AskedAt, "times run from the question's own")
		require.Equal(b, noon.Add(3*time.Second+2*time.Hour), record.Deadline)
		require.Equal(b, record.Deadline.Add(72*time.Hour), record.WatchUntil)

		found, ok, err := b.PostAt(b.Context(), "D1", "1.1")
		require.NoError(b, err)
		require.True(b, ok)
		require.Equal(b, id, found.AlertID)
	})
}

func TestWhatIsNotPostedStandsNowhere(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.admitted(alice).ID
		b.begins(id)
		story, err := b.Story(b.Context(), id)
		require.NoError(b, err)
		require.Equal(b, store.PostIntended, story.Posts[question].State)
		require.Zero(b, b.reads(id).AskedAt)
		_, ok, err := b.PostAt(b.Context(), "", "")
		require.NoError(b, err)
		require.False(b, ok)
	})
}

// The chat system took the question, we never heard so, and the person was quick.
func TestAnAnswerBeforeTheQuestionIsKnownToStand(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.admitted(alice).ID
		b.begins(id)
		require.Empty(b, b.answers(id, alice, alert.Yes).Refusal)
		b.pushes(id, 1)
		b.passes(time.Minute)
		b.posts(id, question, noon)
		record := b.reads(id)
		require.Equal(b, alert.Proving, record.Status, "nothing goes back")
		require.Equal(b, noon, record.AskedAt)
	})
}

func TestOnlyTheQuestionStartsTheClock(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.accepted().ID
		_, err := b.Admit(b.Context(), id, store.Identified{Reason: alert.ReasonUnknownPerson}, plans(nil))
		require.NoError(b, err)
		b.settles(id)
		b.posts(id, store.PurposeCase, noon)
		require.Zero(b, b.reads(id).AskedAt)
	})
}
