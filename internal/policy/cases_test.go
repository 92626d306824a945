package policy_test

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/api"
	"securitybot/internal/alert"
	"securitybot/internal/policy"
)

// reported reads an alert as the API does.
func reported(body []byte, at time.Time) (alert.Alert, error) {
	read, faults := api.ReadAlert(body, at)
	if len(faults) > 0 {
		return read, fmt.Errorf("%s %s", faults[0].Field, faults[0].Detail)
	}
	return read, nil
}

func TestTheExamplesPass(t *testing.T) {
	t.Parallel()
	p := parsed(t, string(read(t, "../../examples/policy.yaml"))).Policy(policy.Environment{})
	results, err := policy.RunCases(p, read(t, "../../examples/policy_cases.yaml"), reported)
	require.NoError(t, err)
	require.Len(t, results, 12)
	for _, result := range results {
		require.Empty(t, result.Mismatches, result.Name)
	}
}

const oneCase = `cases:
  - name: a shell at night
    at: 2026-11-17T23:00:00+01:00
    alert: {detection: sudo, title: A shell, severity: low, subject: {email: bob@example.com}, context: {port: 22, big: 9007199254740993, on: true, none: null}}
    person: {zone: Europe/Berlin, groups: [S0PILOT], away_until: 2026-11-18T00:00:00+01:00, name: Bob, manager: grace@example.com, username: bob}
    expect: `

func TestAFailingCaseSaysWhatDiffers(t *testing.T) {
	t.Parallel()
	p := inForce(t, workingHours)
	results, err := policy.RunCases(p, []byte(oneCase+`{action: ask, deadline: 60m, answer_by: 2026-11-18T10:00:00Z, held_until: 2026-11-18T09:30:00+01:00, reminders: [30m], verdict: none, tell: true}`), reported)
	require.NoError(t, err)
	var out strings.Builder
	for _, result := range results {
		require.NoError(t, result.WriteText(&out))
	}
	require.Equal(t, `FAIL  a shell at night (line 2)
      deadline
        want 60m
        got  2h
      held_until
        want 2026-11-18T09:30:00+01:00
        got  2026-11-18T09:00:00+01:00
      reminders
        want 30m
        got  30m, 1h30m
      tell
        want true
        got  false
`, out.String())
	results, err = policy.RunCases(p, []byte(oneCase+"{deadline: 120m}"), reported)
	require.NoError(t, err)
	out.Reset()
	require.NoError(t, results[0].WriteText(&out))
	require.Equal(t, "ok    a shell at night\n", out.String())
}

func TestMistakesInCases(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, fault string }{
		"no cases":       {"tests: []", "1:1: tests: unknown key; known here: cases"},
		"nothing":        {"cases: [{}]", "1:9: cases[0]: name is missing\n1:9: cases[0]: at is missing\n1:9: cases[0]: alert is missing\n1:9: cases[0]: expect is missing"},
		"an expectation": {oneCase + "{acton: ask}", "6:14: cases[0].expect.acton: unknown key; known here: action, "},
		"a moment":       {strings.Replace(oneCase, "2026-11-17T23:00:00+01:00", "tonight", 1) + "{action: ask}", `3:9: cases[0].at: must be a moment such as 2026-11-20T17:30:00+01:00, not "tonight"`},
		"an alert":       {strings.Replace(oneCase, "severity: low", "severity: urgent", 1) + "{action: ask}", "4:12: cases[0].alert: is no alert: severity"},
		"a field twice":  {strings.Replace(oneCase, "severity: low", "severity: low, severity: high", 1) + "{action: ask}", "cases[0].alert.severity: is given twice"},
		"a person":       {strings.Replace(oneCase, "Europe/Berlin", "Mars", 1) + "{action: ask}", `cases[0].person.zone: "Mars" is no IANA zone`},
		"an anchor":      {strings.Replace(oneCase, "alert: {", "alert: &a {", 1) + "{action: ask}", "anchors and aliases are not taken"},
		"a mapping":      {oneCase + "{action: {low: ask}}", "cases[0].expect.action: must be a value or a list, not a mapping"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.RunCases(policy.Defaults(), []byte(tc.text), reported)
			require.ErrorContains(t, err, tc.fault)
		})
	}
}

func TestBacktest(t *testing.T) {
	t.Parallel()
	old := policy.Defaults()
	p := inForce(t, `
defaults: {outside_hours: {low: hold, critical: tell_and_ask}}
rules:
  - {name: scan, match: detection == 'scan', second_factor: off}
  - {name: slack, match: detection == 'slack', distrust: [slack]}
  - {name: noise, match: detection == 'noise', action: close}
  - {name: unused, match: detection == 'unused', action: close}
`)
	night := at("2026-11-17 23:00 +0100")
	past := func(id, detection string, severity alert.Severity, outcome alert.Outcome) policy.Past {
		one := alert.Alert{ID: id, Detection: detection, Severity: severity}
		plan := old.Plan(one, berlin, nil, night)
		return policy.Past{Alert: one, Person: berlin, At: night, Plan: &plan, Verdict: alert.Verdict{Outcome: outcome}}
	}
	storm := past("g", "noise", alert.High, alert.Unasked)
	storm.Plan.Action, storm.Plan.Verdict = alert.Escalate, unasked(alert.ReasonStorm)
	undecided := policy.Past{Alert: alert.Alert{ID: "h", Severity: alert.High}, At: night}
	all := []policy.Past{
		past("a", "scan", alert.Low, alert.Confirmed), past("b", "slack", alert.High, alert.Denied), past("c", "noise", alert.High, alert.Confirmed),
		past("d", "noise", alert.Low, alert.Denied), past("e", "else", alert.High, alert.Confirmed), past("f", "else", alert.Critical, alert.NoResponse),
		storm, undecided,
	}
	report, err := policy.Backtest(p, sequence(all, nil))
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, report.WriteText(&out))
	golden(t, "backtest.golden", out.String())
	broken := errors.New("the record is away")
	_, err = policy.Backtest(p, sequence(all, broken))
	require.ErrorIs(t, err, broken)
}

func sequence(all []policy.Past, end error) iter.Seq2[policy.Past, error] {
	return func(yield func(policy.Past, error) bool) {
		for _, one := range all {
			if !yield(one, nil) {
				return
			}
		}
		if end != nil {
			yield(policy.Past{}, end)
		}
	}
}
