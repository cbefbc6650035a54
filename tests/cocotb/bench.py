"""The card's surroundings in the simulator: clock, reset, AXI-Lite host, host memory, interrupts, bus rules."""

import json
import os
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiRamWrite, AxiWriteBus
from cocotbext.axi.constants import AxiResp

LANES = int(os.environ.get("PHOTONBOX_LANES", "4"))
PERIOD_NS = 4
FRONT_END_TEST = 1
#: Inputs of the top module, by name: {name: width}.
INPUTS = json.loads(os.environ.get("PHOTONBOX_INPUTS", "{}"))


def random_seed(name):
    """A seed that is printed; PHOTONBOX_SEED gives another, or `random`."""
    given = os.environ.get("PHOTONBOX_SEED") or "1"
    seed = random.SystemRandom().getrandbits(32) if given == "random" else int(given)
    print(f"{name}: PHOTONBOX_SEED={seed}")
    return random.Random(seed)


def pauses(rng, busy):
    """A pause generator: each cycle paused with probability `busy`, in runs of random length."""
    while True:
        paused = rng.random() < busy
        for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
            yield paused


class HostMemory(AxiRamWrite):
    """Host memory behind the card's write port; ranges in `faults` answer with an error."""

    #: Depth of the channels, so that the card's own limit of outstanding bursts shows.
    DEPTH = 64

    def __init__(self, bus, clock, reset):
        super().__init__(bus, clock, reset, size=2**32)
        self.faults = []
        self.error = AxiResp.SLVERR
        #: Bytes that were really written, in order: (address, data).
        self.written = []
        self.aw_channel.queue_occupancy_limit = self.DEPTH
        self.w_channel.queue_occupancy_limit = 32 * self.DEPTH
        self.b_channel.queue_occupancy_limit = self.DEPTH
        send = self.b_channel.send

        async def send_response(b):
            if b.bresp == AxiResp.SLVERR:
                b.bresp = self.error
            await send(b)

        self.b_channel.send = send_response

    async def _write(self, address, data):
        for low, high in self.faults:
            if low <= address < high:
                raise ValueError("planted fault")
        self.written.append((address, bytes(data)))
        await super()._write(address, data)


class Rules:
    """What the card promises about its write port, looked at in every cycle."""

    def __init__(self, dut, rings):
        self.dut = dut
        self.rings = rings
        self.outstanding = []
        self.most = 0
        self.bursts = 0
        self.beats = 0
        self.strobed = 0
        #: Places of completions whose B was OKAY, in order of the Bs.
        self.completed = []
        self.errors = 0
        self.count = len(dut.m_axi_wstrb)
        self.task = cocotb.start_soon(self._watch())

    def slot_of_completion(self, address):
        """The data of the slot that a completion at this address is about, as a range; None: it is no completion."""
        for ring in self.rings:
            slot = (address - ring.completions) // 32
            if 0 <= slot < ring.slots:
                return range(ring.data + slot * ring.slot_bytes, ring.data + (slot + 1) * ring.slot_bytes)
        return None

    def is_completion(self, address):
        return self.slot_of_completion(address) is not None

    async def _watch(self):
        dut, edge = self.dut, RisingEdge(self.dut.clock)
        held_aw = held_w = None
        todo = []  # beats still to come of each accepted AW; negative: W before its AW
        while True:
            await edge
            if dut.reset.value == 1:
                self.outstanding.clear()
                todo.clear()
                held_aw = held_w = None
                continue
            if dut.m_axi_awvalid.value == 1:
                now = self._aw(dut)
                assert held_aw is None or held_aw == now, "AW changed while it waited"
                held_aw = now
                if dut.m_axi_awready.value == 1:
                    self._accept(now)
                    todo.append(now[1] + 1)
                    held_aw = None
            else:
                assert held_aw is None, "AWVALID fell before AWREADY"
            if dut.m_axi_wvalid.value == 1:
                now = (int(dut.m_axi_wdata.value), int(dut.m_axi_wstrb.value), int(dut.m_axi_wlast.value))
                assert held_w is None or held_w == now, "W changed while it waited"
                held_w = now
                if dut.m_axi_wready.value == 1:
                    self.beats += 1
                    self.strobed += now[1] != 0
                    held_w = None
            else:
                assert held_w is None, "WVALID fell before WREADY"
            if dut.m_axi_bvalid.value == 1 and dut.m_axi_bready.value == 1:
                self._respond(int(dut.m_axi_bresp.value))

    def _aw(self, dut):
        parts = ("awaddr", "awlen", "awid", "awsize", "awburst", "awcache")
        return tuple(int(getattr(dut, f"m_axi_{part}").value) for part in parts)

    def _accept(self, aw):
        address, length, identity, size, burst, cache = aw
        beat = 1 << size
        last = address + (length + 1) * beat - 1
        assert identity == 0 and burst == 1 and cache & 1 == 0, f"AW {aw}"
        assert beat == self.count and address % beat == 0, f"AW {aw}"
        assert address // 256 == last // 256, f"the burst leaves its 256 bytes: {aw}"
        if self.is_completion(address):
            assert (length + 1) * beat == 32 and address % 32 == 0, f"completion {aw}"
            slot = self.slot_of_completion(address)
            early = [data for data in self.outstanding if data in slot]
            assert not early, f"a completion before the B of its data: {early}"
        self.outstanding.append(address)
        self.most = max(self.most, len(self.outstanding))
        self.bursts += 1

    def _respond(self, response):
        assert self.outstanding, "a response to nothing"
        address = self.outstanding.pop(0)
        if response != AxiResp.OKAY:
            self.errors += 1
        elif self.is_completion(address):
            self.completed.append(address)


