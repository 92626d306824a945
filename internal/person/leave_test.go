package person_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/person"
)

// writes replaces the file of leave as editors do, under a new name.
func (b *bench) writes(t *testing.T, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(b.file+".new", []byte(content), 0o600))
	require.NoError(t, os.Rename(b.file+".new", b.file))
}

// away is until when somebody is away, as the cache and the chat system both have it.
func (b *bench) away(t *testing.T, email string) time.Time {
	t.Helper()
	found, err := b.Find(t.Context(), alert.Subject{Email: email})
	require.NoError(t, err)
	known, ok, err := b.Known(t.Context(), alert.Subject{Email: email})
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, found, known)
	return known.Person.AwayUntil
}

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at
}

func TestWhoIsOnLeave(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		leave string
		zone  string
		now   string
		want  string // empty when here
	}{
		"the first moment":         {"2026-11-20,2026-11-22", "", "2026-11-20T00:00:00Z", "2026-11-23T00:00:00Z"},
		"the moment before":        {"2026-11-20,2026-11-22", "", "2026-11-19T23:59:59Z", ""},
		"the last moment":          {"2026-11-20,2026-11-22", "", "2026-11-22T23:59:59Z", "2026-11-23T00:00:00Z"},
		"back":                     {"2026-11-20,2026-11-22", "", "2026-11-23T00:00:00Z", ""},
		"one day":                  {"2026-11-20,2026-11-20", "", "2026-11-20T12:00:00Z", "2026-11-21T00:00:00Z"},
		"their own midnight":       {"2026-11-20,2026-11-20", "America/New_York", "2026-11-20T04:59:59Z", ""},
		"their own day":            {"2026-11-20,2026-11-20", "America/New_York", "2026-11-21T04:59:59Z", "2026-11-21T05:00:00Z"},
		"a day of 23 hours":        {"2026-03-29,2026-03-29", "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-29T22:00:00Z"},
		"a zone that nobody knows": {"2026-11-20,2026-11-20", "Mars/Olympus", "2026-11-20T12:00:00Z", "2026-11-21T00:00:00Z"},
		"over new year":            {"2026-12-24,2026-12-31", "", "2026-12-25T00:00:00Z", "2027-01-01T00:00:00Z"},
		"two that follow": {
			"2026-11-23,2026-11-27\nalice@example.com,2026-11-20,2026-11-22", "", "2026-11-20T12:00:00Z", "2026-11-28T00:00:00Z",
		},
		"two that overlap": {
			"2026-11-20,2026-11-24\nALICE@example.com,2026-11-19,2026-11-21", "", "2026-11-20T12:00:00Z", "2026-11-25T00:00:00Z",
		},
		"two with a day between": {
			"2026-11-20,2026-11-21\nalice@example.com,2026-11-23,2026-11-24", "", "2026-11-20T12:00:00Z", "2026-11-22T00:00:00Z",
		},
		"somebody else's": {"2026-01-01,2026-01-02\nbob@example.com,2026-11-20,2026-11-22", "", "2026-11-20T12:00:00Z", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alice := member("U1", "Alice@example.com")
			alice.Zone = test.zone
			b := newBench(t, alice)
			b.writes(t, "email,from,to\nalice@example.com,"+test.leave+"\n")
			b.now = moment(t, test.now)
			away := b.away(t, "alice@example.com")
			if test.want == "" {
				require.Zero(t, away)
				return
			}
			require.True(t, away.Equal(moment(t, test.want)), "%s", away)
		})
	}
}

func TestTheLaterOfStatusAndLeave(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	back := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		status time.Time
		leave  bool
		want   time.Time
	}{
		"neither":                {time.Time{}, false, time.Time{}},
		"a status":               {noon.Add(time.Hour), false, noon.Add(time.Hour)},
		"a status that is over":  {noon, false, time.Time{}},
		"leave":                  {time.Time{}, true, back},
		"both, the leave later":  {noon.Add(time.Hour), true, back},
		"both, the status later": {back.Add(time.Hour), true, back.Add(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alice := member("U1", "alice@example.com")
			alice.AwayUntil = test.status
			b := newBench(t, alice)
			if test.leave {
				b.writes(t, "email,from,to\nalice@example.com,2026-11-20,2026-11-22\n")
			}
			require.Equal(t, test.want, b.away(t, "alice@example.com"))
			require.Equal(t, test.status, b.cache.people[alice.PersonKey].AwayUntil, "leave is not kept: it can be cut short")
		})
	}
}

