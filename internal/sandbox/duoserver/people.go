package duoserver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"securitybot/internal/sandbox/disk"
)

// lockAfter is the number of failed pushes in a row that locks a person out.
const lockAfter = 10

// How a person stands with Duo; preauth tells of it.
const (
	FactorAuth       = "auth"        // may be asked
	FactorEnroll     = "enroll"      // has no device
	FactorBypass     = "bypass"      // let through without being asked
	FactorDeny       = "deny"        // refused by policy
	FactorLockedOut  = "locked_out"  // refused after too many failures
	FactorNoPush     = "no_push"     // has a device that can't take a push
	FactorPushFailed = "push_failed" // the push doesn't reach the device
	FactorUnknown    = "unknown"     // preauth answers a word that nobody documented
)

var factors = []string{
	FactorAuth, FactorEnroll, FactorBypass, FactorDeny, FactorLockedOut, FactorNoPush, FactorPushFailed, FactorUnknown,
}

// What can't be done with people and pushes.
var (
	ErrNoPerson  = errors.New("no such person at duo")
	ErrNoPush    = errors.New("no such push")
	ErrBadScript = errors.New("unknown script")
	ErrAnswered  = errors.New("the push is not waiting any more")
)

// Person is a Duo user.
type Person struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Email    string `json:"email"` // an alias of the username
	Factor   string `json:"factor"`
	// Answer is given to each push at once: approve, deny or fraud; empty waits
	// for somebody to press.
	Answer   string `json:"answer"`
	Failures int    `json:"failures"`
	Device   string `json:"device"`
	Number   string `json:"number"`
}

func seedPeople() []*Person {
	var people []*Person
	for i, name := range []string{"alice", "bob", "carol", "dave", "erin", "frank", "sam", "kim"} {
		p := &Person{
			ID: fmt.Sprintf("DUSANDBOX%011d", i+1), Username: name, Email: name + "@example.com", Factor: FactorAuth,
			Device: fmt.Sprintf("DPSANDBOX%011d", i+1), Number: fmt.Sprintf("XXX-XXX-01%02d", i+1),
		}
		if name == "erin" {
			p.Factor = FactorEnroll
		}
		people = append(people, p)
	}
	return people
}

func (s *Server) load(ctx context.Context) error {
	var err error
	if s.people, err = disk.Load[Person](ctx, s.opt.Disk, "duo_person"); err != nil {
		return err
	}
	for _, p := range seedPeople() { // a newer sandbox may know more people than its data
		if s.personByID(p.ID) == nil {
			s.people = append(s.people, p)
			s.savePerson(p)
		}
	}
	if s.pushes, err = disk.Load[Push](ctx, s.opt.Disk, "push"); err != nil {
		return err
	}
	slices.SortFunc(s.pushes, func(a, b *Push) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return s.opt.Disk.Flush(ctx)
}

func (s *Server) savePerson(p *Person) { s.opt.Disk.Put("duo_person", p.ID, p) }

// person finds by username or by its alias, the email.
func (s *Server) person(name string) *Person {
	for _, p := range s.people {
		if strings.EqualFold(p.Username, name) || strings.EqualFold(p.Email, name) {
			return p
		}
	}
	return nil
}

func (s *Server) personByID(id string) *Person {
	for _, p := range s.people {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// People returns everybody whom Duo knows.
func (s *Server) People() []Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Person, 0, len(s.people))
	for _, p := range s.people {
		out = append(out, *p)
	}
	return out
}

// Script changes how a person stands with Duo (a Factor…), and what they answer
// to each push from now on; nil leaves either as it is. It also ends a lockout.
func (s *Server) Script(ctx context.Context, user string, factor, answer *string) error {
	if factor != nil && !slices.Contains(factors, *factor) {
		return fmt.Errorf("%w: factor %q is none of %s", ErrBadScript, *factor, strings.Join(factors, ", "))
	}
	if answer != nil && !slices.Contains([]string{"", "approve", "deny", "fraud"}, *answer) {
		return fmt.Errorf("%w: answer %q", ErrBadScript, *answer)
	}
	s.mu.Lock()
	p := s.person(user)
	if p == nil {
		s.mu.Unlock()
		return ErrNoPerson
	}
	if factor != nil {
		p.Factor, p.Failures = *factor, 0
	}
	if answer != nil {
		p.Answer = *answer
	}
	s.savePerson(p)
	s.mu.Unlock()
	s.opt.Changed()
	return s.opt.Disk.Flush(ctx)
}

// HasPhone tells whether a person can be pushed.
func (p *Person) HasPhone() bool {
	return slices.Contains([]string{FactorAuth, FactorLockedOut, FactorPushFailed, FactorDeny, FactorBypass}, p.Factor)
}
