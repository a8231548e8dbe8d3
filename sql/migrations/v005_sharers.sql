-- A task that several submissions share is cancelled when all of them have cancelled it.
ALTER TABLE task
    ADD COLUMN sharers int4 NOT NULL DEFAULT 1,       -- submissions that it stands for
    ADD COLUMN cancels uuid[];                        -- requests that cancelled it, each named once
