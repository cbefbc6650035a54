//! Calls into the verilated designs: the only place of this crate with `unsafe`. The other side is `shim/*.cpp`.

use std::ffi::{CStr, c_char, c_int};
use std::ptr::NonNull;

/// A cycle of a lane with a rising edge at A, at B or at both. As `Edge` in `shim/card.cpp`.
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

/// A write of `length` bytes, or interrupt `vector` where `length` is 0. As `Event` in `shim/card.cpp`.
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

    fn pb_card_new(front_end: u32) -> *mut RawCard;
    fn pb_card_free(card: *mut RawCard);
    fn pb_card_now(card: *const RawCard) -> u64;
    fn pb_card_refuse(card: *mut RawCard, refuse: c_int);
    fn pb_card_selftest_fault(card: *mut RawCard, mask: u32);
    fn pb_card_edges(card: *mut RawCard, edges: *const Edge, count: usize);
    fn pb_card_forget_edges(card: *mut RawCard);
    fn pb_card_run(card: *mut RawCard, until: u64) -> u64;
    fn pb_card_read(card: *mut RawCard, offset: u32, value: *mut u32) -> c_int;
    fn pb_card_write(card: *mut RawCard, offset: u32, value: u32) -> c_int;
    fn pb_card_events(card: *const RawCard, events: *mut *const Event) -> usize;
    fn pb_card_delivered(card: *mut RawCard);
    fn pb_card_violation(card: *const RawCard) -> *const c_char;
}

/// One verilated card.
pub(crate) struct VerilatedCard(NonNull<RawCard>);

// SAFETY: an instance shares nothing with others, and only one thread at a time can hold `&mut`.
unsafe impl Send for VerilatedCard {}

impl VerilatedCard {
    /// A card after power-on reset. `front_end` is the strap's value.
    pub(crate) fn new(front_end: u32) -> Self {
        // SAFETY: makes a new instance, which is freed once, in `drop`.
        let card = unsafe { pb_card_new(front_end) };
        match NonNull::new(card) {
            Some(card) => Self(card),
            None => unreachable!("C++ `new` gives no null"),
        }
    }

    /// First cycle that has not been executed.
    pub(crate) fn now(&self) -> u64 {
        // SAFETY: the instance lives as long as `self`.
        unsafe { pb_card_now(self.0.as_ptr()) }
    }

    /// Whether bursts are answered with SLVERR from now on.
    pub(crate) fn refuse(&mut self, refuse: bool) {
        // SAFETY: as in `now`, held exclusively.
        unsafe { pb_card_refuse(self.0.as_ptr(), c_int::from(refuse)) }
    }

    /// Known-answer tests that fail from now on.
    pub(crate) fn selftest_fault(&mut self, mask: u32) {
        // SAFETY: as in `refuse`.
        unsafe { pb_card_selftest_fault(self.0.as_ptr(), mask) }
    }

    /// Gives edges that the pins show in their cycles: in order, none before [`Self::now`].
    pub(crate) fn edges(&mut self, edges: &[Edge]) {
        // SAFETY: as in `refuse`; the slice is read during the call only.
        unsafe { pb_card_edges(self.0.as_ptr(), edges.as_ptr(), edges.len()) }
    }

    /// Takes back the edges still to come.
    pub(crate) fn forget_edges(&mut self) {
        // SAFETY: as in `refuse`.
        unsafe { pb_card_forget_edges(self.0.as_ptr()) }
    }

    /// Runs up to cycle `until`, or until a completion was answered; gives [`Self::now`].
    pub(crate) fn run(&mut self, until: u64) -> u64 {
        // SAFETY: as in `refuse`.
        unsafe { pb_card_run(self.0.as_ptr(), until) }
    }

    /// Reads a register over the card's AXI4-Lite port; `None` when it never answers.
    pub(crate) fn read(&mut self, offset: u32) -> Option<u32> {
        let mut value = 0;
        // SAFETY: as in `refuse`; `value` is written during the call only.
        let answered = unsafe { pb_card_read(self.0.as_ptr(), offset, &raw mut value) };
        (answered != 0).then_some(value)
    }

    /// Writes a register over the card's AXI4-Lite port; false when it never answers.
    pub(crate) fn write(&mut self, offset: u32, value: u32) -> bool {
        // SAFETY: as in `refuse`.
        unsafe { pb_card_write(self.0.as_ptr(), offset, value) != 0 }
    }

    /// Hands over the bursts and interrupts since the last call, in the order of the bus.
    pub(crate) fn deliver(&mut self, mut take: impl FnMut(&Event)) {
        let mut first = std::ptr::null();
        // SAFETY: as in `now`; `first` is written during the call only.
        let count = unsafe { pb_card_events(self.0.as_ptr(), &raw mut first) };
        if count == 0 {
            return;
        }
        // SAFETY: the shim says that so many events lie there, and nobody calls it while the slice is in use.
        let events = unsafe { std::slice::from_raw_parts(first, count) };
        events.iter().for_each(&mut take);
        // SAFETY: as in `refuse`; the slice is not used any more.
        unsafe { pb_card_delivered(self.0.as_ptr()) }
    }

    /// What the card did against the rules of its ports.
    pub(crate) fn violation(&self) -> Option<String> {
        // SAFETY: as in `now`.
        let text = unsafe { pb_card_violation(self.0.as_ptr()) };
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
        // SAFETY: the pointer came from `pb_card_new` and is not used again.
        unsafe { pb_card_free(self.0.as_ptr()) }
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
