package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// suppressing lets a proven yes cover repetitions for eight hours.
func suppressing(plan *alert.Plan) { plan.SuppressFor = 8 * time.Hour }

// proven asks about an alert and proves the yes.
func (b *bench) proven(record store.Record) store.Record {
	b.Helper()
	b.asks(record)
	b.answers(record.ID, alice, alert.Yes)
	settled := b.approves(record.ID)
	require.Equal(b, alert.Verdict{Outcome: alert.Confirmed}, settled.Verdict)
	return settled
}

// inForce are the suppressions that hold now.
func (b *bench) inForce() []store.Suppression {
	b.Helper()
	listed, err := b.Suppressions(b.Context(), b.Now(), 100)
	require.NoError(b, err)
	var inForce []store.Suppression
	for _, suppression := range listed {
		if suppression.InForce(b.Now()) {
			inForce = append(inForce, suppression)
		}
	}
	return inForce
}

func TestAProvenYesCoversRepetitions(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		proven := b.proven(b.reports(on("db-1"), suppressing))
		b.passes(time.Hour)
		covered := b.settles(b.reports(on("db-1"), suppressing).ID)
		require.Equal(b, alert.Verdict{Outcome: alert.Suppressed, Reason: store.SuppressProven}, covered.Verdict)
		require.Equal(b, alert.Closed, covered.Status)
		require.Equal(b, "accepted identified planned settled", b.kinds(covered.ID))
		covering := b.story(covered.ID).Covering
		require.Equal(b, proven.ID, covering.AlertID, "it names what covers it")
		require.Equal(b, 1, covering.Used)

		severer, other, unscoped := of(alert.High, on("db-1")), on("db-1"), sudo("")
		other.Detection = "nmap"
		for name, reported := range map[string]alert.Alert{
			"a higher severity": severer, "another detection": other, "no scope": unscoped, "another host": on("db-2"),
		} {
			require.Equal(b, alert.Ask, b.reports(reported, suppressing).Plan.Action, name)
		}
		outside := b.reports(on("db-1"), func(plan *alert.Plan) { suppressing(plan); plan.InHours = false })
		require.Equal(b, alert.Ask, outside.Plan.Action, "outside their hours")
		theirs, err := b.report(bob, on("db-1"), suppressing)
		require.NoError(b, err)
		require.Equal(b, alert.Ask, theirs.Plan.Action, "somebody else")
		require.Equal(b, alert.Suppressed, b.reports(of(alert.Low, on("db-1")), suppressing).Plan.Verdict.Outcome)
	})
}

func TestASuppressionEnds(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		b.proven(b.reports(on("db-1"), suppressing))
		for range 20 {
			require.Equal(b, alert.Suppressed, b.reports(on("db-1"), suppressing).Plan.Verdict.Outcome)
		}
		require.Equal(b, alert.Ask, b.reports(on("db-1"), suppressing).Plan.Action, "after twenty alerts")
		b.proven(b.reports(on("db-2"), suppressing))
		b.passes(8*time.Hour - time.Microsecond)
		require.Equal(b, alert.Suppressed, b.reports(on("db-2"), suppressing).Plan.Verdict.Outcome)
		b.passes(time.Microsecond)
		require.Equal(b, alert.Ask, b.reports(on("db-2"), suppressing).Plan.Action, "after its time")
	})
}

func TestManyAtOnceAreCoveredNoMoreOftenThanMayBe(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		b.proven(b.reports(on("db-1"), suppressing))
		records := together(b, 26, func(int) (store.Record, error) { return b.report(alice, on("db-1"), suppressing) })
		covered := 0
		for _, record := range records {
			if record.CoveredBy != "" {
				covered++
			}
		}
		require.Equal(b, 20, covered)
	})
}

func TestWhatSuppressesNothing(t *testing.T) {
	t.Parallel()
	off := plans(func(plan *alert.Plan) { suppressing(plan); plan.FactorOff, plan.RecordUnproven = true, true })
	for name, happens := range map[string]func(b *bench){
		"a no": func(b *bench) { b.answers(b.asks(b.reports(on("a"), suppressing)).ID, alice, alert.No) },
		"a yes without proof": func(b *bench) {
			id := b.asks(b.reports(on("a"), suppressing)).ID
			b.answers(id, alice, alert.Yes)
			b.phoneSays(b.pushes(id, 1), alert.ProofUnavailable)
			b.settles(id)
		},
		"a yes that needs no proof": func(b *bench) {
			id := b.asks(b.reports(on("a"), off)).ID
			b.answers(id, alice, alert.Yes)
			require.Equal(b, alert.Closed, b.reads(id).Status)
		},
		"a late yes": func(b *bench) {
			id := b.asks(b.reports(on("a"), suppressing)).ID
			b.passes(3 * time.Hour)
			b.settles(id)
			b.answers(id, alice, alert.Yes)
			b.approves(id)
		},
		"a late yes, proved before the verdict": func(b *bench) {
			id := b.asks(b.reports(on("a"), suppressing)).ID
			b.passes(3 * time.Hour)
			b.answers(id, alice, alert.Yes)
			require.Equal(b, alert.NoResponse, b.approves(id).Verdict.Outcome)
		},
		"a missing scope":            func(b *bench) { b.proven(b.reports(sudo(""), suppressing)) },
		"a policy that wants none":   func(b *bench) { b.proven(b.reports(on("a"), nil)) },
		"a test":                     func(b *bench) { b.answers(b.wantsATest(suppressing).ID, alice, alert.Yes) },
		"a yes denied on the phone":  func(b *bench) { b.contradicts(alice) },
		"a yes that a no takes back": func(b *bench) { b.answers(b.proven(b.reports(on("a"), suppressing)).ID, alice, alert.No) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(b *bench) {
				happens(b)
				require.Empty(b, b.inForce())
			})
		})
	}
}

