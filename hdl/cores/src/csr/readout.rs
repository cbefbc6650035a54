//! The read side of a consumer: a registered multiplexer made from offsets of the map.

use rust_hdl::prelude::Verilog;
use std::fmt::Write;

/// Verilog of a primitive with inputs `clock`, `csr_block`, `csr_register` and one for each register, and the
/// registered output `csr_read`: the value of the register that was addressed in block `block` in the cycle before,
/// else 0. The address stands for cycles before it is read, and the look-up has a cycle of its own.
///
/// `table` has, for each register, its offset in bytes and the Verilog expression that it reads as.
pub fn readout(block: u32, table: &[(u32, String)]) -> Verilog {
    let high = table.len() - 1;
    let mut text = format!(
        "reg [{high}:0] at;\ninitial begin\n   at = 0;\n   csr_read = 32'h0;\nend\n\nalways @(posedge clock) begin\n"
    );
    // Writing to a String cannot fail.
    for (bit, (offset, _)) in table.iter().enumerate() {
        let _ = writeln!(
            text,
            "   at[{bit}] <= csr_block == 3'd{block} && csr_register == 7'h{:x};",
            offset / 4
        );
    }
    let chosen: Vec<String> = table
        .iter()
        .enumerate()
        .map(|(bit, (_, expression))| format!("({{32{{at[{bit}]}}}} & ({expression}))"))
        .collect();
    let _ = writeln!(text, "   csr_read <= {};", chosen.join("\n      | "));
    text += "end\n";
    Verilog::Custom(text)
}

/// As [`readout`], each register read from the input of the given name.
pub fn readout_of(block: u32, table: &[(u32, &str)]) -> Verilog {
    let table: Vec<(u32, String)> = table
        .iter()
        .map(|(offset, name)| (*offset, (*name).to_owned()))
        .collect();
    readout(block, &table)
}
