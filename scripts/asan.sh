#!/usr/bin/env bash
# The driver's and the simulated card's tests under AddressSanitizer: the mappings, sockets and rings that the unsafe code
# stands on, in process, over vfio-user and over a serial line. The sanitizer's flag is not a stable one. A nightly
# toolchain takes it; without one the pinned toolchain does when it is told that it builds itself (RUSTC_BOOTSTRAP),
# which is fair enough for a program that is run once, here, and never shipped.
set -euo pipefail
cd "$(dirname "$0")/.."
host=$(rustc -vV | sed -n 's/^host: //p')
case "$host" in
x86_64-unknown-linux-gnu | aarch64-unknown-linux-gnu) ;;
*)
    echo "skipped: AddressSanitizer isn't there for $host"
    exit 0
    ;;
esac
toolchain=()
if rustup run nightly rustc --version >/dev/null 2>&1; then
    toolchain=(+nightly)
else
    export RUSTC_BOOTSTRAP=1
fi
# Of its own: the flag builds everything anew. --target keeps it from build scripts and macros.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/asan"
export RUSTFLAGS="${RUSTFLAGS:-} -Zsanitizer=address"
cargo "${toolchain[@]}" test --locked --target "$host" -p photonbox-driver -p photonbox-simcard \
    --lib --test device --test device_vfio_user --test vfio_user --test serial
echo "asan: nothing was found"
