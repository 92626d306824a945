#!/bin/sh
# Runs once, on an empty volume. Temporal and Securitybot are users who can't
# enter each other's databases: the record decides what is true, so nobody with
# access to Temporal alone may write it. Of Securitybot's two users one owns the
# tables and serves `migrate` alone; what the other, the api's and worker's, may do
# is what `migrate` says: nobody changes a timeline with it.
set -eu

psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres \
    --set=temporal_password="$TEMPORAL_DB_PASSWORD" \
    --set=securitybot_password="$SECURITYBOT_DB_PASSWORD" \
    --set=app_password="$SECURITYBOT_APP_DB_PASSWORD" <<'SQL'
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE ROLE securitybot LOGIN PASSWORD :'securitybot_password';
CREATE ROLE securitybot_app LOGIN PASSWORD :'app_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
CREATE DATABASE securitybot OWNER securitybot;
CREATE DATABASE securitybot_sandbox OWNER securitybot;
REVOKE ALL ON DATABASE temporal, temporal_visibility, securitybot, securitybot_sandbox FROM PUBLIC;
GRANT CONNECT ON DATABASE securitybot, securitybot_sandbox TO securitybot_app;
SQL
