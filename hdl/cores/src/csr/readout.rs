//! The read side of a consumer: a registered multiplexer made from offsets of the map.

use rust_hdl::prelude::Verilog;
use std::fmt::Write;

/// Verilog of a primitive with inputs `clock`, `csr_block`, `csr_register` and one for each register, and the
/// registered output `csr_read`: the value of the register that is addressed in block `block`, else 0.
///
/// `table` has, for each register, its offset in bytes and the Verilog expression that it reads as.
pub fn readout(block: u32, table: &[(u32, String)]) -> Verilog {
    let mut text = String::from("initial begin\n   csr_read = 32'h0;\nend\n\n");
    text += "always @(posedge clock) begin\n   csr_read <= 32'h0;\n";
    // Writing to a String cannot fail.
    let _ = writeln!(text, "   if (csr_block == 3'd{block}) begin");
    text += "      case (csr_register)\n";
    for (offset, expression) in table {
        let _ = writeln!(
            text,
            "         7'h{:x}: csr_read <= {expression};",
            offset / 4
        );
    }
    text += "         default: csr_read <= 32'h0;\n      endcase\n   end\nend\n";
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
