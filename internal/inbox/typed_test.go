package inbox_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/policy"
	"securitybot/internal/store"
	"securitybot/internal/words"
)

func TestTypedReplies(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	require.Equal(t, says.NothingOpen(), b.types(alice.PersonKey, "", "yes"))
	first := b.asked()
	thread := b.story(first).Posts[store.PurposeQuestion].TS
	require.Equal(t, says.NothingOpen(), b.types(bob, "", "yes"), "Bob was asked nothing")
	require.Equal(t, says.NotUnderstood(), b.types(alice.PersonKey, thread, "what is this?"))
	require.Empty(t, b.story(first).Answers)

	require.Contains(t, b.types(alice.PersonKey, thread, "yes, I’m fixing “cron”."), "push comes")
	require.Equal(t, "I’m fixing “cron”.", b.story(first).Answer().Explanation)
	require.Equal(t, alert.Yes, b.story(first).Answer().Choice)
	require.Contains(t, b.types(alice.PersonKey, thread, "no!"), "Thank you for telling us")
	require.Equal(t, alert.No, b.story(first).Answer().Choice)
	require.Equal(t, says.Noted(), b.types(alice.PersonKey, thread, "I was at lunch"), "what follows explains it")
	require.Equal(t, "I was at lunch", b.story(first).Answer().Explanation)
	require.Equal(t, says.Noted(), b.types(alice.PersonKey, thread, "with Dave"), "and so does more")
	require.Contains(t, b.types(alice.PersonKey, thread, "yes"), "it wasn't you")
}

func TestTypedOutsideAThread(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := b.asked()
	require.Contains(t, b.types(alice.PersonKey, "", "Not sure"), "have a look")
	require.Equal(t, alert.NotSure, b.story(first).Answer().Choice)

	second, third := b.asked(), b.asked()
	require.Equal(t, says.WhichOne(), b.types(alice.PersonKey, "", "no"))
	require.Equal(t, says.WhichOne(), b.types(alice.PersonKey, "unknown thread", "no"))
	require.Empty(t, b.story(second).Answers)
	require.Empty(t, b.story(third).Answers)
	require.Equal(t, alert.NotSure, b.story(first).Answer().Choice)
	require.Contains(t, b.types(alice.PersonKey, b.story(second).Posts[store.PurposeQuestion].TS, "no"), "Thank you")
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
	require.Equal(t, says.NothingOpen(), b.types(alice.PersonKey, "", "yes"))
}

func TestTypedBySomebodyElseInTheThread(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.asked()
	thread := b.story(id).Posts[store.PurposeQuestion].TS
	require.Contains(t, b.types(bob, thread, "yes"), "somebody else")
	require.Empty(t, b.story(id).Answers)
	b.press(alice.PersonKey, words.ActionYes, b.value(id, words.ActionYes))
	require.Contains(t, b.types(bob, thread, "she asked me to"), "somebody else")
	require.Empty(t, b.story(id).Answer().Explanation)
}

// Typed words answer what was certainly shown.
func TestATypedAnswerCoversWhatWasShown(t *testing.T) {
	t.Parallel()
	for shown, covered := range map[int]int{1: 0, 2: 1, 3: 2} {
		b := newBench(t)
		question, second, third := b.thrice(shown)
		require.Contains(t, b.types(alice.PersonKey, "", "no"), "Thank you", "three alerts, one question")
		for i, id := range []string{second, third} {
			require.Equal(t, i < covered, b.story(id).Record.JoinedTo == question, "revision %d", shown)
		}
	}
	b := newBench(t)
	question, _, third := b.thrice(3)
	require.Contains(t, b.types(alice.PersonKey, b.thread(question), "Some weren’t me: the last"), "Thank you")
	require.Equal(t, alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonSome}, b.story(third).Record.Verdict)
	require.Equal(t, "the last", b.story(question).Answer().Explanation)
}

// Where policy wants words and no window can open, they are asked for.
func TestATypedYesThatNeedsWords(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.askedUnder("", explained(alert.ExplainRequired))
	b.waking(id)
	require.Contains(t, b.types(alice.PersonKey, "", "yes"), "What were you doing?")
	require.Empty(t, b.waking(id))
	require.Equal(t, says.Noted(), b.types(alice.PersonKey, "", "upgrading the kernel"))
	require.Equal(t, []string{"answer yes"}, b.waking(id))

	other := b.askedUnder("", explained(alert.ExplainRequired))
	b.waking(other)
	require.Contains(t, b.types(alice.PersonKey, b.thread(other), "yes, upgrading the kernel"), "push comes")
	require.Equal(t, []string{"answer yes"}, b.waking(other))
}

