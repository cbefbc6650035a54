// The order of what a ring sends (hdl/cores/src/ring/send.rs), whatever filling side and bus do.
// Included at the end of the emitted top module.

  reg f_past = 0;
  always @(posedge clock) f_past <= 1;
  localparam IDLE = 0, LOAD = 1, REQUEST = 2, PULL = 3;

  // The filling side: bursts of the open entry into buffers in turn, up to three closed entries.
  reg [1:0] f_fill = 0;
  reg f_side = 0;
  always @(posedge clock) begin
    if (closed) f_fill <= f_fill + 1;
    if (burst) f_side <= !f_side;
    if (swept) f_side <= 0;
    if (reset) begin f_fill <= 0; f_side <= 0; end
  end
  always @(*) begin
    if (burst) assume(burst_entry == f_fill && burst_buffer == f_side && !held$q[f_side] && !swept);
    if (burst) assume(burst_words != 0 && burst_words <= 32 && {1'b0, burst_first} + burst_words <= 32);
    if (closed) assume(entry_free && !burst && !stop);
    if (halted) assume(!burst && !closed);
    if (sweep$q >= 2) assume(halted);
    if (given_up) assume(quiet && !burst && !closed);
  end

  // The bus: answers only data that it took, by entry, or the completion that it took; an error latches.
  reg [3:0] f_open0 = 0, f_open1 = 0, f_open2 = 0, f_open3 = 0;
  reg f_completion = 0, f_bad = 0;
  wire f_take = request_valid && request_ready;
  wire f_up = f_take && !request_tag[2];
  wire f_down = b_valid && !b_tag[2];
  wire [5:0] f_total = f_open0 + f_open1 + f_open2 + f_open3 + f_completion;
  always @(posedge clock) begin
    f_open0 <= f_open0 + (f_up && request_tag[1:0] == 0) - (f_down && b_tag[1:0] == 0);
    f_open1 <= f_open1 + (f_up && request_tag[1:0] == 1) - (f_down && b_tag[1:0] == 1);
    f_open2 <= f_open2 + (f_up && request_tag[1:0] == 2) - (f_down && b_tag[1:0] == 2);
    f_open3 <= f_open3 + (f_up && request_tag[1:0] == 3) - (f_down && b_tag[1:0] == 3);
    if (b_valid && b_tag[2]) f_completion <= 0;
    if (f_take && request_tag[2]) f_completion <= 1;
    if (b_valid && b_error) f_bad <= 1;
    if (given_up) f_bad <= 0;
    if (reset) begin
      f_open0 <= 0; f_open1 <= 0; f_open2 <= 0; f_open3 <= 0; f_completion <= 0; f_bad <= 0;
    end
  end
  wire [3:0] f_open_of_b = b_tag[1] ? (b_tag[0] ? f_open3 : f_open2) : (b_tag[0] ? f_open1 : f_open0);
  wire [3:0] f_open_of_request = request_tag[1] ? (request_tag[0] ? f_open3 : f_open2)
                                                : (request_tag[0] ? f_open1 : f_open0);
  always @(*) begin
    if (b_valid) assume(b_tag[2] ? f_completion && b_tag[1:0] == oldest$q : f_open_of_b != 0);
    if (request_ready) assume(request_valid && f_total < 8);
    // The registers latch an error until RELEASE; the bus itself answers here (the time-out is the lockstep's).
    assume(in_error == f_bad);
    assume(!bus_failed);
    // A burst is answered only after its words were pulled.
    if (state$q == PULL && b_valid) assume(f_total > 1 || 0);
    if (state$q == PULL && b_valid && b_tag == tag$q) assume(b_tag[2] ? 0 : f_open_of_b > 1);
  end

  wire [1:0] f_pulls = {state$q == PULL && !completion$q && next_side$q, state$q == PULL && !completion$q && !next_side$q};
  wire f_h0 = held$q[0] && !f_pulls[0];
  wire f_h1 = held$q[1] && !f_pulls[1];
  always @(*) begin
    // Invariants for the induction.
    assert(in_flight$q == f_total && f_total <= 8);
    // A burst is counted a cycle after it is handed over.
    assert(pending$0$q + up$q[0] == f_open0 + (f_h0 && entry0$q == 0) + (f_h1 && entry1$q == 0));
    assert(pending$1$q + up$q[1] == f_open1 + (f_h0 && entry0$q == 1) + (f_h1 && entry1$q == 1));
    assert(pending$2$q + up$q[2] == f_open2 + (f_h0 && entry0$q == 2) + (f_h1 && entry1$q == 2));
    assert(pending$3$q + up$q[3] == f_open3 + (f_h0 && entry0$q == 3) + (f_h1 && entry1$q == 3));
    assert(completion_out$q == f_completion);
    assert(closed_count$q <= 3);
    if (sweep$q >= 2) assert(up$q == 0);
    if (sweep$q == 3 || sweep$q == 4) assert(closed_count$q != 0 && state$q == IDLE && f_total == 0);
    if (sweep$q >= 2) assert(sweep$q <= 5 && (f_bad || discarding$q || (held$q == 0 && closed_count$q == 0)));
    if (sweep$q == 2 || sweep$q == 5) assert(state$q == IDLE && f_total == 0);
    assert(f_fill == ((oldest$q + closed_count$q) & 2'h3));
    assert(!held$q[0] || words0$q != 0);
    assert(!held$q[1] || words1$q != 0);
    if (state$q != IDLE && !completion$q) assert(held$q[next_side$q] && !tag$q[2] && left$q != 0);
    if (state$q != IDLE && !completion$q) assert(tag$q[1:0] == (next_side$q ? entry1$q : entry0$q));
    if (state$q != IDLE && completion$q) assert(tag$q == {1'b1, oldest$q} && left$q != 0 && closed_count$q != 0);
    if ((state$q == LOAD || state$q == REQUEST) && completion$q) assert(!f_completion && f_open_of_request == 0);
    if (f_completion) assert(closed_count$q != 0);

    // No completion of a slot with data that is not answered, and none after an error.
    if (f_take && request_tag[2]) assert(f_open_of_request == 0 && !f_bad && !f_completion);
    // Nothing is asked for after an error.
    if (f_bad) assert(!request_valid);
    // A tail moves only by the OKAY of a completion.
    if (completed) assert(b_valid && b_tag[2] && !b_error && f_completion);
    // Quiet: nothing is under way, nothing waits.
    if (quiet) assert(f_total == 0 && !request_valid && held$q == 0 && closed_count$q == 0);
  end
  always @(posedge clock) if (f_past && !$past(reset) && !reset) begin
    // A request stays until it is taken, but that an error takes it back.
    if ($past(request_valid && !request_ready) && !in_error && !discarding$q)
      assert(request_valid && $stable(request_address) && $stable(request_words) && $stable(request_tag));
  end
