package main

import (
	"context"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence"
	"go.temporal.io/server/common/persistence/serialization"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
)

func TestSearchAttributesAreAddedToAnExistingFile(t *testing.T) {
	t.Parallel()
	opts := options{
		dbFile:           filepath.Join(t.TempDir(), "odd #1 100%?.db"),
		namespaces:       []string{"default"},
		searchAttributes: attributes{"AlertUser": enumspb.INDEXED_VALUE_TYPE_KEYWORD},
	}
	// What a server that was killed while it made the tables leaves behind.
	require.NoError(t, os.WriteFile(opts.dbFile+".new", []byte("half a database"), 0o600))

	first := open(t, opts)
	require.Equal(t, []string{"AlertUser"}, slices.Collect(maps.Values(aliases(t, first))))

	opts.searchAttributes = attributes{
		"AlertUser":  enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		"AlertCount": enumspb.INDEXED_VALUE_TYPE_INT,
	}
	second := open(t, opts)
	require.Len(t, aliases(t, second), 2)
	require.Contains(t, aliases(t, second), "Int01")
	require.NoFileExists(t, opts.dbFile+".new")

	opts.searchAttributes = attributes{"AlertCount": enumspb.INDEXED_VALUE_TYPE_BOOL}
	_, _, err := openDatabase(t.Context(), opts)
	require.ErrorContains(t, err, "search attribute AlertCount is Int in the database, not Bool")
}

func TestNewDatabaseForgetsTheLogOfADeletedOne(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "temporal.db")
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		require.NoError(t, os.WriteFile(path+suffix, []byte("of the deleted one"), 0o600))
	}
	require.NoError(t, createFile(path))
	found, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	require.Equal(t, []string{path}, found)
}

func TestSearchAttributesNeedAFreeColumn(t *testing.T) {
	t.Parallel()
	have := map[string]string{}
	for _, name := range []string{"A", "B", "C"} {
		var err error
		have, err = extendAliases(have, attributes{name: enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST})
		require.NoError(t, err)
	}
	require.Len(t, have, 3)
	_, err := extendAliases(have, attributes{"D": enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST})
	require.ErrorContains(t, err, "no room for search attribute D")
}

func TestPortsInUseNameTheFlag(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	taken := listener.Addr().(*net.TCPAddr).Port

	tests := map[string]options{
		"--port":         {ip: "127.0.0.1", port: taken},
		"--ui-port":      {ip: "127.0.0.1", uiIP: "127.0.0.1", uiPort: taken},
		"--metrics-port": {ip: "127.0.0.1", headless: true, metricsPort: taken},
	}
	for flagName, opts := range tests {
		t.Run(flagName, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, opts.claimPorts(), "choose another with "+flagName+":")
		})
	}
}

func TestParentGone(t *testing.T) {
	t.Parallel()
	stdin, parent := io.Pipe()
	ctx := untilClosed(t.Context(), stdin)
	_, err := parent.Write([]byte("still here\n"))
	require.NoError(t, err)
	require.NoError(t, ctx.Err())
	require.NoError(t, parent.Close())
	<-ctx.Done()
	require.ErrorIs(t, ctx.Err(), context.Canceled)
}

func open(t *testing.T, opts options) *config.SQL {
	t.Helper()
	cfg, closeDB, err := openDatabase(t.Context(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, closeDB()) })
	return cfg
}

// aliases returns the column names and attribute names of the default namespace.
func aliases(t *testing.T, cfg *config.SQL) map[string]string {
	t.Helper()
	db, err := connect(cfg)
	require.NoError(t, err)
	name := "default"
	rows, err := db.SelectFromNamespace(t.Context(), sqlplugin.NamespaceFilter{Name: &name})
	require.NoError(t, err)
	blob := persistence.NewDataBlob(rows[0].Data, rows[0].DataEncoding)
	detail, err := serialization.NewSerializer().NamespaceDetailFromBlob(blob)
	require.NoError(t, err)
	require.Equal(t, retention, detail.Config.Retention.AsDuration())
	return detail.Config.CustomSearchAttributeAliases
}
