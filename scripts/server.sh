#!/bin/sh
# A Crosscheck of one's own, for whoever tries it from outside, with its database in a directory that is given:
#
#   scripts/server.sh start DIRECTORY [SETTING=VALUE ...]   starts the binary that cargo built; prints its URL
#   scripts/server.sh stop DIRECTORY
#
# It listens on 127.0.0.1 and a free port, and may call into this machine.
set -eu

action=${1:?start or stop}
directory=${2:?a directory}
shift 2

case $action in
start)
    crosscheck=$(realpath "${CARGO_TARGET_DIR:-target}/debug/crosscheck")
    mkdir -p "$directory"
    cd "$directory"
    # Read below, perhaps before the server has opened it.
    : >said
    env CROSSCHECK_LISTEN=127.0.0.1:0 CROSSCHECK_ALLOWED_TARGETS=127.0.0.0/8 "$@" \
        "$crosscheck" serve >said 2>errors &
    echo $! >pid
    for _ in $(seq 200); do
        url=$(sed -n 's/^listening on //p' said)
        [ -z "$url" ] || break
        sleep 0.1
    done
    if [ -z "$url" ]; then
        cat said errors >&2
        exit 1
    fi
    echo "$url"
    ;;
stop)
    kill "$(cat "$directory/pid")"
    ;;
esac
