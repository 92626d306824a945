-- name: Enqueue :exec
INSERT INTO outbox (alert_id, kind, ref, choice, created_at, available_at, attempts, last_error)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (alert_id, kind, ref) DO UPDATE SET available_at = excluded.available_at
WHERE excluded.available_at < outbox.available_at;

-- name: Claim :many
-- The order of the rows returned is undefined.
WITH due AS MATERIALIZED (
    SELECT waiting.id FROM outbox waiting
    WHERE waiting.available_at <= sqlc.arg(now)
    ORDER BY waiting.created_at, waiting.id
    LIMIT sqlc.arg(count)::bigint
    FOR UPDATE SKIP LOCKED
)
UPDATE outbox SET available_at = sqlc.arg(until), attempts = outbox.attempts + 1
FROM due
WHERE outbox.id = due.id
RETURNING outbox.*;

-- name: Release :exec
UPDATE outbox SET available_at = $1, last_error = $2 WHERE id = $3;

-- name: Done :exec
DELETE FROM outbox WHERE id = $1;

-- name: Waiting :one
SELECT count(*) AS waiting, coalesce(min(created_at), 'epoch')::timestamptz AS oldest FROM outbox;
