package activities_test

import (
	"context"
	"fmt"
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
	"securitybot/internal/words"
)

var mia = alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: "UMIA"}, Email: "mia@example.com", Name: "Mia Moss"}

// planned plans the same for every alert.
type planned alert.Plan

func (p planned) Plan(alert.Alert, alert.Person, []string, time.Time) alert.Plan {
	return alert.Plan(p)
}

// escalated is an alert about Alice that policy brings to the security team unasked.
func (b *bench) escalated(ladder ...alert.Step) conversation.AlertRef {
	b.Helper()
	b.count++
	accepted, err := b.record.Accept(b.Context(), alert.Alert{
		Source: "auditd", Key: fmt.Sprint(b.count), Detection: "sudo_interactive", Title: "sudo to an interactive shell",
		Severity: alert.Medium, Subject: alert.Subject{Email: "alice@example.com"},
	})
	require.NoError(b, err)
	ref := conversation.AlertRef{AlertID: accepted.Record.ID}
	_, err = b.record.Admit(b.Context(), ref.AlertID, store.Identified{Person: alice}, planned{
		Action: alert.Escalate, Verdict: alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonPolicy},
		AskBy: b.record.Now().Add(time.Hour), Deadline: time.Hour, EscalateTo: ladder,
	})
	require.NoError(b, err)
	_, err = b.record.Settle(b.Context(), ref.AlertID, store.Because{})
	require.NoError(b, err)
	return ref
}

// knows these targets by name.
func (b *bench) knows(known map[string]activities.Target) {
	b.Targets = func(context.Context) (map[string]activities.Target, error) { return known, nil }
}

// responds as Sam would.
func (b *bench) responds(ref conversation.AlertRef, what string) {
	b.Helper()
	b.count++
	said := store.Said{
		Delivery: fmt.Sprint("press-", b.count), AlertID: ref.AlertID, At: b.record.Now(),
		Person: alert.PersonKey{Team: "T1", User: "USAM"},
	}
	var heard store.Heard
	var err error
	switch what {
	case words.ActionAck:
		heard, err = b.record.TakeAck(b.Context(), said, "Sam")
	default:
		heard, err = b.record.TakeResolve(b.Context(), said, "Sam", "planned work")
	}
	require.NoError(b, err)
	require.Empty(b, heard.Refusal)
}

func (b *bench) climb(ref conversation.AlertRef, rung int) error {
	return b.Climb(b.Context(), conversation.ClimbInput{AlertID: ref.AlertID, Rung: rung})
}

// where lists the recipients of all posts.
func (b *bench) where() string {
	var to []string
	for _, posted := range b.chat.posts {
		to = append(to, posted.to.Channel+posted.to.User)
	}
	return strings.Join(to, " ")
}

func actions(message chat.Message) []string {
	var actions []string
	for _, button := range message.Buttons {
		actions = append(actions, button.Action)
	}
	return actions
}

func TestResponsesAreShownEverywhere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	pager := &playedTarget{}
	b.knows(map[string]activities.Target{
		"security": {Slack: "CSOC"}, "managers": {Slack: "CMANAGERS"}, "oncall": {Sink: pager},
	})
	ref := b.escalated(alert.Step{Target: "oncall"}, alert.Step{Target: "security"}, alert.Step{Target: "managers"})
	require.NoError(t, b.Case(t.Context(), ref))
	require.Equal(t, "CSOC CMANAGERS", b.where())
	require.Equal(t, "CSOC", b.story(ref).Posts[store.PurposeCase].Channel, "channels come before sinks")
	require.Equal(t, []string{words.ActionAck, words.ActionResolve}, actions(b.chat.posts[0].message))
	require.Len(t, pager.cases, 1)
	require.Equal(t, sink.Opened, pager.cases[0].Kind)
	require.False(t, b.story(ref).Record.FinishedAt.IsZero())

	b.responds(ref, words.ActionAck)
	b.responds(ref, words.ActionResolve)
	for range 2 {
		require.NoError(t, b.Case(t.Context(), ref))
	}
	for _, posted := range b.chat.posts {
		require.Contains(t, posted.message.Text, "planned work")
		require.Empty(t, posted.message.Buttons)
	}
	require.Len(t, b.chat.posts, 2)
	require.Len(t, pager.cases, 3, "each is told once")
	require.Equal(t, sink.Acknowledged, pager.cases[1].Kind)
	require.Equal(t, "Sam", pager.cases[1].By)
	require.Equal(t, sink.Resolved, pager.cases[2].Kind)
	require.Equal(t, "planned work", pager.cases[2].Resolution)
	ids := map[string]bool{}
	for _, told := range pager.cases {
		require.Equal(t, "case-"+ref.AlertID, told.CaseID)
		ids[told.ID] = true
	}
	require.Len(t, ids, 3, "each delivery has an id of its own")
}

