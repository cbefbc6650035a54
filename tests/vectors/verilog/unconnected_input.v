// The instance's input `b` is not connected: seen only once the hierarchy is flattened.
module top(clock, a, q);
    input wire clock;
    input wire a;
    output wire q;
    gate only(.a(a), .q(q));
endmodule
module gate(a, b, q);
    input wire a;
    input wire b;
    output wire q;
    assign q = a & b;
endmodule
