#!/usr/bin/env bash
# Unpacks a QEMU that takes PCI cards from vfio-user sockets (10.1 or later) with its own libraries into a folder:
#   scripts/qemu.sh FOLDER
# From Debian's trixie-backports (trixie.sh). On a newer Debian the packaged QEMU does, and this is not called.
set -euo pipefail
folder=$(realpath -m "$1")
say() { printf 'qemu: %s\n' "$*" >&2; }

. "$(dirname "$0")/trixie.sh"
trixie "install QEMU 10.1 or later"

own --yes --no-install-recommends --download-only --target-release trixie-backports install qemu-system-x86 >/dev/null

rm -rf "$folder.new"
mkdir -p "$folder.new"
for package in "$apt"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" |
        tar -x -C "$folder.new" --keep-directory-symlink --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='./usr/share/locale'
done
cat >"$folder.new/qemu-system-x86_64" <<'WRAPPER'
#!/usr/bin/env bash
here=$(dirname "$(realpath "$0")")
export QEMU_MODULE_DIR="$here/usr/lib/x86_64-linux-gnu/qemu"
exec "$here/usr/lib64/ld-linux-x86-64.so.2" --library-path "$here/usr/lib/x86_64-linux-gnu" \
    "$here/usr/bin/qemu-system-x86_64" -L "$here/usr/share/qemu" -L "$here/usr/share/seabios" "$@"
WRAPPER
chmod 755 "$folder.new/qemu-system-x86_64"
"$folder.new/qemu-system-x86_64" -device vfio-user-pci,help | grep "^vfio-user-pci options" >/dev/null ||
    { say "it has no vfio-user-pci"; exit 1; }
rm -rf "$folder"
mv "$folder.new" "$folder"
say "$("$folder/qemu-system-x86_64" --version | head -1) unpacked"
