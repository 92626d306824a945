package inbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/store"
	"securitybot/internal/words"
)

// Everything that people can ask for works in the conversation and as /securitybot.
func TestCommandsHereAndThere(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"help!": says.Help(), "HELP": says.Help(), "hi bot": says.Hi("Alice"), "Hello!": says.Hi("Alice"),
		"status":         "No question is open for you.",
		"verify":         says.VerifyUsage(),
		"verify 4711":    "No, we have not asked you anything with the code 4711",
		"ignore":         says.IgnoreWrong(words.WrongUsage),
		"ignore last 1h": "I can only leave out what you have confirmed",
		"stop":           "no more questions until Tue 12:00 UTC",
		"start":          says.NotStopped(),
		"test":           says.TestComing(),
		"lost phone":     says.LostPhone(),
	} {
		require.Contains(t, newBench(t).types(alice.PersonKey, "", text), want, text)
		require.Contains(t, newBench(t).commands(alice.PersonKey, text), want, text)
	}
}

// What is no command is an answer or nothing in the conversation; after
// /securitybot it is helped.
func TestWhatIsNoCommand(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, text := range []string{"", "  \n", "yes", "hello there", "stop bothering me about this", strings.Repeat("x", 40_000)} {
		require.Equal(t, says.Help(), b.commands(alice.PersonKey, text))
	}
	require.Equal(t, says.NothingOpen(), b.types(alice.PersonKey, "", "stop bothering me about this"))
	id := b.asked()
	require.Equal(t, says.NotUnderstood(), b.types(alice.PersonKey, "", "stop bothering me about this"))
	require.Equal(t, says.Help(), b.commands(alice.PersonKey, "yes"), "an answer belongs into the conversation")
	require.Empty(t, b.story(id).Answers)
	_, out, err := b.record.OptOutOf(t.Context(), alice.PersonKey)
	require.NoError(t, err)
	require.False(t, out)
}

// Below a question nothing is a command.
func TestCommandsBelowAQuestion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.asked()
	for _, text := range []string{"stop", "test", "status", "lost phone", "verify 123", "ignore last 1h", "help"} {
		require.Equal(t, says.CommandInQuestion(), b.types(alice.PersonKey, b.thread(id), text), text)
	}
	require.Empty(t, b.notices(store.NoticeOptedOut))
	require.Empty(t, b.notices(store.NoticeNotOurs))
	require.Empty(t, b.own(alert.DetectionTest))
	require.Empty(t, b.own(alert.DetectionLostPhone))
	require.Empty(t, b.story(id).Answers)

	require.Contains(t, b.types(alice.PersonKey, b.thread(id), "no"), "Thank you for telling us")
	require.Equal(t, says.CommandInQuestion(), b.types(alice.PersonKey, b.thread(id), "I lost my phone"))
	require.Equal(t, "I lost my phone", b.story(id).Answer().Explanation, "what may matter to somebody is kept")
	require.Equal(t, says.Help(), b.types(alice.PersonKey, "of something else", "help"), "a thread of no question is no place of its own")
}

func TestStopAndStart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	require.Equal(t, says.NotStopped(), b.types(alice.PersonKey, "", "start"))
	require.Contains(t, b.types(alice.PersonKey, "", "Stop."), "until Tue 12:00 UTC")
	require.Equal(t, []string{"Alice Adams gets no questions until 3 Mar 2026, 12:00 UTC, at their own wish. Alerts about them come here instead."},
		b.notices(store.NoticeOptedOut))
	b.now = noon.Add(3 * time.Hour)
	require.Contains(t, b.commands(alice.PersonKey, "stop"), "until Tue 12:00 UTC", "twice makes it no longer")
	require.Len(t, b.notices(store.NoticeOptedOut), 1)

	require.Contains(t, b.types(alice.PersonKey, "", "test"), "already send you no questions", "nothing is promised that won't come")
	require.Empty(t, b.own(alert.DetectionTest))

	unasked := b.story(b.reported("", nil)).Record
	require.Equal(t, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonOptedOut}, unasked.Plan.Verdict)

	require.Equal(t, says.Started(), b.types(alice.PersonKey, "", "start"))
	require.Equal(t, says.NotStopped(), b.types(alice.PersonKey, "", "start"))
	require.Len(t, b.notices(store.NoticeOptedIn), 1)
	require.Equal(t, alert.Ask, b.story(b.reported("", nil)).Record.Plan.Action)
}

