package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/config"
)

const (
	longToken     = "0123456789abcdef0123456789abcdef"
	otherToken    = "fedcba9876543210fedcba9876543210"
	pagerDutyKey  = "hunter2KEY0123456789abcdef012345"
	webhookSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
)

// environment is what is set, and files by their path.
type environment map[string]string

func (e environment) load() (config.Config, error) {
	lookup := func(name string) (string, bool) {
		value, ok := e[name]
		return value, ok
	}
	readFile := func(path string) ([]byte, error) {
		content, ok := e["file:"+path]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return []byte(content), nil
	}
	return config.Load(lookup, readFile)
}

func (e environment) with(pairs ...string) environment {
	merged := maps.Clone(e)
	for i := 0; i < len(pairs); i += 2 {
		merged[pairs[i]] = pairs[i+1]
	}
	return merged
}

func realSlack() environment {
	return environment{
		config.SlackBotToken: "xoxb-1-real", config.SlackAppToken: "xapp-1-real", config.Channel: "#sec",
		config.APITokens: "falco=" + longToken,
	}
}

func realDuo() environment {
	return realSlack().with(config.DuoIKey, "DIABC", config.DuoSKey, "duo-secret", config.DuoHost, "api-1.duosecurity.com")
}

func TestNothingSetIsTheSandbox(t *testing.T) {
	t.Parallel()
	c, err := environment{}.load()
	require.NoError(t, err)
	require.True(t, c.Sandbox())
	require.False(t, c.Real())
	require.Equal(t, "127.0.0.1:8080", c.Listen)
	require.Equal(t, "./.securitybot", c.DataDir)
	require.Equal(t, "security", c.Channel)
	require.Empty(t, c.DatabaseURL.Reveal())
	require.Equal(t, slog.LevelInfo, c.LogLevel)
	require.False(t, c.LogJSON)
	require.Zero(t, c.Timing)
	source, ok := c.Tokens.Source("sandbox")
	require.True(t, ok)
	require.Equal(t, "sandbox", source)
	admin, ok := c.Admins.Source("sandbox-admin")
	require.True(t, ok)
	require.Equal(t, "sam@example.com", admin)
	require.Equal(t, config.PagerDuty{URL: "https://events.pagerduty.com"}, c.PagerDuty)
	require.Empty(t, c.PolicyFile+c.MessagesFile+c.LeaveFile)
	require.Empty(t, c.Warnings)
}

func TestCredentialsSwitchTheSandboxOff(t *testing.T) {
	t.Parallel()
	remote := environment{
		config.SlackBotToken: "xoxb-sandbox-1", config.SlackSecret: "sandbox-signing",
		config.SlackAPIURL: "http://sandbox:8080/sandbox/slack/api",
		config.DuoIKey:     "sandbox-ikey", config.DuoSKey: "sandbox-skey", config.DuoHost: "sandbox:8443", config.DuoCAFile: "/ca.pem",
	}
	for name, c := range map[string]struct {
		set           environment
		sandbox, real bool
	}{
		"real Slack":                          {realSlack(), false, true},
		"real Slack and Duo":                  {realDuo(), false, true},
		"a sandbox elsewhere":                 {remote, false, false},
		"a real app token among the rest":     {remote.with(config.SlackAppToken, "xapp-1-real", config.Channel, "sec", config.APITokens, "a="+longToken), false, true},
		"a real Duo key among the rest":       {remote.with(config.DuoIKey, "DIABC", config.Channel, "sec", config.APITokens, "a="+longToken), false, true},
		"the sandbox's tokens at Slack's API": {remote.with(config.SlackAPIURL, "", config.Channel, "sec", config.APITokens, "a="+longToken), false, true},
		"only how people are called at Duo":   {environment{config.DuoUsername: "localpart"}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loaded, err := c.set.load()
			require.NoError(t, err)
			require.Equal(t, c.sandbox, loaded.Sandbox())
			require.Equal(t, c.real, loaded.Real())
		})
	}
}

func TestASandboxElsewhereNeedsNoToken(t *testing.T) {
	t.Parallel()
	c, err := environment{
		config.SlackBotToken: "xoxb-sandbox-1", config.SlackAppToken: "xapp-sandbox-1", config.SlackAPIURL: "http://sandbox:8080/api/",
	}.load()
	require.NoError(t, err)
	require.Equal(t, "http://sandbox:8080/api/", c.Slack.APIURL)
	require.Equal(t, "security", c.Channel)
	require.Len(t, c.Tokens, 1)
}

