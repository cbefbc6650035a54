//! From edges to slots: time, lanes, routing, extractor, rings, interrupts.

use super::{BusMaster, Card, EdgeError, FrontEnd};
use crate::extractor::Absorbed;
use crate::ring::{Piece, merge};
use photonbox_regmap::{Flags, RawRecord, global, ring};

/// What a lane did in a cycle.
enum Stepped {
    Nothing,
    Bit(bool),
    Alarm,
}

impl Card {
    /// Rising edges at A and B of `lane` in cycle `cycle`, which must not be before [`Card::now`]. All cycles
    /// before `cycle` are executed; `cycle` itself waits for the edges of other lanes. Two edges of one detector
    /// in one cycle are one. A lane that does not run, or that the pattern drives, has no edges.
    ///
    /// # Errors
    /// [`EdgeError`] when the cycle has passed or the lane does not exist; the card is unchanged.
    #[inline]
    pub fn edges(
        &mut self,
        cycle: u64,
        lane: u32,
        a: bool,
        b: bool,
        bus: &mut dyn BusMaster,
    ) -> Result<(), EdgeError> {
        if cycle < self.now {
            return Err(EdgeError::Late {
                cycle,
                now: self.now,
            });
        }
        if lane >= self.build.lanes() {
            return Err(EdgeError::NoLane {
                lane,
                lanes: self.build.lanes(),
            });
        }
        self.advance_to(cycle, bus);
        let bit = 1 << lane;
        if self.running && self.pattern_lanes & bit == 0 {
            self.edges_a |= bit * u64::from(a);
            self.edges_b |= bit * u64::from(b);
        }
        Ok(())
    }

    /// Executes all cycles before `cycle`.
    #[inline]
    pub fn advance_to(&mut self, cycle: u64, bus: &mut dyn BusMaster) {
        while let Some(due) = self.next_due()
            && due < cycle
        {
            self.now = due;
            self.run_cycle(bus);
        }
        self.now = self.now.max(cycle);
    }

    /// The next cycle in which something happens without further edges, if any: how long a caller may sleep.
    #[inline]
    pub fn next_due(&self) -> Option<u64> {
        if self.edges_a | self.edges_b != 0 {
            return Some(self.now);
        }
        let mut due = self.lanes_due.min(self.rings_due);
        if let Some(pattern) = &self.pattern {
            due = due.min(self.pattern_at + pattern.idle_left());
        }
        (due != u64::MAX).then(|| due.max(self.now))
    }

    /// Notes when the rings want time: a slot to flush, an interrupt that was held back.
    fn schedule_rings(&mut self) {
        let (slots, cycles) = self.coalescing();
        let (mut rings_due, mut serve_due) = (u64::MAX, u64::MAX);
        for ring in self.rings() {
            let interrupt = ring
                .interrupt_due(slots, cycles)
                .filter(|_| self.ring_interrupt_on(ring));
            let due = [ring.flush_due(), interrupt].into_iter().flatten().min();
            let due = due.unwrap_or(u64::MAX);
            serve_due = serve_due.min(due);
            if ring.usable() {
                rings_due = rings_due.min(due);
            }
        }
        if let Some(due) = self.keybox_due() {
            serve_due = serve_due.min(due);
            rings_due = rings_due.min(due);
        }
        (self.rings_due, self.serve_due) = (rings_due, serve_due);
    }

    /// After a write of the host, which may have changed anything about the rings.
    pub(super) fn rings_changed(&mut self) {
        self.rings_touched = true;
        self.schedule_rings();
    }

