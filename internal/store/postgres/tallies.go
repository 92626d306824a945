package postgres

import (
	"context"
	"fmt"
	"time"

	"securitybot/internal/store"
	"securitybot/internal/store/postgres/pgdb"
)

func (t *tx) AddTallies(ctx context.Context, tallies []store.Tally) error {
	var params pgdb.AddTalliesParams
	for _, tally := range tallies {
		params.Times = append(params.Times, stamp(tally.At))
		params.Detections = append(params.Detections, tally.Detection)
		params.Measures = append(params.Measures, tally.Measure)
		params.Buckets = append(params.Buckets, tally.Bucket)
		params.Counts = append(params.Counts, tally.Count)
	}
	return t.q.AddTallies(ctx, params)
}

// FoldTallies goes one after the other: two at once would wait for each other's
// rows, in any order.
func (t *tx) FoldTallies(ctx context.Context, limit int) (int, error) {
	if err := t.LockName(ctx, "fold tallies"); err != nil {
		return 0, fmt.Errorf("lock tallies: %w", err)
	}
	count, err := t.q.FoldTallies(ctx, int64(limit))
	return int(count), err
}

func (t *tx) Tallies(ctx context.Context, query store.TallyQuery) ([]store.Tally, error) {
	since, until := stamp(query.From), stamp(query.To)
	if query.Detection == nil {
		rows, err := t.q.TalliesByDetection(ctx, pgdb.TalliesByDetectionParams{
			Span: query.Span, Since: since, Until: until, Measures: query.Measures,
		})
		return all(rows, err, func(row pgdb.TalliesByDetectionRow) store.Tally {
			return store.Tally{
				Span: query.Span, Detection: row.Detection, Measure: row.Measure, Bucket: row.Bucket, Count: int(row.Count),
			}
		})
	}
	rows, err := t.q.Tallies(ctx, pgdb.TalliesParams{
		Span: query.Span, Since: since, Until: until, Detection: *query.Detection, Measures: query.Measures,
	})
	return all(rows, err, func(row pgdb.TalliesRow) store.Tally {
		return store.Tally{
			Span: query.Span, At: row.Begins.UTC(), Detection: row.Detection,
			Measure: row.Measure, Bucket: row.Bucket, Count: int(row.Count),
		}
	})
}

func (t *tx) DropTallies(ctx context.Context, span string, before time.Time) error {
	return t.q.DropTallies(ctx, span, stamp(before))
}
