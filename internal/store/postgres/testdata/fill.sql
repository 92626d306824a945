-- Fills a migrated, empty database with alerts as an installation would have them
-- after eighteen months: 60 detections of 4 sources, 5,000 people, every tenth
-- alert with its timeline. How many alerts: the setting scale.alerts, as in
--
--   PGOPTIONS='-c scale.alerts=1000000' psql "$URL" -v ON_ERROR_STOP=1 -f fill.sql -c 'VACUUM ANALYZE'
--
-- The same number gives the same rows. The hashes of its timelines are no real
-- ones: an audit of such a database finds every one of them broken.

BEGIN;

CREATE FUNCTION pg_temp.dice(n bigint, salt integer, sides integer) RETURNS integer LANGUAGE sql IMMUTABLE AS
$$ SELECT ((hashint8extended(n, salt) & 2147483647) % sides)::integer $$;

-- skewed gives small numbers more often than great ones.
CREATE FUNCTION pg_temp.skewed(n bigint, salt integer, sides integer, power double precision) RETURNS integer LANGUAGE sql IMMUTABLE AS
$$ SELECT floor(sides * power(pg_temp.dice(n, salt, 1000000) / 1000000.0, power))::integer $$;

CREATE FUNCTION pg_temp.pick(choices text[], n bigint, salt integer) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT choices[1 + pg_temp.dice(n, salt, cardinality(choices))] $$;

-- Indexes are made faster at the end than kept all the while.
CREATE TEMP TABLE kept ON COMMIT DROP AS
SELECT i.indexname, i.indexdef FROM pg_indexes i
LEFT JOIN pg_constraint c ON c.conname = i.indexname
WHERE i.schemaname = current_schema() AND i.tablename IN ('alerts', 'search') AND c.oid IS NULL;

DO $$ DECLARE each record; BEGIN
    FOR each IN SELECT * FROM kept LOOP EXECUTE format('DROP INDEX %I', each.indexname); END LOOP;
END $$;

INSERT INTO people (team, user_id, email, username, name, zone, factor_name, manager, away_until, deactivated, bot, foreign_team, seen_at)
SELECT 'T1', 'U' || to_char(n, 'FM00000'), 'person' || n || '@example.com', 'person' || n,
    pg_temp.pick('{Alice,Bob,Carol,Dan,Erin,Frank,Grace,Heidi,Ivan,Judy}', n, 1) || ' '
        || pg_temp.pick('{Adams,Baker,Clark,Davis,Evans,Foster,Green,Hill,Irving,Jones}', n, 2),
    'Europe/Oslo', '', 'person' || 1 + n / 10 || '@example.com', NULL, n % 50 = 0, false, false, '2026-06-30'
FROM generate_series(1, 5000) n;

CREATE TEMP TABLE drawn ON COMMIT DROP AS
SELECT n, encode(sha256(n::text::bytea), 'hex') AS id,
    timestamptz '2025-01-01 00:00Z' + (n - 1) * (interval '545 days' / total) + pg_temp.dice(n, 3, 60000) * interval '1 ms' AS received_at,
    pg_temp.skewed(n, 4, 60, 2) AS detection,
    1 + pg_temp.skewed(n, 5, 5000, 1.5) AS person,
    pg_temp.dice(n, 6, 1000) AS fate,
    pg_temp.dice(n, 7, 100) AS grave,
    n > total - greatest(20, total / 5000) AS fresh
FROM (SELECT coalesce(nullif(current_setting('scale.alerts', true), ''), '1000000')::bigint AS total) settings,
    generate_series(1, total) n;

CREATE TEMP TABLE decided ON COMMIT DROP AS
SELECT *, 'source-' || detection % 4 AS source, CASE
    WHEN fresh THEN ''
    WHEN fate < 550 THEN 'confirmed' WHEN fate < 700 THEN 'suppressed' WHEN fate < 780 THEN 'no_response'
    WHEN fate < 840 THEN 'unproven' WHEN fate < 870 THEN 'denied' WHEN fate < 890 THEN 'unsure'
    WHEN fate < 930 THEN 'unasked' WHEN fate < 950 THEN 'unreachable' WHEN fate < 999 THEN 'observed' ELSE 'withdrawn' END AS outcome
FROM drawn;

