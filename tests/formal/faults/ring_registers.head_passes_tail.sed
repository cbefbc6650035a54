s/if (covered\$q) begin/if (1'b1) begin/
