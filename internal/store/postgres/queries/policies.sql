-- name: InsertPolicy :execrows
INSERT INTO policies (revision, body, loaded_at, loaded_by) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING;

-- name: FindPolicy :one
SELECT * FROM policies WHERE revision = $1;

-- name: Policies :many
SELECT * FROM policies ORDER BY loaded_at DESC, revision DESC LIMIT sqlc.arg(count)::bigint;
