// What the write master promises on the bus, whatever rings and host do (hdl/cores/src/axi_write).
module formal_axi_write(input wire clock, input wire reset, input wire abort_writes,
  input wire [2:0] request_valid, input wire [63:0] request_address0, request_address1, request_address2,
  input wire [5:0] request_words0, request_words1, request_words2,
  input wire [2:0] request_tag0, request_tag1, request_tag2,
  input wire [63:0] data0, data1, data2,
  input wire awready, wready, input wire [1:0] bresp, input wire bvalid);
  wire quiet, timed_out, awvalid, wvalid, wlast, bready, b_error;
  wire [2:0] request_ready, take, b_valid, b_tag, awsize, awprot;
  wire [63:0] awaddr, wdata; wire [7:0] awlen, wstrb; wire [1:0] awburst; wire [3:0] awcache; wire awid;
  top dut(.clock(clock), .reset(reset), .abort_writes(abort_writes), .quiet(quiet), .timed_out(timed_out),
    .request_valid(request_valid), .request_ready(request_ready),
    .request_address0(request_address0), .request_address1(request_address1), .request_address2(request_address2),
    .request_words0(request_words0), .request_words1(request_words1), .request_words2(request_words2),
    .request_tag0(request_tag0), .request_tag1(request_tag1), .request_tag2(request_tag2),
    .data0(data0), .data1(data1), .data2(data2), .take(take), .b_valid(b_valid), .b_error(b_error), .b_tag(b_tag),
    .m_axi_awid(awid), .m_axi_awaddr(awaddr), .m_axi_awlen(awlen), .m_axi_awsize(awsize), .m_axi_awburst(awburst),
    .m_axi_awcache(awcache), .m_axi_awprot(awprot), .m_axi_awvalid(awvalid), .m_axi_awready(awready),
    .m_axi_wdata(wdata), .m_axi_wstrb(wstrb), .m_axi_wlast(wlast), .m_axi_wvalid(wvalid), .m_axi_wready(wready),
    .m_axi_bid(1'b0), .m_axi_bresp(bresp), .m_axi_bvalid(bvalid), .m_axi_bready(bready));

  reg past = 0;
  always @(posedge clock) past <= 1;

  // The ring's part: 1 to 32 words that end at the latest where the next 256 bytes begin.
  wire [5:0] end0 = {1'b0, request_address0[7:3]} + request_words0;
  wire [5:0] end1 = {1'b0, request_address1[7:3]} + request_words1;
  wire [5:0] end2 = {1'b0, request_address2[7:3]} + request_words2;
  always @(*) begin
    assume(request_words0 != 0 && request_words0 <= 32 && end0 <= 32 && request_address0[2:0] == 0);
    assume(request_words1 != 0 && request_words1 <= 32 && end1 <= 32 && request_address1[2:0] == 0);
    assume(request_words2 != 0 && request_words2 <= 32 && end2 <= 32 && request_address2[2:0] == 0);
  end

  // Counted on the bus alone: addresses, ends of data and responses.
  reg [3:0] addresses = 0, ends = 0, answers = 0;
  wire aw = awvalid && awready;
  wire w_end = wvalid && wready && wlast;
  wire b = bvalid && bready;
  always @(posedge clock) if (reset) begin
    addresses <= 0; ends <= 0; answers <= 0;
  end else begin
    addresses <= addresses + aw; ends <= ends + w_end; answers <= answers + b;
  end
  // The host answers only what it has taken whole (AXI4, A3.3.1).
  wire [3:0] owed_a = addresses - answers;
  wire [3:0] owed_e = ends - answers;
  always @(*) if (bvalid) assume(owed_a != 0 && owed_a <= 8 && owed_e != 0 && owed_e <= 8);

  wire [3:0] taken = dut.begun$q;
  wire [3:0] absorbed = dut.absorb$q;
  wire [3:0] reported = dut.settled$q - absorbed;
  wire [3:0] under_way = taken - reported;
  always @(*) begin
    // Invariants that tie the bus to the master's own counters, for the induction.
    assert(under_way <= 8);
    assert(taken - dut.settled$q <= 8);
    assert(absorbed <= 8);
    assert(answers == reported);
    assert(taken == addresses + awvalid);
    assert(taken - dut.given$q <= 8);
    assert(dut.given$q - ends == (dut.beats.front_valid$q && dut.beats.front_last$q)
                                + (dut.beats.back_valid$q && dut.beats.back_last$q));
    assert(!dut.beats.back_valid$q || dut.beats.front_valid$q);
    assert(!dut.active$q || taken != dut.given$q);
    assert(owed_a <= 8 && owed_e <= 8);
    if (absorbed != 0) assert(dut.failed$q);
    // No burst crosses 4 KiB, and none is larger than 256 bytes.
    if (awvalid) begin
      assert(awaddr[2:0] == 0 && awsize == 3 && awlen < 32);
      assert({1'b0, awaddr[7:3]} + awlen < 32);
    end
    // Quiet: everything that was taken is finished and answered.
    if (past && quiet) assert(dut.still$q);
    assert(bready && !awcache[0] && awid == 0 && awburst == 1);
    assert((request_ready & ~request_valid) == 0);
    if (abort_writes) assert(request_ready == 0 && take == 0);
  end
  always @(posedge clock) if (past && !$past(reset)) begin
    // VALID stays until READY, with what it carries.
    if ($past(awvalid && !awready)) assert(awvalid && $stable(awaddr) && $stable(awlen));
    if ($past(wvalid && !wready)) assert(wvalid && $stable(wdata) && $stable(wstrb) && $stable(wlast));
    // Stopping: what newly comes on the bus while it stops writes nothing.
    if ($past(abort_writes) && !($past(wvalid) && !$past(wready)) && wvalid) assert(wstrb == 0 && wdata == 0);
    // Quiet means: in the cycle before, no burst was unfinished.
    if (quiet) assert($past(taken == addresses + 0 && taken == ends && taken == answers && !awvalid && !wvalid));
  end
  always @(*) begin
    cover(past && quiet && answers == 3);
  end
endmodule