// How long, policy says, and never the message's own clock.
func TestStopIsBounded(t *testing.T) {
	t.Parallel()
	for most, want := range map[time.Duration]time.Duration{time.Hour: time.Hour, 24 * time.Hour: 24 * time.Hour, 90 * 24 * time.Hour: 24 * time.Hour} {
		b := newBench(t)
		b.most = most
		_, err := b.Typed(t.Context(), chat.Typed{Delivery: "d", Person: alice.PersonKey, At: noon.AddDate(10, 0, 0), Text: "stop"})
		require.NoError(t, err)
		optOut, out, err := b.record.OptOutOf(t.Context(), alice.PersonKey)
		require.NoError(t, err)
		require.True(t, out)
		require.Equal(t, noon.Add(want), optOut.Until)
	}
	b := newBench(t)
	b.most = 0
	require.Equal(t, says.NotStopped(), b.types(alice.PersonKey, "", "stop"), "nobody may, where policy says so")
	require.Empty(t, b.notices(store.NoticeOptedOut))
}

func TestStatus(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	atMostTwo := func(plan *alert.Plan) { plan.Limits.Open = 2 }
	first := b.askedUnder("db-1", atMostTwo)
	b.reported("db-1", atMostTwo) // joins the first
	b.now = noon.Add(time.Second)
	second := b.askedUnder("db-2", atMostTwo)
	b.reported("db-3", atMostTwo) // waits
	held := b.reported("db-4", func(plan *alert.Plan) { plan.NotBefore = noon.Add(20 * time.Hour) })
	require.Equal(t, alert.Held, b.story(held).Record.Status)

	lines := strings.Split(b.types(alice.PersonKey, "", "status"), "\n")
	require.Len(t, lines, 4)
	require.Equal(t, "2 questions are open for you:", lines[0])
	for i, id := range []string{first, second} {
		require.Equal(t, fmt.Sprintf(
			"• sudo to an interactive shell: please answer by 14:00 UTC (code %s)", b.story(id).Record.Code), lines[1+i])
	}
	require.Equal(t, "One more waits until these are answered.", lines[3])
	require.Contains(t, b.types(bob, "", "status"), "No question is open", "Alice's are hers alone")
}

// A code is ours only for the one who was shown it.
func TestVerify(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.asked()
	code := b.story(id).Record.Code
	b.now = noon.Add(90 * time.Minute)
	require.Equal(t, "Yes, that is from us: at 12:00 UTC we asked you about “sudo to an interactive shell”.",
		b.types(alice.PersonKey, "", "verify "+code))
	require.Contains(t, b.commands(alice.PersonKey, "Verify: #"+code+"!"), "that is from us")
	require.Empty(t, b.notices(store.NoticeNotOurs))

	require.Contains(t, b.types(bob, "", "verify "+code), "we have not asked you anything with the code "+code)
	require.Len(t, b.notices(store.NoticeNotOurs), 1)
	require.Contains(t, b.notices(store.NoticeNotOurs)[0], "UBOB asked", "whom nobody knows is named all the same")
	unposted := b.story(b.reported("", nil)).Record
	if unposted.Code != code {
		require.Contains(t, b.types(alice.PersonKey, "", "verify "+unposted.Code), "we have not asked", "it was not shown yet")
	}
}

