// `q` keeps its value when `enable` is 0, without a clock: a latch.
module top(clock, enable, d, q);
    input wire clock;
    input wire enable;
    input wire d;
    output reg q;
    always @(*) if (enable) q = d;
endmodule
