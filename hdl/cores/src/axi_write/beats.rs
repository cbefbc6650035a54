//! Words of 64 bits into beats of the bus.

use rust_hdl::prelude::*;

/// Packs words into beats of `D` bits, with a register for the beat on the bus and one behind it, so that nothing
/// goes straight from READY to VALID.
#[derive(LogicBlock)]
pub struct Beats<const D: usize, const S: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset: Signal<In, Bit>,
    /// Address of a request.
    pub request_address: Signal<In, Bits<64>>,
    /// Its words.
    pub request_words: Signal<In, Bits<6>>,
    /// Its address, aligned to a beat.
    pub beat_address: Signal<Out, Bits<64>>,
    /// Its beats less one.
    pub beats_less_one: Signal<Out, Bits<8>>,
    /// Place of its first word in the first beat.
    pub request_lane: Signal<Out, Bits<2>>,
    /// AWSIZE.
    pub beat_size: Signal<Out, Bits<3>>,
    /// A burst begins: its first word is at `lane`. One cycle.
    pub start: Signal<In, Bit>,
    /// Place of the burst's first word.
    pub lane: Signal<In, Bits<2>>,
    /// A word may be pushed.
    pub room: Signal<Out, Bit>,
    /// A word. One cycle each.
    pub push: Signal<In, Bit>,
    /// The word.
    pub word: Signal<In, Bits<64>>,
    /// Instead of a word, this is a whole beat.
    pub whole: Signal<In, Bit>,
    /// The beat.
    pub whole_word: Signal<In, Bits<D>>,
    /// The burst's last word.
    pub last: Signal<In, Bit>,
    /// Write nothing: zero data, no strobes.
    pub dead: Signal<In, Bit>,
    /// WVALID.
    pub valid: Signal<Out, Bit>,
    /// WREADY.
    pub ready: Signal<In, Bit>,
    /// WDATA.
    pub data: Signal<Out, Bits<D>>,
    /// WSTRB.
    pub strobes: Signal<Out, Bits<S>>,
    /// WLAST.
    pub is_last: Signal<Out, Bit>,
    /// The beat behind it is a burst's last.
    pub back_is_last: Signal<Out, Bit>,

    place: DFF<Bits<2>>,
    part: DFF<Bits<D>>,
    part_strobes: DFF<Bits<S>>,
    front_valid: DFF<Bit>,
    front: DFF<Bits<D>>,
    front_strobes: DFF<Bits<S>>,
    front_last: DFF<Bit>,
    back_valid: DFF<Bit>,
    back: DFF<Bits<D>>,
    back_strobes: DFF<Bits<S>>,
    back_last: DFF<Bit>,

    wide: Signal<Local, Bits<D>>,
    beat: Signal<Local, Bits<D>>,
    eight: Signal<Local, Bits<S>>,
    beat_strobes: Signal<Local, Bits<S>>,
    complete: Signal<Local, Bit>,
    popped: Signal<Local, Bit>,
    offset: Signal<Local, Bits<6>>,
    past: Signal<Local, Bits<6>>,
    data_shift: Signal<Local, Bits<8>>,
    strobe_shift: Signal<Local, Bits<5>>,
    place_wide: Signal<Local, Bits<8>>,
    place_strobe: Signal<Local, Bits<5>>,
    /// Words of a beat less one.
    lanes: Constant<Bits<2>>,
    /// Logarithm of the words of a beat.
    lanes_log: Constant<Bits<6>>,
    size: Constant<Bits<3>>,
    align: Constant<Bits<64>>,
    every: Constant<Bits<S>>,
}

impl<const D: usize, const S: usize> Default for Beats<D, S> {
    fn default() -> Self {
        let words = (D / 64) as u64;
        let bytes = (D / 8) as u64;
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            request_address: Signal::default(),
            request_words: Signal::default(),
            beat_address: Signal::default(),
            beats_less_one: Signal::default(),
            request_lane: Signal::default(),
            beat_size: Signal::default(),
            start: Signal::default(),
            lane: Signal::default(),
            room: Signal::default(),
            push: Signal::default(),
            word: Signal::default(),
            whole: Signal::default(),
            whole_word: Signal::default(),
            last: Signal::default(),
            dead: Signal::default(),
            valid: Signal::default(),
            ready: Signal::default(),
            data: Signal::default(),
            strobes: Signal::default(),
            is_last: Signal::default(),
            back_is_last: Signal::default(),
            place: DFF::default(),
            part: DFF::default(),
            part_strobes: DFF::default(),
            front_valid: DFF::default(),
            front: DFF::default(),
            front_strobes: DFF::default(),
            front_last: DFF::default(),
            back_valid: DFF::default(),
            back: DFF::default(),
            back_strobes: DFF::default(),
            back_last: DFF::default(),
            wide: Signal::default(),
            beat: Signal::default(),
            eight: Signal::default(),
            beat_strobes: Signal::default(),
            complete: Signal::default(),
            popped: Signal::default(),
            offset: Signal::default(),
            past: Signal::default(),
            data_shift: Signal::default(),
            strobe_shift: Signal::default(),
            place_wide: Signal::default(),
            place_strobe: Signal::default(),
            lanes: Constant::new((words - 1).into()),
            lanes_log: Constant::new(u64::from(words.trailing_zeros()).into()),
            size: Constant::new(u64::from(bytes.trailing_zeros()).into()),
            align: Constant::new((!(bytes - 1)).into()),
            every: Constant::new((u64::MAX >> (64 - bytes)).into()),
        }
    }
}

