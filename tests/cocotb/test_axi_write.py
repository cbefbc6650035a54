"""The AXI4 write port: photons of the pattern generator to bytes in host memory, held to an independent account."""

import cocotb
import photons
import regmap
from bench import Bench
from card import COMPLETION_BYTES, Card, Expected, Ring, Run, collect, parse_record
from cocotbext.axi.constants import AxiResp

#: Pulses of the pattern that are accounted for: more than any test waits for.
PULSES = 20_000
EVENT_VECTOR = 3
#: Of simulated time, 500,000 cycles: no test hangs.
TIMEOUT_MS = 2


def start(dut, name, **settings):
    """A bench, a run and the account of it."""
    run = Run(**settings)
    bench = Bench(dut, name, (run.entropy, run.raw))
    run.seed = bench.rng.getrandbits(run.n + run.m - 1)
    return bench, Card(bench), run


async def finish(bench, card):
    """STOP, IDLE, and then silence."""
    await card.command("STOP")
    await card.wait_until("IDLE")
    assert bench.rules.outstanding == []
    bursts = bench.rules.bursts
    await bench.cycles(300)
    assert bench.rules.bursts == bursts, "a write after IDLE"


@cocotb.test(timeout_time=TIMEOUT_MS, timeout_unit="ms")
async def blocks_and_records(dut):
    """Each block is the Toeplitz product of the sampled pattern, each record a photon; rings wrap, phases flip."""
    bench, card, run = start(dut, "blocks_and_records")
    await bench.reset()
    await card.bring_up(run)
    generation = await card.get("global", "GENERATION")
    expected = Expected(run, PULSES)
    await collect(card, expected, 6, generation)
    assert run.entropy.taken > run.entropy.slots and run.raw.taken > run.raw.slots
    assert await card.get("global", "ERR_DROPPED_BITS") == 0
    # A message comes only after the B of the completion that it is about.
    messages = bench.interrupts.messages
    assert {vector for vector, _ in messages} == {0, 1}
    assert all(done >= number + 1 for number, (_, done) in enumerate(messages))
    await finish(bench, card)
    assert EVENT_VECTOR in {vector for vector, _ in bench.interrupts.messages}


@cocotb.test(timeout_time=TIMEOUT_MS, timeout_unit="ms")
async def default_shape(dut):
    """The default block, 1024 bits to 384, from all four lanes."""
    ring = Ring(0, 0x1_0000, 0x2_0000, 192, 2)
    lanes = {lane: (0, 0, False) for lane in range(4)}
    shape = {"n": 1024, "m": 384, "claimed_h": 0x8000}
    bench, card, run = start(dut, "default_shape", **shape, pattern="counter", period=6, extract=lanes, tap={}, entropy=ring)
    await bench.reset()
    await card.bring_up(run)
    expected = Expected(run, PULSES)
    for _ in range(2):
        while (slot := await card.poll(run.entropy)) is None:
            await bench.cycles(20)
        expected.check_entropy(*slot)
    assert expected.blocks == 8
    await finish(bench, card)


@cocotb.test(timeout_time=TIMEOUT_MS, timeout_unit="ms")
async def back_pressure(dut):
    """Random pauses on AW, W and B change nothing but the time."""
    bench, card, run = start(dut, "back_pressure", period=8)
    bench.slow_memory()
    bench.slow_host(0.2)
    await bench.reset()
    await card.bring_up(run)
    await collect(card, Expected(run, PULSES), 3)
    assert await card.get("global", "ERR_DROPPED_BITS") == 0
    await finish(bench, card)


