package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

func TestTakeAnswer(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.asked(alice).ID
		b.waiting(id)
		said := b.said(id, alice, alert.Yes)
		said.Words = "I was fixing the cron job"
		heard, err := b.TakeAnswer(b.Context(), said)
		require.NoError(b, err)
		require.Empty(b, heard.Refusal)

		answer := alert.Answer{
			ID: said.Delivery, AlertID: id, Person: alice.PersonKey, Choice: alert.Yes, Revision: 1,
			At: noon, RecordedAt: noon, Explanation: said.Words, ExplainedAt: noon,
		}
		require.Equal(b, answer, heard.Answer)
		require.Equal(b, []alert.Answer{answer}, b.story(id).Answers)
		require.Equal(b, []string{"answer yes"}, b.waiting(id))

		again, err := b.TakeAnswer(b.Context(), said)
		require.NoError(b, err)
		require.Equal(b, store.RefusedRepeat, again.Refusal)
		require.Empty(b, b.waiting(id))
		require.Equal(b, "accepted identified planned asked answered", b.kinds(id), "a repetition leaves no trace")
	})
}

func TestWhichAnswersCount(t *testing.T) {
	t.Parallel()
	yes, no, unsure := alert.Yes, alert.No, alert.NotSure
	cases := []struct {
		first, then alert.Choice
		refusal     store.Refusal
		counts      alert.Choice
	}{
		{yes, yes, store.RefusedAnswered, yes},
		{yes, unsure, store.RefusedAnswered, yes},
		{yes, no, "", no},
		{no, yes, store.RefusedSaidNo, no},
		{no, no, store.RefusedSaidNo, no},
		{no, unsure, store.RefusedSaidNo, no},
		{unsure, yes, store.RefusedClosed, unsure},
		{unsure, unsure, store.RefusedClosed, unsure},
		{unsure, no, "", no},
	}
	onBoth(t, func(b *bench) {
		for _, tc := range cases {
			name := fmt.Sprintf("%s, then %s", tc.first, tc.then)
			id := b.asked(alice).ID
			require.Empty(b, b.answers(id, alice, tc.first).Refusal, name)
			require.Equal(b, tc.refusal, b.answers(id, alice, tc.then).Refusal, name)
			story := b.story(id)
			require.Equal(b, tc.counts, story.Answer().Choice, name)
			last := story.Entries[len(story.Entries)-1]
			if tc.refusal != "" {
				require.Equal(b, store.KindPressRefused, last.Kind, name)
				require.Equal(b, store.ActorPerson, last.Actor, name)
			}
		}
	})
}

func TestSomebodyElseAnswers(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		record := b.asked(alice)
		b.waiting(record.ID)
		elsewhere := alice
		elsewhere.Team = "T2"
		for _, other := range []alert.Person{bob, elsewhere, {}} {
			for _, choice := range []alert.Choice{alert.Yes, alert.No, alert.NotSure} {
				require.Equal(b, store.RefusedOther, b.answers(record.ID, other, choice).Refusal)
			}
		}
		story := b.story(record.ID)
		require.Empty(b, story.Answers)
		require.Equal(b, record, story.Record)
		require.Len(b, story.Entries, 4+9, "each of them is on the timeline")
		require.Equal(b, store.ActorOther, story.Entries[4].Actor)
		require.Empty(b, b.waiting(record.ID))
	})
}

func TestAnswersAroundTheDeadline(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		pressed, recorded time.Duration // after the question; the deadline is at 2h
		late              bool
		verdict           alert.Outcome
	}{
		"in time":                                {time.Hour, time.Hour, false, alert.Denied},
		"pressed at the deadline, heard later":   {2 * time.Hour, 2*time.Hour + time.Second, false, alert.Denied},
		"pressed after it, by the chat's clock":  {2*time.Hour + time.Microsecond, 2 * time.Hour, true, alert.NoResponse},
		"pressed in time, and Temporal was away": {time.Hour, 9 * time.Hour, false, alert.Denied},
	}
	onBoth(t, func(b *bench) {
		for name, tc := range cases {
			b.moment.Store(noon.UnixMicro())
			id := b.asked(alice).ID
			b.passes(tc.recorded)
			said := b.said(id, alice, alert.No)
			said.At = noon.Add(tc.pressed)
			heard, err := b.TakeAnswer(b.Context(), said)
			require.NoError(b, err)
			require.Empty(b, heard.Refusal, name)
			require.Equal(b, tc.late, heard.Answer.Late, name)
			b.passes(time.Minute)
			require.Equal(b, tc.verdict, b.settles(id).Verdict.Outcome, name)
		}
	})
}

