package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/store"
)

const officeHours = `
version: 1
defaults:
  clock: working
  outside_hours: hold
  working_hours: {zone: UTC, days: mon-fri, from: "09:00", to: "18:00"}
`

// startsAt moves the begin of the conversation.
func (t *talk) startsAt(at time.Time) {
	t.begun = at
	t.env.SetStartTime(at)
}

var friday = time.Date(2026, 3, 6, 17, 30, 0, 0, time.UTC)

// Two hours from Friday 17:30 on end on Monday at 10:30.
func TestADeadlineCountsWorkingTime(t *testing.T) {
	t.Parallel()
	talk := newTalkUnder(t, officeHours)
	talk.startsAt(friday)
	talk.reports("alice@example.com")
	talk.after(time.Minute, func() {
		story, err := talk.record.Story(t.Context(), talk.id)
		require.NoError(t, err)
		require.Equal(t, time.Date(2026, 3, 9, 10, 30, 0, 0, time.UTC), story.Record.Deadline.Truncate(time.Minute))
	})
	story := talk.holds()
	require.Equal(t, alert.NoResponse, story.Record.Verdict.Outcome)
	require.Equal(t, time.Date(2026, 3, 9, 10, 30, 0, 0, time.UTC), story.Record.SettledAt.Truncate(time.Minute))
	var reminders []time.Time
	for _, posted := range talk.chat.all() {
		if posted.to.Thread != "" {
			reminders = append(reminders, posted.at.UTC().Truncate(time.Minute))
		}
	}
	require.Equal(t, []time.Time{
		time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC), // after 30 minutes of work
		time.Date(2026, 3, 9, 10, 0, 0, 0, time.UTC), // after 90
	}, reminders)
}

// Saturday's alert is asked about on Monday morning, and the channel knows at once.
func TestAQuestionWaitsForWorkingHours(t *testing.T) {
	t.Parallel()
	talk := newTalkUnder(t, officeHours)
	talk.startsAt(friday.Add(20 * time.Hour))
	talk.phone.says = []alert.ProofResult{alert.ProofApproved}
	talk.reports("alice@example.com")
	talk.after(24*time.Hour, func() {
		require.Empty(t, talk.chat.in("D-U1"), "nobody is written to on a Sunday")
		record, err := talk.record.Alert(t.Context(), talk.id)
		require.NoError(t, err)
		require.Equal(t, alert.Held, record.Status)
	})
	talk.after(45*time.Hour, func() { talk.presses("yes") }) // Monday 10:30
	story := talk.holds()
	require.Equal(t, alert.Confirmed, story.Record.Verdict.Outcome)
	require.Equal(t, time.Date(2026, 3, 9, 9, 0, 0, 0, time.UTC), story.Record.AskedAt.Truncate(time.Minute))
}

// A thief who waits for Friday evening wins no silence: what is held is asked, and
// escalated when nobody answers.
func TestWhatIsHeldIsNotForgotten(t *testing.T) {
	t.Parallel()
	talk := newTalkUnder(t, officeHours)
	talk.startsAt(friday.Add(2 * time.Hour))
	talk.reports("alice@example.com")
	story := talk.holds()
	require.Equal(t, alert.NoResponse, story.Record.Verdict.Outcome)
	require.Equal(t, time.Date(2026, 3, 9, 11, 0, 0, 0, time.UTC), story.Record.SettledAt.Truncate(time.Minute))
	require.Len(t, talk.chat.in("security"), 1)
}

const oneAtATime = `
version: 1
limits: {open_questions: 1}
`

// The person has another question open: this one waits, its own deadline runs, and
// it ends with the security team.
func TestAQuestionThatNeverHadItsTurn(t *testing.T) {
	t.Parallel()
	talk := newTalkUnder(t, oneAtATime)
	talk.reportsMore("first", alert.Medium, `{"host":"db-1"}`)
	talk.reports("alice@example.com")
	story := talk.holds()
	require.Equal(t, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonTooMany}, story.Record.Verdict)
	require.Equal(t, talk.begun.Add(2*time.Hour), story.Record.SettledAt.Truncate(time.Minute))
	require.Empty(t, talk.chat.in("D-U1"))
	require.Len(t, talk.chat.in("security"), 1)
}

// The other question ends: this one is asked.
func TestAQuestionGetsItsTurn(t *testing.T) {
	t.Parallel()
	talk := newTalkUnder(t, oneAtATime)
	first := talk.reportsMore("first", alert.Medium, `{"host":"db-1"}`)
	talk.reports("alice@example.com")
	talk.after(time.Hour, func() {
		record, err := talk.record.Settle(t.Context(), first, store.Because{Undelivered: alert.ReasonUndelivered})
		require.NoError(t, err)
		require.True(t, record.Verdict.Decided())
		talk.deliver()
	})
	talk.after(90*time.Minute, func() { talk.presses("no") })
	story := talk.holds()
	require.Equal(t, alert.Denied, story.Record.Verdict.Outcome)
	require.Equal(t, talk.begun.Add(time.Hour), story.Record.AskedAt.Truncate(time.Minute))
}