func TestEverythingSet(t *testing.T) {
	t.Parallel()
	c, err := realDuo().with(
		config.Listen, "0.0.0.0:80", config.DataDir, "/data", config.DatabaseURL, "postgres://u:p@db/x",
		config.APITokens, "falco="+longToken+", okta=abc="+otherToken+"\nfalco=x"+otherToken,
		config.PublicURL, "https://bot.example.com/", config.TemporalUIURL, "https://temporal.example.com",
		config.Deadline, "12s", config.Reminders, "8s, 4s,4s", config.WatchFor, "1m",
		config.WebhookURL, "https://soc.example.com/hook/key", config.WebhookSecret, webhookSecret,
		config.MetricsListen, ":9090", config.LogFormat, "json", config.LogLevel, "debug",
		config.People, "people.csv", "file:people.csv", "username,email,factor\nasmith,alice@example.com,alice\n",
		config.DuoUsername, "map",
		config.AdminTokens, "Sam@Example.com=s"+longToken+"\nkim@example.com=k"+longToken+", sam@example.com=n"+longToken,
		config.PolicyFile, "policy.yaml", config.MessagesFile, "messages.yaml", config.LeaveFile, "leave.csv",
		config.PagerDutyKeys, "oncall="+pagerDutyKey+", office.hours = "+longToken, config.PagerDutyURL, "https://events.eu.pagerduty.com/",
	).load()
	require.NoError(t, err)
	require.Empty(t, c.Warnings)
	require.Equal(t, []string{"policy.yaml", "messages.yaml", "leave.csv"}, []string{c.PolicyFile, c.MessagesFile, c.LeaveFile})
	require.Equal(t, "https://events.eu.pagerduty.com", c.PagerDuty.URL)
	require.Equal(t, map[string]config.Secret{"oncall": pagerDutyKey, "office.hours": longToken}, c.PagerDuty.Keys)
	for token, want := range map[string]string{"s" + longToken: "sam@example.com", "k" + longToken: "kim@example.com", "n" + longToken: "sam@example.com"} {
		admin, ok := c.Admins.Source(token)
		require.True(t, ok)
		require.Equal(t, want, admin)
	}
	_, ok := c.Admins.Source(longToken)
	require.False(t, ok, "who may report alerts is no administrator")
	require.Equal(t, "sec", c.Channel)
	require.Equal(t, "https://bot.example.com", c.PublicURL)
	require.Equal(t, 12*time.Second, c.Timing.Deadline)
	require.Equal(t, []time.Duration{4 * time.Second, 8 * time.Second}, c.Timing.Reminders)
	require.Equal(t, time.Minute, c.Timing.WatchFor)
	require.Equal(t, "postgres://u:p@db/x", c.DatabaseURL.Reveal())
	require.True(t, c.Webhook.Configured())
	require.True(t, c.Duo.Configured())
	require.True(t, c.LogJSON)
	require.Equal(t, slog.LevelDebug, c.LogLevel)
	for token, want := range map[string]string{longToken: "falco", "abc=" + otherToken: "okta", "x" + otherToken: "falco"} {
		source, ok := c.Tokens.Source(token)
		require.True(t, ok)
		require.Equal(t, want, source)
	}
	for _, wrong := range []string{"", "sandbox", longToken + "0", "falco"} {
		_, ok := c.Tokens.Source(wrong)
		require.False(t, ok, wrong)
	}
}

func TestNoReminders(t *testing.T) {
	t.Parallel()
	c, err := environment{config.Reminders: "none"}.load()
	require.NoError(t, err)
	require.NotNil(t, c.Timing.Reminders)
	require.Empty(t, c.Timing.Reminders)
}

