package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// finds expects a filter to find exactly these alerts.
func (b *bench) finds(filter store.Filter, want ...int) {
	b.Helper()
	b.in(func(ctx context.Context, tx store.Tx) {
		got, err := tx.ListAlerts(ctx, filter)
		require.NoError(b, err, "%+v", filter)
		require.Equal(b, idsOf(want...), ids(got), "%.200s", fmt.Sprintf("%+v", filter))
	})
}

func searched(b *bench) {
	first, second, third := full(1), plain(2), plain(3)
	second.Title, second.Key, second.URL = "Ein Körper über Ärger", "INC-4711", "https://edr.example.com/case/9"
	third.Title, third.Description = "A root shell", `quoted "words" don't matter; 100% 日本語 e\u0301tude 3.14`
	b.insert(first, second, third)
	for text, want := range map[string][]int{
		"root":                          {3, 1},
		"ROOT shell":                    {3, 1},
		"shell root":                    {3, 1},
		"roo":                           {},
		"roo*":                          {3, 1},
		"roo* shell":                    {3, 1},
		"roo*shell":                     {3, 1},
		"roo shell*":                    {},
		"roo *":                         {},
		"*oot":                          {},
		"ROO** *":                       {3, 1},
		"oot":                           {},
		"root körper":                   {},
		"KÖRPER":                        {2},
		"korper":                        {},
		"sudo_interactive":              {3, 2, 1},
		"inter*":                        {3, 2, 1},
		"alice@example.com":             {1},
		"db-3":                          {1},
		"key-1":                         {1},
		"4711":                          {2},
		"edr.example.com":               {2},
		"UALICE":                        {1},
		"don't":                         {3},
		"日本*":                           {3},
		"  root \t\n  shell ":           {3, 1},
		"482":                           {}, // the code is no word of the alert
		"root AND shell":                {},
		strings.Repeat("root ", 10_000): {3, 1},
	} {
		b.finds(store.Filter{Text: text}, want...)
	}
	b.finds(store.Filter{Text: "root", Source: "siem", Before: store.Cursor{ReceivedAt: third.ReceivedAt, ID: third.ID}}, 1)
	b.finds(store.Filter{Text: "sudo*", Limit: 2}, 3, 2)
	b.finds(store.Filter{Text: "sudo", Status: "received"}, 3, 2)
	b.finds(store.Filter{Text: "sudo", Outcome: "denied", Person: alice, Severity: "high", Answered: store.AnsweredNone}, 1)
}

// searchedByAnAttacker: none of this is an error, and none of it finds what it
// doesn't say.
func searchedByAnAttacker(b *bench) {
	odd := plain(1)
	odd.Title, odd.Detection, odd.Source = "none of these", `'\ | :* & ('`, strings.Repeat("é'", 90)
	b.insert(odd)
	for _, text := range []string{
		"'", `"`, "`", "%", "_", "*", ":*", "a:*", "''", `""`, `"none" OR "x"`, "none OR zzz", "zzz OR none", "NOT zzz", "none NOT these",
		"zzz | none", "!zzz", "(none zzz", "zzz none)", "none & (zzz", "NEAR(none these", "words:none zzz", "-zzz", "^zzz", "zzz + none", "{words}: zzz",
		"👍", "👍🏽 👩‍👩‍👧", "\u202e", "\u0301", "' OR 1=1 --", "'); DROP TABLE alerts; --", `\`, `\'`, "$1", "?1", ":words", "<->", "<2>",
		strings.Repeat("zzz ", 10_000), strings.Repeat("x", 100_000), strings.Repeat("(", 10_000), strings.Repeat("none zzz ", 5_000),
		manyWords(10_000), " ",
	} {
		b.finds(store.Filter{Text: text})
	}
	b.finds(store.Filter{Text: `none' "of" (these) :*`}, 1)
	b.finds(store.Filter{Text: "none", Detection: odd.Detection, Source: odd.Source}, 1)
	b.finds(store.Filter{Text: "none", Detection: odd.Source, Source: odd.Detection})
}

// manyWords are as many different words.
func manyWords(count int) string {
	var text strings.Builder
	for n := range count {
		fmt.Fprintf(&text, "w%d ", n)
	}
	return text.String()
}

func longTextIsSearched(b *bench) {
	long := plain(1)
	long.Description = manyWords(50_000) + strings.Repeat("y", 100_000)
	b.insert(long)
	b.finds(store.Filter{Text: "root w1500"}, 1)
	b.finds(store.Filter{Text: "root w1500 nothing"})
}

