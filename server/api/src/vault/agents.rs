//! The agents of *three* and N, as the vault asks them. They answer the hub alone: an appliance that could ask them had a way to r.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use photonbox_vault::api::{Agent, AgentCarry, AgentDraw, AgentMove, AgentTurn, Bytes};

use crate::problem::Refusal;

/// An agent's answer, later.
pub type AskedAgent<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + 'a>>;

/// What an agent does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Divides by E(r_i).
    TakeOut,
    /// Multiplies by E(r_i).
    PutIn,
}

/// How agents are asked. An error is one line; it names neither keys nor messages.
pub trait Agents: Send + Sync + fmt::Debug + 'static {
    /// Has the agent draw r_i for an appliance.
    fn draw<'a>(&'a self, agent: &'a Agent, asked: &'a AgentDraw) -> AskedAgent<'a, ()>;

    /// Gives it its turn with a message.
    fn turn<'a>(
        &'a self,
        agent: &'a Agent,
        turn: Turn,
        asked: &'a AgentTurn,
    ) -> AskedAgent<'a, Vec<u8>>;

    /// Has it move a covered concealment from the voucher to the newcomer.
    fn move_to<'a>(&'a self, agent: &'a Agent, asked: &'a AgentMove) -> AskedAgent<'a, Vec<u8>>;

    /// Has it keep an appliance's r_i for the next generation.
    fn carry<'a>(&'a self, agent: &'a Agent, asked: &'a AgentCarry) -> AskedAgent<'a, ()>;
}

/// The line of agents of one appliance.
pub(super) struct Line<'a> {
    pub(super) agents: &'a dyn Agents,
    pub(super) of_set: &'a [Agent],
    pub(super) set: &'a str,
    pub(super) generation: u64,
    pub(super) appliance: &'a str,
}

impl Line<'_> {
    /// Each of them draws its r_i.
    pub(super) async fn draw(&self, scheme: &str, public_key: &[u8]) -> Result<(), Refusal> {
        let asked = AgentDraw {
            set: self.set.into(),
            generation: self.generation,
            appliance: self.appliance.into(),
            scheme: scheme.into(),
            public_key: Bytes::new(public_key),
        };
        for agent in self.of_set {
            let drawn = self.agents.draw(agent, &asked).await;
            drawn.map_err(|reason| refused(agent, reason))?;
        }
        Ok(())
    }

    /// The message goes from one to the next; the last one's answer.
    pub(super) async fn turns(&self, turn: Turn, message: Vec<u8>) -> Result<Vec<u8>, Refusal> {
        let mut message = message;
        for agent in self.of_set {
            let asked = AgentTurn {
                set: self.set.into(),
                generation: self.generation,
                appliance: self.appliance.into(),
                message: Bytes::new(message),
            };
            let turned = self.agents.turn(agent, turn, &asked).await;
            message = turned.map_err(|reason| refused(agent, reason))?;
        }
        Ok(message)
    }

    /// From another appliance's r to this one's, from one agent to the next.
    pub(super) async fn moves(&self, from: &str, message: Vec<u8>) -> Result<Vec<u8>, Refusal> {
        let mut message = message;
        for agent in self.of_set {
            let asked = AgentMove {
                set: self.set.into(),
                generation: self.generation,
                from: from.into(),
                to: self.appliance.into(),
                message: Bytes::new(message),
            };
            let moved = self.agents.move_to(agent, &asked).await;
            message = moved.map_err(|reason| refused(agent, reason))?;
        }
        Ok(message)
    }

    /// Each of them keeps this appliance's r in this generation, too.
    pub(super) async fn carry(&self) -> Result<(), Refusal> {
        let asked = AgentCarry {
            set: self.set.into(),
            generation: self.generation,
            appliance: self.appliance.into(),
        };
        for agent in self.of_set {
            let carried = self.agents.carry(agent, &asked).await;
            carried.map_err(|reason| refused(agent, reason))?;
        }
        Ok(())
    }
}

fn refused(agent: &Agent, reason: String) -> Refusal {
    tracing::warn!(agent = agent.host, reason, "an agent did not do its part");
    Refusal::Agent {
        agent: agent.host.clone(),
        reason,
    }
}
