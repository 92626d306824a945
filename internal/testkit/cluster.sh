# Keeps a throw-away PostgreSQL in a folder: cluster.sh PROGRAMS FOLDER.
# It answers "ok" when the server runs, and to each "restart" that it reads.
# Standard input ends when the process that started this one ends, however it
# does: then the server is stopped and the folder removed.
set -u
programs=$1
folder=$2

control() {
    "$programs/pg_ctl" -D "$folder/data" -w -t 60 "$@" >>"$folder/log" 2>&1 </dev/null
}

start() {
    # Nothing is flushed to the disk, which is faster and loses nothing unless the machine dies.
    control -l "$folder/log" -o "-k $folder -c listen_addresses='' -c port=5432 -c fsync=off \
        -c full_page_writes=off -c max_connections=300 -c deadlock_timeout=100ms" start
}

finish() {
    control -m immediate stop
    rm -rf "$folder"
}

fail() {
    tail -n 30 "$folder/log"
    exit 1
}

trap finish EXIT
trap 'exit 1' HUP INT TERM

"$programs/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$folder/log" 2>&1 || fail
start || fail
echo ok
while read -r order; do
    control -m immediate stop || fail
    start || fail
    echo ok
done
