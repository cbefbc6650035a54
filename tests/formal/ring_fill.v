// Where a ring's words go (hdl/cores/src/ring/fill.rs), whatever the producer does.
// Included at the end of the emitted top module.

  reg f_past = 0;
  always @(posedge clock) f_past <= 1;
  // What the registers accept: sizes of 64 to 2^20 bytes and bases in multiples of 64, stable while slots are filled.
  (* anyconst *) wire [20:0] f_slot_bytes;
  always @(*) assume(slot_bytes == f_slot_bytes);
  always @(*) assume(slot_bytes != 0 && slot_bytes[5:0] == 0 && slot_bytes <= 21'h10_0000 && data_base[5:0] == 0);
  always @(posedge clock) if (f_past) assume($stable(data_base) || commit);

  // A buffer is not free from the cycle after it is handed over, and for no other reason.
  always @(posedge clock) if (f_past) begin
    if (busy[0] && !$past(busy[0])) assume($past(burst && !burst_buffer));
    if (busy[1] && !$past(busy[1])) assume($past(burst && burst_buffer));
    if ($past(burst)) assume(busy[$past(burst_buffer)]);
  end

  wire f_filling = state$q != 0 && state$q != 1;
  // The next burst begins with the window, once the one before is handed over.
  wire [4:0] f_first = whole$q ? 5'd0 : first$q;
  wire [21:0] f_sum = {1'b0, left$q} + {1'b0, bytes$q};
  always @(*) begin
    // Invariants for the induction.
    assert(more$q == (left$q != 0));
    if (f_filling) begin
      assert(f_sum == slot_bytes && left$q[2:0] == 0);
      assert({1'b0, f_first} + words$q < 32);
      if (state$q != 6) assert(place$q == ((f_first + words$q) & 5'h1f));
      if (free$q && (state$q == 2 || state$q == 3)) assert(!busy[side$q]);
    end
    if (whole$q) begin
      assert(!free$q && (state$q == 3 || state$q == 4 || state$q == 0 || state$q == 7 || state$q == 6));
      assert(whole_words$q != 0 && {1'b0, first$q} + whole_words$q <= 32);
    end
    // No burst is empty, larger than 256 bytes, or crosses a 256-byte line: none crosses 4 KiB.
    if (burst) assert(burst_words != 0 && burst_words <= 32 && {1'b0, burst_first} + burst_words <= 32);
    // No word lies beyond the slot, none is written where a burst waits to be sent.
    if (write) assert(bytes$q < slot_bytes && !busy[buffer] && !whole$q);
    // A piece that was begun is taken: never is a slot closed within one.
    if (closed || word_write) assert(!in_ready);
  end
