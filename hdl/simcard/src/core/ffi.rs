//! Calls into the verilated designs: the only place of this crate with `unsafe`. The other side is `shim/*.cpp`.

use photonbox_model::Build;
use std::ffi::{CStr, c_char, c_int};
use std::ptr::NonNull;

/// A cycle of a lane with a rising edge at A, at B or at both. As `Edge` in `shim/card.h`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) cycle: u64,
    pub(crate) lane: u8,
    pub(crate) a: u8,
    pub(crate) b: u8,
    pub(crate) replayed: u8,
    pub(crate) unused: u32,
}

/// A write of `length` bytes, or interrupt `vector` where `length` is 0. As `Event` in `shim/card.h`.
#[repr(C)]
pub(crate) struct Event {
    pub(crate) address: u64,
    pub(crate) length: u32,
    pub(crate) vector: u32,
    pub(crate) data: [u8; 256],
}

/// `idle` cycles without an edge, then one with an edge of A, of B or of both. As `Pulse` in `shim/sampler.cpp`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pulse {
    pub(crate) idle: u64,
    pub(crate) a: u8,
    pub(crate) b: u8,
    pub(crate) unused: [u8; 6],
}

/// What a sampler has counted. As `Counts` in `shim/sampler.cpp`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) bits: u64,
    pub(crate) ones: u64,
    pub(crate) coincidences: u64,
    pub(crate) ignored: u64,
}

/// The shim's `Card`, seen by its address only.
#[repr(C)]
struct RawCard {
    _opaque: [u8; 0],
}

/// The shim's `Sampler`, seen by its address only.
#[repr(C)]
struct RawSampler {
    _opaque: [u8; 0],
}

unsafe extern "C" {
    fn pb_sampler_new(window: u32, holdoff: u32, retrigger: c_int) -> *mut RawSampler;
    fn pb_sampler_free(sampler: *mut RawSampler);
    fn pb_sampler_play(
        sampler: *mut RawSampler,
        pulses: *const Pulse,
        count: usize,
        idle: u64,
        bits: *mut u8,
    ) -> usize;
    fn pb_sampler_counts(sampler: *const RawSampler, counts: *mut Counts, open: *mut c_int);
}

/// What a build's shim exports.
struct Calls {
    new: unsafe extern "C" fn(u32) -> *mut RawCard,
    free: unsafe extern "C" fn(*mut RawCard),
    now: unsafe extern "C" fn(*const RawCard) -> u64,
    refuse: unsafe extern "C" fn(*mut RawCard, c_int),
    selftest_fault: unsafe extern "C" fn(*mut RawCard, u32),
    edges: unsafe extern "C" fn(*mut RawCard, *const Edge, usize),
    forget_edges: unsafe extern "C" fn(*mut RawCard),
    run: unsafe extern "C" fn(*mut RawCard, u64) -> u64,
    read: unsafe extern "C" fn(*mut RawCard, u32, *mut u32) -> c_int,
    write: unsafe extern "C" fn(*mut RawCard, u32, u32) -> c_int,
    events: unsafe extern "C" fn(*const RawCard, *mut *const Event) -> usize,
    delivered: unsafe extern "C" fn(*mut RawCard),
    violation: unsafe extern "C" fn(*const RawCard) -> *const c_char,
}

/// Declares the functions of a build's shim and lists them.
macro_rules! calls {
    ($list:ident: $new:ident, $free:ident, $now:ident, $refuse:ident, $selftest_fault:ident, $edges:ident,
     $forget_edges:ident, $run:ident, $read:ident, $write:ident, $events:ident, $delivered:ident, $violation:ident) => {
        unsafe extern "C" {
            fn $new(front_end: u32) -> *mut RawCard;
            fn $free(card: *mut RawCard);
            fn $now(card: *const RawCard) -> u64;
            fn $refuse(card: *mut RawCard, refuse: c_int);
            fn $selftest_fault(card: *mut RawCard, mask: u32);
            fn $edges(card: *mut RawCard, edges: *const Edge, count: usize);
            fn $forget_edges(card: *mut RawCard);
            fn $run(card: *mut RawCard, until: u64) -> u64;
            fn $read(card: *mut RawCard, offset: u32, value: *mut u32) -> c_int;
            fn $write(card: *mut RawCard, offset: u32, value: u32) -> c_int;
            fn $events(card: *const RawCard, events: *mut *const Event) -> usize;
            fn $delivered(card: *mut RawCard);
            fn $violation(card: *const RawCard) -> *const c_char;
        }
        static $list: Calls = Calls {
            new: $new,
            free: $free,
            now: $now,
            refuse: $refuse,
            selftest_fault: $selftest_fault,
            edges: $edges,
            forget_edges: $forget_edges,
            run: $run,
            read: $read,
            write: $write,
            events: $events,
            delivered: $delivered,
            violation: $violation,
        };
    };
}

