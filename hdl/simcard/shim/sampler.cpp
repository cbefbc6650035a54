// The verilated sampler of a lane, alone: photons in, bits and counts out.
//
// Its outputs belong to the cycle in which its inputs are set, so they are looked at between the clock's two halves.
#include "Vphotonbox_sampler.h"
#include "verilated.h"
#include <cstdint>

namespace {

// As `Pulse` in src/core/ffi.rs: `idle` cycles without an edge, then one with an edge of A, of B or of both.
struct Pulse {
  uint64_t idle;
  uint8_t a, b;
  uint8_t unused[6];
};

// As `Counts` in src/core/ffi.rs.
struct Counts {
  uint64_t bits, ones, coincidences, ignored;
};

struct Sampler {
  VerilatedContext context;
  Vphotonbox_sampler top{&context, "sampler"};
  Counts counts{};
  bool changed = true;
  bool open = false;

  // One cycle; adds a bit at `*out` if one is decided in it.
  void cycle(uint8_t*& out) {
    top.clock = 0;
    if (changed) {
      top.sample = 1;
      changed = false;
    }
    top.eval();
    if (top.valid) {
      *out++ = top.value;
      counts.bits++;
      counts.ones += top.value;
    }
    counts.coincidences += top.coincidence;
    counts.ignored += top.ignored;
    open = top.stays_open;
    top.clock = 1;
    top.sample = 0;
    top.eval();
  }

  void edges(uint8_t a, uint8_t b) {
    if (top.edge_a == a && top.edge_b == b) return;
    top.edge_a = a;
    top.edge_b = b;
    changed = true;
  }

  Sampler(uint32_t window, uint32_t holdoff, bool retrigger) {
    top.clock = 0;
    top.sample = 0;
    top.eval();
    uint8_t none[8], *out = none;
    top.reset = 1;
    top.window = window;
    top.holdoff = holdoff;
    top.retrigger = retrigger;
    for (int i = 0; i < 4; i++) cycle(out);
    top.reset = 0;
    changed = true;
    // Settings are stable from two cycles before `clear` on.
    for (int i = 0; i < 4; i++) cycle(out);
    top.clear = 1;
    changed = true;
    cycle(out);
    top.clear = 0;
    top.step = 1;
    changed = true;
    counts = Counts{};
  }
};

}  // namespace

extern "C" {

Sampler* pb_sampler_new(uint32_t window, uint32_t holdoff, int retrigger) {
  return new Sampler(window, holdoff, retrigger != 0);
}

void pb_sampler_free(Sampler* sampler) {
  sampler->top.final();
  delete sampler;
}

// Plays pulses, then `idle` cycles without an edge. Says how many bits it wrote: at most one for each pulse, and one
// for a window that was open before.
size_t pb_sampler_play(Sampler* sampler, const Pulse* pulses, size_t count, uint64_t idle, uint8_t* bits) {
  uint8_t* out = bits;
  for (const Pulse* pulse = pulses; pulse != pulses + count; pulse++) {
    if (pulse->idle) sampler->edges(0, 0);
    for (uint64_t i = 0; i < pulse->idle; i++) sampler->cycle(out);
    sampler->edges(pulse->a, pulse->b);
    sampler->cycle(out);
  }
  sampler->edges(0, 0);
  for (uint64_t i = 0; i < idle; i++) sampler->cycle(out);
  return out - bits;
}

void pb_sampler_counts(const Sampler* sampler, Counts* counts, int* open) {
  *counts = sampler->counts;
  *open = sampler->open;
}
}
