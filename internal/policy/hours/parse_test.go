package hours_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/policy/hours"
)

func TestParseDays(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		want []time.Weekday
		err  string
	}{
		"mon-fri":         {want: monToFri},
		"sun-thu":         {want: sunToThu},
		"mon,wed,fri":     {want: []time.Weekday{time.Monday, time.Wednesday, time.Friday}},
		"mon-thu,sat":     {want: []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Saturday}},
		"sat-mon":         {want: []time.Weekday{time.Sunday, time.Monday, time.Saturday}},
		"Mon - Tue , thu": {want: []time.Weekday{time.Monday, time.Tuesday, time.Thursday}},
		"fri":             {want: []time.Weekday{time.Friday}},
		"fri-fri":         {want: []time.Weekday{time.Friday}},
		"sun-sat":         {want: []time.Weekday{0, 1, 2, 3, 4, 5, 6}},
		"":                {err: `"" is no day of the week`},
		"mon,":            {err: `"" is no day of the week`},
		"monday":          {err: `"monday" is no day of the week: they are sun, mon,`},
		"mon-":            {err: `"" is no day of the week`},
		"-fri":            {err: `"" is no day of the week`},
		"mon-wed-fri":     {err: `"wed-fri" is no day of the week`},
		"mon–fri":         {err: `"mon–fri" is no day of the week`},
		"mon-wed,tue":     {err: `"mon-wed,tue" names a day twice`},
		"mon,mon":         {err: `"mon,mon" names a day twice`},
	}
	for text, tc := range cases {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			days, err := hours.ParseDays(text)
			if tc.err != "" {
				require.ErrorContains(t, err, tc.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, days)
		})
	}
}

func TestParseClock(t *testing.T) {
	t.Parallel()
	good := map[string]time.Duration{
		"00:00": 0, "09:00": 9 * hour, "17:30": 17*hour + 30*time.Minute, "23:59": 24*hour - time.Minute, "24:00": 24 * hour,
	}
	for text, want := range good {
		reading, err := hours.ParseClock(text)
		require.NoError(t, err, text)
		require.Equal(t, want, reading, text)
	}
	for _, text := range []string{"", "9", "9:00", "09", "09:0", "09:60", "24:01", "25:00", "-1:00", "09:00:00", " 09:00", "09.00", "9am", "0９:00", "540"} {
		_, err := hours.ParseClock(text)
		require.ErrorContains(t, err, "is no time of day, such as 09:00", text)
	}
}

// What is accepted is in range, whatever is written.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"mon-fri", "sat-mon,wed", "09:00", "24:00", ",", "-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if days, err := hours.ParseDays(text); err == nil {
			require.NotEmpty(t, days)
			require.IsIncreasing(t, append([]time.Weekday{-1}, days...))
			require.LessOrEqual(t, days[len(days)-1], time.Saturday)
		}
		if reading, err := hours.ParseClock(text); err == nil {
			require.LessOrEqual(t, reading.Abs(), 24*hour)
			require.GreaterOrEqual(t, reading, time.Duration(0))
		}
	})
}
