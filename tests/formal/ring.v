// What a ring promises its write master, whatever host, producer and bus do (hdl/cores/src/ring).
// Included at the end of the emitted top module, so that its signals have their own names.

  reg f_past = 0;
  always @(posedge clock) f_past <= 1;

  // The register bus: address and data stand before the strobe, and strobes are four cycles apart.
  reg [2:0] f_since = 0;
  always @(posedge clock) f_since <= csr_write ? 0 : (f_since == 7 ? 7 : f_since + 1);
  always @(*) if (csr_write) assume(f_since >= 3);
  always @(posedge clock) if (f_past && csr_write)
    assume($stable(csr_data) && $stable(csr_register) && $stable(csr_block) && $stable(csr_instance));

  // The write master: it takes words only of a burst that it took, and answers only what it took whole, in order.
  reg [5:0] f_words = 0;
  reg f_wait = 0;
  reg [3:0] f_count = 0;
  reg [2:0] f_tag [0:7];
  reg [2:0] f_in = 0, f_out = 0;
  wire f_take = request_valid && request_ready;
  always @(posedge clock) begin
    f_wait <= f_take;
    if (f_take) begin f_words <= request_words; f_tag[f_in] <= request_tag; f_in <= f_in + 1; end
    else if (take) f_words <= f_words - 1;
    f_count <= f_count + f_take - b_valid;
    if (b_valid) f_out <= f_out + 1;
    if (reset) begin f_words <= 0; f_wait <= 0; f_count <= 0; f_in <= 0; f_out <= 0; end
  end
  always @(*) begin
    if (f_words != 0 || f_wait || f_count >= 8 || bus_failed) assume(!f_take);
    if (take) assume(f_words != 0 && !f_wait && !bus_failed);
    if (b_valid) assume(f_count != 0 && b_tag == f_tag[f_out] && (f_count > 1 || f_words == 0));
    if (b_valid && bus_failed) assume(b_error);
    // This proof is about a bus that answers; the time-out is the lockstep's.
    assume(!bus_failed);
    assume(generation == 7);
  end

  // Head, tail and closed slots, as pulses and accepted doorbells count them.
  wire [31:0] f_waits = registers$tail_count - registers$head_count;
  wire [31:0] f_used = registers$slot_number - registers$head_count;

  // One slot's entry, any of the four: bursts of it in flight or held, errors seen.
  (* anyconst *) reg [1:0] f_entry;
  reg [3:0] f_open = 0;
  reg f_bad = 0;
  wire f_data_taken = f_take && !request_tag[2] && request_tag[1:0] == f_entry;
  wire f_data_answered = b_valid && !b_tag[2] && b_tag[1:0] == f_entry;
  always @(posedge clock) begin
    f_open <= f_open + f_data_taken - f_data_answered;
    if (b_valid && b_error) f_bad <= 1;
    if (registers$given_up) f_bad <= 0;
    if (reset) begin f_open <= 0; f_bad <= 0; end
  end
  always @(posedge clock) if (f_past) begin
    // No completion of a slot with data that is not answered, and none after an error.
    if (f_take && request_tag[2]) begin
      assert(!(request_tag[1:0] == f_entry && f_open != 0));
      assert(!f_bad);
      assert(request_words == 4 && request_address[4:0] == 0 || !committed);
    end
    // No burst crosses 256 bytes, so none crosses 4 KiB.
    if (request_valid && !request_tag[2]) begin
      assert(request_words != 0 && request_words <= 32 && request_address[2:0] == 0);
      assert({1'b0, request_address[7:3]} + request_words <= 32);
    end
    // A request stays as it is until it is taken, but that an error takes it back.
    if ($past(request_valid && !request_ready && !reset) && !reset && !in_error)
      assert(request_valid && $stable(request_address) && $stable(request_words) && $stable(request_tag));
    // Head never passes tail, tail never the slots closed, and those never head by more than the ring has.
    if (committed) begin
      assert(f_waits <= {16'b0, registers$slot_count});
      assert(f_used <= {16'b0, registers$slot_count});
      assert(f_waits <= f_used);
    end
    // Idle: nothing is under way.
    if (idle) assert(f_count == 0 && f_words == 0 && !request_valid);
  end
