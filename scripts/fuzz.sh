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
for target in $(cargo +nightly fuzz list); do
    echo "fuzz: $target for $seconds s"
    cargo +nightly fuzz run "$target" --fuzz-dir . -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
done
echo "fuzz: all targets ran without a finding"
