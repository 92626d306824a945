-- name: InsertAlert :execrows
INSERT INTO alerts (
    id, source, source_key, payload_digest, detection, title, description, severity,
    subject_email, subject_username, subject_slack_id, occurred_at, url, context, received_at,
    status, outcome, outcome_reason, person_team, person_user, plan, code, revision,
    admitted_at, asked_at, deadline, watch_until, snoozes, snoozed_until,
    settled_at, escalated_at, escalation, finished_at, shown_revision, queued_until, joined_to, join_revision,
    covered_by, case_of, pile, reviewed_at, reviewed_by
) VALUES (
    ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
)
ON CONFLICT DO NOTHING;

-- name: FindAlert :one
SELECT * FROM alerts WHERE id = ?;

-- name: UpdateAlert :execrows
UPDATE alerts SET
    payload_digest = sqlc.arg(payload_digest),
    status         = sqlc.arg(status),
    outcome        = sqlc.arg(outcome),
    outcome_reason = sqlc.arg(outcome_reason),
    person_team    = sqlc.arg(person_team),
    person_user    = sqlc.arg(person_user),
    plan           = sqlc.arg(plan),
    code           = sqlc.arg(code),
    revision       = sqlc.arg(revision),
    admitted_at    = sqlc.arg(admitted_at),
    asked_at       = sqlc.arg(asked_at),
    deadline       = sqlc.arg(deadline),
    watch_until    = sqlc.arg(watch_until),
    snoozes        = sqlc.arg(snoozes),
    snoozed_until  = sqlc.arg(snoozed_until),
    settled_at     = sqlc.arg(settled_at),
    escalated_at   = sqlc.arg(escalated_at),
    escalation     = sqlc.arg(escalation),
    finished_at    = sqlc.arg(finished_at),
    shown_revision = sqlc.arg(shown_revision),
    queued_until   = sqlc.arg(queued_until),
    joined_to      = sqlc.arg(joined_to),
    join_revision  = sqlc.arg(join_revision),
    covered_by     = sqlc.arg(covered_by),
    case_of        = sqlc.arg(case_of),
    pile           = sqlc.arg(pile),
    reviewed_at    = sqlc.arg(reviewed_at),
    reviewed_by    = sqlc.arg(reviewed_by)
WHERE id = sqlc.arg(id);

-- name: FindPayload :one
SELECT * FROM alerts
WHERE source = sqlc.arg(source) AND payload_digest = sqlc.arg(digest) AND payload_digest <> ''
  AND received_at > sqlc.arg(after)
ORDER BY received_at DESC, id DESC
LIMIT 1;

-- name: ListAlerts :many
SELECT * FROM alerts
WHERE (CAST(sqlc.narg(status) AS TEXT) IS NULL OR status = sqlc.narg(status))
  AND (CAST(sqlc.narg(outcome) AS TEXT) IS NULL OR outcome = sqlc.narg(outcome))
  AND (CAST(sqlc.narg(detection) AS TEXT) IS NULL OR detection = sqlc.narg(detection))
  AND (CAST(sqlc.narg(subject) AS TEXT) IS NULL
       OR subject_email = sqlc.narg(subject)
       OR subject_username = sqlc.narg(subject)
       OR subject_slack_id = sqlc.narg(subject))
  AND (CAST(sqlc.narg(source) AS TEXT) IS NULL OR source = sqlc.narg(source))
  AND (CAST(sqlc.narg(source_key) AS TEXT) IS NULL OR source_key = sqlc.narg(source_key))
  AND (CAST(sqlc.narg(before) AS INTEGER) IS NULL
       OR received_at < sqlc.narg(before)
       OR (received_at = sqlc.narg(before) AND id < sqlc.arg(before_id)))
ORDER BY received_at DESC, id DESC
LIMIT sqlc.arg(count);

-- name: Unfinished :many
SELECT a.* FROM alerts a
WHERE a.finished_at IS NULL AND a.received_at < sqlc.arg(before)
  AND (a.received_at > sqlc.arg(after)
       OR (a.received_at = sqlc.arg(after) AND a.id > sqlc.arg(after_id)))
ORDER BY a.received_at, a.id
LIMIT sqlc.arg(count);

-- name: OpenOf :many
SELECT * FROM alerts
WHERE person_team = ? AND person_user = ? AND outcome = ''
ORDER BY received_at, id;

-- name: ConfirmedOf :many
SELECT * FROM alerts
WHERE person_team = sqlc.arg(person_team) AND person_user = sqlc.arg(person_user)
  AND outcome = 'confirmed' AND settled_at >= sqlc.arg(since)
ORDER BY settled_at, id;

-- name: AdmittedOf :many
SELECT * FROM alerts
WHERE person_team = sqlc.arg(person_team) AND person_user = sqlc.arg(person_user)
  AND admitted_at >= sqlc.arg(since)
ORDER BY admitted_at, id;

-- name: StormOf :one
SELECT * FROM alerts
WHERE person_team = sqlc.arg(person_team) AND person_user = sqlc.arg(person_user)
  AND pile = 'storm' AND escalated_at >= sqlc.arg(since)
ORDER BY escalated_at DESC, id DESC
LIMIT 1;

-- name: AskedOf :one
SELECT count(*) FROM alerts
WHERE person_team = sqlc.arg(person_team) AND person_user = sqlc.arg(person_user)
  AND asked_at >= sqlc.arg(since);

-- name: AskedSince :one
SELECT count(*) FROM alerts WHERE asked_at >= sqlc.arg(since);

-- name: JoinedTo :many
SELECT * FROM alerts
WHERE joined_to = sqlc.arg(id) AND joined_to <> ''
ORDER BY received_at, id;

-- name: InCaseOf :many
SELECT * FROM alerts
WHERE case_of = sqlc.arg(id) AND case_of <> ''
ORDER BY received_at, id;

-- name: EscalatedLike :many
SELECT * FROM alerts
WHERE source = sqlc.arg(source) AND escalation = sqlc.arg(reason)
  AND escalated_at >= sqlc.arg(since) AND case_of = ''
ORDER BY escalated_at, id;

-- name: SettledBetween :many
SELECT * FROM alerts
WHERE settled_at >= sqlc.arg(since) AND settled_at < sqlc.arg(until)
  AND (settled_at > sqlc.arg(after)
       OR (settled_at = sqlc.arg(after) AND id > sqlc.arg(after_id)))
ORDER BY settled_at, id
LIMIT sqlc.arg(count);