calls!(SMALL: pb_small_new, pb_small_free, pb_small_now, pb_small_refuse, pb_small_selftest_fault, pb_small_edges,
    pb_small_forget_edges, pb_small_run, pb_small_read, pb_small_write, pb_small_events, pb_small_delivered,
    pb_small_violation);
#[cfg(feature = "verilated-wide")]
calls!(WIDE: pb_wide_new, pb_wide_free, pb_wide_now, pb_wide_refuse, pb_wide_selftest_fault, pb_wide_edges,
    pb_wide_forget_edges, pb_wide_run, pb_wide_read, pb_wide_write, pb_wide_events, pb_wide_delivered,
    pb_wide_violation);

/// The calls of a build, if this program has it.
fn calls(build: Build) -> Option<&'static Calls> {
    match build {
        Build::Small => Some(&SMALL),
        #[cfg(feature = "verilated-wide")]
        Build::Wide => Some(&WIDE),
        #[cfg(not(feature = "verilated-wide"))]
        Build::Wide => None,
    }
}

/// One verilated card.
pub(crate) struct VerilatedCard {
    card: NonNull<RawCard>,
    calls: &'static Calls,
}

// SAFETY: an instance shares nothing with others, and only one thread at a time can hold `&mut`.
unsafe impl Send for VerilatedCard {}

impl VerilatedCard {
    /// A card after power-on reset; none if this program does not have the build. `front_end` is the strap's value.
    pub(crate) fn new(build: Build, front_end: u32) -> Option<Self> {
        let calls = calls(build)?;
        // SAFETY: makes a new instance, which is freed once, in `drop`, by the same build's call.
        let card = unsafe { (calls.new)(front_end) };
        match NonNull::new(card) {
            Some(card) => Some(Self { card, calls }),
            None => unreachable!("C++ `new` gives no null"),
        }
    }

    /// First cycle that has not been executed.
    pub(crate) fn now(&self) -> u64 {
        // SAFETY: the instance lives as long as `self`.
        unsafe { (self.calls.now)(self.card.as_ptr()) }
    }

    /// Whether bursts are answered with SLVERR from now on.
    pub(crate) fn refuse(&mut self, refuse: bool) {
        // SAFETY: as in `now`, held exclusively.
        unsafe { (self.calls.refuse)(self.card.as_ptr(), c_int::from(refuse)) }
    }

    /// Known-answer tests that fail from now on.
    pub(crate) fn selftest_fault(&mut self, mask: u32) {
        // SAFETY: as in `refuse`.
        unsafe { (self.calls.selftest_fault)(self.card.as_ptr(), mask) }
    }

    /// Gives edges that the pins show in their cycles: in order, none before [`Self::now`].
    pub(crate) fn edges(&mut self, edges: &[Edge]) {
        // SAFETY: as in `refuse`; the slice is read during the call only.
        unsafe { (self.calls.edges)(self.card.as_ptr(), edges.as_ptr(), edges.len()) }
    }

    /// Takes back the edges still to come.
    pub(crate) fn forget_edges(&mut self) {
        // SAFETY: as in `refuse`.
        unsafe { (self.calls.forget_edges)(self.card.as_ptr()) }
    }

    /// Runs up to cycle `until`, or until a completion was answered; gives [`Self::now`].
    pub(crate) fn run(&mut self, until: u64) -> u64 {
        // SAFETY: as in `refuse`.
        unsafe { (self.calls.run)(self.card.as_ptr(), until) }
    }

