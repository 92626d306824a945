package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	coalesce  = 40 * time.Millisecond // changes closer than this become one event
	heartbeat = 15 * time.Second
)

// live tells pages that something changed; what, they read again.
type live struct {
	mu       sync.Mutex
	version  int64
	watchers map[*watcher]bool
}

type watcher struct {
	wake chan struct{}
	what map[string]bool // since the last event; guarded by live.mu
}

// newLive starts above every version of an earlier process.
func newLive() *live {
	return &live{version: time.Now().UnixMilli(), watchers: map[*watcher]bool{}}
}

func (l *live) change(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.version++
	for w := range l.watchers {
		w.what[what] = true
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

func (l *live) now() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.version
}

func (l *live) join() *watcher {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := &watcher{wake: make(chan struct{}, 1), what: map[string]bool{}}
	l.watchers[w] = true
	return w
}

func (l *live) leave(w *watcher) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.watchers, w)
}

// take returns what changed since the last call: slack, duo, or both.
func (l *live) take(w *watcher) (version int64, what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range []string{"slack", "duo"} {
		if w.what[name] {
			if what != "" {
				what += "|"
			}
			what += name
		}
	}
	clear(w.what)
	return l.version, what
}

// serveEvents streams one "change" event per burst of changes.
func (s *Sandbox) serveEvents(w http.ResponseWriter, r *http.Request) {
	flush := http.NewResponseController(w)
	_ = flush.SetWriteDeadline(time.Time{}) // the stream outlives the listener's usual limit, if it has one
	watcher := s.live.join()
	defer s.live.leave(watcher)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = fmt.Fprintf(w, "retry: 1000\n\n")
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		if flush.Flush() != nil {
			return
		}
		select {
		case <-watcher.wake:
			if !s.pause(r, coalesce) || !s.sendChange(w, watcher) {
				return
			}
		case <-beat.C:
			if _, err := fmt.Fprint(w, ": still here\n\n"); err != nil {
				return
			}
		case <-r.Context().Done():
			return
		case <-s.run.Done():
			return
		}
	}
}

func (s *Sandbox) sendChange(w http.ResponseWriter, watcher *watcher) bool {
	version, what := s.live.take(watcher)
	if what == "" {
		return true
	}
	data, err := json.Marshal(map[string]any{"version": version, "what": what})
	if err != nil {
		return false
	}
	_, err = fmt.Fprintf(w, "event: change\ndata: %s\n\n", data)
	return err == nil
}

func (s *Sandbox) pause(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-s.run.Done():
	}
	return false
}
