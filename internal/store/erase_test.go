package store_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// mentions are the tables, and what is in them, that still hold a word, in whatever
// case or form.
func (v *vault) mentions(word string) []string {
	v.Helper()
	tables := "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
	if _, err := v.owner.ExecContext(v.Context(), "SELECT 1 FROM sqlite_master LIMIT 1"); err == nil {
		tables = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1"
	}
	var found []string
	for _, table := range v.column(tables) {
		for _, row := range v.rowsOf(table) {
			if strings.Contains(strings.ToLower(row), word) {
				found = append(found, table+": "+row)
			}
		}
	}
	return found
}

// rowsOf dumps a table, a line each.
func (v *vault) rowsOf(table string) []string {
	v.Helper()
	rows, err := v.owner.QueryContext(v.Context(), "SELECT * FROM "+table)
	require.NoError(v, err)
	defer func() { require.NoError(v, rows.Close()) }()
	names, err := rows.Columns()
	require.NoError(v, err)
	var lines []string
	for rows.Next() {
		values, places := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			places[i] = &values[i]
		}
		require.NoError(v, rows.Scan(places...))
		for i, value := range values {
			if raw, ok := value.([]byte); ok {
				values[i] = string(raw) + hex.EncodeToString(raw)
			}
		}
		lines = append(lines, fmt.Sprint(values...))
	}
	require.NoError(v, rows.Err())
	return lines
}

// What is old and closed loses what is personal, down to the last word in the
// database, and its timeline still verifies.
func TestRetention(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		id := v.contradicted()
		v.trusts(id)
		v.checkpoints()
		require.NotEmpty(v, v.mentions("personal"))
		v.passes(40 * 24 * time.Hour)
		open := v.asked(v.somebody()).ID

		erased, more, err := v.Erase(v.Context(), v.Now().Add(-30*24*time.Hour), 100)
		require.NoError(v, err)
		require.Equal(v, 1, erased)
		require.False(v, more)
		require.NoError(v, v.Forget(v.Context(), v.Now().Add(-30*24*time.Hour)))

		record := v.reads(id)
		require.Equal(v, v.Now(), record.ErasedAt)
		require.Equal(v, alert.Denied, record.Verdict.Outcome, "what was decided stays")
		require.Equal(v, "sudo_interactive", record.Detection)
		require.Empty(v, record.Title)
		entries := v.story(id).Entries
		last := entries[len(entries)-1]
		require.Equal(v, store.KindErased, last.Kind)
		require.JSONEq(v, `{"why":"retention","entries":7}`, string(last.Data))
		require.NotEmpty(v, v.story(open).Entries[1].Personal, "what is younger is as it was")
		require.Empty(v, v.audits())

		v.checkpoints()
		report := v.exports(id)
		require.Equal(v, 7, report.Erased)
		require.Nil(v, report.Bundle.Payload)

		_, err = v.ErasePerson(v.Context(), alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: "UPERSONAL"}}, "Ada", "as they asked")
		require.NoError(v, err, "the directory is all that is left")
		require.Empty(v, v.mentions("personal"))
		require.Empty(v, v.mentions(hex.EncodeToString([]byte("personal"))))
		require.Empty(v, v.audits())
	})
}

// What is said of an alert after it was erased leaves nothing personal behind.
func TestNothingPersonalComesBack(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		id := v.contradicted()
		who := v.reads(id).Person
		v.passes(40 * 24 * time.Hour)
		erased, _, err := v.Erase(v.Context(), v.Now(), 9)
		require.NoError(v, err)
		require.Equal(v, 1, erased)

		require.NoError(v, v.Trust(v.Context(), who, "Sam", "a new phone, personal"))
		heard, err := v.TakeAnswer(v.Context(), v.said(id, alert.Person{PersonKey: who}, alert.No))
		require.NoError(v, err)
		require.Equal(v, store.RefusedOther, heard.Refusal)
		for _, entry := range v.story(id).Entries {
			require.Empty(v, entry.Personal, entry.Kind)
		}
		require.Empty(v, v.audits())
		v.passes(40 * 24 * time.Hour)
		require.NoError(v, v.Forget(v.Context(), v.Now().Add(-time.Hour)))
		_, err = v.ErasePerson(v.Context(), alert.Person{PersonKey: who}, "Ada", "as they asked")
		require.NoError(v, err)
		require.Empty(v, v.mentions("personal"))
	})
}

