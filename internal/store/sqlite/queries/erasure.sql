-- name: Erasable :many
SELECT a.id FROM alerts a
WHERE a.erased_at IS NULL AND a.finished_at IS NOT NULL AND a.outcome <> '' AND a.received_at < sqlc.arg(before)
  AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.alert_id IN (a.id, a.case_of, a.joined_to) AND c.resolved_at IS NULL)
ORDER BY a.received_at, a.id
LIMIT sqlc.arg(count);

-- name: EraseAlert :execrows
-- Whoever confirmed it was somebody.
UPDATE alerts SET
    title = '', description = '', url = '', context = NULL, source_key = '', payload_digest = '',
    subject_email = '', subject_username = '', subject_slack_id = '',
    person_team = '', person_user = CASE WHEN outcome = 'confirmed' THEN 'erased' ELSE '' END,
    plan = sqlc.narg(plan), erased_at = sqlc.arg(at)
WHERE id = sqlc.arg(id);

-- name: EraseAnswers :exec
-- A delivery of the chat system names the one who pressed.
UPDATE answers SET id = 'erased-' || position, person_team = '', person_user = 'erased', explanation = '' WHERE alert_id = ?;

-- name: EraseProofs :exec
UPDATE proofs SET person_team = '', person_user = 'erased', answer_id = '', device = '' WHERE alert_id = ?;

-- name: EraseCase :exec
UPDATE cases SET about_team = '', about_user = '', resolution = '' WHERE alert_id = ?;

-- name: ErasePosts :exec
-- A conversation with a person is known by them alone.
UPDATE posts SET channel = '', ts = ''
WHERE alert_id = ?
  AND (purpose = 'question' OR purpose LIKE 'reminder-%' OR purpose LIKE 'push-again-%' OR purpose LIKE 'peer-%');

-- name: DropPersonal :exec
DELETE FROM timeline_personal WHERE alert_id = ?;

-- name: DropPayload :exec
DELETE FROM payloads WHERE alert_id = ?;

-- name: DropSearchWords :exec
DELETE FROM search_words WHERE rowid = (SELECT s.position FROM search s WHERE s.alert_id = ?);

-- name: DropSearch :exec
DELETE FROM search WHERE alert_id = ?;

-- name: DropPerson :exec
DELETE FROM people WHERE team = ? AND user_id = ?;

-- name: DropDevices :exec
DELETE FROM devices WHERE person_team = ? AND person_user = ?;

-- name: DropNoticesOf :exec
-- Before the person is dropped: what they are called is known from there.
DELETE FROM notices
WHERE (person_team = sqlc.arg(person_team) AND person_user = sqlc.arg(person_user))
   OR instr(data, sqlc.arg(person_user)) > 0
   OR EXISTS (
       SELECT 1 FROM people p WHERE p.team = sqlc.arg(person_team) AND p.user_id = sqlc.arg(person_user)
          AND ((p.email <> '' AND instr(lower(notices.data), lower(p.email)) > 0)
            OR (p.name <> '' AND instr(notices.data, p.name) > 0))
   );

-- name: DropOptOutsOf :exec
DELETE FROM opt_outs WHERE person_team = ? AND person_user = ?;

-- name: DropMemberships :exec
DELETE FROM group_members WHERE team = ? AND user_id = ?;

-- name: EraseSuppressions :exec
UPDATE suppressions SET reason = '', revocation = '' WHERE person_team = ? AND person_user = ?;

-- name: EraseDistrusts :exec
-- One in force is in force whoever it is.
UPDATE distrusts SET person_team = '', person_user = 'erased', clearance = ''
WHERE person_team = ? AND person_user = ? AND cleared_at IS NOT NULL;
