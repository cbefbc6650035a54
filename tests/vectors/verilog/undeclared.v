// A misspelt name becomes a new one-bit wire unless implicit wires are refused.
module top(clock, a, q);
    input wire clock;
    input wire a;
    output wire q;
    wire result;
    assign resul = a;
    assign q = result;
endmodule
