// `q` has two drivers.
module top(clock, a, b, q);
    input wire clock;
    input wire a;
    input wire b;
    output wire q;
    assign q = a;
    assign q = b;
endmodule
