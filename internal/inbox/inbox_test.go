package inbox_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/seal"
	"securitybot/internal/store"
	"securitybot/internal/words"
)

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
			want := "chang"
			if who == bob && tc.value == stale {
				want = "somebody else"
			}
			require.Contains(t, b.press(who, words.ActionYes, tc.value).Tell, want, name)
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
	press := chat.Press{
		Delivery: "one", Person: alice.PersonKey, At: noon, Action: words.ActionYes, Value: yes, Place: chat.Ref{Channel: "D1", TS: "1"},
	}
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

// thrice is a question that stands and was joined by two more; shown gives what its
// person saw last for certain.
func (b *bench) thrice(shown int) (question, second, third string) {
	b.Helper()
	question = b.askedUnder("db-1", nil)
	b.now = b.now.Add(time.Second)
	second = b.reported("db-1", nil)
	b.now = b.now.Add(time.Second)
	third = b.reported("db-1", nil)
	require.NoError(b, b.record.Shown(b.Context(), question, shown))
	require.Equal(b, 3, b.story(question).Record.Revision)
	return question, second, third
}

// An answer covers what its button stood below, and nothing that came later.
func TestAnAnswerCoversWhatWasShown(t *testing.T) {
	t.Parallel()
	for revision, covered := range map[int]int{1: 0, 2: 1, 3: 2} {
		b := newBench(t)
		question, second, third := b.thrice(3)
		older := b.sealer.Value(seal.Claim{Action: words.ActionNo, AlertID: question, Revision: revision}, alice.PersonKey)
		require.NotNil(t, b.press(alice.PersonKey, words.ActionNo, older).Ask, "an older button still works")
		require.Equal(t, revision, b.story(question).Answer().Revision)
		for i, id := range []string{second, third} {
			record := b.story(id).Record
			require.Equal(t, i < covered, record.Verdict.Outcome == alert.Denied, "revision %d", revision)
			require.Equal(t, i < covered, record.JoinedTo == question, "revision %d", revision)
		}
	}
}

func TestSomeWereNotMe(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	question, second, third := b.thrice(3)
	reply := b.press(alice.PersonKey, words.ActionSome, b.value(question, words.ActionSome))
	require.Equal(t, "The team has been told", reply.Ask.Title)
	for _, id := range []string{question, second, third} {
		require.Equal(t, alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonSome}, b.story(id).Record.Verdict)
	}
	require.NotNil(t, b.story(question).Case)
	require.Contains(t, b.press(alice.PersonKey, words.ActionYes, b.value(question, words.ActionYes)).Tell, "it wasn't you")
}

// What another question asks about has no buttons; what was never shown has none either.
func TestAButtonOfAJoinedAlert(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	question, second, _ := b.thrice(3)
	for _, claim := range []seal.Claim{
		{Action: words.ActionYes, AlertID: second, Revision: 1},
		{Action: words.ActionYes, AlertID: question, Revision: 4},
	} {
		value := b.sealer.Value(claim, alice.PersonKey)
		require.Equal(t, says.Refused(store.RefusedStale), b.press(alice.PersonKey, words.ActionYes, value).Tell)
		require.Equal(t, store.ActorPerson, b.last(claim.AlertID).Actor)
		require.Equal(t, says.Refused(store.RefusedOther), b.press(bob, words.ActionYes, value).Tell)
		require.Equal(t, store.ActorOther, b.last(claim.AlertID).Actor)
	}
	require.Empty(t, b.story(question).Answers)
	require.Empty(t, b.story(second).Answers)
}

func explained(how alert.Explaining) changed {
	return func(plan *alert.Plan) { plan.Explanation = how }
}

// Where policy wants words, a yes goes on once they come, the prompt is closed, or
// a minute has passed.
func TestARequiredExplanation(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		then  func(b *bench, token string)
		words string
	}{
		"words":       {func(b *bench, token string) { require.Empty(b, b.writes(alice.PersonKey, token, "deploying").Tell) }, "deploying"},
		"blank words": {func(b *bench, token string) { require.Empty(b, b.writes(alice.PersonKey, token, " \n").Tell) }, ""},
		"closed":      {func(b *bench, token string) { b.closes(alice.PersonKey, token) }, ""},
		"typed words": {func(b *bench, _ string) { require.Equal(b, says.Noted(), b.types(alice.PersonKey, "", "deploying")) }, "deploying"},
		"nothing":     {func(b *bench, _ string) { b.now = b.now.Add(time.Minute) }, ""},
	} {
		b := newBench(t)
		id := b.askedUnder("", explained(alert.ExplainRequired))
		b.waking(id)
		prompt := b.press(alice.PersonKey, words.ActionYes, b.value(id, words.ActionYes)).Ask
		require.True(t, prompt.NotifyClose, name)
		require.Empty(t, b.waking(id), "%s: nothing is pushed yet", name)
		b.closes(bob, prompt.Token)
		require.Empty(t, b.writes(bob, prompt.Token, " ").Tell, "%s: whoever else closes it", name)
		require.Empty(t, b.waking(id), name)

		tc.then(b, prompt.Token)
		require.Equal(t, []string{"answer yes"}, b.waking(id), name)
		require.Equal(t, tc.words, b.story(id).Answer().Explanation, name)
	}
}

// A no waits for no words, and the prompt of an answer that needs none may just be closed.
func TestWordsThatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.askedUnder("", explained(alert.ExplainRequired))
	b.waking(id)
	prompt := b.press(alice.PersonKey, words.ActionNo, b.value(id, words.ActionNo)).Ask
	require.False(t, prompt.NotifyClose)
	require.Contains(t, b.waking(id), "answer no")
	b.closes(alice.PersonKey, prompt.Token)
	b.closes(alice.PersonKey, "anything")
	require.Empty(t, b.waking(id))

	off := b.askedUnder("", explained(alert.ExplainOff))
	reply := b.press(alice.PersonKey, words.ActionYes, b.value(off, words.ActionYes))
	require.Nil(t, reply.Ask)
	require.Contains(t, reply.Tell, "push comes")
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
