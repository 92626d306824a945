-- The whole record of the first release. Times are NULL where there is none;
-- texts that may be missing are empty. What sorts is collated by bytes, so that
-- both engines list alike. JSON that is given back as it was written is text:
-- jsonb would order its keys and round its numbers its own way.
--
-- There is no way down: a record is not thrown away by a migration.

-- +goose Up
CREATE TABLE alerts (
    id                text COLLATE "C" NOT NULL PRIMARY KEY CHECK (id <> ''),
    source            text NOT NULL,
    source_key        text NOT NULL,
    payload_digest    text NOT NULL,
    detection         text NOT NULL,
    title             text NOT NULL,
    description       text NOT NULL,
    severity          text NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    subject_email     text NOT NULL,
    subject_username  text NOT NULL,
    subject_slack_id  text NOT NULL,
    occurred_at       timestamptz,
    url               text NOT NULL,
    context           text CHECK (context <> ''),
    received_at       timestamptz NOT NULL,
    status            text NOT NULL CHECK (status IN ('received', 'held', 'asking', 'proving', 'escalated', 'closed')),
    outcome           text NOT NULL CHECK (outcome IN ('', 'confirmed', 'unproven', 'denied', 'unsure',
                                                   'no_response', 'unreachable', 'unasked', 'observed', 'suppressed', 'withdrawn')),
    outcome_reason    text NOT NULL,
    person_team       text NOT NULL,
    person_user       text NOT NULL,
    plan              text CHECK (plan <> ''),
    code              text NOT NULL,
    revision          integer NOT NULL CHECK (revision >= 0),
    admitted_at       timestamptz,
    asked_at          timestamptz,
    deadline          timestamptz,
    watch_until       timestamptz,
    snoozes           integer NOT NULL CHECK (snoozes >= 0),
    snoozed_until     timestamptz,
    settled_at        timestamptz,
    escalated_at      timestamptz,
    escalation        text NOT NULL,
    finished_at       timestamptz,
    shown_revision    integer NOT NULL CHECK (shown_revision >= 0),
    queued_until      timestamptz,
    joined_to         text COLLATE "C" NOT NULL,
    join_revision     integer NOT NULL CHECK (join_revision >= 0),
    covered_by        text NOT NULL,
    case_of           text COLLATE "C" NOT NULL,
    pile              text NOT NULL CHECK (pile IN ('', 'storm', 'flood')),
    reviewed_at       timestamptz,
    reviewed_by       text NOT NULL,
    review            text NOT NULL,
    answered          text NOT NULL CHECK (answered IN ('', 'yes', 'no', 'unsure', 'some_not')),
    proven            boolean NOT NULL,
    erased_at         timestamptz,
    CONSTRAINT closed_with_verdict   CHECK (status <> 'closed' OR outcome <> ''),
    CONSTRAINT verdict_with_time     CHECK (outcome = '' OR settled_at IS NOT NULL),
    CONSTRAINT confirmed_by_somebody CHECK (outcome <> 'confirmed' OR person_user <> '')
);

