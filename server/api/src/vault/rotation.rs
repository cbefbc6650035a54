//! Rotation of the master key (specification 4-vault): each appliance has a row in the next generation, and follows by the note that it
//! finds. Hidden shares are brought up one by one, when they are asked for: a rotation takes as long with a million items as with one.

use std::collections::HashMap;
use std::sync::Arc;

use photonbox_secret::SecretBytes;
use photonbox_store::{ApplianceRow, ItemRow, NoteRow, VaultRows};
use photonbox_vault::api::{
    ApplianceState, Bytes, Conceal, ItemTicket, Note, Notes, Protocol, Renew, Rotate, Rotated,
    RotatedAppliance,
};
use photonbox_vault::protocol::MAX_GENERATION;
use photonbox_vault::ticket::Claim;

use super::agents::Line;
use super::replay::{Asking, Begun};
use super::sets::agent_of;
use super::vouching::{copy, forget_notes};
use super::work::{Stop, Workers};
use super::{Member, Replay, Vault, names, state_of};
use crate::problem::Refusal;

/// What a rotation's note is called in the store.
const KIND: &str = "rotation";
/// Rows that are read at once.
const PAGE: u32 = 100;
/// The longest note: a sealed element of any group.
const MAX_NOTE: usize = 1024;

/// What the rotation makes of the appliances of a set.
struct Turning {
    member: Member,
    /// Those that go along.
    appliances: Vec<String>,
    /// *optimised*: K_m·δ·r of the one that asks.
    concealment: Option<SecretBytes>,
}

impl Vault {
    /// K_m becomes K_m·δ.
    pub(crate) async fn rotate(
        self: Arc<Self>,
        workers: &Workers,
        asking: Asking,
        asked: Rotate,
    ) -> Result<Rotated, Refusal> {
        let (begun, asked) = self
            .begin(workers, &asking, asked, Self::begin_rotation)
            .await?;
        let turning = match begun {
            Begun::Answered(answer) => return Ok(*answer),
            Begun::Going(turning) => turning,
        };
        let Asking {
            caller,
            set,
            replay,
        } = asking;
        if turning.member.engine.protocol.has_agents() {
            let agents = turning.member.set.agents.iter().map(agent_of);
            let agents: Vec<_> = agents.collect();
            for appliance in &turning.appliances {
                let line = Line {
                    agents: &*self.parts.agents,
                    of_set: &agents,
                    set: &set,
                    generation: asked.generation,
                    appliance,
                };
                line.carry().await?;
            }
        }
        workers
            .run(move || self.finish_rotation(&caller, &replay, &asked, &turning))
            .await
    }

    fn begin_rotation(
        &self,
        asking: &Asking,
        asked: &Rotate,
    ) -> Result<Begun<Rotated, Turning>, Refusal> {
        let Asking {
            caller,
            set,
            replay,
        } = asking;
        let found = self.reading(|rows| {
            if let Some(answer) = replay.answered(rows, caller)? {
                return Ok(Err(answer));
            }
            let member = may_rotate(rows, set, caller, asked)?;
            let (appliances, _) = going_along(rows, &member, asked)?;
            Ok(Ok((member, appliances)))
        })?;
        let (member, rows) = match found {
            Err(answer) => return Ok(Begun::Answered(Box::new(answer))),
            Ok(found) => found,
        };
        let engine = member.engine;
        let of_set = matches!(engine.protocol, Protocol::Three | Protocol::N);
        let of_each = engine.protocol == Protocol::Homomorphic;
        if asked.delta.is_some() != of_set {
            return Err(Refusal::Bad(
                "`delta` is there for `three` and `n`, and for them alone".into(),
            ));
        }
        let each = asked.appliances.iter().map(|one| &one.delta);
        if each.clone().any(|delta| delta.is_some() != of_each) {
            return Err(Refusal::Bad(
                "each appliance has its `delta` in `homomorphic`, and in no other protocol".into(),
            ));
        }
        for delta in each.flatten().chain(&asked.delta) {
            engine.delta(delta.as_slice())?;
        }
        let concealment = match (engine.has_second_step(), &asked.message) {
            (true, Some(message)) => {
                let private = member.appliance.private_key.as_ref();
                let private = private.ok_or(Refusal::Internal)?;
                Some(engine.conceal(private, message.as_slice())?)
            }
            (false, None) => None,
            _ => {
                return Err(Refusal::Bad(
                    "`message` is there for `optimised`, and for it alone".into(),
                ));
            }
        };
        Ok(Begun::Going(Box::new(Turning {
            appliances: rows
                .into_iter()
                .filter(|(_, state)| *state != ApplianceState::Revoked)
                .map(|(row, _)| row.appliance)
                .collect(),
            member,
            concealment,
        })))
    }

