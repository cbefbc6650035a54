// The verilated small card with what surrounds it: pins that play edges, an AXI4 memory that takes bursts, an AXI4-Lite
// master, an interrupt port. One call runs a batch of cycles; bursts and interrupts wait in a queue for the caller.
//
// Each port's handshake is looked at between the clock's two halves: inputs are settled then, and the rising edge that
// makes the transfer is still to come.
#include "Vphotonbox_card.h"
#include "verilated.h"
#include <cstdint>
#include <cstring>
#include <deque>
#include <vector>

namespace {

// As `Edge` in src/core/ffi.rs.
struct Edge {
  uint64_t cycle;
  uint8_t lane, a, b, replayed;
  uint32_t unused;
};

// As `Event` in src/core/ffi.rs: a write of `length` bytes, or interrupt `vector` when `length` is 0.
struct Event {
  uint64_t address;
  uint32_t length;
  uint32_t vector;
  uint8_t data[256];
};

struct Address {
  uint64_t address;
  uint32_t beats;
};

struct Beat {
  uint64_t data;
  bool written, last;
};

struct Answer {
  uint64_t due;
  uint8_t response;
  bool completion;
};

constexpr uint64_t NEVER = UINT64_MAX;
constexpr uint32_t BEAT_BYTES = 8;
constexpr uint32_t BURST_BYTES = 256;
constexpr uint32_t COMPLETION_BYTES = 32;
// Cycles from a burst's last beat to its answer: a short way through a bridge.
constexpr uint64_t ANSWER_DELAY = 8;
// An access that takes longer has died. A sweep of all RAM is far shorter.
constexpr uint64_t ACCESS_LIMIT = 1 << 20;
constexpr uint8_t OKAY = 0, SLVERR = 2;

struct Card {
  VerilatedContext context;
  Vphotonbox_card top{&context, "card"};
  uint64_t now = 0;
  // Inputs changed: they are sampled with the next cycle.
  bool changed = true;
  bool pins_high = false;
  // The next cycle that changes an input: an edge, the end of one, an answer.
  uint64_t wake = 0;
  std::deque<Edge> edges;
  std::deque<Address> addresses;
  std::vector<Beat> beats;
  std::deque<Answer> answers;
  // AW as offered and not taken would have to stay; both channels are always ready here, so it never waits.
  std::vector<Event> events;
  bool refuse = false;
  // A completion was answered: the caller may want to look at the rings.
  bool completed = false;
  const char* violation = nullptr;

  void broken(const char* what) {
    if (!violation) violation = what;
  }

  void reschedule() {
    wake = pins_high ? now : NEVER;
    if (!edges.empty() && edges.front().cycle < wake) wake = edges.front().cycle;
    if (!top.m_axi_bvalid && !answers.empty() && answers.front().due < wake) wake = answers.front().due;
  }

  // Inputs of cycle `now`.
  void drive() {
    uint8_t a = 0, b = 0;
    while (!edges.empty() && edges.front().cycle <= now) {
      const Edge& edge = edges.front();
      a |= edge.a << edge.lane;
      b |= edge.b << edge.lane;
      top.replayed = edge.replayed;
      edges.pop_front();
    }
    top.pins_a = a;
    top.pins_b = b;
    pins_high = a | b;
    if (!top.m_axi_bvalid && !answers.empty() && answers.front().due <= now) {
      top.m_axi_bvalid = 1;
      top.m_axi_bresp = answers.front().response;
    }
    changed = true;
    // Pins fall in the next cycle.
    now++;
    reschedule();
    now--;
  }

  void low() {
    if (now >= wake) drive();
    top.clock = 0;
    if (changed) {
      top.sample = 1;
      changed = false;
    }
    top.eval();
    if (top.m_axi_awvalid | top.m_axi_wvalid | top.m_axi_bvalid | top.irq_valid) look();
  }

  void high() {
    top.clock = 1;
    top.sample = 0;
    top.eval();
    now++;
  }

  // Transfers of the rising edge to come.
  void look() {
    if (top.m_axi_awvalid) address();
    if (top.m_axi_wvalid) beat();
    if (top.m_axi_bvalid && top.m_axi_bready) {
      completed |= answers.front().completion;
      answers.pop_front();
      // Taken at the edge: gone from the next cycle on.
      top.m_axi_bvalid = 0;
      changed = true;
      wake = now + 1;
    }
    if (top.irq_valid) {
      Event event{};
      event.vector = top.irq_vector;
      events.push_back(event);
    }
  }

  void address() {
    uint64_t at = top.m_axi_awaddr;
    uint32_t count = top.m_axi_awlen + 1u;
    uint32_t bytes = count * BEAT_BYTES;
    if (top.m_axi_awsize != 3) broken("a burst's beats are not as wide as the bus");
    if (top.m_axi_awburst != 1) broken("a burst does not count up");
    if (top.m_axi_awcache & 1) broken("a write may be answered before it has arrived (AWCACHE[0])");
    if (top.m_axi_awid) broken("a second AWID: writes could overtake");
    if (at % BEAT_BYTES) broken("a burst is not aligned to the bus");
    if (bytes > BURST_BYTES) broken("a burst of more than 256 bytes");
    else if (at / BURST_BYTES != (at + bytes - 1) / BURST_BYTES) broken("a burst crosses 256 bytes");
    addresses.push_back({at, count});
    match();
  }

  void beat() {
    uint8_t strobes = top.m_axi_wstrb;
    if (strobes != 0 && strobes != 0xff) broken("a beat that is written in part");
    if (beats.size() == BURST_BYTES / BEAT_BYTES) {
      broken("a burst without a last beat");
      return;
    }
    beats.push_back({top.m_axi_wdata, strobes == 0xff, top.m_axi_wlast != 0});
    match();
  }

