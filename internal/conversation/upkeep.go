package conversation

// WorkflowUpkeep is the workflow that keeps the record in order; schedules start it.
const WorkflowUpkeep = "Upkeep"

// The tasks of upkeep.
const (
	TaskCheckpoint = "checkpoint" // sign how far the timelines have come
	TaskRetention  = "retention"  // erase what is personal and old, or was asked to be erased
)

// UpkeepScheduleID is the schedule of a task, and the beginning of its workflows' ids.
func UpkeepScheduleID(task string) string { return "upkeep-" + task }

// UpkeepInput names a task.
type UpkeepInput struct {
	Task string
}
