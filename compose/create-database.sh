#!/bin/sh
# Runs once, when the PostgreSQL volume is empty: the role and the database that Millrace uses.
# The values go to psql as variables, so a quote in a password stays a part of the password.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --no-psqlrc \
    -v name="$DB_NAME" -v role="$DB_USER" -v password="$DB_PASSWORD" <<'SQL'
SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD %L', :'role', :'password') \gexec
SELECT format('CREATE DATABASE %I OWNER %I ENCODING %L TEMPLATE template0', :'name', :'role', 'UTF8') \gexec
SQL
