package inbox_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/inbox"
	"securitybot/internal/policy"
	"securitybot/internal/seal"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite"
	"securitybot/internal/words"
)

var (
	noon  = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	alice = alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: "UALICE"}, Email: "alice@example.com", Name: "Alice Adams"}
	bob   = alert.PersonKey{Team: "T1", User: "UBOB"}
)

// bench is an inbox over a real record, at noon until the test moves the clock.
type bench struct {
	*testing.T
	*inbox.Inbox
	record *store.Store
	sealer *seal.Sealer
	now    time.Time
	kicks  int
	count  int
}

func newBench(t *testing.T) *bench {
	t.Helper()
	path := filepath.Join(t.TempDir(), "record.db")
	require.NoError(t, sqlite.Migrate(t.Context(), path))
	backend, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, backend.Close()) })
	b := &bench{T: t, now: noon}
	b.record = store.New(backend, store.WithClock(func() time.Time { return b.now }))
	require.NoError(t, b.record.PutPeople(t.Context(), []alert.Person{alice}))
	b.sealer, err = seal.New(strings.Repeat("00", 32))
	require.NoError(t, err)
	b.Inbox = inbox.New(b.record, b.sealer, func() { b.kicks++ })
	return b
}

// asked gives the id of an alert whose question stands at D1 and its number.
func (b *bench) asked() string {
	b.Helper()
	b.count++
	accepted, err := b.record.Accept(b.Context(), alert.Alert{
		Source: "auditd", Key: fmt.Sprint(b.count), Detection: "sudo_interactive", Title: "sudo to an interactive shell",
		Severity: alert.Medium, Subject: alert.Subject{Email: "alice@example.com"},
	})
	require.NoError(b, err)
	id := accepted.Record.ID
	_, err = b.record.Admit(b.Context(), id, store.Identified{Person: alice}, policy.Defaults())
	require.NoError(b, err)
	b.posted(id, store.PurposeQuestion, fmt.Sprint(b.count))
	return id
}

func (b *bench) posted(id, purpose, ts string) {
	b.Helper()
	post, _, err := b.record.BeginPost(b.Context(), id, purpose)
	require.NoError(b, err)
	post.Channel, post.TS, post.PostedAt = "D1", ts, b.now
	require.NoError(b, b.record.FinishPost(b.Context(), post, store.KindAsked, nil, nil))
}

func (b *bench) story(id string) store.Story {
	b.Helper()
	story, err := b.record.Story(b.Context(), id)
	require.NoError(b, err)
	return story
}

// value is what a button carries.
func (b *bench) value(id, action string) string {
	b.Helper()
	for _, button := range words.Question(b.story(id), b.sealer).Buttons {
		if button.Action == action {
			return button.Value
		}
	}
	return b.sealer.Value(seal.Claim{Action: action, AlertID: id, Revision: 1}, alice.PersonKey)
}

func (b *bench) press(who alert.PersonKey, action, value string) chat.Reply {
	b.Helper()
	b.count++
	reply, err := b.Press(b.Context(), chat.Press{
		Delivery: fmt.Sprintf("press-%d", b.count), Person: who, At: b.now, Action: action, Value: value,
	})
	require.NoError(b, err)
	return reply
}

// types a message, in a thread or outside.
func (b *bench) types(who alert.PersonKey, thread, text string) chat.Reply {
	b.Helper()
	b.count++
	reply, err := b.Typed(b.Context(), chat.Typed{
		Delivery: fmt.Sprintf("event-%d", b.count), Person: who, At: b.now, Thread: thread, Text: text,
		Place: chat.Ref{Channel: "D1", TS: "x"},
	})
	require.NoError(b, err)
	return reply
}

func (b *bench) writes(who alert.PersonKey, token, text string) chat.Reply {
	b.Helper()
	b.count++
	reply, err := b.Words(b.Context(), chat.Words{
		Delivery: fmt.Sprintf("view-%d", b.count), Person: who, At: b.now, Token: token, Text: text,
	})
	require.NoError(b, err)
	return reply
}

