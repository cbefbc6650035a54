// A verilated card of either build with what surrounds it: pins that play edges, an AXI4 memory that takes bursts, an AXI4-Lite
// master, an interrupt port. One call runs a batch of cycles; bursts and interrupts wait in a queue for the caller.
//
// Each port's handshake is looked at between the clock's two halves: inputs are settled then, and the rising edge that
// makes the transfer is still to come.
//
// A build's file names its verilated class: `PHOTONBOX_EXPORT(prefix, class)`.
#pragma once
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

// Eight bytes, as a ring gave them.
struct Word {
  uint64_t data;
  bool written;
};

struct Answer {
  uint64_t due;
  uint8_t response;
  bool completion;
};

constexpr uint64_t NEVER = UINT64_MAX;
constexpr uint32_t WORD_BYTES = 8;
constexpr uint32_t BURST_BYTES = 256;
constexpr uint32_t COMPLETION_BYTES = 32;
// Cycles from a burst's last beat to its answer: a short way through a bridge.
constexpr uint64_t ANSWER_DELAY = 8;
// An access that takes longer has died. A sweep of all RAM is far shorter.
constexpr uint64_t ACCESS_LIMIT = 1 << 20;
constexpr uint8_t OKAY = 0, SLVERR = 2;

// `Top` is the verilated class; the bus is as wide as its data port.
template <class Top>
struct Card {
  static constexpr uint32_t BEAT_BYTES = sizeof(Top::m_axi_wdata);

  VerilatedContext context;
  Top top{&context, "card"};
  uint64_t now = 0;
  // Inputs changed: they are sampled with the next cycle.
  bool changed = true;
  bool pins_high = false;
  // The next cycle that changes an input: an edge, the end of one, an answer.
  uint64_t wake = 0;
  std::deque<Edge> edges;
  std::deque<Address> addresses;
  // The words of the burst under way.
  std::vector<Word> words;
  bool whole = false;
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
    uint64_t a = 0, b = 0;
    while (!edges.empty() && edges.front().cycle <= now) {
      const Edge& edge = edges.front();
      a |= static_cast<uint64_t>(edge.a) << edge.lane;
      b |= static_cast<uint64_t>(edge.b) << edge.lane;
      top.replayed = edge.replayed;
      edges.pop_front();
    }
    top.pins_a = a;
    top.pins_b = b;
    pins_high = (a | b) != 0;
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
    if (1u << top.m_axi_awsize != BEAT_BYTES) broken("a burst's beats are not as wide as the bus");
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
    if (whole || words.size() + BEAT_BYTES / WORD_BYTES > BURST_BYTES / WORD_BYTES) {
      broken("a burst without a last beat");
      return;
    }
    uint64_t data[BEAT_BYTES / WORD_BYTES];
    std::memcpy(data, &top.m_axi_wdata, BEAT_BYTES);
    uint32_t strobes = top.m_axi_wstrb;
    for (uint64_t& word : data) {
      uint8_t of_word = strobes & 0xff;
      strobes >>= WORD_BYTES;
      if (of_word != 0 && of_word != 0xff) broken("a word that is written in part");
      words.push_back({word, of_word == 0xff});
      word = 0;
    }
    whole = top.m_axi_wlast;
    match();
  }

  // A burst is whole when both its address and its last beat are there; data comes in the order of addresses.
  void match() {
    if (addresses.empty() || words.empty()) return;
    Address burst = addresses.front();
    uint32_t beats = words.size() * WORD_BYTES / BEAT_BYTES;
    if (beats > burst.beats || whole != (beats == burst.beats)) broken("WLAST is not at the last beat");
    if (!whole) return;
    uint8_t response = refuse ? SLVERR : OKAY;
    // A run of written words is one write; what an abort cut off has no strobes.
    for (size_t i = 0; i < words.size();) {
      if (!words[i].written) {
        i++;
        continue;
      }
      Event event{};
      event.address = burst.address + i * WORD_BYTES;
      for (; i < words.size() && words[i].written; i++) {
        std::memcpy(event.data + event.length, &words[i].data, WORD_BYTES);
        event.length += WORD_BYTES;
      }
      events.push_back(event);
    }
    bool completion = burst.beats * BEAT_BYTES == COMPLETION_BYTES;
    answers.push_back({now + ANSWER_DELAY, response, completion});
    addresses.pop_front();
    std::memset(words.data(), 0, words.size() * sizeof(Word));
    words.clear();
    whole = false;
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

// What `Calls` in src/core/ffi.rs lists, for one build:
// - edges: in order of cycles, none before `now`, none before those given earlier;
// - run: up to cycle `until`; comes back earlier after a completion was answered;
// - events: the bursts and interrupts so far, in order, valid until the next call; delivered: their data is swept;
// - violation: what the card did against the rules of its ports, or null.
#define PHOTONBOX_EXPORT(prefix, Top)                                                                                 \
  extern "C" {                                                                                                        \
  Card<Top>* prefix##_new(uint32_t front_end) { return new Card<Top>(front_end); }                                    \
  void prefix##_free(Card<Top>* card) {                                                                               \
    card->top.final();                                                                                                \
    delete card;                                                                                                      \
  }                                                                                                                   \
  uint64_t prefix##_now(const Card<Top>* card) { return card->now; }                                                  \
  void prefix##_refuse(Card<Top>* card, int refuse) { card->refuse = refuse; }                                        \
  void prefix##_selftest_fault(Card<Top>* card, uint32_t mask) {                                                      \
    card->top.selftest_fault = mask;                                                                                  \
    card->changed = true;                                                                                             \
  }                                                                                                                   \
  void prefix##_edges(Card<Top>* card, const Edge* edges, size_t count) {                                             \
    card->edges.insert(card->edges.end(), edges, edges + count);                                                      \
    card->reschedule();                                                                                               \
  }                                                                                                                   \
  void prefix##_forget_edges(Card<Top>* card) {                                                                       \
    card->edges.clear();                                                                                              \
    card->reschedule();                                                                                               \
  }                                                                                                                   \
  uint64_t prefix##_run(Card<Top>* card, uint64_t until) {                                                            \
    card->completed = false;                                                                                          \
    while (card->now < until && !card->completed && !card->violation) card->cycle();                                  \
    return card->now;                                                                                                 \
  }                                                                                                                   \
  int prefix##_read(Card<Top>* card, uint32_t offset, uint32_t* value) { return card->read(offset, *value); }         \
  int prefix##_write(Card<Top>* card, uint32_t offset, uint32_t value) { return card->write(offset, value); }         \
  size_t prefix##_events(const Card<Top>* card, const Event** events) {                                               \
    *events = card->events.data();                                                                                    \
    return card->events.size();                                                                                       \
  }                                                                                                                   \
  void prefix##_delivered(Card<Top>* card) {                                                                          \
    if (!card->events.empty()) std::memset(card->events.data(), 0, card->events.size() * sizeof(Event));              \
    card->events.clear();                                                                                             \
  }                                                                                                                   \
  const char* prefix##_violation(const Card<Top>* card) { return card->violation; }                                   \
  }
