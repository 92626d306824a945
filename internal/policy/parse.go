package policy

import (
	"maps"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v4"

	"securitybot/internal/alert"
)

// Parse reads a policy's text, strictly. The error is Faults: all mistakes that
// are in it, each with its place.
func Parse(text []byte) (*File, error) {
	p := &parser{file: newFile()}
	p.file.revision = Digest(text)
	root := p.root(text)
	if root == nil {
		return nil, p.err()
	}
	p.read(root)
	p.check()
	if err := p.err(); err != nil {
		return nil, err
	}
	return p.file, nil
}

// parser makes a file of a tree.
type parser struct {
	reader
	file *File

	given    map[string]place // the keys at the top
	defaults layer
	rules    []parsedRule
	to       []reference // targets that something leads to
}

// parsedRule is a rule whose settings are still those of its own lines.
type parsedRule struct {
	rule
	layer layer
	path  string
}

// reference is a target's name where it is used.
type reference struct {
	name string
	at   place
	path string
}

func (p *parser) read(root *yaml.Node) {
	p.defaults = layer{name: defaultsName}
	p.given = p.mapping(root, "", map[string]keyReader{
		"version":    p.version,
		"zone":       func(node *yaml.Node, path string) { set(&p.file.zone)(p.zone(node, path)) },
		"mode":       p.mode,
		"defaults":   func(node *yaml.Node, path string) { p.defaults.keys = p.settings(node, path, false, nil) },
		"rules":      func(node *yaml.Node, path string) { p.each(node, path, p.rule) },
		"targets":    p.targets,
		"responders": p.responders,
		"onboarding": p.onboarding,
		"limits":     p.limits,
		"canary":     func(node *yaml.Node, path string) { set(&p.file.canary)(p.texts(node, path, p.text)) },
		"rollups":    p.rollups,
		"opt_out":    p.optOut,
		"retention":  p.retention,
	})
	if _, ok := p.given["version"]; !ok && root.Kind == yaml.MappingNode {
		p.fault(placeOf(root), "version", "is missing: this program reads version 1")
	}
}

// set keeps a value that could be read.
func set[T any](into *T) func(value T, ok bool) {
	return func(value T, ok bool) {
		if ok {
			*into = value
		}
	}
}

func (p *parser) version(node *yaml.Node, path string) {
	if node.ShortTag() != "!!int" || node.Value != "1" {
		p.wrong(node, path, "1")
	}
}

func (p *parser) mode(node *yaml.Node, path string) {
	word, _ := p.word(node, path, modeLive, modeShadow)
	p.file.shadow = word == modeShadow
}

// settings reads the keys of the defaults or of a rule, which may have others.
func (p *parser) settings(node *yaml.Node, path string, ofRule bool, others map[string]keyReader) map[string]map[alert.Severity]written {
	values := map[string]map[alert.Severity]written{}
	known := map[string]keyReader{}
	for _, key := range settingKeys() {
		if key.ruleOnly && !ofRule {
			continue
		}
		known[key.name] = func(node *yaml.Node, path string) { values[key.name] = p.bySeverity(key, node, path) }
	}
	maps.Copy(known, others)
	p.mapping(node, path, known)
	return values
}

// bySeverity reads one value for all severities, or a mapping with one for some.
func (p *parser) bySeverity(key settingKey, node *yaml.Node, path string) map[alert.Severity]written {
	values := map[alert.Severity]written{}
	if node.Kind == yaml.MappingNode && keyedBySeverity(node, key) {
		known := map[string]keyReader{}
		for _, severity := range alert.Severities() {
			known[string(severity)] = func(node *yaml.Node, path string) {
				values[severity] = written{at: placeOf(node), apply: key.read(&p.reader, node, path)}
			}
		}
		p.mapping(node, path, known)
		return values
	}
	apply := key.read(&p.reader, node, path)
	for _, severity := range alert.Severities() {
		values[severity] = written{at: placeOf(node), apply: apply, whole: true}
	}
	return values
}

// keyedBySeverity tells a mapping by severity from a value that is a mapping itself.
func keyedBySeverity(node *yaml.Node, key settingKey) bool {
	if key.name != "snooze" && key.name != "working_hours" {
		return true
	}
	return len(node.Content) > 0 && isSeverity(node.Content[0].Value)
}

func (p *parser) rule(node *yaml.Node, path string) {
	one := parsedRule{path: path}
	one.at = placeOf(node)
	given := map[string]bool{}
	note := func(name string, read keyReader) keyReader {
		return func(node *yaml.Node, path string) {
			given[name] = true
			read(node, path)
		}
	}
	one.layer.keys = p.settings(node, path, true, map[string]keyReader{
		"name":  note("name", func(node *yaml.Node, path string) { set(&one.name)(p.text(node, path)) }),
		"match": note("match", func(node *yaml.Node, path string) { one.match = p.match(node, path) }),
	})
	if node.Kind == yaml.MappingNode {
		for _, name := range []string{"name", "match"} {
			if !given[name] {
				p.fault(one.at, path, "%s is missing", name)
			}
		}
	}
	one.layer.name = one.name
	p.rules = append(p.rules, one)
}

// match reads an expression; true and false need no quotes.
func (p *parser) match(node *yaml.Node, path string) *matcher {
	if node.Kind != yaml.ScalarNode || (node.ShortTag() != "!!str" && node.ShortTag() != "!!bool") {
		p.wrong(node, path, "an expression")
		return nil
	}
	matcher, faults := compile(node.Value)
	for _, fault := range faults {
		p.fault(fault.in(node, p.lines), path, "%s", fault.message)
	}
	return matcher
}

