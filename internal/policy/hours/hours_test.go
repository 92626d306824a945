package hours_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/policy/hours"
)

const hour = time.Hour

var monToFri = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}

func office(t testing.TB, change func(*hours.Spec)) *hours.Calendar {
	t.Helper()
	spec := hours.Spec{Zone: "America/Los_Angeles", Days: monToFri, From: 9 * hour, To: 18 * hour}
	if change != nil {
		change(&spec)
	}
	calendar, err := hours.New(spec)
	require.NoError(t, err)
	return calendar
}

// at reads a time such as "2026-03-06 17:30" on the clock of a zone. Where the
// clock shows it twice, "-0800" behind it says which.
func at(t testing.TB, zone, text string) time.Time {
	t.Helper()
	location, err := time.LoadLocation(zone)
	require.NoError(t, err)
	layout := "2006-01-02 15:04"
	if len(text) > len(layout) {
		layout += " -0700"
	}
	parsed, err := time.ParseInLocation(layout, text, location)
	require.NoError(t, err)
	require.Equal(t, text, parsed.Format(layout), "the clock never shows it")
	return parsed
}

// The moments are those that the original bot got wrong, with its hours.
func TestTwoHoursToAnswer(t *testing.T) {
	t.Parallel()
	const here = "America/Los_Angeles"
	calendar := office(t, func(s *hours.Spec) { s.From = 10 * hour })
	cases := map[string]struct{ asked, due string }{
		"in the middle of the day":            {"2026-07-07 11:00", "2026-07-07 13:00"},
		"in the afternoon":                    {"2026-07-07 15:30", "2026-07-07 17:30"},
		"up to closing time":                  {"2026-07-07 16:00", "2026-07-07 18:00"},
		"late in the afternoon":               {"2026-07-07 17:00", "2026-07-08 11:00"},
		"at closing time":                     {"2026-07-07 18:00", "2026-07-08 12:00"},
		"at opening":                          {"2026-07-07 10:00", "2026-07-07 12:00"},
		"two hours before opening":            {"2026-07-07 08:00", "2026-07-07 12:00"},
		"before opening":                      {"2026-07-07 07:30", "2026-07-07 12:00"},
		"at night":                            {"2026-07-07 02:00", "2026-07-07 12:00"},
		"in the evening":                      {"2026-07-07 20:00", "2026-07-08 12:00"},
		"Friday afternoon, Saturday in UTC":   {"2026-07-10 15:30", "2026-07-10 17:30"},
		"late on Friday":                      {"2026-07-10 17:00", "2026-07-13 11:00"},
		"Saturday":                            {"2026-07-11 12:00", "2026-07-13 12:00"},
		"Sunday, Monday in UTC":               {"2026-07-12 15:30", "2026-07-13 12:00"},
		"late on a Thursday in winter":        {"2026-01-15 17:00", "2026-01-16 11:00"},
		"the weekend that loses an hour":      {"2026-03-06 17:00", "2026-03-09 11:00"},
		"the weekend that gains an hour":      {"2026-10-30 17:30", "2026-11-02 11:30"},
		"the last minute before opening":      {"2026-07-07 09:59", "2026-07-07 12:00"},
		"the last minute before closing time": {"2026-07-07 17:59", "2026-07-08 11:59"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			due := calendar.Add(at(t, here, tc.asked), 2*hour)
			require.Equal(t, at(t, here, tc.due).UTC(), due)
		})
	}
}

