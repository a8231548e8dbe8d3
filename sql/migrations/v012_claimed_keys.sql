-- A claim takes a task's key out of the index that has those of all that wait, and puts it into a small one. A claimed row
-- used to make another entry in the large one, at a random place: with a million tasks waiting, 100 pages of it for a
-- claim of 100, which are in no cache. Of identical tasks whose result is cached one is unfinished still: the index says
-- so of those that wait, and withdraw_overtaken of one that waits beside one that is claimed.
DROP INDEX task_single_flight;
CREATE UNIQUE INDEX task_single_flight ON task (cache_key) WHERE cache_key IS NOT NULL AND worker_id IS NULL;
CREATE INDEX task_single_flight_claimed ON task (cache_key) WHERE cache_key IS NOT NULL AND worker_id IS NOT NULL;

-- Of the tasks that a statement has just inserted, takes those back, and returns them, that something got in the way of
-- after the statement began to look, which no unique index tells: a task that was sent again, and whose first copy is
-- finished by now; an identical task that is claimed by now. A volatile function has a newer snapshot than the insertion.
-- A task that is claimed cannot wait again as long as the inserted row is in the index.
--
-- The order that each look asks for is that of one index only: else a plan that was made while the table was said to be
-- empty may read another one from end to end.
CREATE FUNCTION withdraw_overtaken(ids uuid[], keys bytea[], lowest uuid, highest uuid) RETURNS uuid[]
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    withdrawn uuid[];
BEGIN
    IF (SELECT true FROM finished_task WHERE id = ANY (ids) AND id >= lowest AND id <= highest ORDER BY id LIMIT 1)
        OR (SELECT true FROM task WHERE cache_key = ANY (keys) AND worker_id IS NOT NULL ORDER BY cache_key LIMIT 1)
    THEN
        WITH overtaken AS (
            DELETE FROM task t
            WHERE id = ANY (ids) AND worker_id IS NULL AND coalesce(
                (SELECT true FROM finished_task f WHERE f.id >= t.id AND f.id <= t.id ORDER BY f.id LIMIT 1),
                (SELECT true FROM task c
                 WHERE c.cache_key >= t.cache_key AND c.cache_key <= t.cache_key AND c.worker_id IS NOT NULL
                 ORDER BY c.cache_key LIMIT 1))
            RETURNING id
        )
        SELECT array_agg(id) INTO withdrawn FROM overtaken;
    END IF;
    RETURN coalesce(withdrawn, '{}');
END
$$;

-- What nodes of the version before call: they run the whole statement again.
CREATE OR REPLACE FUNCTION refuse_finished(ids uuid[], lowest uuid, highest uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF cardinality(withdraw_overtaken(
        ids, ARRAY(SELECT cache_key FROM task WHERE id = ANY (ids)), lowest, highest)) > 0
    THEN
        RAISE EXCEPTION 'a task that came again is finished by now, or an identical one claimed'
            USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN false;
END
$$;
