//! How a session key leaves: 10^64 is added if the estimate of the dropped digits was one too many, and the words go
//! out as beats of 64 bits.

use super::arithmetic::key_modulus;
use super::registers::number;
use num_bigint::BigUint;
use rust_hdl::prelude::*;

/// Takes a key from the key register, word by word.
#[derive(LogicBlock)]
pub struct Leave {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets everything.
    pub clear: Signal<In, Bit>,
    /// A key is complete in the register after this cycle.
    pub start: Signal<In, Bit>,
    /// Four beats of zeros, marked as an error, begin after this cycle.
    pub start_error: Signal<In, Bit>,
    /// The box ends with what was started.
    pub close: Signal<In, Bit>,
    /// Nothing goes to the ring: the self-test's keys are signed only.
    pub quiet: Signal<In, Bit>,
    /// Low word of the key register.
    pub word: Signal<In, Bits<32>>,
    /// Sign of the key register, before the first shift.
    pub sign: Signal<In, Bit>,
    /// Shifts the key register.
    pub shift: Signal<Out, Bit>,
    /// Nothing is under way.
    pub free: Signal<Out, Bit>,
    /// The last beat of a key, not of an error, was taken in the cycle before.
    pub gone: Signal<Out, Bit>,
    /// A beat is there.
    pub out_valid: Signal<Out, Bit>,
    /// It is taken.
    pub out_ready: Signal<In, Bit>,
    /// The beat.
    pub out_data: Signal<Out, Bits<64>>,
    /// Last of four.
    pub out_last: Signal<Out, Bit>,
    /// With the last beat: the box is complete.
    pub out_close: Signal<Out, Bit>,
    /// The beats belong to no key.
    pub out_error: Signal<Out, Bit>,
    /// Signature over all beats since the last `clear`: rotated by one, beat added without carry.
    pub signature: Signal<Out, Bits<64>>,
    active: DFF<Bit>,
    part: DFF<Bits<3>>,
    negative: DFF<Bit>,
    carry: DFF<Bit>,
    // What is added to this word, and that it is the key's top one, or beyond.
    addend_now: DFF<Bits<32>>,
    top_now: DFF<Bit>,
    blank_now: DFF<Bit>,
    low: DFF<Bits<32>>,
    valid: DFF<Bit>,
    data: DFF<Bits<64>>,
    last: DFF<Bit>,
    closing: DFF<Bit>,
    error: DFF<Bit>,
    signature_now: DFF<Bits<64>>,
    left_now: DFF<Bit>,
    odd: Signal<Local, Bit>,
    room: Signal<Local, Bit>,
    advance: Signal<Local, Bit>,
    taken: Signal<Local, Bit>,
    addend: Signal<Local, Bits<32>>,
    left: Signal<Local, Bits<34>>,
    right: Signal<Local, Bits<34>>,
    sum: Signal<Local, Bits<34>>,
    result: Signal<Local, Bits<32>>,
    both: Signal<Local, Bits<64>>,
    turned: Signal<Local, Bits<64>>,
    top: Signal<Local, Bits<64>>,
    half: Constant<Bits<6>>,
    most: Constant<Bits<6>>,
    top_mask: Constant<Bits<32>>,
    modulus2: Constant<Bits<32>>,
    modulus3: Constant<Bits<32>>,
    modulus4: Constant<Bits<32>>,
    modulus5: Constant<Bits<32>>,
    modulus6: Constant<Bits<32>>,
}

fn modulus_word(index: usize) -> Constant<Bits<32>> {
    let word: BigUint = (key_modulus() >> (32 * index)) & BigUint::from(u32::MAX);
    number(word.iter_u64_digits().next().unwrap_or(0))
}

impl Default for Leave {
    fn default() -> Self {
        // 10^64 is a multiple of 2^64 below 2^216.
        Self {
            clock: Default::default(),
            clear: Default::default(),
            start: Default::default(),
            start_error: Default::default(),
            close: Default::default(),
            quiet: Default::default(),
            word: Default::default(),
            sign: Default::default(),
            shift: Default::default(),
            free: Default::default(),
            gone: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            out_data: Default::default(),
            out_last: Default::default(),
            out_close: Default::default(),
            out_error: Default::default(),
            signature: Default::default(),
            active: Default::default(),
            part: Default::default(),
            negative: Default::default(),
            carry: Default::default(),
            addend_now: Default::default(),
            top_now: Default::default(),
            blank_now: Default::default(),
            low: Default::default(),
            valid: Default::default(),
            data: Default::default(),
            last: Default::default(),
            closing: Default::default(),
            error: Default::default(),
            signature_now: Default::default(),
            left_now: Default::default(),
            odd: Default::default(),
            room: Default::default(),
            advance: Default::default(),
            taken: Default::default(),
            addend: Default::default(),
            left: Default::default(),
            right: Default::default(),
            sum: Default::default(),
            result: Default::default(),
            both: Default::default(),
            turned: Default::default(),
            top: Default::default(),
            half: number(32),
            most: number(63),
            top_mask: number(0x00ff_ffff),
            modulus2: modulus_word(2),
            modulus3: modulus_word(3),
            modulus4: modulus_word(4),
            modulus5: modulus_word(5),
            modulus6: modulus_word(6),
        }
    }
}

