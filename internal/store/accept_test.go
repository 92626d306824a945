package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

func TestAcceptWithAKey(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		first, err := b.Accept(b.Context(), sudo("k"))
		require.NoError(b, err)
		require.False(b, first.Duplicate)
		require.Equal(b, alert.KeyedID("auditd", "k"), first.Record.ID)
		require.Equal(b, noon, first.Record.ReceivedAt)
		require.Equal(b, alert.Received, first.Record.Status)

		for name, tc := range map[string]struct {
			change    func(*alert.Alert)
			duplicate bool
			conflict  bool
		}{
			"the same":             {func(*alert.Alert) {}, true, false},
			"with another title":   {func(a *alert.Alert) { a.Title = "other" }, true, false},
			"about somebody else":  {func(a *alert.Alert) { a.Subject.Email = "bob@example.com" }, false, true},
			"with one field more":  {func(a *alert.Alert) { a.Subject.Username = "alice" }, false, true},
			"by another detection": {func(a *alert.Alert) { a.Detection = "nmap" }, false, true},
			"from another source":  {func(a *alert.Alert) { a.Source = "zeek" }, false, false},
		} {
			again := sudo("k")
			tc.change(&again)
			b.passes(24 * time.Hour)
			accepted, err := b.Accept(b.Context(), again)
			if tc.conflict {
				require.ErrorIs(b, err, store.ErrConflict, name)
				continue
			}
			require.NoError(b, err, name)
			require.Equal(b, tc.duplicate, accepted.Duplicate, name)
			require.Equal(b, tc.duplicate, accepted.Record.ID == first.Record.ID, name)
		}
		require.Equal(b, store.KindAccepted, b.kinds(first.Record.ID))
		require.Equal(b, "sudo to an interactive shell", b.reads(first.Record.ID).Title, "the first stands")
		require.Equal(b, []string{"start"}, b.waiting(first.Record.ID))
	})
}

func TestAcceptWithoutAKey(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		then := noon.Add(-time.Hour)
		for name, tc := range map[string]struct {
			occurred, again time.Time
			after           time.Duration
			change          func(*alert.Alert)
			duplicate       bool
		}{
			"at once":                           {after: 0, duplicate: true},
			"just within ten minutes":           {after: 10*time.Minute - time.Microsecond, duplicate: true},
			"after ten minutes":                 {after: 10 * time.Minute},
			"with its time, a year later":       {occurred: then, again: then, after: 365 * 24 * time.Hour, duplicate: true},
			"with its time in another zone":     {occurred: then, again: then.In(time.FixedZone("", 3600)), after: time.Hour, duplicate: true},
			"of another time":                   {occurred: then, again: then.Add(time.Second)},
			"of a time, then of none":           {occurred: then},
			"of no time, then of one":           {again: then},
			"context in another order":          {change: func(a *alert.Alert) { a.Context = []byte(`{ "b":2,  "a":1 }`) }, duplicate: true},
			"context with another value":        {change: func(a *alert.Alert) { a.Context = []byte(`{"a":1,"b":3}`) }},
			"the same words in other fields":    {change: func(a *alert.Alert) { a.Title, a.Description = a.Description, a.Title }},
			"from another source":               {change: func(a *alert.Alert) { a.Source += "2" }},
			"about somebody else, same time":    {occurred: then, again: then, change: func(a *alert.Alert) { a.Subject.Email = "bob@example.com" }},
			"with another severity, after that": {change: func(a *alert.Alert) { a.Severity = alert.Low }},
		} {
			reported := sudo("")
			reported.Source, reported.Description = b.fresh("source"), "as root"
			reported.Context = []byte(`{"a":1,"b":2}`)
			reported.OccurredAt = tc.occurred
			first, err := b.Accept(b.Context(), reported)
			require.NoError(b, err, name)
			require.False(b, first.Duplicate, name)

			b.passes(tc.after)
			reported.OccurredAt = tc.again
			if tc.change != nil {
				tc.change(&reported)
			}
			second, err := b.Accept(b.Context(), reported)
			require.NoError(b, err, name)
			require.Equal(b, tc.duplicate, second.Duplicate, name)
			require.Equal(b, tc.duplicate, first.Record.ID == second.Record.ID, name)
		}
	})
}

