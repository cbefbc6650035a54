#!/usr/bin/env bash
# Runs each fuzz target for FUZZ_SECONDS (default 60), or those of FUZZ_TARGETS; installs cargo-fuzz when missing. Its
# flags are not stable ones: without a nightly toolchain the pinned one is told that it builds itself.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds="${FUZZ_SECONDS:-60}"

toolchain=()
if rustup run nightly rustc --version >/dev/null 2>&1; then
    toolchain=(+nightly)
else
    export RUSTC_BOOTSTRAP=1
fi
command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz

cd tests/fuzz
# Assigned first: a failing command in the head of a loop would pass unseen.
targets=${FUZZ_TARGETS:-$(cargo "${toolchain[@]}" fuzz list --fuzz-dir .)}
[ -n "$targets" ] || { echo "error: no fuzz targets / help: see tests/fuzz/Cargo.toml" >&2; exit 1; }
for target in $targets; do
    echo "fuzz: $target for $seconds s"
    seeds=()
    [ -d "../vectors/$target" ] && seeds+=("../vectors/$target")
    mkdir -p "corpus/$target"
    cargo "${toolchain[@]}" fuzz run "$target" --fuzz-dir . "corpus/$target" "${seeds[@]}" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
done
echo "fuzz: all targets ran without a finding"
