package policy

import (
	"maps"
	"slices"
	"strings"
	"time"

	"securitybot/internal/alert"
)

// maxWindows bounds a plan; what a deadline leaves of it would not fit.
const maxWindows = 40

// check finds what can't work although every key by itself is right, and
// completes the file.
func (p *parser) check() {
	p.file.defaults = rule{name: defaultsName, settings: p.defaults.over(builtInSettings())}
	p.checkSettings("defaults", p.defaults, p.file.defaults.settings)
	for _, one := range p.rules {
		one.settings = one.layer.over(p.file.defaults.settings)
		p.checkSettings(one.path, one.layer, one.settings)
		p.file.rules = append(p.file.rules, one.rule)
	}
	p.checkNames()
	p.checkReach()
	for _, to := range p.to {
		p.checkReference(to)
	}
	p.checkOwnCases()
	p.checkPeople()
}

func (p *parser) checkSettings(path string, from layer, all map[alert.Severity]settings) {
	for _, severity := range alert.Severities() {
		c := settingCheck{parser: p, path: path, layer: from, severity: severity, all: all, s: all[severity]}
		c.reminders()
		c.snooze()
		c.hours()
		c.suppression()
		c.ladder()
		c.action()
	}
}

// settingCheck is about one severity of the defaults or of a rule. What is said of
// several in the same words is one fault.
type settingCheck struct {
	*parser
	path     string
	layer    layer
	severity alert.Severity
	all      map[alert.Severity]settings
	s        settings
}

// at is where the first of some keys was written in this very layer.
func (c settingCheck) at(keys ...string) (at place, path string, ok bool) {
	for _, key := range keys {
		if value, ok := c.layer.keys[key][c.severity]; ok {
			path = within(c.path, key)
			if !value.whole {
				path = within(path, string(c.severity))
			}
			return value.at, path, true
		}
	}
	return place{}, "", false
}

// readable tells that none of some keys is a mistake of its own.
func (c settingCheck) readable(keys ...string) bool {
	return !slices.ContainsFunc(keys, func(key string) bool { return c.s.origins[key].bad })
}

func (c settingCheck) reminders() {
	at, path, ok := c.at("reminders", "deadline")
	if !ok || !c.readable("reminders", "deadline") {
		return
	}
	shortest, hint := c.s.deadline, ""
	if value, ok := c.layer.keys["reminders"][c.severity]; ok && value.whole {
		shortest, hint = shortestOf(c.all), "; if others are longer, say it by severity, such as {low: [1h]}"
	}
	for _, one := range c.s.reminders {
		if one.of(shortest) >= shortest {
			c.fault(at, path, "a reminder after %s is not before the deadline of %s%s", brief(one.after), brief(shortest), hint)
		}
	}
}

func (c settingCheck) snooze() {
	at, path, ok := c.at("snooze")
	if !ok || !c.readable("snooze", "deadline") {
		return
	}
	value := c.layer.keys["snooze"][c.severity]
	longest := c.s.deadline
	if value.whole {
		longest = longestOf(c.all)
	}
	for _, choice := range c.s.snooze.choices {
		if choice >= longest {
			c.fault(at, path, "a snooze of %s is not before the deadline of %s", brief(choice), brief(longest))
		}
	}
}

func shortestOf(all map[alert.Severity]settings) time.Duration {
	shortest := maxDeadline
	for _, s := range all {
		shortest = min(shortest, s.deadline)
	}
	return shortest
}

func longestOf(all map[alert.Severity]settings) time.Duration {
	var longest time.Duration
	for _, s := range all {
		longest = max(longest, s.deadline)
	}
	return longest
}

func (c settingCheck) hours() {
	at, path, ok := c.at("working_hours", "deadline", "clock")
	if !ok || !c.readable("working_hours", "deadline", "clock") {
		return
	}
	w := c.s.workingHours
	if w.from >= w.to {
		c.fault(at, path, crossing, clockText(w.from), clockText(w.to))
		return
	}
	if most := (maxWindows / 2) * (w.to - w.from); c.s.clock == clockWorking && c.s.deadline > most {
		c.fault(at, path, "a deadline of %s is more than %d working days, for %s", brief(c.s.deadline), maxWindows/2, c.severity)
	}
}