CREATE INDEX alerts_newest ON alerts (received_at, id);
CREATE INDEX alerts_status ON alerts (status, received_at, id);
CREATE INDEX alerts_outcome ON alerts (outcome, received_at, id);
CREATE INDEX alerts_detection ON alerts (detection, received_at, id);
CREATE INDEX alerts_origin ON alerts (detection, source, received_at, id);
CREATE INDEX alerts_source ON alerts (source, received_at, id);
CREATE INDEX alerts_source_key ON alerts (source_key) WHERE source_key <> '';
CREATE INDEX alerts_subject_email ON alerts (lower(subject_email COLLATE "C"), received_at, id) WHERE subject_email <> '';
CREATE INDEX alerts_subject_username ON alerts (lower(subject_username COLLATE "C"), received_at, id) WHERE subject_username <> '';
CREATE INDEX alerts_subject_slack_id ON alerts (lower(subject_slack_id COLLATE "C"), received_at, id) WHERE subject_slack_id <> '';
CREATE INDEX alerts_severity ON alerts (severity, received_at, id);
CREATE INDEX alerts_answered ON alerts (answered, received_at, id) WHERE answered IN ('no', 'unsure', 'some_not');
CREATE INDEX alerts_person ON alerts (person_team, person_user, received_at, id) WHERE person_user <> '';
CREATE INDEX alerts_review ON alerts (received_at, id) WHERE outcome = 'confirmed' AND review <> '' AND reviewed_at IS NULL;
CREATE INDEX alerts_erasable ON alerts (received_at, id) WHERE erased_at IS NULL AND finished_at IS NOT NULL;
CREATE INDEX alerts_payload ON alerts (source, payload_digest, received_at, id) WHERE payload_digest <> '';
CREATE INDEX alerts_unfinished ON alerts (received_at, id) WHERE finished_at IS NULL;
CREATE INDEX alerts_open ON alerts (person_team, person_user, received_at) WHERE outcome = '';
CREATE INDEX alerts_confirmed ON alerts (person_team, person_user, settled_at) WHERE outcome = 'confirmed';
CREATE INDEX alerts_admitted ON alerts (person_team, person_user, admitted_at, id) WHERE admitted_at IS NOT NULL;
CREATE INDEX alerts_asked ON alerts (asked_at) WHERE asked_at IS NOT NULL;
CREATE INDEX alerts_asked_of ON alerts (person_team, person_user, asked_at) WHERE asked_at IS NOT NULL;
CREATE INDEX alerts_joined ON alerts (joined_to, received_at, id) WHERE joined_to <> '';
CREATE INDEX alerts_case_of ON alerts (case_of, received_at, id) WHERE case_of <> '';
CREATE INDEX alerts_escalated ON alerts (source, escalation, escalated_at, id)
    WHERE escalated_at IS NOT NULL AND case_of = '';
CREATE INDEX alerts_storm ON alerts (person_team, person_user, escalated_at, id) WHERE pile = 'storm';
CREATE INDEX alerts_settled ON alerts (settled_at, id) WHERE settled_at IS NOT NULL;

-- Without them every person would be thought to have a two-hundredth of all alerts.
CREATE STATISTICS alerts_email ON (lower(subject_email COLLATE "C")) FROM alerts;
CREATE STATISTICS alerts_username ON (lower(subject_username COLLATE "C")) FROM alerts;
CREATE STATISTICS alerts_slack_id ON (lower(subject_slack_id COLLATE "C")) FROM alerts;
-- And what goes together or never does, as if it did by chance.
CREATE STATISTICS alerts_ends (mcv) ON status, outcome, answered, proven FROM alerts;
CREATE STATISTICS alerts_origins (mcv) ON detection, source FROM alerts;

-- What hardly ever goes together, and who looks for it wants to know at once: an
-- approved push for what was not confirmed, a no for what was. The statistics of one
-- value, unlike those of its parts, tell the server that there is next to none.
CREATE FUNCTION at_odds(status text, outcome text, answered text, proven boolean) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$
    SELECT CASE WHEN outcome <> 'confirmed' AND proven
        OR outcome = 'confirmed' AND (NOT proven OR answered <> 'yes' OR status <> 'closed') THEN 'yes' ELSE 'no' END
$$;
CREATE INDEX alerts_odd ON alerts (received_at, id) WHERE at_odds(status, outcome, answered, proven) = 'yes';
CREATE STATISTICS alerts_odds ON (at_odds(status, outcome, answered, proven)) FROM alerts;

CREATE TABLE timeline (
    alert_id text COLLATE "C" NOT NULL REFERENCES alerts (id),
    seq      integer NOT NULL CHECK (seq >= 1),
    at       timestamptz NOT NULL,
    kind     text NOT NULL CHECK (kind <> ''),
    actor    text NOT NULL,
    data     text CHECK (data <> ''),
    digest   text NOT NULL,
    previous text NOT NULL,
    hash     text NOT NULL,
    PRIMARY KEY (alert_id, seq)
);

-- What an entry says of people, until it is erased. The entry keeps its digest.
CREATE TABLE timeline_personal (
    alert_id text COLLATE "C" NOT NULL,
    seq      integer NOT NULL,
    personal text NOT NULL CHECK (personal <> ''),
    salt     bytea NOT NULL,
    PRIMARY KEY (alert_id, seq),
    FOREIGN KEY (alert_id, seq) REFERENCES timeline (alert_id, seq)
);

-- How far each timeline has come, and how much of it the log knows. There is no
-- reference to the alert: one that is gone is missed by what is left here.
CREATE TABLE chains (
    alert_id   text COLLATE "C" NOT NULL PRIMARY KEY CHECK (alert_id <> ''),
    seq        integer NOT NULL CHECK (seq >= 1),
    head       text NOT NULL,
    logged_seq integer NOT NULL CHECK (logged_seq BETWEEN 0 AND seq)
);

