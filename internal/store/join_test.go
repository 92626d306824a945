package store_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// answersTo gives an answer to what a revision of the question showed.
func (b *bench) answersTo(id string, revision int, choice alert.Choice) store.Heard {
	b.Helper()
	said := b.said(id, alice, choice)
	said.Revision = revision
	heard, err := b.TakeAnswer(b.Context(), said)
	require.NoError(b, err)
	return heard
}

// requireVerdict of several alerts.
func (b *bench) requireVerdict(want alert.Verdict, ids ...string) {
	b.Helper()
	for _, id := range ids {
		require.Equal(b, want, b.reads(id).Verdict)
	}
}

// requireOneCase tells that a question has a case, which lists its other occurrences.
func (b *bench) requireOneCase(question string, joined ...string) {
	b.Helper()
	require.NotNil(b, b.caseOf(question))
	for _, id := range joined {
		record := b.reads(id)
		require.Equal(b, alert.Escalated, record.Status)
		require.Equal(b, question, record.CaseOf)
		require.Nil(b, b.caseOf(id))
	}
}

// thrice is a question that stands and was joined by two more.
func (b *bench) thrice() (question, second, third string) {
	b.Helper()
	question = b.asks(b.reports(on("db-1"), nil)).ID
	b.passes(time.Second)
	second = b.reports(on("db-1"), nil).ID
	b.passes(time.Second)
	third = b.reports(on("db-1"), nil).ID
	return question, second, third
}

func TestRepetitionsJoinTheOpenQuestion(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		question, second, third := b.thrice()
		require.Equal(b, []string{"start", "joined", "joined"}, b.waiting(question))
		for n, id := range []string{second, third} {
			record := b.reads(id)
			require.Equal(b, question, record.JoinedTo)
			require.Equal(b, n+2, record.JoinRevision)
			require.Equal(b, alert.Asking, record.Status)
			require.False(b, record.FinishedAt.IsZero(), "its own workflow has nothing to do")
		}
		record := b.reads(question)
		require.Equal(b, 3, record.Revision)
		require.Equal(b, 1, record.ShownRevision)
		require.NoError(b, b.Shown(b.Context(), question, 3))
		require.NoError(b, b.Shown(b.Context(), question, 2), "an edit that was overtaken")
		require.Equal(b, 3, b.reads(question).ShownRevision)
		require.Equal(b, "accepted identified planned asked occurred occurred", b.kinds(question))
		require.Len(b, b.story(question).Joined, 2)
	})
}

func TestWhatDoesNotJoin(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		question := b.asks(b.reports(on("db-1"), nil))
		b.passes(time.Second)
		severer, other := on("db-1"), on("db-1")
		severer.Severity, other.Detection = alert.High, "nmap"
		contexts := map[string]string{"null": `{"host":null}`, "empty": `{"host":""}`, "a list": `{"host":["db-1"]}`, "elsewhere": `{"hosts":"db-1"}`}
		for name, context := range contexts {
			reported := on("")
			reported.Context = json.RawMessage(context)
			require.Empty(b, b.reports(reported, nil).JoinedTo, name)
		}
		require.Empty(b, b.reports(sudo(""), nil).JoinedTo, "no context at all")
		require.Empty(b, b.reports(on("db-2"), nil).JoinedTo, "another host")
		require.Empty(b, b.reports(severer, nil).JoinedTo, "a higher severity")
		require.Empty(b, b.reports(other, nil).JoinedTo, "another detection")
		require.Empty(b, b.reports(on("db-1"), func(p *alert.Plan) { p.Rule = "root" }).JoinedTo, "another rule")
		require.Empty(b, b.reports(on("db-1"), func(p *alert.Plan) { p.Revision = "r2" }).JoinedTo, "the rule was changed")
		require.Empty(b, b.reports(on("db-1"), func(p *alert.Plan) { p.SuppressScope = []string{"host", "tty"} }).JoinedTo, "a field less")
		theirs, err := b.report(bob, on("db-1"), nil)
		require.NoError(b, err)
		require.Empty(b, theirs.JoinedTo, "somebody else")

		milder := on("db-1")
		milder.Severity = alert.Low
		require.Equal(b, question.ID, b.reports(milder, nil).JoinedTo)
	})
}