func TestAdd(t *testing.T) {
	t.Parallel()
	us := []string{"us"}
	cases := map[string]struct {
		spec     func(*hours.Spec)
		zone, at string
		d        time.Duration
		want     string
	}{
		"carries over exactly":         {nil, "America/Los_Angeles", "2026-07-10 17:30", 2 * hour, "2026-07-13 10:30"},
		"over several weeks":           {nil, "America/Los_Angeles", "2026-07-06 09:00", 15 * 9 * hour, "2026-07-24 18:00"},
		"over more than a year":        {nil, "America/Los_Angeles", "2026-01-05 09:00", 60 * 45 * hour, "2027-02-26 18:00"},
		"nothing, while open":          {nil, "America/Los_Angeles", "2026-07-10 17:30", 0, "2026-07-10 17:30"},
		"nothing, while closed":        {nil, "America/Los_Angeles", "2026-07-10 18:00", 0, "2026-07-13 09:00"},
		"less than nothing":            {nil, "America/Los_Angeles", "2026-07-10 17:30", -hour, "2026-07-10 17:30"},
		"asked from another zone":      {nil, "Europe/Berlin", "2026-07-11 02:30", 2 * hour, "2026-07-13 19:30"},
		"half-hour zone":               {func(s *hours.Spec) { s.Zone = "Asia/Kolkata" }, "Asia/Kolkata", "2026-07-10 17:30", 2 * hour, "2026-07-13 10:30"},
		"a week from Sunday":           {func(s *hours.Spec) { s.Zone, s.Days = "Asia/Jerusalem", sunToThu }, "Asia/Jerusalem", "2026-07-09 17:30", 2 * hour, "2026-07-12 10:30"},
		"over a holiday":               {func(s *hours.Spec) { s.Holidays = us }, "America/Los_Angeles", "2026-11-25 17:30", 2 * hour, "2026-11-27 10:30"},
		"over a day off":               {func(s *hours.Spec) { s.Holidays, s.Dates = us, []string{"2026-11-27"} }, "America/Los_Angeles", "2026-11-25 17:30", 2 * hour, "2026-11-30 10:30"},
		"over a holiday moved ahead":   {func(s *hours.Spec) { s.Holidays = us }, "America/Los_Angeles", "2026-07-02 17:30", 2 * hour, "2026-07-06 10:30"},
		"over a holiday of last year":  {func(s *hours.Spec) { s.Holidays = us }, "America/Los_Angeles", "2021-12-30 17:30", 2 * hour, "2022-01-03 10:30"},
		"all the time":                 {allTheTime("Europe/Berlin"), "Europe/Berlin", "2026-03-28 12:00", 24 * hour, "2026-03-29 13:00"},
		"all the time, a longer day":   {allTheTime("Europe/Berlin"), "Europe/Berlin", "2026-10-24 12:00", 24 * hour, "2026-10-25 11:00"},
		"a night that loses an hour":   {nights(0, 4*hour), "Europe/Berlin", "2026-03-29 01:00", 2 * hour, "2026-03-29 04:00"},
		"a night that gains an hour":   {nights(0, 4*hour), "Europe/Berlin", "2026-10-25 01:00", 4 * hour, "2026-10-25 04:00"},
		"opening in the missing hour":  {nights(2*hour+30*time.Minute, 6*hour), "Europe/Berlin", "2026-03-29 00:00", hour, "2026-03-29 04:00"},
		"closing in the missing hour":  {nights(0, 2*hour+30*time.Minute), "Europe/Berlin", "2026-03-29 01:30", hour, "2026-03-30 00:30"},
		"opening in the double hour":   {nights(2*hour+30*time.Minute, 6*hour), "Europe/Berlin", "2026-10-25 00:00", hour, "2026-10-25 02:30 +0100"},
		"closing in the double hour":   {nights(0, 2*hour+30*time.Minute), "Europe/Berlin", "2026-10-25 02:00 +0200", hour, "2026-10-26 00:30"},
		"hours in the missing hour":    {nights(2*hour, 3*hour), "Europe/Berlin", "2026-03-29 00:00", hour, "2026-03-30 03:00"},
		"half an hour of summer time":  {func(s *hours.Spec) { s.Zone, s.Days, s.From = "Australia/Lord_Howe", everyDay, 0 }, "Australia/Lord_Howe", "2026-10-04 01:00", 2 * hour, "2026-10-04 03:30"},
		"a day that begins at 01:00":   {allTheTime("America/Santiago"), "America/Santiago", "2026-09-05 23:00", 2 * hour, "2026-09-06 02:00"},
		"a day that the zone left out": {allTheTime("Pacific/Apia"), "Pacific/Apia", "2011-12-29 23:00", 2 * hour, "2011-12-31 01:00"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calendar := office(t, tc.spec)
			require.Equal(t, at(t, tc.zone, tc.want).UTC(), calendar.Add(at(t, tc.zone, tc.at), tc.d))
		})
	}
}

var (
	sunToThu = []time.Weekday{time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday}
	everyDay = append([]time.Weekday{time.Friday, time.Saturday}, sunToThu...)
)

func allTheTime(zone string) func(*hours.Spec) {
	return func(s *hours.Spec) { s.Zone, s.Days, s.From, s.To = zone, everyDay, 0, 24*hour }
}

