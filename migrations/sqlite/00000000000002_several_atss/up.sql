-- Credentials are one sealed JSON object, by the descriptor's field names.
ALTER TABLE integrations ADD COLUMN credentials_sealed BLOB;
ALTER TABLE accounts ADD COLUMN credentials_sealed BLOB;

-- Where repeats_while_open, repeat_hash becomes the order's id once it is final, so that the same may be ordered
-- anew; conflict_hash is null once it is.
ALTER TABLE orders ADD COLUMN repeats_while_open BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE orders ADD COLUMN conflict_hash BLOB;
ALTER TABLE orders ADD COLUMN cancelled_at BIGINT;
CREATE UNIQUE INDEX orders_do_not_conflict ON orders (account_id, conflict_hash) WHERE conflict_hash IS NOT NULL;

-- Every package that was ever in a list, by the UUID that ATSs are given for it.
CREATE TABLE package_uuids (
    project_id TEXT NOT NULL REFERENCES projects (id),
    category TEXT NOT NULL,
    uuid TEXT NOT NULL,
    package_id TEXT NOT NULL,
    PRIMARY KEY (project_id, category, uuid)
);
