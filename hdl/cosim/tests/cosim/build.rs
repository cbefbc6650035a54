//! Designs are built, from several threads at once, and run.

use photonbox_cosim::{Design, Library, Options};
use std::time::Instant;

/// A counter that adds `STEP`; the text of each name differs, so that each is built.
pub(crate) fn counter(name: &str, step: u32) -> Design {
    let text = format!(
        "module top(clock,enable,count);
input wire clock;
input wire enable;
output reg [31:0] count;
initial count = 0;
always @(posedge clock) if (enable) count <= count + 32'd{step};
endmodule
"
    );
    Design::new(name, text, "top").unwrap()
}

fn count(library: &Library) -> u64 {
    let mut rtl = library.simulation();
    let (enable, count) = (rtl.port("enable"), rtl.port("count"));
    rtl.set(enable, 1);
    for _ in 0..100 {
        rtl.clock();
    }
    rtl.set(enable, 0);
    rtl.clock();
    rtl.get(count)
}

/// Threads build at once, two of them the same text, in two ways.
#[test]
fn threads_build_at_once() {
    // A number that no earlier run had, so that the cache does not answer.
    let fresh = std::process::id() % 100_000;
    std::thread::scope(|scope| {
        for (thread, coverage) in [(0, false), (1, true), (1, true)] {
            scope.spawn(move || {
                let step = fresh * 8 + thread;
                let options = Options {
                    coverage,
                    ..Options::default()
                };
                let begin = Instant::now();
                let library = Library::build(counter("counter", step), options).unwrap();
                println!("{:.2} s", begin.elapsed().as_secs_f64());
                assert_eq!(count(&library), 100 * u64::from(step));
            });
        }
    });
}
