//! Sets and their appliances.

use std::sync::Arc;

use photonbox_store::{AgentRow, ApplianceRow, SetRow};
use photonbox_vault::api::{Agent, Appliance, ApplianceState, Bytes, CreateSet, Page, Set, SetUp};

use super::agents::Line;
use super::engine::{Drawn, Engine};
use super::replay::Begun;
use super::vouching::forget_notes;
use super::work::Workers;
use super::{Member, Replay, Vault, engine_of, names, state_of};
use crate::problem::Refusal;

impl Vault {
    /// Makes a set with its first appliance: step 1 of the protocols.
    pub(crate) async fn create_set(
        self: Arc<Self>,
        workers: &Workers,
        caller: String,
        replay: Replay,
        asked: CreateSet,
    ) -> Result<SetUp, Refusal> {
        let engine = names::set(&asked)?;
        let (vault, name, by, key) = (
            Arc::clone(&self),
            asked.set.clone(),
            caller.clone(),
            replay.clone(),
        );
        let begun = workers.run(move || vault.begin_set(engine, &name, &by, &key));
        let drawn = match begun.await? {
            Begun::Answered(answer) => return Ok(*answer),
            Begun::Going(drawn) => *drawn,
        };
        if let Some(pair) = &drawn.set {
            let line = Line {
                agents: &*self.parts.agents,
                of_set: &asked.agents,
                set: &asked.set,
                generation: 1,
                appliance: &caller,
            };
            line.draw(engine.scheme.name(), &pair.public).await?;
        }
        workers
            .run(move || self.finish_set(engine, &caller, &replay, &asked, drawn))
            .await
    }

    fn begin_set(
        &self,
        engine: Engine,
        set: &str,
        caller: &str,
        replay: &Replay,
    ) -> Result<Begun<SetUp, Drawn>, Refusal> {
        let answered = self.reading(|rows| {
            if let Some(answer) = replay.answered(rows, caller)? {
                return Ok(Some(answer));
            }
            if rows.set(set)?.is_some() {
                return Err(Refusal::SetExists(set.into()).into());
            }
            let most = self.parts.settings.sets_per_host;
            if rows.sets_of(caller, None, most)?.len() >= most as usize {
                return Err(Refusal::TooManySets(most).into());
            }
            Ok(None)
        })?;
        Ok(match answered {
            Some(answer) => Begun::Answered(Box::new(answer)),
            None => Begun::Going(Box::new(engine.draw(&*self.parts.source)?)),
        })
    }

    fn finish_set(
        &self,
        engine: Engine,
        caller: &str,
        replay: &Replay,
        asked: &CreateSet,
        drawn: Drawn,
    ) -> Result<SetUp, Refusal> {
        let now = self.now();
        let state = if engine.has_second_step() {
            ApplianceState::Pending
        } else {
            ApplianceState::Trusted
        };
        let Drawn {
            concealment,
            own,
            set,
            part,
        } = drawn;
        let public = own.as_ref().or(set.as_ref()).map(|pair| &pair.public);
        let answer = SetUp {
            set: asked.set.clone(),
            scheme: engine.scheme.name().into(),
            protocol: engine.protocol,
            generation: 1,
            appliances_keep_shares: asked.appliances_keep_shares,
            state,
            public_key: public.map(|key| Bytes::new(&key[..])),
            part: part.map(Bytes::new),
            moved: None,
        };
        let (private_key, public_key) =
            set.map_or((None, None), |pair| (Some(pair.private), Some(pair.public)));
        let row = SetRow {
            set: asked.set.clone(),
            scheme: engine.scheme.name().into(),
            protocol: engine.protocol.name().into(),
            appliances_keep_shares: asked.appliances_keep_shares,
            generation: 1,
            private_key,
            public_key,
            agents: asked.agents.iter().map(agent_row).collect(),
            owner: caller.into(),
            created: now,
        };
        let (private_key, public_key) =
            own.map_or((None, None), |pair| (Some(pair.private), Some(pair.public)));
        let appliance = ApplianceRow {
            set: asked.set.clone(),
            generation: 1,
            appliance: caller.into(),
            state: state.name().into(),
            concealment,
            private_key,
            public_key,
            hpke_key: asked.hpke_key.as_slice().to_vec(),
            vouched_by: None,
            created: now,
            revoked: None,
        };
        self.transaction(|rows| {
            // The same request may have come twice at once.
            if let Some(answer) = replay.answered(rows, caller)? {
                return Ok(answer);
            }
            if !rows.add_set(&row)? {
                return Err(Refusal::SetExists(row.set.clone()).into());
            }
            rows.put_appliance(&appliance)?;
            let how = format!("{} {}", row.protocol, row.scheme);
            self.audit(rows, caller, "set.create", row.set.clone(), how)?;
            replay.keep(rows, caller, &answer, now)?;
            Ok(answer.clone())
        })
    }

