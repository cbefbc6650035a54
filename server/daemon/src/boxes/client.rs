//! A gateway's side of key boxes, through the channel to its hub.

use std::time::Duration;

use photonbox_channel::message::{BoxSizes, Class, Provenance, RefusalCode};
use photonbox_keybox::{KEY_BYTES, Parameters};
use photonbox_secret::SecretBytes;
use tokio::time::Instant;

use super::{BoxAnswer, BoxWish, Word, parameters, sizes};
use crate::asked::{Answer, Asked};
use crate::link::Upstream;
use crate::{Error, Result};

/// The pause before asking again.
const AGAIN: Duration = Duration::from_secs(1);

/// A box of an orbit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The orbit's number at the hub.
    pub orbit: u64,
    /// The box's number, from I down to 1.
    pub number: u16,
}

/// All keys of a box, in locked memory.
#[derive(Debug)]
pub struct BoxKeys {
    /// Which box.
    pub place: Place,
    /// Labels of all that the keys come from: where any is set they are not from a live detector.
    pub provenance: Provenance,
    keys: SecretBytes,
}

impl BoxKeys {
    /// K(i, 1), K(i, 2), …
    #[must_use]
    pub fn keys(&self) -> &[[u8; KEY_BYTES]] {
        self.keys.as_slice().as_chunks().0
    }
}

/// What happened to the boxes that two gateways share.
#[derive(Debug)]
pub enum Event {
    /// An orbit of which boxes will come. What is held of others stays good.
    Opened {
        /// Its number at the hub: no two have the same.
        orbit: u64,
        /// The direction bit of this gateway's SPIs, 0 or 1.
        role: u8,
        /// s, I and J.
        parameters: Parameters,
    },
    /// A box: to be held, then [`Client::held`]. Below those that came before, if of the same orbit.
    Keys(BoxKeys),
    /// Both gateways hold this box: send from it when the time has come.
    Ready(Place),
    /// No new box for now; what is held stays good.
    Waits {
        /// Why, for a program.
        code: RefusalCode,
        /// Why, for a person.
        text: String,
    },
    /// The channel to the hub is gone. What is held stays good; the client asks again by itself, and then both gateways get a
    /// new box.
    Lost,
}

/// Asks the hub for boxes that this gateway shares with one other, for as long as it lives. When its channel is lost the hub
/// keeps the orbit for the other gateway, and goes on with a new box when this one is back; a client that is dropped or
/// [closed](Client::close) ends the orbit.
pub struct Client {
    upstream: Upstream,
    peer: String,
    parameters: Parameters,
    asked: Option<Asked>,
    again: Option<Instant>,
    /// Of the request that is open.
    orbit: Option<u64>,
    /// Keys of which parts are missing.
    coming: Option<Coming>,
}

struct Coming {
    place: Place,
    provenance: Provenance,
    keys: SecretBytes,
    /// Keys that are here.
    have: u16,
}

impl Client {
    /// Boxes with the gateway `peer`, which must ask the same hub for boxes with this one, for the same parameters. Nothing
    /// is asked before [`Client::next`].
    pub(crate) fn new(upstream: Upstream, peer: &str, parameters: Parameters) -> Self {
        Self {
            upstream,
            peer: peer.to_owned(),
            parameters,
            asked: None,
            again: None,
            orbit: None,
            coming: None,
        }
    }

    /// Waits for what happens next. Cancel safe: a dropped future loses nothing.
    ///
    /// # Errors
    /// The hub refuses for good: not these two gateways, not these sizes, or the same gateway asked elsewhere; or this
    /// process is ending.
    pub async fn next(&mut self) -> Result<Event> {
        loop {
            let Some(asked) = &mut self.asked else {
                self.ask().await?;
                continue;
            };
            let answer = asked.next().await;
            if let Some(event) = self.take(answer)? {
                return Ok(event);
            }
        }
    }

    async fn ask(&mut self) -> Result<()> {
        if let Some(at) = self.again {
            tokio::time::sleep_until(at).await;
            self.again = None;
        }
        if self.upstream.connected().await.is_none() {
            return Err(Error::failed(
                "this process is ending: no more key boxes come",
                "start it again",
            ));
        }
        let wish = BoxWish {
            id: self.upstream.next_id(),
            peer: self.peer.clone(),
            sizes: sizes(self.parameters),
        };
        (self.orbit, self.coming) = (None, None);
        self.asked = Some(self.upstream.ask_for_boxes(wish).await);
        Ok(())
    }

