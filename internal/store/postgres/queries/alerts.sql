-- name: LockName :exec
SELECT pg_advisory_xact_lock(hashtextextended(sqlc.arg(name)::text, 0));

-- name: InsertAlert :execrows
INSERT INTO alerts (
    id, source, source_key, payload_digest, detection, title, description, severity,
    subject_email, subject_username, subject_slack_id, occurred_at, url, context, received_at,
    status, outcome, outcome_reason, person_team, person_user, plan, code, revision,
    admitted_at, asked_at, deadline, watch_until, snoozes, snoozed_until,
    settled_at, escalated_at, escalation, finished_at, shown_revision, queued_until, joined_to, join_revision,
    covered_by, case_of, pile, reviewed_at, reviewed_by, review, answered, proven, erased_at
) VALUES (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33,
    $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46
)
ON CONFLICT DO NOTHING;

-- name: InsertSearch :exec
INSERT INTO search (alert_id, received_at, words)
VALUES (sqlc.arg(alert_id), sqlc.arg(received_at), array_to_tsvector(array_remove(string_to_array(sqlc.arg(words)::text, ' '), '')));

-- name: FindAlert :one
SELECT * FROM alerts WHERE id = $1;

-- name: LockAlert :one
-- FOR UPDATE would also keep others from adding rows that refer to the alert.
SELECT * FROM alerts WHERE id = $1 FOR NO KEY UPDATE;

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

-- name: PlanByValues :exec
-- Lets the lists below be planned for the filter that was given: a plan for any
-- filter at all would use no index. Two indexes together are cheap as long as what
-- they find fits into memory. It all ends with the transaction.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('random_page_cost', '1.1', true),
    set_config('work_mem', '32MB', true), set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true);

-- name: ListAlerts :many
SELECT a.* FROM alerts a
WHERE true
  AND (sqlc.narg(status)::text IS NULL OR a.status = sqlc.narg(status))
  AND (sqlc.narg(outcome)::text IS NULL OR a.outcome = sqlc.narg(outcome))
  AND (sqlc.narg(detection)::text IS NULL OR a.detection = sqlc.narg(detection))
  AND (sqlc.narg(source)::text IS NULL OR a.source = sqlc.narg(source))
  AND (sqlc.narg(source_key)::text IS NULL OR a.source_key = sqlc.narg(source_key))
  AND (sqlc.narg(severity)::text IS NULL OR a.severity = sqlc.narg(severity))
  AND (sqlc.narg(answered)::text IS NULL OR a.answered = sqlc.narg(answered))
  AND (sqlc.narg(proven)::boolean IS NULL OR a.proven = sqlc.narg(proven))
  AND (sqlc.narg(odd)::text IS NULL OR at_odds(a.status, a.outcome, a.answered, a.proven) = sqlc.narg(odd))
  AND (sqlc.narg(received_from)::timestamptz IS NULL OR a.received_at >= sqlc.narg(received_from))
  AND (sqlc.narg(received_until)::timestamptz IS NULL OR a.received_at <= sqlc.narg(received_until))
  AND (sqlc.narg(person_user)::text IS NULL
       OR (a.person_team = sqlc.narg(person_team)::text AND a.person_user = sqlc.narg(person_user)))
  AND (sqlc.narg(except_user)::text IS NULL
       OR NOT ((a.person_team = sqlc.narg(except_team)::text AND a.person_user = sqlc.narg(except_user))
               OR a.subject_slack_id = sqlc.narg(except_user)
               OR (a.subject_email <> '' AND lower(a.subject_email COLLATE "C") = lower(sqlc.narg(except_email)::text COLLATE "C"))
               OR (a.subject_username <> ''
                   AND lower(a.subject_username COLLATE "C") = lower(sqlc.narg(except_username)::text COLLATE "C"))))
  AND (sqlc.narg(before)::timestamptz IS NULL
       OR (a.received_at, a.id) < (sqlc.narg(before), sqlc.narg(before_id)::text))
ORDER BY a.received_at DESC, a.id DESC
LIMIT sqlc.narg(count)::bigint;

