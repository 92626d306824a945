package slack_test

import (
	"os"
	"testing"

	api "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

// The manifest that the README hands out is one that Slack's own form describes,
// and it asks for what the adapter calls.
func TestManifest(t *testing.T) {
	t.Parallel()
	file, err := os.Open("../../../deploy/slack-app-manifest.yaml")
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	var manifest api.Manifest
	require.NoError(t, decoder.Decode(&manifest))
	require.ElementsMatch(t, []string{
		"chat:write", "im:write", "im:history", "users:read", "users:read.email", "commands",
		"channels:read", "channels:history", "groups:history", "usergroups:read",
	}, manifest.OAuthConfig.Scopes.Bot)
	require.Equal(t, []string{"message.im", "app_home_opened"}, manifest.Settings.EventSubscriptions.BotEvents)
	require.True(t, manifest.Settings.Interactivity.IsEnabled)
	require.True(t, manifest.Features.AppHome.HomeTabEnabled)
	require.True(t, manifest.Features.AppHome.MessagesTabEnabled)
	require.False(t, manifest.Features.AppHome.MessagesTabReadOnlyEnabled, "answers are typed there")
	require.Equal(t, "/securitybot", manifest.Features.SlashCommands[0].Command)
	require.True(t, manifest.Features.SlashCommands[0].ShouldEscape)
}
