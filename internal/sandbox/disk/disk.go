// Package disk keeps the sandbox's records in one SQLite file, so that what a
// caller was told is still true after the process has been killed.
//
// Records are written in groups: Put and Delete only queue, Flush waits until
// everything queued so far is synced. A server flushes before each answer and
// thereby never shows what a crash could take back.
package disk

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sync"

	_ "modernc.org/sqlite" // the pure Go driver named "sqlite"
)

// ErrClosed is returned by Flush when the disk was closed before the records
// that it waits for were written.
var ErrClosed = errors.New("sandbox disk is closed")

const schema = `CREATE TABLE IF NOT EXISTS record (
	kind TEXT NOT NULL,
	id   TEXT NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (kind, id)
) WITHOUT ROWID`

type change struct {
	kind, id string
	data     []byte // nil deletes the record
}

// Disk is a durable map from (kind, id) to JSON. Its methods may be called from
// several goroutines; changes reach the file in the order of the calls.
type Disk struct {
	db   *sql.DB
	wake chan struct{}
	stop chan struct{}
	done chan struct{}

	mu      sync.Mutex
	queue   []change
	queued  uint64 // changes ever queued
	synced  uint64 // changes ever written
	changed chan struct{}
	err     error
	closed  bool
}

// Open opens or creates the file at path and starts the writer.
func Open(ctx context.Context, path string) (*Disk, error) {
	dsn := url.URL{Scheme: "file", Opaque: path, RawQuery: url.Values{
		"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(5000)"},
	}.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("open sandbox disk: %w", err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare sandbox disk: %w", err), db.Close())
	}
	d := &Disk{
		db: db, wake: make(chan struct{}, 1), stop: make(chan struct{}),
		done: make(chan struct{}), changed: make(chan struct{}),
	}
	go d.write(context.WithoutCancel(ctx))
	return d, nil
}

// Each calls f with every record of a kind, in the order of their ids.
func (d *Disk) Each(ctx context.Context, kind string, f func(id string, data []byte) error) error {
	rows, err := d.db.QueryContext(ctx, `SELECT id, data FROM record WHERE kind = ? ORDER BY id`, kind)
	if err != nil {
		return fmt.Errorf("read %s records: %w", kind, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		var data []byte
		if err := rows.Scan(&id, &data); err != nil {
			return fmt.Errorf("read %s record: %w", kind, err)
		}
		if err := f(id, data); err != nil {
			return fmt.Errorf("load %s %s: %w", kind, id, err)
		}
	}
	return rows.Err()
}

// Load reads all records of a kind into values of type T, in the order of ids.
func Load[T any](ctx context.Context, d *Disk, kind string) ([]*T, error) {
	var all []*T
	err := d.Each(ctx, kind, func(_ string, data []byte) error {
		v := new(T)
		all = append(all, v)
		return json.Unmarshal(data, v)
	})
	return all, err
}

// Put queues a record; an earlier one with the same kind and id is replaced.
func (d *Disk) Put(kind, id string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		d.fail(fmt.Errorf("encode %s %s: %w", kind, id, err))
		return
	}
	d.enqueue(change{kind: kind, id: id, data: data})
}

// Delete queues the removal of a record.
func (d *Disk) Delete(kind, id string) { d.enqueue(change{kind: kind, id: id}) }

// Flush returns nil once everything queued before the call is on disk.
func (d *Disk) Flush(ctx context.Context) error {
	d.mu.Lock()
	want := d.queued
	for {
		if d.err != nil || d.synced >= want || d.closed {
			err := d.err
			if err == nil && d.synced < want {
				err = ErrClosed
			}
			d.mu.Unlock()
			return err
		}
		changed := d.changed
		d.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
		d.mu.Lock()
	}
}

// Close writes what is queued, stops the writer and closes the file.
func (d *Disk) Close() error {
	close(d.stop)
	<-d.done
	if err := d.db.Close(); err != nil {
		return fmt.Errorf("close sandbox disk: %w", err)
	}
	return nil
}

func (d *Disk) enqueue(c change) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queued++
	d.queue = append(d.queue, c)
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *Disk) write(ctx context.Context) {
	defer close(d.done)
	for {
		select {
		case <-d.wake:
			d.drain(ctx)
		case <-d.stop:
			d.drain(ctx)
			d.mu.Lock()
			d.closed = true
			d.announce()
			d.mu.Unlock()
			return
		}
	}
}

func (d *Disk) drain(ctx context.Context) {
	d.mu.Lock()
	batch := d.queue
	d.queue = nil
	d.mu.Unlock()
	if len(batch) == 0 {
		return
	}
	if err := d.commit(ctx, batch); err != nil {
		d.fail(err)
		return
	}
	d.mu.Lock()
	d.synced += uint64(len(batch))
	d.announce()
	d.mu.Unlock()
}

func (d *Disk) commit(ctx context.Context, batch []change) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin sandbox write: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, c := range batch {
		if err := apply(ctx, tx, c); err != nil {
			return fmt.Errorf("write %s %s: %w", c.kind, c.id, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit sandbox write: %w", err)
	}
	return nil
}

func apply(ctx context.Context, tx *sql.Tx, c change) error {
	if c.data == nil {
		_, err := tx.ExecContext(ctx, `DELETE FROM record WHERE kind = ? AND id = ?`, c.kind, c.id)
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO record (kind, id, data) VALUES (?, ?, ?)
		ON CONFLICT (kind, id) DO UPDATE SET data = excluded.data`, c.kind, c.id, c.data)
	return err
}

// fail makes every later Flush report err: a sandbox that can't keep its
// promises must not go on as if it could.
func (d *Disk) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		d.err = err
	}
	d.announce()
}

// announce wakes all waiting Flush calls; the caller holds mu.
func (d *Disk) announce() {
	close(d.changed)
	d.changed = make(chan struct{})
}
