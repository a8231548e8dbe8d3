-- Submissions that a client may send again (the header Idempotency-Key): what they were answered.
CREATE TABLE idempotency_key (
    key         bytea PRIMARY KEY,                    -- HMAC of the client's key
    fingerprint bytea NOT NULL,                       -- HMAC of the call and its body
    expires_at  timestamptz NOT NULL,
    task_ids    uuid[] NOT NULL,                      -- in the order of the request
    are_cached  boolean[] NOT NULL,                   -- which of them the cache answered
    result      json                                  -- what it answered, where the request was one task
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX idempotency_key_expiry ON idempotency_key (expires_at);
