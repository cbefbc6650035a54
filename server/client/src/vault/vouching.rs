//! Vouching (`docs/vault.md`): how this appliance comes into a set, and how it lets others in.
//!
//! Countermeasure T26 (`docs/threat-model.md`).

use std::time::Duration;

use hyper::Method;
use photonbox_channel::Drawn;
use photonbox_secret::SecretBytes;
use photonbox_vault::api::{Accept, Appliance as Listed, Bytes, Set, SetUp, Vouch};
use photonbox_vault::group::{Group, Scheme};
use photonbox_vault::in_group;
use photonbox_vault::note::{self, About, NoteError, Purpose};
use photonbox_vault::protocol::Transfer;
use photonbox_vault::voucher::{Letter, Malformed, NONCE, Request, Signed, Voucher};
use sha2::{Digest as _, Sha384};

use super::own::{Made, Own, unfit};
use super::rotation::{FOLLOWED, is_behind};
use super::{Appliance, check_set, part};
use crate::Error;
use crate::connection::Ask;
use crate::credentials::now;
use crate::keep::{KeptSet, Locked, Newcomer, Showing};

/// Another host may come into a set.
#[derive(Debug)]
pub struct Vouched {
    /// The set.
    pub set: String,
    /// Who may come.
    pub newcomer: String,
    /// Until when, seconds since 1970.
    pub expires: u64,
    /// For the newcomer ([`Appliance::accept`]). It opens nothing for anybody else.
    pub letter: Vec<u8>,
}

fn malformed(error: Malformed) -> Error {
    Error::Vouching(error.to_string())
}

fn sealed(error: NoteError) -> Error {
    Error::Vouching(error.to_string())
}

fn refused<T>(why: String) -> Result<T, Error> {
    Err(Error::Vouching(why))
}

/// What a note with t belongs to.
fn about(voucher: &Voucher) -> About<'_> {
    About {
        purpose: Purpose::Transfer,
        set: &voucher.set,
        generation: voucher.generation,
        from: &voucher.voucher,
        to: &voucher.newcomer,
        nonce: &voucher.nonce,
    }
}

impl Appliance {
    /// A signed request to be let into a set, for one of its appliances. There is nothing secret in it; asked for again it is as good.
    ///
    /// # Errors
    /// [`Error`].
    pub fn request(&self, set: &str) -> Result<Vec<u8>, Error> {
        check_set(set)?;
        let _locked = self.keep.lock(set)?;
        if self.keep.set_file(set).exists() {
            return Err(Error::HasSet(set.to_owned()));
        }
        let file = self.keep.newcomer_file(set);
        let newcomer = match self.keep.read::<Newcomer>(&file)? {
            Some(newcomer) => newcomer,
            None => {
                let pair = note::key_pair(&mut Drawn(&*self.source.0));
                let (private, public) = pair.map_err(|_| Error::NoRandom)?;
                let newcomer = Newcomer {
                    hpke_private: Bytes::new(private.as_slice()),
                    hpke_public: Bytes::new(public),
                    showing: None,
                };
                self.keep.write(&file, &newcomer)?;
                newcomer
            }
        };
        let damaged = |_| Error::Wrong(format!("{} is damaged", file.display()));
        let request = Request {
            set: set.to_owned(),
            newcomer: self.credentials.id().to_owned(),
            hpke_key: newcomer
                .hpke_public
                .as_slice()
                .try_into()
                .map_err(damaged)?,
        };
        Ok(self.credentials.sign(request)?.to_bytes())
    }

