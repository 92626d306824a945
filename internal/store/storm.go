package store

import (
	"fmt"
	"slices"
	"time"

	"securitybot/internal/alert"
)

// stormFor is how long a storm gathers alerts, and the span in which too many
// are one.
const stormFor = time.Hour

// storm takes an alert that is one too many of a person's in an hour: nobody is
// asked, and one case lists them all.
func (t *tx) storm(record *Record) (bool, error) {
	most := record.Plan.Limits.Storm
	if most == 0 || record.Plan.Quiet {
		return false, nil
	}
	carrier, blows, err := found(t.StormOf(t.ctx, record.Person, t.now.Add(-stormFor)))
	if err != nil {
		return false, fmt.Errorf("read storm: %w", err)
	}
	if !blows {
		recent, err := t.AdmittedOf(t.ctx, record.Person, t.now.Add(-stormFor))
		if err != nil {
			return false, fmt.Errorf("list recent alerts: %w", err)
		}
		if countStormy(recent) < most {
			return false, nil
		}
	}
	record.Plan.Action = alert.Escalate
	record.Plan.Verdict = alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonStorm}
	if blows {
		record.CaseOf = carrier.ID
	} else {
		record.Pile = PileStorm
	}
	return true, nil
}

// countStormy counts alerts that bother somebody.
func countStormy(recent []Record) int {
	recent = slices.DeleteFunc(recent, func(record Record) bool {
		quiet := record.Plan == nil || record.Plan.Quiet
		return quiet || record.Verdict.Outcome == alert.Suppressed || record.Verdict.Outcome == alert.Observed
	})
	return len(recent)
}
