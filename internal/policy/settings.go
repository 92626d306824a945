package policy

import (
	"maps"
	"slices"
	"time"

	"securitybot/internal/alert"
)

// The words of settings.
const (
	factorRequired = "required"
	factorOff      = "off"

	unprovenEscalate = "escalate"
	unprovenRecord   = "record"

	confirmedClose  = "close"
	confirmedReview = "review"

	clockWorking = "working"
	clockWall    = "wall"

	outsideHold       = "hold"
	outsideAsk        = "ask"
	outsideTellAndAsk = "tell_and_ask"
	outsideEscalate   = "escalate"

	awayAsk      = "ask"
	awayEscalate = "escalate"

	modeLive   = "live"
	modeShadow = "shadow"

	doubtSlack = "slack"
	doubtDuo   = "duo"

	zonePerson = "person"
	zonePolicy = "policy"
)

const (
	day      = 24 * time.Hour
	watchFor = 3 * day
)

// settings are what a rule, or the defaults, come to for one severity.
type settings struct {
	secondFactor  string
	onUnproven    string
	onConfirmed   string
	reviewSample  float64 // percent of the closed yeses
	explanation   alert.Explaining
	deadline      time.Duration
	clock         string
	outsideHours  string
	away          string
	reminders     []reminder
	snooze        snooze
	workingHours  workingHours
	suppressFor   time.Duration
	suppressScope []string
	escalateTo    []alert.Step
	watchFor      time.Duration
	mode          string
	distrust      []string
	action        alert.Action

	origins map[string]origin // by key
}

// origin is where a value was written.
type origin struct {
	layer string // a rule's name, defaults, built-in or environment
	at    place
	bad   bool // and could not be read
}

// reminder is a share of the deadline, or a length of time.
type reminder struct {
	percent float64
	after   time.Duration
}

func (r reminder) of(deadline time.Duration) time.Duration {
	if r.percent > 0 {
		return time.Duration(float64(deadline) * r.percent / 100)
	}
	return r.after
}

// snooze says by how much, and how often, the next reminder may be put off.
type snooze struct {
	choices []time.Duration
	times   int
}

// longest is the longest choice that leaves half the time to answer, or a third
// of that time.
func (s snooze) longest(deadline time.Duration) time.Duration {
	fitting := slices.DeleteFunc(slices.Clone(s.choices), func(choice time.Duration) bool { return choice > deadline/2 })
	if len(fitting) == 0 {
		return deadline / 3
	}
	return slices.Max(fitting)
}

// workingHours are hours.Spec before the zone is known.
type workingHours struct {
	zone     string // person, policy, or an IANA name
	days     []time.Weekday
	from, to time.Duration
	holidays []string
	dates    []string
}

// weekly is how long somebody works in a week without holidays.
func (w workingHours) weekly() time.Duration {
	return time.Duration(len(w.days)) * (w.to - w.from)
}

// builtInSettings are what holds of a file that says nothing.
func builtInSettings() map[alert.Severity]settings {
	deadlines := map[alert.Severity]time.Duration{
		alert.Low: 4 * time.Hour, alert.Medium: 2 * time.Hour, alert.High: 30 * time.Minute, alert.Critical: 15 * time.Minute,
	}
	all := map[alert.Severity]settings{}
	for severity, deadline := range deadlines {
		s := builtIn()
		s.deadline = deadline
		if severity.Rank() < alert.High.Rank() {
			s.suppressFor = 8 * time.Hour
		}
		all[severity] = s
	}
	return all
}

func builtIn() settings {
	return settings{
		secondFactor: factorRequired, onUnproven: unprovenEscalate, onConfirmed: confirmedClose,
		reviewSample: 2, explanation: alert.ExplainOptional,
		clock: clockWall, outsideHours: outsideAsk, away: awayAsk,
		reminders: []reminder{{percent: 25}, {percent: 75}},
		snooze:    snooze{choices: []time.Duration{15 * time.Minute, time.Hour}, times: 2},
		workingHours: workingHours{
			zone: zonePerson, from: 9 * time.Hour, to: 18 * time.Hour,
			days: []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday},
		},
		suppressScope: []string{"host"},
		escalateTo:    []alert.Step{{Target: Security}},
		watchFor:      watchFor, mode: modeLive, action: alert.Ask,
		origins: map[string]origin{},
	}
}

// layer is what was written in one place, by key and severity.
type layer struct {
	name string
	keys map[string]map[alert.Severity]written
}

// written is a value and where it is. One that could not be read has no apply.
type written struct {
	at    place
	apply func(*settings)
	whole bool // one value for all severities
}

// over puts a layer over what lies under it.
func (l layer) over(under map[alert.Severity]settings) map[alert.Severity]settings {
	all := map[alert.Severity]settings{}
	for severity, s := range under {
		s.origins = maps.Clone(s.origins)
		for key, values := range l.keys {
			value, ok := values[severity]
			if !ok {
				continue
			}
			if value.apply != nil {
				value.apply(&s)
			}
			s.origins[key] = origin{layer: l.name, at: value.at, bad: value.apply == nil}
		}
		all[severity] = s
	}
	return all
}

// remindAt are the reminders that come before the deadline, in order.
func (s settings) remindAt(deadline time.Duration) []time.Duration {
	at := []time.Duration{}
	for _, one := range s.reminders {
		if after := one.of(deadline); after > 0 && after < deadline {
			at = append(at, after)
		}
	}
	slices.Sort(at)
	return slices.Compact(at)
}
