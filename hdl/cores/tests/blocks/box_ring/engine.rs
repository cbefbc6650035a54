//! What stands for the engine: 64 contexts that come round, a key a turn, and boxes of every length.

use photonbox_cosim::Random;
use photonbox_model::boxes::{CONTEXTS, KEY_BYTES, Key};
use std::collections::VecDeque;

/// A box that a context fills.
#[derive(Clone, Debug)]
struct Filling {
    keys: u32,
    made: u32,
    tag: u32,
    number: u32,
    key: [u8; KEY_BYTES],
    /// No key before this cycle.
    pauses_until: u64,
}

/// A key as it is offered.
#[derive(Clone, Debug)]
pub(super) struct Offered {
    pub(super) context: usize,
    pub(super) key: [u8; KEY_BYTES],
    pub(super) first: bool,
    pub(super) last: bool,
    pub(super) tag: u32,
    pub(super) number: u32,
}

impl Offered {
    pub(super) fn key(&self) -> Key<'_> {
        Key {
            context: self.context,
            key: &self.key,
            first: self.first,
            last: self.last,
            tag: self.tag,
            number: self.number,
        }
    }

    pub(super) fn words(&self) -> Vec<u32> {
        self.key
            .chunks_exact(4)
            .map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            .collect()
    }
}

/// How long boxes are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Lengths {
    /// One to three keys.
    Short,
    /// Whatever, up to a slot, and beyond it now and then.
    Mixed,
    /// This many.
    Fixed(u32),
    /// Thousands of keys in the first contexts, which come often; else short.
    Long,
}

/// Contexts with thousands of keys, of [`Lengths::Long`].
pub(super) const HUGE: usize = 2;

/// The contexts.
pub(super) struct Engine {
    boxes: Vec<Option<Filling>>,
    /// Context of this cycle and of the next.
    pub(super) context: usize,
    pub(super) next_context: usize,
    turn: usize,
    recent: VecDeque<usize>,
    pub(super) lengths: Lengths,
    /// Some contexts come more often than others.
    pub(super) uneven: bool,
    /// Contexts begin no boxes.
    pub(super) ends: bool,
    number: u32,
}

impl Engine {
    pub(super) fn new(lengths: Lengths) -> Self {
        Self {
            boxes: vec![None; CONTEXTS],
            context: 0,
            next_context: 1,
            turn: 1,
            recent: VecDeque::new(),
            lengths,
            uneven: false,
            ends: false,
            number: 0,
        }
    }

    /// The next cycle: its context, and whose key comes after it. A context has its next turn after four cycles at
    /// the earliest.
    pub(super) fn step(&mut self, random: &mut Random) {
        self.context = self.next_context;
        self.recent.push_back(self.context);
        if self.recent.len() > 3 {
            self.recent.pop_front();
        }
        let hot = match self.lengths {
            Lengths::Long => random.below(HUGE as u64) as usize,
            _ => random.below(6) as usize,
        };
        if self.uneven && random.one_in(2) && !self.recent.contains(&hot) {
            self.next_context = hot;
            return;
        }
        loop {
            self.turn = (self.turn + 1) % CONTEXTS;
            if !self.recent.contains(&self.turn) {
                break;
            }
        }
        self.next_context = self.turn;
    }

    /// The key of this cycle's context, if it has one.
    pub(super) fn offer(
        &mut self,
        now: u64,
        slot_keys: u32,
        random: &mut Random,
    ) -> Option<Offered> {
        let filling = &mut self.boxes[self.context];
        if filling.is_none() {
            let keys = match self.lengths {
                Lengths::Fixed(keys) => keys,
                Lengths::Long if self.context < HUGE => 4200 + random.below(4200) as u32,
                Lengths::Short | Lengths::Long => {
                    1 + random.below(3.min(u64::from(slot_keys))) as u32
                }
                Lengths::Mixed if random.one_in(60) => slot_keys + random.below(3) as u32,
                Lengths::Mixed => {
                    (*random.pick(&[1, 2, 7, 8, 9, 16, 30, slot_keys])).min(slot_keys)
                }
            };
            if self.ends {
                return None;
            }
            self.number = self.number.wrapping_add(1);
            *filling = Some(Filling {
                keys,
                made: 0,
                tag: random.bits() as u32,
                number: self.number,
                key: random_key(random),
                pauses_until: 0,
            });
        }
        let filling = filling.as_mut().filter(|box_| box_.pauses_until <= now)?;
        Some(Offered {
            context: self.context,
            key: filling.key,
            first: filling.made == 0,
            last: filling.made + 1 == filling.keys,
            // TAG and number count with the first key.
            tag: filling.tag,
            number: filling.number,
        })
    }

    /// The key of this cycle's context was taken.
    pub(super) fn taken(&mut self, now: u64, random: &mut Random) {
        let filling = &mut self.boxes[self.context];
        if let Some(box_) = filling {
            box_.made += 1;
            box_.key = random_key(random);
            if self.lengths == Lengths::Mixed && random.one_in(if self.ends { 8 } else { 200 }) {
                box_.pauses_until = now + random.below(3000);
            }
            if box_.made == box_.keys {
                *filling = None;
            }
        }
    }

    /// The context's job is cut short.
    pub(super) fn cut(&mut self, context: usize) {
        self.boxes[context] = None;
    }

    /// The ring is lost: all jobs end.
    pub(super) fn abort(&mut self) {
        self.boxes.fill(None);
    }

    /// Whether keys of the context's box were taken, and not all.
    pub(super) fn is_open(&self, context: usize) -> bool {
        self.boxes[context]
            .as_ref()
            .is_some_and(|box_| box_.made != 0)
    }
}

fn random_key(random: &mut Random) -> [u8; KEY_BYTES] {
    let mut key = [0; KEY_BYTES];
    for chunk in key.chunks_exact_mut(8) {
        chunk.copy_from_slice(&random.bits().to_le_bytes());
    }
    key
}