func (p *parser) targets(node *yaml.Node, path string) {
	if node.Kind != yaml.MappingNode {
		p.wrong(node, path, "a mapping")
		return
	}
	known := map[string]keyReader{}
	for i := 0; i < len(node.Content); i += 2 {
		name := node.Content[i].Value
		known[name] = func(node *yaml.Node, path string) { p.file.targets[name] = p.target(node, path, true) }
	}
	p.mapping(node, path, known)
}

// target reads one place that cases go to.
func (p *parser) target(node *yaml.Node, path string, main bool) Target {
	var target Target
	known := map[string]keyReader{
		"webhook":   func(node *yaml.Node, path string) { set(&target.Webhook)(p.address(node, path)) },
		"pagerduty": func(node *yaml.Node, path string) { set(&target.PagerDuty)(p.text(node, path)) },
	}
	if main {
		known["slack"] = func(node *yaml.Node, path string) { set(&target.Slack)(p.channel(node, path)) }
		known["person"] = func(node *yaml.Node, path string) { set(&target.Person)(p.email(node, path)) }
		known["manager"] = func(node *yaml.Node, path string) {
			_, target.Manager = p.word(node, path, "true") // false would lead nowhere
		}
		known["fallback"] = func(node *yaml.Node, path string) {
			fallback := p.target(node, path, false)
			target.Fallback = &fallback
		}
	}
	given := p.mapping(node, path, known)
	p.checkTarget(node, path, given)
	return target
}

func (p *parser) checkTarget(node *yaml.Node, path string, given map[string]place) {
	if node.Kind != yaml.MappingNode {
		return
	}
	_, slack := given["slack"]
	fallback, hasFallback := given["fallback"]
	places := len(given)
	if hasFallback {
		places--
		if !slack {
			p.fault(fallback, within(path, "fallback"), "is only of use beside slack")
		}
	}
	if places != 1 {
		p.fault(placeOf(node), path, "must lead to exactly one place, not to %d", places)
	}
}

func (p *parser) members(into *members) map[string]keyReader {
	return map[string]keyReader{
		"users": func(node *yaml.Node, path string) { set(&into.users)(p.texts(node, path, p.email)) },
		"group": func(node *yaml.Node, path string) { set(&into.group)(p.group(node, path)) },
	}
}

func (p *parser) responders(node *yaml.Node, path string) {
	known := p.members(&p.file.responders)
	known["own_cases"] = func(node *yaml.Node, path string) { p.reference(&p.file.ownCases, node, path) }
	given := p.mapping(node, path, known)
	if _, ok := given["own_cases"]; !ok && node.Kind == yaml.MappingNode {
		p.fault(placeOf(node), path, "own_cases is missing: a case about a responder goes to a target of its own")
	}
}

func (p *parser) onboarding(node *yaml.Node, path string) {
	p.file.onboarding.given = true
	known := p.members(&p.file.onboarding.members)
	known["others"] = func(node *yaml.Node, path string) {
		word, _ := p.word(node, path, "escalate", "observe")
		p.file.onboarding.observe = word == "observe"
	}
	p.mapping(node, path, known)
}

const maxLimit = 1_000_000

func (p *parser) limits(node *yaml.Node, path string) {
	limit := func(into *int) keyReader {
		return func(node *yaml.Node, path string) { set(into)(p.number(node, path, 0, maxLimit)) }
	}
	p.mapping(node, path, map[string]keyReader{
		"open_questions": limit(&p.file.limits.Open),
		"storm":          limit(&p.file.limits.Storm),
		"person_day":     limit(&p.file.limits.PersonDay),
		"day":            limit(&p.file.limits.Day),
	})
}

func (p *parser) rollups(node *yaml.Node, path string) {
	rollups := &p.file.rollups
	p.mapping(node, path, map[string]keyReader{
		"hourly": func(node *yaml.Node, path string) { set(&rollups.Hourly)(p.boolean(node, path)) },
		"daily": func(node *yaml.Node, path string) {
			set(&rollups.At)(p.clock(node, path))
			rollups.Daily = true
			if rollups.At >= day {
				p.fault(placeOf(node), path, "the last moment of a day is 23:59")
			}
		},
		"to": func(node *yaml.Node, path string) { p.reference(&rollups.To, node, path) },
	})
}

// reference reads a target's name, which may be defined further down.
func (p *parser) reference(into *string, node *yaml.Node, path string) {
	if name, ok := p.text(node, path); ok {
		*into = name
		p.to = append(p.to, reference{name, placeOf(node), path})
	}
}

// The longest that somebody may silence the bot by themselves, and that answers
// may be kept.
const (
	maxOptOut = day
	maxKept   = 3650 * day
)

func (p *parser) optOut(node *yaml.Node, path string) {
	p.mapping(node, path, map[string]keyReader{
		"most": func(node *yaml.Node, path string) {
			set(&p.file.optOutMost)(p.length(node, path, bounds{0, maxOptOut}))
		},
	})
}

func (p *parser) retention(node *yaml.Node, path string) {
	p.mapping(node, path, map[string]keyReader{
		"answers_kept": func(node *yaml.Node, path string) {
			set(&p.file.keptFor)(p.length(node, path, bounds{day, maxKept}))
		},
		"read_by": func(node *yaml.Node, path string) { set(&p.file.readBy)(p.text(node, path)) },
	})
}

// hostOf is what may be shown of an address that may carry a key.
func hostOf(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return "?"
	}
	return strings.ToLower(parsed.Host)
}
