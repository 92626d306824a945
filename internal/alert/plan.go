package alert

import "time"

// Action is what a plan lets happen first.
type Action string

// The actions.
const (
	Ask      Action = "ask"
	Escalate Action = "escalate" // with the plan's verdict, unasked
	Close    Action = "close"    // with the plan's verdict, told to nobody
)

// Plan is what policy decided for one alert, resolved to values; it is fixed
// when the alert is admitted. Durations count from the question's own time.
type Plan struct {
	Revision string  `json:"revision"`
	Rule     string  `json:"rule,omitempty"` // the rule that matched; "" when only the defaults hold
	Action   Action  `json:"action"`
	Verdict  Verdict `json:"verdict"`         // of an alert that is not asked
	Would    Action  `json:"would,omitempty"` // in shadow mode: what would have been done

	NotBefore time.Time       `json:"not_before,omitzero"` // held until then
	Tell      bool            `json:"tell,omitempty"`      // the security team is told at once as well
	AskBy     time.Time       `json:"ask_by"`              // the latest moment a question still makes sense
	Deadline  time.Duration   `json:"deadline"`
	Reminders []time.Duration `json:"reminders"`
	Working   []Window        `json:"working,omitempty"`  // the time that counts; empty: all time does
	InHours   bool            `json:"in_hours,omitempty"` // admitted within the person's working hours

	Snooze      time.Duration `json:"snooze"`
	SnoozeTimes int           `json:"snooze_times"`
	WatchFor    time.Duration `json:"watch_for"`
	Explanation Explaining    `json:"explanation,omitempty"` // "" is Optional

	Unprovable     bool   `json:"unprovable,omitempty"`      // there is no second factor here: a yes is a claim and stays one
	FactorOff      bool   `json:"factor_off,omitempty"`      // policy wants no proof: a yes is a claim and stays one
	FactorDoubted  bool   `json:"factor_doubted,omitempty"`  // the alert is about the second factor itself
	RecordUnproven bool   `json:"record_unproven,omitempty"` // a yes without proof is recorded and escalates nothing
	Review         string `json:"review,omitempty"`          // why a confirmed alert is shown to responders: a Review… constant

	SuppressFor   time.Duration `json:"suppress_for,omitempty"`
	SuppressScope []string      `json:"suppress_scope,omitempty"` // fields of the context
	Limits        Limits        `json:"limits,omitzero"`
	EscalateTo    []Step        `json:"escalate_to,omitempty"` // in the order of their delays; empty: the security channel, now

	Quiet   bool     `json:"quiet,omitempty"`   // only what smells of a stolen account becomes a case
	Request *Request `json:"request,omitempty"` // what a proven yes brings about
}

// Why a confirmed alert is shown to responders.
const (
	ReviewPolicy = "policy"
	ReviewSample = "sample"
)

// Explaining is whether words are wanted with a yes.
type Explaining string

// The wishes for words.
const (
	ExplainOptional Explaining = "optional"
	ExplainRequired Explaining = "required"
	ExplainOff      Explaining = "off"
)

// Limits bound how often a person is contacted; 0 is no limit.
type Limits struct {
	Open      int `json:"open,omitempty"`       // open questions of a person
	Storm     int `json:"storm,omitempty"`      // alerts of a person in an hour
	PersonDay int `json:"person_day,omitempty"` // questions to a person in 24 hours
	Day       int `json:"day,omitempty"`        // questions to everybody in 24 hours
}

// Step is one rung of the ladder of an escalated alert.
type Step struct {
	Target string        `json:"target"`
	After  time.Duration `json:"after,omitempty"` // since the case was opened, unless somebody acknowledged it
}

// RequestKind is what somebody wants to have done, with a proof of who they are.
type RequestKind string

// The requests.
const (
	RequestIgnore  RequestKind = "ignore"  // suppress what a confirmed alert was about
	RequestResolve RequestKind = "resolve" // resolve a case that needs the responder's own proof
)

// Request is a wish that a proven yes fulfils.
type Request struct {
	Kind    RequestKind   `json:"kind"`
	AlertID string        `json:"alert_id"` // that it is about
	For     time.Duration `json:"for,omitempty"`
	Reason  string        `json:"reason,omitempty"`
}

// Window is a stretch of working time, From inclusive, To exclusive.
type Window struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// After is the moment when a length of the plan's time has passed since a moment:
// of working time where the plan counts that, and of all time beyond its windows.
func (p Plan) After(at time.Time, length time.Duration) time.Time {
	for _, window := range p.Working {
		if !window.To.After(at) {
			continue
		}
		if window.From.After(at) {
			at = window.From
		}
		left := window.To.Sub(at)
		if length <= left {
			return at.Add(length)
		}
		at, length = window.To, length-left
	}
	return at.Add(length)
}
