package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"securitybot/internal/alert"
)

// nothing is how an empty list is shown.
const nothing = "none"

func percentText(percent float64) string {
	return strconv.FormatFloat(percent, 'f', -1, 64) + "%"
}

func listText(list []string) string {
	if len(list) == 0 {
		return nothing
	}
	return strings.Join(list, ", ")
}

func showReminders(reminders []reminder) string {
	shown := make([]string, 0, len(reminders))
	for _, one := range reminders {
		if one.percent > 0 {
			shown = append(shown, percentText(one.percent))
		} else {
			shown = append(shown, brief(one.after))
		}
	}
	return listText(shown)
}

func showSnooze(s snooze) string {
	return fmt.Sprintf("%s, %d times", lengthsText(s.choices), s.times)
}

func lengthsText(lengths []time.Duration) string {
	shown := make([]string, 0, len(lengths))
	for _, length := range lengths {
		shown = append(shown, brief(length))
	}
	return listText(shown)
}

func showSteps(steps []alert.Step) string {
	shown := make([]string, 0, len(steps))
	for _, step := range steps {
		if step.After > 0 {
			shown = append(shown, step.Target+" after "+brief(step.After))
		} else {
			shown = append(shown, step.Target)
		}
	}
	return listText(shown)
}

func showHours(w workingHours) string {
	text := fmt.Sprintf("%s %s-%s, zone %s", showDays(w.days), clockText(w.from), clockText(w.to), w.zone)
	if len(w.holidays) > 0 {
		text += ", holidays " + strings.Join(w.holidays, " ")
	}
	if len(w.dates) > 0 {
		text += ", off " + strings.Join(w.dates, " ")
	}
	return text
}

func clockText(reading time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(reading.Hours()), int(reading.Minutes())%60)
}

// showDays starts the week on Monday and joins three days or more in a row.
func showDays(days []time.Weekday) string {
	var shown []string
	for first := 0; first < 7; first++ {
		last := first
		for last < 7 && slices.Contains(days, weekday(last)) {
			last++
		}
		switch {
		case last == first:
		case last-first < 3:
			shown = append(shown, dayText(first))
		default:
			shown = append(shown, dayText(first)+"-"+dayText(last-1))
			first = last - 1
		}
	}
	return strings.Join(shown, ",")
}

// weekday counts from Monday.
func weekday(i int) time.Weekday { return time.Weekday((i + 1) % 7) }

func dayText(i int) string { return strings.ToLower(weekday(i).String()[:3]) }

// showTarget says where a target leads. A webhook's path is left out: it may
// carry a key.
func showTarget(t Target) string {
	text := "the configured channel"
	switch {
	case t.Slack != "":
		text = "Slack " + t.Slack
	case t.Webhook != "":
		text = "webhook at " + hostOf(t.Webhook)
	case t.PagerDuty != "":
		text = "PagerDuty " + t.PagerDuty
	case t.Person != "":
		text = t.Person
	case t.Manager:
		text = "the person's manager"
	}
	if t.Fallback != nil {
		text += ", else " + showTarget(*t.Fallback)
	}
	return text
}
