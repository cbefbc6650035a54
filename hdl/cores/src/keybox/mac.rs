//! The engine's arithmetic: two multipliers, columns that are added up, carries, and the memory of limbs. What it does
//! in a cycle is a word of its program; it knows no jobs.

use super::arithmetic::constants;
use super::multiplier::Multiplier;
use super::schedule::{BANK, Program, WORD_BITS, place};
use rust_hdl::prelude::*;

/// Arithmetic under a program.
///
/// Stages, with c the cycle in which a word is in `word`: c + 1 memories read, c + 2 factors, c + 3 to c + 5
/// products, c + 6 both products together, c + 7 column, c + 8 column and high half of the one before, c + 9 limb.
#[derive(LogicBlock)]
pub struct Mac {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Program word to do: s - 1, then the place in the bank.
    pub address: Signal<In, Bits<10>>,
    /// Puts `load_data` at `load_address` instead of what the program stores.
    pub load: Signal<In, Bit>,
    /// Place to load.
    pub load_address: Signal<In, Bits<5>>,
    /// Limb to load.
    pub load_data: Signal<In, Bits<36>>,
    /// The last limb.
    pub limb: Signal<Out, Bits<36>>,
    /// Its number or its place.
    pub index: Signal<Out, Bits<5>>,
    /// It is one of the next X.
    pub is_next: Signal<Out, Bit>,
    /// It is one of the session key.
    pub is_key: Signal<Out, Bit>,
    /// Its highest bit is the sign of the check.
    pub is_check: Signal<Out, Bit>,
    /// The same place of X before the limb was stored.
    pub replaced: Signal<Out, Bits<36>>,
    words: SyncROM<Bits<WORD_BITS>, 10>,
    word: DFF<Bits<WORD_BITS>>,
    memory_a0: RAM<Bits<36>, 5>,
    memory_a1: RAM<Bits<36>, 5>,
    memory_b0: RAM<Bits<36>, 8>,
    memory_b1: RAM<Bits<36>, 8>,
    present: RAM<Bits<36>, 3>,
    multiplier0: Multiplier,
    multiplier1: Multiplier,
    a0: DFF<Bits<36>>,
    a1: DFF<Bits<36>>,
    b0: DFF<Bits<36>>,
    b1: DFF<Bits<36>>,
    pair_lo: DFF<Bits<38>>,
    pair_hi: DFF<Bits<38>>,
    column_lo: DFF<Bits<41>>,
    column_hi: DFF<Bits<41>>,
    high_before: DFF<Bits<41>>,
    joined: DFF<Bits<42>>,
    total: DFF<Bits<42>>,
    // Marks of the word that a stage works on: first, last, carry (2), kind (2), store, destination (5),
    // invert (2), double (2).
    marks1: DFF<Bits<16>>,
    marks2: DFF<Bits<16>>,
    marks3: DFF<Bits<16>>,
    marks4: DFF<Bits<16>>,
    marks5: DFF<Bits<16>>,
    marks6: DFF<Bits<16>>,
    marks7: DFF<Bits<16>>,
    marks8: DFF<Bits<16>>,
    marks9: DFF<Bits<16>>,
    word_now: Signal<Local, Bits<WORD_BITS>>,
    now1: Signal<Local, Bits<16>>,
    now5: Signal<Local, Bits<16>>,
    now6: Signal<Local, Bits<16>>,
    now7: Signal<Local, Bits<16>>,
    now8: Signal<Local, Bits<16>>,
    now9: Signal<Local, Bits<16>>,
    lo0: Signal<Local, Bits<38>>,
    hi0: Signal<Local, Bits<38>>,
    lo1: Signal<Local, Bits<38>>,
    hi1: Signal<Local, Bits<38>>,
    held_lo: Signal<Local, Bits<41>>,
    held_hi: Signal<Local, Bits<41>>,
    high_part: Signal<Local, Bits<41>>,
    total_now: Signal<Local, Bits<42>>,
    carry: Signal<Local, Bits<42>>,
    store: Signal<Local, Bit>,
    store_b: Signal<Local, Bit>,
    store_x: Signal<Local, Bit>,
    store_address: Signal<Local, Bits<5>>,
    store_data: Signal<Local, Bits<36>>,
    all_ones: Constant<Bits<36>>,
}