func TestFaultsNameTheVariable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  environment
		want string
	}{
		"no port":                      {environment{config.Listen: "localhost"}, `SECURITYBOT_LISTEN: "localhost" is not HOST:PORT`},
		"a port of letters":            {environment{config.MetricsListen: "localhost:nowhere"}, "SECURITYBOT_METRICS_LISTEN"},
		"another database":             {environment{config.DatabaseURL: "mysql://u:hunter2@db"}, "DATABASE_URL"},
		"a broken database URL":        {environment{config.DatabaseURL: "postgres://u:hunter2@db:port/%zz"}, "DATABASE_URL"},
		"a user in a link":             {environment{config.PublicURL: "https://u:hunter2@example.com"}, "SECURITYBOT_PUBLIC_URL"},
		"no scheme in a link":          {environment{config.TemporalUIURL: "example.com"}, "SECURITYBOT_TEMPORAL_UI_URL"},
		"half a pair":                  {environment{config.APITokens: "hunter2"}, "SECURITYBOT_TOKENS: pair 1 is not source=token"},
		"a token with a space":         {environment{config.APITokens: "a=b c"}, "SECURITYBOT_TOKENS: pair 1"},
		"a source of our own words":    {environment{config.APITokens: "securitybot=" + longToken}, "SECURITYBOT_TOKENS"},
		"a source of a peer's word":    {environment{config.APITokens: "peer=" + longToken}, "SECURITYBOT_TOKENS"},
		"a token twice":                {environment{config.APITokens: "a=" + longToken + ",b=" + longToken}, "SECURITYBOT_TOKENS: pair 2 has the token of another"},
		"the sandbox's token, real":    {realSlack().with(config.APITokens, "a=sandbox"), "SECURITYBOT_TOKENS: pair 1: the sandbox's token is refused"},
		"a short token, real":          {realSlack().with(config.APITokens, "a=hunter2"), "SECURITYBOT_TOKENS: pair 1: the token is shorter than 32"},
		"no channel, real":             {realSlack().with(config.Channel, ""), "SECURITYBOT_CHANNEL: is needed"},
		"no bot token":                 {environment{config.SlackAppToken: "xapp-1"}, "SLACK_BOT_TOKEN: is needed"},
		"no way for callbacks":         {environment{config.SlackBotToken: "xoxb-1", config.Channel: "c"}, "SLACK_APP_TOKEN: is needed"},
		"tokens in each other's place": {realSlack().with(config.SlackBotToken, "xapp-hunter2"), "SLACK_BOT_TOKEN: does not begin with xoxb-"},
		"a Web API for nobody":         {environment{config.SlackAPIURL: "http://127.0.0.1/"}, "SLACK_API_URL: is of no use"},
		"Duo without its key":          {realDuo().with(config.DuoSKey, ""), "DUO_SKEY: is needed"},
		"Duo without its host":         {realDuo().with(config.DuoHost, ""), "DUO_HOST: is needed"},
		"authorities of no Duo":        {environment{config.DuoCAFile: "/ca.pem"}, "DUO_IKEY: is needed"},
		"a URL as Duo's host":          {realDuo().with(config.DuoHost, "https://api-1.duosecurity.com"), "DUO_HOST: is not a bare host name"},
		"Duo alone":                    {environment{config.DuoIKey: "a", config.DuoSKey: "b", config.DuoHost: "c"}, "SLACK_BOT_TOKEN: is needed"},
		"an unknown naming":            {environment{config.DuoUsername: "upn"}, `DUO_USERNAME: "upn" is none of email, localpart, map`},
		"a map of nobody":              {environment{config.DuoUsername: "map"}, "SECURITYBOT_PEOPLE: is needed by DUO_USERNAME=map"},
		"people in no file":            {environment{config.People: "people.csv"}, "SECURITYBOT_PEOPLE: read file: file does not exist"},
		"people in a bad file":         {environment{config.People: "p.csv", "file:p.csv": "username,email\nalice\n"}, "SECURITYBOT_PEOPLE: p.csv: line 2"},
		"people by a bad rule":         {environment{config.People: "( => alice@example.com"}, "SECURITYBOT_PEOPLE: rule"},
		"no length of time":            {environment{config.Deadline: "soon"}, `SECURITYBOT_DEADLINE: "soon" is not a length of time`},
		"no time at all":               {environment{config.WatchFor: "0s"}, `SECURITYBOT_WATCH_FOR: "0s" is not positive`},
		"a reminder after the end":     {environment{config.Deadline: "5m", config.Reminders: "1m,5m"}, "SECURITYBOT_REMINDERS: 5m0s is not before the deadline of 5m0s"},
		"a hole in the reminders":      {environment{config.Reminders: "1m,,2m"}, "SECURITYBOT_REMINDERS"},
		"a webhook nobody signs":       {environment{config.WebhookURL: "https://soc.example.com"}, "ESCALATION_WEBHOOK_SECRET: is needed"},
		"a signature for nobody":       {environment{config.WebhookSecret: webhookSecret}, "ESCALATION_WEBHOOK_URL: is needed"},
		"a webhook in the clear":       {environment{config.WebhookURL: "http://soc.example.com/hunter2", config.WebhookSecret: webhookSecret}, "ESCALATION_WEBHOOK_URL: is not an https URL"},
		"a short webhook secret":       {environment{config.WebhookURL: "https://soc.example.com", config.WebhookSecret: "whsec_aHVudGVyMg=="}, "ESCALATION_WEBHOOK_SECRET: is not whsec_"},
		"an unknown log":               {environment{config.LogFormat: "xml"}, "SECURITYBOT_LOG:"},
		"an unknown level":             {environment{config.LogLevel: "loud"}, "SECURITYBOT_LOG_LEVEL:"},
		"a secret and its file":        {environment{config.DuoSKey: "hunter2", config.DuoSKey + "_FILE": "/f"}, "DUO_SKEY: is set, and so is DUO_SKEY_FILE"},
		"a secret's missing file":      {environment{config.SlackBotToken + "_FILE": "/f"}, "SLACK_BOT_TOKEN_FILE: read file"},
		"a secret's empty file":        {environment{config.SlackSecret + "_FILE": "/f", "file:/f": " \n"}, "SLACK_SIGNING_SECRET_FILE: the file /f is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.set.fails(t, c.want)
		})
	}
}