func nights(from, to time.Duration) func(*hours.Spec) {
	return func(s *hours.Spec) { s.Zone, s.Days, s.From, s.To = "Europe/Berlin", everyDay, from, to }
}

func TestOpenAndNext(t *testing.T) {
	t.Parallel()
	const here = "America/Los_Angeles"
	calendar := office(t, func(s *hours.Spec) { s.Holidays = []string{"us"} })
	cases := map[string]struct{ at, next string }{
		"opening":            {"2026-07-07 09:00", "2026-07-07 09:00"},
		"before opening":     {"2026-07-07 08:59", "2026-07-07 09:00"},
		"the last minute":    {"2026-07-07 17:59", "2026-07-07 17:59"},
		"closing time":       {"2026-07-07 18:00", "2026-07-08 09:00"},
		"Friday evening":     {"2026-07-10 20:00", "2026-07-13 09:00"},
		"the eve of a feast": {"2026-11-25 18:00", "2026-11-27 09:00"},
		"over the New Year":  {"2026-12-31 18:00", "2027-01-04 09:00"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := at(t, here, tc.at)
			require.Equal(t, tc.at == tc.next, calendar.Open(now))
			require.Equal(t, at(t, here, tc.next).UTC(), calendar.Next(now))
		})
	}
}

func TestWindows(t *testing.T) {
	t.Parallel()
	const here = "America/Los_Angeles"
	calendar := office(t, nil)
	window := func(from, to string) hours.Window {
		return hours.Window{From: at(t, here, from).UTC(), To: at(t, here, to).UTC()}
	}
	friday := window("2026-03-06 17:30", "2026-03-06 18:00")
	monday, tuesday := window("2026-03-09 09:00", "2026-03-09 18:00"), window("2026-03-10 09:00", "2026-03-10 18:00")
	cases := map[string]struct {
		at    string
		total time.Duration
		most  int
		want  []hours.Window
	}{
		"what is left is enough":    {"2026-03-06 17:30", 30 * time.Minute, 9, []hours.Window{friday}},
		"the first in any case":     {"2026-03-06 17:30", 0, 9, []hours.Window{friday}},
		"a little more":             {"2026-03-06 17:30", 31 * time.Minute, 9, []hours.Window{friday, monday}},
		"from Saturday on":          {"2026-03-07 12:00", 10 * hour, 9, []hours.Window{monday, tuesday}},
		"not more than were wanted": {"2026-03-06 17:30", 100 * hour, 2, []hours.Window{friday, monday}},
		"none were wanted":          {"2026-03-06 17:30", 100 * hour, 0, nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, calendar.Windows(at(t, here, tc.at), tc.total, tc.most))
		})
	}
}

// Somebody who never works again within the search has no opening, and the
// search for it ends.
func TestNoOpening(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 7, 6, 0, 0, 0, 0, time.UTC)
	var dates []string
	for day := range 420 {
		dates = append(dates, start.AddDate(0, 0, day).Format(time.DateOnly))
	}
	calendar := office(t, func(s *hours.Spec) { s.Dates = dates })
	require.False(t, calendar.Open(start))
	require.Zero(t, calendar.Next(start))
	require.Zero(t, calendar.Add(start, hour))
	require.Empty(t, calendar.Windows(start, hour, 9))

	before := at(t, "America/Los_Angeles", "2026-07-03 17:30") // a Friday
	require.Zero(t, calendar.Add(before, 100*hour), "it began, but nobody is there to end it")
	require.Len(t, calendar.Windows(before, 100*hour, 9), 1)

	after := start.AddDate(0, 0, 30)
	require.False(t, calendar.Next(after).IsZero(), "400 days later it is over")
}

func TestEndless(t *testing.T) {
	t.Parallel()
	calendar := office(t, func(s *hours.Spec) { s.Days, s.To = []time.Weekday{time.Monday}, s.From+time.Minute })
	require.Zero(t, calendar.Add(time.Date(2026, 7, 6, 0, 0, 0, 0, time.UTC), 1<<63-1))
}

