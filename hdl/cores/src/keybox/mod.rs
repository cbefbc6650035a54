//! The key-box engine: jobs by registers, session keys to the key-box ring (spec 2-keybox §2.1, 6-card §6.1).
//!
//! See `README.md` in this folder.

mod arithmetic;
mod judge;
mod key_register;
mod leave;
mod mac;
mod multiplier;
mod registers;
mod schedule;

pub use judge::Judge;
pub use key_register::KeyRegister;
pub use leave::Leave;
pub use mac::Mac;
pub use multiplier::Multiplier;
pub use registers::Registers;

use arithmetic::{LIMBS, limb};
use num_bigint::BigUint;
use photonbox_model::keybox::{KAT_KEYS, KAT_S, KAT_SIGNATURE, kat_x0};
use photonbox_regmap::keybox as map;
pub(crate) use registers::{number, outcome};
use rust_hdl::prelude::*;
use schedule::{CHECK, FLUSH, PAUSE, Program, place};

/// Cycles from one session key to the next, the same for every s, when the ring keeps up.
pub fn key_cycles() -> u32 {
    Program::new(1).period as u32
}

/// What the engine is doing.
#[derive(Copy, Clone, Debug, PartialEq, LogicState)]
pub enum State {
    /// Nothing.
    Idle,
    /// X_0 goes to the arithmetic, limb by limb.
    Load,
    /// X_0 is compared with M.
    Check,
    /// Keys are made.
    Make,
    /// A box that has begun is completed as an error.
    Cut,
    /// Everything is overwritten by zeros.
    Sweep,
}

/// The key-box engine of build *small*: one job context, two multipliers.
#[derive(LogicBlock)]
pub struct KeyBox {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Back to power-on; what is secret is swept.
    pub reset: Signal<In, Bit>,
    /// A register is written in this cycle.
    pub csr_write: Signal<In, Bit>,
    /// Block of the register.
    pub csr_block: Signal<In, Bits<3>>,
    /// Instance of the block.
    pub csr_instance: Signal<In, Bits<6>>,
    /// Number of the register in its block.
    pub csr_register: Signal<In, Bits<7>>,
    /// Value to write.
    pub csr_data: Signal<In, Bits<32>>,
    /// Value of the addressed register, two cycles later; 0 for others.
    pub csr_read: Signal<Out, Bits<32>>,
    /// The write is refused: a job runs, or there is no such job context.
    pub csr_refused: Signal<Out, Bit>,
    /// Copies the 64-bit counter into its registers.
    pub snapshot: Signal<In, Bit>,
    /// The key-box ring is committed, enabled and not in error.
    pub ring_usable: Signal<In, Bit>,
    /// Bytes of a slot of that ring.
    pub ring_slot_bytes: Signal<In, Bits<21>>,
    /// A beat of a session key is there.
    pub out_valid: Signal<Out, Bit>,
    /// The ring takes it.
    pub out_ready: Signal<In, Bit>,
    /// 64 bits of the key, the lowest first.
    pub out_data: Signal<Out, Bits<64>>,
    /// Last of the key's four beats.
    pub out_last: Signal<Out, Bit>,
    /// With the last beat: the box, and with it the slot, is complete.
    pub out_close: Signal<Out, Bit>,
    /// Flags of a completion in the order of the map: ERROR for a box cut short.
    pub out_flags: Signal<Out, Bits<6>>,
    /// TAG, and the box's number in the high half.
    pub out_lanes: Signal<Out, Bits<64>>,
    /// Begin the known-answer test. While a job runs the answer is that of the last one.
    pub kat_start: Signal<In, Bit>,
    /// Makes it fail.
    pub kat_fault: Signal<In, Bit>,
    /// It has ended (pulse).
    pub kat_done: Signal<Out, Bit>,
    /// It was passed.
    pub kat_ok: Signal<Out, Bit>,
    /// Something runs or is being swept.
    pub busy: Signal<Out, Bit>,
    registers: Registers,
    mac: Mac,
    key: KeyRegister,
    judge: Judge,
    leave: Leave,
    kat_x0: ROM<Bits<36>, 3>,
    state: DFF<State>,
    step: DFF<Bits<5>>,
    bank: DFF<Bits<10>>,
    at: DFF<Bits<7>>,
    kat: DFF<Bit>,
    result: DFF<Bits<3>>,
    aborting: DFF<Bit>,
    skip: DFF<Bit>,
    all_keys: DFF<Bits<32>>,
    few_keys: DFF<Bit>,
    in_range: DFF<Bit>,
    fits: DFF<Bit>,
    box_keys: DFF<Bits<16>>,
    keys_left: DFF<Bits<16>>,
    boxes_left: DFF<Bits<16>>,
    box_number: DFF<Bits<16>>,
    box_last: DFF<Bit>,
    job_last: DFF<Bit>,
    box_fresh: DFF<Bit>,
    kat_pulse: DFF<Bit>,
    kat_passed: DFF<Bit>,
    allowed: Signal<Local, Bit>,
    begins: Signal<Local, Bit>,
    first_s: Signal<Local, Bits<4>>,
    bank_number: Signal<Local, Bits<4>>,
    place_in_bank: Signal<Local, Bits<7>>,
    check_place: Signal<Local, Bits<7>>,
    loaded: Signal<Local, Bits<36>>,
    key_bytes: Signal<Local, Bits<21>>,
    captured: Signal<Local, Bit>,
    finish: Signal<Local, Bit>,
    finish_as: Signal<Local, Bits<3>>,
    cut: Signal<Local, Bit>,
    one_key: Signal<Local, Bit>,
    one_box: Signal<Local, Bit>,
    keys_after: Signal<Local, Bits<16>>,
    boxes_after: Signal<Local, Bits<16>>,
    sweeping: Signal<Local, Bit>,
    signature_ok: Signal<Local, Bit>,
    kat_s: Constant<Bits<4>>,
    kat_keys: Constant<Bits<16>>,
    kat_signature: Constant<Bits<64>>,
    most_s: Constant<Bits<4>>,
    most_keys: Constant<Bits<32>>,
    bank_shift: Constant<Bits<4>>,
    key_shift: Constant<Bits<5>>,
    box_shift: Constant<Bits<6>>,
    check: Constant<Bits<7>>,
    flush: Constant<Bits<7>>,
    pause: Constant<Bits<7>>,
    hold: Constant<Bits<7>>,
    round_end: Constant<Bits<7>>,
    limbs: Constant<Bits<5>>,
    last_limb: Constant<Bits<5>>,
    checked: Constant<Bits<5>>,
    key_last: Constant<Bits<5>>,
    unswept: Constant<Bits<5>>,
    end_none: Constant<Bits<3>>,
    end_done: Constant<Bits<3>>,
    end_weak: Constant<Bits<3>>,
    end_bad: Constant<Bits<3>>,
    end_aborted: Constant<Bits<3>>,
}

