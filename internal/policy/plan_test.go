package policy_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/policy"
)

var (
	berlin = alert.Person{Email: "bob@example.com", Zone: "Europe/Berlin"}
	coast  = alert.Person{Email: "carol@example.com", Zone: "America/Los_Angeles"}
)

func at(text string) time.Time {
	moment, err := time.Parse("2006-01-02 15:04 -0700", text)
	if err != nil {
		panic(err)
	}
	return moment
}

const workingHours = `
defaults:
  deadline: 2h
  clock: working
  outside_hours: hold
  working_hours: {from: "09:00", to: "18:00", holidays: de}
`

// The table of what the original did, and what one wants instead: two working
// hours, the rest carried over, and never an end outside them.
func TestTwoWorkingHours(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ now, asked, answerBy string }{
		"mid-day":                    {"2026-11-17 11:00 +0100", "2026-11-17 11:00 +0100", "2026-11-17 13:00 +0100"},
		"late afternoon":             {"2026-11-17 17:00 +0100", "2026-11-17 17:00 +0100", "2026-11-18 10:00 +0100"},
		"Friday half past five":      {"2026-11-20 17:30 +0100", "2026-11-20 17:30 +0100", "2026-11-23 10:30 +0100"},
		"to the minute of closing":   {"2026-11-17 16:00 +0100", "2026-11-17 16:00 +0100", "2026-11-17 18:00 +0100"},
		"at closing":                 {"2026-11-17 18:00 +0100", "2026-11-18 09:00 +0100", "2026-11-18 11:00 +0100"},
		"before opening":             {"2026-11-17 02:00 +0100", "2026-11-17 09:00 +0100", "2026-11-17 11:00 +0100"},
		"Saturday":                   {"2026-11-21 12:00 +0100", "2026-11-23 09:00 +0100", "2026-11-23 11:00 +0100"},
		"before Christmas":           {"2026-12-24 17:00 +0100", "2026-12-24 17:00 +0100", "2026-12-28 10:00 +0100"},
		"the clocks go forward":      {"2026-03-27 17:30 +0100", "2026-03-27 17:30 +0100", "2026-03-30 10:30 +0200"},
		"the clocks go back":         {"2026-10-23 17:30 +0200", "2026-10-23 17:30 +0200", "2026-10-26 10:30 +0100"},
		"Sunday, which is UTC's too": {"2026-06-14 23:30 +0200", "2026-06-15 09:00 +0200", "2026-06-15 11:00 +0200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := inForce(t, workingHours).Plan(alert.Alert{Severity: alert.Low}, berlin, nil, at(tc.now))
			asked := at(tc.now)
			if plan.NotBefore.After(asked) {
				asked = plan.NotBefore
			}
			require.Equal(t, alert.Ask, plan.Action)
			require.Equal(t, at(tc.asked).UTC(), asked.UTC())
			require.Equal(t, at(tc.answerBy).UTC(), plan.After(asked, plan.Deadline).UTC())
			require.Equal(t, at(tc.answerBy).UTC(), plan.AskBy.UTC())
			require.Equal(t, tc.now == tc.asked, plan.InHours)
			require.Equal(t, []time.Duration{30 * minute, 90 * minute}, plan.Reminders)
		})
	}
}

// A question that waits until the latest moment to ask still counts working time only.
func TestTheLatestQuestionStillCountsWorkingTime(t *testing.T) {
	t.Parallel()
	plan := inForce(t, workingHours).Plan(alert.Alert{Severity: alert.Low}, berlin, nil, at("2026-11-20 16:30 +0100"))
	require.Equal(t, at("2026-11-23 09:30 +0100").UTC(), plan.AskBy.UTC())
	require.Equal(t, at("2026-11-23 11:30 +0100").UTC(), plan.After(plan.AskBy, plan.Deadline).UTC())
}

