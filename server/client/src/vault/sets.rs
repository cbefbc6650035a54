//! Sets: made, with what this appliance keeps of them.

use std::path::Path;

use hyper::Method;
use photonbox_channel::Drawn;
use photonbox_vault::api::{Bytes, Conceal, CreateSet, Set, SetUp};
use photonbox_vault::group::{Group, Scheme};
use photonbox_vault::in_group;
use photonbox_vault::note;

use super::own::{Made, Own};
use super::{Appliance, NewSet, check_set, part};
use crate::Error;
use crate::connection::Ask;
use crate::keep::{KeptSet, PendingSet};

impl Appliance {
    /// Makes a set, with this appliance as its first. What an earlier try left half done is ended.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn create_set(&self, new: &NewSet) -> Result<Set, Error> {
        check_set(&new.set)?;
        let _locked = self.keep.lock(&new.set)?;
        let (file, waiting) = (
            self.keep.set_file(&new.set),
            self.keep.pending_set_file(&new.set),
        );
        let kept = match self.keep.read::<KeptSet>(&file)? {
            Some(kept) if kept.conceal.is_none() => return Err(Error::HasSet(new.set.clone())),
            Some(kept) => kept,
            None => {
                let kept = self.begin_set(new, &waiting).await?;
                self.keep.write(&file, &kept)?;
                kept
            }
        };
        if kept.conceal.is_some() {
            self.conceal(&new.set, kept).await?;
        }
        self.keep.remove(&waiting)?;
        self.set(&new.set).await
    }

    /// Ends a set-up, or a part in a rotation.
    pub(super) async fn conceal(&self, set: &str, kept: KeptSet) -> Result<KeptSet, Error> {
        let body = Ask::json(&Conceal {
            generation: kept.generation,
            message: kept.conceal.clone(),
        })?;
        let path = format!("/v1/sets/{}/concealment", part(set));
        let () = self.ask(Method::POST, path, None, Some(body)).await?;
        if kept.conceal.is_none() {
            return Ok(kept);
        }
        let conceal = None;
        let kept = KeptSet { conceal, ..kept };
        self.keep.write(&self.keep.set_file(set), &kept)?;
        Ok(kept)
    }

    async fn begin_set(&self, new: &NewSet, waiting: &Path) -> Result<KeptSet, Error> {
        let pending = match self.keep.read::<PendingSet>(waiting)? {
            Some(pending) => pending,
            None => {
                let pair = note::key_pair(&mut Drawn(&*self.source.0));
                let (private, public) = pair.map_err(|_| Error::NoRandom)?;
                let asked = CreateSet {
                    set: new.set.clone(),
                    scheme: new.scheme.name().to_owned(),
                    protocol: new.protocol,
                    agents: new.agents.clone(),
                    appliances_keep_shares: new.appliances_keep_shares,
                    hpke_key: Bytes::new(public),
                };
                let pending = PendingSet {
                    key: self.request_key()?,
                    asked,
                    hpke_private: Some(Bytes::new(private.as_slice())),
                };
                self.keep.write(waiting, &pending)?;
                pending
            }
        };
        let asked = self.ask(
            Method::POST,
            "/v1/sets".into(),
            Some(&pending.key),
            Some(Ask::json(&pending.asked)?),
        );
        let made: SetUp = match asked.await {
            Ok(made) => made,
            Err(error) => {
                // What was refused for good is not asked again: another try may be another request.
                if error.is_for_good() {
                    self.keep.remove(waiting)?;
                }
                return Err(error);
            }
        };
        let asked = &pending.asked;
        if made.set != asked.set
            || made.scheme != asked.scheme
            || asked.protocol.is_some_and(|asked| asked != made.protocol)
            || made.appliances_keep_shares != asked.appliances_keep_shares
        {
            let (set, scheme, protocol) = (&made.set, &made.scheme, made.protocol);
            let what =
                format!("it made set `{set}` of {scheme}, {protocol}, which was not asked for");
            return Err(self.astray(what));
        }
        let scheme = Scheme::of_name(&made.scheme);
        let unknown = || Error::Wrong(format!("the vault made a set of scheme {}", made.scheme));
        let scheme = scheme.ok_or_else(unknown)?;
        let random = &mut Drawn(&*self.source.0);
        let own = in_group!(scheme, set_up(&made, random))?;
        Ok(own.kept(made, pending.hpke_private.unwrap_or_default()))
    }
}

fn set_up<G: Group>(made: &SetUp, random: &mut Drawn<'_>) -> Result<Made, Error> {
    Own::<G>::set_up(made, random).map(Made::of)
}
