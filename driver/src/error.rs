//! What can go wrong with a card. Each failure is its own variant; each message says what failed, then what to do.

use crate::layout::RingKind;
use std::{io, path::PathBuf, time::Duration};

/// A failure of the card, of the way to it, or of how it is used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Every register reads all-ones: pulled out, powered off, or its link is down.
    #[error(
        "the card is dead (every register reads all-ones); check its power and seat, `lspci` and the kernel log, \
         then open it anew"
    )]
    DeadCard,

    /// Something answers, but not our card.
    #[error(
        "this is not a Photonbox card (magic {found:#010x}, not {expected:#010x}); check the device address"
    )]
    NotAPhotonbox {
        /// What the identity register said.
        found: u32,
        /// What it should say.
        expected: u32,
    },

    /// The card speaks another register ABI.
    #[error(
        "the card has register ABI {found}, this driver {expected}; load the bitstream of this release, or use its driver"
    )]
    AbiMismatch {
        /// The card's.
        found: u32,
        /// The driver's.
        expected: u32,
    },

    /// The card was built from another source.
    #[error(
        "the card's build hash is {found}, expected {expected}: it was built from another source; load the bitstream \
         of this release, or accept the card explicitly (`accept_any_build`)"
    )]
    BuildHashMismatch {
        /// The card's, in hexadecimal.
        found: String,
        /// The expected one, in hexadecimal.
        expected: String,
    },

    /// What the card says about itself can't be.
    #[error("the card claims {what}, which no card has; load the bitstream of this release")]
    BadCapabilities {
        /// The claim.
        what: String,
    },

    /// The card didn't finish what it was told.
    #[error(
        "the card hung: {waiting_for} did not come within {waited:?}; reset it (`photonbox card reset`), then go on"
    )]
    Hung {
        /// What didn't come.
        waiting_for: &'static str,
        /// How long the driver waited.
        waited: Duration,
    },

    /// The card says it completed slots that never arrived in memory.
    #[error(
        "the {ring} ring timed out: the card has completed slots that never arrived, as after an IOMMU fault; see the \
         kernel log for DMAR or AMD-Vi, then reset the card and re-arm (what was in flight is discarded)"
    )]
    DmaTimeout {
        /// Which ring.
        ring: RingKind,
    },

    /// A completion is missing.
    #[error(
        "the {ring} ring lost completions (number {found} came, {expected} was due); reset the card and re-arm (what \
         was in flight is discarded)"
    )]
    SequenceGap {
        /// Which ring.
        ring: RingKind,
        /// The number that was due.
        expected: u32,
        /// The one that came.
        found: u32,
    },

    /// A completion belongs to an earlier life of the card.
    #[error(
        "the card was reset behind the driver's back (generation {found}, not {expected}); make sure nobody else uses it, then reset and re-arm"
    )]
    GenerationChanged {
        /// The one in force.
        expected: u32,
        /// The one that came.
        found: u32,
    },

    /// A completion contradicts the ring.
    #[error(
        "the {ring} ring has a completion that can't be: {what}; reset the card and re-arm (what was in flight is discarded)"
    )]
    BadCompletion {
        /// Which ring.
        ring: RingKind,
        /// What is wrong with it.
        what: String,
    },

    /// The card stopped the ring after a bus error.
    #[error(
        "the card stopped the {ring} ring ({reason}); reset it and re-arm (what was in flight is discarded)"
    )]
    RingStopped {
        /// Which ring.
        ring: RingKind,
        /// The latched error.
        reason: String,
    },

    /// A slot outlived a reset of the card.
    #[error("the slot's data is gone: the card was reset while it was in use; take the next slot")]
    StaleSlot,

    /// The card didn't take a seed of the right length.
    #[error(
        "the card refuses the extractor's seed (SEED_STATUS {status:#x}); wait until the last one is in force, or reset the card"
    )]
    SeedRefused {
        /// The status register.
        status: u32,
    },

    /// The caller's buffer can't hold a slot.
    #[error("the slot holds {length} bytes and the buffer {found}; give a larger one")]
    BufferTooSmall {
        /// Bytes in the slot.
        length: usize,
        /// Bytes in the buffer.
        found: usize,
    },

    /// The card refused to start.
    #[error("the card refuses to start: {reasons}; correct the settings")]
    StartRefused {
        /// Names of the reasons, as in `START_ERROR`.
        reasons: String,
    },

    /// The ring was taken before.
    #[error("the {ring} ring is taken already; each ring has one owner")]
    RingTaken {
        /// Which ring.
        ring: RingKind,
    },

    /// The card has no such ring.
    #[error("this build of the card has no {ring} ring; use one that has it")]
    NoRing {
        /// Which ring.
        ring: RingKind,
    },

    /// Lanes failed their health tests, and none is left.
    #[error(
        "health alarm, no lane is left: {alarms}; check light, detectors and threshold voltages, then re-arm the lanes"
    )]
    HealthAlarm {
        /// Lane and alarm names.
        alarms: String,
    },

    /// A lane number that the card doesn't have.
    #[error("the card has no lane {lane} (0 to {last}); correct the settings")]
    NoLane {
        /// Asked for.
        lane: u32,
        /// The highest there is.
        last: u32,
    },

    /// A lane isn't in the state that this needs.
    #[error("lane {lane} is {state}, so {what}; see `photonbox card status`")]
    LaneState {
        /// Which lane.
        lane: u32,
        /// Its state.
        state: String,
        /// What follows.
        what: &'static str,
    },

    /// Settings that the driver refuses.
    #[error("settings refused: {what}")]
    Settings {
        /// What is wrong, and what would be right.
        what: String,
    },

    /// The extractor would give out more than goes in.
    #[error(
        "extractor refused: {m} bits out of {n} at {h} bit a bit; the leftover hash needs m <= n*H - 128, so at most \
         {most} bits here"
    )]
    Extractor {
        /// Input bits.
        n: u32,
        /// Output bits asked for.
        m: u32,
        /// Claimed min-entropy a bit.
        h: f64,
        /// Most output bits allowed.
        most: u32,
    },

    /// A setting reads back as something else.
    #[error(
        "register {register} reads back {found:#x} after {written:#x} was written; reset the card, and if it stays so, replace it"
    )]
    Readback {
        /// The register's name.
        register: &'static str,
        /// What was written.
        written: u32,
        /// What was read.
        found: u32,
    },

    /// Something is done out of order.
    #[error("the card is {state}, so it can't {action}; {help}")]
    Order {
        /// Where it is.
        state: &'static str,
        /// What was asked.
        action: &'static str,
        /// What to do first.
        help: &'static str,
    },

    /// A seed of the wrong length.
    #[error(
        "the extractor's seed has {found} bytes, and {expected} are due (n + m - 1 bits); draw that many"
    )]
    SeedLength {
        /// Given.
        found: usize,
        /// Due.
        expected: usize,
    },

    /// No permission for the device or for its memory.
    #[error(
        "no permission for {what}: {source}; join the group that owns it (see docs/operations.md), or ask its administrator"
    )]
    NoPermission {
        /// What was refused.
        what: String,
        /// The system's words.
        source: io::Error,
    },

    /// The memory-lock limit is too low.
    #[error(
        "{bytes} bytes of ring memory can't be locked (limit {limit} bytes): {source}; raise RLIMIT_MEMLOCK (`ulimit \
         -l`, or LimitMEMLOCK= in the unit)"
    )]
    LockedMemory {
        /// Wanted.
        bytes: usize,
        /// The limit in force.
        limit: u64,
        /// The system's words.
        source: io::Error,
    },

    /// No memory for a ring.
    #[error(
        "{bytes} bytes of ring memory can't be had: {source}; use smaller rings or free memory"
    )]
    DmaMemory {
        /// Wanted.
        bytes: usize,
        /// The system's words.
        source: io::Error,
    },

    /// The card has no key-box engine.
    #[error("the card has no key-box engine; use the engine `reference`")]
    NoKeybox,

    /// Another job runs.
    #[error("the card's key-box engine is busy with another job; try again when that has ended")]
    KeyboxBusy,

    /// The card can't do this job.
    #[error("the card refuses the key-box job: {what}; use fewer keys a box, or reset the card")]
    KeyboxRefused {
        /// Why.
        what: String,
    },

    /// The orbit ends or stands still.
    #[error(
        "the IP key is weak: the card's engine met 0 or a value that stands still; draw another IP key"
    )]
    KeyboxWeak,

    /// The job ended before its time.
    #[error("the key-box job was aborted, or its ring stopped; reset the card and submit it again")]
    KeyboxAborted,

    /// No address for a ring.
    #[error("no I/O virtual addresses are left for {bytes} bytes; open the card anew")]
    NoIovaSpace {
        /// Wanted.
        bytes: u64,
    },

    /// An interrupt that the card doesn't have.
    #[error("the card has no interrupt vector {vector}; load the bitstream of this release")]
    NoVector {
        /// Asked for.
        vector: u16,
    },

    /// The link to the card failed.
    #[error(
        "the link to the card failed at {what}: {source}; check the link, then open the card anew"
    )]
    Link {
        /// What was tried.
        what: String,
        /// The system's words.
        source: io::Error,
    },

    /// Nobody serves a card at this socket.
    #[error(
        "no card is served at {path}: {source}; start one with `photonbox simcard --socket {path}`, or correct the path"
    )]
    NoServer {
        /// The socket.
        path: String,
        /// The system's words.
        source: io::Error,
    },

    /// Someone else has the card.
    #[error("the card at {at} is in use by another process; end that one, or take another card")]
    InUse {
        /// The card's address.
        at: String,
    },

    /// The bus, or what plays it, refuses a request.
    #[error(
        "the card's bus refuses {what}: {source}; open the card anew, and if it stays so, start it anew"
    )]
    BusRefused {
        /// What was asked.
        what: String,
        /// The system's words.
        source: io::Error,
    },

    /// The PCI function isn't one that the driver can use.
    #[error(
        "the PCI function can't be used: {what}; check the device address, and load the bitstream of this release"
    )]
    PciFunction {
        /// What it lacks, or what is wrong with it.
        what: String,
    },

    /// The key file of a serial line is refused.
    #[error("the serial line's key file {} is refused: {what}; give a file of 32 random bytes", path.display())]
    SerialKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },

    /// No PCI function has this address.
    #[error(
        "no PCI function is at {bdf} ({cards}); see `lspci -d 10ee:5042`, and check power and seat of the card"
    )]
    NoSuchFunction {
        /// The address.
        bdf: String,
        /// The cards that there are.
        cards: String,
    },

    /// The machine has no IOMMU, or it is off.
    #[error(
        "the card {bdf} is behind no IOMMU, which keeps it to its own memory; switch it on in the firmware (VT-d, \
         AMD-Vi) and for the kernel (intel_iommu=on), then start the machine anew"
    )]
    NoIommu {
        /// The card's address.
        bdf: String,
    },

    /// The kernel lets no user have the function.
    #[error(
        "the kernel lets no user have the card {bdf}: its IOMMU remaps no interrupts, or the firmware keeps memory for it \
         (`dmesg` says which); switch interrupt remapping on in the firmware, or, if you trust whoever uses the card as \
         the kernel itself, set allow_unsafe_interrupts=1 for the module vfio_iommu_type1"
    )]
    NotForUsers {
        /// The card's address.
        bdf: String,
    },

    /// Another kernel driver has the card, or none.
    #[error(
        "the card {bdf} is bound to {driver}, not to vfio-pci; bind it: `driverctl set-override {bdf} vfio-pci` (see \
         docs/operations.md)"
    )]
    NotBound {
        /// The card's address.
        bdf: String,
        /// What it is bound to.
        driver: String,
    },

    /// Other functions of the IOMMU group are in the kernel's hands.
    #[error(
        "the IOMMU group {group} of the card {bdf} is shared with {others}; bind those to vfio-pci too, or put the card \
         into another slot"
    )]
    GroupNotViable {
        /// The card's address.
        bdf: String,
        /// The group.
        group: String,
        /// The others and their drivers.
        others: String,
    },

    /// The kernel's VFIO isn't what the driver needs.
    #[error(
        "the kernel's VFIO {what}; load the modules vfio-pci and vfio_iommu_type1 (`modprobe vfio-pci`)"
    )]
    NoVfio {
        /// What it lacks.
        what: String,
    },

    /// A kind of card that this build can't reach.
    #[error(
        "cards at `{asked}` are not supported by this build; build it with --features verilated, or use `model`"
    )]
    UnsupportedTransport {
        /// The address given.
        asked: String,
    },

    /// Not a card address at all.
    #[error(
        "`{asked}` names no card; use `model`, `rtl`, `vfio-user:PATH`, `vfio:BDF` or `serial:DEV[@BAUD]`"
    )]
    UnknownCard {
        /// The address given.
        asked: String,
    },
}

impl Error {
    /// Whether a reset of the card and new rings ([`crate::Card::recover`]) may get it going again.
    #[must_use]
    pub fn is_recoverable(&self) -> bool {
        matches!(
            self,
            Self::Hung { .. }
                | Self::DmaTimeout { .. }
                | Self::SequenceGap { .. }
                | Self::GenerationChanged { .. }
                | Self::BadCompletion { .. }
                | Self::RingStopped { .. }
        )
    }
}
