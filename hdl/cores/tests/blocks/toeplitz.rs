//! The extractor against the model's: vectors, random shapes, seeds, discards, exhaustion and self-test.

use photonbox_cores::toeplitz::Toeplitz;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation};
use photonbox_model::extractor::{Absorbed, Extractor};
use photonbox_regmap::extractor;
use rust_hdl::prelude::*;

mod directed;
mod memory;
mod registers;

macro_rules! ports {
    ($($name:ident)*) => {
        /// Ports by name.
        #[derive(Clone, Copy)]
        struct Ports { $($name: PortId),* }
        impl Ports {
            fn new(rtl: &Simulation) -> Self {
                Self { $($name: rtl.port(stringify!($name))),* }
            }
        }
    };
}

ports! {
    reset csr_write csr_block csr_register csr_data csr_read csr_refused running snapshot in_valid in_ready in_bits
    in_count in_refuse in_pending in_quiet mark marked discard discarded made out_valid out_ready out_data
    out_last out_error out_seed_epoch taken seeded exhausted seed_due_event kat_start kat_fault kat_done
    kat_ok parity_error seed_fault probe_row probe_even probe_odd
}

fn design<const W: usize, const M: usize>() -> Result<Design> {
    let mut block = Toeplitz::<W, M>::default();
    block.connect_all();
    let text = memory::probed(&generate_verilog(&block));
    Design::new("toeplitz", text, "top")
}

/// An access to a register, six cycles long; a write's strobe is in the third.
#[derive(Clone, Copy, Debug)]
struct Access {
    register: u32,
    write: Option<u32>,
    phase: u32,
}

/// The small build's extractor in lockstep with the model's.
pub(crate) struct ToeplitzBench {
    ports: Ports,
    model: Extractor,
    limit: u32,
    claimed: u32,
    running: bool,
    script: Vec<(u32, u32)>,
    access: Option<Access>,
    commit_now: bool,
    mark_back: Option<u64>,
    chunk: Option<(u64, u32)>,
    discarding: bool,
    testing: Option<u64>,
    fault: bool,
    refuse: bool,
    beats: Vec<u64>,
    snapshot: (u64, u64),
    due_seen: bool,
    due_expected: u64,
    due_got: u64,
    /// Cycles since the last event whose effect may still be on its way.
    calm: u64,
    since_made: u64,
    /// The last beat was taken in the cycle before.
    last_taken: bool,
    stalled: bool,
    cycles: u64,
    /// Blocks, and their bits, before those of the model.
    before: (u64, u64),
    /// When a sweep last began, and the seed of that time.
    swept_since: u64,
    epoch: u32,
    /// Cycles for which the registers are left alone, so that sweeps end.
    lull: u64,
}

impl ToeplitzBench {
    fn restart(&mut self) {
        self.model = Extractor::new(1024, 384, 0);
        self.limit = 0;
        self.claimed = 0x8000;
        self.script.clear();
        self.access = None;
        self.commit_now = false;
        self.mark_back = None;
        self.chunk = None;
        self.discarding = false;
        self.testing = None;
        self.beats.clear();
        self.snapshot = (0, 0);
        self.due_seen = false;
        self.due_expected = 0;
        self.due_got = 0;
        self.calm = 0;
        self.since_made = 0;
        self.last_taken = false;
        self.before = (0, 0);
        self.swept_since = self.cycles;
        self.epoch = 0;
    }

