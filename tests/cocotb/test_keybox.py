"""The key-box engine through registers and its ring: every session key, held to the account of `keybox.py`."""

import pathlib

import cocotb
import keybox
import regmap
from bench import Bench
from card import Card, Ring

VECTORS = keybox.vectors(pathlib.Path(__file__).parents[1] / "vectors")
RING = 2
TIMEOUT_MS = 2


async def start(dut, name, slot_bytes, slots=2):
    """A card out of reset with its key-box ring committed. The bus is slow, and the card is never started."""
    ring = Ring(RING, 0x1_0040, 0x2_0020, slot_bytes, slots)
    bench = Bench(dut, name, (ring,))
    bench.slow_memory(0.2)
    await bench.reset()
    card = Card(bench)
    await card.identify()
    await card.commit(ring)
    await card.set("global", "INT_ENABLE", 0x7F)
    return bench, card, ring


async def submit(card, ip_key, s, boxes, keys, tag):
    x0 = int(ip_key) * 10**s
    for word in range(8):
        await card.set("keybox", f"X0_{word}", x0 >> 32 * word & 0xFFFF_FFFF)
    for name, value in (("S", s), ("BOXES", boxes), ("KEYS", keys), ("TAG", tag)):
        await card.set("keybox", name, value)
    await command(card, "SUBMIT")


async def command(card, part):
    lsb, _ = regmap.find("keybox", "SUBMIT").fields[part]
    await card.set("keybox", "SUBMIT", 1 << lsb)


async def status(card):
    """Names of the flags that are set."""
    register = regmap.find("keybox", "STATUS")
    value = await card.bus.read32(register.address)
    return {part for part in register.fields if register.get(value, part)}


async def ended(card):
    """How the job ended, once it has."""
    for _ in range(1000):
        flags = await status(card)
        if "BUSY" not in flags:
            return flags
        await card.bus.cycles(20)
    raise AssertionError("the job does not end")


async def next_slot(card, ring):
    for _ in range(1000):
        if (slot := await card.poll(ring)) is not None:
            return slot
        await card.bus.cycles(20)
    raise AssertionError(f"slot {ring.taken} does not come")


def check_box(completion, data, number, box, tag, want, error=False):
    """A box's slot, in order: its keys, then zeros in place of one where it was cut short."""
    assert data == b"".join(want) + bytes(keybox.KEY_BYTES if error else 0), f"box {box}: {data.hex()}"
    assert completion["SLOT.BLOCKS"] == len(data) // keybox.KEY_BYTES
    assert completion["SEQUENCE"] == number
    assert completion["LANES_LO"] == tag and completion["LANES_HI"] == box
    assert completion["RAW_BITS"] == 0
    assert completion["FLAGS"] == RING | int(error) << regmap.COMPLETION[2]["ERROR"][0], f"{completion}"


@cocotb.test(timeout_time=TIMEOUT_MS, timeout_unit="ms")
async def orbits_of_the_vectors(dut):
    """Every key of the vectors' short orbits, box by box; a slow host makes the job wait, and the ring wraps."""
    bench, card, ring = await start(dut, "orbits_of_the_vectors", 512)
    number = made = jobs = 0
    # The first orbit is long: two boxes of it, of fewer keys.
    for case in VECTORS["cases"]:
        short = case["I"] * case["J"] <= 32
        boxes, each = (case["I"], case["J"]) if short else (2, 5)
        tag = bench.rng.getrandbits(32)
        keys = list(keybox.keys(case["ip_key"], case["s"], boxes * each))
        await submit(card, case["ip_key"], case["s"], boxes, each, tag)
        for box in range(boxes):
            check_box(*await next_slot(card, ring), number, box + 1, tag, keys[box * each : (box + 1) * each])
            number += 1
            await bench.cycles(bench.rng.choice((0, 3000)))
            await card.doorbell(ring)
        assert await ended(card) == {"DONE"}
        made, jobs = made + boxes * each, jobs + 1
    await card.set("global", "SNAPSHOT", 1)
    assert await card.get("keybox", "KEYS_MADE_LO") == made
    assert (await card.get("keybox", "JOBS_DONE"), await card.get("keybox", "JOBS_FAILED")) == (jobs, 0)
    assert RING in {vector for vector, _ in bench.interrupts.messages}
    # What was given in X_0 cannot be read, and the next job does not find it.
    await command(card, "SUBMIT")
    assert await ended(card) == {"WEAK"}


