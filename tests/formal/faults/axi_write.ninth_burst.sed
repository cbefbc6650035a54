s/if (aw_valid\$q | used\[32'h3\] | dead) begin/if (aw_valid$q | dead) begin/
