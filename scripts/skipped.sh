#!/usr/bin/env bash
# Says which tests `make test` could not really run on this machine: cargo hides what a passing test prints.
set -euo pipefail
cd "$(dirname "$0")/.."
target="${CARGO_TARGET_DIR:-target}"

if [ -z "${PHOTONBOX_CAPTURE:-}" ]; then
    echo "skipped: tests on a real recording (set PHOTONBOX_CAPTURE to a .ptu file)"
fi
if ! command -v qemu-system-x86_64 >/dev/null || ! command -v cpio >/dev/null || [ ! -e /bin/busybox ] ||
    ! ls "$target"/vm/kernel/boot/vmlinuz-* >/dev/null 2>&1; then
    echo "skipped: the virtual-machine test (needs QEMU, cpio, busybox-static and a guest kernel; see scripts/setup.sh)"
fi
takes_cards() { "$1" -device vfio-user-pci,help 2>/dev/null | grep "^vfio-user-pci options" >/dev/null; }
if ! takes_cards qemu-system-x86_64 && ! takes_cards "$target/vm/qemu/qemu-system-x86_64"; then
    echo "skipped: a card in a virtual machine (needs QEMU 10.1 or later; see scripts/qemu.sh)"
fi
if ! ls "$target"/vm/kernel/lib/modules/*/kernel/drivers/iommu/virtio-iommu.ko >/dev/null 2>&1; then
    echo "skipped: a card behind virtio-iommu (needs a guest kernel with it; see scripts/kernel.sh)"
fi
cache="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}"
if [ ! -e "${PHOTONBOX_SCHEMATHESIS:-${PHOTONBOX_TARGET:-$cache/photonbox/target}/schemathesis}/photonbox.stamp" ]; then
    echo "skipped: the running interface against its OpenAPI document (needs Schemathesis; see scripts/schemathesis.sh)"
fi
command -v tshark >/dev/null || echo "skipped: the Wireshark dissector (needs tshark)"
# What the tests themselves ask for: a namespace, and a bridge in it.
probe="pbprobe$$"
if ! command -v python3 >/dev/null || ! { ip netns add "$probe" && ip -n "$probe" link add br0 type bridge; } >/dev/null 2>&1; then
    echo "skipped: the network tests (need root, network namespaces, bridges, iproute2 and python3)"
fi
if [ ! -c /dev/net/tun ]; then
    echo "skipped: the tunnel's network tests (need /dev/net/tun)"
fi
ip netns del "$probe" >/dev/null 2>&1 || true
