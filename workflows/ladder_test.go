package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/activities"
	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/conversation"
	"securitybot/internal/store"
)

// laddered is a policy that asks nobody and brings everything to more and more people.
const laddered = `version: 1
targets:
  managers: {slack: C0123456789}
  boss: {manager: true}
  oncall: {slack: C0987654321}
rules:
  - name: all
    match: "true"
    action: escalate
    escalate_to: [security, {to: managers, after: 10m}, {to: boss, after: 20m}, {to: oncall, after: 40m}]
`

// newLadder is a case of Alice's, opened where the ladder says at once.
func newLadder(t *testing.T) *talk {
	t.Helper()
	talk := newTalkUnder(t, laddered)
	talk.steps.Targets = func(context.Context) (map[string]activities.Target, error) {
		return map[string]activities.Target{
			"security": {}, "managers": {Slack: "CMANAGERS"}, "boss": {Manager: true}, "oncall": {Slack: "CONCALL"},
		}, nil
	}
	talk.reports("alice@example.com")
	ref := conversation.AlertRef{AlertID: talk.id}
	_, err := talk.steps.Admit(t.Context(), ref)
	require.NoError(t, err)
	_, err = talk.steps.Settle(t.Context(), conversation.SettleInput{AlertID: talk.id})
	require.NoError(t, err)
	require.NoError(t, talk.steps.Case(t.Context(), ref))
	return talk
}

// climbs runs the ladder to its end and tells when each channel learnt of the case.
func (t *talk) climbs() map[string]time.Duration {
	t.env.ExecuteWorkflow(conversation.WorkflowLadder, conversation.AlertRef{AlertID: t.id})
	require.True(t, t.env.IsWorkflowCompleted())
	require.NoError(t, t.env.GetWorkflowError())
	told := map[string]time.Duration{}
	for _, posted := range t.chat.all() {
		told[posted.ref.Channel] = posted.at.Sub(t.begun).Round(time.Minute)
	}
	return told
}

// acks as a responder does, and has the ladder woken if the signal comes through.
func (t *talk) acks(woken bool) {
	heard, err := t.record.TakeAck(t.Context(), store.Said{
		Delivery: "ack", AlertID: t.id, Person: alert.PersonKey{Team: teamID, User: "USAM"}, At: t.env.Now(),
	}, "Sam")
	require.NoError(t, err)
	require.Empty(t, heard.Refusal)
	if woken {
		t.env.SignalWorkflow(conversation.SignalWake, conversation.Wake{Why: "ack"})
	}
}

// moody is a chat system that fails as it likes.
type moody struct {
	*playedChat
	fails func(to chat.Recipient) error
}

func (m moody) Post(ctx context.Context, to chat.Recipient, message chat.Message, key string) (chat.Ref, error) {
	if err := m.fails(to); err != nil {
		return chat.Ref{}, err
	}
	return m.playedChat.Post(ctx, to, message, key)
}

func TestALadderIsClimbedAtItsTimes(t *testing.T) {
	t.Parallel()
	talk := newLadder(t)
	require.Equal(t, map[string]time.Duration{
		"security": 0, "CMANAGERS": 10 * time.Minute, "CONCALL": 20 * time.Minute, // Alice has no manager
	}, talk.climbs())
}

func TestALadderEndsWithAResponder(t *testing.T) {
	t.Parallel()
	for name, woken := range map[string]bool{"who wakes it": true, "whose wake was lost": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			talk := newLadder(t)
			talk.after(15*time.Minute, func() { talk.acks(woken) })
			require.Equal(t, map[string]time.Duration{"security": 0, "CMANAGERS": 10 * time.Minute}, talk.climbs())
		})
	}
}

// Whoever can signal makes it look again, and no more.
func TestForgedWakesClimbNothing(t *testing.T) {
	t.Parallel()
	talk := newLadder(t)
	for wait := time.Minute; wait < 9*time.Minute; wait += time.Minute {
		talk.after(wait, func() { talk.env.SignalWorkflow(conversation.SignalWake, conversation.Wake{Why: "now!"}) })
	}
	talk.after(9*time.Minute, func() { talk.acks(true) })
	require.Equal(t, map[string]time.Duration{"security": 0}, talk.climbs())
}

// It is started again from any state, and converges.
func TestALadderThatIsStartedAgain(t *testing.T) {
	t.Parallel()
	talk := newLadder(t)
	require.NoError(t, talk.record.Climbed(t.Context(), talk.id, 1, store.ClimbedTold))
	require.Equal(t, map[string]time.Duration{"security": 0, "CONCALL": 20 * time.Minute}, talk.climbs())
}

func TestALadderWaitsForAChatThatIsAway(t *testing.T) {
	t.Parallel()
	talk := newLadder(t)
	tries := 0
	talk.steps.Chat = moody{talk.chat, func(to chat.Recipient) error {
		if tries++; to.Channel == "CMANAGERS" && tries < 6 {
			return &chat.Error{Failure: chat.Transient, Reason: "http_503"}
		}
		return nil
	}}
	told := talk.climbs()
	require.Equal(t, 10*time.Minute, told["CMANAGERS"])
	require.Equal(t, 20*time.Minute, told["CONCALL"])
	require.Equal(t, 7, tries)
}

func TestANoticeIsTriedUntilItIsSaid(t *testing.T) {
	t.Parallel()
	talk := newTalk(t)
	require.NoError(t, talk.record.Notify(t.Context(), store.Notice{ID: "n1", Kind: store.NoticePaused, Data: []byte(`{"by":"Sam"}`)}))
	tries := 0
	talk.steps.Chat = moody{talk.chat, func(chat.Recipient) error {
		if tries++; tries < 4 {
			return &chat.Error{Failure: chat.RateLimited, Reason: "ratelimited", RetryAfter: 10 * time.Minute}
		}
		return nil
	}}
	talk.env.ExecuteWorkflow(conversation.WorkflowNotice, conversation.NoticeRef{NoticeID: "n1"})
	require.NoError(t, talk.env.GetWorkflowError())
	require.Len(t, talk.chat.in("security"), 1)
	require.Equal(t, 30*time.Minute, talk.env.Now().Sub(talk.begun).Round(time.Minute))
}
