-- name: InsertPayload :execrows
INSERT INTO payloads (alert_id, body, salt, digest) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING;

-- name: FindPayloadOf :one
SELECT * FROM payloads WHERE alert_id = $1;

-- name: Unlogged :many
SELECT alert_id, seq, head FROM chains WHERE seq > logged_seq ORDER BY alert_id LIMIT sqlc.arg(count)::bigint;

-- name: AppendLeaves :execrows
WITH given AS (
    SELECT generate_subscripts(sqlc.arg(alert_ids)::text[], 1) - 1 + sqlc.arg(first)::bigint AS position,
        unnest(sqlc.arg(alert_ids)::text[]) AS alert_id,
        unnest(sqlc.arg(seqs)::integer[]) AS seq,
        unnest(sqlc.arg(hashes)::text[]) AS hash
), noted AS (
    UPDATE chains SET logged_seq = newest.seq
    FROM (SELECT given.alert_id, max(given.seq) AS seq FROM given GROUP BY given.alert_id) AS newest
    WHERE chains.alert_id = newest.alert_id AND chains.logged_seq < newest.seq AND chains.seq >= newest.seq
)
INSERT INTO log_leaves (position, alert_id, seq, hash)
SELECT position, alert_id, seq, hash FROM given
ON CONFLICT DO NOTHING;

-- name: LogSize :one
SELECT coalesce(max(position) + 1, 0)::bigint AS size FROM log_leaves;

-- name: Leaves :many
SELECT * FROM log_leaves WHERE position >= sqlc.arg(first) ORDER BY position LIMIT sqlc.arg(count)::bigint;

-- name: LeavesOf :many
SELECT * FROM log_leaves WHERE alert_id = $1 ORDER BY seq, position;

-- name: PutHashes :execrows
INSERT INTO log_hashes (idx, hash)
SELECT generate_subscripts(sqlc.arg(hashes)::bytea[], 1) - 1 + sqlc.arg(first)::bigint, unnest(sqlc.arg(hashes)::bytea[])
ON CONFLICT DO NOTHING;

-- name: Hashes :many
SELECT * FROM log_hashes WHERE idx = ANY(sqlc.arg(indexes)::bigint[]);

-- name: InsertCheckpoint :execrows
INSERT INTO checkpoints (size, at, note) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING;

-- name: Checkpoints :many
SELECT * FROM checkpoints ORDER BY size DESC LIMIT sqlc.arg(count)::bigint;

-- name: AuditAlerts :many
-- What is gone from one of them is still in the others.
(SELECT id FROM alerts WHERE id > sqlc.arg(after) ORDER BY id LIMIT sqlc.arg(count)::bigint)
UNION
(SELECT alert_id FROM chains WHERE alert_id > sqlc.arg(after) ORDER BY alert_id LIMIT sqlc.arg(count)::bigint)
UNION
(SELECT DISTINCT alert_id FROM log_leaves WHERE alert_id > sqlc.arg(after) ORDER BY alert_id LIMIT sqlc.arg(count)::bigint)
UNION
(SELECT DISTINCT alert_id FROM timeline WHERE alert_id > sqlc.arg(after) ORDER BY alert_id LIMIT sqlc.arg(count)::bigint)
ORDER BY id
LIMIT sqlc.arg(count)::bigint;

-- name: HeadOf :one
SELECT * FROM chains WHERE alert_id = $1;
