package app

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/config"
	"securitybot/internal/policy"
)

// The page's night is one at any time of the day: the alert is held for so long that
// the security team is told of it.
func TestItIsAlwaysNightWhenThePageWantsIt(t *testing.T) {
	t.Parallel()
	file, err := basePolicy(config.Config{})
	require.NoError(t, err)
	rules := file.Policy(policy.Environment{})
	begin := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC)
	for now := begin; now.Before(begin.AddDate(0, 0, 2)); now = now.Add(7 * time.Minute) {
		body, err := nightFor("alice@example.com", now)
		require.NoError(t, err)
		var sent struct {
			Detection string
			Severity  alert.Severity
			Context   json.RawMessage
		}
		require.NoError(t, json.Unmarshal(body, &sent))
		plan := rules.Plan(alert.Alert{
			Source: demoSource, Detection: sent.Detection, Severity: sent.Severity, Context: sent.Context,
		}, alert.Person{Zone: "Europe/Berlin"}, nil, now)
		require.Equal(t, alert.Ask, plan.Action)
		held := plan.NotBefore.Sub(now)
		require.Greater(t, held, 16*time.Hour, now)
		require.Less(t, held, 24*time.Hour, now)
	}
}

func TestAnExampleIsAboutWhomThePageShows(t *testing.T) {
	t.Parallel()
	_, err := bodyFor("nothing", "alice@example.com", "")
	require.ErrorContains(t, err, `there is no example "nothing"`)
	body, err := bodyFor("sudo_interactive", "bob@example.com", "2026-03-04T05:06:07Z")
	require.NoError(t, err)
	require.Contains(t, string(body), `"subject":{"email":"bob@example.com"}`)
	require.Contains(t, string(body), `"occurred_at":"2026-03-04T05:06:07Z"`)
}
