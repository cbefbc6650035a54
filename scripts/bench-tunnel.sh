#!/usr/bin/env bash
# TCP and UDP through two gateways in network namespaces, beside userspace WireGuard (wireguard-go) in the same run.
#   scripts/bench-tunnel.sh [PHOTONBOX [ROUNDS [SECONDS]]]
# Prints one line of JSON a figure: the median over the rounds, in which both take turns, bit/s, and the median of the
# rounds' ratios. Needs root, TUN, iperf3 and python3; without wireguard-go and wg the baseline is null.
set -euo pipefail
program="${1:-target/release/photonbox}"
rounds="${2:-7}"
seconds="${3:-3}"

say() { printf 'bench-tunnel: %s\n' "$*" >&2; }
for need in ip iperf3 python3; do
    command -v "$need" >/dev/null || { say "skipped: $need is not installed"; exit 0; }
done
[ "$(id -u)" = 0 ] || { say "skipped: network namespaces need root"; exit 0; }
[ -c /dev/net/tun ] || { say "skipped: this kernel has no TUN devices (/dev/net/tun)"; exit 0; }

a="pbbench$$a" b="pbbench$$b"
folder="$(mktemp -d)"
started=()
finish() {
    for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
    wait 2>/dev/null || true
    ip netns del "$a" 2>/dev/null || true
    ip netns del "$b" 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT

ip netns add "$a"
ip netns add "$b"
ip -n "$a" link add eth0 type veth peer name eth0 netns "$b"
for end in "$a 1" "$b 2"; do
    read -r space number <<<"$end"
    ip -n "$space" address add "10.88.0.$number/24" dev eth0
    ip -n "$space" link set lo up
    ip -n "$space" link set eth0 up
done

# ours DEVICE NUMBER ROLE OTHER
ours() {
    local space="$1" number="$2" role="$3" other="$4"
    ip netns exec "$space" "$program" tunnel up --state "$folder/$role" --device pb0 --address "10.90.0.$number/24" \
        --mode ip-key --role "$role" --ip-key-file "$folder/key" --endpoint "10.88.0.$other" \
        --allowed "10.90.0.$other/32" --allow-unlocked-memory --log warn >"$folder/up-$role" &
    started+=("$!")
    for _ in $(seq 200); do
        grep -q "is up" "$folder/up-$role" 2>/dev/null && return
        sleep 0.05
    done
    say "the gateway $role did not come up"
    exit 1
}
python3 -c 'import secrets; print("".join(secrets.choice("0123456789") for _ in range(64)))' >"$folder/key"
ours "$a" 1 a 2
ours "$b" 2 b 1

peer=no
if command -v wireguard-go >/dev/null && command -v wg >/dev/null; then
    peer=yes
    for end in "$a wga$$ 1" "$b wgb$$ 2"; do
        read -r space device number <<<"$end"
        ip netns exec "$space" env WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1 WG_PROCESS_FOREGROUND=1 \
            wireguard-go "$device" >/dev/null 2>&1 &
        started+=("$!")
        for _ in $(seq 100); do [ -S "/var/run/wireguard/$device.sock" ] && break; sleep 0.05; done
        (umask 077; wg genkey >"$folder/$device")
    done
    # set SPACE DEVICE NUMBER OTHER-DEVICE OTHER
    configure() {
        wg set "$2" private-key "$folder/$2" listen-port 51820 \
            peer "$(wg pubkey <"$folder/$4")" allowed-ips "10.91.0.$5/32" endpoint "10.88.0.$5:51820"
        ip -n "$1" address add "10.91.0.$3/24" dev "$2"
        ip -n "$1" link set "$2" up
    }
    configure "$a" "wga$$" 1 "wgb$$" 2
    configure "$b" "wgb$$" 2 "wga$$" 1
else
    say "no baseline: wireguard-go and wg are not installed"
fi

ip netns exec "$b" iperf3 -s >/dev/null 2>&1 &
started+=("$!")
sleep 0.5

# measure ADDRESS FLAGS...: bit/s that arrived
measure() {
    local to="$1"
    shift
    ip netns exec "$a" iperf3 -c "$to" -t "$seconds" -J "$@" |
        python3 -c 'import json,sys
end = json.load(sys.stdin)["end"]
# What is received has what was lost left out already; an older iperf3 says only what was sent.
print(end["sum_received"]["bits_per_second"] if "sum_received" in end
      else end["sum"]["bits_per_second"] * (1 - end["sum"].get("lost_percent", 0) / 100))'
}

# UDP is sent faster than either carries it, in datagrams that fit; what iperf3 itself is too slow to take is lost, too.
for figure in "tcp" "tcp.4 -P 4" "tcp.back -R" "udp.1200 -u -b 0 -l 1200"; do
    read -r name flags <<<"$figure"
    for _ in $(seq "$rounds"); do
        # shellcheck disable=SC2086
        our="$(measure 10.90.0.2 $flags)"
        their=null
        # shellcheck disable=SC2086
        [ "$peer" = no ] || their="$(measure 10.91.0.2 $flags)"
        echo "$our $their"
    done | python3 -c '
import json, statistics, sys
pairs = [[None if word == "null" else float(word) for word in line.split()] for line in sys.stdin]
ours = statistics.median(pair[0] for pair in pairs)
both = [pair for pair in pairs if pair[1]]
print(json.dumps({"name": "tunnel." + sys.argv[1], "value": ours, "unit": "bit/s",
    "baseline": statistics.median(pair[1] for pair in both) if both else None,
    "ratio": statistics.median(pair[0] / pair[1] for pair in both) if both else None}))' "$name"
done