// Rounded to what a float holds, these would be the same process.
func TestNumbersOfAScopeAreNotRounded(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		byPID := plans(func(p *alert.Plan) { p.SuppressScope = []string{"pid"} })
		about := func(pid string) alert.Alert {
			reported := sudo("")
			reported.Context = json.RawMessage(`{"pid":` + pid + `}`)
			return reported
		}
		question := b.asks(b.reports(about("9007199254740992"), byPID))
		require.Empty(b, b.reports(about("9007199254740993"), byPID).JoinedTo)
		require.Equal(b, question.ID, b.reports(about("9007199254740992"), byPID).JoinedTo)
	})
}

func TestAnAnsweredOrOverdueQuestionTakesNoMore(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		answered := b.asks(b.reports(on("db-1"), nil))
		b.answers(answered.ID, alice, alert.Yes)
		require.Empty(b, b.reports(on("db-1"), nil).JoinedTo, "the yes is not about this one")
		overdue := b.asks(b.reports(on("db-2"), nil))
		b.passes(2 * time.Hour)
		require.Empty(b, b.reports(on("db-2"), nil).JoinedTo, "nobody would be asked about it")
		require.Empty(b, b.reads(overdue.ID).Verdict)
	})
}

func TestOneYesConfirmsAllThatItsButtonListed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		question, second, third := b.thrice()
		require.Empty(b, b.answersTo(question, 3, alert.Yes).Refusal)
		b.requireVerdict(alert.Verdict{}, question, second, third)
		b.approves(question)
		b.requireVerdict(alert.Verdict{Outcome: alert.Confirmed}, question, second, third)
		require.Equal(b, "accepted identified planned settled", b.kinds(second))
		require.Equal(b, alert.Closed, b.reads(third).Status)
	})
}

// The press was on its way when one more was added: it says nothing about that one.
func TestAPressOnAnOlderRevisionCoversExactlyThat(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		question, second, third := b.thrice()
		b.passes(time.Second)
		fourth := b.reports(on("db-1"), nil).ID
		b.waiting(third)
		b.answersTo(question, 2, alert.Yes)
		require.Equal(b, "accepted identified planned parted occurred", b.kinds(third))
		require.Equal(b, []string{"joined", "start"}, b.waiting(third), "the next question")
		require.Equal(b, third, b.reads(fourth).JoinedTo, "asks about the rest")
		require.Equal(b, alert.Received, b.reads(third).Status)
		require.True(b, b.reads(third).FinishedAt.IsZero())

		b.approves(question)
		b.requireVerdict(alert.Verdict{Outcome: alert.Confirmed}, question, second)
		b.requireVerdict(alert.Verdict{}, third, fourth)

		b.asks(b.reads(third))
		b.answersTo(third, 2, alert.No)
		b.requireVerdict(alert.Verdict{Outcome: alert.Denied}, third, fourth)
		b.requireOneCase(third, fourth)
	})
}

func TestTheGravestOfTheRestAsks(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		severe, mild := on("db-1"), on("db-1")
		severe.Severity, mild.Severity = alert.High, alert.Low
		question := b.asks(b.reports(severe, nil)).ID
		low, high := b.reports(mild, nil).ID, b.reports(severe, nil).ID
		b.answersTo(question, 1, alert.NotSure)
		b.requireVerdict(alert.Verdict{Outcome: alert.Unsure}, question)
		require.Empty(b, b.reads(high).JoinedTo)
		require.Equal(b, high, b.reads(low).JoinedTo)
	})
}

// With one question at a time the rest wait for the first to end.
func TestTheRestWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		one := plans(func(p *alert.Plan) { p.Limits.Open = 1 })
		question := b.asks(b.reports(on("db-1"), one)).ID
		rest := b.reports(on("db-1"), one).ID
		b.answersTo(question, 1, alert.Yes)
		require.Equal(b, alert.Held, b.reads(rest).Status)
		require.Equal(b, b.reads(rest).Plan.AskBy, b.reads(rest).QueuedUntil)
		b.waiting(rest)
		b.approves(question)
		require.Equal(b, alert.Received, b.reads(rest).Status)
		require.Equal(b, []string{"wake"}, b.waiting(rest))
	})
}

