package duoserver

import (
	"context"
	"net/url"
	"strings"
	"time"
)

// A push's states as a person sees them.
const (
	Waiting  = "waiting"
	Approved = "approved"
	Denied   = "denied"
	Fraud    = "fraud"
	Expired  = "expired"
	Other    = "other" // ended in a way that no person chose
)

// Push is a login request on a phone. It stays readable after its end.
type Push struct {
	TxID        string    `json:"txid"`
	User        string    `json:"user"` // email
	Username    string    `json:"username"`
	Status      string    `json:"status"`
	Title       string    `json:"title"`
	DisplayName string    `json:"display_username,omitempty"`
	Device      string    `json:"device"`
	Info        []Row     `json:"info"`
	Code        string    `json:"code,omitempty"` // the info row named so
	CreatedAt   time.Time `json:"created_at"`
	ExpiresAt   time.Time `json:"expires_at"`

	Outcome outcome `json:"outcome"`
}

// Row is one line that the phone shows.
type Row struct {
	K string `json:"k"`
	V string `json:"v"`
}

// outcome is what auth_status answers.
type outcome struct {
	Result  string `json:"result"`
	Status  string `json:"status"`
	Message string `json:"status_msg"`
}

// ending is how a push ends.
type ending struct {
	state string
	outcome
}

// endings by what was pressed, or happened.
func endings() map[string]ending {
	return map[string]ending{
		"approve":    {Approved, outcome{"allow", "allow", "Success. Logging you in..."}},
		"deny":       {Denied, outcome{"deny", "deny", "Login request denied."}},
		"fraud":      {Fraud, outcome{"deny", "fraud", "Login request reported as fraudulent."}},
		"timeout":    {Expired, outcome{"deny", "timeout", "Login timed out."}},
		"bypass":     {Other, outcome{"allow", "bypass", "Success. Logging you in..."}},
		"locked_out": {Other, outcome{"deny", "locked_out", "Your account is locked out. Please contact your administrator."}},
		"unknown":    {Other, outcome{"allow", "acclaimed", "A status that nobody documented."}},
	}
}

// Pushes returns the pushes of a person, by email or username, oldest first;
// of everybody if user is empty.
func (s *Server) Pushes(user string) []Push {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Push{}
	for _, p := range s.pushes {
		if user == "" || strings.EqualFold(p.User, user) || strings.EqualFold(p.Username, user) {
			out = append(out, *p)
		}
	}
	return out
}

// Decide answers a waiting push: approve, deny or fraud; for tests also timeout,
// bypass, locked_out and unknown.
func (s *Server) Decide(ctx context.Context, txid, result string) error {
	if _, ok := endings()[result]; !ok {
		return ErrBadScript
	}
	s.mu.Lock()
	p := s.push(txid)
	switch {
	case p == nil:
		s.mu.Unlock()
		return ErrNoPush
	case p.Status != Waiting || !s.opt.Clock().Before(p.ExpiresAt):
		s.mu.Unlock()
		return ErrAnswered
	}
	s.settle(p, result)
	s.mu.Unlock()
	s.opt.Changed()
	return s.opt.Disk.Flush(ctx)
}

func (s *Server) push(txid string) *Push {
	for _, p := range s.pushes {
		if p.TxID == txid {
			return p
		}
	}
	return nil
}

// settle ends a push and counts failures; the caller holds mu.
func (s *Server) settle(p *Push, result string) {
	o := endings()[result]
	p.Status, p.Outcome = o.state, o.outcome
	s.opt.Disk.Put("push", p.TxID, p)
	if person := s.person(p.Username); person != nil {
		s.count(person, o.Result == "allow")
	}
	s.announce()
}

func (s *Server) count(p *Person, good bool) {
	p.Failures++
	if good {
		p.Failures = 0
	}
	if p.Failures >= lockAfter && p.Factor == FactorAuth {
		p.Factor = FactorLockedOut
	}
	s.savePerson(p)
}

// announce wakes long polls; the caller holds mu.
func (s *Server) announce() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// expire ends the pushes that nobody answers in time, until the server closes.
func (s *Server) expire() {
	for {
		s.mu.Lock()
		wait, ended := s.expireDue()
		changed := s.changed
		s.mu.Unlock()
		if ended {
			s.opt.Changed()
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-changed:
		case <-s.run.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// expireDue ends what is due and returns how long until the next one is.
func (s *Server) expireDue() (wait time.Duration, ended bool) {
	now := s.opt.Clock()
	wait = time.Minute
	for _, p := range s.pushes {
		if p.Status != Waiting {
			continue
		}
		if left := p.ExpiresAt.Sub(now); left > 0 {
			wait = min(wait, left)
			continue
		}
		s.settle(p, "timeout")
		ended = true
	}
	return wait, ended
}

// rows decodes pushinfo: url-encoded pairs, shown in the order that they were sent in.
func rows(pushinfo string) ([]Row, error) {
	out := []Row{}
	if pushinfo == "" {
		return out, nil
	}
	for pair := range strings.SplitSeq(pushinfo, "&") {
		k, v, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(k)
		if err != nil {
			return nil, err
		}
		value, err := url.QueryUnescape(v)
		if err != nil {
			return nil, err
		}
		out = append(out, Row{K: key, V: value})
	}
	return out, nil
}

func codeOf(info []Row) string {
	for _, r := range info {
		if strings.EqualFold(r.K, "code") {
			return r.V
		}
	}
	return ""
}
