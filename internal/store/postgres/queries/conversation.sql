-- name: AppendEntry :execrows
INSERT INTO timeline (alert_id, seq, at, kind, actor, data, personal, salt, digest, previous, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT DO NOTHING;

-- name: LastEntry :one
SELECT * FROM timeline WHERE alert_id = $1 ORDER BY seq DESC LIMIT 1;

-- name: Entries :many
SELECT * FROM timeline WHERE alert_id = $1 ORDER BY seq;

-- name: FindPost :one
SELECT * FROM posts WHERE alert_id = $1 AND purpose = $2;

-- name: PutPost :exec
INSERT INTO posts (alert_id, purpose, state, claimed_until, intended_at, tries, channel, ts, posted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (alert_id, purpose) DO UPDATE SET
    state         = excluded.state,
    claimed_until = excluded.claimed_until,
    intended_at   = excluded.intended_at,
    tries         = excluded.tries,
    channel       = excluded.channel,
    ts            = excluded.ts,
    posted_at     = excluded.posted_at;

-- name: Posts :many
SELECT * FROM posts WHERE alert_id = $1 ORDER BY intended_at NULLS FIRST, purpose;

-- name: PostAt :one
SELECT * FROM posts WHERE channel = $1 AND ts = $2 AND state = 'done'
ORDER BY posted_at NULLS FIRST, alert_id, purpose
LIMIT 1;

-- name: InsertDelivery :execrows
INSERT INTO deliveries (delivery, at) VALUES ($1, $2)
ON CONFLICT DO NOTHING;

-- name: PruneDeliveries :exec
DELETE FROM deliveries WHERE at < $1;

-- name: InsertAnswer :execrows
INSERT INTO answers (
    id, alert_id, person_team, person_user, choice, revision, at, recorded_at, late, explanation, explained_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT DO NOTHING;

-- name: FindAnswer :one
SELECT * FROM answers WHERE id = $1;

-- name: Explain :execrows
UPDATE answers SET explanation = $1, explained_at = $2 WHERE id = $3;

-- name: Answers :many
SELECT * FROM answers WHERE alert_id = $1 ORDER BY position;

-- name: PutProof :exec
INSERT INTO proofs (
    alert_id, attempt, answer_id, person_team, person_user, factor, device, txid, code,
    result, reason, begun_at, sending_at, pushed_at, decided_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (alert_id, attempt) DO UPDATE SET
    answer_id   = excluded.answer_id,
    person_team = excluded.person_team,
    person_user = excluded.person_user,
    factor      = excluded.factor,
    device      = excluded.device,
    txid        = excluded.txid,
    code        = excluded.code,
    result      = excluded.result,
    reason      = excluded.reason,
    begun_at    = excluded.begun_at,
    sending_at  = excluded.sending_at,
    pushed_at   = excluded.pushed_at,
    decided_at  = excluded.decided_at;

-- name: DropProof :exec
DELETE FROM proofs WHERE alert_id = $1 AND attempt = $2;

-- name: Proofs :many
SELECT * FROM proofs WHERE alert_id = $1 ORDER BY attempt;

-- name: PushesOf :many
SELECT * FROM proofs
WHERE person_team = sqlc.arg(person_team) AND person_user = sqlc.arg(person_user) AND begun_at >= sqlc.arg(since)
ORDER BY begun_at DESC, alert_id, attempt DESC;
