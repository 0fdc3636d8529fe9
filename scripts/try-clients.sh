#!/bin/sh
# Clients that are not ours against a real server: StackOne's own SDK, unmodified; clients in TypeScript and Python that
# are generated from openapi/openapi.json; and the vendors of examples/. One line for each thing that was seen.
set -eu

here=$(dirname "$0")
cargo build --quiet --locked
node=$("$here/clients.sh" node tests/clients)
python=$("$here/clients.sh" python tests/clients/python)

place=$(mktemp -d)
end() {
    [ ! -e "$place/vendor" ] || kill "$(cat "$place/vendor")" 2>/dev/null || true
    for server in "$place"/*/pid; do
        "$here/server.sh" stop "$(dirname "$server")" || true
    done
    rm -rf "$place"
}
trap end EXIT

export CROSSCHECK_API_KEY=clients-of-crosscheck-0001
CROSSCHECK_URL=$("$here/server.sh" start "$place/server")
export CROSSCHECK_URL
CROSSCHECK_LIMITED_URL=$("$here/server.sh" start "$place/limited" CROSSCHECK_RATE_LIMIT=5/min)
export CROSSCHECK_LIMITED_URL

echo "StackOne's SDK"
node "$node/stackone/drop-in.mjs"

echo "A client that openapi-typescript generates"
"$node/node_modules/.bin/openapi-typescript" openapi/openapi.json -o "$node/typescript/api.d.ts" >/dev/null
"$node/node_modules/.bin/tsc" -p "$node/typescript"
node "$node/typescript/built/story.js"

echo "A client that openapi-python-client generates"
PATH=$python/venv/bin:$PATH openapi-python-client generate --path openapi/openapi.json --meta none --overwrite \
    --fail-on-warning --output-path "$python/crosscheck_client" >/dev/null
"$python/venv/bin/python" "$python/story.py"

# Runs a vendor of examples/, and sends it a test.
try_example() {
    name=$1
    shift
    CROSSCHECK_URL=$("$here/server.sh" start "$place/for-$name")
    export CROSSCHECK_URL
    PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    export PORT
    "$@" >"$place/said" 2>&1 &
    echo $! >"$place/vendor"
    for _ in $(seq 100); do
        ! curl -s -o "$place/nothing" "http://127.0.0.1:$PORT/" || break
        sleep 0.1
    done
    examples/send_test.sh || { cat "$place/said" >&2; exit 1; }
    kill "$(cat "$place/vendor")"
    rm "$place/vendor"
    echo "ok    the vendor of examples/$name reports a result"
}
echo "The examples"
vendor=$("$here/clients.sh" node examples/typescript)
try_example typescript "$vendor/node_modules/.bin/tsx" "$vendor/vendor.ts"
vendor=$("$here/clients.sh" python examples/python)
try_example python "$vendor/venv/bin/python" "$vendor/vendor.py"
