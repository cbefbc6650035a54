#!/bin/sh
# Runs the models of the ring logic (driver/src/ring/models.rs) under loom. Then plants each fault of faults/*.sed in a
# copy of the driver: models that all passed then would say nothing. A fault's first line says which model finds it, and
# what it says; its second, in which file.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
export CARGO_TARGET_DIR
planted=$CARGO_TARGET_DIR/loom
export RUST_BACKTRACE=0
# build FOLDER FLAG: the tests' program there. The flag is for the driver alone: its dependencies are those of every build.
build() (
    cd "$1"
    ${CARGO:-cargo} rustc "$2" -p photonbox-driver --lib --profile test --features loom \
        --message-format=json-render-diagnostics -- --cfg loom | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p'
)

program=$(build . --locked)
[ -n "$program" ] || exit 1
"$program" ring::models

rm -rf "$planted"
mkdir -p "$planted/hdl"
# The workspace, as far as the driver needs it.
sed '/^members = \[/,/^\]/d; /^default-members/d; /^exclude/d; /^\[profile\.dev\.package\.photonbox/,/^$/d
    s/^\[workspace\]$/&\nmembers = ["driver", "hdl\/regmap"]/' Cargo.toml >"$planted/Cargo.toml"
cp Cargo.lock rust-toolchain.toml "$planted/"
cp -r hdl/regmap "$planted/hdl/"
for fault in "$root"/tests/loom/faults/*.sed; do
    name=$(basename "$fault" .sed)
    model=$(sed -n '1s/^# \([^:]*\): .*/\1/p' "$fault")
    says=$(sed -n '1s/^# [^:]*: //p' "$fault")
    rm -rf "$planted/driver"
    cp -r driver "$planted/"
    file=$planted/driver/src/$(sed -n '2s/^# in //p' "$fault")
    cp "$file" "$planted/before"
    sed -i -f "$fault" "$file"
    if cmp -s "$planted/before" "$file"; then
        echo "loom: $name: nothing was planted: the text has changed, so must the fault" >&2
        exit 1
    fi
    program=$(build "$planted" --offline 2>"$planted/log") || true
    if [ -z "$program" ]; then
        cat "$planted/log"
        echo "loom: $name: the planted driver could not be built" >&2
        exit 1
    fi
    code=0
    "$program" "ring::models::$model" >"$planted/log" 2>&1 || code=$?
    if [ "$code" -eq 0 ] || ! grep -q "$says" "$planted/log"; then
        cat "$planted/log"
        echo "loom: $name: $model did not say \"$says\"" >&2
        exit 1
    fi
    echo "loom: $name is found by $model: $(grep -m 1 "$says" "$planted/log")"
done
