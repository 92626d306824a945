package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"securitybot/activities"
	"securitybot/internal/alert"
	"securitybot/internal/conversation"
	"securitybot/internal/factor"
	"securitybot/internal/store"
)

// prove runs the step as a worker does: it heartbeats.
func (b *bench) prove(ref conversation.AlertRef, attempt int) (alert.ProofResult, error) {
	b.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(b.Activities)
	value, err := env.ExecuteActivity(b.Prove, conversation.ProveInput{AlertID: ref.AlertID, Attempt: attempt})
	if err != nil {
		return "", err
	}
	var proved conversation.Proved
	require.NoError(b, value.Get(&proved))
	return proved.Result, nil
}

type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

// saidYes is a question that was answered with yes.
func (b *bench) saidYes() conversation.AlertRef {
	b.Helper()
	ref := b.asked()
	b.says(ref, alert.Yes)
	return ref
}

func TestProve(t *testing.T) {
	t.Parallel()
	for _, result := range []alert.ProofResult{
		alert.ProofApproved, alert.ProofDenied, alert.ProofFraud, alert.ProofTimedOut, alert.ProofUnavailable,
	} {
		t.Run(string(result), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			ref := b.saidYes()
			b.phone.says, b.phone.reason = []alert.ProofResult{result}, "why"
			got, err := b.prove(ref, 1)
			require.NoError(t, err)
			require.Equal(t, result, got)
			require.Equal(t, []string{"alice"}, b.phone.pushed)
			require.Equal(t, []string{"tx-1"}, b.phone.polls)
			proof := b.story(ref).Proof()
			require.Equal(t, result, proof.Result)
			require.Equal(t, "tx-1", proof.Transaction)
			require.Equal(t, "DPHONE", proof.Device)
			require.Equal(t, b.story(ref).Record.Code, proof.Code)

			again, err := b.prove(ref, 1)
			require.NoError(t, err)
			require.Equal(t, result, again)
			require.Len(t, b.phone.pushed, 1, "a step that is run again pushes nothing")
		})
	}
}

func TestAPushSaysWhatTheChatShowed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.saidYes()
	b.phone.says = []alert.ProofResult{alert.ProofApproved}
	_, err := b.prove(ref, 1)
	require.NoError(t, err)
	code := b.story(ref).Record.Code
	require.Contains(t, b.chat.posts[0].message.Text, code)
	require.Contains(t, b.phone.prompt.Rows, factor.Row{Name: "Code", Value: code})
	require.Contains(t, b.phone.prompt.Rows, factor.Row{Name: "Notice", Value: "Somebody answered YES in Slack as you"})
}

func TestProveWithoutAYes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.asked()
	result, err := b.prove(ref, 1)
	require.NoError(t, err)
	require.Empty(t, result)
	b.says(ref, alert.Yes)
	b.says(ref, alert.No)
	result, err = b.prove(ref, 1)
	require.NoError(t, err)
	require.Empty(t, result)
	require.Empty(t, b.phone.pushed, "nobody's phone rings")
	_, err = b.prove(conversation.AlertRef{AlertID: "nothing"}, 1)
	require.True(t, application(t, err).NonRetryable())
}

// The worker died while the push was on its way to a phone.
func TestProveTakesUpAPushThatIsOnItsWay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.saidYes()
	proof, turn, err := b.record.BeginProof(t.Context(), ref.AlertID, 1, "played")
	require.NoError(t, err)
	require.Equal(t, store.ProofPush, turn)
	proof, err = b.record.ProofSending(t.Context(), proof, []store.Device{{ID: "DPHONE"}})
	require.NoError(t, err)
	proof.Transaction = "tx-of-the-dead"
	require.NoError(t, b.record.ProofPushed(t.Context(), proof))
	b.phone.says = []alert.ProofResult{alert.ProofApproved}
	result, err := b.prove(ref, 1)
	require.NoError(t, err)
	require.Equal(t, alert.ProofApproved, result)
	require.Equal(t, []string{"tx-of-the-dead"}, b.phone.polls)
	require.Empty(t, b.phone.pushed)
}

