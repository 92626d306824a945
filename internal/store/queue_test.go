package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

func atMost(open int) plans {
	return func(plan *alert.Plan) { plan.Limits.Open = open }
}

// of gives an alert another severity.
func of(severity alert.Severity, reported alert.Alert) alert.Alert {
	reported.Severity = severity
	return reported
}

// openQuestions counts what Alice is asked, or about to be.
func (b *bench) openQuestions() int {
	b.Helper()
	open, err := b.OpenOf(b.Context(), alice.PersonKey)
	require.NoError(b, err)
	count := 0
	for _, record := range open {
		if record.HasTurn() {
			count++
		}
	}
	return count
}

func TestTheGravestThenTheOldestIsAskedNext(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		first := b.asks(b.reports(on("a"), atMost(1)))
		waits := map[string]string{}
		for _, severity := range []alert.Severity{alert.Low, alert.Medium, alert.Critical} {
			for n := range 2 {
				b.passes(time.Second)
				record := b.reports(of(severity, on(fmt.Sprint(severity, n))), atMost(1))
				require.Equal(b, alert.Held, record.Status)
				require.Equal(b, record.Plan.AskBy, record.QueuedUntil, "its own deadline runs")
				waits[fmt.Sprint(severity, n)] = record.ID
			}
		}
		b.answers(first.ID, alice, alert.No)
		for _, next := range []string{"critical0", "critical1", "medium0", "medium1", "low0", "low1"} {
			require.Equal(b, 1, b.openQuestions())
			require.Contains(b, b.waiting(waits[next]), "wake", next)
			record := b.asks(b.reads(waits[next]))
			require.Zero(b, record.QueuedUntil)
			b.answers(record.ID, alice, alert.No)
		}
	})
}

func TestAQuestionThatNeverHadItsTurnIsUnasked(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		first := b.asks(b.reports(on("a"), atMost(1)))
		b.passes(time.Hour)
		waits := b.reports(on("b"), atMost(1))
		b.passes(time.Hour + alert.AnswerGrace)
		turned, err := b.TakeTurn(b.Context(), waits.ID)
		require.NoError(b, err)
		require.Equal(b, alert.Held, turned.Status)
		require.Equal(b, waits.QueuedUntil, turned.QueuedUntil, "looking does not put it off")

		b.passes(time.Hour) // the first is overdue too, but nobody has settled it
		require.Equal(b, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonTooMany}, b.settles(waits.ID).Verdict)
		require.NotNil(b, b.caseOf(waits.ID))
		require.Equal(b, alert.NoResponse, b.settles(first.ID).Verdict.Outcome)
	})
}

// A turn that comes when it is too late to ask is none.
func TestAnOverdueQuestionIsNotPromoted(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		first := b.asks(b.reports(on("a"), atMost(1)))
		waits := b.reports(on("b"), atMost(1))
		b.passes(3 * time.Hour)
		b.settles(first.ID)
		require.Equal(b, alert.Held, b.reads(waits.ID).Status)
		require.Equal(b, alert.ReasonTooMany, b.settles(waits.ID).Verdict.Reason)
	})
}

func TestQuestionsAtOnceKeepTheLimit(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		records := together(b, 10, func(n int) (store.Record, error) { return b.report(alice, on(fmt.Sprint(n)), atMost(3)) })
		require.Equal(b, 3, b.openQuestions())
		held := 0
		for _, record := range records {
			if record.Status == alert.Held {
				held++
			}
		}
		require.Equal(b, 7, held)
		together(b, 10, func(n int) (store.Record, error) { return b.TakeTurn(b.Context(), records[n].ID) })
		require.Equal(b, 3, b.openQuestions())
	})
}

func TestAHeldQuestionTakesItsTurnWhenWorkBegins(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		morning := noon.Add(20 * time.Hour)
		atNine := plans(func(plan *alert.Plan) { plan.NotBefore, plan.Limits.Open = morning, 1 })
		first, second := b.reports(on("a"), atNine), b.reports(on("b"), atNine)
		for _, record := range []store.Record{first, second} {
			require.Equal(b, alert.Held, record.Status)
			require.Zero(b, record.QueuedUntil)
			turned, err := b.TakeTurn(b.Context(), record.ID)
			require.NoError(b, err)
			require.Equal(b, alert.Held, turned.Status, "not yet")
		}
		require.Zero(b, b.openQuestions())
		b.passes(20 * time.Hour)
		turned := together(b, 2, func(n int) (store.Record, error) {
			return b.TakeTurn(b.Context(), []string{first.ID, second.ID}[n])
		})
		require.NotEqual(b, turned[0].Status, turned[1].Status, "one of them")
		require.Equal(b, 1, b.openQuestions())
		for _, record := range turned {
			if record.Status == alert.Held {
				require.Equal(b, morning.Add(2*time.Hour), record.QueuedUntil)
				require.Contains(b, b.kinds(record.ID), store.KindHeld)
			}
		}
	})
}