    fn finish_rotation(
        &self,
        caller: &str,
        replay: &Replay,
        asked: &Rotate,
        turning: &Turning,
    ) -> Result<Rotated, Refusal> {
        let now = self.now();
        let set = &turning.member.set.set;
        self.transaction(|rows| {
            if let Some(answer) = replay.answered(rows, caller)? {
                return Ok(answer);
            }
            let member = may_rotate(rows, set, caller, asked)?;
            let protocol = member.engine.protocol;
            let (along, waiting) = going_along(rows, &member, asked)?;
            // Who was vouched for and has not come needs a new voucher.
            for newcomer in waiting {
                forget_notes(rows, set, &newcomer)?;
            }
            let given = given(asked);
            for (row, state) in along {
                let given = given.get(row.appliance.as_str());
                let given = given.ok_or(Refusal::Membership)?;
                let own = row.appliance == caller;
                let state = match state {
                    ApplianceState::Revoked => ApplianceState::Revoked,
                    _ if own => ApplianceState::Trusted,
                    _ => ApplianceState::Pending,
                };
                let delta = given.delta.as_ref().or(asked.delta.as_ref());
                let concealment = match protocol {
                    Protocol::Blinded => copy(row.concealment.as_ref()),
                    Protocol::Optimised if own => copy(turning.concealment.as_ref()),
                    Protocol::Optimised => None,
                    // E(δ), for the shares that the appliance made.
                    Protocol::Homomorphic | Protocol::Three | Protocol::N => {
                        delta.map(|delta| SecretBytes::from_slice(delta.as_slice()))
                    }
                };
                if let Some(note) = &given.note {
                    rows.add_note(&NoteRow {
                        set: set.clone(),
                        appliance: row.appliance.clone(),
                        id: format!("rotation-{}", asked.generation),
                        from: caller.into(),
                        kind: KIND.into(),
                        generation: asked.generation,
                        body: note.as_slice().to_vec(),
                        created: now,
                    })?;
                }
                rows.put_appliance(&ApplianceRow {
                    generation: asked.generation,
                    state: state.name().into(),
                    concealment,
                    ..row
                })?;
            }
            rows.set_generation(set, asked.generation)?;
            let detail = format!("generation {}", asked.generation);
            self.audit(rows, caller, "set.rotate", set.clone(), detail)?;
            let answer = Rotated {
                set: set.clone(),
                generation: asked.generation,
            };
            replay.keep(rows, caller, &answer, now)?;
            Ok(answer)
        })
    }

    /// The notes for an appliance.
    pub(crate) fn notes(&self, caller: &str, set: &str) -> Result<Notes, Refusal> {
        self.reading(|rows| {
            let member = Member::find(rows, set, caller)?;
            if matches!(
                member.state,
                ApplianceState::Vouched | ApplianceState::Revoked
            ) {
                return Err(Refusal::NotTrusted(member.state.name()).into());
            }
            let notes = rows.notes(set, caller)?.into_iter();
            let notes = notes.filter(|note| note.kind == KIND).map(|note| Note {
                id: note.id,
                from: note.from,
                generation: note.generation,
                body: Bytes::new(note.body),
                created: note.created,
            });
            Ok(Notes {
                notes: notes.collect(),
            })
        })
    }

    /// An appliance has its concealment: the end of the set-up of *optimised*, or of its part in a rotation.
    pub(crate) fn conceal(&self, caller: &str, set: &str, asked: &Conceal) -> Result<(), Refusal> {
        let (member, row) = self.reading(|rows| in_generation(rows, set, caller, asked))?;
        let concealment = match (member.engine.has_second_step(), &asked.message) {
            (true, Some(message)) => {
                let private = row.private_key.as_ref().ok_or(Refusal::Internal)?;
                Some(member.engine.conceal(private, message.as_slice())?)
            }
            (false, None) => None,
            _ => {
                return Err(Refusal::WrongStep(
                    "`optimised` ends a set-up with a message, and the other protocols without",
                ));
            }
        };
        self.transaction(|rows| {
            let (member, mut row) = in_generation(rows, set, caller, asked)?;
            if state_of(&row)? == ApplianceState::Trusted {
                // Its answer was lost.
                if concealment.is_none() || row.concealment == concealment {
                    return Ok(());
                }
                return Err(Refusal::WrongStep("the concealment was set up before").into());
            }
            if concealment.is_some() {
                row.concealment = copy(concealment.as_ref());
            }
            row.state = ApplianceState::Trusted.name().into();
            rows.put_appliance(&row)?;
            for note in rows.notes(&member.set.set, caller)? {
                if note.generation <= asked.generation {
                    rows.delete_note(set, caller, &note.id)?;
                }
            }
            let detail = format!("generation {}", asked.generation);
            self.audit(rows, caller, "appliance.conceal", set.into(), detail)
        })
    }