// fails wants a fault, and no secret in it.
func (e environment) fails(t *testing.T, want string) {
	t.Helper()
	_, err := e.load()
	require.ErrorContains(t, err, want)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestFaultsOfAdminsAndPagerDuty(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  environment
		want string
	}{
		"half an admin":                {environment{config.AdminTokens: "hunter2"}, "SECURITYBOT_ADMINS: pair 1 is not email=token"},
		"an admin without address":     {environment{config.AdminTokens: "sam=hunter2"}, "SECURITYBOT_ADMINS: pair 1 is not email=token"},
		"an admin of two addresses":    {environment{config.AdminTokens: "a@b=" + longToken + "\nsam@x@y=hunter2"}, "SECURITYBOT_ADMINS: pair 2"},
		"two admins of one token":      {environment{config.AdminTokens: "a@b=" + longToken + ",b@b=" + longToken}, "SECURITYBOT_ADMINS: pair 2 has the token of another"},
		"a detection that administers": {environment{config.APITokens: "a=" + longToken, config.AdminTokens: "a@b=" + longToken}, "SECURITYBOT_ADMINS: pair 1 has a token of SECURITYBOT_TOKENS"},
		"the sandbox's admin, known":   {environment{config.APITokens: "a=sandbox-admin"}, "SECURITYBOT_ADMINS: pair 1 has a token of"},
		"the sandbox's admin, real":    {realSlack().with(config.AdminTokens, "sam@example.com=sandbox-admin"), "SECURITYBOT_ADMINS: pair 1: the sandbox's token is refused"},
		"an admin's short token, real": {realSlack().with(config.AdminTokens, "a@b=hunter2"), "SECURITYBOT_ADMINS: pair 1: the token is shorter than 32"},
		"a short payload key":          {environment{config.PayloadKey: "abcd"}, "SECURITYBOT_PAYLOAD_KEY: is not 32 bytes in hex"},
		"half a key":                   {environment{config.PagerDutyKeys: pagerDutyKey}, "PAGERDUTY_ROUTING_KEYS: pair 1 is not name=key"},
		"a short key":                  {environment{config.PagerDutyKeys: "a=" + longToken + ",oncall=hunter2"}, "PAGERDUTY_ROUTING_KEYS: pair 2 is not name=key"},
		"a key the wrong way round":    {environment{config.PagerDutyKeys: pagerDutyKey + "=oncall"}, "PAGERDUTY_ROUTING_KEYS: pair 1"},
		"a target twice":               {environment{config.PagerDutyKeys: "a=" + longToken + ",a=" + pagerDutyKey}, "PAGERDUTY_ROUTING_KEYS: pair 2 has the name of another"},
		"PagerDuty in the clear":       {environment{config.PagerDutyURL: "http://events.pagerduty.com"}, "PAGERDUTY_API_URL: is not https"},
		"PagerDuty's endpoint":         {environment{config.PagerDutyURL: "https://events.pagerduty.com/v2/enqueue"}, "PAGERDUTY_API_URL: is not https://HOST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.set.fails(t, c.want)
		})
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := environment{
		config.Listen: "x", config.Deadline: "x", config.LogLevel: "x", config.DuoHost: "x",
		config.WebhookURL: "x", config.APITokens: "x", config.People: "x", config.AdminTokens: "x",
		config.PagerDutyKeys: "x", config.PagerDutyURL: "x", "DB_HOST": "x",
	}.load()
	for _, name := range []string{
		config.Listen, config.Deadline, config.LogLevel, config.DuoIKey, config.DuoSKey, config.SlackBotToken,
		config.SlackAppToken, config.WebhookURL, config.WebhookSecret, config.APITokens, config.People,
		config.AdminTokens, config.PagerDutyKeys, config.PagerDutyURL, "DB_HOST",
	} {
		require.ErrorContains(t, err, name+": ")
	}
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestSecretsAlsoComeFromFiles(t *testing.T) {
	t.Parallel()
	set := besideSecrets()
	for _, variable := range config.Variables() {
		if variable.Secret {
			set[variable.Name+"_FILE"] = "/run/secrets/" + variable.Name
		}
	}
	planted := plantedSecrets()
	for name, value := range planted {
		set["file:/run/secrets/"+name] = value + "\n"
	}
	c, err := set.load()
	require.NoError(t, err)
	require.Equal(t, planted[config.DuoSKey], c.Duo.SKey.Reveal())
	require.Equal(t, planted[config.DatabaseURL], c.DatabaseURL.Reveal())
	require.Equal(t, planted[config.WebhookSecret], c.Webhook.Secret.Reveal())
	require.Equal(t, planted[config.OIDCSecret], c.Login.ClientSecret.Reveal())
	require.Equal(t, planted[config.EvidenceKey], c.EvidenceKey.Reveal())
	require.Equal(t, "plantedi0123456789abcdef01234567", c.PagerDuty.Keys["oncall"].Reveal())
	require.Len(t, c.Admins, 1)
}

// besideSecrets is what secrets are of no use without.
func besideSecrets() environment {
	return environment{
		config.Channel: "sec", config.DuoIKey: "DIABC", config.DuoHost: "api-1.duosecurity.com",
		config.OIDCIssuer: "https://id.example.com", config.OIDCClientID: "securitybot", config.PublicURL: "https://bot.example.com",
	}
}

func plantedSecrets() map[string]string {
	return map[string]string{
		config.OIDCSecret:    "planted-l",
		config.EvidenceKey:   signerKey("planted-m"),
		config.DatabaseURL:   "postgres://u:planted-a@db/x",
		config.APITokens:     "falco=planted-b-0123456789abcdef0123456789",
		config.SlackBotToken: "xoxb-planted-c",
		config.SlackAppToken: "xapp-planted-d",
		config.SlackSecret:   "planted-e",
		config.DuoSKey:       "planted-f",
		config.WebhookURL:    "https://soc.example.com/planted-g",
		config.WebhookSecret: webhookSecret,
		config.AdminTokens:   "sam@example.com=planted-h-0123456789abcdef0123456789",
		config.PagerDutyKeys: "oncall=plantedi0123456789abcdef01234567",
		config.PayloadKey:    fmt.Sprintf("%x", "planted-k-0123456789abcdef012345"),
	}
}

func TestNoSecretIsEverPrinted(t *testing.T) {
	t.Parallel()
	set := besideSecrets()
	maps.Copy(set, plantedSecrets())
	c, err := set.load()
	require.NoError(t, err)
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("started", "config", c, "pointer", &c, "token", c.Slack.BotToken, "tokens", c.Tokens)
	}
	encoded, err := json.Marshal(c)
	require.NoError(t, err)
	printed := []string{log.String(), string(encoded), errors.New(c.Duo.SKey.String()).Error()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
		printed = append(printed, fmt.Sprintf(verb, c), fmt.Sprintf(verb, &c), fmt.Sprintf(verb, c.Slack.BotToken))
	}
	for _, text := range printed {
		require.NotContains(t, text, "planted")
		require.NotContains(t, text, "MDEyMzQ1")
		require.NotContains(t, strings.ToLower(text), fmt.Sprintf("%x", "planted"))
	}
	require.Contains(t, string(encoded), `"BotToken":"\u003csecret\u003e"`)
}

func TestVariablesAreThoseThatAreRead(t *testing.T) {
	t.Parallel()
	read := map[string]bool{}
	_, err := config.Load(func(name string) (string, bool) {
		read[name] = true
		return "", false
	}, func(string) ([]byte, error) { return nil, fs.ErrNotExist })
	require.NoError(t, err)
	listed := map[string]bool{}
	for _, variable := range config.Variables() {
		require.NotEmpty(t, variable.Meaning)
		listed[variable.Name] = true
		if variable.Secret {
			listed[variable.Name+"_FILE"] = true
		}
	}
	for _, old := range config.LegacySettings() {
		listed[old.Name] = true
	}
	require.Equal(t, listed, read)
}
