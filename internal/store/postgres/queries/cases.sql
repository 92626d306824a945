-- name: PutCase :exec
INSERT INTO cases (
    alert_id, about_team, about_user, opened_at, acked_at, acked_by, resolved_at, resolved_by, resolution, rung, rank
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
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
SELECT * FROM cases WHERE alert_id = $1;

-- name: OpenCases :many
SELECT * FROM cases
WHERE resolved_at IS NULL AND opened_at < sqlc.arg(before)
ORDER BY opened_at, alert_id
LIMIT sqlc.arg(count)::bigint;

-- name: CasesByRank :many
SELECT * FROM cases
WHERE resolved_at IS NULL
  AND (rank, opened_at, alert_id) > (sqlc.arg(rank)::integer, sqlc.arg(opened)::timestamptz, sqlc.arg(after_id)::text)
ORDER BY rank, opened_at, alert_id
LIMIT sqlc.arg(count)::bigint;

-- name: CountCases :many
SELECT rank, count(*) AS open, count(acked_at) AS acked FROM cases
WHERE resolved_at IS NULL
GROUP BY rank
ORDER BY rank;
