#!/usr/bin/env bash
# Installs Schemathesis (scripts/schemathesis.txt), the judge of the HTTP interface and its OpenAPI document, into a Python
# environment of its own: $PHOTONBOX_SCHEMATHESIS, else `schemathesis` in $PHOTONBOX_TARGET, else in the user's cache folder
# (as tests/e2e/vault/document.rs). Does nothing when it is there in the right version.
set -euo pipefail
cd "$(dirname "$0")/.."
cache="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}"
place="${PHOTONBOX_SCHEMATHESIS:-${PHOTONBOX_TARGET:-$cache/photonbox/target}/schemathesis}"

say() { printf 'schemathesis: %s\n' "$*" >&2; }

mkdir -p "$(dirname "$place")"
exec 9>"$place.lock"
flock 9
stamp="$place/photonbox.stamp"
wanted=$(cat scripts/schemathesis.txt scripts/schemathesis.sh | sha256sum | cut -d' ' -f1)
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && "$place/bin/python3" -c '' 2>/dev/null; then
    exit 0
fi
rm -f "$stamp"
say "installing into $place"
if ! "$place/bin/python3" -c 'import pip' 2>/dev/null; then
    python3 -m venv --clear "$place" || { say "no Python environment could be made"; exit 1; }
fi
"$place/bin/python3" -m pip install --quiet --disable-pip-version-check --requirement scripts/schemathesis.txt ||
    { say "it could not be installed"; exit 1; }
"$place/bin/st" --version >/dev/null || { say "it does not run"; exit 1; }
printf '%s\n' "$wanted" >"$stamp"
