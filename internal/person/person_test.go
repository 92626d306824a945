package person_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/person"
)

const team = "T1"

func member(user, email string) alert.Person {
	return alert.Person{PersonKey: alert.PersonKey{Team: team, User: user}, Email: email}
}

// memory is a cache.
type memory struct {
	people map[alert.PersonKey]alert.Person
	groups map[string][]string // members by group
	writes []int
	err    error
}

func (m *memory) PutGroup(_ context.Context, team, group string, members []string) error {
	m.groups[team+" "+group] = members
	return m.err
}

func (m *memory) GroupsOf(_ context.Context, who alert.PersonKey) ([]string, error) {
	var groups []string
	for group, members := range m.groups {
		if id, ours := strings.CutPrefix(group, who.Team+" "); ours && slices.Contains(members, who.User) {
			groups = append(groups, id)
		}
	}
	slices.Sort(groups)
	return groups, m.err
}

func (m *memory) PutPeople(_ context.Context, people []alert.Person) error {
	m.writes = append(m.writes, len(people))
	for _, person := range people {
		m.people[person.PersonKey] = person
	}
	return m.err
}

func (m *memory) Person(_ context.Context, key alert.PersonKey) (alert.Person, bool, error) {
	found, ok := m.people[key]
	return found, ok, m.err
}

func (m *memory) PeopleByEmail(_ context.Context, team, email string) ([]alert.Person, error) {
	var list []alert.Person
	for key, person := range m.people {
		if key.Team == team && strings.EqualFold(person.Email, email) {
			list = append(list, person)
		}
	}
	return list, m.err
}

// workspace is a chat system's directory that counts what it is asked.
type workspace struct {
	people []alert.Person
	groups map[string][]string
	asked  int
	err    error
}

func (w *workspace) Group(_ context.Context, id string) ([]string, error) {
	members, ok := w.groups[id]
	if !ok && w.err == nil {
		return nil, &chat.Error{Failure: chat.Refused, Reason: "no_such_subteam"}
	}
	return members, w.err
}

func (w *workspace) find(fits func(alert.Person) bool) (alert.Person, bool, error) {
	w.asked++
	for _, person := range w.people {
		if fits(person) {
			return person, true, w.err
		}
	}
	return alert.Person{}, false, w.err
}

func (w *workspace) PersonByEmail(_ context.Context, email string) (alert.Person, bool, error) {
	return w.find(func(p alert.Person) bool { return strings.EqualFold(p.Email, email) })
}

func (w *workspace) PersonByID(_ context.Context, user string) (alert.Person, bool, error) {
	return w.find(func(p alert.Person) bool { return p.User == user })
}

func (w *workspace) People(context.Context) iter.Seq2[alert.Person, error] {
	return func(yield func(alert.Person, error) bool) {
		for _, person := range w.people {
			if !yield(person, nil) {
				return
			}
		}
		if w.err != nil {
			yield(alert.Person{}, w.err)
		}
	}
}

type bench struct {
	*person.Directory
	cache     *memory
	workspace *workspace
	teamErr   error
	now       time.Time
	file      string // of leave
	log       bytes.Buffer
}

func newBench(t *testing.T, people ...alert.Person) *bench {
	t.Helper()
	rules := person.NewRules(person.ByLocalPart)
	require.NoError(t, rules.ReadInline(`root-(\w+) => $1@example.com`))
	b := &bench{
		cache:     &memory{people: map[alert.PersonKey]alert.Person{}, groups: map[string][]string{}},
		workspace: &workspace{people: people},
		now:       time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
		file:      filepath.Join(t.TempDir(), "leave.csv"),
	}
	b.writes(t, "email,from,to\n")
	leave, err := person.OpenLeave(b.file, slog.New(slog.NewTextHandler(&b.log, nil)))
	require.NoError(t, err)
	b.Directory = person.New(person.Options{
		Cache: b.cache, Chat: b.workspace, Rules: rules, Leave: leave,
		Team: func(context.Context) (string, error) { return team, b.teamErr },
		Now:  func() time.Time { return b.now },
	})
	return b
}

