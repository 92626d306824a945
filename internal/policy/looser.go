package policy

import (
	"slices"
	"time"

	"securitybot/internal/alert"
)

func containsAll(list, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(one string) bool { return !slices.Contains(list, one) })
}

// hoursLooser: fewer working hours make deadlines and holds longer, more of them
// let suppressions work for longer.
func hoursLooser(before, after settings) bool {
	counts := after.clock == clockWorking || after.outsideHours == outsideHold
	old, now := before.workingHours, after.workingHours
	less := now.weekly() < old.weekly() || !containsAll(old.holidays, now.holidays) || !containsAll(old.dates, now.dates)
	more := now.weekly() > old.weekly() || !containsAll(now.holidays, old.holidays) || !containsAll(now.dates, old.dates)
	return less && counts || more && after.suppressFor > 0
}

// scopeLooser: a field that is no longer in the scope lets one yes cover more.
func scopeLooser(before, after settings) bool {
	return after.suppressFor > 0 && !containsAll(after.suppressScope, before.suppressScope)
}

// ladderLooser: somebody is no longer told, or later.
func ladderLooser(before, after settings) bool {
	return slices.ContainsFunc(before.escalateTo, func(step alert.Step) bool {
		return !slices.ContainsFunc(after.escalateTo, func(other alert.Step) bool {
			return other.Target == step.Target && other.After <= step.After
		})
	})
}

// anyLooser tells whether something is looser in the second settings, for any
// severity.
func anyLooser(before, after map[alert.Severity]settings) bool {
	return slices.ContainsFunc(settingKeys(), func(key settingKey) bool {
		return slices.ContainsFunc(alert.Severities(), func(severity alert.Severity) bool {
			return key.looser != nil && key.looser(before[severity], after[severity])
		})
	})
}

// limitLooser takes 0 for no limit.
func limitLooser(before, after int) bool {
	return before != 0 && (after == 0 || after > before)
}

func lengthLooser(before, after time.Duration) bool { return after > before }
