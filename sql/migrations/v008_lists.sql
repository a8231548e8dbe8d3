-- A type of which there is little is found among the many of the others.

-- The finished tasks of one type, in the order of ids.
CREATE INDEX finished_task_type ON finished_task (type, id);

-- When the next task of a type is due that was put off. Workers of the version before go on with task_due, which has
-- those of all types and is gone through from its beginning; the condition has another form, so that no plan takes the
-- one for the other.
CREATE INDEX task_due_type ON task (type, run_at) WHERE worker_id IS NULL AND (run_at > created_at) IS TRUE;

-- The attempts that a task had when it was last sent again by hand: of what it may have, these do not count.
ALTER TABLE task ADD COLUMN attempts_before int2 NOT NULL DEFAULT 0;
