package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"time"

	"securitybot/internal/alert"
)

// Security is the target that always exists.
const Security = "security"

// defaultsName is how a plan's missing rule is called; no rule may be.
const defaultsName = "defaults"

// File is a policy as it was written, checked and complete.
type File struct {
	revision string
	zone     string
	shadow   bool
	defaults rule // matches what no other rule does
	rules    []rule
	targets  map[string]Target

	responders members
	ownCases   string // target of cases about responders

	onboarding onboarding
	limits     alert.Limits
	canary     []string // emails and usernames
	rollups    Rollups
	optOutMost time.Duration
	keptFor    time.Duration
	readBy     string
}

// Target is a place that cases go to: exactly one of its fields is set beside
// Fallback. One that is empty is the configured channel.
type Target struct {
	Slack     string  // a channel's id, or its name without #
	Webhook   string  // URL
	PagerDuty string  // name of a routing key
	Person    string  // email
	Manager   bool    // of the person that the alert is about
	Fallback  *Target // a webhook or PagerDuty, for when Slack doesn't take it
}

// Rollups are the summaries that are wanted.
type Rollups struct {
	Hourly bool
	Daily  bool
	At     time.Duration // the clock's reading of the daily one, in the policy's zone
	To     string        // target
}

// onboarding are the people who are asked, while others are not yet.
type onboarding struct {
	members
	given   bool
	observe bool // what others' alerts come to; else they are escalated
}

// rule is what holds for the alerts that it matches.
type rule struct {
	name     string
	at       place
	match    *matcher
	settings map[alert.Severity]settings
}

const (
	builtInRevision = "built-in"
	revisionDigits  = 12
)

// Digest names a text: 12 hex digits of its SHA-256.
func Digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])[:revisionDigits]
}

// BuiltIn is the policy that holds where no file does.
func BuiltIn() *File {
	f := newFile()
	f.revision = builtInRevision
	f.defaults = rule{name: defaultsName, settings: builtInSettings()}
	return f
}

// newFile has what holds of a file that says nothing, but for its settings.
func newFile() *File {
	return &File{
		zone:       "UTC",
		targets:    map[string]Target{Security: {}},
		limits:     alert.Limits{Open: 3, Storm: 20, PersonDay: 20},
		rollups:    Rollups{To: Security},
		optOutMost: 24 * time.Hour,
		keptFor:    90 * day,
		readBy:     "the security team",
	}
}

// Revision names the text: 12 hex digits of its SHA-256, or built-in.
func (f *File) Revision() string { return f.revision }

// Targets are the places that cases go to, by name.
func (f *File) Targets() map[string]Target { return maps.Clone(f.targets) }

// matchedGroups are the user groups that rules ask for.
func (f *File) matchedGroups() []string {
	var groups []string
	for _, rule := range f.rules {
		groups = append(groups, rule.match.groups...)
	}
	return groups
}

// everyRule lists the rules in their order, the defaults last.
func (f *File) everyRule() []rule { return append(slices.Clone(f.rules), f.defaults) }
