-- Each index of the table of unfinished tasks costs every insertion and every claim something, also where it takes in
-- none of the rows. These two are not needed.

-- The first version's way to the tasks that were put off; task_due_type is today's.
DROP INDEX task_due;

-- Suspects are few: one index has them all, whether somebody has claimed them or not.
DROP INDEX task_suspect;
DROP INDEX task_suspect_of;
CREATE INDEX task_suspect ON task (priority, run_at, id) WHERE suspect_of IS NOT NULL;
