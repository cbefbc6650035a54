s/if (aw_valid\$q | (used >= shape\$most) | dead) begin/if (aw_valid$q | dead) begin/