// It died after the attempt was recorded and before the push may have left.
func TestProveTakesUpAnAttemptThatSentNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.saidYes()
	_, _, err := b.record.BeginProof(t.Context(), ref.AlertID, 1, "played")
	require.NoError(t, err)
	b.phone.says = []alert.ProofResult{alert.ProofApproved}
	result, err := b.prove(ref, 1)
	require.NoError(t, err)
	require.Equal(t, alert.ProofApproved, result)
	require.Len(t, b.phone.pushed, 1)
}

// It died when the push may have left and its transaction was not recorded.
func TestAPushThatNobodyKnowsOfIsLost(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.saidYes()
	proof, _, err := b.record.BeginProof(t.Context(), ref.AlertID, 1, "played")
	require.NoError(t, err)
	_, err = b.record.ProofSending(t.Context(), proof, []store.Device{{ID: "DPHONE"}})
	require.NoError(t, err)
	for range 2 {
		result, err := b.prove(ref, 1)
		require.NoError(t, err)
		require.Equal(t, alert.ProofLost, result)
	}
	require.Empty(t, b.phone.pushed, "never again by itself")
}

func TestWhatAFailedPushMeans(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		err    error
		result alert.ProofResult
		reason string
	}{
		"lost":         {&factor.Error{Failure: factor.Lost, Reason: "no_reply"}, alert.ProofLost, "no_reply"},
		"unclassified": {errors.New("panic in the adapter"), alert.ProofLost, "unknown"},
		"not enrolled": {&factor.Error{Failure: factor.NotProof, Reason: alert.ReasonNotEnrolled}, alert.ProofUnavailable, alert.ReasonNotEnrolled},
		"bypass":       {&factor.Error{Failure: factor.NotProof, Reason: "bypass"}, alert.ProofUnavailable, "bypass"},
		"no factor":    {&factor.Error{Failure: factor.NotProof, Reason: alert.ReasonNoFactor}, alert.ProofUnavailable, alert.ReasonNoFactor},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			ref := b.saidYes()
			b.phone.pushes = []error{tc.err}
			result, err := b.prove(ref, 1)
			require.NoError(t, err)
			require.Equal(t, tc.result, result)
			require.Equal(t, tc.reason, b.story(ref).Proof().Reason)
			require.Empty(t, b.phone.polls)
			outcome, err := b.Settle(t.Context(), conversation.SettleInput{AlertID: ref.AlertID})
			require.NoError(t, err)
			require.NotEqual(t, alert.Confirmed, outcome.Verdict)
		})
	}
}

func TestAPushThatDidNotLeaveIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.saidYes()
	limited := &factor.Error{Failure: factor.NotSent, Reason: "rate_limited", RetryAfter: 7 * time.Second}
	b.phone.pushes = []error{limited, limited, limited, limited}
	for range 4 { // more than the budget of pushes
		_, err := b.prove(ref, 1)
		failed := application(t, err)
		require.False(t, failed.NonRetryable())
		require.Equal(t, 7*time.Second, failed.NextRetryDelay())
		require.Empty(t, b.story(ref).Proofs)
	}
	b.phone.says = []alert.ProofResult{alert.ProofApproved}
	result, err := b.prove(ref, 1)
	require.NoError(t, err)
	require.Equal(t, alert.ProofApproved, result)
}

// forgetful is a record whose next reads of a story fail.
type forgetful struct {
	activities.Record
	fails int
}

func (f *forgetful) Story(ctx context.Context, id string) (store.Story, error) {
	if f.fails > 0 {
		f.fails--
		return store.Story{}, errors.New("database away")
	}
	return f.Record.Story(ctx, id)
}

