"""The AXI4-Lite port: every register of the map, unknown ones, strobes, gaps and back-pressure."""

import cocotb
import regmap
from bench import LANES, Bench
from card import Card

#: Writing these does something, or what reads back depends on state: they have tests of their own.
SPECIAL = {"HEAD"}
#: The build's and the instant's own values.
IDENTITY = {"CAPS", "CAPS_EXTRACTOR", "STATUS", "GENERATION", "CLOCK_HZ", "SELFTEST_RAN", "SELFTEST_PASSED"}


def plain(register):
    """Registers that simply hold what is written while the card is idle."""
    return register.access == "RW" and register.name not in SPECIAL and register.block != "keybox"


async def errors(card):
    return await card.get("global", "ERR_UNKNOWN_REGISTER"), await card.get("global", "ERR_REFUSED_WRITE")


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def reset_values(dut):
    """Every register of the map exists and has its reset value; write-only ones read as 0."""
    bench = Bench(dut, "reset_values")
    await bench.reset()
    card = Card(bench)
    await card.identify()
    for register in regmap.registers(LANES):
        value = await bench.read32(register.address)
        if register.access == "WO":
            assert value == 0, f"{register}: {value:#x}"
        elif register.name not in IDENTITY and not register.name.startswith("BUILD_HASH"):
            assert value == register.reset, f"{register}: {value:#x}"
    assert await errors(card) == (0, 0)
    assert await card.field("global", "CAPS", "LANES") == LANES


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def registers_hold_what_is_written(dut):
    """Read-write registers keep their own bits and nothing else; the others are unmoved by writes."""
    bench = Bench(dut, "registers_hold_what_is_written")
    await bench.reset()
    card = Card(bench)
    await card.identify()
    written = {}
    registers = regmap.registers(LANES)
    for register in registers:
        if plain(register):
            written[register] = bench.rng.getrandbits(32)
            await bench.write32(register.address, written[register])
        elif register.access == "RO":
            await bench.write32(register.address, bench.rng.getrandbits(32))
    for register, value in written.items():
        got = await bench.read32(register.address)
        assert got == value & register.bits, f"{register}: wrote {value:#x}, read {got:#x}"
    for register in registers:
        if register.access == "RO" and register.name not in IDENTITY and not register.name.startswith("BUILD_HASH"):
            value = await bench.read32(register.address)
            assert value == register.reset, f"{register}: {value:#x}"
    assert await errors(card) == (0, 0)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def unknown_registers(dut):
    """What the map does not have reads as 0, ignores writes and is counted; misaligned addresses too."""
    bench = Bench(dut, "unknown_registers")
    await bench.reset()
    card = Card(bench)
    await card.identify()
    known = {register.address for register in regmap.registers(LANES)}
    holes = [address for address in range(0, regmap.BAR_BYTES, 4) if address not in known]
    # The neighbours of what exists, then a sample of the rest.
    tried = [address for address in holes if address - 4 in known or address + 4 in known]
    tried += bench.rng.sample(holes, 60)
    count = 0
    for address in tried:
        assert await bench.read32(address) == 0, f"{address:#x}"
        await bench.write32(address, 0xFFFF_FFFF)
        count += 2
    for offset in (1, 2, 3):
        address = regmap.find("global", "SCRATCH").address + offset
        answer = await bench.host.read(address, 1)
        assert answer.data == b"\0"
        count += 1
    assert await errors(card) == (count, 0)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def partial_strobes_are_refused(dut):
    """A write that does not carry all four bytes changes nothing and is counted."""
    bench = Bench(dut, "partial_strobes_are_refused")
    await bench.reset()
    card = Card(bench)
    await card.identify()
    await card.set("global", "SCRATCH", 0x1234_5678)
    scratch = regmap.find("global", "SCRATCH").address
    for length in (1, 2, 3):
        await bench.host.write(scratch, b"\xff" * length)
    assert await card.get("global", "SCRATCH") == 0x1234_5678
    assert await errors(card) == (0, 3)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def gaps_and_back_pressure(dut):
    """Reads and writes at once, at a random pace on all five channels: each is answered once and rightly."""
    bench = Bench(dut, "gaps_and_back_pressure")
    await bench.reset()
    card = Card(bench)
    await card.identify()
    bench.slow_host()
    plains = [register for register in regmap.registers(LANES) if plain(register)]
    held = {}
    for _ in range(60):
        chosen = bench.rng.sample(plains, 6)
        writes = []
        for register in chosen[:3]:
            held[register] = bench.rng.getrandbits(32) & register.bits
            writes.append(bench.host.init_write(register.address, held[register].to_bytes(4, "little")))
        reads = [(register, bench.host.init_read(register.address, 4)) for register in chosen[3:]]
        for register, event in reads:
            await event.wait()
            want = held.get(register, register.reset)
            got = int.from_bytes(event.data.data, "little")
            assert got == want, f"{register}: {got:#x} is not {want:#x}"
        for event in writes:
            await event.wait()
    assert await errors(card) == (0, 0)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def reset_in_the_middle_of_accesses(dut):
    """After a reset at any moment the port answers again, and the registers are as after power-on."""
    bench = Bench(dut, "reset_in_the_middle_of_accesses")
    await bench.reset()
    card = Card(bench)
    for _ in range(12):
        await card.set("global", "SCRATCH", 0xFFFF_FFFF)
        scratch = regmap.find("global", "SCRATCH").address
        write = bench.host.init_write(scratch, b"\x55" * 4)
        read = bench.host.init_read(scratch, 4)
        await bench.cycles(bench.rng.randrange(1, 20))
        await bench.reset(bench.rng.choice((1, 1, 2, 5)))
        await write.wait()
        await read.wait()
        assert await card.get("global", "MAGIC") == regmap.MAGIC
        assert await card.get("global", "SCRATCH") == 0
        assert await errors(card) == (0, 0)