impl Logic for Leave {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            active,
            part,
            negative,
            carry,
            addend_now,
            top_now,
            blank_now,
            low,
            valid,
            data,
            last,
            closing,
            error,
            signature_now,
            left_now
        );
        // A word a cycle; every second one waits for room.
        self.odd.next = self.part.q.val().get_bit(0);
        self.taken.next = self.valid.q.val() & self.out_ready.val();
        // A word waits until the one before has left: the ring's answer goes no further than to the register it empties.
        self.room.next = !self.valid.q.val();
        self.advance.next = self.active.q.val() & (!self.odd.val() | self.room.val());
        self.shift.next = self.advance.val() & !self.error.q.val();

        // The sign is known when the key is complete, and first used for word 2.
        if self.advance.val() & (self.part.q.val() == 0) {
            self.negative.d.next = self.sign.val() & !self.error.q.val();
        }
        self.addend.next = self.addend_now.q.val();
        // The carry goes in by a bit below the sum.
        self.left.next = (bit_cast::<34, 32>(self.word.val()) << 1) | 1;
        self.right.next = bit_cast::<34, 32>(self.addend.val()) << 1;
        if self.carry.q.val() {
            self.right.next = (bit_cast::<34, 32>(self.addend.val()) << 1) | 1;
        }
        self.sum.next = self.left.val() + self.right.val();
        self.result.next = self.sum.val().get_bits::<32>(1);
        if self.top_now.q.val() {
            self.result.next = self.sum.val().get_bits::<32>(1) & self.top_mask.val();
        }
        if self.blank_now.q.val() | self.error.q.val() {
            self.result.next = 0.into();
        }

        if self.taken.val() {
            self.valid.d.next = false;
            self.data.d.next = 0.into();
            self.last.d.next = false;
        }
        self.both.next = (bit_cast::<64, 32>(self.result.val()) << self.half.val())
            | bit_cast::<64, 32>(self.low.q.val());
        self.top.next = self.signature_now.q.val() >> self.most.val();
        self.turned.next = (self.signature_now.q.val() << 1) | self.top.val();
        if self.advance.val() {
            self.part.d.next = self.part.q.val() + 1;
            self.carry.d.next = self.sum.val().get_bit(33);
            if self.odd.val() {
                self.valid.d.next = !self.quiet.val();
                self.data.d.next = self.both.val();
                self.signature_now.d.next = self.turned.val() ^ self.both.val();
                self.last.d.next = self.part.q.val() == 7;
                self.low.d.next = 0.into();
            } else {
                self.low.d.next = self.result.val();
            }
            if self.part.q.val() == 7 {
                self.active.d.next = false;
            }
        }
        self.left_now.d.next = (self.taken.val() & self.last.q.val() & !self.error.q.val())
            | (self.quiet.val() & self.advance.val() & (self.part.q.val() == 7));
        self.gone.next = self.left_now.q.val();
        self.free.next = !self.active.q.val() & !self.valid.q.val() & !self.left_now.q.val();
        if self.start.val() | self.start_error.val() {
            self.active.d.next = true;
            self.part.d.next = 0.into();
            self.carry.d.next = false;
            self.negative.d.next = false;
            self.closing.d.next = self.close.val();
            self.error.d.next = self.start_error.val();
        }

        // What the coming word is added to and masked with: the sum waits for nothing but the carry.
        self.top_now.d.next = self.part.d.val() == 6;
        self.blank_now.d.next = self.part.d.val() == 7;
        self.addend_now.d.next = 0.into();
        if self.negative.q.val() {
            if self.part.d.val() == 2 {
                self.addend_now.d.next = self.modulus2.val();
            }
            if self.part.d.val() == 3 {
                self.addend_now.d.next = self.modulus3.val();
            }
            if self.part.d.val() == 4 {
                self.addend_now.d.next = self.modulus4.val();
            }
            if self.part.d.val() == 5 {
                self.addend_now.d.next = self.modulus5.val();
            }
            if self.part.d.val() == 6 {
                self.addend_now.d.next = self.modulus6.val();
            }
        }

        self.out_valid.next = self.valid.q.val();
        self.out_data.next = self.data.q.val();
        self.out_last.next = self.last.q.val();
        self.out_close.next = self.last.q.val() & self.closing.q.val();
        self.out_error.next = self.error.q.val();
        self.signature.next = self.signature_now.q.val();

        if self.clear.val() {
            self.active.d.next = false;
            self.part.d.next = 0.into();
            self.carry.d.next = false;
            self.negative.d.next = false;
            self.addend_now.d.next = 0.into();
            self.top_now.d.next = false;
            self.blank_now.d.next = false;
            self.low.d.next = 0.into();
            self.valid.d.next = false;
            self.data.d.next = 0.into();
            self.last.d.next = false;
            self.closing.d.next = false;
            self.error.d.next = false;
            self.left_now.d.next = false;
            self.signature_now.d.next = 0.into();
        }
    }
}
