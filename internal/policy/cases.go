package policy

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"securitybot/internal/alert"
)

// AlertReader reads an alert's JSON as the API does, as if it came at a moment.
// Its error names the fields that are wrong.
type AlertReader func(body []byte, at time.Time) (alert.Alert, error)

// CaseResult is what became of one case.
type CaseResult struct {
	Name       string
	Line       int
	Mismatches []Mismatch // none: it passed
}

// Mismatch is a field of a plan that is not what the case expects.
type Mismatch struct{ Field, Want, Got string }

// testCase is one alert at one moment, and what has to come of it.
type testCase struct {
	name   string
	at     place
	alert  alert.Alert
	who    alert.Person
	groups []string
	now    time.Time
	expect []expectation
}

type expectation struct {
	field expected
	want  string
}

// RunCases decides every case of a text and compares. The error is Faults: what
// is wrong with the text.
func RunCases(p *Policy, text []byte, read AlertReader) ([]CaseResult, error) {
	r := &caseReader{read: read}
	if root := r.root(text); root != nil {
		r.all(root)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	results := make([]CaseResult, 0, len(r.cases))
	for _, one := range r.cases {
		results = append(results, one.run(p))
	}
	return results, nil
}

func (c testCase) run(p *Policy) CaseResult {
	result := CaseResult{Name: c.name, Line: c.at.line}
	d := p.decide(c.alert, c.who, c.groups, c.now)
	for _, one := range c.expect {
		if got := one.field.get(d); !one.field.same(one.want, got) {
			result.Mismatches = append(result.Mismatches, Mismatch{one.field.name, one.want, got})
		}
	}
	return result
}

// WriteText prints a result for people: a line if it passed, else what differs.
func (c CaseResult) WriteText(out io.Writer) error {
	if len(c.Mismatches) == 0 {
		_, err := fmt.Fprintf(out, "ok    %s\n", c.Name)
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "FAIL  %s (line %d)\n", c.Name, c.Line)
	for _, one := range c.Mismatches {
		fmt.Fprintf(&b, "      %s\n        want %s\n        got  %s\n", one.Field, orNothing(one.Want), orNothing(one.Got))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// expected is a field that a case may expect something of.
type expected struct {
	name string
	get  func(decision) string
	same func(want, got string) bool
}

func sameText(want, got string) bool { return want == got || (want == nothing && got == "") }

func sameLength(want, got string) bool {
	wanted, err := ParseLength(want)
	length, gotErr := ParseLength(got)
	return err == nil && gotErr == nil && wanted == length
}

func sameMoment(want, got string) bool {
	if want == nothing || got == "" {
		return want == nothing && got == ""
	}
	wanted, err := time.Parse(time.RFC3339, want)
	moment, gotErr := time.Parse(time.RFC3339, got)
	return err == nil && gotErr == nil && wanted.Equal(moment)
}

// expectedFields are what a case may expect, in the words of the policy file.
func expectedFields() []expected {
	fields := []expected{
		{"action", func(d decision) string { return string(d.plan.Action) }, sameText},
		{"verdict", func(d decision) string { return string(d.plan.Verdict.Outcome) }, sameText},
		{"reason", func(d decision) string { return d.plan.Verdict.Reason }, sameText},
		{"rule", func(d decision) string { return d.rule.name }, sameText},
		{"would", func(d decision) string { return string(d.plan.Would) }, sameText},
		{"tell", func(d decision) string { return strconv.FormatBool(d.plan.Tell) }, sameText},
		{"in_hours", func(d decision) string { return strconv.FormatBool(d.plan.InHours) }, sameText},
		{"held_until", func(d decision) string { return d.moment(d.plan.NotBefore) }, sameMoment},
		{"ask_at", func(d decision) string { return d.ifAsked(d.from) }, sameMoment},
		{"ask_by", func(d decision) string { return d.moment(d.plan.AskBy) }, sameMoment},
		{"answer_by", func(d decision) string { return d.ifAsked(d.after(d.from, d.plan.Deadline)) }, sameMoment},
		{"reminders", func(d decision) string { return lengthsText(d.plan.Reminders) }, sameText},
		{"snooze", func(d decision) string { return brief(d.plan.Snooze) }, sameLength},
		{"snooze_times", func(d decision) string { return strconv.Itoa(d.plan.SnoozeTimes) }, sameText},
		{"review", func(d decision) string { return d.plan.Review }, sameText},
		{"escalate_to", func(d decision) string { return showSteps(d.plan.EscalateTo) }, sameText},
	}
	lengths := []string{"deadline", "suppress_for", "watch_for"}
	words := []string{"second_factor", "on_unproven", "on_confirmed", "explanation", "clock", "distrust", "mode", "suppress_scope"}
	for _, key := range settingKeys() {
		shown := func(d decision) string { return key.show(d.settings) }
		for _, name := range lengths {
			if key.name == name {
				fields = append(fields, expected{name, shown, sameLength})
			}
		}
		for _, name := range words {
			if key.name == name {
				fields = append(fields, expected{name, shown, sameText})
			}
		}
	}
	return fields
}

func (d *decision) moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	zone, err := time.LoadLocation(d.zone)
	if err != nil {
		zone = time.UTC
	}
	return at.In(zone).Format(time.RFC3339)
}

func (d *decision) ifAsked(at time.Time) string {
	if d.live.action != alert.Ask {
		return ""
	}
	return d.moment(at)
}

// caseReader reads the text of cases.
type caseReader struct {
	reader
	read  AlertReader
	cases []testCase
}

func (r *caseReader) all(root *yaml.Node) {
	given := r.mapping(root, "", map[string]keyReader{
		"cases": func(node *yaml.Node, path string) { r.each(node, path, r.one) },
	})
	if _, ok := given["cases"]; !ok && root.Kind == yaml.MappingNode {
		r.fault(placeOf(root), "cases", "is missing")
	}
}

func (r *caseReader) one(node *yaml.Node, path string) {
	one := testCase{at: placeOf(node)}
	var reported, person *yaml.Node
	given := r.mapping(node, path, map[string]keyReader{
		"name":   func(node *yaml.Node, path string) { set(&one.name)(r.text(node, path)) },
		"at":     func(node *yaml.Node, path string) { set(&one.now)(r.moment(node, path)) },
		"alert":  func(node *yaml.Node, _ string) { reported = node },
		"person": func(node *yaml.Node, _ string) { person = node },
		"expect": func(node *yaml.Node, path string) { one.expect = r.expect(node, path) },
	})
	if node.Kind != yaml.MappingNode {
		return
	}
	for _, name := range []string{"name", "at", "alert", "expect"} {
		if _, ok := given[name]; !ok {
			r.fault(one.at, path, "%s is missing", name)
		}
	}
	if reported != nil && !one.now.IsZero() {
		one.alert = r.alert(reported, within(path, "alert"), one.now)
	}
	one.who.Email = one.alert.Subject.Email
	if person != nil {
		r.person(&one, person, within(path, "person"))
	}
	r.cases = append(r.cases, one)
}

func (r *caseReader) moment(node *yaml.Node, path string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, node.Value)
	if node.Kind != yaml.ScalarNode || err != nil {
		r.wrong(node, path, "a moment such as 2026-11-20T17:30:00+01:00")
	}
	return at, err == nil
}

// alert reads an alert as the API would have got it.
func (r *caseReader) alert(node *yaml.Node, path string, now time.Time) alert.Alert {
	body, err := json.Marshal(r.plain(node, path))
	if err != nil {
		r.fault(placeOf(node), path, "is no JSON: %s", err)
		return alert.Alert{}
	}
	read, err := r.read(body, now)
	if err != nil {
		r.fault(placeOf(node), path, "is no alert: %s", err)
	}
	read.ReceivedAt = now
	return read
}

// plain is a tree as JSON has it. References were refused before.
func (r *reader) plain(node *yaml.Node, path string) any {
	switch node.Kind {
	case yaml.MappingNode:
		object := map[string]any{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			name := node.Content[i].Value
			if _, twice := object[name]; twice {
				r.fault(placeOf(node.Content[i]), within(path, name), "is given twice")
			}
			object[name] = r.plain(node.Content[i+1], within(path, name))
		}
		return object
	case yaml.SequenceNode:
		list := make([]any, 0, len(node.Content))
		for _, item := range node.Content {
			list = append(list, r.plain(item, path))
		}
		return list
	default:
		return plainScalar(node)
	}
}

func plainScalar(node *yaml.Node) any {
	switch node.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return node.Value == "true"
	case "!!int", "!!float":
		if json.Valid([]byte(node.Value)) {
			return json.Number(node.Value)
		}
	}
	return node.Value
}

