-- A failed or cancelled task can be sent again. What that takes is kept with it; its input only where the installation
-- asks for that (MILLRACE_KEEP_FAILED_INPUT): else it is erased, as that of any finished task, and has to be sent along.
ALTER TABLE finished_task
    ADD COLUMN priority     int2,
    ADD COLUMN max_attempts int2,
    ADD COLUMN input        bytea;

-- Finding the failed ones among the many.
CREATE INDEX finished_task_unsuccessful ON finished_task (outcome, id) WHERE outcome <> 'completed';
