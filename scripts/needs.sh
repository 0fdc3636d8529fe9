#!/bin/sh
# What building and testing needs beyond Rust: a C compiler, for the embedded SQLite and for ring; fuzzing needs one
# for C++ (scripts/needs.sh c++). Installs it on Debian and its kin; elsewhere says what is missing.
set -eu

compiler=${1:-cc}

if ! command -v cargo >/dev/null; then
    echo "Rust is missing: install it from https://rustup.rs, then try again." >&2
    exit 1
fi
if command -v "$compiler" >/dev/null; then
    exit 0
fi
if command -v apt-get >/dev/null; then
    run=""
    [ "$(id -u)" = 0 ] || run="sudo"
    $run apt-get update -q
    package=gcc
    [ "$compiler" = cc ] || package=g++
    $run apt-get install -y -q --no-install-recommends "$package" libc6-dev
else
    echo "There is no $compiler: install gcc or clang, for C and C++, with your system's package manager, then try again." >&2
    exit 1
fi
