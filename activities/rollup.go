package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"

	"securitybot/internal/alert"
	"securitybot/internal/conversation"
	"securitybot/internal/evidence"
	"securitybot/internal/store"
	"securitybot/internal/words"
)

// Summaries is what rollups need of the record.
type Summaries interface {
	Rollup(ctx context.Context, from, to time.Time) (store.Rollup, error)
	OpenCases(ctx context.Context, before time.Time, limit int) ([]store.OpenCase, error)
	Notify(ctx context.Context, notice store.Notice) error
}

// mostReminded is how many open cases one reminder knows of.
const mostReminded = 1000

// securityTarget is the name of the target that every policy has: the security
// channel, unless the policy says otherwise.
const securityTarget = "security"

// errZone is the type of the error of a time zone that nobody here knows.
const errZone = "Zone"

// Rollup leaves a summary of the last whole period to be said, and once a day the
// cases that are still open; of nothing, nothing. Each is said once, however often
// this runs.
func (a *Activities) Rollup(ctx context.Context, in conversation.RollupInput) error {
	zone, err := time.LoadLocation(in.Zone)
	if err != nil {
		return temporal.NewNonRetryableApplicationError("load the policy's zone", errZone, err)
	}
	from, to := lastPeriod(in.Period, in.At.In(zone))
	if !in.Silent {
		if err := a.sumUp(ctx, in, from, to); err != nil {
			return err
		}
	}
	if in.Period != conversation.PeriodDaily {
		return nil
	}
	return a.remindOfCases(ctx, in.At, to)
}

// lastPeriod is the last whole hour or day before a moment, by the clock on the
// wall: each begins where the one before ended, whatever the clocks are put to.
func lastPeriod(period string, at time.Time) (from, to time.Time) {
	beginning := hourOf
	if period == conversation.PeriodDaily {
		beginning = dayOf
	}
	to = beginning(at)
	return beginning(to.Add(-time.Second)), to
}

func dayOf(at time.Time) time.Time {
	year, month, day := at.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, at.Location())
}

// hourOf is when the hour began. Some clocks are put back by half of one.
func hourOf(at time.Time) time.Time {
	at = at.Truncate(time.Minute)
	for at.Minute() != 0 {
		at = at.Add(-time.Minute)
	}
	return at
}

func (a *Activities) sumUp(ctx context.Context, in conversation.RollupInput, from, to time.Time) error {
	sum, err := a.Record.Rollup(ctx, from, to)
	if err != nil {
		return fmt.Errorf("sum up: %w", err)
	}
	silenced := len(sum.OptedOut) + len(sum.Exceptions) // said every day while it lasts
	if sum.Alerts == 0 && (silenced == 0 || in.Period != conversation.PeriodDaily) {
		return nil
	}
	told := said(in.Period, from, to, sum)
	if a.EvidenceKey != nil {
		if told.Signed, err = a.signed(ctx); err != nil {
			return err
		}
	}
	return a.leave(ctx, store.Notice{
		ID: fmt.Sprintf("rollup-%s-%d", in.Period, from.Unix()), Kind: store.NoticeRollup, Target: in.Target,
	}, told)
}

// signed is the last checkpoint of our key, as it is told; nil without one.
func (a *Activities) signed(ctx context.Context) (*words.Signed, error) {
	last, ok, err := a.Record.LastCheckpoint(ctx, *a.EvidenceKey)
	if err != nil || !ok {
		return nil, err
	}
	checkpoint, err := evidence.ReadCheckpoint(last.Note)
	if err != nil {
		return nil, fmt.Errorf("read the last checkpoint: %w", err)
	}
	return &words.Signed{At: checkpoint.At, Size: checkpoint.Size, Root: checkpoint.Root.String()}, nil
}

// said is a summary as it is told.
func said(period string, from, to time.Time, sum store.Rollup) words.Rollup {
	told := words.Rollup{Period: period, From: from, To: to, Open: len(sum.OpenCases) + sum.More["open_cases"]}
	for _, each := range sum.Verdicts {
		told.Verdicts = append(told.Verdicts, words.DetectionVerdicts(each))
		told.Suppressed += each.Counts[alert.Suppressed]
		told.Observed += each.Counts[alert.Observed]
	}
	for _, each := range sum.Confirmed {
		told.Confirmed = append(told.Confirmed, words.Explained{
			Title: each.Title, Who: each.Who.String(), Explanation: each.Explanation,
		})
	}
	for _, each := range sum.OptedOut {
		told.OptedOut = append(told.OptedOut, each.Who.String())
	}
	for _, each := range sum.Exceptions {
		told.Exceptions = append(told.Exceptions, words.Excepted{
			Who: each.Who.String(), Detection: each.Detection, Until: each.Until,
		})
	}
	for _, each := range sum.Slowest {
		told.Slowest = append(told.Slowest, words.Slow{Title: each.Title, Who: each.Who.String(), Took: each.Took})
	}
	return told
}

// remindOfCases tells each target of the cases that went there first: one about a
// responder is not for everybody's eyes.
func (a *Activities) remindOfCases(ctx context.Context, at, day time.Time) error {
	open, err := a.Record.OpenCases(ctx, at, mostReminded)
	if err != nil {
		return fmt.Errorf("list open cases: %w", err)
	}
	byTarget := map[string][]words.OpenCase{}
	for _, each := range open {
		target := each.Record.Ladder()[0].Target
		if target == securityTarget {
			target = ""
		}
		byTarget[target] = append(byTarget[target], words.OpenCase{
			Title: each.Record.Title, Who: store.WhoIs(each.Person, each.Record.Subject).String(),
			Opened: each.Case.OpenedAt, AckedBy: each.Case.AckedBy,
		})
	}
	for target, cases := range byTarget {
		err := a.leave(ctx, store.Notice{
			ID: fmt.Sprintf("open-cases-%d-%s", day.Unix(), target), Kind: store.NoticeOpenCases, Target: target,
		}, words.OpenCases{Cases: cases})
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *Activities) leave(ctx context.Context, notice store.Notice, say any) error {
	text, err := json.Marshal(say)
	if err != nil {
		return fmt.Errorf("write notice: %w", err)
	}
	notice.Data = text
	if err := a.Record.Notify(ctx, notice); err != nil {
		return fmt.Errorf("leave a notice: %w", err)
	}
	return nil
}
