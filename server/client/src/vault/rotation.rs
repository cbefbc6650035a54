//! Rotation of the master key: made by this appliance, or followed when another one made it.
//!
//! Who rotates alone has δ for its own part until it is on its disk: the request is noted with what it leads to before it is sent.

use hyper::Method;
use photonbox_channel::Drawn;
use photonbox_vault::api::{
    Appliance as Listed, ApplianceState, Bytes, Note, Notes, Protocol, Rotate, Rotated,
    RotatedAppliance,
};
use photonbox_vault::group::{Group, Scheme};
use photonbox_vault::in_group;
use photonbox_vault::note::{self, About, Purpose};
use photonbox_vault::protocol::Delta;

use super::moving::next;
use super::own::{public_key, unfit};
use super::{Appliance, check_set, part};
use crate::Error;
use crate::connection::Ask;
use crate::keep::{KeptSet, Locked, PendingRotation};

/// How often a rotation is made anew because somebody came, went or rotated meanwhile.
const TRIES: u32 = 8;

/// How often something is tried anew after a rotation that another appliance made meanwhile.
pub(super) const FOLLOWED: u32 = 4;

/// Whether the appliance has to follow a rotation before it is served.
pub(super) fn is_behind(error: &Error) -> bool {
    matches!(error, Error::Behind(_)) || matches!(error.word(), Some("not-trusted" | "generation"))
}

/// What became of a rotation that was asked for.
enum Ending {
    /// There is none.
    Nothing,
    Done(Rotated),
    /// It was not made, and won't be.
    Refused(Error),
}