func TestWhoseZone(t *testing.T) {
	t.Parallel()
	saturdayInBerlin := at("2026-11-21 00:30 +0100") // Friday afternoon on the west coast
	for name, tc := range map[string]struct {
		zone string
		who  alert.Person
		open bool
	}{
		"the person's":                 {"person", coast, true},
		"another person's":             {"person", berlin, false},
		"of somebody unknown":          {"person", alert.Person{}, false},
		"the person's is nonsense":     {"person", alert.Person{Zone: "Mars/Olympus"}, false},
		"the person's is the machine":  {"person", alert.Person{Zone: "Local"}, false},
		"the policy's":                 {"policy", coast, false},
		"one that is fixed":            {"America/New_York", berlin, false},
		"one that is fixed, and awake": {"Pacific/Honolulu", berlin, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := inForce(t, "zone: Europe/Berlin\ndefaults: {working_hours: {zone: "+tc.zone+"}}\n")
			require.Equal(t, tc.open, p.Plan(alert.Alert{Severity: alert.Low}, tc.who, nil, saturdayInBerlin).InHours)
		})
	}
}

func unasked(reason string) alert.Verdict {
	return alert.Verdict{Outcome: alert.Unasked, Reason: reason}
}

func observed(reason string) alert.Verdict {
	return alert.Verdict{Outcome: alert.Observed, Reason: reason}
}

func TestWhatHappensFirst(t *testing.T) {
	t.Parallel()
	night, noon := at("2026-11-17 23:00 +0100"), at("2026-11-17 12:00 +0100")
	away := berlin
	away.AwayUntil = at("2026-11-18 00:00 +0100")
	far := berlin
	far.AwayUntil = at("2026-12-01 00:00 +0100")
	for name, tc := range map[string]struct {
		lines   string
		who     alert.Person
		now     time.Time
		action  alert.Action
		verdict alert.Verdict
		held    bool
		tell    bool
		would   alert.Action
	}{
		"by day":                      {lines: "", now: noon, action: alert.Ask},
		"by night, ask":               {lines: "defaults: {outside_hours: ask}", now: night, action: alert.Ask},
		"by night, hold":              {lines: "defaults: {outside_hours: hold}", now: night, action: alert.Ask, held: true},
		"by night, tell and ask":      {lines: "defaults: {outside_hours: tell_and_ask}", now: night, action: alert.Ask, tell: true},
		"by day, nothing to tell":     {lines: "defaults: {outside_hours: tell_and_ask}", now: noon, action: alert.Ask},
		"by night, escalate":          {lines: "defaults: {outside_hours: escalate}", now: night, action: alert.Escalate, verdict: unasked(alert.ReasonOutsideHours)},
		"away, ask":                   {lines: "", who: far, now: noon, action: alert.Ask},
		"away, escalate":              {lines: "defaults: {away: escalate}", who: far, now: noon, action: alert.Escalate, verdict: unasked(alert.ReasonAway)},
		"back when the hold ends":     {lines: "defaults: {away: escalate, outside_hours: hold}", who: away, now: night, action: alert.Ask, held: true},
		"away when the hold ends":     {lines: "defaults: {away: escalate, outside_hours: hold}", who: far, now: night, action: alert.Escalate, verdict: unasked(alert.ReasonAway)},
		"a rule closes":               {lines: "rules: [{name: a, match: true, action: close}]", now: noon, action: alert.Close, verdict: observed(alert.ReasonPolicy)},
		"a rule escalates":            {lines: "rules: [{name: a, match: true, action: escalate}]", now: noon, action: alert.Escalate, verdict: unasked(alert.ReasonPolicy)},
		"about the chat account":      {lines: "rules: [{name: a, match: true, distrust: [slack]}]", now: noon, action: alert.Escalate, verdict: unasked(alert.ReasonChannelDoubted)},
		"a rule in shadow":            {lines: "rules: [{name: a, match: true, mode: shadow}]", now: noon, action: alert.Close, verdict: observed(alert.ReasonShadow), would: alert.Ask},
		"a shadow that escalates":     {lines: "rules: [{name: a, match: true, mode: shadow, action: escalate}]", now: noon, action: alert.Close, verdict: observed(alert.ReasonShadow), would: alert.Escalate},
		"a shadow that holds":         {lines: "defaults: {mode: shadow, outside_hours: hold}", now: night, action: alert.Close, verdict: observed(alert.ReasonShadow), would: alert.Ask},
		"a shadow tells nobody":       {lines: "defaults: {mode: shadow, outside_hours: tell_and_ask}", now: night, action: alert.Close, verdict: observed(alert.ReasonShadow), would: alert.Ask},
		"live below shadow":           {lines: "defaults: {mode: shadow}\nrules: [{name: a, match: true, mode: live}]", now: noon, action: alert.Ask},
		"everything in shadow":        {lines: "mode: shadow\nrules: [{name: a, match: true, mode: live}]", now: noon, action: alert.Close, verdict: observed(alert.ReasonShadow), would: alert.Ask},
		"not on board, escalate":      {lines: "onboarding: {users: [carol@example.com]}", now: noon, action: alert.Escalate, verdict: unasked(alert.ReasonNotOnboarded)},
		"not on board, observe":       {lines: "onboarding: {users: [carol@example.com], others: observe}", now: noon, action: alert.Close, verdict: observed(alert.ReasonNotOnboarded)},
		"on board by group":           {lines: "onboarding: {group: S0PILOT}", now: noon, action: alert.Ask},
		"on board, but not found":     {lines: "onboarding: {users: [bob@example.com], others: observe}", who: coast, now: noon, action: alert.Ask},
		"on board by address":         {lines: "onboarding: {users: [BOB@example.com], others: observe}", now: noon, action: alert.Ask},
		"the canary, even in shadow":  {lines: "mode: shadow\ncanary: [Bob@example.com]", now: noon, action: alert.Close, verdict: observed(alert.ReasonCanary)},
		"the canary of another name":  {lines: "canary: [bird@example.com]", now: noon, action: alert.Ask},
		"nobody ever works":           {lines: "defaults: {outside_hours: hold, working_hours: {days: mon, dates: [" + mondays() + "]}}", now: night, action: alert.Escalate, verdict: unasked(alert.ReasonOutsideHours)},
		"a severity of its own":       {lines: "defaults: {outside_hours: {medium: escalate, low: hold}}", now: night, action: alert.Escalate, verdict: unasked(alert.ReasonOutsideHours)},
		"first match wins":            {lines: "rules: [{name: a, match: detection == 'sudo', action: close}, {name: b, match: true, action: escalate}]", now: noon, action: alert.Close, verdict: observed(alert.ReasonPolicy)},
		"who does not match goes on":  {lines: "rules: [{name: a, match: context.env == 'prod', action: close}, {name: b, match: true, action: escalate}]", now: noon, action: alert.Escalate, verdict: unasked(alert.ReasonPolicy)},
		"observed before it's closed": {lines: "onboarding: {users: [carol@example.com], others: observe}\nrules: [{name: a, match: true, action: escalate}]", now: noon, action: alert.Close, verdict: observed(alert.ReasonNotOnboarded)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.who.Email == "" {
				tc.who = berlin
			}
			reported := alert.Alert{ID: "a", Detection: "sudo", Severity: alert.Medium, Subject: alert.Subject{Email: "bob@example.com"}}
			plan := inForce(t, tc.lines).Plan(reported, tc.who, []string{"S0PILOT"}, tc.now)
			require.Equal(t, tc.action, plan.Action)
			require.Equal(t, tc.verdict, plan.Verdict)
			require.Equal(t, tc.held, !plan.NotBefore.IsZero())
			require.Equal(t, tc.tell, plan.Tell)
			require.Equal(t, tc.would, plan.Would)
		})
	}
}

