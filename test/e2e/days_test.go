package e2e_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// officeHours are Alice's, in her own zone.
const officeHours = `
version: 1
defaults:
  deadline: {low: 10h}
  clock: {low: working}
  outside_hours: {low: hold}
  reminders: [25%, 75%]
  snooze: {choices: [1h], times: 2}
  working_hours: {zone: person, days: mon-fri, from: "09:00", to: "18:00"}
  suppress_for: {low: 8h}
  suppress_scope: [host]
`

// A conversation over a weekend and two working days, on a real Temporal server: the
// person is left alone until Monday, and has ten working hours to answer.
func TestAConversationThatSpansDays(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	friday := nextFriday(berlin)
	at := func(day, hour, minute int) time.Time {
		return time.Date(friday.Year(), friday.Month(), friday.Day()+day, hour, minute, 0, 0, berlin)
	}
	const monday, tuesday = 3, 4
	c := calendarFrom(t, at(0, 18, 30), officeHours)
	body := alertAbout(alice)
	body["severity"] = "low"

	id := c.reportsNow(body)
	c.eventually("the security team reads at once that it waits until Monday", func() bool { return len(c.notices()) == 1 })
	require.Contains(t, c.notices()[0].Text, at(monday, 9, 0).UTC().Format("2 Jan 2006, 15:04 MST"))
	require.Equal(t, at(0, 18, 30).Format(time.RFC822), c.notices()[0].sent(berlin).Format(time.RFC822))
	require.Equal(t, "held", c.alert(id).Status)
	require.Empty(t, c.dm(alice), "her weekend is hers")

	c.forward(id, at(monday, 8, 59))
	require.Equal(t, "held", c.alert(id).Status)
	require.Empty(t, c.dm(alice))
	c.forward(id, at(monday, 9, 1))
	c.asked(alice)
	require.Equal(t, at(tuesday, 10, 0).UTC().Format(time.RFC3339)[:16], c.deadline(id)[:16])

	c.forward(id, at(monday, 11, 45))
	c.answers(alice, "snooze")
	c.eventually("it is noted", func() bool { return c.alert(id).has("snoozed") })
	c.forward(id, at(tuesday, 9, 20))
	c.answers(alice, "yes")
	c.explains(alice, "I rotated the keys on Friday")
	c.phones.phone(alice, "approve")
	view := c.settles(id, "confirmed", "")

	want := []string{
		"accepted Fri 18:30", "planned Fri 18:30", "asked Mon 09:00", "reminded Mon 11:30", "snoozed Mon 11:45", "reminded Mon 12:45",
		"reminded Mon 16:30", "answered Tue 09:20", "explained Tue 09:20", "push_sent Tue 09:20", "proof Tue 09:20", "settled Tue 09:20",
	}
	require.Equal(t, want, view.story(berlin, want))
	require.Empty(t, c.security(), "nobody was disturbed but for that line")
	require.Len(t, c.notices(), 1)
	require.Less(t, time.Since(begun), time.Minute)
}

// sent is when Slack says that a message was posted.
func (s shown) sent(zone *time.Location) time.Time {
	seconds, _, _ := strings.Cut(s.TS, ".")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(unix, 0).In(zone)
}

// nextFriday is one that lies ahead: time only goes forward.
func nextFriday(zone *time.Location) time.Time {
	day := time.Now().In(zone).AddDate(0, 0, 1)
	for day.Weekday() != time.Friday {
		day = day.AddDate(0, 0, 1)
	}
	return day
}

// story is the timeline's entries of the wanted kinds, each with its day and minute.
func (a alertView) story(zone *time.Location, wanted []string) []string {
	kinds := map[string]bool{}
	for _, entry := range wanted {
		kinds[entry[:len(entry)-len(" Mon 15:04")]] = true
	}
	var told []string
	for _, entry := range a.Timeline {
		kind, _ := entry["kind"].(string)
		at, _ := entry["at"].(string)
		moment, err := time.Parse(time.RFC3339Nano, at)
		if kinds[kind] && err == nil {
			told = append(told, kind+moment.In(zone).Format(" Mon 15:04"))
		}
	}
	return told
}