    /// The sets of an appliance.
    pub(crate) fn sets(
        &self,
        caller: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Set>, Refusal> {
        self.reading(|rows| {
            let mut found = rows.sets_of(caller, after, limit + 1)?;
            let more = found.len() > limit as usize;
            found.truncate(limit as usize);
            let next = found.last().filter(|_| more).map(|last| last.set.clone());
            let mut entries = Vec::with_capacity(found.len());
            for set in found {
                // It may have been there in an earlier generation only.
                let row = rows.appliance(&set.set, set.generation, caller)?;
                let state = row.map_or(Ok(ApplianceState::Pending), |row| state_of(&row))?;
                entries.push(set_of(set, state)?);
            }
            Ok(Page { entries, next })
        })
    }

    /// One of them.
    pub(crate) fn set(&self, caller: &str, set: &str) -> Result<Set, Refusal> {
        self.reading(|rows| {
            let member = Member::find(rows, set, caller)?;
            Ok(set_of(member.set, member.state)?)
        })
    }

    /// The appliances of a set, for one of them.
    pub(crate) fn appliances(
        &self,
        caller: &str,
        set: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Appliance>, Refusal> {
        self.reading(|rows| {
            let member = Member::find(rows, set, caller)?;
            let generation = member.set.generation;
            let mut found = rows.appliances(set, generation, after, limit + 1)?;
            let more = found.len() > limit as usize;
            found.truncate(limit as usize);
            let next = found.last().filter(|_| more);
            let next = next.map(|last| last.appliance.clone());
            let entries = found.iter().map(appliance_of);
            let entries = entries.collect::<Result<_, _>>()?;
            Ok(Page { entries, next })
        })
    }

    /// Revokes an appliance. From its next request on it is refused, and what the vault had for it is forgotten.
    pub(crate) fn revoke(
        &self,
        caller: &str,
        set: &str,
        appliance: &str,
    ) -> Result<Appliance, Refusal> {
        let now = self.now();
        self.transaction(|rows| {
            let member = Member::find(rows, set, caller)?;
            if caller != appliance {
                member.check_trusted()?;
            }
            let generation = member.set.generation;
            let row = rows.appliance(set, generation, appliance)?;
            let mut row = row.ok_or_else(|| Refusal::UnknownAppliance(appliance.into()))?;
            if state_of(&row)? == ApplianceState::Revoked {
                return Ok(appliance_of(&row)?);
            }
            if state_of(&row)? == ApplianceState::Trusted {
                self.check_not_last(rows, &member, appliance)?;
            }
            row.state = ApplianceState::Revoked.name().into();
            row.revoked = Some(now);
            rows.put_appliance(&row)?;
            forget_notes(rows, set, appliance)?;
            if !member.engine.protocol.has_hidden_shares() {
                // Without it the appliance's own B or r opens nothing, of whatever generation. Its E stays: shares may be under that.
                for generation in 1..=generation {
                    if let Some(mut row) = rows.appliance(set, generation, appliance)? {
                        row.concealment = None;
                        rows.put_appliance(&row)?;
                    }
                }
            }
            let subject = format!("{set}/{appliance}");
            self.audit(rows, caller, "appliance.revoke", subject, String::new())?;
            Ok(appliance_of(&row)?)
        })
    }

    fn check_not_last(
        &self,
        rows: &mut dyn photonbox_store::VaultRows,
        member: &Member,
        appliance: &str,
    ) -> Result<(), super::Stop> {
        let mut after: Option<String> = None;
        loop {
            let (set, generation) = (&member.set.set, member.set.generation);
            let page = rows.appliances(set, generation, after.as_deref(), 100)?;
            for other in &page {
                if other.appliance != appliance && state_of(other)? == ApplianceState::Trusted {
                    return Ok(());
                }
            }
            match page.last() {
                Some(last) => after = Some(last.appliance.clone()),
                None => return Err(Refusal::LastAppliance(appliance.into()).into()),
            }
        }
    }
}

fn agent_row(agent: &Agent) -> AgentRow {
    AgentRow {
        host: agent.host.clone(),
        address: agent.address.clone(),
    }
}

/// An agent of a stored set.
pub(super) fn agent_of(row: &AgentRow) -> Agent {
    Agent {
        host: row.host.clone(),
        address: row.address.clone(),
    }
}

fn set_of(row: SetRow, state: ApplianceState) -> Result<Set, Refusal> {
    let engine = engine_of(&row)?;
    Ok(Set {
        scheme: row.scheme,
        protocol: engine.protocol,
        generation: row.generation,
        agents: row.agents.iter().map(agent_of).collect(),
        appliances_keep_shares: row.appliances_keep_shares,
        owner: row.owner,
        created: row.created,
        state,
        set: row.set,
    })
}

pub(super) fn appliance_of(row: &ApplianceRow) -> Result<Appliance, Refusal> {
    Ok(Appliance {
        state: state_of(row)?,
        appliance: row.appliance.clone(),
        hpke_key: Bytes::new(&row.hpke_key[..]),
        public_key: row.public_key.as_deref().map(Bytes::new),
        vouched_by: row.vouched_by.clone(),
        created: row.created,
        revoked: row.revoked,
    })
}