// mondays are more Mondays off than a calendar looks ahead.
func mondays() string {
	var dates []string
	for monday := time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC); monday.Year() < 2029; monday = monday.AddDate(0, 0, 7) {
		dates = append(dates, monday.Format(time.DateOnly))
	}
	return strings.Join(dates, ", ")
}

// Somebody who renames themselves in the chat does not become the canary.
func TestNobodyMakesThemselvesTheCanary(t *testing.T) {
	t.Parallel()
	p := inForce(t, "canary: [canary, canary@example.com]")
	thief := alert.Person{Email: "canary@example.com", Username: "canary"}
	for _, tc := range []struct {
		subject alert.Subject
		canary  bool
	}{
		{alert.Subject{Email: "canary@example.com"}, true},
		{alert.Subject{Username: "Canary"}, true},
		{alert.Subject{Email: "canary@example.com", Username: "canary"}, true},
		{alert.Subject{Email: "bob@example.com"}, false},
		{alert.Subject{Email: "bob@example.com", Username: "canary"}, false},
		{alert.Subject{SlackID: "U1"}, false},
		{alert.Subject{Email: "canary@example.com", SlackID: "U1"}, false},
		{alert.Subject{}, false},
	} {
		plan := p.Plan(alert.Alert{Severity: alert.Low, Subject: tc.subject}, thief, nil, now)
		require.Equal(t, tc.canary, plan.Verdict == observed(alert.ReasonCanary), "%+v", tc.subject)
	}
}

