//! Interrupts that come as eventfds: one thread turns them into [`Interrupt`]s.

use super::{Interrupt, vectors::Vectors};
use crate::error::Error;
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::Arc,
    thread::{self, JoinHandle},
};

/// The eventfds of a card, and the thread that waits for them. Dropping it ends the thread.
pub(super) struct EventFds {
    interrupts: Vectors,
    descriptors: Arc<Descriptors>,
    thread: Option<JoinHandle<()>>,
}

struct Descriptors {
    vectors: Vec<OwnedFd>,
    stop: OwnedFd,
}

impl EventFds {
    /// One eventfd for each of `vectors` interrupts.
    ///
    /// # Errors
    /// [`Error::Link`] when the system gives no more descriptors or threads.
    pub(super) fn new(vectors: u16) -> Result<Self, Error> {
        let fault = |source: io::Error| Error::Link {
            what: "setting up its interrupts".into(),
            source,
        };
        let open = || eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK);
        let descriptors = Arc::new(Descriptors {
            vectors: (0..vectors)
                .map(|_| open())
                .collect::<Result<_, _>>()
                .map_err(|error| fault(error.into()))?,
            stop: open().map_err(|error| fault(error.into()))?,
        });
        let interrupts = Vectors::new(vectors);
        let waiting = (Arc::clone(&descriptors), interrupts.clone());
        let thread = thread::Builder::new()
            .name("card-irq".into())
            .spawn(move || waiting.0.wait(&waiting.1))
            .map_err(fault)?;
        Ok(Self {
            interrupts,
            descriptors,
            thread: Some(thread),
        })
    }

    /// The descriptors, by vector.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.descriptors.vectors.iter().map(AsFd::as_fd)
    }

    /// The interrupt with this vector.
    pub(super) fn interrupt(&self, vector: u16) -> Result<Arc<Interrupt>, Error> {
        self.interrupts.get(vector)
    }
}

impl Descriptors {
    fn wait(&self, interrupts: &Vectors) {
        loop {
            let mut polled: Vec<_> = self
                .vectors
                .iter()
                .chain([&self.stop])
                .map(|descriptor| PollFd::new(descriptor, PollFlags::IN))
                .collect();
            match poll(&mut polled, None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => {
                    // Rings still have their slow poll.
                    tracing::error!(%error, "the card's interrupts are lost: cannot wait for them");
                    return;
                }
            }
            let ready: Vec<bool> = polled
                .iter()
                .map(|descriptor| !descriptor.revents().is_empty())
                .collect();
            if ready.last() == Some(&true) {
                return;
            }
            for ((vector, descriptor), _) in (0..)
                .zip(&self.vectors)
                .zip(&ready)
                .filter(|(_, ready)| **ready)
            {
                // However often it was raised: interrupts are hints.
                if rustix::io::read(descriptor, &mut [0; 8]) == Ok(8) {
                    let known = interrupts.raise(vector);
                    debug_assert!(known, "each descriptor has its vector");
                }
            }
        }
    }
}

impl Drop for EventFds {
    fn drop(&mut self) {
        let told = rustix::io::write(&self.descriptors.stop, &1_u64.to_ne_bytes());
        if let (Ok(_), Some(thread)) = (told, self.thread.take())
            && thread.join().is_err()
        {
            tracing::error!("the thread of the card's interrupts had panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_descriptor_raises_its_own_interrupt() {
        let events = EventFds::new(3).expect("eventfds");
        let fire = |vector: usize| {
            let descriptor = events.descriptors().nth(vector).expect("there");
            rustix::io::write(descriptor, &1_u64.to_ne_bytes()).expect("raised");
        };
        let wait = |vector, time| events.interrupt(vector).expect("there").wait(time);
        fire(1);
        assert!(wait(1, Duration::from_secs(60)));
        fire(2);
        fire(2);
        assert!(wait(2, Duration::from_secs(60)));
        assert!(!wait(0, Duration::ZERO));
        assert!(matches!(
            events.interrupt(3),
            Err(Error::NoVector { vector: 3 })
        ));
    }
}