    /// Executes cycle `now`.
    fn run_cycle(&mut self, bus: &mut dyn BusMaster) {
        let now = self.now;
        if let Some(pattern) = &mut self.pattern
            && self.pattern_at + pattern.idle_left() == now
        {
            pattern.skip_idle(now - self.pattern_at);
            let (a, b) = pattern.step();
            self.pattern_at = now + 1;
            self.edges_a |= self.pattern_lanes * u64::from(a);
            self.edges_b |= self.pattern_lanes * u64::from(b);
        }
        let edges_a = core::mem::take(&mut self.edges_a);
        let edges_b = core::mem::take(&mut self.edges_b);
        let mut stirring = edges_a | edges_b;
        if self.lanes_due <= now {
            for (index, slot) in self.slots.iter().enumerate() {
                stirring |= u64::from(slot.due == now) << index;
            }
        }
        let (mut made, mut ones, mut alarmed) = (0_u64, 0_u64, 0_u64);
        while stirring != 0 {
            let index = stirring.trailing_zeros() as usize;
            stirring &= stirring - 1;
            let a = edges_a >> index & 1 == 1;
            let b = edges_b >> index & 1 == 1;
            match self.step_lane(index, a, b) {
                Stepped::Bit(bit) => {
                    made |= 1 << index;
                    ones |= u64::from(bit) << index;
                }
                Stepped::Alarm => alarmed |= 1 << index,
                Stepped::Nothing => {}
            }
        }
        // The block in progress goes before bits of the same cycle come; these are ordered by lane number.
        if alarmed != 0 {
            self.on_alarm(alarmed, bus);
        }
        while made != 0 {
            let index = made.trailing_zeros() as usize;
            made &= made - 1;
            self.deliver(index, ones >> index & 1 == 1, bus);
        }
        self.now = now + 1;
        if self.rings_touched || self.serve_due <= self.now {
            self.serve_rings(bus);
        }
    }

    #[inline]
    fn step_lane(&mut self, index: usize, a: bool, b: bool) -> Stepped {
        let lane = &mut self.lanes[index];
        let slot = &mut self.slots[index];
        if !lane.active() {
            return Stepped::Nothing;
        }
        // No decision lies in what is skipped: cycles with one are due and executed one by one.
        lane.skip_idle(self.now - slot.at);
        if a || b {
            let open = lane.window_open();
            slot.provenance.simulated =
                self.provenance.simulated || open && slot.provenance.simulated;
            slot.provenance.replayed = self.provenance.replayed || open && slot.provenance.replayed;
        }
        let bit = lane.step(a, b);
        slot.at = self.now + 1;
        self.schedule(index);
        if !self.lanes[index].active() {
            return Stepped::Alarm;
        }
        bit.map_or(Stepped::Nothing, Stepped::Bit)
    }

    /// Notes when the lane does something by itself.
    pub(super) fn schedule(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        let before = slot.due;
        slot.due = self.lanes[index]
            .next_due()
            .map_or(u64::MAX, |idle| slot.at + idle);
        if slot.due <= self.lanes_due {
            self.lanes_due = slot.due;
        } else if before == self.lanes_due {
            let dues = self.slots.iter().map(|slot| slot.due);
            self.lanes_due = dues.min().unwrap_or(u64::MAX);
        }
    }

    fn on_alarm(&mut self, alarmed: u64, bus: &mut dyn BusMaster) {
        let mut slots = self.slots.iter().enumerate();
        if slots.any(|(index, slot)| alarmed >> index & 1 == 1 && !slot.tap) {
            self.discard_block();
        }
        self.raise_event(global::INT_ALARM.mask(), bus);
    }

    fn deliver(&mut self, index: usize, bit: bool, bus: &mut dyn BusMaster) {
        let slot = self.slots[index];
        let flags = Flags {
            not_creditable: slot.tap,
            test: self.front_end == FrontEnd::Test || self.pattern_lanes >> index & 1 == 1,
            simulated: self.front_end == FrontEnd::Simulated || slot.provenance.simulated,
            replayed: slot.provenance.replayed,
            error: false,
            gap: false,
        };
        if slot.tap {
            self.tap(index, bit, flags, bus);
            return;
        }
        match self.extractor.absorb(bit) {
            Absorbed::Refused => self.drop_bit(index, ring::ENTROPY),
            taken => {
                self.slots[index].block_bits += 1;
                let gap = core::mem::take(&mut self.block_gap);
                self.block_flags = merge(self.block_flags, Flags { gap, ..flags });
                if taken == Absorbed::Complete {
                    self.push_block(bus);
                }
            }
        }
    }

