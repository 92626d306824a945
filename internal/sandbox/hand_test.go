package sandbox_test

import (
	"sync"
	"time"
)

// hand is a clock that stands still until it is moved.
type hand struct {
	mu sync.Mutex
	at time.Time
}

func (h *hand) set(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = at
}

func (h *hand) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}