@cocotb.test(timeout_time=TIMEOUT_MS, timeout_unit="ms")
async def more_than_it_can_take(dut):
    """Every bit ends in a block, in a record or in a count, and a record says when others are missing before it."""
    lanes = {lane: (0, 0, False) for lane in range(3)}
    bench, card, run = start(dut, "more_than_it_can_take", period=2, extract=lanes)
    await bench.reset()
    await card.bring_up(run)
    records, blocks = [], 0

    async def take():
        nonlocal blocks
        for ring in (run.raw, run.entropy):
            while (slot := await card.poll(ring)) is not None:
                completion, data = slot
                if ring is run.entropy:
                    blocks += completion["SLOT.BLOCKS"]
                else:
                    records.extend(parse_record(int.from_bytes(data[at : at + 8], "little")) for at in range(0, len(data), 8))
                await card.doorbell(ring)

    for _ in range(200):
        await bench.cycles(20)
        await take()
    await finish(bench, card)
    await take()
    account = iter(Expected(run, PULSES).raw)
    origin = records[0]["TIMESTAMP"] - Expected(run, PULSES).raw[0][0]
    gaps = 0
    for number, record in enumerate(records):
        skipped = 0
        for cycle, lane, bit in account:
            if cycle == record["TIMESTAMP"] - origin:
                break
            skipped += 1
        assert (record["LANE"], record["BIT"]) == (lane, bit), f"record {number}: {record}"
        assert record["GAP"] == int(skipped != 0), f"record {number}: {record}, after {skipped}"
        gaps += record["GAP"]
    assert gaps > 2 and blocks > 4
    await card.set("global", "SNAPSHOT", 1)
    made = [await card.get("lane", "BITS_LO", lane) for lane in range(4)]
    thrown = [await card.get("lane", "DISCARDED_LO", lane) for lane in range(4)]
    assert made[3] - thrown[3] == len(records)
    assert sum(made[:3]) - sum(thrown[:3]) == blocks * run.n
    assert await card.get("global", "ERR_DROPPED_BITS") == sum(thrown) - 4 * photons.STARTUP_BITS


@cocotb.test(timeout_time=TIMEOUT_MS, timeout_unit="ms")
async def bursts_outstanding(dut):
    """While no B comes at least eight bursts go out, and no completion."""
    bench, card, run = start(dut, "bursts_outstanding")
    await bench.reset()
    bench.memory.b_channel.pause = True
    await card.bring_up(run)
    await bench.cycles(5000)
    assert bench.rules.most >= 8, f"only {bench.rules.most}"
    assert not any(bench.rules.is_completion(address) for address in bench.rules.outstanding)
    bench.memory.b_channel.pause = False
    await finish(bench, card)
    assert bench.rules.completed


async def start_again(bench, card, run):
    """Stops; both rings are released while idle and committed again; all begins anew, the seed stays."""
    await finish(bench, card)
    release, _ = regmap.find("ring", "COMMIT").fields["RELEASE"]
    for ring in (run.entropy, run.raw):
        await card.set("ring", "COMMIT", 1 << release, ring.number)
        assert await card.field("ring", "STATUS", "ERROR", ring.number) == 0
        assert await card.field("ring", "STATUS", "COMMITTED", ring.number) == 0
        await card.commit(ring)
    await card.command("START")
    assert await card.get("global", "START_ERROR") == 0
    # The block that STOP discarded shows as a gap before the first one.
    await collect(card, Expected(run, PULSES, gap=True), 1)
    await finish(bench, card)


@cocotb.test(timeout_time=TIMEOUT_MS, timeout_unit="ms")
async def stop_and_start_again(dut):
    """STOP in the middle, then START: lanes, pattern and rings begin anew."""
    bench, card, run = start(dut, "stop_and_start_again")
    await bench.reset()
    await card.bring_up(run)
    await collect(card, Expected(run, PULSES), 1)
    await bench.cycles(bench.rng.randrange(400))
    await start_again(bench, card, run)


