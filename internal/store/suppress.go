package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"securitybot/internal/alert"
)

const (
	mostCovered     = 20 // alerts by one suppression
	mostByException = 1000
	longestIgnore   = 4 * time.Hour
	longestExempt   = 7 * 24 * time.Hour
)

// cover closes an alert that a proven yes covers, or an exception. What came of a
// person's own yes covers nothing outside their hours.
func (t *tx) cover(record *Record) (bool, error) {
	if record.Plan.Quiet {
		return false, nil
	}
	inForce, err := t.SuppressionsOf(t.ctx, record.Person, t.now)
	if err != nil {
		return false, fmt.Errorf("list suppressions: %w", err)
	}
	for _, suppression := range inForce {
		if !covers(suppression, *record, t.now) {
			continue
		}
		suppression.Used++
		if err := t.PutSuppression(t.ctx, suppression); err != nil {
			return false, fmt.Errorf("use suppression: %w", err)
		}
		record.CoveredBy = suppression.ID
		record.Plan.Action = alert.Close
		record.Plan.Verdict = alert.Verdict{Outcome: alert.Suppressed, Reason: suppression.Kind}
		return true, nil
	}
	return false, nil
}

// keysOf are the fields of a scope.
func keysOf(scope json.RawMessage) []string {
	var fields map[string]any
	if json.Unmarshal(scope, &fields) != nil {
		return nil
	}
	return slices.Collect(maps.Keys(fields))
}

func covers(suppression Suppression, record Record, now time.Time) bool {
	if !suppression.InForce(now) || suppression.Detection != record.Detection ||
		record.Severity.Rank() > suppression.Severity.Rank() {
		return false
	}
	if !record.Plan.InHours && suppression.Kind != SuppressException {
		return false
	}
	scope, ok := ScopeOf(record.Context, keysOf(suppression.Scope))
	return ok && string(scope) == string(suppression.Scope)
}

// suppressRepeats follows a proven yes, as policy says.
func (t *tx) suppressRepeats(record *Record) error {
	if record.Plan.SuppressFor <= 0 || record.Plan.Quiet {
		return nil
	}
	scope, ok := ScopeOf(record.Context, record.Plan.SuppressScope)
	if !ok {
		return nil
	}
	return t.suppress(record, Suppression{
		Kind: SuppressProven, Scope: scope, Until: t.now.Add(record.Plan.SuppressFor), By: ActorBot,
	})
}

// suppress covers repetitions of a confirmed alert.
func (t *tx) suppress(record *Record, suppression Suppression) error {
	suppression.ID, suppression.AlertID = "sup-"+rand.Text(), record.ID
	suppression.Person, suppression.Detection, suppression.Severity = record.Person, record.Detection, record.Severity
	suppression.Since, suppression.Most = t.now, mostCovered
	if err := t.PutSuppression(t.ctx, suppression); err != nil {
		return fmt.Errorf("write suppression: %w", err)
	}
	return t.append(record.ID, KindSuppresses, suppression.By,
		Fields{"suppression": suppression.ID, "kind": suppression.Kind, "until": suppression.Until}, nil)
}

// The refusals of an exception.
var (
	ErrOwnException   = errors.New("nobody may decide about an exception of their own")
	ErrLongException  = errors.New("an exception lasts at most 7 days")
	ErrNoReason       = errors.New("a reason is needed")
	ErrNotScope       = errors.New("a scope is an object of fields of the context with plain values")
	ErrSilentRevoking = errors.New("it is not in force")
)