func TestLongHoldsAndGraveQuestionsAreTold(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		told := func(kind string) int {
			notices := []store.Notice{}
			require.NoError(b, b.db.InTx(b.Context(), func(tx store.Tx) (err error) {
				notices, err = tx.Notices(b.Context(), kind, noon)
				return err
			}))
			return len(notices)
		}
		hold := func(length time.Duration) plans {
			return func(plan *alert.Plan) { plan.NotBefore = b.Now().Add(length) }
		}
		b.reports(on("a"), hold(16*time.Hour))
		require.Zero(b, told(store.NoticeHeld))
		record := b.reports(on("b"), hold(16*time.Hour+time.Second))
		require.Equal(b, 1, told(store.NoticeHeld))
		b.reports(on("b"), hold(16*time.Hour+time.Second))
		require.Equal(b, 1, told(store.NoticeHeld), "one line for a question and what joins it")
		_, err := b.Admit(b.Context(), record.ID, store.Identified{Person: alice}, plans(nil))
		require.NoError(b, err)
		require.Equal(b, 1, told(store.NoticeHeld))

		tell := plans(func(plan *alert.Plan) { plan.Tell = true })
		b.reports(of(alert.Critical, on("c")), tell)
		require.Equal(b, 1, told(store.NoticeTold))
	})
}

func TestRequestsAndTestsDoNotCount(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		one := plans(func(plan *alert.Plan) { plan.Limits = alert.Limits{Open: 1, Storm: 2, PersonDay: 1} })
		b.wantsATest(one)
		b.wantsATest(one)
		b.wantsATest(one)
		require.Zero(b, b.openQuestions())
		question := b.asks(b.reports(on("a"), one))
		b.wantsATest(one)
		b.answers(question.ID, alice, alert.No)
		require.Equal(b, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonCapped}, b.reports(on("b"), one).Plan.Verdict)
	})
}

// wantsATest has Alice see a harmless alert, if she may; an hour has passed then.
func (b *bench) wantsATest(planner plans) store.Record {
	b.Helper()
	refusal, err := b.Test(b.Context(), alice.PersonKey, "A test", "Nothing happened")
	require.NoError(b, err)
	require.Empty(b, refusal)
	tests, err := b.List(b.Context(), store.Filter{Detection: alert.DetectionTest})
	require.NoError(b, err)
	record, err := b.Admit(b.Context(), tests[0].ID, store.Identified{Person: alice}, planner)
	require.NoError(b, err)
	record = b.asks(record)
	b.passes(time.Minute)
	if len(tests)%3 == 0 {
		b.passes(time.Hour)
	}
	return record
}

func TestDailyCaps(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		two := plans(func(plan *alert.Plan) { plan.Limits.PersonDay = 2 })
		b.answers(b.asks(b.reports(on("a"), two)).ID, alice, alert.No)
		question := b.asks(b.reports(on("b"), two))
		require.Equal(b, question.ID, b.reports(on("b"), two).JoinedTo, "what joins asks nothing more")
		capped := b.reports(on("c"), two)
		require.Equal(b, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonCapped}, b.settles(capped.ID).Verdict)
		require.NotNil(b, b.caseOf(capped.ID))
		theirs, err := b.report(bob, on("c"), two)
		require.NoError(b, err)
		require.Equal(b, alert.Ask, theirs.Plan.Action)

		b.passes(24*time.Hour + time.Second)
		require.Equal(b, alert.Ask, b.reports(on("d"), two).Plan.Action)
		everybody := plans(func(plan *alert.Plan) { plan.Limits.Day = 1 })
		b.asks(b.reports(on("e"), everybody))
		theirs, err = b.report(bob, on("f"), everybody)
		require.NoError(b, err)
		require.Equal(b, alert.ReasonCapped, theirs.Plan.Verdict.Reason)
	})
}

// None of them is posted yet when the next is admitted.
func TestThePersonsCapHoldsForAlertsAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		four := plans(func(plan *alert.Plan) { plan.Limits.PersonDay = 4 })
		together(b, 10, func(n int) (store.Record, error) { return b.report(alice, on(fmt.Sprint(n)), four) })
		require.Equal(b, 4, b.openQuestions())
	})
}

func TestWhoOptedOutIsNotAsked(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		asked := b.asks(b.reports(on("a"), atMost(1)))
		waits := b.reports(on("b"), atMost(1))
		held := b.reports(on("c"), func(plan *alert.Plan) { plan.NotBefore = noon.Add(72 * time.Hour) })
		b.waiting("")
		refusal, err := b.OptOut(b.Context(), store.OptOut{Person: alice.PersonKey, Until: noon.Add(24 * time.Hour), By: "Alice"}, "Alice")
		require.NoError(b, err)
		require.Empty(b, refusal)
		woken := b.wakes()
		require.ElementsMatch(b, []string{waits.ID, held.ID}, woken, "at once, and not on Monday")
		for _, record := range []store.Record{waits, held, b.reports(on("d"), nil)} {
			settled := b.settles(record.ID)
			require.Equal(b, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonOptedOut}, settled.Verdict)
			require.NotNil(b, b.caseOf(record.ID), "never closed unseen")
		}
		require.Zero(b, b.settles(asked.ID).Verdict, "a question that stands may be answered")
		require.Empty(b, b.answers(asked.ID, alice, alert.No).Refusal)

		again, err := b.OptOut(b.Context(), store.OptOut{Person: alice.PersonKey, Until: noon.Add(48 * time.Hour), By: "Alice"}, "Alice")
		require.NoError(b, err)
		require.Equal(b, store.RefusedAlready, again, "no opt-out is made longer by itself")
		b.passes(24 * time.Hour)
		require.Equal(b, alert.Ask, b.reports(on("e"), nil).Plan.Action, "it ends by itself")
		refusal, err = b.OptIn(b.Context(), alice.PersonKey, "Alice", "Sam")
		require.NoError(b, err)
		require.Equal(b, store.RefusedAlready, refusal)
	})
}

