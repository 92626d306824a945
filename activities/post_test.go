package activities_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/conversation"
	"securitybot/internal/policy"
	"securitybot/internal/store"
)

var errLostResponse = &chat.Error{Failure: chat.Ambiguous, Reason: "unreachable"}

func TestAskOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.admitted()
	question, err := b.Ask(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, time.Unix(b.chat.begun, 0).UTC(), question.AskedAt, "times run from the chat's own")
	require.Equal(t, question.AskedAt.Add(2*time.Hour), question.Deadline)
	for range 3 {
		again, err := b.Ask(t.Context(), ref)
		require.NoError(t, err)
		require.Equal(t, question, again)
	}
	require.Len(t, b.chat.posts, 1)
	require.Equal(t, chat.Recipient{User: "UALICE"}, b.chat.posts[0].to)
	require.NotContains(t, b.chat.posts[0].key, "alice")
	require.Zero(t, b.chat.looked)
}

// Whoever presses while the question is still being recorded is told of with the
// question; but a yes that waits for its words is sent on when they are there.
func TestAYesThatComesWhileAsking(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	plain := b.asked()
	b.says(plain, alert.Yes)
	question, err := b.Ask(t.Context(), plain)
	require.NoError(t, err)
	require.Equal(t, alert.Yes, question.Answer.Choice)

	wanting, err := policy.Parse([]byte("version: 1\ndefaults: {explanation: required}\n"))
	require.NoError(t, err)
	b.plans = wanting.Policy(policy.Environment{})
	wordy := b.asked()
	b.says(wordy, alert.Yes)
	question, err = b.Ask(t.Context(), wordy)
	require.NoError(t, err)
	require.Empty(t, question.Answer, "no push while the words are written")

	b.ahead = time.Minute
	question, err = b.Ask(t.Context(), wordy)
	require.NoError(t, err)
	require.Equal(t, alert.Yes, question.Answer.Choice, "whoever writes nothing holds up nothing")
}

// The question was taken and the answer lost: it is found, and not asked twice.
func TestAQuestionWhoseAnswerWasLostIsAdopted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.admitted()
	b.chat.fails = []error{errLostResponse}
	_, err := b.Ask(t.Context(), ref)
	require.False(t, application(t, err).NonRetryable())
	require.True(t, b.story(ref).Record.AskedAt.IsZero())

	question, err := b.Ask(t.Context(), ref)
	require.NoError(t, err)
	require.True(t, question.Stands())
	require.Len(t, b.chat.posts, 1, "one question")
	require.Equal(t, 1, b.chat.looked)
}

func TestALookThatFailsPostsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.admitted()
	b.chat.fails = []error{errLostResponse}
	_, err := b.Ask(t.Context(), ref)
	require.Error(t, err)
	b.chat.finds = &chat.Error{Failure: chat.Transient, Reason: "http_503"}
	for range 3 {
		_, err = b.Ask(t.Context(), ref)
		require.ErrorContains(t, err, "http_503")
	}
	b.chat.finds = nil
	_, err = b.Ask(t.Context(), ref)
	require.NoError(t, err)
	require.Len(t, b.chat.posts, 1)
}

// A process died after its claim: the next one looks when the claim is over.
func TestWhoDiedWhilePosting(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.admitted()
	claim, _, err := b.record.BeginPost(t.Context(), ref.AlertID, store.PurposeQuestion)
	require.NoError(t, err)
	_, err = b.Ask(t.Context(), ref)
	busy := application(t, err)
	require.Equal(t, "Busy", busy.Type())
	require.False(t, busy.NonRetryable())
	require.Greater(t, busy.NextRetryDelay(), time.Duration(0))
	require.LessOrEqual(t, busy.NextRetryDelay(), claim.ClaimedUntil.Sub(claim.IntendedAt))
	require.Empty(t, b.chat.posts)

	b.ahead = time.Minute
	_, err = b.Ask(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, 1, b.chat.looked)
	require.Len(t, b.chat.posts, 1)
}

func TestWhatAFailedPostMeans(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		err    error
		kind   string
		final  bool
		delay  time.Duration
		detail string
	}{
		"rate limit":  {&chat.Error{Failure: chat.RateLimited, Reason: "ratelimited", RetryAfter: 42 * time.Second}, "RateLimited", false, 42 * time.Second, ""},
		"away":        {&chat.Error{Failure: chat.Transient, Reason: "http_503"}, "Provider", false, 0, ""},
		"deactivated": {&chat.Error{Failure: chat.Gone, Reason: alert.ReasonDeactivated}, conversation.UndeliverableError, true, 0, alert.ReasonDeactivated},
		"refused":     {&chat.Error{Failure: chat.Refused, Reason: "msg_too_long"}, conversation.UndeliverableError, true, 0, "msg_too_long"},
		"token":       {&chat.Error{Failure: chat.Operator, Reason: "token_revoked", Err: errors.New("xoxb-secret")}, "Operator", false, 0, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			ref := b.admitted()
			b.chat.fails = []error{tc.err}
			_, err := b.Ask(t.Context(), ref)
			failed := application(t, err)
			require.Equal(t, tc.kind, failed.Type())
			require.Equal(t, tc.final, failed.NonRetryable())
			require.Equal(t, tc.delay, failed.NextRetryDelay())
			require.NotContains(t, failed.Error(), "secret", "it enters Temporal")
			if tc.detail != "" {
				var reason string
				require.NoError(t, failed.Details(&reason))
				require.Equal(t, tc.detail, reason)
			}
			_, err = b.Ask(t.Context(), ref)
			require.NoError(t, err, "the claim was given back")
			require.Len(t, b.chat.posts, 1)
			require.Zero(t, b.chat.looked, "nothing had happened")
		})
	}
}