// last is the newest line of a timeline.
func (b *bench) last(id string) store.Entry {
	b.Helper()
	entries := b.story(id).Entries
	return entries[len(entries)-1]
}

func TestAnAnswerAndItsWords(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.asked()
	reply := b.press(alice.PersonKey, words.ActionYes, b.value(id, words.ActionYes))
	require.Empty(t, reply.Tell)
	require.Equal(t, "Now check your phone", reply.Ask.Title)
	require.Equal(t, 1, b.kicks)
	require.Equal(t, alert.Yes, b.story(id).Answer().Choice, "the press is the answer from that instant")

	require.Contains(t, b.writes(bob, reply.Ask.Token, "I am Alice").Tell, "somebody else")
	require.Equal(t, store.ActorOther, b.last(id).Actor)
	require.Empty(t, b.story(id).Answer().Explanation)

	require.Empty(t, b.writes(alice.PersonKey, reply.Ask.Token, "").Tell, "closed without a word")
	require.Empty(t, b.writes(alice.PersonKey, reply.Ask.Token, "cron “job”\x00\xff").Tell)
	require.Equal(t, "cron “job”\uFFFD", b.story(id).Answer().Explanation, "all that a database can keep")
	require.Empty(t, b.writes(alice.PersonKey, reply.Ask.Token, "other words").Tell)
	require.Equal(t, "cron “job”\uFFFD\nother words", b.story(id).Answer().Explanation, "what is said later stands below")
}

func TestEveryButton(t *testing.T) {
	t.Parallel()
	for action, asks := range map[string]string{
		words.ActionYes: "Now check your phone", words.ActionNo: "The team has been told", words.ActionUnsure: "Thank you",
	} {
		b := newBench(t)
		id := b.asked()
		reply := b.press(alice.PersonKey, action, b.value(id, action))
		require.Equal(t, asks, reply.Ask.Title)
		require.Equal(t, alert.Choice(action), b.story(id).Answer().Choice)
	}
	b := newBench(t)
	id := b.asked()
	require.Contains(t, b.press(alice.PersonKey, words.ActionSnooze, b.value(id, words.ActionSnooze)).Tell, "remind you in 1 hour")
	require.Contains(t, b.press(alice.PersonKey, words.ActionSnooze, b.value(id, words.ActionSnooze)).Tell, "remind you")
	require.Contains(t, b.press(alice.PersonKey, words.ActionSnooze, b.value(id, words.ActionSnooze)).Tell, "put off any longer")
	require.Contains(t, b.press(alice.PersonKey, words.ActionPushAgain, b.value(id, words.ActionPushAgain)).Tell, "no push")
	require.Equal(t, 2, b.kicks)
}

func TestWhatWeNeverMade(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.asked()
	good := b.value(id, words.ActionYes)
	stale := b.sealer.Value(seal.Claim{Action: words.ActionYes, AlertID: id, Revision: 2}, alice.PersonKey)
	theirs := b.sealer.Value(seal.Claim{Action: words.ActionYes, AlertID: id, Revision: 1}, bob)
	unknown := b.sealer.Value(seal.Claim{Action: words.ActionYes, AlertID: "nothing", Revision: 1}, alice.PersonKey)
	before := b.story(id)
	told := 0
	for name, tc := range map[string]struct {
		value string
		tells bool // the timeline of the alert that it names
	}{
		"nothing":                         {"", false},
		"anything":                        {"yes", false},
		"a changed code":                  {good[:len(good)-1] + "_", true},
		"another button's":                {b.value(id, words.ActionNo), true},
		"of a revision that is not shown": {stale, true},
		"of another person":               {theirs, true},
		"of an alert that we don't have":  {unknown, false},
	} {
		for _, who := range []alert.PersonKey{alice.PersonKey, bob} {
			require.Contains(t, b.press(who, words.ActionYes, tc.value).Tell, "chang", name)
			if tc.tells {
				told++
				require.Equal(t, store.KindPressRefused, b.last(id).Kind, name)
			}
		}
	}
	story := b.story(id)
	require.Equal(t, before.Record, story.Record)
	require.Empty(t, story.Answers)
	require.Len(t, story.Entries, len(before.Entries)+told)
	require.Zero(t, b.kicks)

	_, err := b.Press(t.Context(), chat.Press{
		Delivery: "odd", Person: alice.PersonKey, At: noon, Action: "approve", Value: b.value(id, "approve"),
	})
	require.ErrorContains(t, err, "unknown button")
	require.Contains(t, b.writes(alice.PersonKey, good, "words").Tell, "nothing was changed", "a button is no prompt")
}