// wakes are the alerts whose workflows are woken, taken away by looking.
func (b *bench) wakes() []string {
	b.Helper()
	entries, err := b.ClaimOutgoing(b.Context(), time.Minute, 1000)
	require.NoError(b, err)
	var ids []string
	for _, entry := range entries {
		require.NoError(b, b.Delivered(b.Context(), entry.ID))
		if entry.Kind == store.OutgoingWake {
			ids = append(ids, entry.AlertID)
		}
	}
	return ids
}

func TestOptInEndsAnOptOut(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		_, err := b.OptOut(b.Context(), store.OptOut{Person: alice.PersonKey, Until: noon.Add(time.Hour)}, "Alice")
		require.NoError(b, err)
		outs, err := b.OptOuts(b.Context())
		require.NoError(b, err)
		require.Len(b, outs, 1)
		b.passes(time.Minute)
		refusal, err := b.OptIn(b.Context(), alice.PersonKey, "Alice", "Sam")
		require.NoError(b, err)
		require.Empty(b, refusal)
		_, out, err := b.OptOutOf(b.Context(), alice.PersonKey)
		require.NoError(b, err)
		require.False(b, out)
		require.Equal(b, alert.Ask, b.reports(on("a"), nil).Plan.Action)
		require.NoError(b, b.db.InTx(b.Context(), func(tx store.Tx) error {
			notices, err := tx.Notices(b.Context(), store.NoticeOptedIn, noon)
			require.Len(b, notices, 1)
			require.JSONEq(b, `{"who":"Alice","by":"Sam"}`, string(notices[0].Data), "everybody learns who did it")
			return err
		}))
	})
}

// Each stop is announced, so that there are few of them.
func TestThreeStopsADay(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		stops := func(reason string) store.Refusal {
			b.passes(time.Minute)
			until := b.Now().Add(time.Hour)
			refusal, err := b.OptOut(b.Context(), store.OptOut{Person: alice.PersonKey, Until: until, Reason: reason}, "Alice")
			require.NoError(b, err)
			_, err = b.OptIn(b.Context(), alice.PersonKey, "Alice", "Sam")
			require.NoError(b, err)
			return refusal
		}
		for range 3 {
			require.Empty(b, stops(""))
		}
		require.Equal(b, store.RefusedTooOften, stops(""))
		require.Empty(b, stops("on leave, says her manager"), "an administrator may")
		b.passes(24 * time.Hour)
		require.Empty(b, stops(""))
	})
}

func TestNobodyIsAskedWhilePaused(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		refusals := together(b, 3, func(int) (store.Refusal, error) { return b.Pause(b.Context(), "carol", "a bad rule") })
		require.ElementsMatch(b, []store.Refusal{"", store.RefusedAlready, store.RefusedAlready}, refusals)
		record := b.reports(on("a"), nil)
		require.Equal(b, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonPaused}, b.settles(record.ID).Verdict)
		require.NotNil(b, b.caseOf(record.ID), "the security team sees it all the same")
		refusal, err := b.Resume(b.Context(), "carol")
		require.NoError(b, err)
		require.Empty(b, refusal)
		paused, err := b.Paused(b.Context())
		require.NoError(b, err)
		require.False(b, paused)
		require.Equal(b, alert.Ask, b.reports(on("b"), nil).Plan.Action)
		refusal, err = b.Resume(b.Context(), "carol")
		require.NoError(b, err)
		require.Equal(b, store.RefusedAlready, refusal)
	})
}

// A trial neither asks nor tells, whoever it is about.
func TestWhatIsOnlyObserved(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		shadow := plans(func(plan *alert.Plan) {
			plan.Action, plan.Would = alert.Close, alert.Ask
			plan.Verdict = alert.Verdict{Outcome: alert.Observed, Reason: alert.ReasonShadow}
		})
		b.contradicts(alice)
		settled := b.settles(b.reports(on("a"), shadow).ID)
		require.Equal(b, alert.Verdict{Outcome: alert.Observed, Reason: alert.ReasonShadow}, settled.Verdict)
		require.Equal(b, alert.Closed, settled.Status)
		require.Nil(b, b.caseOf(settled.ID))
	})
}