-- name: ListOlder :many
-- All that the filter is met by is found first, and then the newest of it: who walks
-- from the newest on expects to meet some soon, and is far off where none of what has
-- one thing has the other. That is what the offset is for.
SELECT a.* FROM (
    SELECT b.* FROM alerts b
    WHERE true
      AND (sqlc.narg(status)::text IS NULL OR b.status = sqlc.narg(status))
      AND (sqlc.narg(outcome)::text IS NULL OR b.outcome = sqlc.narg(outcome))
      AND (sqlc.narg(detection)::text IS NULL OR b.detection = sqlc.narg(detection))
      AND (sqlc.narg(source)::text IS NULL OR b.source = sqlc.narg(source))
      AND (sqlc.narg(source_key)::text IS NULL OR b.source_key = sqlc.narg(source_key))
      AND (sqlc.narg(severity)::text IS NULL OR b.severity = sqlc.narg(severity))
      AND (sqlc.narg(answered)::text IS NULL OR b.answered = sqlc.narg(answered))
      AND (sqlc.narg(proven)::boolean IS NULL OR b.proven = sqlc.narg(proven))
      AND (sqlc.narg(odd)::text IS NULL OR at_odds(b.status, b.outcome, b.answered, b.proven) = sqlc.narg(odd))
      AND (sqlc.narg(received_from)::timestamptz IS NULL OR b.received_at >= sqlc.narg(received_from))
      AND (sqlc.narg(received_until)::timestamptz IS NULL OR b.received_at <= sqlc.narg(received_until))
      AND (sqlc.narg(person_user)::text IS NULL
           OR (b.person_team = sqlc.narg(person_team)::text AND b.person_user = sqlc.narg(person_user)))
      AND (sqlc.narg(except_user)::text IS NULL
           OR NOT ((b.person_team = sqlc.narg(except_team)::text AND b.person_user = sqlc.narg(except_user))
                   OR b.subject_slack_id = sqlc.narg(except_user)
                   OR (b.subject_email <> '' AND lower(b.subject_email COLLATE "C") = lower(sqlc.narg(except_email)::text COLLATE "C"))
                   OR (b.subject_username <> ''
                       AND lower(b.subject_username COLLATE "C") = lower(sqlc.narg(except_username)::text COLLATE "C"))))
      AND (sqlc.narg(before)::timestamptz IS NULL
           OR (b.received_at, b.id) < (sqlc.narg(before), sqlc.narg(before_id)::text))
    OFFSET 0
) AS a
ORDER BY a.received_at DESC, a.id DESC
LIMIT sqlc.narg(count)::bigint;

