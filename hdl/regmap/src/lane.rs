//! One lane: beam splitter, detectors A and B, sampler, health tests. Offsets are within the block at [`base`].

use crate::table::registers;

/// Offset of lane 0 in BAR 0.
pub const BASE: u32 = 0x1000;
/// Bytes from one lane to the next.
pub const STRIDE: u32 = 0x80;

/// Offset of lane `lane` in BAR 0.
pub const fn base(lane: u32) -> u32 {
    BASE + STRIDE * lane
}

registers! {
    /// Switches the lane. On a card that runs, enabling begins with the start-up test; disabling discards the lane's open window.
    ENABLE @ 0x00 Rw = 0;
        ENABLE_ON "ON" 0 1 "The lane is used.";
    /// Settings; only on a stopped lane (card idle, or lane off or in alarm).
    CONFIG @ 0x04 Rw = 0;
        CONFIG_RETRIGGER "RETRIGGER" 0 1 "An edge while blind restarts the hold-off.";
        CONFIG_TAP "TAP" 1 1 "ROUTE: 0 EXTRACT (entropy ring), 1 TAP (raw ring, never creditable).";
    /// Coincidence window W: cycles k to k+W. Only on a stopped lane.
    WINDOW @ 0x08 Rw = 0;
        WINDOW_CYCLES "CYCLES" 0 16 "Cycles.";
    /// Blind time after a bit or a coincidence. Only on a stopped lane.
    HOLDOFF @ 0x0c Rw = 30;
        HOLDOFF_CYCLES "CYCLES" 0 20 "Cycles.";
    /// Repetition count test: cut-off C (SP 800-90B 4.4.1). Only on a stopped lane. Reset: H = 0.5, alpha = 2^-40.
    RCT_CUTOFF @ 0x10 Rw = 81;
        RCT_CUTOFF_C "C" 0 16 "Equal bits in a row that raise the alarm; below 2 counts as 2.";
    /// Adaptive proportion test over 1,024 bits: cut-off C (SP 800-90B 4.4.2). Only on a stopped lane. Reset: H = 0.5, alpha = 2^-40.
    APT_CUTOFF @ 0x14 Rw = 824;
        APT_CUTOFF_C "C" 0 11 "Occurrences of a window's first bit that raise the alarm.";
    /// Fewest edges of each detector in a watch window of 2^20 cycles. Only on a stopped lane.
    RATE_MIN @ 0x18 Rw = 16;
        RATE_MIN_EDGES "EDGES" 0 21 "Edges.";
    /// Most edges of each detector in a watch window of 2^20 cycles. Only on a stopped lane.
    RATE_MAX @ 0x1c Rw = 0x8_0000;
        RATE_MAX_EDGES "EDGES" 0 21 "Edges.";
    /// Balance watch: most bits of one value in 65,536. Only on a stopped lane. Reset: H = 0.5.
    BALANCE_MAX @ 0x20 Rw = 47_039;
        BALANCE_MAX_BITS "BITS" 0 17 "Bits.";
    /// What the lane is doing.
    STATE @ 0x24 Ro = 0;
        STATE_STATE "STATE" 0 2 "0 off, 1 start-up test, 2 running, 3 alarm.";
        STATE_RESTART "RESTART" 2 1 "A restart was requested and alarms are still set.";
        STATE_STARTUP_BITS "STARTUP_BITS" 16 11 "Bits that the start-up test still wants.";
    /// Alarms, latched. Ones written clear after a RESTART request only; when none is left the lane begins its start-up test.
    ALARMS @ 0x28 W1c = 0;
        ALARM_RCT "RCT" 0 1 "Repetition count test.";
        ALARM_APT "APT" 1 1 "Adaptive proportion test.";
        ALARM_RATE_LOW "RATE_LOW" 2 1 "A detector had fewer edges than RATE_MIN.";
        ALARM_RATE_HIGH "RATE_HIGH" 3 1 "A detector had more edges than RATE_MAX.";
        ALARM_BALANCE "BALANCE" 4 1 "More bits of one value than BALANCE_MAX.";
        ALARM_STARTUP "STARTUP" 5 1 "Another alarm came during the start-up test.";
    /// Restart request of a lane in alarm.
    RESTART @ 0x2c Wo = 0;
        RESTART_REQUEST "REQUEST" 0 1 "Allow ALARMS to be cleared.";
    /// Edges of A in the last whole watch window.
    RATE_A @ 0x30 Ro = 0;
        RATE_A_EDGES "EDGES" 0 21 "Edges in 2^20 cycles.";
    /// Edges of B in the last whole watch window.
    RATE_B @ 0x34 Ro = 0;
        RATE_B_EDGES "EDGES" 0 21 "Edges in 2^20 cycles.";
    /// Raw bits made, low word of the snapshot.
    BITS_LO @ 0x40 Ro = 0;
    /// Raw bits made, high word of the snapshot.
    BITS_HI @ 0x44 Ro = 0;
    /// Raw bits that are 1, low word of the snapshot.
    ONES_LO @ 0x48 Ro = 0;
    /// Raw bits that are 1, high word of the snapshot.
    ONES_HI @ 0x4c Ro = 0;
    /// Coincidences, low word of the snapshot.
    COINCIDENCES_LO @ 0x50 Ro = 0;
    /// Coincidences, high word of the snapshot.
    COINCIDENCES_HI @ 0x54 Ro = 0;
    /// Edges ignored, low word of the snapshot.
    IGNORED_LO @ 0x58 Ro = 0;
    /// Edges ignored, high word of the snapshot.
    IGNORED_HI @ 0x5c Ro = 0;
    /// Edges of A, low word of the snapshot.
    EDGES_A_LO @ 0x60 Ro = 0;
    /// Edges of A, high word of the snapshot.
    EDGES_A_HI @ 0x64 Ro = 0;
    /// Edges of B, low word of the snapshot.
    EDGES_B_LO @ 0x68 Ro = 0;
    /// Edges of B, high word of the snapshot.
    EDGES_B_HI @ 0x6c Ro = 0;
    /// Raw bits that went nowhere (start-up, alarm, full ring, no seed), low word of the snapshot.
    DISCARDED_LO @ 0x70 Ro = 0;
    /// Raw bits that went nowhere, high word of the snapshot.
    DISCARDED_HI @ 0x74 Ro = 0;
}

/// `STATE.STATE`: not used.
pub const OFF: u32 = 0;
/// `STATE.STATE`: start-up test, bits are thrown away.
pub const STARTUP: u32 = 1;
/// `STATE.STATE`: bits leave the lane.
pub const RUNNING: u32 = 2;
/// `STATE.STATE`: an alarm is latched, nothing leaves the lane.
pub const ALARMED: u32 = 3;

/// Bits that the start-up test throws away (spec 1-entropy §1.2).
pub const STARTUP_BITS: u32 = 1024;
/// Window of the adaptive proportion test for binary sources (SP 800-90B 4.4.2).
pub const APT_WINDOW: u32 = 1024;
/// Cycles of a rate watch window.
pub const RATE_WINDOW_CYCLES: u64 = 1 << 20;
/// Bits of a balance watch window.
pub const BALANCE_WINDOW: u32 = 65_536;