impl Default for Mac {
    fn default() -> Self {
        let programs = (1..=8).flat_map(|s| Program::new(s).words);
        let words: Vec<Bits<WORD_BITS>> = programs.map(|word| word.bits().into()).collect();
        assert_eq!(words.len(), 8 * BANK, "eight banks");
        let mut a = vec![Bits::<36>::default(); 32];
        a[place::ONE] = 1_u64.into();
        let b: Vec<Bits<36>> = constants().into_iter().map(Into::into).collect();
        Self {
            clock: Default::default(),
            address: Default::default(),
            load: Default::default(),
            load_address: Default::default(),
            load_data: Default::default(),
            limb: Default::default(),
            index: Default::default(),
            is_next: Default::default(),
            is_key: Default::default(),
            is_check: Default::default(),
            replaced: Default::default(),
            words: words.into_iter().into(),
            word: Default::default(),
            memory_a0: a.clone().into_iter().into(),
            memory_a1: a.into_iter().into(),
            memory_b0: b.clone().into_iter().into(),
            memory_b1: b.into_iter().into(),
            present: vec![Bits::<36>::default(); 8].into_iter().into(),
            multiplier0: Default::default(),
            multiplier1: Default::default(),
            a0: Default::default(),
            a1: Default::default(),
            b0: Default::default(),
            b1: Default::default(),
            pair_lo: Default::default(),
            pair_hi: Default::default(),
            column_lo: Default::default(),
            column_hi: Default::default(),
            high_before: Default::default(),
            joined: Default::default(),
            total: Default::default(),
            marks1: Default::default(),
            marks2: Default::default(),
            marks3: Default::default(),
            marks4: Default::default(),
            marks5: Default::default(),
            marks6: Default::default(),
            marks7: Default::default(),
            marks8: Default::default(),
            marks9: Default::default(),
            word_now: Default::default(),
            now1: Default::default(),
            now5: Default::default(),
            now6: Default::default(),
            now7: Default::default(),
            now8: Default::default(),
            now9: Default::default(),
            lo0: Default::default(),
            hi0: Default::default(),
            lo1: Default::default(),
            hi1: Default::default(),
            held_lo: Default::default(),
            held_hi: Default::default(),
            high_part: Default::default(),
            total_now: Default::default(),
            carry: Default::default(),
            store: Default::default(),
            store_b: Default::default(),
            store_x: Default::default(),
            store_address: Default::default(),
            store_data: Default::default(),
            all_ones: Constant::new(((1_u64 << 36) - 1).into()),
        }
    }
}

