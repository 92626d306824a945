package client

import (
	"encoding/json"
	"time"
)

// Who is a person as the directory knows them.
type Who struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// String is the most telling of their names.
func (w Who) String() string {
	if w.Email != "" {
		return w.Email
	}
	return w.Name
}

// Suppression is what is not asked about until a time.
type Suppression struct {
	ID        string          `json:"id"`
	Kind      string          `json:"kind"`
	Active    bool            `json:"active"`
	Person    Who             `json:"person"`
	Detection string          `json:"detection"`
	Scope     json.RawMessage `json:"scope"`
	Severity  string          `json:"severity"` // the gravest that it covers
	AlertID   string          `json:"alert_id"`
	By        string          `json:"by"`
	Reason    string          `json:"reason"`
	Until     time.Time       `json:"until"`
	Used      int             `json:"used"`
	Most      int             `json:"most"`
	RevokedAt time.Time       `json:"revoked_at"`
	Raw       json.RawMessage `json:"-"` // as it came
}

// Suppressions are a list of them.
type Suppressions struct {
	List []Suppression   `json:"suppressions"`
	Raw  json.RawMessage `json:"-"` // as it came
}

// Exception is a suppression by hand. For is a length such as 24h or 3d.
type Exception struct {
	Person    string         `json:"person"` // email
	Detection string         `json:"detection"`
	Scope     map[string]any `json:"scope"`
	Severity  string         `json:"severity"`
	For       string         `json:"for"`
	Reason    string         `json:"reason"`
}

// OptOut is somebody who is not asked until a time.
type OptOut struct {
	Person Who             `json:"person"`
	Until  time.Time       `json:"until"`
	By     string          `json:"by"`
	Reason string          `json:"reason"`
	Raw    json.RawMessage `json:"-"` // as it came
}

// OptOuts are a list of them.
type OptOuts struct {
	List []OptOut        `json:"opt_outs"`
	Raw  json.RawMessage `json:"-"` // as it came
}

// Pause tells whether nobody is contacted.
type Pause struct {
	Paused bool            `json:"paused"`
	Raw    json.RawMessage `json:"-"` // as it came
}

// Case is one that nobody has resolved.
type Case struct {
	AlertID    string      `json:"alert_id"`
	Title      string      `json:"title"`
	Severity   string      `json:"severity"`
	Who        Who         `json:"who"`
	Escalation *Escalation `json:"escalation"`
	OpenedAt   time.Time   `json:"opened_at"`
	AckedBy    string      `json:"acked_by"`
}

// Cases are a list of them.
type Cases struct {
	List []Case          `json:"cases"`
	Raw  json.RawMessage `json:"-"` // as it came
}

// Rollup sums up a stretch of time.
type Rollup struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Alerts   int       `json:"alerts"`
	Asked    int       `json:"asked"`
	Unasked  int       `json:"unasked"`
	Verdicts []struct {
		Detection string         `json:"detection"`
		Counts    map[string]int `json:"counts"` // by outcome
	} `json:"verdicts"`
	Confirmed []Explained `json:"confirmed"`
	Slowest   []Explained `json:"slowest"`
	Observed  []struct {
		Detection string `json:"detection"`
		Reason    string `json:"reason"`
		Would     string `json:"would"`
		Count     int    `json:"count"`
	} `json:"observed"`
	OpenCases []struct {
		Case
		Reason string `json:"reason"`
	} `json:"open_cases"`
	OptedOut []struct {
		Who   Who       `json:"who"`
		Until time.Time `json:"until"`
		By    string    `json:"by"`
	} `json:"opted_out"`
	Exceptions []struct {
		Who       Who       `json:"who"`
		Detection string    `json:"detection"`
		Until     time.Time `json:"until"`
		Reason    string    `json:"reason"`
	} `json:"exceptions"`
	More map[string]int  `json:"more"` // left out, by list
	Raw  json.RawMessage `json:"-"`    // as it came
}

// Explained is an alert that its person answered.
type Explained struct {
	Title       string `json:"title"`
	Who         Who    `json:"who"`
	Explanation string `json:"explanation"`
	Seconds     int    `json:"answered_in_seconds"`
}
