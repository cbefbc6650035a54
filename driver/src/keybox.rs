//! Key-box jobs: an IP key's orbit from the card's engine, box by box over the key-box ring.

use crate::{
    card::Card,
    error::Error,
    layout::RingKind,
    ring::{Arming, Geometry, Ring, SLOW_POLL},
};
use photonbox_regmap::{global, keybox, ring};
use std::time::Instant;

/// Slots of the key-box ring while a job runs.
const SLOTS: u32 = 4;

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

impl Card {
    /// Runs a job from `x0`, a 256-bit little-endian number: `take` gets the number of each box, from 1, and its keys,
    /// 32 bytes each; they are wiped afterwards. The ring is the job's own and is given up at its end, so the card's
    /// lanes may run or not.
    ///
    /// # Errors
    /// [`Error::NoKeybox`], [`Error::KeyboxBusy`], [`Error::KeyboxRefused`], [`Error::KeyboxWeak`] (keys that were
    /// given before are not to be used), [`Error::KeyboxAborted`], and what a ring can meet.
    pub fn keybox(
        &self,
        job: &KeyboxJob,
        x0: &[u8; 32],
        take: &mut dyn FnMut(u32, &[u8]),
    ) -> Result<(), Error> {
        if !self.identity.keybox {
            return Err(Error::NoKeybox);
        }
        let mut ring = Ring::take(&self.keybox)?;
        let result = self.run_job(job, x0, &mut ring, take);
        let swept = self.end_job();
        self.keybox.disarm();
        result.and(swept)
    }

    fn run_job(
        &self,
        job: &KeyboxJob,
        x0: &[u8; 32],
        ring: &mut Ring,
        take: &mut dyn FnMut(u32, &[u8]),
    ) -> Result<(), Error> {
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
        self.keybox.arm(Arming {
            geometry: Geometry {
                slots: SLOTS,
                slot_bytes: bytes.max(1).next_multiple_of(ring::SLOT_ALIGN),
            },
            generation: registers.read(global::GENERATION)?,
            extractor: (0, 0),
            flush_cycles: 0,
        })?;
        let enabled = registers.read(global::INT_ENABLE)?;
        registers.set(global::INT_ENABLE, enabled | global::INT_KEYBOX.mask())?;
        // X_0 cannot be read back, and the card sweeps it when the job ends, however it does.
        for (index, word) in x0.as_chunks::<4>().0.iter().enumerate() {
            let register = at(keybox::X0_0) + 4 * index as u32;
            registers.write(register, u32::from_le_bytes(*word))?;
        }
        registers.write(at(keybox::S), job.s)?;
        registers.write(at(keybox::BOXES), job.boxes)?;
        registers.write(at(keybox::KEYS), job.keys)?;
        registers.write(at(keybox::SUBMIT), keybox::SUBMIT_SUBMIT.mask())?;

        let mut data = vec![0; bytes as usize];
        let mut number = 0;
        let mut since = Instant::now();
        while number < job.boxes {
            let Some(slot) = ring.wait(SLOW_POLL)? else {
                let status = registers.read(at(keybox::STATUS))?;
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
            let found = (slot.lanes() >> 32) as u32;
            if found != number || slot.len() != data.len() {
                return Err(Error::BadCompletion {
                    ring: RingKind::Keybox,
                    what: format!(
                        "box {found} of {} bytes in place of box {number}",
                        slot.len()
                    ),
                });
            }
            slot.copy_to(&mut data)?;
            slot.release()?;
            take(number, &data);
            data.fill(0);
        }
        registers.wait("the end of the key-box job", self.patience, |registers| {
            let status = registers.read(at(keybox::STATUS))?;
            ended_badly(status)?;
            Ok(keybox::STATUS_DONE.is_set(status))
        })
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
