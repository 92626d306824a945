package activities_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/activities"
	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/conversation"
	"securitybot/internal/sink"
	"securitybot/internal/store"
)

func TestOpenACaseOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.denied()
	require.NoError(t, b.Case(t.Context(), ref))
	require.False(t, b.story(ref).Record.FinishedAt.IsZero())
	require.NoError(t, b.Case(t.Context(), ref))
	require.Len(t, b.chat.posts, 2, "the question and the case")
	require.Equal(t, chat.Recipient{Channel: "CSECURITY"}, b.chat.posts[1].to)
	require.Empty(t, b.second.cases)
}

func TestWordsJoinAnOpenCase(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.denied()
	require.NoError(t, b.Case(t.Context(), ref))
	_, err := b.record.Explain(t.Context(), b.story(ref).Answer().ID, store.Said{
		Delivery: "view", AlertID: ref.AlertID, Person: alice.PersonKey, At: b.record.Now(), Words: "I never logged in there",
	})
	require.NoError(t, err)
	require.NoError(t, b.Case(t.Context(), ref))
	require.Contains(t, b.chat.posts[1].message.Text, "I never logged in there")
}

func TestNoCaseWithoutAnEscalation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.asked()
	require.NoError(t, b.Case(t.Context(), ref))
	require.Len(t, b.chat.posts, 1)
	require.True(t, b.story(ref).Record.FinishedAt.IsZero())
}

// Two that open the case at the same moment: one of them waits its turn.
func TestTwoWhoOpenACaseAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.denied()
	b.chat.during = func() {
		b.chat.during = nil
		require.Equal(t, "Busy", application(t, b.Case(t.Context(), ref)).Type())
	}
	require.NoError(t, b.Case(t.Context(), ref))
	require.Len(t, b.chat.posts, 2)
}

func TestTheSecondTarget(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]chat.Failure{"refused": chat.Refused, "gone": chat.Gone, "operator": chat.Operator} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			ref := b.denied()
			b.chat.fails = []error{&chat.Error{Failure: failure, Reason: "is_archived"}}
			require.NoError(t, b.Case(t.Context(), ref))
			require.Len(t, b.second.cases, 1)
			told := b.second.cases[0]
			require.Equal(t, "case-"+ref.AlertID, told.ID)
			require.Equal(t, "denied", told.Verdict)
			require.Equal(t, "no", told.Answer)
			require.Equal(t, "alice@example.com", told.Person.Email)
			story := b.story(ref)
			require.Equal(t, store.KindWebhookSent, story.Entries[len(story.Entries)-1].Kind)
			require.NoError(t, b.Case(t.Context(), ref))
			require.Len(t, b.second.cases, 1, "told once")
			require.False(t, b.story(ref).Record.FinishedAt.IsZero())
		})
	}
}

func TestAShortOutageIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, failed := range []*chat.Error{
		{Failure: chat.Transient, Reason: "http_503"},
		{Failure: chat.Ambiguous, Reason: "unreachable"},
		{Failure: chat.RateLimited, Reason: "ratelimited", RetryAfter: time.Minute},
	} {
		b := newBench(t)
		ref := b.denied()
		b.chat.fails = []error{failed}
		err := application(t, b.Case(t.Context(), ref))
		require.False(t, err.NonRetryable())
		require.Equal(t, failed.RetryAfter, err.NextRetryDelay())
		require.Empty(t, b.second.cases)
		require.True(t, b.story(ref).Record.FinishedAt.IsZero())
		require.NoError(t, b.Case(t.Context(), ref))
		require.Len(t, b.chat.posts, 2)
	}
}

// Neither takes it: it keeps coming back until somebody does.
func TestACaseIsNeverGivenUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.denied()
	refused := &chat.Error{Failure: chat.Refused, Reason: "channel_not_found"}
	b.chat.fails = []error{refused, refused}
	b.second.err = &sink.Error{Status: 503, RetryAfter: time.Minute}
	away := application(t, b.Case(t.Context(), ref))
	require.ErrorContains(t, away, "status 503")
	require.False(t, away.NonRetryable())
	require.Equal(t, time.Minute, away.NextRetryDelay(), "it says when")
	b.Second = nil
	require.False(t, application(t, b.Case(t.Context(), ref)).NonRetryable(), "without a second target")
	require.True(t, b.story(ref).Record.FinishedAt.IsZero())
	require.NoError(t, b.Case(t.Context(), ref))
	require.Len(t, b.chat.posts, 2)
}

