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
    status            text NOT NULL CHECK (status IN ('received', 'asking', 'proving', 'escalated', 'closed')),
    outcome           text NOT NULL CHECK (outcome IN ('', 'confirmed', 'unproven', 'denied', 'unsure',
                                                   'no_response', 'unreachable', 'unasked')),
    outcome_reason    text NOT NULL,
    person_team       text NOT NULL,
    person_user       text NOT NULL,
    plan              jsonb,
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
    CONSTRAINT closed_with_verdict   CHECK (status <> 'closed' OR outcome <> ''),
    CONSTRAINT verdict_with_time     CHECK (outcome = '' OR settled_at IS NOT NULL),
    CONSTRAINT confirmed_by_somebody CHECK (outcome <> 'confirmed' OR person_user <> '')
);

CREATE INDEX alerts_newest ON alerts (received_at, id);
CREATE INDEX alerts_status ON alerts (status, received_at, id);
CREATE INDEX alerts_outcome ON alerts (outcome, received_at, id);
CREATE INDEX alerts_detection ON alerts (detection, received_at, id);
CREATE INDEX alerts_source ON alerts (source, received_at, id);
CREATE INDEX alerts_source_key ON alerts (source_key) WHERE source_key <> '';
CREATE INDEX alerts_subject_email ON alerts (subject_email) WHERE subject_email <> '';
CREATE INDEX alerts_subject_username ON alerts (subject_username) WHERE subject_username <> '';
CREATE INDEX alerts_subject_slack_id ON alerts (subject_slack_id) WHERE subject_slack_id <> '';
CREATE INDEX alerts_payload ON alerts (source, payload_digest, received_at) WHERE payload_digest <> '';
CREATE INDEX alerts_unfinished ON alerts (received_at, id) WHERE finished_at IS NULL;
CREATE INDEX alerts_open ON alerts (person_team, person_user, received_at) WHERE outcome = '';
CREATE INDEX alerts_confirmed ON alerts (person_team, person_user, settled_at) WHERE outcome = 'confirmed';

CREATE TABLE timeline (
    alert_id text COLLATE "C" NOT NULL REFERENCES alerts (id),
    seq      integer NOT NULL CHECK (seq >= 1),
    at       timestamptz NOT NULL,
    kind     text NOT NULL CHECK (kind <> ''),
    actor    text NOT NULL,
    data     text CHECK (data <> ''),
    personal text CHECK (personal <> ''),
    salt     bytea,
    digest   text NOT NULL,
    previous text NOT NULL,
    hash     text NOT NULL,
    PRIMARY KEY (alert_id, seq)
);

-- +goose StatementBegin
CREATE FUNCTION timeline_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the timeline is append-only' USING ERRCODE = 'restrict_violation';
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER timeline_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON timeline
    FOR EACH STATEMENT EXECUTE FUNCTION timeline_append_only();

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
    alert_id     text COLLATE "C" NOT NULL REFERENCES alerts (id),
    kind         text NOT NULL CHECK (kind <> ''),
    ref          text NOT NULL,
    choice       text NOT NULL CHECK (choice IN ('', 'yes', 'no', 'unsure')),
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

CREATE TABLE answers (
    position     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           text COLLATE "C" NOT NULL UNIQUE CHECK (id <> ''),
    alert_id     text COLLATE "C" NOT NULL REFERENCES alerts (id),
    person_team  text NOT NULL,
    person_user  text NOT NULL CHECK (person_user <> ''),
    choice       text NOT NULL CHECK (choice IN ('yes', 'no', 'unsure')),
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
    deactivated  boolean NOT NULL,
    bot          boolean NOT NULL,
    foreign_team boolean NOT NULL,
    seen_at      timestamptz,
    PRIMARY KEY (team, user_id)
);

CREATE INDEX people_email ON people (team, lower(email COLLATE "C")) WHERE email <> '';

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

CREATE TABLE settings (
    name  text NOT NULL PRIMARY KEY CHECK (name <> ''),
    value text NOT NULL
);