// One notice, however often; and who makes codes up does not fill the channel.
func TestNotOursIsToldOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 5 {
		require.Equal(t, says.NotOurs("4711"), b.types(alice.PersonKey, "", "verify 4711"))
	}
	require.Len(t, b.notices(store.NoticeNotOurs), 1)
	require.Contains(t, b.notices(store.NoticeNotOurs)[0], "4711")
	b.types(alice.PersonKey, "", "verify 4712")
	require.Len(t, b.notices(store.NoticeNotOurs), 2, "another message")
	for code := range 100 {
		b.types(alice.PersonKey, "", fmt.Sprintf("verify 88%03d", code))
	}
	require.Len(t, b.notices(store.NoticeNotOurs), 10)
	b.now = noon.Add(24 * time.Hour)
	b.types(alice.PersonKey, "", "verify 4711")
	require.Len(t, b.notices(store.NoticeNotOurs), 11, "it goes on the next day")
}

func TestTest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 3 {
		require.Equal(t, says.TestComing(), b.types(alice.PersonKey, "", "test"))
	}
	require.Equal(t, says.TestTooMany(), b.types(alice.PersonKey, "", "test"))
	require.Equal(t, says.TestTooMany(), b.commands(alice.PersonKey, "test"))
	require.Len(t, b.own(alert.DetectionTest), 3)
	require.Equal(t, says.TestComing(), b.types(bob, "", "test"), "others have their own")
	b.now = noon.Add(time.Hour)
	require.Equal(t, says.TestComing(), b.types(alice.PersonKey, "", "test"))
}

// Scenarios 49 to 58 of the original: nothing is suppressed before a proof, and
// what can't be meant changes nothing.
func TestIgnoreInEveryForm(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	confirmed := b.confirmed("db-1")
	for text, want := range map[string]string{
		"ignore": "Please write it like this", "ignore current": "Please write it like this", "ignore both 5m": "Please write it like this",
		"ignore last foo 5m": says.NothingOpen(), // reads like a sentence
		"ignore last foo":    "Please write it like this", "ignore last 10": "Please write it like this",
		"ignore last -1h": "Please write it like this", "ignore last 1.5h": "Please write it like this",
		"ignore last 5m2h": "Please write it like this", "ignore last 1h30": "Please write it like this",
		"ignore last 0m": "no time at all", "ignore last 4h1m": "4 hours at most", "ignore last 300m": "4 hours at most",
		"ignore current 99999999999h": "4 hours at most", "ignore last 5h": "4 hours at most",
	} {
		require.Contains(t, b.types(alice.PersonKey, "", text), want, text)
	}
	require.Empty(t, b.own(alert.DetectionRequest))

	for text, length := range map[string]time.Duration{
		"IGNORE current 5m": 5 * time.Minute, `ignore "current" 5m`: 5 * time.Minute, "ignore current 1H": time.Hour,
		"ignore CURRENT 5m": 5 * time.Minute, "ignore last 1h 30m": 90 * time.Minute, "ignore last 4h": 4 * time.Hour,
		"ignore last 240m": 4 * time.Hour, "ignore last 00h05m": 5 * time.Minute,
	} {
		b := newBench(t)
		confirmed := b.confirmed("db-1")
		require.Contains(t, b.types(alice.PersonKey, "", text), "If your phone shows", text)
		require.Equal(t, &alert.Request{Kind: alert.RequestIgnore, AlertID: confirmed, For: length}, b.own(alert.DetectionRequest)[0].Plan.Request, text)
		require.Empty(t, b.silences(), text)
	}
	require.Empty(t, b.silences())
	require.Len(t, b.story(confirmed).Answers, 1)
}

