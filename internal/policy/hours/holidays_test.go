package hours_test

import (
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/policy/hours"
)

func TestCountries(t *testing.T) {
	t.Parallel()
	codes := hours.Countries()
	require.True(t, slices.IsSorted(codes))
	require.Subset(t, codes, []string{"us", "ca", "gb", "ie", "de", "de-by", "fr", "nl", "ch-zh", "au-nsw", "nz", "jp", "br"})
	codes[0] = "mine"
	require.NotEqual(t, codes, hours.Countries())
}

// known are public holidays from Monday to Friday.
var known = map[string]struct {
	year int
	off  []string
}{
	"us": {2026, []string{"01-01", "01-19", "02-16", "05-25", "06-19", "07-03", "09-07", "10-12", "11-11", "11-26", "12-25"}},
	// New Year of 2022 was a Saturday; jubilee in June; Christmas on Sunday.
	"gb":    {2022, []string{"01-03", "04-15", "04-18", "05-02", "06-02", "06-03", "08-29", "12-26", "12-27"}},
	"de-by": {2026, []string{"01-01", "01-06", "04-03", "04-06", "05-01", "05-14", "05-25", "06-04", "12-25"}},
	"fr":    {2026, []string{"01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "11-11", "12-25"}},
	"jp": {2026, []string{
		"01-01", "01-12", "02-11", "02-23", "03-20", "04-29", "05-04", "05-05", "05-06", "07-20", "08-11",
		"09-21", "09-22", "09-23", "10-12", "11-03", "11-23",
	}},
	"nl": {2026, []string{"01-01", "04-03", "04-06", "04-27", "05-05", "05-14", "05-25", "12-25"}},
}

func TestKnownHolidays(t *testing.T) {
	t.Parallel()
	for code, want := range known {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, want.off, daysOff(t, code, monToFri, want.year))
		})
	}
}

func daysOff(t *testing.T, code string, days []time.Weekday, year int) []string {
	t.Helper()
	calendar := office(t, func(s *hours.Spec) { s.Zone, s.Holidays, s.Days = "UTC", []string{code}, days })
	var off []string
	for noon := time.Date(year, 1, 1, 12, 0, 0, 0, time.UTC); noon.Year() == year; noon = noon.AddDate(0, 0, 1) {
		if slices.Contains(days, noon.Weekday()) && !calendar.Open(noon) {
			off = append(off, noon.Format("01-02"))
		}
	}
	return off
}

// Independence Day of 2026 is a Saturday, observed on Friday.
func TestHolidayAtTheWeekend(t *testing.T) {
	t.Parallel()
	saturdays := []time.Weekday{time.Friday, time.Saturday}
	off := daysOff(t, "us", saturdays, 2026)
	require.Contains(t, off, "07-03")
	require.Contains(t, off, "07-04")
}

// A holiday of another country is no matter of the zone that this machine is in:
// in Santiago the 7th of September 2025 began at 01:00.
func TestZoneOfTheMachine(t *testing.T) {
	t.Parallel()
	const inside = "HOURS_TEST_INSIDE"
	if os.Getenv(inside) == "" {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestZoneOfTheMachine$")
		child.Env = append(os.Environ(), inside+"=1", "TZ=America/Santiago")
		output, err := child.CombinedOutput()
		require.NoError(t, err, string(output))
		return
	}
	midnight := time.Date(2025, 9, 7, 0, 0, 0, 0, time.Local)
	require.NotEqual(t, "2025-09-07 00:00", midnight.Format("2006-01-02 15:04"), "this machine has Santiago's zone")
	sundays := []time.Weekday{time.Sunday}
	require.Contains(t, daysOff(t, "br", sundays, 2025), "09-07")
}
