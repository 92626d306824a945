// Package store is the record and the arbiter: every transition of an alert is
// one transaction here, whatever drives it. A [Backend] moves the rows; this
// package decides, so that PostgreSQL and SQLite decide alike.
package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"securitybot/internal/alert"
)

// Store keeps the record of alerts in a backend.
type Store struct {
	db   Backend
	now  func() time.Time
	uses *uses // of tokens
}

// Option changes a Store.
type Option func(*Store)

// WithClock takes the time from elsewhere.
func WithClock(now func() time.Time) Option {
	return func(s *Store) { s.now = now }
}

// New gives a Store over a migrated backend.
func New(db Backend, options ...Option) *Store {
	store := &Store{db: db, now: time.Now, uses: newUses()}
	for _, option := range options {
		option(store)
	}
	return store
}

// Now is the record's clock, to the microsecond that every backend keeps.
func (s *Store) Now() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.Ping(ctx) }

// Close closes the backend, once what goes on beside requests is done.
func (s *Store) Close() error {
	s.uses.running.Wait()
	return s.db.Close()
}

// inTx runs f on a transaction that knows the time.
func (s *Store) inTx(ctx context.Context, f func(*tx) error) error {
	return s.db.InTx(ctx, func(rows Tx) error {
		return f(&tx{Tx: rows, ctx: ctx, now: s.Now(), erased: map[string]bool{}})
	})
}

// onAlert runs f on an alert that is locked for the length of the transaction,
// and its person with it: what is decided about one person over several alerts
// (distrust, joining, limits, pushes) is decided one after the other. The person
// comes first, so that no two transactions wait for each other.
func (s *Store) onAlert(ctx context.Context, id string, f func(*tx, *Record) error) error {
	return s.inTx(ctx, func(t *tx) error {
		seen, err := t.FindAlert(ctx, id)
		if err != nil {
			return fmt.Errorf("find alert %.12s: %w", id, err)
		}
		return t.onPersonsAlert(seen.Person, id, f)
	})
}

// onPersonsAlert is onAlert for an alert whose person is known beforehand.
func (t *tx) onPersonsAlert(person alert.PersonKey, id string, f func(*tx, *Record) error) error {
	if err := t.lockPerson(person); err != nil {
		return err
	}
	record, err := t.LockAlert(t.ctx, id)
	if err != nil {
		return fmt.Errorf("lock alert %.12s: %w", id, err)
	}
	if record.Person != person && record.Person.User != "" { // admitted meanwhile
		if err := t.lockPerson(record.Person); err != nil {
			return err
		}
	}
	return f(t, &record)
}

// lockPerson keeps everybody else from deciding about a person.
func (t *tx) lockPerson(person alert.PersonKey) error {
	if person.User == "" {
		return nil
	}
	if err := t.LockName(t.ctx, "person "+person.Team+" "+person.User); err != nil {
		return fmt.Errorf("lock person: %w", err)
	}
	return nil
}

// tx is a transaction at one moment. It never outlives the call that made it,
// which is why it may keep the context.
type tx struct {
	Tx
	ctx    context.Context //nolint:containedctx // lives within one call of inTx
	now    time.Time
	erased map[string]bool // of the alerts that were locked
}

// LockAlert is [TxAlerts.LockAlert]; what was erased is remembered for the timeline.
func (t *tx) LockAlert(ctx context.Context, id string) (Record, error) {
	record, err := t.Tx.LockAlert(ctx, id)
	if err == nil && !record.ErasedAt.IsZero() {
		t.erased[id] = true
	}
	return record, err
}

// save writes the record's state.
func (t *tx) save(record *Record) error {
	if err := t.UpdateAlert(t.ctx, *record); err != nil {
		return fmt.Errorf("update alert %.12s: %w", record.ID, err)
	}
	return nil
}

// enqueue leaves something for Temporal.
func (t *tx) enqueue(alertID, kind, ref string, choice alert.Choice) error {
	return t.enqueueAt(t.now, alertID, kind, ref, choice)
}

// enqueueAt leaves something for Temporal to know from a moment on.
func (t *tx) enqueueAt(at time.Time, alertID, kind, ref string, choice alert.Choice) error {
	err := t.Enqueue(t.ctx, Outgoing{
		AlertID: alertID, Kind: kind, Ref: ref, Choice: string(choice),
		CreatedAt: t.now, AvailableAt: at,
	})
	if err != nil {
		return fmt.Errorf("enqueue %s: %w", kind, err)
	}
	return nil
}

// found turns a missing row into false.
func found[T any](value T, err error) (T, bool, error) {
	if errors.Is(err, ErrNotFound) {
		return value, false, nil
	}
	return value, err == nil, err
}