func TestSomebodyElsePresses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.asked()
	for _, action := range []string{words.ActionYes, words.ActionNo, words.ActionUnsure, words.ActionSnooze, words.ActionPushAgain} {
		require.Contains(t, b.press(bob, action, b.value(id, action)).Tell, "somebody else", action)
		require.Equal(t, store.ActorOther, b.last(id).Actor, action)
	}
	require.Empty(t, b.story(id).Answers)
	require.Zero(t, b.story(id).Record.Snoozes)
	require.Zero(t, b.kicks)
}

func TestRepeatedAndLatePresses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.asked()
	yes, no := b.value(id, words.ActionYes), b.value(id, words.ActionNo)
	press := chat.Press{Delivery: "one", Person: alice.PersonKey, At: noon, Action: words.ActionYes, Value: yes}
	first, err := b.Press(t.Context(), press)
	require.NoError(t, err)
	require.NotNil(t, first.Ask)
	again, err := b.Press(t.Context(), press)
	require.NoError(t, err)
	require.Equal(t, chat.Reply{}, again, "Slack delivered it twice")
	require.Contains(t, b.press(alice.PersonKey, words.ActionYes, yes).Tell, "first answer stands")

	require.NotNil(t, b.press(alice.PersonKey, words.ActionNo, no).Ask, "a no after a yes wins")
	require.Contains(t, b.press(alice.PersonKey, words.ActionYes, yes).Tell, "it wasn't you")
	require.Contains(t, b.press(alice.PersonKey, words.ActionNo, no).Tell, "it wasn't you")
	require.Equal(t, alert.No, b.story(id).Answer().Choice)

	over := b.asked()
	yes = b.value(over, words.ActionYes)
	b.now = noon.Add(100 * time.Hour)
	_, err = b.record.Settle(t.Context(), over, store.Because{})
	require.NoError(t, err)
	require.Contains(t, b.press(alice.PersonKey, words.ActionYes, yes).Tell, "closed")
	require.Equal(t, store.KindPressRefused, b.last(over).Kind)
}

// The words of one answer can't become those of another.
func TestATokenIsForOneAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.asked()
	first := b.press(alice.PersonKey, words.ActionYes, b.value(id, words.ActionYes)).Ask.Token
	second := b.press(alice.PersonKey, words.ActionNo, b.value(id, words.ActionNo)).Ask.Token
	require.NotEqual(t, first, second)
	require.Empty(t, b.writes(alice.PersonKey, second, "never").Tell)
	require.Empty(t, b.writes(alice.PersonKey, first, "I mistyped").Tell)
	story := b.story(id)
	require.Equal(t, "I mistyped", story.Answers[0].Explanation)
	require.Equal(t, "never", story.Answer().Explanation)
}

