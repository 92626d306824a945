package conversation

import (
	"time"

	"go.temporal.io/sdk/temporal"
)

// WorkflowRollup is the workflow that sums up what happened; schedules start it.
const WorkflowRollup = "Rollup"

// The periods of a rollup.
const (
	PeriodHourly = "hourly"
	PeriodDaily  = "daily"
)

// RollupScheduleID is the schedule of a period, and the beginning of its workflows' ids.
func RollupScheduleID(period string) string { return "rollup-" + period }

// AttributeScheduled is when a workflow was to start by its schedule; it is one of
// Temporal's own.
var AttributeScheduled = temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")

// RollupInput says what to sum up: the last whole period before a moment.
type RollupInput struct {
	Period string
	Zone   string    // IANA; whose hours and days count
	Target string    // of the policy, that is told
	Silent bool      // only what is still open is told, no summary
	At     time.Time // the moment that the schedule meant; known when it starts
}