    /// Vouches for `newcomer`, if this is its request. Its letter is good once, and as long as it says.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn vouch(
        &self,
        request: &[u8],
        newcomer: &str,
        valid: Duration,
    ) -> Result<Vouched, Error> {
        let signed = Signed::<Request>::read(request).map_err(malformed)?;
        let (request, signer) = self.credentials.check(&signed)?;
        if request.newcomer != signer {
            let named = &request.newcomer;
            return refused(format!(
                "the request names `{named}` and is signed by `{signer}`"
            ));
        }
        if signer != newcomer {
            return refused(format!("the request is of `{signer}`, not of `{newcomer}`"));
        }
        check_set(&request.set)?;
        let locked = self.keep.lock_in_time(&request.set).await?;
        for _ in 0..FOLLOWED {
            match self.try_vouch(request, valid, &locked).await {
                Err(error) if is_behind(&error) => {
                    self.catch_up(&request.set, Some(&locked)).await?;
                }
                vouched => return vouched,
            }
        }
        self.try_vouch(request, valid, &locked).await
    }

    async fn try_vouch(
        &self,
        request: &Request,
        valid: Duration,
        locked: &Locked,
    ) -> Result<Vouched, Error> {
        let (kept, scheme) = self.present(&request.set, Some(locked)).await?;
        let voucher = Voucher {
            set: request.set.clone(),
            generation: kept.generation,
            newcomer: request.newcomer.clone(),
            hpke_key_hash: Sha384::digest(request.hpke_key).into(),
            voucher: self.credentials.id().to_owned(),
            nonce: *self.draw::<NONCE>()?.as_array(),
            expires: now().saturating_add(valid.as_secs()),
        };
        let random = &mut Drawn(&*self.source.0);
        let (t, message) = in_group!(scheme, covered(&kept, random))?;
        let transfer = note::seal(&request.hpke_key, &about(&voucher), &t, random);
        let transfer = transfer.map_err(sealed)?;
        let expires = voucher.expires;
        let voucher = self.credentials.sign(voucher)?;
        let body = Ask::json(&Vouch {
            voucher: Bytes::new(voucher.to_bytes()),
            hpke_key: Bytes::new(request.hpke_key),
            message,
        })?;
        let path = format!("/v1/sets/{}/vouchers", part(&request.set));
        let key = self.request_key()?;
        // Whoever ends before the letter is written vouches anew: that takes the place of this one.
        let asked = self.ask(Method::POST, path, Some(&key), Some(body));
        let listed: Listed = asked.await?;
        if listed.appliance != request.newcomer {
            return Err(self.astray(format!("it lets `{}` in", listed.appliance)));
        }
        let letter = self.credentials.sign(Letter { voucher, transfer })?;
        Ok(Vouched {
            set: request.set.clone(),
            newcomer: request.newcomer.clone(),
            expires,
            letter: letter.to_bytes(),
        })
    }

    /// Comes into a set by a letter. What an earlier try left half done is ended.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn accept(&self, letter: &[u8]) -> Result<Set, Error> {
        let signed = Signed::<Letter>::read(letter).map_err(malformed)?;
        let (letter, by) = self.credentials.check(&signed)?;
        let (voucher, signer) = self.credentials.check(&letter.voucher)?;
        if signer != by || voucher.voucher != by {
            return refused(format!("the letter of `{by}` has a voucher of `{signer}`"));
        }
        if voucher.newcomer != self.credentials.id() {
            let own = self.credentials.id();
            return refused(format!(
                "the letter is for `{}`, not for `{own}`",
                voucher.newcomer
            ));
        }
        let set = &voucher.set;
        check_set(set)?;
        let _locked = self.keep.lock(set)?;
        let (file, asked) = (self.keep.set_file(set), self.keep.newcomer_file(set));
        let newcomer: Option<Newcomer> = self.keep.read(&asked)?;
        let kept = match (self.keep.read::<KeptSet>(&file)?, newcomer) {
            (Some(_), None) => return Err(Error::HasSet(set.clone())),
            (Some(kept), Some(_)) => kept,
            (None, None) => {
                return refused(format!("this host did not ask to be let into set `{set}`"));
            }
            (None, Some(newcomer)) => {
                let kept = self.come(letter, voucher, newcomer).await?;
                self.keep.write(&file, &kept)?;
                kept
            }
        };
        if kept.conceal.is_some() {
            self.conceal(set, kept).await?;
        }
        self.keep.remove(&asked)?;
        self.set(set).await
    }

    async fn come(
        &self,
        letter: &Letter,
        voucher: &Voucher,
        newcomer: Newcomer,
    ) -> Result<KeptSet, Error> {
        let set = &voucher.set;
        if Sha384::digest(newcomer.hpke_public.as_slice()).as_slice() != voucher.hpke_key_hash {
            return refused("the letter answers another request than this host's last one".into());
        }
        let private = newcomer.hpke_private.as_slice();
        let t = note::open(private, &about(voucher), &letter.transfer).map_err(sealed)?;
        let bytes = Bytes::new(letter.voucher.to_bytes());
        let shown = newcomer.showing.as_ref();
        let key = match shown.filter(|shown| shown.voucher == bytes) {
            Some(shown) => shown.key.clone(),
            None => {
                if voucher.expires <= now() {
                    return refused("the letter has expired".into());
                }
                let key = self.request_key()?;
                let showing = Some(Showing {
                    key: key.clone(),
                    voucher: bytes.clone(),
                });
                let newcomer = Newcomer {
                    showing,
                    ..newcomer.clone()
                };
                self.keep.write(&self.keep.newcomer_file(set), &newcomer)?;
                key
            }
        };
        let body = Ask::json(&Accept { voucher: bytes })?;
        let path = format!("/v1/sets/{}/vouchers/accept", part(set));
        let made: SetUp = self.ask(Method::POST, path, Some(&key), Some(body)).await?;
        if made.set != *set || made.generation != voucher.generation {
            let (set, generation) = (&made.set, made.generation);
            return Err(self.astray(format!("it let us into `{set}`, generation {generation}")));
        }
        let scheme = Scheme::of_name(&made.scheme);
        let unknown = || Error::Wrong(format!("set `{set}` is of scheme {}", made.scheme));
        let scheme = scheme.ok_or_else(unknown)?;
        let random = &mut Drawn(&*self.source.0);
        let own = in_group!(scheme, arrived(&made, &t, random))?;
        Ok(own.kept(made, newcomer.hpke_private))
    }
}

/// t, and what conceals K_m covered by it.
fn covered<G: Group>(
    kept: &KeptSet,
    random: &mut Drawn<'_>,
) -> Result<(SecretBytes, Bytes), Error> {
    let t = Transfer::<G>::draw(random)?;
    let message = Own::<G>::of(kept)?.covered(kept, &t, random)?;
    Ok((t.encode(), message))
}

fn arrived<G: Group>(made: &SetUp, t: &SecretBytes, random: &mut Drawn<'_>) -> Result<Made, Error> {
    let t = Transfer::<G>::decode(t.as_slice()).map_err(unfit)?;
    Own::<G>::accept(made, &t, random).map(Made::of)
}
