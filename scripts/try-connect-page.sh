#!/bin/sh
# scripts/try-connect-page.sh [PICTURES]: the connect page in a browser, in every state that it has, as wide as a phone
# and as a desk, light and dark: axe-core finds no violation, nothing is wider than the window, nothing is said on the
# console, the copy button copies, and all but that button works without a script. With a directory it leaves a picture
# of each state there. Installs Chromium and Node.js on Debian and its kin where they are missing.
set -eu
cd "$(dirname "$0")/.."

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$chromium" ] || ! command -v npm >/dev/null; then
    if ! command -v apt-get >/dev/null; then
        echo "Chromium or Node.js 18 with npm is missing: install it with your system's package manager, then try again." >&2
        exit 1
    fi
    run=""
    [ "$(id -u)" = 0 ] || run="sudo"
    $run apt-get update -q
    [ -n "$chromium" ] || $run apt-get install -y -q --no-install-recommends chromium
    command -v npm >/dev/null || $run apt-get install -y -q --no-install-recommends nodejs npm
    chromium=$(command -v chromium)
fi

target=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --quiet --locked

tools=$target/connect-page
mkdir -p "$tools"
if ! cmp -s scripts/connect-page/package-lock.json "$tools/package-lock.json"; then
    cp scripts/connect-page/package.json "$tools"
    (cd "$tools" && cp "$OLDPWD/scripts/connect-page/package-lock.json" . \
        && npm ci --ignore-scripts --no-audit --no-fund --silent) || { rm -f "$tools/package-lock.json"; exit 1; }
fi
cp scripts/connect-page/try.mjs "$tools"

place=$(mktemp -d)
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$place"' EXIT
key=connect-page-tried-0001
CROSSCHECK_DATABASE_URL="sqlite://$place/try.db" CROSSCHECK_LISTEN=127.0.0.1:0 CROSSCHECK_API_KEY=$key CROSSCHECK_RATE_LIMIT=off \
    "$target/debug/crosscheck" >"$place/said" 2>&1 &
server=$!
tries=0
until url=$(sed -n 's/^.*listening on \(http[^ ]*\).*$/\1/p' "$place/said" | head -n 1) && [ -n "$url" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ]; then
        cat "$place/said" >&2
        exit 1
    fi
    sleep 0.2
done
# A vendor has a name of its own; the customer's is the script's.
project=$(CROSSCHECK_DATABASE_URL="sqlite://$place/try.db" "$target/debug/crosscheck" projects list | cut -f 1 | head -n 1)
CROSSCHECK_DATABASE_URL="sqlite://$place/try.db" "$target/debug/crosscheck" projects rename "$project" "Acme Assessments"
node "$tools/try.mjs" "$url" "$key" "$chromium" "${1:-}"
