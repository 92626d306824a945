package config

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"securitybot/internal/person"
)

// What a sandbox need not be told: the API token, which is its source's name too,
// and who administers it.
const (
	sandboxToken      = "sandbox"
	sandboxAdmin      = "sam@example.com"
	sandboxAdminToken = "sandbox-admin"
)

// Load reads the environment by lookup, and files that it names by readFile. An
// empty variable is one that is not set. The error joins all faults.
func Load(lookup func(string) (string, bool), readFile func(string) ([]byte, error)) (Config, error) {
	r := &reader{lookup: lookup, readFile: readFile, adopted: map[string]string{}}
	r.legacy()
	c := Config{
		Listen:        r.address(Listen),
		DataDir:       r.text(DataDir),
		DatabaseURL:   r.database(),
		PublicURL:     r.link(PublicURL),
		TemporalUIURL: r.link(TemporalUIURL),
		Channel:       strings.TrimPrefix(r.text(Channel), "#"),
		Slack:         r.slack(),
		Duo:           r.duo(),
		People:        r.people(),
		PolicyFile:    r.text(PolicyFile),
		MessagesFile:  r.text(MessagesFile),
		LeaveFile:     r.text(LeaveFile),
		Timing:        r.timing(),
		Webhook:       r.webhook(),
		PagerDuty:     r.pagerDuty(),
		PayloadKey:    r.payloadKey(),
		Login:         r.login(),
		EvidenceKey:   r.evidenceKey(),
		Retention:     r.retention(),
		DatabaseRole:  r.databaseRole(),
		MetricsListen: r.address(MetricsListen),
		LogJSON:       r.choice(LogFormat, "text", "json") == "json",
		LogLevel:      r.level(),
	}
	c.Tokens, c.Admins = r.tokens(), r.admins()
	r.complete(&c)
	r.distinct(c.Admins, c.Tokens)
	c.Warnings = r.warnings
	return c, errors.Join(r.faults...)
}

// reader collects faults while it reads.
type reader struct {
	lookup   func(string) (string, bool)
	readFile func(string) ([]byte, error)
	adopted  map[string]string // the old name that stands in for a variable, by the variable's
	warnings []string
	faults   []error
}

func (r *reader) fault(name, format string, args ...any) {
	if old, ok := r.adopted[name]; ok {
		name += " (here " + old + ")"
	}
	r.faults = append(r.faults, fmt.Errorf("%s: "+format, append([]any{name}, args...)...))
}

// set is what is set by exactly this name.
func (r *reader) set(name string) string {
	value, _ := r.lookup(name)
	return strings.TrimSpace(value)
}

// text is a variable, or its default.
func (r *reader) text(name string) string {
	if value := r.set(name); value != "" {
		return value
	}
	if old, ok := r.adopted[name]; ok {
		return r.set(old)
	}
	for _, variable := range variables {
		if variable.Name == name {
			return variable.Default
		}
	}
	return ""
}

// secret is a variable, or what stands in the file that NAME_FILE names.
func (r *reader) secret(name string) Secret {
	value, path := r.text(name), r.text(name+"_FILE")
	switch {
	case path == "":
		return Secret(value)
	case value != "":
		r.fault(name, "is set, and so is %s_FILE: set one of them", name)
		return ""
	}
	content, err := r.readFile(path)
	if err != nil {
		r.fault(name+"_FILE", "read file: %w", err)
		return ""
	}
	content = bytes.TrimSpace(content)
	if len(content) == 0 {
		r.fault(name+"_FILE", "the file %s is empty", path)
	}
	return Secret(content)
}

func (r *reader) choice(name string, choices ...string) string {
	value := r.text(name)
	if slices.Contains(choices, value) {
		return value
	}
	r.fault(name, "%q is none of %s", value, strings.Join(choices, ", "))
	return ""
}

func (r *reader) address(name string) string {
	value := r.text(name)
	if value == "" {
		return ""
	}
	_, port, err := net.SplitHostPort(value)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		r.fault(name, "%q is not HOST:PORT", value)
	}
	return value
}

// link is an address that people may open. A query or a name and password in
// it would end up in messages.
func (r *reader) link(name string) string {
	value := r.text(name)
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || !isHTTP(u) || u.RawQuery != "" || u.Fragment != "" {
		r.fault(name, "is not http(s)://HOST[/PATH] without user, query and fragment")
		return ""
	}
	return strings.TrimRight(value, "/")
}

func isHTTP(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil
}

// database never says what is wrong inside: the text holds a password.
func (r *reader) database() Secret {
	value := r.secret(DatabaseURL)
	if value == "" {
		return ""
	}
	u, err := url.Parse(value.Reveal())
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		r.fault(DatabaseURL, "is not a URL that begins with postgres://")
	}
	return value
}

func (r *reader) slack() Slack {
	slack := Slack{
		BotToken:      r.secret(SlackBotToken),
		AppToken:      r.secret(SlackAppToken),
		SigningSecret: r.secret(SlackSecret),
		APIURL:        r.link(SlackAPIURL),
	}
	if slack.APIURL != "" {
		slack.APIURL += "/"
	}
	r.prefixed(SlackBotToken, slack.BotToken, "xoxb-")
	r.prefixed(SlackAppToken, slack.AppToken, "xapp-")
	return slack
}

// prefixed catches two tokens that were taken for each other.
func (r *reader) prefixed(name string, value Secret, prefix string) {
	if value != "" && !strings.HasPrefix(value.Reveal(), prefix) {
		r.fault(name, "does not begin with %s", prefix)
	}
}

func (r *reader) duo() Duo {
	duo := Duo{IKey: r.text(DuoIKey), SKey: r.secret(DuoSKey), Host: r.text(DuoHost), CAFile: r.text(DuoCAFile)}
	if strings.ContainsAny(duo.Host, "/@?# ") {
		r.fault(DuoHost, "is not a bare host name")
	}
	return duo
}

func (r *reader) people() person.Rules {
	naming := r.choice(DuoUsername, string(person.ByEmail), string(person.ByLocalPart), string(person.ByMap))
	rules := person.NewRules(person.Naming(naming))
	value := r.text(People)
	switch {
	case value == "" && naming == string(person.ByMap):
		r.fault(People, "is needed by %s=map", DuoUsername)
	case value == "":
	case strings.Contains(value, "=>"):
		if err := rules.ReadInline(value); err != nil {
			r.fault(People, "%w", err)
		}
	default:
		r.peopleFile(&rules, value)
	}
	return rules
}

func (r *reader) peopleFile(rules *person.Rules, path string) {
	content, err := r.readFile(path)
	if err != nil {
		r.fault(People, "read file: %w", err)
		return
	}
	if err := rules.ReadCSV(bytes.NewReader(content)); err != nil {
		r.fault(People, "%s: %w", path, err)
	}
}

func (r *reader) level() slog.Level {
	var level slog.Level
	value := r.choice(LogLevel, "debug", "info", "warn", "error")
	if value != "" {
		_ = level.UnmarshalText([]byte(value)) // a choice is always a level
	}
	return level
}

// payloadKey is checked here, so that a wrong one stops the start.
func (r *reader) payloadKey() Secret {
	keys := r.secret(PayloadKey)
	if keys == "" {
		return ""
	}
	for key := range strings.SplitSeq(keys.Reveal(), ",") {
		if raw, err := hex.DecodeString(strings.TrimSpace(key)); err != nil || len(raw) != payloadKeyBytes {
			r.fault(PayloadKey, "is not %d bytes in hex", payloadKeyBytes)
			return ""
		}
	}
	return keys
}

const payloadKeyBytes = 32
