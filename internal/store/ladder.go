package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"securitybot/internal/alert"
)

// Rung is the next step of a case's ladder.
type Rung struct {
	Index  int    // in the record's Ladder
	Target string // of the policy
	At     time.Time
	Done   bool // there is none: all are climbed, or somebody sees to the case
}

// What became of a rung that was climbed.
const (
	ClimbedTold   = "told"
	ClimbedNobody = "nobody" // there is nobody to ask: the ladder goes on at once
	ClimbedFailed = "failed" // the target did not take it before the next one was due
)

// Ladder is whom an escalated alert is brought to, in the order of the delays; the
// target "" is the security channel.
func (r Record) Ladder() []alert.Step {
	if r.Plan == nil || len(r.Plan.EscalateTo) == 0 {
		return []alert.Step{{}}
	}
	return r.Plan.EscalateTo
}

// atOnce is how many steps don't wait: they are taken with the case itself.
func atOnce(ladder []alert.Step) int {
	for i, step := range ladder {
		if step.After > 0 {
			return i
		}
	}
	return len(ladder)
}

// wakeLadder starts or wakes what climbs, if anything is left to climb.
func (t *tx) wakeLadder(record *Record, rung int, why string) error {
	if rung >= len(record.Ladder()) {
		return nil
	}
	return t.enqueue(record.ID, OutgoingLadder, why, "")
}

// NextRung is the step that comes next, due or not. Errors: ErrNotFound.
func (s *Store) NextRung(ctx context.Context, id string) (Rung, error) {
	var next Rung
	err := s.inTx(ctx, func(t *tx) error {
		record, err := t.FindAlert(ctx, id)
		if err != nil {
			return err
		}
		opened, ok, err := found(t.FindCase(ctx, id))
		if err != nil {
			return fmt.Errorf("read case: %w", err)
		}
		ladder := record.Ladder()
		if !ok || !opened.AckedAt.IsZero() || !opened.ResolvedAt.IsZero() || opened.Rung >= len(ladder) {
			next = Rung{Done: true}
			return nil
		}
		story := Story{Record: record, Case: &opened}
		if story.Entries, err = t.Entries(ctx, id); err != nil {
			return fmt.Errorf("read timeline: %w", err)
		}
		next = Rung{Index: opened.Rung, Target: ladder[opened.Rung].Target, At: story.RungDue(opened.Rung)}
		return nil
	})
	return next, err
}

// RungDue is when a step of a case's ladder is due: its delay counts from when the
// case was opened last, and not at all behind a step that found nobody.
func (s Story) RungDue(rung int) time.Time {
	if before, ok := climbedIn(s.Entries, rung-1); ok && before.How == ClimbedNobody {
		return before.at
	}
	since := s.Case.OpenedAt
	for _, entry := range s.Entries {
		if entry.Kind == KindReopened && entry.At.After(since) {
			since = entry.At
		}
	}
	return since.Add(s.Record.Ladder()[rung].After)
}

// climb is what the timeline keeps of a rung.
type climb struct {
	Rung   int    `json:"rung"`
	Target string `json:"target,omitempty"`
	How    string `json:"how"`

	at time.Time
}

// climbedIn finds what became of a rung; false while it was not climbed.
func climbedIn(entries []Entry, rung int) (climb, bool) {
	for _, entry := range entries {
		told := climb{at: entry.At}
		if entry.Kind == KindClimbed && json.Unmarshal(entry.Data, &told) == nil && told.Rung == rung {
			return told, true
		}
	}
	return climb{}, false
}

// Climbed records what became of a rung, once. The ladder goes on from the next
// one if this was its turn; a rung that found nobody wakes it.
func (s *Store) Climbed(ctx context.Context, id string, rung int, how string) error {
	return s.onAlert(ctx, id, func(t *tx, record *Record) error {
		opened, ok, err := found(t.FindCase(ctx, id))
		if err != nil {
			return fmt.Errorf("read case: %w", err)
		}
		ladder := record.Ladder()
		if !ok || rung < 0 || rung > opened.Rung || rung >= len(ladder) {
			return nil
		}
		entries, err := t.Entries(ctx, id)
		if err != nil {
			return fmt.Errorf("read timeline: %w", err)
		}
		if _, climbed := climbedIn(entries, rung); climbed {
			return nil
		}
		if rung == opened.Rung {
			opened.Rung++
			if err := t.putCase(opened); err != nil {
				return err
			}
		}
		err = t.append(id, KindClimbed, ActorBot, Fields{"rung": rung, "target": ladder[rung].Target, "how": how}, nil)
		if err != nil || how != ClimbedNobody {
			return err
		}
		return t.wakeLadder(record, opened.Rung, fmt.Sprintf("nobody-%d", rung))
	})
}
