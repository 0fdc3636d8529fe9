#!/bin/sh
# What the clients of tests/clients/ and examples/ stand on, in versions that are pinned, beneath target/clients:
#
#   scripts/clients.sh node      prints a directory with the npm packages and the programs
#   scripts/clients.sh python    prints a directory with a virtual environment
#
# Installs node, npm and python3-venv on Debian and its kin where they are missing.
set -eu

what=${1:?node or python}
here=$(dirname "$0")
target=${CARGO_TARGET_DIR:-$PWD/target}/clients

install() {
    if ! command -v apt-get >/dev/null; then
        echo "$* is missing: install it with your system's package manager, then try again." >&2
        exit 1
    fi
    run=""
    [ "$(id -u)" = 0 ] || run="sudo"
    {
        $run apt-get update -q
        $run apt-get install -y -q --no-install-recommends "$@"
    } >&2
}

# What was installed stands until what is asked for changes.
case $what in
node)
    command -v npm >/dev/null || install nodejs npm
    directory=$target/node
    wanted=$here/../tests/clients/package-lock.json
    mkdir -p "$directory"
    cp "$here/../tests/clients/package.json" "$directory"
    if ! cmp -s "$wanted" "$directory/package-lock.json" || [ ! -e "$directory/installed" ]; then
        rm -f "$directory/installed"
        cp "$wanted" "$directory"
        (cd "$directory" && npm ci --silent --no-audit --no-fund) >&2
        touch "$directory/installed"
    fi
    cp -r "$here"/../tests/clients/. "$directory"
    ;;
python)
    python3 -c "import ensurepip, venv" 2>/dev/null || install python3 python3-venv
    directory=$target/python
    wanted=$here/../tests/clients/python/requirements.txt
    if ! cmp -s "$wanted" "$directory/requirements.txt"; then
        rm -rf "$directory"
        mkdir -p "$directory"
        python3 -m venv "$directory"
        "$directory/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted" >&2
        cp "$wanted" "$directory"
    fi
    ;;
esac
echo "$directory"
