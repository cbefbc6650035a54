s/(closed_count\$q != 32'h0) & oldest_done & /(closed_count$q != 32'h0) \& /
