#!/usr/bin/env bash
# Runs each fuzz target for FUZZ_SECONDS (default 60). Needs a nightly toolchain; installs cargo-fuzz when missing.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds="${FUZZ_SECONDS:-60}"

if ! rustup run nightly rustc --version >/dev/null 2>&1; then
    echo "skipped: no nightly toolchain (rustup toolchain install nightly); libFuzzer needs its sanitizer flags"
    exit 0
fi
command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz

cd tests/fuzz
# Assigned first: a failing command in the head of a loop would pass unseen.
targets=$(cargo +nightly fuzz list --fuzz-dir .)
[ -n "$targets" ] || { echo "error: no fuzz targets / help: see tests/fuzz/Cargo.toml" >&2; exit 1; }
for target in $targets; do
    echo "fuzz: $target for $seconds s"
    seeds=()
    [ -d "../vectors/$target" ] && seeds+=("../vectors/$target")
    mkdir -p "corpus/$target"
    cargo +nightly fuzz run "$target" --fuzz-dir . "corpus/$target" "${seeds[@]}" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
done
echo "fuzz: all targets ran without a finding"
