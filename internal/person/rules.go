package person

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"securitybot/internal/alert"
)

// Naming is how a person is called at the second factor.
type Naming string

// The namings.
const (
	ByEmail     Naming = "email"
	ByLocalPart Naming = "localpart"
	ByMap       Naming = "map" // as the rules say, and nobody else
)

// Rules map the usernames that detections know to people, and people to their
// names at the second factor and to their managers.
type Rules struct {
	naming   Naming
	entries  map[string]entry  // by username, lower case
	factors  map[string]string // by email, lower case
	managers map[string]string // their emails, by email, lower case
	regexps  []rule
}

type entry struct{ email, factor string }

type rule struct {
	pattern       *regexp.Regexp
	email, factor string // may refer to groups of the pattern as $1
}

// NewRules gives rules that know no username.
func NewRules(naming Naming) Rules {
	return Rules{naming: naming, entries: map[string]entry{}, factors: map[string]string{}, managers: map[string]string{}}
}

// ReadCSV adds lines of username, email and, if given, the name at the second
// factor and the manager's email; the first line is a heading.
func (r *Rules) ReadCSV(file io.Reader) error {
	reader := csv.NewReader(file)
	reader.FieldsPerRecord = -1
	reader.TrimLeadingSpace = true
	if _, err := reader.Read(); err != nil {
		return fmt.Errorf("read heading: %w", err)
	}
	for {
		fields, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read line: %w", err)
		}
		line, _ := reader.FieldPos(0)
		if err := r.addLine(fields); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

func (r *Rules) addLine(fields []string) error {
	for i, field := range fields {
		fields[i] = strings.TrimSpace(field)
	}
	if len(fields) < 2 || len(fields) > 4 || fields[0] == "" || !strings.Contains(fields[1], "@") {
		return errors.New("want username,email, then perhaps factor and manager")
	}
	username, email := strings.ToLower(fields[0]), strings.ToLower(fields[1])
	if _, taken := r.entries[username]; taken {
		return fmt.Errorf("username %q stands twice", fields[0])
	}
	added := entry{email: fields[1]}
	if len(fields) > 2 && fields[2] != "" {
		added.factor = fields[2]
		r.factors[email] = added.factor
	}
	if len(fields) > 3 && fields[3] != "" {
		if err := r.addManager(email, fields[3]); err != nil {
			return err
		}
	}
	r.entries[username] = added
	return nil
}

// addManager keeps who answers for somebody: another person, and one alone.
func (r *Rules) addManager(email, manager string) error {
	known, taken := r.managers[email]
	switch {
	case !strings.Contains(manager, "@"):
		return fmt.Errorf("manager %q is not an email", manager)
	case strings.EqualFold(manager, email):
		return fmt.Errorf("%s is their own manager", email)
	case taken && !strings.EqualFold(known, manager):
		return fmt.Errorf("%s has two managers", email)
	}
	r.managers[email] = manager
	return nil
}

// ReadInline adds rules of the form "REGEX => EMAIL [FACTOR]", separated by
// semicolons. A regex matches a whole username.
func (r *Rules) ReadInline(text string) error {
	for part := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		pattern, target, ok := strings.Cut(part, "=>")
		targets := strings.Fields(target)
		if !ok || len(targets) < 1 || len(targets) > 2 {
			return fmt.Errorf("rule %q: want REGEX => EMAIL [FACTOR]", strings.TrimSpace(part))
		}
		compiled, err := regexp.Compile(`(?i)^(?:` + strings.TrimSpace(pattern) + `)$`)
		if err != nil {
			return fmt.Errorf("rule %q: %w", strings.TrimSpace(part), err)
		}
		added := rule{pattern: compiled, email: targets[0]}
		if len(targets) == 2 {
			added.factor = targets[1]
		}
		r.regexps = append(r.regexps, added)
	}
	return nil
}

// email is the address of a subject, by itself or by its username; false when
// the two don't agree.
func (r *Rules) email(subject alert.Subject) (string, bool) {
	if subject.Username == "" {
		return subject.Email, true
	}
	mapped, ok := r.byUsername(subject.Username)
	switch {
	case !ok:
		return subject.Email, true
	case subject.Email != "" && !strings.EqualFold(subject.Email, mapped.email):
		return "", false
	default:
		return mapped.email, true
	}
}

func (r *Rules) byUsername(username string) (entry, bool) {
	if known, ok := r.entries[strings.ToLower(username)]; ok {
		return known, true
	}
	for _, rule := range r.regexps {
		match := rule.pattern.FindStringSubmatchIndex(username)
		if match == nil {
			continue
		}
		return entry{
			email:  string(rule.pattern.ExpandString(nil, rule.email, username, match)),
			factor: string(rule.pattern.ExpandString(nil, rule.factor, username, match)),
		}, true
	}
	return entry{}, false
}

// described gives a person their name at the second factor, with a map only to
// those who stand in it, and their manager.
func (r *Rules) described(person alert.Person) alert.Person {
	person.FactorName = r.factorName(person.Email)
	person.Manager = r.managers[strings.ToLower(person.Email)]
	return person
}

func (r *Rules) factorName(email string) string {
	local, _, _ := strings.Cut(email, "@")
	switch r.naming {
	case ByLocalPart:
		return local
	case ByMap:
		if name := r.factors[strings.ToLower(email)]; name != "" {
			return name
		}
		if mapped, ok := r.byUsername(local); ok && strings.EqualFold(mapped.email, email) {
			return mapped.factor
		}
		return ""
	default:
		return email
	}
}