func TestLeaveIsReadAgainWhenItChanges(t *testing.T) {
	t.Parallel()
	b := newBench(t, member("U1", "alice@example.com"))
	until := func(day int) time.Time { return time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC) }
	require.Zero(t, b.away(t, "alice@example.com"))
	b.writes(t, "email,from,to\nalice@example.com,2026-11-20,2026-11-22\n")
	require.Equal(t, until(23), b.away(t, "alice@example.com"))
	b.writes(t, "email,from,to\nalice@example.com,2026-11-20,2026-11-24\n")
	require.Equal(t, until(25), b.away(t, "alice@example.com"), "of the same length")

	b.writes(t, "email,from,to\nalice@example.com,2026-11-20,soon\n")
	for range 2 {
		require.Equal(t, until(25), b.away(t, "alice@example.com"), "what was read before stays")
	}
	require.Equal(t, 1, strings.Count(b.log.String(), "line 2, column 30"), "said once: %s", &b.log)
	require.NoError(t, os.Remove(b.file))
	for range 2 {
		require.Equal(t, until(25), b.away(t, "alice@example.com"))
	}
	require.Equal(t, 1, strings.Count(b.log.String(), "find leave"), "%s", &b.log)

	b.writes(t, "email,from,to\n")
	require.Zero(t, b.away(t, "alice@example.com"), "back early")
	require.Equal(t, 2, strings.Count(b.log.String(), "level=WARN"))
}

func TestLeaveNamesLineAndColumn(t *testing.T) {
	t.Parallel()
	const heading = "email,from,to\n"
	for content, want := range map[string]string{
		"": "line 1, column 1: want the heading email,from,to",
		"alice@example.com,2026-11-20,2026-11-22": "line 1, column 1: want the heading",
		heading + "alice,2026-11-20,2026-11-22":   `line 2, column 1: "alice" is not an email`,
		heading + "\n\na@x,20.11.2026,2026-11-22": `line 4, column 5: "20.11.2026" is not a date`,
		heading + "a@x,2026-11-20,2026-11-31":     `line 2, column 16: "2026-11-31" is not a date`,
		heading + "a@x,2026-11-20,2026-11-19":     "line 2, column 16: it ends before it begins",
		heading + "a@x,2026-11-20":                "line 2, column 5: want email,from,to, not 2 fields",
		heading + "a@x,2026-11-20,2026-11-20,b":   "line 2, column 27: want email,from,to, not 4 fields",
		heading + "a@x,\"2026":                    "line 2, column",
	} {
		path := filepath.Join(t.TempDir(), "leave.csv")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, err := person.OpenLeave(path, slog.New(slog.DiscardHandler))
		require.ErrorContains(t, err, want, content)
		require.ErrorContains(t, err, path)
	}
	_, err := person.OpenLeave(filepath.Join(t.TempDir(), "nothing"), slog.New(slog.DiscardHandler))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestLeaveOutOfASpreadsheet(t *testing.T) {
	t.Parallel()
	b := newBench(t, member("U1", "alice@example.com"))
	b.writes(t, "\uFEFFEmail,From,To\r\n\"alice@example.com\", 2026-11-20 ,2026-11-22\r\n")
	require.Equal(t, time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), b.away(t, "alice@example.com"))
}

func TestGroups(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.workspace.groups = map[string][]string{"S1": {"U1", "U2"}, "S2": {"U2"}}
	require.NoError(t, b.WarmGroups(t.Context(), []string{"S1", "S2"}))
	groupsOf := func(user string) []string {
		groups, err := b.GroupsOf(t.Context(), alert.PersonKey{Team: team, User: user})
		require.NoError(t, err)
		return groups
	}
	require.Equal(t, []string{"S1"}, groupsOf("U1"))
	require.Equal(t, []string{"S1", "S2"}, groupsOf("U2"))
	require.Empty(t, groupsOf("U3"))
	groups, err := b.GroupsOf(t.Context(), alert.PersonKey{Team: "T9", User: "U1"})
	require.NoError(t, err)
	require.Empty(t, groups, "somebody of another team")

	delete(b.workspace.groups, "S1")
	b.workspace.groups["S2"] = []string{"U3"}
	require.ErrorContains(t, b.WarmGroups(t.Context(), []string{"S1", "S2"}), "no_such_subteam")
	require.Empty(t, groupsOf("U1"), "nobody responds for a group that is gone")
	require.Equal(t, []string{"S2"}, groupsOf("U3"), "the others are read all the same")

	away := errors.New("away")
	b.workspace.err = away
	require.ErrorIs(t, b.WarmGroups(t.Context(), []string{"S2"}), away)
	require.Equal(t, []string{"S2"}, groupsOf("U3"), "not emptied: it was not learnt")
	b.workspace.err, b.cache.err = nil, away
	require.ErrorIs(t, b.WarmGroups(t.Context(), []string{"S2"}), away)
	_, err = b.GroupsOf(t.Context(), alert.PersonKey{Team: team, User: "U3"})
	require.ErrorIs(t, err, away)
	b.teamErr, b.cache.err = away, nil
	require.ErrorIs(t, b.WarmGroups(t.Context(), []string{"S2"}), away)
}
