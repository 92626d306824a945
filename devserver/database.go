package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	temporalsql "go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/resolver"
	sqliteschema "go.temporal.io/server/schema/sqlite"
)

const memoryName = "temporal-devserver"

// openDatabase prepares the database: tables, namespaces and their search
// attributes. The returned configuration is for the server, close is for
// after its stop.
func openDatabase(ctx context.Context, opts options) (cfg *config.SQL, closeDB func() error, err error) {
	if opts.dbFile == "" {
		cfg, closeDB, err = openMemory(ctx)
	} else {
		cfg, err = openFile(opts.dbFile)
		closeDB = func() error { return nil }
	}
	if err != nil {
		return nil, nil, err
	}
	if err := prepareNamespaces(ctx, cfg, opts.namespaces, opts.searchAttributes); err != nil {
		return nil, nil, errors.Join(err, closeDB())
	}
	return cfg, closeDB, nil
}

// openMemory holds one connection of its own open. The data lives as long as
// any connection does, and the server's single one is dropped and replaced
// when a request is cancelled inside a transaction.
func openMemory(ctx context.Context) (*config.SQL, func() error, error) {
	cfg := &config.SQL{
		PluginName:        sqlite.PluginName,
		DatabaseName:      memoryName,
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
	}
	db, err := sql.Open("sqlite", "file:"+memoryName+"?mode=memory&cache=shared")
	if err != nil {
		return nil, nil, fmt.Errorf("open in-memory database: %w", err)
	}
	if _, err := db.Conn(ctx); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("connect to in-memory database: %w", err), db.Close())
	}
	return cfg, db.Close, nil
}

func openFile(path string) (*config.SQL, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("resolve database file: %w", err)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := createFile(path); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, fmt.Errorf("find database file: %w", err)
	}
	return fileConfig(path, map[string]string{
		"mode":         "rw",
		"journal_mode": "WAL",
		"synchronous":  "NORMAL",
		"busy_timeout": "10000",
	}), nil
}

// createFile makes the tables under another name first, so that a server that
// is killed meanwhile leaves no file that looks like a database and is not one.
// A log that outlived its deleted database would be replayed into the new one.
func createFile(path string) error {
	fresh := path + ".new"
	for _, leftover := range []string{fresh, fresh + "-journal", path + "-journal", path + "-wal", path + "-shm"} {
		if err := os.Remove(leftover); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what is left of an old database file: %w", err)
		}
	}
	cfg := fileConfig(fresh, map[string]string{"mode": "rwc", "synchronous": "OFF"})
	if err := sqliteschema.SetupSchema(cfg); err != nil {
		return fmt.Errorf("create database file %s: %w", path, err)
	}
	if err := os.Rename(fresh, path); err != nil {
		return fmt.Errorf("put new database file in place: %w", err)
	}
	return nil
}

func fileConfig(path string, attributes map[string]string) *config.SQL {
	// The name becomes part of a file: URI.
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	return &config.SQL{
		PluginName:        sqlite.PluginName,
		DatabaseName:      escaped,
		ConnectAttributes: attributes,
	}
}

// connect opens what the server will use; the plugin shares one pool per
// configuration, so closing it takes nothing from the server.
func connect(cfg *config.SQL) (sqlplugin.DB, error) {
	db, err := temporalsql.NewSQLDB(sqlplugin.DbKindMain, cfg, resolver.NewNoopResolver(),
		log.NewNoopLogger(), metrics.NoopMetricsHandler)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return db, nil
}