func TestAnswersAfterTheVerdict(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		silent := func() string {
			id := b.asked(alice).ID
			b.passes(2*time.Hour + alert.AnswerGrace)
			require.Equal(b, alert.NoResponse, b.settles(id).Verdict.Outcome)
			return id
		}
		watched := silent()
		heard := b.answers(watched, alice, alert.Yes)
		require.Empty(b, heard.Refusal)
		require.True(b, heard.Answer.Late)
		require.Contains(b, b.waiting(watched), "answer yes")
		require.Equal(b, alert.NoResponse, b.settles(watched).Verdict.Outcome, "a late yes closes nothing")

		over := silent()
		b.passes(72 * time.Hour)
		require.Equal(b, store.RefusedClosed, b.answers(over, alice, alert.Yes).Refusal)
		require.Equal(b, store.RefusedClosed, b.answers(over, alice, alert.NotSure).Refusal)
		require.Empty(b, b.answers(over, alice, alert.No).Refusal, "a no always counts")
	})
}

func TestANoAfterAProvenYesOpensACase(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.confirmed(alice).ID
		require.NoError(b, b.Finish(b.Context(), id))
		require.False(b, b.reads(id).FinishedAt.IsZero())
		b.waiting(id)
		require.Equal(b, store.RefusedClosed, b.answers(id, alice, alert.Yes).Refusal)

		b.passes(time.Hour)
		require.Empty(b, b.answers(id, alice, alert.No).Refusal)
		record := b.reads(id)
		require.Equal(b, alert.Escalated, record.Status)
		require.Equal(b, store.EscalationLateNo, record.Escalation)
		require.Equal(b, b.Now(), record.EscalatedAt)
		require.Equal(b, alert.Confirmed, record.Verdict.Outcome, "the first verdict stands")
		require.Equal(b, []string{"answer no"}, b.waiting(id))

		unfinished, err := b.Unfinished(b.Context(), 0, "", 10)
		require.NoError(b, err)
		require.Len(b, unfinished, 1, "the reconciler sees to it that the case is opened")
	})
}

// A no from the same person must not play down what the phone said.
func TestALateNoKeepsTheGraverReason(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.asked(alice).ID
		b.passes(2*time.Hour + alert.AnswerGrace)
		b.settles(id)
		b.answers(id, alice, alert.Yes)
		b.phoneSays(b.pushes(id, 1), alert.ProofFraud)
		require.Equal(b, alert.ReasonFraud, b.reads(id).Escalation)
		require.Empty(b, b.answers(id, alice, alert.No).Refusal)
		require.Equal(b, alert.ReasonFraud, b.reads(id).Escalation)
	})
}

// Whichever of two presses at the same instant is recorded first, the no wins.
func TestYesAndNoAtTheSameInstant(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		for range 10 {
			id := b.asked(alice).ID
			presses := []store.Said{b.said(id, alice, alert.Yes), b.said(id, alice, alert.No)}
			var both sync.WaitGroup
			both.Add(2)
			heard := together(b, 2, func(n int) (store.Heard, error) {
				both.Done()
				both.Wait()
				return b.TakeAnswer(b.Context(), presses[n])
			})
			for _, one := range heard {
				require.Contains(b, []store.Refusal{"", store.RefusedSaidNo}, one.Refusal)
			}
			require.Equal(b, alert.No, b.story(id).Answer().Choice)
			require.Equal(b, alert.Verdict{Outcome: alert.Denied}, b.settles(id).Verdict)
			_, turn, err := b.BeginProof(b.Context(), id, 1, "duo")
			require.NoError(b, err)
			require.Equal(b, store.ProofNone, turn)
		}
	})
}

// Slack delivers one press more than once, to several processes.
func TestOnePressDeliveredManyTimesAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.asked(alice).ID
		said := b.said(id, alice, alert.NotSure)
		heard := together(b, 8, func(int) (store.Heard, error) { return b.TakeAnswer(b.Context(), said) })
		taken := 0
		for _, one := range heard {
			if one.Refusal == "" {
				taken++
				continue
			}
			require.Equal(b, store.RefusedRepeat, one.Refusal)
		}
		require.Equal(b, 1, taken)
		require.Len(b, b.story(id).Answers, 1)
	})
}