impl Default for KeyBox {
    fn default() -> Self {
        let kat = BigUint::from_bytes_le(&kat_x0());
        let kat: Vec<Bits<36>> = (0..8).map(|index| limb(&kat, index).into()).collect();
        let program = Program::new(1);
        // A check's verdict comes 17 cycles after its first word.
        let checked = 24;
        Self {
            clock: Default::default(),
            reset: Default::default(),
            csr_write: Default::default(),
            csr_block: Default::default(),
            csr_instance: Default::default(),
            csr_register: Default::default(),
            csr_data: Default::default(),
            csr_read: Default::default(),
            csr_refused: Default::default(),
            snapshot: Default::default(),
            ring_usable: Default::default(),
            ring_slot_bytes: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            out_data: Default::default(),
            out_last: Default::default(),
            out_close: Default::default(),
            out_flags: Default::default(),
            out_lanes: Default::default(),
            kat_start: Default::default(),
            kat_fault: Default::default(),
            kat_done: Default::default(),
            kat_ok: Default::default(),
            busy: Default::default(),
            registers: Registers::new(program.period as u32),
            mac: Default::default(),
            key: Default::default(),
            judge: Default::default(),
            leave: Default::default(),
            kat_x0: kat.into_iter().into(),
            state: Default::default(),
            step: Default::default(),
            bank: Default::default(),
            at: Default::default(),
            kat: Default::default(),
            result: Default::default(),
            aborting: Default::default(),
            skip: Default::default(),
            all_keys: Default::default(),
            few_keys: Default::default(),
            in_range: Default::default(),
            fits: Default::default(),
            box_keys: Default::default(),
            keys_left: Default::default(),
            boxes_left: Default::default(),
            box_number: Default::default(),
            box_last: Default::default(),
            job_last: Default::default(),
            box_fresh: Default::default(),
            kat_pulse: Default::default(),
            kat_passed: Default::default(),
            allowed: Default::default(),
            begins: Default::default(),
            first_s: Default::default(),
            bank_number: Default::default(),
            place_in_bank: Default::default(),
            check_place: Default::default(),
            loaded: Default::default(),
            key_bytes: Default::default(),
            captured: Default::default(),
            finish: Default::default(),
            finish_as: Default::default(),
            cut: Default::default(),
            one_key: Default::default(),
            one_box: Default::default(),
            keys_after: Default::default(),
            boxes_after: Default::default(),
            sweeping: Default::default(),
            signature_ok: Default::default(),
            kat_s: number(u64::from(KAT_S)),
            kat_keys: number(u64::from(KAT_KEYS)),
            kat_signature: number(KAT_SIGNATURE),
            most_s: number(u64::from(map::MAX_S)),
            most_keys: number(u64::from(map::MAX_JOB_KEYS)),
            bank_shift: number(7),
            key_shift: number(5),
            box_shift: number(32),
            check: number(CHECK as u64),
            flush: number(FLUSH as u64),
            pause: number(PAUSE as u64),
            hold: number(program.hold as u64),
            round_end: number(program.period as u64 - 1),
            limbs: number(LIMBS as u64),
            last_limb: number(LIMBS as u64 - 1),
            checked: number(checked),
            key_last: number(schedule::KEY_LIMBS as u64 - 1),
            unswept: number(place::ONE as u64),
            end_none: number(outcome::NONE),
            end_done: number(outcome::DONE),
            end_weak: number(outcome::WEAK),
            end_bad: number(outcome::BAD),
            end_aborted: number(outcome::ABORTED),
        }
    }
}