-- name: ListBySubject :many
-- Each of the three is read in the order of the list: an OR would be read whole
-- first, or the list from its beginning.
SELECT a.* FROM (
    SELECT e.* FROM alerts e WHERE e.subject_email <> '' AND lower(e.subject_email COLLATE "C") = lower(sqlc.arg(subject)::text COLLATE "C")
    UNION ALL
    SELECT u.* FROM alerts u
    WHERE u.subject_username <> '' AND lower(u.subject_username COLLATE "C") = lower(sqlc.arg(subject)::text COLLATE "C")
      AND lower(u.subject_email COLLATE "C") <> lower(sqlc.arg(subject)::text COLLATE "C")
    UNION ALL
    SELECT s.* FROM alerts s
    WHERE s.subject_slack_id <> '' AND lower(s.subject_slack_id COLLATE "C") = lower(sqlc.arg(subject)::text COLLATE "C")
      AND lower(s.subject_email COLLATE "C") <> lower(sqlc.arg(subject)::text COLLATE "C")
      AND lower(s.subject_username COLLATE "C") <> lower(sqlc.arg(subject)::text COLLATE "C")
) AS a
WHERE true
  AND (sqlc.narg(status)::text IS NULL OR a.status = sqlc.narg(status))
  AND (sqlc.narg(outcome)::text IS NULL OR a.outcome = sqlc.narg(outcome))
  AND (sqlc.narg(detection)::text IS NULL OR a.detection = sqlc.narg(detection))
  AND (sqlc.narg(source)::text IS NULL OR a.source = sqlc.narg(source))
  AND (sqlc.narg(source_key)::text IS NULL OR a.source_key = sqlc.narg(source_key))
  AND (sqlc.narg(severity)::text IS NULL OR a.severity = sqlc.narg(severity))
  AND (sqlc.narg(answered)::text IS NULL OR a.answered = sqlc.narg(answered))
  AND (sqlc.narg(proven)::boolean IS NULL OR a.proven = sqlc.narg(proven))
  AND (sqlc.narg(received_from)::timestamptz IS NULL OR a.received_at >= sqlc.narg(received_from))
  AND (sqlc.narg(received_until)::timestamptz IS NULL OR a.received_at <= sqlc.narg(received_until))
  AND (sqlc.narg(person_user)::text IS NULL
       OR (a.person_team = sqlc.narg(person_team)::text AND a.person_user = sqlc.narg(person_user)))
  AND (sqlc.narg(except_user)::text IS NULL
       OR NOT ((a.person_team = sqlc.narg(except_team)::text AND a.person_user = sqlc.narg(except_user))
               OR a.subject_slack_id = sqlc.narg(except_user)
               OR (a.subject_email <> '' AND lower(a.subject_email COLLATE "C") = lower(sqlc.narg(except_email)::text COLLATE "C"))
               OR (a.subject_username <> ''
                   AND lower(a.subject_username COLLATE "C") = lower(sqlc.narg(except_username)::text COLLATE "C"))))
  AND (sqlc.narg(before)::timestamptz IS NULL
       OR (a.received_at, a.id) < (sqlc.narg(before), sqlc.narg(before_id)::text))
ORDER BY a.received_at DESC, a.id DESC
LIMIT sqlc.narg(count)::bigint;

-- name: SearchAlerts :many
-- Apart from ListAlerts: a sub-select that may not be meant would be run whole.
SELECT a.* FROM search s
JOIN alerts a ON a.id = s.alert_id
WHERE s.words @@ sqlc.arg(words)::text::tsquery
  AND (sqlc.narg(received_from)::timestamptz IS NULL OR s.received_at >= sqlc.narg(received_from))
  AND (sqlc.narg(received_until)::timestamptz IS NULL OR s.received_at <= sqlc.narg(received_until))
  AND (sqlc.narg(before)::timestamptz IS NULL
       OR (s.received_at, s.alert_id) < (sqlc.narg(before), sqlc.narg(before_id)::text))
  AND (sqlc.narg(status)::text IS NULL OR a.status = sqlc.narg(status))
  AND (sqlc.narg(outcome)::text IS NULL OR a.outcome = sqlc.narg(outcome))
  AND (sqlc.narg(detection)::text IS NULL OR a.detection = sqlc.narg(detection))
  AND (sqlc.narg(subject)::text IS NULL
       OR (a.subject_email <> '' AND lower(a.subject_email COLLATE "C") = lower(sqlc.narg(subject) COLLATE "C"))
       OR (a.subject_username <> '' AND lower(a.subject_username COLLATE "C") = lower(sqlc.narg(subject) COLLATE "C"))
       OR (a.subject_slack_id <> '' AND lower(a.subject_slack_id COLLATE "C") = lower(sqlc.narg(subject) COLLATE "C")))
  AND (sqlc.narg(source)::text IS NULL OR a.source = sqlc.narg(source))
  AND (sqlc.narg(source_key)::text IS NULL OR a.source_key = sqlc.narg(source_key))
  AND (sqlc.narg(severity)::text IS NULL OR a.severity = sqlc.narg(severity))
  AND (sqlc.narg(answered)::text IS NULL OR a.answered = sqlc.narg(answered))
  AND (sqlc.narg(proven)::boolean IS NULL OR a.proven = sqlc.narg(proven))
  AND (sqlc.narg(received_from)::timestamptz IS NULL OR a.received_at >= sqlc.narg(received_from))
  AND (sqlc.narg(received_until)::timestamptz IS NULL OR a.received_at <= sqlc.narg(received_until))
  AND (sqlc.narg(person_user)::text IS NULL
       OR (a.person_team = sqlc.narg(person_team)::text AND a.person_user = sqlc.narg(person_user)))
  AND (sqlc.narg(except_user)::text IS NULL
       OR NOT ((a.person_team = sqlc.narg(except_team)::text AND a.person_user = sqlc.narg(except_user))
               OR a.subject_slack_id = sqlc.narg(except_user)
               OR (a.subject_email <> '' AND lower(a.subject_email COLLATE "C") = lower(sqlc.narg(except_email)::text COLLATE "C"))
               OR (a.subject_username <> ''
                   AND lower(a.subject_username COLLATE "C") = lower(sqlc.narg(except_username)::text COLLATE "C"))))
  AND (sqlc.narg(before)::timestamptz IS NULL
       OR (a.received_at, a.id) < (sqlc.narg(before), sqlc.narg(before_id)::text))
