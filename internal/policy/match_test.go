package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/policy"
)

var sudo = alert.Alert{
	Source: "falco", Detection: "sudo_interactive", Title: "Root shell on web-1", Severity: alert.High,
	Description: "sudo -i", URL: "https://siem.example.com/1", Subject: alert.Subject{Email: "alice@example.com"},
	OccurredAt: time.Date(2026, 3, 2, 3, 4, 5, 0, time.UTC),
	Context:    []byte(`{"env":"prod","port":22,"load":1.5,"id":9007199254740993,"tags":["a","b"],"host":{"name":"web-1"},"null":null}`),
}

// matched tells whether the only rule of a policy matches, and why not.
func matched(t *testing.T, expression string, about alert.Alert, who alert.Person, groups ...string) (bool, string) {
	t.Helper()
	p := inForce(t, "rules:\n  - name: one\n    match: |-\n      "+expression+"\n")
	tried := policy.Explain(p, about, who, groups, now).Tried
	require.Len(t, tried, 1)
	return tried[0].Matched, strings.Join(tried[0].Why, "; ")
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	alice := alert.Person{Email: "alice@example.com", Username: "al", Name: "Alice", Zone: "Europe/Berlin", Manager: "grace@example.com"}
	for expression, want := range map[string]bool{
		`detection == "sudo_interactive"`:                      true,
		`detection.startsWith("nmap")`:                         false,
		`detection.matches("^sudo_[a-z]+$")`:                   true,
		`severity == "high"`:                                   true,
		`atLeast(severity, "medium")`:                          true,
		`atLeast(severity, "critical")`:                        false,
		`severity in ["low", "high"]`:                          true,
		`source == "falco" && title.contains("web-1")`:         true,
		`description.size() < 100 && url.startsWith("https:")`: true,
		`context.env == "prod"`:                                true,
		`has(context.env)`:                                     true,
		`has(context.user)`:                                    false,
		`has(context.user) && context.user == "root"`:          false,
		`!has(context.user) || context.user == "root"`:         true,
		`context.user == "root" || context.env == "prod"`:      true,
		`context["env"] == "prod"`:                             true,
		`context.port == 22`:                                   true,
		`context.port < 1024`:                                  true,
		`context.port >= 22.0`:                                 true,
		`context.load > 1`:                                     true,
		`context.id == 9007199254740993`:                       true,
		`context.id != 9007199254740992`:                       true,
		`"b" in context.tags`:                                  true,
		`context.tags.exists(tag, tag == "c")`:                 false,
		`context.host.name == "web-1"`:                         true,
		`context["null"] == null`:                              true,
		`subject.email == "alice@example.com"`:                 true,
		`subject.slack_id == ""`:                               true,
		`person.email.endsWith("@example.com")`:                true,
		`person.zone == "Europe/Berlin"`:                       true,
		`person.manager == "grace@example.com"`:                true,
		`"S0TEAMS" in person.groups`:                           true,
		`person.groups.size() == 2`:                            false,
		`occurred_at < timestamp("2026-03-02T04:00:00Z")`:      true,
		`occurred_at.getHours("Europe/Berlin") == 4`:           true,
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			got, _ := matched(t, expression, sudo, alice, "S0TEAMS")
			require.Equal(t, want, got)
		})
	}
}

// What can't be known is no match, and explain says why.
func TestAnErrorIsNoMatch(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ expression, context, why string }{
		"a field that is not there": {`context.user == "root"`, `{}`, `context.user == "root": no such key: user`},
		"another type":              {`context.port < 1024`, `{"port":"ssh"}`, `context.port < 1024: no such overload`},
		"no context":                {`context.env == "prod"`, ``, "no such key: env"},
		"a context that is no map":  {`context.env == "prod"`, `[]`, "no such key: env"},
		"half of a context":         {`context.env == "prod"`, `{"env":"prod"`, "no such key: env"},
		"one half is false":         {`severity == "low" && context.a == 1`, `{"a":1}`, `severity == "low" is false`},
		"a severity that is not":    {`atLeast(severity, context.least)`, `{"least":"grave"}`, `"grave" is no severity`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, why := matched(t, tc.expression, alert.Alert{Severity: alert.High, Context: []byte(tc.context)}, alert.Person{})
			require.False(t, got)
			require.Contains(t, why, tc.why)
		})
	}
}

