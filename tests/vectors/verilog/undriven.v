// `missing` has no driver.
module top(clock, a, q);
    input wire clock;
    input wire a;
    output wire q;
    wire missing;
    assign q = a ^ missing;
endmodule
