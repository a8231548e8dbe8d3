// Tests of the database layer follow.
