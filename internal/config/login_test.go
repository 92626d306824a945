package config_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"securitybot/internal/config"
)

// signerKey is a new key that signs under a name.
func signerKey(name string) string {
	signer, _, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		panic(err)
	}
	return signer
}

func withLogin() environment {
	return realSlack().with(
		config.PublicURL, "https://bot.example.com", config.OIDCIssuer, "https://id.example.com/tenant/",
		config.OIDCClientID, "securitybot", config.OIDCSecret, "hunter2", config.Viewers, "Vera@Example.com",
	)
}

func TestLogin(t *testing.T) {
	t.Parallel()
	c, err := withLogin().with(
		config.OIDCClaim, "groups", config.OIDCTrust, "true", config.Viewers, "Vera@Example.com, Security\nit",
		config.Responders, "soc", config.ConsoleAdmins, " , kim@example.com,",
	).load()
	require.NoError(t, err)
	require.Equal(t, config.Login{
		Issuer: "https://id.example.com/tenant/", ClientID: "securitybot", ClientSecret: "hunter2", RolesClaim: "groups", TrustEmail: true,
		Viewers: []string{"Vera@Example.com", "Security", "it"}, Responders: []string{"soc"}, Admins: []string{"kim@example.com"},
	}, c.Login)
	require.True(t, c.Login.Configured())
	require.Empty(t, c.Warnings)
}

func TestASandboxAndNobodyElseNeedsNoProvider(t *testing.T) {
	t.Parallel()
	for _, set := range []environment{{}, realSlack()} {
		c, err := set.load()
		require.NoError(t, err)
		require.False(t, c.Login.Configured())
		require.False(t, c.Login.TrustEmail)
	}
}

func TestALoginForNobodyIsSaid(t *testing.T) {
	t.Parallel()
	c, err := withLogin().with(config.Viewers, "").load()
	require.NoError(t, err)
	require.Len(t, c.Warnings, 1)
	require.Contains(t, c.Warnings[0], config.Responders)
}

func TestAProviderOnThisMachine(t *testing.T) {
	t.Parallel()
	c, err := withLogin().with(config.OIDCIssuer, "http://127.0.0.1:8090/sandbox/oidc", config.PublicURL, "http://localhost:8080").load()
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:8090/sandbox/oidc", c.Login.Issuer)
}

func TestFaultsOfLoginNameTheVariable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  environment
		want string
	}{
		"a provider in the clear":       {withLogin().with(config.OIDCIssuer, "http://id.example.com"), "SECURITYBOT_OIDC_ISSUER: is not an https URL"},
		"a provider with a password":    {withLogin().with(config.OIDCIssuer, "https://a:hunter2@id.example.com"), "SECURITYBOT_OIDC_ISSUER: is not an https URL"},
		"a provider without scheme":     {withLogin().with(config.OIDCIssuer, "id.example.com"), "SECURITYBOT_OIDC_ISSUER: is not an https URL"},
		"no client":                     {withLogin().with(config.OIDCClientID, ""), "SECURITYBOT_OIDC_CLIENT_ID: is needed"},
		"no client secret":              {withLogin().with(config.OIDCSecret, ""), "SECURITYBOT_OIDC_CLIENT_SECRET: is needed"},
		"nowhere to come back to":       {withLogin().with(config.PublicURL, ""), "SECURITYBOT_PUBLIC_URL: is needed with SECURITYBOT_OIDC_ISSUER"},
		"cookies in the clear":          {withLogin().with(config.PublicURL, "http://bot.example.com"), "SECURITYBOT_PUBLIC_URL: is not https"},
		"a host shared with others":     {withLogin().with(config.PublicURL, "https://example.com/bot"), "SECURITYBOT_PUBLIC_URL: has a path"},
		"a group that no claim has":     {withLogin().with(config.Responders, "soc"), `SECURITYBOT_RESPONDERS: "soc" is no email, and SECURITYBOT_OIDC_ROLES_CLAIM is not set`},
		"perhaps trusted":               {withLogin().with(config.OIDCTrust, "yes"), `SECURITYBOT_OIDC_TRUST_EMAIL: "yes" is none of true, false`},
		"a client of nobody":            {environment{config.OIDCClientID: "securitybot"}, "SECURITYBOT_OIDC_CLIENT_ID: is of no use without SECURITYBOT_OIDC_ISSUER"},
		"a secret for nobody":           {environment{config.OIDCSecret: "hunter2"}, "SECURITYBOT_OIDC_CLIENT_SECRET: is of no use"},
		"a claim of nobody":             {environment{config.OIDCClaim: "groups"}, "SECURITYBOT_OIDC_ROLES_CLAIM: is of no use"},
		"viewers who can't log in":      {environment{config.Viewers: "vera@example.com"}, "SECURITYBOT_VIEWERS: is of no use"},
		"responders who can't log in":   {environment{config.Responders: "rob@example.com"}, "SECURITYBOT_RESPONDERS: is of no use"},
		"administrators who can't":      {environment{config.ConsoleAdmins: "ada@example.com"}, "SECURITYBOT_CONSOLE_ADMINS: is of no use"},
		"trust in nobody":               {environment{config.OIDCTrust: "true"}, "SECURITYBOT_OIDC_TRUST_EMAIL: is of no use"},
		"a key that signs nothing":      {environment{config.EvidenceKey: "PRIVATE+KEY+hunter2"}, "SECURITYBOT_EVIDENCE_KEY: is not a key"},
		"kept for a moment":             {environment{config.Retention: "30m"}, `SECURITYBOT_RETENTION: "30m" is shorter than a day`},
		"kept for a while":              {environment{config.Retention: "a while"}, `SECURITYBOT_RETENTION: "a while" is not a length of time`},
		"a role with rights of its own": {environment{config.DatabaseURL: "postgres://db/x", config.DatabaseRole: `app"; GRANT`}, "SECURITYBOT_DATABASE_ROLE:"},
		"a role in no database":         {environment{config.DatabaseRole: "app"}, "SECURITYBOT_DATABASE_ROLE: is of no use without DATABASE_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.set.fails(t, c.want)
		})
	}
}

func TestEvidenceIsKept(t *testing.T) {
	t.Parallel()
	key := signerKey("securitybot")
	c, err := environment{
		config.EvidenceKey: key, config.Retention: "400d", config.DatabaseURL: "postgres://db/x", config.DatabaseRole: "securitybot_app",
	}.load()
	require.NoError(t, err)
	require.Equal(t, key, c.EvidenceKey.Reveal())
	require.Equal(t, 400*24*time.Hour, c.Retention)
	require.Equal(t, "securitybot_app", c.DatabaseRole)
}
