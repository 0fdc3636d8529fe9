-- Answers of a vendor's writes, by the idempotency key that it sent: a repetition gets the same answer for a day.
CREATE TABLE idempotency_keys (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    key_hash BLOB NOT NULL,
    fingerprint BLOB NOT NULL,
    answer_sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX idempotency_keys_of_project ON idempotency_keys (project_id, key_hash);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- A disabled integration refuses its ATS and its accounts' vendor calls.
ALTER TABLE integrations ADD COLUMN enabled BOOLEAN NOT NULL DEFAULT TRUE;

-- first_call_at: when the ATS first called with the trigger token. deleted_at: unlinked; its orders stay.
ALTER TABLE accounts ADD COLUMN label TEXT;
ALTER TABLE accounts ADD COLUMN origin_username TEXT;
ALTER TABLE accounts ADD COLUMN type TEXT NOT NULL DEFAULT 'production';
ALTER TABLE accounts ADD COLUMN metadata TEXT;
ALTER TABLE accounts ADD COLUMN first_call_at BIGINT;
ALTER TABLE accounts ADD COLUMN deleted_at BIGINT;
CREATE INDEX accounts_of_project ON accounts (project_id, id);

ALTER TABLE packages ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
-- Accounts with a stored list of their own, which may be empty; all others see the project's.
CREATE TABLE own_package_lists (
    project_id TEXT NOT NULL REFERENCES projects (id),
    category TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (project_id, category, account_id)
);
INSERT INTO own_package_lists
SELECT DISTINCT project_id, category, account_id FROM packages WHERE list = 'stored' AND account_id <> '';

-- Signatures of other products that deliveries to it carry beside the standard one: words, separated by commas.
ALTER TABLE webhooks ADD COLUMN signatures TEXT NOT NULL DEFAULT '';

-- A page for one customer, found by the token in its address. account_id is null until an ATS is chosen on it.
-- The trigger token waits here for the account that it will be of.
CREATE TABLE connect_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    project_id TEXT NOT NULL REFERENCES projects (id),
    token_hash BLOB NOT NULL UNIQUE,
    account_id TEXT REFERENCES accounts (id),
    provider TEXT,
    integration_id TEXT,
    categories TEXT NOT NULL,
    origin_owner_id TEXT NOT NULL,
    origin_owner_name TEXT NOT NULL,
    origin_username TEXT,
    label TEXT,
    type TEXT NOT NULL,
    metadata TEXT,
    trigger_token_sealed BLOB,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    opened_at BIGINT,
    completed_at BIGINT
);
CREATE INDEX connect_sessions_by_end ON connect_sessions (expires_at);
CREATE INDEX connect_sessions_of_account ON connect_sessions (account_id);
