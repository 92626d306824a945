package policy

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"securitybot/internal/alert"
	"securitybot/internal/policy/hours"
)

// The longest times that a policy may ask for.
const (
	maxDeadline = 7 * day
	maxSuppress = day // what needs longer is an exception, which somebody answers for
	maxWatch    = 30 * day
)

// settingKey is one key of the defaults or of a rule.
type settingKey struct {
	name     string
	ruleOnly bool
	read     settingReader
	show     func(settings) string
	looser   func(before, after settings) bool // nil where nothing is
}

// settingReader reads a value for one severity or for all. It gives nil for one
// that can't be read.
type settingReader func(r *reader, node *yaml.Node, path string) func(*settings)

// settingKeys are all keys, in the order of the reference.
func settingKeys() []settingKey {
	return []settingKey{
		wordKey("second_factor", func(s *settings) *string { return &s.secondFactor }, factorRequired, factorOff),
		wordKey("on_unproven", func(s *settings) *string { return &s.onUnproven }, unprovenEscalate, unprovenRecord),
		wordKey("on_confirmed", func(s *settings) *string { return &s.onConfirmed }, confirmedReview, confirmedClose),
		{
			name: "review_sample", read: readSample, show: func(s settings) string { return percentText(s.reviewSample) },
			looser: func(before, after settings) bool { return after.reviewSample < before.reviewSample },
		},
		wordKey("explanation", func(s *settings) *string { return (*string)(&s.explanation) },
			string(alert.ExplainRequired), string(alert.ExplainOptional), string(alert.ExplainOff)),
		lengthKey("deadline", func(s *settings) *time.Duration { return &s.deadline }, bounds{time.Second, maxDeadline}, longer),
		wordKey("clock", func(s *settings) *string { return &s.clock }, clockWall, clockWorking),
		wordKey("outside_hours", func(s *settings) *string { return &s.outsideHours },
			outsideEscalate, outsideTellAndAsk, outsideAsk, outsideHold),
		wordKey("away", func(s *settings) *string { return &s.away }, awayEscalate, awayAsk),
		{name: "reminders", read: readReminders, show: func(s settings) string { return showReminders(s.reminders) }},
		{name: "snooze", read: readSnooze, show: func(s settings) string { return showSnooze(s.snooze) }},
		{name: "working_hours", read: readWorkingHours, show: func(s settings) string { return showHours(s.workingHours) }, looser: hoursLooser},
		lengthKey("suppress_for", func(s *settings) *time.Duration { return &s.suppressFor }, bounds{0, maxSuppress}, longer),
		{name: "suppress_scope", read: readScope, show: func(s settings) string { return listText(s.suppressScope) }, looser: scopeLooser},
		{name: "escalate_to", read: readEscalateTo, show: func(s settings) string { return showSteps(s.escalateTo) }, looser: ladderLooser},
		lengthKey("watch_for", func(s *settings) *time.Duration { return &s.watchFor }, bounds{time.Minute, maxWatch}, shorter),
		wordKey("mode", func(s *settings) *string { return &s.mode }, modeLive, modeShadow),
		{
			name: "distrust", ruleOnly: true, read: readDistrust, show: func(s settings) string { return listText(s.distrust) },
			looser: func(before, after settings) bool { return !containsAll(after.distrust, before.distrust) },
		},
		ruleWordKey("action", func(s *settings) *string { return (*string)(&s.action) },
			string(alert.Escalate), string(alert.Ask), string(alert.Close)),
	}
}

// wordKey is a key with a choice of words, the strictest first.
func wordKey(name string, of func(*settings) *string, words ...string) settingKey {
	return settingKey{
		name: name,
		read: func(r *reader, node *yaml.Node, path string) func(*settings) {
			word, ok := r.word(node, path, words...)
			if !ok {
				return nil
			}
			return func(s *settings) { *of(s) = word }
		},
		show: func(s settings) string { return *of(&s) },
		looser: func(before, after settings) bool {
			return slices.Index(words, *of(&after)) > slices.Index(words, *of(&before))
		},
	}
}

func ruleWordKey(name string, of func(*settings) *string, words ...string) settingKey {
	key := wordKey(name, of, words...)
	key.ruleOnly = true
	return key
}

func longer(before, after time.Duration) bool  { return after > before }
func shorter(before, after time.Duration) bool { return after < before }

