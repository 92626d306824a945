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
	lookAtSchedules  = 15 * time.Second // whether the policy in force is another one
	checkSchedules   = time.Hour        // whether Temporal still has them
	retrySchedules   = time.Minute
	catchUpFor       = 24 * time.Hour   // rollups that Temporal missed while it was away
	remindAt         = 9 * time.Hour    // of open cases, where the policy wants no daily rollup
	rollupDelay      = 30 * time.Second // for transactions that began before the period's end
	checkpointMinute = 55               // of each hour
	retainAt         = 4*time.Hour + 10*time.Minute
	latestGap        = 4 // no zone's clocks are put forward later in the night than that
)

// keepSchedules has Temporal's schedules say what the policy in force does.
func (a *App) keepSchedules(ctx context.Context) {
	applied, checked := "", time.Time{}
	for ctx.Err() == nil {
		current, err := a.policies.Current(ctx)
		if err == nil && (current.Revision() != applied || time.Since(checked) > checkSchedules) {
			wanted := append(schedulesOf(current.Rollups(), current.Zone()), upkeepSchedules(current.Zone(), a.evidence != nil)...)
			err = applySchedules(ctx, a.temporal.ScheduleClient(), wanted)
			if err == nil {
				applied, checked = current.Revision(), time.Now()
			}
		}
		wait := lookAtSchedules
		if err != nil && ctx.Err() == nil {
			a.logger.Warn("schedule rollups and upkeep", "error", err)
			wait = retrySchedules
		}
		_ = pause(ctx, wait)
	}
}

// schedule is one that is wanted, or, to be taken away, one that isn't.
type schedule struct {
	id       string // and the beginning of its workflows' ids
	workflow string
	input    any
	zone     string
	hours    client.ScheduleRange
	minute   int
	overlap  enums.ScheduleOverlapPolicy
	catchUp  time.Duration // how far back what Temporal missed is made up for
	wanted   bool
}

// note tells two states of a schedule apart; Temporal keeps it with the schedule.
func (s schedule) note() string {
	return fmt.Sprintf("hours %d to %d, minute %d, zone %s, %+v", s.hours.Start, s.hours.End, s.minute, s.zone, s.input)
}

// rollup is a schedule of a period. Each of its runs has a period of its own, so that
// none may be left out: what is to be caught up on runs one after the other.
func rollup(input conversation.RollupInput) schedule {
	return schedule{
		id: conversation.RollupScheduleID(input.Period), workflow: conversation.WorkflowRollup, input: input, zone: input.Zone,
		overlap: enums.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL, catchUp: catchUpFor, wanted: true,
	}
}

// upkeep is a schedule of a task. One run does all that there is to do, so that one
// that was missed is not made up for.
func upkeep(task, zone string) schedule {
	return schedule{
		id: conversation.UpkeepScheduleID(task), workflow: conversation.WorkflowUpkeep, zone: zone,
		input: conversation.UpkeepInput{Task: task}, overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, catchUp: time.Minute, wanted: true,
	}
}

// upkeepSchedules sign the timelines each hour, ahead of the rollups that tell of it,
// and erase what is too old in the quietest hours.
func upkeepSchedules(zone string, signed bool) []schedule {
	checkpoint := upkeep(conversation.TaskCheckpoint, zone)
	checkpoint.hours, checkpoint.minute, checkpoint.wanted = client.ScheduleRange{Start: 0, End: 23}, checkpointMinute, signed
	retention := upkeep(conversation.TaskRetention, zone)
	retention.hours, retention.minute = hoursOf(retainAt), int(retainAt/time.Minute)%60
	return []schedule{checkpoint, retention}
}

// schedulesOf are the schedules of a policy. Every day the open cases are reminded
// of, whether the day is summed up as well or not.
func schedulesOf(rollups policy.Rollups, zone string) []schedule {
	hourly := rollup(conversation.RollupInput{Period: conversation.PeriodHourly, Zone: zone, Target: rollups.To})
	hourly.hours, hourly.wanted = client.ScheduleRange{Start: 0, End: 23}, rollups.Hourly
	reading := remindAt
	if rollups.Daily {
		reading = rollups.At
	}
	daily := rollup(conversation.RollupInput{Period: conversation.PeriodDaily, Zone: zone, Target: rollups.To, Silent: !rollups.Daily})
	daily.hours, daily.minute = hoursOf(reading), int(reading/time.Minute)%60
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
			errs = append(errs, fmt.Errorf("schedule %s: %w", one.id, err))
		}
	}
	return errors.Join(errs...)
}

func createSchedule(ctx context.Context, schedules client.ScheduleClient, one schedule) error {
	_, err := schedules.Create(ctx, client.ScheduleOptions{
		ID: one.id, Spec: one.spec(), Action: one.action(), Note: one.note(),
		Overlap: one.overlap, CatchupWindow: one.catchUp,
	})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}
	return schedules.GetHandle(ctx, one.id).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(is client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			return one.change(is.Description.Schedule)
		},
	})
}

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
		Policy: &client.SchedulePolicies{Overlap: s.overlap, CatchupWindow: s.catchUp},
	}}, nil
}

func deleteSchedule(ctx context.Context, schedules client.ScheduleClient, one schedule) error {
	err := schedules.GetHandle(ctx, one.id).Delete(ctx)
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
		TimeZoneName: s.zone,
	}
}

func (s schedule) action() client.ScheduleAction {
	return &client.ScheduleWorkflowAction{
		ID: s.id, Workflow: s.workflow, TaskQueue: conversation.QueueAlerts,
		Args: []any{s.input},
	}
}