    /// A hidden share under the present master key.
    pub(super) fn brought_up(
        &self,
        member: &Member,
        row: &ItemRow,
        from: u64,
        share: &[u8],
    ) -> Result<Vec<u8>, Refusal> {
        let deltas = self.reading(|rows| {
            let mut deltas = Vec::new();
            for generation in from + 1..=member.set.generation {
                let maker = rows.appliance(&row.set, generation, &row.appliance)?;
                let delta = maker.and_then(|maker| maker.concealment);
                deltas.push(delta.ok_or_else(|| {
                    tracing::error!(item = row.item, set = row.set, "a rotation is missing");
                    Refusal::Internal
                })?);
            }
            Ok(deltas)
        })?;
        member.engine.rotated(share, &deltas)
    }

    /// A share that the appliance keeps, with its ticket of an earlier generation: both for the present one.
    pub(crate) fn renew(
        &self,
        caller: &str,
        set: &str,
        item: &str,
        asked: &Renew,
    ) -> Result<ItemTicket, Refusal> {
        names::item(item)?;
        let (member, mut row) = self.reading(|rows| {
            let member = Member::trusted(rows, set, caller)?;
            let row = rows.item(set, Some(asked.generation), item)?;
            Ok((
                member,
                row.ok_or_else(|| Refusal::UnknownItem(item.into()))?,
            ))
        })?;
        if !member.engine.protocol.has_hidden_shares() || !member.set.appliances_keep_shares {
            return Err(Refusal::WrongStep(
                "only hidden shares that appliances keep are brought up this way",
            ));
        }
        let claim = Claim {
            set,
            generation: asked.share_generation,
            appliance: caller,
            item,
            scheme: member.engine.scheme,
            share: asked.share.as_slice(),
        };
        self.check_ticket(asked.ticket.as_slice(), &claim)?;
        let share = asked.share.as_slice();
        let share = self.brought_up(&member, &row, asked.share_generation, share)?;
        row.share_generation = member.set.generation;
        self.ticket(&member, caller, &row, &share, true)
    }
}

/// The appliance in the generation that it speaks of, if it may end a step there.
fn in_generation(
    rows: &mut dyn VaultRows,
    set: &str,
    caller: &str,
    asked: &Conceal,
) -> Result<(Member, ApplianceRow), Stop> {
    let member = Member::find(rows, set, caller)?;
    if matches!(
        member.state,
        ApplianceState::Vouched | ApplianceState::Revoked
    ) {
        return Err(Refusal::NotTrusted(member.state.name()).into());
    }
    let row = rows.appliance(set, asked.generation, caller)?;
    let none = || Refusal::Generation(member.set.generation);
    let row = row.ok_or_else(none)?;
    match state_of(&row)? {
        ApplianceState::Pending | ApplianceState::Trusted => Ok((member, row)),
        other => Err(Refusal::NotTrusted(other.name()).into()),
    }
}

/// Rows that go along, and newcomers that wait.
type Along = (Vec<(ApplianceRow, ApplianceState)>, Vec<String>);

fn may_rotate(
    rows: &mut dyn VaultRows,
    set: &str,
    caller: &str,
    asked: &Rotate,
) -> Result<Member, Stop> {
    let member = Member::trusted(rows, set, caller)?;
    if asked.generation != member.set.generation + 1 {
        return Err(Refusal::Generation(member.set.generation).into());
    }
    if asked.generation > MAX_GENERATION {
        return Err(Refusal::WrongStep(
            "this set was rotated as often as one may be: make a new one",
        )
        .into());
    }
    Ok(member)
}

/// What the request has, by appliance. One that is named twice makes them fewer than there are rows.
fn given(asked: &Rotate) -> HashMap<&str, &RotatedAppliance> {
    let all = asked.appliances.iter();
    all.map(|given| (given.appliance.as_str(), given)).collect()
}

/// The rows that go along, if they are the ones that the request has, each with the note that it needs; and who was vouched for and has
/// not come yet.
fn going_along(rows: &mut dyn VaultRows, member: &Member, asked: &Rotate) -> Result<Along, Stop> {
    let set = &member.set.set;
    let (mut found, mut waiting) = (Vec::new(), Vec::new());
    let given = given(asked);
    let mut after: Option<String> = None;
    loop {
        let page = rows.appliances(set, member.set.generation, after.as_deref(), PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.appliance.clone());
        for row in page {
            let state = state_of(&row)?;
            if state == ApplianceState::Vouched {
                waiting.push(row.appliance);
                continue;
            }
            let other = row.appliance != member.appliance.appliance;
            let needs = other && state != ApplianceState::Revoked;
            let given = given.get(row.appliance.as_str());
            let given = given.ok_or(Refusal::Membership)?;
            match &given.note {
                Some(note) if needs && note.as_slice().len() <= MAX_NOTE => {}
                None if !needs => {}
                _ => return Err(Refusal::Membership.into()),
            }
            found.push((row, state));
        }
    }
    if found.len() != asked.appliances.len() {
        return Err(Refusal::Membership.into());
    }
    Ok((found, waiting))
}