    fn give_chunk(&mut self, random: &mut Random, hit: &mut dyn FnMut(&'static str)) {
        let (n, _) = self.model.shape();
        let left = n - self.model.taken();
        let count = left.min(8);
        if count < 8 {
            hit("short chunk");
        }
        let bits = random.bits() & ((1 << count) - 1);
        for k in 0..count {
            let absorbed = self.model.absorb(bits >> k & 1 == 1);
            assert_ne!(absorbed, Absorbed::Refused, "the bench gives no such bits");
        }
        self.chunk = Some((bits, count));
    }

    fn check_block(
        &mut self,
        rtl: &Simulation,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let epoch = rtl.get(self.ports.out_seed_epoch);
        let Some((block, of)) = self.model.take_block() else {
            return Err("made: RTL 1, model 0".to_owned());
        };
        let expected: Vec<u64> = block
            .chunks(8)
            .map(|bytes| {
                bytes
                    .iter()
                    .rev()
                    .fold(0, |word, byte| word << 8 | u64::from(*byte))
            })
            .collect();
        let got = std::mem::take(&mut self.beats);
        if got != expected {
            return Err(format!("block: RTL {got:x?}, model {expected:x?}"));
        }
        if epoch != u64::from(of & 0xffff) {
            return Err(format!("out_seed_epoch: RTL {epoch}, model {of}"));
        }
        if rtl.is(self.ports.out_error) {
            return Err("out_error: RTL 1, model 0".to_owned());
        }
        hit("block");
        if self.model.exhausted() {
            hit("exhausted");
        }
        let due = self.model.seed_due();
        if due && !self.due_seen {
            self.due_expected += 1;
            hit("seed due");
        }
        self.due_seen = due;
        Ok(())
    }
}

impl Bench for ToeplitzBench {
    const NAME: &'static str = "toeplitz";
    const CYCLES: u64 = 150_000;
    const BINS: &'static [&'static str] = &[
        "block",
        "short chunk",
        "seed switched at once",
        "seed waits",
        "exhausted",
        "seed due",
        "wrong number of words",
        "abandon",
        "word refused",
        "shape refused",
        "discard of bits",
        "discard of a block",
        "discard while the block is made",
        "self-test",
        "self-test with a fault",
        "self-test refused",
        "snapshot",
        "reset",
        "registers read",
        "chunk in vain",
        "a seed's words",
        "swept",
    ];

    fn design() -> Result<Design> {
        let text = memory::watched(&design::<8, 512>()?.verilog);
        Design::new(Self::NAME, text, "top")
    }

