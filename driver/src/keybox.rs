//! Key-box jobs: an IP key's orbit from the card's engine, box by box over the key-box ring.

use crate::{
    card::Card,
    error::Error,
    layout::RingKind,
    ring::{Arming, Geometry, Ring, SLOW_POLL, Slot, in_use},
};
use photonbox_regmap::{global, keybox, ring};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Slots of the key-box ring while jobs run.
const SLOTS: u32 = 4;
/// Keys for which a slot has room at least while lanes run, when the ring cannot be changed between jobs.
pub const RUNNING_KEYS: u32 = 2048;
/// How long a round watches memory without giving its core away.
const SPIN: Duration = Duration::from_micros(5);
/// How long a round waits for the interrupt of data that has come.
const INTERRUPT_LOST: Duration = Duration::from_secs(1);

/// What the card is asked for. The checks that need no card are the caller's (`photonbox-keybox`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyboxJob {
    /// Dropped digits, 1 to 8.
    pub s: u32,
    /// Boxes.
    pub boxes: u32,
    /// Keys of a box.
    pub keys: u32,
}

/// What one round of [`Card::keybox_rounds`] took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// From the doorbell until the data and their completion were seen in memory.
    pub data: Duration,
    /// From the doorbell until the interrupt was taken; none if it didn't come.
    pub interrupt: Option<Duration>,
}

impl Card {
    /// Runs a job from `x0`, a 256-bit little-endian number: `take` gets the number of each box, from 1, and its keys,
    /// 32 bytes each; they are wiped afterwards. The ring is the job's own, so the card's lanes may run or not. It is given up
    /// at the end; but a running card gives no ring up, so there the next job goes on with it: with boxes of at most
    /// [`RUNNING_KEYS`] keys, or as many as the first one had, until one ends badly.
    ///
    /// # Errors
    /// [`Error::NoKeybox`], [`Error::KeyboxBusy`], [`Error::KeyboxRefused`], [`Error::KeyboxWeak`] (keys that were
    /// given before are not to be used), [`Error::KeyboxAborted`], [`Error::Order`] for a job that can't go on with the
    /// ring while lanes run, and what a ring can meet.
    pub fn keybox(
        &self,
        job: &KeyboxJob,
        x0: &[u8; 32],
        take: &mut dyn FnMut(u32, &[u8]),
    ) -> Result<(), Error> {
        self.with_keybox_ring(|ring| self.run_job(job, x0, ring, take))
    }

    /// Measures the way to the card and back: jobs of one box with one key each, one after the other. A round is the
    /// doorbell that submits the job, the key in memory, and the interrupt. `x0` gives the job of a round, from 0, as
    /// [`Card::keybox`] has it, and `take` gets its key and its times. Memory is watched without sleeping, so that a
    /// thread's waking is in the interrupt's time only.
    ///
    /// # Errors
    /// As [`Card::keybox`].
    pub fn keybox_rounds(
        &self,
        rounds: u32,
        s: u32,
        x0: &mut dyn FnMut(u32) -> [u8; 32],
        take: &mut dyn FnMut(u32, Round, &[u8; 32]),
    ) -> Result<(), Error> {
        let job = KeyboxJob {
            s,
            boxes: 1,
            keys: 1,
        };
        self.with_keybox_ring(|ring| {
            self.arm_for(&job)?;
            for number in 0..rounds {
                self.prepare(&job, &x0(number))?;
                let mut key = [0; 32];
                let round = self.round(ring, &mut key)?;
                take(number, round, &key);
                key.fill(0);
            }
            Ok(())
        })
    }

