package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/activities"
	"securitybot/internal/alert"
	"securitybot/internal/conversation"
	"securitybot/internal/store"
)

// said posts every notice that waits, and gives what is in the channels since.
func (b *bench) said() []shown {
	b.Helper()
	before := len(b.chat.posts)
	waiting, err := b.record.ClaimOutgoing(b.Context(), time.Minute, 100)
	require.NoError(b, err)
	for _, entry := range waiting {
		if entry.Kind == store.OutgoingNotice {
			require.NoError(b, b.PostNotice(b.Context(), conversation.NoticeRef{NoticeID: entry.Ref}))
		}
	}
	return b.chat.posts[before:]
}

// sumsUp the hour or the day before the next one that a schedule would mean.
func (b *bench) sumsUp(in conversation.RollupInput) []shown {
	b.Helper()
	in.Zone, in.Target, in.At = "UTC", "security", b.record.Now().Truncate(time.Hour).Add(time.Hour)
	if in.Period == conversation.PeriodDaily {
		in.At = b.record.Now().Truncate(24 * time.Hour).Add(33 * time.Hour)
	}
	require.NoError(b, b.Rollup(b.Context(), in))
	return b.said()
}

func TestRollupsSayWhatHappenedOnce(t *testing.T) {
	t.Parallel()
	for _, period := range []string{conversation.PeriodHourly, conversation.PeriodDaily} {
		b := newBench(t)
		require.Empty(t, b.sumsUp(conversation.RollupInput{Period: period}), "nothing of nothing")

		ref := b.asked()
		b.says(ref, alert.Yes)
		_, err := b.Settle(t.Context(), conversation.SettleInput{AlertID: ref.AlertID, Unprovable: alert.ReasonUnavailable})
		require.NoError(t, err)
		posts := b.sumsUp(conversation.RollupInput{Period: period})
		told := posts[0]
		require.Equal(t, "CSECURITY", told.to.Channel)
		require.Contains(t, told.message.Text, "sudo_interactive: 1 ")
		require.Contains(t, told.message.Text, "Alice Adams (alice@example.com)", "of the slowest answers")
		require.Empty(t, b.sumsUp(conversation.RollupInput{Period: period}), "a repetition adds nothing")
	}
}

func TestADaysRollupTellsWhatIsSilenced(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.record.OptOut(t.Context(), store.OptOut{
		Person: alice.PersonKey, Until: b.record.Now().Add(72 * time.Hour), By: "admin sam@example.com",
	}, "Alice Adams")
	require.NoError(t, err)
	require.Len(t, b.said(), 1, "the opt-out itself")
	require.Empty(t, b.sumsUp(conversation.RollupInput{Period: conversation.PeriodHourly}))
	posts := b.sumsUp(conversation.RollupInput{Period: conversation.PeriodDaily})
	require.Len(t, posts, 1)
	require.Contains(t, posts[0].message.Text, "Alice Adams")
}

// Every day until somebody resolves them, whether the day is summed up or not.
func TestOpenCasesAreRemindedOf(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.denied()
	silent := conversation.RollupInput{Period: conversation.PeriodDaily, Silent: true}
	for range 2 {
		posts := b.sumsUp(silent)
		require.Len(t, posts, 1)
		require.Contains(t, posts[0].message.Text, "sudo to an interactive shell")
		require.Empty(t, b.sumsUp(silent), "once a day")
		b.ahead += 24 * time.Hour
	}
	require.Empty(t, b.sumsUp(conversation.RollupInput{Period: conversation.PeriodHourly}))
}

// A case that went elsewhere first is not for everybody's eyes.
func TestRemindersGoWhereTheCaseWent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.knows(map[string]activities.Target{"security": {Slack: "CSOC"}, "managers": {Slack: "CMANAGERS"}})
	for _, target := range []string{"", "security", "managers"} {
		b.escalatedTo(target)
	}
	reminded := map[string]int{}
	for _, post := range b.sumsUp(conversation.RollupInput{Period: conversation.PeriodDaily, Silent: true}) {
		reminded[post.to.Channel]++
	}
	require.Equal(t, map[string]int{"CSOC": 1, "CMANAGERS": 1}, reminded)
}

// escalatedTo is an alert that nobody was asked about, brought to a target.
func (b *bench) escalatedTo(target string) {
	b.Helper()
	b.count++
	accepted, err := b.record.Accept(b.Context(), alert.Alert{
		Source: "auditd", Key: target, Detection: "sudo_interactive", Title: "for " + target,
		Severity: alert.Medium, Subject: alert.Subject{Email: "alice@example.com"},
	})
	require.NoError(b, err)
	_, err = b.record.Admit(b.Context(), accepted.Record.ID, store.Identified{Person: alice}, brought(target))
	require.NoError(b, err)
	_, err = b.record.Settle(b.Context(), accepted.Record.ID, store.Because{})
	require.NoError(b, err)
}

