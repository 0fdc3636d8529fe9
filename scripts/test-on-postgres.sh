#!/bin/sh
# Runs the integration tests on PostgreSQL: on the server that CROSSCHECK_TEST_POSTGRES names, else on one that is
# made for them and gone afterwards. Arguments go to the tests.
set -eu

if [ -z "${CROSSCHECK_TEST_POSTGRES:-}" ]; then
    here=$(dirname "$0")
    directory=$(mktemp -d)
    trap '"$here/postgres.sh" stop "$directory"; rm -rf "$directory"' EXIT
    # It need not survive a power cut.
    CROSSCHECK_TEST_POSTGRES=$("$here/postgres.sh" start "$directory" fsync=off full_page_writes=off)
    export CROSSCHECK_TEST_POSTGRES
fi
cargo test --locked --test it -- "$@"