func moreFilters(b *bench) {
	yes, no, silent := full(1), full(2), plain(3)
	yes.Answered, yes.Proven, yes.Verdict = alert.Yes, true, alert.Verdict{Outcome: alert.Confirmed}
	no.Answered, no.Severity, no.Person, no.Subject = alert.SomeNot, alert.Low, bob, alert.Subject{Username: "Bob"}
	silent.Verdict, silent.SettledAt = alert.Verdict{Outcome: alert.Withdrawn}, noon
	b.insert(yes, no, silent)
	b.stands(yes)
	proven, unproven := true, false
	for _, each := range []struct {
		filter store.Filter
		want   []int
	}{
		{store.Filter{Answered: "yes"}, []int{1}},
		{store.Filter{Answered: "some_not"}, []int{2}},
		{store.Filter{Answered: "no"}, nil},
		{store.Filter{Answered: store.AnsweredNone}, []int{3}},
		{store.Filter{Proven: &proven}, []int{1}},
		{store.Filter{Proven: &unproven}, []int{3, 2}},
		{store.Filter{Outcome: "withdrawn"}, []int{3}},
		{store.Filter{Severity: "low"}, []int{2}},
		{store.Filter{Subject: "ALICE@example.COM"}, []int{1}},
		{store.Filter{Subject: "bOB"}, []int{2}},
		{store.Filter{Subject: "ualice"}, []int{1}},
		{store.Filter{From: no.ReceivedAt}, []int{3, 2}},
		{store.Filter{Until: no.ReceivedAt}, []int{2, 1}},
		{store.Filter{From: no.ReceivedAt, Until: no.ReceivedAt}, []int{2}},
		{store.Filter{From: no.ReceivedAt.Add(time.Microsecond), Until: no.ReceivedAt}, nil},
		{store.Filter{Person: alice}, []int{1}},
		{store.Filter{Person: stranger}, nil},
		{store.Filter{Person: bob, Answered: "yes"}, nil},
	} {
		b.finds(each.filter, each.want...)
	}
}

// The record and the list agree on what concerns somebody.
func filteredByWhomItConcerns(b *bench) {
	subjects := []alert.Subject{
		{},
		{Email: "alice@example.com"},
		{Email: "ALICE@Example.com"},
		{Username: "aLice"},
		{Username: "alice@example.com"},
		{SlackID: "UALICE"},
		{SlackID: "ualice"},
		{Email: "malice@example.com"},
		{Email: "bob@example.com", Username: "alice"},
	}
	var records []store.Record
	for i, subject := range subjects {
		record := plain(i + 1)
		record.Subject = subject
		records = append(records, record)
	}
	resolved, elsewhere := plain(20), plain(21)
	resolved.Person, elsewhere.Person = alice, stranger
	records = append(records, resolved, elsewhere)
	b.insert(records...)
	for _, person := range []alert.Person{
		{PersonKey: alice, Email: "Alice@example.com", Username: "ALICE"},
		{PersonKey: alice},
		{PersonKey: bob, Email: "bob@example.com"},
	} {
		want := []string{}
		for _, record := range slices.Backward(records) {
			if !record.Concerns(person) {
				want = append(want, record.ID)
			}
		}
		for _, text := range []string{"", "root"} {
			b.in(func(ctx context.Context, tx store.Tx) {
				got, err := tx.ListAlerts(ctx, store.Filter{Except: &person, Text: text})
				require.NoError(b, err)
				require.Equal(b, want, ids(got), "%+v", person)
			})
		}
	}
}

func reviewsDue(b *bench) {
	of := func(n int, outcome alert.Outcome, review string, reviewed time.Time) store.Record {
		record := plain(n)
		record.Verdict.Outcome, record.SettledAt, record.Person, record.ReviewedAt = outcome, noon, alice, reviewed
		record.Plan = &alert.Plan{Review: review}
		return record
	}
	b.insert(of(1, alert.Confirmed, alert.ReviewPolicy, time.Time{}), of(2, alert.Confirmed, "", time.Time{}), plain(3),
		of(4, alert.Denied, alert.ReviewPolicy, time.Time{}), of(5, alert.Confirmed, alert.ReviewSample, noon))
	late := plain(6)
	b.insert(late)
	due := of(6, alert.Confirmed, alert.ReviewSample, time.Time{})
	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.UpdateAlert(ctx, due))
		got, err := tx.ReviewsDue(ctx, store.Cursor{}, 9)
		require.NoError(b, err)
		require.Equal(b, idsOf(6, 1), ids(got))
		got, err = tx.ReviewsDue(ctx, store.Cursor{ReceivedAt: due.ReceivedAt, ID: due.ID}, 1)
		require.NoError(b, err)
		require.Equal(b, idsOf(1), ids(got))
	})
}

func manyByID(b *bench) {
	b.insert(plain(1), plain(2), plain(3))
	b.in(func(ctx context.Context, tx store.Tx) {
		got, err := tx.FindAlerts(ctx, idsOf(1, 9, 3, 1))
		require.NoError(b, err)
		require.Equal(b, []store.Record{plain(3), plain(1)}, got)
		got, err = tx.FindAlerts(ctx, nil)
		require.NoError(b, err)
		require.Empty(b, got)
	})
}