// Three times the same: one question that says so, and one answer for all.
func TestOneQuestionForThree(t *testing.T) {
	t.Parallel()
	talk := newTalk(t)
	talk.phone.says = []alert.ProofResult{alert.ProofApproved}
	talk.reports("alice@example.com")
	var more []string
	talk.after(time.Minute, func() { more = append(more, talk.reportsMore("2", alert.Medium, `{"host":"web-1"}`)) })
	talk.after(2*time.Minute, func() { more = append(more, talk.reportsMore("3", alert.Low, `{"host":"web-1"}`)) })
	talk.after(3*time.Minute, func() {
		question := talk.chat.in("D-U1")[0].message
		require.Contains(t, question.Title, "×3")
		require.True(t, offers(question, "some_not"))
		talk.presses("yes")
	})
	story := talk.holds()
	require.Equal(t, alert.Confirmed, story.Record.Verdict.Outcome)
	require.Len(t, talk.chat.in("D-U1"), 1)
	for _, id := range more {
		joined, err := talk.record.Story(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, alert.Confirmed, joined.Record.Verdict.Outcome)
		require.NotZero(t, joined.Record.FinishedAt)
	}
}

// The button that was pressed spoke of one, a second one was on its way: it is
// asked about by a question of its own.
func TestAnAnswerCoversWhatItsButtonShowed(t *testing.T) {
	t.Parallel()
	talk := newTalk(t)
	talk.phone.says = []alert.ProofResult{alert.ProofApproved}
	talk.reports("alice@example.com")
	var second string
	talk.after(time.Minute, func() {
		shown := talk.button("yes")
		second = talk.reportsMore("2", alert.Medium, `{"host":"web-1"}`)
		talk.pressesButton(alice.PersonKey, "yes", shown)
	})
	story := talk.holds()
	require.Equal(t, alert.Confirmed, story.Record.Verdict.Outcome)
	rest, err := talk.record.Alert(t.Context(), second)
	require.NoError(t, err)
	require.False(t, rest.Verdict.Decided())
	require.Empty(t, rest.JoinedTo)
	require.Zero(t, rest.FinishedAt, "its own workflow goes on with it")
}

func TestSomeWereNotMine(t *testing.T) {
	t.Parallel()
	talk := newTalk(t)
	talk.reports("alice@example.com")
	talk.after(time.Minute, func() { talk.reportsMore("2", alert.Medium, `{"host":"web-1"}`) })
	talk.after(2*time.Minute, func() { talk.presses("some_not") })
	story := talk.holds()
	require.Equal(t, alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonSome}, story.Record.Verdict)
	require.Len(t, talk.chat.in("security"), 1, "one case for both")
}

// Policy wants words with a yes: the push waits for them, but not for ever.
func TestAYesWaitsForItsWords(t *testing.T) {
	t.Parallel()
	talk := newTalkUnder(t, "version: 1\ndefaults: {explanation: required}\n")
	talk.phone.says = []alert.ProofResult{alert.ProofApproved}
	talk.reports("alice@example.com")
	var pressed time.Time
	talk.after(time.Minute, func() {
		pressed = talk.env.Now()
		talk.presses("yes")
	})
	talk.after(90*time.Second, func() {
		talk.deliver()
		require.Zero(t, talk.phone.count(), "not before the words, or a minute")
	})
	talk.after(2*time.Minute+time.Second, talk.deliver)
	story := talk.holds()
	require.Equal(t, alert.Confirmed, story.Record.Verdict.Outcome)
	require.False(t, story.Proof().BegunAt.Before(pressed.Add(time.Minute)))
}

// Policy wants no proof: the yes is a claim, recorded as one, and nobody is bothered.
func TestAYesThatPolicyDoesNotWantProved(t *testing.T) {
	t.Parallel()
	talk := newTalkUnder(t, "version: 1\ndefaults: {second_factor: \"off\", on_unproven: record}\n")
	talk.reports("alice@example.com")
	talk.after(time.Minute, func() { talk.presses("yes") })
	story := talk.holds()
	require.Equal(t, alert.Verdict{Outcome: alert.Unproven, Reason: alert.ReasonFactorOff}, story.Record.Verdict)
	require.Equal(t, alert.Closed, story.Record.Status)
	require.Zero(t, talk.phone.count())
	require.Empty(t, talk.chat.in("security"))
	require.NotContains(t, kinds(story), "suppresses")
}

func offers(message chat.Message, action string) bool {
	return slices.ContainsFunc(message.Buttons, func(button chat.Button) bool { return button.Action == action })
}