async def error(dut, name, response, in_completion):
    """A ring stops at the slot that the bus refused: no completion for it, nor for any later one."""
    bench, card, run = start(dut, name)
    await bench.reset()
    bad = 2
    ring = run.entropy
    place = ring.completions + bad * COMPLETION_BYTES if in_completion else ring.data + bad * ring.slot_bytes
    bench.memory.error = response
    bench.memory.faults.append((place, place + (COMPLETION_BYTES if in_completion else ring.slot_bytes)))
    await card.bring_up(run)
    for _ in range(2000):
        if await card.field("ring", "STATUS", "ERROR", ring.number):
            break
        while (slot := await card.poll(run.raw)) is not None:
            await card.doorbell(run.raw)
        await bench.cycles(20)
    else:
        raise AssertionError("STATUS.ERROR did not come")
    expected = Expected(run, PULSES)
    for _ in range(bad):
        expected.check_entropy(*await card.poll(ring))
    assert await card.poll(ring) is None
    assert await card.get("ring", "TAIL", ring.number) == bad
    assert await card.get("ring", "ERRORS", ring.number) >= 1
    assert await card.get("global", "ERR_BUS") >= 1
    assert await card.field("global", "STATUS", "RING_ERROR") == 1
    assert await card.field("global", "INT_STATUS", "ERROR") == 1
    assert await card.field("ring", "STATUS", "ERROR", run.raw.number) == 0
    bench.memory.faults.clear()
    await start_again(bench, card, run)


@cocotb.test(timeout_time=TIMEOUT_MS, timeout_unit="ms")
async def slave_error_in_data(dut):
    await error(dut, "slave_error_in_data", AxiResp.SLVERR, False)


@cocotb.test(timeout_time=TIMEOUT_MS, timeout_unit="ms")
async def decode_error_in_data(dut):
    await error(dut, "decode_error_in_data", AxiResp.DECERR, False)


@cocotb.test(timeout_time=TIMEOUT_MS, timeout_unit="ms")
async def slave_error_in_completion(dut):
    await error(dut, "slave_error_in_completion", AxiResp.SLVERR, True)


@cocotb.test(timeout_time=TIMEOUT_MS, timeout_unit="ms")
async def soft_reset_at_random_moments(dut):
    """Bursts that were accepted are finished without a byte, their Bs collected; then the card is as new."""
    bench, card, run = start(dut, "soft_reset_at_random_moments")
    bench.slow_memory()
    await bench.reset()
    for _ in range(4):
        await card.bring_up(run)
        generation = await card.get("global", "GENERATION")
        await bench.cycles(bench.rng.randrange(5000))
        await card.command("SOFT_RESET")
        await bench.cycles(32)
        strobed = bench.rules.strobed
        await card.wait_until("IDLE")
        # One beat may have been waiting for READY, and what waits does not change.
        assert bench.rules.strobed <= strobed + 1, "data after a reset"
        assert bench.rules.outstanding == []
        assert await card.get("global", "GENERATION") == generation + 1
        assert await card.field("extractor", "SEED_STATUS", "ACTIVE") == 0
        assert await card.get("lane", "ENABLE", 0) == 0
        assert await card.get("ring", "DATA_BASE_LO", 0) == 0
    for channel in (bench.memory.aw_channel, bench.memory.w_channel, bench.memory.b_channel):
        channel.clear_pause_generator()
        channel.pause = False
    await card.bring_up(run)
    await collect(card, Expected(run, PULSES), 2, generation + 1)
    await finish(bench, card)


@cocotb.test(timeout_time=TIMEOUT_MS, timeout_unit="ms")
async def reset_at_random_moments(dut):
    """After a power-on reset in the middle of anything the card comes up and its first block is right."""
    bench, card, run = start(dut, "reset_at_random_moments")
    await bench.reset()
    for _ in range(3):
        await card.bring_up(run)
        await bench.cycles(bench.rng.randrange(5000))
        await bench.reset(bench.rng.choice((1, 3)))
    await card.bring_up(run)
    await collect(card, Expected(run, PULSES), 1)
    await finish(bench, card)
