package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"securitybot/internal/alert"
)

// Change is one difference between two policies, in plain words.
type Change struct {
	Text   string `json:"text"`
	Looser bool   `json:"looser"` // less is asked, proved, shown or told
}

// Diff tells what a new policy changes, the defaults first, then rules in the
// order of the new one. Where it can't be known which alerts a rule takes, it is
// looser if it is for some alert that it may take or leave.
func Diff(before, after *File) []Change {
	d := &diff{before: before, after: after}
	d.settings(defaultsName, before.defaults, after.defaults)
	for i, rule := range after.rules {
		if old, ok := before.rule(rule.name); ok {
			d.rule(old, rule)
		} else {
			d.added(i, rule)
		}
	}
	for i, rule := range before.rules {
		if _, ok := after.rule(rule.name); !ok {
			d.removed(i, rule)
		}
	}
	d.order()
	d.wide()
	return d.changes
}

type diff struct {
	before, after *File
	changes       []Change
}

func (d *diff) note(looser bool, format string, args ...any) {
	d.changes = append(d.changes, Change{Text: fmt.Sprintf(format, args...), Looser: looser})
}

// changed notes a value that is not what it was.
func (d *diff) changed(what, before, after string, looser bool) {
	if before != after {
		d.note(looser, "%s: %s, was %s", what, after, before)
	}
}

func (f *File) rule(name string) (rule, bool) {
	at := slices.IndexFunc(f.rules, func(one rule) bool { return one.name == name })
	if at < 0 {
		return rule{}, false
	}
	return f.rules[at], true
}

func titleOf(name string) string {
	if name == defaultsName {
		return name
	}
	return fmt.Sprintf("rule %q", name)
}

// settings notes each key with the severities that it changes for in the same way.
func (d *diff) settings(name string, before, after rule) {
	for _, key := range settingKeys() {
		var texts []string
		severities, looser := map[string][]string{}, map[string]bool{}
		for _, severity := range alert.Severities() {
			old, now := before.settings[severity], after.settings[severity]
			if key.show(old) == key.show(now) || inherited(key.name, before.name, old, now) {
				continue
			}
			text := fmt.Sprintf("%s is %s, was %s", key.name, key.show(now), key.show(old))
			if !slices.Contains(texts, text) {
				texts = append(texts, text)
			}
			severities[text] = append(severities[text], string(severity))
			looser[text] = looser[text] || (key.looser != nil && key.looser(old, now))
		}
		for _, text := range texts {
			d.note(looser[text], "%s: %s%s", titleOf(name), text, forSeverities(severities[text]))
		}
	}
}

// inherited tells that a rule has a value from the defaults as it had before: its
// change is told there.
func inherited(key, name string, before, after settings) bool {
	return name != defaultsName && before.origins[key].layer != name && after.origins[key].layer != name
}

func forSeverities(severities []string) string {
	if len(severities) == len(alert.Severities()) {
		return ""
	}
	return ", for " + strings.Join(severities, ", ")
}

