//! Identity, control, status, interrupts, errors, pattern generator. Offsets are those of BAR 0.

use crate::table::registers;

registers! {
    /// The bytes `PHBX`; anything else is not this card, all ones is a card that has gone.
    MAGIC @ 0x000 Ro = crate::MAGIC;
    /// Version of this map: a driver refuses another major.
    ABI @ 0x004 Ro = crate::ABI_VERSION;
        ABI_MINOR "MINOR" 0 16 "Grows with additions.";
        ABI_MAJOR "MAJOR" 16 16 "Grows with anything else.";
    /// What was built. The reset value is the build's.
    CAPS @ 0x008 Ro = 0;
        CAPS_BUILD "BUILD" 0 4 "0 small, 1 wide.";
        CAPS_FRONT_END "FRONT_END" 4 4 "Where photons come from: 0 real pins, 1 test, 2 simulated.";
        CAPS_LANES "LANES" 8 8 "Number of lanes.";
        CAPS_TOEPLITZ_W "TOEPLITZ_W" 16 8 "Input bits that the extractor takes a cycle.";
        CAPS_AXI_BYTES "AXI_BYTES" 24 7 "Bytes of the DMA data path.";
        CAPS_KEYBOX "KEYBOX" 31 1 "A key-box engine is present.";
    /// Limits of the extractor. The reset value is the build's.
    CAPS_EXTRACTOR @ 0x00c Ro = 0;
        CAPS_MAX_N "MAX_N" 0 16 "Largest number of input bits of a block.";
        CAPS_MAX_M "MAX_M" 16 16 "Largest number of output bits of a block.";
    /// Changes at every reset: a driver that finds another value than it remembers must set up everything again.
    GENERATION @ 0x010 Ro = 1;
    /// Commands; several may be given at once and are taken from bit 0 up.
    CONTROL @ 0x014 Wo = 0;
        CONTROL_SOFT_RESET "SOFT_RESET" 0 1 "Everything but GENERATION back to its reset value; bits in flight are discarded.";
        CONTROL_STOP "STOP" 1 1 "Stop all lanes, finish what is on the bus, then STATUS.IDLE.";
        CONTROL_SELFTEST "SELFTEST" 2 1 "Run the known-answer tests; only while idle.";
        CONTROL_START "START" 3 1 "Start the enabled lanes, each with its start-up test; only while idle.";
    /// What the card is doing.
    STATUS @ 0x018 Ro = 1;
        STATUS_IDLE "IDLE" 0 1 "No lane runs and no write of the entropy and raw rings is outstanding: their memory may be unmapped. That of the key-box ring once its RELEASE is taken; jobs go on while the card is idle.";
        STATUS_RUNNING "RUNNING" 1 1 "Started and not stopped.";
        STATUS_DRAINING "DRAINING" 2 1 "Stopped, writes still outstanding.";
        STATUS_ALARM "ALARM" 3 1 "At least one enabled lane is in alarm.";
        STATUS_ALL_ALARMED "ALL_ALARMED" 4 1 "Every enabled lane is in alarm.";
        STATUS_START_REFUSED "START_REFUSED" 5 1 "The last START was refused: see START_ERROR.";
        STATUS_SELFTEST_OK "SELFTEST_OK" 6 1 "The last self-test passed wholly.";
        STATUS_RING_ERROR "RING_ERROR" 7 1 "At least one ring has stopped on a bus error.";
        STATUS_TEST_PATTERN "TEST_PATTERN" 8 1 "At least one lane is fed by the pattern generator.";
    /// For the driver's own use.
    SCRATCH @ 0x01c Rw = 0;
    /// Bytes 0 to 3 of the build hash, in memory order.
    BUILD_HASH0 @ 0x020 Ro = 0;
    /// Bytes 4 to 7 of the build hash.
    BUILD_HASH1 @ 0x024 Ro = 0;
    /// Bytes 8 to 11 of the build hash.
    BUILD_HASH2 @ 0x028 Ro = 0;
    /// Bytes 12 to 15 of the build hash.
    BUILD_HASH3 @ 0x02c Ro = 0;
    /// Bytes 16 to 19 of the build hash.
    BUILD_HASH4 @ 0x030 Ro = 0;
    /// Bytes 20 to 23 of the build hash.
    BUILD_HASH5 @ 0x034 Ro = 0;
    /// Bytes 24 to 27 of the build hash.
    BUILD_HASH6 @ 0x038 Ro = 0;
    /// Bytes 28 to 31 of the build hash.
    BUILD_HASH7 @ 0x03c Ro = 0;
    /// Core clock in Hz.
    CLOCK_HZ @ 0x040 Ro = crate::DEFAULT_CLOCK_HZ;
    /// Writing anything copies every 64-bit counter of the card, at one instant, into its LO and HI registers.
    SNAPSHOT @ 0x044 Wo = 0;
    /// Number of snapshots taken since reset.
    SNAPSHOT_COUNT @ 0x048 Ro = 0;
    /// Core cycles since power-on at the snapshot, low word.
    CYCLES_LO @ 0x04c Ro = 0;
    /// Core cycles since power-on at the snapshot, high word.
    CYCLES_HI @ 0x050 Ro = 0;
    /// Why the last START was refused; 0 after one that was not.
    START_ERROR @ 0x054 Ro = 0;
        START_ERROR_NO_LANE "NO_LANE" 0 1 "No lane is enabled.";
        START_ERROR_GEOMETRY "GEOMETRY" 1 1 "Extractor N or M is 0, too large, or M is no multiple of 64.";
        START_ERROR_LEFTOVER "LEFTOVER" 2 1 "M > N*H - 128.";
        START_ERROR_NO_SEED "NO_SEED" 3 1 "A lane is routed to EXTRACT and no seed of N+M-1 bits is committed.";
        START_ERROR_NO_RING "NO_RING" 4 1 "A ring that an enabled lane feeds is not committed and enabled.";
        START_ERROR_SLOT "SLOT" 5 1 "A slot of the entropy ring does not hold one block.";
        START_ERROR_SELFTEST "SELFTEST" 6 1 "The last self-test failed.";
        START_ERROR_NOT_IDLE "NOT_IDLE" 7 1 "The card was not idle.";
        START_ERROR_WINDOW "WINDOW" 8 1 "WINDOW is 0 on real pins, which resolve to one cycle either way.";
    /// Pending interrupts. Ring bits show the ring's state; event bits are cleared by writing one.
    INT_STATUS @ 0x060 W1c = 0;
        INT_ENTROPY "ENTROPY" 0 1 "Entropy ring: tail differs from acknowledged head. Vector 0.";
        INT_RAW "RAW" 1 1 "Raw ring: tail differs from acknowledged head. Vector 1.";
        INT_KEYBOX "KEYBOX" 2 1 "Key-box ring: tail differs from acknowledged head. Vector 2.";
        INT_ALARM "ALARM" 3 1 "A lane went into alarm. Vector 3.";
        INT_ERROR "ERROR" 4 1 "A ring stopped on a bus error. Vector 3.";
        INT_SEED "SEED" 5 1 "Three quarters of BLOCKS_PER_SEED are used and no seed waits. Vector 3.";
        INT_IDLE "IDLE" 6 1 "The card became idle after STOP. Vector 3.";
    /// One allows the interrupt of the same bit of INT_STATUS.
    INT_ENABLE @ 0x064 Rw = 0;
        INT_ENABLE_ALL "ENABLE" 0 7 "The bits of INT_STATUS.";
    /// A ring interrupts when this many slots wait; 0 and 1 mean at once.
    INT_COALESCE_SLOTS @ 0x068 Rw = 1;
        INT_COALESCE_SLOTS_N "SLOTS" 0 16 "Slots.";
    /// A ring interrupts at the latest this many cycles after its oldest slot that waits; 0 leaves it to SLOTS alone.
    INT_COALESCE_CYCLES @ 0x06c Rw = 0;
    /// Accesses to registers that do not exist, misaligned ones included.
    ERR_UNKNOWN_REGISTER @ 0x070 Ro = 0;
    /// Writes that were refused because what they set was in use (a running lane, a committed ring).
    ERR_REFUSED_WRITE @ 0x074 Ro = 0;
    /// Writes to host memory that ended in SLVERR, DECERR or a time-out.
    ERR_BUS @ 0x078 Ro = 0;
    /// Times that a full ring made its producer wait.
    ERR_RING_STALLS @ 0x07c Ro = 0;
    /// Bits thrown away because a ring was full, an alarm discarded the block, or no seed was left.
    ERR_DROPPED_BITS @ 0x080 Ro = 0;
    /// Known-answer tests that the last self-test ran.
    SELFTEST_RAN @ 0x090 Ro = 0;
        SELFTEST_SAMPLER "SAMPLER" 0 1 "Coincidence sampler.";
        SELFTEST_RCT "RCT" 1 1 "Repetition count test.";
        SELFTEST_APT "APT" 2 1 "Adaptive proportion test.";
        SELFTEST_RATE "RATE" 3 1 "Rate watch.";
        SELFTEST_BALANCE "BALANCE" 4 1 "Balance watch.";
        SELFTEST_TOEPLITZ "TOEPLITZ" 5 1 "Toeplitz extractor.";
        SELFTEST_KEYBOX "KEYBOX" 6 1 "Key-box engine, where there is one.";
    /// Known-answer tests that passed; same bits as SELFTEST_RAN.
    SELFTEST_PASSED @ 0x094 Ro = 0;
        SELFTEST_PASSED_ALL "PASSED" 0 7 "The bits of SELFTEST_RAN.";
    /// Pattern generator at the pins, before the synchroniser; what it makes is marked TEST. Only while idle.
    PATTERN @ 0x0a0 Rw = 0;
        PATTERN_KIND "KIND" 0 4 "0 off, 1 alternate, 2 counter, 3 stuck-a, 4 stuck-b, 5 biased.";
    /// Cycles from one pulse of the pattern to the next, at least 2. Only while idle.
    PATTERN_PERIOD @ 0x0a4 Rw = 64;
        PATTERN_PERIOD_N "CYCLES" 0 20 "Cycles.";
    /// Lanes 0 to 31 that the pattern drives instead of their pins. Only while idle.
    PATTERN_LANES_LO @ 0x0a8 Rw = 0xffff_ffff;
    /// Lanes 32 to 63 that the pattern drives instead of their pins. Only while idle.
    PATTERN_LANES_HI @ 0x0ac Rw = 0xffff_ffff;
}

