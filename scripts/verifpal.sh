#!/usr/bin/env bash
# Prints where Verifpal is, in the version that the models of docs/formal are written for, and builds it first when it is
# missing (about two minutes): beside the hardware's tools, $PHOTONBOX_TOOLS or as scripts/tools.sh says.
set -euo pipefail
version=1.6.7
cache="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}"
tools="${PHOTONBOX_TOOLS:-${PHOTONBOX_TARGET:-$cache/photonbox/target}/tools}"
program="$tools/bin/verifpal"

if [ "$("$program" --version 2>/dev/null)" != "verifpal $version" ]; then
    mkdir -p "$tools"
    echo "verifpal: installing version $version into $tools" >&2
    # It asks for a newer compiler than ours and builds with ours. A target folder of its own, which cargo removes.
    env -u CARGO_TARGET_DIR "${CARGO:-cargo}" install verifpal --version "$version" --locked --ignore-rust-version \
        --root "$tools" --force --quiet >&2 || {
        echo "verifpal: version $version could not be built: try \`cargo install verifpal --version $version --locked" \
            "--ignore-rust-version --root $tools\`, and read what it says" >&2
        exit 1
    }
fi
printf '%s\n' "$program"
