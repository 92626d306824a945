package slackserver

import (
	"math"
	"sync"
	"time"
)

// Slack's tiers are minimums; the sandbox grants ten times as much, so that a
// test suite meets a limit only where Slack is strict: posting to one channel.
const tierFactor = 10

type tier struct {
	perMinute float64
	burst     float64
}

var (
	tier2       = tier{20 * tierFactor, 20 * tierFactor}
	tier3       = tier{50 * tierFactor, 50 * tierFactor}
	tier4       = tier{100 * tierFactor, 100 * tierFactor}
	tierSpecial = tier{600 * tierFactor, 600 * tierFactor}
	perChannel  = tier{60, 5} // one message a second, short bursts tolerated
)

type bucket struct {
	tokens float64
	at     time.Time
}

// limiter is a set of token buckets.
type limiter struct {
	clock func() time.Time

	mu      sync.Mutex
	buckets map[string]*bucket
}

func newLimiter(clock func() time.Time) *limiter {
	return &limiter{clock: clock, buckets: map[string]*bucket{}}
}

// take uses one token, or returns the whole seconds after which there is one.
func (l *limiter) take(key string, t tier) (retryAfter int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	b := l.buckets[key]
	if b == nil {
		b = &bucket{tokens: t.burst, at: now}
		l.buckets[key] = b
	}
	perSecond := t.perMinute / 60
	b.tokens = min(t.burst, b.tokens+max(0, now.Sub(b.at).Seconds())*perSecond)
	b.at = now
	if b.tokens < 1 {
		return max(1, int(math.Ceil((1-b.tokens)/perSecond))), false
	}
	b.tokens--
	return 0, true
}
