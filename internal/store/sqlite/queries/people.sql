-- name: PutPerson :exec
INSERT INTO people (
    team, user_id, email, username, name, zone, factor_name, manager, away_until,
    deactivated, bot, foreign_team, seen_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (team, user_id) DO UPDATE SET
    email        = excluded.email,
    username     = excluded.username,
    name         = excluded.name,
    zone         = excluded.zone,
    factor_name  = excluded.factor_name,
    manager      = excluded.manager,
    away_until   = excluded.away_until,
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

-- name: People :many
SELECT * FROM people
WHERE team = sqlc.arg(team)
  AND (CAST(sqlc.narg(low) AS TEXT) IS NULL
       OR lower(email) BETWEEN lower(sqlc.narg(low)) AND lower(CAST(sqlc.narg(high) AS TEXT))
       OR lower(name) BETWEEN lower(sqlc.narg(low)) AND lower(CAST(sqlc.narg(high) AS TEXT))
       OR lower(username) BETWEEN lower(sqlc.narg(low)) AND lower(CAST(sqlc.narg(high) AS TEXT)))
  AND (lower(email) > lower(sqlc.arg(after))
       OR (lower(email) = lower(sqlc.arg(after)) AND user_id > sqlc.arg(after_id)))
ORDER BY lower(email), user_id
LIMIT sqlc.arg(count);

-- name: InsertDistrust :execrows
INSERT INTO distrusts (person_team, person_user, alert_id, reason, since, cleared_at, cleared_by, clearance)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: FindDistrust :one
SELECT * FROM distrusts WHERE person_team = ? AND person_user = ? AND cleared_at IS NULL;

-- name: ClearDistrust :execrows
UPDATE distrusts SET cleared_at = sqlc.arg(cleared_at), cleared_by = sqlc.arg(cleared_by), clearance = sqlc.arg(clearance)
WHERE person_team = sqlc.arg(person_team) AND person_user = sqlc.arg(person_user) AND cleared_at IS NULL;

-- name: Distrusts :many
SELECT * FROM distrusts
ORDER BY (cleared_at IS NULL) DESC, since DESC, position DESC
LIMIT sqlc.arg(count);

-- name: Devices :many
SELECT * FROM devices
WHERE person_team = sqlc.arg(person_team) AND person_user = sqlc.arg(person_user) AND factor = sqlc.arg(factor)
ORDER BY first_seen, device;

-- name: PutDevice :exec
INSERT INTO devices (person_team, person_user, factor, device, name, first_seen, original)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (person_team, person_user, factor, device) DO UPDATE SET name = excluded.name;

-- name: ClearGroup :exec
DELETE FROM group_members WHERE team = ? AND group_id = ?;

-- name: AddMember :exec
INSERT INTO group_members (team, group_id, user_id) VALUES (?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: GroupsOf :many
SELECT group_id FROM group_members WHERE team = ? AND user_id = ? ORDER BY group_id;