// The wish is a question of its own, whose yes is proved; then, and only then, the
// confirmed alert's own scope is left out, for as long as was wanted.
func TestIgnoreNeedsAProof(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	confirmed := b.confirmed("db-1")
	b.now = noon.Add(time.Minute)
	tell := b.types(alice.PersonKey, "", "ignore last 1h30m")
	wish := b.own(alert.DetectionRequest)[0]
	require.Contains(t, tell, wish.Code, "the push is known by its code")
	require.Contains(t, b.types(alice.PersonKey, "", "verify "+wish.Code), "that is from us")
	require.Equal(t, alert.Ask, b.story(b.reported("db-1", nil)).Record.Plan.Action, "nothing yet")
	require.Empty(t, b.silences())

	b.now = noon.Add(2 * time.Minute)
	require.True(t, b.phoneSays(wish.ID, alert.ProofApproved))
	silence := b.silences()
	require.Len(t, silence, 1)
	require.Equal(t, store.SuppressIgnore, silence[0].Kind)
	require.JSONEq(t, `{"host":"db-1"}`, string(silence[0].Scope))
	require.Equal(t, confirmed, silence[0].AlertID)
	require.Equal(t, b.now.Add(90*time.Minute), silence[0].Until)
	require.Equal(t, alert.Suppressed, b.story(b.reported("db-1", nil)).Record.Plan.Verdict.Outcome)
	require.Equal(t, alert.Ask, b.story(b.reported("db-2", nil)).Record.Plan.Action, "another machine")
	b.now = silence[0].Until
	require.Equal(t, alert.Ask, b.story(b.reported("db-1", nil)).Record.Plan.Action, "it is over")
}

// What is asked about now is not confirmed, and so can't be ignored.
func TestIgnoreCurrent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const refused = "I can only leave out what you have confirmed"
	require.Contains(t, b.types(alice.PersonKey, "", "ignore current 10m"), refused, "there is nothing at all")
	b.confirmed("db-1")
	asked := b.askedUnder("db-2", nil)
	require.Contains(t, b.types(alice.PersonKey, "", "ignore current 10m"), refused)
	require.Contains(t, b.commands(alice.PersonKey, "ignore current 10m"), refused)
	require.Empty(t, b.own(alert.DetectionRequest))
	require.Contains(t, b.types(alice.PersonKey, "", "ignore last 10m"), "If your phone shows", "last is the one before")

	b.press(alice.PersonKey, words.ActionNo, b.value(asked, words.ActionNo))
	wish := b.own(alert.DetectionRequest)[0]
	b.posted(wish.ID, store.PurposeQuestion, "wish")
	require.Contains(t, b.types(alice.PersonKey, "", "ignore current 20m"), "If your phone shows", "a wish that waits is no alert")
}

func TestWhatCantBeIgnored(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		prepare func(*bench)
		want    string
	}{
		"what has no scope": {func(b *bench) { b.confirmed("") }, "nothing in it tells it from other things"},
		"what somebody confirmed long ago": {func(b *bench) {
			b.confirmed("db-1")
			b.now = noon.Add(25 * time.Hour)
		}, "only leave out what you have confirmed"},
		"what was taken back": {func(b *bench) {
			id := b.confirmed("db-1")
			b.types(alice.PersonKey, b.thread(id), "no, it wasn't")
		}, "only leave out what you have confirmed"},
		"what was not proved": {func(b *bench) {
			id := b.askedUnder("db-1", nil)
			b.press(alice.PersonKey, words.ActionYes, b.value(id, words.ActionYes))
			b.phoneSays(id, alert.ProofUnavailable)
		}, "only leave out what you have confirmed"},
		"a test": {func(b *bench) {
			b.types(alice.PersonKey, "", "test")
			b.provesTest()
		}, "only leave out what you have confirmed"},
	} {
		b := newBench(t)
		tc.prepare(b)
		require.Contains(t, b.types(alice.PersonKey, "", "ignore last 1h"), tc.want, name)
		require.Empty(t, b.own(alert.DetectionRequest), name)
	}
	b := newBench(t)
	b.confirmed("db-1")
	require.Contains(t, b.types(bob, "", "ignore last 1h"), "only leave out what you have confirmed", "what somebody else confirmed")
}

