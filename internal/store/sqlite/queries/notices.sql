-- name: InsertNotice :execrows
INSERT INTO notices (
    id, kind, target, person_team, person_user, data, created_at,
    state, claimed_until, intended_at, tries, channel, ts, posted_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: LockNotice :one
SELECT * FROM notices WHERE id = ?;

-- name: UpdateNotice :execrows
UPDATE notices SET
    state         = sqlc.arg(state),
    claimed_until = sqlc.arg(claimed_until),
    intended_at   = sqlc.arg(intended_at),
    tries         = sqlc.arg(tries),
    channel       = sqlc.arg(channel),
    ts            = sqlc.arg(ts),
    posted_at     = sqlc.arg(posted_at)
WHERE id = sqlc.arg(id);

-- name: Notices :many
SELECT * FROM notices
WHERE kind = sqlc.arg(kind) AND created_at >= sqlc.arg(since)
ORDER BY created_at, id;

-- name: DropNotices :exec
DELETE FROM notices WHERE created_at < ?;
