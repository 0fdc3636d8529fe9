#!/bin/sh
# A copy of a folder of clients, beneath target/clients, with the packages that it names, in the versions that it pins:
#
#   scripts/clients.sh node FOLDER      prints where; its node_modules are there
#   scripts/clients.sh python FOLDER    prints where; its virtual environment is venv there
#
# Installs node, npm, python3-venv and curl on Debian and its kin where they are missing.
set -eu

what=${1:?node or python}
folder=${2:?a folder}
copy=${CARGO_TARGET_DIR:-$PWD/target}/clients/$(echo "$folder" | tr / -)

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

# Whoever tries clients asks the server a thing or two as well.
command -v curl >/dev/null || install curl
mkdir -p "$copy"
(cd "$folder" && tar -cf - --exclude node_modules --exclude .venv --exclude __pycache__ .) | tar -xf - -C "$copy"
# What was installed stands until other versions are asked for.
case $what in
node)
    command -v npm >/dev/null || install nodejs npm
    pins=$copy/package-lock.json
    if ! cmp -s "$pins" "$copy/node_modules/.pins"; then
        (cd "$copy" && npm ci --silent --no-audit --no-fund) >&2
        cp "$pins" "$copy/node_modules/.pins"
    fi
    ;;
python)
    python3 -c "import ensurepip, venv" 2>/dev/null || install python3 python3-venv
    pins=$copy/requirements.txt
    if ! cmp -s "$pins" "$copy/venv/.pins"; then
        rm -rf "$copy/venv"
        python3 -m venv "$copy/venv"
        "$copy/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$pins" >&2
        cp "$pins" "$copy/venv/.pins"
    fi
    ;;
esac
echo "$copy"