/// Offset of word `word` (0 to 7) of the build hash.
pub const fn build_hash(word: u32) -> u32 {
    BUILD_HASH0 + 4 * word
}

/// `CAPS.BUILD` of build *small*.
pub const BUILD_SMALL: u32 = 0;
/// `CAPS.BUILD` of build *wide*.
pub const BUILD_WIDE: u32 = 1;

/// `CAPS.FRONT_END`: detectors at real pins.
pub const FRONT_END_REAL: u32 = 0;
/// `CAPS.FRONT_END`: a test bench drives the pins.
pub const FRONT_END_TEST: u32 = 1;
/// `CAPS.FRONT_END`: simulated or recorded photons.
pub const FRONT_END_SIMULATED: u32 = 2;

/// `PATTERN.KIND`: no pattern.
pub const PATTERN_OFF: u32 = 0;
/// `PATTERN.KIND`: A, B, A, B, …
pub const PATTERN_ALTERNATE: u32 = 1;
/// `PATTERN.KIND`: the bits of a counter, 16 bits a value, most significant first.
pub const PATTERN_COUNTER: u32 = 2;
/// `PATTERN.KIND`: every pulse on A.
pub const PATTERN_STUCK_A: u32 = 3;
/// `PATTERN.KIND`: every pulse on B.
pub const PATTERN_STUCK_B: u32 = 4;
/// `PATTERN.KIND`: pseudo-random, seven of eight pulses on A.
pub const PATTERN_BIASED: u32 = 5;

/// MSI-X vector of alarms, errors, seed and idle events; vectors 0 to 2 are the rings'.
pub const EVENT_VECTOR: u16 = 3;
/// Number of MSI-X vectors.
pub const VECTORS: u16 = 4;
