package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/policy"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite"
)

const examplePolicy = "../../examples/policy.yaml"

// policyCommand runs `securitybot policy …` and gives what it prints.
func policyCommand(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	command := newPolicyCommand()
	command.SilenceUsage, command.SilenceErrors = true, true
	command.SetOut(&out)
	command.SetErr(&out)
	command.SetArgs(args)
	err := command.ExecuteContext(t.Context())
	return out.String(), err
}

func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestPolicyCheck(t *testing.T) {
	t.Parallel()
	out, err := policyCommand(t, "check", examplePolicy)
	require.NoError(t, err)
	require.Contains(t, out, "is a good policy, revision ")
	broken := written(t, "broken.yaml", "version: 1\ndefaults: {clock: sundial}\nrule: []\n")
	_, err = policyCommand(t, "check", broken)
	require.ErrorContains(t, err, "mistakes: 2\n"+broken+`:2:19: defaults.clock: must be wall or working, not "sundial"`+"\n"+broken+":3:1: rule: unknown key")
	_, err = policyCommand(t, "check", "/nowhere.yaml")
	require.ErrorContains(t, err, "read policy: ")
}

func TestPolicyTest(t *testing.T) {
	t.Parallel()
	out, err := policyCommand(t, "test", examplePolicy)
	require.NoError(t, err)
	require.Contains(t, out, "ok    Friday half past five and two hours are Monday half past ten\n")
	cases := written(t, "cases.yaml", `cases:
  - {name: closed, at: 2026-11-20T10:00:00Z, alert: {detection: a, title: A, severity: low, subject: {email: a@example.com}}, expect: {action: close}}
  - {name: asked, at: 2026-11-20T10:00:00Z, alert: {detection: a, title: A, severity: low, subject: {email: a@example.com}}, expect: {action: ask}}
`)
	out, err = policyCommand(t, "test", examplePolicy, "--cases", cases)
	require.EqualError(t, err, "1 of 2 cases failed")
	require.Equal(t, "FAIL  closed (line 2)\n      action\n        want close\n        got  ask\nok    asked\n", out)
	_, err = policyCommand(t, "test", examplePolicy, "--cases", written(t, "cases.yaml", "cases: {}"))
	require.ErrorContains(t, err, ":1:8: cases: must be a list, not a mapping")
}

func TestPolicyExplain(t *testing.T) {
	t.Parallel()
	const shell = "../../examples/alerts/sudo_interactive.json"
	out, err := policyCommand(t, "explain", examplePolicy, shell, "--at", "2026-11-21T10:00:00+01:00", "--zone", "Europe/Berlin")
	require.NoError(t, err)
	require.Contains(t, out, "at Sat 2026-11-21 10:00:00 CET")
	out, err = policyCommand(t, "explain", examplePolicy, shell, "--person", "grace@example.com", "--json")
	require.NoError(t, err)
	var explained policy.Explanation
	require.NoError(t, json.Unmarshal([]byte(out), &explained))
	require.Equal(t, []alert.Step{{Target: "head_of_security"}}, explained.Plan.EscalateTo)
	_, err = policyCommand(t, "explain", examplePolicy, shell, "--at", "noon")
	require.EqualError(t, err, `--at "noon" is no moment such as 2026-11-20T17:30:00+01:00`)
	_, err = policyCommand(t, "explain", examplePolicy, written(t, "alert.json", `{"title":"x"}`))
	require.ErrorContains(t, err, "read alert: detection is required; severity is required; subject is required")
}

func TestPolicyDiff(t *testing.T) {
	t.Parallel()
	before := written(t, "before.yaml", "version: 1")
	after := written(t, "after.yaml", "version: 1\ndefaults: {second_factor: off}")
	out, err := policyCommand(t, "diff", before, after)
	require.NoError(t, err)
	require.Equal(t, "LOOSER  defaults: second_factor is off, was required\n", out)
	_, err = policyCommand(t, "diff", before, after, "--fail-on-looser")
	require.EqualError(t, err, "the new policy is looser")
	out, err = policyCommand(t, "diff", after, before, "--fail-on-looser")
	require.NoError(t, err)
	require.Equal(t, "        defaults: second_factor is required, was off\n", out)
	out, err = policyCommand(t, "diff", before, before)
	require.NoError(t, err)
	require.Equal(t, "Nothing changes.\n", out)
	out, err = policyCommand(t, "diff", before, before, "--json")
	require.NoError(t, err)
	require.Equal(t, "[]\n", out)
}

// Everything that is in the record is judged, page after page, as far back as asked.
func TestPolicyBacktest(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	path := filepath.Join(data, "securitybot.db")
	require.NoError(t, sqlite.Migrate(t.Context(), path))
	backend, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	record := store.New(backend)
	for i := range pageOfPast + 5 {
		accepted, err := record.Accept(t.Context(), alert.Alert{
			Source: "falco", Key: string(rune('a'+i%26)) + string(rune('a'+i/26)), Detection: "noise", Title: "Noise", Severity: alert.High,
			Subject: alert.Subject{Email: "alice@example.com"}, ReceivedAt: time.Now(),
		})
		require.NoError(t, err)
		who := store.Identified{Person: alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: "U1"}, Email: "alice@example.com"}}
		_, err = record.Admit(t.Context(), accepted.Record.ID, who, policy.Defaults())
		require.NoError(t, err)
	}
	require.NoError(t, record.Close())
	rules := written(t, "policy.yaml", "version: 1\nrules: [{name: noise, match: detection == 'noise', action: close}]")
	out, err := policyCommand(t, "backtest", rules, "--data", data, "--json")
	require.NoError(t, err)
	var report policy.Report
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Equal(t, pageOfPast+5, report.Alerts)
	require.Equal(t, policy.RuleReport{Rule: "noise", Alerts: pageOfPast + 5, Closed: pageOfPast + 5}, report.Rules[0])
	out, err = policyCommand(t, "backtest", rules, "--data", data, "--since", "1ns")
	require.NoError(t, err)
	require.Contains(t, out, "over 0 alerts")
	_, err = policyCommand(t, "backtest", rules, "--data", data, "--since", "ever")
	require.EqualError(t, err, `--since "ever" is no length of time such as 30d or 12h`)
}
