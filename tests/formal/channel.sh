#!/usr/bin/env bash
# Searches the models of the channel in docs/formal for attacks: channel.sh [--quick] [NAME...] (all without a name).
# A query of a model must hold. Then the variants: of a broken one (broken/) exactly the queries named in it must be
# attacked, else the model says nothing about what was broken; likewise of one that states a limit (limits/).
# --quick: one session of each principal instead of the number in the file, and no variant that needs two.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)/..
quick=
if [ "${1:-}" = --quick ]; then
    quick=yes
    shift
fi
if ! verifpal=$("$here/scripts/verifpal.sh"); then
    if [ -n "$quick" ]; then
        echo "skipped: the models of the channel: there is no Verifpal and it could not be built (see scripts/verifpal.sh)"
        exit 0
    fi
    exit 1
fi
cd "$here/docs/formal"
[ $# -gt 0 ] || set -- *.vp broken/*.vp limits/*.vp

failed() { echo "formal: $*" >&2; exit 1; }
# of NAME FILE: the values of a file's header lines of that name.
of() { sed -n "s|^// $1: ||p" "$2"; }
# bare FILE: what a model does: no comments, empty lines or queries.
bare() { sed 's|//.*||; s/[[:space:]]*$//; s/^[[:space:]]*//; /^$/d; /^queries\[/,$d' "$1"; }

work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
for model in "$@"; do
    model=${model%.vp}.vp
    [ -f "$model" ] || failed "$model: no such model in docs/formal"
    sessions=$(of Sessions "$model")
    case $sessions in [12]) ;; *) failed "$model: name its sessions in a line '// Sessions: 2'" ;; esac
    base=$(of Breaks "$model")
    of Attack "$model" | sort >"$work/wanted"
    if [ -n "$base" ]; then
        if [ -n "$quick" ] && [ "$sessions" = 2 ]; then continue; fi
        # A variant follows its model: what differs is counted, so that neither changes without the other.
        differs=$(diff <(bare "${base%%,*}") <(bare "$model") | grep -c '^[<>]' || true)
        [ "$base" = "${base%%,*}, $differs lines" ] || failed "$model: differs from ${base%%,*} in $differs lines, not as it says"
        [ -s "$work/wanted" ] || failed "$model: name the attacks that it must show in lines '// Attack: query'"
    elif [ -s "$work/wanted" ]; then
        failed "$model: expects an attack but is no variant of a model"
    fi
    [ -z "$quick" ] || sessions=1
    code=0
    "$verifpal" verify "$model" --sessions "$sessions" --fail-on-attack --quiet --color never >"$work/log" 2>&1 || code=$?
    # 0 is no attack, 2 an attack; the search must have come to its end.
    case $code in 0 | 2) ;; *) cat "$work/log" >&2; failed "$model: Verifpal failed ($code)" ;; esac
    kind='\(confidentiality\|authentication\|freshness\|unlinkability\|equivalence\)?'
    sed -n "s/^ *PASS + \($kind .*\)  \[.*/\1/p" "$work/log" | sort >"$work/held"
    sed -n "s/^ *FAIL x \($kind .*\)/\1/p" "$work/log" | sed 's/  \[.*//' | sort >"$work/attacked"
    if grep "^ *PASS + $kind" "$work/log" | grep -qv "\[search exhausted at $sessions session"; then
        cat "$work/log" >&2
        failed "$model: the search was cut short"
    fi
    if ! cmp -s "$work/wanted" "$work/attacked"; then
        cat "$work/log" >&2
        comm -13 "$work/wanted" "$work/attacked" | sed 's/^/formal: an attack that should not be: /' >&2
        comm -23 "$work/wanted" "$work/attacked" | sed 's/^/formal: no attack found where one must be: /' >&2
        failed "$model: not as expected"
    fi
    if [ -z "$base" ]; then
        [ -s "$work/held" ] || failed "$model: no query was answered"
        sed "s|^|formal: ${model%.vp}, $sessions session(s): holds: |" "$work/held"
    else
        sed "s|^|formal: ${model%.vp}: attack found: |" "$work/attacked"
        echo "formal: ${model%.vp}: the other $(wc -l <"$work/held") queries hold"
    fi
done
