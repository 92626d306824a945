package store

import (
	"context"
	"fmt"
	"time"

	"securitybot/internal/alert"
)

// What is counted, beside every outcome under its own name. Each thing counts once
// for its detection and once for all.
const (
	MeasureAccepted = "accepted"
	MeasureAsked    = "asked"       // about; of several that one question asks about, each
	MeasureAnswered = "answered"    // in time
	MeasureTook     = "answer_time" // by buckets; for all alone
	MeasureCase     = "case"        // opened
)

// measures are all of them.
var measures = []string{
	MeasureAccepted, MeasureAsked, MeasureAnswered, MeasureTook, MeasureCase,
	string(alert.Confirmed), string(alert.Unproven), string(alert.Denied), string(alert.Unsure), string(alert.NoResponse),
	string(alert.Unreachable), string(alert.Unasked), string(alert.Observed), string(alert.Suppressed), string(alert.Withdrawn),
}

// tally counts something that happens to an alert now.
func (t *tx) tally(record *Record, measure string) error {
	return t.addTallies(t.tallies(record, measure))
}

func (t *tx) addTallies(tallies []Tally) error {
	if len(tallies) == 0 {
		return nil
	}
	if err := t.AddTallies(t.ctx, tallies); err != nil {
		return fmt.Errorf("count: %w", err)
	}
	return nil
}

// tallies are what counting something adds. What Securitybot reported itself counts
// for nothing but its cases.
func (t *tx) tallies(record *Record, measure string) []Tally {
	if record.Source == alert.OwnSource && measure != MeasureCase {
		return nil
	}
	return []Tally{
		{At: t.now, Detection: record.Detection, Measure: measure, Count: 1},
		{At: t.now, Measure: measure, Count: 1},
	}
}

// tallyAnswer counts the first answer to a question, and how long it took.
func (t *tx) tallyAnswer(record *Record, answer alert.Answer) error {
	tallies := t.tallies(record, MeasureAnswered)
	if len(tallies) > 0 && !record.AskedAt.IsZero() {
		tallies = append(tallies, Tally{
			At: t.now, Measure: MeasureTook, Bucket: bucketOf(answer.At.Sub(record.AskedAt)), Count: 1,
		})
	}
	return t.addTallies(tallies)
}

// tallyJoined counts an alert that is decided with the question that asked about it too.
func (t *tx) tallyJoined(question, joined *Record) error {
	tallies := t.tallies(joined, string(joined.Verdict.Outcome))
	if !question.AskedAt.IsZero() {
		tallies = append(tallies, t.tallies(joined, MeasureAsked)...)
	}
	return t.addTallies(tallies)
}

const (
	foldAtOnce = 1000                // tallies that are put into their hours and days in one transaction
	hourlyFor  = 35 * 24 * time.Hour // days are kept for good
)

// FoldTallies puts what was counted into its hours and days, until all of it is there.
func (s *Store) FoldTallies(ctx context.Context) error {
	for folded := foldAtOnce; folded == foldAtOnce; {
		err := s.inTx(ctx, func(t *tx) (err error) {
			if folded, err = t.Tx.FoldTallies(ctx, foldAtOnce); err != nil || folded == 0 {
				return err
			}
			return t.DropTallies(ctx, TallyHour, t.now.Add(-hourlyFor))
		})
		if err != nil {
			return fmt.Errorf("fold tallies: %w", err)
		}
	}
	return nil
}