INSERT INTO alerts (
    id, source, source_key, payload_digest, detection, title, description, severity,
    subject_email, subject_username, subject_slack_id, occurred_at, url, context, received_at, status, outcome, outcome_reason,
    person_team, person_user, plan, code, revision, admitted_at, asked_at, deadline, watch_until, snoozes, settled_at,
    escalated_at, escalation, finished_at, shown_revision, joined_to, join_revision, covered_by, case_of, pile,
    reviewed_at, reviewed_by, review, answered, proven
)
SELECT id, source, CASE WHEN n % 10 < 8 THEN 'EV-' || n ELSE '' END, CASE WHEN n % 10 < 8 THEN '' ELSE md5(n::text) END,
    'detection_' || detection,
    pg_temp.pick('{A root shell,A login from a new country,A port scan,A new SSH key,An export of customers,A changed firewall}', n, 8)
        || ' on host-' || pg_temp.dice(n, 9, 20000),
    'The rule detection_' || detection || ' fired. ' || repeat(pg_temp.pick('{kernel,audit,session,process,network}', n, 10) || ' ', 20),
    CASE WHEN grave < 50 THEN 'low' WHEN grave < 85 THEN 'medium' WHEN grave < 98 THEN 'high' ELSE 'critical' END,
    CASE WHEN n % 5 < 4 THEN 'Person' || person || '@example.com' ELSE '' END, CASE WHEN n % 5 = 4 THEN 'person' || person ELSE '' END, '',
    received_at - interval '1 minute', 'https://siem.example.com/events/' || n,
    '{"host": "host-' || pg_temp.dice(n, 9, 20000) || '", "env": "prod", "command": "sudo -i"}',
    received_at,
    CASE WHEN fresh THEN 'asking' WHEN outcome IN ('no_response', 'unproven', 'denied', 'unsure', 'unasked', 'unreachable') THEN 'escalated' ELSE 'closed' END,
    outcome, CASE WHEN outcome = 'denied' AND n % 9 = 0 THEN 'contradicted' WHEN outcome = 'unproven' THEN 'timed_out' ELSE '' END,
    'T1', 'U' || to_char(person, 'FM00000'),
    '{"revision": "' || md5('policy') || '", "rule": "rule ' || detection || '", "action": "ask", "ask_by": "2026-01-01T00:00:00Z", "deadline": 7200000000000, '
        || '"reminders": [1800000000000, 5400000000000], "snooze": 3600000000000, "snooze_times": 2, "watch_for": 259200000000000}',
    to_char(100 + n % 900, 'FM000'), 1, received_at, CASE WHEN outcome NOT IN ('suppressed', 'observed', 'unasked') THEN received_at + interval '2 s' END,
    received_at + interval '2 hours', received_at + interval '74 hours', 0, CASE WHEN NOT fresh THEN received_at + pg_temp.dice(n, 11, 7200) * interval '1 s' END,
    CASE WHEN outcome IN ('no_response', 'unproven', 'denied', 'unsure', 'unasked', 'unreachable') THEN received_at + interval '2 hours' END,
    CASE WHEN outcome IN ('no_response', 'unproven', 'denied', 'unsure', 'unasked', 'unreachable') THEN outcome ELSE '' END,
    CASE WHEN NOT fresh THEN received_at + interval '74 hours' END, 1, '', 0, '', '', '',
    NULL, '', CASE WHEN n % 500 = 0 THEN 'sample' ELSE '' END,
    CASE WHEN outcome = 'confirmed' AND n % 1001 = 0 THEN 'no' WHEN outcome IN ('confirmed', 'unproven') THEN 'yes' WHEN outcome = 'denied' AND n % 40 = 0 THEN 'some_not'
        WHEN outcome = 'denied' THEN 'no' WHEN outcome = 'unsure' THEN 'unsure' ELSE '' END,
    outcome = 'confirmed' AND n % 1001 <> 0
FROM decided;

INSERT INTO search (alert_id, received_at, words)
SELECT id, received_at, array_to_tsvector(array_remove(regexp_split_to_array(lower(concat_ws(' ', title, detection, source_key, subject_email,
    subject_username, subject_slack_id, url, description)), '[^a-z0-9]+'), '')
    || ARRAY['detection:' || detection, 'source:' || source, 'severity:' || severity])
FROM alerts;

DO $$ DECLARE each record; BEGIN
    FOR each IN SELECT * FROM kept LOOP EXECUTE each.indexdef; END LOOP;
END $$;

-- The cases of the last days are open, and a few old ones.
INSERT INTO cases (alert_id, about_team, about_user, opened_at, acked_at, acked_by, resolved_at, resolved_by, resolution, rung, rank)
SELECT id, person_team, person_user, escalated_at, NULL, '',
    CASE WHEN received_at < '2026-06-20' AND code <> '777' OR received_at < '2026-01-01' THEN escalated_at + interval '1 hour' END,
    '', '', 1, CASE WHEN outcome_reason = 'contradicted' THEN 0 WHEN outcome = 'denied' THEN 1
        ELSE array_position('{critical,high,medium,low}'::text[], severity) + 1 END
FROM alerts WHERE escalated_at IS NOT NULL;

