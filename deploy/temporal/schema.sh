#!/bin/sh
# Brings the tables of a Temporal server up to date. The databases exist; the
# connection is in the SQL_* variables that the tool reads.
set -eu

schema=/etc/temporal/schema/postgresql/v12

for database in temporal temporal_visibility; do
    case $database in
    temporal) folder=$schema/temporal/versioned ;;
    *) folder=$schema/visibility/versioned ;;
    esac
    temporal-sql-tool --db "$database" setup-schema -v 0.0 # does nothing to tables with a version
    temporal-sql-tool --db "$database" update-schema -d "$folder"
done