  // A burst is whole when both its address and its last beat are there; data comes in the order of addresses.
  void match() {
    if (addresses.empty() || beats.empty()) return;
    Address burst = addresses.front();
    bool last = beats.back().last;
    if (beats.size() > burst.beats || last != (beats.size() == burst.beats)) broken("WLAST is not at the last beat");
    if (!last) return;
    uint8_t response = refuse ? SLVERR : OKAY;
    // A run of written beats is one write; what an abort cut off has no strobes.
    for (size_t i = 0; i < beats.size();) {
      if (!beats[i].written) {
        i++;
        continue;
      }
      Event event{};
      event.address = burst.address + i * BEAT_BYTES;
      for (; i < beats.size() && beats[i].written; i++) {
        std::memcpy(event.data + event.length, &beats[i].data, BEAT_BYTES);
        event.length += BEAT_BYTES;
      }
      events.push_back(event);
    }
    bool completion = burst.beats * BEAT_BYTES == COMPLETION_BYTES;
    answers.push_back({now + ANSWER_DELAY, response, completion});
    addresses.pop_front();
    std::memset(beats.data(), 0, beats.size() * sizeof(Beat));
    beats.clear();
    if (!top.m_axi_bvalid && answers.front().due < wake) wake = answers.front().due;
  }

  void cycle() {
    low();
    high();
  }

  explicit Card(uint8_t front_end) {
    top.clock = 0;
    top.sample = 0;
    // Without this the first rising edge is lost.
    top.eval();
    top.reset = 1;
    top.front_end = front_end;
    top.simulated = 1;
    top.m_axi_awready = 1;
    top.m_axi_wready = 1;
    top.irq_ready = 1;
    for (int i = 0; i < 4; i++) cycle();
    top.reset = 0;
    changed = true;
    cycle();
  }

  // One access at the register port. False when it is never answered.
  bool read(uint16_t offset, uint32_t& value) {
    top.s_axil_araddr = offset;
    top.s_axil_arvalid = 1;
    top.s_axil_rready = 1;
    changed = true;
    for (uint64_t left = ACCESS_LIMIT; left; left--) {
      low();
      bool taken = top.s_axil_arvalid && top.s_axil_arready;
      bool answered = top.s_axil_rvalid;
      value = top.s_axil_rdata;
      if (answered && top.s_axil_rresp != OKAY) broken("a register access was not answered with OKAY");
      high();
      if (taken) top.s_axil_arvalid = 0;
      if (answered) top.s_axil_rready = 0;
      changed |= taken | answered;
      if (answered) return true;
    }
    broken("a register was read and never answered");
    return false;
  }

  bool write(uint16_t offset, uint32_t value) {
    top.s_axil_awaddr = offset;
    top.s_axil_awvalid = 1;
    top.s_axil_wdata = value;
    top.s_axil_wstrb = 0xf;
    top.s_axil_wvalid = 1;
    top.s_axil_bready = 1;
    changed = true;
    for (uint64_t left = ACCESS_LIMIT; left; left--) {
      low();
      bool address = top.s_axil_awvalid && top.s_axil_awready;
      bool data = top.s_axil_wvalid && top.s_axil_wready;
      bool answered = top.s_axil_bvalid;
      if (answered && top.s_axil_bresp != OKAY) broken("a register access was not answered with OKAY");
      high();
      if (address) top.s_axil_awvalid = 0;
      if (data) top.s_axil_wvalid = 0;
      if (answered) top.s_axil_bready = 0;
      changed |= address | data | answered;
      if (answered) {
        // It may have been a secret.
        top.s_axil_wdata = 0;
        changed = true;
        return true;
      }
    }
    broken("a register was written and never answered");
    return false;
  }
};

}  // namespace

extern "C" {

Card* pb_card_new(uint32_t front_end) { return new Card(front_end); }

void pb_card_free(Card* card) {
  card->top.final();
  delete card;
}

uint64_t pb_card_now(const Card* card) { return card->now; }

void pb_card_refuse(Card* card, int refuse) { card->refuse = refuse; }

void pb_card_selftest_fault(Card* card, uint32_t mask) {
  card->top.selftest_fault = mask;
  card->changed = true;
}

// Edges in order of cycles, none before `now`, none before those given earlier.
void pb_card_edges(Card* card, const Edge* edges, size_t count) {
  card->edges.insert(card->edges.end(), edges, edges + count);
  card->reschedule();
}

void pb_card_forget_edges(Card* card) {
  card->edges.clear();
  card->reschedule();
}

// Runs up to cycle `until`; comes back earlier after a completion was answered.
uint64_t pb_card_run(Card* card, uint64_t until) {
  card->completed = false;
  while (card->now < until && !card->completed && !card->violation) card->cycle();
  return card->now;
}

int pb_card_read(Card* card, uint32_t offset, uint32_t* value) { return card->read(offset, *value); }

int pb_card_write(Card* card, uint32_t offset, uint32_t value) { return card->write(offset, value); }

// The bursts and interrupts so far, in order, valid until the next call.
size_t pb_card_events(const Card* card, const Event** events) {
  *events = card->events.data();
  return card->events.size();
}

// They were delivered: their data is swept.
void pb_card_delivered(Card* card) {
  if (!card->events.empty()) std::memset(card->events.data(), 0, card->events.size() * sizeof(Event));
  card->events.clear();
}

// What the card did against the rules of its ports, or null.
const char* pb_card_violation(const Card* card) { return card->violation; }
}
