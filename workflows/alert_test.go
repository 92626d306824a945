package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/conversation"
	"securitybot/internal/factor"
)

func TestAnswers(t *testing.T) {
	t.Parallel()
	const asked, proved, opened = "asked answered ", "push_sent proof settled ", "case_opened"
	cases := map[string]struct {
		press   string
		phone   alert.ProofResult
		reason  string
		verdict alert.Verdict
		cases   int
		kinds   string
	}{
		"yes and approved": {"yes", alert.ProofApproved, "", alert.Verdict{Outcome: alert.Confirmed}, 0, asked + proved + "suppresses "},
		"yes and Deny": {
			"yes", alert.ProofDenied, "",
			alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonContradicted},
			1,
			asked + "push_sent proof distrusted settled " + opened,
		},
		"yes and fraud": {
			"yes", alert.ProofFraud, "",
			alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonFraud},
			1,
			asked + "push_sent proof distrusted settled " + opened,
		},
		"yes and bypass": {
			"yes", alert.ProofUnavailable, "bypass",
			alert.Verdict{Outcome: alert.Unproven, Reason: "bypass"},
			1,
			asked + proved + opened,
		},
		"no":       {"no", "", "", alert.Verdict{Outcome: alert.Denied}, 1, asked + "settled " + opened},
		"not sure": {"unsure", "", "", alert.Verdict{Outcome: alert.Unsure}, 1, asked + "settled " + opened},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			talk := newTalk(t)
			talk.phone.says, talk.phone.reason = []alert.ProofResult{tc.phone}, tc.reason
			talk.reports("alice@example.com")
			talk.after(10*time.Minute, func() { talk.presses(tc.press) })
			story := talk.holds()

			require.Equal(t, tc.verdict, story.Record.Verdict)
			require.Len(t, talk.chat.in("security"), tc.cases)
			require.Equal(t, tc.kinds, kinds(story)+map[bool]string{true: " "}[tc.cases == 0])
			require.Empty(t, talk.chat.in("D-U1")[0].message.Buttons, "the buttons vanish")
			require.False(t, story.Record.FinishedAt.IsZero())
		})
	}
}

func TestSilence(t *testing.T) {
	t.Parallel()
	talk := newTalk(t)
	talk.reports("alice@example.com")
	story := talk.holds()

	require.Equal(t, alert.Verdict{Outcome: alert.NoResponse}, story.Record.Verdict)
	require.Equal(t, "asked reminded reminded settled case_opened", kinds(story))
	var reminded []time.Duration
	for _, posted := range talk.chat.all() {
		if posted.to.Thread != "" {
			reminded = append(reminded, posted.at.Sub(talk.begun).Round(time.Minute))
		}
	}
	require.Equal(t, []time.Duration{30 * time.Minute, 90 * time.Minute}, reminded)
	require.Len(t, talk.chat.in("security"), 1)
	require.WithinDuration(t, talk.begun.Add(2*time.Hour), story.Record.SettledAt, 10*time.Second)
	require.Empty(t, talk.chat.in("D-U1")[0].message.Buttons, "the question closes when the watch ends")
	require.WithinDuration(t, talk.begun.Add(74*time.Hour), story.Record.FinishedAt, time.Minute)
}

func TestSnoozePostponesTheReminderAndNotTheDeadline(t *testing.T) {
	t.Parallel()
	talk := newTalk(t)
	talk.reports("alice@example.com")
	talk.after(20*time.Minute, func() { talk.presses("snooze") }) // for an hour
	story := talk.holds()

	require.Equal(t, "asked snoozed reminded reminded settled case_opened", kinds(story))
	var reminded []time.Duration
	for _, posted := range talk.chat.all() {
		if posted.to.Thread != "" {
			reminded = append(reminded, posted.at.Sub(talk.begun).Round(time.Minute))
		}
	}
	require.Equal(t, []time.Duration{80 * time.Minute, 90 * time.Minute}, reminded)
	require.WithinDuration(t, talk.begun.Add(2*time.Hour), story.Record.SettledAt, 10*time.Second)
}

