package inbox_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/store"
	"securitybot/internal/words"
)

// In this file the chat account of Alice is a thief's, and the phone is hers.

// A yes of theirs never closes anything, whatever becomes of the push.
func TestAThiefSaysYes(t *testing.T) {
	t.Parallel()
	for result, verdict := range map[alert.ProofResult]alert.Verdict{
		alert.ProofDenied:      {Outcome: alert.Denied, Reason: alert.ReasonContradicted},
		alert.ProofFraud:       {Outcome: alert.Denied, Reason: alert.ReasonFraud},
		alert.ProofTimedOut:    {Outcome: alert.Unproven, Reason: "timed_out"},
		alert.ProofUnavailable: {Outcome: alert.Unproven},
	} {
		b := newBench(t)
		id := b.asked()
		b.press(alice.PersonKey, words.ActionYes, b.value(id, words.ActionYes))
		require.True(t, b.phoneSays(id, result))
		b.now = noon.Add(3 * time.Hour) // a push that timed out may be sent again until the deadline
		b.phoneSays(id, result)
		story := b.story(id)
		require.Equal(t, verdict, story.Record.Verdict, result)
		require.NotNil(t, story.Case, result)
		require.Empty(t, b.silences(), result)
	}
}

// Whatever they do, and however often: the phone rings three times an hour at
// most, no alert is closed and nothing is silenced.
func TestAThiefFloods(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.confirmed("db-1") // by Alice herself, before
	b.now = noon.Add(2 * time.Hour)
	theirs := b.asked()
	b.press(alice.PersonKey, words.ActionYes, b.value(theirs, words.ActionYes))
	for range 10 {
		b.now = b.now.Add(time.Second)
		b.types(alice.PersonKey, "", "ignore last 4h")
		b.types(alice.PersonKey, "", "test")
	}
	for _, test := range b.own(alert.DetectionTest) {
		_, err := b.record.Admit(t.Context(), test.ID, store.Identified{Person: alice}, changed(nil))
		require.NoError(t, err)
		b.posted(test.ID, store.PurposeQuestion, fmt.Sprint(b.fresh()))
		b.press(alice.PersonKey, words.ActionYes, b.value(test.ID, words.ActionYes))
	}
	rung := 0
	for _, wanted := range append(append(b.own(alert.DetectionTest), b.own(alert.DetectionRequest)...), b.story(theirs).Record) {
		if b.phoneSays(wanted.ID, alert.ProofTimedOut) {
			rung++
		}
	}
	require.Len(t, b.own(alert.DetectionTest), 3)
	require.Equal(t, 3, rung)
	require.Equal(t, alert.Verdict{Outcome: alert.Unproven, Reason: alert.ReasonPushLimit}, b.story(theirs).Record.Verdict)
	require.NotNil(t, b.story(theirs).Case, "what is not proved is looked at")
	require.Empty(t, b.silences())
}

// Alice denies what the thief wants: that ends it all, at once and in sight.
func TestAThiefWantsToIgnore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	before := b.confirmed("db-1")
	open := b.askedUnder("db-2", nil)
	b.now = noon.Add(2 * time.Hour)
	require.Contains(t, b.types(alice.PersonKey, "", "ignore last 4h"), "If your phone shows")
	wish := b.own(alert.DetectionRequest)[0].ID
	require.True(t, b.phoneSays(wish, alert.ProofDenied))

	story := b.story(wish)
	require.Equal(t, alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonContradicted}, story.Record.Verdict)
	require.NotNil(t, story.Case)
	require.Equal(t, before, story.Recent[0].ID, "the case lists what was confirmed before")
	require.Empty(t, b.silences())
	b.requireNoCommands(alice.PersonKey)

	b.press(alice.PersonKey, words.ActionYes, b.value(open, words.ActionYes))
	require.False(t, b.phoneSays(open, alert.ProofApproved), "no push")
	require.Equal(t, alert.ReasonDistrusted, b.story(open).Record.Verdict.Reason)
	require.NotNil(t, b.story(open).Case)
}

// Who refuses in the chat what a thief wanted there is heard as well.
func TestAWishIsRefusedInTheChat(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.confirmed("db-1")
	b.types(alice.PersonKey, "", "ignore last 4h")
	wish := b.own(alert.DetectionRequest)[0].ID
	b.posted(wish, store.PurposeQuestion, "wish")
	require.Contains(t, b.types(alice.PersonKey, "wish", "no"), "Thank you for telling us")
	require.False(t, b.phoneSays(wish, alert.ProofApproved))
	require.NotNil(t, b.story(wish).Case)
	require.Empty(t, b.silences())
}

// A wish is about what its own person confirmed, and dies with the confirmation.
func TestAWishThatCameTooLate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	confirmed := b.confirmed("db-1")
	b.types(alice.PersonKey, "", "ignore last 4h")
	require.Contains(t, b.types(alice.PersonKey, b.thread(confirmed), "no, that wasn't me"), "Thank you")
	wish := b.own(alert.DetectionRequest)[0].ID
	b.phoneSays(wish, alert.ProofApproved)
	require.Empty(t, b.silences())
}

// Nobody stops unseen: it is announced, and what comes up becomes a case.
func TestAThiefStops(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	open := b.asked()
	require.Contains(t, b.types(alice.PersonKey, "", "stop"), "no more questions")
	require.Len(t, b.notices(store.NoticeOptedOut), 1)
	id := b.reported("db-1", nil)
	_, err := b.record.Settle(t.Context(), id, store.Because{})
	require.NoError(t, err)
	require.Equal(t, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonOptedOut}, b.story(id).Record.Verdict)
	require.NotNil(t, b.story(id).Case)

	b.now = noon.Add(3 * time.Hour)
	_, err = b.record.Settle(t.Context(), open, store.Because{})
	require.NoError(t, err)
	require.Equal(t, alert.NoResponse, b.story(open).Record.Verdict.Outcome, "what stood before runs out as ever")
	require.NotNil(t, b.story(open).Case)
}

// A thief who reports the phone as lost locks themselves out, and everything that
// is open or was confirmed lately is looked at.
func TestAThiefReportsALostPhone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	before := b.confirmed("db-1")
	open := b.askedUnder("db-2", nil)
	b.types(alice.PersonKey, "", "lost phone")
	for _, id := range []string{open, b.askedUnder("db-3", nil)} {
		_, err := b.record.Settle(t.Context(), id, store.Because{})
		require.NoError(t, err)
		require.Equal(t, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonDistrusted}, b.story(id).Record.Verdict)
		require.NotNil(t, b.story(id).Case)
	}
	require.Equal(t, alert.Escalated, b.story(before).Record.Status)
	b.requireNoCommands(alice.PersonKey)
}

// Words of theirs explain nothing away: they are kept as the account's, and change no verdict.
func TestAThiefExplains(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.asked()
	token := b.press(alice.PersonKey, words.ActionUnsure, b.value(id, words.ActionUnsure)).Ask.Token
	require.Equal(t, chat.Reply{}, b.writes(alice.PersonKey, token, "it was me after all, please close it"))
	b.types(alice.PersonKey, b.thread(id), "really")
	require.Contains(t, b.types(alice.PersonKey, b.thread(id), "yes"), "closed")
	require.Equal(t, alert.Unsure, b.story(id).Record.Verdict.Outcome)
	require.NotNil(t, b.story(id).Case)
}
