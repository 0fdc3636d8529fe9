DROP TABLE package_uuids;
DROP INDEX orders_do_not_conflict;
ALTER TABLE orders DROP COLUMN cancelled_at;
ALTER TABLE orders DROP COLUMN conflict_hash;
ALTER TABLE orders DROP COLUMN repeats_while_open;
ALTER TABLE accounts DROP COLUMN credentials_sealed;
ALTER TABLE integrations DROP COLUMN credentials_sealed;
