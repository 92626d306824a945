package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"securitybot/internal/alert"
	"securitybot/internal/conversation"
	"securitybot/internal/evidence"
	"securitybot/internal/store"
)

// keeps does one task, as a worker would.
func (b *bench) keeps(task string) {
	b.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(b.Activities)
	step := map[string]any{conversation.TaskCheckpoint: b.Checkpoint, conversation.TaskRetention: b.Retain}[task]
	_, err := env.ExecuteActivity(step, conversation.UpkeepInput{Task: task})
	require.NoError(b, err)
}

func (b *bench) reads(ref conversation.AlertRef) store.Record {
	b.Helper()
	record, err := b.record.Alert(b.Context(), ref.AlertID)
	require.NoError(b, err)
	return record
}

func evidenceKey(t *testing.T) *evidence.Key {
	t.Helper()
	secret, _, err := evidence.GenerateKey("test")
	require.NoError(t, err)
	key, err := evidence.ReadKey(secret)
	require.NoError(t, err)
	return &key
}

// Each hour what the timelines have grown by is signed once, and the next rollup tells
// of it.
func TestCheckpointsAreSignedAndTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.asked()
	b.keeps(conversation.TaskCheckpoint)
	b.EvidenceKey = evidenceKey(t)
	_, signed, err := b.record.LastCheckpoint(t.Context(), *b.EvidenceKey)
	require.NoError(t, err)
	require.False(t, signed, "without a key nothing is signed")

	b.keeps(conversation.TaskCheckpoint)
	b.keeps(conversation.TaskCheckpoint)
	list, err := b.record.Checkpoints(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, list, 1, "nothing was added since")

	b.says(ref, alert.Yes)
	_, err = b.Settle(t.Context(), conversation.SettleInput{AlertID: ref.AlertID, Unprovable: alert.ReasonUnavailable})
	require.NoError(t, err)
	checkpoint, err := evidence.ReadCheckpoint(list[0].Note)
	require.NoError(t, err)
	told := b.sumsUp(conversation.RollupInput{Period: conversation.PeriodHourly})[0].message
	require.Contains(t, told.Note[0].Text, checkpoint.Root.String())
}

// A row that somebody else wrote among the checkpoints is told in the security channel
// once, and rollups go on telling of ours.
func TestAStrangeCheckpointIsTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.EvidenceKey = evidenceKey(t)
	b.asked()
	b.keeps(conversation.TaskCheckpoint)
	ref := b.asked()
	strange, err := b.record.Checkpoint(t.Context(), *evidenceKey(t))
	require.NoError(t, err)
	b.keeps(conversation.TaskCheckpoint)
	b.keeps(conversation.TaskCheckpoint)
	posts := b.said()
	require.Len(t, posts, 1)
	require.Equal(t, "CSECURITY", posts[0].to.Channel)
	require.Contains(t, posts[0].message.Text, "our key did not sign")

	b.says(ref, alert.Yes)
	_, err = b.Settle(t.Context(), conversation.SettleInput{AlertID: ref.AlertID, Unprovable: alert.ReasonUnavailable})
	require.NoError(t, err)
	ours, ok, err := b.record.LastCheckpoint(t.Context(), *b.EvidenceKey)
	require.NoError(t, err)
	require.True(t, ok)
	require.Less(t, ours.Size, strange.Size)
	signed, err := evidence.ReadCheckpoint(ours.Note)
	require.NoError(t, err)
	told := b.sumsUp(conversation.RollupInput{Period: conversation.PeriodHourly})[0].message
	require.Contains(t, told.Note[0].Text, signed.Root.String())
}

// The nightly sweep erases what is old and over, and leaves the rest.
func TestRetentionErasesWhatIsOld(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	old := b.denied()
	require.NoError(t, b.Case(t.Context(), old))
	heard, err := b.record.TakeResolve(t.Context(), store.Said{
		Delivery: "resolve", AlertID: old.AlertID, Person: alert.PersonKey{Team: "T1", User: "USAM"}, LoggedIn: true,
	}, "Sam", "nothing to see")
	require.NoError(t, err)
	require.Empty(t, heard.Refusal)
	open := b.asked()
	b.ahead = 40 * 24 * time.Hour
	young := b.asked()
	b.keeps(conversation.TaskRetention)
	require.NotEmpty(t, b.reads(old).Title, "without a length all is kept")

	b.Retention = 30 * 24 * time.Hour
	b.keeps(conversation.TaskRetention)
	require.Empty(t, b.reads(old).Title)
	require.False(t, b.reads(old).ErasedAt.IsZero())
	require.NotEmpty(t, b.reads(open).Title, "it still goes on")
	require.NotEmpty(t, b.reads(young).Title)
	b.keeps(conversation.TaskRetention)

	require.NoError(t, b.Case(t.Context(), old), "what is late finds nothing to trip over")
	require.NoError(t, b.ShowQuestion(t.Context(), old))
}

// What people were shown is on the timeline, where it can be erased.
func TestMessagesAreOnTheTimeline(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.denied()
	require.NoError(t, b.Case(t.Context(), ref))
	story, err := b.record.Story(t.Context(), ref.AlertID)
	require.NoError(t, err)
	shown := 0
	for _, entry := range story.Entries {
		if entry.Kind != store.KindAsked && entry.Kind != store.KindCaseOpened {
			continue
		}
		shown++
		require.Contains(t, string(entry.Personal), `"blocks":[{"type":"rich_text"}]`)
		require.Contains(t, string(entry.Personal), `"text":"`)
		require.Contains(t, string(entry.Personal), `"channel":"`)
		require.NotContains(t, string(entry.Data), "channel")
	}
	require.Equal(t, 2, shown)
}
