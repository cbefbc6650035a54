"""A small driver of the card's registers and rings, written from docs/registers.md alone.

It works on any bus with `read32`, `write32`, `cycles` (coroutines) and `memory` (host memory: `read`, `write`).
"""

from dataclasses import dataclass, field

import photons
import regmap

ENTROPY, RAW = 0, 1
COMPLETION_BYTES = 32


@dataclass
class Ring:
    """A ring in host memory, as the host sees it."""

    number: int
    data: int
    completions: int
    slot_bytes: int
    slots: int
    taken: int = 0


@dataclass
class Run:
    """What is asked of the card in a test."""

    n: int = 256
    m: int = 64
    seed: int = 0
    claimed_h: int = 0x1_0000
    pattern: str = "biased"
    #: Nothing is dropped up to one bit for the extractor a cycle (less what a block takes to leave) and one record in
    #: three cycles.
    period: int = 4
    #: lane -> (window, holdoff, retrigger)
    extract: dict = field(default_factory=lambda: {0: (0, 0, False), 1: (0, 5, False), 2: (2, 3, False)})
    tap: dict = field(default_factory=lambda: {3: (0, 0, False)})
    entropy: Ring = field(default_factory=lambda: Ring(ENTROPY, 0x1_0040, 0x2_0020, 64, 4))
    raw: Ring = field(default_factory=lambda: Ring(RAW, 0x3_0FC0, 0x4_0000, 1024, 4))


