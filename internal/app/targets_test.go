package app

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"securitybot/internal/config"
	"securitybot/internal/policy"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite"
)

const (
	targetsPolicy = `version: 1
targets:
  security: {slack: C0123456789, fallback: {webhook: "https://soc.example.com/hook/secret-path"}}
  managers: {slack: C0987654321}
  oncall: {pagerduty: night}
  hook: {webhook: "https://soc.example.com/other"}
  boss: {manager: true}
  ciso: {person: mia@example.com}
`
	signingSecret = "whsec_YSBzZWNyZXQgdGhhdCBvbmx5IHRlc3RzIGtub3c="
	routingKey    = "R0123456789012345678901234567890"
)

func targetsUnder(t *testing.T, cfg config.Config, log *bytes.Buffer) *targets {
	t.Helper()
	path := filepath.Join(t.TempDir(), "record.db")
	require.NoError(t, sqlite.Migrate(t.Context(), path))
	backend, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, backend.Close()) })
	record := store.New(backend)
	_, err = record.LoadPolicy(t.Context(), store.PolicyText{Revision: "r1", Text: targetsPolicy, LoadedBy: "a test"}, false,
		func(store.PolicyText) json.RawMessage { return json.RawMessage(`{}`) })
	require.NoError(t, err)
	places := newTargets(cfg, newPolicies(record, policy.BuiltIn(), policy.Environment{}), slog.New(slog.NewTextHandler(log, nil)))
	t.Cleanup(places.Close)
	return places
}

func TestThePolicysTargets(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	places := targetsUnder(t, config.Config{
		Webhook:   config.Webhook{URL: "https://soc.example.com/", Secret: signingSecret},
		PagerDuty: config.PagerDuty{Keys: map[string]config.Secret{"night": config.Secret(routingKey)}},
	}, &log)
	known, err := places.Targets(t.Context())
	require.NoError(t, err)
	require.Equal(t, "C0123456789", known["security"].Slack)
	require.Equal(t, "webhook", known["security"].Fallback.Name())
	require.Equal(t, "C0987654321", known["managers"].Slack)
	require.Nil(t, known["managers"].Sink)
	require.Equal(t, "pagerduty:night", known["oncall"].Sink.Name())
	require.True(t, known["boss"].Manager)
	require.Equal(t, "mia@example.com", known["ciso"].Person)
	again, err := places.Targets(t.Context())
	require.NoError(t, err)
	require.Same(t, known["hook"].Sink, again["hook"].Sink, "made once")
	require.Empty(t, log.String())
}

// The policy in the record may name what this process has no secret for.
func TestATargetThatCanNotBeUsedHereHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	known, err := targetsUnder(t, config.Config{}, &log).Targets(t.Context())
	require.NoError(t, err)
	require.Nil(t, known["oncall"].Sink)
	require.Nil(t, known["hook"].Sink)
	require.Equal(t, "C0987654321", known["managers"].Slack)
	require.Contains(t, log.String(), "target=oncall")
	require.NotContains(t, log.String(), "secret-path")
}

func TestReachable(t *testing.T) {
	t.Parallel()
	bare, whole := &App{}, &App{config: config.Config{
		Webhook:   config.Webhook{URL: "https://soc.example.com/", Secret: signingSecret},
		PagerDuty: config.PagerDuty{Keys: map[string]config.Secret{"night": config.Secret(routingKey), "bad": "short"}},
	}}
	for name, tc := range map[string]struct {
		app    *App
		target policy.Target
		fault  string
	}{
		"a channel":               {bare, policy.Target{Slack: "C0123456789"}, ""},
		"a person":                {bare, policy.Target{Person: "mia@example.com"}, ""},
		"a webhook":               {whole, policy.Target{Webhook: "https://soc.example.com/hook"}, ""},
		"a webhook, unsigned":     {bare, policy.Target{Webhook: "https://soc.example.com/hook"}, config.WebhookSecret},
		"a webhook in the clear":  {whole, policy.Target{Webhook: "http://soc.example.com/hook"}, "https"},
		"PagerDuty":               {whole, policy.Target{PagerDuty: "night"}, ""},
		"PagerDuty, without key":  {whole, policy.Target{PagerDuty: "day"}, config.PagerDutyKeys},
		"PagerDuty, with a wrong": {whole, policy.Target{PagerDuty: "bad"}, "routing key"},
	} {
		err := tc.app.reachable(tc.target)
		if tc.fault == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, tc.fault, name)
	}
}
