package sqlite

import (
	"context"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/store/sqlite/litedb"
)

func (t *tx) PutProof(ctx context.Context, p alert.Proof) error {
	return t.q.PutProof(ctx, litedb.PutProofParams{
		AlertID:    p.AlertID,
		Attempt:    int64(p.Attempt),
		AnswerID:   p.AnswerID,
		PersonTeam: p.Person.Team,
		PersonUser: p.Person.User,
		Factor:     p.Factor,
		Device:     p.Device,
		Txid:       p.Transaction,
		Code:       p.Code,
		Result:     string(p.Result),
		Reason:     p.Reason,
		BegunAt:    micros(p.BegunAt),
		SendingAt:  maybeMicros(p.SendingAt),
		PushedAt:   maybeMicros(p.PushedAt),
		DecidedAt:  maybeMicros(p.DecidedAt),
	})
}

func (t *tx) DropProof(ctx context.Context, alertID string, attempt int) error {
	return t.q.DropProof(ctx, alertID, int64(attempt))
}

func (t *tx) Proofs(ctx context.Context, alertID string) ([]alert.Proof, error) {
	rows, err := t.q.Proofs(ctx, alertID)
	return all(rows, err, proofOf)
}

func (t *tx) PushesOf(ctx context.Context, person alert.PersonKey, since time.Time) ([]alert.Proof, error) {
	rows, err := t.q.PushesOf(ctx, person.Team, person.User, micros(since))
	return all(rows, err, proofOf)
}

func proofOf(row litedb.Proof) alert.Proof {
	return alert.Proof{
		AlertID:     row.AlertID,
		Attempt:     int(row.Attempt),
		AnswerID:    row.AnswerID,
		Person:      alert.PersonKey{Team: row.PersonTeam, User: row.PersonUser},
		Factor:      row.Factor,
		Device:      row.Device,
		Transaction: row.Txid,
		Code:        row.Code,
		Result:      alert.ProofResult(row.Result),
		Reason:      row.Reason,
		BegunAt:     moment(row.BegunAt),
		SendingAt:   maybeMoment(row.SendingAt),
		PushedAt:    maybeMoment(row.PushedAt),
		DecidedAt:   maybeMoment(row.DecidedAt),
	}
}
