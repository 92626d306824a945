package store

import (
	"maps"
	"math"
	"slices"
	"time"
)

// perDoubling is how many buckets a doubling of an answer's time has: the error of
// what is read from them is below a twelfth.
const perDoubling = 8

// bucketOf is the bucket of a time to answer.
func bucketOf(took time.Duration) int {
	return int(math.Floor(perDoubling * math.Log2(max(took.Seconds(), 0)+1)))
}

// bucketStart is the least time, in seconds, that a bucket holds.
func bucketStart(bucket int) float64 { return math.Exp2(float64(bucket)/perDoubling) - 1 }

// quantile is the time in whole seconds that a share of the answers stayed within,
// as if those of a bucket were spread evenly over it; nil without answers.
func quantile(buckets map[int]int, share float64) *int {
	total := 0
	for _, count := range buckets {
		total += count
	}
	rank, before := share*float64(total), 0.0
	for _, bucket := range slices.Sorted(maps.Keys(buckets)) {
		count := float64(buckets[bucket])
		if count > 0 && before+count >= rank {
			start, end := bucketStart(bucket), bucketStart(bucket+1)
			seconds := int(math.Round(start + (end-start)*(rank-before)/count))
			return &seconds
		}
		before += count
	}
	return nil
}
