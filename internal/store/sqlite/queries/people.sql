-- name: PutPerson :exec
INSERT INTO people (
    team, user_id, email, username, name, zone, factor_name, deactivated, bot, foreign_team, seen_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (team, user_id) DO UPDATE SET
    email        = excluded.email,
    username     = excluded.username,
    name         = excluded.name,
    zone         = excluded.zone,
    factor_name  = excluded.factor_name,
    deactivated  = excluded.deactivated,
    bot          = excluded.bot,
    foreign_team = excluded.foreign_team,
    seen_at      = excluded.seen_at;

-- name: FindPerson :one
SELECT * FROM people WHERE team = ? AND user_id = ?;

-- name: PeopleByEmail :many
-- Only ASCII letters are folded, on both engines alike.
SELECT * FROM people
WHERE team = sqlc.arg(team) AND email <> '' AND lower(email) = lower(sqlc.arg(email))
ORDER BY user_id;

-- name: InsertDistrust :execrows
INSERT INTO distrusts (person_team, person_user, alert_id, reason, since, cleared_at, cleared_by, clearance)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: FindDistrust :one
SELECT * FROM distrusts WHERE person_team = ? AND person_user = ? AND cleared_at IS NULL;

-- name: ClearDistrust :execrows
UPDATE distrusts SET cleared_at = sqlc.arg(cleared_at), cleared_by = sqlc.arg(cleared_by), clearance = sqlc.arg(clearance)
WHERE person_team = sqlc.arg(person_team) AND person_user = sqlc.arg(person_user) AND cleared_at IS NULL;
