-- name: InsertToken :execrows
INSERT INTO tokens (
    id, source, digest, email, scopes, detections, severities, per_hour, created_at, created_by,
    expires_at, last_used_at, revoked_at, revoked_by
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT DO NOTHING;

-- name: FindToken :one
SELECT * FROM tokens WHERE digest = $1;

-- name: Tokens :many
SELECT * FROM tokens ORDER BY created_at DESC, id DESC;

-- name: LockToken :one
SELECT * FROM tokens WHERE id = $1 FOR UPDATE;

-- name: UpdateToken :execrows
UPDATE tokens SET last_used_at = $1, revoked_at = $2, revoked_by = $3 WHERE id = $4;

-- name: FindSession :one
SELECT data FROM sessions WHERE id = sqlc.arg(id) AND expires_at > sqlc.arg(now);

-- name: PutSession :exec
INSERT INTO sessions (id, data, expires_at) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at;

-- name: DropSession :exec
DELETE FROM sessions WHERE id = $1;

-- name: PruneSessions :exec
DELETE FROM sessions WHERE expires_at < $1;