@cocotb.test(timeout_time=TIMEOUT_MS, timeout_unit="ms")
async def weak_orbits(dut):
    """A weak IP key ends its job; no box with fewer keys passes as whole."""
    bench, card, ring = await start(dut, "weak_orbits", 128)
    number = 0
    for ip_key in VECTORS["weak_ip_keys"]:
        keys = list(keybox.keys(ip_key, 4, 4))
        assert len(keys) < 4
        await submit(card, ip_key, 4, 1, 4, 7)
        assert await ended(card) == {"WEAK"}
        if keys:
            check_box(*await next_slot(card, ring), number, 1, 7, keys, error=True)
            await card.doorbell(ring)
            number += 1
        await bench.cycles(200)
        assert await card.poll(ring) is None
    assert await card.get("keybox", "JOBS_FAILED") == len(VECTORS["weak_ip_keys"])


@cocotb.test(timeout_time=TIMEOUT_MS, timeout_unit="ms")
async def jobs_that_are_refused_or_aborted(dut):
    """Numbers out of range are BAD; a job that runs refuses the next; an abort cuts its box short; a reset ends all."""
    bench, card, ring = await start(dut, "jobs_that_are_refused_or_aborted", 512)
    case = VECTORS["cases"][0]
    ip_key, s = case["ip_key"], case["s"]
    # Slots of 512 bytes hold 16 keys.
    for bad in ((0, 1, 1), (9, 1, 1), (s, 0, 1), (s, 1, 0), (s, 1, 17), (s, 65_535, 17)):
        await submit(card, "0" if bad[0] == 9 else ip_key, *bad, 0)
        assert await ended(card) == {"BAD"}, f"{bad}"
    # X_0 of 64 + s digits at most.
    await submit(card, "1" + "0" * 64, s, 1, 1, 0)
    assert await ended(card) == {"BAD"}
    assert await card.get("keybox", "JOBS_FAILED") == 7

    await submit(card, ip_key, s, 9, 16, 5)
    refused = await card.get("global", "ERR_REFUSED_WRITE")
    await card.set("keybox", "TAG", 6)
    await card.set("keybox", "X0_0", 6)
    await command(card, "SUBMIT")
    assert await card.get("global", "ERR_REFUSED_WRITE") == refused + 3
    assert await status(card) == {"BUSY"}
    keys = list(keybox.keys(ip_key, s, 32))
    check_box(*await next_slot(card, ring), 0, 1, 5, keys[:16])
    await card.doorbell(ring)
    await bench.cycles(300)
    await command(card, "ABORT")
    assert await ended(card) == {"ABORTED"}
    completion, data = await next_slot(card, ring)
    whole = len(data) // keybox.KEY_BYTES - 1
    assert 1 <= whole < 16
    check_box(completion, data, 1, 2, 5, keys[16 : 16 + whole], error=True)
    await card.doorbell(ring)

    await submit(card, ip_key, s, 9, 16, 5)
    await bench.cycles(bench.rng.randrange(1500))
    await card.command("SOFT_RESET")
    await card.identify()
    assert await status(card) == set()
    assert await card.get("keybox", "TAG") == 0
    strobed = bench.rules.strobed
    await bench.cycles(1500)
    assert bench.rules.strobed == strobed, "a key after a reset"
    await card.commit(ring)
    await submit(card, ip_key, s, 1, 3, 8)
    check_box(*await next_slot(card, ring), 0, 1, 8, keys[:3])
