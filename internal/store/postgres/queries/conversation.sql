-- name: AppendEntry :execrows
-- The chain goes on only from the entry before, and nothing is written otherwise.
WITH chained AS (
    INSERT INTO chains AS known (alert_id, seq, head, logged_seq)
    SELECT sqlc.arg(alert_id), sqlc.arg(seq), sqlc.arg(hash), 0
    WHERE sqlc.arg(seq)::integer = 1 OR EXISTS (SELECT 1 FROM chains c WHERE c.alert_id = sqlc.arg(alert_id))
    ON CONFLICT (alert_id) DO UPDATE SET seq = excluded.seq, head = excluded.head
    WHERE known.seq = excluded.seq - 1
    RETURNING known.alert_id
), concealed AS (
    INSERT INTO timeline_personal (alert_id, seq, personal, salt)
    SELECT chained.alert_id, sqlc.arg(seq), sqlc.narg(personal)::text, sqlc.arg(salt)::bytea FROM chained
    WHERE sqlc.narg(personal)::text IS NOT NULL
)
INSERT INTO timeline (alert_id, seq, at, kind, actor, data, digest, previous, hash)
SELECT chained.alert_id, sqlc.arg(seq), sqlc.arg(at), sqlc.arg(kind), sqlc.arg(actor), sqlc.narg(data)::text,
    sqlc.arg(digest), sqlc.arg(previous), sqlc.arg(hash)
FROM chained;

-- name: LastEntry :one
SELECT sqlc.embed(timeline), personal, salt
FROM timeline LEFT JOIN timeline_personal USING (alert_id, seq)
WHERE timeline.alert_id = $1
ORDER BY timeline.seq DESC
LIMIT 1;

-- name: Entries :many
SELECT sqlc.embed(timeline), personal, salt
FROM timeline LEFT JOIN timeline_personal USING (alert_id, seq)
WHERE timeline.alert_id = $1
ORDER BY timeline.seq;

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