CREATE INDEX chains_unlogged ON chains (alert_id) WHERE seq > logged_seq;

-- The alert as it was POSTed, until it is erased.
CREATE TABLE payloads (
    alert_id text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES alerts (id),
    body     bytea NOT NULL,
    salt     bytea NOT NULL,
    digest   text NOT NULL
);

-- The log of the timelines' heads, its tree of hashes, and its signed states.
CREATE TABLE log_leaves (
    position bigint NOT NULL PRIMARY KEY CHECK (position >= 0),
    alert_id text COLLATE "C" NOT NULL CHECK (alert_id <> ''),
    seq      integer NOT NULL CHECK (seq >= 1),
    hash     text NOT NULL
);

CREATE INDEX log_leaves_alert ON log_leaves (alert_id, seq);

CREATE TABLE log_hashes (
    idx  bigint NOT NULL PRIMARY KEY CHECK (idx >= 0),
    hash bytea NOT NULL
);

CREATE TABLE checkpoints (
    size bigint NOT NULL PRIMARY KEY CHECK (size >= 0),
    at   timestamptz NOT NULL,
    note text NOT NULL CHECK (note <> '')
);

-- +goose StatementBegin
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER timeline_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON timeline
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER log_leaves_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_leaves
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER log_hashes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_hashes
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER checkpoints_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER timeline_personal_never_changed BEFORE UPDATE ON timeline_personal
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER payloads_never_changed BEFORE UPDATE ON payloads
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- The words that an alert is found by, apart from its row: that is written a few
-- times, and they but once. With the time they can be read from the newest on.
CREATE TABLE search (
    alert_id    text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES alerts (id),
    received_at timestamptz NOT NULL,
    words       tsvector NOT NULL
);

-- What waits to be put into the index is read by every search: so it is little.
CREATE INDEX search_words ON search USING gin (words) WITH (gin_pending_list_limit = 256);
-- With the usual number of words the server takes each beginning for a fiftieth of all.
ALTER TABLE search ALTER COLUMN words SET STATISTICS 300;
CREATE INDEX search_newest ON search (received_at, alert_id);

CREATE TABLE posts (
    alert_id      text COLLATE "C" NOT NULL REFERENCES alerts (id),
    purpose       text COLLATE "C" NOT NULL CHECK (purpose <> ''),
    state         text NOT NULL CHECK (state IN ('intended', 'done')),
    claimed_until timestamptz,
    intended_at   timestamptz,
    tries         integer NOT NULL CHECK (tries >= 0),
    channel       text NOT NULL,
    ts            text NOT NULL,
    posted_at     timestamptz,
    PRIMARY KEY (alert_id, purpose)
);

CREATE INDEX posts_place ON posts (channel, ts) WHERE state = 'done';

-- An id is never used twice, so that one who still holds the id of an entry
-- that is gone can't touch another.
CREATE TABLE outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id     text COLLATE "C" NOT NULL,
    kind         text NOT NULL CHECK (kind <> ''),
    ref          text NOT NULL,
    choice       text NOT NULL CHECK (choice IN ('', 'yes', 'no', 'unsure', 'some_not')),
    created_at   timestamptz NOT NULL,
    available_at timestamptz NOT NULL,
    attempts     integer NOT NULL CHECK (attempts >= 0),
    last_error   text NOT NULL,
    UNIQUE (alert_id, kind, ref)
);

CREATE INDEX outbox_due ON outbox (available_at);
CREATE INDEX outbox_oldest ON outbox (created_at, id);

CREATE TABLE deliveries (
    delivery text NOT NULL PRIMARY KEY CHECK (delivery <> ''),
    at       timestamptz NOT NULL
);

CREATE INDEX deliveries_at ON deliveries (at);

CREATE TABLE answers (
    position     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           text COLLATE "C" NOT NULL UNIQUE CHECK (id <> ''),
    alert_id     text COLLATE "C" NOT NULL REFERENCES alerts (id),
    person_team  text NOT NULL,
    person_user  text NOT NULL CHECK (person_user <> ''),
    choice       text NOT NULL CHECK (choice IN ('yes', 'no', 'unsure', 'some_not')),
    revision     integer NOT NULL CHECK (revision >= 0),
    at           timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    late         boolean NOT NULL,
    explanation  text NOT NULL,
    explained_at timestamptz
);

