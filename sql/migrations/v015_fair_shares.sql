-- Workers choose between clients first, then between the types of one client. So a claim reads the tasks of one client and
-- one type.

-- Anonymous clients are told apart by their networks: the column task.client has a negative number for each network (a keyed
-- digest), and 0 if the network is unknown. All of them still count as one client where tasks are looked up or shared.

-- The tasks of a client and a type in the order in which they run.
CREATE INDEX task_flow ON task (client, type, rank, run_at, id) WHERE worker_id IS NULL;