impl Appliance {
    /// Makes another master key. What an earlier try left half done is ended, and is this one.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn rotate(&self, set: &str) -> Result<Rotated, Error> {
        check_set(set)?;
        let _locked = self.keep.lock_in_time(set).await?;
        let mut tries = 0;
        loop {
            match self.end_rotation(set).await? {
                Ending::Nothing => {}
                Ending::Done(rotated) => return Ok(rotated),
                Ending::Refused(error) => {
                    tries += 1;
                    let others = is_behind(&error) || error.word() == Some("membership");
                    if !others || tries == TRIES {
                        return Err(error);
                    }
                }
            }
            self.follow_notes(set).await?;
            self.begin_rotation(set).await?;
        }
    }

    /// Follows the rotations that other appliances made. Opening and creating do so by themselves.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn follow(&self, set: &str) -> Result<(), Error> {
        check_set(set)?;
        self.catch_up(set, None).await
    }

    pub(super) async fn catch_up(&self, set: &str, locked: Option<&Locked>) -> Result<(), Error> {
        let _own = match locked {
            Some(_) => None,
            None => Some(self.keep.lock_in_time(set).await?),
        };
        self.end_rotation(set).await?;
        self.follow_notes(set).await
    }

    /// What is kept of a set; a rotation of this appliance that was not answered is ended first.
    pub(super) async fn present(
        &self,
        set: &str,
        locked: Option<&Locked>,
    ) -> Result<(KeptSet, Scheme), Error> {
        if self.keep.rotation_file(set).exists() {
            self.catch_up(set, locked).await?;
        }
        self.kept(set)
    }

    async fn end_rotation(&self, set: &str) -> Result<Ending, Error> {
        let file = self.keep.rotation_file(set);
        let Some(pending) = self.keep.read::<PendingRotation>(&file)? else {
            return Ok(Ending::Nothing);
        };
        let path = format!("/v1/sets/{}/rotations", part(set));
        let generation = pending.asked.generation;
        let body = Ask::json(&pending.asked)?;
        let asked = self.ask(Method::POST, path, Some(&pending.key), Some(body));
        let rotated: Rotated = match asked.await {
            Ok(rotated) => rotated,
            Err(error) if !error.is_for_good() => return Err(error),
            // The vault may have made it, and forgotten its answer by now.
            Err(error) if self.was_ours(set, generation).await? => {
                tracing::debug!(%error, set, generation, "this rotation was made before");
                let set = set.to_owned();
                Rotated { set, generation }
            }
            Err(error) => {
                self.keep.remove(&file)?;
                return Ok(Ending::Refused(error));
            }
        };
        if rotated.generation != generation {
            let what = format!(
                "it made generation {}, not {generation}",
                rotated.generation
            );
            return Err(self.astray(what));
        }
        self.keep.write(&self.keep.set_file(set), &pending.next)?;
        self.keep.remove(&file)?;
        Ok(Ending::Done(rotated))
    }

    /// Of a rotation that another appliance made there is a note.
    async fn was_ours(&self, set: &str, generation: u64) -> Result<bool, Error> {
        let notes = match self.notes(set).await {
            // Revoked: the set is nothing to this appliance any more.
            Err(error) if error.is_for_good() => return Ok(false),
            notes => notes?,
        };
        let others = notes.iter().any(|note| note.generation == generation);
        Ok(!others && self.set(set).await?.generation >= generation)
    }

    async fn notes(&self, set: &str) -> Result<Vec<Note>, Error> {
        let path = format!("/v1/sets/{}/notes", part(set));
        let notes: Notes = self.ask(Method::GET, path, None, None).await?;
        Ok(notes.notes)
    }

    async fn follow_notes(&self, set: &str) -> Result<(), Error> {
        let (mut kept, scheme) = self.kept(set)?;
        let notes = self.notes(set).await?;
        if kept.conceal.is_some() {
            kept = self.conceal(set, kept).await?;
        }
        for note in notes {
            if note.generation == kept.generation + 1 {
                let next = in_group!(scheme, self.follows(set, &kept, &note))?;
                self.keep.write(&self.keep.set_file(set), &next)?;
                kept = next;
            } else if note.generation > kept.generation {
                return Err(Error::Behind(set.to_owned()));
            }
            if note.generation == kept.generation {
                kept = self.conceal(set, kept).await?;
            }
        }
        Ok(())
    }

    fn follows<G: Group>(&self, set: &str, kept: &KeptSet, note: &Note) -> Result<KeptSet, Error> {
        let about = About {
            purpose: Purpose::Rotation,
            set,
            generation: note.generation,
            from: &note.from,
            to: self.credentials.id(),
            nonce: b"",
        };
        let refused = |error: note::NoteError| {
            Error::Vouching(format!("the rotation by `{}`: {error}", note.from))
        };
        let delta = note::open(kept.hpke_private.as_slice(), &about, note.body.as_slice());
        let delta = Delta::<G>::decode(delta.map_err(refused)?.as_slice()).map_err(unfit)?;
        next(kept, &delta, &mut Drawn(&*self.source.0))
    }

    /// Notes a rotation of the set as it is now.
    async fn begin_rotation(&self, set: &str) -> Result<(), Error> {
        let (kept, scheme) = self.kept(set)?;
        let listed = self.appliances(set).await?;
        let (asked, next) = in_group!(scheme, self.rotation(set, &kept, &listed))?;
        let key = self.request_key()?;
        let pending = PendingRotation { key, asked, next };
        self.keep.write(&self.keep.rotation_file(set), &pending)
    }

    fn rotation<G: Group>(
        &self,
        set: &str,
        kept: &KeptSet,
        listed: &[Listed],
    ) -> Result<(Rotate, KeptSet), Error> {
        let random = &mut Drawn(&*self.source.0);
        let delta = Delta::<G>::draw(random)?;
        let generation = kept.generation + 1;
        let hidden = |key: &Bytes| -> Result<Bytes, Error> {
            let key = public_key::<G>(Some(key))?;
            let hidden = delta.hidden(&key, &mut Drawn(&*self.source.0))?;
            Ok(Bytes::new(hidden.to_bytes()))
        };
        let own = self.credentials.id();
        let mut appliances = Vec::new();
        // Who has not come yet needs a new voucher.
        let along = listed
            .iter()
            .filter(|one| one.state != ApplianceState::Vouched);
        for one in along {
            let about = About {
                purpose: Purpose::Rotation,
                set,
                generation,
                from: own,
                to: &one.appliance,
                nonce: b"",
            };
            let follows = one.appliance != own && one.state != ApplianceState::Revoked;
            let note = follows.then(|| {
                let key = one.hpke_key.as_slice();
                note::seal(key, &about, &delta.encode(), &mut Drawn(&*self.source.0))
            });
            let refused = |error: note::NoteError| {
                Error::Vouching(format!("a note for `{}`: {error}", one.appliance))
            };
            let public = one.public_key.as_ref();
            let public = public.filter(|_| kept.protocol == Protocol::Homomorphic);
            appliances.push(RotatedAppliance {
                appliance: one.appliance.clone(),
                delta: public.map(hidden).transpose()?,
                note: note.transpose().map_err(refused)?.map(Bytes::new),
            });
        }
        let of_set = kept.public_key.as_ref();
        let of_set = of_set.filter(|_| kept.protocol.has_agents());
        let mut next = next(kept, &delta, random)?;
        let asked = Rotate {
            generation,
            appliances,
            delta: of_set.map(hidden).transpose()?,
            message: next.conceal.take(),
        };
        Ok((asked, next))
    }
}