// brought plans every alert for a target, unasked.
type brought string

func (target brought) Plan(_ alert.Alert, _ alert.Person, _ []string, now time.Time) alert.Plan {
	return alert.Plan{
		Action: alert.Escalate, AskBy: now, Verdict: alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonPolicy},
		EscalateTo: []alert.Step{{Target: string(target)}},
	}
}

// spans notes what is summed up.
type spans struct {
	*store.Store
	from, to time.Time
}

func (s *spans) Rollup(_ context.Context, from, to time.Time) (store.Rollup, error) {
	s.from, s.to = from, to
	return store.Rollup{}, nil
}

func (s *spans) OpenCases(context.Context, time.Time, int) ([]store.OpenCase, error) { return nil, nil }

// Hours and days are those of the clock on the wall: each begins where the one
// before ended, whatever the clocks are put to.
func TestPeriodsOfAZone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	noted := &spans{Store: b.record}
	b.Record = noted
	for name, c := range map[string]struct {
		period, zone, at, from, to string
	}{
		"a day":                   {"daily", "UTC", "2026-03-04T09:00:30Z", "2026-03-03T00:00:00Z", "2026-03-04T00:00:00Z"},
		"a day that began before": {"daily", "Asia/Tokyo", "2026-03-04T00:00:30Z", "2026-03-02T15:00:00Z", "2026-03-03T15:00:00Z"},
		"a day of 23 hours":       {"daily", "Europe/Berlin", "2026-03-30T07:00:30Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		"a day of 25 hours":       {"daily", "Europe/Berlin", "2026-10-26T08:00:30Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
		"the day of the change":   {"daily", "America/New_York", "2026-03-08T13:00:30Z", "2026-03-07T05:00:00Z", "2026-03-08T05:00:00Z"},
		"the first of a month":    {"daily", "UTC", "2026-03-01T00:00:30Z", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z"},
		"an hour":                 {"hourly", "UTC", "2026-03-04T09:00:30Z", "2026-03-04T08:00:00Z", "2026-03-04T09:00:00Z"},
		"an hour, late":           {"hourly", "UTC", "2026-03-04T09:59:59Z", "2026-03-04T08:00:00Z", "2026-03-04T09:00:00Z"},
		"an hour of half hours":   {"hourly", "Asia/Kolkata", "2026-03-04T09:30:30Z", "2026-03-04T08:30:00Z", "2026-03-04T09:30:00Z"},
		"the hour before it":      {"hourly", "Europe/Berlin", "2026-03-29T01:00:30Z", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"},
		"the same hour again":     {"hourly", "Europe/Berlin", "2026-10-25T01:00:30Z", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"},
		"back by half an hour":    {"hourly", "Australia/Lord_Howe", "2026-04-04T15:30:30Z", "2026-04-04T14:00:00Z", "2026-04-04T15:30:00Z"},
		"ahead by half an hour":   {"hourly", "Australia/Lord_Howe", "2026-10-03T16:00:30Z", "2026-10-03T14:30:00Z", "2026-10-03T16:00:00Z"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		require.NoError(t, err)
		require.NoError(t, b.Rollup(t.Context(), conversation.RollupInput{Period: c.period, Zone: c.zone, At: at}), name)
		require.Equal(t, c.from, noted.from.UTC().Format(time.RFC3339), name)
		require.Equal(t, c.to, noted.to.UTC().Format(time.RFC3339), name)
	}
	err := b.Rollup(t.Context(), conversation.RollupInput{Period: "daily", Zone: "Mars/Olympus"})
	require.True(t, application(t, err).NonRetryable())
}

// Every instant of a year is in exactly one period; Samoa left out a whole day of it.
func TestPeriodsLeaveNoGap(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	noted := &spans{Store: b.record}
	b.Record = noted
	for _, zone := range []string{"Europe/Berlin", "America/Sao_Paulo", "Asia/Beirut", "Africa/Cairo", "Pacific/Apia", "Australia/Lord_Howe"} {
		place, err := time.LoadLocation(zone)
		require.NoError(t, err)
		for period, step := range map[string]time.Duration{"daily": 12 * time.Hour, "hourly": time.Hour} {
			end := time.Time{}
			for at := time.Date(2011, 6, 1, 0, 0, 30, 0, place); at.Year() == 2011 || at.Month() < 6; at = at.Add(step) {
				require.NoError(t, b.Rollup(t.Context(), conversation.RollupInput{Period: period, Zone: zone, At: at}))
				if noted.to.Equal(end) {
					continue
				}
				require.True(t, end.IsZero() || noted.from.Equal(end), "%s %s: %s begins after %s", zone, period, noted.from, end)
				end = noted.to
			}
		}
	}
}