ORDER BY s.received_at DESC, s.alert_id DESC
LIMIT sqlc.narg(count)::bigint;

-- name: SearchOlder :many
-- As ListOlder, with words: some are looked up by index, and all compared by the
-- function, which is no operator of the index. Whether the words or the other things
-- are looked up first is the server's choice.
SELECT a.* FROM (
    SELECT b.* FROM search s
    JOIN alerts b ON b.id = s.alert_id
    WHERE s.words @@ sqlc.arg(lookup)::text::tsquery
      AND ts_match_vq(s.words, sqlc.arg(words)::text::tsquery)
      AND (sqlc.narg(received_from)::timestamptz IS NULL OR s.received_at >= sqlc.narg(received_from))
      AND (sqlc.narg(received_until)::timestamptz IS NULL OR s.received_at <= sqlc.narg(received_until))
      AND (sqlc.narg(before)::timestamptz IS NULL
           OR (s.received_at, s.alert_id) < (sqlc.narg(before), sqlc.narg(before_id)::text))
      AND (sqlc.narg(status)::text IS NULL OR b.status = sqlc.narg(status))
      AND (sqlc.narg(outcome)::text IS NULL OR b.outcome = sqlc.narg(outcome))
      AND (sqlc.narg(detection)::text IS NULL OR b.detection = sqlc.narg(detection))
      AND (sqlc.narg(subject)::text IS NULL
           OR (b.subject_email <> '' AND lower(b.subject_email COLLATE "C") = lower(sqlc.narg(subject) COLLATE "C"))
           OR (b.subject_username <> '' AND lower(b.subject_username COLLATE "C") = lower(sqlc.narg(subject) COLLATE "C"))
           OR (b.subject_slack_id <> '' AND lower(b.subject_slack_id COLLATE "C") = lower(sqlc.narg(subject) COLLATE "C")))
      AND (sqlc.narg(source)::text IS NULL OR b.source = sqlc.narg(source))
      AND (sqlc.narg(source_key)::text IS NULL OR b.source_key = sqlc.narg(source_key))
      AND (sqlc.narg(severity)::text IS NULL OR b.severity = sqlc.narg(severity))
      AND (sqlc.narg(answered)::text IS NULL OR b.answered = sqlc.narg(answered))
      AND (sqlc.narg(proven)::boolean IS NULL OR b.proven = sqlc.narg(proven))
      AND (sqlc.narg(odd)::text IS NULL OR at_odds(b.status, b.outcome, b.answered, b.proven) = sqlc.narg(odd))
      AND (sqlc.narg(received_from)::timestamptz IS NULL OR b.received_at >= sqlc.narg(received_from))
      AND (sqlc.narg(received_until)::timestamptz IS NULL OR b.received_at <= sqlc.narg(received_until))
      AND (sqlc.narg(person_user)::text IS NULL
           OR (b.person_team = sqlc.narg(person_team)::text AND b.person_user = sqlc.narg(person_user)))
      AND (sqlc.narg(except_user)::text IS NULL
           OR NOT ((b.person_team = sqlc.narg(except_team)::text AND b.person_user = sqlc.narg(except_user))
                   OR b.subject_slack_id = sqlc.narg(except_user)
                   OR (b.subject_email <> '' AND lower(b.subject_email COLLATE "C") = lower(sqlc.narg(except_email)::text COLLATE "C"))
                   OR (b.subject_username <> ''
                       AND lower(b.subject_username COLLATE "C") = lower(sqlc.narg(except_username)::text COLLATE "C"))))
      AND (sqlc.narg(before)::timestamptz IS NULL
           OR (b.received_at, b.id) < (sqlc.narg(before), sqlc.narg(before_id)::text))
    OFFSET 0
) AS a
ORDER BY a.received_at DESC, a.id DESC
LIMIT sqlc.narg(count)::bigint;

