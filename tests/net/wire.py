"""A bad link between two network interfaces: loses, delays and reorders frames, from a seed.

    wire.py A B LOSS% DELAY_MS JITTER_MS REORDER% SEED

Loss, delay, jitter and reordering mean what they mean to `tc netem`, which not every kernel has.
"""

import heapq
import random
import select
import socket
import sys
import time

SOL_PACKET = 263
PACKET_VNET_HDR = 15  # unfinished checksums and large segments pass as they are
PACKET_IGNORE_OUTGOING = 23
ETH_P_ALL = 3


def port(name):
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    raw.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    raw.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    raw.bind((name, 0))
    raw.setblocking(False)
    return raw


def main():
    ports = [port(sys.argv[1]), port(sys.argv[2])]
    loss, delay, jitter, reorder, seed = (float(text) for text in sys.argv[3:8])
    chance = random.Random(seed)
    waiting = []
    number = 0
    while True:
        timeout = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        readable, _, _ = select.select(ports, [], [], timeout)
        now = time.monotonic()
        for source in readable:
            while True:
                try:
                    frame = source.recv(1 << 17)
                except BlockingIOError:
                    break
                if chance.random() * 100 < loss:
                    continue
                late = max(0.0, delay + chance.uniform(-jitter, jitter)) / 1000
                if chance.random() * 100 < reorder:
                    late = 0.0
                number += 1
                other = ports[1 - ports.index(source)]
                heapq.heappush(waiting, (now + late, number, other, frame))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, other, frame = heapq.heappop(waiting)
            try:
                other.send(frame)
            except OSError:
                pass  # a full or vanished interface loses frames, too


main()