    fn round(&self, ring: &mut Ring, key: &mut [u8; 32]) -> Result<Round, Error> {
        let interrupt = Arc::clone(self.keybox.interrupt());
        // What came before is nobody's any more.
        let _earlier = interrupt.wait(Duration::ZERO);
        let start = Instant::now();
        self.submit()?;
        let slot = loop {
            if let Some(slot) = self.keybox.look()? {
                break ring.slot(slot);
            }
            if start.elapsed() > self.patience {
                // Says what is wrong, if the registers know.
                self.keybox.slow_poll()?;
                return Err(Error::Hung {
                    waiting_for: "the next key box",
                    waited: start.elapsed(),
                });
            }
            // Where cores are few the card may be waiting for this one.
            if start.elapsed() < SPIN {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        };
        let data = start.elapsed();
        let came = interrupt.wait(INTERRUPT_LOST);
        let interrupt = came.then(|| start.elapsed());
        take_box(&slot, 1, key)?;
        slot.release()?;
        self.finished()?;
        Ok(Round { data, interrupt })
    }

    /// Does something with the key-box ring, which is given up at its end.
    fn with_keybox_ring(
        &self,
        work: impl FnOnce(&mut Ring) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if !self.identity.keybox {
            return Err(Error::NoKeybox);
        }
        self.lock().awake("make keys")?;
        let mut ring = Ring::take(&self.keybox)?;
        let result = work(&mut ring);
        let swept = self.end_job();
        let ended = result.and(swept);
        let running = || {
            let registers = &self.registers;
            registers.is_set(global::STATUS, global::STATUS_RUNNING)
        };
        // Its slots were wiped when they were released.
        let as_it_was = matches!(ended, Ok(()) | Err(Error::Order { .. }));
        if !as_it_was || !running().unwrap_or(false) {
            self.keybox.disarm();
        }
        ended
    }

    /// Arms the ring with slots for the boxes of a job.
    fn arm_for(&self, job: &KeyboxJob) -> Result<(), Error> {
        let bytes = job.keys.saturating_mul(keybox::KEY_BYTES);
        if bytes > ring::MAX_SLOT_BYTES {
            return Err(Error::KeyboxRefused {
                what: format!("boxes of {} keys are larger than a slot", job.keys),
            });
        }
        let registers = &self.registers;
        let at = |register| keybox::BASE + register;
        if registers.is_set(at(keybox::STATUS), keybox::STATUS_BUSY)? {
            return Err(Error::KeyboxBusy);
        }
        registers.transport().bus_master(true)?;
        let generation = registers.read(global::GENERATION)?;
        let mut slot_bytes = bytes.max(1).next_multiple_of(ring::SLOT_ALIGN);
        if registers.is_set(global::STATUS, global::STATUS_RUNNING)? {
            if self.keybox.goes_on(slot_bytes, generation) {
                return Ok(());
            }
            if self.keybox.goes_on(0, generation) {
                return Err(in_use());
            }
            slot_bytes = slot_bytes.max(RUNNING_KEYS * keybox::KEY_BYTES);
        }
        self.keybox.arm(Arming {
            geometry: Geometry {
                slots: SLOTS,
                slot_bytes,
            },
            generation,
            extractor: (0, 0),
            flush_cycles: 0,
        })?;
        let enabled = registers.read(global::INT_ENABLE)?;
        registers.set(global::INT_ENABLE, enabled | global::INT_KEYBOX.mask())?;
        Ok(())
    }

    /// All that a job needs but the doorbell.
    fn prepare(&self, job: &KeyboxJob, x0: &[u8; 32]) -> Result<(), Error> {
        let registers = &self.registers;
        let at = |register| keybox::BASE + register;
        // X_0 cannot be read back, and the card sweeps it when the job ends, however it does.
        for (index, word) in x0.as_chunks::<4>().0.iter().enumerate() {
            let register = at(keybox::X0_0) + 4 * index as u32;
            registers.write(register, u32::from_le_bytes(*word))?;
        }
        registers.write(at(keybox::S), job.s)?;
        registers.write(at(keybox::BOXES), job.boxes)?;
        registers.write(at(keybox::KEYS), job.keys)
    }

    fn submit(&self) -> Result<(), Error> {
        let submit = keybox::SUBMIT_SUBMIT.mask();
        self.registers.write(keybox::BASE + keybox::SUBMIT, submit)
    }

    /// Waits for the end of the job.
    fn finished(&self) -> Result<(), Error> {
        self.registers
            .wait("the end of the key-box job", self.patience, |registers| {
                let status = registers.read(keybox::BASE + keybox::STATUS)?;
                ended_badly(status)?;
                Ok(keybox::STATUS_DONE.is_set(status))
            })
    }

    fn run_job(
        &self,
        job: &KeyboxJob,
        x0: &[u8; 32],
        ring: &mut Ring,
        take: &mut dyn FnMut(u32, &[u8]),
    ) -> Result<(), Error> {
        self.arm_for(job)?;
        self.prepare(job, x0)?;
        self.submit()?;
        let mut data = vec![0; (job.keys * keybox::KEY_BYTES) as usize];
        let mut number = 0;
        let mut since = Instant::now();
        while number < job.boxes {
            let Some(slot) = ring.wait(SLOW_POLL)? else {
                let status = self.registers.read(keybox::BASE + keybox::STATUS)?;
                ended_badly(status)?;
                // Keys come in microseconds: nothing for this long is a card that hangs.
                if since.elapsed() > self.patience.max(SLOW_POLL * 20) {
                    return Err(Error::Hung {
                        waiting_for: "the next key box",
                        waited: since.elapsed(),
                    });
                }
                continue;
            };
            since = Instant::now();
            number += 1;
            take_box(&slot, number, &mut data)?;
            slot.release()?;
            take(number, &data);
            data.fill(0);
        }
        self.finished()
    }

    /// Whatever still runs is aborted; the ring may go when the engine has swept.
    fn end_job(&self) -> Result<(), Error> {
        let registers = &self.registers;
        let at = |register| keybox::BASE + register;
        if registers.is_set(at(keybox::STATUS), keybox::STATUS_BUSY)? {
            registers.write(at(keybox::SUBMIT), keybox::SUBMIT_ABORT.mask())?;
        }
        registers.wait(
            "the key-box engine to be swept",
            self.patience,
            |registers| Ok(!registers.is_set(at(keybox::STATUS), keybox::STATUS_BUSY)?),
        )
    }
}

/// Copies the keys of a slot that must hold the box with this number.
fn take_box(slot: &Slot<'_>, number: u32, keys: &mut [u8]) -> Result<(), Error> {
    let found = (slot.lanes() >> 32) as u32;
    if found != number || slot.len() != keys.len() {
        return Err(Error::BadCompletion {
            ring: RingKind::Keybox,
            what: format!(
                "box {found} of {} bytes in place of box {number}",
                slot.len()
            ),
        });
    }
    slot.copy_to(keys).map(drop)
}

fn ended_badly(status: u32) -> Result<(), Error> {
    if keybox::STATUS_WEAK.is_set(status) {
        Err(Error::KeyboxWeak)
    } else if keybox::STATUS_BAD.is_set(status) {
        Err(Error::KeyboxRefused {
            what: "its numbers are out of range or its ring cannot be used".to_owned(),
        })
    } else if keybox::STATUS_ABORTED.is_set(status) {
        Err(Error::KeyboxAborted)
    } else {
        Ok(())
    }
}
