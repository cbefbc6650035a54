s/(ready & edge_a & edge_b)/(edge_a \& edge_b)/