// provesTest goes through the harmless alert that Alice wanted to see.
func (b *bench) provesTest() {
	b.Helper()
	id := b.own(alert.DetectionTest)[0].ID
	_, err := b.record.Admit(b.Context(), id, store.Identified{Person: alice}, changed(nil))
	require.NoError(b, err)
	b.posted(id, store.PurposeQuestion, "test")
	require.Contains(b, b.types(alice.PersonKey, "", "yes"), "push comes")
	require.True(b, b.phoneSays(id, alert.ProofApproved))
}

func TestLostPhone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	before := b.confirmed("db-1")
	open := b.askedUnder("db-2", nil)
	require.Equal(t, says.LostPhone(), b.types(alice.PersonKey, "", "I’ve lost my phone!"))
	lost := b.own(alert.DetectionLostPhone)
	require.Len(t, lost, 1)
	require.NotNil(t, b.story(lost[0].ID).Case, "somebody has to see to it")
	require.Equal(t, "leads", lost[0].Plan.EscalateTo[0].Target, "where policy wants cases about her")
	require.Equal(t, lost[0].ID, b.story(before).Record.CaseOf, "what the phone confirmed is looked at again")
	require.Equal(t, says.LostPhone(), b.commands(alice.PersonKey, "lost phone"))
	require.Len(t, b.own(alert.DetectionLostPhone), 1, "once is enough")

	settled, err := b.record.Settle(t.Context(), open, store.Because{})
	require.NoError(t, err)
	require.Equal(t, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonDistrusted}, settled.Verdict)
	b.requireNoCommands(alice.PersonKey)
}

// requireNoCommands tells that somebody's commands are refused, and nothing follows.
func (b *bench) requireNoCommands(who alert.PersonKey) {
	b.Helper()
	tests, wishes := len(b.own(alert.DetectionTest)), len(b.own(alert.DetectionRequest))
	for _, text := range []string{"help", "hi", "test", "status", "verify 123", "ignore last 1h", "stop", "start"} {
		require.Equal(b, says.Refused(store.RefusedSuspected), b.types(who, "", text), text)
		require.Equal(b, says.Refused(store.RefusedSuspected), b.commands(who, text), text)
	}
	require.Len(b, b.own(alert.DetectionTest), tests)
	require.Len(b, b.own(alert.DetectionRequest), wishes)
	require.Empty(b, b.notices(store.NoticeOptedOut))
	require.Empty(b, b.silences())
}

// Who is in no directory is answered all the same.
func TestAStranger(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	require.Equal(t, says.NothingOpen(), b.types(bob, "", "yes"))
	require.Equal(t, says.Help(), b.types(bob, "", "help"))
	require.Equal(t, says.Hi(""), b.types(bob, "", "hi"))
	require.Contains(t, b.types(bob, "", "status"), "No question is open")
	require.Contains(t, b.types(bob, "", "stop"), "no more questions")
	require.Contains(t, b.notices(store.NoticeOptedOut)[0], "UBOB")
	require.Equal(t, says.Started(), b.types(bob, "", "start"))
	require.Contains(t, b.notices(store.NoticeOptedIn)[0], "UBOB")
	require.Equal(t, says.LostPhone(), b.types(bob, "", "lost phone"))
	require.Equal(t, bob, b.own(alert.DetectionLostPhone)[0].Person)
	require.Equal(t, says.Hi("Alice"), b.types(alice.PersonKey, "", "hi"), "nobody else is concerned")
}

// A second delivery of a wish is known.
func TestAWishThatIsDeliveredTwice(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.confirmed("db-1")
	for _, wish := range []struct{ text, detection string }{
		{"ignore last 1h", alert.DetectionRequest}, {"lost phone", alert.DetectionLostPhone},
	} {
		typed := chat.Typed{Delivery: "twice " + wish.text, Person: alice.PersonKey, At: b.now, Text: wish.text}
		for range 2 {
			_, err := b.Typed(t.Context(), typed)
			require.NoError(t, err)
		}
		require.Len(t, b.own(wish.detection), 1, wish.text)
	}
}