// A responder looks at a confirmed alert and does not like what they see.
func TestAReviewThatReopensRevokes(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		reviewed := plans(func(plan *alert.Plan) { suppressing(plan); plan.Review = alert.ReviewPolicy })
		kept, reopened := b.proven(b.reports(on("a"), reviewed)), b.proven(b.reports(on("b"), reviewed))
		require.Len(b, b.inForce(), 2)
		_, err := b.TakeReview(b.Context(), b.said(reopened.ID, bob, ""), "Bob", false)
		require.NoError(b, err)
		require.Len(b, b.inForce(), 1)
		require.Equal(b, kept.ID, b.inForce()[0].AlertID)
		require.Contains(b, b.kinds(reopened.ID), store.KindRevoked)
	})
}

func TestDistrustRevokes(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		proven := b.proven(b.reports(on("db-1"), suppressing))
		admitted := b.reports(on("db-1"), suppressing) // and not settled yet
		require.NotEmpty(b, admitted.CoveredBy)
		b.contradicts(alice)
		require.Empty(b, b.inForce())
		require.Contains(b, b.kinds(proven.ID), store.KindRevoked)
		settled := b.settles(admitted.ID)
		require.Equal(b, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonDistrusted}, settled.Verdict)
		require.Empty(b, settled.CoveredBy)
		require.NotNil(b, b.caseOf(admitted.ID))
	})
}

func TestRevokeByHand(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		proven := b.proven(b.reports(on("db-1"), suppressing))
		id := b.inForce()[0].ID
		revoked, err := b.Revoke(b.Context(), id, sam.PersonKey, "carol", "not so fast")
		require.NoError(b, err)
		require.Equal(b, "carol", revoked.RevokedBy)
		_, err = b.Revoke(b.Context(), id, sam.PersonKey, "carol", "again")
		require.ErrorIs(b, err, store.ErrSilentRevoking)
		_, err = b.Revoke(b.Context(), "nothing", sam.PersonKey, "carol", "why not")
		require.ErrorIs(b, err, store.ErrNotFound)
		require.Contains(b, b.kinds(proven.ID), store.KindRevoked)
		require.Equal(b, alert.Ask, b.reports(on("db-1"), suppressing).Plan.Action)
	})
}

func TestExceptions(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		carol := alert.PersonKey{Team: "T1", User: "UCAROL"}
		exception := store.Suppression{
			Person: alice.PersonKey, Detection: "sudo_interactive", Scope: json.RawMessage(` { "host" : "db-1" } `),
			Severity: alert.Medium, Reason: "a migration", Until: noon.Add(7 * 24 * time.Hour),
		}
		for want, change := range map[error]func(*store.Suppression){
			store.ErrOwnException:  func(s *store.Suppression) { s.Person = carol },
			store.ErrNoReason:      func(s *store.Suppression) { s.Reason = "" },
			store.ErrLongException: func(s *store.Suppression) { s.Until = s.Until.Add(time.Second) },
			store.ErrNotScope:      func(s *store.Suppression) { s.Scope = json.RawMessage(`{"host":["db-1"]}`) },
		} {
			wrong := exception
			change(&wrong)
			_, err := b.Except(b.Context(), wrong, carol, "Carol", "Alice")
			require.ErrorIs(b, err, want)
		}
		past := exception
		past.Until = noon
		_, err := b.Except(b.Context(), past, carol, "Carol", "Alice")
		require.ErrorIs(b, err, store.ErrLongException)
		require.Empty(b, b.inForce())

		made, err := b.Except(b.Context(), exception, carol, "Carol", "Alice")
		require.NoError(b, err)
		require.JSONEq(b, `{"host":"db-1"}`, string(made.Scope))
		night := b.reports(on("db-1"), func(plan *alert.Plan) { plan.InHours = false })
		require.Equal(b, alert.Verdict{Outcome: alert.Suppressed, Reason: store.SuppressException}, night.Plan.Verdict)
		require.Equal(b, alert.Ask, b.reports(of(alert.High, on("db-1")), nil).Plan.Action)
		require.NoError(b, b.db.InTx(b.Context(), func(tx store.Tx) error {
			notices, err := tx.Notices(b.Context(), store.NoticeException, noon)
			require.Len(b, notices, 1, "it is announced")
			return err
		}))
	})
}
