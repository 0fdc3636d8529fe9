DROP TABLE duties;
ALTER TABLE webhooks DROP COLUMN schedule;
DROP INDEX jobs_arrived;
DROP INDEX jobs_push_one_at_a_time;
DROP INDEX jobs_due_in_lane;
DROP INDEX jobs_due;
ALTER TABLE jobs DROP COLUMN lane;
CREATE INDEX jobs_due ON jobs (due_at, target_id) WHERE status = 'pending';
CREATE INDEX jobs_of_subject ON jobs (subject_id);
