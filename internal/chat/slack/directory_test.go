package slack

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
)

const alice = `{"id":"U1","team_id":"T1","name":"alice","real_name":"Alice Doe","tz":"Europe/Berlin","profile":{"email":"alice@example.com"}}`

func TestPersonIsLookedUp(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("users.lookupByEmail", answer{body: `{"ok":true,"user":` + alice + `}`}, said("users_not_found"), said("missing_scope"))
	s.on("users.info", answer{body: `{"ok":true,"user":` + alice + `}`}, said("user_not_found"), answer{body: `{"ok":true}`})
	client, _ := speaker(t, s)
	want := alert.Person{
		PersonKey: alert.PersonKey{Team: "T1", User: "U1"},
		Email:     "alice@example.com", Username: "alice", Name: "Alice Doe", Zone: "Europe/Berlin",
		SeenAt: time.Unix(1_800_000_000, 0),
	}
	person, known, err := client.PersonByEmail(t.Context(), "alice@example.com")
	require.NoError(t, err)
	require.True(t, known)
	require.Equal(t, want, person)
	_, known, err = client.PersonByEmail(t.Context(), "gone@example.com")
	require.NoError(t, err)
	require.False(t, known)
	_, _, err = client.PersonByEmail(t.Context(), "alice@example.com")
	check(t, chat.Operator, err)

	person, known, err = client.PersonByID(t.Context(), "U1")
	require.NoError(t, err)
	require.True(t, known)
	require.Equal(t, want, person)
	_, known, err = client.PersonByID(t.Context(), "U2")
	require.NoError(t, err)
	require.False(t, known)
	_, _, err = client.PersonByID(t.Context(), "U1")
	check(t, chat.Transient, err)
	require.Equal(t, "U1", s.got("users.info")[0].form.Get("user"))
}

func TestPeopleAreListedPageByPage(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("users.list",
		answer{body: `{"ok":true,"members":[` + alice + `,{"id":"U2","team_id":"T1","deleted":true}],"response_metadata":{"next_cursor":"two"}}`},
		answer{status: 429, header: map[string]string{"Retry-After": "0"}},
		answer{body: `{"ok":true,"members":[
			{"id":"U3","team_id":"T1","is_bot":true},{"id":"USLACKBOT","team_id":"T1"},
			{"id":"U4","team_id":"T9"},{"id":"U5","team_id":"T1","is_stranger":true},
			{"id":"W6","team_id":"E1","enterprise_user":{"teams":["T9","T1"]}}]}`})
	client, _ := speaker(t, s)
	marks := map[string]string{}
	for person, err := range client.People(t.Context()) {
		require.NoError(t, err)
		mark := person.Team
		if person.Deactivated {
			mark += " deactivated"
		}
		if person.Bot {
			mark += " bot"
		}
		if person.Foreign {
			mark += " foreign"
		}
		marks[person.User] = mark
	}
	require.Equal(t, map[string]string{
		"U1": "T1", "U2": "T1 deactivated", "U3": "T1 bot", "USLACKBOT": "T1 bot",
		"U4": "T9 foreign", "U5": "T1 foreign", "W6": "T1",
	}, marks)
	calls := s.got("users.list")
	require.Len(t, calls, 3)
	require.Equal(t, "two", calls[1].form.Get("cursor"))
	require.Equal(t, "two", calls[2].form.Get("cursor"), "a rate limit starts nothing over")
}

func TestListingEndsAtItsFirstError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer answer
		want   chat.Failure
		calls  int
	}{
		"a missing scope":       {said("missing_scope"), chat.Operator, 1},
		"limited without end":   {answer{status: 429, header: map[string]string{"Retry-After": "0"}}, chat.RateLimited, patience},
		"limited for very long": {answer{status: 429, header: map[string]string{"Retry-After": "3600"}}, chat.RateLimited, 1},
		"nobody at all":         {answer{body: `{"ok":false}`}, chat.Transient, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.on("users.list", test.answer)
			client, _ := speaker(t, s)
			rounds := 0
			for _, err := range client.People(t.Context()) {
				rounds++
				check(t, test.want, err)
			}
			require.Equal(t, 1, rounds)
			require.Len(t, s.got("users.list"), test.calls)
		})
	}
}

func TestTeamIsAskedOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("auth.test", answer{status: 500}, answer{body: `{"ok":true,"team_id":"T1","user_id":"UBOT","url":"https://acme.slack.com/"}`})
	client, _ := speaker(t, s)
	_, err := client.Team(t.Context())
	check(t, chat.Transient, err)
	for range 2 {
		team, err := client.Team(t.Context())
		require.NoError(t, err)
		require.Equal(t, "T1", team)
	}
	address, err := client.Address(t.Context())
	require.NoError(t, err)
	require.Equal(t, "https://acme.slack.com/", address)
	require.Len(t, s.got("auth.test"), 2)
}
