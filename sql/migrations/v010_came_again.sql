-- A request that is sent again, by way of another node, may make its task a second time: if the first one is finished
-- between the moment that the statement began to look and the moment that it inserts, neither table shows it anything in
-- the way. So those that were inserted are looked for once more, with a new snapshot, which a volatile function has; and
-- if one is finished the statement is as if it had not been, and is run again.
CREATE FUNCTION refuse_finished(ids uuid[], lowest uuid, highest uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF EXISTS (SELECT FROM finished_task WHERE id = ANY (ids) AND id >= lowest AND id <= highest) THEN
        RAISE EXCEPTION 'a task that came again is finished by now' USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN false;
END
$$;

-- What came about like that before: no worker could complete it.
DELETE FROM task t USING finished_task f WHERE f.id = t.id;
