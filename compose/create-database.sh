#!/bin/sh
# Creates the role and the database of Millrace. The PostgreSQL image runs this script once, when the data volume is
# empty. The values are variables of psql, so that a password may contain quotes.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --no-psqlrc \
    -v name="$DB_NAME" -v role="$DB_USER" -v password="$DB_PASSWORD" <<'SQL'
SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD %L', :'role', :'password') \gexec
SELECT format('CREATE DATABASE %I OWNER %I ENCODING %L TEMPLATE template0', :'name', :'role', 'UTF8') \gexec
SQL
