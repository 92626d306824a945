package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// How a migration waits for another process that migrates: goose asks every
// lockPeriod seconds, lockAsks times at most.
const (
	lockPeriod = 1
	lockAsks   = 300
)

// MigrateOption changes what Migrate does.
type MigrateOption func(*migration)

type migration struct{ role string }

// WithRole lets a role that exists read and write the record, but neither change
// nor remove what is only ever added: the timeline, the log of its heads, and
// what signs that. It is for api and worker; who migrates owns the tables.
func WithRole(role string) MigrateOption {
	return func(m *migration) { m.role = role }
}

// Migrate brings a database to the newest form. Processes that do so at the same
// time wait for each other.
func Migrate(ctx context.Context, url string, options ...MigrateOption) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("read database URL: %w", err)
	}
	var wanted migration
	for _, option := range options {
		option(&wanted)
	}
	db := stdlib.OpenDB(*config)
	if err := wanted.run(ctx, db); err != nil {
		return errors.Join(fmt.Errorf("migrate database: %w", err), db.Close())
	}
	if err := db.Close(); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

func (m migration) run(ctx context.Context, db *sql.DB) error {
	if err := migrate(ctx, db); err != nil || m.role == "" {
		return err
	}
	return grant(ctx, db, m.role)
}

func migrate(ctx context.Context, db *sql.DB) error {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockPeriod, lockAsks))
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, folder,
		goose.WithDisableGlobalRegistry(true), goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}
