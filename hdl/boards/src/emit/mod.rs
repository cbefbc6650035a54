//! Passes over the Verilog that rust-hdl emits, on its way to what a build publishes.

pub mod hash;

pub use photonbox_cores::dedupe::dedupe;

const HEADER: &str = "\
// Photonbox: the card. Generated from hdl/cores and hdl/boards by `cargo xtask verilog`; edit those instead.
// SPDX-License-Identifier: MIT OR Apache-2.0
";

/// Gives the top module, which rust-hdl calls `top`, its name, and the text its header.
pub fn named(verilog: &str, top: &str) -> String {
    let mut text = HEADER.to_owned();
    for line in verilog.lines().map(str::trim_end) {
        match line.strip_prefix("module top(") {
            Some(rest) => text.extend(["module ", top, "(", rest]),
            None if line == "endmodule // top" => text.extend(["endmodule // ", top]),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}
