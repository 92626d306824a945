package store

import (
	"context"
	"time"
)

// FindSession finds what somebody's browser goes on with, by a digest of what the
// browser shows. One that has expired is not found.
func (s *Store) FindSession(ctx context.Context, id string) (data []byte, ok bool, err error) {
	err = s.inTx(ctx, func(t *tx) (err error) {
		data, ok, err = found(t.Tx.FindSession(ctx, id, t.now))
		return err
	})
	return data, ok, err
}

// PutSession stores a session, or replaces it.
func (s *Store) PutSession(ctx context.Context, id string, data []byte, expires time.Time) error {
	return s.inTx(ctx, func(t *tx) error { return t.Tx.PutSession(ctx, id, data, expires) })
}

// DropSession forgets a session, if there is one.
func (s *Store) DropSession(ctx context.Context, id string) error {
	return s.inTx(ctx, func(t *tx) error { return t.Tx.DropSession(ctx, id) })
}

// PruneSessions forgets those that have expired.
func (s *Store) PruneSessions(ctx context.Context) error {
	return s.inTx(ctx, func(t *tx) error { return t.Tx.PruneSessions(ctx, t.now) })
}
