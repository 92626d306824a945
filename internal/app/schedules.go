package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"securitybot/internal/conversation"
	"securitybot/internal/policy"
)

const (
	lookAtSchedules = 15 * time.Second // whether the policy in force is another one
	checkSchedules  = time.Hour        // whether Temporal still has them
	retrySchedules  = time.Minute
	catchUpFor      = 24 * time.Hour   // rollups that Temporal missed while it was away
	remindAt        = 9 * time.Hour    // of open cases, where the policy wants no daily rollup
	rollupDelay     = 30 * time.Second // for transactions that began before the period's end
	latestGap       = 4                // no zone's clocks are put forward later in the night than that
)

// keepSchedules has Temporal's schedules say what the policy in force does.
func (a *App) keepSchedules(ctx context.Context) {
	applied, checked := "", time.Time{}
	for ctx.Err() == nil {
		current, err := a.policies.Current(ctx)
		if err == nil && (current.Revision() != applied || time.Since(checked) > checkSchedules) {
			err = applySchedules(ctx, a.temporal.ScheduleClient(), schedulesOf(current.Rollups(), current.Zone()))
			if err == nil {
				applied, checked = current.Revision(), time.Now()
			}
		}
		wait := lookAtSchedules
		if err != nil && ctx.Err() == nil {
			a.logger.Warn("schedule the rollups", "error", err)
			wait = retrySchedules
		}
		_ = pause(ctx, wait)
	}
}

// schedule is one that is wanted, or, to be taken away, one that isn't.
type schedule struct {
	input  conversation.RollupInput
	hours  client.ScheduleRange
	minute int
	wanted bool
}

func (s schedule) id() string { return conversation.RollupScheduleID(s.input.Period) }

// note tells two states of a schedule apart; Temporal keeps it with the schedule.
func (s schedule) note() string {
	return fmt.Sprintf("by policy: hours %d to %d, minute %d, zone %s, target %s, silent %t",
		s.hours.Start, s.hours.End, s.minute, s.input.Zone, s.input.Target, s.input.Silent)
}

// schedulesOf are the schedules of a policy. Every day the open cases are reminded
// of, whether the day is summed up as well or not.
func schedulesOf(rollups policy.Rollups, zone string) []schedule {
	hourly := schedule{
		input:  conversation.RollupInput{Period: conversation.PeriodHourly, Zone: zone, Target: rollups.To},
		hours:  client.ScheduleRange{Start: 0, End: 23},
		wanted: rollups.Hourly,
	}
	reading := remindAt
	if rollups.Daily {
		reading = rollups.At
	}
	daily := schedule{
		input: conversation.RollupInput{
			Period: conversation.PeriodDaily, Zone: zone, Target: rollups.To, Silent: !rollups.Daily,
		},
		hours:  hoursOf(reading),
		minute: int(reading/time.Minute) % 60,
		wanted: true,
	}
	return []schedule{hourly, daily}
}

// hoursOf is the hour of a reading. The night in which the clocks are put forward
// may not have it: then the next one will do. Of the two, only the first says anything.
func hoursOf(reading time.Duration) client.ScheduleRange {
	hour := int(reading / time.Hour)
	if hour < latestGap {
		return client.ScheduleRange{Start: hour, End: hour + 1}
	}
	return client.ScheduleRange{Start: hour, End: hour}
}

// applySchedules creates, changes and deletes schedules. One that is as it should
// be stays untouched: a change would drop what it has yet to catch up on.
func applySchedules(ctx context.Context, schedules client.ScheduleClient, wanted []schedule) error {
	var errs []error
	for _, one := range wanted {
		act := createSchedule
		if !one.wanted {
			act = deleteSchedule
		}
		if err := act(ctx, schedules, one); err != nil {
			errs = append(errs, fmt.Errorf("schedule %s: %w", one.id(), err))
		}
	}
	return errors.Join(errs...)
}

func createSchedule(ctx context.Context, schedules client.ScheduleClient, one schedule) error {
	_, err := schedules.Create(ctx, client.ScheduleOptions{
		ID: one.id(), Spec: one.spec(), Action: one.action(), Note: one.note(),
		Overlap: overlap, CatchupWindow: catchUpFor,
	})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}
	return schedules.GetHandle(ctx, one.id()).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(is client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			return one.change(is.Description.Schedule)
		},
	})
}

// overlap runs what is to be caught up on one after the other: each run has a
// period of its own, so that none may be left out.
const overlap = enums.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL

// change keeps an operator's pause.
func (s schedule) change(is client.Schedule) (*client.ScheduleUpdate, error) {
	if is.State != nil && is.State.Note == s.note() {
		return nil, temporal.ErrSkipScheduleUpdate
	}
	state := client.ScheduleState{Note: s.note()}
	if is.State != nil {
		state.Paused = is.State.Paused
	}
	spec := s.spec()
	return &client.ScheduleUpdate{Schedule: &client.Schedule{
		Action: s.action(), Spec: &spec, State: &state,
		Policy: &client.SchedulePolicies{Overlap: overlap, CatchupWindow: catchUpFor},
	}}, nil
}

func deleteSchedule(ctx context.Context, schedules client.ScheduleClient, one schedule) error {
	err := schedules.GetHandle(ctx, one.id()).Delete(ctx)
	if _, missing := errors.AsType[*serviceerror.NotFound](err); missing {
		return nil
	}
	return err
}

func (s schedule) spec() client.ScheduleSpec {
	second := int(rollupDelay / time.Second)
	return client.ScheduleSpec{
		Calendars: []client.ScheduleCalendarSpec{{
			Hour:   []client.ScheduleRange{s.hours},
			Minute: []client.ScheduleRange{{Start: s.minute, End: s.minute}},
			Second: []client.ScheduleRange{{Start: second, End: second}},
		}},
		TimeZoneName: s.input.Zone,
	}
}

func (s schedule) action() client.ScheduleAction {
	return &client.ScheduleWorkflowAction{
		ID: s.id(), Workflow: conversation.WorkflowRollup, TaskQueue: conversation.QueueAlerts,
		Args: []any{s.input},
	}
}
