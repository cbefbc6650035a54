//! Vouching: a trusted appliance lets another host into the set (specification 4-vault). The vault moves the covered concealment from
//! the one to the other, and never sees what covers it.
//!
//! Countermeasure T26 (`docs/threat-model.md`).

use std::sync::Arc;

use photonbox_secret::SecretBytes;
use photonbox_store::{ApplianceRow, NoteRow, VaultRows};
use photonbox_vault::api::{Accept, Appliance, ApplianceState, Bytes, Protocol, SetUp, Vouch};
use photonbox_vault::note;
use photonbox_vault::voucher::{Signed, Voucher};
use sha2::{Digest as _, Sha384};

use super::agents::Line;
use super::engine::Drawn;
use super::replay::{Asking, Begun};
use super::sets::{agent_of, appliance_of};
use super::work::{Stop, Workers};
use super::{Member, Replay, Vault, engine_of, names, state_of};
use crate::problem::Refusal;

/// The longest that a voucher may be good, seconds.
const LONGEST: u64 = 7 * 86_400;
/// What a voucher's note is called in the store.
const KIND: &str = "voucher";

fn refused(why: impl Into<String>) -> Refusal {
    Refusal::VoucherRefused(why.into())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What was begun for a newcomer.
struct Vouched {
    voucher: Voucher,
    member: Member,
    drawn: Drawn,
}

impl Vault {
    /// An appliance vouches for another host.
    pub(crate) async fn vouch(
        self: Arc<Self>,
        workers: &Workers,
        asking: Asking,
        asked: Vouch,
    ) -> Result<Appliance, Refusal> {
        let (begun, asked) = self
            .begin(workers, &asking, asked, Self::begin_vouch)
            .await?;
        let vouched = match begun {
            Begun::Answered(answer) => return Ok(*answer),
            Begun::Going(vouched) => vouched,
        };
        let Asking {
            caller,
            set,
            replay,
        } = asking;
        let Member {
            set: row, engine, ..
        } = &vouched.member;
        let turned = if engine.protocol.has_agents() {
            let agents: Vec<_> = row.agents.iter().map(agent_of).collect();
            let line = Line {
                agents: &*self.parts.agents,
                of_set: &agents,
                set: &set,
                generation: row.generation,
                appliance: &vouched.voucher.newcomer,
            };
            let public = row.public_key.as_deref().ok_or(Refusal::Internal)?;
            line.draw(engine.scheme.name(), public).await?;
            let message = asked.message.as_slice().to_vec();
            Some(line.moves(&caller, message).await?)
        } else {
            None
        };
        workers
            .run(move || self.finish_vouch(&caller, &replay, &asked, *vouched, turned))
            .await
    }

    /// A voucher whose signature is good.
    fn read_voucher(&self, set: &str, bytes: &[u8]) -> Result<Voucher, Refusal> {
        let signed = Signed::<Voucher>::read(bytes).map_err(|error| refused(error.to_string()))?;
        let (voucher, signer) = signed.check(|certificate, message, signature| {
            let signers = &self.parts.signers;
            signers.signer(certificate, message, signature)
        })?;
        if voucher.voucher != signer {
            return Err(refused("it is signed by another host than it names"));
        }
        if voucher.set != set {
            return Err(refused("it is for another set"));
        }
        if voucher.expires <= self.now() {
            return Err(refused("it has expired"));
        }
        Ok(voucher.clone())
    }

    fn begin_vouch(
        &self,
        asking: &Asking,
        asked: &Vouch,
    ) -> Result<Begun<Appliance, Vouched>, Refusal> {
        let Asking {
            caller,
            set,
            replay,
        } = asking;
        if let Some(answer) = self.reading(|rows| replay.answered(rows, caller))? {
            return Ok(Begun::Answered(Box::new(answer)));
        }
        let voucher = self.read_voucher(set, asked.voucher.as_slice())?;
        if voucher.voucher != *caller {
            return Err(refused(
                "it is signed by another host than the one that sends it",
            ));
        }
        names::id("newcomer's id", &voucher.newcomer)?;
        if voucher.expires > self.now().saturating_add(LONGEST) {
            return Err(refused("it is good for more than a week"));
        }
        let key = asked.hpke_key.as_slice();
        if Sha384::digest(key).as_slice() != voucher.hpke_key_hash || !note::is_public_key(key) {
            return Err(refused("the HPKE key is not the one that it names"));
        }
        let member = self.reading(|rows| {
            let member = may_vouch(rows, &voucher)?;
            let most = self.parts.settings.sets_per_host;
            let newcomer = &voucher.newcomer;
            let vouched = rows.appliance(set, voucher.generation, newcomer)?.is_some();
            if !vouched && rows.sets_of(newcomer, None, most)?.len() >= most as usize {
                return Err(Refusal::TooManySets(most).into());
            }
            Ok(member)
        })?;
        member.engine.check_vouched(asked.message.as_slice())?;
        let drawn = member.engine.draw_newcomer(&*self.parts.source)?;
        Ok(Begun::Going(Box::new(Vouched {
            voucher,
            member,
            drawn,
        })))
    }

    fn finish_vouch(
        &self,
        caller: &str,
        replay: &Replay,
        asked: &Vouch,
        vouched: Vouched,
        turned: Option<Vec<u8>>,
    ) -> Result<Appliance, Refusal> {
        let Vouched {
            voucher,
            member,
            drawn,
        } = vouched;
        let (engine, source) = (member.engine, &*self.parts.source);
        let message = asked.message.as_slice();
        let damaged = || {
            tracing::error!(set = voucher.set, "a concealment is missing");
            Refusal::Internal
        };
        let moved = match engine.protocol {
            Protocol::Blinded => {
                let from = member.appliance.concealment.as_ref();
                let to = drawn.concealment.as_ref().ok_or_else(damaged)?;
                engine.move_clear(from.ok_or_else(damaged)?, to, message)?
            }
            Protocol::Homomorphic | Protocol::Optimised => {
                let from = member.appliance.private_key.as_ref();
                let to = drawn.own.as_ref().ok_or_else(damaged)?;
                engine.move_hidden(from.ok_or_else(damaged)?, &to.public, message, source)?
            }
            Protocol::Three | Protocol::N => {
                let private = member.set.private_key.as_ref().ok_or_else(damaged)?;
                engine.moved(private, turned.as_deref().ok_or_else(damaged)?)?
            }
        };
        let now = self.now();
        let (private_key, public_key) = drawn
            .own
            .map_or((None, None), |pair| (Some(pair.private), Some(pair.public)));
        let row = ApplianceRow {
            set: voucher.set.clone(),
            generation: voucher.generation,
            appliance: voucher.newcomer.clone(),
            state: ApplianceState::Vouched.name().into(),
            concealment: drawn.concealment,
            private_key,
            public_key,
            hpke_key: asked.hpke_key.as_slice().to_vec(),
            vouched_by: Some(caller.into()),
            created: now,
            revoked: None,
        };
        // t covers it: nothing follows from it for who has the vault's store.
        let note = NoteRow {
            set: voucher.set.clone(),
            appliance: voucher.newcomer.clone(),
            id: hex(&voucher.nonce),
            from: caller.into(),
            kind: KIND.into(),
            generation: voucher.generation,
            body: moved,
            created: now,
        };
        self.transaction(|rows| {
            // The same request may have come twice at once.
            if let Some(answer) = replay.answered(rows, caller)? {
                return Ok(answer);
            }
            may_vouch(rows, &voucher)?;
            // An earlier voucher of the same newcomer is worth nothing any more.
            forget_notes(rows, &voucher.set, &voucher.newcomer)?;
            rows.put_appliance(&row)?;
            rows.add_note(&note)?;
            let subject = format!("{}/{}", voucher.set, voucher.newcomer);
            let until = format!("until {}", voucher.expires);
            self.audit(rows, caller, "appliance.vouch", subject, until)?;
            let answer = appliance_of(&row)?;
            replay.keep(rows, caller, &answer, now)?;
            Ok(answer)
        })
    }

    /// The newcomer comes: the voucher is spent.
    pub(crate) fn accept(
        &self,
        caller: &str,
        set: &str,
        replay: &Replay,
        asked: &Accept,
    ) -> Result<SetUp, Refusal> {
        names::id("set's name", set)?;
        if let Some(answer) = self.reading(|rows| replay.answered(rows, caller))? {
            return Ok(answer);
        }
        let voucher = self.read_voucher(set, asked.voucher.as_slice())?;
        if voucher.newcomer != caller {
            return Err(refused("it is for another host"));
        }
        let now = self.now();
        self.transaction(|rows| {
            if let Some(answer) = replay.answered(rows, caller)? {
                return Ok(answer);
            }
            let row = rows.set(set)?;
            let row = row.ok_or_else(|| Refusal::UnknownSet(set.into()))?;
            if row.generation != voucher.generation {
                return Err(refused("the set's master key was rotated since").into());
            }
            let engine = engine_of(&row)?;
            let by = rows.appliance(set, voucher.generation, &voucher.voucher)?;
            let by = by.map(|by| state_of(&by)).transpose()?;
            if by != Some(ApplianceState::Trusted) {
                return Err(refused("who signed it is no trusted appliance of the set").into());
            }
            let nobody = || refused("the set knows of none, or it was spent");
            let own = rows.appliance(set, voucher.generation, caller)?;
            let own = own.ok_or_else(nobody)?;
            let same = own.vouched_by.as_deref() == Some(voucher.voucher.as_str())
                && Sha384::digest(&own.hpke_key).as_slice() == voucher.hpke_key_hash;
            if state_of(&own)? != ApplianceState::Vouched || !same {
                return Err(nobody().into());
            }
            let id = hex(&voucher.nonce);
            let notes = rows.notes(set, caller)?;
            let note = notes.into_iter().find(|note| note.id == id);
            let note = note.ok_or_else(nobody)?;
            if !rows.spend(set, &voucher.nonce, voucher.expires)? {
                return Err(nobody().into());
            }
            rows.delete_note(set, caller, &id)?;
            let state = match engine.has_second_step() {
                true => ApplianceState::Pending,
                false => ApplianceState::Trusted,
            };
            let own = ApplianceRow {
                state: state.name().into(),
                ..own
            };
            rows.put_appliance(&own)?;
            let subject = format!("{set}/{caller}");
            let by = format!("vouched for by {}", voucher.voucher);
            self.audit(rows, caller, "appliance.accept", subject, by)?;
            let public = own.public_key.as_ref().or(row.public_key.as_ref());
            let answer = SetUp {
                set: set.into(),
                scheme: row.scheme.clone(),
                protocol: engine.protocol,
                generation: row.generation,
                appliances_keep_shares: row.appliances_keep_shares,
                state,
                public_key: public.map(|key| Bytes::new(&key[..])),
                part: None,
                moved: Some(Bytes::new(note.body)),
            };
            replay.keep(rows, caller, &answer, now)?;
            Ok(answer)
        })
    }
}

/// The voucher's place in the set, if it may vouch for this newcomer.
fn may_vouch(rows: &mut dyn VaultRows, voucher: &Voucher) -> Result<Member, Stop> {
    let member = Member::trusted(rows, &voucher.set, &voucher.voucher)?;
    if member.set.generation != voucher.generation {
        return Err(Refusal::Generation(member.set.generation).into());
    }
    let newcomer = rows.appliance(&voucher.set, voucher.generation, &voucher.newcomer)?;
    if let Some(newcomer) = newcomer {
        let state = state_of(&newcomer)?;
        if state != ApplianceState::Vouched {
            return Err(Refusal::Member(newcomer.appliance, state.name()).into());
        }
    }
    Ok(member)
}

pub(super) fn forget_notes(
    rows: &mut dyn VaultRows,
    set: &str,
    appliance: &str,
) -> Result<(), Stop> {
    for note in rows.notes(set, appliance)? {
        rows.delete_note(set, appliance, &note.id)?;
    }
    Ok(())
}

/// A secret once more, for another row.
pub(super) fn copy(secret: Option<&SecretBytes>) -> Option<SecretBytes> {
    secret.map(SecretBytes::duplicate)
}
