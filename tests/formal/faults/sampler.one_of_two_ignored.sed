s/ignored = 32'h2;/ignored = 32'h1;/
