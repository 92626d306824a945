// Package policy decides the plan of an alert by rules that are kept as code: a
// file in YAML, checked as a whole before it is in force. What a file leaves out
// is built in, and so is a policy for an installation without a file.
package policy

import (
	"slices"
	"strings"
	"sync"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/policy/hours"
)

// Timing is how long the steps of a conversation take. Zero and nil leave to the
// policy what they stand for; an empty list of reminders is none.
type Timing struct {
	Deadline  time.Duration
	Reminders []time.Duration // after the question
	WatchFor  time.Duration   // how long late answers are taken after the deadline
}

// Environment is what an installation adds to its policy's text.
type Environment struct {
	Override   Timing            // goes before the file, for all severities
	BySource   map[string]Timing // goes before all else and counts on the wall clock
	Unprovable bool              // there is no second factor
}

// Policy is what is in force. It never changes and may be used by several
// goroutines at once.
type Policy struct {
	file *File
	env  Environment

	mu        sync.Mutex
	calendars map[string]*hours.Calendar // by zone and hours
}

// Policy puts a file in force.
func (f *File) Policy(env Environment) *Policy {
	return &Policy{file: f, env: env, calendars: map[string]*hours.Calendar{}}
}

// Defaults is the policy of an installation that has none of its own.
func Defaults() *Policy { return BuiltIn().Policy(Environment{}) }

// Override is the same policy with another timing for all severities.
func (p *Policy) Override(with Timing) *Policy {
	env := p.env
	env.Override = with
	return p.file.Policy(env)
}

// Revision names the text in force: 12 hex digits of its SHA-256, or built-in.
func (p *Policy) Revision() string { return p.file.revision }

// Responder tells whether somebody may handle cases.
func (p *Policy) Responder(who alert.Person, groups []string) bool {
	return p.file.responders.includes(who.Email, groups)
}

// EscalateTo is where a case goes that no rule was asked about: one of ours about
// somebody, such as a wish that their phone denied.
func (p *Policy) EscalateTo(who alert.Person, groups []string) []alert.Step {
	if p.Responder(who, groups) {
		return []alert.Step{{Target: p.file.ownCases}}
	}
	return slices.Clone(p.file.defaults.settings[alert.High].escalateTo)
}

// Targets are the places that cases go to, by name. There is always one called
// security; it is the configured channel where it says nothing else.
func (p *Policy) Targets() map[string]Target { return p.file.Targets() }

// Rollups are the summaries that are wanted.
func (p *Policy) Rollups() Rollups { return p.file.rollups }

// Zone is the policy's own zone, an IANA name.
func (p *Policy) Zone() string { return p.file.zone }

// Groups are the ids of all user groups that the text names, sorted: who is in
// them has to be known when a plan is made.
func (p *Policy) Groups() []string {
	groups := slices.Clone(p.file.matchedGroups())
	groups = append(groups, p.file.responders.group, p.file.onboarding.group)
	groups = slices.DeleteFunc(groups, func(id string) bool { return id == "" })
	slices.Sort(groups)
	return slices.Compact(groups)
}

// Kept says who reads answers, and for how long they are kept.
func (p *Policy) Kept() (readBy string, keptFor time.Duration) {
	return p.file.readBy, p.file.keptFor
}

// OptOutMost is for how long people may silence the bot by themselves.
func (p *Policy) OptOutMost() time.Duration { return p.file.optOutMost }

// members are people who are named by address or by the group they are in.
type members struct {
	users []string // emails
	group string   // id of a user group
}

func (m members) includes(email string, groups []string) bool {
	return m.group != "" && slices.Contains(groups, m.group) || m.names(email)
}

func (m members) names(email string) bool {
	return email != "" && slices.ContainsFunc(m.users, func(user string) bool { return strings.EqualFold(user, email) })
}
