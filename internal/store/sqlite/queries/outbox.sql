-- name: Enqueue :exec
INSERT INTO outbox (alert_id, kind, ref, choice, created_at, available_at, attempts, last_error)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (alert_id, kind, ref) DO UPDATE SET available_at = excluded.available_at
WHERE excluded.available_at < outbox.available_at;

-- name: Claim :many
-- The order of the rows returned is undefined.
UPDATE outbox SET available_at = sqlc.arg(until), attempts = attempts + 1
WHERE id IN (
    SELECT due.id FROM outbox due
    WHERE due.available_at <= sqlc.arg(now)
    ORDER BY due.created_at, due.id
    LIMIT sqlc.arg(count)
)
RETURNING *;

-- name: Release :exec
UPDATE outbox SET available_at = ?, last_error = ? WHERE id = ?;

-- name: Done :exec
DELETE FROM outbox WHERE id = ?;

-- name: Waiting :one
SELECT count(*) AS waiting, CAST(coalesce(min(created_at), 0) AS INTEGER) AS oldest FROM outbox;