impl<const D: usize, const S: usize> Logic for Beats<D, S> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            place,
            part,
            part_strobes,
            front_valid,
            front,
            front_strobes,
            front_last,
            back_valid,
            back,
            back_strobes,
            back_last
        );
        // Requests in terms of beats.
        self.request_lane.next = self.request_address.val().get_bits::<2>(3) & self.lanes.val();
        self.beat_address.next = self.request_address.val() & self.align.val();
        self.beat_size.next = self.size.val();
        self.offset.next =
            bit_cast::<6, 2>(self.request_address.val().get_bits::<2>(3) & self.lanes.val());
        self.past.next = (self.request_words.val() - 1) + self.offset.val();
        self.beats_less_one.next = bit_cast::<8, 6>(self.past.val() >> self.lanes_log.val());

        // The beat that the word completes, or joins.
        self.place_wide.next = bit_cast::<8, 2>(self.place.q.val());
        self.place_strobe.next = bit_cast::<5, 2>(self.place.q.val());
        self.data_shift.next = self.place_wide.val() << 6;
        self.strobe_shift.next = self.place_strobe.val() << 3;
        self.wide.next = bit_cast::<D, 64>(self.word.val());
        self.eight.next = 255.into();
        self.beat.next = self.part.q.val() | (self.wide.val() << self.data_shift.val());
        self.beat_strobes.next =
            self.part_strobes.q.val() | (self.eight.val() << self.strobe_shift.val());
        if self.whole.val() {
            self.beat.next = self.whole_word.val();
            self.beat_strobes.next = self.every.val();
        }
        if self.dead.val() {
            self.beat.next = 0.into();
            self.beat_strobes.next = 0.into();
            self.part.d.next = 0.into();
            self.part_strobes.d.next = 0.into();
        }
        self.complete.next = self.push.val()
            & (self.last.val() | self.whole.val() | (self.place.q.val() == self.lanes.val()));
        if self.push.val() {
            self.place.d.next = (self.place.q.val() + 1) & self.lanes.val();
            self.part.d.next = self.beat.val();
            self.part_strobes.d.next = self.beat_strobes.val();
        }
        if self.start.val() {
            self.place.d.next = self.lane.val();
        }
        if self.complete.val() {
            self.part.d.next = 0.into();
            self.part_strobes.d.next = 0.into();
        }

        // What is on the bus stays until it is taken; what is behind it is emptied when writing stops.
        self.popped.next = self.front_valid.q.val() & self.ready.val();
        if self.popped.val() {
            self.front_valid.d.next = self.back_valid.q.val();
            self.front.d.next = self.back.q.val();
            self.front_strobes.d.next = self.back_strobes.q.val();
            self.front_last.d.next = self.back_last.q.val();
            if self.dead.val() {
                self.front.d.next = 0.into();
                self.front_strobes.d.next = 0.into();
            }
            self.back_valid.d.next = false;
            self.back.d.next = 0.into();
            self.back_strobes.d.next = 0.into();
            self.back_last.d.next = false;
        }
        if self.dead.val() {
            self.back.d.next = 0.into();
            self.back_strobes.d.next = 0.into();
        }
        if self.complete.val() {
            if self.popped.val() | !self.front_valid.q.val() {
                self.front_valid.d.next = true;
                self.front.d.next = self.beat.val();
                self.front_strobes.d.next = self.beat_strobes.val();
                self.front_last.d.next = self.last.val();
            } else {
                self.back_valid.d.next = true;
                self.back.d.next = self.beat.val();
                self.back_strobes.d.next = self.beat_strobes.val();
                self.back_last.d.next = self.last.val();
            }
        }
        self.room.next = !self.back_valid.q.val();
        self.valid.next = self.front_valid.q.val();
        self.data.next = self.front.q.val();
        self.strobes.next = self.front_strobes.q.val();
        self.is_last.next = self.front_last.q.val();
        self.back_is_last.next = self.back_last.q.val();

        if self.reset.val() {
            self.place.d.next = 0.into();
            self.part.d.next = 0.into();
            self.part_strobes.d.next = 0.into();
            self.front_valid.d.next = false;
            self.front.d.next = 0.into();
            self.front_strobes.d.next = 0.into();
            self.front_last.d.next = false;
            self.back_valid.d.next = false;
            self.back.d.next = 0.into();
            self.back_strobes.d.next = 0.into();
            self.back_last.d.next = false;
        }
    }
}