func TestTypedReplies(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	require.Equal(t, words.NothingOpen, b.types(alice.PersonKey, "", "yes").Tell)
	first := b.asked()
	thread := b.story(first).Posts[store.PurposeQuestion].TS
	require.Equal(t, words.NothingOpen, b.types(bob, "", "yes").Tell, "Bob was asked nothing")
	require.Equal(t, words.NotUnderstood, b.types(alice.PersonKey, thread, "what is this?").Tell)
	require.Empty(t, b.story(first).Answers)

	require.Contains(t, b.types(alice.PersonKey, thread, "yes, I’m fixing “cron”.").Tell, "push comes")
	require.Equal(t, "I’m fixing “cron”.", b.story(first).Answer().Explanation)
	require.Equal(t, alert.Yes, b.story(first).Answer().Choice)
	require.Contains(t, b.types(alice.PersonKey, thread, "no!").Tell, "Thank you for telling us")
	require.Equal(t, alert.No, b.story(first).Answer().Choice)
	require.Equal(t, words.Noted, b.types(alice.PersonKey, thread, "I was at lunch").Tell, "what follows explains it")
	require.Equal(t, "I was at lunch", b.story(first).Answer().Explanation)
	require.Equal(t, words.Noted, b.types(alice.PersonKey, thread, "with Dave").Tell, "and so does more")
	require.Contains(t, b.types(alice.PersonKey, thread, "yes").Tell, "it wasn't you")
}

func TestTypedOutsideAThread(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := b.asked()
	require.Contains(t, b.types(alice.PersonKey, "", "Not sure").Tell, "have a look")
	require.Equal(t, alert.NotSure, b.story(first).Answer().Choice)

	second, third := b.asked(), b.asked()
	require.Equal(t, words.WhichOne, b.types(alice.PersonKey, "", "no").Tell)
	require.Equal(t, words.WhichOne, b.types(alice.PersonKey, "unknown thread", "no").Tell)
	require.Empty(t, b.story(second).Answers)
	require.Empty(t, b.story(third).Answers)
	require.Equal(t, alert.NotSure, b.story(first).Answer().Choice)
	require.Contains(t, b.types(alice.PersonKey, b.story(second).Posts[store.PurposeQuestion].TS, "no").Tell, "Thank you")
	require.Equal(t, alert.No, b.story(second).Answer().Choice)
}

// What is open but was not posted yet is no question to answer.
func TestTypedBeforeTheQuestionStands(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	accepted, err := b.record.Accept(t.Context(), alert.Alert{Source: "s", Key: "k", Severity: alert.Low, Subject: alert.Subject{SlackID: "UALICE"}})
	require.NoError(t, err)
	_, err = b.record.Admit(t.Context(), accepted.Record.ID, store.Identified{Person: alice}, policy.Defaults())
	require.NoError(t, err)
	require.Equal(t, words.NothingOpen, b.types(alice.PersonKey, "", "yes").Tell)
}

func TestTypedBySomebodyElseInTheThread(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.asked()
	thread := b.story(id).Posts[store.PurposeQuestion].TS
	require.Contains(t, b.types(bob, thread, "yes").Tell, "somebody else")
	require.Empty(t, b.story(id).Answers)
	b.press(alice.PersonKey, words.ActionYes, b.value(id, words.ActionYes))
	require.Contains(t, b.types(bob, thread, "she asked me to").Tell, "somebody else")
	require.Empty(t, b.story(id).Answer().Explanation)
}

// What was not recorded must not be acknowledged.
func TestTheRecordIsAway(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.asked()
	value := b.value(id, words.ActionYes)
	token := b.press(alice.PersonKey, words.ActionUnsure, b.value(id, words.ActionUnsure)).Ask.Token
	kicks := b.kicks
	require.NoError(t, b.record.Close())
	_, err := b.Press(t.Context(), chat.Press{Delivery: "x", Person: alice.PersonKey, Action: words.ActionYes, Value: value})
	require.Error(t, err)
	_, wordsErr := b.Words(t.Context(), chat.Words{Delivery: "y", Person: alice.PersonKey, Token: token, Text: "w"})
	_, typedErr := b.Typed(t.Context(), chat.Typed{Delivery: "z", Person: alice.PersonKey, Text: "yes"})
	for _, err := range []error{err, wordsErr, typedErr} {
		require.Error(t, err)
		require.NotErrorIs(t, err, store.ErrNotFound)
		require.NotContains(t, strings.ToLower(errors.Unwrap(err).Error()), "alice@")
	}
	require.Equal(t, kicks, b.kicks)
}