func TestAResponderDoesNotSeeToTheirOwnCase(t *testing.T) {
	t.Parallel()
	p := inForce(t, `
targets: {lead: {person: grace@example.com}, oncall: {pagerduty: night}}
defaults: {escalate_to: [security, {to: oncall, after: 30m}]}
responders: {users: [bob@example.com], group: S0RESPOND, own_cases: lead}
`)
	lead := []alert.Step{{Target: "lead"}}
	usual := []alert.Step{{Target: "security"}, {Target: "oncall", After: 30 * minute}}
	ladder := func(subject string, who alert.Person, groups ...string) []alert.Step {
		return p.Plan(alert.Alert{Severity: alert.Low, Subject: alert.Subject{Email: subject}}, who, groups, now).EscalateTo
	}
	require.Equal(t, lead, ladder("", berlin))
	require.Equal(t, lead, ladder("", coast, "S0RESPOND"))
	require.Equal(t, lead, ladder("bob@example.com", alert.Person{}), "nobody was found, but the alert says whom it means")
	require.Equal(t, usual, ladder("", coast))
	require.Equal(t, lead, p.EscalateTo(berlin, nil), "nor the case of a wish of theirs")
	require.Equal(t, usual, p.EscalateTo(coast, nil))
}

func TestProofAndReview(t *testing.T) {
	t.Parallel()
	p := inForce(t, `
rules:
  - {name: off, match: detection == 'off', second_factor: off, on_unproven: record}
  - {name: reset, match: detection == 'reset', distrust: [duo]}
  - {name: grave, match: detection == 'grave', on_confirmed: review, explanation: required, suppress_for: {low: 1h}, suppress_scope: [host, user]}
  - {name: quiet, match: detection == 'quiet', review_sample: 0%}
  - {name: loud, match: detection == 'loud', review_sample: 100%}
`)
	plan := func(detection string) alert.Plan {
		return planned(p, alert.Alert{Detection: detection, Severity: alert.Low})
	}
	require.True(t, plan("off").FactorOff)
	require.True(t, plan("off").RecordUnproven)
	require.True(t, plan("reset").FactorDoubted)
	require.Equal(t, alert.ReviewPolicy, plan("grave").Review)
	require.Equal(t, alert.ExplainRequired, plan("grave").Explanation)
	require.Equal(t, hour, plan("grave").SuppressFor)
	require.Equal(t, []string{"host", "user"}, plan("grave").SuppressScope)
	require.Equal(t, "grave", plan("grave").Rule)
	require.Empty(t, plan("quiet").Review)
	require.Equal(t, alert.ReviewSample, plan("loud").Review)
	require.Empty(t, plan("else").Rule)
	require.True(t, parsed(t, "version: 1").Policy(policy.Environment{Unprovable: true}).Plan(alert.Alert{}, alert.Person{}, nil, now).Unprovable)
}

// Two in a hundred closed yeses are looked at: which ones is fixed by their ids.
func TestTheSample(t *testing.T) {
	t.Parallel()
	drawn := 0
	for i := range 10_000 {
		one := alert.Alert{ID: fmt.Sprint("alert-", i), Severity: alert.Low}
		review := planned(policy.Defaults(), one).Review
		require.Equal(t, review, planned(policy.Defaults(), one).Review)
		if review == alert.ReviewSample {
			drawn++
		}
	}
	require.InDelta(t, 200, drawn, 50)
}