func TestALateNoIsSaidInTheChannel(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.saidYes()
	b.phone.says = []alert.ProofResult{alert.ProofApproved}
	_, err := b.prove(ref, 1)
	require.NoError(t, err)
	outcome, err := b.Settle(t.Context(), conversation.SettleInput{AlertID: ref.AlertID})
	require.NoError(t, err)
	require.Equal(t, alert.Confirmed, outcome.Verdict)
	require.False(t, outcome.Case)
	require.NoError(t, b.ShowQuestion(t.Context(), ref))
	require.False(t, b.story(ref).Record.FinishedAt.IsZero())

	b.says(ref, alert.No)
	require.True(t, b.story(ref).Record.FinishedAt.IsZero())
	for range 2 {
		require.NoError(t, b.Case(t.Context(), ref))
		require.NoError(t, b.ShowQuestion(t.Context(), ref))
	}
	require.Len(t, b.chat.posts, 2)
	require.Equal(t, "CSECURITY", b.chat.posts[1].to.Channel)
	require.Contains(t, b.chat.posts[1].message.Text, "now they say that it was not them")
	require.Contains(t, b.chat.posts[0].message.Text, "Thank you for telling us")
	require.False(t, b.story(ref).Record.FinishedAt.IsZero())
}

func TestShowQuestion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.denied()
	require.NotEmpty(t, b.chat.posts[0].message.Buttons)
	b.chat.edits = &chat.Error{Failure: chat.RateLimited, Reason: "ratelimited", RetryAfter: time.Second}
	require.Equal(t, time.Second, application(t, b.ShowQuestion(t.Context(), ref)).NextRetryDelay())
	b.chat.edits = nil
	require.NoError(t, b.ShowQuestion(t.Context(), ref))
	require.Empty(t, b.chat.posts[0].message.Buttons)
	require.True(t, b.story(ref).Record.FinishedAt.IsZero(), "its case is due")

	b.chat.edits = &chat.Error{Failure: chat.Gone, Reason: "message_not_found"}
	require.NoError(t, b.ShowQuestion(t.Context(), ref), "what was deleted shows no buttons")
	require.NoError(t, b.ShowQuestion(t.Context(), b.admitted()), "there is none yet")
}

func TestNothingPersonalEntersTemporal(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.admitted()
	admission, err := b.Admit(t.Context(), ref)
	require.NoError(t, err)
	question, err := b.Ask(t.Context(), ref)
	require.NoError(t, err)
	b.says(ref, alert.No)
	outcome, err := b.Settle(t.Context(), conversation.SettleInput{AlertID: ref.AlertID})
	require.NoError(t, err)
	text := jsonOf(t, admission) + jsonOf(t, question) + jsonOf(t, outcome)
	for _, secret := range []string{"alice", "Alice", "UALICE", "sudo", b.story(ref).Record.Code + `"`} {
		require.NotContains(t, strings.ReplaceAll(text, ref.AlertID, ""), secret)
	}
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	whole := newBench(t).Options
	_, err := activities.New(whole)
	require.NoError(t, err)
	for name, without := range map[string]func(*activities.Options){
		"record":  func(o *activities.Options) { o.Record = nil },
		"finder":  func(o *activities.Options) { o.Finder = nil },
		"policy":  func(o *activities.Options) { o.Policy = nil },
		"chat":    func(o *activities.Options) { o.Chat = nil },
		"channel": func(o *activities.Options) { o.Channel = "" },
		"factor":  func(o *activities.Options) { o.Factor = nil },
		"sealer":  func(o *activities.Options) { o.Sealer = nil },
		"links":   func(o *activities.Options) { o.Links = nil },
		"logger":  func(o *activities.Options) { o.Logger = nil },
	} {
		options := whole
		without(&options)
		_, err := activities.New(options)
		require.ErrorContains(t, err, name)
	}
}

// loud counts what an operator has to hear.
type loud struct {
	slog.Handler
	errors *[]string
}

func (l loud) Enabled(context.Context, slog.Level) bool { return true }

func (l loud) Handle(_ context.Context, record slog.Record) error {
	if record.Level >= slog.LevelError {
		*l.errors = append(*l.errors, record.Message)
	}
	return nil
}

func TestAnOperatorHearsOfARevokedToken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var said []string
	b.Logger = slog.New(loud{slog.DiscardHandler, &said})
	b.chat.fails = []error{&chat.Error{Failure: chat.Operator, Reason: "token_revoked"}}
	_, err := b.Ask(t.Context(), b.admitted())
	require.False(t, application(t, err).NonRetryable(), "not a thousand unreachable")
	require.Len(t, said, 1)
}