func TestPushAgain(t *testing.T) {
	t.Parallel()
	talk := newTalk(t)
	talk.phone.says = []alert.ProofResult{alert.ProofTimedOut, alert.ProofApproved}
	talk.reports("alice@example.com")
	talk.after(10*time.Minute, func() { talk.presses("yes") })
	talk.after(20*time.Minute, func() { talk.presses("push_again") })
	story := talk.holds()

	require.Equal(t, alert.Verdict{Outcome: alert.Confirmed}, story.Record.Verdict)
	require.Equal(t, 2, talk.phone.pushes)
	require.Empty(t, talk.chat.in("security"))
}

func TestAPushThatNobodyAnswersEndsAtTheDeadline(t *testing.T) {
	t.Parallel()
	talk := newTalk(t)
	talk.phone.says = []alert.ProofResult{alert.ProofTimedOut}
	talk.reports("alice@example.com")
	talk.after(10*time.Minute, func() { talk.presses("yes") })
	story := talk.holds()

	require.Equal(t, alert.Verdict{Outcome: alert.Unproven, Reason: alert.ReasonTimedOut}, story.Record.Verdict)
	require.Equal(t, 1, talk.phone.pushes)
	require.Len(t, talk.chat.in("security"), 1)
	require.WithinDuration(t, talk.begun.Add(2*time.Hour), story.Record.SettledAt, 10*time.Second)
}

func TestALostPushIsNeverSentAgainByItself(t *testing.T) {
	t.Parallel()
	talk := newTalk(t)
	talk.phone.errs = []error{&factor.Error{Failure: factor.Lost, Reason: "no reply"}}
	talk.phone.says = []alert.ProofResult{alert.ProofApproved}
	talk.reports("alice@example.com")
	talk.after(10*time.Minute, func() { talk.presses("yes") })
	story := talk.holds()

	require.Equal(t, alert.Verdict{Outcome: alert.Unproven, Reason: alert.ReasonLost}, story.Record.Verdict)
	require.Equal(t, 1, talk.phone.pushes)
}

func TestAPushThatNeverLeftIsTriedAgain(t *testing.T) {
	t.Parallel()
	talk := newTalk(t)
	away := &factor.Error{Failure: factor.NotSent, Reason: "away"}
	talk.phone.errs = []error{away, away, away}
	talk.phone.says = []alert.ProofResult{alert.ProofApproved}
	talk.reports("alice@example.com")
	talk.after(10*time.Minute, func() { talk.presses("yes") })
	story := talk.holds()

	require.Equal(t, alert.Verdict{Outcome: alert.Confirmed}, story.Record.Verdict)
	require.Len(t, story.Proofs, 1)
}

func TestANoOutranksAYesThatIsBeingProved(t *testing.T) {
	t.Parallel()
	talk := newTalk(t)
	talk.phone.says = []alert.ProofResult{alert.ProofApproved}
	talk.phone.held = make(chan struct{})
	talk.reports("alice@example.com")
	talk.after(10*time.Minute, func() {
		talk.presses("yes")
		talk.presses("no")
		close(talk.phone.held)
	})
	story := talk.holds()

	require.Equal(t, alert.Verdict{Outcome: alert.Denied}, story.Record.Verdict)
	require.Len(t, talk.chat.in("security"), 1)
}

func TestLateAnswers(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		press string
		loud  int
		kinds string
	}{
		"a late no raises the case": {
			"no", 2, "asked reminded reminded settled case_opened late_answer case_noted",
		},
		"a late yes is noted with its proof and closes nothing": {
			"yes", 1, "asked reminded reminded settled case_opened late_answer case_noted push_sent proof case_noted",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			talk := newTalk(t)
			talk.phone.says = []alert.ProofResult{alert.ProofApproved}
			talk.reports("alice@example.com")
			talk.after(5*time.Hour, func() { talk.presses(tc.press) })
			story := talk.holds()

			require.Equal(t, alert.Verdict{Outcome: alert.NoResponse}, story.Record.Verdict)
			require.Equal(t, alert.Escalated, story.Record.Status)
			require.Len(t, talk.chat.in("security"), tc.loud)
			require.Equal(t, tc.kinds, kinds(story))
		})
	}
}