class Card:
    """The card behind a bus."""

    def __init__(self, bus):
        self.bus = bus

    async def get(self, block, name, instance=0):
        return await self.bus.read32(regmap.find(block, name, instance).address)

    async def field(self, block, name, part, instance=0):
        register = regmap.find(block, name, instance)
        return register.get(await self.bus.read32(register.address), part)

    async def set(self, block, name, value, instance=0):
        await self.bus.write32(regmap.find(block, name, instance).address, value)

    async def command(self, part):
        lsb, _ = regmap.find("global", "CONTROL").fields[part]
        await self.set("global", "CONTROL", 1 << lsb)

    async def wait_until(self, part, value=1, polls=2000):
        """Polls a field of STATUS."""
        for _ in range(polls):
            if await self.field("global", "STATUS", part) == value:
                return
            await self.bus.cycles(10)
        raise AssertionError(f"STATUS.{part} did not become {value}")

    async def identify(self):
        """The first things that a driver looks at."""
        assert await self.get("global", "MAGIC") == regmap.MAGIC
        assert await self.get("global", "ABI") == regmap.ABI
        await self.wait_until("IDLE")
        assert await self.field("global", "STATUS", "SELFTEST_OK") == 1
        ran, passed = await self.get("global", "SELFTEST_RAN"), await self.get("global", "SELFTEST_PASSED")
        assert ran == passed != 0

    async def load_seed(self, run):
        """Hands over n + m - 1 bits of seed and commits them."""
        bits = run.n + run.m - 1
        words = (bits + 31) // 32
        for word in range(words):
            await self.set("extractor", "SEED_DATA", run.seed >> 32 * word & 0xFFFF_FFFF)
        await self.set("extractor", "SEED_COMMIT", 1)
        assert await self.field("extractor", "SEED_STATUS", "ERROR") == 0

    async def commit(self, ring):
        """Gives a ring to the card, with its completions zeroed."""
        ring.taken = 0
        self.bus.memory.write(ring.completions, bytes(ring.slots * COMPLETION_BYTES))
        for name, address in (("DATA_BASE", ring.data), ("CPL_BASE", ring.completions)):
            await self.set("ring", f"{name}_LO", address & 0xFFFF_FFFF, ring.number)
            await self.set("ring", f"{name}_HI", address >> 32, ring.number)
        await self.set("ring", "SLOT_BYTES", ring.slot_bytes, ring.number)
        await self.set("ring", "SLOT_COUNT", ring.slots, ring.number)
        await self.set("ring", "CONTROL", 1, ring.number)
        await self.set("ring", "COMMIT", 1, ring.number)
        status = regmap.find("ring", "STATUS", ring.number)
        value = await self.bus.read32(status.address)
        assert status.get(value, "COMMITTED") == 1 and status.get(value, "BAD_GEOMETRY") == 0

    async def bring_up(self, run):
        """From reset to running."""
        await self.identify()
        await self.set("extractor", "N", run.n)
        await self.set("extractor", "M", run.m)
        await self.set("extractor", "CLAIMED_H", run.claimed_h)
        await self.load_seed(run)
        for lane, (window, holdoff, retrigger) in {**run.extract, **run.tap}.items():
            # A pattern is no light: the tests of randomness are set to pass anything.
            await self.set("lane", "CONFIG", int(retrigger) | (lane in run.tap) << 1, lane)
            await self.set("lane", "WINDOW", window, lane)
            await self.set("lane", "HOLDOFF", holdoff, lane)
            await self.set("lane", "RCT_CUTOFF", 0xFFFF, lane)
            await self.set("lane", "APT_CUTOFF", 1025, lane)
            await self.set("lane", "BALANCE_MAX", 65536, lane)
            await self.set("lane", "ENABLE", 1, lane)
        if run.extract:
            await self.commit(run.entropy)
        if run.tap:
            await self.commit(run.raw)
        await self.set("global", "PATTERN", photons.PATTERNS[run.pattern])
        await self.set("global", "PATTERN_PERIOD", run.period)
        await self.set("global", "INT_ENABLE", 0x7F)
        await self.command("START")
        assert await self.get("global", "START_ERROR") == 0
        assert await self.field("global", "STATUS", "RUNNING") == 1

    async def poll(self, ring):
        """The next slot by its phase bit alone: (completion, data), or None."""
        place = ring.taken % ring.slots
        raw = self.bus.memory.read(ring.completions + place * COMPLETION_BYTES, COMPLETION_BYTES)
        completion = parse_completion(raw)
        if completion["PHASE.PHASE"] != (ring.taken // ring.slots + 1) % 2:
            return None
        data = self.bus.memory.read(ring.data + place * ring.slot_bytes, completion["BYTES"])
        ring.taken += 1
        return completion, bytes(data)

    async def doorbell(self, ring):
        await self.set("ring", "HEAD", ring.taken, ring.number)


def parse_completion(raw):
    """Words and fields of a completion by name."""
    parsed = {}
    for number, (name, fields) in enumerate(zip(regmap.COMPLETION_NAMES, regmap.COMPLETION)):
        word = int.from_bytes(raw[4 * number : 4 * number + 4], "little")
        parsed[name] = word
        for part, (lsb, width) in fields.items():
            parsed[f"{name}.{part}"] = word >> lsb & regmap.mask(width)
    return parsed


def parse_record(word):
    """Fields of a raw record by name."""
    return {name: word >> lsb & regmap.mask(width) for name, (lsb, width) in regmap.RAW_RECORD.items()}


async def collect(card, expected, slots, generation=None, polls=4000):
    """Takes and checks slots of both rings until `slots` of the entropy ring have come."""
    run, done = expected.run, 0
    for _ in range(polls):
        for ring, check in ((run.raw, expected.check_raw), (run.entropy, expected.check_entropy)):
            slot = await card.poll(ring)
            if slot is not None:
                check(*slot, generation=generation)
                await card.doorbell(ring)
                done += ring is run.entropy
        if done >= slots:
            return
        await card.bus.cycles(20)
    raise AssertionError(f"only {done} of {slots} slots came")


class Expected:
    """What must come out of a run, from the documents. `gap`: bits were dropped before its first slots."""

    def __init__(self, run, pulses, gap=False):
        self.run = run
        self.gap = gap
        events = list(photons.pattern_events(run.pattern, run.period, pulses))
        self.entropy = photons.running_bits(events, run.extract)
        self.raw = photons.running_bits(events, run.tap)
        self.blocks = 0
        self.records = 0
        self.origin = None

    def check_entropy(self, completion, data, epoch=1, generation=None):
        """A slot of the entropy ring, the next one in order."""
        run, block_bytes = self.run, self.run.m // 8
        per_slot = run.entropy.slot_bytes // block_bytes
        number = self.blocks // per_slot
        lanes = 0
        for start in range(0, len(data), block_bytes):
            bits = self.entropy[self.blocks * run.n : (self.blocks + 1) * run.n]
            assert len(bits) == run.n, "the test looks further than it computed: more pulses"
            want = photons.toeplitz(run.seed, [bit for _, _, bit in bits], run.m)
            got = int.from_bytes(data[start : start + block_bytes], "little")
            assert got == want, f"block {self.blocks}: {got:#x} is not {want:#x}"
            for _, lane, _ in bits:
                lanes |= 1 << lane
            self.blocks += 1
        self._completion(completion, run.entropy, number, generation)
        blocks = len(data) // block_bytes
        assert completion["SLOT.BLOCKS"] == blocks
        assert completion["RAW_BITS"] == blocks * run.n
        assert completion["LANES_LO"] == lanes and completion["LANES_HI"] == 0
        assert completion["FLAGS.SEED_EPOCH"] == epoch
        assert completion["FLAGS.NOT_CREDITABLE"] == 0

    def check_raw(self, completion, data, generation=None):
        """A slot of the raw ring, the next one in order."""
        run = self.run
        number = self.records // (run.raw.slot_bytes // 8)
        for start in range(0, len(data), 8):
            record = parse_record(int.from_bytes(data[start : start + 8], "little"))
            cycle, lane, bit = self.raw[self.records]
            if self.origin is None:
                self.origin = record["TIMESTAMP"] - cycle
            assert record["LANE"] == lane and record["BIT"] == bit, f"record {self.records}: {record}"
            assert record["TIMESTAMP"] - self.origin == cycle, f"record {self.records}: {record}"
            assert record["GAP"] == 0 or self.gap and self.records == 0, f"record {self.records}: {record}"
            self.records += 1
        self._completion(completion, run.raw, number, generation)
        assert completion["SLOT.BLOCKS"] == completion["RAW_BITS"] == len(data) // 8
        assert completion["FLAGS.NOT_CREDITABLE"] == 1

    def _completion(self, completion, ring, number, generation):
        assert completion["SLOT.SLOT"] == number % ring.slots
        assert completion["SEQUENCE"] == number
        assert completion["FLAGS.RING"] == ring.number
        assert completion["FLAGS.TEST"] == 1
        for flag in ("ERROR", "REPLAYED"):
            assert completion[f"FLAGS.{flag}"] == 0, f"{flag}: {completion}"
        assert completion["FLAGS.GAP"] == 0 or self.gap and number == 0, f"gap: {completion}"
        if generation is not None:
            assert completion["PHASE.GENERATION"] == generation
