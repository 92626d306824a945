package config

import (
	"bytes"
	"fmt"
	"slices"
)

// Legacy is a setting of the original Securitybot's forks.
type Legacy struct {
	Name    string
	Use     string // the variable that it stands in for; empty: it is refused
	Instead string // of a refused one: what to use
}

// LegacySettings lists them, for documentation and checks.
func LegacySettings() []Legacy { return slices.Clone(legacySettings) }

var legacySettings = []Legacy{
	{Name: "SLACK_API_TOKEN", Use: SlackBotToken},
	{Name: "REPORTING_CHANNEL", Use: Channel},
	{Name: "DUO_INTEGRATION_KEY", Use: DuoIKey},
	{Name: "DUO_SECRET_KEY", Use: DuoSKey},
	{Name: "DUO_ENDPOINT", Use: DuoHost},
	{Name: "DB_HOST", Instead: DatabaseURL},
	{Name: "DB_USER", Instead: DatabaseURL},
	{Name: "DB_PASS", Instead: DatabaseURL},
	{Name: "DB_NAME", Instead: DatabaseURL},
	{Name: "ICON_URL", Instead: "the Slack app's own settings"},
	{Name: "TEST_USERNAME", Instead: "canary: in the policy file"},
}

// legacy adopts or refuses what is set by an old name.
func (r *reader) legacy() {
	for _, old := range legacySettings {
		value := r.set(old.Name)
		switch {
		case value == "":
		case old.Use == "":
			r.fault(old.Name, "is a setting of the original Securitybot: use %s", old.Instead)
		default:
			r.adopt(old, value)
		}
	}
}

// adopt lets an old name stand in for a variable that is not set. It never chooses
// between two values.
func (r *reader) adopt(old Legacy, value string) {
	r.warnings = append(r.warnings, fmt.Sprintf("%s is an old name, please use %s", old.Name, old.Use))
	current, ok := r.current(old.Use)
	switch {
	case !ok:
		r.adopted[old.Use] = old.Name
	case current != value:
		r.fault(old.Name, "is set, and so is %s, to something else: set %s alone", old.Use, old.Use)
	}
}

// current is a variable's value by its own name, if it is set, of a secret's file
// too. What is wrong with the file is said where the variable is read.
func (r *reader) current(name string) (string, bool) {
	if value := r.set(name); value != "" || !isSecret(name) {
		return value, value != ""
	}
	path := r.set(name + "_FILE")
	if path == "" {
		return "", false
	}
	content, _ := r.readFile(path)
	return string(bytes.TrimSpace(content)), true
}

func isSecret(name string) bool {
	return slices.ContainsFunc(variables, func(v Variable) bool { return v.Name == name && v.Secret })
}
