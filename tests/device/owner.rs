//! The owner of simulated cards, and the slot that a bus leads to. A program somewhere else drives the card in the slot
//! over that bus, and tells the owner over a line what else shall happen to it.

use crate::line::{self, Answer, Ask, NewCard};
use crate::local::{AnyCard, Forged, SimCard};
use photonbox_driver::{Device, HostBus};
use photonbox_regmap::global;
use photonbox_simcard::{Pace, ScheduledFault, SimCardOptions};
use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A place on a bus, and the card that is in it now.
pub(crate) struct Slot {
    held: Mutex<Held>,
}

struct Held {
    card: Arc<AnyCard>,
    host: Option<Arc<dyn HostBus>>,
    bus_master: bool,
}

impl Slot {
    fn new(card: Arc<AnyCard>) -> Self {
        Self {
            held: Mutex::new(Held {
                card,
                host: None,
                bus_master: false,
            }),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The card, called without the lock: an access may take its time.
    fn card(&self) -> Arc<AnyCard> {
        Arc::clone(&self.held().card)
    }

    /// Takes out what is there and puts another card in, with the bus as it is.
    fn plug(&self, card: Arc<AnyCard>) {
        let mut held = self.held();
        let former = std::mem::replace(&mut held.card, card);
        former.bus_master_enable(false);
        if let Some(host) = &held.host {
            held.card.attach(Arc::clone(host));
        }
        held.card.bus_master_enable(held.bus_master);
    }
}

impl Device for Slot {
    fn read32(&self, offset: u32) -> u32 {
        self.card().read32(offset)
    }

    fn write32(&self, offset: u32, value: u32) {
        self.card().write32(offset, value);
    }

    fn attach(&self, host: Arc<dyn HostBus>) {
        let mut held = self.held();
        held.card.attach(Arc::clone(&host));
        held.host = Some(host);
    }

    fn bus_master_enable(&self, on: bool) {
        let mut held = self.held();
        held.bus_master = on;
        held.card.bus_master_enable(on);
    }

    fn function_level_reset(&self) {
        self.card().function_level_reset();
        self.held().bus_master = false;
    }

    fn describe(&self) -> String {
        "a card in a slot".into()
    }
}

/// A card, and what the bus shows of it.
struct Owned {
    card: Arc<SimCard>,
    shown: Arc<Forged>,
}

impl Owned {
    fn new(options: SimCardOptions) -> Result<Self, String> {
        let card = SimCard::new(options).map_err(|error| error.to_string())?;
        let shown = Forged::new(Arc::clone(&card) as _);
        Ok(Self { card, shown })
    }
}

/// Cards by their numbers.
pub(crate) struct Owner {
    cards: BTreeMap<u32, Owned>,
    made: u32,
    slot: Arc<Slot>,
    /// What is in the slot when no card of interest is.
    spare: Arc<SimCard>,
    plugged: Option<u32>,
}

impl Owner {
    /// With a slot, and a card in it that nobody asked for: to a bus an empty one would be a broken one.
    pub(crate) fn new() -> Self {
        let options = SimCardOptions {
            seed: Some(0),
            pace: Pace::Manual,
            ..SimCardOptions::default()
        };
        let spare = SimCard::new(options).expect("a simulated card");
        Self {
            cards: BTreeMap::new(),
            made: 0,
            slot: Arc::new(Slot::new(Arc::clone(&spare) as _)),
            spare,
            plugged: None,
        }
    }

    /// The slot.
    pub(crate) fn slot(&self) -> Arc<Slot> {
        Arc::clone(&self.slot)
    }

    /// Answers until the line ends.
    ///
    /// # Errors
    /// The line breaks, or says what can't be understood.
    pub(crate) fn serve(&mut self, from: &mut impl BufRead, to: &mut impl Write) -> io::Result<()> {
        while let Some(ask) = line::receive(from)? {
            let answer = self.answer(ask).unwrap_or_else(Answer::Refused);
            line::send(to, &answer)?;
        }
        Ok(())
    }

    fn owned(&self, card: u32) -> Result<&Owned, String> {
        self.cards
            .get(&card)
            .ok_or(format!("there is no card {card}"))
    }

    fn answer(&mut self, ask: Ask) -> Result<Answer, String> {
        match ask {
            Ask::New(new) => return self.make(new),
            Ask::Drop { card } => {
                if self.plugged == Some(card) {
                    self.unplug();
                }
                self.cards.remove(&card).ok_or("no such card")?;
            }
            Ask::Plug { card } => {
                let shown = Arc::clone(&self.owned(card)?.shown);
                let answers = shown.read32(global::MAGIC) != u32::MAX;
                self.slot.plug(shown);
                self.plugged = Some(card);
                return Ok(Answer::Flag(answers));
            }
            Ask::Unplug => self.unplug(),
            Ask::Read { card, offset } => {
                let value = self.owned(card)?.shown.read32(offset);
                return Ok(Answer::Number(value.into()));
            }
            Ask::Write {
                card,
                offset,
                value,
            } => self.owned(card)?.shown.write32(offset, value),
            Ask::BusMaster { card, on } => self.owned(card)?.shown.bus_master_enable(on),
            Ask::Reset { card } => self.owned(card)?.shown.function_level_reset(),
            Ask::Advance { card, cycles } => self.owned(card)?.card.advance(cycles),
            Ask::Inject { card, fault } => {
                let fault: ScheduledFault = fault.parse().map_err(|error| format!("{error}"))?;
                let injected = self.owned(card)?.card.inject(fault.fault);
                injected.map_err(|error| error.to_string())?;
            }
            Ask::End { card, fault } => {
                let fault: ScheduledFault = fault.parse().map_err(|error| format!("{error}"))?;
                self.owned(card)?.card.end(fault.fault);
            }
            Ask::InjectSelftest { card, mask } => {
                self.owned(card)?.card.inject_selftest_fault(mask);
            }
            Ask::ClearFaults { card } => self.owned(card)?.card.clear_faults(),
            Ask::BusStats { card } => {
                return Ok(Answer::Stats(self.owned(card)?.card.bus_stats()));
            }
            Ask::Forge {
                card,
                offset,
                value,
            } => self.owned(card)?.shown.forge(offset, value),
            Ask::Honest { card } => self.owned(card)?.shown.honest(),
            Ask::LoseWrites { card, offset } => self.owned(card)?.shown.lose_writes(offset),
        }
        Ok(Answer::Done)
    }

    fn make(&mut self, new: NewCard) -> Result<Answer, String> {
        let owned = Owned::new(new.into_options()?)?;
        self.made += 1;
        self.cards.insert(self.made, owned);
        Ok(Answer::Number(self.made.into()))
    }

    fn unplug(&mut self) {
        self.slot.plug(Arc::clone(&self.spare) as _);
        self.plugged = None;
    }
}
