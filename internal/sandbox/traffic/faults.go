package traffic

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Faults that can be ordered. Those marked early happen instead of the effect.
const (
	RateLimit    = "ratelimit"     // early: 429
	Error        = "error"         // early: 500
	Hang         = "hang"          // early: no answer until the client gives up
	Timeout      = "timeout"       // the effect, then an answer that comes too late
	LostResponse = "lost_response" // the effect, then the connection is reset
	Kill         = "kill"          // the effect, then SIGKILL to this process
)

// ErrUnknownFault is returned by Order for a fault, service or count that makes no sense.
var ErrUnknownFault = errors.New("unknown fault")

// Fault is an order to fail the next Times requests of a method.
type Fault struct {
	ID      int64  `json:"id"`
	Service string `json:"service"` // slack | duo
	Method  string `json:"method"`  // as in chat.postMessage or auth_status; * means any
	Fault   string `json:"fault"`
	Times   int    `json:"times"`
	// RetryAfter is the header of a 429 in seconds; nil means 1, below zero no header.
	RetryAfter *int `json:"retry_after,omitempty"`
	// Code turns "error" into the service's own error of that name or number.
	Code string `json:"code,omitempty"`
	// DelayMS is how late a "timeout" answers; 0 means the sandbox's default.
	DelayMS int64 `json:"delay_ms,omitempty"`
}

// Order adds a fault. Faults of one method happen in the order they were given.
func (d *Desk) Order(f Fault) (Fault, error) {
	switch f.Fault {
	case RateLimit, Error, Hang, Timeout, LostResponse, Kill:
	default:
		return f, fmt.Errorf("%w %q", ErrUnknownFault, f.Fault)
	}
	if f.Service != "slack" && f.Service != "duo" {
		return f, fmt.Errorf("%w: service %q is neither slack nor duo", ErrUnknownFault, f.Service)
	}
	if f.Times < 0 {
		return f, fmt.Errorf("%w: times is negative", ErrUnknownFault)
	}
	if f.Times == 0 {
		f.Times = 1
	}
	if f.Method == "" {
		f.Method = "*"
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	f.ID = d.next()
	d.faults = append(d.faults, &f)
	d.opt.Disk.Put("fault", key(f.ID), f)
	return f, nil
}

// Faults lists what is still to happen.
func (d *Desk) Faults() []Fault {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := []Fault{}
	for _, f := range d.faults {
		out = append(out, *f)
	}
	return out
}

// ClearFaults forgets all ordered faults.
func (d *Desk) ClearFaults() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.faults {
		d.opt.Disk.Delete("fault", key(f.ID))
	}
	d.faults = nil
}

// take uses up one turn of the first fault that fits; the caller holds mu. The
// count is stored with the effect, so that a kill doesn't happen again after it.
func (d *Desk) take(service, method string) *Fault {
	for i, f := range d.faults {
		if f.Service != service || (f.Method != method && f.Method != "*") {
			continue
		}
		f.Times--
		taken := *f
		if f.Times > 0 {
			d.opt.Disk.Put("fault", key(f.ID), f)
			return &taken
		}
		d.faults = append(d.faults[:i:i], d.faults[i+1:]...)
		d.opt.Disk.Delete("fault", key(f.ID))
		return &taken
	}
	return nil
}

// before returns the answer that replaces the effect, if any; false means that
// there will be no answer at all.
func (d *Desk) before(ctx context.Context, f *Fault, say Dialect) (*Answer, bool) {
	if f == nil {
		return nil, true
	}
	switch f.Fault {
	case RateLimit:
		retryAfter := 1
		if f.RetryAfter != nil {
			retryAfter = *f.RetryAfter
		}
		a := say.RateLimited(retryAfter)
		return &a, true
	case Error:
		a := say.Failed(f.Code)
		return &a, true
	case Hang:
		select {
		case <-ctx.Done():
		case <-d.opt.Done:
		}
		return nil, false
	}
	return nil, true
}

// after applies the faults that follow the effect; false means that the answer is lost.
func (d *Desk) after(ctx context.Context, f *Fault) bool {
	if f == nil {
		return true
	}
	switch f.Fault {
	case LostResponse:
		return false
	case Kill:
		d.opt.Kill()
		return false
	case Timeout:
		late := d.opt.Late
		if f.DelayMS > 0 {
			late = time.Duration(f.DelayMS) * time.Millisecond
		}
		return d.pause(ctx, late)
	}
	return true
}

func (d *Desk) pause(ctx context.Context, late time.Duration) bool {
	timer := time.NewTimer(late)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-d.opt.Done:
	}
	return false
}

// abort resets the connection, so that the client can't tell whether the request took effect.
func abort(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	raw := conn
	if secure, ok := conn.(*tls.Conn); ok {
		raw = secure.NetConn()
	}
	if tcp, ok := raw.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // closing now sends RST
	}
	_ = raw.Close()
}
