package storetest

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// stands expects an alert to be exactly this.
func (b *bench) stands(want store.Record) {
	b.Helper()
	b.in(func(ctx context.Context, tx store.Tx) {
		got, err := tx.FindAlert(ctx, want.ID)
		require.NoError(b, err)
		require.Equal(b, want, got)
		got, err = tx.LockAlert(ctx, want.ID)
		require.NoError(b, err)
		require.Equal(b, want, got)
	})
}

func alertRoundTrip(b *bench) {
	b.insert(full(1))
	b.stands(full(1))

	elsewhere := full(2)
	elsewhere.ReceivedAt = elsewhere.ReceivedAt.In(time.FixedZone("UTC+5:45", 20700)).Add(999)
	elsewhere.OccurredAt = elsewhere.OccurredAt.Local().Add(999)
	plan := *elsewhere.Plan
	abroad := time.FixedZone("UTC-3", -10800)
	plan.AskBy, plan.NotBefore = plan.AskBy.In(abroad).Add(999), plan.NotBefore.In(abroad).Add(999)
	plan.Working = slices.Clone(plan.Working)
	plan.Working[0].From, plan.Working[1].To = noon.In(abroad).Add(999), plan.Working[1].To.In(abroad).Add(999)
	given := plan.Working[0]
	elsewhere.Plan = &plan
	b.insert(elsewhere)
	b.stands(full(2))
	require.Equal(b, given, plan.Working[0], "the caller's own plan is left alone")

	early := plain(3)
	early.OccurredAt = time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC)
	b.insert(early)
	early.OccurredAt = time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC)
	b.stands(early)
}

func alertEmptyFields(b *bench) {
	b.insert(plain(1))
	b.stands(plain(1))

	hollow := plain(2)
	hollow.Context = json.RawMessage{}
	b.insert(hollow)
	b.stands(plain(2))

	planned := plain(3)
	planned.Plan = &alert.Plan{Action: alert.Escalate, AskBy: noon}
	b.insert(planned)
	b.stands(planned)
	planned.Plan.Reminders = []time.Duration{}
	b.in(func(ctx context.Context, tx store.Tx) { require.NoError(b, tx.UpdateAlert(ctx, planned)) })
	b.stands(planned)
}

func updateKeepsAlert(b *bench) {
	stored := full(1)
	b.insert(stored, plain(2))
	changed := withState(plain(1))
	changed.PayloadDigest = "another"
	changed.Title, changed.Severity, changed.Key, changed.OccurredAt = "changed", alert.Low, "other", noon
	changed.Status, changed.Snoozes, changed.FinishedAt = alert.Asking, 7, time.Time{}
	b.in(func(ctx context.Context, tx store.Tx) { require.NoError(b, tx.UpdateAlert(ctx, changed)) })
	changed.Alert = stored.Alert
	b.stands(changed)
	b.stands(plain(2))

	cleared := plain(1)
	b.in(func(ctx context.Context, tx store.Tx) { require.NoError(b, tx.UpdateAlert(ctx, cleared)) })
	cleared.Alert = stored.Alert
	b.stands(cleared)
	b.in(func(ctx context.Context, tx store.Tx) {
		require.ErrorIs(b, tx.UpdateAlert(ctx, plain(9)), store.ErrNotFound)
	})
}

func hostileText(b *bench) {
	record := plain(1)
	record.Key = `'; DROP TABLE alerts; --`
	record.Title = "quotes ' \" ` and \\ and % _ ? $1 :x @y"
	record.Description = "\u202egnp.exe \u0007 \r\n\t 👍🏽 ＡＢＣ ß"
	record.Context = json.RawMessage(`{"deep":` + strings.Repeat("[", 900) + strings.Repeat("]", 900) + `,"nul":"\u0000","a":1,"a":2}`)
	record.URL = "https://example.com/?a=%00&b=" + strings.Repeat("x", 100_000)
	b.insert(record)
	b.stands(record)
}

