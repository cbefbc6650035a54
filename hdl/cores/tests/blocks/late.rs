//! Counters that begin far on, so that the digits are seen which a run does not reach.

/// The text with another first value of a register: `top$cycle_r` with `64'h0`.
pub(crate) fn started(text: &str, module: &str, from: &str, to: u64) -> String {
    let module = format!("\nmodule {module}(");
    let (before, after) = text.split_once(&module).unwrap();
    let (width, _) = from.split_once("'h").unwrap();
    let (assignment, late) = (format!("q = {from};"), format!("q = {width}'h{to:x};"));
    assert!(after.contains(&assignment));
    let after = after.replacen(&assignment, &late, 1);
    format!("{before}{module}{after}")
}
