// No edge is lost: edges of A and B are bits, twice the coincidences, what was ignored, and 1 if a window is open
// (hdl/cores/src/sampler), whatever the settings and however they change.
module formal_sampler(input wire clock, input wire reset, clear, step, edge_a, edge_b, retrigger,
  input wire [15:0] window, input wire [19:0] holdoff);
  wire valid, value, coincidence, stays_open;
  wire [1:0] ignored;
  // The block's registers of these names; sampler.sby connects them.
  wire is_open, is_blind, dut_opened_by_a;
  top dut(.clock(clock), .reset(reset), .clear(clear), .step(step), .edge_a(edge_a), .edge_b(edge_b),
    .window(window), .holdoff(holdoff), .retrigger(retrigger), .valid(valid), .value(value),
    .coincidence(coincidence), .ignored(ignored), .stays_open(stays_open));

  always @(*) assume(!(clear && step));

  // Edges that came, less those that are accounted for.
  reg [7:0] owed = 0;
  wire [7:0] came = step ? {7'b0, edge_a} + {7'b0, edge_b} : 8'd0;
  wire [7:0] accounted = {7'b0, valid} + {6'b0, coincidence, 1'b0} + {6'b0, ignored};
  wire [7:0] owed_next = owed + came - accounted;
  // The detector that opened the window, as the edges alone say.
  reg opened_by_a = 0;
  reg past = 0;
  always @(posedge clock) begin
    past <= 1;
    owed <= reset ? 8'd0 : owed_next;
    if (step && !is_open && edge_a != edge_b) opened_by_a <= edge_a;
  end

  always @(*) if (past) begin
    assert(owed == {7'b0, is_open});
    assert(!(is_open && is_blind));
    // A step leaves a window open or not, and says so; a clear closes it and counts its edge.
    if (step) assert(owed_next == {7'b0, stays_open});
    if (clear) assert(owed_next == 0);
    if (!step) assert(!valid && !coincidence && !stays_open);
    // At most one thing is decided, and nothing while blind.
    assert(!(valid && coincidence));
    if (is_blind) assert(!valid && !coincidence);
    // A bit is the detector whose edge stands alone: the one that opened the window, or the only one now.
    if (is_open) assert(opened_by_a == dut_opened_by_a);
    if (valid && is_open) assert(value == opened_by_a && !(opened_by_a ? edge_b : edge_a));
    if (valid && !is_open) assert(edge_a != edge_b && value == edge_a);
    if (coincidence && is_open) assert(opened_by_a ? edge_b : edge_a);
    if (coincidence && !is_open) assert(edge_a && edge_b);
  end
endmodule