impl Logic for KeyBox {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, state, step, bank, at, kat, result, aborting, skip, all_keys, few_keys,
            in_range, fits, box_keys, keys_left, boxes_left, box_number, box_last, job_last,
            box_fresh, kat_pulse, kat_passed
        );
        clock!(self, clock, registers, mac, key, judge, leave);

        // Registers.
        self.registers.reset.next = self.reset.val();
        self.registers.csr_write.next = self.csr_write.val();
        self.registers.csr_block.next = self.csr_block.val();
        self.registers.csr_instance.next = self.csr_instance.val();
        self.registers.csr_register.next = self.csr_register.val();
        self.registers.csr_data.next = self.csr_data.val();
        self.registers.snapshot.next = self.snapshot.val();
        self.csr_read.next = self.registers.csr_read.val();
        self.csr_refused.next = self.registers.csr_refused.val();
        self.busy.next = self.state.q.val() != State::Idle;
        self.registers.busy.next = self.state.q.val() != State::Idle;
        self.registers.ended.next = false;
        self.registers.ended_as.next = self.result.q.val();
        self.registers.key_made.next = self.leave.gone.val() & !self.kat.q.val();

        // What can be said of a job before it is submitted; the registers have been still for some cycles then.
        self.all_keys.d.next = self.registers.boxes.val() * self.registers.keys.val();
        self.few_keys.d.next = self.all_keys.q.val() <= self.most_keys.val();
        self.in_range.d.next = (self.registers.s.val() != 0)
            & (self.registers.s.val() <= self.most_s.val())
            & (self.registers.boxes.val() != 0)
            & (self.registers.keys.val() != 0);
        self.key_bytes.next = bit_cast::<21, 16>(self.registers.keys.val()) << self.key_shift.val();
        self.fits.d.next =
            (self.key_bytes.val() <= self.ring_slot_bytes.val()) & self.ring_usable.val();
        self.allowed.next = self.few_keys.q.val() & self.in_range.q.val() & self.fits.q.val();

        // The key register: X_0 in by words, out by limbs; a session key in by limbs, out by words.
        self.key.clear.next = false;
        self.key.write.next = self.registers.x0_write.val();
        // A job alone shifts it; what is loaded depends on the state, and not on the strobe.
        self.key.idle.next = self.state.q.val() == State::Idle;
        self.key.data.next = self.csr_data.val();
        self.key.limb_in.next = 0.into();
        self.key.shift_limb.next = false;
        self.key.shift_word.next = self.leave.shift.val();
        self.leave.word.next = self.key.word.val();
        self.leave.sign.next = self.key.sign.val();

        // The arithmetic; without anything to do it flushes its pipeline.
        self.place_in_bank.next = self.flush.val();
        self.check_place.next = self.check.val() + bit_cast::<7, 5>(self.step.q.val());
        self.kat_x0.address.next = self.step.q.val().get_bits::<3>(0);
        self.loaded.next = self.key.limb.val();
        if self.kat.q.val() {
            self.loaded.next = self.kat_x0.data.val();
        }
        self.mac.load.next = false;
        self.mac.load_address.next = self.step.q.val();
        self.mac.load_data.next = 0.into();

        // The next X against the present one, X_0 against 0 and M.
        self.judge.limb.next = self.mac.limb.val();
        self.judge.replaced.next = self.mac.replaced.val();
        self.judge.index.next = self.mac.index.val();
        self.judge.is_next.next = self.mac.is_next.val();
        self.judge.is_check.next = self.mac.is_check.val();
        self.judge.is_load.next = false;
        self.judge.loaded.next = self.loaded.val();
        self.judge.clear.next = false;

        // What leaves.
        self.leave.clear.next = false;
        self.leave.start.next = false;
        self.leave.start_error.next = false;
        self.leave.close.next = self.box_last.q.val();
        self.leave.quiet.next = self.kat.q.val();
        self.leave.out_ready.next = self.out_ready.val();
        self.out_valid.next = self.leave.out_valid.val();
        self.out_data.next = self.leave.out_data.val();
        self.out_last.next = self.leave.out_last.val();
        self.out_close.next = self.leave.out_close.val();
        self.out_flags.next = 0.into();
        if self.leave.out_error.val() {
            self.out_flags.next = 16.into();
        }
        self.out_lanes.next = (bit_cast::<64, 16>(self.box_number.q.val()) << self.box_shift.val())
            | bit_cast::<64, 32>(self.registers.tag.val());

        // A key is complete in the register. That of the first round would be X_0's.
        self.captured.next = self.mac.is_key.val()
            & (self.mac.index.val() == self.key_last.val())
            & (self.state.q.val() == State::Make);
        if self.mac.is_key.val() & (self.state.q.val() == State::Make) {
            self.key.limb_in.next = self.mac.limb.val();
            self.key.shift_limb.next = true;
        }
        if self.captured.val() {
            self.skip.d.next = false;
            self.leave.start.next = !self.skip.q.val();
        }

        // Counting keys and boxes.
        self.one_key.next = self.keys_left.q.val() == 1;
        self.one_box.next = self.boxes_left.q.val() == 1;
        self.box_last.d.next = self.one_key.val();
        self.job_last.d.next = self.one_key.val() & self.one_box.val();
        self.keys_after.next = self.keys_left.q.val() - 1;
        self.boxes_after.next = self.boxes_left.q.val() - 1;
        if self.leave.gone.val() {
            self.keys_left.d.next = self.keys_after.val();
            self.box_fresh.d.next = false;
            if self.box_last.q.val() {
                self.keys_left.d.next = self.box_keys.q.val();
                self.boxes_left.d.next = self.boxes_after.val();
                self.box_number.d.next = self.box_number.q.val() + 1;
                self.box_fresh.d.next = true;
            }
        }

        self.begins.next = false;
        self.first_s.next = self.registers.s.val();
        self.finish.next = false;
        self.finish_as.next = self.end_done.val();
        self.cut.next = false;
        self.sweeping.next = false;
        self.kat_pulse.d.next = false;
        self.signature_ok.next =
            (self.leave.signature.val() == self.kat_signature.val()) & !self.kat_fault.val();

        if self.registers.abort.val() {
            self.aborting.d.next = true;
        }
        match self.state.q.val() {
            State::Idle => {
                self.step.d.next = 0.into();
                self.aborting.d.next = false;
                if self.registers.submit.val() {
                    self.begins.next = true;
                    self.state.d.next = State::Load;
                    if !self.allowed.val() {
                        self.finish.next = true;
                        self.finish_as.next = self.end_bad.val();
                    }
                } else {
                    if self.kat_start.val() {
                        self.begins.next = true;
                        self.first_s.next = self.kat_s.val();
                        self.kat.d.next = true;
                        self.state.d.next = State::Load;
                    }
                }
            }
            State::Load => {
                self.mac.load.next = true;
                self.mac.load_data.next = self.loaded.val();
                self.judge.is_load.next = true;
                self.key.shift_limb.next = true;
                self.step.d.next = self.step.q.val() + 1;
                if self.step.q.val() == self.last_limb.val() {
                    self.step.d.next = 0.into();
                    self.state.d.next = State::Check;
                }
            }
            State::Check => {
                if self.step.q.val() < self.limbs.val() {
                    self.place_in_bank.next = self.check_place.val();
                }
                self.step.d.next = self.step.q.val() + 1;
                if self.step.q.val() == self.checked.val() {
                    self.at.d.next = 0.into();
                    self.state.d.next = State::Make;
                    if self.judge.zero.val() {
                        self.finish.next = true;
                        self.finish_as.next = self.end_weak.val();
                    } else {
                        if !self.judge.below.val() {
                            self.finish.next = true;
                            self.finish_as.next = self.end_bad.val();
                        }
                    }
                }
            }
            State::Make => {
                // Before X is replaced, the key before this one must have left.
                self.place_in_bank.next = self.at.q.val();
                self.at.d.next = self.at.q.val() + 1;
                if self.at.q.val() == self.round_end.val() {
                    self.at.d.next = 0.into();
                }
                if self.at.q.val() == self.hold.val() {
                    if !self.leave.free.val() {
                        self.place_in_bank.next = self.pause.val();
                        self.at.d.next = self.at.q.val();
                    } else {
                        if self.judge.is_weak.val() {
                            self.cut.next = true;
                            self.result.d.next = self.end_weak.val();
                        }
                    }
                }
                if self.leave.free.val() & self.aborting.q.val() & !self.captured.val() {
                    self.cut.next = true;
                    self.result.d.next = self.end_aborted.val();
                }
                if self.cut.val() {
                    self.state.d.next = State::Cut;
                    self.step.d.next = 0.into();
                }
                if !self.ring_usable.val() & !self.kat.q.val() {
                    self.finish.next = true;
                    self.finish_as.next = self.end_aborted.val();
                }
                if self.leave.gone.val() & self.job_last.q.val() {
                    self.finish.next = true;
                    self.finish_as.next = self.end_done.val();
                }
            }
            State::Cut => {
                if self.step.q.val() == 0 {
                    self.step.d.next = 1.into();
                    self.leave.close.next = true;
                    self.leave.start_error.next = !self.box_fresh.q.val();
                } else {
                    self.finish.next = self.leave.free.val();
                    self.finish_as.next = self.result.q.val();
                }
                if !self.ring_usable.val() | self.kat.q.val() {
                    self.leave.start_error.next = false;
                    self.finish.next = true;
                    self.finish_as.next = self.result.q.val();
                }
            }
            State::Sweep => {
                self.sweeping.next = true;
                self.mac.load.next = self.step.q.val() != self.unswept.val();
                self.key.clear.next = true;
                self.leave.clear.next = true;
                self.judge.clear.next = true;
                self.aborting.d.next = false;
                self.step.d.next = self.step.q.val() + 1;
                if (self.step.q.val() == 0) & self.kat.q.val() {
                    self.kat_passed.d.next =
                        self.signature_ok.val() & (self.result.q.val() == self.end_done.val());
                }
                if self.step.q.val() == 31 {
                    self.state.d.next = State::Idle;
                    self.kat.d.next = false;
                    self.kat_pulse.d.next = self.kat.q.val();
                    self.registers.ended.next = !self.kat.q.val();
                }
            }
            _ => {
                self.state.d.next = State::Sweep;
                self.step.d.next = 0.into();
            }
        }
        if self.finish.val() {
            self.result.d.next = self.finish_as.val();
            self.state.d.next = State::Sweep;
            self.step.d.next = 0.into();
        }

        // A job or the self-test begins.
        self.bank_number.next = self.first_s.val() - 1;
        if self.begins.val() {
            self.bank.d.next = bit_cast::<10, 4>(self.bank_number.val()) << self.bank_shift.val();
            self.box_keys.d.next = self.registers.keys.val();
            self.keys_left.d.next = self.registers.keys.val();
            self.boxes_left.d.next = self.registers.boxes.val();
            self.box_number.d.next = 1.into();
            self.box_fresh.d.next = true;
            self.skip.d.next = true;
            if !self.registers.submit.val() {
                self.box_keys.d.next = self.kat_keys.val();
                self.keys_left.d.next = self.kat_keys.val();
                self.boxes_left.d.next = 1.into();
            }
        }
        self.mac.address.next = self.bank.q.val() | bit_cast::<10, 7>(self.place_in_bank.val());
        // While a job has the engine, the answer is the last one.
        if self.kat_start.val() & (self.state.q.val() != State::Idle) & !self.kat.q.val() {
            self.kat_pulse.d.next = true;
        }
        self.kat_done.next = self.kat_pulse.q.val();
        self.kat_ok.next = self.kat_passed.q.val();

        if self.reset.val() {
            self.state.d.next = State::Sweep;
            self.step.d.next = 0.into();
            self.result.d.next = self.end_none.val();
            self.kat.d.next = false;
            self.kat_pulse.d.next = false;
            self.kat_passed.d.next = false;
            self.leave.clear.next = true;
            self.key.clear.next = true;
        }
    }
}
