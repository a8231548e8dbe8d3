-- Who brought the worker down? Of the tasks that a lost worker held, most had not even begun. Each of them is under
-- suspicion, and runs next time on a worker that holds nothing else: then it is known.

-- The lost worker that held this task together with others. Null: it is above suspicion.
ALTER TABLE task ADD COLUMN suspect_of int4;

-- Claiming a suspect. As a rule this is empty.
CREATE INDEX task_suspect ON task (priority, run_at, id) WHERE worker_id IS NULL AND suspect_of IS NOT NULL;
-- Whom to absolve.
CREATE INDEX task_suspect_of ON task (suspect_of) WHERE suspect_of IS NOT NULL;

-- The session was lost and its process lives, under another id: no task of it is to blame.
ALTER TABLE worker ADD COLUMN survived boolean NOT NULL DEFAULT false;
