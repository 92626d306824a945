-- The whole record of the first release. Times are microseconds since 1970 in
-- UTC, NULL where there is none; texts that may be missing are empty.
--
-- There is no way down: a record is not thrown away by a migration.

-- +goose Up
CREATE TABLE alerts (
    id                TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    source            TEXT    NOT NULL,
    source_key        TEXT    NOT NULL,
    payload_digest    TEXT    NOT NULL,
    detection         TEXT    NOT NULL,
    title             TEXT    NOT NULL,
    description       TEXT    NOT NULL,
    severity          TEXT    NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    subject_email     TEXT    NOT NULL,
    subject_username  TEXT    NOT NULL,
    subject_slack_id  TEXT    NOT NULL,
    occurred_at       INTEGER,
    url               TEXT    NOT NULL,
    context           TEXT    CHECK (context <> ''),
    received_at       INTEGER NOT NULL,
    status            TEXT    NOT NULL CHECK (status IN ('received', 'held', 'asking', 'proving', 'escalated', 'closed')),
    outcome           TEXT    NOT NULL CHECK (outcome IN ('', 'confirmed', 'unproven', 'denied', 'unsure',
                                                          'no_response', 'unreachable', 'unasked', 'observed', 'suppressed', 'withdrawn')),
    outcome_reason    TEXT    NOT NULL,
    person_team       TEXT    NOT NULL,
    person_user       TEXT    NOT NULL,
    plan              TEXT    CHECK (plan <> ''),
    code              TEXT    NOT NULL,
    revision          INTEGER NOT NULL CHECK (revision >= 0),
    admitted_at       INTEGER,
    asked_at          INTEGER,
    deadline          INTEGER,
    watch_until       INTEGER,
    snoozes           INTEGER NOT NULL CHECK (snoozes >= 0),
    snoozed_until     INTEGER,
    settled_at        INTEGER,
    escalated_at      INTEGER,
    escalation        TEXT    NOT NULL,
    finished_at       INTEGER,
    shown_revision    INTEGER NOT NULL CHECK (shown_revision >= 0),
    queued_until      INTEGER,
    joined_to         TEXT    NOT NULL,
    join_revision     INTEGER NOT NULL CHECK (join_revision >= 0),
    covered_by        TEXT    NOT NULL,
    case_of           TEXT    NOT NULL,
    pile              TEXT    NOT NULL CHECK (pile IN ('', 'storm', 'flood')),
    reviewed_at       INTEGER,
    reviewed_by       TEXT    NOT NULL,
    review            TEXT    NOT NULL,
    answered          TEXT    NOT NULL CHECK (answered IN ('', 'yes', 'no', 'unsure', 'some_not')),
    proven            INTEGER NOT NULL CHECK (proven IN (0, 1)),
    erased_at         INTEGER,
    CONSTRAINT closed_with_verdict   CHECK (status <> 'closed' OR outcome <> ''),
    CONSTRAINT verdict_with_time     CHECK (outcome = '' OR settled_at IS NOT NULL),
    CONSTRAINT confirmed_by_somebody CHECK (outcome <> 'confirmed' OR person_user <> '')
) STRICT;

CREATE INDEX alerts_newest ON alerts (received_at, id);
CREATE INDEX alerts_source ON alerts (source, received_at, id);
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

CREATE TABLE timeline (
    alert_id TEXT    NOT NULL REFERENCES alerts (id),
    seq      INTEGER NOT NULL CHECK (seq >= 1),
    at       INTEGER NOT NULL,
    kind     TEXT    NOT NULL CHECK (kind <> ''),
    actor    TEXT    NOT NULL,
    data     TEXT    CHECK (data <> ''),
    digest   TEXT    NOT NULL,
    previous TEXT    NOT NULL,
    hash     TEXT    NOT NULL,
    PRIMARY KEY (alert_id, seq)
) STRICT;

-- What an entry says of people, until it is erased. The entry keeps its digest.
CREATE TABLE timeline_personal (
    alert_id TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    personal TEXT    NOT NULL CHECK (personal <> ''),
    salt     BLOB    NOT NULL,
    PRIMARY KEY (alert_id, seq),
    FOREIGN KEY (alert_id, seq) REFERENCES timeline (alert_id, seq)
) STRICT;

-- How far each timeline has come, and how much of it the log knows. There is no
-- reference to the alert: one that is gone is missed by what is left here.
CREATE TABLE chains (
    alert_id   TEXT    NOT NULL PRIMARY KEY CHECK (alert_id <> ''),
    seq        INTEGER NOT NULL CHECK (seq >= 1),
    head       TEXT    NOT NULL,
    logged_seq INTEGER NOT NULL CHECK (logged_seq BETWEEN 0 AND seq)
) STRICT;

