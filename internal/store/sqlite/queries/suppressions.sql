-- name: PutSuppression :exec
INSERT INTO suppressions (
    id, kind, person_team, person_user, detection, scope, severity, alert_id, made_by, reason,
    since, until, used, most, revoked_at, revoked_by, revocation
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    kind        = excluded.kind,
    person_team = excluded.person_team,
    person_user = excluded.person_user,
    detection   = excluded.detection,
    scope       = excluded.scope,
    severity    = excluded.severity,
    alert_id    = excluded.alert_id,
    made_by     = excluded.made_by,
    reason      = excluded.reason,
    since       = excluded.since,
    until       = excluded.until,
    used        = excluded.used,
    most        = excluded.most,
    revoked_at  = excluded.revoked_at,
    revoked_by  = excluded.revoked_by,
    revocation  = excluded.revocation;

-- name: FindSuppression :one
SELECT * FROM suppressions WHERE id = ?;

-- name: SuppressionsOf :many
SELECT * FROM suppressions
WHERE person_team = sqlc.arg(person_team) AND person_user = sqlc.arg(person_user)
  AND revoked_at IS NULL AND until > sqlc.arg(after)
ORDER BY since DESC, id DESC;

-- name: Suppressions :many
SELECT * FROM suppressions
WHERE until > sqlc.arg(after)
ORDER BY since DESC, id DESC
LIMIT sqlc.arg(count);

-- name: PutOptOut :exec
INSERT INTO opt_outs (person_team, person_user, since, until, made_by, reason, ended_at)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (person_team, person_user, since) DO UPDATE SET
    until    = excluded.until,
    made_by  = excluded.made_by,
    reason   = excluded.reason,
    ended_at = excluded.ended_at;

-- name: FindOptOut :one
-- Of several that hold, the one that holds longest.
SELECT * FROM opt_outs
WHERE person_team = sqlc.arg(person_team) AND person_user = sqlc.arg(person_user)
  AND since <= sqlc.arg(at) AND until > sqlc.arg(at) AND (ended_at IS NULL OR ended_at > sqlc.arg(at))
ORDER BY until DESC, since DESC
LIMIT 1;

-- name: OptOuts :many
SELECT * FROM opt_outs
WHERE until > sqlc.arg(at) AND since <= sqlc.arg(at) AND (ended_at IS NULL OR ended_at > sqlc.arg(at))
ORDER BY since, person_team, person_user;

-- name: DropSuppressions :exec
DELETE FROM suppressions WHERE until < ?;

-- name: DropOptOuts :exec
DELETE FROM opt_outs WHERE until < ?;

-- name: DropDistrusts :exec
DELETE FROM distrusts WHERE cleared_at < ?;
