#!/usr/bin/env bash
# Runs the cocotb tests on the committed Verilog of build small; arguments go to run.py (--only MODULE.TEST, …).
set -euo pipefail
cd "$(dirname "$0")/../.."
cache="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}"
target="${PHOTONBOX_TARGET:-$cache/photonbox/target}"
python="${PHOTONBOX_TOOLS:-$target/tools}/bin/python3"
[ -x "$python" ] || { echo "error: $python was not found: run \`make tools\`" >&2; exit 1; }
mkdir -p "$target/cocotb"
map="$target/cocotb/regmap.json"
"${CARGO:-cargo}" run --locked -q -p xtask -- regs --json >"$map.$$"
mv "$map.$$" "$map"
exec "$python" tests/cocotb/run.py --regmap "$map" "$@"
