//! What a channel tells its caller.

use std::time::Duration;

use crate::error::CloseReason;
use crate::identity::PeerIdentity;
use crate::incoming::Received;
use crate::kx::Group;

/// What happened; take them with [`crate::Channel::poll_event`].
#[derive(Debug)]
pub enum Event {
    /// Step 2 is done: mutual TLS stands.
    FirstChannel {
        /// Who is there.
        peer: PeerIdentity,
        /// The key exchange that was used.
        group: Group,
        /// Since the channel was made.
        elapsed: Duration,
    },
    /// Step 4 is done: messages can be sent.
    SecondChannel {
        /// Since the channel was made.
        elapsed: Duration,
    },
    /// Step 5: a service message.
    Message(Received),
    /// Step 6d: a rekey is due, there are no prekeys, and data goes on under this epoch's key until some come.
    SteppedDown {
        /// Epoch of the sending direction.
        epoch: u32,
    },
    /// The channel is over; nothing comes after this. Take and send what is outgoing, then drop
    /// the connection.
    Closed {
        /// Why.
        reason: CloseReason,
        /// The other side closed it.
        by_peer: bool,
        /// More, for the log; never with control characters.
        detail: String,
    },
}
