package activities_test

import (
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

// left is a notice that waits to be said.
func (b *bench) left(notice store.Notice) conversation.NoticeRef {
	b.Helper()
	notice.ID, notice.Kind, notice.Data = "n1", store.NoticeOptedIn, []byte(`{"who":"Alice Adams","by":"Alice Adams"}`)
	require.NoError(b, b.record.Notify(b.Context(), notice))
	return conversation.NoticeRef{NoticeID: "n1"}
}

func TestWhereANoticeGoes(t *testing.T) {
	t.Parallel()
	pager := &playedTarget{}
	for name, tc := range map[string]struct {
		notice store.Notice
		to     string
		pages  int
	}{
		"the security channel":           {store.Notice{}, "CSOC", 0},
		"a target's channel":             {store.Notice{Target: "managers"}, "CMANAGERS", 0},
		"a person":                       {store.Notice{Person: alice.PersonKey}, "UALICE", 0},
		"a person that a target names":   {store.Notice{Target: "ciso"}, "UMIA", 0},
		"a sink":                         {store.Notice{Target: "oncall"}, "", 1},
		"a target that is named no more": {store.Notice{Target: "gone"}, "CSOC", 0},
	} {
		b := newBench(t)
		b.finder.known, b.finder.who = true, store.Identified{Person: mia}
		pager.cases = nil
		b.knows(map[string]activities.Target{
			"security": {Slack: "CSOC"}, "managers": {Slack: "CMANAGERS"}, "oncall": {Sink: pager}, "ciso": {Person: mia.Email},
		})
		ref := b.left(tc.notice)
		for range 2 {
			require.NoError(t, b.PostNotice(t.Context(), ref), name)
		}
		require.Equal(t, tc.to, b.where(), name)
		require.Len(t, pager.cases, tc.pages, name)
	}
}

func TestANoticeIsSaidOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.left(store.Notice{})
	b.chat.fails = []error{&chat.Error{Failure: chat.Ambiguous, Reason: "unreachable"}}
	require.Error(t, b.PostNotice(t.Context(), ref))
	require.NoError(t, b.PostNotice(t.Context(), ref))
	require.Len(t, b.chat.posts, 1, "looked for, and found")
	require.Equal(t, "notice/n1", b.chat.posts[0].key)
	require.Contains(t, b.chat.posts[0].message.Text, "Alice Adams")

	b = newBench(t)
	ref = b.left(store.Notice{})
	b.chat.during = func() {
		b.chat.during = nil
		require.Equal(t, "Busy", application(t, b.PostNotice(t.Context(), ref)).Type())
	}
	require.NoError(t, b.PostNotice(t.Context(), ref))
	require.Len(t, b.chat.posts, 1)
	require.True(t, application(t, b.PostNotice(t.Context(), conversation.NoticeRef{NoticeID: "none"})).NonRetryable())
}

func TestANoticeThatTheChannelRefuses(t *testing.T) {
	t.Parallel()
	refused := &chat.Error{Failure: chat.Refused, Reason: "is_archived"}
	b := newBench(t)
	ref := b.left(store.Notice{})
	b.chat.fails = []error{refused}
	b.second.err = &sink.Error{Status: 503, RetryAfter: time.Minute}
	require.Equal(t, time.Minute, application(t, b.PostNotice(t.Context(), ref)).NextRetryDelay())
	b.chat.fails, b.second.err = []error{refused}, nil
	for range 2 {
		require.NoError(t, b.PostNotice(t.Context(), ref))
	}
	require.Len(t, b.second.cases, 1)
	require.Equal(t, "notice-n1", b.second.cases[0].ID)
	require.Contains(t, b.second.cases[0].Note, "Alice Adams")

	b = newBench(t)
	ref = b.left(store.Notice{Person: alice.PersonKey})
	b.chat.fails = []error{&chat.Error{Failure: chat.Gone, Reason: alert.ReasonDeactivated}}
	require.Error(t, b.PostNotice(t.Context(), ref))
	require.Empty(t, b.second.cases, "what is for one person is told to nobody else")
}

func TestAPauseHoldsBackWhatIsForPeople(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.record.Pause(t.Context(), "sam@example.com", "a test")
	require.NoError(t, err)
	ref := b.left(store.Notice{Person: alice.PersonKey})
	require.Equal(t, "Paused", application(t, b.PostNotice(t.Context(), ref)).Type())
	require.Equal(t, "Paused", application(t, b.PostNotice(t.Context(), ref)).Type(), "the claim was given back")
	require.Empty(t, b.chat.posts)
}