func TestAnswersToAJoinedQuestion(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		choice  alert.Choice
		verdict alert.Verdict
	}{
		"some weren't me": {alert.SomeNot, alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonSome}},
		"no":              {alert.No, alert.Verdict{Outcome: alert.Denied}},
		"not sure":        {alert.NotSure, alert.Verdict{Outcome: alert.Unsure}},
		"silence":         {"", alert.Verdict{Outcome: alert.NoResponse}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(b *bench) {
				question, second, third := b.thrice()
				if tc.choice != "" {
					b.answersTo(question, 3, tc.choice)
				}
				b.passes(2*time.Hour + alert.AnswerGrace)
				b.settles(question)
				b.requireVerdict(tc.verdict, question, second, third)
				b.requireOneCase(question, second, third)
			})
		})
	}
}

func TestSomeWerentMeOutranksAYes(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		question, second, _ := b.thrice()
		b.answersTo(question, 3, alert.Yes)
		proof := b.pushes(question, 1)
		require.Empty(b, b.answersTo(question, 3, alert.SomeNot).Refusal)
		require.Equal(b, store.RefusedSaidNo, b.answersTo(question, 3, alert.Yes).Refusal)
		b.phoneSays(proof, alert.ProofApproved)
		b.settles(question)
		b.requireVerdict(alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonSome}, question, second)
		require.Equal(b, alert.SomeNot, b.story(question).Answer().Choice)
	})
}

func TestALateNoRaisesEveryOccurrence(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		question, second, third := b.thrice()
		b.answersTo(question, 3, alert.Yes)
		b.approves(question)
		require.NoError(b, b.Finish(b.Context(), question))
		b.passes(time.Hour)
		require.Empty(b, b.answersTo(question, 3, alert.No).Refusal)
		b.requireVerdict(alert.Verdict{Outcome: alert.Confirmed}, question, second, third)
		require.Equal(b, store.EscalationLateNo, b.reads(third).Escalation)
		b.requireOneCase(question, second, third)
	})
}

// Who answers after the deadline has been silent about all of it.
func TestALateAnswerLeavesNothingOver(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		question, second, third := b.thrice()
		b.passes(2*time.Hour + time.Second)
		require.True(b, b.answersTo(question, 1, alert.Yes).Answer.Late)
		require.Equal(b, question, b.reads(second).JoinedTo)
		b.passes(alert.AnswerGrace)
		b.settles(question)
		b.requireVerdict(alert.Verdict{Outcome: alert.NoResponse}, question, second, third)
		b.requireOneCase(question, second, third)
	})
}

func TestAnOccurrenceJoinsAQuestionThatWaits(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		monday := noon.Add(72 * time.Hour)
		held := plans(func(p *alert.Plan) { p.NotBefore, p.Limits.Open = monday, 1 })
		question := b.reports(on("db-1"), held)
		require.Equal(b, alert.Held, question.Status)
		joined := b.reports(on("db-1"), held)
		require.Equal(b, question.ID, joined.JoinedTo)
		require.Equal(b, alert.Held, joined.Status)
		turned, err := b.TakeTurn(b.Context(), joined.ID)
		require.NoError(b, err)
		require.Equal(b, joined, turned, "it has no turn of its own")

		b.moment.Store(monday.UnixMicro())
		turned, err = b.TakeTurn(b.Context(), question.ID)
		require.NoError(b, err)
		require.Equal(b, alert.Received, turned.Status)
		b.asks(question)
		require.Equal(b, 2, b.reads(question.ID).ShownRevision, "the first message lists both")
		b.answersTo(question.ID, 2, alert.Yes)
		b.approves(question.ID)
		b.requireVerdict(alert.Verdict{Outcome: alert.Confirmed}, question.ID, joined.ID)
	})
}

