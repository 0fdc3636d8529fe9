-- One table of calls, whoever called whom. direction: ats_to_us, us_to_ats, vendor_to_us or us_to_vendor. A try of a
-- delivery or push is an entry with its job and the fence of its lease; the entries of a job are its attempts.
-- path: the route, with ids of ours alone filled in. url: of a call of ours the scheme and host alone, for the rest may
-- hold a token. status is null where no answer came; error says why in words.
-- It refers to nothing by constraint: every order adds to it several times.
ALTER TABLE request_logs RENAME TO request_logs_before;
CREATE TABLE request_logs (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id TEXT COLLATE "C" NOT NULL,
    direction TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C",
    provider TEXT COLLATE "C",
    operation TEXT COLLATE "C" NOT NULL,
    service TEXT COLLATE "C",
    resource TEXT COLLATE "C",
    sub_resource TEXT COLLATE "C",
    action TEXT COLLATE "C",
    method TEXT COLLATE "C",
    path TEXT COLLATE "C",
    url TEXT COLLATE "C",
    status BIGINT,
    error_code TEXT COLLATE "C",
    error TEXT COLLATE "C",
    order_id TEXT COLLATE "C",
    job_id TEXT COLLATE "C",
    fence BIGINT,
    detail_sealed BYTEA,
    duration_ms BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- What was logged before had no request id: its own id stands for it.
INSERT INTO request_logs (id, project_id, direction, request_id, account_id, provider, operation, method, path,
    status, error_code, order_id, detail_sealed, duration_ms, created_at)
SELECT id, project_id, 'ats_to_us', id, account_id, provider, operation, method, path,
    status, error_code, order_id, detail_sealed, duration_ms, created_at
FROM request_logs_before;

-- The id of an attempt is that of its job, with the fence in place of the last digits.
INSERT INTO request_logs (id, project_id, direction, request_id, account_id, provider, operation, method,
    status, error, order_id, job_id, fence, duration_ms, created_at)
SELECT 'req_' || substr(jobs.id, 5, 17) || substr(CAST(100000 + attempts.fence AS TEXT), 2, 5), jobs.project_id,
    CASE jobs.kind WHEN 'delivery' THEN 'us_to_vendor' ELSE 'us_to_ats' END,
    jobs.id || '.' || CAST(attempts.fence AS TEXT),
    accounts.id, accounts.provider, COALESCE(events.event_type, jobs.kind),
    CASE jobs.kind WHEN 'delivery' THEN 'POST' END,
    attempts.status, attempts.error, orders.id, jobs.id, attempts.fence, attempts.duration_ms, attempts.at
FROM attempts
JOIN jobs ON jobs.id = attempts.job_id
LEFT JOIN events ON jobs.kind = 'delivery' AND events.id = jobs.subject_id
LEFT JOIN orders ON orders.id = CASE jobs.kind WHEN 'delivery' THEN events.record_id ELSE jobs.target_id END
LEFT JOIN accounts ON accounts.id = CASE jobs.kind WHEN 'delivery' THEN events.account_id ELSE jobs.lane END;

DROP TABLE request_logs_before;
DROP TABLE attempts;
-- The last columns are the order of the list: without them SQLite would rather walk the whole log.
CREATE INDEX request_logs_of_project ON request_logs (project_id, created_at, id);
CREATE INDEX request_logs_of_request ON request_logs (request_id, created_at, id);
CREATE INDEX request_logs_of_order ON request_logs (order_id, created_at, id) WHERE order_id IS NOT NULL;
CREATE INDEX request_logs_of_job ON request_logs (job_id, fence) WHERE job_id IS NOT NULL;