-- name: SharesOf :many
-- What share of all alerts has a word like one of these, as far as the last ANALYZE
-- met it often: what is missing is rare.
SELECT word::text AS word, sum(known.share)::float8 AS share
FROM unnest(sqlc.arg(words)::text[]) AS word
CROSS JOIN (
    SELECT unnest(most_common_elems::text::text[]) AS element, unnest(most_common_elem_freqs) AS share
    FROM pg_catalog.pg_stats WHERE schemaname = current_schema() AND tablename = 'search' AND attname = 'words'
) AS known
WHERE known.element LIKE word
GROUP BY word;

-- name: NewestOf :one
-- The newest of a list, up to a number: how many, and when they were received.
SELECT count(*), coalesce(min(received_at), 'epoch')::timestamptz AS earliest, coalesce(max(received_at), 'epoch')::timestamptz AS latest
FROM (
    SELECT received_at FROM alerts
    WHERE (sqlc.narg(before)::timestamptz IS NULL
           OR (received_at, id) < (sqlc.narg(before), sqlc.narg(before_id)::text))
      AND (sqlc.narg(received_from)::timestamptz IS NULL OR received_at >= sqlc.narg(received_from))
      AND (sqlc.narg(received_until)::timestamptz IS NULL OR received_at <= sqlc.narg(received_until))
    ORDER BY received_at DESC, id DESC
    LIMIT sqlc.arg(most)::bigint
) AS newest;

-- name: FindAlerts :many
SELECT * FROM alerts WHERE id = ANY(sqlc.arg(ids)::text[]) ORDER BY received_at DESC, id DESC;

-- name: FindPayloads :many
SELECT DISTINCT ON (payload_digest) * FROM alerts
WHERE source = sqlc.arg(source) AND payload_digest = ANY(sqlc.arg(digests)::text[]) AND payload_digest <> ''
  AND received_at > sqlc.arg(after)
ORDER BY payload_digest, received_at DESC, id DESC;

-- name: AcceptedBy :one
SELECT count(*) FROM (
    SELECT 1 FROM alerts WHERE source = sqlc.arg(source) AND received_at >= sqlc.arg(since) LIMIT sqlc.arg(most)::bigint
) AS recent;

-- name: ReviewsDue :many
SELECT * FROM alerts
WHERE outcome = 'confirmed' AND review <> '' AND reviewed_at IS NULL
  AND (sqlc.narg(before)::timestamptz IS NULL
       OR (received_at, id) < (sqlc.narg(before), sqlc.narg(before_id)::text))
ORDER BY received_at DESC, id DESC
LIMIT sqlc.arg(count)::bigint;

-- name: Unfinished :many
SELECT a.* FROM alerts a
WHERE a.finished_at IS NULL AND a.received_at < sqlc.arg(before)
  AND (a.received_at, a.id) > (sqlc.arg(after)::timestamptz, sqlc.arg(after_id)::text)
ORDER BY a.received_at, a.id
LIMIT sqlc.arg(count)::bigint;

-- name: OpenOf :many
SELECT * FROM alerts
WHERE person_team = $1 AND person_user = $2 AND outcome = ''
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
  AND (settled_at, id) > (sqlc.arg(after)::timestamptz, sqlc.arg(after_id)::text)
ORDER BY settled_at, id
LIMIT sqlc.arg(count)::bigint;
