package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"securitybot/internal/config"
)

func TestOldNamesStandIn(t *testing.T) {
	t.Parallel()
	c, err := environment{
		"SLACK_API_TOKEN": " xoxb-1-real\n", "REPORTING_CHANNEL": "C0123456789",
		"DUO_INTEGRATION_KEY": "DIABC", "DUO_SECRET_KEY": "duo-secret", "DUO_ENDPOINT": "api-1.duosecurity.com",
		config.SlackAppToken: "xapp-1-real", config.APITokens: "falco=" + longToken,
	}.load()
	require.NoError(t, err)
	require.True(t, c.Real())
	require.Equal(t, "xoxb-1-real", c.Slack.BotToken.Reveal())
	require.Equal(t, "C0123456789", c.Channel)
	require.Equal(t, config.Duo{IKey: "DIABC", SKey: "duo-secret", Host: "api-1.duosecurity.com"}, c.Duo)
	require.Equal(t, []string{
		"SLACK_API_TOKEN is an old name, please use SLACK_BOT_TOKEN",
		"REPORTING_CHANNEL is an old name, please use SECURITYBOT_CHANNEL",
		"DUO_INTEGRATION_KEY is an old name, please use DUO_IKEY",
		"DUO_SECRET_KEY is an old name, please use DUO_SKEY",
		"DUO_ENDPOINT is an old name, please use DUO_HOST",
	}, c.Warnings)
}

func TestOldNamesBesideNewOnes(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]environment{
		"the same":          realDuo().with("DUO_SECRET_KEY", "duo-secret"),
		"the same, by file": realDuo().with(config.DuoSKey, "", config.DuoSKey+"_FILE", "/skey", "file:/skey", "duo-secret\n", "DUO_SECRET_KEY", "duo-secret"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := set.load()
			require.NoError(t, err)
			require.Equal(t, "duo-secret", c.Duo.SKey.Reveal())
			require.Len(t, c.Warnings, 1)
		})
	}
	c, err := realDuo().with("SLACK_API_TOKEN", " ").load()
	require.NoError(t, err)
	require.Empty(t, c.Warnings, "an empty one is not set")
}

func TestOldNamesInTheWay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  environment
		want string
	}{
		"two bot tokens": {
			realSlack().with("SLACK_API_TOKEN", "xoxb-hunter2"),
			"SLACK_API_TOKEN: is set, and so is SLACK_BOT_TOKEN, to something else: set SLACK_BOT_TOKEN alone",
		},
		"two keys, one in a file": {
			realDuo().with(config.DuoSKey, "", config.DuoSKey+"_FILE", "/skey", "file:/skey", "hunter2", "DUO_SECRET_KEY", "duo-secret"),
			"DUO_SECRET_KEY: is set, and so is DUO_SKEY",
		},
		"another kind of token": {
			realSlack().with(config.SlackBotToken, "", "SLACK_API_TOKEN", "hunter2"),
			"SLACK_BOT_TOKEN (here SLACK_API_TOKEN): does not begin with xoxb-",
		},
		"a database's host":     {environment{"DB_HOST": "hunter2"}, "DB_HOST: is a setting of the original Securitybot: use DATABASE_URL"},
		"a database's user":     {environment{"DB_USER": "hunter2"}, "DB_USER: is a setting of the original Securitybot: use DATABASE_URL"},
		"a database's password": {environment{"DB_PASS": "hunter2"}, "DB_PASS: is a setting of the original Securitybot: use DATABASE_URL"},
		"a database's name":     {environment{"DB_NAME": "hunter2"}, "DB_NAME: is a setting of the original Securitybot: use DATABASE_URL"},
		"an icon":               {environment{"ICON_URL": "hunter2"}, "ICON_URL: is a setting of the original Securitybot: use the Slack app's own settings"},
		"a canary":              {environment{"TEST_USERNAME": "hunter2"}, "TEST_USERNAME: is a setting of the original Securitybot: use canary: in the policy file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.set.fails(t, c.want)
		})
	}
}
