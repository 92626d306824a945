package devchild

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTemporalOnPathMustBeNewEnough(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		says    string
		server  string
		refused string
	}{
		"the first with what we need": {says: "temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)\n", server: "1.32.0"},
		"a later patch":               {says: "temporal version 1.9.3 (Server 1.32.11, UI 2.55.0)", server: "1.32.11"},
		"a later minor":               {says: "temporal version 2.0.0 (Server 1.100.0, UI 3.0.0)", server: "1.100.0"},
		"a later major":               {says: "temporal version 3.0.0 (Server 2.0.0, UI 3.0.0)", server: "2.0.0"},
		"the one before":              {says: "temporal version 1.8.0 (Server 1.31.5, UI 2.50.0)", refused: "has Temporal server 1.31.5, need 1.32"},
		"ancient":                     {says: "temporal version 1.32.0 (Server 0.99.9, UI 2.50.0)", refused: "need 1.32"},
		"tool version only":           {says: "temporal version 1.32.0", refused: "no server version"},
		"garbage":                     {says: "usage: temporal [god]\n", refused: "no server version"},
		"absurd numbers":              {says: "temporal version 1 (Server 99999999999999999999.1.1)", refused: "no server version"},
		"broken":                      {says: "", refused: "exit status 3"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(fakeTemporal(t, test.says), "temporal")
			binary, err := inspect(t.Context(), path)
			if test.refused != "" {
				require.ErrorContains(t, err, test.refused)
				return
			}
			require.NoError(t, err)
			require.Equal(t, Binary{Path: path, Server: test.server}, binary)
		})
	}
}

func TestFindPrefersTheInstalledTool(t *testing.T) {
	server := realServer(t)
	source := writeModule(t, "package main\n\nfunc main() {}\n")
	empty, built := t.TempDir(), t.TempDir()
	require.NoError(t, os.Symlink(server.Path, filepath.Join(built, ownName)))
	stamp, err := digest(source)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(stampFile(built), []byte(stamp), 0o600))

	t.Setenv("PATH", fakeTemporal(t, "temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)\n"))
	found, ok, err := Find(t.Context(), source, built)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "1.32.0", found.Server)
	require.False(t, found.Own)

	t.Setenv("PATH", fakeTemporal(t, "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)\n"))
	found, ok, err = Find(t.Context(), source, built)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, Binary{Path: filepath.Join(built, ownName), Server: server.Server, Own: true}, found)

	_, ok, err = Find(t.Context(), source, empty)
	require.NoError(t, err)
	require.False(t, ok, "nothing built yet")

	require.NoError(t, os.WriteFile(stampFile(built), []byte("of older sources"), 0o600))
	_, ok, err = Find(t.Context(), source, built)
	require.NoError(t, err)
	require.False(t, ok, "built from other sources")

	_, ok, err = Find(t.Context(), filepath.Join(empty, "no-sources"), built)
	require.NoError(t, err)
	require.True(t, ok, "an installed copy has no sources to compare with")
}

func TestDBFileBelongsToAServerMinorVersion(t *testing.T) {
	t.Parallel()
	require.Equal(t, filepath.Join("data", "temporal-1.32.db"), Binary{Server: "1.32.1"}.DBFileName("data"))
	require.Equal(t, filepath.Join("data", "temporal-1.33.db"), Binary{Server: "1.33.0"}.DBFileName("data"))
}

func TestChildGetsNoSecret(t *testing.T) {
	t.Setenv("SLACK_BOT_TOKEN", "xoxb-planted")
	t.Setenv("GOMEMLIMIT", "1GiB")
	require.NotContains(t, childEnv(), "SLACK_BOT_TOKEN=xoxb-planted")
	require.Contains(t, childEnv(), "GOMEMLIMIT=1GiB")
}
