package policy

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/policy/hours"
)

// askAtLeast keeps a short outage from making a short deadline unreachable.
const askAtLeast = 10 * time.Minute

// Where timing comes from that is not in the file.
const (
	fromEnvironment = "environment"
	fromSource      = "source"
)

// Plan decides what is done about an alert that is admitted now, resolved to
// values. Groups are those of Groups that the person is in. It is the same for
// the same alert, person and moment.
func (p *Policy) Plan(admitted alert.Alert, who alert.Person, groups []string, now time.Time) alert.Plan {
	return p.decide(admitted, who, groups, now).plan
}

// decision is a plan, and how it came about.
type decision struct {
	tried    []trial // in order, up to the rule that matched
	rule     rule
	settings settings
	zone     string // of the working hours
	live     outcome
	from     time.Time      // when a question is put at the earliest, in earnest or in shadow mode
	working  []alert.Window // the time that counts; empty: all time does
	plan     alert.Plan
}

// after is the moment when a length of the time that counts has passed.
func (d *decision) after(at time.Time, length time.Duration) time.Time {
	return alert.Plan{Working: d.working}.After(at, length)
}

// trial is a rule that was tried, and the error of its expression.
type trial struct {
	rule    rule
	matched bool
	err     error
}

// outcome is what is done first, with the verdict of what is not asked.
type outcome struct {
	action  alert.Action
	verdict alert.Verdict
}

func escalated(reason string) outcome {
	return outcome{alert.Escalate, alert.Verdict{Outcome: alert.Unasked, Reason: reason}}
}

func observed(reason string) outcome {
	return outcome{alert.Close, alert.Verdict{Outcome: alert.Observed, Reason: reason}}
}

// situation is what a decision is made from.
type situation struct {
	admitted alert.Alert
	who      alert.Person
	groups   []string
	now      time.Time
	calendar *hours.Calendar
}

func (p *Policy) decide(admitted alert.Alert, who alert.Person, groups []string, now time.Time) decision {
	var d decision
	d.tried, d.rule = p.file.match(inputOf(admitted, who, groups))
	severity := admitted.Severity
	if severity.Rank() == 0 {
		severity = alert.Critical // nothing of the kind is accepted; if it were, it would not be let off lightly
	}
	d.settings = p.timed(d.rule.settings[severity], admitted.Source)
	now = now.UTC()
	at := situation{admitted: admitted, who: who, groups: groups, now: now}
	at.calendar, d.zone = p.calendar(d.settings.workingHours, who.Zone)
	d.live = p.file.live(d.settings, at)
	d.plan = p.base(d, at)
	p.act(&d)
	d.schedule(at)
	return d
}

func (f *File) match(input map[string]any) ([]trial, rule) {
	var tried []trial
	for _, rule := range f.rules {
		matched, err := rule.match.matches(input)
		tried = append(tried, trial{rule, matched, err})
		if matched {
			return tried, rule
		}
	}
	return tried, f.defaults
}

// timed puts the installation's timing over the file's.
func (p *Policy) timed(s settings, source string) settings {
	s = s.with(p.env.Override, fromEnvironment)
	if own, ok := p.env.BySource[source]; ok {
		s = s.with(own, fromSource)
		s.clock = clockWall
		s.origins["clock"] = origin{layer: fromSource}
	}
	return s
}

func (s settings) with(timing Timing, from string) settings {
	layer := layer{name: from, keys: map[string]map[alert.Severity]written{}}
	put := func(key string, apply func(*settings)) {
		layer.keys[key] = map[alert.Severity]written{alert.Low: {apply: apply}}
	}
	if timing.Deadline > 0 {
		put("deadline", func(s *settings) { s.deadline = timing.Deadline })
	}
	if timing.Reminders != nil {
		put("reminders", func(s *settings) {
			s.reminders = []reminder{}
			for _, after := range timing.Reminders {
				s.reminders = append(s.reminders, reminder{after: after})
			}
		})
	}
	if timing.WatchFor > 0 {
		put("watch_for", func(s *settings) { s.watchFor = timing.WatchFor })
	}
	return layer.over(map[alert.Severity]settings{alert.Low: s})[alert.Low]
}

// calendar is that of a person's zone, of the policy's where theirs is unknown.
func (p *Policy) calendar(w workingHours, personZone string) (*hours.Calendar, string) {
	zone := w.zone
	if zone == zonePerson && knownZone(personZone) {
		zone = personZone
	} else if zone == zonePerson || zone == zonePolicy {
		zone = p.file.zone
	}
	key := fmt.Sprint(zone, w)
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.calendars[key]; ok {
		return known, zone
	}
	made, err := hours.New(hours.Spec{Zone: zone, Days: w.days, From: w.from, To: w.to, Holidays: w.holidays, Dates: w.dates})
	if err != nil {
		panic("policy: working hours that were checked are wrong: " + err.Error())
	}
	p.calendars[key] = made
	return made, zone
}