// Except adds a suppression by hand: by whom and why is announced. Without a
// severity it covers the mildest alone, without a scope all of the detection.
// Errors: ErrOwnException, ErrNoReason, ErrLongException, ErrNotScope.
func (s *Store) Except(ctx context.Context, exception Suppression, admin alert.PersonKey, adminName, personName string) (Suppression, error) {
	scope, ok := ScopeOf(exception.Scope, keysOf(exception.Scope))
	exception.Scope, exception.Severity = scope, cmp.Or(exception.Severity, alert.Low)
	switch {
	case !ok:
		return exception, ErrNotScope
	case exception.Person == admin:
		return exception, ErrOwnException
	case exception.Reason == "":
		return exception, ErrNoReason
	case !exception.Until.After(s.Now()) || exception.Until.Sub(s.Now()) > longestExempt:
		return exception, ErrLongException
	}
	err := s.inTx(ctx, func(t *tx) error {
		if err := t.lockPerson(exception.Person); err != nil {
			return err
		}
		exception.ID, exception.Kind, exception.By, exception.Since = "exc-"+rand.Text(), SuppressException, adminName, t.now
		exception.Used, exception.Most = 0, mostByException
		if err := t.PutSuppression(ctx, exception); err != nil {
			return fmt.Errorf("write exception: %w", err)
		}
		return t.notifyOf("exception-"+exception.ID, NoticeException, Fields{
			"by": adminName, "who": personName, "detection": exception.Detection, "scope": string(exception.Scope),
			"until": exception.Until, "reason": exception.Reason,
		})
	})
	return exception, err
}

// Revoke ends a suppression, which nobody does for themselves. Errors: ErrNotFound,
// ErrOwnException, ErrSilentRevoking.
func (s *Store) Revoke(ctx context.Context, id string, responder alert.PersonKey, by, reason string) (Suppression, error) {
	var revoked Suppression
	err := s.inTx(ctx, func(t *tx) error {
		seen, err := t.FindSuppression(ctx, id)
		if err != nil {
			return fmt.Errorf("find suppression: %w", err)
		}
		if err := t.lockPerson(seen.Person); err != nil {
			return err
		}
		if revoked, err = t.FindSuppression(ctx, id); err != nil {
			return fmt.Errorf("find suppression: %w", err)
		}
		switch {
		case revoked.Person == responder:
			return ErrOwnException
		case !revoked.InForce(t.now):
			return ErrSilentRevoking
		}
		if err := t.revoke(&revoked, by, reason); err != nil || revoked.Kind != SuppressException {
			return err
		}
		return t.announceRevoked(revoked)
	})
	return revoked, err
}

// announceRevoked tells that an exception, which was announced, holds no more.
func (t *tx) announceRevoked(exception Suppression) error {
	name, err := t.nameOf(exception.Person)
	if err != nil {
		return err
	}
	return t.notifyOf("", NoticeRevoked, Fields{
		"by": exception.RevokedBy, "who": name, "detection": exception.Detection, "reason": exception.Revocation,
	})
}

func (t *tx) revoke(suppression *Suppression, by, reason string) error {
	suppression.RevokedAt, suppression.RevokedBy, suppression.Revocation = t.now, by, reason
	if err := t.PutSuppression(t.ctx, *suppression); err != nil {
		return fmt.Errorf("revoke suppression: %w", err)
	}
	if suppression.AlertID == "" {
		return nil
	}
	if _, err := t.LockAlert(t.ctx, suppression.AlertID); err != nil { // its timeline has one writer at a time
		return fmt.Errorf("lock alert %.12s: %w", suppression.AlertID, err)
	}
	return t.append(suppression.AlertID, KindRevoked, by, Fields{"suppression": suppression.ID}, Fields{"reason": reason})
}

// revokeOf ends what came of a yes that is in doubt by now.
func (t *tx) revokeOf(record *Record, reason string) error {
	return t.revokeWhere(record.Person, reason, func(suppression Suppression) bool { return suppression.AlertID == record.ID })
}

// revokeAllOf ends whatever keeps a person from being asked.
func (t *tx) revokeAllOf(person alert.PersonKey, reason string) error {
	return t.revokeWhere(person, reason, func(Suppression) bool { return true })
}

func (t *tx) revokeWhere(person alert.PersonKey, reason string, meant func(Suppression) bool) error {
	inForce, err := t.SuppressionsOf(t.ctx, person, t.now)
	if err != nil {
		return fmt.Errorf("list suppressions: %w", err)
	}
	for _, suppression := range inForce {
		if !meant(suppression) {
			continue
		}
		if err := t.revoke(&suppression, ActorBot, reason); err != nil {
			return err
		}
	}
	return nil
}

// Suppressions lists what is in force, newest first, and what was in the last days.
func (s *Store) Suppressions(ctx context.Context, since time.Time, limit int) ([]Suppression, error) {
	var list []Suppression
	err := s.inTx(ctx, func(t *tx) (err error) {
		list, err = t.Tx.Suppressions(ctx, since, limit)
		return err
	})
	return list, err
}