// The question was rendered, one more came, and only then was it posted.
func TestAQuestionThatShowsLessThanItAsks(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		question := b.reports(on("db-1"), nil)
		post, _, err := b.BeginPost(b.Context(), question.ID, store.PurposeQuestion)
		require.NoError(b, err)
		post.Channel, post.TS, post.PostedAt, post.Revision = "C1", "1.1", b.Now(), 1
		joined := b.reports(on("db-1"), nil).ID
		b.waiting(question.ID)
		require.NoError(b, b.FinishPost(b.Context(), post, store.KindAsked, nil, nil))
		require.Equal(b, []string{"joined"}, b.waiting(question.ID), "it is to be edited")
		require.Equal(b, 1, b.reads(question.ID).ShownRevision, "which is what somebody who types has seen")
		b.answersTo(question.ID, 1, alert.Yes)
		require.Empty(b, b.reads(joined).JoinedTo)
	})
}

func TestManyJoinAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		question := b.asks(b.reports(on("db-1"), nil)).ID
		joined := together(b, 12, func(int) (store.Record, error) { return b.report(alice, on("db-1"), nil) })
		revisions := map[int]bool{}
		for _, record := range joined {
			require.Equal(b, question, record.JoinedTo)
			revisions[record.JoinRevision] = true
		}
		require.Len(b, revisions, 12, "each in a revision of its own")
		require.Equal(b, 13, b.reads(question).Revision)
		b.story(question)
	})
}

// Whatever comes first: what joined has the question's verdict, what didn't has a
// question of its own.
func TestJoinAndAnswerAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		for round := range 5 {
			host := fmt.Sprint("db-", round)
			question := b.asks(b.reports(on(host), nil)).ID
			records := together(b, 6, func(n int) (store.Record, error) {
				if n == 3 {
					heard, err := b.TakeAnswer(b.Context(), b.said(question, alice, alert.No))
					return heard.Record, err
				}
				return b.report(alice, on(host), nil)
			})
			b.requireVerdict(alert.Verdict{Outcome: alert.Denied}, question)
			askers := 0
			for _, record := range records {
				stands := b.reads(record.ID)
				switch {
				case stands.ID == question:
				case stands.JoinedTo == "":
					askers++
					require.True(b, stands.HasTurn())
				default:
					require.NotEqual(b, question, stands.JoinedTo, "the answer was to the first alone")
					require.True(b, b.reads(stands.JoinedTo).HasTurn())
				}
			}
			require.Equal(b, 1, askers)
		}
	})
}

func TestJoinAndSettleAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		for round := range 5 {
			host := fmt.Sprint("db-", round)
			question := b.asks(b.reports(on(host), nil)).ID
			b.passes(2*time.Hour + alert.AnswerGrace)
			records := together(b, 6, func(n int) (store.Record, error) {
				if n%2 == 0 {
					return b.Settle(b.Context(), question, store.Because{})
				}
				return b.report(alice, on(host), nil)
			})
			for _, record := range records {
				stands := b.reads(record.ID)
				require.NotEqual(b, question, stands.JoinedTo)
				require.Equal(b, stands.ID == question, stands.Verdict.Decided())
			}
		}
	})
}

// Whoever drives the steps can't give it an end of its own.
func TestWhatJoinedIsSettledWithItsQuestion(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		question, second, _ := b.thrice()
		b.passes(24 * time.Hour)
		settled, err := b.Settle(b.Context(), second, store.Because{Undelivered: alert.ReasonUndelivered})
		require.NoError(b, err)
		require.Zero(b, settled.Verdict)
		b.settles(question)
		b.requireVerdict(alert.Verdict{Outcome: alert.NoResponse}, second)
	})
}

func TestWhatAnAnswerLeftOverIsNotAskedOfASuspectedAccount(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		question, second, third := b.thrice()
		b.contradicts(alice)
		b.answersTo(question, 1, alert.Yes)
		b.requireVerdict(alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonDistrusted}, second, third)
		b.requireOneCase(second, third)
		b.settles(question)
		b.requireVerdict(alert.Verdict{Outcome: alert.Unproven, Reason: alert.ReasonDistrusted}, question)
	})
}
