package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"securitybot/internal/policy"
)

func changes(before, after *policy.File) string {
	var out strings.Builder
	for _, change := range policy.Diff(before, after) {
		mark := "        "
		if change.Looser {
			mark = "LOOSER  "
		}
		out.WriteString(mark + change.Text + "\n")
	}
	return out.String()
}

func TestDiff(t *testing.T) {
	t.Parallel()
	before, after := parsed(t, string(read(t, "testdata/before.yaml"))), parsed(t, string(read(t, "testdata/after.yaml")))
	golden(t, "diff.golden", changes(before, after)+"\nand back\n\n"+changes(after, before))
	require.Empty(t, changes(before, before))
}

// Each key says for itself when less is asked, proved, shown or told.
func TestLooser(t *testing.T) {
	t.Parallel()
	const rule = "rules: [{name: a, match: detection == 'a', "
	for name, tc := range map[string]struct{ before, after string }{
		"second factor":          {"", "defaults: {second_factor: off}"},
		"unproven":               {"", "defaults: {on_unproven: record}"},
		"review":                 {"defaults: {on_confirmed: review}", ""},
		"sample":                 {"", "defaults: {review_sample: 1%}"},
		"explanation":            {"defaults: {explanation: required}", ""},
		"no explanation":         {"", "defaults: {explanation: off}"},
		"deadline":               {"", "defaults: {deadline: {critical: 20m}}"},
		"clock":                  {"", "defaults: {clock: working}"},
		"hold":                   {"", "defaults: {outside_hours: hold}"},
		"outside hours":          {"defaults: {outside_hours: escalate}", "defaults: {outside_hours: tell_and_ask}"},
		"away":                   {"defaults: {away: escalate}", ""},
		"suppress for":           {"", "defaults: {suppress_for: {high: 1m}}"},
		"suppress scope":         {"defaults: {suppress_scope: [host, user]}", ""},
		"another scope":          {"", "defaults: {suppress_scope: [user]}"},
		"watch for":              {"", "defaults: {watch_for: 1h}"},
		"shadow":                 {"", "defaults: {mode: shadow}"},
		"shadow of everything":   {"", "mode: shadow"},
		"fewer hours, clock":     {"defaults: {clock: working}", "defaults: {clock: working, working_hours: {days: mon-thu}}"},
		"more hours, suppressed": {"", "defaults: {working_hours: {days: mon-sat}}"},
		"a ladder with less":     {"targets: {o: {pagerduty: o}}\ndefaults: {escalate_to: [security, o]}", "targets: {o: {pagerduty: o}}"},
		"a ladder that is later": {"targets: {o: {pagerduty: o}}\ndefaults: {escalate_to: [security, o]}", "targets: {o: {pagerduty: o}}\ndefaults: {escalate_to: [security, {to: o, after: 1m}]}"},
		"distrust":               {rule + "distrust: [duo]}]", rule + "}]"},
		"action":                 {rule + "action: escalate}]", rule + "action: ask}]"},
		"a stricter rule gone":   {rule + "action: escalate}]", ""},
		"a looser rule":          {"", rule + "action: close}]"},
		"a rule above another":   {rule + "action: escalate}]", "rules: [{name: b, match: severity == 'low'}, {name: a, match: detection == 'a', action: escalate}]"},
		"a rule takes less":      {rule + "action: escalate}]", "rules: [{name: a, match: detection == 'b', action: escalate}]"},
		"rules change places":    {"rules: [{name: a, match: detection == 'a', action: escalate}, {name: b, match: source == 'b'}]", "rules: [{name: b, match: source == 'b'}, {name: a, match: detection == 'a', action: escalate}]"},
		"a target elsewhere":     {"", "targets: {security: {slack: '#other'}}"},
		"a target's address":     {"targets: {security: {webhook: 'https://a.example.com/1'}}", "targets: {security: {webhook: 'https://a.example.com/2'}}"},
		"a responder":            {"responders: {users: [a@example.com], own_cases: security}", "responders: {users: [a@example.com, b@example.com], own_cases: security}"},
		"others observed":        {"onboarding: {users: [a@example.com]}", "onboarding: {users: [a@example.com], others: observe}"},
		"a limit":                {"", "limits: {open_questions: 0}"},
		"a canary":               {"", "canary: [a@example.com]"},
		"no rollup":              {"rollups: {hourly: true}", ""},
		"opt-out":                {"opt_out: {most: 1h}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := parsed(t, "version: 1\n"+tc.before), parsed(t, "version: 1\n"+tc.after)
			require.Contains(t, changes(before, after), "LOOSER", "there")
			require.Empty(t, changes(after, after))
		})
	}
}

func TestStricterIsNotLooser(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ before, after string }{
		"second factor":   {"defaults: {second_factor: off}", ""},
		"deadline":        {"", "defaults: {deadline: 10m}"},
		"reminders":       {"", "defaults: {reminders: [50%]}"},
		"snooze":          {"", "defaults: {snooze: {times: 0}}"},
		"suppression":     {"", "defaults: {suppress_for: 0}"},
		"a stricter rule": {"", "rules: [{name: a, match: detection == 'a', action: escalate}]"},
		"a limit":         {"", "limits: {person_day: 10}"},
		"a rollup":        {"", "rollups: {hourly: true}"},
		"the words":       {"", "retention: {read_by: the blue team}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := changes(parsed(t, "version: 1\n"+tc.before), parsed(t, "version: 1\n"+tc.after))
			require.NotEmpty(t, said)
			require.NotContains(t, said, "LOOSER")
		})
	}
}

// A webhook's address may carry a key.
func TestADiffShowsNoKey(t *testing.T) {
	t.Parallel()
	before := parsed(t, "version: 1\ntargets: {soc: {webhook: 'https://soc.example.com/s3cret1'}}\n")
	after := parsed(t, "version: 1\ntargets: {soc: {webhook: 'https://soc.example.com/s3cret2'}}\n")
	require.NotContains(t, changes(before, after), "s3cret")
	require.Contains(t, changes(before, after), "at another address")
}
