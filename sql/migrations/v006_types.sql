-- Claims go by type, so that the backlog of a paused or bounded type is not in the way of the others; and by rank, so
-- that nothing starves.

-- What an administrator has set of a type. No row: nothing.
CREATE TABLE task_type (
    type        text PRIMARY KEY,
    is_paused   boolean NOT NULL DEFAULT false,       -- none of it is claimed
    concurrency int4 CHECK (concurrency > 0)          -- how many are claimed at a time by all workers; null: any number
);

-- The order of claims: the time from which the task counts as waiting. Each step of priority is a minute: a task goes
-- before those of lesser urgency that came up to so many minutes earlier, and waits for more urgent ones no longer than
-- that. As all tasks age alike their order never changes, and an index can hold it.
ALTER TABLE task ADD COLUMN rank timestamptz NOT NULL DEFAULT now();
UPDATE task SET rank = run_at + priority * interval '1 minute';

-- Claiming reads this from the beginning of each type, and nothing else. Workers of the version before order by
-- priority alone and have no index for that any more: they go on, slower.
CREATE INDEX task_rank ON task (type, rank, run_at, id) WHERE worker_id IS NULL;
DROP INDEX task_claim;
