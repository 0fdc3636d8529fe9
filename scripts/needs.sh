#!/bin/sh
# What building and testing needs beyond Rust: a C compiler, for the embedded SQLite and for ring.
# Installs it on Debian and its kin; elsewhere says what is missing.
set -eu

if ! command -v cargo >/dev/null; then
    echo "Rust is missing: install it from https://rustup.rs, then try again." >&2
    exit 1
fi
if command -v cc >/dev/null; then
    exit 0
fi
if command -v apt-get >/dev/null; then
    run=""
    [ "$(id -u)" = 0 ] || run="sudo"
    $run apt-get update -q
    $run apt-get install -y -q --no-install-recommends gcc libc6-dev
else
    echo "A C compiler is missing: install gcc or clang with your system's package manager, then try again." >&2
    exit 1
fi
