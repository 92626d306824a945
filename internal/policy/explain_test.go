package policy_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/policy"
)

func explained(t *testing.T, about alert.Alert, who alert.Person, now time.Time) policy.Explanation {
	t.Helper()
	file := parsed(t, string(read(t, "../../examples/policy.yaml")))
	return policy.Explain(file.Policy(policy.Environment{Override: policy.Timing{WatchFor: 24 * hour}}), about, who, nil, now)
}

func TestExplainAHold(t *testing.T) {
	t.Parallel()
	shell := sudo
	shell.Severity, shell.Context = alert.Medium, json.RawMessage(`{"host":"laptop-7","env":"test"}`)
	explanation := explained(t, shell, berlin, at("2026-11-20 23:00 +0100"))
	var out strings.Builder
	require.NoError(t, explanation.WriteText(&out))
	golden(t, "explain_hold.golden", strings.ReplaceAll(out.String(), explanation.Revision, "REVISION"))
}

func TestExplainARule(t *testing.T) {
	t.Parallel()
	explanation := explained(t, sudo, berlin, at("2026-11-17 12:00 +0100"))
	var out strings.Builder
	require.NoError(t, explanation.WriteText(&out))
	golden(t, "explain_rule.golden", strings.ReplaceAll(out.String(), explanation.Revision, "REVISION"))
}

func TestExplanationAsJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(explained(t, sudo, berlin, at("2026-11-17 12:00 +0100")))
	require.NoError(t, err)
	var back policy.Explanation
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, "root shell on production", back.Rule)
	require.Equal(t, alert.Ask, back.Plan.Action)
	require.Len(t, back.Tried, 3)
}

func TestSummaries(t *testing.T) {
	t.Parallel()
	night := at("2026-11-17 23:00 +0100")
	for lines, summary := range map[string]string{
		"":                                "ask",
		"defaults: {outside_hours: hold}": "hold until working hours, then ask",
		"defaults: {outside_hours: tell_and_ask}":                            "ask, and the security team is told at once",
		"defaults: {outside_hours: escalate}":                                "escalate unasked (outside_hours) to security",
		"rules: [{name: a, match: true, action: close}]":                     "close, observed (policy), told to nobody",
		"defaults: {mode: shadow, outside_hours: hold}":                      "shadow mode: recorded, nobody is contacted; live it would hold until working hours, then ask",
		"mode: shadow\nrules: [{name: a, match: true, distrust: [slack]}]\n": "shadow mode: recorded, nobody is contacted; live it would escalate unasked (channel_doubted) to security",
	} {
		require.Equal(t, summary, policy.Explain(inForce(t, lines), alert.Alert{Severity: alert.Low}, berlin, nil, night).Summary)
	}
}

// The reference names every key, and its examples are policies.
func TestTheReference(t *testing.T) {
	t.Parallel()
	reference := string(read(t, "../../docs/policy.md"))
	for _, value := range policy.Explain(policy.Defaults(), sudo, berlin, nil, now).Values {
		require.Contains(t, reference, "\n| `"+value.Key+"` |")
	}
	blocks := strings.Split(reference, "```yaml\n")[1:]
	require.Len(t, blocks, 4)
	for _, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		if strings.HasPrefix(text, "cases:") {
			p := inForce(t, "defaults: {clock: working, escalate_to: [security, {to: oncall, after: 30m}]}\ntargets: {oncall: {pagerduty: night}}\n")
			results, err := policy.RunCases(p, []byte(text), reported)
			require.NoError(t, err)
			require.Empty(t, results[0].Mismatches)
		} else {
			parsed(t, text)
		}
	}
}
