#!/bin/sh
# The API document against a real server: schemathesis sends what the document allows, and what it forbids, to every
# route, more than 4,000 requests. No server error, no answer that is not documented, no valid input refused. What is
# left out stands in tests/document/hooks.py. Arguments go to schemathesis (--seed 7 --max-examples 100); its seed and
# how much it tries are the same each time where they are not given, so that what was seen here is what is seen
# elsewhere. It waits for an answer for longer than we wait for an endpoint that is tested.
set -eu

here=$(realpath "$(dirname "$0")")
cargo build --quiet --locked
python=$("$here/clients.sh" python tests/clients/python)/venv/bin
place=$(mktemp -d)
trap '"$here/server.sh" stop "$place/server" || true; rm -rf "$place"' EXIT

export CROSSCHECK_API_KEY=document-of-crosscheck-0001
CROSSCHECK_URL=$("$here/server.sh" start "$place/server" CROSSCHECK_RATE_LIMIT=off)
export CROSSCHECK_URL
DOCUMENT=$(realpath tests/document)
OWN_KEY=$(curl -fsS -u "$CROSSCHECK_API_KEY:" "$CROSSCHECK_URL/keys" | sed 's/.*"id":"\([^"]*\)".*/\1/')
export DOCUMENT OWN_KEY
cp "$DOCUMENT/schemathesis.toml" "$place"
"$python/python" "$DOCUMENT/seed.py" >>"$place/schemathesis.toml"
cd "$place"
"$python/schemathesis" run "$CROSSCHECK_URL/openapi.json" --seed 1 --max-examples 20 --request-timeout 20 --no-color "$@"
