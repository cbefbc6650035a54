"""What the card does with photons, written again from the documents: pattern, sampler, Toeplitz extractor.

Nothing here comes from the Rust model. The sampler works on a list of events rather than on cycles, the extractor
is one carry-less product rather than columns: the same mistake is unlikely to be in both.
"""

import json
import pathlib

PATTERNS = {"alternate": 1, "counter": 2, "stuck-a": 3, "stuck-b": 4, "biased": 5}
STARTUP_BITS = 1024


def pattern(kind):
    """Endless pulses: True is one at detector A, False one at B."""
    register, number = 1, 0
    while True:
        if kind == "alternate":
            yield number % 2 == 0
        elif kind == "counter":
            yield bool(number // 8 % 256 & 128 >> number % 8)
        elif kind in ("stuck-a", "stuck-b"):
            yield kind == "stuck-a"
        else:
            # x^32 + x^22 + x^2 + x + 1 as a Galois register, three steps a pulse.
            for _ in range(3):
                register = register >> 1 ^ (0x8020_0003 if register & 1 else 0)
            yield register % 8 != 0
        number += 1


def sampler(events, window, holdoff, retrigger=False):
    """Bits of a lane, as (cycle decided, bit), from (cycle, a, b) in order of time, endless."""
    events = iter(events)
    ready = 0  # first cycle in which the lane is not blind
    waiting = None  # the edge that opened a window: (cycle, detector A?)
    for cycle, a, b in events:
        if waiting is not None and cycle > waiting[0] + window:
            yield waiting[0] + window, waiting[1]
            ready = waiting[0] + window + holdoff + 1
            waiting = None
        if waiting is not None:
            if b if waiting[1] else a:
                waiting, ready = None, cycle + holdoff + 1
        elif cycle < ready:
            if retrigger:
                ready = cycle + holdoff + 1
        elif a and b:
            ready = cycle + holdoff + 1
        elif window == 0:
            yield cycle, a
            ready = cycle + holdoff + 1
        else:
            waiting = (cycle, a)
    if waiting is not None:
        yield waiting[0] + window, waiting[1]


def pattern_events(kind, period, pulses):
    """The first pulses as events; cycle 0 is that of the first."""
    for number, a in zip(range(pulses), pattern(kind)):
        yield number * period, a, not a


def running_bits(events, settings):
    """Bits of all lanes that pass the start-up test, merged as the card does: by cycle, then lane.

    `settings` maps a lane to (window, holdoff, retrigger). Gives (cycle, lane, bit). The list ends where the first
    lane's events end: what follows could still be preceded by a bit of another lane.
    """
    events = list(events)
    merged = []
    for lane, (window, holdoff, retrigger) in settings.items():
        bits = list(sampler(events, window, holdoff, retrigger))
        merged += [(cycle, lane, bit) for cycle, bit in bits[STARTUP_BITS:]]
    return sorted(bit for bit in merged if bit[0] < events[-1][0])


def product(left, right):
    """Product of two polynomials over GF(2), as integers."""
    result = 0
    while right:
        low = right & -right
        result ^= left * low
        right ^= low
    return result


def toeplitz(seed, bits, m):
    """Block of n bits to m bits: output i is the sum over j of seed[i - j + n - 1] and bits[j].

    That is coefficient i + n - 1 of the product of both polynomials. `seed` is an integer, bit 0 first.
    """
    n = len(bits)
    seed &= (1 << n + m - 1) - 1
    block = sum(1 << j for j, bit in enumerate(bits) if bit)
    return product(seed, block) >> n - 1 & (1 << m) - 1


def check_against_vectors(folder):
    """Holds this file to the vectors that the Rust model is held to. Gives the number of cases."""
    folder = pathlib.Path(folder)
    count = 0
    for case in json.loads((folder / "toeplitz.json").read_text())["cases"]:
        seed = int(case["seed"][::-1], 2)
        for block, output in zip(case["input"], case["output"]):
            got = toeplitz(seed, [bit == "1" for bit in block], case["m"])
            assert got == int(output[::-1], 2), f"toeplitz {case['n']} to {case['m']}"
            count += 1
    for case in json.loads((folder / "sampler_synthetic.json").read_text())["cases"]:
        edges = {}
        for cycle, detectors in case["events"]:
            a, b = edges.get(cycle, (False, False))
            edges[cycle] = (a or "A" in detectors, b or "B" in detectors)
        events = [(cycle, *edges[cycle]) for cycle in sorted(edges)]
        retrigger = case.get("retrigger", False)
        bits = sampler(events, case["window"], case["holdoff"], retrigger)
        got = "".join(str(int(bit)) for _, bit in bits)
        assert got == case["bits"], f"sampler: {case}: {got}"
        count += 1
    return count
