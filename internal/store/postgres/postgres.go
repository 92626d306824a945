// Package postgres keeps the record in PostgreSQL, for as many processes as
// there are. Transactions run at read committed; what must not change under a
// decision is locked by name or by row.
package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"securitybot/internal/store"
	"securitybot/internal/store/postgres/pgdb"
)

const (
	connectTimeout  = 5 * time.Second // unless the URL says otherwise
	rollbackTimeout = 5 * time.Second
)

// Backend is a store.Backend in a PostgreSQL database.
type Backend struct {
	pool *pgxpool.Pool
}

var _ store.Backend = (*Backend)(nil)

// Open prepares connections to a migrated database, see [Migrate]. It makes
// none: whether the server is there, Ping tells. The URL may carry pgxpool's
// own parameters, as pool_max_conns.
func Open(ctx context.Context, url string) (*Backend, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read database URL: %w", err)
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("prepare database connections: %w", err)
	}
	return &Backend{pool: pool}, nil
}

// InTx runs f in one transaction, and again a few times when the server refused
// it because of another one or was lost before the commit was sent. When the
// answer to the commit was lost, nobody knows whether it happened: that is an
// error, and f is not run again.
func (b *Backend) InTx(ctx context.Context, f func(store.Tx) error) error {
	for try := 1; ; try++ {
		again, err := b.once(ctx, f)
		if err == nil || !again || try == maxTries || !pause(ctx, try) {
			return err
		}
	}
}

// once tells, beside the error, whether it may be tried again: nothing was done,
// and the next try may fare better.
func (b *Backend) once(ctx context.Context, f func(store.Tx) error) (again bool, err error) {
	transaction, err := b.pool.Begin(ctx)
	if err != nil {
		return reachable(err), fmt.Errorf("begin transaction: %w", err)
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = transaction.Rollback(ending) // after a commit it does nothing
	}()
	if err := f(&tx{q: pgdb.New(transaction)}); err != nil {
		return transaction.Conn().IsClosed() || refused(err), err
	}
	if transaction.Conn().IsClosed() { // f made nothing of an error, but we must
		return true, errLost
	}
	if err := transaction.Commit(ctx); err != nil {
		return refused(err), fmt.Errorf("commit transaction: %w", err)
	}
	return false, nil
}

// Ping tells whether the database answers.
func (b *Backend) Ping(ctx context.Context) error {
	if err := b.pool.Ping(ctx); err != nil {
		return fmt.Errorf("ask database: %w", err)
	}
	return nil
}

// Close waits for the transactions that still run, and closes every connection.
func (b *Backend) Close() error {
	b.pool.Close()
	return nil
}
