s/if (taken\$q <= waits\$q) begin/if (1'b1) begin/