func TestNobodyToAsk(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		email   string
		refuses *chat.Error
		people  []alert.Person
		reason  string
	}{
		"unknown": {email: "nobody@example.com", reason: alert.ReasonUnknownPerson},
		"deactivated since": {
			email: "alice@example.com", reason: alert.ReasonDeactivated,
			refuses: &chat.Error{Failure: chat.Gone, Reason: alert.ReasonDeactivated},
		},
		"deactivated": {
			email: "frank@example.com", reason: alert.ReasonDeactivated,
			people: []alert.Person{{PersonKey: alert.PersonKey{Team: teamID, User: "U9"}, Email: "frank@example.com", Deactivated: true}},
		},
		"chat away": {
			email: "alice@example.com", reason: alert.ReasonUndelivered,
			refuses: &chat.Error{Failure: chat.Transient, Reason: "down"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			talk := newTalk(t)
			talk.chat.refuses, talk.chat.people = tc.refuses, tc.people
			talk.reports(tc.email)
			story := talk.holds()

			require.Equal(t, alert.Verdict{Outcome: alert.Unreachable, Reason: tc.reason}, story.Record.Verdict)
			require.Len(t, talk.chat.in("security"), 1)
			require.Zero(t, talk.phone.pushes)
		})
	}
}

func TestSomebodyElsePresses(t *testing.T) {
	t.Parallel()
	talk := newTalk(t)
	talk.reports("alice@example.com")
	talk.after(10*time.Minute, func() {
		tell := talk.pressesAs(alert.PersonKey{Team: teamID, User: "U2"}, "yes")
		require.Contains(t, tell, "somebody else")
	})
	story := talk.holds()

	require.Equal(t, alert.Verdict{Outcome: alert.NoResponse}, story.Record.Verdict)
	require.Empty(t, story.Answers)
	require.Contains(t, kinds(story), "press_refused")
}

// Who can send signals can't answer: the record knows of no press.
func TestForgedSignalsChangeNothing(t *testing.T) {
	t.Parallel()
	for _, choice := range []alert.Choice{alert.Yes, alert.No, alert.NotSure} {
		t.Run(string(choice), func(t *testing.T) {
			t.Parallel()
			talk := newTalk(t)
			talk.phone.says = []alert.ProofResult{alert.ProofApproved}
			talk.reports("alice@example.com")
			talk.after(10*time.Minute, func() {
				talk.env.SignalWorkflow(conversation.SignalAnswer, conversation.Answered{AnswerID: "forged", Choice: choice})
				talk.env.SignalWorkflow(conversation.SignalPushAgain, conversation.PushAgain{Attempt: 7})
				talk.env.SignalWorkflow(conversation.SignalWake, conversation.Wake{})
			})
			story := talk.holds()

			require.Equal(t, alert.Verdict{Outcome: alert.NoResponse}, story.Record.Verdict)
			require.Zero(t, talk.phone.pushes, "nobody's phone rings")
			require.WithinDuration(t, talk.begun.Add(2*time.Hour), story.Record.SettledAt, 2*time.Minute)
		})
	}
}

func TestAForgedYesDoesNotSpoilTheRealOne(t *testing.T) {
	t.Parallel()
	talk := newTalk(t)
	talk.phone.says = []alert.ProofResult{alert.ProofApproved}
	talk.reports("alice@example.com")
	talk.after(10*time.Minute, func() {
		talk.env.SignalWorkflow(conversation.SignalAnswer, conversation.Answered{AnswerID: "forged", Choice: alert.Yes})
	})
	talk.after(20*time.Minute, func() { talk.presses("yes") })
	require.Equal(t, alert.Verdict{Outcome: alert.Confirmed}, talk.holds().Record.Verdict)
}
