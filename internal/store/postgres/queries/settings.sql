-- name: Setting :one
SELECT value FROM settings WHERE name = $1;

-- name: KeepSetting :exec
INSERT INTO settings (name, value) VALUES ($1, $2)
ON CONFLICT DO NOTHING;

-- name: ReplaceSetting :exec
INSERT INTO settings (name, value) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;
