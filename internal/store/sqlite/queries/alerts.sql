-- name: InsertAlert :execrows
INSERT INTO alerts (
    id, source, source_key, payload_digest, detection, title, description, severity,
    subject_email, subject_username, subject_slack_id, occurred_at, url, context, received_at,
    status, outcome, outcome_reason, person_team, person_user, plan, code, revision,
    admitted_at, asked_at, deadline, watch_until, snoozes, snoozed_until,
    settled_at, escalated_at, escalation, finished_at, shown_revision, queued_until, joined_to, join_revision,
    covered_by, case_of, pile, reviewed_at, reviewed_by, review, answered, proven, erased_at
) VALUES (
    ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
)
ON CONFLICT DO NOTHING;

-- name: InsertSearch :exec
INSERT INTO search (alert_id) VALUES (?);

-- name: InsertSearchWords :exec
INSERT INTO search_words (rowid, words) SELECT position, sqlc.arg(words) FROM search WHERE alert_id = sqlc.arg(alert_id);

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
    reviewed_by    = sqlc.arg(reviewed_by),
    review         = sqlc.arg(review),
    answered       = sqlc.arg(answered),
    proven         = sqlc.arg(proven),
    erased_at      = sqlc.arg(erased_at)
WHERE id = sqlc.arg(id);

-- name: FindPayload :one
SELECT * FROM alerts
WHERE source = sqlc.arg(source) AND payload_digest = sqlc.arg(digest) AND payload_digest <> ''
  AND received_at > sqlc.arg(after)
ORDER BY received_at DESC, id DESC
LIMIT 1;

-- name: ListAlerts :many
SELECT a.* FROM alerts a
WHERE true
  AND (CAST(sqlc.narg(status) AS TEXT) IS NULL OR a.status = sqlc.narg(status))
  AND (CAST(sqlc.narg(outcome) AS TEXT) IS NULL OR a.outcome = sqlc.narg(outcome))
  AND (CAST(sqlc.narg(detection) AS TEXT) IS NULL OR a.detection = sqlc.narg(detection))
  AND (CAST(sqlc.narg(subject) AS TEXT) IS NULL
       OR lower(a.subject_email) = lower(sqlc.narg(subject))
       OR lower(a.subject_username) = lower(sqlc.narg(subject))
       OR lower(a.subject_slack_id) = lower(sqlc.narg(subject)))
  AND (CAST(sqlc.narg(source) AS TEXT) IS NULL OR a.source = sqlc.narg(source))
  AND (CAST(sqlc.narg(source_key) AS TEXT) IS NULL OR a.source_key = sqlc.narg(source_key))
  AND (CAST(sqlc.narg(severity) AS TEXT) IS NULL OR a.severity = sqlc.narg(severity))
  AND (CAST(sqlc.narg(answered) AS TEXT) IS NULL OR a.answered = sqlc.narg(answered))
  AND (CAST(sqlc.narg(proven) AS INTEGER) IS NULL OR a.proven = sqlc.narg(proven))
  AND (CAST(sqlc.narg(received_from) AS INTEGER) IS NULL OR a.received_at >= sqlc.narg(received_from))
  AND (CAST(sqlc.narg(received_until) AS INTEGER) IS NULL OR a.received_at <= sqlc.narg(received_until))
  AND (CAST(sqlc.narg(person_user) AS TEXT) IS NULL
       OR (a.person_team = CAST(sqlc.narg(person_team) AS TEXT) AND a.person_user = sqlc.narg(person_user)))
  AND (CAST(sqlc.narg(except_user) AS TEXT) IS NULL
       OR NOT ((a.person_team = CAST(sqlc.narg(except_team) AS TEXT) AND a.person_user = sqlc.narg(except_user))
               OR a.subject_slack_id = sqlc.narg(except_user)
               OR (a.subject_email <> '' AND lower(a.subject_email) = lower(CAST(sqlc.narg(except_email) AS TEXT)))
               OR (a.subject_username <> '' AND lower(a.subject_username) = lower(CAST(sqlc.narg(except_username) AS TEXT)))))
  AND (CAST(sqlc.narg(before) AS INTEGER) IS NULL
       OR a.received_at < sqlc.narg(before)
       OR (a.received_at = sqlc.narg(before) AND a.id < sqlc.arg(before_id)))
