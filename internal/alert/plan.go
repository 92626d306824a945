package alert

import "time"

// Action is what a plan lets happen first.
type Action string

// The actions of this release.
const (
	Ask      Action = "ask"
	Escalate Action = "escalate"
)

// Plan is what policy decided for one alert, resolved to values; it is fixed
// when the alert is admitted. Durations count from the question's own time.
type Plan struct {
	Revision    string          `json:"revision"`
	Action      Action          `json:"action"`
	Verdict     Verdict         `json:"verdict"` // of an alert that is not asked
	AskBy       time.Time       `json:"ask_by"`  // the latest moment a question still makes sense
	Deadline    time.Duration   `json:"deadline"`
	Reminders   []time.Duration `json:"reminders"`
	Snooze      time.Duration   `json:"snooze"`
	SnoozeTimes int             `json:"snooze_times"`
	WatchFor    time.Duration   `json:"watch_for"`
	Unprovable  bool            `json:"unprovable,omitempty"` // there is no second factor here: a yes is a claim and stays one
}