func TestTheSecondTargetHearsOfResponses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.escalated()
	b.chat.fails = []error{&chat.Error{Failure: chat.Refused, Reason: "is_archived"}}
	require.NoError(t, b.Case(t.Context(), ref))
	b.responds(ref, words.ActionAck)
	b.second.err = &sink.Error{Status: 503}
	require.Error(t, b.Case(t.Context(), ref))
	b.second.err = nil
	require.NoError(t, b.Case(t.Context(), ref))
	b.second.err = &sink.Error{Status: 410, Refused: true}
	b.responds(ref, words.ActionResolve)
	require.NoError(t, b.Case(t.Context(), ref), "a note that is refused holds nothing up")
	b.second.err = nil
	require.NoError(t, b.Case(t.Context(), ref))
	require.Len(t, b.second.cases, 2)
	require.Equal(t, sink.Acknowledged, b.second.cases[1].Kind)
}

func TestALineInAnotherCasePostsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var last conversation.AlertRef
	for range 12 {
		last = b.escalated()
	}
	story := b.story(last)
	require.NotEmpty(t, story.Record.CaseOf)
	require.NoError(t, b.Case(t.Context(), last))
	require.Empty(t, b.chat.posts)
	require.False(t, b.story(last).Record.FinishedAt.IsZero())
	require.NoError(t, b.Case(t.Context(), conversation.AlertRef{AlertID: story.Record.CaseOf}))
	require.Len(t, b.chat.posts, 1)
}

func TestASinkThatRefusesCases(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]*playedTarget{"with a second target": {}, "with the channel alone": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			target := activities.Target{Sink: &playedTarget{err: &sink.Error{Status: 400, Refused: true}}}
			if b.Second = nil; second != nil {
				target.Fallback = second
			}
			b.knows(map[string]activities.Target{"oncall": target})
			ref := b.escalated(alert.Step{Target: "oncall"})
			require.NoError(t, b.Case(t.Context(), ref))
			b.responds(ref, words.ActionResolve)
			require.NoError(t, b.Case(t.Context(), ref))
			require.False(t, b.story(ref).Record.FinishedAt.IsZero())
			if second == nil {
				require.Equal(t, "CSECURITY", b.where())
				require.Contains(t, b.chat.posts[0].message.Text, "planned work")
				return
			}
			require.Empty(t, b.chat.posts)
			require.Len(t, second.cases, 2)
		})
	}
	t.Run("for a while", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		pager := &playedTarget{err: &sink.Error{Status: 429, RetryAfter: time.Minute}}
		b.knows(map[string]activities.Target{"oncall": {Sink: pager}})
		ref := b.escalated(alert.Step{Target: "oncall"})
		require.Equal(t, time.Minute, application(t, b.Case(t.Context(), ref)).NextRetryDelay())
		pager.err = nil
		require.NoError(t, b.Case(t.Context(), ref))
		require.Len(t, pager.cases, 1)
		require.Empty(t, b.chat.posts)
	})
}