    /// Asks again after a pause.
    fn start_over(&mut self) {
        self.asked = None;
        self.coming = None;
        self.again = Some(Instant::now() + AGAIN);
    }

    fn take(&mut self, answer: Answer) -> Result<Option<Event>> {
        match answer {
            Answer::Boxes(answer) => {
                let taken = self.take_boxes(answer);
                if taken.is_none() {
                    tracing::warn!("the hub's key boxes make no sense: asking again");
                    self.start_over();
                    return Ok(Some(Event::Lost));
                }
                Ok(taken.flatten())
            }
            Answer::Refused {
                code,
                retry_after_ms,
                text,
            } => {
                self.start_over();
                let passes = matches!(
                    code,
                    RefusalCode::Draining | RefusalCode::Quota | RefusalCode::Unhealthy
                );
                if passes || retry_after_ms.is_some() {
                    return Ok(Some(Event::Waits { code, text }));
                }
                Err(Error::failed(
                    format!("no key boxes with `{}`: {text}", self.peer),
                    "look at the hub's [boxes] and at both gateways' settings",
                ))
            }
            Answer::Lost => {
                self.start_over();
                Ok(Some(Event::Lost))
            }
            // Answers to other requests.
            _ => Ok(None),
        }
    }

    /// None: what no hub says.
    fn take_boxes(&mut self, answer: BoxAnswer) -> Option<Option<Event>> {
        match answer {
            BoxAnswer::Opened { orbit, role, sizes } => self.opened(orbit, role, sizes).map(Some),
            BoxAnswer::Keys {
                orbit,
                number,
                first,
                provenance,
                class: Class::Full,
                keys,
            } if Some(orbit) == self.orbit => {
                let place = Place { orbit, number };
                self.part(place, first, provenance, &keys)
            }
            BoxAnswer::Keys { .. } => None,
            BoxAnswer::Ready { orbit, number } => {
                (Some(orbit) == self.orbit).then_some(Some(Event::Ready(Place { orbit, number })))
            }
            BoxAnswer::Waits { code, text } => Some(Some(Event::Waits { code, text })),
        }
    }

    fn opened(&mut self, orbit: u64, role: u8, sizes: BoxSizes) -> Option<Event> {
        let parameters = parameters(sizes).ok()?;
        if parameters != self.parameters || self.coming.is_some() {
            return None;
        }
        self.orbit = Some(orbit);
        Some(Event::Opened {
            orbit,
            role,
            parameters,
        })
    }

    /// A box, when this was its last part.
    fn part(
        &mut self,
        place: Place,
        first: u16,
        provenance: Provenance,
        part: &SecretBytes,
    ) -> Option<Option<Event>> {
        let all = self.parameters.keys() as u16;
        if u32::from(place.number) > self.parameters.boxes() {
            return None;
        }
        let coming = self.coming.get_or_insert_with(|| Coming {
            place,
            provenance,
            keys: SecretBytes::new_zeroed(usize::from(all) * KEY_BYTES),
            have: 0,
        });
        let from = usize::from(coming.have) * KEY_BYTES;
        let to = coming.keys.as_mut_slice().get_mut(from..from + part.len());
        let in_order = coming.place == place && first == coming.have + 1;
        let to = to.filter(|_| in_order)?;
        to.copy_from_slice(part.as_slice());
        coming.have += (part.len() / KEY_BYTES) as u16;
        coming.provenance = coming.provenance.merge(provenance);
        if coming.have < all {
            return Some(None);
        }
        let coming = self.coming.take()?;
        Some(Some(Event::Keys(BoxKeys {
            place: coming.place,
            provenance: coming.provenance,
            keys: coming.keys,
        })))
    }

    async fn say(&self, word: Word) {
        // Without a request both gateways get a new box.
        if let Some(asked) = &self.asked {
            asked.say(word).await;
        }
    }

    /// This gateway holds a box, durably as far as it must be.
    pub async fn held(&self, Place { orbit, number }: Place) {
        self.say(Word::Held { orbit, number }).await;
    }

    /// Asks ahead of need for the box below the one that came last; below box 1 that is the first of a new orbit. Asking
    /// twice, or when the other gateway has asked, does no harm.
    pub async fn want_below(&self, Place { orbit, number }: Place) {
        let number = number.saturating_sub(1);
        self.say(Word::Next { orbit, number }).await;
    }

    /// No more boxes: the hub erases the orbit.
    pub async fn close(mut self) {
        if let Some(asked) = self.asked.take() {
            asked.cancel().await;
        }
    }
}
