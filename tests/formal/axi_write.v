// What the write master promises on the bus, whatever rings and host do (hdl/cores/src/axi_write).
// Included at the end of the emitted top module, so that its signals have their own names.

  reg f_past = 0;
  always @(posedge clock) f_past <= 1;

  // The ring's part: 1 to 32 words that end at the latest where the next 256 bytes begin.
  wire [5:0] f_end0 = {1'b0, request_address0[7:3]} + request_words0;
  wire [5:0] f_end1 = {1'b0, request_address1[7:3]} + request_words1;
  wire [5:0] f_end2 = {1'b0, request_address2[7:3]} + request_words2;
  always @(*) begin
    assume(request_words0 != 0 && request_words0 <= 32 && f_end0 <= 32 && request_address0[2:0] == 0);
    assume(request_words1 != 0 && request_words1 <= 32 && f_end1 <= 32 && request_address1[2:0] == 0);
    assume(request_words2 != 0 && request_words2 <= 32 && f_end2 <= 32 && request_address2[2:0] == 0);
  end

  // Counted on the bus alone, modulo 16: addresses, ends of data and responses.
  reg [3:0] f_addresses = 0, f_ends = 0, f_answers = 0;
  always @(posedge clock) if (reset) begin
    f_addresses <= 0; f_ends <= 0; f_answers <= 0;
  end else begin
    f_addresses <= f_addresses + (m_axi_awvalid && m_axi_awready);
    f_ends <= f_ends + (m_axi_wvalid && m_axi_wready && m_axi_wlast);
    f_answers <= f_answers + m_axi_bvalid;
  end
  wire [3:0] f_owed_a = f_addresses - f_answers;
  wire [3:0] f_owed_e = f_ends - f_answers;
  // The host answers only what it has taken whole (AXI4, A3.3.1).
  always @(*) if (m_axi_bvalid) assume(f_owed_a != 0 && f_owed_e != 0);

  wire [3:0] f_reported = settled$q - absorb$q;
  wire [3:0] f_under_way = begun$q - f_reported;
  wire [3:0] f_used = begun$q - settled$q;
  wire [3:0] f_waits = begun$q - given$q;
  wire [3:0] f_begun_data = given$q - f_reported;
  wire [3:0] f_unsent = given$q - f_ends;
  always @(*) begin
    // Invariants that tie the bus to the master's own counters, for the induction.
    assert(f_under_way <= 8 && f_used <= 8 && f_waits <= 8 && absorb$q <= f_under_way);
    assert(f_answers == f_reported);
    assert(begun$q == ((f_addresses + aw_valid$q) & 4'hf));
    assert(f_begun_data <= f_under_way && f_unsent <= f_begun_data);
    assert(!aw_valid$q || f_under_way != 0);
    assert(f_owed_a <= 8 && f_owed_e <= 8);
    assert(f_unsent == (beats$valid && beats$is_last) + (!beats$room && beats$back_is_last));
    assert(beats$room || beats$valid);
    assert(!active$q || f_waits != 0);
    assert(absorb$q == 0 || failed$q);
    // No burst crosses 4 KiB, and none is larger than 256 bytes.
    if (m_axi_awvalid) begin
      assert(m_axi_awaddr[2:0] == 0 && m_axi_awsize == 3);
      assert({4'b0, m_axi_awaddr[7:3]} + m_axi_awlen < 32);
    end
    assert(m_axi_bready && !m_axi_awcache[0] && m_axi_awid == 0 && m_axi_awburst == 1);
    assert((request_ready & ~request_valid) == 0);
    if (abort_writes) assert(request_ready == 0 && take == 0);
  end
  always @(posedge clock) if (f_past && !$past(reset)) begin
    // VALID stays until READY, with what it carries.
    if ($past(m_axi_awvalid && !m_axi_awready))
      assert(m_axi_awvalid && $stable(m_axi_awaddr) && $stable(m_axi_awlen));
    if ($past(m_axi_wvalid && !m_axi_wready))
      assert(m_axi_wvalid && $stable(m_axi_wdata) && $stable(m_axi_wstrb) && $stable(m_axi_wlast));
    // Stopping: what newly comes on the bus while it stops writes nothing.
    if ($past(abort_writes) && !$past(m_axi_wvalid && !m_axi_wready) && m_axi_wvalid)
      assert(m_axi_wstrb == 0 && m_axi_wdata == 0);
    // Quiet: nothing that was accepted is unfinished or unanswered, or was in the cycle before.
    if (quiet) assert($past(!m_axi_awvalid && !m_axi_wvalid && f_addresses == f_answers && f_ends == f_answers));
  end