impl Logic for Mac {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            word,
            a0,
            a1,
            b0,
            b1,
            pair_lo,
            pair_hi,
            column_lo,
            column_hi,
            high_before,
            joined,
            total,
            marks1,
            marks2,
            marks3,
            marks4,
            marks5,
            marks6,
            marks7,
            marks8,
            marks9
        );
        clock!(self, clock, words, multiplier0, multiplier1);
        self.memory_a0.read_clock.next = self.clock.val();
        self.memory_a0.write_clock.next = self.clock.val();
        self.memory_a1.read_clock.next = self.clock.val();
        self.memory_a1.write_clock.next = self.clock.val();
        self.memory_b0.read_clock.next = self.clock.val();
        self.memory_b0.write_clock.next = self.clock.val();
        self.memory_b1.read_clock.next = self.clock.val();
        self.memory_b1.write_clock.next = self.clock.val();
        self.present.read_clock.next = self.clock.val();
        self.present.write_clock.next = self.clock.val();

        // The program; a register behind its memory, which is slow.
        self.words.address.next = self.address.val();
        self.word.d.next = self.words.data.val();
        self.word_now.next = self.word.q.val();
        self.memory_a0.read_address.next = self.word_now.val().get_bits::<5>(0);
        self.memory_a1.read_address.next = self.word_now.val().get_bits::<5>(5);
        self.memory_b0.read_address.next = self.word_now.val().get_bits::<8>(10);
        self.memory_b1.read_address.next = self.word_now.val().get_bits::<8>(18);
        self.marks1.d.next = self.word_now.val().get_bits::<16>(26);
        self.marks2.d.next = self.marks1.q.val();
        self.marks3.d.next = self.marks2.q.val();
        self.marks4.d.next = self.marks3.q.val();
        self.marks5.d.next = self.marks4.q.val();
        self.marks6.d.next = self.marks5.q.val();
        self.marks7.d.next = self.marks6.q.val();
        self.marks8.d.next = self.marks7.q.val();
        self.marks9.d.next = self.marks8.q.val();
        self.now1.next = self.marks1.q.val();
        self.now5.next = self.marks5.q.val();
        self.now6.next = self.marks6.q.val();
        self.now7.next = self.marks7.q.val();
        self.now8.next = self.marks8.q.val();
        self.now9.next = self.marks9.q.val();

        // Factors.
        self.a0.d.next = self.memory_a0.read_data.val();
        self.a1.d.next = self.memory_a1.read_data.val();
        self.b0.d.next = self.memory_b0.read_data.val();
        self.b1.d.next = self.memory_b1.read_data.val();
        if self.now1.val().get_bit(12) {
            self.a0.d.next = self.memory_a0.read_data.val() ^ self.all_ones.val();
        }
        if self.now1.val().get_bit(13) {
            self.a1.d.next = self.memory_a1.read_data.val() ^ self.all_ones.val();
        }
        self.multiplier0.a.next = self.a0.q.val();
        self.multiplier0.b.next = self.b0.q.val();
        self.multiplier1.a.next = self.a1.q.val();
        self.multiplier1.b.next = self.b1.q.val();

        // Both products together, halves apart, so that no chain is longer than a limb.
        self.lo0.next = bit_cast::<38, 36>(self.multiplier0.lo.val());
        self.hi0.next = bit_cast::<38, 36>(self.multiplier0.hi.val());
        self.lo1.next = bit_cast::<38, 36>(self.multiplier1.lo.val());
        self.hi1.next = bit_cast::<38, 36>(self.multiplier1.hi.val());
        if self.now5.val().get_bit(14) {
            self.lo0.next = bit_cast::<38, 36>(self.multiplier0.lo.val()) << 1;
            self.hi0.next = bit_cast::<38, 36>(self.multiplier0.hi.val()) << 1;
        }
        if self.now5.val().get_bit(15) {
            self.lo1.next = bit_cast::<38, 36>(self.multiplier1.lo.val()) << 1;
            self.hi1.next = bit_cast::<38, 36>(self.multiplier1.hi.val()) << 1;
        }
        self.pair_lo.d.next = self.lo0.val() + self.lo1.val();
        self.pair_hi.d.next = self.hi0.val() + self.hi1.val();

        // The column.
        self.held_lo.next = self.column_lo.q.val();
        self.held_hi.next = self.column_hi.q.val();
        if self.now6.val().get_bit(0) {
            self.held_lo.next = 0.into();
            self.held_hi.next = 0.into();
        }
        self.column_lo.d.next = self.held_lo.val() + bit_cast::<41, 38>(self.pair_lo.q.val());
        self.column_hi.d.next = self.held_hi.val() + bit_cast::<41, 38>(self.pair_hi.q.val());

        // The column's low half and the high half of the one before, unless a number begins.
        self.high_part.next = self.high_before.q.val();
        if self.now7.val().get_bits::<2>(2) != 0 {
            self.high_part.next = 0.into();
        }
        if self.now7.val().get_bit(1) {
            self.joined.d.next = bit_cast::<42, 41>(self.column_lo.q.val())
                + bit_cast::<42, 41>(self.high_part.val());
            self.high_before.d.next = self.column_hi.q.val();
        }

        // The carry; with it the limb is complete.
        self.total_now.next = self.total.q.val();
        self.carry.next = bit_cast::<42, 6>(self.total_now.val().get_bits::<6>(36));
        if self.now8.val().get_bits::<2>(2) == 1 {
            self.carry.next = 0.into();
        }
        if self.now8.val().get_bits::<2>(2) == 2 {
            self.carry.next = 1.into();
        }
        if self.now8.val().get_bits::<2>(2) == 3 {
            self.carry.next = 1.into();
            if self.total_now.val().get_bit(35) {
                self.carry.next = 0.into();
            }
        }
        if self.now8.val().get_bit(1) {
            self.total.d.next = self.joined.q.val() + self.carry.val();
        }

        // Storing. A load has the port for itself: what the program would store then is lost, and meant to be.
        self.store.next = self.now9.val().get_bit(6) | self.load.val();
        self.store_address.next = self.now9.val().get_bits::<5>(7);
        self.store_data.next = self.total_now.val().get_bits::<36>(0);
        if self.load.val() {
            self.store_address.next = self.load_address.val();
            self.store_data.next = self.load_data.val();
        }
        self.store_b.next = self.store.val() & (self.store_address.val().get_bits::<2>(3) == 0);
        self.store_x.next = self.store_b.val();
        self.memory_a0.write_enable.next = self.store.val();
        self.memory_a0.write_address.next = self.store_address.val();
        self.memory_a0.write_data.next = self.store_data.val();
        self.memory_a1.write_enable.next = self.store.val();
        self.memory_a1.write_address.next = self.store_address.val();
        self.memory_a1.write_data.next = self.store_data.val();
        self.memory_b0.write_enable.next = self.store_b.val();
        self.memory_b0.write_address.next =
            bit_cast::<8, 3>(self.store_address.val().get_bits::<3>(0));
        self.memory_b0.write_data.next = self.store_data.val();
        self.memory_b1.write_enable.next = self.store_b.val();
        self.memory_b1.write_address.next =
            bit_cast::<8, 3>(self.store_address.val().get_bits::<3>(0));
        self.memory_b1.write_data.next = self.store_data.val();

        // The present X beside the next: read in the cycle before its limb is stored.
        self.present.read_address.next = self.now8.val().get_bits::<3>(7);
        self.present.write_enable.next = self.store_x.val();
        self.present.write_address.next = self.store_address.val().get_bits::<3>(0);
        self.present.write_data.next = self.store_data.val();

        self.limb.next = self.total_now.val().get_bits::<36>(0);
        self.index.next = self.now9.val().get_bits::<5>(7);
        self.is_next.next = self.now9.val().get_bits::<2>(4) == 1;
        self.is_key.next = self.now9.val().get_bits::<2>(4) == 2;
        self.is_check.next = self.now9.val().get_bits::<2>(4) == 3;
        self.replaced.next = self.present.read_data.val();
    }
}
