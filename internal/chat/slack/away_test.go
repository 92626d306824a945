package slack

import (
	"testing"
	"time"

	api "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"securitybot/internal/chat"
)

func TestWhoIsAway(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	tomorrow, monday := now.Add(24*time.Hour), now.AddDate(0, 0, 3)
	for name, test := range map[string]struct {
		emoji, text string
		expires     time.Time
		want        time.Time
	}{
		"no status":              {"", "", time.Time{}, time.Time{}},
		"a palm tree":            {":palm_tree:", "", time.Time{}, tomorrow},
		"a palm tree until":      {":palm_tree:", "", monday, monday},
		"a fever":                {":face_with_thermometer:", "", time.Time{}, tomorrow},
		"no entry":               {":no_entry:", "Do not disturb", monday, monday},
		"vacation":               {":smile:", "On Vacation until Monday", time.Time{}, tomorrow},
		"holidays":               {"", "holidays!", monday, monday},
		"on leave":               {"", "I'm ON LEAVE", time.Time{}, tomorrow},
		"parental leave":         {":baby:", "Parental leave", time.Time{}, tomorrow},
		"sick":                   {"", "Sick.", time.Time{}, tomorrow},
		"out of office":          {"", "out of office", time.Time{}, tomorrow},
		"OOO":                    {"", "OOO 'til Mon", monday, monday},
		"over by now":            {":palm_tree:", "OOO", now, time.Time{}},
		"in a meeting":           {":spiral_calendar_pad:", "In a meeting", monday, time.Time{}},
		"leaving":                {"", "about to leave for lunch", time.Time{}, time.Time{}},
		"a part of another word": {"", "sickle, googooo, holidaying", time.Time{}, time.Time{}},
		"working from home":      {":house:", "Working remotely", time.Time{}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			profile := api.UserProfile{StatusEmoji: test.emoji, StatusText: test.text}
			if !test.expires.IsZero() {
				profile.StatusExpiration = int(test.expires.Unix())
			}
			require.Equal(t, test.want, awayUntil(profile, now))
		})
	}
}

func TestMembersOfAGroup(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("usergroups.users.list",
		answer{body: `{"ok":true,"users":["U1","U2"]}`}, answer{body: `{"ok":true,"users":[]}`},
		said("no_such_subteam"), said("plan_upgrade_required"), said("missing_scope"), answer{body: `{"ok":false}`},
		answer{status: 429, header: map[string]string{"Retry-After": "7"}})
	client, _ := speaker(t, s)
	for _, want := range [][]string{{"U1", "U2"}, {}} {
		members, err := client.Group(t.Context(), "S1")
		require.NoError(t, err)
		require.Equal(t, want, members)
	}
	for _, want := range []chat.Failure{chat.Refused, chat.Refused, chat.Operator, chat.Transient, chat.RateLimited} {
		members, err := client.Group(t.Context(), "S1")
		check(t, want, err)
		require.Empty(t, members)
	}
	require.Equal(t, "S1", s.got("usergroups.users.list")[0].form.Get("usergroup"))
}
