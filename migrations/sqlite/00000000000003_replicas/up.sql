-- lane: what shares a limit of sends at once: a webhook for deliveries, an account for pushes.
ALTER TABLE jobs ADD COLUMN lane TEXT NOT NULL DEFAULT '';
UPDATE jobs SET lane = CASE kind
    WHEN 'push' THEN COALESCE((SELECT account_id FROM orders WHERE orders.id = jobs.target_id), '')
    ELSE target_id
END;
DROP INDEX jobs_due;
DROP INDEX jobs_of_subject;
CREATE INDEX jobs_due ON jobs (due_at) WHERE status = 'pending';
CREATE INDEX jobs_due_in_lane ON jobs (lane, due_at) WHERE status = 'pending';
CREATE UNIQUE INDEX jobs_push_one_at_a_time ON jobs (target_id) WHERE kind = 'push' AND status = 'sending';
-- sequence: what goes one after the other, in the order of position; skipped: the others went on without it.
ALTER TABLE jobs ADD COLUMN sequence TEXT;
ALTER TABLE jobs ADD COLUMN position BIGINT;
ALTER TABLE jobs ADD COLUMN skipped BOOLEAN NOT NULL DEFAULT FALSE;
CREATE UNIQUE INDEX jobs_in_sequence ON jobs (sequence, position) WHERE sequence IS NOT NULL;
CREATE INDEX jobs_arrived ON jobs (subject_id) WHERE kind = 'delivery' AND status = 'succeeded';

-- An endpoint's own waits between tries in seconds, separated by commas; null for the default.
ALTER TABLE webhooks ADD COLUMN schedule TEXT;
-- Deliveries about one record go to it one after the other.
ALTER TABLE webhooks ADD COLUMN in_order BOOLEAN NOT NULL DEFAULT FALSE;

-- Work that one process does for all, for as long as its lease runs by the database's clock.
CREATE TABLE duties (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    leased_until BIGINT NOT NULL
);
