package app

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	sdkworker "go.temporal.io/sdk/worker"

	"securitybot/internal/conversation"
	"securitybot/internal/devchild"
	"securitybot/internal/policy"
	"securitybot/worker"
)

// realTemporal is a client of a Temporal server that ends with the test.
func realTemporal(t *testing.T) client.Client {
	t.Helper()
	source, bin := filepath.Join("..", "..", "devserver"), filepath.Join("..", "..", "bin")
	binary, ok, err := devchild.Find(t.Context(), source, bin)
	require.NoError(t, err)
	if !ok {
		require.NoError(t, devchild.Build(t.Context(), source, bin, func(devchild.Progress) {}))
		binary, ok, err = devchild.Find(t.Context(), source, bin)
		require.NoError(t, err)
		require.True(t, ok)
	}
	server, err := devchild.Start(t.Context(), devchild.Options{Binary: binary, Headless: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) })
	temporal, err := client.Dial(client.Options{HostPort: server.Address, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(temporal.Close)
	return temporal
}

// clerk watches the schedules of a real server.
type clerk struct {
	*testing.T
	temporal client.Client
}

func (c clerk) applies(rollups policy.Rollups, zone string) {
	c.Helper()
	require.NoError(c, applySchedules(c.Context(), c.temporal.ScheduleClient(), schedulesOf(rollups, zone)))
}

func (c clerk) describes(period string) *client.ScheduleDescription {
	c.Helper()
	described, err := c.temporal.ScheduleClient().GetHandle(c.Context(), conversation.RollupScheduleID(period)).Describe(c.Context())
	var missing *serviceerror.NotFound
	if err != nil {
		require.ErrorAs(c, err, &missing)
		return nil
	}
	return described
}

// next is when a schedule acts next, on the clock on the wall.
func (c clerk) next(period, zone string) time.Time {
	c.Helper()
	place, err := time.LoadLocation(zone)
	require.NoError(c, err)
	return c.describes(period).Info.NextActionTimes[0].In(place)
}

// Schedules follow the policy in force: created, changed, left as they are, and
// taken away.
func TestSchedulesFollowThePolicy(t *testing.T) {
	t.Parallel()
	c := clerk{t, realTemporal(t)}
	c.applies(policy.Rollups{To: "security"}, "UTC")
	require.Nil(t, c.describes(conversation.PeriodHourly))
	require.Equal(t, "09:00:30", c.next(conversation.PeriodDaily, "UTC").Format(time.TimeOnly), "open cases are reminded of all the same")

	wanted := policy.Rollups{Hourly: true, Daily: true, At: 17*time.Hour + 45*time.Minute, To: "managers"}
	c.applies(wanted, "Asia/Kolkata")
	require.Equal(t, "17:45:30", c.next(conversation.PeriodDaily, "Asia/Kolkata").Format(time.TimeOnly))
	require.Equal(t, "00:30", c.next(conversation.PeriodHourly, "Asia/Kolkata").Format("04:05"), "an hour of that zone")
	require.Equal(t, 24*time.Hour, c.describes(conversation.PeriodHourly).Schedule.Policy.CatchupWindow)

	daily := c.temporal.ScheduleClient().GetHandle(t.Context(), conversation.RollupScheduleID(conversation.PeriodDaily))
	require.NoError(t, daily.Pause(t.Context(), client.SchedulePauseOptions{Note: "over the holidays"}))
	before := c.describes(conversation.PeriodHourly).Info.LastUpdateAt
	c.applies(wanted, "Asia/Kolkata")
	require.Equal(t, before, c.describes(conversation.PeriodHourly).Info.LastUpdateAt, "what is as it should be stays untouched")
	require.True(t, c.describes(conversation.PeriodDaily).Schedule.State.Paused, "an operator's pause holds")

	c.applies(policy.Rollups{Daily: true, At: 2*time.Hour + 30*time.Minute, To: "security"}, "Europe/Berlin")
	require.Nil(t, c.describes(conversation.PeriodHourly))
	hours := c.describes(conversation.PeriodDaily).Schedule.Spec.Calendars[0].Hour[0]
	require.Equal(t, []int{2, 3}, []int{hours.Start, hours.End}, "a night without half past two has half past three")
	c.applies(policy.Rollups{}, "UTC")
}

// Timelines are signed each hour where there is a key, and what is old is erased
// each night.
func TestUpkeepIsScheduled(t *testing.T) {
	t.Parallel()
	c := clerk{t, realTemporal(t)}
	schedules := c.temporal.ScheduleClient()
	require.NoError(t, applySchedules(t.Context(), schedules, upkeepSchedules("Europe/Berlin", true)))
	place, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	next := func(task string) time.Time {
		described, err := schedules.GetHandle(t.Context(), conversation.UpkeepScheduleID(task)).Describe(t.Context())
		require.NoError(t, err)
		return described.Info.NextActionTimes[0].In(place)
	}
	require.Equal(t, "55:30", next(conversation.TaskCheckpoint).Format("04:05"))
	require.Equal(t, "04:10:30", next(conversation.TaskRetention).Format(time.TimeOnly))

	require.NoError(t, applySchedules(t.Context(), schedules, upkeepSchedules("Europe/Berlin", false)))
	_, err = schedules.GetHandle(t.Context(), conversation.UpkeepScheduleID(conversation.TaskCheckpoint)).Describe(t.Context())
	var missing *serviceerror.NotFound
	require.ErrorAs(t, err, &missing, "without a key nothing is signed")
}

// A run by its schedule knows the moment that was meant.
func TestScheduledRollupsRun(t *testing.T) {
	t.Parallel()
	c := clerk{t, realTemporal(t)}
	ran := make(chan conversation.RollupInput, 1)
	serving := sdkworker.New(c.temporal, conversation.QueueAlerts, sdkworker.Options{})
	worker.RegisterWorkflows(serving)
	serving.RegisterActivityWithOptions(func(_ context.Context, in conversation.RollupInput) error {
		ran <- in
		return nil
	}, activity.RegisterOptions{Name: "Rollup"})
	require.NoError(t, serving.Start())
	t.Cleanup(serving.Stop)

	c.applies(policy.Rollups{Hourly: true, To: "security"}, "Europe/Berlin")
	hourly := c.temporal.ScheduleClient().GetHandle(t.Context(), conversation.RollupScheduleID(conversation.PeriodHourly))
	hour := time.Now().Truncate(time.Hour)
	require.NoError(t, hourly.Backfill(t.Context(), client.ScheduleBackfillOptions{
		Backfill: []client.ScheduleBackfill{{Start: hour.Add(-time.Minute), End: hour.Add(time.Minute)}},
	}))
	select {
	case in := <-ran:
		require.Equal(t, conversation.RollupInput{
			Period: conversation.PeriodHourly, Zone: "Europe/Berlin", Target: "security", At: hour.Add(30 * time.Second).UTC(),
		}, in)
	case <-time.After(time.Minute):
		require.FailNow(t, "it did not run")
	}
}
