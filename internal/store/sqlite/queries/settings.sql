-- name: Setting :one
SELECT value FROM settings WHERE name = ?;

-- name: KeepSetting :exec
INSERT INTO settings (name, value) VALUES (?, ?)
ON CONFLICT DO NOTHING;

-- name: ReplaceSetting :exec
INSERT INTO settings (name, value) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;