// A clock that jumped, or an alert that says so, may ask about any year.
func TestAnyYear(t *testing.T) {
	t.Parallel()
	calendar := office(t, func(s *hours.Spec) { s.Holidays = hours.Countries() })
	for _, year := range []int{-1, 0, 1, 1582, 1883, 1970, 2038, 2151, 9999} {
		now := time.Date(year, 7, 1, 12, 0, 0, 0, time.UTC)
		next := calendar.Next(now)
		require.False(t, next.Before(now), year)
		require.True(t, calendar.Open(next), year)
	}
	require.False(t, calendar.Open(time.Time{}))
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	calendar := office(t, func(s *hours.Spec) { s.Holidays = []string{"us", "jp"} })
	var group sync.WaitGroup
	for year := range 20 {
		group.Go(func() {
			now := time.Date(2010+year%5, 7, 1, 12, 0, 0, 0, time.UTC)
			for range 20 {
				now = calendar.Add(now, 40*hour)
			}
		})
	}
	group.Wait()
}

func TestNew(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		spec func(*hours.Spec)
		want []string
	}{
		"unknown zone":        {func(s *hours.Spec) { s.Zone = "Mars/Olympus" }, []string{`zone: "Mars/Olympus" is no IANA zone`}},
		"no zone":             {func(s *hours.Spec) { s.Zone = "" }, []string{`zone: "" is no IANA zone`}},
		"the machine's zone":  {func(s *hours.Spec) { s.Zone = "Local" }, []string{`zone: "Local" is no IANA zone`}},
		"a file":              {func(s *hours.Spec) { s.Zone = "../../etc/passwd" }, []string{`zone: "../../etc/passwd" is no IANA zone`}},
		"no days":             {func(s *hours.Spec) { s.Days = nil }, []string{"days: there is no working day"}},
		"an eighth day":       {func(s *hours.Spec) { s.Days = []time.Weekday{7} }, []string{"days: 7 is no day of the week"}},
		"hours over midnight": {func(s *hours.Spec) { s.From, s.To = 22*hour, 6*hour }, []string{"from: 22:00 is not before to, 06:00"}},
		"no hours":            {func(s *hours.Spec) { s.From = s.To }, []string{"from: 18:00 is not before to, 18:00"}},
		"before midnight":     {func(s *hours.Spec) { s.From = -hour }, []string{"from: -1h0m0s is no time of day"}},
		"after midnight":      {func(s *hours.Spec) { s.To = 25 * hour }, []string{"to: 25h0m0s is no time of day"}},
		"seconds":             {func(s *hours.Spec) { s.To -= time.Second }, []string{"to: 17h59m59s is no time of day in whole minutes"}},
		"unknown country":     {func(s *hours.Spec) { s.Holidays = []string{"us", "xx"} }, []string{`holidays: unknown country "xx"`}},
		"regions only":        {func(s *hours.Spec) { s.Holidays = []string{"au"} }, []string{`"au"; there is au-act, au-nsw,`}},
		"unknown region":      {func(s *hours.Spec) { s.Holidays = []string{"us-ca"} }, []string{`"us-ca"; there is us`}},
		"capitals":            {func(s *hours.Spec) { s.Holidays = []string{"FR"} }, []string{`"FR"; there is fr`}},
		"no such date":        {func(s *hours.Spec) { s.Dates = []string{"2026-02-30"} }, []string{`dates: "2026-02-30" is no date`}},
		"everything at once": {
			func(s *hours.Spec) {
				*s = hours.Spec{Zone: "x", Holidays: []string{"y"}, Dates: []string{"z"}}
			},
			[]string{`zone: "x"`, "days: ", "from: ", `"y"`, `"z"`},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := hours.Spec{Zone: "Europe/Berlin", Days: monToFri, From: 9 * hour, To: 18 * hour}
			tc.spec(&spec)
			_, err := hours.New(spec)
			require.Error(t, err)
			for _, want := range tc.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func BenchmarkAddWeeks(b *testing.B) {
	calendar := office(b, func(s *hours.Spec) { s.Holidays = []string{"us"} })
	now := at(b, "America/Los_Angeles", "2026-03-02 17:30")
	for b.Loop() {
		calendar.Add(now, 4*5*9*hour)
	}
}

func BenchmarkOpen(b *testing.B) {
	calendar := office(b, func(s *hours.Spec) { s.Holidays = []string{"us"} })
	now := at(b, "America/Los_Angeles", "2026-03-02 17:30")
	for b.Loop() {
		calendar.Open(now)
	}
}
