// Nothing is wrong here: two modules, a register, a multiplexer with a default.
module top(clock, enable, d, q);
    input wire clock;
    input wire enable;
    input wire [7:0] d;
    output wire [7:0] q;
    reg [7:0] next;
    store held(.clock(clock), .d(next), .q(q));
    always @(*) begin
        next = q;
        if (enable) next = d;
    end
endmodule
module store(clock, d, q);
    input wire clock;
    input wire [7:0] d;
    output reg [7:0] q;
    initial q = 8'h0;
    always @(posedge clock) q <= d;
endmodule