ORDER BY a.received_at DESC, a.id DESC
LIMIT sqlc.arg(count);

-- name: SearchAlerts :many
SELECT a.* FROM alerts a
WHERE a.id IN (
    SELECT s.alert_id FROM search s
    WHERE s.position IN (SELECT w.rowid FROM search_words w WHERE w.words MATCH sqlc.arg(words))
)
  AND (CAST(sqlc.narg(status) AS TEXT) IS NULL OR a.status = sqlc.narg(status))
  AND (CAST(sqlc.narg(outcome) AS TEXT) IS NULL OR a.outcome = sqlc.narg(outcome))
  AND (CAST(sqlc.narg(detection) AS TEXT) IS NULL OR a.detection = sqlc.narg(detection))
  AND (CAST(sqlc.narg(subject) AS TEXT) IS NULL
       OR lower(a.subject_email) = lower(sqlc.narg(subject))
       OR lower(a.subject_username) = lower(sqlc.narg(subject))
       OR lower(a.subject_slack_id) = lower(sqlc.narg(subject)))
  AND (CAST(sqlc.narg(source) AS TEXT) IS NULL OR a.source = sqlc.narg(source))
  AND (CAST(sqlc.narg(source_key) AS TEXT) IS NULL OR a.source_key = sqlc.narg(source_key))
  AND (CAST(sqlc.narg(severity) AS TEXT) IS NULL OR a.severity = sqlc.narg(severity))
  AND (CAST(sqlc.narg(answered) AS TEXT) IS NULL OR a.answered = sqlc.narg(answered))
  AND (CAST(sqlc.narg(proven) AS INTEGER) IS NULL OR a.proven = sqlc.narg(proven))
  AND (CAST(sqlc.narg(received_from) AS INTEGER) IS NULL OR a.received_at >= sqlc.narg(received_from))
  AND (CAST(sqlc.narg(received_until) AS INTEGER) IS NULL OR a.received_at <= sqlc.narg(received_until))
  AND (CAST(sqlc.narg(person_user) AS TEXT) IS NULL
       OR (a.person_team = CAST(sqlc.narg(person_team) AS TEXT) AND a.person_user = sqlc.narg(person_user)))
  AND (CAST(sqlc.narg(except_user) AS TEXT) IS NULL
       OR NOT ((a.person_team = CAST(sqlc.narg(except_team) AS TEXT) AND a.person_user = sqlc.narg(except_user))
               OR a.subject_slack_id = sqlc.narg(except_user)
               OR (a.subject_email <> '' AND lower(a.subject_email) = lower(CAST(sqlc.narg(except_email) AS TEXT)))
               OR (a.subject_username <> '' AND lower(a.subject_username) = lower(CAST(sqlc.narg(except_username) AS TEXT)))))
  AND (CAST(sqlc.narg(before) AS INTEGER) IS NULL
       OR a.received_at < sqlc.narg(before)
       OR (a.received_at = sqlc.narg(before) AND a.id < sqlc.arg(before_id)))
ORDER BY a.received_at DESC, a.id DESC
LIMIT sqlc.arg(count);

-- name: FindAlerts :many
SELECT * FROM alerts WHERE id IN (sqlc.slice(ids)) ORDER BY received_at DESC, id DESC;

-- name: FindPayloads :many
-- The newest of each digest comes last. So does the slice: what follows it would
-- have a wrong number.
SELECT * FROM alerts
WHERE source = sqlc.arg(source) AND payload_digest <> '' AND received_at > sqlc.arg(after)
  AND payload_digest IN (sqlc.slice(digests))
ORDER BY payload_digest, received_at, id;

-- name: AcceptedBy :one
SELECT count(*) FROM (
    SELECT 1 FROM alerts WHERE source = sqlc.arg(source) AND received_at >= sqlc.arg(since) LIMIT sqlc.arg(most)
);

-- name: ReviewsDue :many
SELECT * FROM alerts
WHERE outcome = 'confirmed' AND review <> '' AND reviewed_at IS NULL
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
