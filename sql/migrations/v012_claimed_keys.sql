-- A claim takes a task's key out of the index that has those of all that wait, and puts it into a small one. A claimed row
-- used to make another entry in the large one, at a random place: with a million tasks waiting, 100 pages of it for a
-- claim of 100, which are in no cache. Of identical tasks whose result is cached one is unfinished still: the index says
-- so of those that wait, and refuse_overtaken of one that waits beside one that is claimed.
DROP INDEX task_single_flight;
CREATE UNIQUE INDEX task_single_flight ON task (cache_key) WHERE cache_key IS NOT NULL AND worker_id IS NULL;
CREATE INDEX task_single_flight_claimed ON task (cache_key) WHERE cache_key IS NOT NULL AND worker_id IS NOT NULL;

-- Whatever may have got in the way of an insertion after its statement began to look, and is in none of the unique
-- indexes: a task that was sent again, and whose first copy is finished by now; an identical task that is claimed by now.
-- A volatile function has a newer snapshot than the insertion. If there is one, the statement is as if it had not been,
-- and is run again. A task that is claimed cannot wait again as long as the inserted row is in the index.
--
-- The order that each look asks for is that of one index only: else a plan that was made while the table was said to be
-- empty may read another one from end to end.
CREATE FUNCTION refuse_overtaken(ids uuid[], keys bytea[], lowest uuid, highest uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF (SELECT true FROM finished_task WHERE id = ANY (ids) AND id >= lowest AND id <= highest ORDER BY id LIMIT 1)
        OR (SELECT true FROM task WHERE cache_key = ANY (keys) AND worker_id IS NOT NULL ORDER BY cache_key LIMIT 1)
    THEN
        RAISE EXCEPTION 'a task that came again is finished by now, or an identical one claimed'
            USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN false;
END
$$;

-- What nodes of the version before call.
CREATE OR REPLACE FUNCTION refuse_finished(ids uuid[], lowest uuid, highest uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN refuse_overtaken(
        ids,
        ARRAY(SELECT cache_key FROM task WHERE id = ANY (ids)),
        lowest, highest);
END
$$;
