// Package sqlite keeps the record in one file, for one process: the embedded
// default. It has one connection, so transactions run one after the other, and
// whatever a transaction reads stays as it is until it ends: locks need nothing
// more than that.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"securitybot/internal/store"
	"securitybot/internal/store/sqlite/litedb"
)

const (
	busyTimeout = "busy_timeout(5000)" // milliseconds; must come first, it covers the others
	maxTries    = 3                    // of a transaction, each waiting for the busy time-out
	tryPause    = 20 * time.Millisecond
)

// Backend is a store.Backend in a file.
type Backend struct {
	db *sql.DB
}

var _ store.Backend = (*Backend)(nil)

// Open opens a migrated database, see [Migrate]. What people said is in it, so
// a file that it makes can be read by its owner alone.
func Open(ctx context.Context, path string) (*Backend, error) {
	db, err := open(ctx, path)
	if err != nil {
		return nil, err
	}
	return &Backend{db: db}, nil
}

func open(ctx context.Context, path string) (*sql.DB, error) {
	name, err := source(path)
	if err != nil {
		return nil, fmt.Errorf("find database file: %w", err)
	}
	file, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open database file: %w", err)
	}
	if err := file.Close(); err != nil {
		return nil, fmt.Errorf("close database file: %w", err)
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db.SetMaxOpenConns(1)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), db.Close())
	}
	return db, nil
}

// source is the driver's name for a file, whatever characters its path has. What
// is deleted there is overwritten: it was deleted for a reason.
func source(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	options := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {busyTimeout, "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "secure_delete(1)"},
	}
	file := url.URL{Scheme: "file", Path: absolute, RawQuery: options.Encode()}
	return file.String(), nil
}

// InTx runs f in one transaction. f must not call InTx: there is but one
// connection, and f holds it.
func (b *Backend) InTx(ctx context.Context, f func(store.Tx) error) error {
	for try := 1; ; try++ {
		err := b.once(ctx, f)
		if err == nil || try == maxTries || !busy(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(tryPause):
		}
	}
}

func (b *Backend) once(ctx context.Context, f func(store.Tx) error) error {
	transaction, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer func() { _ = transaction.Rollback() }() // after a commit it does nothing
	if err := f(&tx{q: litedb.New(transaction)}); err != nil {
		return err
	}
	err = transaction.Commit()
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		err = ctx.Err() // database/sql rolled it back first, and says only that it is over
	}
	if err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	return nil
}

// busy tells that another process held the file, so that nothing was done.
func busy(err error) bool {
	var refused *sqlite.Error
	if !errors.As(err, &refused) {
		return false
	}
	primary := refused.Code() & 0xff // the rest of an extended code says why
	return primary == sqlite3.SQLITE_BUSY || primary == sqlite3.SQLITE_LOCKED
}

// Ping tells whether the database answers.
func (b *Backend) Ping(ctx context.Context) error {
	var one int
	if err := b.db.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("ask database: %w", err)
	}
	return nil
}

// Close closes the file.
func (b *Backend) Close() error {
	if err := b.db.Close(); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}