func (r *caseReader) person(one *testCase, node *yaml.Node, path string) {
	who := &one.who
	r.mapping(node, path, map[string]keyReader{
		"email":      func(node *yaml.Node, path string) { set(&who.Email)(r.email(node, path)) },
		"username":   func(node *yaml.Node, path string) { set(&who.Username)(r.text(node, path)) },
		"name":       func(node *yaml.Node, path string) { set(&who.Name)(r.text(node, path)) },
		"zone":       func(node *yaml.Node, path string) { set(&who.Zone)(r.zone(node, path)) },
		"manager":    func(node *yaml.Node, path string) { set(&who.Manager)(r.email(node, path)) },
		"away_until": func(node *yaml.Node, path string) { set(&who.AwayUntil)(r.moment(node, path)) },
		"groups":     func(node *yaml.Node, path string) { set(&one.groups)(r.texts(node, path, r.group)) },
	})
}

func (r *caseReader) expect(node *yaml.Node, path string) []expectation {
	var all []expectation
	known := map[string]keyReader{}
	for _, field := range expectedFields() {
		known[field.name] = func(node *yaml.Node, path string) {
			if want, ok := r.want(node, path); ok {
				all = append(all, expectation{field, want})
			}
		}
	}
	r.mapping(node, path, known)
	return all
}

// want is a value or a list as fields show theirs. A step of a ladder is "name
// after 30m".
func (r *caseReader) want(node *yaml.Node, path string) (string, bool) {
	switch node.Kind {
	case yaml.ScalarNode:
		return node.Value, true
	case yaml.SequenceNode:
		list, ok := r.texts(node, path, r.text)
		return listText(list), ok
	default:
		r.wrong(node, path, "a value or a list")
		return "", false
	}
}
