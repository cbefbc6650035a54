//! A card at the far end of a serial line, as a board without PCIe is: its registers answer questions, and what it
//! writes goes over the line as posted writes.
//!
//! A line that is slower than the card makes the card wait, as a bus that is not ready does. When a host goes, the card
//! loses its bus; the next one finds it as it was left, and resets it.

use photonbox_driver::device::{Device, DmaFault, HostBus};
use photonbox_driver::transport::About;
use photonbox_driver::transport::serial::{
    Connection, Ended, Handler, LinkStats, Lost, MAX_DATA, Message, Role, SerialKey,
};
use serial2::SerialPort;
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Questions that wait for the card; more wait on the line.
const WAITING: usize = 16;
/// What the host does not take for so long will not be taken.
const PATIENCE: Duration = Duration::from_secs(6);
/// How often a server looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(100);

/// Serves a card on a line, host after host, in a thread of its own. Dropping it ends that.
pub struct SerialServer {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    state: Arc<Mutex<Progress>>,
}

#[derive(Default)]
struct Progress {
    connections: u64,
    last: LinkStats,
    failed: Option<String>,
}

impl SerialServer {
    /// Serves `device` on a port that is open, at `baud` bits a second.
    ///
    /// # Errors
    /// No thread.
    pub fn new(
        device: Arc<dyn Device>,
        port: SerialPort,
        baud: u32,
        key: Option<SerialKey>,
        about: About,
    ) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let state = Arc::<Mutex<Progress>>::default();
        let served = Served {
            device,
            about,
            stop: Arc::clone(&stop),
            state: Arc::clone(&state),
        };
        let thread = thread::Builder::new()
            .name("serial-card".into())
            .spawn(move || served.run(&port, baud, key.as_ref()))?;
        Ok(Self {
            stop,
            thread: Some(thread),
            state,
        })
    }

    fn progress<T>(&self, look: impl FnOnce(&Progress) -> T) -> T {
        look(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Hosts that were there.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.progress(|progress| progress.connections)
    }

    /// What went over the line with the last host that has gone.
    #[must_use]
    pub fn last_stats(&self) -> LinkStats {
        self.progress(|progress| progress.last)
    }

    /// Why nothing is served any more, if the port failed.
    #[must_use]
    pub fn failed(&self) -> Option<String> {
        self.progress(|progress| progress.failed.clone())
    }
}

impl Drop for SerialServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the served card had panicked");
        }
    }
}

struct Served {
    device: Arc<dyn Device>,
    about: About,
    stop: Arc<AtomicBool>,
    state: Arc<Mutex<Progress>>,
}

impl Served {
    fn run(&self, port: &SerialPort, baud: u32, key: Option<&SerialKey>) {
        while !self.stop.load(Ordering::Acquire) {
            let failed = port
                .try_clone()
                .and_then(|port| self.host(port, baud, key.cloned()))
                .err();
            if let Some(error) = failed {
                tracing::warn!("the serial line failed: {error}");
                self.note(|progress| progress.failed = Some(error.to_string()));
                return;
            }
        }
    }

    fn note(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// One host, from its first word to its last.
    fn host(&self, port: SerialPort, baud: u32, key: Option<SerialKey>) -> io::Result<()> {
        let questions = Arc::new(Questions::default());
        let handler: Arc<dyn Handler> = Arc::clone(&questions) as _;
        let connection = Arc::new(Connection::new(port, baud, Role::Card, key, handler)?);
        self.device.attach(Arc::new(Bus {
            connection: Arc::clone(&connection),
        }));
        let mut heard = false;
        let ended = loop {
            if let Some(ended) = connection.ended() {
                break ended;
            }
            if self.stop.load(Ordering::Acquire) {
                break Ended::Closed;
            }
            let Some(question) = questions.next(LOOK) else {
                continue;
            };
            connection.wake();
            if !heard {
                heard = true;
                self.note(|progress| progress.connections += 1);
            }
            if let Err(ended) = self.answer(&connection, &question) {
                break ended;
            }
        };
        // It goes on without a host, as a card does whose driver was killed: it may write nothing.
        self.device.bus_master_enable(false);
        connection.end(ended.clone());
        self.note(|progress| progress.last = connection.stats());
        match ended {
            Ended::Port(error) => Err(io::Error::other(error)),
            Ended::Lost(reason) => {
                tracing::info!("the host is gone: {reason}");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn answer(&self, connection: &Connection, question: &Message) -> Result<(), Ended> {
        match *question {
            Message::Read(offset) => {
                let value = self.device.read32(offset);
                connection.send(&Message::Value(value), PATIENCE)
            }
            Message::Write(offset, value) => {
                self.device.write32(offset, value);
                Ok(())
            }
            Message::BusMaster(on) => {
                self.device.bus_master_enable(on);
                connection.send(&Message::Done, PATIENCE)
            }
            Message::Reset => {
                self.device.function_level_reset();
                connection.send(&Message::Done, PATIENCE)
            }
            Message::Ask => connection.send(&Message::About(self.about), PATIENCE),
            // `Questions` lets no other through.
            _ => Err(Lost::BadMessage.into()),
        }
    }
}

/// What the host asked and the card has not answered.
#[derive(Default)]
struct Questions {
    waiting: Mutex<VecDeque<Message>>,
    asked: Condvar,
}

impl Questions {
    fn next(&self, timeout: Duration) -> Option<Message> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        self.asked
            .wait_timeout_while(waiting, timeout, |waiting| waiting.is_empty())
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .pop_front()
    }
}

impl Handler for Questions {
    fn wants(&self) -> bool {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
            < WAITING
    }

    fn take(&self, message: Message) -> bool {
        let asks = matches!(
            message,
            Message::Read(_)
                | Message::Write(..)
                | Message::BusMaster(_)
                | Message::Reset
                | Message::Ask
        );
        if asks {
            self.waiting
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push_back(message);
            self.asked.notify_one();
        }
        asks
    }

    fn ended(&self) {
        self.asked.notify_all();
    }
}

/// The host as the card sees it.
struct Bus {
    connection: Arc<Connection>,
}

impl HostBus for Bus {
    fn dma_write(&self, iova: u64, data: &[u8]) -> Result<(), DmaFault> {
        let pieces = (iova..).step_by(MAX_DATA).zip(data.chunks(MAX_DATA));
        for (iova, piece) in pieces {
            let posted = Message::Posted(iova, piece.to_vec());
            self.connection
                .send(&posted, PATIENCE)
                .map_err(|_| DmaFault {
                    iova,
                    length: piece.len(),
                })?;
        }
        Ok(())
    }

    fn raise_irq(&self, vector: u16) {
        // Lost with the line: then the host hears of nothing anyway.
        let _lost = self.connection.send(&Message::Irq(vector), PATIENCE);
    }
}
