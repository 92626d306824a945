package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite/litedb"
)

func (t *tx) PutSuppression(ctx context.Context, s store.Suppression) error {
	return t.q.PutSuppression(ctx, litedb.PutSuppressionParams{
		ID:         s.ID,
		Kind:       s.Kind,
		PersonTeam: s.Person.Team,
		PersonUser: s.Person.User,
		Detection:  s.Detection,
		Scope:      string(s.Scope),
		Severity:   string(s.Severity),
		AlertID:    s.AlertID,
		MadeBy:     s.By,
		Reason:     s.Reason,
		Since:      micros(s.Since),
		Until:      micros(s.Until),
		Used:       int64(s.Used),
		Most:       int64(s.Most),
		RevokedAt:  maybeMicros(s.RevokedAt),
		RevokedBy:  s.RevokedBy,
		Revocation: s.Revocation,
	})
}

func (t *tx) FindSuppression(ctx context.Context, id string) (store.Suppression, error) {
	row, err := t.q.FindSuppression(ctx, id)
	return one(row, err, suppressionOf)
}

func (t *tx) SuppressionsOf(ctx context.Context, person alert.PersonKey, after time.Time) ([]store.Suppression, error) {
	rows, err := t.q.SuppressionsOf(ctx, person.Team, person.User, micros(after))
	return all(rows, err, suppressionOf)
}

func (t *tx) Suppressions(ctx context.Context, after time.Time, limit int) ([]store.Suppression, error) {
	rows, err := t.q.Suppressions(ctx, micros(after), int64(limit))
	return all(rows, err, suppressionOf)
}

func (t *tx) DropEnded(ctx context.Context, before time.Time) error {
	if err := t.q.DropSuppressions(ctx, micros(before)); err != nil {
		return fmt.Errorf("drop suppressions: %w", err)
	}
	if err := t.q.DropOptOuts(ctx, micros(before)); err != nil {
		return fmt.Errorf("drop opt-outs: %w", err)
	}
	if err := t.q.DropDistrusts(ctx, maybeMicros(before)); err != nil {
		return fmt.Errorf("drop distrusts: %w", err)
	}
	return nil
}

func (t *tx) PutOptOut(ctx context.Context, o store.OptOut) error {
	return t.q.PutOptOut(ctx, litedb.PutOptOutParams{
		PersonTeam: o.Person.Team,
		PersonUser: o.Person.User,
		Since:      micros(o.Since),
		Until:      micros(o.Until),
		MadeBy:     o.By,
		Reason:     o.Reason,
		EndedAt:    maybeMicros(o.EndedAt),
	})
}

func (t *tx) FindOptOut(ctx context.Context, person alert.PersonKey, at time.Time) (store.OptOut, error) {
	row, err := t.q.FindOptOut(ctx, person.Team, person.User, micros(at))
	return one(row, err, optOutOf)
}

func (t *tx) OptOuts(ctx context.Context, at time.Time) ([]store.OptOut, error) {
	rows, err := t.q.OptOuts(ctx, micros(at))
	return all(rows, err, optOutOf)
}

func suppressionOf(row litedb.Suppression) store.Suppression {
	return store.Suppression{
		ID:         row.ID,
		Kind:       row.Kind,
		Person:     alert.PersonKey{Team: row.PersonTeam, User: row.PersonUser},
		Detection:  row.Detection,
		Scope:      json.RawMessage(row.Scope),
		Severity:   alert.Severity(row.Severity),
		AlertID:    row.AlertID,
		By:         row.MadeBy,
		Reason:     row.Reason,
		Since:      moment(row.Since),
		Until:      moment(row.Until),
		Used:       int(row.Used),
		Most:       int(row.Most),
		RevokedAt:  maybeMoment(row.RevokedAt),
		RevokedBy:  row.RevokedBy,
		Revocation: row.Revocation,
	}
}

func optOutOf(row litedb.OptOut) store.OptOut {
	return store.OptOut{
		Person:  alert.PersonKey{Team: row.PersonTeam, User: row.PersonUser},
		Since:   moment(row.Since),
		Until:   moment(row.Until),
		By:      row.MadeBy,
		Reason:  row.Reason,
		EndedAt: maybeMoment(row.EndedAt),
	}
}
