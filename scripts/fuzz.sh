#!/bin/sh
# scripts/fuzz.sh [SECONDS] [TARGET...]: fuzzes each target (default: all of them) for so long (default: 600 s), one
# after the other, and stops at the first finding. What it learns stays in fuzz/corpus, for the next run.
set -eu
cd "$(dirname "$0")/.."

seconds=${1:-600}
[ $# = 0 ] || shift

scripts/needs.sh c++
cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz

# No address sanitizer: the crate forbids unsafe code, and without one the toolchain of every day does. A finding is a
# broken promise, an input that takes 5 s, and one that takes 1 GiB.
[ $# -gt 0 ] || set -- $(cargo fuzz list)
for target in "$@"; do
    cargo fuzz build --sanitizer none "$target"
    echo "fuzzing $target for $seconds s"
    if ! cargo fuzz run --sanitizer none "$target" -- -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 \
        -max_len=16384 -dict=fuzz/corpus/words -verbosity=0 -print_final_stats=1
    then
        cat >&2 <<TEXT
$target has a finding: what is broken and how to replay it is said above. Once it is small (cargo fuzz tmin), copy the
input to fuzz/regressions/$target/, under a name that says what it is: "cargo test --test it fuzzing" fails with it
until it is mended, and should anybody break it again.
TEXT
        exit 1
    fi
done
echo "no finding"
