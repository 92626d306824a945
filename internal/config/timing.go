package config

import (
	"slices"
	"strings"
	"time"

	"securitybot/internal/policy"
)

// noReminders is the word for an empty list: an empty variable is one that is not set.
const noReminders = "none"

func (r *reader) timing() policy.Timing {
	timing := policy.Timing{
		Deadline:  r.duration(Deadline, r.text(Deadline)),
		Reminders: r.reminders(),
		WatchFor:  r.duration(WatchFor, r.text(WatchFor)),
	}
	for _, after := range timing.Reminders {
		if timing.Deadline > 0 && after >= timing.Deadline {
			r.fault(Reminders, "%s is not before the deadline of %s", after, timing.Deadline)
		}
	}
	return timing
}

func (r *reader) reminders() []time.Duration {
	value := r.text(Reminders)
	switch value {
	case "":
		return nil
	case noReminders:
		return []time.Duration{}
	}
	var reminders []time.Duration
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part == "" {
			r.fault(Reminders, "has an empty place between its commas")
			continue
		}
		if after := r.duration(Reminders, part); after > 0 {
			reminders = append(reminders, after)
		}
	}
	slices.Sort(reminders)
	return slices.Compact(reminders)
}

// duration is a positive length of time, 0 when it is empty or a fault.
func (r *reader) duration(name, value string) time.Duration {
	if value == "" {
		return 0
	}
	length, err := time.ParseDuration(value)
	switch {
	case err != nil:
		r.fault(name, "%q is not a length of time as 90s, 30m or 2h", value)
		return 0
	case length <= 0:
		r.fault(name, "%q is not positive", value)
		return 0
	default:
		return length
	}
}
