package hours_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/us"
	"github.com/stretchr/testify/require"

	"securitybot/internal/policy/hours"
)

// zones differ in when and how their clocks change: by half an hour, at
// midnight, in southern summers, backwards in winter, during Ramadan, or by a new
// law between 2020 and 2030.
var zones = []string{
	"UTC", "America/New_York", "America/Los_Angeles", "America/St_Johns", "Europe/Berlin", "Europe/London",
	"Europe/Dublin", "Australia/Sydney", "Australia/Adelaide", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia",
	"Asia/Kolkata", "Asia/Kathmandu", "Asia/Tehran", "Asia/Beirut", "Asia/Amman", "Asia/Gaza", "Africa/Casablanca",
	"Africa/Cairo", "Africa/Juba", "America/Santiago", "America/Asuncion", "America/Havana", "America/Mexico_City",
	"America/Sao_Paulo", "America/Scoresbysund", "Europe/Volgograd", "Asia/Tokyo", "Antarctica/Troll",
}

// model knows working time minute by minute, and of a zone only what its clock
// shows at an instant. A clock that is set back shows nothing new until it has
// caught up: nobody opens, or closes, twice.
type model struct {
	spec     hours.Spec
	zone     *time.Location
	holidays cal.Calendar
	days     map[string]bool // whether a date is a working day, as far as it was asked for
}

func newModel(t *testing.T, spec hours.Spec) *model {
	t.Helper()
	zone, err := time.LoadLocation(spec.Zone)
	require.NoError(t, err)
	m := &model{spec: spec, zone: zone, days: map[string]bool{}}
	for _, code := range spec.Holidays {
		for _, holiday := range holidays[code] {
			own := *holiday // Japan's are not safe for several tests at once
			m.holidays.AddHoliday(&own)
		}
	}
	return m
}

var holidays = map[string][]*cal.Holiday{"us": us.Holidays, "gb": gb.Holidays, "de-by": de.HolidaysBY, "jp": jp.Holidays}

// open says of each minute from start on whether it is working time.
func (m *model) open(start time.Time, minutes int) []bool {
	var shown time.Time // the furthest that the clock has come, as if it were UTC
	result := make([]bool, 0, minutes)
	for at := start.Add(-3 * hour); len(result) < minutes; at = at.Add(time.Minute) {
		local := at.In(m.zone)
		_, offset := local.Zone()
		if now := at.Add(time.Duration(offset) * time.Second); now.After(shown) {
			shown = now
		}
		if !at.Before(start) {
			result = append(result, m.works(shown))
		}
	}
	return result
}

func (m *model) works(shown time.Time) bool {
	reading := shown.Sub(shown.Truncate(24 * hour))
	if reading < m.spec.From || reading >= m.spec.To {
		return false
	}
	date := shown.Format(time.DateOnly)
	works, known := m.days[date]
	if !known {
		works = slices.Contains(m.spec.Days, shown.Weekday()) && !m.off(shown)
		m.days[date] = works
	}
	return works
}

func (m *model) off(shown time.Time) bool {
	actual, observed, _ := m.holidays.IsHoliday(shown)
	return actual || observed || slices.Contains(m.spec.Dates, shown.Format(time.DateOnly))
}

// TestAgainstModel looks at two weeks around every clock change of a zone from
// 2020 to 2030 and around moments at random, with hours, days and holidays at
// random.
func TestAgainstModel(t *testing.T) {
	t.Parallel()
	for seed, zone := range zones {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(62, uint64(seed)))
			for _, moment := range moments(t, random, zone) {
				spec := randomSpec(random, zone, moment)
				start := moment.Truncate(time.Minute).Add(-time.Duration(random.IntN(4*24*60)) * time.Minute)
				requireAgreement(t, random, spec, start)
			}
		})
	}
}

func moments(t *testing.T, random *rand.Rand, zone string) []time.Time {
	t.Helper()
	location, err := time.LoadLocation(zone)
	require.NoError(t, err)
	first := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	last := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	var found []time.Time
	_, change := first.In(location).ZoneBounds()
	for !change.IsZero() && change.Before(last) {
		found = append(found, change.UTC())
		_, change = change.ZoneBounds()
	}
	for range 10 {
		found = append(found, first.Add(time.Duration(random.Int64N(int64(last.Sub(first))))))
	}
	return found
}

// randomSpec has office hours, or hours that begin or end in the night, when
// clocks change.
func randomSpec(random *rand.Rand, zone string, around time.Time) hours.Spec {
	quarter := func(most int) time.Duration { return time.Duration(random.IntN(most)) * 15 * time.Minute }
	spec := hours.Spec{Zone: zone, From: 7*hour + quarter(16), To: 15*hour + quarter(24)}
	switch random.IntN(4) {
	case 0:
		spec.From = quarter(16)
		spec.To = spec.From + 15*time.Minute + quarter(16)
	case 1:
		spec.From, spec.To = quarter(3), 24*hour-quarter(3)
	}
	for day := range time.Weekday(7) {
		if random.IntN(7) < 5 {
			spec.Days = append(spec.Days, day)
		}
	}
	if len(spec.Days) == 0 {
		spec.Days = monToFri
	}
	for _, code := range []string{"us", "gb", "de-by", "jp"} {
		if random.IntN(4) == 0 {
			spec.Holidays = append(spec.Holidays, code)
		}
	}
	for range random.IntN(3) {
		spec.Dates = append(spec.Dates, around.AddDate(0, 0, random.IntN(15)-7).Format(time.DateOnly))
	}
	return spec
}

// requireAgreement compares the two from start on for two weeks.
func requireAgreement(t *testing.T, random *rand.Rand, spec hours.Spec, start time.Time) {
	t.Helper()
	const span = 14 * 24 * 60
	calendar, err := hours.New(spec)
	require.NoError(t, err)
	open := newModel(t, spec).open(start, span)
	minute := func(at time.Time) int { return int(at.Sub(start) / time.Minute) }
	about := func(at time.Time) string { return fmt.Sprintf("%+v, %s", spec, at) }

	for range 40 {
		from := random.IntN(span)
		at := start.Add(time.Duration(from) * time.Minute)
		require.Equal(t, open[from], calendar.Open(at), about(at))

		next := slices.Index(open[from:], true)
		if next < 0 {
			require.GreaterOrEqual(t, minute(calendar.Next(at)), span, about(at))
			continue
		}
		require.Equal(t, from+next, minute(calendar.Next(at)), about(at))

		d := time.Duration(random.IntN(40*60)) * time.Minute
		end := calendar.Add(at, d)
		require.Equal(t, end, addOver(calendar.Windows(at, d, 1000), d), about(at))
		first := time.Duration(random.Int64N(int64(d) + 1))
		require.Equal(t, calendar.Add(at, d+1), calendar.Add(calendar.Add(at, first), d+1-first), about(at))
		if want, ok := add(open[from:], int(d/time.Minute)); ok {
			require.Equal(t, from+want, minute(end), about(at))
		}
	}
}

// add is how many minutes it takes until so many open ones are over.
func add(open []bool, minutes int) (int, bool) {
	for i, isOpen := range open {
		if !isOpen {
			continue
		}
		if minutes <= 1 {
			return i + minutes, true
		}
		minutes--
	}
	return 0, false
}

func addOver(windows []hours.Window, d time.Duration) time.Time {
	for _, window := range windows {
		length := window.To.Sub(window.From)
		if d <= length {
			return window.From.Add(d)
		}
		d -= length
	}
	return time.Time{}
}