// An expression that is dear for a hostile alert ends, and is no match.
func TestAnExpressionHasALimit(t *testing.T) {
	t.Parallel()
	items := strings.TrimSuffix(strings.Repeat(`"a",`, 3000), ",")
	about := alert.Alert{Severity: alert.Low, Context: []byte(`{"list":[` + items + `]}`)}
	got, why := matched(t, `context.list.all(a, context.list.all(b, context.list.all(c, a == b || b == c)))`, about, alert.Person{})
	require.False(t, got)
	require.Contains(t, why, "cost limit exceeded")
	about.Description = strings.Repeat("a description as long as the API takes ", 200)
	got, _ = matched(t, `description.matches("(?i)no such (thing|word)$") || context.list.size() == 3000`, about, alert.Person{})
	require.True(t, got, "what is honest stays well below it")
}

func TestExpressionsThatCantWork(t *testing.T) {
	t.Parallel()
	for expression, fault := range map[string]string{
		`detection = "a"`:                     "4:17: rules[0].match: no expression: Syntax error",
		`detectoin == "a"`:                    "4:7: rules[0].match: no expression: undeclared reference to 'detectoin'",
		`detection`:                           "4:7: rules[0].match: is string, and must be true or false",
		`context.env`:                         "4:7: rules[0].match: is dyn, and must be true or false",
		`detection == 1`:                      "4:17: rules[0].match: no expression: found no matching overload",
		`detection.matches("(")`:              "rules[0].match: no expression: ",
		`person.mail == "a@example.com"`:      "4:13: rules[0].match: person has no mail, but email, username, name, zone, manager, groups",
		`has(subject.name)`:                   "rules[0].match: subject has no name, but email, username, slack_id",
		`severity == "hihg"`:                  `4:19: rules[0].match: "hihg" is no severity; there are low, medium, high, critical`,
		`"urgent" != severity`:                `"urgent" is no severity`,
		`severity in ["high", "hihg"]`:        `"hihg" is no severity`,
		`"oncall" in person.groups`:           `4:7: rules[0].match: "oncall" is no id of a user group, such as S0123456789`,
		`atLeast(severity, "grave")`:          `"grave" is no severity`,
		strings.Repeat("(", 1990):             "rules[0].match: no expression: ",
		strings.Repeat("true || ", 300) + "x": "rules[0].match: no expression: ",
		``:                                    "rules[0].match: no expression: ",
	} {
		t.Run(expression[:min(len(expression), 30)], func(t *testing.T) {
			t.Parallel()
			require.Contains(t, faultsOf(t, fmt.Sprintf("version: 1\nrules:\n  - match: |\n      %s\n    name: one\n", expression)), fault)
		})
	}
}

// A fault is where somebody who reads the file looks for it.
func TestPlacesWithinExpressions(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ match, place string }{
		"plain":         {`detection == "a" && nobody`, "3:30: "},
		"single quotes": {`'detection == "a" && nobody'`, "3:31: "},
		"double quotes": {`"detection == 'a' && nobody"`, "3:31: "},
		"literal":       {"|\n     detection == 'a' &&\n     nobody", "5:6: "},
		"folded":        {">\n     detection == 'a' &&\n     nobody", "3:10: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			faults := faultsOf(t, "version: 1\nrules:\n- match: "+tc.match+"\n  name: a\n")
			require.Contains(t, faults, tc.place+"rules[0].match: no expression: undeclared reference to 'nobody'")
		})
	}
}
