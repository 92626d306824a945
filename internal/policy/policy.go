// Package policy decides the plan of an alert. In this release it is typed
// values: every alert is asked about, on the wall clock.
package policy

import (
	"maps"
	"slices"
	"time"

	"securitybot/internal/alert"
)

// Timing is how long the steps of a conversation take.
type Timing struct {
	Deadline  time.Duration
	Reminders []time.Duration // after the question
	WatchFor  time.Duration   // how long late answers are taken after the deadline
}

// Policy is what is in force.
type Policy struct {
	Revision    string
	BySeverity  map[alert.Severity]Timing
	BySource    map[string]Timing // goes before the severity's
	SnoozeTimes int
	Unprovable  bool // there is no second factor
}

const (
	watchFor    = 72 * time.Hour
	snoozeTimes = 2
	askAtLeast  = 10 * time.Minute // a short outage must not make a short deadline unreachable
)

// snoozes are the lengths of a snooze, the longest that fits is offered.
var snoozes = []time.Duration{time.Hour, 15 * time.Minute}

// Defaults is the policy of an installation that has none of its own.
func Defaults() Policy {
	return Policy{
		Revision: "defaults-1",
		BySeverity: map[alert.Severity]Timing{
			alert.Low:      timing(4 * time.Hour),
			alert.Medium:   timing(2 * time.Hour),
			alert.High:     timing(30 * time.Minute),
			alert.Critical: timing(15 * time.Minute),
		},
		SnoozeTimes: snoozeTimes,
	}
}

// timing reminds after a quarter and after three quarters of the deadline.
func timing(deadline time.Duration) Timing {
	return Timing{Deadline: deadline, Reminders: quarters(deadline), WatchFor: watchFor}
}

func quarters(deadline time.Duration) []time.Duration {
	return []time.Duration{deadline / 4, deadline / 4 * 3}
}

// Override replaces what is set of a timing for all severities.
func (p Policy) Override(with Timing) Policy {
	p.BySeverity = maps.Clone(p.BySeverity)
	for severity, timing := range p.BySeverity {
		if with.Deadline > 0 {
			timing.Deadline, timing.Reminders = with.Deadline, quarters(with.Deadline)
		}
		if with.Reminders != nil {
			timing.Reminders = with.Reminders
		}
		if with.WatchFor > 0 {
			timing.WatchFor = with.WatchFor
		}
		p.BySeverity[severity] = timing
	}
	return p
}

// Plan decides what is done about an alert that is admitted now.
func (p Policy) Plan(admitted alert.Alert, now time.Time) alert.Plan {
	timing, ok := p.BySource[admitted.Source]
	if !ok {
		timing = p.BySeverity[admitted.Severity]
	}
	reminders := slices.Clone(timing.Reminders)
	slices.Sort(reminders)
	return alert.Plan{
		Revision:    p.Revision,
		Action:      alert.Ask,
		AskBy:       now.Add(max(timing.Deadline, askAtLeast)),
		Deadline:    timing.Deadline,
		Reminders:   slices.DeleteFunc(reminders, func(after time.Duration) bool { return after >= timing.Deadline }),
		Snooze:      snooze(timing.Deadline),
		SnoozeTimes: p.SnoozeTimes,
		WatchFor:    timing.WatchFor,
		Unprovable:  p.Unprovable,
	}
}

// snooze is the longest that leaves half the time to answer, or a third of it.
func snooze(deadline time.Duration) time.Duration {
	for _, length := range snoozes {
		if length <= deadline/2 {
			return length
		}
	}
	return deadline / 3
}
