module photonbox_sampler(clock,reset,clear,step,edge_a,edge_b,window,holdoff,retrigger,valid,value,coincidence,ignored,stays_open);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire clear;
    input wire step;
    input wire edge_a;
    input wire edge_b;
    input wire [15:0] window;
    input wire [19:0] holdoff;
    input wire retrigger;
    output reg valid;
    output reg value;
    output reg coincidence;
    output reg [1:0] ignored;
    output reg stays_open;
    // Stub signals
    reg open$d;
    wire open$q;
    reg blind$d;
    wire blind$q;
    reg opened_by_a$d;
    wire opened_by_a$q;
    reg [19:0] left$d;
    wire [19:0] left$q;
    reg last$d;
    wire last$q;
    reg window_0$d;
    wire window_0$q;
    reg window_1$d;
    wire window_1$q;
    reg holdoff_0$d;
    wire holdoff_0$q;
    reg holdoff_1$d;
    wire holdoff_1$q;
    // Local signals
    reg ready;
    reg same;
    reg other;
    reg decided;
    reg coincides;
    reg retriggered;
    reg ends;
    reg opens;
    reg swept;
    // Sub module instances
    pb_dff_1 open(
        .d(open$d),
        .q(open$q),
        .clock(clock)
    );
    pb_dff_1 blind(
        .d(blind$d),
        .q(blind$q),
        .clock(clock)
    );
    pb_dff_1 opened_by_a(
        .d(opened_by_a$d),
        .q(opened_by_a$q),
        .clock(clock)
    );
    pb_dff_20 left(
        .d(left$d),
        .q(left$q),
        .clock(clock)
    );
    pb_dff_1 last(
        .d(last$d),
        .q(last$q),
        .clock(clock)
    );
    pb_dff_1 window_0(
        .d(window_0$d),
        .q(window_0$q),
        .clock(clock)
    );
    pb_dff_1 window_1(
        .d(window_1$d),
        .q(window_1$q),
        .clock(clock)
    );
    pb_dff_1 holdoff_0(
        .d(holdoff_0$d),
        .q(holdoff_0$q),
        .clock(clock)
    );
    pb_dff_1 holdoff_1(
        .d(holdoff_1$d),
        .q(holdoff_1$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        open$d = open$q;
        blind$d = blind$q;
        opened_by_a$d = opened_by_a$q;
        left$d = left$q;
        last$d = last$q;
        window_0$d = window_0$q;
        window_1$d = window_1$q;
        holdoff_0$d = holdoff_0$q;
        holdoff_1$d = holdoff_1$q;
        window_0$d = window == 32'h0;
        window_1$d = window == 32'h1;
        holdoff_0$d = holdoff == 32'h0;
        holdoff_1$d = holdoff == 32'h1;
        ready = ~open$q & ~blind$q;
        same = (opened_by_a$q & edge_a) | (~opened_by_a$q & edge_b);
        other = (opened_by_a$q & edge_b) | (~opened_by_a$q & edge_a);
        coincides = step & ((ready & edge_a & edge_b) | (open$q & other));
        decided = step & ((ready & (edge_a ^ edge_b) & window_0$q) | (open$q & ~other & last$q));
        opens = step & ready & (edge_a ^ edge_b) & ~window_0$q;
        retriggered = step & blind$q & retrigger & (edge_a | edge_b);
        ends = decided | coincides | retriggered;
        valid = decided;
        value = (open$q & opened_by_a$q) | (~open$q & edge_a);
        coincidence = coincides;
        stays_open = opens | (step & open$q & ~other & ~last$q);
        ignored = 32'h0;
        if ((clear & open$q) | (step & open$q & same) | (step & blind$q & (edge_a ^ edge_b))) begin
            ignored = 32'h1;
        end
        if (step & blind$q & edge_a & edge_b) begin
            ignored = 32'h2;
        end
        if (step) begin
            left$d = left$q - 32'h1;
            last$d = left$q == 32'h2;
            if (last$q) begin
                blind$d = 1'b0;
            end
        end
        if (opens) begin
            open$d = 1'b1;
            opened_by_a$d = edge_a;
            left$d = ((window) & 20'hfffff);
            last$d = window_1$q;
        end
        if (ends) begin
            open$d = 1'b0;
            blind$d = ~holdoff_0$q;
            left$d = holdoff;
            last$d = holdoff_1$q;
        end
        swept = reset | clear;
        if (swept) begin
            open$d = 1'b0;
            blind$d = 1'b0;
            opened_by_a$d = 1'b0;
            left$d = 32'h0;
            last$d = 1'b0;
        end
    end
endmodule // top

module pb_dff_1(d,q,clock);
    // Module arguments
    input wire d;
    output reg q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 1'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_1

module pb_dff_20(d,q,clock);
    // Module arguments
    input wire [19:0] d;
    output reg [19:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 20'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_20

