//! What rust-hdl emits and what [`dedupe`] makes of it do the same, cycle for cycle.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failing test panics")]

use photonbox_boards::emit::dedupe;
use photonbox_cosim::{Design, Library, Options, PortId, Random, Simulation};
use rust_hdl::prelude::*;

#[derive(LogicBlock, Default)]
struct Lane {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub enable: Signal<In, Bit>,
    pub sum: Signal<Out, Bits<8>>,
    total: DFF<Bits<8>>,
    was: DFF<Bit>,
    next: Signal<Local, Bits<8>>,
}

impl Logic for Lane {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, total, was);
        self.next.next = self.total.q.val() + 3;
        self.sum.next = self.total.q.val();
        self.was.d.next = self.enable.val();
        if self.enable.val() & !self.was.q.val() {
            self.total.d.next = self.next.val();
        }
        if self.reset.val() {
            self.total.d.next = 0.into();
            self.was.d.next = false;
        }
    }
}

/// Like a [`Lane`] from outside.
#[derive(LogicBlock, Default)]
struct Other {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub enable: Signal<In, Bit>,
    pub sum: Signal<Out, Bits<8>>,
    total: DFF<Bits<8>>,
    next: Signal<Local, Bits<8>>,
}

impl Logic for Other {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, total);
        self.next.next = self.total.q.val() + 5;
        self.sum.next = self.total.q.val();
        if self.enable.val() {
            self.total.d.next = self.next.val();
        }
        if self.reset.val() {
            self.total.d.next = 0.into();
        }
    }
}

#[derive(LogicBlock, Default)]
struct Top {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub enable: Signal<In, Bits<4>>,
    pub sum: Signal<Out, Bits<8>>,
    pub stored: Signal<Out, Bits<8>>,
    lanes: [Lane; 4],
    other: Other,
    late: DFF<Bit>,
    both: Signal<Local, Bits<8>>,
    memory: RAM<Bits<8>, 4>,
}

impl Logic for Top {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, late);
        self.late.d.next = self.reset.val();
        for i in 0..4 {
            self.lanes[i].clock.next = self.clock.val();
            self.lanes[i].reset.next = self.late.q.val();
            self.lanes[i].enable.next = self.enable.val().get_bit(i);
        }
        self.other.clock.next = self.clock.val();
        self.other.reset.next = self.reset.val();
        self.other.enable.next = self.enable.val().get_bit(0_usize);
        self.both.next = (self.lanes[0].sum.val() ^ self.lanes[1].sum.val())
            ^ (self.lanes[2].sum.val() ^ self.lanes[3].sum.val());
        self.sum.next = self.both.val() ^ self.other.sum.val();
        self.memory.read_clock.next = self.clock.val();
        self.memory.write_clock.next = self.clock.val();
        self.memory.write_enable.next = !self.reset.val();
        self.memory.write_address.next = self.enable.val();
        self.memory.read_address.next = self.enable.val();
        self.memory.write_data.next = self.both.val();
        self.stored.next = self.memory.read_data.val();
    }
}

fn simulation(name: &str, verilog: &str) -> (Simulation, [PortId; 4]) {
    let design = Design::new(name, verilog.to_owned(), "top").unwrap();
    let options = Options {
        quick: true,
        ..Options::default()
    };
    let rtl = Library::build(design, options).unwrap().simulation();
    let ports = ["reset", "enable", "sum", "stored"].map(|name| rtl.port(name));
    (rtl, ports)
}

#[test]
fn deduped_design_does_the_same() {
    let mut top = Top::default();
    top.connect_all();
    let emitted = generate_verilog(&top);
    let deduped = dedupe(&emitted);
    let modules = |text: &str| {
        text.lines()
            .filter(|line| line.starts_with("module "))
            .count()
    };
    // Left are the top, two kinds of lanes, two of registers, and the memory.
    assert_eq!((modules(&emitted), modules(&deduped)), (17, 6), "{deduped}");
    assert!(!deduped.contains("$clock;"), "{deduped}");

    let (mut a, ports) = simulation("emitted", &emitted);
    let (mut b, _) = simulation("deduped", &deduped);
    let mut random = Random::new(photonbox_cosim::seed("dedupe"));
    let mut seen = std::collections::BTreeSet::new();
    for cycle in 0..5_000 {
        let inputs = [u64::from(random.one_in(100)), random.below(16)];
        for rtl in [&mut a, &mut b] {
            rtl.set(ports[0], inputs[0]);
            rtl.set(ports[1], inputs[1]);
            rtl.clock();
        }
        for port in &ports[2..] {
            assert_eq!(a.get(*port), b.get(*port), "cycle {cycle}");
        }
        seen.insert(a.get(ports[2]));
    }
    assert!(seen.len() > 100);
}