    fn new(rtl: &Simulation, _: &mut Random) -> Self {
        // Power-on as the design has it from the start, without a reset.
        Self {
            ports: Ports::new(rtl),
            model: Extractor::new(0, 0, 0),
            limit: 0,
            claimed: 0,
            running: false,
            script: Vec::new(),
            access: None,
            commit_now: false,
            mark_back: None,
            chunk: None,
            discarding: false,
            testing: None,
            fault: false,
            refuse: false,
            beats: Vec::new(),
            snapshot: (0, 0),
            due_seen: false,
            due_expected: 0,
            due_got: 0,
            calm: 0,
            since_made: 0,
            last_taken: false,
            stalled: false,
            cycles: 0,
            before: (memory::FIRST_BLOCKS, memory::FIRST_BITS),
            swept_since: 0,
            epoch: 0,
            lull: 0,
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let ports = self.ports;
        self.cycles += 1;
        if random.one_in(10_000) {
            hit("reset");
            for port in [
                ports.in_valid,
                ports.discard,
                ports.csr_write,
                ports.kat_start,
                ports.marked,
            ] {
                rtl.set(port, 0);
            }
            rtl.set(ports.reset, 1);
            rtl.clock();
            rtl.set(ports.reset, 0);
            self.restart();
            return Ok(());
        }
        if self.lull == 0 && random.one_in(3000) {
            self.lull = 900;
        }
        self.lull = self.lull.saturating_sub(1);
        // What is under way.
        let busy = self.discarding || self.testing.is_some();
        if self.access.is_none() && !busy && self.mark_back.is_none() && self.chunk.is_none() {
            if self.script.is_empty() {
                self.running = !random.one_in(3);
                if self.lull == 0 && random.one_in(8) {
                    self.plan(random, hit);
                }
            }
            // A card that does not run has drained: no complete block waits when the shape changes.
            let shape = self
                .script
                .last()
                .is_some_and(|(register, _)| matches!(*register, extractor::N | extractor::M));
            let hold = self.since_made < 8 || shape && self.model.block_waits();
            if !hold && let Some((register, value)) = self.script.pop() {
                let read = register == 0x1000;
                let register = if read {
                    4 * random.below(16) as u32
                } else {
                    register
                };
                self.access = Some(Access {
                    register,
                    write: (!read).then_some(value),
                    phase: 0,
                });
            }
        }
        if self.access.is_none() && !busy && self.mark_back.is_none() && random.one_in(600) {
            self.discarding = true;
            self.chunk = None;
            if self.model.block_waits() {
                hit("discard of a block");
            } else if self.model.taken() != 0 {
                hit("discard of bits");
            }
        }
        let mut start = false;
        if self.access.is_none()
            && self.testing.is_none()
            && !self.discarding
            && self.mark_back.is_none()
            && self.chunk.is_none()
            && self.calm > 8
            && random.one_in(300)
        {
            start = true;
            self.testing = Some(0);
            self.fault = random.one_in(3);
            self.refuse = self.model.taken() != 0;
        }

        // Chunks come between blocks only, and not while a mark is on its way.
        let mut strobe = false;
        if let Some(access) = self.access {
            strobe = access.write.is_some() && access.phase == 2;
        }
        let reading = self.access.is_some_and(|access| access.write.is_none());
        let fresh = self.chunk.is_none()
            && self.model.seeded()
            && !self.model.exhausted()
            && !self.model.block_waits()
            && self.model.shape().0 <= 2048
            && self.model.shape().1 <= 512
            && !self.discarding
            && self.testing.is_none()
            && self.mark_back.is_none()
            && !reading
            && (self.access.is_none() || self.commit_now)
            && !random.one_in(4);
        if fresh {
            self.give_chunk(random, hit);
        }
        if self.commit_now {
            self.commit_now = false;
            let taken = self.model.taken();
            if self.model.commit() {
                hit(if taken == 0 {
                    "seed switched at once"
                } else {
                    "seed waits"
                });
                self.mark_back = Some(0);
            }
        }
        if random.one_in(100) {
            self.stalled = !self.stalled;
        }
        let snapshot = self.calm > 8 && self.access.is_none() && random.one_in(200);

        rtl.set(ports.running, u64::from(self.running));
        // While no seed may be used, a chunk is offered in vain.
        let vain = self.model.exhausted()
            && self.chunk.is_none()
            && self.access.is_none()
            && !self.discarding
            && self.testing.is_none()
            && self.mark_back.is_none()
            && self.calm > 8;
        if vain {
            hit("chunk in vain");
        }
        rtl.set(ports.in_valid, u64::from(self.chunk.is_some() || vain));
        let (bits, count) = self.chunk.unwrap_or((random.bits() & 0xff, 8));
        rtl.set(ports.in_bits, bits);
        rtl.set(ports.in_count, u64::from(count));
        rtl.set(ports.in_pending, u64::from(self.chunk.is_some()));
        rtl.set(ports.in_quiet, u64::from(self.chunk.is_none()));
        rtl.set(ports.discard, u64::from(self.discarding));
        // A block made in the very cycles of a write would be before or after it by chance.
        let writing = self.access.is_some_and(|access| access.write.is_some());
        let ready = !self.stalled && !writing && !random.one_in(4);
        rtl.set(ports.out_ready, u64::from(ready));
        rtl.set(ports.kat_start, u64::from(start));
        rtl.set(
            ports.kat_fault,
            u64::from(self.testing.is_some() && self.fault),
        );
        rtl.set(ports.snapshot, u64::from(snapshot));
        rtl.set(ports.csr_write, u64::from(strobe));
        rtl.set(ports.csr_block, if self.access.is_some() { 1 } else { 2 });
        let access = self.access;
        rtl.set(
            ports.csr_register,
            access.map_or(0, |access| u64::from(access.register / 4)),
        );
        rtl.set(
            ports.csr_data,
            access.and_then(|access| access.write).map_or(0, u64::from),
        );
        let back = self
            .mark_back
            .is_some_and(|waited| waited > 0 && (waited > 6 || random.one_in(3)));
        rtl.set(ports.marked, u64::from(back));
        rtl.settle();

        // What this cycle shows.
        self.calm += 1;
        self.since_made += 1;
        if rtl.is(ports.mark) {
            if self.mark_back.is_none() {
                return Err("mark: RTL 1, model 0".to_owned());
            }
        } else if self.mark_back == Some(0) && !back {
            // The switch needed no mark: nothing was on its way.
            self.mark_back = None;
        }
        if let Some(access) = self.access
            && access.phase == 5
            && access.write.is_none()
            && self.calm > 8
        {
            hit("registers read");
            let (got, expected) = (rtl.get(ports.csr_read) as u32, self.read(access.register));
            if got != expected {
                return Err(format!(
                    "register {:#x}: RTL {got:#x}, model {expected:#x}",
                    access.register
                ));
            }
        }
        let mut refused = false;
        if strobe
            && let Some(Access {
                register,
                write: Some(value),
                ..
            }) = self.access
        {
            refused = self.write(register, value, hit);
            self.unswept_by(register);
            self.calm = 0;
        }
        if rtl.is(ports.csr_refused) != refused {
            return Err(format!("csr_refused: RTL {}, model {refused}", !refused));
        }
        if snapshot {
            hit("snapshot");
            self.snapshot = (
                self.before.0.wrapping_add(self.model.blocks()),
                self.before.1.wrapping_add(self.model.input_bits()),
            );
        }
        if self.chunk.is_some() && rtl.is(ports.in_ready) {
            self.chunk = None;
            self.calm = 0;
        } else if self.chunk.is_some() && self.calm > 2000 {
            return Err("in_ready stays 0".to_owned());
        }
        if self.calm > 8 {
            let refuse = !self.model.seeded() || self.model.exhausted();
            let settled = !self.model.block_waits() && self.testing.is_none() && self.calm > 200;
            for (name, port, expected) in [
                ("seeded", ports.seeded, self.model.seeded()),
                ("exhausted", ports.exhausted, self.model.exhausted()),
                ("in_refuse", ports.in_refuse, refuse),
            ] {
                if rtl.is(port) != expected && (name != "in_refuse" || settled) {
                    return Err(format!("{name}: RTL {}, model {expected}", !expected));
                }
            }
            let taken = rtl.get(ports.taken);
            if self.chunk.is_none() && !self.discarding && taken != u64::from(self.model.taken()) {
                return Err(format!("taken: RTL {taken}, model {}", self.model.taken()));
            }
            if self.due_got != self.due_expected {
                return Err(format!(
                    "seed_due_event: RTL {}, model {}",
                    self.due_got, self.due_expected
                ));
            }
        }
        if vain && rtl.is(ports.in_ready) {
            return Err("in_ready: RTL 1, model exhausted".to_owned());
        }
        self.due_got += u64::from(rtl.is(ports.seed_due_event));
        if rtl.is(ports.made) != self.last_taken {
            return Err(format!(
                "made: RTL {}, last beat in the cycle before: {}",
                !self.last_taken, self.last_taken
            ));
        }
        self.last_taken = false;
        if rtl.is(ports.out_valid) && rtl.get(ports.out_ready) == 1 {
            self.beats.push(rtl.get(ports.out_data));
            self.calm = 0;
            let last = rtl.is(ports.out_last);
            self.last_taken = last;
            if last {
                if self.discarding {
                    hit("discard while the block is made");
                }
                self.check_block(rtl, hit)?;
                self.since_made = 0;
            }
        }
        if rtl.is(ports.discarded) {
            if !self.discarding || !self.beats.is_empty() {
                return Err("discarded: RTL 1, model 0".to_owned());
            }
            self.model.discard();
            self.discarding = false;
            self.calm = 0;
        }
        if rtl.is(ports.parity_error) {
            return Err("parity_error: RTL 1, model 0".to_owned());
        }
        if let Some(waited) = &mut self.testing {
            let refuse = self.refuse;
            *waited += 1;
            if rtl.is(ports.kat_done) {
                if rtl.is(ports.kat_ok) != (!self.fault && !refuse) {
                    return Err(format!("kat_ok: RTL {}", rtl.is(ports.kat_ok)));
                }
                hit(match (refuse, self.fault) {
                    (true, _) => "self-test refused",
                    (_, true) => "self-test with a fault",
                    _ => "self-test",
                });
                self.testing = None;
                self.calm = 0;
            } else if *waited > 300 {
                return Err("kat_done stays 0".to_owned());
            }
        }
        self.look(rtl, random, hit)?;
        rtl.clock();
        if back {
            self.mark_back = None;
            self.calm = 0;
        } else if let Some(waited) = &mut self.mark_back {
            *waited += 1;
        }
        if let Some(access) = &mut self.access {
            access.phase += 1;
            if access.phase == 6 {
                self.access = None;
            }
        }
        Ok(())
    }
}

#[test]
fn lockstep() {
    let library = photonbox_cosim::build::<ToeplitzBench>().unwrap();
    let seed = photonbox_cosim::seed(ToeplitzBench::NAME);
    let bins = photonbox_cosim::lockstep::<ToeplitzBench>(&library, seed, ToeplitzBench::CYCLES);
    let bins = bins.unwrap_or_else(|mismatch| panic!("{mismatch}"));
    for (bin, hits) in &bins {
        assert_ne!(*hits, 0, "{bin} in {bins:?}");
    }
}
