package policy

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"securitybot/internal/alert"
)

// Explanation is what a policy does with an alert, and why.
type Explanation struct {
	Revision string      `json:"revision"`
	At       time.Time   `json:"at"`
	Tried    []TriedRule `json:"tried"`
	Rule     string      `json:"rule"` // defaults where none matched
	Line     int         `json:"line,omitempty"`
	Summary  string      `json:"summary"` // what happens first
	Zone     string      `json:"zone"`    // of the working hours
	Values   []Value     `json:"values"`
	Moments  []Moment    `json:"moments,omitempty"` // of a question that is asked as soon as it may be
	Plan     alert.Plan  `json:"plan"`
}

// TriedRule is a rule that was looked at.
type TriedRule struct {
	Rule    string   `json:"rule"`
	Line    int      `json:"line"`
	Matched bool     `json:"matched"`
	Why     []string `json:"why,omitempty"` // it did not match
}

// Value is a setting as it was resolved.
type Value struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	From  string `json:"from"`
	Line  int    `json:"line,omitempty"` // 0 of what is not in the file
}

// Moment is something that happens at a time.
type Moment struct {
	What string    `json:"what"`
	At   time.Time `json:"at"` // in the zone of the working hours
}

// Explain decides as Plan does, and tells how it came to that.
func Explain(p *Policy, admitted alert.Alert, who alert.Person, groups []string, now time.Time) Explanation {
	d := p.decide(admitted, who, groups, now)
	zone, err := time.LoadLocation(d.zone)
	if err != nil {
		zone = time.UTC
	}
	explained := Explanation{
		Revision: p.Revision(), At: now.In(zone), Rule: d.rule.name, Line: d.rule.at.line,
		Summary: d.summary(now), Zone: d.zone, Plan: d.plan,
	}
	input := inputOf(admitted, who, groups)
	for _, one := range d.tried {
		explained.Tried = append(explained.Tried, one.explain(input))
	}
	for _, key := range settingKeys() {
		explained.Values = append(explained.Values, d.value(key))
	}
	if d.live.action == alert.Ask {
		explained.Moments = d.moments(zone)
	}
	return explained
}

func (t trial) explain(input map[string]any) TriedRule {
	tried := TriedRule{Rule: t.rule.name, Line: t.rule.at.line, Matched: t.matched}
	if t.matched {
		return tried
	}
	for _, part := range t.rule.match.parts {
		if why := failing(part, input); why != "" {
			tried.Why = append(tried.Why, why)
		}
	}
	if len(tried.Why) == 0 && t.err != nil {
		tried.Why = []string{t.err.Error()}
	}
	return tried
}

// failing tells why a part of an expression does not hold, "" if it does.
func failing(part string, input map[string]any) string {
	matcher, faults := compile(part)
	if len(faults) > 0 {
		return ""
	}
	switch matched, err := matcher.matches(input); {
	case err != nil:
		return fmt.Sprintf("%s: %s", part, err)
	case !matched:
		return part + " is false"
	default:
		return ""
	}
}

func (d *decision) value(key settingKey) Value {
	from := d.settings.origins[key.name]
	layer := from.layer
	switch {
	case layer == "":
		layer = "built-in"
	case from.at.line > 0 && layer != defaultsName:
		layer = titleOf(layer)
	}
	return Value{Key: key.name, Value: key.show(d.settings), From: layer, Line: from.at.line}
}

func (d *decision) summary(now time.Time) string {
	text := d.live.text(d.plan.EscalateTo, d.from.After(now))
	switch {
	case d.plan.Would != "":
		return "shadow mode: recorded, nobody is contacted; live it would " + text
	case d.plan.Tell:
		return text + ", and the security team is told at once"
	default:
		return text
	}
}

func (o outcome) text(ladder []alert.Step, held bool) string {
	switch o.action {
	case alert.Escalate:
		return fmt.Sprintf("escalate unasked (%s) to %s", o.verdict.Reason, showSteps(ladder))
	case alert.Close:
		return fmt.Sprintf("close, %s (%s), told to nobody", o.verdict.Outcome, o.verdict.Reason)
	default:
		if held {
			return "hold until working hours, then ask"
		}
		return "ask"
	}
}

// moments are when things happen if the question is put as soon as it may be.
func (d *decision) moments(zone *time.Location) []Moment {
	moments := []Moment{{"asked", d.from.In(zone)}}
	for _, after := range d.plan.Reminders {
		moments = append(moments, Moment{"reminded", d.after(d.from, after).In(zone)})
	}
	return append(moments,
		Moment{"answer by", d.after(d.from, d.plan.Deadline).In(zone)},
		Moment{"not asked after", d.plan.AskBy.In(zone)})
}

const momentLayout = "Mon 2006-01-02 15:04:05 MST"

// WriteText prints it for people.
func (e Explanation) WriteText(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Policy %s, at %s\n\nRules\n", e.Revision, e.At.Format(momentLayout))
	for _, one := range e.Tried {
		one.write(&b)
	}
	if e.Rule == defaultsName {
		b.WriteString("  no rule matches: the defaults hold\n")
	}
	fmt.Fprintf(&b, "\nDecision\n  %s\n", e.Summary)
	for _, moment := range e.Moments {
		fmt.Fprintf(&b, "  %-16s %s\n", moment.What, moment.At.Format(momentLayout))
	}
	fmt.Fprintf(&b, "  %-16s %s\n", "goes to", showSteps(e.Plan.EscalateTo))
	b.WriteString("\nValues\n")
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, value := range e.Values {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", value.Key, value.Value, value.origin())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (t TriedRule) write(b *strings.Builder) {
	verdict := "no match"
	if t.Matched {
		verdict = "matches"
	}
	fmt.Fprintf(b, "  %-8s  %s (line %d)\n", verdict, t.Rule, t.Line)
	for _, why := range t.Why {
		fmt.Fprintf(b, "              %s\n", why)
	}
}

func (v Value) origin() string {
	if v.Line > 0 {
		return fmt.Sprintf("%s, line %d", v.From, v.Line)
	}
	return v.From
}
