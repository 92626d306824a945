package temporalclient_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"securitybot/internal/temporalclient"
)

func TestAServerOfOurOwnIsNoneOfTheEnvironments(t *testing.T) {
	profiles := filepath.Join(t.TempDir(), "temporal.toml")
	require.NoError(t, os.WriteFile(profiles, []byte(
		"[profile.default]\naddress = \"elsewhere.example.com:7233\"\nnamespace = \"theirs\"\napi_key = \"key\"\n"), 0o600))
	t.Setenv("TEMPORAL_CONFIG_FILE", profiles)
	require.Equal(t, "theirs", temporalclient.Namespace(""), "a profile is read")
	t.Setenv("TEMPORAL_NAMESPACE", "others")
	require.Equal(t, "others", temporalclient.Namespace(""), "the environment goes before it")
	require.Equal(t, client.DefaultNamespace, temporalclient.Namespace("127.0.0.1:7233"))
}
