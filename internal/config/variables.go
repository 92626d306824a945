package config

import (
	"slices"

	"securitybot/internal/person"
)

// The names of the variables. Temporal has its own, which its library reads.
const (
	Listen        = "SECURITYBOT_LISTEN"
	DataDir       = "SECURITYBOT_DATA"
	DatabaseURL   = "DATABASE_URL"
	APITokens     = "SECURITYBOT_TOKENS" //nolint:gosec // a name
	PublicURL     = "SECURITYBOT_PUBLIC_URL"
	TemporalUIURL = "SECURITYBOT_TEMPORAL_UI_URL"
	Channel       = "SECURITYBOT_CHANNEL"
	SlackBotToken = "SLACK_BOT_TOKEN"      //nolint:gosec // a name
	SlackAppToken = "SLACK_APP_TOKEN"      //nolint:gosec // a name
	SlackSecret   = "SLACK_SIGNING_SECRET" //nolint:gosec // a name
	SlackAPIURL   = "SLACK_API_URL"
	DuoIKey       = "DUO_IKEY"
	DuoSKey       = "DUO_SKEY"
	DuoHost       = "DUO_HOST"
	DuoCAFile     = "DUO_CA_FILE"
	DuoUsername   = "DUO_USERNAME"
	People        = "SECURITYBOT_PEOPLE"
	Deadline      = "SECURITYBOT_DEADLINE"
	Reminders     = "SECURITYBOT_REMINDERS"
	WatchFor      = "SECURITYBOT_WATCH_FOR"
	WebhookURL    = "ESCALATION_WEBHOOK_URL"
	WebhookSecret = "ESCALATION_WEBHOOK_SECRET" //nolint:gosec // a name
	PolicyFile    = "SECURITYBOT_POLICY"
	MessagesFile  = "SECURITYBOT_MESSAGES"
	LeaveFile     = "SECURITYBOT_LEAVE"
	AdminTokens   = "SECURITYBOT_ADMINS" //nolint:gosec // a name
	PagerDutyKeys = "PAGERDUTY_ROUTING_KEYS"
	PagerDutyURL  = "PAGERDUTY_API_URL"
	PayloadKey    = "SECURITYBOT_PAYLOAD_KEY"
	OIDCIssuer    = "SECURITYBOT_OIDC_ISSUER"
	OIDCClientID  = "SECURITYBOT_OIDC_CLIENT_ID"
	OIDCSecret    = "SECURITYBOT_OIDC_CLIENT_SECRET" //nolint:gosec // a name
	OIDCClaim     = "SECURITYBOT_OIDC_ROLES_CLAIM"
	OIDCTrust     = "SECURITYBOT_OIDC_TRUST_EMAIL"
	Viewers       = "SECURITYBOT_VIEWERS"
	Responders    = "SECURITYBOT_RESPONDERS"
	ConsoleAdmins = "SECURITYBOT_CONSOLE_ADMINS"
	EvidenceKey   = "SECURITYBOT_EVIDENCE_KEY"
	Retention     = "SECURITYBOT_RETENTION"
	DatabaseRole  = "SECURITYBOT_DATABASE_ROLE"
	MetricsListen = "SECURITYBOT_METRICS_LISTEN"
	LogFormat     = "SECURITYBOT_LOG"
	LogLevel      = "SECURITYBOT_LOG_LEVEL"
)

// Variable is what an operator may set.
type Variable struct {
	Name    string
	Default string
	Secret  bool // never shown; may be given as the path of a file in NAME_FILE
	Meaning string
}

// Variables lists every variable that [Load] reads, for documentation and checks.
func Variables() []Variable {
	return slices.Clone(variables)
}

