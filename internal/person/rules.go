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
// names at the second factor.
type Rules struct {
	naming  Naming
	entries map[string]entry  // by username, lower case
	factors map[string]string // by email, lower case
	regexps []rule
}

type entry struct{ email, factor string }

type rule struct {
	pattern       *regexp.Regexp
	email, factor string // may refer to groups of the pattern as $1
}

// NewRules gives rules that know no username.
func NewRules(naming Naming) Rules {
	return Rules{naming: naming, entries: map[string]entry{}, factors: map[string]string{}}
}

// ReadCSV adds lines of username, email and, if given, the name at the second
// factor; the first line is a heading.
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
	if len(fields) < 2 || len(fields) > 3 || fields[0] == "" || !strings.Contains(fields[1], "@") {
		return errors.New("want username,email or username,email,factor")
	}
	username := strings.ToLower(fields[0])
	if _, taken := r.entries[username]; taken {
		return fmt.Errorf("username %q stands twice", fields[0])
	}
	added := entry{email: fields[1]}
	if len(fields) == 3 {
		added.factor = fields[2]
		r.factors[strings.ToLower(added.email)] = added.factor
	}
	r.entries[username] = added
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

// named gives a person their name at the second factor; with a map, only to
// those who stand in it.
func (r *Rules) named(person alert.Person) alert.Person {
	local, _, _ := strings.Cut(person.Email, "@")
	switch r.naming {
	case ByLocalPart:
		person.FactorName = local
	case ByMap:
		person.FactorName = r.factors[strings.ToLower(person.Email)]
		if person.FactorName == "" {
			mapped, ok := r.byUsername(local)
			if ok && strings.EqualFold(mapped.email, person.Email) {
				person.FactorName = mapped.factor
			}
		}
	default:
		person.FactorName = person.Email
	}
	return person
}