// A source that repeats itself is a new alert every ten minutes, not never again.
func TestRepetitionsDoNotPutOffTheNextAlert(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		fresh := 0
		for range 7 { // at 0, 5, 10 … 30 minutes
			accepted, err := b.Accept(b.Context(), sudo(""))
			require.NoError(b, err)
			if !accepted.Duplicate {
				fresh++
			}
			b.passes(5 * time.Minute)
		}
		require.Equal(b, 4, fresh)
	})
}

func TestTheSamePostFiftyTimesAtOnceIsOneAlert(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		for _, key := range []string{"", "k"} {
			all := together(b, 50, func(int) (store.Accepted, error) { return b.Accept(b.Context(), sudo(key)) })
			fresh := 0
			for _, accepted := range all {
				require.Equal(b, all[0].Record.ID, accepted.Record.ID)
				if !accepted.Duplicate {
					fresh++
				}
			}
			require.Equal(b, 1, fresh)
			require.Equal(b, store.KindAccepted, b.kinds(all[0].Record.ID))
			require.Equal(b, []string{"start"}, b.waiting(all[0].Record.ID))
		}
	})
}

func TestAcceptIsAllOrNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		gone, cancel := context.WithCancel(b.Context())
		cancel()
		_, err := b.Accept(gone, sudo("k"))
		require.Error(b, err)
		listed, err := b.List(b.Context(), store.Filter{})
		require.NoError(b, err)
		require.Empty(b, listed)
		count, _, err := b.Backlog(b.Context())
		require.NoError(b, err)
		require.Zero(b, count)
	})
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.accepted().ID
		b.passes(time.Second)
		record, err := b.Admit(b.Context(), id, store.Identified{Person: alice}, plans(nil))
		require.NoError(b, err)
		require.Equal(b, alice.PersonKey, record.Person)
		require.Equal(b, alert.Ask, record.Plan.Action)
		require.Equal(b, 2*time.Hour, record.Plan.Deadline)
		require.Equal(b, noon.Add(time.Second+2*time.Hour), record.Plan.AskBy)
		require.Regexp(b, `^[1-9]\d\d$`, record.Code)
		require.Equal(b, 1, record.Revision)
		require.Zero(b, record.Verdict)

		b.passes(time.Hour)
		later := plans(func(plan *alert.Plan) { plan.Deadline = time.Minute })
		again, err := b.Admit(b.Context(), id, store.Identified{Person: bob, Reason: alert.ReasonBot}, later)
		require.NoError(b, err)
		require.Equal(b, b.reads(id), again)
		require.Equal(b, record.Plan.AskBy, again.Plan.AskBy, "the first admission stands")
		require.Equal(b, record.Code, again.Code)
		require.Equal(b, alice.PersonKey, again.Person)
		require.Equal(b, "accepted identified planned", b.kinds(id))
	})
}

func TestAdmitAtTheSameTime(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.accepted().ID
		records := together(b, 8, func(int) (store.Record, error) {
			return b.Admit(b.Context(), id, store.Identified{Person: alice}, plans(nil))
		})
		for _, record := range records {
			require.Equal(b, records[0].Code, record.Code)
		}
		require.Equal(b, "accepted identified planned", b.kinds(id))
	})
}

func TestAdmitOfSomebodyWhoIsNotAsked(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		unknown := b.accepted().ID
		record, err := b.Admit(b.Context(), unknown, store.Identified{Reason: alert.ReasonUnknownPerson}, plans(nil))
		require.NoError(b, err)
		require.Equal(b, alert.Escalate, record.Plan.Action)
		require.Equal(b, alert.Verdict{Outcome: alert.Unreachable, Reason: alert.ReasonUnknownPerson}, b.settles(unknown).Verdict)
		require.Equal(b, "accepted planned settled", b.kinds(unknown))

		b.contradicts(bob)
		distrusted := b.admitted(bob).ID
		require.Equal(b, alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonDistrusted}, b.settles(distrusted).Verdict)
		require.Equal(b, alert.Ask, b.admitted(alice).Plan.Action, "nobody else is")

		_, err = b.Admit(b.Context(), "nothing", store.Identified{Person: alice}, plans(nil))
		require.ErrorIs(b, err, store.ErrNotFound)
	})
}

// contradicts has somebody say yes in the chat and Deny on the phone.
func (b *bench) contradicts(who alert.Person) store.Record {
	b.Helper()
	id := b.asked(who).ID
	b.answers(id, who, alert.Yes)
	b.phoneSays(b.pushes(id, 1), alert.ProofDenied)
	settled := b.settles(id)
	require.Equal(b, alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonContradicted}, settled.Verdict)
	return settled
}