var variables = []Variable{
	{Name: Listen, Default: "127.0.0.1:8080", Meaning: "address of the API"},
	{Name: DataDir, Default: "./.securitybot", Meaning: "folder of what must survive a restart"},
	{Name: DatabaseURL, Secret: true, Meaning: "postgres://… ; without it SQLite in the data folder"},
	{Name: DatabaseRole, Meaning: "role of api and worker in PostgreSQL: `migrate` lets it add to timelines, and not change them"},
	{Name: APITokens, Secret: true, Meaning: "source=token,…: who may report alerts; sandbox: sandbox=sandbox"},
	{Name: AdminTokens, Secret: true, Meaning: "email=token,…: who acts with a token, as an administrator; sandbox: sam@example.com=sandbox-admin"},
	{Name: PublicURL, Meaning: "where people reach the API, for links"},
	{Name: TemporalUIURL, Meaning: "where people reach Temporal's web pages, for links"},
	{Name: Channel, Meaning: "the security team's channel, its id or name; sandbox: security"},
	{Name: SlackBotToken, Secret: true, Meaning: "xoxb-… of the Slack app"},
	{Name: SlackAppToken, Secret: true, Meaning: "xapp-… for Socket Mode"},
	{Name: SlackSecret, Secret: true, Meaning: "signing secret for callbacks over HTTP"},
	{Name: SlackAPIURL, Meaning: "another Slack Web API, as the sandbox's"},
	{Name: DuoIKey, Meaning: "integration key of the Duo Auth API application"},
	{Name: DuoSKey, Secret: true, Meaning: "its secret key"},
	{Name: DuoHost, Meaning: "its API host"},
	{Name: DuoCAFile, Meaning: "PEM file of the only authorities to trust for Duo, as the sandbox's"},
	{Name: DuoUsername, Default: string(person.ByEmail), Meaning: "a person's name at Duo: email, localpart or map"},
	{Name: People, Meaning: "CSV file of username,email,factor, or REGEX => EMAIL [FACTOR]; …"},
	{Name: PolicyFile, Meaning: "YAML file of the rules"},
	{Name: MessagesFile, Meaning: "YAML file of messages that replace ours"},
	{Name: LeaveFile, Meaning: "CSV file of email,from,to: who is on leave, both dates inclusive"},
	{Name: Deadline, Meaning: "time to answer, for all severities"},
	{Name: Reminders, Meaning: "when to remind, after the question: 5m,20m or none"},
	{Name: WatchFor, Meaning: "how long late answers are taken after the deadline"},
	{Name: WebhookURL, Secret: true, Meaning: "second target of cases, when chat is away"},
	{Name: WebhookSecret, Secret: true, Meaning: "whsec_… that signs them"},
	{Name: PagerDutyKeys, Secret: true, Meaning: "name=key,…: integration keys, by the names that the policy's targets say"},
	{Name: PayloadKey, Secret: true, Meaning: "32 bytes in hex: what goes through Temporal is encrypted with it; the old one after a comma, while keys change"},
	{Name: PagerDutyURL, Default: "https://events.pagerduty.com", Meaning: "another Events API, as PagerDuty's in Europe or a test's"},
	{Name: OIDCIssuer, Meaning: "OpenID Connect issuer that people log in to the console with; sandbox: its own"},
	{Name: OIDCClientID, Meaning: "client id there"},
	{Name: OIDCSecret, Secret: true, Meaning: "its secret"},
	{Name: OIDCClaim, Meaning: "claim that holds somebody's groups or roles, a text or a list of them"},
	{Name: OIDCTrust, Default: "false", Meaning: "true: an email without email_verified counts, for providers that leave it out"},
	{Name: Viewers, Meaning: "emails, or values of the claim, with commas: who may read in the console"},
	{Name: Responders, Meaning: "the same: who may see to cases as well"},
	{Name: ConsoleAdmins, Meaning: "the same: who may make tokens and exceptions, pause and erase as well"},
	{Name: EvidenceKey, Secret: true, Meaning: "key of `securitybot evidence key`, which signs timelines every hour; `run`: made in the data folder"},
	{Name: Retention, Meaning: "how long what is personal is kept, such as 365d; without it for ever"},
	{Name: MetricsListen, Meaning: "address of a listener for /metrics alone"},
	{Name: LogFormat, Default: "text", Meaning: "text or json"},
	{Name: LogLevel, Default: "info", Meaning: "debug, info, warn or error"},
}