// The environment goes before the file, a source of its own before both.
func TestTimingOfAnInstallation(t *testing.T) {
	t.Parallel()
	file := parsed(t, "version: 1"+workingHours+"rules: [{name: a, match: detection == 'a', deadline: 1h}]")
	p := file.Policy(policy.Environment{
		Override: policy.Timing{Deadline: 30 * minute},
		BySource: map[string]policy.Timing{"demo": {Deadline: minute, Reminders: []time.Duration{10 * time.Second}}},
	})
	plan := p.Plan(alert.Alert{Detection: "a", Severity: alert.Low}, berlin, nil, at("2026-11-17 17:45 +0100"))
	require.Equal(t, 30*minute, plan.Deadline)
	require.Equal(t, []time.Duration{450 * time.Second, 1350 * time.Second}, plan.Reminders, "shares of the new deadline")
	require.Equal(t, at("2026-11-18 09:15 +0100").UTC(), plan.AskBy.UTC())
	demo := p.Plan(alert.Alert{Source: "demo", Severity: alert.Low}, berlin, nil, at("2026-11-17 17:59 +0100"))
	require.Equal(t, minute, demo.Deadline)
	require.Empty(t, demo.Working, "a demonstration does not wait for tomorrow")
	require.Equal(t, at("2026-11-17 18:00 +0100").UTC(), demo.After(at("2026-11-17 17:59 +0100"), demo.Deadline).UTC())
}

// Whatever a policy says, its plans hold together.
func TestEveryPlanHoldsTogether(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 14)) // the same policies each time
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	zones := []string{"Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", ""}
	for range 300 {
		from := random.IntN(22)
		text := fmt.Sprintf(`
zone: %s
defaults:
  deadline: %dm
  clock: %s
  outside_hours: %s
  away: %s
  reminders: [%d%%, %d%%]
  snooze: {choices: [1s], times: %d}
  working_hours: {zone: %s, days: %s, from: "%02d:00", to: "%02d:30", holidays: %s}
`, pick(zones[:5]...), 1+random.IntN([]int{12, 600}[random.IntN(2)]), pick("working", "wall"), pick("hold", "ask", "tell_and_ask", "escalate"), pick("ask", "escalate"),
			1+random.IntN(99), 1+random.IntN(99), random.IntN(4), pick("person", "policy", "Asia/Tokyo"),
			pick("mon-fri", "sun-thu", "sat", "[mon, wed, fri]"), from, from+1, pick("de", "us", "gb"))
		p := inForce(t, text)
		for range 10 {
			at := time.Date(2026, 1, 1, 0, 0, random.IntN(366*24*3600), 0, time.UTC)
			who := alert.Person{Zone: zones[random.IntN(len(zones))], AwayUntil: at.Add(time.Duration(random.IntN(100)-50) * hour)}
			one := alert.Alert{ID: fmt.Sprint(at.UnixNano()), Severity: alert.Severities()[random.IntN(4)]}
			plan := p.Plan(one, who, nil, at)
			require.Equal(t, plan, p.Plan(one, who, nil, at), "the same alert has the same plan")
			holdsTogether(t, plan, at)
		}
	}
}

func holdsTogether(t *testing.T, plan alert.Plan, at time.Time) {
	t.Helper()
	from := at
	if !plan.NotBefore.IsZero() {
		from = plan.NotBefore
		require.Equal(t, alert.Ask, plan.Action)
		require.True(t, from.After(at))
		require.False(t, plan.InHours)
	}
	require.True(t, slices.IsSorted(plan.Reminders))
	for _, after := range plan.Reminders {
		require.Positive(t, after)
		require.Less(t, after, plan.Deadline)
	}
	require.Less(t, plan.Snooze, plan.Deadline)
	require.False(t, plan.AskBy.Before(from.Add(10*minute)))
	require.True(t, plan.Action != alert.Ask || !plan.AskBy.Before(plan.After(from, plan.Deadline)))
	require.LessOrEqual(t, len(plan.Working), 40)
	var working time.Duration
	for i, window := range plan.Working {
		require.True(t, window.From.Before(window.To))
		require.False(t, window.From.Before(from))
		require.True(t, i == 0 || plan.Working[i-1].To.Before(window.From))
		working += window.To.Sub(window.From)
	}
	require.True(t, len(plan.Working) == 0 || len(plan.Working) == 40 || working >= 2*plan.Deadline)
	require.Equal(t, plan.Action == alert.Ask, !plan.Verdict.Decided())
	require.NotEmpty(t, plan.EscalateTo)
}
