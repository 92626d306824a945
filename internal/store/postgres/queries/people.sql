-- name: PutPerson :exec
INSERT INTO people (
    team, user_id, email, username, name, zone, factor_name, manager, away_until,
    deactivated, bot, foreign_team, seen_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
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
SELECT * FROM people WHERE team = $1 AND user_id = $2;

-- name: PeopleByEmail :many
-- Only ASCII letters are folded, on both engines alike.
SELECT * FROM people
WHERE team = sqlc.arg(team) AND email <> '' AND lower(email COLLATE "C") = lower(sqlc.arg(email)::text COLLATE "C")
ORDER BY user_id;

-- name: People :many
SELECT * FROM people
WHERE team = sqlc.arg(team)
  AND (sqlc.narg(low)::text IS NULL
       OR lower(email COLLATE "C") BETWEEN lower(sqlc.narg(low) COLLATE "C") AND lower(sqlc.narg(high)::text COLLATE "C")
       OR lower(name COLLATE "C") BETWEEN lower(sqlc.narg(low) COLLATE "C") AND lower(sqlc.narg(high)::text COLLATE "C")
       OR lower(username COLLATE "C") BETWEEN lower(sqlc.narg(low) COLLATE "C") AND lower(sqlc.narg(high)::text COLLATE "C"))
  AND (lower(email COLLATE "C"), user_id) > (lower(sqlc.arg(after)::text COLLATE "C"), sqlc.arg(after_id)::text)
ORDER BY lower(email COLLATE "C"), user_id
LIMIT sqlc.arg(count)::bigint;

-- name: InsertDistrust :execrows
INSERT INTO distrusts (person_team, person_user, alert_id, reason, since, cleared_at, cleared_by, clearance)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO NOTHING;

-- name: FindDistrust :one
SELECT * FROM distrusts WHERE person_team = $1 AND person_user = $2 AND cleared_at IS NULL;

-- name: ClearDistrust :execrows
UPDATE distrusts SET cleared_at = sqlc.arg(cleared_at), cleared_by = sqlc.arg(cleared_by), clearance = sqlc.arg(clearance)
WHERE person_team = sqlc.arg(person_team) AND person_user = sqlc.arg(person_user) AND cleared_at IS NULL;

-- name: Distrusts :many
SELECT * FROM distrusts
ORDER BY (cleared_at IS NULL) DESC, since DESC, position DESC
LIMIT sqlc.arg(count)::bigint;

-- name: Devices :many
SELECT * FROM devices
WHERE person_team = sqlc.arg(person_team) AND person_user = sqlc.arg(person_user) AND factor = sqlc.arg(factor)
ORDER BY first_seen, device;

-- name: PutDevice :exec
INSERT INTO devices (person_team, person_user, factor, device, name, first_seen, original)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (person_team, person_user, factor, device) DO UPDATE SET name = excluded.name;

-- name: ClearGroup :exec
DELETE FROM group_members WHERE team = $1 AND group_id = $2;

-- name: AddMembers :exec
INSERT INTO group_members (team, group_id, user_id)
SELECT sqlc.arg(team), sqlc.arg(group_id), unnest(sqlc.arg(members)::text[])
ON CONFLICT DO NOTHING;

-- name: GroupsOf :many
SELECT group_id FROM group_members WHERE team = $1 AND user_id = $2 ORDER BY group_id;
