s/ends = place\$q == 32'h1f;/burst = 1'b0;/