func TestNobodyIsAskedAfterTheVerdict(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.admitted()
	_, err := b.Settle(t.Context(), conversation.SettleInput{AlertID: ref.AlertID, Undelivered: "gone"})
	require.NoError(t, err)
	question, err := b.Ask(t.Context(), ref)
	require.NoError(t, err)
	require.False(t, question.Stands())
	require.Empty(t, b.chat.posts)
}

func TestRemind(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	unasked, ref := b.admitted(), b.asked()
	remind := func(ref conversation.AlertRef, name string) {
		require.NoError(t, b.Remind(t.Context(), conversation.RemindInput{AlertID: ref.AlertID, Reminder: name}))
	}
	remind(unasked, "1")
	require.Len(t, b.chat.posts, 1, "the question alone")
	for _, forged := range []string{"", "0", "3", "99", "snooze-1", "1 "} {
		remind(ref, forged)
	}
	require.Len(t, b.chat.posts, 1, "what nobody planned is not sent")
	remind(ref, "1")
	remind(ref, "1")
	heard, err := b.record.TakeSnooze(t.Context(), store.Said{
		Delivery: "snooze", AlertID: ref.AlertID, Person: alice.PersonKey, At: b.record.Now(),
	})
	require.NoError(t, err)
	require.Empty(t, heard.Refusal)
	remind(ref, "snooze-1")
	require.Len(t, b.chat.posts, 3)
	require.Equal(t, chat.Recipient{Channel: "DUALICE", Thread: fmt.Sprint(b.chat.begun)}, b.chat.posts[1].to)
	b.says(ref, alert.Yes)
	remind(ref, "2")
	require.Len(t, b.chat.posts, 3, "not while the phone is asked")
}

// Somebody stops between the plan and the question, and between two reminders.
func TestNobodyIsWrittenToWhoStopped(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	planned, asked := b.admitted(), b.asked()
	_, err := b.record.OptOut(t.Context(), store.OptOut{Person: alice.PersonKey, Until: b.record.Now().Add(time.Hour)}, "Alice")
	require.NoError(t, err)
	_, err = b.Ask(t.Context(), planned)
	require.True(t, application(t, err).NonRetryable())
	outcome, err := b.Settle(t.Context(), conversation.SettleInput{AlertID: planned.AlertID, Undelivered: alert.ReasonUndelivered})
	require.NoError(t, err)
	require.Equal(t, alert.Unasked, outcome.Verdict, "and the security team has it")
	require.NoError(t, b.Remind(t.Context(), conversation.RemindInput{AlertID: asked.AlertID, Reminder: "1"}))
	require.Len(t, b.chat.posts, 1, "the question that stood before")
}

func TestNoSuchAlert(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, ref := t.Context(), conversation.AlertRef{AlertID: "nothing"}
	_, admitErr := b.Admit(ctx, ref)
	_, identifyErr := b.Identify(ctx, ref)
	_, askErr := b.Ask(ctx, ref)
	_, settleErr := b.Settle(ctx, conversation.SettleInput{AlertID: "nothing"})
	for name, err := range map[string]error{
		"admit": admitErr, "identify": identifyErr, "ask": askErr, "settle": settleErr,
		"case": b.Case(ctx, ref), "show": b.ShowQuestion(ctx, ref),
		"remind": b.Remind(ctx, conversation.RemindInput{AlertID: "nothing"}),
		"offer":  b.OfferPush(ctx, conversation.ProveInput{AlertID: "nothing"}),
	} {
		require.True(t, application(t, err).NonRetryable(), name)
	}
}

func TestAdmitAndIdentify(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	accepted, err := b.record.Accept(t.Context(), alert.Alert{Source: "s", Key: "k", Severity: alert.Critical, Subject: alert.Subject{SlackID: "U"}})
	require.NoError(t, err)
	ref := conversation.AlertRef{AlertID: accepted.Record.ID}
	admission, err := b.Admit(t.Context(), ref)
	require.NoError(t, err)
	require.True(t, admission.Unknown, "identify first")
	b.finder.err = &chat.Error{Failure: chat.RateLimited, RetryAfter: time.Second}
	_, err = b.Identify(t.Context(), ref)
	require.Equal(t, time.Second, application(t, err).NextRetryDelay())
	b.finder.err, b.finder.who = nil, store.Identified{Person: alice}
	admission, err = b.Identify(t.Context(), ref)
	require.NoError(t, err)
	require.True(t, admission.Ask)
	require.Equal(t, 1, admission.Priority)

	b.finder.who = store.Identified{Reason: alert.ReasonUnknownPerson}
	for _, again := range []func() (conversation.Admission, error){
		func() (conversation.Admission, error) { return b.Admit(t.Context(), ref) },
		func() (conversation.Admission, error) { return b.Identify(t.Context(), ref) },
		func() (conversation.Admission, error) { return b.AdmitUnidentified(t.Context(), ref) },
	} {
		stands, err := again()
		require.NoError(t, err)
		require.Equal(t, admission, stands, "the first admission stands")
	}
}
