use super::dedupe;

/// A register as rust-hdl emits it.
fn register(name: &str, width: u32, start: &str) -> String {
    format!(
        "

module {name}(d,q,clock);
    
    // Module arguments
    input wire  [{high}:0] d;
    output reg  [{high}:0] q;
    input wire  clock;
    
    // Update code (custom)
    initial begin
       q = {width}'h{start};
    end
    
    always @(posedge clock) begin
       q <= d;
    end
          
endmodule // {name}
",
        high = width - 1
    )
}

/// A block with one register `r`, as rust-hdl emits it.
fn lane(name: &str, update: &str) -> String {
    format!(
        "
module {name}(clock,e,q);
    
    // Module arguments
    input wire  clock;
    input wire  e;
    output reg  [7:0] q;
    
    // Stub signals
    reg  [7:0] r$d;
    wire  [7:0] r$q;
    reg  r$clock;
    
    // Sub module instances
    {name}$r r(
        .d(r$d),
        .q(r$q),
        .clock(r$clock)
    );
    
    // Update code
    always @(*) begin
        {update}
        r$d = r$q;
        q = r$q;
        if (e) begin
            r$d = r$q + 32'h1;
        end
    end
    
endmodule // {name}
"
    )
}

fn top(children: &[&str]) -> String {
    let mut text = "module top(clock,e);\n    input wire  clock;\n    input wire  e;\n".to_owned();
    for child in children {
        text.push_str(&format!(
            "    wire  [7:0] {child}$q;\n    top${child} {child}(\n        .clock(clock),\n        .e(e),\n        .q({child}$q)\n    );\n"
        ));
    }
    text + "endmodule // top\n"
}

fn modules(text: &str) -> Vec<&str> {
    let lines = text.lines();
    lines
        .filter_map(|line| line.strip_prefix("module ")?.split('(').next())
        .collect()
}

const DETOUR: &str = "r$clock = clock;";

fn two_lanes(second_update: &str, second_start: &str) -> String {
    [
        top(&["lanes$0", "lanes$1"]),
        lane("top$lanes$0", DETOUR),
        register("top$lanes$0$r", 8, "0"),
        lane("top$lanes$1", second_update),
        register("top$lanes$1$r", 8, second_start),
    ]
    .concat()
}

#[test]
fn equal_modules_become_one() {
    let text = dedupe(&two_lanes(DETOUR, "0"));
    assert_eq!(modules(&text), ["top", "pb_dff_8", "pb_lanes"]);
    assert!(text.contains("    pb_lanes lanes$0(\n"), "{text}");
    assert!(text.contains("    pb_lanes lanes$1(\n"), "{text}");
    assert!(text.contains("    pb_dff_8 r(\n"), "{text}");
    assert!(text.contains("endmodule // pb_lanes\n"), "{text}");
}

/// Bodies that are equal but for what a child's child does stay apart.
#[test]
fn other_start_value_stays_apart() {
    let text = dedupe(&two_lanes(DETOUR, "2a"));
    assert_eq!(modules(&text).len(), 5, "{text}");
    assert!(text.contains("module pb_dff_8_2a("), "{text}");
}

#[test]
fn other_body_stays_apart() {
    let text = dedupe(&two_lanes("r$clock = clock; q = 0;", "0"));
    assert_eq!(modules(&text).len(), 4, "{text}");
}

#[test]
fn registers_of_other_widths_stay_apart() {
    let text = [
        top(&["a", "b"]),
        register("top$a", 8, "0"),
        register("top$b", 9, "0"),
    ]
    .concat();
    assert_eq!(modules(&dedupe(&text)), ["top", "pb_dff_8", "pb_dff_9"]);
}

#[test]
fn clock_is_connected_directly() {
    let text = dedupe(&two_lanes(DETOUR, "0"));
    assert!(text.contains("        .clock(clock)\n    );"), "{text}");
    assert!(!text.contains("r$clock"), "{text}");
    // The rest of the block is untouched.
    assert!(text.contains("        r$d = r$q;\n"), "{text}");
}

/// A clock that depends on something, or is set twice, is no detour.
#[test]
fn gated_clock_stays() {
    for update in [
        "if (e) begin\n r$clock = clock;\n end",
        "r$clock = clock;\n r$clock = e;",
        "r$clock = (clock) & (e);",
        "r$clock = e;",
    ] {
        let text = dedupe(&two_lanes(update, "0"));
        assert!(text.contains(".clock(r$clock)"), "{update}: {text}");
        assert!(text.contains("reg r$clock;"), "{update}: {text}");
    }
}

/// The order of the input's modules decides nothing, and a second pass finds nothing more to do.
#[test]
fn deterministic_and_idempotent() {
    let parts = [
        top(&["lanes$0", "lanes$1"]),
        lane("top$lanes$0", DETOUR),
        register("top$lanes$0$r", 8, "0"),
        lane("top$lanes$1", DETOUR),
        register("top$lanes$1$r", 8, "0"),
    ];
    let forward = dedupe(&parts.concat());
    let backward: Vec<String> = parts.iter().rev().cloned().collect();
    assert_eq!(forward, dedupe(&backward.concat()));
    assert_eq!(modules(&dedupe(&forward)).len(), 3);
}

/// Two kinds that would have the same name get different ones.
#[test]
fn names_are_unique() {
    let text = [
        top(&["a$x", "b$x"]),
        lane("top$a$x", DETOUR),
        register("top$a$x$r", 8, "0"),
        lane("top$b$x", "r$clock = clock; q = 1;"),
        register("top$b$x$r", 8, "0"),
    ]
    .concat();
    let text = dedupe(&text);
    assert_eq!(
        modules(&text),
        ["top", "pb_b_x", "pb_dff_8", "pb_x"],
        "{text}"
    );
}

#[test]
fn one_line_instances_and_text_outside_are_kept() {
    let text = "module top(clock);
input wire clock;
top$a a(.clock(clock));
foreign f (.clock(clock));
endmodule // top
module top$a(clock);
input wire clock;
endmodule // top$a
(* blackbox *)
";
    let text = dedupe(text);
    assert!(text.contains("\npb_a a(.clock(clock));\n"), "{text}");
    assert!(text.contains("\nforeign f (.clock(clock));\n"), "{text}");
    assert!(text.ends_with("(* blackbox *)\n"), "{text}");
}