CREATE INDEX answers_alert ON answers (alert_id, position);

CREATE TABLE proofs (
    alert_id    text COLLATE "C" NOT NULL REFERENCES alerts (id),
    attempt     integer NOT NULL CHECK (attempt >= 1),
    answer_id   text NOT NULL,
    person_team text NOT NULL,
    person_user text NOT NULL CHECK (person_user <> ''),
    factor      text NOT NULL,
    device      text NOT NULL,
    txid        text NOT NULL,
    code        text NOT NULL,
    result      text NOT NULL CHECK (result IN ('pending', 'approved', 'denied', 'fraud', 'timed_out',
                                                'unavailable', 'lost')),
    reason      text NOT NULL,
    begun_at    timestamptz NOT NULL,
    sending_at  timestamptz,
    pushed_at   timestamptz,
    decided_at  timestamptz,
    PRIMARY KEY (alert_id, attempt)
);

CREATE INDEX proofs_person ON proofs (person_team, person_user, begun_at);

CREATE TABLE people (
    team         text NOT NULL,
    user_id      text COLLATE "C" NOT NULL CHECK (user_id <> ''),
    email        text NOT NULL,
    username     text NOT NULL,
    name         text NOT NULL,
    zone         text NOT NULL,
    factor_name  text NOT NULL,
    manager      text NOT NULL,
    away_until   timestamptz,
    deactivated  boolean NOT NULL,
    bot          boolean NOT NULL,
    foreign_team boolean NOT NULL,
    seen_at      timestamptz,
    PRIMARY KEY (team, user_id)
);

CREATE INDEX people_email ON people (team, lower(email COLLATE "C"), user_id);
CREATE INDEX people_name ON people (team, lower(name COLLATE "C"));
CREATE INDEX people_username ON people (team, lower(username COLLATE "C"));

CREATE TABLE distrusts (
    position    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_team text NOT NULL,
    person_user text NOT NULL CHECK (person_user <> ''),
    alert_id    text COLLATE "C" NOT NULL,
    reason      text NOT NULL,
    since       timestamptz NOT NULL,
    cleared_at  timestamptz,
    cleared_by  text NOT NULL,
    clearance   text NOT NULL
);

CREATE UNIQUE INDEX distrusts_in_force ON distrusts (person_team, person_user) WHERE cleared_at IS NULL;
CREATE INDEX distrusts_newest ON distrusts ((cleared_at IS NULL), since, position);

CREATE TABLE settings (
    name  text NOT NULL PRIMARY KEY CHECK (name <> ''),
    value text NOT NULL
);

CREATE TABLE cases (
    alert_id    text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES alerts (id),
    about_team  text NOT NULL,
    about_user  text NOT NULL,
    opened_at   timestamptz NOT NULL,
    acked_at    timestamptz,
    acked_by    text NOT NULL,
    resolved_at timestamptz,
    resolved_by text NOT NULL,
    resolution  text NOT NULL,
    rung        integer NOT NULL CHECK (rung >= 0),
    rank        integer NOT NULL CHECK (rank >= 0)
);

CREATE INDEX cases_open ON cases (opened_at, alert_id) WHERE resolved_at IS NULL;
CREATE INDEX cases_rank ON cases (rank, opened_at, alert_id) WHERE resolved_at IS NULL;

CREATE TABLE suppressions (
    id          text COLLATE "C" NOT NULL PRIMARY KEY CHECK (id <> ''),
    kind        text NOT NULL CHECK (kind IN ('proven', 'ignore', 'exception')),
    person_team text NOT NULL,
    person_user text NOT NULL CHECK (person_user <> ''),
    detection   text NOT NULL CHECK (detection <> ''),
    scope       text NOT NULL CHECK (scope <> ''),
    severity    text NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    alert_id    text COLLATE "C" NOT NULL,
    made_by     text NOT NULL CHECK (made_by <> ''),
    reason      text NOT NULL,
    since       timestamptz NOT NULL,
    until       timestamptz NOT NULL,
    used        integer NOT NULL CHECK (used >= 0),
    most        integer NOT NULL CHECK (most >= 1),
    revoked_at  timestamptz,
    revoked_by  text NOT NULL,
    revocation  text NOT NULL
);