func (d *diff) rule(before, after rule) {
	if before.match.text != after.match.text {
		at := slices.IndexFunc(d.after.rules, func(one rule) bool { return one.name == after.name })
		was := slices.IndexFunc(d.before.rules, func(one rule) bool { return one.name == before.name })
		looser := d.takes(at, after) || d.leaves(was, before)
		d.note(looser, "%s: matches %s, matched %s", titleOf(after.name), oneLine(after.match.text), oneLine(before.match.text))
	}
	d.settings(after.name, before, after)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// takes tells whether a rule is looser than something that its alerts may have
// come to before: the defaults, or a rule that is now below it. What changed of
// those is told by itself.
func (d *diff) takes(at int, rule rule) bool {
	return anyLooser(d.after.defaults.settings, rule.settings) ||
		slices.ContainsFunc(d.after.rules[at+1:], d.before.has(func(below map[alert.Severity]settings) bool {
			return anyLooser(below, rule.settings)
		}))
}

// leaves tells whether a rule was stricter than something that its alerts may
// come to now: the defaults, or a rule that was below it.
func (d *diff) leaves(at int, rule rule) bool {
	return anyLooser(rule.settings, d.before.defaults.settings) ||
		slices.ContainsFunc(d.before.rules[at+1:], d.after.has(func(below map[alert.Severity]settings) bool {
			return anyLooser(rule.settings, below)
		}))
}

// has narrows a question about rules to those that this file has by name.
func (f *File) has(holds func(map[alert.Severity]settings) bool) func(rule) bool {
	return func(one rule) bool {
		_, ok := f.rule(one.name)
		return ok && holds(one.settings)
	}
}

func (d *diff) added(at int, rule rule) {
	d.note(d.takes(at, rule), "%s is new and matches %s%s", titleOf(rule.name), oneLine(rule.match.text), own(rule))
}

func (d *diff) removed(at int, rule rule) {
	d.note(d.leaves(at, rule), "%s is gone; it matched %s%s", titleOf(rule.name), oneLine(rule.match.text), own(rule))
}

// own lists what a rule says itself.
func own(r rule) string {
	var said []string
	for _, key := range settingKeys() {
		for _, severity := range alert.Severities() {
			s := r.settings[severity]
			text := key.name + " " + key.show(s)
			if s.origins[key.name].layer == r.name && !slices.Contains(said, text) {
				said = append(said, text)
			}
		}
	}
	if len(said) == 0 {
		return ""
	}
	return ": " + strings.Join(said, "; ")
}

// order notes pairs of rules that changed places: the upper one takes what both match.
func (d *diff) order() {
	place := func(f *File, name string) int {
		return slices.IndexFunc(f.rules, func(one rule) bool { return one.name == name })
	}
	for i, upper := range d.after.rules {
		for _, lower := range d.after.rules[i+1:] {
			was, other := place(d.before, upper.name), place(d.before, lower.name)
			if was < 0 || other < 0 || was < other {
				continue
			}
			d.note(anyLooser(d.before.rules[other].settings, upper.settings), "%s now comes before %s", titleOf(upper.name), titleOf(lower.name))
		}
	}
}

// wide notes what is not part of a rule.
func (d *diff) wide() {
	b, a := d.before, d.after
	d.changed("the mode of everything", modeText(b.shadow), modeText(a.shadow), a.shadow)
	d.changed("the policy's zone", b.zone, a.zone, false)
	d.targets()
	d.people()
	for _, limit := range []struct {
		name          string
		before, after int
	}{
		{"open_questions", b.limits.Open, a.limits.Open},
		{"storm", b.limits.Storm, a.limits.Storm},
		{"person_day", b.limits.PersonDay, a.limits.PersonDay},
		{"day", b.limits.Day, a.limits.Day},
	} {
		d.changed("the limit "+limit.name, limitText(limit.before), limitText(limit.after), limitLooser(limit.before, limit.after))
	}
	d.changed("the canary list", listText(b.canary), listText(a.canary), !containsAll(b.canary, a.canary))
	d.changed("the rollups", b.rollups.text(), a.rollups.text(), b.rollups.Hourly && !a.rollups.Hourly || b.rollups.Daily && !a.rollups.Daily)
	d.changed("the longest opt-out", brief(b.optOutMost), brief(a.optOutMost), lengthLooser(b.optOutMost, a.optOutMost))
	d.changed("how long answers are kept", brief(b.keptFor), brief(a.keptFor), false)
	d.changed("who reads answers", b.readBy, a.readBy, false)
}

func modeText(shadow bool) string {
	if shadow {
		return modeShadow
	}
	return modeLive
}

func limitText(limit int) string {
	if limit == 0 {
		return nothing
	}
	return fmt.Sprint(limit)
}

func (r Rollups) text() string {
	var wanted []string
	if r.Hourly {
		wanted = append(wanted, "hourly")
	}
	if r.Daily {
		wanted = append(wanted, "daily at "+clockText(r.At))
	}
	if len(wanted) == 0 {
		return nothing
	}
	return listText(wanted) + " to " + r.To
}

// targets are looser when they change: cases no longer go where they went.
func (d *diff) targets() {
	names := slices.Collect(maps.Keys(d.before.targets))
	for name := range d.after.targets {
		if _, ok := d.before.targets[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		old, was := d.before.targets[name]
		now, is := d.after.targets[name]
		switch {
		case !was:
			d.note(false, "target %q is new: %s", name, showTarget(now))
		case !is:
			d.note(true, "target %q is gone; it was %s", name, showTarget(old))
		default:
			d.target(name, old, now)
		}
	}
}

func (d *diff) target(name string, before, after Target) {
	was, is := showTarget(before), showTarget(after)
	if was == is && !sameTarget(before, after) {
		is += ", at another address"
	}
	fallback := after.Fallback
	after.Fallback = before.Fallback
	onlyAdded := before.Fallback == nil && fallback != nil && sameTarget(before, after)
	d.changed(fmt.Sprintf("target %q", name), was, is, !onlyAdded)
}

func sameTarget(a, b Target) bool {
	one, other := a.Fallback, b.Fallback
	a.Fallback, b.Fallback = nil, nil
	if a != b || (one == nil) != (other == nil) {
		return false
	}
	return one == nil || *one == *other
}

func (d *diff) people() {
	b, a := d.before, d.after
	d.changed("the responders", b.responders.text(), a.responders.text(),
		!containsAll(b.responders.users, a.responders.users) || (a.responders.group != b.responders.group && a.responders.group != ""))
	d.changed("the target of cases about responders", orNothing(b.ownCases), orNothing(a.ownCases), true)
	d.changed("onboarding", b.onboarding.text(), a.onboarding.text(), a.onboarding.observe)
}

func (m members) text() string {
	all := slices.Clone(m.users)
	if m.group != "" {
		all = append(all, "group "+m.group)
	}
	return listText(all)
}

func (o onboarding) text() string {
	switch {
	case !o.given:
		return "everybody"
	case o.observe:
		return o.members.text() + ", others observed"
	default:
		return o.members.text() + ", others escalated"
	}
}

func orNothing(text string) string {
	if text == "" {
		return nothing
	}
	return text
}