    fn tap(&mut self, index: usize, bit: bool, flags: Flags, bus: &mut dyn BusMaster) {
        let raw = &mut self.rings[ring::RAW as usize];
        let record = RawRecord {
            timestamp: self.now,
            lane: index as u8,
            gap: raw.gap(),
            bit,
        };
        let data = record.to_bytes();
        let piece = Piece {
            data: &data,
            flags,
            lanes: 1 << index,
            raw_bits: 1,
            seed_epoch: 0,
        };
        self.rings_touched = true;
        if !raw.push(piece, self.now, self.generation, bus) {
            self.drop_bit(index, ring::RAW);
        }
    }

    fn drop_bit(&mut self, index: usize, ring: u32) {
        self.lanes[index].count_discarded(1);
        self.dropped_bits += 1;
        match ring {
            ring::ENTROPY => self.block_gap = true,
            _ => self.rings[ring as usize].mark_gap(),
        }
    }

    /// Moves a complete block from the extractor to its ring; if the ring is full the block waits.
    pub(super) fn push_block(&mut self, bus: &mut dyn BusMaster) {
        let (n, _) = self.extractor.shape();
        if !self.extractor.block_waits() {
            return;
        }
        self.rings_touched = true;
        let ring = &mut self.rings[ring::ENTROPY as usize];
        if !ring.ready() {
            return;
        }
        let Some((mut data, seed_epoch)) = self.extractor.take_block() else {
            return;
        };
        let mut lanes = 0;
        for (index, slot) in self.slots.iter_mut().enumerate() {
            lanes |= u64::from(slot.block_bits != 0) << index;
            slot.block_bits = 0;
        }
        let flags = core::mem::take(&mut self.block_flags);
        let piece = Piece {
            data: &data,
            flags,
            lanes,
            raw_bits: n,
            seed_epoch,
        };
        // Ready, and START made sure that a slot holds a block: only a bus error can refuse, and counts itself.
        ring.push(piece, self.now, self.generation, bus);
        zeroize::Zeroize::zeroize(&mut data);
        let due = self.extractor.seed_due();
        if due && !self.seed_due_seen {
            self.raise_event(global::INT_SEED.mask(), bus);
        }
        self.seed_due_seen = due;
    }

    /// Throws the extractor's block in progress away.
    pub(super) fn discard_block(&mut self) {
        let taken = self.extractor.discard();
        self.dropped_bits += u64::from(taken);
        self.block_gap |= taken != 0;
        for (lane, slot) in self.lanes.iter_mut().zip(&mut self.slots) {
            lane.count_discarded(u64::from(core::mem::take(&mut slot.block_bits)));
        }
        self.block_flags = Flags::default();
    }

    /// Flushes slots whose time has come and raises the interrupts that are due.
    pub(super) fn serve_rings(&mut self, bus: &mut dyn BusMaster) {
        self.serve_keybox(bus);
        let (slots, cycles) = self.coalescing();
        let mut failed = 0;
        let (now, generation) = (self.now, self.generation);
        for number in 0..self.rings().len() {
            if self.rings()[number]
                .flush_due()
                .is_some_and(|due| due < now)
            {
                self.host_ring(number).flush(now, generation, bus);
            }
            failed |= u32::from(self.rings()[number].in_error()) << number;
            if self.ring_interrupt_on(self.rings()[number])
                && self.host_ring(number).take_interrupt(now, slots, cycles)
            {
                bus.interrupt(number as u16);
            }
        }
        if failed & !self.errors_seen != 0 {
            self.raise_event(global::INT_ERROR.mask(), bus);
        }
        self.errors_seen = failed;
        self.rings_touched = false;
        self.schedule_rings();
    }

    /// Latches an event and interrupts for it if that is allowed.
    pub(super) fn raise_event(&mut self, event: u32, bus: &mut dyn BusMaster) {
        self.events |= event;
        if self.word(global::INT_ENABLE) & event != 0 {
            bus.interrupt(global::EVENT_VECTOR);
        }
    }

    fn ring_interrupt_on(&self, ring: &crate::ring::Ring) -> bool {
        self.word(global::INT_ENABLE) >> ring.number() & 1 == 1
    }

    fn coalescing(&self) -> (u32, u32) {
        (
            self.word(global::INT_COALESCE_SLOTS).max(1),
            self.word(global::INT_COALESCE_CYCLES),
        )
    }
}
