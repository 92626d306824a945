// Package config is everything an operator sets, read once from the
// environment and checked as a whole: all faults are reported together, each
// with the variable's name and never with a secret's value.
package config

import (
	"log/slog"
	"slices"
	"strings"
	"time"

	"securitybot/internal/person"
	"securitybot/internal/policy"
)

// Config is what is in force. Texts are empty and durations zero where nothing
// was set and there is no default.
type Config struct {
	Listen        string // host:port
	DataDir       string
	DatabaseURL   Secret // postgres://…; empty: SQLite in DataDir
	Tokens        Tokens
	Admins        Tokens // their Source is the email of the person who acts, in lower case
	PublicURL     string // without a slash at the end
	TemporalUIURL string // without a slash at the end
	Channel       string // id or name, without #
	Slack         Slack
	Duo           Duo
	People        person.Rules
	PolicyFile    string // path, as the next two; empty: none
	MessagesFile  string
	LeaveFile     string
	Timing        policy.Timing // what is set of it holds for all severities
	Webhook       Webhook
	PagerDuty     PagerDuty
	PayloadKey    Secret // hex digits, or two of them with a comma; empty: what goes through Temporal is not encrypted
	Login         Login
	EvidenceKey   Secret        // as evidence.GenerateKey makes it; empty: nothing is signed
	Retention     time.Duration // of what is personal; zero: it is kept
	DatabaseRole  string        // that `migrate` gives its rights to; empty: none
	MetricsListen string        // host:port; empty: /metrics is on Listen
	LogJSON       bool
	LogLevel      slog.Level
	Warnings      []string // for the operator, one sentence each
}

// Slack is how to reach Slack. With an AppToken it is Socket Mode, with a
// SigningSecret callbacks over HTTP.
type Slack struct {
	BotToken      Secret
	AppToken      Secret
	SigningSecret Secret
	APIURL        string // with a slash at the end, as slack-go wants it; empty: Slack's own
}

// Duo is how to reach Duo.
type Duo struct {
	IKey   string
	SKey   Secret
	Host   string
	CAFile string
}

// Configured tells whether there is a second factor at all.
func (d Duo) Configured() bool { return d.IKey != "" }

// Webhook is the second target of cases.
type Webhook struct {
	URL    Secret // may carry a key in its path
	Secret Secret // whsec_…
}

// Configured tells whether there is a second target.
func (w Webhook) Configured() bool { return w.URL != "" }

// PagerDuty is how to reach the services that cases may go to.
type PagerDuty struct {
	Keys map[string]Secret // integration keys by the target's name
	URL  string            // of the Events API, scheme and host
}

// Sandbox tells that no credential of Slack or Duo is set, so that the embedded
// sandbox plays both.
func (c Config) Sandbox() bool { return len(c.credentials()) == 0 }

// Real tells that real services may be reached: some credential is set that is
// not a sandbox's own. With nothing but those, and a Web API of its own, it is a
// sandbox that runs elsewhere.
func (c Config) Real() bool {
	credentials := c.credentials()
	if len(credentials) == 0 {
		return false
	}
	return c.Slack.APIURL == "" || slices.ContainsFunc(credentials, isReal)
}

// credentials are the ones that are set. Duo's host counts as one: it is
// enough to make a mistake with.
func (c Config) credentials() []string {
	set := []string{
		c.Slack.BotToken.Reveal(), c.Slack.AppToken.Reveal(), c.Slack.SigningSecret.Reveal(),
		c.Duo.IKey, c.Duo.SKey.Reveal(),
	}
	if c.Duo.Host != "" && c.Duo.IKey == "" {
		set = append(set, c.Duo.Host)
	}
	return slices.DeleteFunc(set, func(value string) bool { return value == "" })
}

func isReal(credential string) bool {
	for _, prefix := range []string{"sandbox-", "xoxb-sandbox", "xapp-sandbox"} {
		if strings.HasPrefix(credential, prefix) {
			return false
		}
	}
	return true
}
