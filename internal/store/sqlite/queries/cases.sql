-- name: PutCase :exec
INSERT INTO cases (
    alert_id, about_team, about_user, opened_at, acked_at, acked_by, resolved_at, resolved_by, resolution, rung, rank
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (alert_id) DO UPDATE SET
    about_team  = excluded.about_team,
    about_user  = excluded.about_user,
    opened_at   = excluded.opened_at,
    acked_at    = excluded.acked_at,
    acked_by    = excluded.acked_by,
    resolved_at = excluded.resolved_at,
    resolved_by = excluded.resolved_by,
    resolution  = excluded.resolution,
    rung        = excluded.rung,
    rank        = excluded.rank;

-- name: FindCase :one
SELECT * FROM cases WHERE alert_id = ?;

-- name: OpenCases :many
SELECT * FROM cases
WHERE resolved_at IS NULL AND opened_at < sqlc.arg(before)
ORDER BY opened_at, alert_id
LIMIT sqlc.arg(count);

-- name: CasesByRank :many
SELECT * FROM cases
WHERE resolved_at IS NULL
  AND (rank > sqlc.arg(rank)
       OR (rank = sqlc.arg(rank) AND opened_at > sqlc.arg(opened))
       OR (rank = sqlc.arg(rank) AND opened_at = sqlc.arg(opened) AND alert_id > sqlc.arg(after_id)))
ORDER BY rank, opened_at, alert_id
LIMIT sqlc.arg(count);

-- name: CountCases :many
SELECT rank, count(*) AS open, count(acked_at) AS acked FROM cases
WHERE resolved_at IS NULL
GROUP BY rank
ORDER BY rank;
