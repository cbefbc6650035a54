// A ring's pointers never pass each other (hdl/cores/src/ring/registers.rs): head <= tail <= slots closed, and those
// are never more than the ring has slots beyond head. Included at the end of the emitted top module.

  reg f_past = 0;
  always @(posedge clock) f_past <= 1;

  // The register bus: address and data stand before the strobe, and strobes are four cycles apart, and from a reset.
  reg [2:0] f_strobe = 0;
  always @(posedge clock) f_strobe <= csr_write || reset ? 0 : (f_strobe == 7 ? 7 : f_strobe + 1);
  always @(*) if (csr_write) assume(f_strobe >= 3);
  reg [31:0] f_data = 0, f_before = 0;
  always @(posedge clock) begin
    f_data <= csr_data;
    f_before <= f_data;
  end
  always @(*) if (csr_write) assume(csr_data == f_data && csr_data == f_before);

  // The filling side opens a slot three cycles after it closed the last one, at the earliest, if NO_SLOT is low then;
  // RELEASE is only taken when it has none open.
  reg [1:0] f_closed = 0;
  reg f_may = 0;
  always @(posedge clock) begin
    f_closed <= closed || commit ? 0 : (f_closed == 3 ? 3 : f_closed + 1);
    if (f_closed == 3 && committed && !no_slot) f_may <= 1;
    if (closed || commit || given_up || reset) f_may <= 0;
    if (reset) f_closed <= 0;
  end
  // How far tail and closed slots are beyond head, counted on their own: small numbers, so that the proof is short.
  wire f_bell = csr_write && at[7] && covered$q;
  reg [16:0] f_used = 0, f_waits = 0;
  always @(posedge clock) begin
    f_used <= f_used + closed - (f_bell ? taken$q[16:0] : 17'd0);
    f_waits <= f_waits + completed - (f_bell ? taken$q[16:0] : 17'd0);
    if (commit || reset) begin f_used <= 0; f_waits <= 0; end
  end
  always @(*) begin
    if (closed) assume(f_may && committed);
    if (completed) assume(committed && f_waits != f_used);
    if (given_up) assume(!closed && !completed);
    // What the geometry check accepts; the check itself is the lockstep's.
    if (commit) assume(count$q >= 2 && count$q <= 16'h8000);
  end

  wire [16:0] f_count = {1'b0, count$q};
  always @(*) begin
    // COMMIT and RELEASE act in the cycle after their strobe.
    if (committing_now$q || released_now$q) assert(f_strobe == 0);
    if (committing_now$q && !released_now$q) assert(!taken_geometry$q);
    assert(next$q == head$q + f_used && tail$q == head$q + f_waits);
    assert(f_used <= 17'h8000 && f_waits <= f_used);
    if (committed) assert(f_used <= f_count && f_count <= 17'h8000);
    if (f_may) assert(committed && f_used < f_count);
    // What is known a cycle or two late errs on the safe side.
    if (f_strobe >= 2) assert(taken$q == f_data - head$q);
    if (f_strobe >= 2) assert(waits$q <= f_waits);
    if (f_strobe >= 3 && covered$q) assert(f_before - head$q <= f_waits);
    if (f_closed >= 1) assert(used$q >= f_used && used$q <= 32'h8000);
    if (f_closed >= 2 && committed) assert(is_used$q || f_used < f_count);
  end
