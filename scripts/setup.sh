#!/usr/bin/env bash
# Installs the Debian packages that the build and the tests need, and only those that are missing.
#   scripts/setup.sh build   what `make demo` needs (a C compiler; Rust is assumed)
#   scripts/setup.sh rtl     what verilated hardware needs: a C++ compiler, Python's venv, zlib, lz4 (scripts/tools.sh)
#   scripts/setup.sh test    also what the tests use: QEMU, a guest kernel, busybox, ip, Python, its Prometheus client, PostgreSQL, Schemathesis, tshark, iperf3, wireguard-go
# Without apt or the right to use it, it says what is missing; only the build and rtl packages are
# fatal.
set -euo pipefail
cd "$(dirname "$0")/.."
what="${1:-build}"
target="${CARGO_TARGET_DIR:-target}"

say() { printf 'setup: %s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo -n "$@"
    else return 1
    fi
}

updated=no
# install PROGRAM PACKAGE: make PROGRAM available through PACKAGE.
install() { install_for "$1" "$2" command -v "$1"; }

# install_for WHAT PACKAGE TEST...: install PACKAGE unless the command TEST says that it is not needed.
install_for() {
    local for="$1" package="$2"
    shift 2
    "$@" >/dev/null 2>&1 && return 0
    command -v apt-get >/dev/null || return 1
    say "installing $package (for $for)"
    if [ "$updated" = no ]; then as_root apt-get update -qq >/dev/null || return 1; updated=yes; fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null || return 1
    "$@" >/dev/null 2>&1
}

command -v cargo >/dev/null || { say "cargo is missing: install a Rust toolchain (rust-toolchain.toml names the version)"; exit 1; }
install cc gcc || { say "no C compiler and it could not be installed: install gcc (aws-lc and SQLite are built from C)"; exit 1; }
install make make || true

if [ "$what" = rtl ]; then
    header() { printf '#include <%s>\n' "$1" | g++ -E -x c++ -; }
    install g++ g++ || { say "no C++ compiler and it could not be installed: install g++ (verilated designs are C++)"; exit 1; }
    install python3 python3 || { say "python3 is missing and could not be installed (the hardware tools are Python packages)"; exit 1; }
    install_for "python3 -m venv" python3-venv python3 -c 'import ensurepip, venv' ||
        { say "python3-venv is missing and could not be installed (the hardware tools live in such an environment)"; exit 1; }
    install_for zlib.h zlib1g-dev header zlib.h || { say "zlib1g-dev is missing and could not be installed (waveforms)"; exit 1; }
    install_for lz4.h liblz4-dev header lz4.h || { say "liblz4-dev is missing and could not be installed (waveforms)"; exit 1; }
    install flock util-linux || { say "flock is missing: install util-linux"; exit 1; }
fi

[ "$what" = test ] || exit 0

install qemu-system-x86_64 qemu-system-x86 || say "qemu-system-x86 is missing: the virtual-machine test will say skipped"
install cpio cpio || say "cpio is missing: the virtual-machine test will say skipped"
install ip iproute2 || say "iproute2 is missing: the network tests will say skipped"
install python3 python3 || say "python3 is missing: the network tests will say skipped"
install_for "the metrics' judge" python3-prometheus-client /usr/bin/python3 -c 'import prometheus_client.openmetrics.parser' ||
    say "python3-prometheus-client is missing: the test of the metrics' text will say skipped"
postgres() { ls /usr/lib/postgresql/*/bin/initdb; }
install_for "a server" postgresql postgres || say "postgresql is missing: the tests of the store on PostgreSQL will say skipped"
install_for "python3 -m venv" python3-venv python3 -c 'import ensurepip, venv' || true
scripts/schemathesis.sh || say "Schemathesis is missing: the test of the OpenAPI document will say skipped"
install tshark tshark || say "tshark is missing: the test of the Wireshark dissector will say skipped"
install iperf3 iperf3 || say "iperf3 is missing: make bench-tunnel will say skipped"
install wireguard-go wireguard-go || say "wireguard-go is missing: make bench-tunnel has no baseline"
install wg wireguard-tools || say "wireguard-tools is missing: make bench-tunnel has no baseline"
install busybox busybox-static || say "busybox-static is missing: the virtual-machine test will say skipped"

# A guest kernel, unpacked beside the build and never installed on this machine. Where that of trixie can't be had, the
# machine's own Debian has one that does without virtio-iommu.
vm="$target/vm"
if ! ls "$vm"/kernel/lib/modules/*/kernel/drivers/iommu/virtio-iommu.ko >/dev/null 2>&1; then
    mkdir -p "$vm"
    scripts/kernel.sh "$vm/kernel" || say "no guest kernel with virtio-iommu: the test with it will say skipped"
fi
if ! ls "$vm"/kernel/boot/vmlinuz-* >/dev/null 2>&1 && command -v apt-get >/dev/null; then
    if [ "$updated" = no ]; then as_root apt-get update -qq >/dev/null || true; fi
    package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '$1 == "Depends:" && $2 ~ /^linux-image-/ {print $2; exit}')
    if [ -n "$package" ] && (cd "$vm" && apt-get download -qq "$package" >/dev/null 2>&1); then
        rm -rf "$vm/kernel.new"
        dpkg-deb -x "$vm/$package"_*.deb "$vm/kernel.new" && rm -rf "$vm/kernel" && mv "$vm/kernel.new" "$vm/kernel"
        rm -f "$vm/$package"_*.deb
        say "guest kernel unpacked from $package"
    else
        say "no guest kernel could be fetched: the virtual-machine test will say skipped"
    fi
fi

# A QEMU that takes cards from vfio-user sockets, where the machine's own is too old for that.
takes_cards() { "$1" -device vfio-user-pci,help 2>/dev/null | grep "^vfio-user-pci options" >/dev/null; }
if ! takes_cards qemu-system-x86_64 && ! takes_cards "$vm/qemu/qemu-system-x86_64"; then
    mkdir -p "$vm"
    scripts/qemu.sh "$vm/qemu" || say "no QEMU with vfio-user: the test of a card in a virtual machine will say skipped"
fi