func invariants(b *bench) {
	for name, spoil := range map[string]func(*store.Record){
		"no id":                func(r *store.Record) { r.ID = "" },
		"unknown severity":     func(r *store.Record) { r.Severity = "grave" },
		"unknown status":       func(r *store.Record) { r.Status = "lost" },
		"unknown outcome":      func(r *store.Record) { r.Verdict.Outcome = "maybe"; r.SettledAt = noon },
		"closed, undecided":    func(r *store.Record) { r.Status = alert.Closed },
		"a verdict at no time": func(r *store.Record) { r.Verdict.Outcome = alert.Unsure },
		"nobody confirmed":     func(r *store.Record) { r.Verdict.Outcome = alert.Confirmed; r.SettledAt = noon },
		"a negative count":     func(r *store.Record) { r.Snoozes = -1 },
		"shown before it was":  func(r *store.Record) { r.ShownRevision = -1 },
		"joined before it was": func(r *store.Record) { r.JoinRevision = -1 },
		"unknown pile":         func(r *store.Record) { r.Pile = "heap" },
	} {
		record := plain(1)
		spoil(&record)
		err := b.db.InTx(b.Context(), func(tx store.Tx) error { return tx.InsertAlert(b.Context(), record) })
		require.Error(b, err, name)
		require.NotErrorIs(b, err, store.ErrExists, name)
	}
	b.missing(id(1))
}

func findPayload(b *bench) {
	sent := func(n int, source, digest string) store.Record {
		record := plain(n)
		record.Source, record.PayloadDigest = source, digest
		return record
	}
	b.insert(sent(1, "siem", "d1"), sent(3, "siem", "d1"), sent(2, "siem", "d1"),
		sent(4, "edr", "d1"), sent(5, "siem", "d2"), sent(6, "siem", ""))
	b.in(func(ctx context.Context, tx store.Tx) {
		for _, since := range []time.Time{{}, noon, sent(2, "", "").ReceivedAt} {
			found, err := tx.FindPayload(ctx, "siem", "d1", since)
			require.NoError(b, err)
			require.Equal(b, id(3), found.ID)
		}
		_, err := tx.FindPayload(ctx, "siem", "d1", sent(3, "", "").ReceivedAt)
		require.ErrorIs(b, err, store.ErrNotFound)
		_, err = tx.FindPayload(ctx, "edr", "d2", time.Time{})
		require.ErrorIs(b, err, store.ErrNotFound)
		_, err = tx.FindPayload(ctx, "siem", "", time.Time{})
		require.ErrorIs(b, err, store.ErrNotFound)
	})
}

func personsAlerts(b *bench) {
	of := func(n int, person alert.PersonKey, outcome alert.Outcome, settled time.Time) store.Record {
		record := plain(n)
		record.Person, record.Verdict.Outcome, record.SettledAt = person, outcome, settled
		return record
	}
	b.insert(
		of(2, alice, "", time.Time{}), of(1, alice, "", time.Time{}), of(3, bob, "", time.Time{}), plain(4),
		of(5, alice, alert.Confirmed, after(3*time.Hour)), of(6, alice, alert.Confirmed, after(2*time.Hour)),
		of(7, alice, alert.Confirmed, after(time.Hour)), of(8, alice, alert.Denied, after(3*time.Hour)),
		of(9, bob, alert.Confirmed, after(3*time.Hour)),
	)
	b.in(func(ctx context.Context, tx store.Tx) {
		open, err := tx.OpenOf(ctx, alice)
		require.NoError(b, err)
		require.Equal(b, idsOf(1, 2), ids(open))
		open, err = tx.OpenOf(ctx, alert.PersonKey{Team: "T2", User: alice.User})
		require.NoError(b, err)
		require.Empty(b, open)
		confirmed, err := tx.ConfirmedOf(ctx, alice, after(2*time.Hour))
		require.NoError(b, err)
		require.Equal(b, idsOf(6, 5), ids(confirmed))
	})
}
