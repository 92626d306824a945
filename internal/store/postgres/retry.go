package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	maxTries   = 7 // of a transaction, over about three seconds
	firstPause = 50 * time.Millisecond
)

// The server's codes that decide here.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	invalidAuthorization = "28" // a class
	invalidCatalogName   = "3D" // a class
)

// errLost is a connection that broke before the commit was sent.
var errLost = errors.New("connection was lost in a transaction")

// refused tells that the server undid a transaction because of another one. It is
// the only failure of a commit that may be tried again: pgconn.SafeToRetry says so
// even of a commit that was sent and whose answer was lost.
func refused(err error) bool {
	var answer *pgconn.PgError
	return errors.As(err, &answer) && (answer.Code == serializationFailure || answer.Code == deadlockDetected)
}

// reachable tells whether a server that could not be reached may be so in a
// moment; one that does not know us or our database will not.
func reachable(err error) bool {
	var answer *pgconn.PgError
	if !errors.As(err, &answer) {
		return true
	}
	class := answer.Code[:min(2, len(answer.Code))]
	return class != invalidAuthorization && class != invalidCatalogName
}

// pause waits before the next try, twice as long each time, give or take a half,
// so that those who met once don't meet again. It tells whether to go on.
func pause(ctx context.Context, try int) bool {
	whole := firstPause << (try - 1)
	timer := time.NewTimer(whole/2 + rand.N(whole)) //nolint:gosec // only spreads the tries
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