// What goes on is not erased, however old: an open question, an open case, and what a
// late answer is still awaited for.
func TestRetentionSparesWhatGoesOn(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		asking := v.asked(alice)
		silent := v.asked(v.somebody())
		v.passes(3 * time.Hour)
		require.Equal(v, alert.NoResponse, v.settles(silent.ID).Verdict.Outcome)
		v.posts(silent.ID, store.PurposeCase, v.Now())
		finish := func() {
			v.Helper()
			require.NoError(v, v.Finish(v.Context(), silent.ID))
		}
		finish()

		erase := func() int {
			v.Helper()
			erased, _, err := v.Erase(v.Context(), v.Now().Add(-time.Hour), 100)
			require.NoError(v, err)
			return erased
		}
		require.Zero(v, erase())
		v.passes(100 * time.Hour)
		finish()
		require.Zero(v, erase(), "its case is open")
		v.resolves(silent.ID, "nothing to see")
		require.Equal(v, 1, erase())
		require.Zero(v, erase(), "once is enough")
		require.True(v, v.reads(asking.ID).ErasedAt.IsZero())
		require.Empty(v, v.audits())
	})
}

// A big sweep goes in steps, and one that was stopped goes on where it was.
func TestRetentionGoesInSteps(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		for range 5 {
			v.proven()
		}
		v.passes(48 * time.Hour)
		steps := []int{}
		for more := true; more; {
			var erased int
			var err error
			erased, more, err = v.Erase(v.Context(), v.Now().Add(-24*time.Hour), 2)
			require.NoError(v, err)
			steps = append(steps, erased)
		}
		require.Equal(v, []int{2, 2, 1}, steps)
		require.Empty(v, v.audits())
	})
}

// Two sweeps at once erase each alert once.
func TestSweepsAtOnce(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		for range 4 {
			v.proven()
		}
		v.passes(48 * time.Hour)
		total := 0
		for _, erased := range together(v.bench, 4, func(int) (int, error) {
			erased, _, err := v.Erase(v.Context(), v.Now().Add(-24*time.Hour), 3)
			return erased, err
		}) {
			total += erased
		}
		require.LessOrEqual(v, total, 4)
		_, _, err := v.Erase(v.Context(), v.Now().Add(-24*time.Hour), 100)
		require.NoError(v, err)
		audit, err := v.Audit(v.Context(), v.known(), nil)
		require.NoError(v, err)
		require.Empty(v, audit.Faults)
		require.Equal(v, 12, audit.Erased, "the person, the answer and the device of each")
	})
}

// A person is erased on request; what is open waits until it is closed, and is not
// forgotten.
func TestErasePerson(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		id := v.contradicted()
		record := v.reads(id)
		open, err := v.Accept(v.Context(), alert.Alert{
			Source: "auditd", Key: v.fresh("key"), Detection: "sudo_interactive", Title: "again", Severity: alert.Low,
			Subject: alert.Subject{Email: "PERSONAL@example.com"},
		})
		require.NoError(v, err)
		other := v.proven()
		who, _, err := v.Person(v.Context(), record.Person)
		require.NoError(v, err)

		erasure, err := v.ErasePerson(v.Context(), who, "Ada", "as they asked")
		require.NoError(v, err)
		require.Equal(v, store.Erasure{Erased: 1, Open: []string{open.Record.ID}, Distrusted: true}, erasure)
		_, still, err := v.Person(v.Context(), record.Person)
		require.NoError(v, err)
		require.True(v, still, "what is open needs them")
		require.Contains(v, timelineText(v.story(id).Entries), `"as they asked"`)
		require.Empty(v, v.audits())

		require.NoError(v, v.Trust(v.Context(), record.Person, "Sam", "a new phone"))
		_, err = v.Withdraw(v.Context(), store.Withdrawal{AlertID: open.Record.ID, By: "Sam", Person: bob.PersonKey, Reason: "a drill"})
		require.NoError(v, err)
		require.NoError(v, v.FinishErasures(v.Context(), func() {}))
		_, still, err = v.Person(v.Context(), record.Person)
		require.NoError(v, err)
		require.False(v, still)
		require.False(v, v.reads(open.Record.ID).ErasedAt.IsZero())
		require.Empty(v, v.mentions("personal@example.com"))
		require.True(v, v.reads(other).ErasedAt.IsZero(), "others stay as they are")
		require.Empty(v, v.audits())
		require.NoError(v, v.FinishErasures(v.Context(), func() {}), "there is nothing left to do")
	})
}
