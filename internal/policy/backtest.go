package policy

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"securitybot/internal/alert"
)

// Past is an alert of the record, as it was when it was admitted.
type Past struct {
	Alert   alert.Alert
	Person  alert.Person // as they are known today
	Groups  []string
	At      time.Time
	Plan    *alert.Plan // that was decided then; nil if none was
	Verdict alert.Verdict
}

// Report is what a policy would have done with past alerts. Each is judged by
// itself: what joins, waits or is suppressed is not played through.
type Report struct {
	Revision string       `json:"revision"`
	Alerts   int          `json:"alerts"`
	Rules    []RuleReport `json:"rules"`   // in the file's order, the defaults last
	Changes  []Divergence `json:"changes"` // the most frequent first
}

// RuleReport counts what came of a rule's alerts.
type RuleReport struct {
	Rule      string `json:"rule"`
	Alerts    int    `json:"alerts"`
	Asked     int    `json:"asked"` // held ones too
	Held      int    `json:"held"`
	Told      int    `json:"told"` // asked, and the team told at once
	Escalated int    `json:"escalated"`
	Closed    int    `json:"closed"`
}

// Divergence is a way in which alerts would have begun otherwise than they did.
type Divergence struct {
	Was      string   `json:"was"`
	Would    string   `json:"would"`
	Alerts   int      `json:"alerts"`
	Denied   int      `json:"denied"`   // of those, what turned out to be denied
	Examples []string `json:"examples"` // ids, at most 3
}

const maxExamples = 3

// Backtest decides past alerts anew. It ends at the first error of the sequence.
func Backtest(p *Policy, alerts iter.Seq2[Past, error]) (Report, error) {
	report := Report{Revision: p.Revision(), Rules: []RuleReport{}, Changes: []Divergence{}}
	for _, rule := range p.file.everyRule() {
		report.Rules = append(report.Rules, RuleReport{Rule: rule.name})
	}
	for past, err := range alerts {
		if err != nil {
			return report, err
		}
		report.count(past, p.decide(past.Alert, past.Person, past.Groups, past.At))
	}
	slices.SortStableFunc(report.Changes, func(a, b Divergence) int { return cmp.Compare(b.Alerts, a.Alerts) })
	return report, nil
}

func (r *Report) count(past Past, d decision) {
	r.Alerts++
	at := slices.IndexFunc(r.Rules, func(one RuleReport) bool { return one.Rule == d.rule.name })
	rule := &r.Rules[at]
	rule.Alerts++
	switch d.plan.Action {
	case alert.Ask:
		rule.Asked++
	case alert.Escalate:
		rule.Escalated++
	case alert.Close:
		rule.Closed++
	}
	if !d.plan.NotBefore.IsZero() {
		rule.Held++
	}
	if d.plan.Tell {
		rule.Told++
	}
	if past.Plan == nil || !byPolicy(past.Plan.Verdict) {
		return
	}
	if was, would := beginning(*past.Plan), beginning(d.plan); was != would {
		r.diverges(was, would, past)
	}
}

// byPolicy tells that a verdict is none, or came from a policy's text: others
// depend on what else was going on.
func byPolicy(verdict alert.Verdict) bool {
	return !verdict.Decided() || slices.Contains([]string{
		alert.ReasonPolicy, alert.ReasonShadow, alert.ReasonCanary, alert.ReasonNotOnboarded,
		alert.ReasonChannelDoubted, alert.ReasonOutsideHours, alert.ReasonAway,
	}, verdict.Reason)
}

// beginning is what a plan lets happen first, in a few words.
func beginning(plan alert.Plan) string {
	text := string(plan.Action)
	switch {
	case plan.Verdict.Reason != "":
		return fmt.Sprintf("%s (%s)", text, plan.Verdict.Reason)
	case !plan.NotBefore.IsZero():
		return "hold"
	case plan.Tell:
		return "tell and ask"
	case plan.FactorOff:
		return text + " without proof"
	default:
		return text
	}
}

func (r *Report) diverges(was, would string, past Past) {
	at := slices.IndexFunc(r.Changes, func(one Divergence) bool { return one.Was == was && one.Would == would })
	if at < 0 {
		at = len(r.Changes)
		r.Changes = append(r.Changes, Divergence{Was: was, Would: would, Examples: []string{}})
	}
	one := &r.Changes[at]
	one.Alerts++
	if past.Verdict.Outcome == alert.Denied {
		one.Denied++
	}
	if len(one.Examples) < maxExamples {
		one.Examples = append(one.Examples, past.Alert.ID)
	}
}

// WriteText prints it for people.
func (r *Report) WriteText(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Policy %s over %d alerts, each judged by itself\n\n", r.Revision, r.Alerts)
	fmt.Fprintf(&b, "%7s %7s %7s %7s %9s %7s  %s\n", "alerts", "asked", "held", "told", "escalated", "closed", "rule")
	for _, one := range r.Rules {
		fmt.Fprintf(&b, "%7d %7d %7d %7d %9d %7d  %s\n", one.Alerts, one.Asked, one.Held, one.Told, one.Escalated, one.Closed, one.Rule)
	}
	if len(r.Changes) > 0 {
		b.WriteString("\nOtherwise than it was\n")
	}
	for _, one := range r.Changes {
		fmt.Fprintf(&b, "%7d  %s instead of %s", one.Alerts, one.Would, one.Was)
		if one.Denied > 0 {
			fmt.Fprintf(&b, "; %d of them were denied", one.Denied)
		}
		fmt.Fprintf(&b, " (%s)\n", strings.Join(one.Examples, ", "))
	}
	_, err := io.WriteString(out, b.String())
	return err
}
