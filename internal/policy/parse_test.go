package policy_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/policy"
)

// go test ./internal/policy -update writes the files anew: read the difference.
var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return text
}

// faultsOf gives what is wrong with a text, a line each.
func faultsOf(t *testing.T, text string) string {
	t.Helper()
	_, err := policy.Parse([]byte(text))
	if err == nil {
		return ""
	}
	faults, ok := errors.AsType[policy.Faults](err)
	require.True(t, ok, "%T", err)
	for _, fault := range faults {
		require.Positive(t, fault.Line)
		require.Positive(t, fault.Column)
	}
	return err.Error()
}

func parsed(t *testing.T, text string) *policy.File {
	t.Helper()
	file, err := policy.Parse([]byte(text))
	require.NoError(t, err)
	return file
}

// inForce is a policy of some lines below its version.
func inForce(t *testing.T, lines string) *policy.Policy {
	t.Helper()
	return parsed(t, "version: 1\n"+lines).Policy(policy.Environment{})
}

// A policy's author sees all of it at once, each with its place.
func TestEveryMistakeIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	golden(t, "ten_mistakes.golden", faultsOf(t, string(read(t, "testdata/ten_mistakes.yaml")))+"\n")
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, fault string }{
		"nothing":               {"", "1:1: the text is empty"},
		"a comment alone":       {"# nothing\n", "1:1: the text is empty"},
		"a list":                {"- version: 1", "1:1: must be a mapping, not a list"},
		"no version":            {"zone: UTC", "1:1: version: is missing: this program reads version 1"},
		"a version as text":     {"version: '1'", `1:10: version: must be 1, not "1"`},
		"a target that is off":  {"version: 1\ntargets: {boss: {manager: false}}\n", `2:27: targets.boss.manager: must be true, not "false"`},
		"no YAML":               {"version: 1\nrules: [", "3:1: no YAML: "},
		"two documents":         {"version: 1\n---\nversion: 1\n", "a second document"},
		"too long":              {"# " + strings.Repeat("x", 256<<10), "the text has 262146 bytes, at most 262144 are taken"},
		"an anchor":             {"version: 1\ncanary: &a [x]\n", "2:9: anchors and aliases are not taken"},
		"an alias":              {"version: 1\ncanary: &a [x]\nresponders: {users: *a}\n", "3:21: anchors and aliases are not taken"},
		"a merge":               {"version: 1\ndefaults: {<<: {clock: wall}}\n", "2:12: defaults.<<: unknown key"},
		"a key that is a list":  {"version: 1\n? [a]\n: b\n", "2:3: a key must be a word"},
		"a twin":                {"version: 1\nversion: 1\n", "2:1: version: is given twice"},
		"a stranger":            {"version: 1\nrule: []\n", "2:1: rule: unknown key; known here: canary, defaults, "},
		"a severity":            {"version: 1\ndefaults: {deadline: {urgent: 5m}}\n", "2:23: defaults.deadline.urgent: unknown key; known here: critical, high, low, medium"},
		"a length":              {"version: 1\ndefaults: {deadline: 10}\n", `2:22: defaults.deadline: must be a length of time such as 90s, 30m, 2h or 3d, not "10"`},
		"no deadline":           {"version: 1\ndefaults: {deadline: 0s}\n", "2:22: defaults.deadline: 0s is not from 1s to 168h"},
		"a negative one":        {"version: 1\ndefaults: {watch_for: -3d}\n", "2:23: defaults.watch_for: must be a length of time"},
		"an endless one":        {"version: 1\ndefaults: {deadline: 99999999999h}\n", "2:22: defaults.deadline: must be a length of time"},
		"long suppression":      {"version: 1\ndefaults: {suppress_for: {low: 25h}}\n", "2:32: defaults.suppress_for.low: 25h is not from 0s to 24h"},
		"suppress for all":      {"version: 1\ndefaults: {suppress_for: 1h}\n", "2:26: defaults.suppress_for: would suppress high and critical alerts as well"},
		"without a scope":       {"version: 1\ndefaults: {suppress_scope: []}\n", "2:28: defaults.suppress_scope: suppresses without a scope"},
		"a reminder":            {"version: 1\ndefaults: {deadline: 1h, reminders: [1h]}\n", "2:37: defaults.reminders: a reminder after 1h is not before the deadline of 1h"},
		"a reminder, inherited": {"version: 1\ndefaults: {reminders: [10m]}\nrules:\n  - {name: a, match: 'true', deadline: {low: 5m}}\n", "4:46: rules[0].deadline.low: a reminder after 10m is not before the deadline of 5m"},
		"all of the deadline":   {"version: 1\ndefaults: {reminders: [100%]}\n", "2:24: defaults.reminders[0]: is not before the deadline"},
		"a share of nothing":    {"version: 1\ndefaults: {reminders: [NaN%]}\n", "2:24: defaults.reminders[0]: must be a share such as 25%"},
		"a snooze":              {"version: 1\ndefaults: {snooze: {choices: [5h]}}\n", "2:20: defaults.snooze: a snooze of 5h is not before the deadline of 4h"},
		"a snooze by severity":  {"version: 1\ndefaults: {snooze: {high: {choices: [30m]}}}\n", "2:27: defaults.snooze.high: a snooze of 30m is not before the deadline of 30m"},
		"a day":                 {"version: 1\ndefaults: {working_hours: {days: someday}}\n", `2:34: defaults.working_hours.days: "someday" is no day of the week`},
		"a country":             {"version: 1\ndefaults: {working_hours: {holidays: atlantis}}\n", `2:38: defaults.working_hours.holidays: "atlantis" is no country whose holidays are known`},
		"a date":                {"version: 1\ndefaults: {working_hours: {dates: [2026-02-30]}}\n", `2:36: defaults.working_hours.dates[0]: "2026-02-30" is no date`},
		"hours over midnight":   {"version: 1\ndefaults: {working_hours: {from: '22:00', to: '06:00'}}\n", "2:43: defaults.working_hours: from 22:00 is not before to 06:00"},
		"hours, inherited":      {"version: 1\nrules:\n  - {name: a, match: 'true', working_hours: {to: '08:00'}}\n", "3:45: rules[0].working_hours: from 09:00 is not before to 08:00"},
		"the machine's zone":    {"version: 1\ndefaults: {working_hours: {zone: Local}}\n", `2:34: defaults.working_hours.zone: "Local" is no IANA zone`},
		"a month of hours":      {"version: 1\ndefaults: {deadline: 21h, clock: working, working_hours: {from: '09:00', to: '10:00'}}\n", "2:58: defaults.working_hours: a deadline of 21h is more than 20 working days"},
		"a target":              {"version: 1\ndefaults: {escalate_to: [oncall]}\n", `2:25: defaults.escalate_to: there is no target "oncall"; there are: security`},
		"a target twice":        {"version: 1\ndefaults: {escalate_to: [security, security]}\n", `2:25: defaults.escalate_to: "security" is listed twice`},
		"nobody at once":        {"version: 1\ndefaults: {escalate_to: [{to: security, after: 5m}]}\n", "2:25: defaults.escalate_to: tells no team at once"},
		"a manager alone":       {"version: 1\ndefaults: {escalate_to: [boss]}\ntargets: {boss: {manager: true}}\n", "2:25: defaults.escalate_to: tells no team at once"},
		"a step to nowhere":     {"version: 1\ndefaults: {escalate_to: [security, {after: 5m}]}\n", "2:36: defaults.escalate_to[1]: has no target: to is missing"},
		"a channel":             {"version: 1\ntargets: {security: {slack: security}}\n", `is neither a channel's id, such as C0123456789, nor a name, such as "#security"`},
		"a channel as comment":  {"version: 1\ntargets:\n  security:\n    slack: #security\n", "must be text, not nothing (# starts a comment: put a channel's name in quotes)"},
		"an open webhook":       {"version: 1\ntargets: {soc: {webhook: 'http://soc.example.com/key'}}\n", "2:26: targets.soc.webhook: is not an https URL, nor http on this machine"},
		"a fallback of nothing": {"version: 1\ntargets: {soc: {pagerduty: a, fallback: {webhook: 'https://a.example.com'}}}\n", "2:31: targets.soc.fallback: is only of use beside slack"},
		"a target of two":       {"version: 1\ntargets: {soc: {pagerduty: a, person: a@example.com}}\n", "2:16: targets.soc: must lead to exactly one place, not to 2"},
		"an address":            {"version: 1\nresponders: {users: [Alice], own_cases: security}\n", `2:22: responders.users[0]: "Alice" is no email address`},
		"a group":               {"version: 1\nresponders: {group: team, own_cases: security}\n", `2:21: responders.group: "team" is no id of a user group`},
		"own cases":             {"version: 1\nresponders: {users: [a@example.com]}\n", "2:13: responders: own_cases is missing"},
		"own cases to a boss":   {"version: 1\ntargets: {boss: {manager: true}}\nresponders: {users: [a@example.com], own_cases: boss}\n", "3:1: responders.own_cases: a manager is not always known"},
		"no responders":         {"version: 1\nresponders: {own_cases: security}\n", "2:1: responders: names nobody"},
		"nobody on board":       {"version: 1\nonboarding: {others: observe}\n", "2:1: onboarding: names nobody"},
		"a limit":               {"version: 1\nlimits: {storm: many}\n", `2:17: limits.storm: must be a whole number, not "many"`},
		"a negative limit":      {"version: 1\nlimits: {day: -1}\n", "2:15: limits.day: -1 is not from 0 to 1000000"},
		"the end of a day":      {"version: 1\nrollups: {daily: '24:00'}\n", "2:18: rollups.daily: the last moment of a day is 23:59"},
		"rollups to nowhere":    {"version: 1\nrollups: {to: attic}\n", `2:15: rollups.to: there is no target "attic"`},
		"a long opt-out":        {"version: 1\nopt_out: {most: 2d}\n", "2:17: opt_out.most: 2d is not from 0s to 24h"},
		"a word for a flag":     {"version: 1\nrollups: {hourly: often}\n", `2:19: rollups.hourly: must be true or false, not "often"`},
		"only of rules":         {"version: 1\ndefaults: {action: close}\n", "2:12: defaults.action: unknown key"},
		"a rule without a name": {"version: 1\nrules: [{match: 'true'}]\n", "2:9: rules[0]: name is missing"},
		"a rule without match":  {"version: 1\nrules: [{name: a}]\n", "2:9: rules[0]: match is missing"},
		"a rule's name":         {"version: 1\nrules: [{name: defaults, match: detection == 'a'}]\n", "2:9: rules[0].name: is how alerts without a rule are called"},
		"a rule under another":  {"version: 1\nrules:\n  - {name: all, match: true}\n  - {name: never, match: detection == 'a'}\n", `4:5: rules[1].match: can never match: the rule "all" in line 3 matches everything`},
		"true in other words":   {"version: 1\nrules:\n  - {name: all, match: 'true || detection == \"a\"'}\n  - {name: never, match: detection == 'a'}\n", `4:5: rules[1].match: can never match: the rule "all"`},
		"a rule that is off":    {"version: 1\nrules: [{name: a, match: false}]\n", "2:9: rules[0].match: can never match: it is false for every alert"},
		"the same rule":         {"version: 1\nrules:\n  - {name: a, match: detection == 'a'}\n  - {name: b, match: detection == 'a'}\n", `4:5: rules[1].match: can never match: the rule "a" matches the same`},
		"doubt and an action":   {"version: 1\nrules: [{name: a, match: detection == 'a', distrust: [slack], action: close}]\n", "rules[0].action: with distrust of slack nobody is asked"},
		"doubt of a stranger":   {"version: 1\nrules: [{name: a, match: detection == 'a', distrust: [okta]}]\n", `rules[0].distrust[0]: must be slack or duo, not "okta"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, faultsOf(t, tc.text), tc.fault)
		})
	}
}

// A key that a webhook's address carries is not shown, not even when it is wrong.
func TestAFaultShowsNoKey(t *testing.T) {
	t.Parallel()
	require.NotContains(t, faultsOf(t, "version: 1\ntargets: {soc: {webhook: 'ftp://soc.example.com/s3cret'}}\n"), "s3cret")
}

// Aliases that double with each line would be 2^60 items.
func TestABombDoesNotGoOff(t *testing.T) {
	t.Parallel()
	var bomb strings.Builder
	bomb.WriteString("version: 1\na0: &a0 [x]\n")
	for i := range 60 {
		number := string(rune('0'+i/10)) + string(rune('0'+i%10))
		before := "a0"
		if i > 0 {
			before = "b" + string(rune('0'+(i-1)/10)) + string(rune('0'+(i-1)%10))
		}
		bomb.WriteString("b" + number + ": &b" + number + " [*" + before + ", *" + before + "]\n")
	}
	require.Contains(t, faultsOf(t, bomb.String()), "anchors and aliases are not taken")
}

func TestEveryKey(t *testing.T) {
	t.Parallel()
	for key, tc := range map[string]struct{ value, shown string }{
		"second_factor":  {"off", "off"},
		"on_unproven":    {"record", "record"},
		"on_confirmed":   {"review", "review"},
		"review_sample":  {"12.5%", "12.5%"},
		"explanation":    {"required", "required"},
		"deadline":       {"1h30m", "1h30m"},
		"clock":          {"working", "working"},
		"outside_hours":  {"tell_and_ask", "tell_and_ask"},
		"away":           {"escalate", "escalate"},
		"reminders":      {"[10m, 50%]", "10m, 50%"},
		"snooze":         {"{times: 5}", "15m, 1h, 5 times"},
		"working_hours":  {"{zone: Asia/Kolkata, days: 'sun-thu', holidays: [de, us], dates: [2026-12-31]}", "mon-thu,sun 09:00-18:00, zone Asia/Kolkata, holidays de us, off 2026-12-31"},
		"suppress_for":   {"{medium: 90m}", "1h30m"},
		"suppress_scope": {"[host, user]", "host, user"},
		"escalate_to":    {"[{to: later, after: 30m}, security]", "security, later after 30m"},
		"watch_for":      {"2d", "48h"},
		"mode":           {"shadow", "shadow"},
		"distrust":       {"[duo]", "duo"},
		"action":         {"escalate", "escalate"},
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			lines := "targets: {later: {pagerduty: night}}\nrules:\n  - name: one\n    match: detection == 'a'\n    deadline: 4h\n    " + key + ": " + tc.value + "\n"
			lines = strings.Replace(lines, "    deadline: 4h\n    deadline", "    deadline", 1)
			explained := policy.Explain(inForce(t, lines), alert.Alert{Detection: "a", Severity: alert.Medium}, alert.Person{}, nil, now)
			for _, value := range explained.Values {
				if value.Key == key {
					require.Equal(t, tc.shown, value.Value)
					require.Equal(t, `rule "one"`, value.From)
					require.Positive(t, value.Line)
				}
			}
			require.Len(t, explained.Values, 19, "every key is tested here")
		})
	}
}

func TestWhatIsNotPartOfARule(t *testing.T) {
	t.Parallel()
	p := inForce(t, `
zone: Asia/Tokyo
targets:
  security: {slack: "#sec-ops", fallback: {webhook: "https://soc.example.com/hook"}}
  lead: {person: Grace@Example.com}
responders: {users: [grace@example.com], group: S0RESPOND, own_cases: lead}
onboarding: {group: S0PILOT, others: observe}
limits: {open_questions: 1, storm: 2, person_day: 3, day: 4}
rollups: {hourly: true, daily: "08:30", to: lead}
opt_out: {most: 4h}
retention: {answers_kept: 30d, read_by: the blue team}
rules:
  - {name: scanners, match: '"S0SCANNERS" in person.groups', action: close}
  - {name: others, match: 'person.groups.exists(g, g in ["S0OTHERS"])', action: close}
  - {name: no group, match: 'context.team == "SECURITY"', action: close}
`)
	require.Equal(t, map[string]policy.Target{
		"security": {Slack: "sec-ops", Fallback: &policy.Target{Webhook: "https://soc.example.com/hook"}},
		"lead":     {Person: "grace@example.com"},
	}, p.Targets())
	require.Equal(t, policy.Rollups{Hourly: true, Daily: true, At: 8*hour + 30*minute, To: "lead"}, p.Rollups())
	require.Equal(t, []string{"S0OTHERS", "S0PILOT", "S0RESPOND", "S0SCANNERS"}, p.Groups())
	require.Equal(t, "Asia/Tokyo", p.Zone())
	require.Equal(t, 4*hour, p.OptOutMost())
	readBy, keptFor := p.Kept()
	require.Equal(t, "the blue team", readBy)
	require.Equal(t, 30*24*hour, keptFor)
	require.Equal(t, alert.Limits{Open: 1, Storm: 2, PersonDay: 3, Day: 4}, planned(p, alert.Alert{Severity: alert.Low}).Limits)
	require.True(t, p.Responder(alert.Person{Email: "GRACE@example.com"}, nil))
	require.True(t, p.Responder(alert.Person{Email: "bob@example.com"}, []string{"S0RESPOND"}))
	require.False(t, p.Responder(alert.Person{Email: "bob@example.com"}, []string{"S0PILOT"}))
	require.False(t, p.Responder(alert.Person{}, nil), "who is not known is no responder")
}

func TestBuiltIn(t *testing.T) {
	t.Parallel()
	p := policy.Defaults()
	require.Equal(t, "built-in", p.Revision())
	require.Equal(t, map[string]policy.Target{policy.Security: {}}, p.Targets())
	require.Equal(t, policy.Rollups{To: policy.Security}, p.Rollups())
	require.Empty(t, p.Groups())
	require.Equal(t, 24*hour, p.OptOutMost())
	empty := parsed(t, "version: 1")
	require.Empty(t, policy.Diff(policy.BuiltIn(), empty), "a file that says nothing changes nothing")
	require.Equal(t, policy.Digest([]byte("version: 1")), empty.Revision())
	require.Len(t, empty.Revision(), 12)
}

func TestTargetsThatCantBeReached(t *testing.T) {
	t.Parallel()
	file := parsed(t, `
version: 1
targets:
  security: {slack: "#sec", fallback: {pagerduty: day}}
  oncall: {pagerduty: night}
`)
	known := func(target policy.Target) error {
		if target.PagerDuty != "" {
			return errors.New("there is no routing key " + target.PagerDuty)
		}
		return nil
	}
	require.EqualError(t, file.CheckTargets(known),
		"1:1: targets.oncall: there is no routing key night\n1:1: targets.security.fallback: there is no routing key day")
	require.NoError(t, file.CheckTargets(func(policy.Target) error { return nil }))
}

// Whatever comes in, it is either a policy that plans, or faults with places.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"testdata/ten_mistakes.yaml", "../../examples/policy.yaml", "../../examples/policy_cases.yaml"} {
		text, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(text)
	}
	for _, text := range []string{
		"version: 1\nrules: [{name: a, match: 'context.all(x, context.all(y, x == y))'}]",
		"&a [*a, *a]", "{{{{{{", "- - - - -", "? ? ?", "version: !!binary 1", "%TAG ! tag:", "\xff\xfe", "a: |\n  b\n c",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := policy.Parse(text)
		if err != nil {
			faults, ok := errors.AsType[policy.Faults](err)
			require.True(t, ok)
			require.NotEmpty(t, faults)
			return
		}
		plan := planned(file.Policy(policy.Environment{}), alert.Alert{Severity: alert.Low, Context: []byte(`{"host":"a"}`)})
		require.False(t, plan.AskBy.Before(now))
		require.LessOrEqual(t, plan.Deadline, 7*24*time.Hour)
	})
}