// Whatever somebody sends, nothing stops, and nothing changes that should not.
func TestOddMessages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.asked()
	for _, text := range []string{"", " \t\n", "\u00a0", "\u2003"} {
		require.Empty(t, b.types(alice.PersonKey, "", text), "%q", text)
	}
	for _, text := range []string{strings.Repeat("x", 40_000), "\x00", "\xff\xfe", "\x00yes", "ignore current \x00", "verify \xff"} {
		require.NotEmpty(t, b.types(alice.PersonKey, "", text), "%.20q", text)
	}
	require.Empty(t, b.story(id).Answers)

	long := strings.Repeat("ü", 40_000)
	require.Contains(t, b.types(alice.PersonKey, "", "yes "+long+"\x00\xff"), "push comes")
	require.Equal(t, long+"\uFFFD", b.story(id).Answer().Explanation, "verbatim, but for what no database can keep")
	require.NotEqual(t, says.Noted(), b.types(alice.PersonKey, "", long), "and then it is enough")
	require.Equal(t, long+"\uFFFD", b.story(id).Answer().Explanation)
}

func TestOddWords(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.asked()
	b.types(alice.PersonKey, "", "not sure")
	require.Equal(t, says.Noted(), b.types(alice.PersonKey, b.thread(id), "a\x00b\xff"))
	require.Equal(t, "ab\uFFFD", b.story(id).Answer().Explanation)
}

// A peer answers for themselves, by typing as well as by the buttons.
func TestAPeerTypes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	manager := alert.PersonKey{Team: "T1", User: "UMANAGER"}
	id := b.asked()
	require.Contains(t, b.types(alice.PersonKey, "", "not sure"), "have a look")
	post, _, err := b.record.BeginPost(t.Context(), id, store.PurposePeer+"manager")
	require.NoError(t, err)
	post.Channel, post.TS, post.PostedAt = "D1", "peer", b.now
	require.NoError(t, b.record.FinishPost(t.Context(), post, store.KindPeerAsked, store.Fields{"target": "manager", "chat_id": manager.User}, nil))

	require.Equal(t, says.NotUnderstood(), b.types(manager, "peer", "what is this?"))
	require.Equal(t, says.CommandInQuestion(), b.types(manager, "peer", "help"))
	require.Equal(t, says.Refused(store.RefusedOther), b.types(bob, "peer", "yes"))
	require.Equal(t, store.ActorOther, b.last(id).Actor)
	_, answered := b.story(id).PeerAnswer("manager")
	require.False(t, answered)

	require.Contains(t, b.types(manager, "peer", "yes, I asked her to"), "Your answer “Yes, I know about it” is with the security team")
	answer, _ := b.story(id).PeerAnswer("manager")
	require.Equal(t, alert.Yes, answer.Choice)
	require.Equal(t, says.Refused(store.RefusedAnswered), b.types(manager, "peer", "no"))
	require.Equal(t, alert.NotSure, b.story(id).Answer().Choice, "it is never the person's own")
}

// Whatever is typed below a question or outside: the answer is what the parser
// says, and nothing else happens.
func FuzzTyped(f *testing.F) {
	for _, text := range []string{
		"yes", "“yes”, it’s me", "no way", "not sure", "yes—I did", "stop", "lost phone", "ignore current 99999999999h", "verify 1",
		"\x00yes\xff", "*no*", "> y", "👍🏽 deploy", "yesterday", " \u2028no", "some weren't me", "no\x00", "y\xff",
	} {
		f.Add(text, true)
		f.Add(text, false)
	}
	b := newBench(f)
	f.Fuzz(func(t *testing.T, text string, below bool) {
		b.TB = t
		b.now = b.now.Add(time.Hour) // a question at a time, and no storm
		id := b.asked()
		thread := ""
		if below {
			thread = b.thread(id)
		}
		if _, commanded := words.Command(text); commanded && !below {
			stranger := alert.PersonKey{Team: "T2", User: b.thread(id)}
			require.NotEmpty(t, b.types(stranger, "", text), "a command of somebody's is answered")
		} else {
			b.types(alice.PersonKey, thread, text)
		}
		b.requireAsParsed(id, text)
		b.press(alice.PersonKey, words.ActionNo, b.value(id, words.ActionNo))
	})
}

// requireAsParsed tells that an alert has the answer that the parser reads, or none.
func (b *bench) requireAsParsed(id, text string) {
	b.Helper()
	choice, rest, understood := words.Choice(text)
	story := b.story(id)
	if !understood {
		require.Empty(b, story.Answers)
		return
	}
	require.Len(b, story.Answers, 1)
	require.Equal(b, choice, story.Answer().Choice)
	require.Equal(b, strings.ReplaceAll(strings.ToValidUTF8(rest, "\uFFFD"), "\x00", ""), story.Answer().Explanation)
	require.True(b, utf8.ValidString(story.Answer().Explanation))
}
