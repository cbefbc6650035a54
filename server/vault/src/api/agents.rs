//! What hubs ask agents.

use serde::{Deserialize, Serialize};

use super::Bytes;

/// To an agent, `POST /v1/agent/draw`: draw r_i for an appliance. Under the same name it answers the same again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentDraw {
    /// The set.
    pub set: String,
    /// Generation of the master key.
    pub generation: u64,
    /// The appliance.
    pub appliance: String,
    /// The group.
    pub scheme: String,
    /// E's public key.
    pub public_key: Bytes,
}

/// To an agent, `POST /v1/agent/take-out` and `/v1/agent/put-in`: divide by E(r_i), or multiply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentTurn {
    /// The set.
    pub set: String,
    /// Generation of the master key.
    pub generation: u64,
    /// The appliance whose r_i is meant.
    pub appliance: String,
    /// A message of [`crate::protocol::Kind::AgentsCreate`] or [`crate::protocol::Kind::AgentsAsk`].
    pub message: Bytes,
}

/// An agent's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentTurned {
    /// What comes of the message.
    pub message: Bytes,
}

/// To an agent, `POST /v1/agent/move`: from one appliance's E(r_i) to another's, for vouching.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentMove {
    /// The set.
    pub set: String,
    /// Generation of the master key.
    pub generation: u64,
    /// The voucher, whose r_i is taken out.
    pub from: String,
    /// The newcomer, whose r_i is put in.
    pub to: String,
    /// A message of [`crate::protocol::Kind::AgentsVouch`].
    pub message: Bytes,
}

/// To an agent, `POST /v1/agent/carry`: an appliance's r_i stays the same in the next generation. Asked again, it is done once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentCarry {
    /// The set.
    pub set: String,
    /// The next generation; the agent has r_i for the one before.
    pub generation: u64,
    /// The appliance.
    pub appliance: String,
}
