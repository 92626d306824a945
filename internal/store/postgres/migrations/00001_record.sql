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
                                                   'no_response', 'unreachable', 'unasked', 'observed', 'suppressed')),
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
CREATE INDEX alerts_admitted ON alerts (person_team, person_user, admitted_at, id) WHERE admitted_at IS NOT NULL;
CREATE INDEX alerts_asked ON alerts (asked_at) WHERE asked_at IS NOT NULL;
CREATE INDEX alerts_asked_of ON alerts (person_team, person_user, asked_at) WHERE asked_at IS NOT NULL;
CREATE INDEX alerts_joined ON alerts (joined_to, received_at, id) WHERE joined_to <> '';
CREATE INDEX alerts_case_of ON alerts (case_of, received_at, id) WHERE case_of <> '';
CREATE INDEX alerts_escalated ON alerts (source, escalation, escalated_at, id)
    WHERE escalated_at IS NOT NULL AND case_of = '';
CREATE INDEX alerts_storm ON alerts (person_team, person_user, escalated_at, id) WHERE pile = 'storm';
CREATE INDEX alerts_settled ON alerts (settled_at, id) WHERE settled_at IS NOT NULL;

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
    rung        integer NOT NULL CHECK (rung >= 0)
);

CREATE INDEX cases_open ON cases (opened_at, alert_id) WHERE resolved_at IS NULL;

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
