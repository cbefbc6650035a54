//! One lane: sampler, health tests, state machine, registers (spec 1-entropy §1.1 and §1.2, 6-card §6.1).
//!
//! Ports (Verilog takes `bit` and `edge` for keywords, so a bit is `value` everywhere):
//! in `clock, reset, index[6], edge_a, edge_b, start, stop, running, real_pins, csr_write, csr_block[3],
//! csr_instance[6], csr_register[7], csr_data[32], selftest, test_a, test_b`;
//! out `valid, value, tap, enabled, active, alarmed, window_ok, alarm_event, inc_bits, inc_ones, inc_coincidences,
//! inc_ignored[2], inc_a, inc_b, inc_discarded[2], test_valid, test_fail[5], csr_read[32], csr_refused`.

mod test_mode;

pub use test_mode::{
    TEST_BALANCE_WINDOW, TEST_DELAY, TEST_RATE_WINDOW, TEST_SETTINGS, TestModel, TestOutcome,
};