// A hiccup of the database before the push is no lost push.
func TestAnAttemptIsRecordedOnlyWhenThePushIsReady(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.saidYes()
	b.Record = &forgetful{Record: b.record, fails: 2}
	for range 2 {
		_, err := b.prove(ref, 1)
		require.ErrorContains(t, err, "database away")
		require.Empty(t, b.story(ref).Proofs)
	}
	b.phone.says = []alert.ProofResult{alert.ProofApproved}
	result, err := b.prove(ref, 1)
	require.NoError(t, err)
	require.Equal(t, alert.ProofApproved, result)
}

func TestAPollThatFailsIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.saidYes()
	b.phone.fails = []error{&factor.Error{Failure: factor.NotSent, Reason: "away", RetryAfter: 3 * time.Second}}
	_, err := b.prove(ref, 1)
	require.Equal(t, 3*time.Second, application(t, err).NextRetryDelay())
	b.phone.says = []alert.ProofResult{alert.ProofPending, alert.ProofApproved}
	result, err := b.prove(ref, 1)
	require.NoError(t, err)
	require.Equal(t, alert.ProofApproved, result)
	require.Len(t, b.phone.pushed, 1)
	require.Equal(t, []string{"tx-1", "tx-1", "tx-1"}, b.phone.polls)
}

// Long after a push is dead, and the provider still says that it waits.
func TestADeadPushHasTimedOut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ahead = -2 * time.Minute
	ref := b.saidYes()
	proof, _, err := b.record.BeginProof(t.Context(), ref.AlertID, 1, "played")
	require.NoError(t, err)
	proof, err = b.record.ProofSending(t.Context(), proof, []store.Device{{ID: "DPHONE"}})
	require.NoError(t, err)
	proof.Transaction = "tx-old"
	require.NoError(t, b.record.ProofPushed(t.Context(), proof))
	b.phone.says = []alert.ProofResult{alert.ProofPending}
	result, err := b.prove(ref, 1)
	require.NoError(t, err)
	require.Equal(t, alert.ProofTimedOut, result)
}

func TestOfferPush(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.saidYes()
	b.phone.says = []alert.ProofResult{alert.ProofTimedOut, alert.ProofApproved}
	offer := func(attempt int) int {
		require.NoError(t, b.OfferPush(t.Context(), conversation.ProveInput{AlertID: ref.AlertID, Attempt: attempt}))
		return len(b.chat.posts)
	}
	require.Equal(t, 1, offer(1), "nothing was pushed yet")
	_, err := b.prove(ref, 1)
	require.NoError(t, err)
	require.Equal(t, 1, offer(2), "not that one")
	require.Equal(t, 2, offer(1))
	require.Equal(t, 2, offer(1), "once")
	require.Equal(t, "push_again", b.chat.posts[1].message.Buttons[0].Action)

	result, err := b.prove(ref, 2)
	require.NoError(t, err)
	require.Empty(t, result, "nobody asked for it")
	_, err = b.record.TakePushAgain(t.Context(), store.Said{Delivery: "again", AlertID: ref.AlertID, Person: alice.PersonKey, At: b.record.Now()})
	require.NoError(t, err)
	result, err = b.prove(ref, 2)
	require.NoError(t, err)
	require.Equal(t, alert.ProofApproved, result)
	require.Equal(t, 2, offer(2), "there is nothing to offer")
}

func TestADistrustedPersonGetsNoPush(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first, second := b.saidYes(), b.saidYes()
	b.phone.says = []alert.ProofResult{alert.ProofFraud}
	_, err := b.prove(first, 1)
	require.NoError(t, err)
	result, err := b.prove(second, 1)
	require.NoError(t, err)
	require.Equal(t, alert.ProofUnavailable, result)
	require.Len(t, b.phone.pushed, 1)
	outcome, err := b.Settle(t.Context(), conversation.SettleInput{AlertID: second.AlertID})
	require.NoError(t, err)
	require.Equal(t, alert.Unproven, outcome.Verdict)
}