CREATE INDEX suppressions_person ON suppressions (person_team, person_user, until) WHERE revoked_at IS NULL;
CREATE INDEX suppressions_until ON suppressions (until);

CREATE TABLE opt_outs (
    person_team text COLLATE "C" NOT NULL,
    person_user text COLLATE "C" NOT NULL CHECK (person_user <> ''),
    since       timestamptz NOT NULL,
    until       timestamptz NOT NULL,
    made_by     text NOT NULL,
    reason      text NOT NULL,
    ended_at    timestamptz,
    PRIMARY KEY (person_team, person_user, since)
);

CREATE INDEX opt_outs_until ON opt_outs (until);

CREATE TABLE devices (
    person_team text NOT NULL,
    person_user text NOT NULL CHECK (person_user <> ''),
    factor      text NOT NULL,
    device      text COLLATE "C" NOT NULL CHECK (device <> ''),
    name        text NOT NULL,
    first_seen  timestamptz NOT NULL,
    original    boolean NOT NULL,
    PRIMARY KEY (person_team, person_user, factor, device)
);

CREATE TABLE notices (
    id            text COLLATE "C" NOT NULL PRIMARY KEY CHECK (id <> ''),
    kind          text NOT NULL CHECK (kind <> ''),
    target        text NOT NULL,
    person_team   text NOT NULL,
    person_user   text NOT NULL,
    data          text NOT NULL CHECK (data <> ''),
    created_at    timestamptz NOT NULL,
    state         text NOT NULL CHECK (state IN ('intended', 'done')),
    claimed_until timestamptz,
    intended_at   timestamptz,
    tries         integer NOT NULL CHECK (tries >= 0),
    channel       text NOT NULL,
    ts            text NOT NULL,
    posted_at     timestamptz
);

CREATE INDEX notices_kind ON notices (kind, created_at, id);
CREATE INDEX notices_created ON notices (created_at);

CREATE TABLE policies (
    revision  text COLLATE "C" NOT NULL PRIMARY KEY CHECK (revision <> ''),
    body      text NOT NULL,
    loaded_at timestamptz NOT NULL,
    loaded_by text NOT NULL
);

CREATE INDEX policies_loaded ON policies (loaded_at, revision);

CREATE TABLE group_members (
    team     text NOT NULL,
    group_id text COLLATE "C" NOT NULL CHECK (group_id <> ''),
    user_id  text COLLATE "C" NOT NULL CHECK (user_id <> ''),
    PRIMARY KEY (team, group_id, user_id)
);

CREATE INDEX group_members_user ON group_members (team, user_id, group_id);

-- What happened, counted: added here by every transaction without waiting for
-- another one, and moved from here into the sums now and then.
CREATE TABLE tally_deltas (
    position  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL,
    detection text COLLATE "C" NOT NULL,
    measure   text COLLATE "C" NOT NULL CHECK (measure <> ''),
    bucket    integer NOT NULL,
    count     integer NOT NULL
);

CREATE INDEX tally_deltas_at ON tally_deltas (at);

CREATE TABLE tallies (
    span      text COLLATE "C" NOT NULL CHECK (span IN ('hour', 'day')),
    at        timestamptz NOT NULL,
    detection text COLLATE "C" NOT NULL,
    measure   text COLLATE "C" NOT NULL CHECK (measure <> ''),
    bucket    integer NOT NULL,
    count     bigint NOT NULL,
    PRIMARY KEY (span, detection, at, measure, bucket)
);

CREATE INDEX tallies_at ON tallies (span, at);

CREATE TABLE tokens (
    id           text COLLATE "C" NOT NULL PRIMARY KEY CHECK (id <> ''),
    source       text NOT NULL,
    digest       text COLLATE "C" NOT NULL UNIQUE CHECK (digest <> ''),
    email        text NOT NULL,
    scopes       text NOT NULL CHECK (scopes <> ''),
    detections   text NOT NULL CHECK (detections <> ''),
    severities   text NOT NULL CHECK (severities <> ''),
    per_hour     integer NOT NULL CHECK (per_hour >= 0),
    created_at   timestamptz NOT NULL,
    created_by   text NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    revoked_by   text NOT NULL
);

CREATE INDEX tokens_newest ON tokens (created_at, id);

CREATE TABLE sessions (
    id         text COLLATE "C" NOT NULL PRIMARY KEY CHECK (id <> ''),
    data       bytea NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE INDEX sessions_expiry ON sessions (expires_at);
