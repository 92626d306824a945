// Package traffic is the desk that every API request to the sandbox passes: it
// logs the request without secrets, applies the fault that a test has ordered,
// and sends an answer only when what the request did is durable.
package traffic

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"securitybot/internal/sandbox/disk"
)

// maxRequests bounds the log; the oldest entries go first.
const maxRequests = 50_000

// Options of a Desk. All are required.
type Options struct {
	Disk  *disk.Disk
	Clock func() time.Time
	Kill  func()        // ends the process at once, for the fault "kill"
	Late  time.Duration // how late the fault "timeout" answers
	Done  <-chan struct{}
}

// Request is one API request as the log shows it. Status is 0 while it runs and
// for a request that never got an answer.
type Request struct {
	Seq     int64             `json:"seq"`
	At      time.Time         `json:"at"`
	Service string            `json:"service"`
	Method  string            `json:"method"`
	Args    map[string]string `json:"args"`
	Status  int               `json:"status"`
	Error   string            `json:"error,omitempty"`
	Fault   string            `json:"fault,omitempty"`
	TookMS  int64             `json:"took_ms"`
}

// Violation is a rule of good conduct that the client broke. It is recorded,
// not refused: the real service would have let it pass, too.
type Violation struct {
	Seq    int64     `json:"seq"`
	At     time.Time `json:"at"`
	Rule   string    `json:"rule"`
	Detail string    `json:"detail"`
}

// Answer is a complete HTTP answer. Error names the service's error for the log.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Error  string
}

// Dialect words the answers of faults as the service does.
type Dialect interface {
	// RateLimited is the 429; retryAfter is in seconds, below zero it is left out.
	RateLimited(retryAfter int) Answer
	// Failed is the 500, or with a code the service's own error of that code.
	Failed(code string) Answer
}

// Call is one request on its way through the desk.
type Call struct {
	Service, Method string
	Args            map[string]string
	Dialect         Dialect
	Effect          func() Answer // does the work; may block
}

// Desk holds the request log, the ordered faults and the violations.
type Desk struct {
	opt Options

	mu         sync.Mutex
	requests   []*Request
	faults     []*Fault
	violations []*Violation
	seq        int64
}

// Open loads what an earlier process left on the disk.
func Open(ctx context.Context, opt Options) (*Desk, error) {
	d := &Desk{opt: opt}
	var err error
	if d.requests, err = disk.Load[Request](ctx, opt.Disk, "request"); err != nil {
		return nil, err
	}
	if d.faults, err = disk.Load[Fault](ctx, opt.Disk, "fault"); err != nil {
		return nil, err
	}
	if d.violations, err = disk.Load[Violation](ctx, opt.Disk, "violation"); err != nil {
		return nil, err
	}
	for _, r := range d.requests {
		d.seq = max(d.seq, r.Seq)
	}
	for _, f := range d.faults {
		d.seq = max(d.seq, f.ID)
	}
	for _, v := range d.violations {
		d.seq = max(d.seq, v.Seq)
	}
	return d, nil
}

// Requests returns the log, oldest first; an empty service means all.
func (d *Desk) Requests(service string) []Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := []Request{}
	for _, r := range d.requests {
		if service == "" || r.Service == service {
			out = append(out, *r)
		}
	}
	return out
}

// Violate records a broken rule.
func (d *Desk) Violate(rule, detail string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := &Violation{Seq: d.next(), At: d.opt.Clock(), Rule: rule, Detail: detail}
	d.violations = append(d.violations, v)
	d.opt.Disk.Put("violation", key(v.Seq), v)
}

// Violations returns all broken rules, oldest first.
func (d *Desk) Violations() []Violation {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := []Violation{}
	for _, v := range d.violations {
		out = append(out, *v)
	}
	return out
}

// Serve runs a call in this order: log, faults that come first, effect, faults
// that follow it, answer.
func (d *Desk) Serve(w http.ResponseWriter, r *http.Request, c Call) {
	started := time.Now()
	entry, fault := d.begin(c)
	answer, ok := d.before(r.Context(), fault, c.Dialect)
	if !ok {
		d.finish(entry, Answer{}, started)
		abort(w)
		return
	}
	if answer == nil {
		done := c.Effect()
		answer = &done
	}
	d.finish(entry, *answer, started)
	if err := d.opt.Disk.Flush(r.Context()); err != nil {
		http.Error(w, "sandbox: not stored", http.StatusServiceUnavailable)
		return
	}
	if !d.after(r.Context(), fault) {
		abort(w)
		return
	}
	send(w, *answer)
}

func (d *Desk) begin(c Call) (*Request, *Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fault := d.take(c.Service, c.Method)
	entry := &Request{
		Seq: d.next(), At: d.opt.Clock(), Service: c.Service, Method: c.Method, Args: withoutSecrets(c.Args),
	}
	if fault != nil {
		entry.Fault = fault.Fault
	}
	d.requests = append(d.requests, entry)
	d.opt.Disk.Put("request", key(entry.Seq), entry)
	if len(d.requests) > maxRequests {
		d.opt.Disk.Delete("request", key(d.requests[0].Seq))
		d.requests = d.requests[1:]
	}
	return entry, fault
}

func (d *Desk) finish(entry *Request, a Answer, started time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	entry.Status, entry.Error, entry.TookMS = a.Status, a.Error, time.Since(started).Milliseconds()
	d.opt.Disk.Put("request", key(entry.Seq), entry)
}

func (d *Desk) next() int64 {
	d.seq++
	return d.seq
}

// key sorts like the number does.
func key(seq int64) string { return fmt.Sprintf("%012d", seq) }

// withoutSecrets drops what lets its holder act: tokens, and the handles that
// Slack gives out with an interaction.
func withoutSecrets(args map[string]string) map[string]string {
	out := make(map[string]string, len(args))
	for k, v := range args {
		switch name := strings.ToLower(k); {
		case name == "trigger_id" || name == "response_url":
			out[k] = "(hidden)"
		case name == "token" || name == "passcode" || strings.Contains(name, "secret") || strings.HasSuffix(name, "_token"):
		default:
			out[k] = v
		}
	}
	return out
}

func send(w http.ResponseWriter, a Answer) {
	maps.Copy(w.Header(), a.Header)
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // the client may have gone; it will ask again
}
