package duoserver

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"securitybot/internal/sandbox/traffic"
)

const (
	maxPushInfo      = 20_000 // bytes
	maxPushesPerHour = 3      // beyond it, a violation: people approve what annoys them
)

// who reads the user of a call: exactly one of username and user_id. A user whom
// Duo doesn't know is nil without a refusal; by policy such people must enrol.
func (s *Server) who(p url.Values) (*Person, *traffic.Answer) {
	name, id := p.Get("username"), p.Get("user_id")
	switch {
	case name == "" && id == "":
		a := fail(40001, "Missing required request parameters", "username")
		return nil, &a
	case name != "" && id != "":
		a := fail(40002, "Invalid request parameters", "username")
		return nil, &a
	case id != "":
		person := s.personByID(id)
		if person == nil {
			a := fail(40002, "Invalid request parameters", "user_id")
			return nil, &a
		}
		return person, nil
	}
	return s.person(name), nil
}

func (s *Server) preauth(_ context.Context, p url.Values) traffic.Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	person, refused := s.who(p)
	if refused != nil {
		return *refused
	}
	if person == nil {
		return ok(enroll("new-user"))
	}
	switch person.Factor {
	case FactorEnroll:
		return ok(enroll(person.Username))
	case FactorBypass:
		return ok(map[string]any{"result": "allow", "status_msg": "Account is active"})
	case FactorDeny:
		return ok(map[string]any{"result": "deny", "status_msg": "Access to this account is not allowed by policy."})
	case FactorLockedOut:
		return ok(map[string]any{"result": "deny", "status_msg": "Your account is locked out."})
	case FactorUnknown:
		return ok(map[string]any{"result": "perhaps", "status_msg": "A result that nobody documented."})
	}
	return ok(map[string]any{"result": "auth", "status_msg": "Account is active", "devices": []any{person.device()}})
}

func enroll(name string) map[string]any {
	return map[string]any{
		"result": "enroll", "status_msg": "Enroll an authentication device to proceed",
		"enroll_portal_url": "https://api-sandbox.invalid/portal?user=" + url.QueryEscape(name),
	}
}

func (p *Person) device() map[string]any {
	capabilities := []string{"auto", "push", "sms", "mobile_otp"}
	if p.Factor == FactorNoPush {
		capabilities = []string{"auto", "sms", "phone"}
	}
	return map[string]any{
		"device": p.Device, "type": "phone", "name": "", "number": p.Number,
		"display_name": "iOS (" + p.Number + ")", "capabilities": capabilities,
	}
}

func (s *Server) auth(ctx context.Context, p url.Values) traffic.Answer {
	s.mu.Lock()
	push, refused := s.begin(p)
	s.mu.Unlock()
	if refused != nil {
		return *refused
	}
	s.opt.Changed()
	if p.Get("async") == "1" {
		return ok(map[string]any{"txid": push.TxID})
	}
	for ctx.Err() == nil && s.run.Err() == nil {
		if o := s.await(ctx, push.TxID); o.Result != Waiting {
			return ok(o)
		}
	}
	return dialect{}.Failed("")
}

// begin checks the parameters and sends the push; the caller holds mu.
func (s *Server) begin(p url.Values) (*Push, *traffic.Answer) {
	person, refused := s.who(p)
	if refused != nil {
		return nil, refused
	}
	invalid := func(name string) *traffic.Answer {
		a := fail(40002, "Invalid request parameters", name)
		return &a
	}
	factor, device := p.Get("factor"), p.Get("device")
	switch {
	case person == nil:
		return nil, invalid("username")
	case factor == "":
		a := fail(40001, "Missing required request parameters", "factor")
		return nil, &a
	case factor != "push" && factor != "auto":
		return nil, invalid("factor")
	case device == "":
		a := fail(40001, "Missing required request parameters", "device")
		return nil, &a
	case device != "auto" && device != person.Device:
		return nil, invalid("device")
	case person.Factor == FactorNoPush:
		return nil, invalid("device")
	case len(p.Get("pushinfo")) >= maxPushInfo:
		return nil, invalid("pushinfo")
	}
	info, err := rows(p.Get("pushinfo"))
	if err != nil {
		return nil, invalid("pushinfo")
	}
	return s.send(person, p, info), nil
}

func (s *Server) send(person *Person, p url.Values, info []Row) *Push {
	now := s.opt.Clock()
	title := p.Get("type")
	if title == "" {
		title = "Login request"
	}
	push := &Push{
		TxID: newID("TX"), User: person.Email, Username: person.Username, Status: Waiting, Title: title,
		DisplayName: p.Get("display_username"), Device: person.Device, Info: info, Code: codeOf(info),
		CreatedAt: now, ExpiresAt: now.Add(s.opt.PushTTL),
		Outcome: outcome{Waiting, "pushed", "Pushed a login request to your phone..."},
	}
	if person.Factor == FactorPushFailed {
		push.Outcome = outcome{Waiting, "push_failed", "Unable to send a push to your phone."}
	}
	s.pushes = append(s.pushes, push)
	s.opt.Disk.Put("push", push.TxID, push)
	s.watchFatigue(person, now)
	if result := s.instant(person); result != "" {
		s.settle(push, result)
	} else {
		s.announce()
	}
	return push
}

// instant is the result of a push that no person decides.
func (s *Server) instant(p *Person) string {
	switch p.Factor {
	case FactorBypass:
		return "bypass"
	case FactorDeny, FactorEnroll:
		return "deny"
	case FactorLockedOut:
		return "locked_out"
	case FactorUnknown:
		return "unknown"
	}
	return p.Answer
}

func (s *Server) watchFatigue(person *Person, now time.Time) {
	n := 0
	for _, p := range s.pushes {
		if p.Username == person.Username && now.Sub(p.CreatedAt) < time.Hour {
			n++
		}
	}
	if n > maxPushesPerHour {
		s.opt.Desk.Violate("too many pushes", fmt.Sprintf("%s: %d in an hour", person.Username, n))
	}
}

// authStatus answers the first call of a transaction at once; later ones wait
// until it ends or for the bound of the long poll.
func (s *Server) authStatus(ctx context.Context, p url.Values) traffic.Answer {
	txid := p.Get("txid")
	if txid == "" {
		return fail(40001, "Missing required request parameters", "txid")
	}
	s.mu.Lock()
	push, first := s.push(txid), !s.polled[txid]
	s.polled[txid] = true
	if push == nil {
		delete(s.polled, txid)
		s.mu.Unlock()
		return fail(40002, "Invalid request parameters", "txid")
	}
	now := push.Outcome
	s.mu.Unlock()
	if first || now.Result != Waiting {
		return ok(now)
	}
	return ok(s.await(ctx, txid))
}

// await returns the outcome once it is no longer waiting, or as it is after the
// bound of the long poll.
func (s *Server) await(ctx context.Context, txid string) outcome {
	bound := time.NewTimer(s.opt.LongPoll)
	defer bound.Stop()
	for {
		s.mu.Lock()
		now, changed := s.push(txid).Outcome, s.changed
		s.mu.Unlock()
		if now.Result != Waiting {
			return now
		}
		select {
		case <-changed:
		case <-bound.C:
			return now
		case <-ctx.Done():
			return now
		case <-s.run.Done():
			return now
		}
	}
}