// One target that hangs keeps no other from being told.
func TestTargetsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	away := &playedTarget{err: &sink.Error{Status: 503}}
	b.knows(map[string]activities.Target{"oncall": {Sink: away}, "security": {}})
	ref := b.escalated(alert.Step{Target: "oncall"}, alert.Step{Target: "security"}, alert.Step{Target: "gone from the policy"})
	require.Error(t, b.Case(t.Context(), ref))
	require.Equal(t, "CSECURITY CSECURITY", b.where(), "a name that means nothing any more is the security channel")
	away.err = nil
	require.NoError(t, b.Case(t.Context(), ref))
	require.Len(t, b.chat.posts, 2)
	require.Len(t, away.cases, 1)
}

func TestClimb(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.knows(map[string]activities.Target{"security": {}, "oncall": {Slack: "CONCALL"}})
	ref := b.escalated(alert.Step{Target: "security"}, alert.Step{Target: "oncall", After: 30 * time.Minute})
	require.NoError(t, b.Case(t.Context(), ref))
	next, err := b.NextRung(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, 1, next.Index)
	require.NoError(t, b.climb(ref, 1))
	require.Equal(t, "CSECURITY", b.where(), "whoever says so: it is not due")

	b.ahead = 31 * time.Minute
	for range 2 {
		require.NoError(t, b.climb(ref, 1))
	}
	require.Equal(t, "CSECURITY CONCALL", b.where())
	next, err = b.NextRung(t.Context(), ref)
	require.NoError(t, err)
	require.True(t, next.Done)
	_, err = b.NextRung(t.Context(), conversation.AlertRef{AlertID: "nothing"})
	require.True(t, application(t, err).NonRetryable())
}

// The process dies after the intent, or after the post: it is found again.
func TestClimbThatWasCutOff(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.knows(map[string]activities.Target{"security": {}, "oncall": {Slack: "CONCALL"}})
	ref := b.escalated(alert.Step{Target: "security"}, alert.Step{Target: "oncall", After: time.Minute})
	require.NoError(t, b.Case(t.Context(), ref))
	b.ahead = 2 * time.Minute
	_, _, err := b.record.BeginPost(t.Context(), ref.AlertID, store.PurposeCaseTo+"oncall")
	require.NoError(t, err)
	require.Equal(t, "Busy", application(t, b.climb(ref, 1)).Type())
	b.ahead = 3 * time.Minute
	b.chat.fails = []error{&chat.Error{Failure: chat.Ambiguous, Reason: "unreachable"}}
	require.Error(t, b.climb(ref, 1))
	require.Equal(t, "CSECURITY CONCALL", b.where())
	require.NoError(t, b.climb(ref, 1))
	require.Equal(t, "CSECURITY CONCALL", b.where(), "looked for, and found")
}

func TestALadderNeverHangsOnOneTarget(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Second = nil
	away := &playedTarget{err: &sink.Error{Status: 503}}
	b.knows(map[string]activities.Target{"security": {}, "oncall": {Sink: away}, "managers": {Slack: "CMANAGERS"}})
	ref := b.escalated(alert.Step{Target: "security"},
		alert.Step{Target: "oncall", After: time.Minute}, alert.Step{Target: "managers", After: 10 * time.Minute})
	require.NoError(t, b.Case(t.Context(), ref))
	b.ahead = 2 * time.Minute
	require.Error(t, b.climb(ref, 1), "it is tried")
	b.ahead = 11 * time.Minute
	require.NoError(t, b.climb(ref, 1), "until the next one is due")
	require.NoError(t, b.climb(ref, 2))
	require.Equal(t, "CSECURITY CMANAGERS", b.where())
}

// managed has Alice's manager known to be somebody.
func (b *bench) managed(who store.Identified) {
	b.Helper()
	report := alice
	report.Manager = "mia@example.com"
	require.NoError(b, b.record.PutPeople(b.Context(), []alert.Person{report, mia}))
	b.finder.known, b.finder.who = true, who
	b.knows(map[string]activities.Target{"security": {}, "manager": {Manager: true}, "oncall": {Slack: "CONCALL"}})
}

