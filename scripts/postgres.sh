#!/bin/sh
# A PostgreSQL server of one's own, for tests and benches, in a directory that is given:
#
#   scripts/postgres.sh start DIRECTORY [SETTING=VALUE ...]   makes and starts it; prints its URL
#   scripts/postgres.sh restart DIRECTORY                     ends it at once, as a crash would, and starts it again
#   scripts/postgres.sh stop DIRECTORY
#
# Installs PostgreSQL on Debian and its kin where it is missing. It listens on 127.0.0.1 and a free port.
set -eu

action=${1:?start, restart or stop}
directory=${2:?a directory}
shift 2

# The programs are not on the path on Debian; the newest that is there is taken.
programs() {
    ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -n | tail -n 1
}

install() {
    if ! command -v apt-get >/dev/null; then
        echo "PostgreSQL 15 or later is missing: install it with your system's package manager, then try again." >&2
        exit 1
    fi
    run=""
    [ "$(id -u)" = 0 ] || run="sudo"
    {
        $run apt-get update -q
        # The server that the package would start is not wanted.
        $run mkdir -p /etc/postgresql-common
        echo "create_main_cluster = false" | $run tee -a /etc/postgresql-common/createcluster.conf
        $run apt-get install -y -q --no-install-recommends postgresql
    } >&2
}

bin=$(programs)
if [ -z "$bin" ] && ! command -v initdb >/dev/null; then
    install
    bin=$(programs)
fi
[ -z "$bin" ] || PATH="$bin:$PATH"

# The server refuses to run as root.
as_server() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u postgres -- env PATH="$PATH" "$@"
    else
        "$@"
    fi
}

free_port() {
    python3 - <<'PORT' 2>/dev/null || shuf -i 20000-32000 -n 1
import socket
with socket.socket() as one:
    one.bind(("127.0.0.1", 0))
    print(one.getsockname()[1])
PORT
}

control() {
    as_server pg_ctl --pgdata "$directory/data" --silent --wait "$@" >&2
}

case $action in
start)
    mkdir -p "$directory"
    chmod 755 "$directory"
    if [ ! -d "$directory/data" ]; then
        mkdir "$directory/data"
        [ "$(id -u)" != 0 ] || chown postgres "$directory/data"
        as_server initdb --pgdata "$directory/data" --username crosscheck --auth trust --encoding UTF8 \
            --locale C --no-sync >/dev/null
        {
            echo "listen_addresses = '127.0.0.1'"
            echo "unix_socket_directories = ''"
            echo "port = $(free_port)"
            echo "max_connections = 300"
            for setting in "$@"; do
                echo "${setting%%=*} = '${setting#*=}'"
            done
        } >>"$directory/data/postgresql.conf"
    fi
    control --log "$directory/data/log" start
    port=$(sed -n 's/^port = //p' "$directory/data/postgresql.conf")
    echo "postgres://crosscheck@127.0.0.1:$port/postgres"
    ;;
restart)
    control --mode immediate --log "$directory/data/log" restart
    ;;
stop)
    control --mode immediate stop
    ;;
esac
