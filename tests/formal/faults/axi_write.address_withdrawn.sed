s/if (aw_valid\$q & m_axi_awready) begin/if (aw_valid$q) begin/
