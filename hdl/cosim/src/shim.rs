//! The C++ between a verilated model and [`Simulation`](crate::Simulation): the same few functions for each design.

use crate::design::{Design, Direction};
use std::fmt::Write;

/// Changes when the shim does, so that no library of an older one is loaded.
pub(crate) const VERSION: u32 = 2;

/// The shim of a design, with all its ports in order.
pub(crate) fn source(design: &Design) -> String {
    let (mut set, mut get) = (String::new(), String::new());
    for (index, port) in design.ports.iter().enumerate() {
        let name = &port.name;
        let words = port.width.div_ceil(32);
        let (write, read) = match words {
            1 => (format!("t.{name} = w[0];"), format!("w[0] = t.{name};")),
            2 => (
                format!("t.{name} = (uint64_t)w[1] << 32 | w[0];"),
                format!("w[0] = (uint32_t)t.{name}; w[1] = (uint32_t)(t.{name} >> 32);"),
            ),
            _ => (
                format!("for (int i = 0; i < {words}; i++) t.{name}[i] = w[i];"),
                format!("for (int i = 0; i < {words}; i++) w[i] = t.{name}[i];"),
            ),
        };
        // Writing to a String cannot fail.
        if port.direction == Direction::Input {
            let _ = writeln!(set, "    case {index}: {write} break;");
        }
        let _ = writeln!(get, "    case {index}: {read} break;");
    }
    TEMPLATE.replace("@SET@", &set).replace("@GET@", &get)
}

const TEMPLATE: &str = r#"#include "Vdesign.h"
namespace {
struct Sim {
  VerilatedContext context;
  Vdesign top{&context, "top"};
  uint64_t time = 0;
#if VM_TRACE
  std::unique_ptr<VerilatedFstC> trace;
#endif
  void eval() {
    top.eval();
#if VM_TRACE
    if (trace) trace->dump(time++);
#endif
  }
  // After an edge the clock goes low again, so that outputs show the new state with the present inputs.
  void clock() { top.clock = 1; eval(); top.clock = 0; eval(); }
};
inline uint32_t low(Sim* s, uint32_t port) {
  Vdesign& t = s->top;
  uint32_t w[64];
  switch (port) {
@GET@    default: return 0;
  }
  return w[0];
}
}
extern "C" {
Sim* pb_new(int traced) {
  Sim* s = new Sim;
#if VM_TRACE
  if (traced) s->context.traceEverOn(true);
#endif
  s->top.clock = 0;
  // Without this the first rising edge is lost.
  s->top.eval();
  return s;
}
void pb_free(Sim* s) {
  s->top.final();
#if VM_TRACE
  if (s->trace) s->trace->close();
#endif
  delete s;
}
void pb_settle(Sim* s) { s->eval(); }
void pb_clock(Sim* s) { s->clock(); }
void pb_set(Sim* s, uint32_t port, const uint32_t* w) {
  Vdesign& t = s->top;
  switch (port) {
@SET@    default: break;
  }
}
void pb_get(Sim* s, uint32_t port, uint32_t* w) {
  Vdesign& t = s->top;
  switch (port) {
@GET@    default: break;
  }
}
uint64_t pb_run(Sim* s, uint64_t most, const uint32_t* ports, uint32_t count) {
  uint64_t done = 0;
  while (done < most) {
    s->clock();
    done++;
    for (uint32_t i = 0; i < count; i++) if (low(s, ports[i])) return done;
  }
  return done;
}
int pb_coverage(Sim* s, const char* path) {
#if VM_COVERAGE
  s->context.coveragep()->write(path);
  return 1;
#else
  return 0;
#endif
}
int pb_trace(Sim* s, const char* path) {
#if VM_TRACE
  s->trace = std::make_unique<VerilatedFstC>();
  s->top.trace(s->trace.get(), 99);
  s->trace->open(path);
  return s->trace->isOpen();
#else
  return 0;
#endif
}
}
"#;
