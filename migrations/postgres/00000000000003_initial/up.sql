-- Times are milliseconds since the epoch, UTC. Ids are the outside forms. *_sealed is XChaCha20-Poly1305,
-- bound to project, table, column and row; *_hash is a keyed hash by which a row is found.
-- COLLATE "C": ids sort by their bytes, as on every other engine, whatever the language of the database.
-- The tables to which every order adds refer to nothing by constraint: each insert would lock the row of its project
-- and of its account, which all inserts share.

CREATE TABLE settings (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value_sealed BYTEA NOT NULL
);

CREATE TABLE projects (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id TEXT COLLATE "C" NOT NULL REFERENCES projects (id),
    name TEXT COLLATE "C" NOT NULL,
    key_hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE TABLE integrations (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id TEXT COLLATE "C" NOT NULL REFERENCES projects (id),
    provider TEXT COLLATE "C" NOT NULL,
    category TEXT COLLATE "C" NOT NULL,
    auth_type TEXT COLLATE "C" NOT NULL,
    tenant_id TEXT COLLATE "C",
    package_list_url TEXT COLLATE "C",
    package_list_api_key_sealed BYTEA,
    static_package_id TEXT COLLATE "C",
    partner_username TEXT COLLATE "C",
    partner_password_sealed BYTEA,
    signing_secret_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    credentials_sealed BYTEA
);
CREATE INDEX integrations_of_project ON integrations (project_id, provider, category);

CREATE TABLE accounts (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id TEXT COLLATE "C" NOT NULL REFERENCES projects (id),
    integration_id TEXT COLLATE "C" NOT NULL REFERENCES integrations (id),
    provider TEXT COLLATE "C" NOT NULL,
    category TEXT COLLATE "C" NOT NULL,
    origin_owner_id TEXT COLLATE "C" NOT NULL,
    origin_owner_name TEXT COLLATE "C" NOT NULL,
    trigger_token_hash BYTEA NOT NULL UNIQUE,
    trigger_token_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    credentials_sealed BYTEA
);
CREATE INDEX accounts_of_integration ON accounts (integration_id);

-- list: 'stored' (PUT by the vendor) or 'served' (the last good answer of the vendor's list URL).
-- account_id is empty for the project's own list.
CREATE TABLE packages (
    project_id TEXT COLLATE "C" NOT NULL REFERENCES projects (id),
    category TEXT COLLATE "C" NOT NULL,
    list TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (project_id, category, list, account_id, id)
);

-- Every package that was ever in a list, by the UUID that ATSs are given for it.
CREATE TABLE package_uuids (
    project_id TEXT COLLATE "C" NOT NULL REFERENCES projects (id),
    category TEXT COLLATE "C" NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    package_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (project_id, category, uuid)
);

-- Where repeats_while_open, repeat_hash becomes the order's id once it is final, so that the same may be ordered
-- anew; conflict_hash is null once it is.
-- The order's record is told once, in its record.new event, and read from there.
CREATE TABLE orders (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL,
    category TEXT COLLATE "C" NOT NULL,
    repeat_hash BYTEA NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    state_sealed BYTEA,
    status TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    revisions BIGINT NOT NULL,
    seen_final_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    repeats_while_open BOOLEAN NOT NULL,
    conflict_hash BYTEA,
    cancelled_at BIGINT
);
CREATE UNIQUE INDEX orders_are_placed_once ON orders (account_id, repeat_hash);
CREATE UNIQUE INDEX orders_do_not_conflict ON orders (account_id, conflict_hash) WHERE conflict_hash IS NOT NULL;
CREATE INDEX orders_of_project ON orders (project_id, id);

CREATE TABLE revisions (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id TEXT COLLATE "C" NOT NULL,
    order_id TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    body_sealed BYTEA NOT NULL,
    body_hash BYTEA NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX revisions_of_order ON revisions (order_id, number);

-- schedule: an endpoint's own waits between tries in seconds, separated by commas; null for the default.
-- in_order: deliveries about one record go to it one after the other.
CREATE TABLE webhooks (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id TEXT COLLATE "C" NOT NULL REFERENCES projects (id),
    url TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C",
    events TEXT COLLATE "C" NOT NULL,
    categories TEXT COLLATE "C" NOT NULL,
    enabled BOOLEAN NOT NULL,
    disabled_reason TEXT COLLATE "C",
    secret_sealed BYTEA NOT NULL,
    previous_secret_sealed BYTEA,
    previous_secret_until BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    schedule TEXT COLLATE "C",
    in_order BOOLEAN NOT NULL
);
CREATE INDEX webhooks_of_project ON webhooks (project_id);

CREATE TABLE events (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id TEXT COLLATE "C" NOT NULL,
    event_type TEXT COLLATE "C" NOT NULL,
    record_id TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C",
    category TEXT COLLATE "C",
    body_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX events_of_project ON events (project_id, id);

-- The outbox. A delivery's subject is an event and its target a webhook;
-- a push's subject is a revision and its target an order.
-- lane: what shares a limit of sends at once: a webhook for deliveries, an account for pushes.
-- sequence: what goes one after the other, in the order of position; skipped: the others went on without it.
CREATE TABLE jobs (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    subject_id TEXT COLLATE "C" NOT NULL,
    target_id TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    due_at BIGINT NOT NULL,
    leased_until BIGINT,
    fence BIGINT NOT NULL,
    claims BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    last_status BIGINT,
    last_error TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    lane TEXT COLLATE "C" NOT NULL,
    sequence TEXT COLLATE "C",
    position BIGINT,
    skipped BOOLEAN NOT NULL
);
CREATE INDEX jobs_due ON jobs (due_at) WHERE status = 'pending';
CREATE INDEX jobs_due_in_lane ON jobs (lane, due_at) WHERE status = 'pending';
CREATE UNIQUE INDEX jobs_push_one_at_a_time ON jobs (target_id) WHERE kind = 'push' AND status = 'sending';
CREATE INDEX jobs_leased ON jobs (leased_until) WHERE status = 'sending';
CREATE INDEX jobs_of_target ON jobs (target_id, id);
CREATE UNIQUE INDEX jobs_in_sequence ON jobs (sequence, position) WHERE sequence IS NOT NULL;
CREATE INDEX jobs_arrived ON jobs (subject_id) WHERE kind = 'delivery' AND status = 'succeeded';
-- Rows here change several times and soon; what they leave behind is swept up early.
ALTER TABLE jobs SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

CREATE TABLE attempts (
    job_id TEXT COLLATE "C" NOT NULL,
    fence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    status BIGINT,
    error TEXT COLLATE "C",
    PRIMARY KEY (job_id, fence)
);

CREATE TABLE request_logs (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    operation TEXT COLLATE "C" NOT NULL,
    method TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    status BIGINT NOT NULL,
    error_code TEXT COLLATE "C",
    order_id TEXT COLLATE "C",
    detail_sealed BYTEA,
    duration_ms BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX request_logs_of_project ON request_logs (project_id, id);

-- Work that one process does for all, for as long as its lease runs by the database's clock.
CREATE TABLE duties (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,
    leased_until BIGINT NOT NULL
);
