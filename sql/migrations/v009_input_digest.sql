-- Who sends a failed task again sends its input along, and it must be the one that the task was submitted with: else
-- anybody could have another's task computed with an input of his own, under its id. What is kept for that is a keyed
-- digest, the one that results are cached under. Tasks that failed before this step have none, and are submitted anew.

ALTER TABLE task ADD COLUMN input_digest bytea;           -- HMAC of type and input, where cache_key is null
ALTER TABLE finished_task ADD COLUMN input_digest bytea;  -- of a failed or cancelled task