    /// Reads a register over the card's AXI4-Lite port; `None` when it never answers.
    pub(crate) fn read(&mut self, offset: u32) -> Option<u32> {
        let mut value = 0;
        // SAFETY: as in `refuse`; `value` is written during the call only.
        let answered = unsafe { (self.calls.read)(self.card.as_ptr(), offset, &raw mut value) };
        (answered != 0).then_some(value)
    }

    /// Writes a register over the card's AXI4-Lite port; false when it never answers.
    pub(crate) fn write(&mut self, offset: u32, value: u32) -> bool {
        // SAFETY: as in `refuse`.
        unsafe { (self.calls.write)(self.card.as_ptr(), offset, value) != 0 }
    }

    /// Hands over the bursts and interrupts since the last call, in the order of the bus.
    pub(crate) fn deliver(&mut self, mut take: impl FnMut(&Event)) {
        let mut first = std::ptr::null();
        // SAFETY: as in `now`; `first` is written during the call only.
        let count = unsafe { (self.calls.events)(self.card.as_ptr(), &raw mut first) };
        if count == 0 {
            return;
        }
        // SAFETY: the shim says that so many events lie there, and nobody calls it while the slice is in use.
        let events = unsafe { std::slice::from_raw_parts(first, count) };
        events.iter().for_each(&mut take);
        // SAFETY: as in `refuse`; the slice is not used any more.
        unsafe { (self.calls.delivered)(self.card.as_ptr()) }
    }

    /// What the card did against the rules of its ports.
    pub(crate) fn violation(&self) -> Option<String> {
        // SAFETY: as in `now`.
        let text = unsafe { (self.calls.violation)(self.card.as_ptr()) };
        if text.is_null() {
            return None;
        }
        // SAFETY: it is one of the shim's string literals.
        let text = unsafe { CStr::from_ptr(text) };
        Some(text.to_string_lossy().into_owned())
    }
}

impl Drop for VerilatedCard {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `new` and is not used again.
        unsafe { (self.calls.free)(self.card.as_ptr()) }
    }
}

/// One verilated sampler, the block of a lane alone.
pub(crate) struct VerilatedSampler(NonNull<RawSampler>);

impl VerilatedSampler {
    /// A sampler that is ready, with these settings in cycles.
    pub(crate) fn new(window: u32, holdoff: u32, retrigger: bool) -> Self {
        // SAFETY: makes a new instance, which is freed once, in `drop`.
        let sampler = unsafe { pb_sampler_new(window, holdoff, c_int::from(retrigger)) };
        match NonNull::new(sampler) {
            Some(sampler) => Self(sampler),
            None => unreachable!("C++ `new` gives no null"),
        }
    }

    /// Plays pulses, then `idle` cycles without an edge; adds the bits, one a byte.
    pub(crate) fn play(&mut self, pulses: &[Pulse], idle: u64, bits: &mut Vec<u8>) {
        let before = bits.len();
        // Each pulse opens at most one window, and one may have been open before.
        bits.resize(before + pulses.len() + 1, 0);
        let room = &mut bits[before..];
        // SAFETY: the instance lives as long as `self` and is held exclusively; the shim writes at most as many bits
        // as there is room for, during the call only.
        let count = unsafe {
            pb_sampler_play(
                self.0.as_ptr(),
                pulses.as_ptr(),
                pulses.len(),
                idle,
                room.as_mut_ptr(),
            )
        };
        bits.truncate(before + count);
    }

    /// What was counted, and whether a window is open.
    pub(crate) fn counts(&self) -> (Counts, bool) {
        let (mut counts, mut open) = (Counts::default(), 0);
        // SAFETY: the instance lives as long as `self`; both are written during the call only.
        unsafe { pb_sampler_counts(self.0.as_ptr(), &raw mut counts, &raw mut open) };
        (counts, open != 0)
    }
}

impl Drop for VerilatedSampler {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `pb_sampler_new` and is not used again.
        unsafe { pb_sampler_free(self.0.as_ptr()) }
    }
}
