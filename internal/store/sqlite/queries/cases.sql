-- name: PutCase :exec
INSERT INTO cases (
    alert_id, about_team, about_user, opened_at, acked_at, acked_by, resolved_at, resolved_by, resolution, rung
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (alert_id) DO UPDATE SET
    about_team  = excluded.about_team,
    about_user  = excluded.about_user,
    opened_at   = excluded.opened_at,
    acked_at    = excluded.acked_at,
    acked_by    = excluded.acked_by,
    resolved_at = excluded.resolved_at,
    resolved_by = excluded.resolved_by,
    resolution  = excluded.resolution,
    rung        = excluded.rung;

-- name: FindCase :one
SELECT * FROM cases WHERE alert_id = ?;

-- name: OpenCases :many
SELECT * FROM cases
WHERE resolved_at IS NULL AND opened_at < sqlc.arg(before)
ORDER BY opened_at, alert_id
LIMIT sqlc.arg(count);