func TestAManagerIsAsked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.managed(store.Identified{Person: mia})
	ref := b.escalated(alert.Step{Target: "security"}, alert.Step{Target: "manager", After: time.Minute})
	require.NoError(t, b.Case(t.Context(), ref))
	b.ahead = 2 * time.Minute
	require.NoError(t, b.climb(ref, 1))
	require.Equal(t, "CSECURITY UMIA", b.where())
	require.Equal(t, []string{words.ActionPeerYes, words.ActionPeerNo, words.ActionPeerUnsure}, actions(b.chat.posts[1].message))
	require.NotContains(t, b.chat.posts[1].message.Text, b.story(ref).Record.Code+" ", "no code: it proves nothing")

	_, err := b.record.TakePeerAnswer(t.Context(), store.Said{
		Delivery: "peer", AlertID: ref.AlertID, Person: mia.PersonKey, At: b.record.Now(), Choice: alert.No,
	}, "manager", "Mia Moss")
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, b.Case(t.Context(), ref))
	}
	require.Empty(t, b.chat.posts[1].message.Buttons)
	require.Len(t, b.chat.posts, 3)
	require.Equal(t, "CSECURITY", b.chat.posts[2].to.Channel)
	require.NotEmpty(t, b.chat.posts[2].to.Thread, "in the case's thread")
	require.Contains(t, b.chat.posts[2].message.Text, "Mia Moss")
	story := b.story(ref)
	require.Empty(t, story.Answers)
	require.Equal(t, alert.Unasked, story.Record.Verdict.Outcome)
}

func TestAResolvedCaseAsksNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.managed(store.Identified{Person: mia})
	ref := b.escalated(alert.Step{Target: "security"}, alert.Step{Target: "manager"})
	require.NoError(t, b.Case(t.Context(), ref))
	require.Equal(t, "CSECURITY UMIA", b.where())
	b.responds(ref, words.ActionResolve)
	require.NoError(t, b.Case(t.Context(), ref))
	require.Empty(t, b.chat.posts[1].message.Buttons)

	late := b.escalated(alert.Step{Target: "security"}, alert.Step{Target: "manager"})
	b.responds(late, words.ActionAck)
	require.NoError(t, b.Case(t.Context(), late))
	require.Equal(t, "CSECURITY UMIA CSECURITY", b.where())
}

func TestWhoIsNeverAskedAboutAnAlert(t *testing.T) {
	t.Parallel()
	for name, who := range map[string]store.Identified{
		"the person themselves": {Person: alice},
		"somebody deactivated":  {Person: mia, Reason: alert.ReasonDeactivated},
		"nobody we know":        {Reason: alert.ReasonUnknownPerson},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.managed(who)
			ref := b.escalated(alert.Step{Target: "security"},
				alert.Step{Target: "manager", After: time.Minute}, alert.Step{Target: "oncall", After: 30 * time.Minute})
			require.NoError(t, b.Case(t.Context(), ref))
			b.ahead = 2 * time.Minute
			require.NoError(t, b.climb(ref, 1))
			next, err := b.NextRung(t.Context(), ref)
			require.NoError(t, err)
			require.Equal(t, 2, next.Index)
			require.False(t, next.At.After(b.record.Now()), "the ladder goes on at once")
			require.NoError(t, b.climb(ref, 2))
			require.Equal(t, "CSECURITY CONCALL", b.where())
		})
	}
	t.Run("who left since", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.managed(store.Identified{Person: mia})
		ref := b.escalated(alert.Step{Target: "security"}, alert.Step{Target: "manager"}, alert.Step{Target: "oncall", After: time.Hour})
		b.chat.fails = []error{nil, &chat.Error{Failure: chat.Gone, Reason: alert.ReasonDeactivated}}
		require.NoError(t, b.Case(t.Context(), ref))
		require.NoError(t, b.climb(ref, 2))
		require.Equal(t, "CSECURITY CONCALL", b.where())
	})
}

