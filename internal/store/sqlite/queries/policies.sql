-- name: InsertPolicy :execrows
INSERT INTO policies (revision, body, loaded_at, loaded_by) VALUES (?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: FindPolicy :one
SELECT * FROM policies WHERE revision = ?;

-- name: Policies :many
SELECT * FROM policies ORDER BY loaded_at DESC, revision DESC LIMIT sqlc.arg(count);
