package hours

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// ParseDays reads days of the week and ranges of them, such as "mon-thu,sat".
// They come back in order, Sunday first; a day that is named twice is an error.
func ParseDays(text string) ([]time.Weekday, error) {
	var days []time.Weekday
	for part := range strings.SplitSeq(strings.ToLower(text), ",") {
		first, last, isRange := strings.Cut(part, "-")
		from, err := parseDay(first)
		if err != nil {
			return nil, err
		}
		to := from
		if isRange {
			if to, err = parseDay(last); err != nil {
				return nil, err
			}
		}
		days = append(days, from)
		for day := from; day != to; {
			day = (day + 1) % 7
			days = append(days, day)
		}
	}
	slices.Sort(days)
	if len(slices.Compact(slices.Clone(days))) < len(days) {
		return nil, fmt.Errorf("%q names a day twice", text)
	}
	return days, nil
}

func parseDay(text string) (time.Weekday, error) {
	day := slices.Index(weekdays, strings.TrimSpace(text))
	if day < 0 {
		return 0, fmt.Errorf("%q is no day of the week: they are %s", text, strings.Join(weekdays, ", "))
	}
	return time.Weekday(day), nil
}

// ParseClock reads a time of day, such as "09:00", as the time since midnight;
// "24:00" is the end of the day.
func ParseClock(text string) (time.Duration, error) {
	if text == "24:00" {
		return 24 * time.Hour, nil
	}
	at, err := time.Parse("15:04", text)
	if err == nil && len(text) != len("15:04") { // Parse takes 9:00 too
		err = errors.New("it has two digits for the hour")
	}
	if err != nil {
		return 0, fmt.Errorf("%q is no time of day, such as 09:00: %w", text, err)
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, nil
}

func clock(reading time.Duration) string {
	return fmt.Sprintf("%02d:%02d", reading/time.Hour, reading%time.Hour/time.Minute)
}
