CREATE TABLE attempts (
    job_id TEXT COLLATE "C" NOT NULL,
    fence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    status BIGINT,
    error TEXT COLLATE "C",
    PRIMARY KEY (job_id, fence)
);
INSERT INTO attempts (job_id, fence, at, duration_ms, status, error)
SELECT job_id, fence, created_at, duration_ms, status, error FROM request_logs WHERE job_id IS NOT NULL;

ALTER TABLE request_logs RENAME TO request_logs_after;
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
INSERT INTO request_logs (id, project_id, account_id, provider, operation, method, path, status, error_code, order_id,
    detail_sealed, duration_ms, created_at)
SELECT id, project_id, account_id, provider, operation, method, path, status, error_code, order_id,
    detail_sealed, duration_ms, created_at
FROM request_logs_after WHERE direction = 'ats_to_us';
DROP TABLE request_logs_after;
CREATE INDEX request_logs_of_project ON request_logs (project_id, id);
