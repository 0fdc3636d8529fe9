-- Times are milliseconds since the epoch, UTC. Ids are the outside forms. *_sealed is XChaCha20-Poly1305,
-- bound to project, table, column and row; *_hash is a keyed hash by which a row is found.

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value_sealed BLOB NOT NULL
);

CREATE TABLE projects (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    key_hash BLOB NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE TABLE integrations (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    provider TEXT NOT NULL,
    category TEXT NOT NULL,
    auth_type TEXT NOT NULL,
    tenant_id TEXT,
    package_list_url TEXT,
    package_list_api_key_sealed BLOB,
    static_package_id TEXT,
    partner_username TEXT,
    partner_password_sealed BLOB,
    signing_secret_sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX integrations_of_project ON integrations (project_id, provider, category);

CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    integration_id TEXT NOT NULL REFERENCES integrations (id),
    provider TEXT NOT NULL,
    category TEXT NOT NULL,
    origin_owner_id TEXT NOT NULL,
    origin_owner_name TEXT NOT NULL,
    trigger_token_hash BLOB NOT NULL UNIQUE,
    trigger_token_sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX accounts_of_integration ON accounts (integration_id);

-- list: 'stored' (PUT by the vendor) or 'served' (the last good answer of the vendor's list URL).
-- account_id is empty for the project's own list.
CREATE TABLE packages (
    project_id TEXT NOT NULL REFERENCES projects (id),
    category TEXT NOT NULL,
    list TEXT NOT NULL,
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    position BIGINT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (project_id, category, list, account_id, id)
);

-- The order's record is told once, in its record.new event, and read from there.
CREATE TABLE orders (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    category TEXT NOT NULL,
    repeat_hash BLOB NOT NULL,
    event_id TEXT NOT NULL,
    state_sealed BLOB,
    status TEXT NOT NULL,
    outcome TEXT NOT NULL,
    revisions BIGINT NOT NULL,
    seen_final_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX orders_are_placed_once ON orders (account_id, repeat_hash);
CREATE INDEX orders_of_project ON orders (project_id, id);

CREATE TABLE revisions (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    order_id TEXT NOT NULL REFERENCES orders (id),
    number BIGINT NOT NULL,
    body_sealed BLOB NOT NULL,
    body_hash BLOB NOT NULL,
    status TEXT NOT NULL,
    outcome TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX revisions_of_order ON revisions (order_id, number);

CREATE TABLE webhooks (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    url TEXT NOT NULL,
    name TEXT,
    events TEXT NOT NULL,
    categories TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    disabled_reason TEXT,
    secret_sealed BLOB NOT NULL,
    previous_secret_sealed BLOB,
    previous_secret_until BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX webhooks_of_project ON webhooks (project_id);

CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    event_type TEXT NOT NULL,
    record_id TEXT NOT NULL,
    account_id TEXT,
    category TEXT,
    body_sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX events_of_project ON events (project_id, id);

-- The outbox. A delivery's subject is an event and its target a webhook;
-- a push's subject is a revision and its target an order.
CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    target_id TEXT NOT NULL,
    status TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    leased_until BIGINT,
    fence BIGINT NOT NULL,
    claims BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    last_status BIGINT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX jobs_due ON jobs (due_at, target_id) WHERE status = 'pending';
CREATE INDEX jobs_leased ON jobs (leased_until) WHERE status = 'sending';
CREATE INDEX jobs_of_target ON jobs (target_id, id);
CREATE INDEX jobs_of_subject ON jobs (subject_id);

CREATE TABLE attempts (
    job_id TEXT NOT NULL REFERENCES jobs (id),
    fence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    status BIGINT,
    error TEXT,
    PRIMARY KEY (job_id, fence)
);

CREATE TABLE request_logs (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    provider TEXT NOT NULL,
    operation TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    status BIGINT NOT NULL,
    error_code TEXT,
    order_id TEXT,
    detail_sealed BLOB,
    duration_ms BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX request_logs_of_project ON request_logs (project_id, id);
