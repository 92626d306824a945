package config

import (
	"encoding/base64"
	"net"
	"net/url"
	"strings"
)

// The length of a webhook secret, in bytes, as the Standard Webhooks rules ask.
const (
	minWebhookSecret = 24
	maxWebhookSecret = 64
)

// complete checks what depends on several variables, and fills in what a
// sandbox need not be told.
func (r *reader) complete(c *Config) {
	r.completeDuo(c.Duo)
	r.completeLogin(*c)
	if c.DatabaseRole != "" && c.DatabaseURL == "" {
		r.fault(DatabaseRole, "is of no use without %s", DatabaseURL)
	}
	if c.Sandbox() {
		if c.Slack.APIURL != "" {
			r.fault(SlackAPIURL, "is of no use without %s", SlackBotToken)
		}
	} else {
		r.completeSlack(c.Slack)
	}
	if c.Real() {
		r.realTokens(APITokens, c.Tokens)
		r.realTokens(AdminTokens, c.Admins)
		if c.Channel == "" {
			r.fault(Channel, "is needed")
		}
		return
	}
	if c.Channel == "" {
		c.Channel = "security"
	}
	if len(c.Tokens) == 0 && !r.given(APITokens) {
		c.Tokens = Tokens{{Source: sandboxToken, Token: sandboxToken}}
	}
	if len(c.Admins) == 0 && !r.given(AdminTokens) {
		c.Admins = Tokens{{Source: sandboxAdmin, Token: sandboxAdminToken}}
	}
}

// given tells whether a secret is set, in whatever way and however wrong.
func (r *reader) given(name string) bool { return r.text(name) != "" || r.text(name+"_FILE") != "" }

func (r *reader) completeSlack(slack Slack) {
	if slack.BotToken == "" {
		r.fault(SlackBotToken, "is needed")
	}
	if slack.AppToken == "" && slack.SigningSecret == "" {
		r.fault(SlackAppToken, "is needed for Socket Mode, or %s for callbacks over HTTP", SlackSecret)
	}
}

// completeDuo wants all of it or nothing: half a second factor is none.
func (r *reader) completeDuo(duo Duo) {
	values := []struct{ name, value string }{
		{DuoIKey, duo.IKey}, {DuoSKey, duo.SKey.Reveal()}, {DuoHost, duo.Host},
	}
	if duo == (Duo{}) {
		return
	}
	for _, field := range values {
		if field.value == "" {
			r.fault(field.name, "is needed with the other DUO_ variables")
		}
	}
}

func (r *reader) webhook() Webhook {
	webhook := Webhook{URL: r.secret(WebhookURL), Secret: r.secret(WebhookSecret)}
	switch {
	case webhook == Webhook{}:
		return webhook
	case webhook.URL == "":
		r.fault(WebhookURL, "is needed with %s", WebhookSecret)
	case !safeTarget(webhook.URL.Reveal()):
		r.fault(WebhookURL, "is not an https URL, nor http on this machine")
	}
	if webhook.Secret == "" {
		r.fault(WebhookSecret, "is needed with %s", WebhookURL)
	} else if !isWebhookSecret(webhook.Secret.Reveal()) {
		r.fault(WebhookSecret, "is not whsec_ and the base64 of %d to %d bytes", minWebhookSecret, maxWebhookSecret)
	}
	return webhook
}

func safeTarget(address string) bool {
	u, err := url.Parse(address)
	if err != nil || !isHTTP(u) {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
}

func isWebhookSecret(text string) bool {
	encoded, ok := strings.CutPrefix(text, "whsec_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	return ok && err == nil && len(key) >= minWebhookSecret && len(key) <= maxWebhookSecret
}
