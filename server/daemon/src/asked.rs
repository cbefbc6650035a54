//! What was asked of a parent, and the way of its answers from the [link](crate::link) to whoever asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use photonbox_channel::message::{Class, Provenance, RefusalCode};
use photonbox_secret::SecretBytes;
use tokio::sync::mpsc;

use crate::boxes::{BoxAnswer, Word};
use crate::link::Command;

/// Bytes that one asker may leave lying; more cancels its request. What was on its way by then may be as much again.
pub(crate) const MAX_QUEUED: usize = 4 * 1024 * 1024;
/// What a message costs besides its payload, when we count.
const OVERHEAD: usize = 256;

/// What comes back for a request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Bytes.
    Delivery(Delivered),
    /// Bytes with a signed statement.
    Attested {
        delivery: Delivered,
        statement: Vec<u8>,
        key: SecretBytes,
        signature: Vec<u8>,
    },
    /// Refused, now or for good.
    Refused {
        code: RefusalCode,
        retry_after_ms: Option<u64>,
        text: String,
    },
    /// The hub's opening of a sealed stream.
    Opening(Vec<u8>),
    /// Of key boxes.
    Boxes(BoxAnswer),
    /// A sealed block.
    Sealed { hops: u8, block: Vec<u8> },
    /// The connection is gone, or the request was cancelled because its answers were not taken.
    Lost,
}

/// A delivery, out of its record.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) seq: u64,
    pub(crate) class: Class,
    pub(crate) provenance: Provenance,
    pub(crate) hops: u8,
    pub(crate) origin: String,
    pub(crate) last: bool,
    pub(crate) payload: SecretBytes,
}

/// Where answers go; counts what lies there.
pub(crate) struct Answers {
    sender: mpsc::UnboundedSender<(usize, Answer)>,
    queued: Arc<AtomicUsize>,
}

/// What became of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Given {
    Taken,
    /// Taken, and the asker has more lying than it should.
    Slow,
    /// The asker is gone, or far too slow.
    Gone,
}

impl Answers {
    pub(crate) fn give(&self, size: usize, answer: Answer) -> Given {
        let size = size + OVERHEAD;
        let queued = self.queued.fetch_add(size, Ordering::Relaxed) + size;
        if queued > 2 * MAX_QUEUED {
            let _ = self.sender.send((size, Answer::Lost));
            return Given::Gone;
        }
        match self.sender.send((size, answer)) {
            Err(_) => Given::Gone,
            Ok(()) if queued > MAX_QUEUED => Given::Slow,
            Ok(()) => Given::Taken,
        }
    }
}

/// An open request; dropping it cancels, and throws away what still comes.
pub(crate) struct Asked {
    id: u64,
    receiver: mpsc::UnboundedReceiver<(usize, Answer)>,
    queued: Arc<AtomicUsize>,
    commands: mpsc::Sender<Command>,
    over: bool,
}

impl Asked {
    /// A request that goes out by `commands`, and where its answers are to be given.
    pub(crate) fn new(id: u64, commands: mpsc::Sender<Command>) -> (Answers, Self) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let queued = Arc::new(AtomicUsize::new(0));
        let answers = Answers {
            sender,
            queued: Arc::clone(&queued),
        };
        let asked = Self {
            id,
            receiver,
            queued,
            commands,
            over: false,
        };
        (answers, asked)
    }

    /// The next answer; [`Answer::Lost`] and refusals are the last one.
    pub(crate) async fn next(&mut self) -> Answer {
        match self.receiver.recv().await {
            Some((size, answer)) => {
                self.queued.fetch_sub(size, Ordering::Relaxed);
                let last = match &answer {
                    Answer::Delivery(delivery) | Answer::Attested { delivery, .. } => delivery.last,
                    Answer::Refused { .. } | Answer::Lost => true,
                    Answer::Opening(_) | Answer::Sealed { .. } | Answer::Boxes(_) => false,
                };
                self.over |= last;
                answer
            }
            None => {
                self.over = true;
                Answer::Lost
            }
        }
    }

    /// Wants no more. What was made by now still comes, then a refusal ([`RefusalCode::Cancelled`], if
    /// it was not over before).
    pub(crate) async fn cancel(&self) {
        // A link that is gone answers with Lost.
        let _ = self.commands.send(Command::Cancel { id: self.id }).await;
    }

    /// Says something of the boxes of a request for them.
    pub(crate) async fn say(&self, word: Word) {
        // A link that is gone answers with Lost.
        let _ = self.commands.send(Command::Say { id: self.id, word }).await;
    }

    /// Asks for more of an on-demand request.
    pub(crate) async fn pull(&self, bytes: u64) {
        // A link that is gone answers with Lost.
        let _ = self
            .commands
            .send(Command::Pull { id: self.id, bytes })
            .await;
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if !self.over {
            // A full queue: the link notices at the next answer that nobody is here.
            let _ = self.commands.try_send(Command::Forget { id: self.id });
        }
    }
}