class Interrupts:
    """Takes interrupt messages, at a random pace."""

    def __init__(self, dut, rng, rules):
        self.dut = dut
        self.rng = rng
        self.rules = rules
        #: (vector, completions whose B had come)
        self.messages = []
        self.task = cocotb.start_soon(self._watch())

    async def _watch(self):
        dut, edge = self.dut, RisingEdge(self.dut.clock)
        held = None
        while True:
            ready = self.rng.random() < 0.5
            dut.irq_ready.value = int(ready)
            await edge
            if dut.reset.value == 1:
                held = None
            elif dut.irq_valid.value == 1:
                vector = int(dut.irq_vector.value)
                assert held is None or held == vector, "the vector changed while it waited"
                held = vector
                # What is read here is what was driven before the edge.
                if ready:
                    self.messages.append((vector, len(self.rules.completed)))
                    held = None
            else:
                assert held is None, "the interrupt fell before it was taken"


class Bench:
    """A card in the simulator, as the bus that `card.Card` works on."""

    def __init__(self, dut, name, rings=()):
        self.dut = dut
        self.rng = random_seed(name)
        for port in INPUTS:
            if port != "clock":
                getattr(dut, port).value = 0
        if "front_end" in INPUTS:
            dut.front_end.value = FRONT_END_TEST
        cocotb.start_soon(Clock(dut.clock, PERIOD_NS, "ns").start())
        dut.reset.value = 1
        self.host = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clock, dut.reset)
        self.memory = self.rules = self.interrupts = None
        if rings:
            self.memory = HostMemory(AxiWriteBus.from_prefix(dut, "m_axi"), dut.clock, dut.reset)
            self.rules = Rules(dut, rings)
            self.interrupts = Interrupts(dut, self.rng, self.rules)

    async def reset(self, cycles=4):
        self.dut.reset.value = 1
        await ClockCycles(self.dut.clock, cycles)
        self.dut.reset.value = 0
        await ClockCycles(self.dut.clock, 2)

    async def cycles(self, count):
        await ClockCycles(self.dut.clock, count)

    async def read32(self, address):
        answer = await self.host.read(address, 4)
        assert answer.resp == AxiResp.OKAY
        return int.from_bytes(answer.data, "little")

    async def write32(self, address, value):
        answer = await self.host.write(address, value.to_bytes(4, "little"))
        assert answer.resp == AxiResp.OKAY

    def slow_host(self, busy=0.5):
        """Random gaps on every channel of the AXI-Lite port."""
        write, read = self.host.write_if, self.host.read_if
        for channel in (write.aw_channel, write.w_channel, write.b_channel, read.ar_channel, read.r_channel):
            channel.set_pause_generator(pauses(self.rng, busy))

    def slow_memory(self, busy=0.5):
        """Random back-pressure on every channel of the write port."""
        for channel in (self.memory.aw_channel, self.memory.w_channel, self.memory.b_channel):
            channel.set_pause_generator(pauses(self.rng, busy))
