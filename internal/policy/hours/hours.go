// Package hours is working time: when somebody works, by zone, weekday, hours
// and holidays.
package hours

import (
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/rickar/cal/v2"
)

// Spec says when somebody works.
type Spec struct {
	Zone     string // IANA, such as Europe/Berlin
	Days     []time.Weekday
	From, To time.Duration // the clock's readings, in whole minutes since midnight; To is at most 24 h
	Holidays []string      // codes that Countries knows
	Dates    []string      // more days off, such as 2026-12-24
}

// Window is a stretch of working time, To not included, in UTC.
type Window struct{ From, To time.Time }

// Calendar counts the working time of a Spec. It may be used by several
// goroutines at once.
type Calendar struct {
	zone     *time.Location
	days     [7]bool
	from, to time.Duration
	holidays []cal.Holiday
	dates    []time.Time

	mu    sync.Mutex       // guards years and holidays
	years map[int]*daysOff // as far as they were asked for
}

const (
	secondsPerDay = 24 * 60 * 60
	// drought is how many days without an opening are searched.
	drought = 400
	// horizon is how many years ahead working time is counted.
	horizon = 10
	// furthestEast is more than any clock was ever ahead of UTC.
	furthestEast = 16 * time.Hour
)

// New checks a Spec. The error joins every mistake, each with the field's name.
func New(spec Spec) (*Calendar, error) {
	c := &Calendar{from: spec.From, to: spec.To, years: map[int]*daysOff{}}
	if err := errors.Join(
		c.setZone(spec.Zone),
		c.setDays(spec.Days),
		checkHours(spec.From, spec.To),
		c.setHolidays(spec.Holidays),
		c.setDates(spec.Dates),
	); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Calendar) setZone(name string) (err error) {
	// Go takes these for UTC and for the zone of the machine.
	if name == "" || name == "Local" {
		return fmt.Errorf("zone: %q is no IANA zone, such as Europe/Berlin", name)
	}
	if c.zone, err = time.LoadLocation(name); err != nil {
		return fmt.Errorf("zone: %q is no IANA zone, such as Europe/Berlin: %w", name, err)
	}
	return nil
}

func (c *Calendar) setDays(days []time.Weekday) error {
	if len(days) == 0 {
		return errors.New("days: there is no working day")
	}
	for _, day := range days {
		if day < time.Sunday || day > time.Saturday {
			return fmt.Errorf("days: %d is no day of the week", day)
		}
		c.days[day] = true
	}
	return nil
}

func checkHours(from, to time.Duration) error {
	switch {
	case from < 0 || from%time.Minute != 0:
		return fmt.Errorf("from: %s is no time of day in whole minutes", from)
	case to > 24*time.Hour || to%time.Minute != 0:
		return fmt.Errorf("to: %s is no time of day in whole minutes", to)
	case from >= to:
		return fmt.Errorf("from: %s is not before to, %s; hours can't cross midnight", clock(from), clock(to))
	}
	return nil
}

// Open says whether at is working time; the closing time is not.
func (c *Calendar) Open(at time.Time) bool {
	for window := range c.windows(at) {
		return !window.From.After(at)
	}
	return false
}

// Next is at itself if it is working time, else the next opening, in UTC. It is
// the zero time if there is none within 400 days.
func (c *Calendar) Next(at time.Time) time.Time {
	for window := range c.windows(at) {
		return window.From
	}
	return time.Time{}
}

// Add is the end of d of working time from at on, in UTC: an end at closing time
// stays there. Outside working time counting starts at the next opening, with a
// d of nothing or less too. It is the zero time if there is no opening within
// 400 days of another, or if the end is more than ten years away.
func (c *Calendar) Add(at time.Time, d time.Duration) time.Time {
	limit := at.AddDate(horizon, 0, 0)
	d = max(d, 0)
	for window := range c.windows(at) {
		if window.From.After(limit) {
			break
		}
		length := window.To.Sub(window.From)
		if d <= length {
			return window.From.Add(d)
		}
		d -= length
	}
	return time.Time{}
}

// Windows are the stretches of working time from at on, until they hold at least
// total, and the first in any case; but at most most. If at is working time, the
// first begins there.
func (c *Calendar) Windows(at time.Time, total time.Duration, most int) []Window {
	var found []Window
	if most <= 0 {
		return found
	}
	for window := range c.windows(at) {
		found = append(found, window)
		total -= window.To.Sub(window.From)
		if total <= 0 || len(found) == most {
			break
		}
	}
	return found
}

// windows yields the working time from at on, day by day.
func (c *Calendar) windows(at time.Time) iter.Seq[Window] {
	at = at.UTC().Round(0) // a plan outlives this process's monotonic clock
	return func(yield func(Window) bool) {
		day := c.dayOf(at)
		for dry := 0; dry <= drought; dry, day = dry+1, day+1 {
			if !c.works(day) {
				continue
			}
			window := Window{From: c.reaches(day, c.from), To: c.reaches(day, c.to)}
			if window.From.Before(at) {
				window.From = at
			}
			if !window.From.Before(window.To) { // it is over, or the clock jumped over all of it
				continue
			}
			if !yield(window) {
				return
			}
			dry = 0
		}
	}
}

// dayOf is the date that the zone's calendar shows, in days since 1970-01-01.
func (c *Calendar) dayOf(at time.Time) int64 {
	year, month, day := at.In(c.zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay
}

func (c *Calendar) works(day int64) bool {
	date := time.Unix(day*secondsPerDay, 0).UTC()
	return c.days[date.Weekday()] && !c.off(date)
}

// reaches is the first instant at which the zone's clock shows the reading on
// that day, or has jumped over it. time.Date does not say which instant it
// picks when a clock change makes a reading missing or double.
func (c *Calendar) reaches(day int64, reading time.Duration) time.Time {
	shown := time.Unix(day*secondsPerDay, 0).Add(reading) // as if the zone were UTC
	at := shown.Add(-furthestEast).In(c.zone)
	for {
		_, offset := at.Zone()
		reached := shown.Add(-time.Duration(offset) * time.Second)
		if reached.Before(at) {
			return at.UTC()
		}
		_, change := at.ZoneBounds()
		if change.IsZero() || reached.Before(change) {
			return reached.UTC()
		}
		at = change
	}
}