// live is what is done first if this is no trial.
func (f *File) live(s settings, at situation) outcome {
	onboarded := !f.onboarding.given || f.onboarding.includes(at.who.Email, at.groups) ||
		f.onboarding.names(at.admitted.Subject.Email)
	switch {
	case f.isCanary(at.admitted.Subject):
		return observed(alert.ReasonCanary)
	case !onboarded && f.onboarding.observe:
		return observed(alert.ReasonNotOnboarded)
	case s.action == alert.Close:
		return observed(alert.ReasonPolicy)
	case s.action == alert.Escalate:
		return escalated(alert.ReasonPolicy)
	case !onboarded:
		return escalated(alert.ReasonNotOnboarded)
	case slices.Contains(s.distrust, doubtSlack):
		return escalated(alert.ReasonChannelDoubted)
	}
	return whenAsked(s, at)
}

// whenAsked asks, unless the moment that it would happen is a wrong one.
func whenAsked(s settings, at situation) outcome {
	opens := at.now
	if !at.calendar.Open(at.now) {
		switch s.outsideHours {
		case outsideEscalate:
			return escalated(alert.ReasonOutsideHours)
		case outsideHold:
			if opens = at.calendar.Next(at.now); opens.IsZero() {
				return escalated(alert.ReasonOutsideHours) // nobody works there for a year
			}
		}
	}
	if s.away == awayEscalate && at.who.AwayUntil.After(opens) {
		return escalated(alert.ReasonAway)
	}
	return outcome{action: alert.Ask}
}

// isCanary looks at nothing but the alert's own words: what people can change of
// themselves in the chat must not make them one.
func (f *File) isCanary(subject alert.Subject) bool {
	listed := func(name string) bool {
		return name == "" || slices.ContainsFunc(f.canary, func(one string) bool { return strings.EqualFold(one, name) })
	}
	named := subject.Email != "" || subject.Username != ""
	return named && subject.SlackID == "" && listed(subject.Email) && listed(subject.Username)
}

// base is what does not depend on when, or whether, somebody is asked.
func (p *Policy) base(d decision, at situation) alert.Plan {
	s := d.settings
	plan := alert.Plan{
		Revision: p.file.revision, Action: d.live.action, Verdict: d.live.verdict,
		InHours:  at.calendar.Open(at.now),
		Deadline: s.deadline, Reminders: s.remindAt(s.deadline),
		Snooze: s.snooze.longest(s.deadline), SnoozeTimes: s.snooze.times, WatchFor: s.watchFor,
		Explanation: s.explanation,
		Unprovable:  p.env.Unprovable, FactorOff: s.secondFactor == factorOff,
		FactorDoubted: slices.Contains(s.distrust, doubtDuo), RecordUnproven: s.onUnproven == unprovenRecord,
		Review:      review(s, at.admitted.ID),
		SuppressFor: s.suppressFor, SuppressScope: slices.Clone(s.suppressScope),
		Limits: p.file.limits, EscalateTo: p.file.ladder(s, at),
	}
	if d.rule.name != defaultsName {
		plan.Rule = d.rule.name
	}
	return plan
}

// ladder is that of the settings, unless the alert is about somebody who handles
// cases: they must not see to their own.
func (f *File) ladder(s settings, at situation) []alert.Step {
	if f.responders.includes(at.who.Email, at.groups) || f.responders.names(at.admitted.Subject.Email) {
		return []alert.Step{{Target: f.ownCases}}
	}
	return slices.Clone(s.escalateTo)
}

// review tells why a confirmed alert is shown. The sample is by the alert's id,
// so that deciding again does not draw again.
func review(s settings, id string) string {
	if s.onConfirmed == confirmedReview {
		return alert.ReviewPolicy
	}
	sum := sha256.Sum256([]byte("review sample of " + id))
	const parts = 1_000_000
	if float64(binary.BigEndian.Uint64(sum[:])%parts) < s.reviewSample/100*parts {
		return alert.ReviewSample
	}
	return ""
}

// act makes a trial of the plan in shadow mode.
func (p *Policy) act(d *decision) {
	shadow := p.file.shadow || d.settings.mode == modeShadow
	if !shadow || d.live.verdict.Outcome == alert.Observed {
		d.plan.Tell = d.live.action == alert.Ask && !d.plan.InHours && d.settings.outsideHours == outsideTellAndAsk
		return
	}
	d.plan.Action, d.plan.Verdict = alert.Close, observed(alert.ReasonShadow).verdict
	d.plan.Would = d.live.action
}

// schedule fixes when: the hold, the time that counts, and the latest moment to ask.
func (d *decision) schedule(at situation) {
	s, plan := d.settings, &d.plan
	d.from = at.now
	if d.live.action == alert.Ask && !plan.InHours && s.outsideHours == outsideHold {
		d.from = at.calendar.Next(at.now)
		if plan.Action == alert.Ask {
			plan.NotBefore = d.from
		}
	}
	if s.clock == clockWorking {
		for _, window := range at.calendar.Windows(d.from, 2*s.deadline, maxWindows) {
			d.working = append(d.working, alert.Window(window))
		}
	}
	if plan.Action == alert.Ask {
		plan.Working = d.working
	}
	plan.AskBy = d.after(d.from, s.deadline)
	if least := d.from.Add(askAtLeast); plan.AskBy.Before(least) {
		plan.AskBy = least
	}
}
