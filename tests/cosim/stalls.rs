//! In which states of the buses the other side made the card wait: bins that a run must have hit.

/// The beat that waits.
#[derive(Clone, Copy, Debug)]
pub struct Data {
    pub first: bool,
    pub last: bool,
    /// False after a reset.
    pub strobed: bool,
}

/// A state of the write port in which a host may keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    Address,
    FirstBeat,
    MiddleBeat,
    LastBeat,
    Answer,
}

impl Hold {
    pub const ALL: [Self; 5] = [
        Self::Address,
        Self::FirstBeat,
        Self::MiddleBeat,
        Self::LastBeat,
        Self::Answer,
    ];

    /// Whether this is the beat that is kept: number `beat` of `beats`.
    pub fn keeps(self, beat: u64, beats: u64) -> bool {
        match self {
            Self::FirstBeat => beat == 0,
            Self::MiddleBeat => beat > 0 && beat + 1 < beats,
            Self::LastBeat => beat + 1 == beats,
            Self::Address | Self::Answer => false,
        }
    }
}

/// Cycles in which the write port waited, by the state that it waited in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stalls {
    pub address: u64,
    pub first_beat: u64,
    pub middle_beat: u64,
    pub last_beat: u64,
    pub address_and_data: u64,
    /// All data was taken; the answer is still to come.
    pub answer: u64,
    /// Eight bursts are not answered: no further address may come.
    pub eight_unanswered: u64,
    pub interrupt: u64,
    /// After a reset: an address that had been presented before it.
    pub address_of_aborted: u64,
    /// After a reset: a beat that writes nothing.
    pub beat_of_aborted: u64,
}

impl Stalls {
    /// One cycle. `aborted`: the card was reset and is not idle yet.
    pub fn count(
        &mut self,
        aborted: bool,
        address: bool,
        data: Option<Data>,
        unanswered: usize,
        answer: bool,
        interrupt: bool,
    ) {
        let hit = |bin: &mut u64, is: bool| *bin += u64::from(is);
        hit(&mut self.address, address);
        hit(&mut self.address_of_aborted, aborted && address);
        hit(&mut self.address_and_data, address && data.is_some());
        hit(&mut self.answer, answer);
        hit(&mut self.eight_unanswered, unanswered >= 8);
        hit(&mut self.interrupt, interrupt);
        if let Some(data) = data {
            let bin = match (data.first, data.last) {
                _ if !data.strobed => &mut self.beat_of_aborted,
                (_, true) => &mut self.last_beat,
                (true, false) => &mut self.first_beat,
                (false, false) => &mut self.middle_beat,
            };
            hit(bin, true);
        }
    }

    /// Cycles in the state.
    pub fn held(&self, hold: Hold) -> u64 {
        match hold {
            Hold::Address => self.address,
            Hold::FirstBeat => self.first_beat,
            Hold::MiddleBeat => self.middle_beat,
            Hold::LastBeat => self.last_beat,
            Hold::Answer => self.answer,
        }
    }

    /// Every state of a life; eight unanswered bursts and aborts have tests of their own.
    pub fn all_of_a_life(&self) {
        let bins = [
            self.address,
            self.first_beat,
            self.middle_beat,
            self.last_beat,
            self.address_and_data,
            self.answer,
            self.interrupt,
        ];
        assert!(bins.iter().all(|bin| *bin > 0), "{self:?}");
    }
}

/// Cycles in which the register port waited for its master.
#[derive(Clone, Copy, Debug, Default)]
pub struct Waits {
    /// The address of a write was taken, its data not yet offered.
    pub address_alone: u64,
    pub data_alone: u64,
    pub write_answer: u64,
    pub read_answer: u64,
}

impl Waits {
    pub fn all(&self) {
        let bins = [
            self.address_alone,
            self.data_alone,
            self.write_answer,
            self.read_answer,
        ];
        assert!(bins.iter().all(|bin| *bin > 0), "{self:?}");
    }
}
