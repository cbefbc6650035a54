//! Ports of the top module, in each form of header.

use photonbox_cosim::{Design, Direction, Port};

fn ports(verilog: &str) -> Vec<(String, bool, usize)> {
    let design = Design::new("design", verilog.to_owned(), "top").unwrap();
    let port = |port: Port| (port.name, port.direction == Direction::Output, port.width);
    design.ports.into_iter().map(port).collect()
}

fn expected() -> Vec<(String, bool, usize)> {
    [
        ("clock", false, 1),
        ("reset", false, 1),
        ("a", false, 8),
        ("q", true, 33),
    ]
    .map(|(name, out, width)| (name.to_owned(), out, width))
    .into()
}

#[test]
fn declared_below() {
    let text = "module top$other(x);\nendmodule
module topmost(clock);\ninput wire clock;\nendmodule
module top(clock,reset,a,q);
    // Module arguments
    input wire  clock;
    input wire  reset;
    input wire  [7:0] a;
    output reg  [32:0] q;
    reg [3:0] local;
    function [3:0] f;
        input [3:0] b;
        f = b;
    endfunction
    always @(*) begin q = a; end // output reg [9:0] no;
endmodule // top
";
    assert_eq!(ports(text), expected());
}

#[test]
fn declared_in_the_header() {
    let text = "(* keep *) module top #(parameter [1:0] P = (2)) (
    input wire clock, reset, // input wire b,
    (* mark = \"x\" *) input wire [7:0] a,
    /* output c, */ output reg [32:0]q
);
    always @(*) q = a;
endmodule
";
    assert_eq!(ports(text), expected());
}

#[test]
fn no_clock_or_no_top_is_an_error() {
    for text in [
        "module top(input wire a);\nendmodule\n",
        "module topmost(input wire clock);\nendmodule\n",
        "",
    ] {
        let error = Design::new("d", text.to_owned(), "top").unwrap_err();
        assert!(
            error.to_string().starts_with("d: its top module "),
            "{error}"
        );
    }
}