func TestWhoIsMeant(t *testing.T) {
	t.Parallel()
	deactivated, bot, foreign := member("U4", "dave@example.com"), member("U5", "bot@example.com"), member("U6", "guest@example.com")
	deactivated.Deactivated, bot.Bot, foreign.Foreign = true, true, true
	people := []alert.Person{member("U1", "alice@example.com"), member("U2", "bob@example.com"), deactivated, bot, foreign}
	cases := map[string]struct {
		subject alert.Subject
		user    string
		reason  string
	}{
		"email":                       {alert.Subject{Email: "alice@example.com"}, "U1", ""},
		"email in other letters":      {alert.Subject{Email: "ALICE@Example.COM"}, "U1", ""},
		"chat id":                     {alert.Subject{SlackID: "U1"}, "U1", ""},
		"username":                    {alert.Subject{Username: "root-alice"}, "U1", ""},
		"all of them":                 {alert.Subject{Email: "Alice@example.com", SlackID: "U1", Username: "root-alice"}, "U1", ""},
		"email and chat id of two":    {alert.Subject{Email: "bob@example.com", SlackID: "U1"}, "", alert.ReasonMismatch},
		"username and chat id of two": {alert.Subject{Username: "root-bob", SlackID: "U1"}, "", alert.ReasonMismatch},
		"username and email of two":   {alert.Subject{Username: "root-bob", Email: "alice@example.com"}, "", alert.ReasonMismatch},
		"unknown email":               {alert.Subject{Email: "nobody@example.com"}, "", alert.ReasonUnknownPerson},
		"unknown chat id":             {alert.Subject{SlackID: "U9", Email: "alice@example.com"}, "", alert.ReasonUnknownPerson},
		"a username that nobody maps": {alert.Subject{Username: "alice"}, "", alert.ReasonUnknownPerson},
		"deactivated":                 {alert.Subject{Email: "dave@example.com"}, "U4", alert.ReasonDeactivated},
		"bot":                         {alert.Subject{SlackID: "U5"}, "U5", alert.ReasonBot},
		"foreign":                     {alert.Subject{Email: "guest@example.com"}, "U6", alert.ReasonForeign},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, people...)
			who, err := b.Find(t.Context(), tc.subject)
			require.NoError(t, err)
			require.Equal(t, tc.user, who.Person.User)
			require.Equal(t, tc.reason, who.Reason)

			_, err = b.Warm(t.Context())
			require.NoError(t, err)
			b.workspace.asked = 0
			known, ok, err := b.Known(t.Context(), tc.subject)
			require.NoError(t, err)
			mayHaveChanged := tc.reason == alert.ReasonUnknownPerson || tc.reason == alert.ReasonMismatch
			require.Equal(t, !mayHaveChanged, ok)
			require.Equal(t, who, known, "the cache says the same")
			require.Zero(t, b.workspace.asked)
		})
	}
}

func TestFindKeepsWhatItLearns(t *testing.T) {
	t.Parallel()
	b := newBench(t, member("U1", "alice@example.com"))
	_, ok, err := b.Known(t.Context(), alert.Subject{Email: "alice@example.com"})
	require.NoError(t, err)
	require.False(t, ok)
	_, err = b.Find(t.Context(), alert.Subject{Email: "alice@example.com"})
	require.NoError(t, err)
	who, ok, err := b.Known(t.Context(), alert.Subject{SlackID: "U1"})
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "alice", who.Person.FactorName)
}

func TestTwoPeopleWithOneEmail(t *testing.T) {
	t.Parallel()
	b := newBench(t, member("U1", "alice@example.com"), member("U2", "Alice@example.com"))
	_, err := b.Warm(t.Context())
	require.NoError(t, err)
	who, ok, err := b.Known(t.Context(), alert.Subject{Email: "alice@example.com"})
	require.NoError(t, err)
	require.False(t, ok, "the chat system knows better by now")
	require.Equal(t, alert.ReasonAmbiguous, who.Reason)
	require.Empty(t, who.Person.User, "nobody is asked in somebody else's place")
}

func TestWarmWritesInBatches(t *testing.T) {
	t.Parallel()
	var people []alert.Person
	for n := range 450 {
		people = append(people, member(fmt.Sprintf("U%d", n), fmt.Sprintf("p%d@example.com", n)))
	}
	b := newBench(t, people...)
	count, err := b.Warm(t.Context())
	require.NoError(t, err)
	require.Equal(t, 450, count)
	require.Equal(t, []int{200, 200, 50}, b.cache.writes)
	require.Len(t, b.cache.people, 450)
}

func TestFailures(t *testing.T) {
	t.Parallel()
	away := errors.New("away")
	subject := alert.Subject{Email: "alice@example.com"}

	b := newBench(t)
	b.workspace.err = away
	_, err := b.Find(t.Context(), subject)
	require.ErrorIs(t, err, away, "not unknown: it was not learnt")
	_, err = b.Find(t.Context(), alert.Subject{SlackID: "U1"})
	require.ErrorIs(t, err, away)
	_, err = b.Warm(t.Context())
	require.ErrorIs(t, err, away)

	b = newBench(t, member("U1", "alice@example.com"))
	b.cache.err = away
	_, _, err = b.Known(t.Context(), subject)
	require.ErrorIs(t, err, away)
	_, err = b.Find(t.Context(), subject)
	require.ErrorIs(t, err, away, "who is asked must be in the record")
	_, err = b.Warm(t.Context())
	require.ErrorIs(t, err, away)

	b = newBench(t)
	b.teamErr = away
	_, ok, err := b.Known(t.Context(), subject)
	require.NoError(t, err)
	require.False(t, ok, "the chat system will be asked, with patience")
	_, err = b.Find(t.Context(), subject)
	require.ErrorIs(t, err, away)
}
