-- name: AdvanceChain :execrows
-- A chain goes on only from the entry before.
INSERT INTO chains (alert_id, seq, head, logged_seq)
SELECT sqlc.arg(alert_id), sqlc.arg(seq), sqlc.arg(head), 0
WHERE sqlc.arg(seq) = 1 OR EXISTS (SELECT 1 FROM chains c WHERE c.alert_id = sqlc.arg(alert_id))
ON CONFLICT (alert_id) DO UPDATE SET seq = excluded.seq, head = excluded.head
WHERE chains.seq = excluded.seq - 1;

-- name: InsertEntry :exec
INSERT INTO timeline (alert_id, seq, at, kind, actor, data, digest, previous, hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: InsertPersonal :exec
INSERT INTO timeline_personal (alert_id, seq, personal, salt) VALUES (?, ?, ?, ?);

-- name: LastEntry :one
SELECT sqlc.embed(timeline), personal, salt
FROM timeline LEFT JOIN timeline_personal USING (alert_id, seq)
WHERE timeline.alert_id = ?
ORDER BY timeline.seq DESC
LIMIT 1;

-- name: Entries :many
SELECT sqlc.embed(timeline), personal, salt
FROM timeline LEFT JOIN timeline_personal USING (alert_id, seq)
WHERE timeline.alert_id = ?
ORDER BY timeline.seq;

-- name: FindPost :one
SELECT * FROM posts WHERE alert_id = ? AND purpose = ?;

-- name: PutPost :exec
INSERT INTO posts (alert_id, purpose, state, claimed_until, intended_at, tries, channel, ts, posted_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (alert_id, purpose) DO UPDATE SET
    state         = excluded.state,
    claimed_until = excluded.claimed_until,
    intended_at   = excluded.intended_at,
    tries         = excluded.tries,
    channel       = excluded.channel,
    ts            = excluded.ts,
    posted_at     = excluded.posted_at;

-- name: Posts :many
SELECT * FROM posts WHERE alert_id = ? ORDER BY intended_at, purpose;

-- name: PostAt :one
SELECT * FROM posts WHERE channel = ? AND ts = ? AND state = 'done'
ORDER BY posted_at, alert_id, purpose
LIMIT 1;

-- name: InsertDelivery :execrows
INSERT INTO deliveries (delivery, at) VALUES (?, ?)
ON CONFLICT DO NOTHING;

-- name: PruneDeliveries :exec
DELETE FROM deliveries WHERE at < ?;

-- name: InsertAnswer :execrows
INSERT INTO answers (
    id, alert_id, person_team, person_user, choice, revision, at, recorded_at, late, explanation, explained_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: FindAnswer :one
SELECT * FROM answers WHERE id = ?;

-- name: Explain :execrows
UPDATE answers SET explanation = ?, explained_at = ? WHERE id = ?;

-- name: Answers :many
SELECT * FROM answers WHERE alert_id = ? ORDER BY position;

-- name: PutProof :exec
INSERT INTO proofs (
    alert_id, attempt, answer_id, person_team, person_user, factor, device, txid, code,
    result, reason, begun_at, sending_at, pushed_at, decided_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
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
DELETE FROM proofs WHERE alert_id = ? AND attempt = ?;

-- name: Proofs :many
SELECT * FROM proofs WHERE alert_id = ? ORDER BY attempt;

-- name: PushesOf :many
SELECT * FROM proofs
WHERE person_team = sqlc.arg(person_team) AND person_user = sqlc.arg(person_user) AND begun_at >= sqlc.arg(since)
ORDER BY begun_at DESC, alert_id, attempt DESC;