// A ladder of people alone: one who is named gets the case itself, so that it is
// not for everybody's eyes; a manager is asked, and the channel told.
func TestALadderOfPeople(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.managed(store.Identified{Person: mia})
	require.NoError(t, b.Case(t.Context(), b.escalated(alert.Step{Target: "manager"})))
	require.Equal(t, "UMIA CSECURITY", b.where())

	b = newBench(t)
	b.finder.known, b.finder.who = true, store.Identified{Person: mia}
	b.knows(map[string]activities.Target{"ciso": {Person: "mia@example.com"}})
	ref := b.escalated(alert.Step{Target: "ciso"})
	require.NoError(t, b.Case(t.Context(), ref))
	require.Equal(t, "UMIA", b.where())
	require.Equal(t, []string{words.ActionAck, words.ActionResolve}, actions(b.chat.posts[0].message))
	b.finder.who = store.Identified{Person: alice}
	require.NoError(t, b.Case(t.Context(), b.escalated(alert.Step{Target: "ciso"})))
	require.Equal(t, "UMIA CSECURITY", b.where(), "not the person of the case")
}

func TestPausedContactHoldsUpNoCase(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.managed(store.Identified{Person: mia})
	ref := b.escalated(alert.Step{Target: "manager"}, alert.Step{Target: "security"})
	_, err := b.record.Pause(t.Context(), "sam@example.com", "a test")
	require.NoError(t, err)
	require.Equal(t, "Paused", application(t, b.Case(t.Context(), ref)).Type())
	require.Equal(t, "CSECURITY", b.where())
}

func TestReview(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.count++
	accepted, err := b.record.Accept(t.Context(), alert.Alert{
		Source: "auditd", Key: "reviewed", Detection: "sudo_interactive", Title: "sudo to an interactive shell",
		Severity: alert.Medium, Subject: alert.Subject{Email: "alice@example.com"},
	})
	require.NoError(t, err)
	ref := conversation.AlertRef{AlertID: accepted.Record.ID}
	_, err = b.record.Admit(t.Context(), ref.AlertID, store.Identified{Person: alice}, planned{
		Action: alert.Ask, AskBy: b.record.Now().Add(time.Hour), Deadline: time.Hour, Review: alert.ReviewPolicy,
	})
	require.NoError(t, err)
	_, err = b.Ask(t.Context(), ref)
	require.NoError(t, err)
	b.says(ref, alert.Yes)
	b.phone.says = []alert.ProofResult{alert.ProofApproved}
	_, err = b.prove(ref, 1)
	require.NoError(t, err)
	_, err = b.Settle(t.Context(), conversation.SettleInput{AlertID: ref.AlertID})
	require.NoError(t, err)

	b.chat.fails = []error{&chat.Error{Failure: chat.Transient, Reason: "http_503"}}
	require.Error(t, b.ShowQuestion(t.Context(), ref))
	require.True(t, b.story(ref).Record.FinishedAt.IsZero(), "it is not forgotten")
	for range 2 {
		require.NoError(t, b.ShowQuestion(t.Context(), ref))
	}
	require.Equal(t, "UALICE CSECURITY", b.where())
	require.Equal(t, []string{words.ActionReviewed, words.ActionReopen}, actions(b.chat.posts[1].message))
	require.False(t, b.story(ref).Record.FinishedAt.IsZero())

	heard, err := b.record.TakeReview(t.Context(), store.Said{
		Delivery: "review", AlertID: ref.AlertID, Person: mia.PersonKey, At: b.record.Now(),
	}, "Mia Moss", false)
	require.NoError(t, err)
	require.Empty(t, heard.Refusal)
	require.NoError(t, b.Case(t.Context(), ref))
	require.NoError(t, b.ShowQuestion(t.Context(), ref))
	require.Equal(t, "UALICE CSECURITY CSECURITY", b.where())
	require.Empty(t, b.chat.posts[1].message.Buttons)
	require.Contains(t, b.chat.posts[1].message.Text, "Mia Moss")
	require.Equal(t, []string{words.ActionAck, words.ActionResolve}, actions(b.chat.posts[2].message))
}