func lengthKey(name string, of func(*settings) *time.Duration, within bounds, looser func(before, after time.Duration) bool) settingKey {
	return settingKey{
		name: name,
		read: func(r *reader, node *yaml.Node, path string) func(*settings) {
			length, ok := r.length(node, path, within)
			if !ok {
				return nil
			}
			return func(s *settings) { *of(s) = length }
		},
		show:   func(s settings) string { return brief(*of(&s)) },
		looser: func(before, after settings) bool { return looser(*of(&before), *of(&after)) },
	}
}

func readSample(r *reader, node *yaml.Node, path string) func(*settings) {
	percent, ok := r.percent(node, path, 0, 100)
	if !ok {
		return nil
	}
	return func(s *settings) { s.reviewSample = percent }
}

func readReminders(r *reader, node *yaml.Node, path string) func(*settings) {
	list, good := []reminder{}, true
	isList := r.each(node, path, func(item *yaml.Node, path string) {
		one, ok := r.reminder(item, path)
		good = good && ok
		list = append(list, one)
	})
	if !isList || !good {
		return nil
	}
	return func(s *settings) { s.reminders = list }
}

func (r *reader) reminder(node *yaml.Node, path string) (reminder, bool) {
	if strings.HasSuffix(node.Value, "%") {
		percent, ok := r.percent(node, path, 0.1, 100)
		if ok && percent == 100 {
			r.fault(placeOf(node), path, "is not before the deadline")
			return reminder{}, false
		}
		return reminder{percent: percent}, ok
	}
	after, ok := r.length(node, path, bounds{time.Second, maxDeadline})
	return reminder{after: after}, ok
}

func readSnooze(r *reader, node *yaml.Node, path string) func(*settings) {
	var apply applied
	before := len(r.faults)
	r.mapping(node, path, map[string]keyReader{
		"choices": func(node *yaml.Node, path string) {
			choices := []time.Duration{}
			r.each(node, path, func(item *yaml.Node, path string) {
				choice, _ := r.length(item, path, bounds{time.Second, maxDeadline})
				choices = append(choices, choice)
			})
			apply = append(apply, func(s *settings) { s.snooze.choices = choices })
		},
		"times": func(node *yaml.Node, path string) {
			times, _ := r.number(node, path, 0, 20)
			apply = append(apply, func(s *settings) { s.snooze.times = times })
		},
	})
	return r.since(before, apply)
}

// applied are the changes that one mapping brings, key by key, so that what it
// leaves out stays.
type applied []func(*settings)

// since gives the changes if nothing was wrong with them.
func (r *reader) since(faults int, apply applied) func(*settings) {
	if len(r.faults) > faults {
		return nil
	}
	return func(s *settings) {
		for _, one := range apply {
			one(s)
		}
	}
}

// crossing is said of hours that no day has.
const crossing = "from %s is not before to %s: hours can't cross midnight"

func readWorkingHours(r *reader, node *yaml.Node, path string) func(*settings) {
	var apply applied
	var from, to time.Duration
	before := len(r.faults)
	change := func(one func(w *workingHours)) { apply = append(apply, func(s *settings) { one(&s.workingHours) }) }
	given := r.mapping(node, path, map[string]keyReader{
		"zone": func(node *yaml.Node, path string) {
			zone, _ := r.whoseZone(node, path)
			change(func(w *workingHours) { w.zone = zone })
		},
		"days": func(node *yaml.Node, path string) {
			days, _ := r.days(node, path)
			change(func(w *workingHours) { w.days = days })
		},
		"from": func(node *yaml.Node, path string) {
			from, _ = r.clock(node, path)
			change(func(w *workingHours) { w.from = from })
		},
		"to": func(node *yaml.Node, path string) {
			to, _ = r.clock(node, path)
			change(func(w *workingHours) { w.to = to })
		},
		"holidays": func(node *yaml.Node, path string) {
			holidays, _ := r.holidays(node, path)
			change(func(w *workingHours) { w.holidays = holidays })
		},
		"dates": func(node *yaml.Node, path string) {
			dates, _ := r.texts(node, path, r.date)
			change(func(w *workingHours) { w.dates = dates })
		},
	})
	if at, both := given["to"]; both && from > 0 && to > 0 && from >= to {
		r.fault(at, path, crossing, clockText(from), clockText(to))
	}
	return r.since(before, apply)
}

func (r *reader) whoseZone(node *yaml.Node, path string) (string, bool) {
	if node.Value == zonePerson || node.Value == zonePolicy {
		return r.text(node, path)
	}
	return r.zone(node, path)
}

