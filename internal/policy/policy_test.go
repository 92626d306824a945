package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/policy"
)

var now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const (
	minute = time.Minute
	hour   = time.Hour
)

// planned is the plan of an alert about somebody who is not known any better.
func planned(p *policy.Policy, admitted alert.Alert) alert.Plan {
	return p.Plan(admitted, alert.Person{}, nil, now)
}

func TestBuiltInTiming(t *testing.T) {
	t.Parallel()
	cases := map[alert.Severity]struct {
		deadline  time.Duration
		reminders []time.Duration
		snooze    time.Duration
	}{
		alert.Low:      {4 * hour, []time.Duration{hour, 3 * hour}, hour},
		alert.Medium:   {2 * hour, []time.Duration{30 * minute, 90 * minute}, hour},
		alert.High:     {30 * minute, []time.Duration{450 * time.Second, 1350 * time.Second}, 15 * minute},
		alert.Critical: {15 * minute, []time.Duration{225 * time.Second, 675 * time.Second}, 5 * minute},
	}
	require.Len(t, cases, len(alert.Severities()))
	for severity, tc := range cases {
		suppressed := map[alert.Severity]time.Duration{alert.Low: 8 * hour, alert.Medium: 8 * hour}[severity]
		require.Equal(t, alert.Plan{
			Revision: "built-in", Action: alert.Ask, AskBy: now.Add(tc.deadline), Deadline: tc.deadline,
			Reminders: tc.reminders, Snooze: tc.snooze, SnoozeTimes: 2, WatchFor: 72 * hour,
			InHours: true, Explanation: alert.ExplainOptional, SuppressFor: suppressed, SuppressScope: []string{"host"},
			Limits:     alert.Limits{Open: 3, Storm: 20, PersonDay: 20},
			EscalateTo: []alert.Step{{Target: "security"}},
		}, planned(policy.Defaults(), alert.Alert{Severity: severity}), severity)
	}
}

func TestOverride(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		with      policy.Timing
		deadline  time.Duration
		reminders []time.Duration
		watchFor  time.Duration
	}{
		"nothing":   {policy.Timing{}, 2 * hour, []time.Duration{30 * minute, 90 * minute}, 72 * hour},
		"deadline":  {policy.Timing{Deadline: 20 * minute}, 20 * minute, []time.Duration{5 * minute, 15 * minute}, 72 * hour},
		"reminders": {policy.Timing{Reminders: []time.Duration{hour, minute}}, 2 * hour, []time.Duration{minute, hour}, 72 * hour},
		"none":      {policy.Timing{Reminders: []time.Duration{}}, 2 * hour, []time.Duration{}, 72 * hour},
		"watch for": {policy.Timing{WatchFor: minute}, 2 * hour, []time.Duration{30 * minute, 90 * minute}, minute},
		"reminders after the deadline": {
			policy.Timing{Deadline: hour, Reminders: []time.Duration{minute, hour, 2 * hour}}, hour, []time.Duration{minute}, 72 * hour,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defaults := policy.Defaults()
			plan := planned(defaults.Override(tc.with), alert.Alert{Severity: alert.Medium})
			require.Equal(t, tc.deadline, plan.Deadline)
			require.Equal(t, tc.reminders, plan.Reminders)
			require.Equal(t, tc.watchFor, plan.WatchFor)
			require.Equal(t, 2*hour, planned(defaults, alert.Alert{Severity: alert.Medium}).Deadline, "the policy that was overridden stays as it is")
		})
	}
	for _, severity := range alert.Severities() {
		plan := planned(policy.Defaults().Override(policy.Timing{Deadline: minute}), alert.Alert{Severity: severity})
		require.Equal(t, minute, plan.Deadline, severity)
	}
}

func TestASourceOfItsOwnTiming(t *testing.T) {
	t.Parallel()
	demo := policy.BuiltIn().Policy(policy.Environment{
		Override: policy.Timing{Deadline: hour},
		BySource: map[string]policy.Timing{"page": {
			Deadline: 90 * time.Second, Reminders: []time.Duration{20 * time.Second, 60 * time.Second}, WatchFor: hour,
		}},
	})
	plan := planned(demo, alert.Alert{Source: "page", Severity: alert.Critical})
	require.Equal(t, 90*time.Second, plan.Deadline)
	require.Equal(t, []time.Duration{20 * time.Second, 60 * time.Second}, plan.Reminders)
	require.Equal(t, 30*time.Second, plan.Snooze)
	require.Equal(t, hour, planned(demo, alert.Alert{Source: "auditd", Severity: alert.Critical}).Deadline)
}

// A short outage must not make a short deadline unreachable.
func TestAskBy(t *testing.T) {
	t.Parallel()
	for deadline, askBy := range map[time.Duration]time.Duration{
		time.Second: 10 * minute, 10 * minute: 10 * minute, 11 * minute: 11 * minute, 4 * hour: 4 * hour,
	} {
		plan := planned(policy.Defaults().Override(policy.Timing{Deadline: deadline}), alert.Alert{Severity: alert.High})
		require.Equal(t, now.Add(askBy), plan.AskBy, deadline)
	}
}

// A snooze leaves time to answer, whatever the deadline.
func TestSnooze(t *testing.T) {
	t.Parallel()
	for deadline, snooze := range map[time.Duration]time.Duration{
		2 * hour: hour, 2*hour - 1: 15 * minute, 30 * minute: 15 * minute, 30*minute - 3: 10*minute - 1, 90 * time.Second: 30 * time.Second,
	} {
		plan := planned(policy.Defaults().Override(policy.Timing{Deadline: deadline}), alert.Alert{Severity: alert.High})
		require.Equal(t, snooze, plan.Snooze, deadline)
		require.Less(t, plan.Snooze, plan.Deadline)
	}
}

func TestPlansShareNothing(t *testing.T) {
	t.Parallel()
	shared := policy.Defaults()
	plan := planned(shared, alert.Alert{Severity: alert.Low})
	plan.Reminders[0] = 0
	require.Equal(t, hour, planned(shared, alert.Alert{Severity: alert.Low}).Reminders[0])
}
