package config

import (
	"regexp"
	"time"

	"securitybot/internal/evidence"
	"securitybot/internal/policy"
)

// leastRetention keeps a slip of the pen, 30m for 30d, from erasing everything.
const leastRetention = 24 * time.Hour

// roleName is what needs no quotes in PostgreSQL.
var roleName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// evidenceKey is checked here, so that a wrong one stops the start and not the
// first signature.
func (r *reader) evidenceKey() Secret {
	key := r.secret(EvidenceKey)
	if key == "" {
		return ""
	}
	if _, err := evidence.ReadKey(key.Reveal()); err != nil {
		r.fault(EvidenceKey, "is not a key as `securitybot evidence key` makes it")
		return ""
	}
	return key
}

func (r *reader) retention() time.Duration {
	value := r.text(Retention)
	if value == "" {
		return 0
	}
	length, err := policy.ParseLength(value)
	switch {
	case err != nil:
		r.fault(Retention, "%q is not a length of time as 365d", value)
		return 0
	case length < leastRetention:
		r.fault(Retention, "%q is shorter than a day", value)
		return 0
	default:
		return length
	}
}

func (r *reader) databaseRole() string {
	role := r.text(DatabaseRole)
	if role != "" && !roleName.MatchString(role) {
		r.fault(DatabaseRole, "%q is not a name of small letters, digits and _", role)
		return ""
	}
	return role
}
