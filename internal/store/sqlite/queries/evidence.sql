-- name: InsertPayload :execrows
INSERT INTO payloads (alert_id, body, salt, digest) VALUES (?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: FindPayloadOf :one
SELECT * FROM payloads WHERE alert_id = ?;

-- name: Unlogged :many
SELECT alert_id, seq, head FROM chains WHERE seq > logged_seq ORDER BY alert_id LIMIT sqlc.arg(count);

-- name: InsertLeaf :execrows
INSERT INTO log_leaves (position, alert_id, seq, hash) VALUES (?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: NoteLogged :exec
UPDATE chains SET logged_seq = sqlc.arg(logged)
WHERE alert_id = sqlc.arg(alert_id) AND logged_seq < sqlc.arg(logged) AND seq >= sqlc.arg(logged);

-- name: LogSize :one
SELECT CAST(coalesce(max(position) + 1, 0) AS INTEGER) AS size FROM log_leaves;

-- name: Leaves :many
SELECT * FROM log_leaves WHERE position >= sqlc.arg(first) ORDER BY position LIMIT sqlc.arg(count);

-- name: LeavesOf :many
SELECT * FROM log_leaves WHERE alert_id = ? ORDER BY seq, position;

-- name: InsertHash :execrows
INSERT INTO log_hashes (idx, hash) VALUES (?, ?)
ON CONFLICT DO NOTHING;

-- name: FindHash :one
SELECT hash FROM log_hashes WHERE idx = ?;

-- name: InsertCheckpoint :execrows
INSERT INTO checkpoints (size, at, note) VALUES (?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: Checkpoints :many
SELECT * FROM checkpoints ORDER BY size DESC LIMIT sqlc.arg(count);

-- name: AuditAlerts :many
-- What is gone from one of them is still in the others.
SELECT id FROM (SELECT a.id FROM alerts a WHERE a.id > sqlc.arg(after) ORDER BY a.id LIMIT sqlc.arg(count))
UNION
SELECT alert_id FROM (SELECT c.alert_id FROM chains c WHERE c.alert_id > sqlc.arg(after) ORDER BY c.alert_id LIMIT sqlc.arg(count))
UNION
SELECT alert_id FROM (
    SELECT DISTINCT l.alert_id FROM log_leaves l WHERE l.alert_id > sqlc.arg(after) ORDER BY l.alert_id LIMIT sqlc.arg(count)
)
UNION
SELECT alert_id FROM (
    SELECT DISTINCT t.alert_id FROM timeline t WHERE t.alert_id > sqlc.arg(after) ORDER BY t.alert_id LIMIT sqlc.arg(count)
)
ORDER BY 1
LIMIT sqlc.arg(count);

-- name: HeadOf :one
SELECT * FROM chains WHERE alert_id = ?;
