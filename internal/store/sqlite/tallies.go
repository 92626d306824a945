package sqlite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"securitybot/internal/store"
	"securitybot/internal/store/sqlite/litedb"
)

// lengths of the spans, in microseconds.
var lengths = map[string]int64{
	store.TallyHour: time.Hour.Microseconds(),
	store.TallyDay:  (24 * time.Hour).Microseconds(),
}

func (t *tx) AddTallies(ctx context.Context, tallies []store.Tally) error {
	for _, tally := range tallies {
		if err := t.q.AddTally(ctx, litedb.AddTallyParams{
			At:        micros(tally.At),
			Detection: tally.Detection,
			Measure:   tally.Measure,
			Bucket:    int64(tally.Bucket),
			Count:     int64(tally.Count),
		}); err != nil {
			return fmt.Errorf("add tally: %w", err)
		}
	}
	return nil
}

func (t *tx) FoldTallies(ctx context.Context, limit int) (int, error) {
	for span, length := range lengths {
		if err := t.q.SumTallies(ctx, span, length, int64(limit)); err != nil {
			return 0, fmt.Errorf("sum tallies: %w", err)
		}
	}
	count, err := t.q.DropDeltas(ctx, int64(limit))
	return int(count), err
}

func (t *tx) Tallies(ctx context.Context, query store.TallyQuery) ([]store.Tally, error) {
	list, err := t.sums(ctx, query)
	list = slices.DeleteFunc(list, func(tally store.Tally) bool {
		return !slices.Contains(query.Measures, tally.Measure)
	})
	if len(list) == 0 {
		return nil, err
	}
	return list, err
}

// sums are those of every measure.
func (t *tx) sums(ctx context.Context, query store.TallyQuery) ([]store.Tally, error) {
	since, until, length := micros(query.From), micros(query.To), lengths[query.Span]
	if query.Detection == nil {
		rows, err := t.q.TalliesByDetection(ctx, litedb.TalliesByDetectionParams{
			Span: query.Span, Since: since, Until: until, Length: length,
		})
		return all(rows, err, func(row litedb.TalliesByDetectionRow) store.Tally {
			return store.Tally{
				Span: query.Span, Detection: row.Detection, Measure: row.Measure, Bucket: int(row.Bucket), Count: int(row.Count),
			}
		})
	}
	rows, err := t.q.Tallies(ctx, litedb.TalliesParams{
		Span: query.Span, Since: since, Until: until, Detection: *query.Detection, Length: length,
	})
	return all(rows, err, func(row litedb.TalliesRow) store.Tally {
		return store.Tally{
			Span: query.Span, At: moment(row.Begins), Detection: row.Detection,
			Measure: row.Measure, Bucket: int(row.Bucket), Count: int(row.Count),
		}
	})
}

func (t *tx) DropTallies(ctx context.Context, span string, before time.Time) error {
	return t.q.DropTallies(ctx, span, micros(before))
}
