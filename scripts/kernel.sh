#!/usr/bin/env bash
# Unpacks a kernel for the tests' guests into a folder:
#   scripts/kernel.sh FOLDER
# Debian trixie's for clouds (trixie.sh): small, with drivers for both IOMMUs that QEMU emulates; older Debians' have none for
# virtio-iommu.
set -euo pipefail
folder=$(realpath -m "$1")
say() { printf 'kernel: %s\n' "$*" >&2; }

. "$(dirname "$0")/trixie.sh"
trixie "the tests' guests need one"

# The package of that name only points at the newest.
package=$(apt_tool apt-cache depends linux-image-cloud-amd64/trixie | awk '$1 == "Depends:" && $2 ~ /^linux-image-/ {print $2; exit}')
(cd "$apt" && own download "$package" >/dev/null)
rm -rf "$folder.new"
mkdir -p "$folder.new/lib"
dpkg-deb -x "$apt/$package"_*.deb "$folder.new"
if [ -d "$folder.new/usr/lib/modules" ]; then mv "$folder.new/usr/lib/modules" "$folder.new/lib/"; fi
# As the guests' busybox loads them.
find "$folder.new/lib/modules" -name '*.ko.xz' -print0 | xargs -0r /bin/busybox unxz
rm -rf "$folder"
mv "$folder.new" "$folder"
say "guest kernel unpacked from $package"
