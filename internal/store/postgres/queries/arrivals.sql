-- name: InsertArrivals :many
-- One statement for all: of what exists already nothing is written. Arrays of
-- equal length, one element an alert; the tallies have their own. Empty texts,
-- empty salts and the year 1 stand for NULL.
WITH given AS (
    SELECT generate_subscripts(sqlc.arg(ids)::text[], 1) AS place,
        unnest(sqlc.arg(ids)::text[]) AS id,
        unnest(sqlc.arg(sources)::text[]) AS source,
        unnest(sqlc.arg(source_keys)::text[]) AS source_key,
        unnest(sqlc.arg(payload_digests)::text[]) AS payload_digest,
        unnest(sqlc.arg(detections)::text[]) AS detection,
        unnest(sqlc.arg(titles)::text[]) AS title,
        unnest(sqlc.arg(descriptions)::text[]) AS description,
        unnest(sqlc.arg(severities)::text[]) AS severity,
        unnest(sqlc.arg(emails)::text[]) AS email,
        unnest(sqlc.arg(usernames)::text[]) AS username,
        unnest(sqlc.arg(slack_ids)::text[]) AS slack_id,
        unnest(sqlc.arg(occurred)::timestamptz[]) AS occurred_at,
        unnest(sqlc.arg(urls)::text[]) AS url,
        unnest(sqlc.arg(contexts)::text[]) AS context,
        unnest(sqlc.arg(received)::timestamptz[]) AS received_at,
        unnest(sqlc.arg(statuses)::text[]) AS status,
        unnest(sqlc.arg(words)::text[]) AS words,
        unnest(sqlc.arg(entry_times)::timestamptz[]) AS entry_at,
        unnest(sqlc.arg(entry_kinds)::text[]) AS entry_kind,
        unnest(sqlc.arg(entry_actors)::text[]) AS entry_actor,
        unnest(sqlc.arg(entry_data)::text[]) AS entry_data,
        unnest(sqlc.arg(entry_personal)::text[]) AS entry_personal,
        unnest(sqlc.arg(entry_salts)::bytea[]) AS entry_salt,
        unnest(sqlc.arg(entry_digests)::text[]) AS entry_digest,
        unnest(sqlc.arg(entry_hashes)::text[]) AS entry_hash,
        unnest(sqlc.arg(bodies)::bytea[]) AS body,
        unnest(sqlc.arg(body_salts)::bytea[]) AS body_salt,
        unnest(sqlc.arg(body_digests)::text[]) AS body_digest,
        unnest(sqlc.arg(outgoing_kinds)::text[]) AS outgoing_kind,
        unnest(sqlc.arg(outgoing_refs)::text[]) AS outgoing_ref,
        unnest(sqlc.arg(outgoing_created)::timestamptz[]) AS outgoing_created,
        unnest(sqlc.arg(outgoing_available)::timestamptz[]) AS outgoing_available
), counted AS (
    SELECT unnest(sqlc.arg(tally_alerts)::text[]) AS id,
        unnest(sqlc.arg(tally_times)::timestamptz[]) AS at,
        unnest(sqlc.arg(tally_detections)::text[]) AS detection,
        unnest(sqlc.arg(tally_measures)::text[]) AS measure,
        unnest(sqlc.arg(tally_buckets)::integer[]) AS bucket,
        unnest(sqlc.arg(tally_counts)::integer[]) AS count
), added AS (
    INSERT INTO alerts (
        id, source, source_key, payload_digest, detection, title, description, severity,
        subject_email, subject_username, subject_slack_id, occurred_at, url, context, received_at, status,
        outcome, outcome_reason, person_team, person_user, code, revision, snoozes, escalation, shown_revision,
        joined_to, join_revision, covered_by, case_of, pile, reviewed_by, review, answered, proven
    )
    SELECT id, source, source_key, payload_digest, detection, title, description, severity, email, username, slack_id,
        nullif(occurred_at, '0001-01-01 00:00:00+00'), url, nullif(context, ''), received_at, status,
        '', '', '', '', '', 0, 0, '', 0, '', 0, '', '', '', '', '', '', false
    FROM given
    ORDER BY id
    ON CONFLICT DO NOTHING
    RETURNING alerts.id AS alert_id
), said AS (
    INSERT INTO timeline (alert_id, seq, at, kind, actor, data, digest, previous, hash)
    SELECT id, 1, entry_at, entry_kind, entry_actor, nullif(entry_data, ''), entry_digest, '', entry_hash
    FROM given JOIN added ON added.alert_id = given.id
), concealed AS (
    INSERT INTO timeline_personal (alert_id, seq, personal, salt)
    SELECT id, 1, entry_personal, entry_salt
    FROM given JOIN added ON added.alert_id = given.id
    WHERE entry_personal <> ''
), chained AS (
    INSERT INTO chains (alert_id, seq, head, logged_seq)
    SELECT id, 1, entry_hash, 0 FROM given JOIN added ON added.alert_id = given.id
), kept AS (
    INSERT INTO payloads (alert_id, body, salt, digest)
    SELECT id, body, body_salt, body_digest
    FROM given JOIN added ON added.alert_id = given.id
    WHERE length(body) > 0
), sent AS (
    INSERT INTO outbox (alert_id, kind, ref, choice, created_at, available_at, attempts, last_error)
    SELECT id, outgoing_kind, outgoing_ref, '', outgoing_created, outgoing_available, 0, ''
    FROM given JOIN added ON added.alert_id = given.id
    ORDER BY place
), found AS (
    INSERT INTO search (alert_id, received_at, words)
    SELECT id, received_at, array_to_tsvector(array_remove(string_to_array(words, ' '), ''))
    FROM given JOIN added ON added.alert_id = given.id
), tallied AS (
    INSERT INTO tally_deltas (at, detection, measure, bucket, count)
    SELECT at, detection, measure, bucket, count FROM counted JOIN added ON added.alert_id = counted.id
)
SELECT added.alert_id FROM added;