// days reads "mon-fri", or a list of such.
func (r *reader) days(node *yaml.Node, path string) ([]time.Weekday, bool) {
	list, ok := []string{}, false
	if node.Kind == yaml.SequenceNode {
		list, ok = r.texts(node, path, r.text)
	} else if text, good := r.text(node, path); good {
		list, ok = []string{text}, true
	}
	if !ok {
		return nil, false
	}
	days, err := hours.ParseDays(strings.Join(list, ","))
	if err != nil {
		r.fault(placeOf(node), path, "%s", err)
	}
	return days, err == nil
}

// holidays reads a country's code, or a list of them.
func (r *reader) holidays(node *yaml.Node, path string) ([]string, bool) {
	if node.Kind == yaml.SequenceNode {
		return r.texts(node, path, r.country)
	}
	code, ok := r.country(node, path)
	return []string{code}, ok
}

func (r *reader) country(node *yaml.Node, path string) (string, bool) {
	code, ok := r.text(node, path)
	if ok && !slices.Contains(hours.Countries(), code) {
		r.fault(placeOf(node), path, "%q is no country whose holidays are known; known: %s", clipped(code), strings.Join(hours.Countries(), ", "))
		return "", false
	}
	return code, ok
}

func (r *reader) date(node *yaml.Node, path string) (string, bool) {
	text, ok := r.text(node, path)
	if !ok {
		return "", false
	}
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		r.fault(placeOf(node), path, "%q is no date such as 2026-12-24", clipped(text))
		return "", false
	}
	return text, true
}

func readScope(r *reader, node *yaml.Node, path string) func(*settings) {
	scope, ok := r.texts(node, path, r.text)
	if !ok {
		return nil
	}
	return func(s *settings) { s.suppressScope = scope }
}

func readDistrust(r *reader, node *yaml.Node, path string) func(*settings) {
	distrust, ok := r.texts(node, path, func(node *yaml.Node, path string) (string, bool) {
		return r.word(node, path, doubtSlack, doubtDuo)
	})
	if !ok {
		return nil
	}
	return func(s *settings) { s.distrust = distrust }
}

func readEscalateTo(r *reader, node *yaml.Node, path string) func(*settings) {
	steps, good := []alert.Step{}, true
	isList := r.each(node, path, func(item *yaml.Node, path string) {
		step, ok := r.step(item, path)
		good = good && ok
		steps = append(steps, step)
	})
	if !isList || !good {
		return nil
	}
	slices.SortStableFunc(steps, func(a, b alert.Step) int { return cmp.Compare(a.After, b.After) })
	return func(s *settings) { s.escalateTo = steps }
}

// step reads a target's name, or {to, after}.
func (r *reader) step(node *yaml.Node, path string) (step alert.Step, ok bool) {
	if node.Kind == yaml.ScalarNode {
		step.Target, ok = r.text(node, path)
		return step, ok
	}
	before := len(r.faults)
	given := r.mapping(node, path, map[string]keyReader{
		"to":    func(node *yaml.Node, path string) { step.Target, _ = r.text(node, path) },
		"after": func(node *yaml.Node, path string) { step.After, _ = r.length(node, path, bounds{0, maxDeadline}) },
	})
	if _, named := given["to"]; !named && node.Kind == yaml.MappingNode {
		r.fault(placeOf(node), path, "has no target: to is missing")
	}
	return step, len(r.faults) == before
}

// Slack's ids, and names as people may choose them.
var (
	channelID   = regexp.MustCompile(`^[CG][A-Z0-9]{6,}$`)
	channelName = regexp.MustCompile(`^#[\p{Ll}\p{Lo}\p{N}_-]{1,80}$`)
	groupID     = regexp.MustCompile(`^S[A-Z0-9_]{6,}$`)
)

// notAGroup is said of what can't be looked up.
const notAGroup = "%q is no id of a user group, such as S0123456789"

func (r *reader) channel(node *yaml.Node, path string) (string, bool) {
	text, ok := r.text(node, path)
	if ok && !channelID.MatchString(text) && !channelName.MatchString(text) {
		r.fault(placeOf(node), path, `%q is neither a channel's id, such as C0123456789, nor a name, such as "#security"`, clipped(text))
		return "", false
	}
	return strings.TrimPrefix(text, "#"), ok
}

func (r *reader) group(node *yaml.Node, path string) (string, bool) {
	text, ok := r.text(node, path)
	if ok && !groupID.MatchString(text) {
		r.fault(placeOf(node), path, notAGroup, clipped(text))
		return "", false
	}
	return text, ok
}
