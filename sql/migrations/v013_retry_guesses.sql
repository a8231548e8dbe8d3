-- A retry by hand has to bring the input that the task was submitted with. Without a bound on wrong inputs, a stranger can
-- guess a short input.
ALTER TABLE finished_task ADD COLUMN wrong_inputs int2 NOT NULL DEFAULT 0;  -- since the task ended

-- The digest of an input in a form of this task's own. The plain digest is the key of the cache: it would show which failed
-- tasks have the same input, and which of them has a cached result. The first byte marks the form. A digest that has it
-- already stays as it is, because a task that is retried with its kept input keeps the digest, too. Tasks that ended before
-- this step have the plain digest.
CREATE FUNCTION own_digest(task uuid, digest bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN length(digest) = 33 THEN digest ELSE '\x01'::bytea || sha256(uuid_send(task) || digest) END
$$;