CREATE INDEX chains_unlogged ON chains (alert_id) WHERE seq > logged_seq;

-- The alert as it was POSTed, until it is erased.
CREATE TABLE payloads (
    alert_id TEXT NOT NULL PRIMARY KEY REFERENCES alerts (id),
    body     BLOB NOT NULL,
    salt     BLOB NOT NULL,
    digest   TEXT NOT NULL
) STRICT;

-- The log of the timelines' heads, its tree of hashes, and its signed states.
CREATE TABLE log_leaves (
    position INTEGER NOT NULL PRIMARY KEY CHECK (position >= 0),
    alert_id TEXT    NOT NULL CHECK (alert_id <> ''),
    seq      INTEGER NOT NULL CHECK (seq >= 1),
    hash     TEXT    NOT NULL
) STRICT;

CREATE INDEX log_leaves_alert ON log_leaves (alert_id, seq);

CREATE TABLE log_hashes (
    idx  INTEGER NOT NULL PRIMARY KEY CHECK (idx >= 0),
    hash BLOB    NOT NULL
) STRICT;

CREATE TABLE checkpoints (
    size INTEGER NOT NULL PRIMARY KEY CHECK (size >= 0),
    at   INTEGER NOT NULL,
    note TEXT    NOT NULL CHECK (note <> '')
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER timeline_no_update BEFORE UPDATE ON timeline
BEGIN
    SELECT RAISE(ABORT, 'timeline is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER timeline_no_delete BEFORE DELETE ON timeline
BEGIN
    SELECT RAISE(ABORT, 'timeline is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER log_leaves_no_update BEFORE UPDATE ON log_leaves
BEGIN
    SELECT RAISE(ABORT, 'log_leaves is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER log_leaves_no_delete BEFORE DELETE ON log_leaves
BEGIN
    SELECT RAISE(ABORT, 'log_leaves is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER log_hashes_no_update BEFORE UPDATE ON log_hashes
BEGIN
    SELECT RAISE(ABORT, 'log_hashes is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER log_hashes_no_delete BEFORE DELETE ON log_hashes
BEGIN
    SELECT RAISE(ABORT, 'log_hashes is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER checkpoints_no_update BEFORE UPDATE ON checkpoints
BEGIN
    SELECT RAISE(ABORT, 'checkpoints is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER checkpoints_no_delete BEFORE DELETE ON checkpoints
BEGIN
    SELECT RAISE(ABORT, 'checkpoints is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER timeline_personal_no_update BEFORE UPDATE ON timeline_personal
BEGIN
    SELECT RAISE(ABORT, 'timeline_personal is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER payloads_no_update BEFORE UPDATE ON payloads
BEGIN
    SELECT RAISE(ABORT, 'payloads is append-only');
END;
-- +goose StatementEnd

-- The words that an alert is found by: search numbers the alerts, search_words
-- holds their words by that number. What is deleted there is overwritten.
CREATE TABLE search (
    position INTEGER NOT NULL PRIMARY KEY,
    alert_id TEXT    NOT NULL UNIQUE REFERENCES alerts (id)
) STRICT;

CREATE VIRTUAL TABLE search_words USING fts5(words, tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co'");

INSERT INTO search_words (search_words, rank) VALUES ('secure-delete', 1);

CREATE TABLE posts (
    alert_id      TEXT    NOT NULL REFERENCES alerts (id),
    purpose       TEXT    NOT NULL CHECK (purpose <> ''),
    state         TEXT    NOT NULL CHECK (state IN ('intended', 'done')),
    claimed_until INTEGER,
    intended_at   INTEGER,
    tries         INTEGER NOT NULL CHECK (tries >= 0),
    channel       TEXT    NOT NULL,
    ts            TEXT    NOT NULL,
    posted_at     INTEGER,
    PRIMARY KEY (alert_id, purpose)
) STRICT;

CREATE INDEX posts_place ON posts (channel, ts) WHERE state = 'done';

-- An id is never used twice, so that one who still holds the id of an entry
-- that is gone can't touch another.
CREATE TABLE outbox (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_id     TEXT    NOT NULL,
    kind         TEXT    NOT NULL CHECK (kind <> ''),
    ref          TEXT    NOT NULL,
    choice       TEXT    NOT NULL CHECK (choice IN ('', 'yes', 'no', 'unsure', 'some_not')),
    created_at   INTEGER NOT NULL,
    available_at INTEGER NOT NULL,
    attempts     INTEGER NOT NULL CHECK (attempts >= 0),
    last_error   TEXT    NOT NULL,
    UNIQUE (alert_id, kind, ref)
) STRICT;

CREATE INDEX outbox_due ON outbox (available_at);
CREATE INDEX outbox_oldest ON outbox (created_at, id);

CREATE TABLE deliveries (
    delivery TEXT    NOT NULL PRIMARY KEY CHECK (delivery <> ''),
    at       INTEGER NOT NULL
) STRICT;

CREATE INDEX deliveries_at ON deliveries (at);

CREATE TABLE answers (
    position     INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT    NOT NULL UNIQUE CHECK (id <> ''),
    alert_id     TEXT    NOT NULL REFERENCES alerts (id),
    person_team  TEXT    NOT NULL,
    person_user  TEXT    NOT NULL CHECK (person_user <> ''),
    choice       TEXT    NOT NULL CHECK (choice IN ('yes', 'no', 'unsure', 'some_not')),
    revision     INTEGER NOT NULL CHECK (revision >= 0),
    at           INTEGER NOT NULL,
    recorded_at  INTEGER NOT NULL,
    late         INTEGER NOT NULL CHECK (late IN (0, 1)),
    explanation  TEXT    NOT NULL,
    explained_at INTEGER
) STRICT;

CREATE INDEX answers_alert ON answers (alert_id, position);

CREATE TABLE proofs (
    alert_id    TEXT    NOT NULL REFERENCES alerts (id),
    attempt     INTEGER NOT NULL CHECK (attempt >= 1),
    answer_id   TEXT    NOT NULL,
    person_team TEXT    NOT NULL,
    person_user TEXT    NOT NULL CHECK (person_user <> ''),
    factor      TEXT    NOT NULL,
    device      TEXT    NOT NULL,
    txid        TEXT    NOT NULL,
    code        TEXT    NOT NULL,
    result      TEXT    NOT NULL CHECK (result IN ('pending', 'approved', 'denied', 'fraud', 'timed_out',
                                                   'unavailable', 'lost')),
    reason      TEXT    NOT NULL,
    begun_at    INTEGER NOT NULL,
    sending_at  INTEGER,
    pushed_at   INTEGER,
    decided_at  INTEGER,
    PRIMARY KEY (alert_id, attempt)
) STRICT;

CREATE INDEX proofs_person ON proofs (person_team, person_user, begun_at);

CREATE TABLE people (
    team         TEXT    NOT NULL,
    user_id      TEXT    NOT NULL CHECK (user_id <> ''),
    email        TEXT    NOT NULL,
    username     TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    zone         TEXT    NOT NULL,
    factor_name  TEXT    NOT NULL,
    manager      TEXT    NOT NULL,
    away_until   INTEGER,
    deactivated  INTEGER NOT NULL CHECK (deactivated IN (0, 1)),
    bot          INTEGER NOT NULL CHECK (bot IN (0, 1)),
    foreign_team INTEGER NOT NULL CHECK (foreign_team IN (0, 1)),
    seen_at      INTEGER,
    PRIMARY KEY (team, user_id)
) STRICT;

CREATE INDEX people_email ON people (team, lower(email), user_id);

CREATE TABLE distrusts (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    person_team TEXT    NOT NULL,
    person_user TEXT    NOT NULL CHECK (person_user <> ''),
    alert_id    TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    since       INTEGER NOT NULL,
    cleared_at  INTEGER,
    cleared_by  TEXT    NOT NULL,
    clearance   TEXT    NOT NULL
) STRICT;

CREATE UNIQUE INDEX distrusts_in_force ON distrusts (person_team, person_user) WHERE cleared_at IS NULL;
CREATE INDEX distrusts_newest ON distrusts ((cleared_at IS NULL), since, position);

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY CHECK (name <> ''),
    value TEXT NOT NULL
) STRICT;

CREATE TABLE cases (
    alert_id    TEXT    NOT NULL PRIMARY KEY REFERENCES alerts (id),
    about_team  TEXT    NOT NULL,
    about_user  TEXT    NOT NULL,
    opened_at   INTEGER NOT NULL,
    acked_at    INTEGER,
    acked_by    TEXT    NOT NULL,
    resolved_at INTEGER,
    resolved_by TEXT    NOT NULL,
    resolution  TEXT    NOT NULL,
    rung        INTEGER NOT NULL CHECK (rung >= 0),
    rank        INTEGER NOT NULL CHECK (rank >= 0)
) STRICT;

CREATE INDEX cases_open ON cases (opened_at, alert_id) WHERE resolved_at IS NULL;
CREATE INDEX cases_rank ON cases (rank, opened_at, alert_id) WHERE resolved_at IS NULL;

CREATE TABLE suppressions (
    id          TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    kind        TEXT    NOT NULL CHECK (kind IN ('proven', 'ignore', 'exception')),
    person_team TEXT    NOT NULL,
    person_user TEXT    NOT NULL CHECK (person_user <> ''),
    detection   TEXT    NOT NULL CHECK (detection <> ''),
    scope       TEXT    NOT NULL CHECK (scope <> ''),
    severity    TEXT    NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    alert_id    TEXT    NOT NULL,
    made_by     TEXT    NOT NULL CHECK (made_by <> ''),
    reason      TEXT    NOT NULL,
    since       INTEGER NOT NULL,
    until       INTEGER NOT NULL,
    used        INTEGER NOT NULL CHECK (used >= 0),
    most        INTEGER NOT NULL CHECK (most >= 1),
    revoked_at  INTEGER,
    revoked_by  TEXT    NOT NULL,
    revocation  TEXT    NOT NULL
) STRICT;

CREATE INDEX suppressions_person ON suppressions (person_team, person_user, until) WHERE revoked_at IS NULL;
CREATE INDEX suppressions_until ON suppressions (until);

CREATE TABLE opt_outs (
    person_team TEXT    NOT NULL,
    person_user TEXT    NOT NULL CHECK (person_user <> ''),
    since       INTEGER NOT NULL,
    until       INTEGER NOT NULL,
    made_by     TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    ended_at    INTEGER,
    PRIMARY KEY (person_team, person_user, since)
) STRICT;

CREATE INDEX opt_outs_until ON opt_outs (until);

CREATE TABLE devices (
    person_team TEXT    NOT NULL,
    person_user TEXT    NOT NULL CHECK (person_user <> ''),
    factor      TEXT    NOT NULL,
    device      TEXT    NOT NULL CHECK (device <> ''),
    name        TEXT    NOT NULL,
    first_seen  INTEGER NOT NULL,
    original    INTEGER NOT NULL CHECK (original IN (0, 1)),
    PRIMARY KEY (person_team, person_user, factor, device)
) STRICT;

CREATE TABLE notices (
    id            TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    kind          TEXT    NOT NULL CHECK (kind <> ''),
    target        TEXT    NOT NULL,
    person_team   TEXT    NOT NULL,
    person_user   TEXT    NOT NULL,
    data          TEXT    NOT NULL CHECK (data <> ''),
    created_at    INTEGER NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('intended', 'done')),
    claimed_until INTEGER,
    intended_at   INTEGER,
    tries         INTEGER NOT NULL CHECK (tries >= 0),
    channel       TEXT    NOT NULL,
    ts            TEXT    NOT NULL,
    posted_at     INTEGER
) STRICT;

CREATE INDEX notices_kind ON notices (kind, created_at, id);
CREATE INDEX notices_created ON notices (created_at);

CREATE TABLE policies (
    revision  TEXT    NOT NULL PRIMARY KEY CHECK (revision <> ''),
    body      TEXT    NOT NULL,
    loaded_at INTEGER NOT NULL,
    loaded_by TEXT    NOT NULL
) STRICT;

CREATE INDEX policies_loaded ON policies (loaded_at, revision);

CREATE TABLE group_members (
    team     TEXT NOT NULL,
    group_id TEXT NOT NULL CHECK (group_id <> ''),
    user_id  TEXT NOT NULL CHECK (user_id <> ''),
    PRIMARY KEY (team, group_id, user_id)
) STRICT;

CREATE INDEX group_members_user ON group_members (team, user_id, group_id);

-- What happened, counted: added here by every transaction without waiting for
-- another one, and moved from here into the sums now and then.
CREATE TABLE tally_deltas (
    position  INTEGER PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    detection TEXT NOT NULL,
    measure   TEXT NOT NULL CHECK (measure <> ''),
    bucket    INTEGER NOT NULL,
    count     INTEGER NOT NULL
) STRICT;

CREATE INDEX tally_deltas_at ON tally_deltas (at);

CREATE TABLE tallies (
    span      TEXT NOT NULL CHECK (span IN ('hour', 'day')),
    at        INTEGER NOT NULL,
    detection TEXT NOT NULL,
    measure   TEXT NOT NULL CHECK (measure <> ''),
    bucket    INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    PRIMARY KEY (span, detection, at, measure, bucket)
) STRICT;

CREATE INDEX tallies_at ON tallies (span, at);

CREATE TABLE tokens (
    id           TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
    source       TEXT NOT NULL,
    digest       TEXT NOT NULL UNIQUE CHECK (digest <> ''),
    email        TEXT NOT NULL,
    scopes       TEXT NOT NULL CHECK (scopes <> ''),
    detections   TEXT NOT NULL CHECK (detections <> ''),
    severities   TEXT NOT NULL CHECK (severities <> ''),
    per_hour     INTEGER NOT NULL CHECK (per_hour >= 0),
    created_at   INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    revoked_at   INTEGER,
    revoked_by   TEXT NOT NULL
) STRICT;

CREATE INDEX tokens_newest ON tokens (created_at, id);

CREATE TABLE sessions (
    id         TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
    data       BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_expiry ON sessions (expires_at);