INSERT INTO timeline (alert_id, seq, at, kind, actor, data, digest, previous, hash)
SELECT id, seq, received_at + seq * interval '1 minute', (ARRAY['accepted', 'identified', 'planned', 'asked', 'settled'])[seq], 'securitybot',
    '{"verdict": "' || outcome || '"}', md5(id || seq), md5(id || seq - 1), md5(id || seq || 'hash')
FROM decided, generate_series(1, 5) seq WHERE n % 10 = 0;

INSERT INTO timeline_personal (alert_id, seq, personal, salt)
SELECT alert_id, seq, '{"name": "somebody"}', '\x00' FROM timeline WHERE seq = 2;

INSERT INTO chains (alert_id, seq, head, logged_seq)
SELECT id, 5, md5(id || 5 || 'hash'), CASE WHEN n % 1000 = 0 THEN 0 ELSE 5 END FROM decided WHERE n % 10 = 0;

INSERT INTO log_leaves (position, alert_id, seq, hash)
SELECT row_number() OVER (ORDER BY n) - 1, id, 5, md5(id || 5 || 'hash') FROM decided WHERE n % 10 = 0;

INSERT INTO answers (id, alert_id, person_team, person_user, choice, revision, at, recorded_at, late, explanation)
SELECT 'answer-' || id, id, person_team, person_user, answered, 1, received_at, received_at, false, 'I did this'
FROM alerts WHERE answered <> '' AND code LIKE '%7';

INSERT INTO proofs (alert_id, attempt, answer_id, person_team, person_user, factor, device, txid, code, result, reason, begun_at)
SELECT id, 1, 'answer-' || id, person_team, person_user, 'duo', 'phone', 'tx-' || id, code, CASE WHEN proven THEN 'approved' ELSE 'timed_out' END, '', received_at
FROM alerts WHERE answered <> '' AND code LIKE '%7';

INSERT INTO tallies (span, at, detection, measure, bucket, count)
SELECT span, date_trunc(span, at, 'UTC') AS begins, detection, measure, bucket, count(*)
FROM (
    SELECT received_at AS at, 'detection_' || detection AS detection, 'accepted' AS measure, 0 AS bucket FROM decided
    UNION ALL SELECT received_at, '', 'accepted', 0 FROM decided
    UNION ALL SELECT received_at, 'detection_' || detection, 'asked', 0 FROM decided WHERE fate < 890
    UNION ALL SELECT received_at, '', 'asked', 0 FROM decided WHERE fate < 890
    UNION ALL SELECT received_at, 'detection_' || detection, outcome, 0 FROM decided WHERE outcome <> ''
    UNION ALL SELECT received_at, '', outcome, 0 FROM decided WHERE outcome <> ''
    UNION ALL SELECT received_at, '', 'answered', 20 + pg_temp.dice(n, 12, 80) FROM decided WHERE fate < 550
) happened, unnest('{hour,day}'::text[]) AS span
GROUP BY span, begins, detection, measure, bucket
ORDER BY begins;

INSERT INTO tally_deltas (at, detection, measure, bucket, count)
SELECT received_at, '', 'accepted', 0, 1 FROM decided ORDER BY n DESC LIMIT 500;

INSERT INTO suppressions (id, kind, person_team, person_user, detection, scope, severity, alert_id, made_by, reason, since, until, used, most, revoked_by, revocation)
SELECT 's' || n, 'proven', 'T1', 'U' || to_char(1 + n % 5000, 'FM00000'), 'detection_' || n % 60, '{"host": "host-1"}', 'low', '', 'U1', '',
    timestamptz '2026-06-30' - n * interval '20 minutes', timestamptz '2026-06-30 08:00Z' - n * interval '20 minutes', 0, 20, '', ''
FROM generate_series(1, 20000) n;

INSERT INTO opt_outs (person_team, person_user, since, until, made_by, reason)
SELECT 'T1', 'U' || to_char(n, 'FM00000'), timestamptz '2026-06-30' - n * interval '1 day', timestamptz '2026-07-05' - n * interval '1 day', 'U1', ''
FROM generate_series(1, 500) n;

INSERT INTO distrusts (person_team, person_user, alert_id, reason, since, cleared_at, cleared_by, clearance)
SELECT 'T1', 'U' || to_char(n, 'FM00000'), '', 'fraud', timestamptz '2026-06-30' - n * interval '1 day',
    CASE WHEN n > 5 THEN timestamptz '2026-06-30' END, '', ''
FROM generate_series(1, 300) n;

INSERT INTO notices (id, kind, target, person_team, person_user, data, created_at, state, tries, channel, ts)
SELECT 'n' || n, 'hourly', '', '', '', '{}', timestamptz '2026-06-30' - n * interval '1 hour', 'done', 1, 'C1', n::text
FROM generate_series(1, 10000) n;

COMMIT;
