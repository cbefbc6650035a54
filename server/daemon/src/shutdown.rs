//! One switch that every task watches: run, drain, stop.

use tokio::sync::watch;

/// What the tasks should be doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Work.
    Run,
    /// Take nothing new, finish what is open, then stop.
    Drain,
    /// Close now, with a reason.
    Stop,
}

/// A clonable handle; any clone can raise the phase, none can lower it.
#[derive(Clone, Debug)]
pub struct Shutdown {
    sender: std::sync::Arc<watch::Sender<Phase>>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// A switch in the phase [`Phase::Run`].
    #[must_use]
    pub fn new() -> Self {
        Self {
            sender: std::sync::Arc::new(watch::channel(Phase::Run).0),
        }
    }

    /// Asks for a graceful end.
    pub fn drain(&self) {
        self.raise(Phase::Drain);
    }

    /// Asks for an end now.
    pub fn stop(&self) {
        self.raise(Phase::Stop);
    }

    /// The phase now.
    #[must_use]
    pub fn phase(&self) -> Phase {
        *self.sender.borrow()
    }

    /// Resolves when the phase is at least `phase`.
    pub async fn reached(&self, phase: Phase) {
        let mut receiver = self.sender.subscribe();
        // The sender lives in `self`, so waiting cannot fail before the phase is reached.
        let _ = receiver.wait_for(|now| *now >= phase).await;
    }

    fn raise(&self, phase: Phase) {
        self.sender.send_if_modified(|now| {
            let raised = phase > *now;
            if raised {
                *now = phase;
            }
            raised
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn phases_only_rise_and_wake_waiters() {
        let switch = Shutdown::new();
        let other = switch.clone();
        let waiter = tokio::spawn(async move { other.reached(Phase::Drain).await });
        switch.stop();
        switch.drain();
        assert_eq!(switch.phase(), Phase::Stop);
        waiter.await.expect("woken");
    }
}
