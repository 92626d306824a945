package words

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	mostDetails  = 6
	detailLength = 120
)

// details are the first few plain values of an alert's context, by name.
func details(context json.RawMessage) []string {
	var fields map[string]any
	if json.Unmarshal(context, &fields) != nil {
		return nil
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		switch value := fields[name].(type) {
		case string, float64, bool:
			lines = append(lines, cut(fmt.Sprintf("%s: %v", name, value), detailLength))
		}
		if len(lines) == mostDetails {
			break
		}
	}
	return lines
}

// cut shortens by letters, not by bytes.
func cut(text string, most int) string {
	letters := []rune(text)
	if len(letters) <= most {
		return text
	}
	return string(letters[:most-1]) + "…"
}

// when is a moment for readers whose zone is unknown.
func when(at time.Time) string { return at.UTC().Format("2 Jan 2006, 15:04 UTC") }

// clock is a time of day where the person is, else in UTC.
func clock(at time.Time, zone string) string {
	place, err := time.LoadLocation(zone)
	if err != nil || zone == "" {
		return at.UTC().Format("15:04") + " UTC"
	}
	return at.In(place).Format("15:04")
}

// span is a length of time as people say it.
func span(length time.Duration) string {
	switch {
	case length < 0:
		return "a moment"
	case length < 2*time.Minute:
		return plural(int(length.Round(time.Second)/time.Second), "second")
	case length < 2*time.Hour && length.Round(time.Minute) != time.Hour:
		return plural(int(length.Round(time.Minute)/time.Minute), "minute")
	case length < 48*time.Hour:
		return plural(int(length.Round(time.Hour)/time.Hour), "hour")
	default:
		return plural(int(length.Hours()/24), "day")
	}
}

// brief is span as a button says it.
func brief(length time.Duration) string {
	return strings.NewReplacer(" seconds", " s", " second", " s", " minutes", " min", " minute", " min", " hours", " h", " hour", " h").
		Replace(span(length))
}

func plural(count int, unit string) string {
	if count == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", count, unit)
}

// day is a time of day, and the day of the week where that isn't today's.
func day(at, from time.Time, zone string) string {
	place, err := time.LoadLocation(zone)
	if err != nil || zone == "" {
		place = time.UTC
	}
	at, from = at.In(place), from.In(place)
	switch {
	case at.YearDay() == from.YearDay() && at.Year() == from.Year():
		return clock(at, zone)
	case at.Sub(from) < 6*24*time.Hour && from.Sub(at) < 6*24*time.Hour:
		return at.Format("Mon ") + clock(at, zone)
	default:
		return at.Format("2 Jan, ") + clock(at, zone)
	}
}