func TestTellRefusal(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.asked(alice).ID
		said := b.said(id, bob, alert.Yes)
		for range 2 {
			require.NoError(b, b.TellRefusal(b.Context(), said, store.RefusedForged))
		}
		require.Equal(b, "accepted identified planned asked press_refused", b.kinds(id), "told once")
		require.ErrorIs(b, b.TellRefusal(b.Context(), b.said("nothing", bob, alert.Yes), store.RefusedForged), store.ErrNotFound)
	})
}

func TestTakeSnooze(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		snooze := func(id string) store.Heard {
			heard, err := b.TakeSnooze(b.Context(), b.said(id, alice, ""))
			require.NoError(b, err)
			return heard
		}
		id := b.asked(alice).ID
		b.waiting(id)
		deadline := b.reads(id).Deadline
		for n := 1; n <= 2; n++ {
			heard := snooze(id)
			require.Empty(b, heard.Refusal)
			require.Equal(b, n, heard.Record.Snoozes)
			require.Equal(b, b.Now().Add(time.Hour), heard.Record.SnoozedUntil)
			require.Equal(b, heard.Record, b.reads(id))
			require.Equal(b, deadline, heard.Record.Deadline, "never the deadline")
			require.Equal(b, []string{"snooze"}, b.waiting(id))
		}
		require.Equal(b, store.RefusedSnoozes, snooze(id).Refusal)
		require.Empty(b, b.waiting(id))

		b.answers(id, alice, alert.Yes)
		b.pushes(id, 1)
		require.Equal(b, store.RefusedAnswered, snooze(id).Refusal)
		b.answers(id, alice, alert.No)
		b.settles(id)
		require.Equal(b, store.RefusedClosed, snooze(id).Refusal)

		other := b.said(b.asked(alice).ID, bob, "")
		heard, err := b.TakeSnooze(b.Context(), other)
		require.NoError(b, err)
		require.Equal(b, store.RefusedOther, heard.Refusal)
	})
}

func TestTakePushAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		again := func(id string, who alert.Person) store.Refusal {
			heard, err := b.TakePushAgain(b.Context(), b.said(id, who, ""))
			require.NoError(b, err)
			return heard.Refusal
		}
		id := b.asked(alice).ID
		require.Equal(b, store.RefusedNoPush, again(id, alice), "nothing was pushed")
		b.answers(id, alice, alert.Yes)
		proof := b.pushes(id, 1)
		require.Equal(b, store.RefusedNoPush, again(id, alice), "it still runs")
		b.phoneSays(proof, alert.ProofTimedOut)
		b.waiting(id)
		require.Equal(b, store.RefusedOther, again(id, bob))
		require.Empty(b, again(id, alice))
		require.Empty(b, again(id, alice), "pressed twice in a hurry")
		waiting, err := b.ClaimOutgoing(b.Context(), time.Minute, 10)
		require.NoError(b, err)
		require.Len(b, waiting, 1, "is still one more push")
		require.Equal(b, "2", waiting[0].Ref)

		b.passes(2 * time.Hour)
		b.settles(id)
		require.Equal(b, store.RefusedClosed, again(id, alice))
	})
}

func TestExplain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		explain := func(id, answerID string, who alert.Person, words string) store.Refusal {
			said := b.said(id, who, "")
			said.Words = words
			heard, err := b.Explain(b.Context(), answerID, said)
			require.NoError(b, err)
			return heard.Refusal
		}
		id := b.asked(alice).ID
		answer := b.answers(id, alice, alert.Yes).Answer.ID
		b.waiting(id)
		require.Equal(b, store.RefusedOther, explain(id, answer, bob, "I am Alice"))
		require.Empty(b, explain(id, answer, alice, "I was\nfixing “cron” <!channel> 🙂"))
		require.Equal(b, "I was\nfixing “cron” <!channel> 🙂", b.story(id).Answer().Explanation, "word for word")
		require.Empty(b, explain(id, answer, alice, "and ssh"))
		require.Equal(b, "I was\nfixing “cron” <!channel> 🙂\nand ssh", b.story(id).Answer().Explanation)
		require.Equal(b, store.RefusedAnswered, explain(id, answer, alice, strings.Repeat("x", 6000)), "too much")
		require.Empty(b, b.waiting(id), "no case, nobody to tell")

		other := b.asked(alice).ID
		require.Equal(b, store.RefusedAnswered, explain(other, answer, alice, "x"), "an answer to another question")

		no := b.answers(other, alice, alert.No).Answer.ID
		b.settles(other)
		b.waiting(other)
		require.Empty(b, explain(other, no, alice, "never logged in"))
		require.Equal(b, []string{"follow_up"}, b.waiting(other), "the words join the case")
	})
}

