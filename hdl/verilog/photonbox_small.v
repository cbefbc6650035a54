module photonbox_small(clock,q);
    input wire clock;
    output wire [255:0] q;
    parameter [255:0] BUILD_HASH = 256'h60d29489aca6220497f393ffd5a10fa59bc00815a0310d40fa49fd2c3e15e825;
    assign q = BUILD_HASH;
endmodule
