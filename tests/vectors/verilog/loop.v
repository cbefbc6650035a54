// A combinational loop through two instances: seen only once the hierarchy is flattened.
module top(clock, a, q);
    input wire clock;
    input wire a;
    output wire q;
    wire x;
    gate first(.a(a), .b(q), .q(x));
    gate second(.a(a), .b(x), .q(q));
endmodule
module gate(a, b, q);
    input wire a;
    input wire b;
    output wire q;
    assign q = a & ~b;
endmodule
