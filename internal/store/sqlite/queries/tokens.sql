-- name: InsertToken :execrows
INSERT INTO tokens (
    id, source, digest, email, scopes, detections, severities, per_hour, created_at, created_by,
    expires_at, last_used_at, revoked_at, revoked_by
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: FindToken :one
SELECT * FROM tokens WHERE digest = ?;

-- name: Tokens :many
SELECT * FROM tokens ORDER BY created_at DESC, id DESC;

-- name: LockToken :one
SELECT * FROM tokens WHERE id = ?;

-- name: UpdateToken :execrows
UPDATE tokens SET last_used_at = ?, revoked_at = ?, revoked_by = ? WHERE id = ?;

-- name: FindSession :one
SELECT data FROM sessions WHERE id = sqlc.arg(id) AND expires_at > sqlc.arg(now);

-- name: PutSession :exec
INSERT INTO sessions (id, data, expires_at) VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at;

-- name: DropSession :exec
DELETE FROM sessions WHERE id = ?;

-- name: PruneSessions :exec
DELETE FROM sessions WHERE expires_at < ?;
