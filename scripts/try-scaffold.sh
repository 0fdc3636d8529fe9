#!/bin/sh
# What `crosscheck new-provider` writes compiles, and the conformance suite says of it, and of nothing else, what is
# still to be written.
set -eu

target=${CARGO_TARGET_DIR:-$PWD/target}
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cp -r Cargo.toml Cargo.lock README.md rustfmt.toml benches docs migrations openapi schemas src tests "$tree"
mkdir "$tree/fuzz"
cp -r fuzz/src "$tree/fuzz"
cargo build --quiet --locked
crosscheck=$target/debug/crosscheck

cd "$tree"
"$crosscheck" new-provider scaffolded --name Scaffolded
cargo fmt
export CARGO_TARGET_DIR="$target" RUST_BACKTRACE=0
cargo test --quiet --locked --no-run --test it
if cargo test --quiet --locked --test it conformance >said 2>&1; then
    echo "the conformance suite has nothing to say about a provider that does nothing" >&2
    exit 1
fi
if ! grep -q 'scaffolded (assessments): .*not simulated yet' said || grep -Eq '^(greenhouse|ashby|recruitee) \(' said; then
    cat said >&2
    echo "the conformance suite does not say what is to be written" >&2
    exit 1
fi
echo "the scaffold compiles, and the conformance suite says what is to be written"
