-- A task's attempts: what became of each, where and when. The present or last one is in the row itself; those before it
-- are a list there, one JSON object each, and move with the row when the task is finished. Most tasks have none.

ALTER TABLE task ADD COLUMN history json[];
ALTER TABLE finished_task
    ADD COLUMN history json[],
    ADD COLUMN worker text;                           -- the name of the one that ran the last attempt

-- One attempt as the API shows it. Times are RFC 3339.
CREATE FUNCTION attempt(
    attempt int2, outcome text, worker text, started_at timestamptz, ended_at timestamptz, error text
) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'attempt', attempt, 'outcome', outcome, 'worker', worker,
        'started_at', to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'ended_at', to_char(ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'error', error)
$$;