func (c settingCheck) suppression() {
	at, path, ok := c.at("suppress_for", "suppress_scope")
	if !ok || !c.readable("suppress_for", "suppress_scope") || c.s.suppressFor == 0 {
		return
	}
	if len(c.s.suppressScope) == 0 {
		c.fault(at, path, "suppresses without a scope: name the fields of the context in suppress_scope, or suppress_for 0")
	}
	grave := c.severity.Rank() >= alert.High.Rank()
	if value, ok := c.layer.keys["suppress_for"][c.severity]; ok && value.whole && grave {
		c.fault(at, path, "would suppress high and critical alerts as well: if that is meant, say so by severity, such as {low: 8h, high: 1h}")
	}
}

func (c settingCheck) ladder() {
	at, path, ok := c.at("escalate_to")
	if !ok || !c.readable("escalate_to") {
		return
	}
	var names []string
	atOnce := false
	for _, step := range c.s.escalateTo {
		if slices.Contains(names, step.Target) {
			c.fault(at, path, "%q is listed twice", clipped(step.Target))
		}
		names = append(names, step.Target)
		c.checkReference(reference{step.Target, at, path})
		target, known := c.file.targets[step.Target]
		atOnce = atOnce || step.After == 0 && (!known || target.isTeam())
	}
	if !atOnce {
		c.fault(at, path, "tells no team at once: one target without a delay must be a channel, a webhook or PagerDuty")
	}
}

// isTeam tells that a case there does not hang on a single person.
func (t Target) isTeam() bool { return t.Person == "" && !t.Manager }

func (c settingCheck) action() {
	at, path, ok := c.at("action")
	if ok && c.s.action != alert.Ask && slices.Contains(c.s.distrust, doubtSlack) {
		c.fault(at, path, "with distrust of slack nobody is asked: leave one of the two out")
	}
}

func (p *parser) checkReference(to reference) {
	if _, ok := p.file.targets[to.name]; !ok {
		p.fault(to.at, to.path, "there is no target %q; there are: %s", clipped(to.name), listed(p.file.targets))
	}
}

func (p *parser) checkNames() {
	first := map[string]place{}
	for _, one := range p.rules {
		path := within(one.path, "name")
		before, twice := first[one.name]
		switch {
		case one.name == "":
		case one.name == defaultsName:
			p.fault(one.at, path, "is how alerts without a rule are called: choose another")
		case twice:
			p.fault(one.at, path, "%q is the name of the rule in line %d as well", clipped(one.name), before.line)
		default:
			first[one.name] = one.at
		}
	}
}

// checkReach finds rules that never match.
func (p *parser) checkReach() {
	var all *parsedRule
	texts := map[string]string{}
	for _, one := range p.rules {
		if one.match == nil {
			continue
		}
		path, text := within(one.path, "match"), strings.TrimSpace(one.match.text)
		same, twice := texts[text]
		switch {
		case all != nil:
			p.fault(one.at, path, "can never match: the rule %q in line %d matches everything", clipped(all.name), all.at.line)
		case one.match.always == never:
			p.fault(one.at, path, "can never match: it is false for every alert")
		case twice:
			p.fault(one.at, path, "can never match: the rule %q matches the same", clipped(same))
		}
		texts[text] = one.name
		if all == nil && one.match.always == always {
			all = &one
		}
	}
}

func (p *parser) checkOwnCases() {
	if p.file.targets[p.file.ownCases].Manager {
		p.fault(p.given["responders"], "responders.own_cases", "a manager is not always known: name a channel, a webhook, PagerDuty or a person")
	}
}

func (p *parser) checkPeople() {
	responders, onboarding := p.file.responders, p.file.onboarding
	if at, ok := p.given["responders"]; ok && len(responders.users) == 0 && responders.group == "" {
		p.fault(at, "responders", "names nobody: users or group is missing")
	}
	if at, ok := p.given["onboarding"]; ok && onboarding.given && len(onboarding.users) == 0 && onboarding.group == "" {
		p.fault(at, "onboarding", "names nobody: users or group is missing")
	}
}

// CheckTargets finds the targets that an installation can't reach, such as a
// routing key that it does not have. The error is Faults without places.
func (f *File) CheckTargets(reachable func(Target) error) error {
	var r reader
	for _, name := range slices.Sorted(maps.Keys(f.targets)) {
		target := f.targets[name]
		if err := reachable(target); err != nil {
			r.fault(place{}, within("targets", name), "%s", err)
		}
		if target.Fallback == nil {
			continue
		}
		if err := reachable(*target.Fallback); err != nil {
			r.fault(place{}, within("targets", name)+".fallback", "%s", err)
		}
	}
	return r.err()
}