// explained is a question whose yes wants words, and the yes.
func (b *bench) explained() alert.Answer {
	b.Helper()
	record := b.asks(b.reports(on("db-1"), func(plan *alert.Plan) { plan.Explanation = alert.ExplainRequired }))
	b.waiting(record.ID)
	heard := b.answers(record.ID, alice, alert.Yes)
	require.Empty(b, heard.Refusal)
	return heard.Answer
}

func TestAYesThatWantsWordsGoesOnAfterAMinute(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		answer := b.explained()
		b.passes(time.Minute - time.Microsecond)
		require.Empty(b, b.waiting(answer.AlertID))
		b.passes(time.Microsecond)
		require.Equal(b, []string{"answer yes"}, b.waiting(answer.AlertID))
	})
}

func TestAYesGoesOnAtOnceWithItsWords(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(b *bench, answer alert.Answer) error{
		"written": func(b *bench, answer alert.Answer) error {
			said := b.said(answer.AlertID, alice, "")
			said.Words = "I was fixing the cron job"
			_, err := b.Explain(b.Context(), answer.ID, said)
			return err
		},
		"closed without": func(b *bench, answer alert.Answer) error {
			return b.Unexplained(b.Context(), answer.ID, b.said(answer.AlertID, alice, ""))
		},
		"a no instead": func(b *bench, answer alert.Answer) error {
			heard := b.answers(answer.AlertID, alice, alert.No)
			require.Equal(b, alert.Denied, heard.Record.Verdict.Outcome)
			require.Equal(b, []string{"answer no"}, b.waiting(answer.AlertID))
			b.passes(time.Minute)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(b *bench) {
				answer := b.explained()
				require.NoError(b, happens(b, answer))
				require.Equal(b, []string{"answer yes"}, b.waiting(answer.AlertID))
				require.NoError(b, b.Unexplained(b.Context(), "nothing", b.said(answer.AlertID, alice, "")))
				b.passes(time.Hour)
				require.Empty(b, b.waiting(answer.AlertID))
			})
		})
	}
}

// A yes that needs no proof is decided at once, and so is one that proves nothing.
func TestAClaimIsDecidedByThePress(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		for reason, change := range map[string]plans{
			alert.ReasonFactorOff:     func(plan *alert.Plan) { plan.FactorOff = true },
			alert.ReasonFactorDoubted: func(plan *alert.Plan) { plan.FactorDoubted = true },
		} {
			record := b.asks(b.reports(on(reason), change))
			heard := b.answers(record.ID, alice, alert.Yes)
			require.Equal(b, alert.Verdict{Outcome: alert.Unproven, Reason: reason}, heard.Record.Verdict)
			require.NotNil(b, b.caseOf(record.ID))
		}
		recorded := b.asks(b.reports(on("a"), func(plan *alert.Plan) { plan.FactorOff, plan.RecordUnproven = true, true }))
		require.Equal(b, alert.Closed, b.answers(recorded.ID, alice, alert.Yes).Record.Status)
		require.Nil(b, b.caseOf(recorded.ID))
	})
}

// What somebody has resolved is open again when the person says no after all.
func TestALateNoOpensAResolvedCaseAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.asked(alice).ID
		b.passes(2*time.Hour + alert.AnswerGrace)
		b.settles(id)
		_, err := b.TakeResolve(b.Context(), b.said(id, bob, ""), "Bob", "she is on holiday")
		require.NoError(b, err)
		require.False(b, b.caseOf(id).ResolvedAt.IsZero())
		require.Empty(b, b.answers(id, alice, alert.No).Refusal)
		require.True(b, b.caseOf(id).ResolvedAt.IsZero())
		require.Equal(b, store.EscalationLateNo, b.reads(id).Escalation)
	})
}
