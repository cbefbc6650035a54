// Photonbox: the card. Generated from hdl/cores and hdl/boards by `cargo xtask verilog`; edit those instead.
// SPDX-License-Identifier: MIT OR Apache-2.0
module photonbox_small(clock,reset,pins_a,pins_b,front_end,simulated,replayed,selftest_fault,preload_valid,preload_address,preload_data,s_axil_awaddr,s_axil_awprot,s_axil_awvalid,s_axil_wdata,s_axil_wstrb,s_axil_wvalid,s_axil_bready,s_axil_araddr,s_axil_arprot,s_axil_arvalid,s_axil_rready,s_axil_awready,s_axil_wready,s_axil_bresp,s_axil_bvalid,s_axil_arready,s_axil_rdata,s_axil_rresp,s_axil_rvalid,m_axi_awid,m_axi_awaddr,m_axi_awlen,m_axi_awsize,m_axi_awburst,m_axi_awcache,m_axi_awprot,m_axi_awvalid,m_axi_wdata,m_axi_wstrb,m_axi_wlast,m_axi_wvalid,m_axi_bready,m_axi_awready,m_axi_wready,m_axi_bid,m_axi_bresp,m_axi_bvalid,irq_valid,irq_vector,irq_ready,monitor_strobe,monitor_start,monitor_stop,monitor_snapshot,monitor_reset,monitor_bits,monitor_ones);
    // Module arguments
    input wire clock;
    input wire reset;
    parameter [255:0] BUILD_HASH = 256'h7b4643b82fe6242a6904d07a4aaed31f748e48205fbb2887c6ea5d14980a847d;
    wire [255:0] build_hash;
    assign build_hash = BUILD_HASH;
    input wire [3:0] pins_a;
    input wire [3:0] pins_b;
    input wire [1:0] front_end;
    input wire simulated;
    input wire replayed;
    input wire [6:0] selftest_fault;
    input wire preload_valid;
    input wire [4:0] preload_address;
    input wire [63:0] preload_data;
    input wire [15:0] s_axil_awaddr;
    input wire [2:0] s_axil_awprot;
    input wire s_axil_awvalid;
    input wire [31:0] s_axil_wdata;
    input wire [3:0] s_axil_wstrb;
    input wire s_axil_wvalid;
    input wire s_axil_bready;
    input wire [15:0] s_axil_araddr;
    input wire [2:0] s_axil_arprot;
    input wire s_axil_arvalid;
    input wire s_axil_rready;
    output reg s_axil_awready;
    output reg s_axil_wready;
    output reg [1:0] s_axil_bresp;
    output reg s_axil_bvalid;
    output reg s_axil_arready;
    output reg [31:0] s_axil_rdata;
    output reg [1:0] s_axil_rresp;
    output reg s_axil_rvalid;
    output reg m_axi_awid;
    output reg [63:0] m_axi_awaddr;
    output reg [7:0] m_axi_awlen;
    output reg [2:0] m_axi_awsize;
    output reg [1:0] m_axi_awburst;
    output reg [3:0] m_axi_awcache;
    output reg [2:0] m_axi_awprot;
    output reg m_axi_awvalid;
    output reg [63:0] m_axi_wdata;
    output reg [7:0] m_axi_wstrb;
    output reg m_axi_wlast;
    output reg m_axi_wvalid;
    output reg m_axi_bready;
    input wire m_axi_awready;
    input wire m_axi_wready;
    input wire m_axi_bid;
    input wire [1:0] m_axi_bresp;
    input wire m_axi_bvalid;
    output reg irq_valid;
    output reg [1:0] irq_vector;
    input wire irq_ready;
    output reg monitor_strobe;
    output reg monitor_start;
    output reg monitor_stop;
    output reg monitor_snapshot;
    output reg monitor_reset;
    output reg [3:0] monitor_bits;
    output reg [3:0] monitor_ones;
    // Constant declarations
    localparam all = 4'hf;
    localparam none = 4'h0;
    localparam ring_numbers$0 = 6'b0;
    localparam ring_numbers$1 = 6'b1;
    localparam raw_piece = 16'h8;
    // Stub signals
    reg axi_lite$reset;
    reg [15:0] axi_lite$s_axil_awaddr;
    reg [2:0] axi_lite$s_axil_awprot;
    reg axi_lite$s_axil_awvalid;
    wire axi_lite$s_axil_awready;
    reg [31:0] axi_lite$s_axil_wdata;
    reg [3:0] axi_lite$s_axil_wstrb;
    reg axi_lite$s_axil_wvalid;
    wire axi_lite$s_axil_wready;
    wire [1:0] axi_lite$s_axil_bresp;
    wire axi_lite$s_axil_bvalid;
    reg axi_lite$s_axil_bready;
    reg [15:0] axi_lite$s_axil_araddr;
    reg [2:0] axi_lite$s_axil_arprot;
    reg axi_lite$s_axil_arvalid;
    wire axi_lite$s_axil_arready;
    wire [31:0] axi_lite$s_axil_rdata;
    wire [1:0] axi_lite$s_axil_rresp;
    wire axi_lite$s_axil_rvalid;
    reg axi_lite$s_axil_rready;
    wire axi_lite$req_valid;
    wire axi_lite$req_write;
    wire [15:0] axi_lite$req_addr;
    wire [31:0] axi_lite$req_data;
    wire [3:0] axi_lite$req_strb;
    reg axi_lite$req_ready;
    reg [31:0] axi_lite$rsp_data;
    reg axi_lite$hold;
    reg csr$reset;
    reg csr$req_valid;
    reg csr$req_write;
    reg [15:0] csr$req_addr;
    reg [31:0] csr$req_data;
    reg [3:0] csr$req_strb;
    wire csr$req_ready;
    wire [31:0] csr$rsp_data;
    wire csr$csr_write;
    wire csr$lane_write;
    wire [2:0] csr$csr_block;
    wire [5:0] csr$csr_instance;
    wire [6:0] csr$csr_register;
    wire [31:0] csr$csr_data;
    reg [31:0] csr$csr_read;
    reg csr$csr_refused;
    wire csr$unknown;
    wire csr$refused;
    reg control$reset;
    reg control$csr_write;
    reg [2:0] control$csr_block;
    reg [6:0] control$csr_register;
    reg [31:0] control$csr_data;
    wire [31:0] control$csr_read;
    reg [1:0] control$front_end;
    reg [255:0] control$build_hash;
    reg control$unknown;
    reg control$refused;
    reg [2:0] control$bus_error;
    reg [2:0] control$ring_stall;
    reg [15:0] control$dropped;
    reg [31:0] control$lost_entropy;
    reg [31:0] control$lost_raw;
    reg control$any_extract;
    reg control$any_tap;
    reg control$window_ok;
    reg control$any_alarm;
    reg control$all_alarmed;
    reg control$test_pattern;
    reg control$entropy_usable;
    reg control$entropy_committed;
    reg [20:0] control$entropy_slot_bytes;
    reg control$raw_usable;
    reg control$ring_error;
    reg [15:0] control$n;
    reg [15:0] control$m;
    reg [16:0] control$claimed_h;
    reg control$seeded;
    reg control$route_idle;
    reg control$rings_idle;
    reg control$axi_idle;
    reg control$dma_quiet;
    reg control$swept;
    reg control$selftest_busy;
    reg [6:0] control$selftest_passed;
    wire control$selftest_start;
    wire control$start;
    wire control$stop;
    wire control$running;
    wire control$drain;
    wire control$flush;
    wire control$became_idle;
    wire control$idle;
    wire control$snapshot;
    wire [63:0] control$cycle;
    wire [31:0] control$generation;
    wire control$core_reset;
    wire control$dma_abort;
    wire control$dma_reset;
    wire control$hold;
    reg interrupts$reset;
    reg interrupts$csr_write;
    reg [2:0] interrupts$csr_block;
    reg [6:0] interrupts$csr_register;
    reg [31:0] interrupts$csr_data;
    wire [31:0] interrupts$csr_read;
    reg interrupts$alarm_event;
    reg interrupts$error_event;
    reg interrupts$seed_event;
    reg interrupts$idle_event;
    reg [2:0] interrupts$waiting;
    reg [2:0] interrupts$irq;
    wire [2:0] interrupts$enable;
    wire [15:0] interrupts$coalesce_slots;
    wire [31:0] interrupts$coalesce_cycles;
    wire interrupts$irq_valid;
    wire [1:0] interrupts$irq_vector;
    reg interrupts$irq_ready;
    reg selftest$reset;
    reg selftest$start;
    reg [6:0] selftest$fault;
    wire selftest$busy;
    wire [6:0] selftest$passed;
    wire selftest$selftest;
    wire selftest$test_a;
    wire selftest$test_b;
    reg [3:0] selftest$test_valid;
    reg [3:0] selftest$value;
    reg [3:0] selftest$test_fail_rct;
    reg [3:0] selftest$test_fail_apt;
    reg [3:0] selftest$test_fail_rate_low;
    reg [3:0] selftest$test_fail_rate_high;
    reg [3:0] selftest$test_fail_balance;
    wire selftest$toeplitz_start;
    wire selftest$toeplitz_fault;
    reg selftest$toeplitz_done;
    reg selftest$toeplitz_ok;
    wire selftest$keybox_start;
    wire selftest$keybox_fault;
    reg selftest$keybox_done;
    reg selftest$keybox_ok;
    reg pattern$reset;
    reg pattern$csr_write;
    reg [2:0] pattern$csr_block;
    reg [6:0] pattern$csr_register;
    reg [31:0] pattern$csr_data;
    wire [31:0] pattern$csr_read;
    wire pattern$csr_refused;
    reg pattern$start;
    reg pattern$stop;
    reg pattern$running;
    wire pattern$pin_a;
    wire pattern$pin_b;
    wire [3:0] pattern$lanes;
    wire pattern$active;
    reg lanes$reset;
    reg [3:0] lanes$pins_a;
    reg [3:0] lanes$pins_b;
    reg lanes$pattern_a;
    reg lanes$pattern_b;
    reg [3:0] lanes$pattern_lanes;
    reg lanes$start;
    reg lanes$stop;
    reg lanes$running;
    reg lanes$real_pins;
    reg lanes$csr_write;
    reg [2:0] lanes$csr_block;
    reg [5:0] lanes$csr_instance;
    reg [6:0] lanes$csr_register;
    reg [31:0] lanes$csr_data;
    wire [31:0] lanes$csr_read;
    wire lanes$csr_refused;
    reg lanes$selftest;
    reg lanes$test_a;
    reg lanes$test_b;
    wire [3:0] lanes$valid;
    wire [3:0] lanes$value;
    wire [3:0] lanes$tap;
    wire [3:0] lanes$enabled;
    wire [3:0] lanes$active;
    wire [3:0] lanes$alarmed;
    wire [3:0] lanes$window_ok;
    wire [3:0] lanes$alarm_event;
    wire [3:0] lanes$inc_bits;
    wire [3:0] lanes$inc_ones;
    wire [3:0] lanes$inc_coincidences;
    wire [3:0] lanes$inc_ignored_low;
    wire [3:0] lanes$inc_ignored_high;
    wire [3:0] lanes$inc_edges_a;
    wire [3:0] lanes$inc_edges_b;
    wire [3:0] lanes$inc_discarded_low;
    wire [3:0] lanes$inc_discarded_high;
    wire [3:0] lanes$test_valid;
    wire [3:0] lanes$test_fail_rct;
    wire [3:0] lanes$test_fail_apt;
    wire [3:0] lanes$test_fail_rate_low;
    wire [3:0] lanes$test_fail_rate_high;
    wire [3:0] lanes$test_fail_balance;
    reg counters$reset;
    reg [2:0] counters$csr_block;
    reg [5:0] counters$csr_instance;
    reg [6:0] counters$csr_register;
    wire [31:0] counters$csr_read;
    reg [3:0] counters$inc_bits;
    reg [3:0] counters$inc_ones;
    reg [3:0] counters$inc_coincidences;
    reg [3:0] counters$inc_ignored_low;
    reg [3:0] counters$inc_ignored_high;
    reg [3:0] counters$inc_edges_a;
    reg [3:0] counters$inc_edges_b;
    reg [3:0] counters$inc_discarded_low;
    reg [3:0] counters$inc_discarded_high;
    reg [5:0] counters$bulk_lane;
    reg [13:0] counters$bulk_count;
    reg counters$bulk_valid;
    reg counters$snapshot;
    wire counters$busy;
    reg counters$preload_valid;
    reg [4:0] counters$preload_address;
    reg [63:0] counters$preload_data;
    reg route$reset;
    reg [3:0] route$valid;
    reg [3:0] route$bits;
    reg [3:0] route$tap;
    reg [3:0] route$alarm;
    reg [3:0] route$test;
    reg route$simulated;
    reg route$replayed;
    reg [55:0] route$timestamp;
    reg route$drain;
    wire route$idle;
    reg [15:0] route$n;
    reg route$mark;
    wire route$marked;
    wire route$pending;
    wire route$quiet;
    reg route$chunk_ready;
    reg route$chunk_refuse;
    wire route$chunk_valid;
    wire [7:0] route$chunk_bits;
    wire [7:0] route$chunk_count;
    wire route$discard;
    reg route$discarded;
    reg route$made;
    wire [63:0] route$block_lanes;
    wire [5:0] route$block_flags;
    wire route$raw_valid;
    reg route$raw_ready;
    wire [63:0] route$raw_data;
    wire [5:0] route$raw_flags;
    wire [63:0] route$raw_lanes;
    wire [3:0] route$lost;
    wire [3:0] route$thrown;
    wire route$bulk_valid;
    wire [5:0] route$bulk_lane;
    wire [13:0] route$bulk_count;
    wire [13:0] route$dropped;
    reg toeplitz$reset;
    reg toeplitz$csr_write;
    reg [2:0] toeplitz$csr_block;
    reg [6:0] toeplitz$csr_register;
    reg [31:0] toeplitz$csr_data;
    wire [31:0] toeplitz$csr_read;
    wire toeplitz$csr_refused;
    reg toeplitz$running;
    reg toeplitz$snapshot;
    reg toeplitz$in_valid;
    wire toeplitz$in_ready;
    reg [7:0] toeplitz$in_bits;
    reg [7:0] toeplitz$in_count;
    wire toeplitz$in_refuse;
    reg toeplitz$in_pending;
    reg toeplitz$in_quiet;
    wire toeplitz$mark;
    reg toeplitz$marked;
    reg toeplitz$discard;
    wire toeplitz$discarded;
    wire toeplitz$made;
    wire toeplitz$out_valid;
    reg toeplitz$out_ready;
    wire [63:0] toeplitz$out_data;
    wire toeplitz$out_last;
    wire toeplitz$out_error;
    wire [15:0] toeplitz$out_seed_epoch;
    wire [12:0] toeplitz$taken;
    wire toeplitz$seeded;
    wire toeplitz$exhausted;
    wire toeplitz$seed_due_event;
    wire [15:0] toeplitz$n;
    wire [15:0] toeplitz$m;
    wire [16:0] toeplitz$claimed_h;
    wire toeplitz$idle;
    wire toeplitz$sweeping;
    reg toeplitz$kat_start;
    reg toeplitz$kat_fault;
    wire toeplitz$kat_done;
    wire toeplitz$kat_ok;
    wire toeplitz$parity_error;
    reg toeplitz$seed_fault;
    reg entropy$reset;
    reg [5:0] entropy$index;
    reg entropy$csr_write;
    reg [2:0] entropy$csr_block;
    reg [5:0] entropy$csr_instance;
    reg [6:0] entropy$csr_register;
    reg [31:0] entropy$csr_data;
    wire [31:0] entropy$csr_read;
    wire entropy$csr_refused;
    reg entropy$running;
    reg [31:0] entropy$generation;
    reg entropy$flush;
    reg entropy$irq_enable;
    reg [15:0] entropy$coalesce_slots;
    reg [31:0] entropy$coalesce_cycles;
    reg [15:0] entropy$piece_bytes;
    reg entropy$in_valid;
    wire entropy$in_ready;
    reg [63:0] entropy$in_data;
    reg entropy$in_last;
    reg [5:0] entropy$in_flags;
    reg [63:0] entropy$in_lanes;
    reg [15:0] entropy$in_raw_bits;
    reg [15:0] entropy$in_seed_epoch;
    reg entropy$in_close;
    wire entropy$committed;
    wire entropy$usable;
    wire [20:0] entropy$slot_bytes;
    wire entropy$full;
    wire entropy$waiting;
    wire entropy$in_error;
    wire entropy$idle;
    wire entropy$irq;
    wire entropy$error_event;
    wire entropy$stall_event;
    wire [31:0] entropy$lost_bits;
    wire entropy$lost_valid;
    wire entropy$request_valid;
    reg entropy$request_ready;
    wire [63:0] entropy$request_address;
    wire [5:0] entropy$request_words;
    wire [2:0] entropy$request_tag;
    wire [63:0] entropy$data;
    reg entropy$take;
    reg entropy$b_valid;
    reg entropy$b_error;
    reg [2:0] entropy$b_tag;
    reg entropy$bus_failed;
    reg raw$reset;
    reg [5:0] raw$index;
    reg raw$csr_write;
    reg [2:0] raw$csr_block;
    reg [5:0] raw$csr_instance;
    reg [6:0] raw$csr_register;
    reg [31:0] raw$csr_data;
    wire [31:0] raw$csr_read;
    wire raw$csr_refused;
    reg raw$running;
    reg [31:0] raw$generation;
    reg raw$flush;
    reg raw$irq_enable;
    reg [15:0] raw$coalesce_slots;
    reg [31:0] raw$coalesce_cycles;
    reg [15:0] raw$piece_bytes;
    reg raw$in_valid;
    wire raw$in_ready;
    reg [63:0] raw$in_data;
    reg raw$in_last;
    reg [5:0] raw$in_flags;
    reg [63:0] raw$in_lanes;
    reg [15:0] raw$in_raw_bits;
    reg [15:0] raw$in_seed_epoch;
    reg raw$in_close;
    wire raw$committed;
    wire raw$usable;
    wire [20:0] raw$slot_bytes;
    wire raw$full;
    wire raw$waiting;
    wire raw$in_error;
    wire raw$idle;
    wire raw$irq;
    wire raw$error_event;
    wire raw$stall_event;
    wire [31:0] raw$lost_bits;
    wire raw$lost_valid;
    wire raw$request_valid;
    reg raw$request_ready;
    wire [63:0] raw$request_address;
    wire [5:0] raw$request_words;
    wire [2:0] raw$request_tag;
    wire [63:0] raw$data;
    reg raw$take;
    reg raw$b_valid;
    reg raw$b_error;
    reg [2:0] raw$b_tag;
    reg raw$bus_failed;
    reg boxes$reset;
    reg boxes$csr_write;
    reg [2:0] boxes$csr_block;
    reg [5:0] boxes$csr_instance;
    reg [6:0] boxes$csr_register;
    reg [31:0] boxes$csr_data;
    wire [31:0] boxes$csr_read;
    wire boxes$csr_refused;
    wire boxes$hold;
    reg boxes$running;
    reg [31:0] boxes$generation;
    reg boxes$flush;
    reg boxes$snapshot;
    reg boxes$irq_enable;
    reg [15:0] boxes$coalesce_slots;
    reg [31:0] boxes$coalesce_cycles;
    reg boxes$kat_start;
    reg boxes$kat_fault;
    wire boxes$kat_done;
    wire boxes$kat_ok;
    wire boxes$busy;
    wire boxes$stopped;
    wire boxes$goes_on;
    wire boxes$in_error;
    wire boxes$waiting;
    wire boxes$irq;
    wire boxes$error_event;
    wire boxes$stall_event;
    wire boxes$request_valid;
    reg boxes$request_ready;
    wire [63:0] boxes$request_address;
    wire [5:0] boxes$request_words;
    wire [2:0] boxes$request_tag;
    wire [63:0] boxes$data;
    reg boxes$take;
    reg boxes$b_valid;
    reg boxes$b_error;
    reg [2:0] boxes$b_tag;
    reg boxes$bus_failed;
    reg axi$reset;
    reg axi$abort_writes;
    wire axi$quiet;
    wire axi$timed_out;
    reg [2:0] axi$request_valid;
    wire [2:0] axi$request_ready;
    reg [63:0] axi$request_address0;
    reg [63:0] axi$request_address1;
    reg [63:0] axi$request_address2;
    reg [5:0] axi$request_words0;
    reg [5:0] axi$request_words1;
    reg [5:0] axi$request_words2;
    reg [2:0] axi$request_tag0;
    reg [2:0] axi$request_tag1;
    reg [2:0] axi$request_tag2;
    reg [63:0] axi$data0;
    reg [63:0] axi$data1;
    reg [63:0] axi$data2;
    wire [2:0] axi$take;
    wire [2:0] axi$b_valid;
    wire axi$b_error;
    wire [2:0] axi$b_tag;
    wire axi$m_axi_awid;
    wire [63:0] axi$m_axi_awaddr;
    wire [7:0] axi$m_axi_awlen;
    wire [2:0] axi$m_axi_awsize;
    wire [1:0] axi$m_axi_awburst;
    wire [3:0] axi$m_axi_awcache;
    wire [2:0] axi$m_axi_awprot;
    wire axi$m_axi_awvalid;
    reg axi$m_axi_awready;
    wire [63:0] axi$m_axi_wdata;
    wire [7:0] axi$m_axi_wstrb;
    wire axi$m_axi_wlast;
    wire axi$m_axi_wvalid;
    reg axi$m_axi_wready;
    reg axi$m_axi_bid;
    reg [1:0] axi$m_axi_bresp;
    reg axi$m_axi_bvalid;
    wire axi$m_axi_bready;
    reg [55:0] stamp$d;
    wire [55:0] stamp$q;
    // Local signals
    reg clear;
    reg [3:0] extract;
    // Sub module instances
    pb_axi_lite axi_lite(
        .clock(clock),
        .reset(axi_lite$reset),
        .s_axil_awaddr(axi_lite$s_axil_awaddr),
        .s_axil_awprot(axi_lite$s_axil_awprot),
        .s_axil_awvalid(axi_lite$s_axil_awvalid),
        .s_axil_awready(axi_lite$s_axil_awready),
        .s_axil_wdata(axi_lite$s_axil_wdata),
        .s_axil_wstrb(axi_lite$s_axil_wstrb),
        .s_axil_wvalid(axi_lite$s_axil_wvalid),
        .s_axil_wready(axi_lite$s_axil_wready),
        .s_axil_bresp(axi_lite$s_axil_bresp),
        .s_axil_bvalid(axi_lite$s_axil_bvalid),
        .s_axil_bready(axi_lite$s_axil_bready),
        .s_axil_araddr(axi_lite$s_axil_araddr),
        .s_axil_arprot(axi_lite$s_axil_arprot),
        .s_axil_arvalid(axi_lite$s_axil_arvalid),
        .s_axil_arready(axi_lite$s_axil_arready),
        .s_axil_rdata(axi_lite$s_axil_rdata),
        .s_axil_rresp(axi_lite$s_axil_rresp),
        .s_axil_rvalid(axi_lite$s_axil_rvalid),
        .s_axil_rready(axi_lite$s_axil_rready),
        .req_valid(axi_lite$req_valid),
        .req_write(axi_lite$req_write),
        .req_addr(axi_lite$req_addr),
        .req_data(axi_lite$req_data),
        .req_strb(axi_lite$req_strb),
        .req_ready(axi_lite$req_ready),
        .rsp_data(axi_lite$rsp_data),
        .hold(axi_lite$hold)
    );
    pb_csr csr(
        .clock(clock),
        .reset(csr$reset),
        .req_valid(csr$req_valid),
        .req_write(csr$req_write),
        .req_addr(csr$req_addr),
        .req_data(csr$req_data),
        .req_strb(csr$req_strb),
        .req_ready(csr$req_ready),
        .rsp_data(csr$rsp_data),
        .csr_write(csr$csr_write),
        .lane_write(csr$lane_write),
        .csr_block(csr$csr_block),
        .csr_instance(csr$csr_instance),
        .csr_register(csr$csr_register),
        .csr_data(csr$csr_data),
        .csr_read(csr$csr_read),
        .csr_refused(csr$csr_refused),
        .unknown(csr$unknown),
        .refused(csr$refused)
    );
    pb_control control(
        .clock(clock),
        .reset(control$reset),
        .csr_write(control$csr_write),
        .csr_block(control$csr_block),
        .csr_register(control$csr_register),
        .csr_data(control$csr_data),
        .csr_read(control$csr_read),
        .front_end(control$front_end),
        .build_hash(control$build_hash),
        .unknown(control$unknown),
        .refused(control$refused),
        .bus_error(control$bus_error),
        .ring_stall(control$ring_stall),
        .dropped(control$dropped),
        .lost_entropy(control$lost_entropy),
        .lost_raw(control$lost_raw),
        .any_extract(control$any_extract),
        .any_tap(control$any_tap),
        .window_ok(control$window_ok),
        .any_alarm(control$any_alarm),
        .all_alarmed(control$all_alarmed),
        .test_pattern(control$test_pattern),
        .entropy_usable(control$entropy_usable),
        .entropy_committed(control$entropy_committed),
        .entropy_slot_bytes(control$entropy_slot_bytes),
        .raw_usable(control$raw_usable),
        .ring_error(control$ring_error),
        .n(control$n),
        .m(control$m),
        .claimed_h(control$claimed_h),
        .seeded(control$seeded),
        .route_idle(control$route_idle),
        .rings_idle(control$rings_idle),
        .axi_idle(control$axi_idle),
        .dma_quiet(control$dma_quiet),
        .swept(control$swept),
        .selftest_busy(control$selftest_busy),
        .selftest_passed(control$selftest_passed),
        .selftest_start(control$selftest_start),
        .start(control$start),
        .stop(control$stop),
        .running(control$running),
        .drain(control$drain),
        .flush(control$flush),
        .became_idle(control$became_idle),
        .idle(control$idle),
        .snapshot(control$snapshot),
        .cycle(control$cycle),
        .generation(control$generation),
        .core_reset(control$core_reset),
        .dma_abort(control$dma_abort),
        .dma_reset(control$dma_reset),
        .hold(control$hold)
    );
    pb_interrupts interrupts(
        .clock(clock),
        .reset(interrupts$reset),
        .csr_write(interrupts$csr_write),
        .csr_block(interrupts$csr_block),
        .csr_register(interrupts$csr_register),
        .csr_data(interrupts$csr_data),
        .csr_read(interrupts$csr_read),
        .alarm_event(interrupts$alarm_event),
        .error_event(interrupts$error_event),
        .seed_event(interrupts$seed_event),
        .idle_event(interrupts$idle_event),
        .waiting(interrupts$waiting),
        .irq(interrupts$irq),
        .enable(interrupts$enable),
        .coalesce_slots(interrupts$coalesce_slots),
        .coalesce_cycles(interrupts$coalesce_cycles),
        .irq_valid(interrupts$irq_valid),
        .irq_vector(interrupts$irq_vector),
        .irq_ready(interrupts$irq_ready)
    );
    pb_selftest selftest(
        .clock(clock),
        .reset(selftest$reset),
        .start(selftest$start),
        .fault(selftest$fault),
        .busy(selftest$busy),
        .passed(selftest$passed),
        .selftest(selftest$selftest),
        .test_a(selftest$test_a),
        .test_b(selftest$test_b),
        .test_valid(selftest$test_valid),
        .value(selftest$value),
        .test_fail_rct(selftest$test_fail_rct),
        .test_fail_apt(selftest$test_fail_apt),
        .test_fail_rate_low(selftest$test_fail_rate_low),
        .test_fail_rate_high(selftest$test_fail_rate_high),
        .test_fail_balance(selftest$test_fail_balance),
        .toeplitz_start(selftest$toeplitz_start),
        .toeplitz_fault(selftest$toeplitz_fault),
        .toeplitz_done(selftest$toeplitz_done),
        .toeplitz_ok(selftest$toeplitz_ok),
        .keybox_start(selftest$keybox_start),
        .keybox_fault(selftest$keybox_fault),
        .keybox_done(selftest$keybox_done),
        .keybox_ok(selftest$keybox_ok)
    );
    pb_pattern pattern(
        .clock(clock),
        .reset(pattern$reset),
        .csr_write(pattern$csr_write),
        .csr_block(pattern$csr_block),
        .csr_register(pattern$csr_register),
        .csr_data(pattern$csr_data),
        .csr_read(pattern$csr_read),
        .csr_refused(pattern$csr_refused),
        .start(pattern$start),
        .stop(pattern$stop),
        .running(pattern$running),
        .pin_a(pattern$pin_a),
        .pin_b(pattern$pin_b),
        .lanes(pattern$lanes),
        .active(pattern$active)
    );
    pb_lanes lanes(
        .clock(clock),
        .reset(lanes$reset),
        .pins_a(lanes$pins_a),
        .pins_b(lanes$pins_b),
        .pattern_a(lanes$pattern_a),
        .pattern_b(lanes$pattern_b),
        .pattern_lanes(lanes$pattern_lanes),
        .start(lanes$start),
        .stop(lanes$stop),
        .running(lanes$running),
        .real_pins(lanes$real_pins),
        .csr_write(lanes$csr_write),
        .csr_block(lanes$csr_block),
        .csr_instance(lanes$csr_instance),
        .csr_register(lanes$csr_register),
        .csr_data(lanes$csr_data),
        .csr_read(lanes$csr_read),
        .csr_refused(lanes$csr_refused),
        .selftest(lanes$selftest),
        .test_a(lanes$test_a),
        .test_b(lanes$test_b),
        .valid(lanes$valid),
        .value(lanes$value),
        .tap(lanes$tap),
        .enabled(lanes$enabled),
        .active(lanes$active),
        .alarmed(lanes$alarmed),
        .window_ok(lanes$window_ok),
        .alarm_event(lanes$alarm_event),
        .inc_bits(lanes$inc_bits),
        .inc_ones(lanes$inc_ones),
        .inc_coincidences(lanes$inc_coincidences),
        .inc_ignored_low(lanes$inc_ignored_low),
        .inc_ignored_high(lanes$inc_ignored_high),
        .inc_edges_a(lanes$inc_edges_a),
        .inc_edges_b(lanes$inc_edges_b),
        .inc_discarded_low(lanes$inc_discarded_low),
        .inc_discarded_high(lanes$inc_discarded_high),
        .test_valid(lanes$test_valid),
        .test_fail_rct(lanes$test_fail_rct),
        .test_fail_apt(lanes$test_fail_apt),
        .test_fail_rate_low(lanes$test_fail_rate_low),
        .test_fail_rate_high(lanes$test_fail_rate_high),
        .test_fail_balance(lanes$test_fail_balance)
    );
    pb_counters counters(
        .clock(clock),
        .reset(counters$reset),
        .csr_block(counters$csr_block),
        .csr_instance(counters$csr_instance),
        .csr_register(counters$csr_register),
        .csr_read(counters$csr_read),
        .inc_bits(counters$inc_bits),
        .inc_ones(counters$inc_ones),
        .inc_coincidences(counters$inc_coincidences),
        .inc_ignored_low(counters$inc_ignored_low),
        .inc_ignored_high(counters$inc_ignored_high),
        .inc_edges_a(counters$inc_edges_a),
        .inc_edges_b(counters$inc_edges_b),
        .inc_discarded_low(counters$inc_discarded_low),
        .inc_discarded_high(counters$inc_discarded_high),
        .bulk_lane(counters$bulk_lane),
        .bulk_count(counters$bulk_count),
        .bulk_valid(counters$bulk_valid),
        .snapshot(counters$snapshot),
        .busy(counters$busy),
        .preload_valid(counters$preload_valid),
        .preload_address(counters$preload_address),
        .preload_data(counters$preload_data)
    );
    pb_route route(
        .clock(clock),
        .reset(route$reset),
        .valid(route$valid),
        .bits(route$bits),
        .tap(route$tap),
        .alarm(route$alarm),
        .test(route$test),
        .simulated(route$simulated),
        .replayed(route$replayed),
        .timestamp(route$timestamp),
        .drain(route$drain),
        .idle(route$idle),
        .n(route$n),
        .mark(route$mark),
        .marked(route$marked),
        .pending(route$pending),
        .quiet(route$quiet),
        .chunk_ready(route$chunk_ready),
        .chunk_refuse(route$chunk_refuse),
        .chunk_valid(route$chunk_valid),
        .chunk_bits(route$chunk_bits),
        .chunk_count(route$chunk_count),
        .discard(route$discard),
        .discarded(route$discarded),
        .made(route$made),
        .block_lanes(route$block_lanes),
        .block_flags(route$block_flags),
        .raw_valid(route$raw_valid),
        .raw_ready(route$raw_ready),
        .raw_data(route$raw_data),
        .raw_flags(route$raw_flags),
        .raw_lanes(route$raw_lanes),
        .lost(route$lost),
        .thrown(route$thrown),
        .bulk_valid(route$bulk_valid),
        .bulk_lane(route$bulk_lane),
        .bulk_count(route$bulk_count),
        .dropped(route$dropped)
    );
    pb_toeplitz toeplitz(
        .clock(clock),
        .reset(toeplitz$reset),
        .csr_write(toeplitz$csr_write),
        .csr_block(toeplitz$csr_block),
        .csr_register(toeplitz$csr_register),
        .csr_data(toeplitz$csr_data),
        .csr_read(toeplitz$csr_read),
        .csr_refused(toeplitz$csr_refused),
        .running(toeplitz$running),
        .snapshot(toeplitz$snapshot),
        .in_valid(toeplitz$in_valid),
        .in_ready(toeplitz$in_ready),
        .in_bits(toeplitz$in_bits),
        .in_count(toeplitz$in_count),
        .in_refuse(toeplitz$in_refuse),
        .in_pending(toeplitz$in_pending),
        .in_quiet(toeplitz$in_quiet),
        .mark(toeplitz$mark),
        .marked(toeplitz$marked),
        .discard(toeplitz$discard),
        .discarded(toeplitz$discarded),
        .made(toeplitz$made),
        .out_valid(toeplitz$out_valid),
        .out_ready(toeplitz$out_ready),
        .out_data(toeplitz$out_data),
        .out_last(toeplitz$out_last),
        .out_error(toeplitz$out_error),
        .out_seed_epoch(toeplitz$out_seed_epoch),
        .taken(toeplitz$taken),
        .seeded(toeplitz$seeded),
        .exhausted(toeplitz$exhausted),
        .seed_due_event(toeplitz$seed_due_event),
        .n(toeplitz$n),
        .m(toeplitz$m),
        .claimed_h(toeplitz$claimed_h),
        .idle(toeplitz$idle),
        .sweeping(toeplitz$sweeping),
        .kat_start(toeplitz$kat_start),
        .kat_fault(toeplitz$kat_fault),
        .kat_done(toeplitz$kat_done),
        .kat_ok(toeplitz$kat_ok),
        .parity_error(toeplitz$parity_error),
        .seed_fault(toeplitz$seed_fault)
    );
    pb_entropy entropy(
        .clock(clock),
        .reset(entropy$reset),
        .index(entropy$index),
        .csr_write(entropy$csr_write),
        .csr_block(entropy$csr_block),
        .csr_instance(entropy$csr_instance),
        .csr_register(entropy$csr_register),
        .csr_data(entropy$csr_data),
        .csr_read(entropy$csr_read),
        .csr_refused(entropy$csr_refused),
        .running(entropy$running),
        .generation(entropy$generation),
        .flush(entropy$flush),
        .irq_enable(entropy$irq_enable),
        .coalesce_slots(entropy$coalesce_slots),
        .coalesce_cycles(entropy$coalesce_cycles),
        .piece_bytes(entropy$piece_bytes),
        .in_valid(entropy$in_valid),
        .in_ready(entropy$in_ready),
        .in_data(entropy$in_data),
        .in_last(entropy$in_last),
        .in_flags(entropy$in_flags),
        .in_lanes(entropy$in_lanes),
        .in_raw_bits(entropy$in_raw_bits),
        .in_seed_epoch(entropy$in_seed_epoch),
        .in_close(entropy$in_close),
        .committed(entropy$committed),
        .usable(entropy$usable),
        .slot_bytes(entropy$slot_bytes),
        .full(entropy$full),
        .waiting(entropy$waiting),
        .in_error(entropy$in_error),
        .idle(entropy$idle),
        .irq(entropy$irq),
        .error_event(entropy$error_event),
        .stall_event(entropy$stall_event),
        .lost_bits(entropy$lost_bits),
        .lost_valid(entropy$lost_valid),
        .request_valid(entropy$request_valid),
        .request_ready(entropy$request_ready),
        .request_address(entropy$request_address),
        .request_words(entropy$request_words),
        .request_tag(entropy$request_tag),
        .data(entropy$data),
        .take(entropy$take),
        .b_valid(entropy$b_valid),
        .b_error(entropy$b_error),
        .b_tag(entropy$b_tag),
        .bus_failed(entropy$bus_failed)
    );
    pb_entropy raw(
        .clock(clock),
        .reset(raw$reset),
        .index(raw$index),
        .csr_write(raw$csr_write),
        .csr_block(raw$csr_block),
        .csr_instance(raw$csr_instance),
        .csr_register(raw$csr_register),
        .csr_data(raw$csr_data),
        .csr_read(raw$csr_read),
        .csr_refused(raw$csr_refused),
        .running(raw$running),
        .generation(raw$generation),
        .flush(raw$flush),
        .irq_enable(raw$irq_enable),
        .coalesce_slots(raw$coalesce_slots),
        .coalesce_cycles(raw$coalesce_cycles),
        .piece_bytes(raw$piece_bytes),
        .in_valid(raw$in_valid),
        .in_ready(raw$in_ready),
        .in_data(raw$in_data),
        .in_last(raw$in_last),
        .in_flags(raw$in_flags),
        .in_lanes(raw$in_lanes),
        .in_raw_bits(raw$in_raw_bits),
        .in_seed_epoch(raw$in_seed_epoch),
        .in_close(raw$in_close),
        .committed(raw$committed),
        .usable(raw$usable),
        .slot_bytes(raw$slot_bytes),
        .full(raw$full),
        .waiting(raw$waiting),
        .in_error(raw$in_error),
        .idle(raw$idle),
        .irq(raw$irq),
        .error_event(raw$error_event),
        .stall_event(raw$stall_event),
        .lost_bits(raw$lost_bits),
        .lost_valid(raw$lost_valid),
        .request_valid(raw$request_valid),
        .request_ready(raw$request_ready),
        .request_address(raw$request_address),
        .request_words(raw$request_words),
        .request_tag(raw$request_tag),
        .data(raw$data),
        .take(raw$take),
        .b_valid(raw$b_valid),
        .b_error(raw$b_error),
        .b_tag(raw$b_tag),
        .bus_failed(raw$bus_failed)
    );
    pb_boxes boxes(
        .clock(clock),
        .reset(boxes$reset),
        .csr_write(boxes$csr_write),
        .csr_block(boxes$csr_block),
        .csr_instance(boxes$csr_instance),
        .csr_register(boxes$csr_register),
        .csr_data(boxes$csr_data),
        .csr_read(boxes$csr_read),
        .csr_refused(boxes$csr_refused),
        .hold(boxes$hold),
        .running(boxes$running),
        .generation(boxes$generation),
        .flush(boxes$flush),
        .snapshot(boxes$snapshot),
        .irq_enable(boxes$irq_enable),
        .coalesce_slots(boxes$coalesce_slots),
        .coalesce_cycles(boxes$coalesce_cycles),
        .kat_start(boxes$kat_start),
        .kat_fault(boxes$kat_fault),
        .kat_done(boxes$kat_done),
        .kat_ok(boxes$kat_ok),
        .busy(boxes$busy),
        .stopped(boxes$stopped),
        .goes_on(boxes$goes_on),
        .in_error(boxes$in_error),
        .waiting(boxes$waiting),
        .irq(boxes$irq),
        .error_event(boxes$error_event),
        .stall_event(boxes$stall_event),
        .request_valid(boxes$request_valid),
        .request_ready(boxes$request_ready),
        .request_address(boxes$request_address),
        .request_words(boxes$request_words),
        .request_tag(boxes$request_tag),
        .data(boxes$data),
        .take(boxes$take),
        .b_valid(boxes$b_valid),
        .b_error(boxes$b_error),
        .b_tag(boxes$b_tag),
        .bus_failed(boxes$bus_failed)
    );
    pb_axi axi(
        .clock(clock),
        .reset(axi$reset),
        .abort_writes(axi$abort_writes),
        .quiet(axi$quiet),
        .timed_out(axi$timed_out),
        .request_valid(axi$request_valid),
        .request_ready(axi$request_ready),
        .request_address0(axi$request_address0),
        .request_address1(axi$request_address1),
        .request_address2(axi$request_address2),
        .request_words0(axi$request_words0),
        .request_words1(axi$request_words1),
        .request_words2(axi$request_words2),
        .request_tag0(axi$request_tag0),
        .request_tag1(axi$request_tag1),
        .request_tag2(axi$request_tag2),
        .data0(axi$data0),
        .data1(axi$data1),
        .data2(axi$data2),
        .take(axi$take),
        .b_valid(axi$b_valid),
        .b_error(axi$b_error),
        .b_tag(axi$b_tag),
        .m_axi_awid(axi$m_axi_awid),
        .m_axi_awaddr(axi$m_axi_awaddr),
        .m_axi_awlen(axi$m_axi_awlen),
        .m_axi_awsize(axi$m_axi_awsize),
        .m_axi_awburst(axi$m_axi_awburst),
        .m_axi_awcache(axi$m_axi_awcache),
        .m_axi_awprot(axi$m_axi_awprot),
        .m_axi_awvalid(axi$m_axi_awvalid),
        .m_axi_awready(axi$m_axi_awready),
        .m_axi_wdata(axi$m_axi_wdata),
        .m_axi_wstrb(axi$m_axi_wstrb),
        .m_axi_wlast(axi$m_axi_wlast),
        .m_axi_wvalid(axi$m_axi_wvalid),
        .m_axi_wready(axi$m_axi_wready),
        .m_axi_bid(axi$m_axi_bid),
        .m_axi_bresp(axi$m_axi_bresp),
        .m_axi_bvalid(axi$m_axi_bvalid),
        .m_axi_bready(axi$m_axi_bready)
    );
    pb_dff_56 stamp(
        .d(stamp$d),
        .q(stamp$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        stamp$d = stamp$q;
        clear = control$core_reset;
        axi_lite$reset = reset;
        control$reset = reset;
        csr$reset = clear;
        interrupts$reset = clear | reset;
        selftest$reset = clear;
        pattern$reset = clear;
        lanes$reset = clear;
        counters$reset = clear;
        route$reset = clear;
        toeplitz$reset = clear;
        entropy$reset = clear;
        raw$reset = clear;
        boxes$reset = clear;
        axi$reset = control$dma_reset | reset;
        axi$abort_writes = control$dma_abort;
        axi_lite$s_axil_awaddr = s_axil_awaddr;
        axi_lite$s_axil_awprot = s_axil_awprot;
        axi_lite$s_axil_awvalid = s_axil_awvalid;
        axi_lite$s_axil_wdata = s_axil_wdata;
        axi_lite$s_axil_wstrb = s_axil_wstrb;
        axi_lite$s_axil_wvalid = s_axil_wvalid;
        axi_lite$s_axil_bready = s_axil_bready;
        axi_lite$s_axil_araddr = s_axil_araddr;
        axi_lite$s_axil_arprot = s_axil_arprot;
        axi_lite$s_axil_arvalid = s_axil_arvalid;
        axi_lite$s_axil_rready = s_axil_rready;
        s_axil_awready = axi_lite$s_axil_awready;
        s_axil_wready = axi_lite$s_axil_wready;
        s_axil_bresp = axi_lite$s_axil_bresp;
        s_axil_bvalid = axi_lite$s_axil_bvalid;
        s_axil_arready = axi_lite$s_axil_arready;
        s_axil_rdata = axi_lite$s_axil_rdata;
        s_axil_rresp = axi_lite$s_axil_rresp;
        s_axil_rvalid = axi_lite$s_axil_rvalid;
        axi_lite$hold = control$hold | counters$busy | boxes$hold;
        csr$req_valid = axi_lite$req_valid;
        csr$req_write = axi_lite$req_write;
        csr$req_addr = axi_lite$req_addr;
        csr$req_data = axi_lite$req_data;
        csr$req_strb = axi_lite$req_strb;
        axi_lite$req_ready = csr$req_ready;
        axi_lite$rsp_data = csr$rsp_data;
        control$csr_write = csr$csr_write;
        control$csr_block = csr$csr_block;
        control$csr_register = csr$csr_register;
        control$csr_data = csr$csr_data;
        interrupts$csr_write = csr$csr_write;
        interrupts$csr_block = csr$csr_block;
        interrupts$csr_register = csr$csr_register;
        interrupts$csr_data = csr$csr_data;
        pattern$csr_write = csr$csr_write;
        pattern$csr_block = csr$csr_block;
        pattern$csr_register = csr$csr_register;
        pattern$csr_data = csr$csr_data;
        lanes$csr_write = csr$lane_write;
        lanes$csr_block = csr$csr_block;
        lanes$csr_instance = csr$csr_instance;
        lanes$csr_register = csr$csr_register;
        lanes$csr_data = csr$csr_data;
        counters$csr_block = csr$csr_block;
        counters$csr_instance = csr$csr_instance;
        counters$csr_register = csr$csr_register;
        toeplitz$csr_write = csr$csr_write;
        toeplitz$csr_block = csr$csr_block;
        toeplitz$csr_register = csr$csr_register;
        toeplitz$csr_data = csr$csr_data;
        entropy$csr_write = csr$csr_write;
        entropy$csr_block = csr$csr_block;
        entropy$csr_instance = csr$csr_instance;
        entropy$csr_register = csr$csr_register;
        entropy$csr_data = csr$csr_data;
        raw$csr_write = csr$csr_write;
        raw$csr_block = csr$csr_block;
        raw$csr_instance = csr$csr_instance;
        raw$csr_register = csr$csr_register;
        raw$csr_data = csr$csr_data;
        boxes$csr_write = csr$csr_write;
        boxes$csr_block = csr$csr_block;
        boxes$csr_instance = csr$csr_instance;
        boxes$csr_register = csr$csr_register;
        boxes$csr_data = csr$csr_data;
        csr$csr_read = control$csr_read | interrupts$csr_read | pattern$csr_read | lanes$csr_read | counters$csr_read | toeplitz$csr_read | entropy$csr_read | raw$csr_read | boxes$csr_read;
        csr$csr_refused = pattern$csr_refused | lanes$csr_refused | toeplitz$csr_refused | entropy$csr_refused | raw$csr_refused | boxes$csr_refused;
        control$unknown = csr$unknown;
        control$refused = csr$refused;
        control$build_hash = build_hash;
        control$front_end = front_end;
        extract = lanes$enabled & (lanes$tap ^ all);
        control$any_extract = |extract;
        control$any_tap = |(lanes$enabled & lanes$tap);
        control$window_ok = ~|(lanes$enabled & (lanes$window_ok ^ all));
        control$any_alarm = |(lanes$enabled & lanes$alarmed);
        control$all_alarmed = |lanes$enabled & ~|(lanes$enabled & (lanes$alarmed ^ all));
        control$test_pattern = pattern$active;
        control$entropy_usable = entropy$usable;
        control$entropy_committed = entropy$committed;
        control$entropy_slot_bytes = entropy$slot_bytes;
        control$raw_usable = raw$usable;
        control$n = toeplitz$n;
        control$m = toeplitz$m;
        control$claimed_h = toeplitz$claimed_h;
        control$seeded = toeplitz$seeded;
        control$route_idle = route$idle;
        control$rings_idle = entropy$idle & raw$idle & boxes$stopped;
        control$axi_idle = axi$quiet | boxes$goes_on;
        control$dma_quiet = axi$quiet;
        control$swept = ~toeplitz$sweeping & ~boxes$busy & ~counters$busy;
        control$ring_error = entropy$in_error | raw$in_error | boxes$in_error;
        control$bus_error = ((entropy$error_event) & 3'h7) | (((raw$error_event) & 3'h7) << 32'h1) | (((boxes$error_event) & 3'h7) << 32'h2);
        control$ring_stall = ((entropy$stall_event) & 3'h7) | (((raw$stall_event) & 3'h7) << 32'h1) | (((boxes$stall_event) & 3'h7) << 32'h2);
        control$dropped = ((route$dropped) & 16'hffff);
        control$lost_entropy = 32'h0;
        if (entropy$lost_valid) begin
            control$lost_entropy = entropy$lost_bits;
        end
        control$lost_raw = 32'h0;
        if (raw$lost_valid) begin
            control$lost_raw = raw$lost_bits;
        end
        control$selftest_busy = selftest$busy;
        control$selftest_passed = selftest$passed;
        interrupts$alarm_event = |lanes$alarm_event;
        interrupts$error_event = entropy$error_event | raw$error_event | boxes$error_event | toeplitz$parity_error;
        interrupts$seed_event = toeplitz$seed_due_event;
        interrupts$idle_event = control$became_idle;
        interrupts$waiting = ((entropy$waiting) & 3'h7) | (((raw$waiting) & 3'h7) << 32'h1) | (((boxes$waiting) & 3'h7) << 32'h2);
        interrupts$irq = ((entropy$irq) & 3'h7) | (((raw$irq) & 3'h7) << 32'h1) | (((boxes$irq) & 3'h7) << 32'h2);
        interrupts$irq_ready = irq_ready;
        irq_valid = interrupts$irq_valid;
        irq_vector = interrupts$irq_vector;
        selftest$start = control$selftest_start;
        selftest$fault = selftest_fault;
        selftest$test_valid = lanes$test_valid;
        selftest$value = lanes$value;
        selftest$test_fail_rct = lanes$test_fail_rct;
        selftest$test_fail_apt = lanes$test_fail_apt;
        selftest$test_fail_rate_low = lanes$test_fail_rate_low;
        selftest$test_fail_rate_high = lanes$test_fail_rate_high;
        selftest$test_fail_balance = lanes$test_fail_balance;
        lanes$selftest = selftest$selftest;
        lanes$test_a = selftest$test_a;
        lanes$test_b = selftest$test_b;
        toeplitz$kat_start = selftest$toeplitz_start;
        toeplitz$kat_fault = selftest$toeplitz_fault;
        selftest$toeplitz_done = toeplitz$kat_done;
        selftest$toeplitz_ok = toeplitz$kat_ok;
        boxes$kat_start = selftest$keybox_start;
        boxes$kat_fault = selftest$keybox_fault;
        selftest$keybox_done = boxes$kat_done;
        selftest$keybox_ok = boxes$kat_ok;
        pattern$start = control$start;
        pattern$stop = control$stop;
        pattern$running = control$running | control$drain;
        lanes$pins_a = pins_a;
        lanes$pins_b = pins_b;
        lanes$pattern_a = pattern$pin_a;
        lanes$pattern_b = pattern$pin_b;
        lanes$pattern_lanes = pattern$lanes;
        lanes$start = control$start;
        lanes$stop = control$stop;
        lanes$running = control$running;
        lanes$real_pins = front_end == 32'h0;
        counters$inc_bits = lanes$inc_bits;
        counters$inc_ones = lanes$inc_ones;
        counters$inc_coincidences = lanes$inc_coincidences;
        counters$inc_ignored_low = lanes$inc_ignored_low;
        counters$inc_ignored_high = lanes$inc_ignored_high;
        counters$inc_edges_a = lanes$inc_edges_a;
        counters$inc_edges_b = lanes$inc_edges_b;
        counters$inc_discarded_low = lanes$inc_discarded_low ^ route$lost ^ route$thrown;
        counters$inc_discarded_high = (lanes$inc_discarded_low & route$lost) | (lanes$inc_discarded_low & route$thrown) | (route$lost & route$thrown);
        counters$bulk_lane = route$bulk_lane;
        counters$bulk_count = route$bulk_count;
        counters$bulk_valid = route$bulk_valid;
        counters$snapshot = control$snapshot;
        counters$preload_valid = preload_valid;
        counters$preload_address = preload_address;
        counters$preload_data = preload_data;
        toeplitz$snapshot = control$snapshot;
        boxes$snapshot = control$snapshot;
        stamp$d = control$cycle[(32'h0)+:(56)];
        route$valid = lanes$valid;
        route$bits = lanes$value;
        route$tap = lanes$tap;
        route$alarm = lanes$alarm_event;
        route$timestamp = stamp$q;
        route$test = pattern$lanes;
        if (front_end == 32'h1) begin
            route$test = all;
        end
        route$simulated = simulated | (front_end == 32'h2);
        route$replayed = replayed;
        route$drain = control$drain;
        route$n = toeplitz$n;
        toeplitz$running = control$running | control$drain;
        toeplitz$in_valid = route$chunk_valid;
        toeplitz$in_bits = route$chunk_bits;
        toeplitz$in_count = route$chunk_count;
        toeplitz$in_pending = route$pending;
        toeplitz$in_quiet = route$quiet;
        toeplitz$marked = route$marked;
        toeplitz$discard = route$discard;
        toeplitz$seed_fault = 1'b0;
        route$chunk_ready = toeplitz$in_ready;
        route$chunk_refuse = toeplitz$in_refuse;
        route$mark = toeplitz$mark;
        route$discarded = toeplitz$discarded;
        route$made = toeplitz$made;
        entropy$in_valid = toeplitz$out_valid;
        entropy$in_data = toeplitz$out_data;
        entropy$in_last = toeplitz$out_last;
        entropy$in_flags = route$block_flags | (((toeplitz$out_error) & 6'h3f) << 32'h4);
        entropy$in_lanes = route$block_lanes;
        entropy$in_raw_bits = toeplitz$n;
        entropy$in_seed_epoch = toeplitz$out_seed_epoch;
        entropy$in_close = 1'b0;
        entropy$piece_bytes = toeplitz$m >> 32'h3;
        toeplitz$out_ready = entropy$in_ready;
        raw$in_valid = route$raw_valid;
        raw$in_data = route$raw_data;
        raw$in_last = 1'b1;
        raw$in_flags = route$raw_flags;
        raw$in_lanes = route$raw_lanes;
        raw$in_raw_bits = 32'h1;
        raw$in_seed_epoch = 32'h0;
        raw$in_close = 1'b0;
        raw$piece_bytes = raw_piece;
        route$raw_ready = raw$in_ready;
        entropy$index = ring_numbers$0;
        entropy$running = control$running | control$drain;
        entropy$generation = control$generation;
        entropy$flush = control$flush;
        entropy$irq_enable = interrupts$enable[32'h0];
        entropy$coalesce_slots = interrupts$coalesce_slots;
        entropy$coalesce_cycles = interrupts$coalesce_cycles;
        entropy$request_ready = axi$request_ready[32'h0];
        entropy$take = axi$take[32'h0];
        entropy$b_valid = axi$b_valid[32'h0];
        entropy$b_error = axi$b_error;
        entropy$b_tag = axi$b_tag;
        entropy$bus_failed = axi$timed_out;
        axi$request_address0 = entropy$request_address;
        axi$request_words0 = entropy$request_words;
        axi$request_tag0 = entropy$request_tag;
        axi$data0 = entropy$data;
        raw$index = ring_numbers$1;
        raw$running = control$running | control$drain;
        raw$generation = control$generation;
        raw$flush = control$flush;
        raw$irq_enable = interrupts$enable[32'h1];
        raw$coalesce_slots = interrupts$coalesce_slots;
        raw$coalesce_cycles = interrupts$coalesce_cycles;
        raw$request_ready = axi$request_ready[32'h1];
        raw$take = axi$take[32'h1];
        raw$b_valid = axi$b_valid[32'h1];
        raw$b_error = axi$b_error;
        raw$b_tag = axi$b_tag;
        raw$bus_failed = axi$timed_out;
        axi$request_address1 = raw$request_address;
        axi$request_words1 = raw$request_words;
        axi$request_tag1 = raw$request_tag;
        axi$data1 = raw$data;
        boxes$running = control$running | control$drain;
        boxes$generation = control$generation;
        boxes$flush = control$flush;
        boxes$irq_enable = interrupts$enable[32'h2];
        boxes$coalesce_slots = interrupts$coalesce_slots;
        boxes$coalesce_cycles = interrupts$coalesce_cycles;
        boxes$request_ready = axi$request_ready[32'h2];
        boxes$take = axi$take[32'h2];
        boxes$b_valid = axi$b_valid[32'h2];
        boxes$b_error = axi$b_error;
        boxes$b_tag = axi$b_tag;
        boxes$bus_failed = axi$timed_out;
        axi$request_address2 = boxes$request_address;
        axi$request_words2 = boxes$request_words;
        axi$request_tag2 = boxes$request_tag;
        axi$data2 = boxes$data;
        axi$request_valid = ((entropy$request_valid) & 3'h7) | (((raw$request_valid) & 3'h7) << 32'h1) | (((boxes$request_valid) & 3'h7) << 32'h2);
        m_axi_awid = axi$m_axi_awid;
        m_axi_awaddr = axi$m_axi_awaddr;
        m_axi_awlen = axi$m_axi_awlen;
        m_axi_awsize = axi$m_axi_awsize;
        m_axi_awburst = axi$m_axi_awburst;
        m_axi_awcache = axi$m_axi_awcache;
        m_axi_awprot = axi$m_axi_awprot;
        m_axi_awvalid = axi$m_axi_awvalid;
        m_axi_wdata = axi$m_axi_wdata;
        m_axi_wstrb = axi$m_axi_wstrb;
        m_axi_wlast = axi$m_axi_wlast;
        m_axi_wvalid = axi$m_axi_wvalid;
        m_axi_bready = axi$m_axi_bready;
        axi$m_axi_awready = m_axi_awready;
        axi$m_axi_wready = m_axi_wready;
        axi$m_axi_bid = m_axi_bid;
        axi$m_axi_bresp = m_axi_bresp;
        axi$m_axi_bvalid = m_axi_bvalid;
        monitor_strobe = csr$csr_write;
        monitor_start = control$start;
        monitor_stop = control$stop;
        monitor_snapshot = control$snapshot;
        monitor_reset = control$core_reset;
        monitor_bits = lanes$inc_bits;
        monitor_ones = lanes$inc_ones;
    end
endmodule // photonbox_small

module pb_apt(clock,start,step,first,second,fault,ok);
    // Module arguments
    input wire clock;
    input wire start;
    input wire step;
    input wire [3:0] first;
    input wire [3:0] second;
    input wire fault;
    output reg ok;
    // Constant declarations
    localparam expected = 16'hfb84;
    localparam taps = 16'ha011;
    localparam all = 4'hf;
    // Stub signals
    reg [15:0] register$d;
    wire [15:0] register$q;
    reg differs$d;
    wire differs$q;
    // Local signals
    reg [15:0] turned;
    // Sub module instances
    pb_dff_16 register(
        .d(register$d),
        .q(register$q),
        .clock(clock)
    );
    pb_dff_1 differs(
        .d(differs$d),
        .q(differs$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        register$d = register$q;
        differs$d = differs$q;
        turned = register$q << 32'h1;
        if (step) begin
            register$d = turned ^ ((first[(32'h0)+:(1)]) & 16'hffff) ^ (((second[(32'h0)+:(1)]) & 16'hffff) << 32'h1);
            if (register$q[32'hf]) begin
                register$d = turned ^ taps ^ ((first[(32'h0)+:(1)]) & 16'hffff) ^ (((second[(32'h0)+:(1)]) & 16'hffff) << 32'h1);
            end
            differs$d = differs$q | (|first & (first != all)) | (|second & (second != all));
        end
        if (start) begin
            register$d = ((fault) & 16'hffff);
            differs$d = 1'b0;
        end
        ok = (register$q == expected) & ~differs$q;
    end
endmodule // pb_apt

module pb_apt_register(clock,reset,write,data,value);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire write;
    input wire [10:0] data;
    output reg [10:0] value;
    // Constant declarations
    localparam after_reset = 11'b1100111000;
    // Update code (custom)
    initial value = after_reset;
    always @(posedge clock) begin
        if (reset) value <= after_reset;
        else if (write) value <= data;
    end
endmodule // pb_apt_register

module pb_axi(clock,reset,abort_writes,quiet,timed_out,request_valid,request_ready,request_address0,request_address1,request_address2,request_words0,request_words1,request_words2,request_tag0,request_tag1,request_tag2,data0,data1,data2,take,b_valid,b_error,b_tag,m_axi_awid,m_axi_awaddr,m_axi_awlen,m_axi_awsize,m_axi_awburst,m_axi_awcache,m_axi_awprot,m_axi_awvalid,m_axi_awready,m_axi_wdata,m_axi_wstrb,m_axi_wlast,m_axi_wvalid,m_axi_wready,m_axi_bid,m_axi_bresp,m_axi_bvalid,m_axi_bready);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire abort_writes;
    output reg quiet;
    output reg timed_out;
    input wire [2:0] request_valid;
    output reg [2:0] request_ready;
    input wire [63:0] request_address0;
    input wire [63:0] request_address1;
    input wire [63:0] request_address2;
    input wire [5:0] request_words0;
    input wire [5:0] request_words1;
    input wire [5:0] request_words2;
    input wire [2:0] request_tag0;
    input wire [2:0] request_tag1;
    input wire [2:0] request_tag2;
    input wire [63:0] data0;
    input wire [63:0] data1;
    input wire [63:0] data2;
    output reg [2:0] take;
    output reg [2:0] b_valid;
    output reg b_error;
    output reg [2:0] b_tag;
    output reg m_axi_awid;
    output reg [63:0] m_axi_awaddr;
    output reg [7:0] m_axi_awlen;
    output reg [2:0] m_axi_awsize;
    output reg [1:0] m_axi_awburst;
    output reg [3:0] m_axi_awcache;
    output reg [2:0] m_axi_awprot;
    output reg m_axi_awvalid;
    input wire m_axi_awready;
    output reg [63:0] m_axi_wdata;
    output reg [7:0] m_axi_wstrb;
    output reg m_axi_wlast;
    output reg m_axi_wvalid;
    input wire m_axi_wready;
    input wire m_axi_bid;
    input wire [1:0] m_axi_bresp;
    input wire m_axi_bvalid;
    output reg m_axi_bready;
    // Stub signals
    wire [31:0] limit$value;
    wire shape$wide;
    wire [5:0] shape$words;
    wire [3:0] shape$most;
    reg beats$reset;
    reg [63:0] beats$request_address;
    reg [5:0] beats$request_words;
    wire [63:0] beats$beat_address;
    wire [7:0] beats$beats_less_one;
    wire [1:0] beats$request_lane;
    wire [2:0] beats$beat_size;
    reg beats$start;
    reg [1:0] beats$lane;
    wire beats$room;
    reg beats$push;
    reg [63:0] beats$word;
    reg beats$whole;
    reg [63:0] beats$whole_word;
    reg beats$last;
    reg beats$dead;
    wire beats$valid;
    reg beats$ready;
    wire [63:0] beats$data;
    wire [7:0] beats$strobes;
    wire beats$is_last;
    wire beats$back_is_last;
    reg [2:0] order$write_address;
    reg [12:0] order$write_data;
    reg order$write_enable;
    reg [2:0] order$first_address;
    wire [12:0] order$first;
    reg [2:0] order$second_address;
    wire [12:0] order$second;
    reg aw_valid$d;
    wire aw_valid$q;
    reg [63:0] aw_address$d;
    wire [63:0] aw_address$q;
    reg [7:0] aw_len$d;
    wire [7:0] aw_len$q;
    reg [1:0] turn$d;
    wire [1:0] turn$q;
    reg [3:0] begun$d;
    wire [3:0] begun$q;
    reg [3:0] given$d;
    wire [3:0] given$q;
    reg [3:0] settled$d;
    wire [3:0] settled$q;
    reg active$d;
    wire active$q;
    reg [2:0] port$d;
    wire [2:0] port$q;
    reg [5:0] left$d;
    wire [5:0] left$q;
    reg [3:0] absorb$d;
    wire [3:0] absorb$q;
    reg [31:0] timer$d;
    wire [31:0] timer$q;
    reg failed$d;
    wire failed$q;
    reg aborting$d;
    wire aborting$q;
    reg [2:0] answer$d;
    wire [2:0] answer$q;
    reg answer_error$d;
    wire answer_error$q;
    reg [2:0] answer_tag$d;
    wire [2:0] answer_tag$q;
    reg still$d;
    wire still$q;
    // Local signals
    reg [3:0] used;
    reg [3:0] waits;
    reg [3:0] coming;
    reg ends;
    reg begins;
    reg whole;
    reg dead;
    reg [2:0] choice;
    reg [2:0] grant;
    reg [63:0] address;
    reg [5:0] words;
    reg [2:0] tag;
    reg [12:0] entry;
    reg [12:0] tag_wide;
    reg [12:0] words_wide;
    reg [12:0] lane_wide;
    reg [12:0] head;
    reg [12:0] oldest;
    reg advance;
    reg last;
    reg pulled;
    reg popped;
    reg [63:0] word;
    reg answered;
    reg gives_up;
    reg absorbs;
    reg is_still;
    // Sub module instances
    pb_limit limit(
        .value(limit$value)
    );
    pb_shape shape(
        .wide(shape$wide),
        .words(shape$words),
        .most(shape$most)
    );
    pb_beats beats(
        .clock(clock),
        .reset(beats$reset),
        .request_address(beats$request_address),
        .request_words(beats$request_words),
        .beat_address(beats$beat_address),
        .beats_less_one(beats$beats_less_one),
        .request_lane(beats$request_lane),
        .beat_size(beats$beat_size),
        .start(beats$start),
        .lane(beats$lane),
        .room(beats$room),
        .push(beats$push),
        .word(beats$word),
        .whole(beats$whole),
        .whole_word(beats$whole_word),
        .last(beats$last),
        .dead(beats$dead),
        .valid(beats$valid),
        .ready(beats$ready),
        .data(beats$data),
        .strobes(beats$strobes),
        .is_last(beats$is_last),
        .back_is_last(beats$back_is_last)
    );
    pb_order order(
        .clock(clock),
        .write_address(order$write_address),
        .write_data(order$write_data),
        .write_enable(order$write_enable),
        .first_address(order$first_address),
        .first(order$first),
        .second_address(order$second_address),
        .second(order$second)
    );
    pb_dff_1 aw_valid(
        .d(aw_valid$d),
        .q(aw_valid$q),
        .clock(clock)
    );
    pb_dff_64 aw_address(
        .d(aw_address$d),
        .q(aw_address$q),
        .clock(clock)
    );
    pb_dff_8 aw_len(
        .d(aw_len$d),
        .q(aw_len$q),
        .clock(clock)
    );
    pb_dff_2 turn(
        .d(turn$d),
        .q(turn$q),
        .clock(clock)
    );
    pb_dff_4 begun(
        .d(begun$d),
        .q(begun$q),
        .clock(clock)
    );
    pb_dff_4 given(
        .d(given$d),
        .q(given$q),
        .clock(clock)
    );
    pb_dff_4 settled(
        .d(settled$d),
        .q(settled$q),
        .clock(clock)
    );
    pb_dff_1 active(
        .d(active$d),
        .q(active$q),
        .clock(clock)
    );
    pb_dff_3 port(
        .d(port$d),
        .q(port$q),
        .clock(clock)
    );
    pb_dff_6 left(
        .d(left$d),
        .q(left$q),
        .clock(clock)
    );
    pb_dff_4 absorb(
        .d(absorb$d),
        .q(absorb$q),
        .clock(clock)
    );
    pb_dff_32 timer(
        .d(timer$d),
        .q(timer$q),
        .clock(clock)
    );
    pb_dff_1 failed(
        .d(failed$d),
        .q(failed$q),
        .clock(clock)
    );
    pb_dff_1 aborting(
        .d(aborting$d),
        .q(aborting$q),
        .clock(clock)
    );
    pb_dff_3 answer(
        .d(answer$d),
        .q(answer$q),
        .clock(clock)
    );
    pb_dff_1 answer_error(
        .d(answer_error$d),
        .q(answer_error$q),
        .clock(clock)
    );
    pb_dff_3 answer_tag(
        .d(answer_tag$d),
        .q(answer_tag$q),
        .clock(clock)
    );
    pb_dff_1 still(
        .d(still$d),
        .q(still$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        aw_valid$d = aw_valid$q;
        aw_address$d = aw_address$q;
        aw_len$d = aw_len$q;
        turn$d = turn$q;
        begun$d = begun$q;
        given$d = given$q;
        settled$d = settled$q;
        active$d = active$q;
        port$d = port$q;
        left$d = left$q;
        absorb$d = absorb$q;
        timer$d = timer$q;
        failed$d = failed$q;
        aborting$d = aborting$q;
        answer$d = answer$q;
        answer_error$d = answer_error$q;
        answer_tag$d = answer_tag$q;
        still$d = still$q;
        used = begun$q - settled$q;
        waits = begun$q - given$q;
        dead = abort_writes | aborting$q | failed$q;
        choice = 32'h0;
        if ((turn$q == 32'h0) & (request_valid != 32'h0)) begin
            choice = 32'h4;
            if (request_valid[32'h1]) begin
                choice = 32'h2;
            end
            if (request_valid[32'h0]) begin
                choice = 32'h1;
            end
        end
        if ((turn$q == 32'h1) & (request_valid != 32'h0)) begin
            choice = 32'h1;
            if (request_valid[32'h2]) begin
                choice = 32'h4;
            end
            if (request_valid[32'h1]) begin
                choice = 32'h2;
            end
        end
        if ((turn$q >= 32'h2) & (request_valid != 32'h0)) begin
            choice = 32'h2;
            if (request_valid[32'h0]) begin
                choice = 32'h1;
            end
            if (request_valid[32'h2]) begin
                choice = 32'h4;
            end
        end
        grant = choice;
        if (aw_valid$q | (used >= shape$most) | dead) begin
            grant = 32'h0;
        end
        address = request_address0;
        words = request_words0;
        tag = request_tag0;
        if (choice[32'h1]) begin
            address = request_address1;
            words = request_words1;
            tag = request_tag1;
        end
        if (choice[32'h2]) begin
            address = request_address2;
            words = request_words2;
            tag = request_tag2;
        end
        beats$request_address = address;
        beats$request_words = words;
        tag_wide = ((tag) & 13'h1fff);
        words_wide = ((words) & 13'h1fff);
        lane_wide = ((beats$request_lane) & 13'h1fff);
        entry = ((grant & 32'h3) & 13'h1fff) | (tag_wide << 32'h2) | (words_wide << 32'h5) | (lane_wide << 32'hb);
        order$write_address = ((begun$q) & 3'h7);
        order$write_data = entry;
        order$write_enable = grant != 32'h0;
        if (aw_valid$q & m_axi_awready) begin
            aw_valid$d = 1'b0;
        end
        if (~aw_valid$q) begin
            aw_address$d = beats$beat_address;
            aw_len$d = beats$beats_less_one;
        end
        if (grant != 32'h0) begin
            begun$d = begun$q + 32'h1;
            aw_valid$d = 1'b1;
            turn$d = 32'h0;
            if (grant[32'h0]) begin
                turn$d = 32'h1;
            end
            if (grant[32'h1]) begin
                turn$d = 32'h2;
            end
        end
        advance = active$q & beats$room;
        whole = shape$wide & port$q[32'h2];
        last = (left$q == 32'h1) | (whole & (left$q == shape$words));
        pulled = advance & ~dead;
        ends = advance & last;
        coming = given$q;
        begins = ~active$q & (waits != 32'h0);
        if (active$q) begin
            coming = given$q + 32'h1;
            begins = shape$wide & ends & (waits > 32'h1);
        end
        order$first_address = ((coming) & 3'h7);
        head = order$first;
        word = data0;
        if (port$q[32'h1]) begin
            word = data1;
        end
        if (port$q[32'h2]) begin
            word = ((data2) & 64'hffffffffffffffff);
        end
        if (advance) begin
            left$d = left$q - 32'h1;
            if (whole) begin
                left$d = left$q - shape$words;
            end
            if (last) begin
                active$d = 1'b0;
                given$d = given$q + 32'h1;
            end
        end
        beats$start = begins;
        beats$lane = head[(32'hb)+:(2)];
        if (begins) begin
            active$d = 1'b1;
            left$d = head[(32'h5)+:(6)];
            port$d = head[(32'h0)+:(3)] & 32'h3;
            if ((head & 32'h3) == 32'h0) begin
                port$d = 32'h4;
            end
        end
        take = 32'h0;
        if (pulled) begin
            take = port$q;
        end
        beats$reset = reset;
        beats$push = advance;
        beats$last = last;
        beats$word = word;
        beats$whole = whole;
        beats$whole_word = ((data2) & 64'hffffffffffffffff);
        beats$dead = dead;
        beats$ready = m_axi_wready;
        order$second_address = ((settled$q) & 3'h7);
        oldest = order$second;
        gives_up = failed$q & (used != 32'h0);
        absorbs = m_axi_bvalid & ((absorb$q != 32'h0) | gives_up);
        answered = m_axi_bvalid & (absorb$q == 32'h0) & ~failed$q & (used != 32'h0);
        popped = answered | gives_up;
        if (gives_up & ~absorbs) begin
            absorb$d = absorb$q + 32'h1;
        end
        if (absorbs & ~gives_up) begin
            absorb$d = absorb$q - 32'h1;
        end
        answer$d = 32'h0;
        answer_error$d = gives_up | (m_axi_bresp != 32'h0);
        answer_tag$d = oldest[(32'h2)+:(3)];
        if (popped) begin
            settled$d = settled$q + 32'h1;
            if (~abort_writes & ~aborting$q) begin
                answer$d = oldest[(32'h0)+:(3)] & 32'h3;
                if ((oldest & 32'h3) == 32'h0) begin
                    answer$d = 32'h4;
                end
            end
        end
        timer$d = timer$q + 32'h1;
        if (m_axi_bvalid | (used == 32'h0)) begin
            timer$d = 32'h0;
        end
        if ((timer$q == limit$value) & (used != 32'h0)) begin
            failed$d = 1'b1;
        end
        is_still = ~aw_valid$q & (waits == 32'h0) & (used == 32'h0) & (absorb$q == 32'h0) & ~beats$valid;
        still$d = is_still & (grant == 32'h0);
        if (abort_writes) begin
            aborting$d = 1'b1;
        end
        else begin
            if (is_still) begin
                aborting$d = 1'b0;
            end
        end
        if (aborting$q & is_still) begin
            failed$d = 1'b0;
        end
        request_ready = grant;
        quiet = still$q;
        timed_out = failed$q;
        b_valid = answer$q;
        b_error = answer_error$q;
        b_tag = answer_tag$q;
        m_axi_awid = 32'h0;
        m_axi_awaddr = aw_address$q;
        m_axi_awlen = aw_len$q;
        m_axi_awsize = beats$beat_size;
        m_axi_awburst = 32'h1;
        m_axi_awcache = 32'h2;
        m_axi_awprot = 32'h0;
        m_axi_awvalid = aw_valid$q;
        m_axi_wdata = beats$data;
        m_axi_wstrb = beats$strobes;
        m_axi_wlast = beats$is_last;
        m_axi_wvalid = beats$valid;
        m_axi_bready = 1'b1;
        if (reset) begin
            aw_valid$d = 1'b0;
            turn$d = 32'h0;
            begun$d = 32'h0;
            given$d = 32'h0;
            settled$d = 32'h0;
            active$d = 1'b0;
            absorb$d = 32'h0;
            timer$d = 32'h0;
            failed$d = 1'b0;
            aborting$d = 1'b0;
            answer$d = 32'h0;
        end
    end
endmodule // pb_axi

module pb_axi_lite(clock,reset,s_axil_awaddr,s_axil_awprot,s_axil_awvalid,s_axil_awready,s_axil_wdata,s_axil_wstrb,s_axil_wvalid,s_axil_wready,s_axil_bresp,s_axil_bvalid,s_axil_bready,s_axil_araddr,s_axil_arprot,s_axil_arvalid,s_axil_arready,s_axil_rdata,s_axil_rresp,s_axil_rvalid,s_axil_rready,req_valid,req_write,req_addr,req_data,req_strb,req_ready,rsp_data,hold);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire [15:0] s_axil_awaddr;
    input wire [2:0] s_axil_awprot;
    input wire s_axil_awvalid;
    output reg s_axil_awready;
    input wire [31:0] s_axil_wdata;
    input wire [3:0] s_axil_wstrb;
    input wire s_axil_wvalid;
    output reg s_axil_wready;
    output reg [1:0] s_axil_bresp;
    output reg s_axil_bvalid;
    input wire s_axil_bready;
    input wire [15:0] s_axil_araddr;
    input wire [2:0] s_axil_arprot;
    input wire s_axil_arvalid;
    output reg s_axil_arready;
    output reg [31:0] s_axil_rdata;
    output reg [1:0] s_axil_rresp;
    output reg s_axil_rvalid;
    input wire s_axil_rready;
    output reg req_valid;
    output reg req_write;
    output reg [15:0] req_addr;
    output reg [31:0] req_data;
    output reg [3:0] req_strb;
    input wire req_ready;
    input wire [31:0] rsp_data;
    input wire hold;
    // Stub signals
    reg aw_full$d;
    wire aw_full$q;
    reg [15:0] aw_addr$d;
    wire [15:0] aw_addr$q;
    reg w_full$d;
    wire w_full$q;
    reg [31:0] w_data$d;
    wire [31:0] w_data$q;
    reg [3:0] w_strb$d;
    wire [3:0] w_strb$q;
    reg ar_full$d;
    wire ar_full$q;
    reg [15:0] ar_addr$d;
    wire [15:0] ar_addr$q;
    reg b_valid$d;
    wire b_valid$q;
    reg r_valid$d;
    wire r_valid$q;
    reg [31:0] r_data$d;
    wire [31:0] r_data$q;
    reg active$d;
    wire active$q;
    reg writing$d;
    wire writing$q;
    reg [15:0] addr$d;
    wire [15:0] addr$q;
    reg turn$d;
    wire turn$q;
    reg ready$d;
    wire ready$q;
    // Local signals
    reg may_write;
    reg may_read;
    // Sub module instances
    pb_dff_1 aw_full(
        .d(aw_full$d),
        .q(aw_full$q),
        .clock(clock)
    );
    pb_dff_16 aw_addr(
        .d(aw_addr$d),
        .q(aw_addr$q),
        .clock(clock)
    );
    pb_dff_1 w_full(
        .d(w_full$d),
        .q(w_full$q),
        .clock(clock)
    );
    pb_dff_32 w_data(
        .d(w_data$d),
        .q(w_data$q),
        .clock(clock)
    );
    pb_dff_4 w_strb(
        .d(w_strb$d),
        .q(w_strb$q),
        .clock(clock)
    );
    pb_dff_1 ar_full(
        .d(ar_full$d),
        .q(ar_full$q),
        .clock(clock)
    );
    pb_dff_16 ar_addr(
        .d(ar_addr$d),
        .q(ar_addr$q),
        .clock(clock)
    );
    pb_dff_1 b_valid(
        .d(b_valid$d),
        .q(b_valid$q),
        .clock(clock)
    );
    pb_dff_1 r_valid(
        .d(r_valid$d),
        .q(r_valid$q),
        .clock(clock)
    );
    pb_dff_32 r_data(
        .d(r_data$d),
        .q(r_data$q),
        .clock(clock)
    );
    pb_dff_1 active(
        .d(active$d),
        .q(active$q),
        .clock(clock)
    );
    pb_dff_1 writing(
        .d(writing$d),
        .q(writing$q),
        .clock(clock)
    );
    pb_dff_16 addr(
        .d(addr$d),
        .q(addr$q),
        .clock(clock)
    );
    pb_dff_1 turn(
        .d(turn$d),
        .q(turn$q),
        .clock(clock)
    );
    pb_dff_1 ready(
        .d(ready$d),
        .q(ready$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        aw_full$d = aw_full$q;
        aw_addr$d = aw_addr$q;
        w_full$d = w_full$q;
        w_data$d = w_data$q;
        w_strb$d = w_strb$q;
        ar_full$d = ar_full$q;
        ar_addr$d = ar_addr$q;
        b_valid$d = b_valid$q;
        r_valid$d = r_valid$q;
        r_data$d = r_data$q;
        active$d = active$q;
        writing$d = writing$q;
        addr$d = addr$q;
        turn$d = turn$q;
        ready$d = ready$q;
        ready$d = 1'b1;
        s_axil_awready = ready$q & ~aw_full$q;
        s_axil_wready = ready$q & ~w_full$q;
        s_axil_arready = ready$q & ~ar_full$q;
        s_axil_bresp = 32'h0;
        s_axil_bvalid = b_valid$q;
        s_axil_rresp = 32'h0;
        s_axil_rvalid = r_valid$q;
        s_axil_rdata = r_data$q;
        req_valid = active$q;
        req_write = writing$q;
        req_addr = addr$q;
        req_data = w_data$q;
        req_strb = w_strb$q;
        if (s_axil_awvalid & ready$q & ~aw_full$q) begin
            aw_full$d = 1'b1;
            aw_addr$d = s_axil_awaddr;
        end
        if (s_axil_wvalid & ready$q & ~w_full$q) begin
            w_full$d = 1'b1;
            w_data$d = s_axil_wdata;
            w_strb$d = s_axil_wstrb;
        end
        if (s_axil_arvalid & ready$q & ~ar_full$q) begin
            ar_full$d = 1'b1;
            ar_addr$d = s_axil_araddr;
        end
        if (s_axil_bready) begin
            b_valid$d = 1'b0;
        end
        if (r_valid$q & s_axil_rready) begin
            r_valid$d = 1'b0;
            r_data$d = 32'h0;
        end
        may_write = aw_full$q & w_full$q & ~b_valid$q;
        may_read = ar_full$q & ~r_valid$q;
        if (active$q) begin
            if (req_ready) begin
                active$d = 1'b0;
                if (writing$q) begin
                    b_valid$d = 1'b1;
                    aw_full$d = 1'b0;
                    w_full$d = 1'b0;
                    w_data$d = 32'h0;
                end
                else begin
                    r_valid$d = 1'b1;
                    r_data$d = rsp_data;
                    ar_full$d = 1'b0;
                end
            end
        end
        else begin
            if (~hold) begin
                if (may_write & (~may_read | ~turn$q)) begin
                    active$d = 1'b1;
                    writing$d = 1'b1;
                    turn$d = 1'b1;
                    addr$d = aw_addr$q;
                end
                else if (may_read) begin
                    active$d = 1'b1;
                    writing$d = 1'b0;
                    turn$d = 1'b0;
                    addr$d = ar_addr$q;
                end
            end
        end
        if (reset) begin
            ready$d = 1'b0;
            aw_full$d = 1'b0;
            aw_addr$d = 32'h0;
            w_full$d = 1'b0;
            w_data$d = 32'h0;
            w_strb$d = 32'h0;
            ar_full$d = 1'b0;
            ar_addr$d = 32'h0;
            b_valid$d = 1'b0;
            r_valid$d = 1'b0;
            r_data$d = 32'h0;
            active$d = 1'b0;
            writing$d = 1'b0;
            addr$d = 32'h0;
            turn$d = 1'b0;
        end
    end
endmodule // pb_axi_lite

module pb_balance(clock,start,step,first,second,fault,ok);
    // Module arguments
    input wire clock;
    input wire start;
    input wire step;
    input wire [3:0] first;
    input wire [3:0] second;
    input wire fault;
    output reg ok;
    // Constant declarations
    localparam expected = 16'h2f21;
    localparam taps = 16'ha011;
    localparam all = 4'hf;
    // Stub signals
    reg [15:0] register$d;
    wire [15:0] register$q;
    reg differs$d;
    wire differs$q;
    // Local signals
    reg [15:0] turned;
    // Sub module instances
    pb_dff_16 register(
        .d(register$d),
        .q(register$q),
        .clock(clock)
    );
    pb_dff_1 differs(
        .d(differs$d),
        .q(differs$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        register$d = register$q;
        differs$d = differs$q;
        turned = register$q << 32'h1;
        if (step) begin
            register$d = turned ^ ((first[(32'h0)+:(1)]) & 16'hffff) ^ (((second[(32'h0)+:(1)]) & 16'hffff) << 32'h1);
            if (register$q[32'hf]) begin
                register$d = turned ^ taps ^ ((first[(32'h0)+:(1)]) & 16'hffff) ^ (((second[(32'h0)+:(1)]) & 16'hffff) << 32'h1);
            end
            differs$d = differs$q | (|first & (first != all)) | (|second & (second != all));
        end
        if (start) begin
            register$d = ((fault) & 16'hffff);
            differs$d = 1'b0;
        end
        ok = (register$q == expected) & ~differs$q;
    end
endmodule // pb_balance

module pb_balance_register(clock,reset,write,data,value);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire write;
    input wire [16:0] data;
    output reg [16:0] value;
    // Constant declarations
    localparam after_reset = 17'b1011011110111111;
    // Update code (custom)
    initial value = after_reset;
    always @(posedge clock) begin
        if (reset) value <= after_reset;
        else if (write) value <= data;
    end
endmodule // pb_balance_register

module pb_beats(clock,reset,request_address,request_words,beat_address,beats_less_one,request_lane,beat_size,start,lane,room,push,word,whole,whole_word,last,dead,valid,ready,data,strobes,is_last,back_is_last);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire [63:0] request_address;
    input wire [5:0] request_words;
    output reg [63:0] beat_address;
    output reg [7:0] beats_less_one;
    output reg [1:0] request_lane;
    output reg [2:0] beat_size;
    input wire start;
    input wire [1:0] lane;
    output reg room;
    input wire push;
    input wire [63:0] word;
    input wire whole;
    input wire [63:0] whole_word;
    input wire last;
    input wire dead;
    output reg valid;
    input wire ready;
    output reg [63:0] data;
    output reg [7:0] strobes;
    output reg is_last;
    output reg back_is_last;
    // Constant declarations
    localparam lanes = 2'b0;
    localparam lanes_log = 6'b0;
    localparam size = 3'b11;
    localparam align = 64'hfffffffffffffff8;
    localparam every = 8'hff;
    // Stub signals
    reg [1:0] place$d;
    wire [1:0] place$q;
    reg [63:0] part$d;
    wire [63:0] part$q;
    reg [7:0] part_strobes$d;
    wire [7:0] part_strobes$q;
    reg front_valid$d;
    wire front_valid$q;
    reg [63:0] front$d;
    wire [63:0] front$q;
    reg [7:0] front_strobes$d;
    wire [7:0] front_strobes$q;
    reg front_last$d;
    wire front_last$q;
    reg back_valid$d;
    wire back_valid$q;
    reg [63:0] back$d;
    wire [63:0] back$q;
    reg [7:0] back_strobes$d;
    wire [7:0] back_strobes$q;
    reg back_last$d;
    wire back_last$q;
    // Local signals
    reg [63:0] wide;
    reg [63:0] beat;
    reg [7:0] eight;
    reg [7:0] beat_strobes;
    reg complete;
    reg popped;
    reg [5:0] offset;
    reg [5:0] past;
    reg [7:0] data_shift;
    reg [4:0] strobe_shift;
    reg [7:0] place_wide;
    reg [4:0] place_strobe;
    // Sub module instances
    pb_dff_2 place(
        .d(place$d),
        .q(place$q),
        .clock(clock)
    );
    pb_dff_64 part(
        .d(part$d),
        .q(part$q),
        .clock(clock)
    );
    pb_dff_8 part_strobes(
        .d(part_strobes$d),
        .q(part_strobes$q),
        .clock(clock)
    );
    pb_dff_1 front_valid(
        .d(front_valid$d),
        .q(front_valid$q),
        .clock(clock)
    );
    pb_dff_64 front(
        .d(front$d),
        .q(front$q),
        .clock(clock)
    );
    pb_dff_8 front_strobes(
        .d(front_strobes$d),
        .q(front_strobes$q),
        .clock(clock)
    );
    pb_dff_1 front_last(
        .d(front_last$d),
        .q(front_last$q),
        .clock(clock)
    );
    pb_dff_1 back_valid(
        .d(back_valid$d),
        .q(back_valid$q),
        .clock(clock)
    );
    pb_dff_64 back(
        .d(back$d),
        .q(back$q),
        .clock(clock)
    );
    pb_dff_8 back_strobes(
        .d(back_strobes$d),
        .q(back_strobes$q),
        .clock(clock)
    );
    pb_dff_1 back_last(
        .d(back_last$d),
        .q(back_last$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        place$d = place$q;
        part$d = part$q;
        part_strobes$d = part_strobes$q;
        front_valid$d = front_valid$q;
        front$d = front$q;
        front_strobes$d = front_strobes$q;
        front_last$d = front_last$q;
        back_valid$d = back_valid$q;
        back$d = back$q;
        back_strobes$d = back_strobes$q;
        back_last$d = back_last$q;
        request_lane = request_address[(32'h3)+:(2)] & lanes;
        beat_address = request_address & align;
        beat_size = size;
        offset = ((request_address[(32'h3)+:(2)] & lanes) & 6'h3f);
        past = (request_words - 32'h1) + offset;
        beats_less_one = ((past >> lanes_log) & 8'hff);
        place_wide = ((place$q) & 8'hff);
        place_strobe = ((place$q) & 5'h1f);
        data_shift = place_wide << 32'h6;
        strobe_shift = place_strobe << 32'h3;
        wide = ((word) & 64'hffffffffffffffff);
        eight = 32'hff;
        beat = part$q | (wide << data_shift);
        beat_strobes = part_strobes$q | (eight << strobe_shift);
        if (whole) begin
            beat = whole_word;
            beat_strobes = every;
        end
        if (dead) begin
            beat = 32'h0;
            beat_strobes = 32'h0;
            part$d = 32'h0;
            part_strobes$d = 32'h0;
        end
        complete = push & (last | whole | (place$q == lanes));
        if (push) begin
            place$d = (place$q + 32'h1) & lanes;
            part$d = beat;
            part_strobes$d = beat_strobes;
        end
        if (start) begin
            place$d = lane;
        end
        if (complete) begin
            part$d = 32'h0;
            part_strobes$d = 32'h0;
        end
        popped = front_valid$q & ready;
        if (popped) begin
            front_valid$d = back_valid$q;
            front$d = back$q;
            front_strobes$d = back_strobes$q;
            front_last$d = back_last$q;
            if (dead) begin
                front$d = 32'h0;
                front_strobes$d = 32'h0;
            end
            back_valid$d = 1'b0;
            back$d = 32'h0;
            back_strobes$d = 32'h0;
            back_last$d = 1'b0;
        end
        if (dead) begin
            back$d = 32'h0;
            back_strobes$d = 32'h0;
        end
        if (complete) begin
            if (popped | ~front_valid$q) begin
                front_valid$d = 1'b1;
                front$d = beat;
                front_strobes$d = beat_strobes;
                front_last$d = last;
            end
            else begin
                back_valid$d = 1'b1;
                back$d = beat;
                back_strobes$d = beat_strobes;
                back_last$d = last;
            end
        end
        room = ~back_valid$q;
        valid = front_valid$q;
        data = front$q;
        strobes = front_strobes$q;
        is_last = front_last$q;
        back_is_last = back_last$q;
        if (reset) begin
            place$d = 32'h0;
            part$d = 32'h0;
            part_strobes$d = 32'h0;
            front_valid$d = 1'b0;
            front$d = 32'h0;
            front_strobes$d = 32'h0;
            front_last$d = 1'b0;
            back_valid$d = 1'b0;
            back$d = 32'h0;
            back_strobes$d = 32'h0;
            back_last$d = 1'b0;
        end
    end
endmodule // pb_beats

module pb_boxes(clock,reset,csr_write,csr_block,csr_instance,csr_register,csr_data,csr_read,csr_refused,hold,running,generation,flush,snapshot,irq_enable,coalesce_slots,coalesce_cycles,kat_start,kat_fault,kat_done,kat_ok,busy,stopped,goes_on,in_error,waiting,irq,error_event,stall_event,request_valid,request_ready,request_address,request_words,request_tag,data,take,b_valid,b_error,b_tag,bus_failed);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire csr_write;
    input wire [2:0] csr_block;
    input wire [5:0] csr_instance;
    input wire [6:0] csr_register;
    input wire [31:0] csr_data;
    output reg [31:0] csr_read;
    output reg csr_refused;
    output reg hold;
    input wire running;
    input wire [31:0] generation;
    input wire flush;
    input wire snapshot;
    input wire irq_enable;
    input wire [15:0] coalesce_slots;
    input wire [31:0] coalesce_cycles;
    input wire kat_start;
    input wire kat_fault;
    output reg kat_done;
    output reg kat_ok;
    output reg busy;
    output reg stopped;
    output reg goes_on;
    output reg in_error;
    output reg waiting;
    output reg irq;
    output reg error_event;
    output reg stall_event;
    output reg request_valid;
    input wire request_ready;
    output reg [63:0] request_address;
    output reg [5:0] request_words;
    output reg [2:0] request_tag;
    output reg [63:0] data;
    input wire take;
    input wire b_valid;
    input wire b_error;
    input wire [2:0] b_tag;
    input wire bus_failed;
    // Constant declarations
    localparam number = 6'b10;
    localparam piece = 16'h20;
    // Stub signals
    reg engine$0$reset;
    reg engine$0$csr_write;
    reg [2:0] engine$0$csr_block;
    reg [5:0] engine$0$csr_instance;
    reg [6:0] engine$0$csr_register;
    reg [31:0] engine$0$csr_data;
    wire [31:0] engine$0$csr_read;
    wire engine$0$csr_refused;
    reg engine$0$snapshot;
    reg engine$0$ring_usable;
    reg [20:0] engine$0$ring_slot_bytes;
    wire engine$0$out_valid;
    reg engine$0$out_ready;
    wire [63:0] engine$0$out_data;
    wire engine$0$out_last;
    wire engine$0$out_close;
    wire [5:0] engine$0$out_flags;
    wire [63:0] engine$0$out_lanes;
    reg engine$0$kat_start;
    reg engine$0$kat_fault;
    wire engine$0$kat_done;
    wire engine$0$kat_ok;
    wire engine$0$busy;
    reg ring$0$reset;
    reg [5:0] ring$0$index;
    reg ring$0$csr_write;
    reg [2:0] ring$0$csr_block;
    reg [5:0] ring$0$csr_instance;
    reg [6:0] ring$0$csr_register;
    reg [31:0] ring$0$csr_data;
    wire [31:0] ring$0$csr_read;
    wire ring$0$csr_refused;
    reg ring$0$running;
    reg [31:0] ring$0$generation;
    reg ring$0$flush;
    reg ring$0$irq_enable;
    reg [15:0] ring$0$coalesce_slots;
    reg [31:0] ring$0$coalesce_cycles;
    reg [15:0] ring$0$piece_bytes;
    reg ring$0$in_valid;
    wire ring$0$in_ready;
    reg [63:0] ring$0$in_data;
    reg ring$0$in_last;
    reg [5:0] ring$0$in_flags;
    reg [63:0] ring$0$in_lanes;
    reg [15:0] ring$0$in_raw_bits;
    reg [15:0] ring$0$in_seed_epoch;
    reg ring$0$in_close;
    wire ring$0$committed;
    wire ring$0$usable;
    wire [20:0] ring$0$slot_bytes;
    wire ring$0$full;
    wire ring$0$waiting;
    wire ring$0$in_error;
    wire ring$0$idle;
    wire ring$0$irq;
    wire ring$0$error_event;
    wire ring$0$stall_event;
    wire [31:0] ring$0$lost_bits;
    wire ring$0$lost_valid;
    wire ring$0$request_valid;
    reg ring$0$request_ready;
    wire [63:0] ring$0$request_address;
    wire [5:0] ring$0$request_words;
    wire [2:0] ring$0$request_tag;
    wire [63:0] ring$0$data;
    reg ring$0$take;
    reg ring$0$b_valid;
    reg ring$0$b_error;
    reg [2:0] ring$0$b_tag;
    reg ring$0$bus_failed;
    // Local signals
    reg [63:0] words;
    reg [255:0] beats;
    // Sub module instances
    pb_boxes_engine engine$0(
        .clock(clock),
        .reset(engine$0$reset),
        .csr_write(engine$0$csr_write),
        .csr_block(engine$0$csr_block),
        .csr_instance(engine$0$csr_instance),
        .csr_register(engine$0$csr_register),
        .csr_data(engine$0$csr_data),
        .csr_read(engine$0$csr_read),
        .csr_refused(engine$0$csr_refused),
        .snapshot(engine$0$snapshot),
        .ring_usable(engine$0$ring_usable),
        .ring_slot_bytes(engine$0$ring_slot_bytes),
        .out_valid(engine$0$out_valid),
        .out_ready(engine$0$out_ready),
        .out_data(engine$0$out_data),
        .out_last(engine$0$out_last),
        .out_close(engine$0$out_close),
        .out_flags(engine$0$out_flags),
        .out_lanes(engine$0$out_lanes),
        .kat_start(engine$0$kat_start),
        .kat_fault(engine$0$kat_fault),
        .kat_done(engine$0$kat_done),
        .kat_ok(engine$0$kat_ok),
        .busy(engine$0$busy)
    );
    pb_entropy ring$0(
        .clock(clock),
        .reset(ring$0$reset),
        .index(ring$0$index),
        .csr_write(ring$0$csr_write),
        .csr_block(ring$0$csr_block),
        .csr_instance(ring$0$csr_instance),
        .csr_register(ring$0$csr_register),
        .csr_data(ring$0$csr_data),
        .csr_read(ring$0$csr_read),
        .csr_refused(ring$0$csr_refused),
        .running(ring$0$running),
        .generation(ring$0$generation),
        .flush(ring$0$flush),
        .irq_enable(ring$0$irq_enable),
        .coalesce_slots(ring$0$coalesce_slots),
        .coalesce_cycles(ring$0$coalesce_cycles),
        .piece_bytes(ring$0$piece_bytes),
        .in_valid(ring$0$in_valid),
        .in_ready(ring$0$in_ready),
        .in_data(ring$0$in_data),
        .in_last(ring$0$in_last),
        .in_flags(ring$0$in_flags),
        .in_lanes(ring$0$in_lanes),
        .in_raw_bits(ring$0$in_raw_bits),
        .in_seed_epoch(ring$0$in_seed_epoch),
        .in_close(ring$0$in_close),
        .committed(ring$0$committed),
        .usable(ring$0$usable),
        .slot_bytes(ring$0$slot_bytes),
        .full(ring$0$full),
        .waiting(ring$0$waiting),
        .in_error(ring$0$in_error),
        .idle(ring$0$idle),
        .irq(ring$0$irq),
        .error_event(ring$0$error_event),
        .stall_event(ring$0$stall_event),
        .lost_bits(ring$0$lost_bits),
        .lost_valid(ring$0$lost_valid),
        .request_valid(ring$0$request_valid),
        .request_ready(ring$0$request_ready),
        .request_address(ring$0$request_address),
        .request_words(ring$0$request_words),
        .request_tag(ring$0$request_tag),
        .data(ring$0$data),
        .take(ring$0$take),
        .b_valid(ring$0$b_valid),
        .b_error(ring$0$b_error),
        .b_tag(ring$0$b_tag),
        .bus_failed(ring$0$bus_failed)
    );
    // Update code
    always @(*) begin
        csr_read = 32'h0;
        csr_refused = 1'b0;
        hold = 1'b0;
        kat_done = 1'b0;
        kat_ok = 1'b0;
        busy = 1'b0;
        stopped = 1'b1;
        goes_on = 1'b1;
        in_error = 1'b0;
        waiting = 1'b0;
        irq = 1'b0;
        error_event = 1'b0;
        stall_event = 1'b0;
        request_valid = 1'b0;
        request_address = 32'h0;
        request_words = 32'h0;
        request_tag = 32'h0;
        words = 32'h0;
        beats = 32'h0;
        engine$0$reset = reset;
        engine$0$csr_write = csr_write;
        engine$0$csr_block = csr_block;
        engine$0$csr_instance = csr_instance;
        engine$0$csr_register = csr_register;
        engine$0$csr_data = csr_data;
        engine$0$snapshot = snapshot;
        engine$0$kat_start = kat_start;
        engine$0$kat_fault = kat_fault;
        engine$0$ring_usable = ring$0$usable;
        engine$0$ring_slot_bytes = ring$0$slot_bytes;
        engine$0$out_ready = ring$0$in_ready;
        kat_done = engine$0$kat_done;
        kat_ok = engine$0$kat_ok;
        busy = engine$0$busy;
        ring$0$reset = reset;
        ring$0$index = number;
        ring$0$csr_write = csr_write;
        ring$0$csr_block = csr_block;
        ring$0$csr_instance = csr_instance;
        ring$0$csr_register = csr_register;
        ring$0$csr_data = csr_data;
        csr_read = engine$0$csr_read | ring$0$csr_read;
        csr_refused = engine$0$csr_refused | ring$0$csr_refused;
        ring$0$running = running;
        ring$0$generation = generation;
        ring$0$flush = flush;
        ring$0$irq_enable = irq_enable;
        ring$0$coalesce_slots = coalesce_slots;
        ring$0$coalesce_cycles = coalesce_cycles;
        ring$0$piece_bytes = piece;
        ring$0$in_valid = engine$0$out_valid;
        ring$0$in_data = engine$0$out_data;
        ring$0$in_last = engine$0$out_last;
        ring$0$in_close = engine$0$out_close;
        ring$0$in_flags = engine$0$out_flags;
        ring$0$in_lanes = engine$0$out_lanes;
        ring$0$in_raw_bits = 32'h0;
        ring$0$in_seed_epoch = 32'h0;
        stopped = ring$0$idle;
        goes_on = 1'b0;
        in_error = ring$0$in_error;
        waiting = ring$0$waiting;
        irq = ring$0$irq;
        error_event = ring$0$error_event;
        stall_event = ring$0$stall_event;
        request_valid = ring$0$request_valid;
        request_address = ring$0$request_address;
        request_words = ring$0$request_words;
        request_tag = ring$0$request_tag;
        words = ring$0$data;
        ring$0$request_ready = request_ready;
        ring$0$take = take;
        ring$0$b_valid = b_valid;
        ring$0$b_error = b_error;
        ring$0$b_tag = b_tag;
        ring$0$bus_failed = bus_failed;
        data = ((words) & 64'hffffffffffffffff) | ((beats) & 64'hffffffffffffffff);
    end
endmodule // pb_boxes

module pb_boxes_engine(clock,reset,csr_write,csr_block,csr_instance,csr_register,csr_data,csr_read,csr_refused,snapshot,ring_usable,ring_slot_bytes,out_valid,out_ready,out_data,out_last,out_close,out_flags,out_lanes,kat_start,kat_fault,kat_done,kat_ok,busy);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire csr_write;
    input wire [2:0] csr_block;
    input wire [5:0] csr_instance;
    input wire [6:0] csr_register;
    input wire [31:0] csr_data;
    output reg [31:0] csr_read;
    output reg csr_refused;
    input wire snapshot;
    input wire ring_usable;
    input wire [20:0] ring_slot_bytes;
    output reg out_valid;
    input wire out_ready;
    output reg [63:0] out_data;
    output reg out_last;
    output reg out_close;
    output reg [5:0] out_flags;
    output reg [63:0] out_lanes;
    input wire kat_start;
    input wire kat_fault;
    output reg kat_done;
    output reg kat_ok;
    output reg busy;
    // Constant declarations
    localparam kat_s = 4'h8;
    localparam kat_keys = 16'h4;
    localparam kat_signature = 64'hee0fb998838fd128;
    localparam most_s = 4'h8;
    localparam most_keys = 32'h100000;
    localparam bank_shift = 4'h7;
    localparam key_shift = 5'b101;
    localparam box_shift = 6'b100000;
    localparam check = 7'b1110000;
    localparam flush = 7'b1111111;
    localparam pause = 7'b1101111;
    localparam hold = 7'b1000000;
    localparam round_end = 7'b1001100;
    localparam limbs = 5'b111;
    localparam last_limb = 5'b110;
    localparam checked = 5'b11000;
    localparam key_last = 5'b101;
    localparam unswept = 5'b11110;
    localparam end_none = 3'b0;
    localparam end_done = 3'b1;
    localparam end_weak = 3'b10;
    localparam end_bad = 3'b11;
    localparam end_aborted = 3'b100;
    // Enums
    localparam State$Idle = 0;
    localparam State$Load = 1;
    localparam State$Check = 2;
    localparam State$Make = 3;
    localparam State$Cut = 4;
    localparam State$Sweep = 5;
    // Stub signals
    reg registers$reset;
    reg registers$csr_write;
    reg [2:0] registers$csr_block;
    reg [5:0] registers$csr_instance;
    reg [6:0] registers$csr_register;
    reg [31:0] registers$csr_data;
    wire [31:0] registers$csr_read;
    wire registers$csr_refused;
    reg registers$snapshot;
    reg registers$busy;
    reg registers$ended;
    reg [2:0] registers$ended_as;
    reg registers$key_made;
    wire [3:0] registers$s;
    wire [15:0] registers$boxes;
    wire [15:0] registers$keys;
    wire [31:0] registers$tag;
    wire [7:0] registers$x0_write;
    wire registers$submit;
    wire registers$abort;
    reg [9:0] mac$address;
    reg mac$load;
    reg [4:0] mac$load_address;
    reg [35:0] mac$load_data;
    wire [35:0] mac$limb;
    wire [4:0] mac$index;
    wire mac$is_next;
    wire mac$is_key;
    wire mac$is_check;
    wire [35:0] mac$replaced;
    reg key$clear;
    reg key$idle;
    reg [7:0] key$write;
    reg [31:0] key$data;
    reg key$shift_limb;
    reg [35:0] key$limb_in;
    reg key$shift_word;
    wire [35:0] key$limb;
    wire [31:0] key$word;
    wire key$sign;
    reg judge$clear;
    reg [35:0] judge$limb;
    reg [35:0] judge$replaced;
    reg [4:0] judge$index;
    reg judge$is_next;
    reg judge$is_check;
    reg judge$is_load;
    reg [35:0] judge$loaded;
    wire judge$zero;
    wire judge$below;
    wire judge$is_weak;
    reg leave$clear;
    reg leave$start;
    reg leave$start_error;
    reg leave$close;
    reg leave$quiet;
    reg [31:0] leave$word;
    reg leave$sign;
    wire leave$shift;
    wire leave$free;
    wire leave$gone;
    wire leave$out_valid;
    reg leave$out_ready;
    wire [63:0] leave$out_data;
    wire leave$out_last;
    wire leave$out_close;
    wire leave$out_error;
    wire [63:0] leave$signature;
    reg [2:0] kat_x0$address;
    wire [35:0] kat_x0$data;
    reg [2:0] state$d;
    wire [2:0] state$q;
    reg [4:0] step$d;
    wire [4:0] step$q;
    reg [9:0] bank$d;
    wire [9:0] bank$q;
    reg [6:0] at$d;
    wire [6:0] at$q;
    reg kat$d;
    wire kat$q;
    reg [2:0] result$d;
    wire [2:0] result$q;
    reg aborting$d;
    wire aborting$q;
    reg skip$d;
    wire skip$q;
    reg [31:0] all_keys$d;
    wire [31:0] all_keys$q;
    reg few_keys$d;
    wire few_keys$q;
    reg in_range$d;
    wire in_range$q;
    reg fits$d;
    wire fits$q;
    reg [15:0] box_keys$d;
    wire [15:0] box_keys$q;
    reg [15:0] keys_left$d;
    wire [15:0] keys_left$q;
    reg [15:0] boxes_left$d;
    wire [15:0] boxes_left$q;
    reg [15:0] box_number$d;
    wire [15:0] box_number$q;
    reg box_last$d;
    wire box_last$q;
    reg job_last$d;
    wire job_last$q;
    reg box_fresh$d;
    wire box_fresh$q;
    reg kat_pulse$d;
    wire kat_pulse$q;
    reg kat_passed$d;
    wire kat_passed$q;
    // Local signals
    reg allowed;
    reg begins;
    reg [3:0] first_s;
    reg [3:0] bank_number;
    reg [6:0] place_in_bank;
    reg [6:0] check_place;
    reg [35:0] loaded;
    reg [20:0] key_bytes;
    reg captured;
    reg finish;
    reg [2:0] finish_as;
    reg cut;
    reg one_key;
    reg one_box;
    reg [15:0] keys_after;
    reg [15:0] boxes_after;
    reg sweeping;
    reg signature_ok;
    // Sub module instances
    pb_engine_registers registers(
        .clock(clock),
        .reset(registers$reset),
        .csr_write(registers$csr_write),
        .csr_block(registers$csr_block),
        .csr_instance(registers$csr_instance),
        .csr_register(registers$csr_register),
        .csr_data(registers$csr_data),
        .csr_read(registers$csr_read),
        .csr_refused(registers$csr_refused),
        .snapshot(registers$snapshot),
        .busy(registers$busy),
        .ended(registers$ended),
        .ended_as(registers$ended_as),
        .key_made(registers$key_made),
        .s(registers$s),
        .boxes(registers$boxes),
        .keys(registers$keys),
        .tag(registers$tag),
        .x0_write(registers$x0_write),
        .submit(registers$submit),
        .abort(registers$abort)
    );
    pb_mac mac(
        .clock(clock),
        .address(mac$address),
        .load(mac$load),
        .load_address(mac$load_address),
        .load_data(mac$load_data),
        .limb(mac$limb),
        .index(mac$index),
        .is_next(mac$is_next),
        .is_key(mac$is_key),
        .is_check(mac$is_check),
        .replaced(mac$replaced)
    );
    pb_key key(
        .clock(clock),
        .clear(key$clear),
        .idle(key$idle),
        .write(key$write),
        .data(key$data),
        .shift_limb(key$shift_limb),
        .limb_in(key$limb_in),
        .shift_word(key$shift_word),
        .limb(key$limb),
        .word(key$word),
        .sign(key$sign)
    );
    pb_judge judge(
        .clock(clock),
        .clear(judge$clear),
        .limb(judge$limb),
        .replaced(judge$replaced),
        .index(judge$index),
        .is_next(judge$is_next),
        .is_check(judge$is_check),
        .is_load(judge$is_load),
        .loaded(judge$loaded),
        .zero(judge$zero),
        .below(judge$below),
        .is_weak(judge$is_weak)
    );
    pb_leave leave(
        .clock(clock),
        .clear(leave$clear),
        .start(leave$start),
        .start_error(leave$start_error),
        .close(leave$close),
        .quiet(leave$quiet),
        .word(leave$word),
        .sign(leave$sign),
        .shift(leave$shift),
        .free(leave$free),
        .gone(leave$gone),
        .out_valid(leave$out_valid),
        .out_ready(leave$out_ready),
        .out_data(leave$out_data),
        .out_last(leave$out_last),
        .out_close(leave$out_close),
        .out_error(leave$out_error),
        .signature(leave$signature)
    );
    pb_kat_x0 kat_x0(
        .address(kat_x0$address),
        .data(kat_x0$data)
    );
    pb_engine_state state(
        .d(state$d),
        .q(state$q),
        .clock(clock)
    );
    pb_dff_5 step(
        .d(step$d),
        .q(step$q),
        .clock(clock)
    );
    pb_dff_10 bank(
        .d(bank$d),
        .q(bank$q),
        .clock(clock)
    );
    pb_dff_7 at(
        .d(at$d),
        .q(at$q),
        .clock(clock)
    );
    pb_dff_1 kat(
        .d(kat$d),
        .q(kat$q),
        .clock(clock)
    );
    pb_dff_3 result(
        .d(result$d),
        .q(result$q),
        .clock(clock)
    );
    pb_dff_1 aborting(
        .d(aborting$d),
        .q(aborting$q),
        .clock(clock)
    );
    pb_dff_1 skip(
        .d(skip$d),
        .q(skip$q),
        .clock(clock)
    );
    pb_dff_32 all_keys(
        .d(all_keys$d),
        .q(all_keys$q),
        .clock(clock)
    );
    pb_dff_1 few_keys(
        .d(few_keys$d),
        .q(few_keys$q),
        .clock(clock)
    );
    pb_dff_1 in_range(
        .d(in_range$d),
        .q(in_range$q),
        .clock(clock)
    );
    pb_dff_1 fits(
        .d(fits$d),
        .q(fits$q),
        .clock(clock)
    );
    pb_dff_16 box_keys(
        .d(box_keys$d),
        .q(box_keys$q),
        .clock(clock)
    );
    pb_dff_16 keys_left(
        .d(keys_left$d),
        .q(keys_left$q),
        .clock(clock)
    );
    pb_dff_16 boxes_left(
        .d(boxes_left$d),
        .q(boxes_left$q),
        .clock(clock)
    );
    pb_dff_16 box_number(
        .d(box_number$d),
        .q(box_number$q),
        .clock(clock)
    );
    pb_dff_1 box_last(
        .d(box_last$d),
        .q(box_last$q),
        .clock(clock)
    );
    pb_dff_1 job_last(
        .d(job_last$d),
        .q(job_last$q),
        .clock(clock)
    );
    pb_dff_1 box_fresh(
        .d(box_fresh$d),
        .q(box_fresh$q),
        .clock(clock)
    );
    pb_dff_1 kat_pulse(
        .d(kat_pulse$d),
        .q(kat_pulse$q),
        .clock(clock)
    );
    pb_dff_1 kat_passed(
        .d(kat_passed$d),
        .q(kat_passed$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        state$d = state$q;
        step$d = step$q;
        bank$d = bank$q;
        at$d = at$q;
        kat$d = kat$q;
        result$d = result$q;
        aborting$d = aborting$q;
        skip$d = skip$q;
        all_keys$d = all_keys$q;
        few_keys$d = few_keys$q;
        in_range$d = in_range$q;
        fits$d = fits$q;
        box_keys$d = box_keys$q;
        keys_left$d = keys_left$q;
        boxes_left$d = boxes_left$q;
        box_number$d = box_number$q;
        box_last$d = box_last$q;
        job_last$d = job_last$q;
        box_fresh$d = box_fresh$q;
        kat_pulse$d = kat_pulse$q;
        kat_passed$d = kat_passed$q;
        registers$reset = reset;
        registers$csr_write = csr_write;
        registers$csr_block = csr_block;
        registers$csr_instance = csr_instance;
        registers$csr_register = csr_register;
        registers$csr_data = csr_data;
        registers$snapshot = snapshot;
        csr_read = registers$csr_read;
        csr_refused = registers$csr_refused;
        busy = state$q != State$Idle;
        registers$busy = state$q != State$Idle;
        registers$ended = 1'b0;
        registers$ended_as = result$q;
        registers$key_made = leave$gone & ~kat$q;
        all_keys$d = registers$boxes * registers$keys;
        few_keys$d = all_keys$q <= most_keys;
        in_range$d = (registers$s != 32'h0) & (registers$s <= most_s) & (registers$boxes != 32'h0) & (registers$keys != 32'h0);
        key_bytes = ((registers$keys) & 21'h1fffff) << key_shift;
        fits$d = (key_bytes <= ring_slot_bytes) & ring_usable;
        allowed = few_keys$q & in_range$q & fits$q;
        key$clear = 1'b0;
        key$write = registers$x0_write;
        key$idle = state$q == State$Idle;
        key$data = csr_data;
        key$limb_in = 32'h0;
        key$shift_limb = 1'b0;
        key$shift_word = leave$shift;
        leave$word = key$word;
        leave$sign = key$sign;
        place_in_bank = flush;
        check_place = check + ((step$q) & 7'h7f);
        kat_x0$address = step$q[(32'h0)+:(3)];
        loaded = key$limb;
        if (kat$q) begin
            loaded = kat_x0$data;
        end
        mac$load = 1'b0;
        mac$load_address = step$q;
        mac$load_data = 32'h0;
        judge$limb = mac$limb;
        judge$replaced = mac$replaced;
        judge$index = mac$index;
        judge$is_next = mac$is_next;
        judge$is_check = mac$is_check;
        judge$is_load = 1'b0;
        judge$loaded = loaded;
        judge$clear = 1'b0;
        leave$clear = 1'b0;
        leave$start = 1'b0;
        leave$start_error = 1'b0;
        leave$close = box_last$q;
        leave$quiet = kat$q;
        leave$out_ready = out_ready;
        out_valid = leave$out_valid;
        out_data = leave$out_data;
        out_last = leave$out_last;
        out_close = leave$out_close;
        out_flags = 32'h0;
        if (leave$out_error) begin
            out_flags = 32'h10;
        end
        out_lanes = (((box_number$q) & 64'hffffffffffffffff) << box_shift) | ((registers$tag) & 64'hffffffffffffffff);
        captured = mac$is_key & (mac$index == key_last) & (state$q == State$Make);
        if (mac$is_key & (state$q == State$Make)) begin
            key$limb_in = mac$limb;
            key$shift_limb = 1'b1;
        end
        if (captured) begin
            skip$d = 1'b0;
            leave$start = ~skip$q;
        end
        one_key = keys_left$q == 32'h1;
        one_box = boxes_left$q == 32'h1;
        box_last$d = one_key;
        job_last$d = one_key & one_box;
        keys_after = keys_left$q - 32'h1;
        boxes_after = boxes_left$q - 32'h1;
        if (leave$gone) begin
            keys_left$d = keys_after;
            box_fresh$d = 1'b0;
            if (box_last$q) begin
                keys_left$d = box_keys$q;
                boxes_left$d = boxes_after;
                box_number$d = box_number$q + 32'h1;
                box_fresh$d = 1'b1;
            end
        end
        begins = 1'b0;
        first_s = registers$s;
        finish = 1'b0;
        finish_as = end_done;
        cut = 1'b0;
        sweeping = 1'b0;
        kat_pulse$d = 1'b0;
        signature_ok = (leave$signature == kat_signature) & ~kat_fault;
        if (registers$abort) begin
            aborting$d = 1'b1;
        end
        case (state$q)
            State$Idle:
                begin
                    step$d = 32'h0;
                    aborting$d = 1'b0;
                    if (registers$submit) begin
                        begins = 1'b1;
                        state$d = State$Load;
                        if (~allowed) begin
                            finish = 1'b1;
                            finish_as = end_bad;
                        end
                    end
                    else begin
                        if (kat_start) begin
                            begins = 1'b1;
                            first_s = kat_s;
                            kat$d = 1'b1;
                            state$d = State$Load;
                        end
                    end
                end
            State$Load:
                begin
                    mac$load = 1'b1;
                    mac$load_data = loaded;
                    judge$is_load = 1'b1;
                    key$shift_limb = 1'b1;
                    step$d = step$q + 32'h1;
                    if (step$q == last_limb) begin
                        step$d = 32'h0;
                        state$d = State$Check;
                    end
                end
            State$Check:
                begin
                    if (step$q < limbs) begin
                        place_in_bank = check_place;
                    end
                    step$d = step$q + 32'h1;
                    if (step$q == checked) begin
                        at$d = 32'h0;
                        state$d = State$Make;
                        if (judge$zero) begin
                            finish = 1'b1;
                            finish_as = end_weak;
                        end
                        else begin
                            if (~judge$below) begin
                                finish = 1'b1;
                                finish_as = end_bad;
                            end
                        end
                    end
                end
            State$Make:
                begin
                    place_in_bank = at$q;
                    at$d = at$q + 32'h1;
                    if (at$q == round_end) begin
                        at$d = 32'h0;
                    end
                    if (at$q == hold) begin
                        if (~leave$free) begin
                            place_in_bank = pause;
                            at$d = at$q;
                        end
                        else begin
                            if (judge$is_weak) begin
                                cut = 1'b1;
                                result$d = end_weak;
                            end
                        end
                    end
                    if (leave$free & aborting$q & ~captured) begin
                        cut = 1'b1;
                        result$d = end_aborted;
                    end
                    if (cut) begin
                        state$d = State$Cut;
                        step$d = 32'h0;
                    end
                    if (~ring_usable & ~kat$q) begin
                        finish = 1'b1;
                        finish_as = end_aborted;
                    end
                    if (leave$gone & job_last$q) begin
                        finish = 1'b1;
                        finish_as = end_done;
                    end
                end
            State$Cut:
                begin
                    if (step$q == 32'h0) begin
                        step$d = 32'h1;
                        leave$close = 1'b1;
                        leave$start_error = ~box_fresh$q;
                    end
                    else begin
                        finish = leave$free;
                        finish_as = result$q;
                    end
                    if (~ring_usable | kat$q) begin
                        leave$start_error = 1'b0;
                        finish = 1'b1;
                        finish_as = result$q;
                    end
                end
            State$Sweep:
                begin
                    sweeping = 1'b1;
                    mac$load = step$q != unswept;
                    key$clear = 1'b1;
                    leave$clear = 1'b1;
                    judge$clear = 1'b1;
                    aborting$d = 1'b0;
                    step$d = step$q + 32'h1;
                    if ((step$q == 32'h0) & kat$q) begin
                        kat_passed$d = signature_ok & (result$q == end_done);
                    end
                    if (step$q == 32'h1f) begin
                        state$d = State$Idle;
                        kat$d = 1'b0;
                        kat_pulse$d = kat$q;
                        registers$ended = ~kat$q;
                    end
                end
            default:
                begin
                    state$d = State$Sweep;
                    step$d = 32'h0;
                end
        endcase
        if (finish) begin
            result$d = finish_as;
            state$d = State$Sweep;
            step$d = 32'h0;
        end
        bank_number = first_s - 32'h1;
        if (begins) begin
            bank$d = ((bank_number) & 10'h3ff) << bank_shift;
            box_keys$d = registers$keys;
            keys_left$d = registers$keys;
            boxes_left$d = registers$boxes;
            box_number$d = 32'h1;
            box_fresh$d = 1'b1;
            skip$d = 1'b1;
            if (~registers$submit) begin
                box_keys$d = kat_keys;
                keys_left$d = kat_keys;
                boxes_left$d = 32'h1;
            end
        end
        mac$address = bank$q | ((place_in_bank) & 10'h3ff);
        if (kat_start & (state$q != State$Idle) & ~kat$q) begin
            kat_pulse$d = 1'b1;
        end
        kat_done = kat_pulse$q;
        kat_ok = kat_passed$q;
        if (reset) begin
            state$d = State$Sweep;
            step$d = 32'h0;
            result$d = end_none;
            kat$d = 1'b0;
            kat_pulse$d = 1'b0;
            kat_passed$d = 1'b0;
            leave$clear = 1'b1;
            key$clear = 1'b1;
        end
    end
endmodule // pb_boxes_engine

module pb_buffer0(clock,read_address,read_enable,read_data,write_address,write_data,write_enable);
    // Module arguments
    input wire clock;
    input wire [4:0] read_address;
    input wire read_enable;
    output reg [63:0] read_data;
    input wire [4:0] write_address;
    input wire [63:0] write_data;
    input wire write_enable;
    // Update code (custom)
    (* ram_style = "distributed" *) reg [63:0] words [0:31];
    integer place;
    initial begin
       read_data = 64'h0;
       for (place = 0; place <= 31; place = place + 1) words[place] = 64'h0;
    end
    always @(posedge clock) begin
       if (read_enable) read_data <= words[read_address];
       if (write_enable) words[write_address] <= write_data;
    end
endmodule // pb_buffer0

module pb_checks(clock,any_extract,any_tap,window_ok,entropy_usable,entropy_committed,entropy_slot_bytes,raw_usable,n,m,claimed_h,seeded,selftest_ok,problems);
    // Module arguments
    input wire clock;
    input wire any_extract;
    input wire any_tap;
    input wire window_ok;
    input wire entropy_usable;
    input wire entropy_committed;
    input wire [20:0] entropy_slot_bytes;
    input wire raw_usable;
    input wire [15:0] n;
    input wire [15:0] m;
    input wire [16:0] claimed_h;
    input wire seeded;
    input wire selftest_ok;
    output reg [8:0] problems;
    // Constant declarations
    localparam max_n = 16'h1000;
    localparam max_m = 16'h200;
    localparam no_lane = 9'b1;
    localparam bad_shape = 9'b10;
    localparam no_leftover = 9'b100;
    localparam no_seed = 9'b1000;
    localparam no_ring = 9'b10000;
    localparam small_slot = 9'b100000;
    localparam not_tested = 9'b1000000;
    localparam no_window = 9'b100000000;
    // Stub signals
    reg [15:0] leftover$n;
    reg [15:0] leftover$m;
    reg [16:0] leftover$claimed_h;
    wire leftover$fits;
    reg shape$d;
    wire shape$q;
    reg room$d;
    wire room$q;
    reg [8:0] result$d;
    wire [8:0] result$q;
    // Local signals
    reg [20:0] block_bytes;
    reg [8:0] bits;
    // Sub module instances
    pb_leftover leftover(
        .clock(clock),
        .n(leftover$n),
        .m(leftover$m),
        .claimed_h(leftover$claimed_h),
        .fits(leftover$fits)
    );
    pb_dff_1 shape(
        .d(shape$d),
        .q(shape$q),
        .clock(clock)
    );
    pb_dff_1 room(
        .d(room$d),
        .q(room$q),
        .clock(clock)
    );
    pb_dff_9 result(
        .d(result$d),
        .q(result$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        shape$d = shape$q;
        room$d = room$q;
        result$d = result$q;
        problems = result$q;
        leftover$n = n;
        leftover$m = m;
        leftover$claimed_h = claimed_h;
        shape$d = (n != 32'h0) & (n <= max_n) & (m != 32'h0) & (m <= max_m) & (m[(32'h0)+:(6)] == 32'h0);
        block_bytes = ((m >> 32'h3) & 21'h1fffff);
        room$d = block_bytes <= entropy_slot_bytes;
        bits = 32'h0;
        if (~any_extract & ~any_tap) begin
            bits = bits | no_lane;
        end
        if (~selftest_ok) begin
            bits = bits | not_tested;
        end
        if (~window_ok) begin
            bits = bits | no_window;
        end
        if ((any_extract & ~entropy_usable) | (any_tap & ~raw_usable)) begin
            bits = bits | no_ring;
        end
        if (any_extract) begin
            if (~shape$q) begin
                bits = bits | bad_shape;
            end
            if (~leftover$fits) begin
                bits = bits | no_leftover;
            end
            if (~seeded) begin
                bits = bits | no_seed;
            end
            if (entropy_committed & ~room$q) begin
                bits = bits | small_slot;
            end
        end
        result$d = bits;
    end
endmodule // pb_checks

module pb_columns(clock,wipe,clear,shift,add,bits,word,fetch,forget,beat,mask,out);
    // Module arguments
    input wire clock;
    input wire wipe;
    input wire clear;
    input wire shift;
    input wire add;
    input wire [7:0] bits;
    input wire [7:0] word;
    input wire fetch;
    input wire forget;
    input wire [7:0] beat;
    input wire [63:0] mask;
    output reg [63:0] out;
    // Update code (custom)
    reg [518:0] window;
    reg [511:0] sum;
    reg [63:0] chosen;
    initial begin
       window = 0;
       sum = 0;
       out = 0;
    end
    always @(*) begin
       case (beat)
          0: chosen = sum[63:0];
          1: chosen = sum[127:64];
          2: chosen = sum[191:128];
          3: chosen = sum[255:192];
          4: chosen = sum[319:256];
          5: chosen = sum[383:320];
          6: chosen = sum[447:384];
          7: chosen = sum[511:448];
          default: chosen = 0;
       endcase
    end
    always @(posedge clock) begin
       if (wipe) window <= 0;
       else if (shift) window <= {window[510:0], word};
       if (clear) sum <= 0;
       else if (add) sum <= sum ^ ({512{bits[0]}} & window[518:7])
          ^ ({512{bits[1]}} & window[517:6])
          ^ ({512{bits[2]}} & window[516:5])
          ^ ({512{bits[3]}} & window[515:4])
          ^ ({512{bits[4]}} & window[514:3])
          ^ ({512{bits[5]}} & window[513:2])
          ^ ({512{bits[6]}} & window[512:1])
          ^ ({512{bits[7]}} & window[511:0]);
       if (forget) out <= 0;
       else if (fetch) out <= chosen & mask;
    end
endmodule // pb_columns

module pb_commands(clock,reset,core_reset,strobe,value,problems,occupied,route_idle,rings_idle,axi_idle,soft_reset,stop,selftest_start,start,flush,refused,running,drain,became_idle,idle,start_error,start_refused);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire core_reset;
    input wire strobe;
    input wire [3:0] value;
    input wire [8:0] problems;
    input wire occupied;
    input wire route_idle;
    input wire rings_idle;
    input wire axi_idle;
    output reg soft_reset;
    output reg stop;
    output reg selftest_start;
    output reg start;
    output reg flush;
    output reg refused;
    output reg running;
    output reg drain;
    output reg became_idle;
    output reg idle;
    output reg [8:0] start_error;
    output reg start_refused;
    // Constant declarations
    localparam not_idle = 9'b10000000;
    // Enums
    localparam Drain$No = 0;
    localparam Drain$Route = 1;
    localparam Drain$Rings = 2;
    // Stub signals
    reg [3:0] pending$d;
    wire [3:0] pending$q;
    reg follows$d;
    wire follows$q;
    reg [3:0] guard$d;
    wire [3:0] guard$q;
    reg soft_reset_r$d;
    wire soft_reset_r$q;
    reg stop_r$d;
    wire stop_r$q;
    reg selftest_r$d;
    wire selftest_r$q;
    reg start_r$d;
    wire start_r$q;
    reg flush_r$d;
    wire flush_r$q;
    reg refused_r$d;
    wire refused_r$q;
    reg running_r$d;
    wire running_r$q;
    reg idle_event$d;
    wire idle_event$q;
    reg [8:0] error$d;
    wire [8:0] error$q;
    reg [1:0] stage$d;
    wire [1:0] stage$q;
    reg [3:0] count$d;
    wire [3:0] count$q;
    reg route_was_idle$d;
    wire route_was_idle$q;
    reg all_were_idle$d;
    wire all_were_idle$q;
    // Local signals
    reg calm;
    reg may;
    reg [3:0] next_up;
    // Sub module instances
    pb_dff_4 pending(
        .d(pending$d),
        .q(pending$q),
        .clock(clock)
    );
    pb_dff_1 follows(
        .d(follows$d),
        .q(follows$q),
        .clock(clock)
    );
    pb_dff_4 guard(
        .d(guard$d),
        .q(guard$q),
        .clock(clock)
    );
    pb_dff_1 soft_reset_r(
        .d(soft_reset_r$d),
        .q(soft_reset_r$q),
        .clock(clock)
    );
    pb_dff_1 stop_r(
        .d(stop_r$d),
        .q(stop_r$q),
        .clock(clock)
    );
    pb_dff_1 selftest_r(
        .d(selftest_r$d),
        .q(selftest_r$q),
        .clock(clock)
    );
    pb_dff_1 start_r(
        .d(start_r$d),
        .q(start_r$q),
        .clock(clock)
    );
    pb_dff_1 flush_r(
        .d(flush_r$d),
        .q(flush_r$q),
        .clock(clock)
    );
    pb_dff_1 refused_r(
        .d(refused_r$d),
        .q(refused_r$q),
        .clock(clock)
    );
    pb_dff_1 running_r(
        .d(running_r$d),
        .q(running_r$q),
        .clock(clock)
    );
    pb_dff_1 idle_event(
        .d(idle_event$d),
        .q(idle_event$q),
        .clock(clock)
    );
    pb_dff_9 error(
        .d(error$d),
        .q(error$q),
        .clock(clock)
    );
    pb_stage stage(
        .d(stage$d),
        .q(stage$q),
        .clock(clock)
    );
    pb_dff_4 count(
        .d(count$d),
        .q(count$q),
        .clock(clock)
    );
    pb_dff_1 route_was_idle(
        .d(route_was_idle$d),
        .q(route_was_idle$q),
        .clock(clock)
    );
    pb_dff_1 all_were_idle(
        .d(all_were_idle$d),
        .q(all_were_idle$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        pending$d = pending$q;
        follows$d = follows$q;
        guard$d = guard$q;
        soft_reset_r$d = soft_reset_r$q;
        stop_r$d = stop_r$q;
        selftest_r$d = selftest_r$q;
        start_r$d = start_r$q;
        flush_r$d = flush_r$q;
        refused_r$d = refused_r$q;
        running_r$d = running_r$q;
        idle_event$d = idle_event$q;
        error$d = error$q;
        stage$d = stage$q;
        count$d = count$q;
        route_was_idle$d = route_was_idle$q;
        all_were_idle$d = all_were_idle$q;
        soft_reset = soft_reset_r$q;
        stop = stop_r$q;
        selftest_start = selftest_r$q;
        start = start_r$q;
        flush = flush_r$q;
        refused = refused_r$q;
        running = running_r$q;
        drain = stage$q != Drain$No;
        became_idle = idle_event$q;
        start_error = error$q;
        start_refused = error$q != 32'h0;
        soft_reset_r$d = 1'b0;
        stop_r$d = 1'b0;
        selftest_r$d = 1'b0;
        start_r$d = 1'b0;
        flush_r$d = 1'b0;
        refused_r$d = 1'b0;
        idle_event$d = 1'b0;
        calm = ~running_r$q & (stage$q == Drain$No) & ~occupied & (guard$q == 32'h0);
        idle = calm;
        if (guard$q != 32'h0) begin
            guard$d = guard$q - 32'h1;
        end
        if (occupied) begin
            guard$d = 32'h8;
        end
        may = ~follows$q | calm;
        next_up = pending$q;
        if (pending$q[32'h0]) begin
            soft_reset_r$d = 1'b1;
            next_up = pending$q & 32'h8;
            follows$d = 1'b1;
            guard$d = 32'hf;
        end
        else if (pending$q[32'h1]) begin
            next_up = pending$q & 32'hc;
            if (running_r$q) begin
                stop_r$d = 1'b1;
                follows$d = 1'b1;
                guard$d = 32'hf;
            end
        end
        else if (pending$q[32'h2]) begin
            if (may) begin
                next_up = pending$q & 32'h8;
                if (calm) begin
                    selftest_r$d = 1'b1;
                    follows$d = 1'b1;
                    guard$d = 32'hf;
                end
                else begin
                    refused_r$d = 1'b1;
                end
            end
        end
        else if (pending$q[32'h3] & may) begin
            next_up = 32'h0;
            if (calm) begin
                error$d = problems;
                start_r$d = problems == 32'h0;
            end
            else begin
                error$d = not_idle;
            end
        end
        pending$d = next_up;
        if (strobe) begin
            pending$d = value;
            follows$d = 1'b0;
        end
        if (start_r$q) begin
            running_r$d = 1'b1;
        end
        count$d = count$q + 32'h1;
        if (count$q == 32'hf) begin
            count$d = 32'hf;
        end
        route_was_idle$d = route_idle;
        all_were_idle$d = route_idle & rings_idle & axi_idle;
        case (stage$q)
            Drain$No:
                begin
                end
            Drain$Route:
                begin
                    if ((count$q == 32'hf) & route_was_idle$q) begin
                        stage$d = Drain$Rings;
                        flush_r$d = 1'b1;
                        count$d = 32'h0;
                    end
                end
            Drain$Rings:
                begin
                    if ((count$q == 32'hf) & all_were_idle$q) begin
                        stage$d = Drain$No;
                        idle_event$d = 1'b1;
                    end
                end
            default:
                begin
                    stage$d = Drain$No;
                end
        endcase
        if (stop_r$q) begin
            running_r$d = 1'b0;
            stage$d = Drain$Route;
            count$d = 32'h0;
        end
        if (core_reset | soft_reset_r$q) begin
            stop_r$d = 1'b0;
            selftest_r$d = 1'b0;
            start_r$d = 1'b0;
            flush_r$d = 1'b0;
            refused_r$d = 1'b0;
            running_r$d = 1'b0;
            idle_event$d = 1'b0;
            error$d = 32'h0;
            stage$d = Drain$No;
            count$d = 32'h0;
        end
        if (reset) begin
            pending$d = 32'h0;
            follows$d = 1'b0;
            guard$d = 32'h0;
            soft_reset_r$d = 1'b0;
        end
    end
endmodule // pb_commands

module pb_completions(clock,read_address,read_enable,read_data,write_address,write_data,write_enable);
    // Module arguments
    input wire clock;
    input wire [3:0] read_address;
    input wire read_enable;
    output reg [63:0] read_data;
    input wire [3:0] write_address;
    input wire [63:0] write_data;
    input wire write_enable;
    // Update code (custom)
    (* ram_style = "distributed" *) reg [63:0] words [0:15];
    integer place;
    initial begin
       read_data = 64'h0;
       for (place = 0; place <= 15; place = place + 1) words[place] = 64'h0;
    end
    always @(posedge clock) begin
       if (read_enable) read_data <= words[read_address];
       if (write_enable) words[write_address] <= write_data;
    end
endmodule // pb_completions

module pb_config_register(clock,reset,write,data,value);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire write;
    input wire [1:0] data;
    output reg [1:0] value;
    // Constant declarations
    localparam after_reset = 2'b0;
    // Update code (custom)
    initial value = after_reset;
    always @(posedge clock) begin
        if (reset) value <= after_reset;
        else if (write) value <= data;
    end
endmodule // pb_config_register

module pb_control(clock,reset,csr_write,csr_block,csr_register,csr_data,csr_read,front_end,build_hash,unknown,refused,bus_error,ring_stall,dropped,lost_entropy,lost_raw,any_extract,any_tap,window_ok,any_alarm,all_alarmed,test_pattern,entropy_usable,entropy_committed,entropy_slot_bytes,raw_usable,ring_error,n,m,claimed_h,seeded,route_idle,rings_idle,axi_idle,dma_quiet,swept,selftest_busy,selftest_passed,selftest_start,start,stop,running,drain,flush,became_idle,idle,snapshot,cycle,generation,core_reset,dma_abort,dma_reset,hold);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire csr_write;
    input wire [2:0] csr_block;
    input wire [6:0] csr_register;
    input wire [31:0] csr_data;
    output reg [31:0] csr_read;
    input wire [1:0] front_end;
    input wire [255:0] build_hash;
    input wire unknown;
    input wire refused;
    input wire [2:0] bus_error;
    input wire [2:0] ring_stall;
    input wire [15:0] dropped;
    input wire [31:0] lost_entropy;
    input wire [31:0] lost_raw;
    input wire any_extract;
    input wire any_tap;
    input wire window_ok;
    input wire any_alarm;
    input wire all_alarmed;
    input wire test_pattern;
    input wire entropy_usable;
    input wire entropy_committed;
    input wire [20:0] entropy_slot_bytes;
    input wire raw_usable;
    input wire ring_error;
    input wire [15:0] n;
    input wire [15:0] m;
    input wire [16:0] claimed_h;
    input wire seeded;
    input wire route_idle;
    input wire rings_idle;
    input wire axi_idle;
    input wire dma_quiet;
    input wire swept;
    input wire selftest_busy;
    input wire [6:0] selftest_passed;
    output reg selftest_start;
    output reg start;
    output reg stop;
    output reg running;
    output reg drain;
    output reg flush;
    output reg became_idle;
    output reg idle;
    output reg snapshot;
    output reg [63:0] cycle;
    output reg [31:0] generation;
    output reg core_reset;
    output reg dma_abort;
    output reg dma_reset;
    output reg hold;
    // Constant declarations
    localparam global_block = 3'b0;
    localparam at_control = 7'b101;
    localparam at_scratch = 7'b111;
    localparam at_snapshot = 7'b10001;
    localparam tests = 7'b1111111;
    // Stub signals
    reg sequencer$reset;
    reg sequencer$request;
    reg sequencer$dma_quiet;
    reg sequencer$swept;
    reg sequencer$selftest_busy;
    wire sequencer$core_reset;
    wire sequencer$dma_abort;
    wire sequencer$dma_reset;
    wire sequencer$hold;
    wire sequencer$selftest_start;
    wire sequencer$busy;
    reg commands$reset;
    reg commands$core_reset;
    reg commands$strobe;
    reg [3:0] commands$value;
    reg [8:0] commands$problems;
    reg commands$occupied;
    reg commands$route_idle;
    reg commands$rings_idle;
    reg commands$axi_idle;
    wire commands$soft_reset;
    wire commands$stop;
    wire commands$selftest_start;
    wire commands$start;
    wire commands$flush;
    wire commands$refused;
    wire commands$running;
    wire commands$drain;
    wire commands$became_idle;
    wire commands$idle;
    wire [8:0] commands$start_error;
    wire commands$start_refused;
    reg checks$any_extract;
    reg checks$any_tap;
    reg checks$window_ok;
    reg checks$entropy_usable;
    reg checks$entropy_committed;
    reg [20:0] checks$entropy_slot_bytes;
    reg checks$raw_usable;
    reg [15:0] checks$n;
    reg [15:0] checks$m;
    reg [16:0] checks$claimed_h;
    reg checks$seeded;
    reg checks$selftest_ok;
    wire [8:0] checks$problems;
    reg errors$reset;
    reg errors$unknown;
    reg errors$refused;
    reg errors$command_refused;
    reg [2:0] errors$bus_error;
    reg [2:0] errors$ring_stall;
    reg [15:0] errors$dropped;
    reg [31:0] errors$lost_entropy;
    reg [31:0] errors$lost_raw;
    wire [31:0] errors$unknown_count;
    wire [31:0] errors$refused_count;
    wire [31:0] errors$bus_count;
    wire [31:0] errors$stall_count;
    wire [31:0] errors$dropped_count;
    reg [2:0] readout$csr_block;
    reg [6:0] readout$csr_register;
    reg [1:0] readout$front_end;
    reg [255:0] readout$build_hash;
    reg [31:0] readout$generation;
    reg [8:0] readout$status;
    reg [31:0] readout$scratch;
    reg [31:0] readout$snapshots;
    reg [63:0] readout$cycles;
    reg [8:0] readout$start_error;
    reg [31:0] readout$unknown;
    reg [31:0] readout$refused;
    reg [31:0] readout$bus;
    reg [31:0] readout$stalls;
    reg [31:0] readout$dropped;
    reg [6:0] readout$passed;
    wire [31:0] readout$csr_read;
    reg [31:0] generation_r$d;
    wire [31:0] generation_r$q;
    reg [31:0] scratch$d;
    wire [31:0] scratch$q;
    reg [31:0] snapshots$d;
    wire [31:0] snapshots$q;
    reg snapshot_r$d;
    wire snapshot_r$q;
    reg [63:0] cycle_r$d;
    wire [63:0] cycle_r$q;
    reg [63:0] kept$d;
    wire [63:0] kept$q;
    reg tested$d;
    wire tested$q;
    // Local signals
    reg write;
    reg [8:0] flags;
    // Sub module instances
    pb_sequencer sequencer(
        .clock(clock),
        .reset(sequencer$reset),
        .request(sequencer$request),
        .dma_quiet(sequencer$dma_quiet),
        .swept(sequencer$swept),
        .selftest_busy(sequencer$selftest_busy),
        .core_reset(sequencer$core_reset),
        .dma_abort(sequencer$dma_abort),
        .dma_reset(sequencer$dma_reset),
        .hold(sequencer$hold),
        .selftest_start(sequencer$selftest_start),
        .busy(sequencer$busy)
    );
    pb_commands commands(
        .clock(clock),
        .reset(commands$reset),
        .core_reset(commands$core_reset),
        .strobe(commands$strobe),
        .value(commands$value),
        .problems(commands$problems),
        .occupied(commands$occupied),
        .route_idle(commands$route_idle),
        .rings_idle(commands$rings_idle),
        .axi_idle(commands$axi_idle),
        .soft_reset(commands$soft_reset),
        .stop(commands$stop),
        .selftest_start(commands$selftest_start),
        .start(commands$start),
        .flush(commands$flush),
        .refused(commands$refused),
        .running(commands$running),
        .drain(commands$drain),
        .became_idle(commands$became_idle),
        .idle(commands$idle),
        .start_error(commands$start_error),
        .start_refused(commands$start_refused)
    );
    pb_checks checks(
        .clock(clock),
        .any_extract(checks$any_extract),
        .any_tap(checks$any_tap),
        .window_ok(checks$window_ok),
        .entropy_usable(checks$entropy_usable),
        .entropy_committed(checks$entropy_committed),
        .entropy_slot_bytes(checks$entropy_slot_bytes),
        .raw_usable(checks$raw_usable),
        .n(checks$n),
        .m(checks$m),
        .claimed_h(checks$claimed_h),
        .seeded(checks$seeded),
        .selftest_ok(checks$selftest_ok),
        .problems(checks$problems)
    );
    pb_errors errors(
        .clock(clock),
        .reset(errors$reset),
        .unknown(errors$unknown),
        .refused(errors$refused),
        .command_refused(errors$command_refused),
        .bus_error(errors$bus_error),
        .ring_stall(errors$ring_stall),
        .dropped(errors$dropped),
        .lost_entropy(errors$lost_entropy),
        .lost_raw(errors$lost_raw),
        .unknown_count(errors$unknown_count),
        .refused_count(errors$refused_count),
        .bus_count(errors$bus_count),
        .stall_count(errors$stall_count),
        .dropped_count(errors$dropped_count)
    );
    pb_readout readout(
        .clock(clock),
        .csr_block(readout$csr_block),
        .csr_register(readout$csr_register),
        .front_end(readout$front_end),
        .build_hash(readout$build_hash),
        .generation(readout$generation),
        .status(readout$status),
        .scratch(readout$scratch),
        .snapshots(readout$snapshots),
        .cycles(readout$cycles),
        .start_error(readout$start_error),
        .unknown(readout$unknown),
        .refused(readout$refused),
        .bus(readout$bus),
        .stalls(readout$stalls),
        .dropped(readout$dropped),
        .passed(readout$passed),
        .csr_read(readout$csr_read)
    );
    pb_dff_32 generation_r(
        .d(generation_r$d),
        .q(generation_r$q),
        .clock(clock)
    );
    pb_dff_32 scratch(
        .d(scratch$d),
        .q(scratch$q),
        .clock(clock)
    );
    pb_dff_32 snapshots(
        .d(snapshots$d),
        .q(snapshots$q),
        .clock(clock)
    );
    pb_dff_1 snapshot_r(
        .d(snapshot_r$d),
        .q(snapshot_r$q),
        .clock(clock)
    );
    pb_dff_64 cycle_r(
        .d(cycle_r$d),
        .q(cycle_r$q),
        .clock(clock)
    );
    pb_dff_64 kept(
        .d(kept$d),
        .q(kept$q),
        .clock(clock)
    );
    pb_dff_1 tested(
        .d(tested$d),
        .q(tested$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        generation_r$d = generation_r$q;
        scratch$d = scratch$q;
        snapshots$d = snapshots$q;
        snapshot_r$d = snapshot_r$q;
        cycle_r$d = cycle_r$q;
        kept$d = kept$q;
        tested$d = tested$q;
        write = csr_write & (csr_block == global_block);
        sequencer$reset = reset;
        sequencer$request = commands$soft_reset;
        sequencer$dma_quiet = dma_quiet;
        sequencer$swept = swept;
        sequencer$selftest_busy = selftest_busy;
        core_reset = sequencer$core_reset;
        dma_abort = sequencer$dma_abort;
        dma_reset = sequencer$dma_reset;
        hold = sequencer$hold;
        selftest_start = sequencer$selftest_start | commands$selftest_start;
        commands$reset = reset;
        commands$core_reset = sequencer$core_reset;
        commands$strobe = write & (csr_register == at_control);
        commands$value = csr_data[(32'h0)+:(4)];
        commands$problems = checks$problems;
        commands$occupied = sequencer$busy | selftest_busy;
        commands$route_idle = route_idle;
        commands$rings_idle = rings_idle;
        commands$axi_idle = axi_idle;
        start = commands$start;
        stop = commands$stop;
        running = commands$running;
        drain = commands$drain;
        flush = commands$flush;
        became_idle = commands$became_idle;
        idle = commands$idle;
        tested$d = selftest_passed == tests;
        checks$any_extract = any_extract;
        checks$any_tap = any_tap;
        checks$window_ok = window_ok;
        checks$entropy_usable = entropy_usable;
        checks$entropy_committed = entropy_committed;
        checks$entropy_slot_bytes = entropy_slot_bytes;
        checks$raw_usable = raw_usable;
        checks$n = n;
        checks$m = m;
        checks$claimed_h = claimed_h;
        checks$seeded = seeded;
        checks$selftest_ok = tested$q;
        errors$reset = sequencer$core_reset;
        errors$unknown = unknown;
        errors$refused = refused;
        errors$command_refused = commands$refused;
        errors$bus_error = bus_error;
        errors$ring_stall = ring_stall;
        errors$dropped = dropped;
        errors$lost_entropy = lost_entropy;
        errors$lost_raw = lost_raw;
        flags = 32'h0;
        if (commands$idle) begin
            flags = flags | 32'h1;
        end
        if (commands$running) begin
            flags = flags | 32'h2;
        end
        if (commands$drain) begin
            flags = flags | 32'h4;
        end
        if (any_alarm) begin
            flags = flags | 32'h8;
        end
        if (all_alarmed) begin
            flags = flags | 32'h10;
        end
        if (commands$start_refused) begin
            flags = flags | 32'h20;
        end
        if (tested$q) begin
            flags = flags | 32'h40;
        end
        if (ring_error) begin
            flags = flags | 32'h80;
        end
        if (test_pattern) begin
            flags = flags | 32'h100;
        end
        cycle = cycle_r$q;
        cycle_r$d = cycle_r$q + 32'h1;
        generation = generation_r$q;
        snapshot = snapshot_r$q;
        snapshot_r$d = write & (csr_register == at_snapshot);
        if (snapshot_r$q) begin
            snapshots$d = snapshots$q + 32'h1;
            kept$d = cycle_r$q;
        end
        if (write & (csr_register == at_scratch)) begin
            scratch$d = csr_data;
        end
        readout$csr_block = csr_block;
        readout$csr_register = csr_register;
        readout$front_end = front_end;
        readout$build_hash = build_hash;
        readout$generation = generation_r$q;
        readout$status = flags;
        readout$scratch = scratch$q;
        readout$snapshots = snapshots$q;
        readout$cycles = kept$q;
        readout$start_error = commands$start_error;
        readout$unknown = errors$unknown_count;
        readout$refused = errors$refused_count;
        readout$bus = errors$bus_count;
        readout$stalls = errors$stall_count;
        readout$dropped = errors$dropped_count;
        readout$passed = selftest_passed;
        csr_read = readout$csr_read;
        if (sequencer$core_reset) begin
            scratch$d = 32'h0;
            snapshots$d = 32'h0;
            snapshot_r$d = 1'b0;
            kept$d = 32'h0;
        end
        if (commands$soft_reset) begin
            generation_r$d = generation_r$q + 32'h1;
        end
        if (reset) begin
            generation_r$d = 32'h1;
            cycle_r$d = 32'h0;
        end
    end
endmodule // pb_control

module pb_counters(clock,reset,csr_block,csr_instance,csr_register,csr_read,inc_bits,inc_ones,inc_coincidences,inc_ignored_low,inc_ignored_high,inc_edges_a,inc_edges_b,inc_discarded_low,inc_discarded_high,bulk_lane,bulk_count,bulk_valid,snapshot,busy,preload_valid,preload_address,preload_data);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire [2:0] csr_block;
    input wire [5:0] csr_instance;
    input wire [6:0] csr_register;
    output reg [31:0] csr_read;
    input wire [3:0] inc_bits;
    input wire [3:0] inc_ones;
    input wire [3:0] inc_coincidences;
    input wire [3:0] inc_ignored_low;
    input wire [3:0] inc_ignored_high;
    input wire [3:0] inc_edges_a;
    input wire [3:0] inc_edges_b;
    input wire [3:0] inc_discarded_low;
    input wire [3:0] inc_discarded_high;
    input wire [5:0] bulk_lane;
    input wire [13:0] bulk_count;
    input wire bulk_valid;
    input wire snapshot;
    output reg busy;
    input wire preload_valid;
    input wire [4:0] preload_address;
    input wire [63:0] preload_data;
    // Constant declarations
    localparam lane_block = 3'b10;
    localparam first = 7'b10000;
    localparam last = 7'b11101;
    // Stub signals
    reg counts$reset;
    reg [3:0] counts$bits;
    reg [3:0] counts$ones;
    reg [3:0] counts$coincidences;
    reg [3:0] counts$ignored_low;
    reg [3:0] counts$ignored_high;
    reg [3:0] counts$edges_a;
    reg [3:0] counts$edges_b;
    reg [3:0] counts$discarded_low;
    reg [3:0] counts$discarded_high;
    reg [13:0] counts$bulk_count;
    reg [5:0] counts$bulk_lane;
    reg counts$bulk_valid;
    reg counts$snapshot;
    reg [3:0] counts$lane;
    reg [2:0] counts$index;
    wire [15:0] counts$count;
    wire [15:0] counts$count_bulk;
    wire [15:0] counts$kept;
    wire [15:0] counts$kept_bulk;
    wire counts$fresh;
    reg [4:0] totals$read_address;
    wire [63:0] totals$read_data;
    reg [4:0] totals$write_address;
    reg [63:0] totals$write_data;
    reg totals$write_enable;
    reg [4:0] kept$read_address;
    wire [63:0] kept$read_data;
    reg [4:0] kept$write_address;
    reg [63:0] kept$write_data;
    reg kept$write_enable;
    reg [3:0] lane$d;
    wire [3:0] lane$q;
    reg [2:0] index$d;
    wire [2:0] index$q;
    reg [4:0] place$d;
    wire [4:0] place$q;
    reg [4:0] place1$d;
    wire [4:0] place1$q;
    reg [4:0] place2$d;
    wire [4:0] place2$q;
    reg [4:0] place3$d;
    wire [4:0] place3$q;
    reg [4:0] left$d;
    wire [4:0] left$q;
    reg [3:0] tail$d;
    wire [3:0] tail$q;
    reg clearing$d;
    wire clearing$q;
    reg busy_r$d;
    wire busy_r$q;
    reg [15:0] count2$d;
    wire [15:0] count2$q;
    reg [15:0] kept2$d;
    wire [15:0] kept2$q;
    reg fresh2$d;
    wire fresh2$q;
    reg [63:0] total2$d;
    wire [63:0] total2$q;
    reg [63:0] sum3$d;
    wire [63:0] sum3$q;
    reg [63:0] kept3$d;
    wire [63:0] kept3$q;
    reg fresh3$d;
    wire fresh3$q;
    reg mine$d;
    wire mine$q;
    reg high$d;
    wire high$q;
    reg [31:0] read$d;
    wire [31:0] read$q;
    // Local signals
    reg [4:0] all;
    reg [15:0] wanted;
    reg [63:0] word;
    // Sub module instances
    pb_counts counts(
        .clock(clock),
        .reset(counts$reset),
        .bits(counts$bits),
        .ones(counts$ones),
        .coincidences(counts$coincidences),
        .ignored_low(counts$ignored_low),
        .ignored_high(counts$ignored_high),
        .edges_a(counts$edges_a),
        .edges_b(counts$edges_b),
        .discarded_low(counts$discarded_low),
        .discarded_high(counts$discarded_high),
        .bulk_count(counts$bulk_count),
        .bulk_lane(counts$bulk_lane),
        .bulk_valid(counts$bulk_valid),
        .snapshot(counts$snapshot),
        .lane(counts$lane),
        .index(counts$index),
        .count(counts$count),
        .count_bulk(counts$count_bulk),
        .kept(counts$kept),
        .kept_bulk(counts$kept_bulk),
        .fresh(counts$fresh)
    );
    pb_kept totals(
        .read_address(totals$read_address),
        .read_clock(clock),
        .read_data(totals$read_data),
        .write_address(totals$write_address),
        .write_clock(clock),
        .write_data(totals$write_data),
        .write_enable(totals$write_enable)
    );
    pb_kept kept(
        .read_address(kept$read_address),
        .read_clock(clock),
        .read_data(kept$read_data),
        .write_address(kept$write_address),
        .write_clock(clock),
        .write_data(kept$write_data),
        .write_enable(kept$write_enable)
    );
    pb_dff_4 lane(
        .d(lane$d),
        .q(lane$q),
        .clock(clock)
    );
    pb_dff_3 index(
        .d(index$d),
        .q(index$q),
        .clock(clock)
    );
    pb_dff_5 place(
        .d(place$d),
        .q(place$q),
        .clock(clock)
    );
    pb_dff_5 place1(
        .d(place1$d),
        .q(place1$q),
        .clock(clock)
    );
    pb_dff_5 place2(
        .d(place2$d),
        .q(place2$q),
        .clock(clock)
    );
    pb_dff_5 place3(
        .d(place3$d),
        .q(place3$q),
        .clock(clock)
    );
    pb_dff_5 left(
        .d(left$d),
        .q(left$q),
        .clock(clock)
    );
    pb_dff_4 tail(
        .d(tail$d),
        .q(tail$q),
        .clock(clock)
    );
    pb_dff_1 clearing(
        .d(clearing$d),
        .q(clearing$q),
        .clock(clock)
    );
    pb_dff_1 busy_r(
        .d(busy_r$d),
        .q(busy_r$q),
        .clock(clock)
    );
    pb_dff_16 count2(
        .d(count2$d),
        .q(count2$q),
        .clock(clock)
    );
    pb_dff_16 kept2(
        .d(kept2$d),
        .q(kept2$q),
        .clock(clock)
    );
    pb_dff_1 fresh2(
        .d(fresh2$d),
        .q(fresh2$q),
        .clock(clock)
    );
    pb_dff_64 total2(
        .d(total2$d),
        .q(total2$q),
        .clock(clock)
    );
    pb_dff_64 sum3(
        .d(sum3$d),
        .q(sum3$q),
        .clock(clock)
    );
    pb_dff_64 kept3(
        .d(kept3$d),
        .q(kept3$q),
        .clock(clock)
    );
    pb_dff_1 fresh3(
        .d(fresh3$d),
        .q(fresh3$q),
        .clock(clock)
    );
    pb_dff_1 mine(
        .d(mine$d),
        .q(mine$q),
        .clock(clock)
    );
    pb_dff_1 high(
        .d(high$d),
        .q(high$q),
        .clock(clock)
    );
    pb_dff_32 read(
        .d(read$d),
        .q(read$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        lane$d = lane$q;
        index$d = index$q;
        place$d = place$q;
        place1$d = place1$q;
        place2$d = place2$q;
        place3$d = place3$q;
        left$d = left$q;
        tail$d = tail$q;
        clearing$d = clearing$q;
        busy_r$d = busy_r$q;
        count2$d = count2$q;
        kept2$d = kept2$q;
        fresh2$d = fresh2$q;
        total2$d = total2$q;
        sum3$d = sum3$q;
        kept3$d = kept3$q;
        fresh3$d = fresh3$q;
        mine$d = mine$q;
        high$d = high$q;
        read$d = read$q;
        busy = busy_r$q;
        csr_read = read$q;
        place$d = place$q + 32'h1;
        index$d = index$q + 32'h1;
        if (index$q == 32'h7) begin
            lane$d = lane$q << 32'h1;
        end
        all = 32'h0;
        all = ~all;
        if (place$q == all) begin
            lane$d = 32'h1;
        end
        place1$d = place$q;
        place2$d = place1$q;
        place3$d = place2$q;
        counts$reset = reset;
        counts$bits = inc_bits;
        counts$ones = inc_ones;
        counts$coincidences = inc_coincidences;
        counts$ignored_low = inc_ignored_low;
        counts$ignored_high = inc_ignored_high;
        counts$edges_a = inc_edges_a;
        counts$edges_b = inc_edges_b;
        counts$discarded_low = inc_discarded_low;
        counts$discarded_high = inc_discarded_high;
        counts$bulk_count = bulk_count;
        counts$bulk_lane = bulk_lane;
        counts$bulk_valid = bulk_valid;
        counts$snapshot = snapshot;
        counts$lane = lane$q;
        counts$index = index$q;
        totals$read_address = place$q;
        count2$d = counts$count + counts$count_bulk;
        kept2$d = counts$kept + counts$kept_bulk;
        fresh2$d = counts$fresh;
        total2$d = totals$read_data;
        sum3$d = total2$q + ((count2$q) & 64'hffffffffffffffff);
        kept3$d = total2$q + ((kept2$q) & 64'hffffffffffffffff);
        fresh3$d = fresh2$q;
        totals$write_address = place3$q;
        totals$write_enable = 1'b1;
        totals$write_data = sum3$q;
        kept$write_address = place3$q;
        kept$write_enable = fresh3$q | clearing$q;
        kept$write_data = kept3$q;
        if (clearing$q) begin
            totals$write_data = 32'h0;
            kept$write_data = 32'h0;
        end
        if (preload_valid) begin
            totals$write_address = preload_address;
            totals$write_data = preload_data;
        end
        if (left$q != 32'h0) begin
            left$d = left$q - 32'h1;
        end
        else if (tail$q != 32'h0) begin
            tail$d = tail$q - 32'h1;
        end
        else begin
            busy_r$d = 1'b0;
            clearing$d = 1'b0;
        end
        if (snapshot) begin
            left$d = all;
            tail$d = 32'h7;
            busy_r$d = 1'b1;
        end
        wanted = (((csr_instance) & 16'hffff) << 32'h3) | ((csr_register[(32'h1)+:(3)]) & 16'hffff);
        kept$read_address = wanted[(32'h0)+:(5)];
        mine$d = (csr_block == lane_block) & (csr_register >= first) & (csr_register <= last);
        high$d = csr_register[32'h0];
        word = kept$read_data;
        read$d = 32'h0;
        if (mine$q) begin
            read$d = word[(32'h0)+:(32)];
            if (high$q) begin
                read$d = word[(32'h20)+:(32)];
            end
        end
        if (reset) begin
            lane$d = 32'h1;
            index$d = 32'h0;
            place$d = 32'h0;
            left$d = all;
            tail$d = 32'h7;
            clearing$d = 1'b1;
            busy_r$d = 1'b1;
            count2$d = 32'h0;
            kept2$d = 32'h0;
            fresh2$d = 1'b0;
            fresh3$d = 1'b0;
            mine$d = 1'b0;
            high$d = 1'b0;
            read$d = 32'h0;
        end
    end
endmodule // pb_counters

module pb_counts(clock,reset,bits,ones,coincidences,ignored_low,ignored_high,edges_a,edges_b,discarded_low,discarded_high,bulk_count,bulk_lane,bulk_valid,snapshot,lane,index,count,count_bulk,kept,kept_bulk,fresh);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire [3:0] bits;
    input wire [3:0] ones;
    input wire [3:0] coincidences;
    input wire [3:0] ignored_low;
    input wire [3:0] ignored_high;
    input wire [3:0] edges_a;
    input wire [3:0] edges_b;
    input wire [3:0] discarded_low;
    input wire [3:0] discarded_high;
    input wire [13:0] bulk_count;
    input wire [5:0] bulk_lane;
    input wire bulk_valid;
    input wire snapshot;
    input wire [3:0] lane;
    input wire [2:0] index;
    output reg [15:0] count;
    output reg [15:0] count_bulk;
    output reg [15:0] kept;
    output reg [15:0] kept_bulk;
    output reg fresh;
    // Update code (custom)
    wire take_bits = index == 3'd0;
    wire [3:0] stay_bits = ~(lane & {4{take_bits}});
    wire [3:0] bits_carry0 = bits;
    reg [3:0] bits0, bits0_kept;
    wire [3:0] bits0_next = (bits0 & stay_bits) ^ bits_carry0;
    wire [3:0] bits_carry1 = (bits0 & stay_bits) & bits_carry0;
    reg [3:0] bits1, bits1_kept;
    wire [3:0] bits1_next = (bits1 & stay_bits) ^ bits_carry1;
    wire [3:0] bits_carry2 = (bits1 & stay_bits) & bits_carry1;
    reg [3:0] bits2, bits2_kept;
    wire [3:0] bits2_next = (bits2 & stay_bits) ^ bits_carry2;
    wire [3:0] bits_carry3 = (bits2 & stay_bits) & bits_carry2;
    reg [3:0] bits3, bits3_kept;
    wire [3:0] bits3_next = (bits3 & stay_bits) ^ bits_carry3;
    wire [3:0] bits_carry4 = (bits3 & stay_bits) & bits_carry3;
    reg [3:0] bits4, bits4_kept;
    wire [3:0] bits4_next = (bits4 & stay_bits) ^ bits_carry4;
    wire [3:0] bits_carry5 = (bits4 & stay_bits) & bits_carry4;
    reg [3:0] bits5, bits5_kept;
    wire [3:0] bits5_next = (bits5 & stay_bits) ^ bits_carry5;
    wire [3:0] bits_carry6 = (bits5 & stay_bits) & bits_carry5;
    wire take_ones = index == 3'd1;
    wire [3:0] stay_ones = ~(lane & {4{take_ones}});
    wire [3:0] ones_carry0 = ones;
    reg [3:0] ones0, ones0_kept;
    wire [3:0] ones0_next = (ones0 & stay_ones) ^ ones_carry0;
    wire [3:0] ones_carry1 = (ones0 & stay_ones) & ones_carry0;
    reg [3:0] ones1, ones1_kept;
    wire [3:0] ones1_next = (ones1 & stay_ones) ^ ones_carry1;
    wire [3:0] ones_carry2 = (ones1 & stay_ones) & ones_carry1;
    reg [3:0] ones2, ones2_kept;
    wire [3:0] ones2_next = (ones2 & stay_ones) ^ ones_carry2;
    wire [3:0] ones_carry3 = (ones2 & stay_ones) & ones_carry2;
    reg [3:0] ones3, ones3_kept;
    wire [3:0] ones3_next = (ones3 & stay_ones) ^ ones_carry3;
    wire [3:0] ones_carry4 = (ones3 & stay_ones) & ones_carry3;
    reg [3:0] ones4, ones4_kept;
    wire [3:0] ones4_next = (ones4 & stay_ones) ^ ones_carry4;
    wire [3:0] ones_carry5 = (ones4 & stay_ones) & ones_carry4;
    reg [3:0] ones5, ones5_kept;
    wire [3:0] ones5_next = (ones5 & stay_ones) ^ ones_carry5;
    wire [3:0] ones_carry6 = (ones5 & stay_ones) & ones_carry5;
    wire take_coincidences = index == 3'd2;
    wire [3:0] stay_coincidences = ~(lane & {4{take_coincidences}});
    wire [3:0] coincidences_carry0 = coincidences;
    reg [3:0] coincidences0, coincidences0_kept;
    wire [3:0] coincidences0_next = (coincidences0 & stay_coincidences) ^ coincidences_carry0;
    wire [3:0] coincidences_carry1 = (coincidences0 & stay_coincidences) & coincidences_carry0;
    reg [3:0] coincidences1, coincidences1_kept;
    wire [3:0] coincidences1_next = (coincidences1 & stay_coincidences) ^ coincidences_carry1;
    wire [3:0] coincidences_carry2 = (coincidences1 & stay_coincidences) & coincidences_carry1;
    reg [3:0] coincidences2, coincidences2_kept;
    wire [3:0] coincidences2_next = (coincidences2 & stay_coincidences) ^ coincidences_carry2;
    wire [3:0] coincidences_carry3 = (coincidences2 & stay_coincidences) & coincidences_carry2;
    reg [3:0] coincidences3, coincidences3_kept;
    wire [3:0] coincidences3_next = (coincidences3 & stay_coincidences) ^ coincidences_carry3;
    wire [3:0] coincidences_carry4 = (coincidences3 & stay_coincidences) & coincidences_carry3;
    reg [3:0] coincidences4, coincidences4_kept;
    wire [3:0] coincidences4_next = (coincidences4 & stay_coincidences) ^ coincidences_carry4;
    wire [3:0] coincidences_carry5 = (coincidences4 & stay_coincidences) & coincidences_carry4;
    reg [3:0] coincidences5, coincidences5_kept;
    wire [3:0] coincidences5_next = (coincidences5 & stay_coincidences) ^ coincidences_carry5;
    wire [3:0] coincidences_carry6 = (coincidences5 & stay_coincidences) & coincidences_carry5;
    wire take_ignored = index == 3'd3;
    wire [3:0] stay_ignored = ~(lane & {4{take_ignored}});
    wire [3:0] ignored_carry0 = ignored_low;
    reg [3:0] ignored0, ignored0_kept;
    wire [3:0] ignored0_next = (ignored0 & stay_ignored) ^ ignored_carry0;
    wire [3:0] ignored_carry1 = (ignored0 & stay_ignored) & ignored_carry0;
    reg [3:0] ignored1, ignored1_kept;
    wire [3:0] ignored1_next = (ignored1 & stay_ignored) ^ ignored_carry1 ^ ignored_high;
    wire [3:0] ignored_carry2 = ((ignored1 & stay_ignored) & (ignored_carry1 | ignored_high)) | (ignored_carry1 & ignored_high);
    reg [3:0] ignored2, ignored2_kept;
    wire [3:0] ignored2_next = (ignored2 & stay_ignored) ^ ignored_carry2;
    wire [3:0] ignored_carry3 = (ignored2 & stay_ignored) & ignored_carry2;
    reg [3:0] ignored3, ignored3_kept;
    wire [3:0] ignored3_next = (ignored3 & stay_ignored) ^ ignored_carry3;
    wire [3:0] ignored_carry4 = (ignored3 & stay_ignored) & ignored_carry3;
    reg [3:0] ignored4, ignored4_kept;
    wire [3:0] ignored4_next = (ignored4 & stay_ignored) ^ ignored_carry4;
    wire [3:0] ignored_carry5 = (ignored4 & stay_ignored) & ignored_carry4;
    reg [3:0] ignored5, ignored5_kept;
    wire [3:0] ignored5_next = (ignored5 & stay_ignored) ^ ignored_carry5;
    wire [3:0] ignored_carry6 = (ignored5 & stay_ignored) & ignored_carry5;
    reg [3:0] ignored6, ignored6_kept;
    wire [3:0] ignored6_next = (ignored6 & stay_ignored) ^ ignored_carry6;
    wire [3:0] ignored_carry7 = (ignored6 & stay_ignored) & ignored_carry6;
    wire take_edges_a = index == 3'd4;
    wire [3:0] stay_edges_a = ~(lane & {4{take_edges_a}});
    wire [3:0] edges_a_carry0 = edges_a;
    reg [3:0] edges_a0, edges_a0_kept;
    wire [3:0] edges_a0_next = (edges_a0 & stay_edges_a) ^ edges_a_carry0;
    wire [3:0] edges_a_carry1 = (edges_a0 & stay_edges_a) & edges_a_carry0;
    reg [3:0] edges_a1, edges_a1_kept;
    wire [3:0] edges_a1_next = (edges_a1 & stay_edges_a) ^ edges_a_carry1;
    wire [3:0] edges_a_carry2 = (edges_a1 & stay_edges_a) & edges_a_carry1;
    reg [3:0] edges_a2, edges_a2_kept;
    wire [3:0] edges_a2_next = (edges_a2 & stay_edges_a) ^ edges_a_carry2;
    wire [3:0] edges_a_carry3 = (edges_a2 & stay_edges_a) & edges_a_carry2;
    reg [3:0] edges_a3, edges_a3_kept;
    wire [3:0] edges_a3_next = (edges_a3 & stay_edges_a) ^ edges_a_carry3;
    wire [3:0] edges_a_carry4 = (edges_a3 & stay_edges_a) & edges_a_carry3;
    reg [3:0] edges_a4, edges_a4_kept;
    wire [3:0] edges_a4_next = (edges_a4 & stay_edges_a) ^ edges_a_carry4;
    wire [3:0] edges_a_carry5 = (edges_a4 & stay_edges_a) & edges_a_carry4;
    reg [3:0] edges_a5, edges_a5_kept;
    wire [3:0] edges_a5_next = (edges_a5 & stay_edges_a) ^ edges_a_carry5;
    wire [3:0] edges_a_carry6 = (edges_a5 & stay_edges_a) & edges_a_carry5;
    wire take_edges_b = index == 3'd5;
    wire [3:0] stay_edges_b = ~(lane & {4{take_edges_b}});
    wire [3:0] edges_b_carry0 = edges_b;
    reg [3:0] edges_b0, edges_b0_kept;
    wire [3:0] edges_b0_next = (edges_b0 & stay_edges_b) ^ edges_b_carry0;
    wire [3:0] edges_b_carry1 = (edges_b0 & stay_edges_b) & edges_b_carry0;
    reg [3:0] edges_b1, edges_b1_kept;
    wire [3:0] edges_b1_next = (edges_b1 & stay_edges_b) ^ edges_b_carry1;
    wire [3:0] edges_b_carry2 = (edges_b1 & stay_edges_b) & edges_b_carry1;
    reg [3:0] edges_b2, edges_b2_kept;
    wire [3:0] edges_b2_next = (edges_b2 & stay_edges_b) ^ edges_b_carry2;
    wire [3:0] edges_b_carry3 = (edges_b2 & stay_edges_b) & edges_b_carry2;
    reg [3:0] edges_b3, edges_b3_kept;
    wire [3:0] edges_b3_next = (edges_b3 & stay_edges_b) ^ edges_b_carry3;
    wire [3:0] edges_b_carry4 = (edges_b3 & stay_edges_b) & edges_b_carry3;
    reg [3:0] edges_b4, edges_b4_kept;
    wire [3:0] edges_b4_next = (edges_b4 & stay_edges_b) ^ edges_b_carry4;
    wire [3:0] edges_b_carry5 = (edges_b4 & stay_edges_b) & edges_b_carry4;
    reg [3:0] edges_b5, edges_b5_kept;
    wire [3:0] edges_b5_next = (edges_b5 & stay_edges_b) ^ edges_b_carry5;
    wire [3:0] edges_b_carry6 = (edges_b5 & stay_edges_b) & edges_b_carry5;
    wire take_discarded = index == 3'd6;
    wire [3:0] stay_discarded = ~(lane & {4{take_discarded}});
    wire [3:0] discarded_carry0 = discarded_low;
    reg [3:0] discarded0, discarded0_kept;
    wire [3:0] discarded0_next = (discarded0 & stay_discarded) ^ discarded_carry0;
    wire [3:0] discarded_carry1 = (discarded0 & stay_discarded) & discarded_carry0;
    reg [3:0] discarded1, discarded1_kept;
    wire [3:0] discarded1_next = (discarded1 & stay_discarded) ^ discarded_carry1 ^ discarded_high;
    wire [3:0] discarded_carry2 = ((discarded1 & stay_discarded) & (discarded_carry1 | discarded_high)) | (discarded_carry1 & discarded_high);
    reg [3:0] discarded2, discarded2_kept;
    wire [3:0] discarded2_next = (discarded2 & stay_discarded) ^ discarded_carry2;
    wire [3:0] discarded_carry3 = (discarded2 & stay_discarded) & discarded_carry2;
    reg [3:0] discarded3, discarded3_kept;
    wire [3:0] discarded3_next = (discarded3 & stay_discarded) ^ discarded_carry3;
    wire [3:0] discarded_carry4 = (discarded3 & stay_discarded) & discarded_carry3;
    reg [3:0] discarded4, discarded4_kept;
    wire [3:0] discarded4_next = (discarded4 & stay_discarded) ^ discarded_carry4;
    wire [3:0] discarded_carry5 = (discarded4 & stay_discarded) & discarded_carry4;
    reg [3:0] discarded5, discarded5_kept;
    wire [3:0] discarded5_next = (discarded5 & stay_discarded) ^ discarded_carry5;
    wire [3:0] discarded_carry6 = (discarded5 & stay_discarded) & discarded_carry5;
    reg [3:0] discarded6, discarded6_kept;
    wire [3:0] discarded6_next = (discarded6 & stay_discarded) ^ discarded_carry6;
    wire [3:0] discarded_carry7 = (discarded6 & stay_discarded) & discarded_carry6;
    reg [3:0] bulk0, bulk0_kept;
    reg [3:0] bulk1, bulk1_kept;
    reg [3:0] bulk2, bulk2_kept;
    reg [3:0] bulk3, bulk3_kept;
    reg [3:0] bulk4, bulk4_kept;
    reg [3:0] bulk5, bulk5_kept;
    reg [3:0] bulk6, bulk6_kept;
    reg [3:0] bulk7, bulk7_kept;
    reg [3:0] bulk8, bulk8_kept;
    reg [3:0] bulk9, bulk9_kept;
    reg [3:0] bulk10, bulk10_kept;
    reg [3:0] bulk11, bulk11_kept;
    reg [3:0] bulk12, bulk12_kept;
    reg [3:0] bulk13, bulk13_kept;
    reg [3:0] bulk14, bulk14_kept;
    reg [3:0] bulk15, bulk15_kept;
    wire [3:0] bulk_one = {3'd0, bulk_valid} << bulk_lane;
    wire [15:0] bulk_sum = {|(bulk15 & stay_discarded & bulk_one), |(bulk14 & stay_discarded & bulk_one), |(bulk13 & stay_discarded & bulk_one), |(bulk12 & stay_discarded & bulk_one), |(bulk11 & stay_discarded & bulk_one), |(bulk10 & stay_discarded & bulk_one), |(bulk9 & stay_discarded & bulk_one), |(bulk8 & stay_discarded & bulk_one), |(bulk7 & stay_discarded & bulk_one), |(bulk6 & stay_discarded & bulk_one), |(bulk5 & stay_discarded & bulk_one), |(bulk4 & stay_discarded & bulk_one), |(bulk3 & stay_discarded & bulk_one), |(bulk2 & stay_discarded & bulk_one), |(bulk1 & stay_discarded & bulk_one), |(bulk0 & stay_discarded & bulk_one)} + {2'd0, bulk_count};
    wire [3:0] bulk0_next = (bulk0 & stay_discarded & ~bulk_one) | (bulk_one & {4{bulk_sum[0]}});
    wire [3:0] bulk1_next = (bulk1 & stay_discarded & ~bulk_one) | (bulk_one & {4{bulk_sum[1]}});
    wire [3:0] bulk2_next = (bulk2 & stay_discarded & ~bulk_one) | (bulk_one & {4{bulk_sum[2]}});
    wire [3:0] bulk3_next = (bulk3 & stay_discarded & ~bulk_one) | (bulk_one & {4{bulk_sum[3]}});
    wire [3:0] bulk4_next = (bulk4 & stay_discarded & ~bulk_one) | (bulk_one & {4{bulk_sum[4]}});
    wire [3:0] bulk5_next = (bulk5 & stay_discarded & ~bulk_one) | (bulk_one & {4{bulk_sum[5]}});
    wire [3:0] bulk6_next = (bulk6 & stay_discarded & ~bulk_one) | (bulk_one & {4{bulk_sum[6]}});
    wire [3:0] bulk7_next = (bulk7 & stay_discarded & ~bulk_one) | (bulk_one & {4{bulk_sum[7]}});
    wire [3:0] bulk8_next = (bulk8 & stay_discarded & ~bulk_one) | (bulk_one & {4{bulk_sum[8]}});
    wire [3:0] bulk9_next = (bulk9 & stay_discarded & ~bulk_one) | (bulk_one & {4{bulk_sum[9]}});
    wire [3:0] bulk10_next = (bulk10 & stay_discarded & ~bulk_one) | (bulk_one & {4{bulk_sum[10]}});
    wire [3:0] bulk11_next = (bulk11 & stay_discarded & ~bulk_one) | (bulk_one & {4{bulk_sum[11]}});
    wire [3:0] bulk12_next = (bulk12 & stay_discarded & ~bulk_one) | (bulk_one & {4{bulk_sum[12]}});
    wire [3:0] bulk13_next = (bulk13 & stay_discarded & ~bulk_one) | (bulk_one & {4{bulk_sum[13]}});
    wire [3:0] bulk14_next = (bulk14 & stay_discarded & ~bulk_one) | (bulk_one & {4{bulk_sum[14]}});
    wire [3:0] bulk15_next = (bulk15 & stay_discarded & ~bulk_one) | (bulk_one & {4{bulk_sum[15]}});
    reg [3:0] waiting_bits;
    reg [3:0] waiting_ones;
    reg [3:0] waiting_coincidences;
    reg [3:0] waiting_ignored;
    reg [3:0] waiting_edges_a;
    reg [3:0] waiting_edges_b;
    reg [3:0] waiting_discarded;
    initial begin
       bits0 = 0; bits0_kept = 0;
       bits1 = 0; bits1_kept = 0;
       bits2 = 0; bits2_kept = 0;
       bits3 = 0; bits3_kept = 0;
       bits4 = 0; bits4_kept = 0;
       bits5 = 0; bits5_kept = 0;
       ones0 = 0; ones0_kept = 0;
       ones1 = 0; ones1_kept = 0;
       ones2 = 0; ones2_kept = 0;
       ones3 = 0; ones3_kept = 0;
       ones4 = 0; ones4_kept = 0;
       ones5 = 0; ones5_kept = 0;
       coincidences0 = 0; coincidences0_kept = 0;
       coincidences1 = 0; coincidences1_kept = 0;
       coincidences2 = 0; coincidences2_kept = 0;
       coincidences3 = 0; coincidences3_kept = 0;
       coincidences4 = 0; coincidences4_kept = 0;
       coincidences5 = 0; coincidences5_kept = 0;
       ignored0 = 0; ignored0_kept = 0;
       ignored1 = 0; ignored1_kept = 0;
       ignored2 = 0; ignored2_kept = 0;
       ignored3 = 0; ignored3_kept = 0;
       ignored4 = 0; ignored4_kept = 0;
       ignored5 = 0; ignored5_kept = 0;
       ignored6 = 0; ignored6_kept = 0;
       edges_a0 = 0; edges_a0_kept = 0;
       edges_a1 = 0; edges_a1_kept = 0;
       edges_a2 = 0; edges_a2_kept = 0;
       edges_a3 = 0; edges_a3_kept = 0;
       edges_a4 = 0; edges_a4_kept = 0;
       edges_a5 = 0; edges_a5_kept = 0;
       edges_b0 = 0; edges_b0_kept = 0;
       edges_b1 = 0; edges_b1_kept = 0;
       edges_b2 = 0; edges_b2_kept = 0;
       edges_b3 = 0; edges_b3_kept = 0;
       edges_b4 = 0; edges_b4_kept = 0;
       edges_b5 = 0; edges_b5_kept = 0;
       discarded0 = 0; discarded0_kept = 0;
       discarded1 = 0; discarded1_kept = 0;
       discarded2 = 0; discarded2_kept = 0;
       discarded3 = 0; discarded3_kept = 0;
       discarded4 = 0; discarded4_kept = 0;
       discarded5 = 0; discarded5_kept = 0;
       discarded6 = 0; discarded6_kept = 0;
       bulk0 = 0; bulk0_kept = 0;
       bulk1 = 0; bulk1_kept = 0;
       bulk2 = 0; bulk2_kept = 0;
       bulk3 = 0; bulk3_kept = 0;
       bulk4 = 0; bulk4_kept = 0;
       bulk5 = 0; bulk5_kept = 0;
       bulk6 = 0; bulk6_kept = 0;
       bulk7 = 0; bulk7_kept = 0;
       bulk8 = 0; bulk8_kept = 0;
       bulk9 = 0; bulk9_kept = 0;
       bulk10 = 0; bulk10_kept = 0;
       bulk11 = 0; bulk11_kept = 0;
       bulk12 = 0; bulk12_kept = 0;
       bulk13 = 0; bulk13_kept = 0;
       bulk14 = 0; bulk14_kept = 0;
       bulk15 = 0; bulk15_kept = 0;
       waiting_bits = 0;
       waiting_ones = 0;
       waiting_coincidences = 0;
       waiting_ignored = 0;
       waiting_edges_a = 0;
       waiting_edges_b = 0;
       waiting_discarded = 0;
       count = 0;
       count_bulk = 0;
       kept = 0;
       kept_bulk = 0;
       fresh = 0;
    end
    always @(posedge clock) begin
       count <= 0;
       kept <= 0;
       if (reset) begin
          bits0 <= 0; bits0_kept <= 0;
          bits1 <= 0; bits1_kept <= 0;
          bits2 <= 0; bits2_kept <= 0;
          bits3 <= 0; bits3_kept <= 0;
          bits4 <= 0; bits4_kept <= 0;
          bits5 <= 0; bits5_kept <= 0;
          ones0 <= 0; ones0_kept <= 0;
          ones1 <= 0; ones1_kept <= 0;
          ones2 <= 0; ones2_kept <= 0;
          ones3 <= 0; ones3_kept <= 0;
          ones4 <= 0; ones4_kept <= 0;
          ones5 <= 0; ones5_kept <= 0;
          coincidences0 <= 0; coincidences0_kept <= 0;
          coincidences1 <= 0; coincidences1_kept <= 0;
          coincidences2 <= 0; coincidences2_kept <= 0;
          coincidences3 <= 0; coincidences3_kept <= 0;
          coincidences4 <= 0; coincidences4_kept <= 0;
          coincidences5 <= 0; coincidences5_kept <= 0;
          ignored0 <= 0; ignored0_kept <= 0;
          ignored1 <= 0; ignored1_kept <= 0;
          ignored2 <= 0; ignored2_kept <= 0;
          ignored3 <= 0; ignored3_kept <= 0;
          ignored4 <= 0; ignored4_kept <= 0;
          ignored5 <= 0; ignored5_kept <= 0;
          ignored6 <= 0; ignored6_kept <= 0;
          edges_a0 <= 0; edges_a0_kept <= 0;
          edges_a1 <= 0; edges_a1_kept <= 0;
          edges_a2 <= 0; edges_a2_kept <= 0;
          edges_a3 <= 0; edges_a3_kept <= 0;
          edges_a4 <= 0; edges_a4_kept <= 0;
          edges_a5 <= 0; edges_a5_kept <= 0;
          edges_b0 <= 0; edges_b0_kept <= 0;
          edges_b1 <= 0; edges_b1_kept <= 0;
          edges_b2 <= 0; edges_b2_kept <= 0;
          edges_b3 <= 0; edges_b3_kept <= 0;
          edges_b4 <= 0; edges_b4_kept <= 0;
          edges_b5 <= 0; edges_b5_kept <= 0;
          discarded0 <= 0; discarded0_kept <= 0;
          discarded1 <= 0; discarded1_kept <= 0;
          discarded2 <= 0; discarded2_kept <= 0;
          discarded3 <= 0; discarded3_kept <= 0;
          discarded4 <= 0; discarded4_kept <= 0;
          discarded5 <= 0; discarded5_kept <= 0;
          discarded6 <= 0; discarded6_kept <= 0;
          bulk0 <= 0; bulk0_kept <= 0;
          bulk1 <= 0; bulk1_kept <= 0;
          bulk2 <= 0; bulk2_kept <= 0;
          bulk3 <= 0; bulk3_kept <= 0;
          bulk4 <= 0; bulk4_kept <= 0;
          bulk5 <= 0; bulk5_kept <= 0;
          bulk6 <= 0; bulk6_kept <= 0;
          bulk7 <= 0; bulk7_kept <= 0;
          bulk8 <= 0; bulk8_kept <= 0;
          bulk9 <= 0; bulk9_kept <= 0;
          bulk10 <= 0; bulk10_kept <= 0;
          bulk11 <= 0; bulk11_kept <= 0;
          bulk12 <= 0; bulk12_kept <= 0;
          bulk13 <= 0; bulk13_kept <= 0;
          bulk14 <= 0; bulk14_kept <= 0;
          bulk15 <= 0; bulk15_kept <= 0;
          waiting_bits <= 0;
          waiting_ones <= 0;
          waiting_coincidences <= 0;
          waiting_ignored <= 0;
          waiting_edges_a <= 0;
          waiting_edges_b <= 0;
          waiting_discarded <= 0;
          count_bulk <= 0;
          kept_bulk <= 0;
          fresh <= 0;
       end else begin
          bits0 <= bits0_next;
          bits1 <= bits1_next;
          bits2 <= bits2_next;
          bits3 <= bits3_next;
          bits4 <= bits4_next;
          bits5 <= bits5_next;
          ones0 <= ones0_next;
          ones1 <= ones1_next;
          ones2 <= ones2_next;
          ones3 <= ones3_next;
          ones4 <= ones4_next;
          ones5 <= ones5_next;
          coincidences0 <= coincidences0_next;
          coincidences1 <= coincidences1_next;
          coincidences2 <= coincidences2_next;
          coincidences3 <= coincidences3_next;
          coincidences4 <= coincidences4_next;
          coincidences5 <= coincidences5_next;
          ignored0 <= ignored0_next;
          ignored1 <= ignored1_next;
          ignored2 <= ignored2_next;
          ignored3 <= ignored3_next;
          ignored4 <= ignored4_next;
          ignored5 <= ignored5_next;
          ignored6 <= ignored6_next;
          edges_a0 <= edges_a0_next;
          edges_a1 <= edges_a1_next;
          edges_a2 <= edges_a2_next;
          edges_a3 <= edges_a3_next;
          edges_a4 <= edges_a4_next;
          edges_a5 <= edges_a5_next;
          edges_b0 <= edges_b0_next;
          edges_b1 <= edges_b1_next;
          edges_b2 <= edges_b2_next;
          edges_b3 <= edges_b3_next;
          edges_b4 <= edges_b4_next;
          edges_b5 <= edges_b5_next;
          discarded0 <= discarded0_next;
          discarded1 <= discarded1_next;
          discarded2 <= discarded2_next;
          discarded3 <= discarded3_next;
          discarded4 <= discarded4_next;
          discarded5 <= discarded5_next;
          discarded6 <= discarded6_next;
          bulk0 <= bulk0_next;
          bulk1 <= bulk1_next;
          bulk2 <= bulk2_next;
          bulk3 <= bulk3_next;
          bulk4 <= bulk4_next;
          bulk5 <= bulk5_next;
          bulk6 <= bulk6_next;
          bulk7 <= bulk7_next;
          bulk8 <= bulk8_next;
          bulk9 <= bulk9_next;
          bulk10 <= bulk10_next;
          bulk11 <= bulk11_next;
          bulk12 <= bulk12_next;
          bulk13 <= bulk13_next;
          bulk14 <= bulk14_next;
          bulk15 <= bulk15_next;
          if (snapshot) begin
             bits0_kept <= bits0_next;
             bits1_kept <= bits1_next;
             bits2_kept <= bits2_next;
             bits3_kept <= bits3_next;
             bits4_kept <= bits4_next;
             bits5_kept <= bits5_next;
             ones0_kept <= ones0_next;
             ones1_kept <= ones1_next;
             ones2_kept <= ones2_next;
             ones3_kept <= ones3_next;
             ones4_kept <= ones4_next;
             ones5_kept <= ones5_next;
             coincidences0_kept <= coincidences0_next;
             coincidences1_kept <= coincidences1_next;
             coincidences2_kept <= coincidences2_next;
             coincidences3_kept <= coincidences3_next;
             coincidences4_kept <= coincidences4_next;
             coincidences5_kept <= coincidences5_next;
             ignored0_kept <= ignored0_next;
             ignored1_kept <= ignored1_next;
             ignored2_kept <= ignored2_next;
             ignored3_kept <= ignored3_next;
             ignored4_kept <= ignored4_next;
             ignored5_kept <= ignored5_next;
             ignored6_kept <= ignored6_next;
             edges_a0_kept <= edges_a0_next;
             edges_a1_kept <= edges_a1_next;
             edges_a2_kept <= edges_a2_next;
             edges_a3_kept <= edges_a3_next;
             edges_a4_kept <= edges_a4_next;
             edges_a5_kept <= edges_a5_next;
             edges_b0_kept <= edges_b0_next;
             edges_b1_kept <= edges_b1_next;
             edges_b2_kept <= edges_b2_next;
             edges_b3_kept <= edges_b3_next;
             edges_b4_kept <= edges_b4_next;
             edges_b5_kept <= edges_b5_next;
             discarded0_kept <= discarded0_next;
             discarded1_kept <= discarded1_next;
             discarded2_kept <= discarded2_next;
             discarded3_kept <= discarded3_next;
             discarded4_kept <= discarded4_next;
             discarded5_kept <= discarded5_next;
             discarded6_kept <= discarded6_next;
             bulk0_kept <= bulk0_next;
             bulk1_kept <= bulk1_next;
             bulk2_kept <= bulk2_next;
             bulk3_kept <= bulk3_next;
             bulk4_kept <= bulk4_next;
             bulk5_kept <= bulk5_next;
             bulk6_kept <= bulk6_next;
             bulk7_kept <= bulk7_next;
             bulk8_kept <= bulk8_next;
             bulk9_kept <= bulk9_next;
             bulk10_kept <= bulk10_next;
             bulk11_kept <= bulk11_next;
             bulk12_kept <= bulk12_next;
             bulk13_kept <= bulk13_next;
             bulk14_kept <= bulk14_next;
             bulk15_kept <= bulk15_next;
          end
          waiting_bits <= snapshot ? {4{1'b1}} : waiting_bits & stay_bits;
          waiting_ones <= snapshot ? {4{1'b1}} : waiting_ones & stay_ones;
          waiting_coincidences <= snapshot ? {4{1'b1}} : waiting_coincidences & stay_coincidences;
          waiting_ignored <= snapshot ? {4{1'b1}} : waiting_ignored & stay_ignored;
          waiting_edges_a <= snapshot ? {4{1'b1}} : waiting_edges_a & stay_edges_a;
          waiting_edges_b <= snapshot ? {4{1'b1}} : waiting_edges_b & stay_edges_b;
          waiting_discarded <= snapshot ? {4{1'b1}} : waiting_discarded & stay_discarded;
          fresh <= (take_bits & |(lane & waiting_bits)) | (take_ones & |(lane & waiting_ones)) | (take_coincidences & |(lane & waiting_coincidences)) | (take_ignored & |(lane & waiting_ignored)) | (take_edges_a & |(lane & waiting_edges_a)) | (take_edges_b & |(lane & waiting_edges_b)) | (take_discarded & |(lane & waiting_discarded));
          count[0] <= |(lane & ((bits0 & {4{take_bits}}) | (ones0 & {4{take_ones}}) | (coincidences0 & {4{take_coincidences}}) | (ignored0 & {4{take_ignored}}) | (edges_a0 & {4{take_edges_a}}) | (edges_b0 & {4{take_edges_b}}) | (discarded0 & {4{take_discarded}})));
          count[1] <= |(lane & ((bits1 & {4{take_bits}}) | (ones1 & {4{take_ones}}) | (coincidences1 & {4{take_coincidences}}) | (ignored1 & {4{take_ignored}}) | (edges_a1 & {4{take_edges_a}}) | (edges_b1 & {4{take_edges_b}}) | (discarded1 & {4{take_discarded}})));
          count[2] <= |(lane & ((bits2 & {4{take_bits}}) | (ones2 & {4{take_ones}}) | (coincidences2 & {4{take_coincidences}}) | (ignored2 & {4{take_ignored}}) | (edges_a2 & {4{take_edges_a}}) | (edges_b2 & {4{take_edges_b}}) | (discarded2 & {4{take_discarded}})));
          count[3] <= |(lane & ((bits3 & {4{take_bits}}) | (ones3 & {4{take_ones}}) | (coincidences3 & {4{take_coincidences}}) | (ignored3 & {4{take_ignored}}) | (edges_a3 & {4{take_edges_a}}) | (edges_b3 & {4{take_edges_b}}) | (discarded3 & {4{take_discarded}})));
          count[4] <= |(lane & ((bits4 & {4{take_bits}}) | (ones4 & {4{take_ones}}) | (coincidences4 & {4{take_coincidences}}) | (ignored4 & {4{take_ignored}}) | (edges_a4 & {4{take_edges_a}}) | (edges_b4 & {4{take_edges_b}}) | (discarded4 & {4{take_discarded}})));
          count[5] <= |(lane & ((bits5 & {4{take_bits}}) | (ones5 & {4{take_ones}}) | (coincidences5 & {4{take_coincidences}}) | (ignored5 & {4{take_ignored}}) | (edges_a5 & {4{take_edges_a}}) | (edges_b5 & {4{take_edges_b}}) | (discarded5 & {4{take_discarded}})));
          count[6] <= |(lane & ((ignored6 & {4{take_ignored}}) | (discarded6 & {4{take_discarded}})));
          kept[0] <= |(lane & ((bits0_kept & {4{take_bits}}) | (ones0_kept & {4{take_ones}}) | (coincidences0_kept & {4{take_coincidences}}) | (ignored0_kept & {4{take_ignored}}) | (edges_a0_kept & {4{take_edges_a}}) | (edges_b0_kept & {4{take_edges_b}}) | (discarded0_kept & {4{take_discarded}})));
          kept[1] <= |(lane & ((bits1_kept & {4{take_bits}}) | (ones1_kept & {4{take_ones}}) | (coincidences1_kept & {4{take_coincidences}}) | (ignored1_kept & {4{take_ignored}}) | (edges_a1_kept & {4{take_edges_a}}) | (edges_b1_kept & {4{take_edges_b}}) | (discarded1_kept & {4{take_discarded}})));
          kept[2] <= |(lane & ((bits2_kept & {4{take_bits}}) | (ones2_kept & {4{take_ones}}) | (coincidences2_kept & {4{take_coincidences}}) | (ignored2_kept & {4{take_ignored}}) | (edges_a2_kept & {4{take_edges_a}}) | (edges_b2_kept & {4{take_edges_b}}) | (discarded2_kept & {4{take_discarded}})));
          kept[3] <= |(lane & ((bits3_kept & {4{take_bits}}) | (ones3_kept & {4{take_ones}}) | (coincidences3_kept & {4{take_coincidences}}) | (ignored3_kept & {4{take_ignored}}) | (edges_a3_kept & {4{take_edges_a}}) | (edges_b3_kept & {4{take_edges_b}}) | (discarded3_kept & {4{take_discarded}})));
          kept[4] <= |(lane & ((bits4_kept & {4{take_bits}}) | (ones4_kept & {4{take_ones}}) | (coincidences4_kept & {4{take_coincidences}}) | (ignored4_kept & {4{take_ignored}}) | (edges_a4_kept & {4{take_edges_a}}) | (edges_b4_kept & {4{take_edges_b}}) | (discarded4_kept & {4{take_discarded}})));
          kept[5] <= |(lane & ((bits5_kept & {4{take_bits}}) | (ones5_kept & {4{take_ones}}) | (coincidences5_kept & {4{take_coincidences}}) | (ignored5_kept & {4{take_ignored}}) | (edges_a5_kept & {4{take_edges_a}}) | (edges_b5_kept & {4{take_edges_b}}) | (discarded5_kept & {4{take_discarded}})));
          kept[6] <= |(lane & ((ignored6_kept & {4{take_ignored}}) | (discarded6_kept & {4{take_discarded}})));
          count_bulk[0] <= take_discarded & |(lane & bulk0);
          count_bulk[1] <= take_discarded & |(lane & bulk1);
          count_bulk[2] <= take_discarded & |(lane & bulk2);
          count_bulk[3] <= take_discarded & |(lane & bulk3);
          count_bulk[4] <= take_discarded & |(lane & bulk4);
          count_bulk[5] <= take_discarded & |(lane & bulk5);
          count_bulk[6] <= take_discarded & |(lane & bulk6);
          count_bulk[7] <= take_discarded & |(lane & bulk7);
          count_bulk[8] <= take_discarded & |(lane & bulk8);
          count_bulk[9] <= take_discarded & |(lane & bulk9);
          count_bulk[10] <= take_discarded & |(lane & bulk10);
          count_bulk[11] <= take_discarded & |(lane & bulk11);
          count_bulk[12] <= take_discarded & |(lane & bulk12);
          count_bulk[13] <= take_discarded & |(lane & bulk13);
          count_bulk[14] <= take_discarded & |(lane & bulk14);
          count_bulk[15] <= take_discarded & |(lane & bulk15);
          kept_bulk[0] <= take_discarded & |(lane & bulk0_kept);
          kept_bulk[1] <= take_discarded & |(lane & bulk1_kept);
          kept_bulk[2] <= take_discarded & |(lane & bulk2_kept);
          kept_bulk[3] <= take_discarded & |(lane & bulk3_kept);
          kept_bulk[4] <= take_discarded & |(lane & bulk4_kept);
          kept_bulk[5] <= take_discarded & |(lane & bulk5_kept);
          kept_bulk[6] <= take_discarded & |(lane & bulk6_kept);
          kept_bulk[7] <= take_discarded & |(lane & bulk7_kept);
          kept_bulk[8] <= take_discarded & |(lane & bulk8_kept);
          kept_bulk[9] <= take_discarded & |(lane & bulk9_kept);
          kept_bulk[10] <= take_discarded & |(lane & bulk10_kept);
          kept_bulk[11] <= take_discarded & |(lane & bulk11_kept);
          kept_bulk[12] <= take_discarded & |(lane & bulk12_kept);
          kept_bulk[13] <= take_discarded & |(lane & bulk13_kept);
          kept_bulk[14] <= take_discarded & |(lane & bulk14_kept);
          kept_bulk[15] <= take_discarded & |(lane & bulk15_kept);
       end
    end
endmodule // pb_counts

module pb_csr(clock,reset,req_valid,req_write,req_addr,req_data,req_strb,req_ready,rsp_data,csr_write,lane_write,csr_block,csr_instance,csr_register,csr_data,csr_read,csr_refused,unknown,refused);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire req_valid;
    input wire req_write;
    input wire [15:0] req_addr;
    input wire [31:0] req_data;
    input wire [3:0] req_strb;
    output reg req_ready;
    output reg [31:0] rsp_data;
    output reg csr_write;
    output reg lane_write;
    output reg [2:0] csr_block;
    output reg [5:0] csr_instance;
    output reg [6:0] csr_register;
    output reg [31:0] csr_data;
    input wire [31:0] csr_read;
    input wire csr_refused;
    output reg unknown;
    output reg refused;
    // Constant declarations
    localparam lanes = 3'b10;
    // Stub signals
    reg [8:0] pages$address;
    wire [11:0] pages$data;
    reg [9:0] registers$address;
    wire [34:0] registers$data;
    reg [6:0] step$d;
    wire [6:0] step$q;
    reg [10:0] place$d;
    wire [10:0] place$q;
    reg aligned$d;
    wire aligned$q;
    reg readable$d;
    wire readable$q;
    reg writable$d;
    wire writable$q;
    reg missing$d;
    wire missing$q;
    reg [2:0] block$d;
    wire [2:0] block$q;
    reg [5:0] number$d;
    wire [5:0] number$q;
    reg [6:0] offset$d;
    wire [6:0] offset$q;
    reg [31:0] data$d;
    wire [31:0] data$q;
    reg strobe$d;
    wire strobe$q;
    reg lane_strobe$d;
    wire lane_strobe$q;
    reg [31:0] value$d;
    wire [31:0] value$q;
    reg unknown_now$d;
    wire unknown_now$q;
    reg refused_now$d;
    wire refused_now$q;
    reg struck$d;
    wire struck$q;
    reg objected$d;
    wire objected$q;
    // Local signals
    reg [6:0] step_up;
    reg [11:0] page;
    reg [34:0] register;
    reg [9:0] word;
    reg whole;
    // Sub module instances
    pb_pages pages(
        .clock(clock),
        .address(pages$address),
        .data(pages$data)
    );
    pb_registers registers(
        .clock(clock),
        .address(registers$address),
        .data(registers$data)
    );
    pb_dff_7 step(
        .d(step$d),
        .q(step$q),
        .clock(clock)
    );
    pb_dff_11 place(
        .d(place$d),
        .q(place$q),
        .clock(clock)
    );
    pb_dff_1 aligned(
        .d(aligned$d),
        .q(aligned$q),
        .clock(clock)
    );
    pb_dff_1 readable(
        .d(readable$d),
        .q(readable$q),
        .clock(clock)
    );
    pb_dff_1 writable(
        .d(writable$d),
        .q(writable$q),
        .clock(clock)
    );
    pb_dff_1 missing(
        .d(missing$d),
        .q(missing$q),
        .clock(clock)
    );
    pb_dff_3 block(
        .d(block$d),
        .q(block$q),
        .clock(clock)
    );
    pb_dff_6 number(
        .d(number$d),
        .q(number$q),
        .clock(clock)
    );
    pb_dff_7 offset(
        .d(offset$d),
        .q(offset$q),
        .clock(clock)
    );
    pb_dff_32 data(
        .d(data$d),
        .q(data$q),
        .clock(clock)
    );
    pb_dff_1 strobe(
        .d(strobe$d),
        .q(strobe$q),
        .clock(clock)
    );
    pb_dff_1 lane_strobe(
        .d(lane_strobe$d),
        .q(lane_strobe$q),
        .clock(clock)
    );
    pb_dff_32 value(
        .d(value$d),
        .q(value$q),
        .clock(clock)
    );
    pb_dff_1 unknown_now(
        .d(unknown_now$d),
        .q(unknown_now$q),
        .clock(clock)
    );
    pb_dff_1 refused_now(
        .d(refused_now$d),
        .q(refused_now$q),
        .clock(clock)
    );
    pb_dff_1 struck(
        .d(struck$d),
        .q(struck$q),
        .clock(clock)
    );
    pb_dff_1 objected(
        .d(objected$d),
        .q(objected$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        step$d = step$q;
        place$d = place$q;
        aligned$d = aligned$q;
        readable$d = readable$q;
        writable$d = writable$q;
        missing$d = missing$q;
        block$d = block$q;
        number$d = number$q;
        offset$d = offset$q;
        data$d = data$q;
        strobe$d = strobe$q;
        lane_strobe$d = lane_strobe$q;
        value$d = value$q;
        unknown_now$d = unknown_now$q;
        refused_now$d = refused_now$q;
        struck$d = struck$q;
        objected$d = objected$q;
        req_ready = step$q[32'h6];
        rsp_data = value$q;
        csr_write = strobe$q;
        lane_write = lane_strobe$q;
        csr_block = block$q;
        csr_instance = number$q;
        csr_register = offset$q;
        csr_data = data$q;
        unknown = unknown_now$q;
        refused = refused_now$q;
        unknown_now$d = 1'b0;
        refused_now$d = 1'b0;
        strobe$d = 1'b0;
        lane_strobe$d = 1'b0;
        whole = req_strb == 32'hf;
        step_up = step$q << 32'h1;
        step$d = step_up;
        if ((step$q == 32'h0) & req_valid) begin
            step$d = 32'h1;
        end
        pages$address = req_addr[(32'h7)+:(9)];
        page = pages$data;
        word = (((page[(32'h1)+:(5)]) & 10'h3ff) << 32'h5) | ((req_addr[(32'h2)+:(5)]) & 10'h3ff);
        registers$address = word;
        register = registers$data;
        if (step$q[32'h0]) begin
            place$d = page[(32'h1)+:(11)];
            aligned$d = page[32'h0] & ~req_addr[32'h0] & ~req_addr[32'h1];
        end
        if (step$q[32'h1]) begin
            missing$d = ~(aligned$q & register[32'h0]);
            writable$d = aligned$q & register[32'h1];
            readable$d = aligned$q & register[32'h2];
            block$d = place$q[(32'h2)+:(3)];
            number$d = place$q[(32'h5)+:(6)];
            offset$d = (((place$q[(32'h0)+:(2)]) & 7'h7f) << 32'h5) | ((req_addr[(32'h2)+:(5)]) & 7'h7f);
            data$d = req_data & register[(32'h3)+:(32)];
        end
        if (step$q[32'h3]) begin
            unknown_now$d = missing$q;
            strobe$d = req_write & writable$q & whole;
            lane_strobe$d = strobe$d & (block$q == lanes);
            refused_now$d = req_write & writable$q & ~whole;
        end
        struck$d = strobe$q;
        objected$d = csr_refused;
        if (struck$q) begin
            refused_now$d = objected$q;
        end
        if (step$q[32'h5]) begin
            value$d = 32'h0;
            if (readable$q & ~req_write) begin
                value$d = csr_read;
            end
        end
        if (step$q[32'h6]) begin
            value$d = 32'h0;
        end
        if (reset) begin
            step$d = 32'h0;
            place$d = 32'h0;
            aligned$d = 1'b0;
            readable$d = 1'b0;
            writable$d = 1'b0;
            missing$d = 1'b0;
            block$d = 32'h0;
            number$d = 32'h0;
            offset$d = 32'h0;
            data$d = 32'h0;
            strobe$d = 1'b0;
            lane_strobe$d = 1'b0;
            value$d = 32'h0;
            unknown_now$d = 1'b0;
            refused_now$d = 1'b0;
            struck$d = 1'b0;
        end
    end
endmodule // pb_csr

module pb_decode(clock,mine,register,at,geometry);
    // Module arguments
    input wire clock;
    input wire mine;
    input wire [6:0] register;
    output reg [13:0] at;
    output reg geometry;
    // Update code (custom)
    initial begin
       at = 0;
       geometry = 0;
    end
    always @(posedge clock) begin
       at[0] <= mine && register == 7'd0;
       at[1] <= mine && register == 7'd1;
       at[2] <= mine && register == 7'd2;
       at[3] <= mine && register == 7'd3;
       at[4] <= mine && register == 7'd4;
       at[5] <= mine && register == 7'd5;
       at[6] <= mine && register == 7'd6;
       at[7] <= mine && register == 7'd7;
       at[8] <= mine && register == 7'd8;
       at[9] <= mine && register == 7'd9;
       at[10] <= mine && register == 7'd10;
       at[11] <= mine && register == 7'd11;
       at[12] <= mine && register == 7'd12;
       at[13] <= mine && register == 7'd13;
       geometry <= mine && (register == 7'd0 || register == 7'd1 || register == 7'd2 || register == 7'd3 || register == 7'd4 || register == 7'd5);
    end
endmodule // pb_decode

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

module pb_dff_10(d,q,clock);
    // Module arguments
    input wire [9:0] d;
    output reg [9:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 10'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_10

module pb_dff_11(d,q,clock);
    // Module arguments
    input wire [10:0] d;
    output reg [10:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 11'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_11

module pb_dff_13(d,q,clock);
    // Module arguments
    input wire [12:0] d;
    output reg [12:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 13'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_13

module pb_dff_14(d,q,clock);
    // Module arguments
    input wire [13:0] d;
    output reg [13:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 14'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_14

module pb_dff_16(d,q,clock);
    // Module arguments
    input wire [15:0] d;
    output reg [15:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 16'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_16

module pb_dff_17(d,q,clock);
    // Module arguments
    input wire [16:0] d;
    output reg [16:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 17'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_17

module pb_dff_2(d,q,clock);
    // Module arguments
    input wire [1:0] d;
    output reg [1:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 2'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_2

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

module pb_dff_21(d,q,clock);
    // Module arguments
    input wire [20:0] d;
    output reg [20:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 21'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_21

module pb_dff_24(d,q,clock);
    // Module arguments
    input wire [23:0] d;
    output reg [23:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 24'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_24

module pb_dff_3(d,q,clock);
    // Module arguments
    input wire [2:0] d;
    output reg [2:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 3'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_3

module pb_dff_32(d,q,clock);
    // Module arguments
    input wire [31:0] d;
    output reg [31:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 32'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_32

module pb_dff_36(d,q,clock);
    // Module arguments
    input wire [35:0] d;
    output reg [35:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 36'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_36

module pb_dff_38(d,q,clock);
    // Module arguments
    input wire [37:0] d;
    output reg [37:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 38'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_38

module pb_dff_4(d,q,clock);
    // Module arguments
    input wire [3:0] d;
    output reg [3:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 4'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_4

module pb_dff_41(d,q,clock);
    // Module arguments
    input wire [40:0] d;
    output reg [40:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 41'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_41

module pb_dff_42(d,q,clock);
    // Module arguments
    input wire [41:0] d;
    output reg [41:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 42'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_42

module pb_dff_5(d,q,clock);
    // Module arguments
    input wire [4:0] d;
    output reg [4:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 5'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_5

module pb_dff_56(d,q,clock);
    // Module arguments
    input wire [55:0] d;
    output reg [55:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 56'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_56

module pb_dff_6(d,q,clock);
    // Module arguments
    input wire [5:0] d;
    output reg [5:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 6'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_6

module pb_dff_64(d,q,clock);
    // Module arguments
    input wire [63:0] d;
    output reg [63:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 64'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_64

module pb_dff_7(d,q,clock);
    // Module arguments
    input wire [6:0] d;
    output reg [6:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 7'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_7

module pb_dff_8(d,q,clock);
    // Module arguments
    input wire [7:0] d;
    output reg [7:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 8'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_8

module pb_dff_9(d,q,clock);
    // Module arguments
    input wire [8:0] d;
    output reg [8:0] q;
    input wire clock;
    // Update code (custom)
    initial begin
       q = 9'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_dff_9

module pb_engine(clock,reset,n,m,seeded,exhausted,changed,in_valid,in_bits,in_count,in_ready,in_refuse,discard,discarded,made,out_valid,out_ready,out_last,out_error,taken,untouched,kat_start,kat_fault,kat_done,kat_ok,corrupt,parity_error,wipe,clear,shift,add,bits,address,pad,test,fetch,forget,beat,mask,out);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire [15:0] n;
    input wire [15:0] m;
    input wire seeded;
    input wire exhausted;
    input wire changed;
    input wire in_valid;
    input wire [7:0] in_bits;
    input wire [7:0] in_count;
    output reg in_ready;
    output reg in_refuse;
    input wire discard;
    output reg discarded;
    output reg made;
    output reg out_valid;
    input wire out_ready;
    output reg out_last;
    output reg out_error;
    output reg [12:0] taken;
    output reg untouched;
    input wire kat_start;
    input wire kat_fault;
    output reg kat_done;
    output reg kat_ok;
    input wire corrupt;
    output reg parity_error;
    output reg wipe;
    output reg clear;
    output reg shift;
    output reg add;
    output reg [7:0] bits;
    output reg [12:0] address;
    output reg [5:0] pad;
    output reg test;
    output reg fetch;
    output reg forget;
    output reg [7:0] beat;
    output reg [63:0] mask;
    input wire [63:0] out;
    // Constant declarations
    localparam log = 4'h3;
    localparam w_mask = 17'b111;
    localparam kat_n = 17'b111101;
    localparam kat_m = 17'b1000000000;
    localparam kat_bits = 8'h5b;
    localparam kat_tail = 8'h1f;
    localparam kat_answer = 64'h5af146768c10dcdb;
    localparam w_count = 8'h8;
    localparam kat_tail_count = 8'h5;
    localparam ones = 64'hffffffffffffffff;
    localparam flip = 8'h1;
    // Enums
    localparam Phase$Idle = 0;
    localparam Phase$Prepare = 1;
    localparam Phase$Load = 2;
    localparam Phase$Take = 3;
    localparam Phase$Settle = 4;
    localparam Phase$Give = 5;
    // Stub signals
    reg [2:0] phase$d;
    wire [2:0] phase$q;
    reg kat$d;
    wire kat$q;
    reg [1:0] settle$d;
    wire [1:0] settle$q;
    reg [16:0] n_used$d;
    wire [16:0] n_used$q;
    reg [16:0] m_used$d;
    wire [16:0] m_used$q;
    reg [16:0] chunks$d;
    wire [16:0] chunks$q;
    reg [16:0] loads$d;
    wire [16:0] loads$q;
    reg [12:0] first$d;
    wire [12:0] first$q;
    reg [5:0] pad_bits$d;
    wire [5:0] pad_bits$q;
    reg [7:0] last_beat$d;
    wire [7:0] last_beat$q;
    reg [63:0] tail$d;
    wire [63:0] tail$q;
    reg [12:0] at$d;
    wire [12:0] at$q;
    reg [12:0] load_left$d;
    wire [12:0] load_left$q;
    reg [16:0] left$d;
    wire [16:0] left$q;
    reg [12:0] count$d;
    wire [12:0] count$q;
    reg bits_here$d;
    wire bits_here$q;
    reg dropped$d;
    wire dropped$q;
    reg closed$d;
    wire closed$q;
    reg [7:0] chunk$d;
    wire [7:0] chunk$q;
    reg shifting$d;
    wire shifting$q;
    reg adding$d;
    wire adding$q;
    reg wiping$d;
    wire wiping$q;
    reg spoiled$d;
    wire spoiled$q;
    reg [7:0] next_beat$d;
    wire [7:0] next_beat$q;
    reg more$d;
    wire more$q;
    reg begun$d;
    wire begun$q;
    reg valid$d;
    wire valid$q;
    reg last$d;
    wire last$q;
    reg ended$d;
    wire ended$q;
    reg refused$d;
    wire refused$q;
    reg alarm$d;
    wire alarm$q;
    reg [3:0] kat_chunk$d;
    wire [3:0] kat_chunk$q;
    reg kat_last$d;
    wire kat_last$q;
    reg [63:0] signature$d;
    wire [63:0] signature$q;
    reg done$d;
    wire done$q;
    reg ok$d;
    wire ok$q;
    // Local signals
    reg load;
    reg accept;
    reg [7:0] bits_in;
    reg [7:0] count_in;
    reg ready;
    reg [16:0] n_up;
    reg [16:0] m_up;
    reg [16:0] m_down;
    reg [16:0] top;
    reg [16:0] minus;
    reg is_last;
    reg [63:0] folded;
    // Sub module instances
    pb_phase phase(
        .d(phase$d),
        .q(phase$q),
        .clock(clock)
    );
    pb_dff_1 kat(
        .d(kat$d),
        .q(kat$q),
        .clock(clock)
    );
    pb_dff_2 settle(
        .d(settle$d),
        .q(settle$q),
        .clock(clock)
    );
    pb_dff_17 n_used(
        .d(n_used$d),
        .q(n_used$q),
        .clock(clock)
    );
    pb_dff_17 m_used(
        .d(m_used$d),
        .q(m_used$q),
        .clock(clock)
    );
    pb_dff_17 chunks(
        .d(chunks$d),
        .q(chunks$q),
        .clock(clock)
    );
    pb_dff_17 loads(
        .d(loads$d),
        .q(loads$q),
        .clock(clock)
    );
    pb_dff_13 first(
        .d(first$d),
        .q(first$q),
        .clock(clock)
    );
    pb_dff_6 pad_bits(
        .d(pad_bits$d),
        .q(pad_bits$q),
        .clock(clock)
    );
    pb_dff_8 last_beat(
        .d(last_beat$d),
        .q(last_beat$q),
        .clock(clock)
    );
    pb_dff_64 tail(
        .d(tail$d),
        .q(tail$q),
        .clock(clock)
    );
    pb_dff_13 at(
        .d(at$d),
        .q(at$q),
        .clock(clock)
    );
    pb_dff_13 load_left(
        .d(load_left$d),
        .q(load_left$q),
        .clock(clock)
    );
    pb_dff_17 left(
        .d(left$d),
        .q(left$q),
        .clock(clock)
    );
    pb_dff_13 count(
        .d(count$d),
        .q(count$q),
        .clock(clock)
    );
    pb_dff_1 bits_here(
        .d(bits_here$d),
        .q(bits_here$q),
        .clock(clock)
    );
    pb_dff_1 dropped(
        .d(dropped$d),
        .q(dropped$q),
        .clock(clock)
    );
    pb_dff_1 closed(
        .d(closed$d),
        .q(closed$q),
        .clock(clock)
    );
    pb_dff_8 chunk(
        .d(chunk$d),
        .q(chunk$q),
        .clock(clock)
    );
    pb_dff_1 shifting(
        .d(shifting$d),
        .q(shifting$q),
        .clock(clock)
    );
    pb_dff_1 adding(
        .d(adding$d),
        .q(adding$q),
        .clock(clock)
    );
    pb_dff_1 wiping(
        .d(wiping$d),
        .q(wiping$q),
        .clock(clock)
    );
    pb_dff_1 spoiled(
        .d(spoiled$d),
        .q(spoiled$q),
        .clock(clock)
    );
    pb_dff_8 next_beat(
        .d(next_beat$d),
        .q(next_beat$q),
        .clock(clock)
    );
    pb_dff_1 more(
        .d(more$d),
        .q(more$q),
        .clock(clock)
    );
    pb_dff_1 begun(
        .d(begun$d),
        .q(begun$q),
        .clock(clock)
    );
    pb_dff_1 valid(
        .d(valid$d),
        .q(valid$q),
        .clock(clock)
    );
    pb_dff_1 last(
        .d(last$d),
        .q(last$q),
        .clock(clock)
    );
    pb_dff_1 ended(
        .d(ended$d),
        .q(ended$q),
        .clock(clock)
    );
    pb_dff_1 refused(
        .d(refused$d),
        .q(refused$q),
        .clock(clock)
    );
    pb_dff_1 alarm(
        .d(alarm$d),
        .q(alarm$q),
        .clock(clock)
    );
    pb_dff_4 kat_chunk(
        .d(kat_chunk$d),
        .q(kat_chunk$q),
        .clock(clock)
    );
    pb_dff_1 kat_last(
        .d(kat_last$d),
        .q(kat_last$q),
        .clock(clock)
    );
    pb_dff_64 signature(
        .d(signature$d),
        .q(signature$q),
        .clock(clock)
    );
    pb_dff_1 done(
        .d(done$d),
        .q(done$q),
        .clock(clock)
    );
    pb_dff_1 ok(
        .d(ok$d),
        .q(ok$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        phase$d = phase$q;
        kat$d = kat$q;
        settle$d = settle$q;
        n_used$d = n_used$q;
        m_used$d = m_used$q;
        chunks$d = chunks$q;
        loads$d = loads$q;
        first$d = first$q;
        pad_bits$d = pad_bits$q;
        last_beat$d = last_beat$q;
        tail$d = tail$q;
        at$d = at$q;
        load_left$d = load_left$q;
        left$d = left$q;
        count$d = count$q;
        bits_here$d = bits_here$q;
        dropped$d = dropped$q;
        closed$d = closed$q;
        chunk$d = chunk$q;
        shifting$d = shifting$q;
        adding$d = adding$q;
        wiping$d = wiping$q;
        spoiled$d = spoiled$q;
        next_beat$d = next_beat$q;
        more$d = more$q;
        begun$d = begun$q;
        valid$d = valid$q;
        last$d = last$q;
        ended$d = ended$q;
        refused$d = refused$q;
        alarm$d = alarm$q;
        kat_chunk$d = kat_chunk$q;
        kat_last$d = kat_last$q;
        signature$d = signature$q;
        done$d = done$q;
        ok$d = ok$q;
        n_used$d = ((n) & 17'h1ffff);
        m_used$d = ((m) & 17'h1ffff);
        if (kat$q) begin
            n_used$d = kat_n;
            m_used$d = kat_m;
        end
        n_up = n_used$q + w_mask;
        chunks$d = n_up >> log;
        m_up = m_used$q + w_mask - 32'h1;
        loads$d = (m_up >> log) + 32'h1;
        top = chunks$q + loads$q - 32'h2;
        first$d = top[(32'h0)+:(13)];
        minus = (chunks$q << log) - n_used$q;
        pad_bits$d = minus[(32'h0)+:(6)];
        m_down = m_used$q - 32'h1;
        last_beat$d = m_down[(32'h6)+:(8)];
        tail$d = (ones << m_down[(32'h0)+:(6)]) << 32'h1;
        ready = (phase$q == Phase$Take) & ~kat$q & ~exhausted & ~changed;
        in_ready = ready;
        in_refuse = (~seeded | exhausted) & ~closed$q;
        accept = ready & in_valid;
        bits_in = in_bits;
        count_in = in_count;
        if (kat$q) begin
            accept = phase$q == Phase$Take;
            bits_in = kat_bits ^ ((kat_chunk$q) & 8'hff);
            count_in = w_count;
            if (kat_last$q) begin
                bits_in = (kat_bits ^ ((kat_chunk$q) & 8'hff)) & kat_tail;
                count_in = kat_tail_count;
            end
            if (kat_fault & (kat_chunk$q == 32'h3)) begin
                bits_in = kat_bits ^ ((kat_chunk$q) & 8'hff) ^ flip;
            end
        end
        load = 1'b0;
        dropped$d = 1'b0;
        shifting$d = 1'b0;
        adding$d = 1'b0;
        wiping$d = 1'b0;
        alarm$d = 1'b0;
        done$d = 1'b0;
        chunk$d = 32'h0;
        discarded = 1'b0;
        made = 1'b0;
        ended$d = 1'b0;
        refused$d = 1'b0;
        fetch = 1'b0;
        forget = 1'b0;
        is_last = next_beat$q == last_beat$q;
        if (shifting$q) begin
            at$d = at$q - 32'h1;
        end
        if (dropped$q) begin
            spoiled$d = 1'b0;
        end
        if (corrupt & (~spoiled$q | dropped$q) & ~kat$q) begin
            spoiled$d = 1'b1;
            alarm$d = 1'b1;
        end
        folded = (signature$q << 32'h1) ^ ((signature$q[(32'h3f)+:(1)]) & 64'hffffffffffffffff) ^ out;
        case (phase$q)
            Phase$Idle:
                begin
                    discarded = discard;
                    if (seeded) begin
                        load = 1'b1;
                    end
                end
            Phase$Prepare:
                begin
                    discarded = discard & ~kat$q;
                    settle$d = settle$q - 32'h1;
                    if (settle$q == 32'h0) begin
                        phase$d = Phase$Load;
                        at$d = first$q;
                        load_left$d = loads$q[(32'h0)+:(13)] + 32'h2;
                        left$d = n_used$q;
                        if (~seeded & ~kat$q) begin
                            phase$d = Phase$Idle;
                        end
                    end
                end
            Phase$Load:
                begin
                    discarded = discard & ~kat$q;
                    shifting$d = 1'b1;
                    load_left$d = load_left$q - 32'h1;
                    if (load_left$q == 32'h0) begin
                        phase$d = Phase$Take;
                    end
                end
            Phase$Take:
                begin
                    chunk$d = bits_in;
                    if (accept) begin
                        shifting$d = 1'b1;
                        adding$d = 1'b1;
                        kat_chunk$d = kat_chunk$q + 32'h1;
                        kat_last$d = kat_chunk$q == 32'h6;
                        bits_here$d = 1'b1;
                        count$d = count$q + ((count_in) & 13'h1fff);
                        left$d = left$q - ((count_in) & 17'h1ffff);
                        if ((left$q[(32'h8)+:(9)] == 32'h0) & (left$q[(32'h0)+:(8)] <= count_in)) begin
                            phase$d = Phase$Settle;
                        end
                    end
                    if (discard & ~kat$q) begin
                        discarded = 1'b1;
                        dropped$d = 1'b1;
                        phase$d = Phase$Prepare;
                        settle$d = 32'h3;
                    end
                end
            Phase$Settle:
                begin
                    phase$d = Phase$Give;
                    next_beat$d = 32'h0;
                    more$d = 1'b1;
                    begun$d = 1'b0;
                end
            Phase$Give:
                begin
                    if (~valid$q | out_ready | kat$q) begin
                        valid$d = more$q;
                        fetch = more$q;
                        last$d = is_last;
                        next_beat$d = next_beat$q + 32'h1;
                        more$d = more$q & ~is_last;
                        begun$d = begun$q | valid$q;
                    end
                    if (kat$q & valid$q) begin
                        signature$d = folded;
                    end
                    if (valid$q & last$q & (out_ready | kat$q)) begin
                        valid$d = 1'b0;
                        ended$d = 1'b1;
                    end
                    if (discard & valid$q & ~begun$q & ~out_ready & ~kat$q) begin
                        valid$d = 1'b0;
                        refused$d = 1'b1;
                    end
                    if (ended$q | refused$q) begin
                        valid$d = 1'b0;
                        forget = 1'b1;
                        load = 1'b1;
                        made = ended$q & ~kat$q;
                        discarded = refused$q;
                        if (kat$q) begin
                            kat$d = 1'b0;
                            done$d = 1'b1;
                            ok$d = signature$q == kat_answer;
                        end
                    end
                end
        endcase
        if ((changed | (~seeded & (phase$q != Phase$Idle) & (phase$q != Phase$Prepare))) & ~kat$q) begin
            load = 1'b1;
        end
        if (kat_start) begin
            if (kat$q | (bits_here$q & ~dropped$q) | (phase$q == Phase$Settle) | (phase$q == Phase$Give)) begin
                done$d = 1'b1;
                ok$d = 1'b0;
            end
            else begin
                kat$d = 1'b1;
                load = 1'b1;
            end
        end
        if (load) begin
            phase$d = Phase$Prepare;
            settle$d = 32'h3;
            spoiled$d = 1'b0;
        end
        if (load | dropped$q) begin
            wiping$d = 1'b1;
            shifting$d = 1'b0;
            adding$d = 1'b0;
            chunk$d = 32'h0;
            count$d = 32'h0;
            bits_here$d = 1'b0;
            kat_chunk$d = 32'h0;
            kat_last$d = 1'b0;
        end
        if (wiping$q) begin
            signature$d = 32'h0;
        end
        out_valid = valid$q & ~kat$q;
        out_last = last$q;
        out_error = spoiled$q;
        untouched = ~bits_here$q | dropped$q | kat$q;
        taken = count$q;
        if (kat$q | dropped$q) begin
            taken = 32'h0;
        end
        kat_done = done$q;
        kat_ok = ok$q;
        parity_error = alarm$q;
        wipe = wiping$q;
        clear = wiping$q;
        shift = shifting$q;
        add = adding$q;
        bits = chunk$q;
        address = at$q;
        pad = pad_bits$q;
        test = kat$q;
        beat = next_beat$q;
        mask = ones;
        if (is_last) begin
            mask = ~tail$q;
        end
        if (spoiled$q) begin
            mask = 32'h0;
        end
        if (reset) begin
            phase$d = Phase$Idle;
            kat$d = 1'b0;
            wiping$d = 1'b1;
            shifting$d = 1'b0;
            adding$d = 1'b0;
            chunk$d = 32'h0;
            count$d = 32'h0;
            bits_here$d = 1'b0;
            dropped$d = 1'b0;
            spoiled$d = 1'b0;
            valid$d = 1'b0;
            ended$d = 1'b0;
            refused$d = 1'b0;
            forget = 1'b1;
            alarm$d = 1'b0;
            done$d = 1'b0;
            ok$d = 1'b0;
        end
        closed$d = (phase$d != Phase$Idle) & (phase$d != Phase$Take);
    end
endmodule // pb_engine

module pb_engine_registers(clock,reset,csr_write,csr_block,csr_instance,csr_register,csr_data,csr_read,csr_refused,snapshot,busy,ended,ended_as,key_made,s,boxes,keys,tag,x0_write,submit,abort);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire csr_write;
    input wire [2:0] csr_block;
    input wire [5:0] csr_instance;
    input wire [6:0] csr_register;
    input wire [31:0] csr_data;
    output reg [31:0] csr_read;
    output reg csr_refused;
    input wire snapshot;
    input wire busy;
    input wire ended;
    input wire [2:0] ended_as;
    input wire key_made;
    output reg [3:0] s;
    output reg [15:0] boxes;
    output reg [15:0] keys;
    output reg [31:0] tag;
    output reg [7:0] x0_write;
    output reg submit;
    output reg abort;
    // Constant declarations
    localparam s_reset = 4'h4;
    localparam boxes_reset = 16'hc8;
    localparam keys_reset = 16'h200;
    localparam caps = 32'h4d01;
    localparam end_done = 3'b1;
    localparam end_weak = 3'b10;
    localparam end_bad = 3'b11;
    localparam end_aborted = 3'b100;
    // Stub signals
    reg [3:0] s_now$d;
    wire [3:0] s_now$q;
    reg [15:0] boxes_now$d;
    wire [15:0] boxes_now$q;
    reg [15:0] keys_now$d;
    wire [15:0] keys_now$q;
    reg [31:0] tag_now$d;
    wire [31:0] tag_now$q;
    reg done$d;
    wire done$q;
    reg met_weak$d;
    wire met_weak$q;
    reg bad$d;
    wire bad$q;
    reg aborted$d;
    wire aborted$q;
    reg [31:0] jobs_done$d;
    wire [31:0] jobs_done$q;
    reg [31:0] jobs_failed$d;
    wire [31:0] jobs_failed$q;
    reg [63:0] keys_made$d;
    wire [63:0] keys_made$q;
    reg [63:0] copy$d;
    wire [63:0] copy$q;
    reg [31:0] read$d;
    wire [31:0] read$q;
    reg [2:0] select$csr_block;
    reg [6:0] select$csr_register;
    wire [19:0] select$at;
    reg mine$d;
    wire mine$q;
    reg other_slot$d;
    wire other_slot$q;
    // Local signals
    reg [19:0] at;
    reg write;
    reg idle_write;
    reg is_held;
    reg submits;
    reg aborts;
    reg failed;
    reg [31:0] status;
    reg [63:0] copied;
    reg [31:0] data;
    // Sub module instances
    pb_dff_4 s_now(
        .d(s_now$d),
        .q(s_now$q),
        .clock(clock)
    );
    pb_dff_16 boxes_now(
        .d(boxes_now$d),
        .q(boxes_now$q),
        .clock(clock)
    );
    pb_dff_16 keys_now(
        .d(keys_now$d),
        .q(keys_now$q),
        .clock(clock)
    );
    pb_dff_32 tag_now(
        .d(tag_now$d),
        .q(tag_now$q),
        .clock(clock)
    );
    pb_dff_1 done(
        .d(done$d),
        .q(done$q),
        .clock(clock)
    );
    pb_dff_1 met_weak(
        .d(met_weak$d),
        .q(met_weak$q),
        .clock(clock)
    );
    pb_dff_1 bad(
        .d(bad$d),
        .q(bad$q),
        .clock(clock)
    );
    pb_dff_1 aborted(
        .d(aborted$d),
        .q(aborted$q),
        .clock(clock)
    );
    pb_dff_32 jobs_done(
        .d(jobs_done$d),
        .q(jobs_done$q),
        .clock(clock)
    );
    pb_dff_32 jobs_failed(
        .d(jobs_failed$d),
        .q(jobs_failed$q),
        .clock(clock)
    );
    pb_dff_64 keys_made(
        .d(keys_made$d),
        .q(keys_made$q),
        .clock(clock)
    );
    pb_dff_64 copy(
        .d(copy$d),
        .q(copy$q),
        .clock(clock)
    );
    pb_dff_32 read(
        .d(read$d),
        .q(read$q),
        .clock(clock)
    );
    pb_registers_select select(
        .clock(clock),
        .csr_block(select$csr_block),
        .csr_register(select$csr_register),
        .at(select$at)
    );
    pb_dff_1 mine(
        .d(mine$d),
        .q(mine$q),
        .clock(clock)
    );
    pb_dff_1 other_slot(
        .d(other_slot$d),
        .q(other_slot$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        s_now$d = s_now$q;
        boxes_now$d = boxes_now$q;
        keys_now$d = keys_now$q;
        tag_now$d = tag_now$q;
        done$d = done$q;
        met_weak$d = met_weak$q;
        bad$d = bad$q;
        aborted$d = aborted$q;
        jobs_done$d = jobs_done$q;
        jobs_failed$d = jobs_failed$q;
        keys_made$d = keys_made$q;
        copy$d = copy$q;
        read$d = read$q;
        mine$d = mine$q;
        other_slot$d = other_slot$q;
        s = s_now$q;
        boxes = boxes_now$q;
        keys = keys_now$q;
        tag = tag_now$q;
        data = csr_data;
        select$csr_block = csr_block;
        select$csr_register = csr_register;
        at = select$at;
        mine$d = csr_instance == 32'h0;
        other_slot$d = csr_data != 32'h0;
        is_held = |at[(32'h0)+:(12)] | (at[32'hd] & data[32'h0] & ~data[32'h1]);
        submits = at[32'hd] & data[32'h0] & ~data[32'h1];
        aborts = at[32'hd] & data[32'h1];
        write = csr_write & mine$q;
        idle_write = write & ~busy;
        csr_refused = write & ((at[32'hc] & other_slot$q) | (busy & is_held));
        x0_write = 32'h0;
        if (idle_write) begin
            x0_write = at[(32'h0)+:(8)];
        end
        submit = idle_write & submits;
        abort = write & aborts & busy;
        if (idle_write) begin
            if (at[32'h8]) begin
                s_now$d = data[(32'h0)+:(4)];
            end
            if (at[32'h9]) begin
                boxes_now$d = data[(32'h0)+:(16)];
            end
            if (at[32'ha]) begin
                keys_now$d = data[(32'h0)+:(16)];
            end
            if (at[32'hb]) begin
                tag_now$d = data;
            end
        end
        if (submit) begin
            done$d = 1'b0;
            met_weak$d = 1'b0;
            bad$d = 1'b0;
            aborted$d = 1'b0;
        end
        failed = (ended_as == end_weak) | (ended_as == end_bad) | (ended_as == end_aborted);
        if (ended) begin
            done$d = ended_as == end_done;
            met_weak$d = ended_as == end_weak;
            bad$d = ended_as == end_bad;
            aborted$d = ended_as == end_aborted;
            if (ended_as == end_done) begin
                jobs_done$d = jobs_done$q + 32'h1;
            end
            if (failed) begin
                jobs_failed$d = jobs_failed$q + 32'h1;
            end
        end
        if (key_made) begin
            keys_made$d = keys_made$q + 32'h1;
        end
        if (snapshot) begin
            copy$d = keys_made$q;
        end
        status = 32'h0;
        if (busy) begin
            status = 32'h1;
        end
        else begin
            if (done$q) begin
                status = 32'h2;
            end
            if (met_weak$q) begin
                status = 32'h4;
            end
            if (bad$q) begin
                status = 32'h8;
            end
            if (aborted$q) begin
                status = 32'h10;
            end
        end
        copied = copy$q;
        read$d = 32'h0;
        if (mine$q) begin
            if (at[32'h8]) begin
                read$d = ((s_now$q) & 32'hffffffff);
            end
            if (at[32'h9]) begin
                read$d = ((boxes_now$q) & 32'hffffffff);
            end
            if (at[32'ha]) begin
                read$d = ((keys_now$q) & 32'hffffffff);
            end
            if (at[32'hb]) begin
                read$d = tag_now$q;
            end
            if (at[32'he]) begin
                read$d = status;
            end
            if (at[32'hf]) begin
                read$d = caps;
            end
            if (at[32'h10]) begin
                read$d = jobs_done$q;
            end
            if (at[32'h11]) begin
                read$d = jobs_failed$q;
            end
            if (at[32'h12]) begin
                read$d = copied[(32'h0)+:(32)];
            end
            if (at[32'h13]) begin
                read$d = copied[(32'h20)+:(32)];
            end
        end
        csr_read = read$q;
        if (reset) begin
            s_now$d = s_reset;
            boxes_now$d = boxes_reset;
            keys_now$d = keys_reset;
            tag_now$d = 32'h0;
            done$d = 1'b0;
            met_weak$d = 1'b0;
            bad$d = 1'b0;
            aborted$d = 1'b0;
            jobs_done$d = 32'h0;
            jobs_failed$d = 32'h0;
            keys_made$d = 32'h0;
            copy$d = 32'h0;
        end
    end
endmodule // pb_engine_registers

module pb_engine_state(d,q,clock);
    // Module arguments
    input wire [2:0] d;
    output reg [2:0] q;
    input wire clock;
    // Enums
    localparam State$Idle = 0;
    localparam State$Load = 1;
    localparam State$Check = 2;
    localparam State$Make = 3;
    localparam State$Cut = 4;
    localparam State$Sweep = 5;
    // Update code (custom)
    initial begin
       q = 64'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_engine_state

module pb_entropy(clock,reset,index,csr_write,csr_block,csr_instance,csr_register,csr_data,csr_read,csr_refused,running,generation,flush,irq_enable,coalesce_slots,coalesce_cycles,piece_bytes,in_valid,in_ready,in_data,in_last,in_flags,in_lanes,in_raw_bits,in_seed_epoch,in_close,committed,usable,slot_bytes,full,waiting,in_error,idle,irq,error_event,stall_event,lost_bits,lost_valid,request_valid,request_ready,request_address,request_words,request_tag,data,take,b_valid,b_error,b_tag,bus_failed);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire [5:0] index;
    input wire csr_write;
    input wire [2:0] csr_block;
    input wire [5:0] csr_instance;
    input wire [6:0] csr_register;
    input wire [31:0] csr_data;
    output reg [31:0] csr_read;
    output reg csr_refused;
    input wire running;
    input wire [31:0] generation;
    input wire flush;
    input wire irq_enable;
    input wire [15:0] coalesce_slots;
    input wire [31:0] coalesce_cycles;
    input wire [15:0] piece_bytes;
    input wire in_valid;
    output reg in_ready;
    input wire [63:0] in_data;
    input wire in_last;
    input wire [5:0] in_flags;
    input wire [63:0] in_lanes;
    input wire [15:0] in_raw_bits;
    input wire [15:0] in_seed_epoch;
    input wire in_close;
    output reg committed;
    output reg usable;
    output reg [20:0] slot_bytes;
    output reg full;
    output reg waiting;
    output reg in_error;
    output reg idle;
    output reg irq;
    output reg error_event;
    output reg stall_event;
    output reg [31:0] lost_bits;
    output reg lost_valid;
    output reg request_valid;
    input wire request_ready;
    output reg [63:0] request_address;
    output reg [5:0] request_words;
    output reg [2:0] request_tag;
    output reg [63:0] data;
    input wire take;
    input wire b_valid;
    input wire b_error;
    input wire [2:0] b_tag;
    input wire bus_failed;
    // Stub signals
    reg registers$reset;
    reg [5:0] registers$index;
    reg registers$csr_write;
    reg [2:0] registers$csr_block;
    reg [5:0] registers$csr_instance;
    reg [6:0] registers$csr_register;
    reg [31:0] registers$csr_data;
    wire [31:0] registers$csr_read;
    wire registers$csr_refused;
    reg registers$running;
    reg registers$quiet;
    reg registers$closed;
    reg registers$completed;
    reg registers$failed;
    reg registers$offered;
    reg registers$accepted;
    reg registers$irq_enable;
    reg [15:0] registers$coalesce_slots;
    reg [31:0] registers$coalesce_cycles;
    wire registers$committed;
    wire registers$usable;
    wire registers$in_error;
    wire registers$commit;
    wire registers$given_up;
    wire [63:0] registers$data_base;
    wire [63:0] registers$completion_base;
    wire [20:0] registers$slot_bytes;
    wire [15:0] registers$slot_count;
    wire [31:0] registers$flush_cycles;
    wire [31:0] registers$slot_number;
    wire [31:0] registers$head_count;
    wire [31:0] registers$tail_count;
    wire registers$full;
    wire registers$no_slot;
    wire registers$waiting;
    wire registers$irq;
    wire registers$error_event;
    wire registers$stall_event;
    reg fill$reset;
    reg [5:0] fill$index;
    reg fill$usable;
    reg fill$no_slot;
    reg fill$entry_free;
    reg fill$commit;
    reg fill$stop;
    reg fill$swept;
    reg [1:0] fill$busy;
    reg [63:0] fill$data_base;
    reg [20:0] fill$slot_bytes;
    reg [15:0] fill$slot_count;
    reg [31:0] fill$flush_cycles;
    reg [31:0] fill$slot_number;
    reg [31:0] fill$generation;
    reg fill$flush;
    reg [15:0] fill$piece_bytes;
    reg fill$in_valid;
    wire fill$in_ready;
    reg fill$in_last;
    reg [5:0] fill$in_flags;
    reg [63:0] fill$in_lanes;
    reg [15:0] fill$in_raw_bits;
    reg [15:0] fill$in_seed_epoch;
    reg fill$in_close;
    wire fill$write;
    wire fill$buffer;
    wire [4:0] fill$position;
    wire fill$burst;
    wire fill$burst_buffer;
    wire [55:0] fill$burst_window;
    wire [4:0] fill$burst_first;
    wire [5:0] fill$burst_words;
    wire [1:0] fill$entry;
    wire fill$word_write;
    wire [1:0] fill$word_index;
    wire [63:0] fill$word;
    wire fill$numbered;
    wire fill$closed;
    wire fill$open;
    wire [31:0] fill$open_bits;
    wire fill$halted;
    wire fill$resting;
    wire fill$offered;
    wire fill$accepted;
    reg send$reset;
    reg send$in_error;
    reg send$bus_failed;
    reg send$commit;
    reg send$given_up;
    reg [63:0] send$completion_base;
    reg [15:0] send$slot_count;
    reg send$burst;
    reg send$burst_buffer;
    reg [55:0] send$burst_window;
    reg [4:0] send$burst_first;
    reg [5:0] send$burst_words;
    reg [1:0] send$burst_entry;
    reg send$closed;
    reg send$halted;
    reg send$open;
    reg [31:0] send$open_bits;
    reg [63:0] send$completion_word;
    wire [1:0] send$busy;
    wire send$entry_free;
    wire send$stop;
    wire send$swept;
    wire send$quiet;
    wire send$completed;
    wire send$failed;
    wire [4:0] send$read_place;
    wire send$read_enable;
    wire [3:0] send$read_completion;
    wire send$sends_completion;
    wire send$side;
    wire [1:0] send$clear;
    wire [1:0] send$owned;
    wire [4:0] send$clear_place;
    wire [31:0] send$lost_bits;
    wire send$lost_valid;
    wire send$request_valid;
    reg send$request_ready;
    wire [63:0] send$request_address;
    wire [5:0] send$request_words;
    wire [2:0] send$request_tag;
    reg send$take;
    reg send$b_valid;
    reg send$b_error;
    reg [2:0] send$b_tag;
    reg [4:0] buffer0$read_address;
    reg buffer0$read_enable;
    wire [63:0] buffer0$read_data;
    reg [4:0] buffer0$write_address;
    reg [63:0] buffer0$write_data;
    reg buffer0$write_enable;
    reg [4:0] buffer1$read_address;
    reg buffer1$read_enable;
    wire [63:0] buffer1$read_data;
    reg [4:0] buffer1$write_address;
    reg [63:0] buffer1$write_data;
    reg buffer1$write_enable;
    reg [3:0] completions$read_address;
    reg completions$read_enable;
    wire [63:0] completions$read_data;
    reg [3:0] completions$write_address;
    reg [63:0] completions$write_data;
    reg completions$write_enable;
    // Local signals
    reg [3:0] fill_entry;
    reg [3:0] fill_step;
    // Sub module instances
    pb_entropy_registers registers(
        .clock(clock),
        .reset(registers$reset),
        .index(registers$index),
        .csr_write(registers$csr_write),
        .csr_block(registers$csr_block),
        .csr_instance(registers$csr_instance),
        .csr_register(registers$csr_register),
        .csr_data(registers$csr_data),
        .csr_read(registers$csr_read),
        .csr_refused(registers$csr_refused),
        .running(registers$running),
        .quiet(registers$quiet),
        .closed(registers$closed),
        .completed(registers$completed),
        .failed(registers$failed),
        .offered(registers$offered),
        .accepted(registers$accepted),
        .irq_enable(registers$irq_enable),
        .coalesce_slots(registers$coalesce_slots),
        .coalesce_cycles(registers$coalesce_cycles),
        .committed(registers$committed),
        .usable(registers$usable),
        .in_error(registers$in_error),
        .commit(registers$commit),
        .given_up(registers$given_up),
        .data_base(registers$data_base),
        .completion_base(registers$completion_base),
        .slot_bytes(registers$slot_bytes),
        .slot_count(registers$slot_count),
        .flush_cycles(registers$flush_cycles),
        .slot_number(registers$slot_number),
        .head_count(registers$head_count),
        .tail_count(registers$tail_count),
        .full(registers$full),
        .no_slot(registers$no_slot),
        .waiting(registers$waiting),
        .irq(registers$irq),
        .error_event(registers$error_event),
        .stall_event(registers$stall_event)
    );
    pb_fill fill(
        .clock(clock),
        .reset(fill$reset),
        .index(fill$index),
        .usable(fill$usable),
        .no_slot(fill$no_slot),
        .entry_free(fill$entry_free),
        .commit(fill$commit),
        .stop(fill$stop),
        .swept(fill$swept),
        .busy(fill$busy),
        .data_base(fill$data_base),
        .slot_bytes(fill$slot_bytes),
        .slot_count(fill$slot_count),
        .flush_cycles(fill$flush_cycles),
        .slot_number(fill$slot_number),
        .generation(fill$generation),
        .flush(fill$flush),
        .piece_bytes(fill$piece_bytes),
        .in_valid(fill$in_valid),
        .in_ready(fill$in_ready),
        .in_last(fill$in_last),
        .in_flags(fill$in_flags),
        .in_lanes(fill$in_lanes),
        .in_raw_bits(fill$in_raw_bits),
        .in_seed_epoch(fill$in_seed_epoch),
        .in_close(fill$in_close),
        .write(fill$write),
        .buffer(fill$buffer),
        .position(fill$position),
        .burst(fill$burst),
        .burst_buffer(fill$burst_buffer),
        .burst_window(fill$burst_window),
        .burst_first(fill$burst_first),
        .burst_words(fill$burst_words),
        .entry(fill$entry),
        .word_write(fill$word_write),
        .word_index(fill$word_index),
        .word(fill$word),
        .numbered(fill$numbered),
        .closed(fill$closed),
        .open(fill$open),
        .open_bits(fill$open_bits),
        .halted(fill$halted),
        .resting(fill$resting),
        .offered(fill$offered),
        .accepted(fill$accepted)
    );
    pb_send send(
        .clock(clock),
        .reset(send$reset),
        .in_error(send$in_error),
        .bus_failed(send$bus_failed),
        .commit(send$commit),
        .given_up(send$given_up),
        .completion_base(send$completion_base),
        .slot_count(send$slot_count),
        .burst(send$burst),
        .burst_buffer(send$burst_buffer),
        .burst_window(send$burst_window),
        .burst_first(send$burst_first),
        .burst_words(send$burst_words),
        .burst_entry(send$burst_entry),
        .closed(send$closed),
        .halted(send$halted),
        .open(send$open),
        .open_bits(send$open_bits),
        .completion_word(send$completion_word),
        .busy(send$busy),
        .entry_free(send$entry_free),
        .stop(send$stop),
        .swept(send$swept),
        .quiet(send$quiet),
        .completed(send$completed),
        .failed(send$failed),
        .read_place(send$read_place),
        .read_enable(send$read_enable),
        .read_completion(send$read_completion),
        .sends_completion(send$sends_completion),
        .side(send$side),
        .clear(send$clear),
        .owned(send$owned),
        .clear_place(send$clear_place),
        .lost_bits(send$lost_bits),
        .lost_valid(send$lost_valid),
        .request_valid(send$request_valid),
        .request_ready(send$request_ready),
        .request_address(send$request_address),
        .request_words(send$request_words),
        .request_tag(send$request_tag),
        .take(send$take),
        .b_valid(send$b_valid),
        .b_error(send$b_error),
        .b_tag(send$b_tag)
    );
    pb_buffer0 buffer0(
        .clock(clock),
        .read_address(buffer0$read_address),
        .read_enable(buffer0$read_enable),
        .read_data(buffer0$read_data),
        .write_address(buffer0$write_address),
        .write_data(buffer0$write_data),
        .write_enable(buffer0$write_enable)
    );
    pb_buffer0 buffer1(
        .clock(clock),
        .read_address(buffer1$read_address),
        .read_enable(buffer1$read_enable),
        .read_data(buffer1$read_data),
        .write_address(buffer1$write_address),
        .write_data(buffer1$write_data),
        .write_enable(buffer1$write_enable)
    );
    pb_completions completions(
        .clock(clock),
        .read_address(completions$read_address),
        .read_enable(completions$read_enable),
        .read_data(completions$read_data),
        .write_address(completions$write_address),
        .write_data(completions$write_data),
        .write_enable(completions$write_enable)
    );
    // Update code
    always @(*) begin
        registers$reset = reset;
        registers$index = index;
        registers$csr_write = csr_write;
        registers$csr_block = csr_block;
        registers$csr_instance = csr_instance;
        registers$csr_register = csr_register;
        registers$csr_data = csr_data;
        csr_read = registers$csr_read;
        csr_refused = registers$csr_refused;
        registers$running = running;
        registers$quiet = send$quiet & fill$resting;
        registers$closed = fill$numbered;
        registers$completed = send$completed;
        registers$failed = send$failed;
        registers$offered = fill$offered;
        registers$accepted = fill$accepted;
        registers$irq_enable = irq_enable;
        registers$coalesce_slots = coalesce_slots;
        registers$coalesce_cycles = coalesce_cycles;
        committed = registers$committed;
        usable = registers$usable;
        slot_bytes = registers$slot_bytes;
        full = registers$full;
        waiting = registers$waiting;
        in_error = registers$in_error;
        irq = registers$irq;
        error_event = registers$error_event;
        stall_event = registers$stall_event;
        fill$reset = reset;
        fill$index = index;
        fill$usable = registers$usable;
        fill$no_slot = registers$no_slot;
        fill$entry_free = send$entry_free;
        fill$commit = registers$commit;
        fill$stop = send$stop;
        fill$swept = send$swept;
        fill$busy = send$busy;
        fill$data_base = registers$data_base;
        fill$slot_bytes = registers$slot_bytes;
        fill$slot_count = registers$slot_count;
        fill$flush_cycles = registers$flush_cycles;
        fill$slot_number = registers$slot_number;
        fill$generation = generation;
        fill$flush = flush;
        fill$piece_bytes = piece_bytes;
        fill$in_valid = in_valid;
        in_ready = fill$in_ready;
        fill$in_last = in_last;
        fill$in_flags = in_flags;
        fill$in_lanes = in_lanes;
        fill$in_raw_bits = in_raw_bits;
        fill$in_seed_epoch = in_seed_epoch;
        fill$in_close = in_close;
        send$reset = reset;
        send$in_error = registers$in_error;
        send$bus_failed = bus_failed;
        send$commit = registers$commit;
        send$given_up = registers$given_up;
        send$completion_base = registers$completion_base;
        send$slot_count = registers$slot_count;
        send$burst = fill$burst;
        send$burst_buffer = fill$burst_buffer;
        send$burst_window = fill$burst_window;
        send$burst_first = fill$burst_first;
        send$burst_words = fill$burst_words;
        send$burst_entry = fill$entry;
        send$closed = fill$closed;
        send$halted = fill$halted;
        send$open = fill$open;
        send$open_bits = fill$open_bits;
        send$completion_word = completions$read_data;
        send$request_ready = request_ready;
        send$take = take;
        send$b_valid = b_valid;
        send$b_error = b_error;
        send$b_tag = b_tag;
        lost_bits = send$lost_bits;
        lost_valid = send$lost_valid;
        request_valid = send$request_valid;
        request_address = send$request_address;
        request_words = send$request_words;
        request_tag = send$request_tag;
        idle = send$quiet & fill$resting & ~fill$open;
        buffer0$read_address = send$read_place;
        buffer1$read_address = send$read_place;
        buffer0$read_enable = send$read_enable;
        buffer1$read_enable = send$read_enable;
        completions$read_enable = send$read_enable;
        buffer0$write_address = fill$position;
        buffer0$write_data = in_data;
        if (send$owned[32'h0]) begin
            buffer0$write_address = send$clear_place;
            buffer0$write_data = 32'h0;
        end
        buffer0$write_enable = send$clear[32'h0] | (fill$write & (fill$buffer == 32'h0));
        buffer1$write_address = fill$position;
        buffer1$write_data = in_data;
        if (send$owned[32'h1]) begin
            buffer1$write_address = send$clear_place;
            buffer1$write_data = 32'h0;
        end
        buffer1$write_enable = send$clear[32'h1] | (fill$write & (fill$buffer == 32'h1));
        fill_entry = ((fill$entry) & 4'hf);
        fill_step = ((fill$word_index) & 4'hf);
        completions$read_address = send$read_completion;
        completions$write_address = (fill_entry << 32'h2) | fill_step;
        completions$write_data = fill$word;
        completions$write_enable = fill$word_write;
        data = buffer0$read_data;
        if (send$side == 32'h1) begin
            data = buffer1$read_data;
        end
        if (send$sends_completion) begin
            data = completions$read_data;
        end
    end
endmodule // pb_entropy

module pb_entropy_registers(clock,reset,index,csr_write,csr_block,csr_instance,csr_register,csr_data,csr_read,csr_refused,running,quiet,closed,completed,failed,offered,accepted,irq_enable,coalesce_slots,coalesce_cycles,committed,usable,in_error,commit,given_up,data_base,completion_base,slot_bytes,slot_count,flush_cycles,slot_number,head_count,tail_count,full,no_slot,waiting,irq,error_event,stall_event);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire [5:0] index;
    input wire csr_write;
    input wire [2:0] csr_block;
    input wire [5:0] csr_instance;
    input wire [6:0] csr_register;
    input wire [31:0] csr_data;
    output reg [31:0] csr_read;
    output reg csr_refused;
    input wire running;
    input wire quiet;
    input wire closed;
    input wire completed;
    input wire failed;
    input wire offered;
    input wire accepted;
    input wire irq_enable;
    input wire [15:0] coalesce_slots;
    input wire [31:0] coalesce_cycles;
    output reg committed;
    output reg usable;
    output reg in_error;
    output reg commit;
    output reg given_up;
    output reg [63:0] data_base;
    output reg [63:0] completion_base;
    output reg [20:0] slot_bytes;
    output reg [15:0] slot_count;
    output reg [31:0] flush_cycles;
    output reg [31:0] slot_number;
    output reg [31:0] head_count;
    output reg [31:0] tail_count;
    output reg full;
    output reg no_slot;
    output reg waiting;
    output reg irq;
    output reg error_event;
    output reg stall_event;
    // Stub signals
    reg decode$mine;
    reg [6:0] decode$register;
    wire [13:0] decode$at;
    wire decode$geometry;
    reg [31:0] data_lo$d;
    wire [31:0] data_lo$q;
    reg [31:0] data_hi$d;
    wire [31:0] data_hi$q;
    reg [31:0] completion_lo$d;
    wire [31:0] completion_lo$q;
    reg [31:0] completion_hi$d;
    wire [31:0] completion_hi$q;
    reg [20:0] bytes_flipped$d;
    wire [20:0] bytes_flipped$q;
    reg [15:0] count$d;
    wire [15:0] count$q;
    reg [31:0] flush$d;
    wire [31:0] flush$q;
    reg enabled$d;
    wire enabled$q;
    reg taken_geometry$d;
    wire taken_geometry$q;
    reg error$d;
    wire error$q;
    reg bad_geometry$d;
    wire bad_geometry$q;
    reg bad_head$d;
    wire bad_head$q;
    reg armed$d;
    wire armed$q;
    reg stalling$d;
    wire stalling$q;
    reg [31:0] head$d;
    wire [31:0] head$q;
    reg [31:0] tail$d;
    wire [31:0] tail$q;
    reg [31:0] next$d;
    wire [31:0] next$q;
    reg [31:0] errors$d;
    wire [31:0] errors$q;
    reg [31:0] stalls$d;
    wire [31:0] stalls$q;
    reg [31:0] age$d;
    wire [31:0] age$q;
    reg [1:0] hold$d;
    wire [1:0] hold$q;
    reg [31:0] read$d;
    wire [31:0] read$q;
    reg error_pulse$d;
    wire error_pulse$q;
    reg stall_pulse$d;
    wire stall_pulse$q;
    reg irq_pulse$d;
    wire irq_pulse$q;
    reg [23:0] shifted$d;
    wire [23:0] shifted$q;
    reg [1:0] shift_rest$d;
    wire [1:0] shift_rest$q;
    reg power$d;
    wire power$q;
    reg bytes_ok$d;
    wire bytes_ok$q;
    reg aligned$d;
    wire aligned$q;
    reg data_high$d;
    wire data_high$q;
    reg completion_high$d;
    wire completion_high$q;
    reg data_wraps$d;
    wire data_wraps$q;
    reg completion_wraps$d;
    wire completion_wraps$q;
    reg [31:0] taken$d;
    wire [31:0] taken$q;
    reg some_taken$d;
    wire some_taken$q;
    reg covered$d;
    wire covered$q;
    reg [31:0] waits$d;
    wire [31:0] waits$q;
    reg [31:0] used$d;
    wire [31:0] used$q;
    reg enough$d;
    wire enough$q;
    reg due$d;
    wire due$q;
    reg is_full$d;
    wire is_full$q;
    reg is_used$d;
    wire is_used$q;
    reg committing_now$d;
    wire committing_now$q;
    reg released_now$d;
    wire released_now$q;
    // Local signals
    reg write;
    reg [13:0] at;
    reg release_asked;
    reg released;
    reg commit_asked;
    reg committing;
    reg valid;
    reg [20:0] bytes;
    reg [23:0] bytes_wide;
    reg [15:0] count_less;
    reg log_odd;
    reg log_two;
    reg [36:0] ring_bytes;
    reg [36:0] shifted_wide;
    reg [36:0] data_low;
    reg [36:0] data_high_nibble;
    reg [36:0] data_end;
    reg [21:0] completion_low;
    reg [21:0] completion_bytes;
    reg [21:0] completion_end;
    reg [31:0] count_wide;
    reg [31:0] slots_wide;
    reg [63:0] high_wide;
    reg [63:0] low_wide;
    reg [31:0] status;
    reg [31:0] value;
    reg fires;
    reg fails;
    reg stalled;
    reg is_usable;
    // Sub module instances
    pb_decode decode(
        .clock(clock),
        .mine(decode$mine),
        .register(decode$register),
        .at(decode$at),
        .geometry(decode$geometry)
    );
    pb_dff_32 data_lo(
        .d(data_lo$d),
        .q(data_lo$q),
        .clock(clock)
    );
    pb_dff_32 data_hi(
        .d(data_hi$d),
        .q(data_hi$q),
        .clock(clock)
    );
    pb_dff_32 completion_lo(
        .d(completion_lo$d),
        .q(completion_lo$q),
        .clock(clock)
    );
    pb_dff_32 completion_hi(
        .d(completion_hi$d),
        .q(completion_hi$q),
        .clock(clock)
    );
    pb_dff_21 bytes_flipped(
        .d(bytes_flipped$d),
        .q(bytes_flipped$q),
        .clock(clock)
    );
    pb_dff_16 count(
        .d(count$d),
        .q(count$q),
        .clock(clock)
    );
    pb_dff_32 flush(
        .d(flush$d),
        .q(flush$q),
        .clock(clock)
    );
    pb_dff_1 enabled(
        .d(enabled$d),
        .q(enabled$q),
        .clock(clock)
    );
    pb_dff_1 taken_geometry(
        .d(taken_geometry$d),
        .q(taken_geometry$q),
        .clock(clock)
    );
    pb_dff_1 error(
        .d(error$d),
        .q(error$q),
        .clock(clock)
    );
    pb_dff_1 bad_geometry(
        .d(bad_geometry$d),
        .q(bad_geometry$q),
        .clock(clock)
    );
    pb_dff_1 bad_head(
        .d(bad_head$d),
        .q(bad_head$q),
        .clock(clock)
    );
    pb_dff_1 armed(
        .d(armed$d),
        .q(armed$q),
        .clock(clock)
    );
    pb_dff_1 stalling(
        .d(stalling$d),
        .q(stalling$q),
        .clock(clock)
    );
    pb_dff_32 head(
        .d(head$d),
        .q(head$q),
        .clock(clock)
    );
    pb_dff_32 tail(
        .d(tail$d),
        .q(tail$q),
        .clock(clock)
    );
    pb_dff_32 next(
        .d(next$d),
        .q(next$q),
        .clock(clock)
    );
    pb_dff_32 errors(
        .d(errors$d),
        .q(errors$q),
        .clock(clock)
    );
    pb_dff_32 stalls(
        .d(stalls$d),
        .q(stalls$q),
        .clock(clock)
    );
    pb_dff_32 age(
        .d(age$d),
        .q(age$q),
        .clock(clock)
    );
    pb_dff_2 hold(
        .d(hold$d),
        .q(hold$q),
        .clock(clock)
    );
    pb_dff_32 read(
        .d(read$d),
        .q(read$q),
        .clock(clock)
    );
    pb_dff_1 error_pulse(
        .d(error_pulse$d),
        .q(error_pulse$q),
        .clock(clock)
    );
    pb_dff_1 stall_pulse(
        .d(stall_pulse$d),
        .q(stall_pulse$q),
        .clock(clock)
    );
    pb_dff_1 irq_pulse(
        .d(irq_pulse$d),
        .q(irq_pulse$q),
        .clock(clock)
    );
    pb_dff_24 shifted(
        .d(shifted$d),
        .q(shifted$q),
        .clock(clock)
    );
    pb_dff_2 shift_rest(
        .d(shift_rest$d),
        .q(shift_rest$q),
        .clock(clock)
    );
    pb_dff_1 power(
        .d(power$d),
        .q(power$q),
        .clock(clock)
    );
    pb_dff_1 bytes_ok(
        .d(bytes_ok$d),
        .q(bytes_ok$q),
        .clock(clock)
    );
    pb_dff_1 aligned(
        .d(aligned$d),
        .q(aligned$q),
        .clock(clock)
    );
    pb_dff_1 data_high(
        .d(data_high$d),
        .q(data_high$q),
        .clock(clock)
    );
    pb_dff_1 completion_high(
        .d(completion_high$d),
        .q(completion_high$q),
        .clock(clock)
    );
    pb_dff_1 data_wraps(
        .d(data_wraps$d),
        .q(data_wraps$q),
        .clock(clock)
    );
    pb_dff_1 completion_wraps(
        .d(completion_wraps$d),
        .q(completion_wraps$q),
        .clock(clock)
    );
    pb_dff_32 taken(
        .d(taken$d),
        .q(taken$q),
        .clock(clock)
    );
    pb_dff_1 some_taken(
        .d(some_taken$d),
        .q(some_taken$q),
        .clock(clock)
    );
    pb_dff_1 covered(
        .d(covered$d),
        .q(covered$q),
        .clock(clock)
    );
    pb_dff_32 waits(
        .d(waits$d),
        .q(waits$q),
        .clock(clock)
    );
    pb_dff_32 used(
        .d(used$d),
        .q(used$q),
        .clock(clock)
    );
    pb_dff_1 enough(
        .d(enough$d),
        .q(enough$q),
        .clock(clock)
    );
    pb_dff_1 due(
        .d(due$d),
        .q(due$q),
        .clock(clock)
    );
    pb_dff_1 is_full(
        .d(is_full$d),
        .q(is_full$q),
        .clock(clock)
    );
    pb_dff_1 is_used(
        .d(is_used$d),
        .q(is_used$q),
        .clock(clock)
    );
    pb_dff_1 committing_now(
        .d(committing_now$d),
        .q(committing_now$q),
        .clock(clock)
    );
    pb_dff_1 released_now(
        .d(released_now$d),
        .q(released_now$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        data_lo$d = data_lo$q;
        data_hi$d = data_hi$q;
        completion_lo$d = completion_lo$q;
        completion_hi$d = completion_hi$q;
        bytes_flipped$d = bytes_flipped$q;
        count$d = count$q;
        flush$d = flush$q;
        enabled$d = enabled$q;
        taken_geometry$d = taken_geometry$q;
        error$d = error$q;
        bad_geometry$d = bad_geometry$q;
        bad_head$d = bad_head$q;
        armed$d = armed$q;
        stalling$d = stalling$q;
        head$d = head$q;
        tail$d = tail$q;
        next$d = next$q;
        errors$d = errors$q;
        stalls$d = stalls$q;
        age$d = age$q;
        hold$d = hold$q;
        read$d = read$q;
        error_pulse$d = error_pulse$q;
        stall_pulse$d = stall_pulse$q;
        irq_pulse$d = irq_pulse$q;
        shifted$d = shifted$q;
        shift_rest$d = shift_rest$q;
        power$d = power$q;
        bytes_ok$d = bytes_ok$q;
        aligned$d = aligned$q;
        data_high$d = data_high$q;
        completion_high$d = completion_high$q;
        data_wraps$d = data_wraps$q;
        completion_wraps$d = completion_wraps$q;
        taken$d = taken$q;
        some_taken$d = some_taken$q;
        covered$d = covered$q;
        waits$d = waits$q;
        used$d = used$q;
        enough$d = enough$q;
        due$d = due$q;
        is_full$d = is_full$q;
        is_used$d = is_used$q;
        committing_now$d = committing_now$q;
        released_now$d = released_now$q;
        decode$mine = (csr_block == 32'h3) & (csr_instance == index);
        decode$register = csr_register;
        at = decode$at;
        write = csr_write;
        bytes = bytes_flipped$q ^ 32'h1000;
        is_usable = taken_geometry$q & enabled$q & ~error$q & ~released_now$q;
        committed = taken_geometry$q;
        usable = is_usable;
        in_error = error$q;
        high_wide = ((data_hi$q) & 64'hffffffffffffffff);
        low_wide = ((completion_hi$q) & 64'hffffffffffffffff);
        data_base = (high_wide << 32'h20) | ((data_lo$q) & 64'hffffffffffffffff);
        completion_base = (low_wide << 32'h20) | ((completion_lo$q) & 64'hffffffffffffffff);
        slot_bytes = bytes;
        slot_count = count$q;
        flush_cycles = flush$q;
        slot_number = next$q;
        head_count = head$q;
        tail_count = tail$q;
        full = is_full$q;
        no_slot = is_used$q;
        waiting = waits$q != 32'h0;
        irq = irq_pulse$q;
        error_event = error_pulse$q;
        stall_event = stall_pulse$q;
        csr_read = read$q;
        count_less = count$q - 32'h1;
        power$d = ((count$q & count_less) == 32'h0) & ((count$q & 32'hfffe) != 32'h0);
        bytes_ok$d = ((bytes & 32'h3f) == 32'h0) & (bytes != 32'h0) & (~bytes[32'h14] | ((bytes & 32'hfffff) == 32'h0));
        aligned$d = ((data_lo$q & 32'h3f) == 32'h0) & ((completion_lo$q & 32'h1f) == 32'h0);
        log_odd = (count$q & 32'haaaa) != 32'h0;
        log_two = (count$q & 32'hcccc) != 32'h0;
        bytes_wide = ((bytes) & 24'hffffff);
        shifted$d = bytes_wide;
        if (log_odd & ~log_two) begin
            shifted$d = bytes_wide << 32'h1;
        end
        if (~log_odd & log_two) begin
            shifted$d = bytes_wide << 32'h2;
        end
        if (log_odd & log_two) begin
            shifted$d = bytes_wide << 32'h3;
        end
        shift_rest$d = 32'h0;
        if ((count$q & 32'hf0) != 32'h0) begin
            shift_rest$d = 32'h1;
        end
        if ((count$q & 32'hf00) != 32'h0) begin
            shift_rest$d = 32'h2;
        end
        if ((count$q & 32'hf000) != 32'h0) begin
            shift_rest$d = 32'h3;
        end
        shifted_wide = ((shifted$q) & 37'h1fffffffff);
        ring_bytes = shifted_wide;
        if (shift_rest$q == 32'h1) begin
            ring_bytes = shifted_wide << 32'h4;
        end
        if (shift_rest$q == 32'h2) begin
            ring_bytes = shifted_wide << 32'h8;
        end
        if (shift_rest$q == 32'h3) begin
            ring_bytes = shifted_wide << 32'hc;
        end
        data_high_nibble = ((data_hi$q & 32'hf) & 37'h1fffffffff);
        data_low = (data_high_nibble << 32'h20) | ((data_lo$q) & 37'h1fffffffff);
        data_end = data_low + ring_bytes;
        data_high$d = (data_hi$q | 32'hf) == 64'hffffffff;
        data_wraps$d = data_end[32'h24] & data_high$q;
        completion_low = ((completion_lo$q & 32'h1fffff) & 22'h3fffff);
        completion_bytes = ((count$q) & 22'h3fffff);
        completion_end = completion_low + (completion_bytes << 32'h5);
        completion_high$d = (completion_hi$q == 64'hffffffff) & ((completion_lo$q | 32'h1fffff) == 64'hffffffff);
        completion_wraps$d = completion_end[32'h15] & completion_high$q;
        valid = power$q & bytes_ok$q & aligned$q & ~data_wraps$q & ~completion_wraps$q;
        taken$d = csr_data - head$q;
        some_taken$d = taken$q != 32'h0;
        covered$d = taken$q <= waits$q;
        waits$d = tail$q - head$q;
        used$d = next$q - head$q;
        count_wide = ((count$q) & 32'hffffffff);
        slots_wide = ((coalesce_slots) & 32'hffffffff);
        is_full$d = taken_geometry$q & (waits$q >= count_wide);
        is_used$d = used$q >= count_wide;
        enough$d = waits$q >= slots_wide;
        due$d = (coalesce_cycles != 32'h0) & (age$q >= coalesce_cycles);
        if (age$q != 64'hffffffff) begin
            age$d = age$q + 32'h1;
        end
        if (hold$q != 32'h0) begin
            hold$d = hold$q - 32'h1;
        end
        fires = armed$q & irq_enable & (hold$q == 32'h0) & (waits$q != 32'h0) & (enough$q | due$q);
        irq_pulse$d = fires;
        if (fires) begin
            armed$d = 1'b0;
        end
        if (completed) begin
            tail$d = tail$q + 32'h1;
            if (waits$q == 32'h0) begin
                age$d = 32'h0;
            end
        end
        if (closed) begin
            next$d = next$q + 32'h1;
        end
        stalled = offered & is_usable & is_used$q;
        stall_pulse$d = stalled & ~stalling$q;
        if (stalled) begin
            stalling$d = 1'b1;
        end
        if (accepted) begin
            stalling$d = 1'b0;
        end
        if (stall_pulse$q) begin
            stalls$d = stalls$q + 32'h1;
        end
        fails = failed & ((taken_geometry$q & ~error$q & ~released_now$q) | committing_now$q);
        error_pulse$d = fails;
        if (fails) begin
            errors$d = errors$q + 32'h1;
        end
        release_asked = write & at[32'h6] & csr_data[32'h1];
        released = release_asked & ~running & quiet;
        commit_asked = write & at[32'h6] & csr_data[32'h0];
        committing = commit_asked & valid & (~taken_geometry$q | released);
        committing_now$d = committing;
        released_now$d = released;
        commit = committing_now$q;
        given_up = released_now$q;
        csr_refused = (write & decode$geometry & taken_geometry$q) | (release_asked & ~released);
        if (write & ~taken_geometry$q) begin
            if (at[32'h0]) begin
                data_lo$d = csr_data;
            end
            if (at[32'h1]) begin
                data_hi$d = csr_data;
            end
            if (at[32'h2]) begin
                completion_lo$d = csr_data;
            end
            if (at[32'h3]) begin
                completion_hi$d = csr_data;
            end
            if (at[32'h4]) begin
                bytes_flipped$d = ((csr_data) & 21'h1fffff) ^ 32'h1000;
            end
            if (at[32'h5]) begin
                count$d = ((csr_data) & 16'hffff);
            end
        end
        if (write & at[32'h7]) begin
            bad_head$d = ~covered$q;
            if (covered$q) begin
                head$d = csr_data;
                armed$d = 1'b1;
                hold$d = 32'h3;
                if (some_taken$q) begin
                    age$d = 32'h0;
                end
            end
        end
        if (write & at[32'h9]) begin
            enabled$d = csr_data[32'h0];
        end
        if (write & at[32'hc]) begin
            flush$d = csr_data;
        end
        if (released) begin
            bad_geometry$d = 1'b0;
        end
        if (commit_asked) begin
            bad_geometry$d = ~committing;
        end
        if (released_now$q) begin
            taken_geometry$d = 1'b0;
            error$d = 1'b0;
        end
        if (fails) begin
            error$d = 1'b1;
        end
        if (committing_now$q) begin
            taken_geometry$d = 1'b1;
            head$d = 32'h0;
            tail$d = 32'h0;
            next$d = 32'h0;
            waits$d = 32'h0;
            used$d = 32'h0;
            armed$d = 1'b1;
            hold$d = 32'h3;
            bad_head$d = 1'b0;
            stalling$d = 1'b0;
        end
        status = 32'h0;
        if (taken_geometry$q) begin
            status = 32'h1;
        end
        value = 32'h0;
        if (at[32'h0]) begin
            value = data_lo$q;
        end
        if (at[32'h1]) begin
            value = data_hi$q;
        end
        if (at[32'h2]) begin
            value = completion_lo$q;
        end
        if (at[32'h3]) begin
            value = completion_hi$q;
        end
        if (at[32'h4]) begin
            value = ((bytes) & 32'hffffffff);
        end
        if (at[32'h5]) begin
            value = count_wide;
        end
        if (at[32'h7]) begin
            value = head$q;
        end
        if (at[32'h8]) begin
            value = tail$q;
        end
        if (at[32'h9]) begin
            value = ((enabled$q) & 32'hffffffff);
        end
        if (at[32'ha]) begin
            value = status | (((is_full$q) & 32'hffffffff) << 32'h1) | (((error$q) & 32'hffffffff) << 32'h2) | (((bad_geometry$q) & 32'hffffffff) << 32'h3) | (((bad_head$q) & 32'hffffffff) << 32'h4) | (((armed$q) & 32'hffffffff) << 32'h5);
        end
        if (at[32'hb]) begin
            value = errors$q;
        end
        if (at[32'hc]) begin
            value = flush$q;
        end
        if (at[32'hd]) begin
            value = stalls$q;
        end
        read$d = value;
        if (reset) begin
            data_lo$d = 32'h0;
            data_hi$d = 32'h0;
            completion_lo$d = 32'h0;
            completion_hi$d = 32'h0;
            bytes_flipped$d = 32'h0;
            count$d = 32'h0;
            flush$d = 32'h0;
            enabled$d = 1'b0;
            taken_geometry$d = 1'b0;
            error$d = 1'b0;
            bad_geometry$d = 1'b0;
            bad_head$d = 1'b0;
            armed$d = 1'b0;
            stalling$d = 1'b0;
            head$d = 32'h0;
            tail$d = 32'h0;
            next$d = 32'h0;
            errors$d = 32'h0;
            stalls$d = 32'h0;
            age$d = 32'h0;
            hold$d = 32'h0;
            read$d = 32'h0;
            error_pulse$d = 1'b0;
            stall_pulse$d = 1'b0;
            irq_pulse$d = 1'b0;
            waits$d = 32'h0;
            used$d = 32'h0;
            is_full$d = 1'b0;
            committing_now$d = 1'b0;
            released_now$d = 1'b0;
        end
    end
endmodule // pb_entropy_registers

module pb_errors(clock,reset,unknown,refused,command_refused,bus_error,ring_stall,dropped,lost_entropy,lost_raw,unknown_count,refused_count,bus_count,stall_count,dropped_count);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire unknown;
    input wire refused;
    input wire command_refused;
    input wire [2:0] bus_error;
    input wire [2:0] ring_stall;
    input wire [15:0] dropped;
    input wire [31:0] lost_entropy;
    input wire [31:0] lost_raw;
    output reg [31:0] unknown_count;
    output reg [31:0] refused_count;
    output reg [31:0] bus_count;
    output reg [31:0] stall_count;
    output reg [31:0] dropped_count;
    // Stub signals
    reg [31:0] unknown_n$d;
    wire [31:0] unknown_n$q;
    reg [31:0] refused_n$d;
    wire [31:0] refused_n$q;
    reg [31:0] bus_n$d;
    wire [31:0] bus_n$q;
    reg [31:0] stall_n$d;
    wire [31:0] stall_n$q;
    reg [31:0] dropped_n$d;
    wire [31:0] dropped_n$q;
    reg [1:0] refused_more$d;
    wire [1:0] refused_more$q;
    reg [1:0] bus_more$d;
    wire [1:0] bus_more$q;
    reg [1:0] stall_more$d;
    wire [1:0] stall_more$q;
    reg [31:0] dropped1$d;
    wire [31:0] dropped1$q;
    reg [31:0] dropped2$d;
    wire [31:0] dropped2$q;
    reg [31:0] dropped_more$d;
    wire [31:0] dropped_more$q;
    // Sub module instances
    pb_dff_32 unknown_n(
        .d(unknown_n$d),
        .q(unknown_n$q),
        .clock(clock)
    );
    pb_dff_32 refused_n(
        .d(refused_n$d),
        .q(refused_n$q),
        .clock(clock)
    );
    pb_dff_32 bus_n(
        .d(bus_n$d),
        .q(bus_n$q),
        .clock(clock)
    );
    pb_dff_32 stall_n(
        .d(stall_n$d),
        .q(stall_n$q),
        .clock(clock)
    );
    pb_dff_32 dropped_n(
        .d(dropped_n$d),
        .q(dropped_n$q),
        .clock(clock)
    );
    pb_dff_2 refused_more(
        .d(refused_more$d),
        .q(refused_more$q),
        .clock(clock)
    );
    pb_dff_2 bus_more(
        .d(bus_more$d),
        .q(bus_more$q),
        .clock(clock)
    );
    pb_dff_2 stall_more(
        .d(stall_more$d),
        .q(stall_more$q),
        .clock(clock)
    );
    pb_dff_32 dropped1(
        .d(dropped1$d),
        .q(dropped1$q),
        .clock(clock)
    );
    pb_dff_32 dropped2(
        .d(dropped2$d),
        .q(dropped2$q),
        .clock(clock)
    );
    pb_dff_32 dropped_more(
        .d(dropped_more$d),
        .q(dropped_more$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        unknown_n$d = unknown_n$q;
        refused_n$d = refused_n$q;
        bus_n$d = bus_n$q;
        stall_n$d = stall_n$q;
        dropped_n$d = dropped_n$q;
        refused_more$d = refused_more$q;
        bus_more$d = bus_more$q;
        stall_more$d = stall_more$q;
        dropped1$d = dropped1$q;
        dropped2$d = dropped2$q;
        dropped_more$d = dropped_more$q;
        unknown_count = unknown_n$q;
        refused_count = refused_n$q;
        bus_count = bus_n$q;
        stall_count = stall_n$q;
        dropped_count = dropped_n$q;
        if (unknown) begin
            unknown_n$d = unknown_n$q + 32'h1;
        end
        refused_more$d = 32'h0;
        if (refused | command_refused) begin
            refused_more$d = 32'h1;
        end
        if (refused & command_refused) begin
            refused_more$d = 32'h2;
        end
        refused_n$d = refused_n$q + ((refused_more$q) & 32'hffffffff);
        bus_more$d = ((bus_error[(32'h0)+:(1)]) & 2'h3) + ((bus_error[(32'h1)+:(1)]) & 2'h3) + ((bus_error[(32'h2)+:(1)]) & 2'h3);
        bus_n$d = bus_n$q + ((bus_more$q) & 32'hffffffff);
        stall_more$d = ((ring_stall[(32'h0)+:(1)]) & 2'h3) + ((ring_stall[(32'h1)+:(1)]) & 2'h3) + ((ring_stall[(32'h2)+:(1)]) & 2'h3);
        stall_n$d = stall_n$q + ((stall_more$q) & 32'hffffffff);
        dropped1$d = lost_entropy + ((dropped) & 32'hffffffff);
        dropped2$d = lost_raw;
        dropped_more$d = dropped1$q + dropped2$q;
        dropped_n$d = dropped_n$q + dropped_more$q;
        if (reset) begin
            unknown_n$d = 32'h0;
            refused_n$d = 32'h0;
            bus_n$d = 32'h0;
            stall_n$d = 32'h0;
            dropped_n$d = 32'h0;
            refused_more$d = 32'h0;
            bus_more$d = 32'h0;
            stall_more$d = 32'h0;
            dropped1$d = 32'h0;
            dropped2$d = 32'h0;
            dropped_more$d = 32'h0;
        end
    end
endmodule // pb_errors

module pb_fill(clock,reset,index,usable,no_slot,entry_free,commit,stop,swept,busy,data_base,slot_bytes,slot_count,flush_cycles,slot_number,generation,flush,piece_bytes,in_valid,in_ready,in_last,in_flags,in_lanes,in_raw_bits,in_seed_epoch,in_close,write,buffer,position,burst,burst_buffer,burst_window,burst_first,burst_words,entry,word_write,word_index,word,numbered,closed,open,open_bits,halted,resting,offered,accepted);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire [5:0] index;
    input wire usable;
    input wire no_slot;
    input wire entry_free;
    input wire commit;
    input wire stop;
    input wire swept;
    input wire [1:0] busy;
    input wire [63:0] data_base;
    input wire [20:0] slot_bytes;
    input wire [15:0] slot_count;
    input wire [31:0] flush_cycles;
    input wire [31:0] slot_number;
    input wire [31:0] generation;
    input wire flush;
    input wire [15:0] piece_bytes;
    input wire in_valid;
    output reg in_ready;
    input wire in_last;
    input wire [5:0] in_flags;
    input wire [63:0] in_lanes;
    input wire [15:0] in_raw_bits;
    input wire [15:0] in_seed_epoch;
    input wire in_close;
    output reg write;
    output reg buffer;
    output reg [4:0] position;
    output reg burst;
    output reg burst_buffer;
    output reg [55:0] burst_window;
    output reg [4:0] burst_first;
    output reg [5:0] burst_words;
    output reg [1:0] entry;
    output reg word_write;
    output reg [1:0] word_index;
    output reg [63:0] word;
    output reg numbered;
    output reg closed;
    output reg open;
    output reg [31:0] open_bits;
    output reg halted;
    output reg resting;
    output reg offered;
    output reg accepted;
    // Enums
    localparam FillState$Halt = 0;
    localparam FillState$Prepare = 1;
    localparam FillState$Gate = 2;
    localparam FillState$Piece = 3;
    localparam FillState$Judge = 4;
    localparam FillState$Close = 5;
    localparam FillState$Words = 6;
    localparam FillState$Drain = 7;
    // Stub signals
    reg [2:0] state$d;
    wire [2:0] state$q;
    reg is_open$d;
    wire is_open$q;
    reg gate$d;
    wire gate$q;
    reg judged$d;
    wire judged$q;
    reg room$d;
    wire room$q;
    reg fits$d;
    wire fits$q;
    reg expired$d;
    wire expired$q;
    reg close_wanted$d;
    wire close_wanted$q;
    reg flush_wanted$d;
    wire flush_wanted$q;
    reg [20:0] left$d;
    wire [20:0] left$q;
    reg more$d;
    wire more$q;
    reg [20:0] bytes$d;
    wire [20:0] bytes$q;
    reg [5:0] flags$d;
    wire [5:0] flags$q;
    reg [63:0] lanes$d;
    wire [63:0] lanes$q;
    reg [31:0] raw_bits$d;
    wire [31:0] raw_bits$q;
    reg [15:0] pieces$d;
    wire [15:0] pieces$q;
    reg [15:0] epoch$d;
    wire [15:0] epoch$q;
    reg [31:0] age$d;
    wire [31:0] age$q;
    reg [15:0] slot$d;
    wire [15:0] slot$q;
    reg last_slot$d;
    wire last_slot$q;
    reg odd_pass$d;
    wire odd_pass$q;
    reg [63:0] slot_address$d;
    wire [63:0] slot_address$q;
    reg [55:0] window$d;
    wire [55:0] window$q;
    reg [4:0] place$d;
    wire [4:0] place$q;
    reg [4:0] first$d;
    wire [4:0] first$q;
    reg [5:0] words$d;
    wire [5:0] words$q;
    reg side$d;
    wire side$q;
    reg free$d;
    wire free$q;
    reg whole$d;
    wire whole$q;
    reg [5:0] whole_words$d;
    wire [5:0] whole_words$q;
    reg [1:0] number$d;
    wire [1:0] number$q;
    reg [1:0] step$d;
    wire [1:0] step$q;
    // Local signals
    reg ready;
    reg taken;
    reg stored;
    reg side_busy;
    reg ends;
    reg must_close;
    reg [20:0] piece_wide;
    reg [15:0] slot_next;
    reg [5:0] words_next;
    reg [32:0] bits_wide;
    reg [32:0] bits_sum;
    reg [63:0] bytes_wide;
    reg [63:0] pieces_wide;
    reg [63:0] slot_wide;
    reg [63:0] flags_wide;
    reg [63:0] epoch_wide;
    reg [63:0] index_wide;
    reg [63:0] lanes_low;
    reg [63:0] lanes_high;
    reg [63:0] bits_word;
    reg [63:0] sequence_wide;
    reg [63:0] generation_wide;
    reg [63:0] phase_wide;
    reg [63:0] step_wide;
    // Sub module instances
    pb_fill_state state(
        .d(state$d),
        .q(state$q),
        .clock(clock)
    );
    pb_dff_1 is_open(
        .d(is_open$d),
        .q(is_open$q),
        .clock(clock)
    );
    pb_dff_1 gate(
        .d(gate$d),
        .q(gate$q),
        .clock(clock)
    );
    pb_dff_1 judged(
        .d(judged$d),
        .q(judged$q),
        .clock(clock)
    );
    pb_dff_1 room(
        .d(room$d),
        .q(room$q),
        .clock(clock)
    );
    pb_dff_1 fits(
        .d(fits$d),
        .q(fits$q),
        .clock(clock)
    );
    pb_dff_1 expired(
        .d(expired$d),
        .q(expired$q),
        .clock(clock)
    );
    pb_dff_1 close_wanted(
        .d(close_wanted$d),
        .q(close_wanted$q),
        .clock(clock)
    );
    pb_dff_1 flush_wanted(
        .d(flush_wanted$d),
        .q(flush_wanted$q),
        .clock(clock)
    );
    pb_dff_21 left(
        .d(left$d),
        .q(left$q),
        .clock(clock)
    );
    pb_dff_1 more(
        .d(more$d),
        .q(more$q),
        .clock(clock)
    );
    pb_dff_21 bytes(
        .d(bytes$d),
        .q(bytes$q),
        .clock(clock)
    );
    pb_dff_6 flags(
        .d(flags$d),
        .q(flags$q),
        .clock(clock)
    );
    pb_dff_64 lanes(
        .d(lanes$d),
        .q(lanes$q),
        .clock(clock)
    );
    pb_dff_32 raw_bits(
        .d(raw_bits$d),
        .q(raw_bits$q),
        .clock(clock)
    );
    pb_dff_16 pieces(
        .d(pieces$d),
        .q(pieces$q),
        .clock(clock)
    );
    pb_dff_16 epoch(
        .d(epoch$d),
        .q(epoch$q),
        .clock(clock)
    );
    pb_dff_32 age(
        .d(age$d),
        .q(age$q),
        .clock(clock)
    );
    pb_dff_16 slot(
        .d(slot$d),
        .q(slot$q),
        .clock(clock)
    );
    pb_dff_1 last_slot(
        .d(last_slot$d),
        .q(last_slot$q),
        .clock(clock)
    );
    pb_dff_1 odd_pass(
        .d(odd_pass$d),
        .q(odd_pass$q),
        .clock(clock)
    );
    pb_dff_64 slot_address(
        .d(slot_address$d),
        .q(slot_address$q),
        .clock(clock)
    );
    pb_dff_56 window(
        .d(window$d),
        .q(window$q),
        .clock(clock)
    );
    pb_dff_5 place(
        .d(place$d),
        .q(place$q),
        .clock(clock)
    );
    pb_dff_5 first(
        .d(first$d),
        .q(first$q),
        .clock(clock)
    );
    pb_dff_6 words(
        .d(words$d),
        .q(words$q),
        .clock(clock)
    );
    pb_dff_1 side(
        .d(side$d),
        .q(side$q),
        .clock(clock)
    );
    pb_dff_1 free(
        .d(free$d),
        .q(free$q),
        .clock(clock)
    );
    pb_dff_1 whole(
        .d(whole$d),
        .q(whole$q),
        .clock(clock)
    );
    pb_dff_6 whole_words(
        .d(whole_words$d),
        .q(whole_words$q),
        .clock(clock)
    );
    pb_dff_2 number(
        .d(number$d),
        .q(number$q),
        .clock(clock)
    );
    pb_dff_2 step(
        .d(step$d),
        .q(step$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        state$d = state$q;
        is_open$d = is_open$q;
        gate$d = gate$q;
        judged$d = judged$q;
        room$d = room$q;
        fits$d = fits$q;
        expired$d = expired$q;
        close_wanted$d = close_wanted$q;
        flush_wanted$d = flush_wanted$q;
        left$d = left$q;
        more$d = more$q;
        bytes$d = bytes$q;
        flags$d = flags$q;
        lanes$d = lanes$q;
        raw_bits$d = raw_bits$q;
        pieces$d = pieces$q;
        epoch$d = epoch$q;
        age$d = age$q;
        slot$d = slot$q;
        last_slot$d = last_slot$q;
        odd_pass$d = odd_pass$q;
        slot_address$d = slot_address$q;
        window$d = window$q;
        place$d = place$q;
        first$d = first$q;
        words$d = words$q;
        side$d = side$q;
        free$d = free$q;
        whole$d = whole$q;
        whole_words$d = whole_words$q;
        number$d = number$q;
        step$d = step$q;
        side_busy = busy[32'h0];
        if (side$q == 32'h1) begin
            side_busy = busy[32'h1];
        end
        piece_wide = ((piece_bytes) & 21'h1fffff);
        room$d = left$q >= piece_wide;
        fits$d = slot_bytes >= piece_wide;
        slot_next = slot$q + 32'h1;
        last_slot$d = slot_next == slot_count;
        step_wide = ((slot_bytes) & 64'hffffffffffffffff);
        words_next = words$q + 32'h1;
        bits_wide = ((in_raw_bits) & 33'h1ffffffff);
        bits_sum = ((raw_bits$q) & 33'h1ffffffff) + bits_wide;
        must_close = is_open$q & (flush_wanted$q | expired$q | close_wanted$q | (~room$q & (judged$q | (in_valid & fits$q))));
        ready = 1'b0;
        stored = 1'b0;
        taken = 1'b0;
        numbered = 1'b0;
        closed = 1'b0;
        ends = 1'b0;
        accepted = 1'b0;
        word_write = 1'b0;
        gate$d = 1'b0;
        judged$d = 1'b0;
        expired$d = (flush_cycles != 32'h0) & (age$q >= flush_cycles);
        if (is_open$q & (age$q != 64'hffffffff)) begin
            age$d = age$q + 32'h1;
        end
        if (flush) begin
            flush_wanted$d = 1'b1;
        end
        case (state$q)
            FillState$Halt:
                begin
                    if (swept) begin
                        is_open$d = 1'b0;
                        side$d = 32'h0;
                        state$d = FillState$Prepare;
                    end
                end
            FillState$Prepare:
                begin
                    left$d = slot_bytes;
                    more$d = slot_bytes != 32'h0;
                    bytes$d = 32'h0;
                    flags$d = 32'h0;
                    lanes$d = 32'h0;
                    raw_bits$d = 32'h0;
                    pieces$d = 32'h0;
                    age$d = 32'h0;
                    expired$d = 1'b0;
                    close_wanted$d = 1'b0;
                    window$d = slot_address$q[(32'h8)+:(56)];
                    place$d = slot_address$q[(32'h3)+:(5)];
                    first$d = slot_address$q[(32'h3)+:(5)];
                    words$d = 32'h0;
                    state$d = FillState$Gate;
                    if (commit) begin
                        state$d = FillState$Prepare;
                    end
                end
            FillState$Gate:
                begin
                    ready = gate$q & free$q;
                    if (in_valid & ready) begin
                        accepted = 1'b1;
                        taken = 1'b1;
                        stored = more$q;
                        is_open$d = 1'b1;
                        state$d = FillState$Piece;
                    end
                    else begin
                        if (~is_open$q) begin
                            flush_wanted$d = 1'b0;
                        end
                        gate$d = usable & ~must_close & ((is_open$q & room$q) | (~is_open$q & fits$q & entry_free & ~no_slot));
                        if (must_close) begin
                            state$d = FillState$Close;
                        end
                        if (commit) begin
                            gate$d = 1'b0;
                            state$d = FillState$Prepare;
                            if (is_open$q) begin
                                state$d = FillState$Halt;
                            end
                        end
                        if (stop) begin
                            gate$d = 1'b0;
                            state$d = FillState$Halt;
                        end
                    end
                end
            FillState$Piece:
                begin
                    ready = free$q;
                    if (in_valid & ready) begin
                        taken = 1'b1;
                        stored = more$q;
                    end
                    if (stop) begin
                        state$d = FillState$Drain;
                    end
                end
            FillState$Judge:
                begin
                    judged$d = 1'b1;
                    state$d = FillState$Gate;
                    if (stop) begin
                        state$d = FillState$Halt;
                    end
                end
            FillState$Close:
                begin
                    step$d = 32'h3;
                    flush_wanted$d = 1'b0;
                    if (stop | ~usable) begin
                        state$d = FillState$Halt;
                    end
                    else begin
                        ends = words$q != 32'h0;
                        state$d = FillState$Words;
                    end
                end
            FillState$Words:
                begin
                    word_write = 1'b1;
                    numbered = step$q == 32'h3;
                    step$d = step$q - 32'h1;
                    if (step$q == 32'h0) begin
                        closed = ~stop;
                        number$d = number$q + 32'h1;
                        is_open$d = 1'b0;
                        slot$d = slot_next;
                        slot_address$d = slot_address$q + step_wide;
                        if (last_slot$q) begin
                            slot$d = 32'h0;
                            slot_address$d = data_base;
                            odd_pass$d = ~odd_pass$q;
                        end
                        state$d = FillState$Prepare;
                    end
                    if (stop) begin
                        number$d = number$q;
                        is_open$d = 1'b1;
                        state$d = FillState$Halt;
                    end
                end
            FillState$Drain:
                begin
                    ready = 1'b1;
                    taken = in_valid;
                end
        endcase
        if (taken & ~more$q) begin
            flags$d = flags$q | 32'h10;
        end
        if (stored) begin
            left$d = left$q - 32'h8;
            more$d = left$q != 32'h8;
            bytes$d = bytes$q + 32'h8;
            place$d = place$q + 32'h1;
            words$d = words_next;
            ends = place$q == 32'h1f;
        end
        whole$d = ends;
        whole_words$d = words$q;
        if (stored) begin
            whole_words$d = words_next;
        end
        if (ends) begin
            side$d = ~side$q;
            words$d = 32'h0;
        end
        if (whole$q) begin
            window$d = window$q + 32'h1;
            first$d = 32'h0;
        end
        free$d = ~side_busy & ~ends;
        if (taken & in_last) begin
            flags$d = flags$d | in_flags;
            lanes$d = lanes$q | in_lanes;
            epoch$d = in_seed_epoch;
            raw_bits$d = ((bits_sum) & 32'hffffffff);
            if (bits_sum[32'h20]) begin
                raw_bits$d = 64'hffffffff;
            end
            if (pieces$q != 32'hffff) begin
                pieces$d = pieces$q + 32'h1;
            end
            close_wanted$d = close_wanted$q | in_close;
            state$d = FillState$Judge;
            if ((state$q == FillState$Drain) | stop) begin
                state$d = FillState$Halt;
            end
        end
        if (commit) begin
            slot$d = 32'h0;
            slot_address$d = data_base;
            odd_pass$d = 1'b0;
        end
        slot_wide = ((slot$q) & 64'hffffffffffffffff);
        pieces_wide = ((pieces$q) & 64'hffffffffffffffff);
        bytes_wide = ((bytes$q) & 64'hffffffffffffffff);
        index_wide = ((index) & 64'hffffffffffffffff);
        flags_wide = ((flags$q) & 64'hffffffffffffffff);
        epoch_wide = ((epoch$q) & 64'hffffffffffffffff);
        lanes_low = lanes$q << 32'h20;
        lanes_high = lanes$q >> 32'h20;
        bits_word = ((raw_bits$q) & 64'hffffffffffffffff);
        sequence_wide = ((slot_number) & 64'hffffffffffffffff);
        generation_wide = ((generation & 32'h7fffffff) & 64'hffffffffffffffff);
        phase_wide = 32'h1;
        if (odd_pass$q) begin
            phase_wide = 32'h0;
        end
        word = slot_wide | (pieces_wide << 32'h10) | (bytes_wide << 32'h20);
        if (step$q == 32'h1) begin
            word = index_wide | (flags_wide << 32'h2) | (epoch_wide << 32'h10) | lanes_low;
        end
        if (step$q == 32'h2) begin
            word = lanes_high | (bits_word << 32'h20);
        end
        if (step$q == 32'h3) begin
            word = sequence_wide | (generation_wide << 32'h20) | (phase_wide << 32'h3f);
        end
        in_ready = ready;
        write = stored;
        buffer = side$q;
        position = place$q;
        burst = whole$q;
        burst_buffer = ~side$q;
        burst_words = whole_words$q;
        burst_window = window$q;
        burst_first = first$q;
        entry = number$q;
        word_index = step$q;
        open = is_open$q;
        open_bits = raw_bits$q;
        halted = (state$q == FillState$Halt) & ~whole$q;
        resting = state$q == FillState$Gate;
        offered = (state$q == FillState$Gate) & in_valid & ~is_open$q & fits$q;
        if (reset) begin
            state$d = FillState$Halt;
            is_open$d = 1'b0;
            gate$d = 1'b0;
            close_wanted$d = 1'b0;
            flush_wanted$d = 1'b0;
            flags$d = 32'h0;
            lanes$d = 32'h0;
            raw_bits$d = 32'h0;
            pieces$d = 32'h0;
            epoch$d = 32'h0;
            bytes$d = 32'h0;
            words$d = 32'h0;
            slot$d = 32'h0;
            slot_address$d = 32'h0;
            odd_pass$d = 1'b0;
            side$d = 32'h0;
            whole$d = 1'b0;
            number$d = 32'h0;
            step$d = 32'h0;
        end
    end
endmodule // pb_fill

module pb_fill_state(d,q,clock);
    // Module arguments
    input wire [2:0] d;
    output reg [2:0] q;
    input wire clock;
    // Enums
    localparam FillState$Halt = 0;
    localparam FillState$Prepare = 1;
    localparam FillState$Gate = 2;
    localparam FillState$Piece = 3;
    localparam FillState$Judge = 4;
    localparam FillState$Close = 5;
    localparam FillState$Words = 6;
    localparam FillState$Drain = 7;
    // Update code (custom)
    initial begin
       q = 64'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_fill_state

module pb_first(clock,pin,level);
    // Module arguments
    input wire clock;
    input wire pin;
    output wire level;
    // Update code (wrapper)
    (* keep = "true", ASYNC_REG = "TRUE", SHREG_EXTRACT = "NO" *) reg flop = 1'b0;
    always @(posedge clock) flop <= pin;
    assign level = flop;
endmodule // pb_first

module pb_head(clock,reset,in_valid,in_prior,in_mark,in_mask,in_bits,in_test,in_flags,pop,valid,prior,mark,mask,bits,test,flags,count,advance,take_one,one,empty);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire in_valid;
    input wire in_prior;
    input wire in_mark;
    input wire [3:0] in_mask;
    input wire [3:0] in_bits;
    input wire [3:0] in_test;
    input wire [2:0] in_flags;
    output reg pop;
    output reg valid;
    output reg prior;
    output reg mark;
    output reg [3:0] mask;
    output reg [3:0] bits;
    output reg [3:0] test;
    output reg [2:0] flags;
    output reg [6:0] count;
    input wire advance;
    input wire take_one;
    input wire [3:0] one;
    output reg empty;
    // Update code (custom)
    reg next_valid, next_prior, next_mark;
    reg [2:0] next_flags;
    reg [3:0] next_mask, next_bits, next_test;
    reg [2:0] next_few;
    wire free = ~valid | advance;
    initial begin
       next_valid = 0;
       next_prior = 0;
       next_mark = 0;
       next_flags = 0;
       next_mask = 0;
       next_bits = 0;
       next_test = 0;
       next_few = 0;
       valid = 0;
       prior = 0;
       mark = 0;
       flags = 0;
       mask = 0;
       bits = 0;
       test = 0;
       count = 0;
    end
    always @(*) begin
       pop = in_valid & (~next_valid | free);
       empty = ~next_valid & ~valid;
    end
    always @(posedge clock) begin
       if (reset) begin
          next_valid <= 0;
          next_mask <= 0;
          next_bits <= 0;
       end else if (pop) begin
          next_valid <= 1;
          next_prior <= in_prior;
          next_mark <= in_mark;
          next_flags <= in_flags;
          next_mask <= in_mask;
          next_bits <= in_bits;
          next_test <= in_test;
          next_few[0 +: 3] <= {2'd0, in_mask[0]} + {2'd0, in_mask[1]} + {2'd0, in_mask[2]} + {2'd0, in_mask[3]};
       end else if (free) begin
          next_valid <= 0;
          next_mask <= 0;
          next_bits <= 0;
       end
       if (reset) begin
          valid <= 0;
          mask <= 0;
          bits <= 0;
       end else if (free) begin
          valid <= next_valid;
          mask <= next_mask;
          bits <= next_bits;
          if (next_valid) begin
             prior <= next_prior;
             mark <= next_mark;
             flags <= next_flags;
             test <= next_test;
             count <= {4'd0, next_few[0 +: 3]};
          end
       end else if (take_one) begin
          mask <= mask & ~one;
          count <= count - 7'd1;
       end
    end
endmodule // pb_head

module pb_holdoff_register(clock,reset,write,data,value);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire write;
    input wire [19:0] data;
    output reg [19:0] value;
    // Constant declarations
    localparam after_reset = 20'h1e;
    // Update code (custom)
    initial value = after_reset;
    always @(posedge clock) begin
        if (reset) value <= after_reset;
        else if (write) value <= data;
    end
endmodule // pb_holdoff_register

module pb_interrupts(clock,reset,csr_write,csr_block,csr_register,csr_data,csr_read,alarm_event,error_event,seed_event,idle_event,waiting,irq,enable,coalesce_slots,coalesce_cycles,irq_valid,irq_vector,irq_ready);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire csr_write;
    input wire [2:0] csr_block;
    input wire [6:0] csr_register;
    input wire [31:0] csr_data;
    output reg [31:0] csr_read;
    input wire alarm_event;
    input wire error_event;
    input wire seed_event;
    input wire idle_event;
    input wire [2:0] waiting;
    input wire [2:0] irq;
    output reg [2:0] enable;
    output reg [15:0] coalesce_slots;
    output reg [31:0] coalesce_cycles;
    output reg irq_valid;
    output reg [1:0] irq_vector;
    input wire irq_ready;
    // Constant declarations
    localparam global_block = 3'b0;
    localparam at_status = 7'b11000;
    localparam at_enable = 7'b11001;
    localparam at_slots = 7'b11010;
    localparam at_cycles = 7'b11011;
    // Stub signals
    reg [2:0] readout$csr_block;
    reg [6:0] readout$csr_register;
    reg [6:0] readout$status;
    reg [6:0] readout$enable;
    reg [15:0] readout$slots;
    reg [31:0] readout$cycles;
    wire [31:0] readout$csr_read;
    reg [3:0] events$d;
    wire [3:0] events$q;
    reg [6:0] allowed$d;
    wire [6:0] allowed$q;
    reg [15:0] slots$d;
    wire [15:0] slots$q;
    reg [15:0] least_slots$d;
    wire [15:0] least_slots$q;
    reg [31:0] cycles$d;
    wire [31:0] cycles$q;
    reg [3:0] pending$d;
    wire [3:0] pending$q;
    reg valid$d;
    wire valid$q;
    reg [1:0] vector$d;
    wire [1:0] vector$q;
    // Local signals
    reg write;
    reg [3:0] raised;
    reg [3:0] kept;
    reg [3:0] latched;
    reg [3:0] ask;
    reg [3:0] asked;
    reg [3:0] turned;
    reg [1:0] choice;
    reg [1:0] next_vector;
    reg [3:0] taken;
    reg [3:0] clear;
    // Sub module instances
    pb_interrupts_readout readout(
        .clock(clock),
        .csr_block(readout$csr_block),
        .csr_register(readout$csr_register),
        .status(readout$status),
        .enable(readout$enable),
        .slots(readout$slots),
        .cycles(readout$cycles),
        .csr_read(readout$csr_read)
    );
    pb_dff_4 events(
        .d(events$d),
        .q(events$q),
        .clock(clock)
    );
    pb_dff_7 allowed(
        .d(allowed$d),
        .q(allowed$q),
        .clock(clock)
    );
    pb_dff_16 slots(
        .d(slots$d),
        .q(slots$q),
        .clock(clock)
    );
    pb_dff_16 least_slots(
        .d(least_slots$d),
        .q(least_slots$q),
        .clock(clock)
    );
    pb_dff_32 cycles(
        .d(cycles$d),
        .q(cycles$q),
        .clock(clock)
    );
    pb_dff_4 pending(
        .d(pending$d),
        .q(pending$q),
        .clock(clock)
    );
    pb_dff_1 valid(
        .d(valid$d),
        .q(valid$q),
        .clock(clock)
    );
    pb_dff_2 vector(
        .d(vector$d),
        .q(vector$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        events$d = events$q;
        allowed$d = allowed$q;
        slots$d = slots$q;
        least_slots$d = least_slots$q;
        cycles$d = cycles$q;
        pending$d = pending$q;
        valid$d = valid$q;
        vector$d = vector$q;
        readout$csr_block = csr_block;
        readout$csr_register = csr_register;
        readout$status = (((events$q) & 7'h7f) << 32'h3) | ((waiting) & 7'h7f);
        readout$enable = allowed$q;
        readout$slots = slots$q;
        readout$cycles = cycles$q;
        csr_read = readout$csr_read;
        enable = allowed$q[(32'h0)+:(3)];
        coalesce_slots = least_slots$q;
        coalesce_cycles = cycles$q;
        irq_valid = valid$q;
        irq_vector = vector$q;
        write = csr_write & (csr_block == global_block);
        raised = 32'h0;
        if (alarm_event) begin
            raised = raised | 32'h1;
        end
        if (error_event) begin
            raised = raised | 32'h2;
        end
        if (seed_event) begin
            raised = raised | 32'h4;
        end
        if (idle_event) begin
            raised = raised | 32'h8;
        end
        kept = events$q;
        if (write & (csr_register == at_status)) begin
            kept = events$q & ~csr_data[(32'h3)+:(4)];
        end
        latched = kept | raised;
        events$d = latched;
        ask = raised & allowed$q[(32'h3)+:(4)];
        if (write & (csr_register == at_enable)) begin
            allowed$d = csr_data[(32'h0)+:(7)];
            ask = latched & csr_data[(32'h3)+:(4)];
        end
        if (write & (csr_register == at_slots)) begin
            slots$d = csr_data[(32'h0)+:(16)];
        end
        if (write & (csr_register == at_cycles)) begin
            cycles$d = csr_data;
        end
        least_slots$d = slots$q;
        if (slots$q == 32'h0) begin
            least_slots$d = 32'h1;
        end
        asked = ((irq) & 4'hf);
        if (ask != 32'h0) begin
            asked = ((irq) & 4'hf) | 32'h8;
        end
        turned = pending$q;
        if (vector$q == 32'h0) begin
            turned = (pending$q >> 32'h1) | (pending$q << 32'h3);
        end
        if (vector$q == 32'h1) begin
            turned = (pending$q >> 32'h2) | (pending$q << 32'h2);
        end
        if (vector$q == 32'h2) begin
            turned = (pending$q >> 32'h3) | (pending$q << 32'h1);
        end
        choice = 32'h3;
        if (turned[32'h2]) begin
            choice = 32'h2;
        end
        if (turned[32'h1]) begin
            choice = 32'h1;
        end
        if (turned[32'h0]) begin
            choice = 32'h0;
        end
        next_vector = vector$q + choice + 32'h1;
        taken = 32'h1;
        if (next_vector == 32'h1) begin
            taken = 32'h2;
        end
        if (next_vector == 32'h2) begin
            taken = 32'h4;
        end
        if (next_vector == 32'h3) begin
            taken = 32'h8;
        end
        clear = 32'h0;
        if (valid$q & irq_ready) begin
            valid$d = 1'b0;
        end
        if (~valid$q & (pending$q != 32'h0)) begin
            valid$d = 1'b1;
            vector$d = next_vector;
            clear = taken;
        end
        pending$d = (pending$q & ~clear) | asked;
        if (reset) begin
            events$d = 32'h0;
            allowed$d = 32'h0;
            slots$d = 32'h1;
            least_slots$d = 32'h1;
            cycles$d = 32'h0;
            pending$d = 32'h0;
            vector$d = 32'h3;
            valid$d = 1'b0;
        end
    end
endmodule // pb_interrupts

module pb_interrupts_readout(clock,csr_block,csr_register,status,enable,slots,cycles,csr_read);
    // Module arguments
    input wire clock;
    input wire [2:0] csr_block;
    input wire [6:0] csr_register;
    input wire [6:0] status;
    input wire [6:0] enable;
    input wire [15:0] slots;
    input wire [31:0] cycles;
    output reg [31:0] csr_read;
    // Update code (custom)
    reg [3:0] at;
    initial begin
       at = 0;
       csr_read = 32'h0;
    end
    always @(posedge clock) begin
       at[0] <= csr_block == 3'd0 && csr_register == 7'h18;
       at[1] <= csr_block == 3'd0 && csr_register == 7'h19;
       at[2] <= csr_block == 3'd0 && csr_register == 7'h1a;
       at[3] <= csr_block == 3'd0 && csr_register == 7'h1b;
       csr_read <= ({32{at[0]}} & (status))
          | ({32{at[1]}} & (enable))
          | ({32{at[2]}} & (slots))
          | ({32{at[3]}} & (cycles));
    end
endmodule // pb_interrupts_readout

module pb_judge(clock,clear,limb,replaced,index,is_next,is_check,is_load,loaded,zero,below,is_weak);
    // Module arguments
    input wire clock;
    input wire clear;
    input wire [35:0] limb;
    input wire [35:0] replaced;
    input wire [4:0] index;
    input wire is_next;
    input wire is_check;
    input wire is_load;
    input wire [35:0] loaded;
    output reg zero;
    output reg below;
    output reg is_weak;
    // Constant declarations
    localparam last = 5'b110;
    // Stub signals
    reg [35:0] limb_seen$d;
    wire [35:0] limb_seen$q;
    reg [35:0] before_seen$d;
    wire [35:0] before_seen$q;
    reg [4:0] index_seen$d;
    wire [4:0] index_seen$q;
    reg seen$d;
    wire seen$q;
    reg complete$d;
    wire complete$q;
    reg any_bit$d;
    wire any_bit$q;
    reg any_change$d;
    wire any_change$q;
    reg weak_now$d;
    wire weak_now$q;
    reg x0_bit$d;
    wire x0_bit$q;
    reg is_below$d;
    wire is_below$q;
    // Local signals
    reg [35:0] limb_now;
    reg has_bit;
    reg changes;
    // Sub module instances
    pb_dff_36 limb_seen(
        .d(limb_seen$d),
        .q(limb_seen$q),
        .clock(clock)
    );
    pb_dff_36 before_seen(
        .d(before_seen$d),
        .q(before_seen$q),
        .clock(clock)
    );
    pb_dff_5 index_seen(
        .d(index_seen$d),
        .q(index_seen$q),
        .clock(clock)
    );
    pb_dff_1 seen(
        .d(seen$d),
        .q(seen$q),
        .clock(clock)
    );
    pb_dff_1 complete(
        .d(complete$d),
        .q(complete$q),
        .clock(clock)
    );
    pb_dff_1 any_bit(
        .d(any_bit$d),
        .q(any_bit$q),
        .clock(clock)
    );
    pb_dff_1 any_change(
        .d(any_change$d),
        .q(any_change$q),
        .clock(clock)
    );
    pb_dff_1 weak_now(
        .d(weak_now$d),
        .q(weak_now$q),
        .clock(clock)
    );
    pb_dff_1 x0_bit(
        .d(x0_bit$d),
        .q(x0_bit$q),
        .clock(clock)
    );
    pb_dff_1 is_below(
        .d(is_below$d),
        .q(is_below$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        limb_seen$d = limb_seen$q;
        before_seen$d = before_seen$q;
        index_seen$d = index_seen$q;
        seen$d = seen$q;
        complete$d = complete$q;
        any_bit$d = any_bit$q;
        any_change$d = any_change$q;
        weak_now$d = weak_now$q;
        x0_bit$d = x0_bit$q;
        is_below$d = is_below$q;
        limb_now = limb;
        limb_seen$d = 32'h0;
        before_seen$d = 32'h0;
        if (is_next) begin
            limb_seen$d = limb;
            before_seen$d = replaced;
        end
        index_seen$d = index;
        seen$d = is_next;
        has_bit = limb_seen$q != 32'h0;
        changes = limb_seen$q != before_seen$q;
        if (seen$q) begin
            if (index_seen$q == 32'h0) begin
                any_bit$d = has_bit;
                any_change$d = changes;
            end
            else begin
                any_bit$d = any_bit$q | has_bit;
                any_change$d = any_change$q | changes;
            end
        end
        complete$d = seen$q & (index_seen$q == last);
        if (complete$q) begin
            weak_now$d = ~any_bit$q | ~any_change$q;
        end
        if (is_load & (loaded != 32'h0)) begin
            x0_bit$d = 1'b1;
        end
        if (is_check) begin
            is_below$d = limb_now[32'h23];
        end
        zero = ~x0_bit$q;
        below = is_below$q;
        is_weak = weak_now$q;
        if (clear) begin
            limb_seen$d = 32'h0;
            before_seen$d = 32'h0;
            seen$d = 1'b0;
            complete$d = 1'b0;
            any_bit$d = 1'b0;
            any_change$d = 1'b0;
            weak_now$d = 1'b0;
            x0_bit$d = 1'b0;
            is_below$d = 1'b0;
        end
    end
endmodule // pb_judge

module pb_kat_x0(address,data);
    // Module arguments
    input wire [2:0] address;
    output reg [35:0] data;
    // Update code (custom)
    always @*
    case (address)
        3'b0: data = 36'h249249249;
      3'b1: data = 36'h249249249;
      3'b10: data = 36'hfea232c20;
      3'b11: data = 36'h77db2bafa;
      3'b100: data = 36'hf3f81556a;
      3'b101: data = 36'had8f28bf2;
      3'b110: data = 36'h14b2dd;
      3'b111: data = 36'h0;
      default: data = 36'h0;
    endcase
endmodule // pb_kat_x0

module pb_kept(read_address,read_clock,read_data,write_address,write_clock,write_data,write_enable);
    // Module arguments
    input wire [4:0] read_address;
    input wire read_clock;
    output reg [63:0] read_data;
    input wire [4:0] write_address;
    input wire write_clock;
    input wire [63:0] write_data;
    input wire write_enable;
    // Update code (custom)
    reg[63:0] mem[31:0];
    always @(posedge read_clock) begin
       read_data <= mem[read_address];
    end
    always @(posedge write_clock) begin
       if (write_enable) begin
          mem[write_address] <= write_data;
       end
    end
endmodule // pb_kept

module pb_key(clock,clear,idle,write,data,shift_limb,limb_in,shift_word,limb,word,sign);
    // Module arguments
    input wire clock;
    input wire clear;
    input wire idle;
    input wire [7:0] write;
    input wire [31:0] data;
    input wire shift_limb;
    input wire [35:0] limb_in;
    input wire shift_word;
    output reg [35:0] limb;
    output reg [31:0] word;
    output reg sign;
    // Update code (custom)
    reg [255:0] value = 0;
    integer i;
    always @(posedge clock) begin
       if (clear) value <= 256'd0;
       else if (idle) begin
          for (i = 0; i < 8; i = i + 1) if (write[i]) value[32 * i +: 32] <= data;
       end
       else if (shift_limb) value <= {36'd0, value[255:36]} | {40'd0, limb_in, 180'd0};
       else if (shift_word) value <= {32'd0, value[255:32]};
    end
    always @(*) begin
       limb = value[35:0];
       word = value[31:0];
       sign = value[215];
    end
endmodule // pb_key

module pb_lanes(clock,reset,pins_a,pins_b,pattern_a,pattern_b,pattern_lanes,start,stop,running,real_pins,csr_write,csr_block,csr_instance,csr_register,csr_data,csr_read,csr_refused,selftest,test_a,test_b,valid,value,tap,enabled,active,alarmed,window_ok,alarm_event,inc_bits,inc_ones,inc_coincidences,inc_ignored_low,inc_ignored_high,inc_edges_a,inc_edges_b,inc_discarded_low,inc_discarded_high,test_valid,test_fail_rct,test_fail_apt,test_fail_rate_low,test_fail_rate_high,test_fail_balance);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire [3:0] pins_a;
    input wire [3:0] pins_b;
    input wire pattern_a;
    input wire pattern_b;
    input wire [3:0] pattern_lanes;
    input wire start;
    input wire stop;
    input wire running;
    input wire real_pins;
    input wire csr_write;
    input wire [2:0] csr_block;
    input wire [5:0] csr_instance;
    input wire [6:0] csr_register;
    input wire [31:0] csr_data;
    output reg [31:0] csr_read;
    output reg csr_refused;
    input wire selftest;
    input wire test_a;
    input wire test_b;
    output reg [3:0] valid;
    output reg [3:0] value;
    output reg [3:0] tap;
    output reg [3:0] enabled;
    output reg [3:0] active;
    output reg [3:0] alarmed;
    output reg [3:0] window_ok;
    output reg [3:0] alarm_event;
    output reg [3:0] inc_bits;
    output reg [3:0] inc_ones;
    output reg [3:0] inc_coincidences;
    output reg [3:0] inc_ignored_low;
    output reg [3:0] inc_ignored_high;
    output reg [3:0] inc_edges_a;
    output reg [3:0] inc_edges_b;
    output reg [3:0] inc_discarded_low;
    output reg [3:0] inc_discarded_high;
    output reg [3:0] test_valid;
    output reg [3:0] test_fail_rct;
    output reg [3:0] test_fail_apt;
    output reg [3:0] test_fail_rate_low;
    output reg [3:0] test_fail_rate_high;
    output reg [3:0] test_fail_balance;
    // Constant declarations
    localparam numbers$0 = 6'b0;
    localparam numbers$1 = 6'b1;
    localparam numbers$2 = 6'b10;
    localparam numbers$3 = 6'b11;
    localparam none = 4'h0;
    // Stub signals
    reg lanes$0$reset;
    reg [5:0] lanes$0$index;
    reg lanes$0$edge_a;
    reg lanes$0$edge_b;
    reg lanes$0$start;
    reg lanes$0$stop;
    reg lanes$0$running;
    reg lanes$0$real_pins;
    reg lanes$0$csr_write;
    reg [2:0] lanes$0$csr_block;
    reg [5:0] lanes$0$csr_instance;
    reg [6:0] lanes$0$csr_register;
    reg [31:0] lanes$0$csr_data;
    reg lanes$0$selftest;
    reg lanes$0$test_a;
    reg lanes$0$test_b;
    wire lanes$0$valid;
    wire lanes$0$value;
    wire lanes$0$tap;
    wire lanes$0$enabled;
    wire lanes$0$active;
    wire lanes$0$alarmed;
    wire lanes$0$window_ok;
    wire lanes$0$alarm_event;
    wire lanes$0$inc_bits;
    wire lanes$0$inc_ones;
    wire lanes$0$inc_coincidences;
    wire [1:0] lanes$0$inc_ignored;
    wire lanes$0$inc_a;
    wire lanes$0$inc_b;
    wire [1:0] lanes$0$inc_discarded;
    wire lanes$0$test_valid;
    wire [4:0] lanes$0$test_fail;
    wire [31:0] lanes$0$csr_read;
    wire lanes$0$csr_refused;
    reg lanes$1$reset;
    reg [5:0] lanes$1$index;
    reg lanes$1$edge_a;
    reg lanes$1$edge_b;
    reg lanes$1$start;
    reg lanes$1$stop;
    reg lanes$1$running;
    reg lanes$1$real_pins;
    reg lanes$1$csr_write;
    reg [2:0] lanes$1$csr_block;
    reg [5:0] lanes$1$csr_instance;
    reg [6:0] lanes$1$csr_register;
    reg [31:0] lanes$1$csr_data;
    reg lanes$1$selftest;
    reg lanes$1$test_a;
    reg lanes$1$test_b;
    wire lanes$1$valid;
    wire lanes$1$value;
    wire lanes$1$tap;
    wire lanes$1$enabled;
    wire lanes$1$active;
    wire lanes$1$alarmed;
    wire lanes$1$window_ok;
    wire lanes$1$alarm_event;
    wire lanes$1$inc_bits;
    wire lanes$1$inc_ones;
    wire lanes$1$inc_coincidences;
    wire [1:0] lanes$1$inc_ignored;
    wire lanes$1$inc_a;
    wire lanes$1$inc_b;
    wire [1:0] lanes$1$inc_discarded;
    wire lanes$1$test_valid;
    wire [4:0] lanes$1$test_fail;
    wire [31:0] lanes$1$csr_read;
    wire lanes$1$csr_refused;
    reg lanes$2$reset;
    reg [5:0] lanes$2$index;
    reg lanes$2$edge_a;
    reg lanes$2$edge_b;
    reg lanes$2$start;
    reg lanes$2$stop;
    reg lanes$2$running;
    reg lanes$2$real_pins;
    reg lanes$2$csr_write;
    reg [2:0] lanes$2$csr_block;
    reg [5:0] lanes$2$csr_instance;
    reg [6:0] lanes$2$csr_register;
    reg [31:0] lanes$2$csr_data;
    reg lanes$2$selftest;
    reg lanes$2$test_a;
    reg lanes$2$test_b;
    wire lanes$2$valid;
    wire lanes$2$value;
    wire lanes$2$tap;
    wire lanes$2$enabled;
    wire lanes$2$active;
    wire lanes$2$alarmed;
    wire lanes$2$window_ok;
    wire lanes$2$alarm_event;
    wire lanes$2$inc_bits;
    wire lanes$2$inc_ones;
    wire lanes$2$inc_coincidences;
    wire [1:0] lanes$2$inc_ignored;
    wire lanes$2$inc_a;
    wire lanes$2$inc_b;
    wire [1:0] lanes$2$inc_discarded;
    wire lanes$2$test_valid;
    wire [4:0] lanes$2$test_fail;
    wire [31:0] lanes$2$csr_read;
    wire lanes$2$csr_refused;
    reg lanes$3$reset;
    reg [5:0] lanes$3$index;
    reg lanes$3$edge_a;
    reg lanes$3$edge_b;
    reg lanes$3$start;
    reg lanes$3$stop;
    reg lanes$3$running;
    reg lanes$3$real_pins;
    reg lanes$3$csr_write;
    reg [2:0] lanes$3$csr_block;
    reg [5:0] lanes$3$csr_instance;
    reg [6:0] lanes$3$csr_register;
    reg [31:0] lanes$3$csr_data;
    reg lanes$3$selftest;
    reg lanes$3$test_a;
    reg lanes$3$test_b;
    wire lanes$3$valid;
    wire lanes$3$value;
    wire lanes$3$tap;
    wire lanes$3$enabled;
    wire lanes$3$active;
    wire lanes$3$alarmed;
    wire lanes$3$window_ok;
    wire lanes$3$alarm_event;
    wire lanes$3$inc_bits;
    wire lanes$3$inc_ones;
    wire lanes$3$inc_coincidences;
    wire [1:0] lanes$3$inc_ignored;
    wire lanes$3$inc_a;
    wire lanes$3$inc_b;
    wire [1:0] lanes$3$inc_discarded;
    wire lanes$3$test_valid;
    wire [4:0] lanes$3$test_fail;
    wire [31:0] lanes$3$csr_read;
    wire lanes$3$csr_refused;
    reg sync_a$0$pin;
    wire sync_a$0$rising;
    reg sync_a$1$pin;
    wire sync_a$1$rising;
    reg sync_a$2$pin;
    wire sync_a$2$rising;
    reg sync_a$3$pin;
    wire sync_a$3$rising;
    reg sync_b$0$pin;
    wire sync_b$0$rising;
    reg sync_b$1$pin;
    wire sync_b$1$rising;
    reg sync_b$2$pin;
    wire sync_b$2$rising;
    reg sync_b$3$pin;
    wire sync_b$3$rising;
    // Sub module instances
    pb_lanes_lanes lanes$0(
        .clock(clock),
        .reset(lanes$0$reset),
        .index(lanes$0$index),
        .edge_a(lanes$0$edge_a),
        .edge_b(lanes$0$edge_b),
        .start(lanes$0$start),
        .stop(lanes$0$stop),
        .running(lanes$0$running),
        .real_pins(lanes$0$real_pins),
        .csr_write(lanes$0$csr_write),
        .csr_block(lanes$0$csr_block),
        .csr_instance(lanes$0$csr_instance),
        .csr_register(lanes$0$csr_register),
        .csr_data(lanes$0$csr_data),
        .selftest(lanes$0$selftest),
        .test_a(lanes$0$test_a),
        .test_b(lanes$0$test_b),
        .valid(lanes$0$valid),
        .value(lanes$0$value),
        .tap(lanes$0$tap),
        .enabled(lanes$0$enabled),
        .active(lanes$0$active),
        .alarmed(lanes$0$alarmed),
        .window_ok(lanes$0$window_ok),
        .alarm_event(lanes$0$alarm_event),
        .inc_bits(lanes$0$inc_bits),
        .inc_ones(lanes$0$inc_ones),
        .inc_coincidences(lanes$0$inc_coincidences),
        .inc_ignored(lanes$0$inc_ignored),
        .inc_a(lanes$0$inc_a),
        .inc_b(lanes$0$inc_b),
        .inc_discarded(lanes$0$inc_discarded),
        .test_valid(lanes$0$test_valid),
        .test_fail(lanes$0$test_fail),
        .csr_read(lanes$0$csr_read),
        .csr_refused(lanes$0$csr_refused)
    );
    pb_lanes_lanes lanes$1(
        .clock(clock),
        .reset(lanes$1$reset),
        .index(lanes$1$index),
        .edge_a(lanes$1$edge_a),
        .edge_b(lanes$1$edge_b),
        .start(lanes$1$start),
        .stop(lanes$1$stop),
        .running(lanes$1$running),
        .real_pins(lanes$1$real_pins),
        .csr_write(lanes$1$csr_write),
        .csr_block(lanes$1$csr_block),
        .csr_instance(lanes$1$csr_instance),
        .csr_register(lanes$1$csr_register),
        .csr_data(lanes$1$csr_data),
        .selftest(lanes$1$selftest),
        .test_a(lanes$1$test_a),
        .test_b(lanes$1$test_b),
        .valid(lanes$1$valid),
        .value(lanes$1$value),
        .tap(lanes$1$tap),
        .enabled(lanes$1$enabled),
        .active(lanes$1$active),
        .alarmed(lanes$1$alarmed),
        .window_ok(lanes$1$window_ok),
        .alarm_event(lanes$1$alarm_event),
        .inc_bits(lanes$1$inc_bits),
        .inc_ones(lanes$1$inc_ones),
        .inc_coincidences(lanes$1$inc_coincidences),
        .inc_ignored(lanes$1$inc_ignored),
        .inc_a(lanes$1$inc_a),
        .inc_b(lanes$1$inc_b),
        .inc_discarded(lanes$1$inc_discarded),
        .test_valid(lanes$1$test_valid),
        .test_fail(lanes$1$test_fail),
        .csr_read(lanes$1$csr_read),
        .csr_refused(lanes$1$csr_refused)
    );
    pb_lanes_lanes lanes$2(
        .clock(clock),
        .reset(lanes$2$reset),
        .index(lanes$2$index),
        .edge_a(lanes$2$edge_a),
        .edge_b(lanes$2$edge_b),
        .start(lanes$2$start),
        .stop(lanes$2$stop),
        .running(lanes$2$running),
        .real_pins(lanes$2$real_pins),
        .csr_write(lanes$2$csr_write),
        .csr_block(lanes$2$csr_block),
        .csr_instance(lanes$2$csr_instance),
        .csr_register(lanes$2$csr_register),
        .csr_data(lanes$2$csr_data),
        .selftest(lanes$2$selftest),
        .test_a(lanes$2$test_a),
        .test_b(lanes$2$test_b),
        .valid(lanes$2$valid),
        .value(lanes$2$value),
        .tap(lanes$2$tap),
        .enabled(lanes$2$enabled),
        .active(lanes$2$active),
        .alarmed(lanes$2$alarmed),
        .window_ok(lanes$2$window_ok),
        .alarm_event(lanes$2$alarm_event),
        .inc_bits(lanes$2$inc_bits),
        .inc_ones(lanes$2$inc_ones),
        .inc_coincidences(lanes$2$inc_coincidences),
        .inc_ignored(lanes$2$inc_ignored),
        .inc_a(lanes$2$inc_a),
        .inc_b(lanes$2$inc_b),
        .inc_discarded(lanes$2$inc_discarded),
        .test_valid(lanes$2$test_valid),
        .test_fail(lanes$2$test_fail),
        .csr_read(lanes$2$csr_read),
        .csr_refused(lanes$2$csr_refused)
    );
    pb_lanes_lanes lanes$3(
        .clock(clock),
        .reset(lanes$3$reset),
        .index(lanes$3$index),
        .edge_a(lanes$3$edge_a),
        .edge_b(lanes$3$edge_b),
        .start(lanes$3$start),
        .stop(lanes$3$stop),
        .running(lanes$3$running),
        .real_pins(lanes$3$real_pins),
        .csr_write(lanes$3$csr_write),
        .csr_block(lanes$3$csr_block),
        .csr_instance(lanes$3$csr_instance),
        .csr_register(lanes$3$csr_register),
        .csr_data(lanes$3$csr_data),
        .selftest(lanes$3$selftest),
        .test_a(lanes$3$test_a),
        .test_b(lanes$3$test_b),
        .valid(lanes$3$valid),
        .value(lanes$3$value),
        .tap(lanes$3$tap),
        .enabled(lanes$3$enabled),
        .active(lanes$3$active),
        .alarmed(lanes$3$alarmed),
        .window_ok(lanes$3$window_ok),
        .alarm_event(lanes$3$alarm_event),
        .inc_bits(lanes$3$inc_bits),
        .inc_ones(lanes$3$inc_ones),
        .inc_coincidences(lanes$3$inc_coincidences),
        .inc_ignored(lanes$3$inc_ignored),
        .inc_a(lanes$3$inc_a),
        .inc_b(lanes$3$inc_b),
        .inc_discarded(lanes$3$inc_discarded),
        .test_valid(lanes$3$test_valid),
        .test_fail(lanes$3$test_fail),
        .csr_read(lanes$3$csr_read),
        .csr_refused(lanes$3$csr_refused)
    );
    pb_sync_a sync_a$0(
        .clock(clock),
        .pin(sync_a$0$pin),
        .rising(sync_a$0$rising)
    );
    pb_sync_a sync_a$1(
        .clock(clock),
        .pin(sync_a$1$pin),
        .rising(sync_a$1$rising)
    );
    pb_sync_a sync_a$2(
        .clock(clock),
        .pin(sync_a$2$pin),
        .rising(sync_a$2$rising)
    );
    pb_sync_a sync_a$3(
        .clock(clock),
        .pin(sync_a$3$pin),
        .rising(sync_a$3$rising)
    );
    pb_sync_a sync_b$0(
        .clock(clock),
        .pin(sync_b$0$pin),
        .rising(sync_b$0$rising)
    );
    pb_sync_a sync_b$1(
        .clock(clock),
        .pin(sync_b$1$pin),
        .rising(sync_b$1$rising)
    );
    pb_sync_a sync_b$2(
        .clock(clock),
        .pin(sync_b$2$pin),
        .rising(sync_b$2$rising)
    );
    pb_sync_a sync_b$3(
        .clock(clock),
        .pin(sync_b$3$pin),
        .rising(sync_b$3$rising)
    );
    // Update code
    always @(*) begin
        sync_a$0$pin = (pattern_lanes[0] & pattern_a) | (~pattern_lanes[0] & pins_a[0]);
        sync_b$0$pin = (pattern_lanes[0] & pattern_b) | (~pattern_lanes[0] & pins_b[0]);
        lanes$0$reset = reset;
        lanes$0$index = numbers$0;
        lanes$0$edge_a = sync_a$0$rising;
        lanes$0$edge_b = sync_b$0$rising;
        lanes$0$start = start;
        lanes$0$stop = stop;
        lanes$0$running = running;
        lanes$0$real_pins = real_pins;
        lanes$0$csr_write = csr_write;
        lanes$0$csr_block = csr_block;
        lanes$0$csr_instance = csr_instance;
        lanes$0$csr_register = csr_register;
        lanes$0$csr_data = csr_data;
        lanes$0$selftest = selftest;
        lanes$0$test_a = test_a;
        lanes$0$test_b = test_b;
        sync_a$1$pin = (pattern_lanes[1] & pattern_a) | (~pattern_lanes[1] & pins_a[1]);
        sync_b$1$pin = (pattern_lanes[1] & pattern_b) | (~pattern_lanes[1] & pins_b[1]);
        lanes$1$reset = reset;
        lanes$1$index = numbers$1;
        lanes$1$edge_a = sync_a$1$rising;
        lanes$1$edge_b = sync_b$1$rising;
        lanes$1$start = start;
        lanes$1$stop = stop;
        lanes$1$running = running;
        lanes$1$real_pins = real_pins;
        lanes$1$csr_write = csr_write;
        lanes$1$csr_block = csr_block;
        lanes$1$csr_instance = csr_instance;
        lanes$1$csr_register = csr_register;
        lanes$1$csr_data = csr_data;
        lanes$1$selftest = selftest;
        lanes$1$test_a = test_a;
        lanes$1$test_b = test_b;
        sync_a$2$pin = (pattern_lanes[2] & pattern_a) | (~pattern_lanes[2] & pins_a[2]);
        sync_b$2$pin = (pattern_lanes[2] & pattern_b) | (~pattern_lanes[2] & pins_b[2]);
        lanes$2$reset = reset;
        lanes$2$index = numbers$2;
        lanes$2$edge_a = sync_a$2$rising;
        lanes$2$edge_b = sync_b$2$rising;
        lanes$2$start = start;
        lanes$2$stop = stop;
        lanes$2$running = running;
        lanes$2$real_pins = real_pins;
        lanes$2$csr_write = csr_write;
        lanes$2$csr_block = csr_block;
        lanes$2$csr_instance = csr_instance;
        lanes$2$csr_register = csr_register;
        lanes$2$csr_data = csr_data;
        lanes$2$selftest = selftest;
        lanes$2$test_a = test_a;
        lanes$2$test_b = test_b;
        sync_a$3$pin = (pattern_lanes[3] & pattern_a) | (~pattern_lanes[3] & pins_a[3]);
        sync_b$3$pin = (pattern_lanes[3] & pattern_b) | (~pattern_lanes[3] & pins_b[3]);
        lanes$3$reset = reset;
        lanes$3$index = numbers$3;
        lanes$3$edge_a = sync_a$3$rising;
        lanes$3$edge_b = sync_b$3$rising;
        lanes$3$start = start;
        lanes$3$stop = stop;
        lanes$3$running = running;
        lanes$3$real_pins = real_pins;
        lanes$3$csr_write = csr_write;
        lanes$3$csr_block = csr_block;
        lanes$3$csr_instance = csr_instance;
        lanes$3$csr_register = csr_register;
        lanes$3$csr_data = csr_data;
        lanes$3$selftest = selftest;
        lanes$3$test_a = test_a;
        lanes$3$test_b = test_b;
        valid = none;
        value = none;
        tap = none;
        enabled = none;
        active = none;
        alarmed = none;
        window_ok = none;
        alarm_event = none;
        inc_bits = none;
        inc_ones = none;
        inc_coincidences = none;
        test_valid = none;
        inc_ignored_low = none;
        inc_ignored_high = none;
        inc_edges_a = none;
        inc_edges_b = none;
        inc_discarded_low = none;
        inc_discarded_high = none;
        test_fail_rct = none;
        test_fail_apt = none;
        test_fail_rate_low = none;
        test_fail_rate_high = none;
        test_fail_balance = none;
        csr_read = 32'h0;
        csr_refused = 1'b0;
        valid = (valid & ~(1 << (0)) | ((lanes$0$valid) << (0)));
        value = (value & ~(1 << (0)) | ((lanes$0$value) << (0)));
        tap = (tap & ~(1 << (0)) | ((lanes$0$tap) << (0)));
        enabled = (enabled & ~(1 << (0)) | ((lanes$0$enabled) << (0)));
        active = (active & ~(1 << (0)) | ((lanes$0$active) << (0)));
        alarmed = (alarmed & ~(1 << (0)) | ((lanes$0$alarmed) << (0)));
        window_ok = (window_ok & ~(1 << (0)) | ((lanes$0$window_ok) << (0)));
        alarm_event = (alarm_event & ~(1 << (0)) | ((lanes$0$alarm_event) << (0)));
        inc_bits = (inc_bits & ~(1 << (0)) | ((lanes$0$inc_bits) << (0)));
        inc_ones = (inc_ones & ~(1 << (0)) | ((lanes$0$inc_ones) << (0)));
        inc_coincidences = (inc_coincidences & ~(1 << (0)) | ((lanes$0$inc_coincidences) << (0)));
        test_valid = (test_valid & ~(1 << (0)) | ((lanes$0$test_valid) << (0)));
        inc_ignored_low = (inc_ignored_low & ~(1 << (0)) | ((lanes$0$inc_ignored[32'h0]) << (0)));
        inc_ignored_high = (inc_ignored_high & ~(1 << (0)) | ((lanes$0$inc_ignored[32'h1]) << (0)));
        inc_edges_a = (inc_edges_a & ~(1 << (0)) | ((lanes$0$inc_a) << (0)));
        inc_edges_b = (inc_edges_b & ~(1 << (0)) | ((lanes$0$inc_b) << (0)));
        inc_discarded_low = (inc_discarded_low & ~(1 << (0)) | ((lanes$0$inc_discarded[32'h0]) << (0)));
        inc_discarded_high = (inc_discarded_high & ~(1 << (0)) | ((lanes$0$inc_discarded[32'h1]) << (0)));
        test_fail_rct = (test_fail_rct & ~(1 << (0)) | ((lanes$0$test_fail[32'h0]) << (0)));
        test_fail_apt = (test_fail_apt & ~(1 << (0)) | ((lanes$0$test_fail[32'h1]) << (0)));
        test_fail_rate_low = (test_fail_rate_low & ~(1 << (0)) | ((lanes$0$test_fail[32'h2]) << (0)));
        test_fail_rate_high = (test_fail_rate_high & ~(1 << (0)) | ((lanes$0$test_fail[32'h3]) << (0)));
        test_fail_balance = (test_fail_balance & ~(1 << (0)) | ((lanes$0$test_fail[32'h4]) << (0)));
        csr_read = csr_read | lanes$0$csr_read;
        csr_refused = csr_refused | lanes$0$csr_refused;
        valid = (valid & ~(1 << (1)) | ((lanes$1$valid) << (1)));
        value = (value & ~(1 << (1)) | ((lanes$1$value) << (1)));
        tap = (tap & ~(1 << (1)) | ((lanes$1$tap) << (1)));
        enabled = (enabled & ~(1 << (1)) | ((lanes$1$enabled) << (1)));
        active = (active & ~(1 << (1)) | ((lanes$1$active) << (1)));
        alarmed = (alarmed & ~(1 << (1)) | ((lanes$1$alarmed) << (1)));
        window_ok = (window_ok & ~(1 << (1)) | ((lanes$1$window_ok) << (1)));
        alarm_event = (alarm_event & ~(1 << (1)) | ((lanes$1$alarm_event) << (1)));
        inc_bits = (inc_bits & ~(1 << (1)) | ((lanes$1$inc_bits) << (1)));
        inc_ones = (inc_ones & ~(1 << (1)) | ((lanes$1$inc_ones) << (1)));
        inc_coincidences = (inc_coincidences & ~(1 << (1)) | ((lanes$1$inc_coincidences) << (1)));
        test_valid = (test_valid & ~(1 << (1)) | ((lanes$1$test_valid) << (1)));
        inc_ignored_low = (inc_ignored_low & ~(1 << (1)) | ((lanes$1$inc_ignored[32'h0]) << (1)));
        inc_ignored_high = (inc_ignored_high & ~(1 << (1)) | ((lanes$1$inc_ignored[32'h1]) << (1)));
        inc_edges_a = (inc_edges_a & ~(1 << (1)) | ((lanes$1$inc_a) << (1)));
        inc_edges_b = (inc_edges_b & ~(1 << (1)) | ((lanes$1$inc_b) << (1)));
        inc_discarded_low = (inc_discarded_low & ~(1 << (1)) | ((lanes$1$inc_discarded[32'h0]) << (1)));
        inc_discarded_high = (inc_discarded_high & ~(1 << (1)) | ((lanes$1$inc_discarded[32'h1]) << (1)));
        test_fail_rct = (test_fail_rct & ~(1 << (1)) | ((lanes$1$test_fail[32'h0]) << (1)));
        test_fail_apt = (test_fail_apt & ~(1 << (1)) | ((lanes$1$test_fail[32'h1]) << (1)));
        test_fail_rate_low = (test_fail_rate_low & ~(1 << (1)) | ((lanes$1$test_fail[32'h2]) << (1)));
        test_fail_rate_high = (test_fail_rate_high & ~(1 << (1)) | ((lanes$1$test_fail[32'h3]) << (1)));
        test_fail_balance = (test_fail_balance & ~(1 << (1)) | ((lanes$1$test_fail[32'h4]) << (1)));
        csr_read = csr_read | lanes$1$csr_read;
        csr_refused = csr_refused | lanes$1$csr_refused;
        valid = (valid & ~(1 << (2)) | ((lanes$2$valid) << (2)));
        value = (value & ~(1 << (2)) | ((lanes$2$value) << (2)));
        tap = (tap & ~(1 << (2)) | ((lanes$2$tap) << (2)));
        enabled = (enabled & ~(1 << (2)) | ((lanes$2$enabled) << (2)));
        active = (active & ~(1 << (2)) | ((lanes$2$active) << (2)));
        alarmed = (alarmed & ~(1 << (2)) | ((lanes$2$alarmed) << (2)));
        window_ok = (window_ok & ~(1 << (2)) | ((lanes$2$window_ok) << (2)));
        alarm_event = (alarm_event & ~(1 << (2)) | ((lanes$2$alarm_event) << (2)));
        inc_bits = (inc_bits & ~(1 << (2)) | ((lanes$2$inc_bits) << (2)));
        inc_ones = (inc_ones & ~(1 << (2)) | ((lanes$2$inc_ones) << (2)));
        inc_coincidences = (inc_coincidences & ~(1 << (2)) | ((lanes$2$inc_coincidences) << (2)));
        test_valid = (test_valid & ~(1 << (2)) | ((lanes$2$test_valid) << (2)));
        inc_ignored_low = (inc_ignored_low & ~(1 << (2)) | ((lanes$2$inc_ignored[32'h0]) << (2)));
        inc_ignored_high = (inc_ignored_high & ~(1 << (2)) | ((lanes$2$inc_ignored[32'h1]) << (2)));
        inc_edges_a = (inc_edges_a & ~(1 << (2)) | ((lanes$2$inc_a) << (2)));
        inc_edges_b = (inc_edges_b & ~(1 << (2)) | ((lanes$2$inc_b) << (2)));
        inc_discarded_low = (inc_discarded_low & ~(1 << (2)) | ((lanes$2$inc_discarded[32'h0]) << (2)));
        inc_discarded_high = (inc_discarded_high & ~(1 << (2)) | ((lanes$2$inc_discarded[32'h1]) << (2)));
        test_fail_rct = (test_fail_rct & ~(1 << (2)) | ((lanes$2$test_fail[32'h0]) << (2)));
        test_fail_apt = (test_fail_apt & ~(1 << (2)) | ((lanes$2$test_fail[32'h1]) << (2)));
        test_fail_rate_low = (test_fail_rate_low & ~(1 << (2)) | ((lanes$2$test_fail[32'h2]) << (2)));
        test_fail_rate_high = (test_fail_rate_high & ~(1 << (2)) | ((lanes$2$test_fail[32'h3]) << (2)));
        test_fail_balance = (test_fail_balance & ~(1 << (2)) | ((lanes$2$test_fail[32'h4]) << (2)));
        csr_read = csr_read | lanes$2$csr_read;
        csr_refused = csr_refused | lanes$2$csr_refused;
        valid = (valid & ~(1 << (3)) | ((lanes$3$valid) << (3)));
        value = (value & ~(1 << (3)) | ((lanes$3$value) << (3)));
        tap = (tap & ~(1 << (3)) | ((lanes$3$tap) << (3)));
        enabled = (enabled & ~(1 << (3)) | ((lanes$3$enabled) << (3)));
        active = (active & ~(1 << (3)) | ((lanes$3$active) << (3)));
        alarmed = (alarmed & ~(1 << (3)) | ((lanes$3$alarmed) << (3)));
        window_ok = (window_ok & ~(1 << (3)) | ((lanes$3$window_ok) << (3)));
        alarm_event = (alarm_event & ~(1 << (3)) | ((lanes$3$alarm_event) << (3)));
        inc_bits = (inc_bits & ~(1 << (3)) | ((lanes$3$inc_bits) << (3)));
        inc_ones = (inc_ones & ~(1 << (3)) | ((lanes$3$inc_ones) << (3)));
        inc_coincidences = (inc_coincidences & ~(1 << (3)) | ((lanes$3$inc_coincidences) << (3)));
        test_valid = (test_valid & ~(1 << (3)) | ((lanes$3$test_valid) << (3)));
        inc_ignored_low = (inc_ignored_low & ~(1 << (3)) | ((lanes$3$inc_ignored[32'h0]) << (3)));
        inc_ignored_high = (inc_ignored_high & ~(1 << (3)) | ((lanes$3$inc_ignored[32'h1]) << (3)));
        inc_edges_a = (inc_edges_a & ~(1 << (3)) | ((lanes$3$inc_a) << (3)));
        inc_edges_b = (inc_edges_b & ~(1 << (3)) | ((lanes$3$inc_b) << (3)));
        inc_discarded_low = (inc_discarded_low & ~(1 << (3)) | ((lanes$3$inc_discarded[32'h0]) << (3)));
        inc_discarded_high = (inc_discarded_high & ~(1 << (3)) | ((lanes$3$inc_discarded[32'h1]) << (3)));
        test_fail_rct = (test_fail_rct & ~(1 << (3)) | ((lanes$3$test_fail[32'h0]) << (3)));
        test_fail_apt = (test_fail_apt & ~(1 << (3)) | ((lanes$3$test_fail[32'h1]) << (3)));
        test_fail_rate_low = (test_fail_rate_low & ~(1 << (3)) | ((lanes$3$test_fail[32'h2]) << (3)));
        test_fail_rate_high = (test_fail_rate_high & ~(1 << (3)) | ((lanes$3$test_fail[32'h3]) << (3)));
        test_fail_balance = (test_fail_balance & ~(1 << (3)) | ((lanes$3$test_fail[32'h4]) << (3)));
        csr_read = csr_read | lanes$3$csr_read;
        csr_refused = csr_refused | lanes$3$csr_refused;
    end
endmodule // pb_lanes

module pb_lanes_apt(clock,reset,clear,step,value,cutoff,fail);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire clear;
    input wire step;
    input wire value;
    input wire [10:0] cutoff;
    output reg fail;
    // Constant declarations
    localparam last = 10'b1111111111;
    // Stub signals
    reg [9:0] position$d;
    wire [9:0] position$q;
    reg begun$d;
    wire begun$q;
    reg sample$d;
    wire sample$q;
    reg [10:0] left$d;
    wire [10:0] left$q;
    reg due$d;
    wire due$q;
    reg reached$d;
    wire reached$q;
    reg [10:0] reload$d;
    wire [10:0] reload$q;
    reg reload_due$d;
    wire reload_due$q;
    reg reload_reached$d;
    wire reload_reached$q;
    // Local signals
    reg same;
    reg failed;
    reg swept;
    // Sub module instances
    pb_dff_10 position(
        .d(position$d),
        .q(position$q),
        .clock(clock)
    );
    pb_dff_1 begun(
        .d(begun$d),
        .q(begun$q),
        .clock(clock)
    );
    pb_dff_1 sample(
        .d(sample$d),
        .q(sample$q),
        .clock(clock)
    );
    pb_dff_11 left(
        .d(left$d),
        .q(left$q),
        .clock(clock)
    );
    pb_dff_1 due(
        .d(due$d),
        .q(due$q),
        .clock(clock)
    );
    pb_dff_1 reached(
        .d(reached$d),
        .q(reached$q),
        .clock(clock)
    );
    pb_dff_11 reload(
        .d(reload$d),
        .q(reload$q),
        .clock(clock)
    );
    pb_dff_1 reload_due(
        .d(reload_due$d),
        .q(reload_due$q),
        .clock(clock)
    );
    pb_dff_1 reload_reached(
        .d(reload_reached$d),
        .q(reload_reached$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        position$d = position$q;
        begun$d = begun$q;
        sample$d = sample$q;
        left$d = left$q;
        due$d = due$q;
        reached$d = reached$q;
        reload$d = reload$q;
        reload_due$d = reload_due$q;
        reload_reached$d = reload_reached$q;
        reload$d = cutoff - 32'h1;
        reload_due$d = cutoff <= 32'h2;
        reload_reached$d = cutoff <= 32'h1;
        same = sample$q == value;
        failed = (~begun$q & reload_reached$q) | (begun$q & (reached$q | (same & due$q)));
        fail = step & failed;
        if (step) begin
            position$d = position$q + 32'h1;
            begun$d = position$q != last;
            reached$d = failed;
            if (~begun$q) begin
                sample$d = value;
                left$d = reload$q;
                due$d = reload_due$q;
            end
            else if (same) begin
                left$d = left$q - 32'h1;
                due$d = due$q | (left$q == 32'h2);
            end
        end
        swept = reset | clear;
        if (swept) begin
            position$d = 32'h0;
            begun$d = 1'b0;
            sample$d = 1'b0;
            left$d = 32'h0;
            due$d = 1'b0;
            reached$d = 1'b0;
        end
    end
endmodule // pb_lanes_apt

module pb_lanes_balance(clock,reset,clear,step,value,most,window_less_1,fail);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire clear;
    input wire step;
    input wire value;
    input wire [16:0] most;
    input wire [15:0] window_less_1;
    output reg fail;
    // Stub signals
    reg [15:0] left$d;
    wire [15:0] left$q;
    reg last$d;
    wire last$q;
    reg [16:0] ones$d;
    wire [16:0] ones$q;
    reg ones_due$d;
    wire ones_due$q;
    reg [16:0] zeros$d;
    wire [16:0] zeros$q;
    reg zeros_due$d;
    wire zeros_due$q;
    reg over$d;
    wire over$q;
    reg none_allowed$d;
    wire none_allowed$q;
    // Local signals
    reg failed;
    reg begins;
    // Sub module instances
    pb_dff_16 left(
        .d(left$d),
        .q(left$q),
        .clock(clock)
    );
    pb_dff_1 last(
        .d(last$d),
        .q(last$q),
        .clock(clock)
    );
    pb_dff_17 ones(
        .d(ones$d),
        .q(ones$q),
        .clock(clock)
    );
    pb_dff_1 ones_due(
        .d(ones_due$d),
        .q(ones_due$q),
        .clock(clock)
    );
    pb_dff_17 zeros(
        .d(zeros$d),
        .q(zeros$q),
        .clock(clock)
    );
    pb_dff_1 zeros_due(
        .d(zeros_due$d),
        .q(zeros_due$q),
        .clock(clock)
    );
    pb_dff_1 over(
        .d(over$d),
        .q(over$q),
        .clock(clock)
    );
    pb_dff_1 none_allowed(
        .d(none_allowed$d),
        .q(none_allowed$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        left$d = left$q;
        last$d = last$q;
        ones$d = ones$q;
        ones_due$d = ones_due$q;
        zeros$d = zeros$q;
        zeros_due$d = zeros_due$q;
        over$d = over$q;
        none_allowed$d = none_allowed$q;
        none_allowed$d = most == 32'h0;
        failed = over$q | (value & ones_due$q) | (~value & zeros_due$q);
        fail = step & failed;
        if (step) begin
            left$d = left$q - 32'h1;
            last$d = left$q == 32'h1;
            over$d = failed;
            if (value) begin
                ones$d = ones$q - 32'h1;
                ones_due$d = ones_due$q | (ones$q == 32'h1);
            end
            else begin
                zeros$d = zeros$q - 32'h1;
                zeros_due$d = zeros_due$q | (zeros$q == 32'h1);
            end
        end
        begins = clear | (step & last$q);
        if (begins) begin
            left$d = window_less_1;
            last$d = 1'b0;
            ones$d = most;
            ones_due$d = none_allowed$q;
            zeros$d = most;
            zeros_due$d = none_allowed$q;
            over$d = 1'b0;
        end
        if (reset) begin
            left$d = 32'h0;
            last$d = 1'b0;
            ones$d = 32'h0;
            ones_due$d = 1'b0;
            zeros$d = 32'h0;
            zeros_due$d = 1'b0;
            over$d = 1'b0;
        end
    end
endmodule // pb_lanes_balance

module pb_lanes_commands(clock,reset,index,csr_write,csr_block,csr_instance,csr_register,csr_data,start,stop,running,window_ok,active,alarms,alarmed,restart,enabled,starts,stops,requests,clears,setting_writes,enable_refused);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire [5:0] index;
    input wire csr_write;
    input wire [2:0] csr_block;
    input wire [5:0] csr_instance;
    input wire [6:0] csr_register;
    input wire [31:0] csr_data;
    input wire start;
    input wire stop;
    input wire running;
    input wire window_ok;
    input wire active;
    input wire [5:0] alarms;
    input wire alarmed;
    input wire restart;
    output reg enabled;
    output reg starts;
    output reg stops;
    output reg requests;
    output reg [5:0] clears;
    output reg [7:0] setting_writes;
    output reg enable_refused;
    // Constant declarations
    localparam lane_block = 3'b10;
    localparam enable_word = 7'b0;
    localparam config_word = 7'b1;
    localparam balance_word = 7'b1000;
    localparam alarms_word = 7'b1010;
    localparam restart_word = 7'b1011;
    localparam one = 8'h1;
    // Stub signals
    reg to_enable$d;
    wire to_enable$q;
    reg to_on$d;
    wire to_on$q;
    reg to_off$d;
    wire to_off$q;
    reg to_rearm$d;
    wire to_rearm$q;
    reg [7:0] to_settings$d;
    wire [7:0] to_settings$q;
    reg to_alarms$d;
    wire to_alarms$q;
    reg to_restart$d;
    wire to_restart$q;
    reg enable$d;
    wire enable$q;
    // Local signals
    reg ours;
    reg [6:0] which_setting;
    reg writes_enable;
    reg clears_alarms;
    reg [5:0] left_over;
    reg running_write;
    reg switched_on;
    // Sub module instances
    pb_dff_1 to_enable(
        .d(to_enable$d),
        .q(to_enable$q),
        .clock(clock)
    );
    pb_dff_1 to_on(
        .d(to_on$d),
        .q(to_on$q),
        .clock(clock)
    );
    pb_dff_1 to_off(
        .d(to_off$d),
        .q(to_off$q),
        .clock(clock)
    );
    pb_dff_1 to_rearm(
        .d(to_rearm$d),
        .q(to_rearm$q),
        .clock(clock)
    );
    pb_dff_8 to_settings(
        .d(to_settings$d),
        .q(to_settings$q),
        .clock(clock)
    );
    pb_dff_1 to_alarms(
        .d(to_alarms$d),
        .q(to_alarms$q),
        .clock(clock)
    );
    pb_dff_1 to_restart(
        .d(to_restart$d),
        .q(to_restart$q),
        .clock(clock)
    );
    pb_dff_1 enable(
        .d(enable$d),
        .q(enable$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        to_enable$d = to_enable$q;
        to_on$d = to_on$q;
        to_off$d = to_off$q;
        to_rearm$d = to_rearm$q;
        to_settings$d = to_settings$q;
        to_alarms$d = to_alarms$q;
        to_restart$d = to_restart$q;
        enable$d = enable$q;
        ours = (csr_block == lane_block) & (csr_instance == index);
        to_enable$d = ours & (csr_register == enable_word);
        to_on$d = ours & (csr_register == enable_word) & csr_data[32'h0];
        to_off$d = ours & (csr_register == enable_word) & ~csr_data[32'h0];
        to_alarms$d = ours & (csr_register == alarms_word);
        left_over = alarms & ~csr_data[(32'h0)+:(6)];
        to_rearm$d = ours & (csr_register == alarms_word) & ~|left_over;
        to_restart$d = ours & (csr_register == restart_word);
        which_setting = csr_register - config_word;
        to_settings$d = 32'h0;
        if (ours & (csr_register >= config_word) & (csr_register <= balance_word)) begin
            to_settings$d = one << which_setting;
        end
        writes_enable = csr_write & to_enable$q & (window_ok | ~running);
        enable_refused = csr_write & to_enable$q & running & ~window_ok;
        if (writes_enable) begin
            enable$d = to_on$q;
        end
        enabled = enable$q;
        setting_writes = 32'h0;
        if (csr_write) begin
            setting_writes = to_settings$q;
        end
        clears_alarms = csr_write & to_alarms$q & restart;
        clears = 32'h0;
        if (clears_alarms) begin
            clears = csr_data[(32'h0)+:(6)];
        end
        requests = csr_write & to_restart$q & csr_data[32'h0];
        running_write = csr_write & running;
        switched_on = (start & enable$q) | (running_write & to_on$q & window_ok);
        starts = (switched_on & ~active & ~alarmed) | (running_write & to_rearm$q & restart & enable$q);
        stops = stop | (running_write & to_off$q & window_ok);
        if (reset) begin
            to_enable$d = 1'b0;
            to_on$d = 1'b0;
            to_off$d = 1'b0;
            to_rearm$d = 1'b0;
            to_settings$d = 32'h0;
            to_alarms$d = 1'b0;
            to_restart$d = 1'b0;
            enable$d = 1'b0;
        end
    end
endmodule // pb_lanes_commands

module pb_lanes_lanes(clock,reset,index,edge_a,edge_b,start,stop,running,real_pins,csr_write,csr_block,csr_instance,csr_register,csr_data,selftest,test_a,test_b,valid,value,tap,enabled,active,alarmed,window_ok,alarm_event,inc_bits,inc_ones,inc_coincidences,inc_ignored,inc_a,inc_b,inc_discarded,test_valid,test_fail,csr_read,csr_refused);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire [5:0] index;
    input wire edge_a;
    input wire edge_b;
    input wire start;
    input wire stop;
    input wire running;
    input wire real_pins;
    input wire csr_write;
    input wire [2:0] csr_block;
    input wire [5:0] csr_instance;
    input wire [6:0] csr_register;
    input wire [31:0] csr_data;
    input wire selftest;
    input wire test_a;
    input wire test_b;
    output reg valid;
    output reg value;
    output reg tap;
    output reg enabled;
    output reg active;
    output reg alarmed;
    output reg window_ok;
    output reg alarm_event;
    output reg inc_bits;
    output reg inc_ones;
    output reg inc_coincidences;
    output reg [1:0] inc_ignored;
    output reg inc_a;
    output reg inc_b;
    output reg [1:0] inc_discarded;
    output reg test_valid;
    output reg [4:0] test_fail;
    output reg [31:0] csr_read;
    output reg csr_refused;
    // Constant declarations
    localparam test_window = 16'h1;
    localparam test_holdoff = 20'h3;
    localparam test_rct = 16'hc;
    localparam test_apt = 11'b10100000;
    localparam test_rate_min = 21'h8;
    localparam test_rate_max = 21'h30;
    localparam test_balance = 17'b101000;
    localparam test_rate_window = 20'hff;
    localparam test_balance_window = 16'h3f;
    localparam rate_window = 20'hfffff;
    localparam balance_window = 16'hffff;
    // Stub signals
    reg sampler$reset;
    reg sampler$clear;
    reg sampler$step;
    reg sampler$edge_a;
    reg sampler$edge_b;
    reg [15:0] sampler$window;
    reg [19:0] sampler$holdoff;
    reg sampler$retrigger;
    wire sampler$valid;
    wire sampler$value;
    wire sampler$coincidence;
    wire [1:0] sampler$ignored;
    wire sampler$stays_open;
    reg rct$reset;
    reg rct$clear;
    reg rct$step;
    reg rct$value;
    reg [15:0] rct$cutoff;
    wire rct$fail;
    reg apt$reset;
    reg apt$clear;
    reg apt$step;
    reg apt$value;
    reg [10:0] apt$cutoff;
    wire apt$fail;
    reg startup$reset;
    reg startup$clear;
    reg startup$step;
    wire startup$done;
    wire [10:0] startup$left;
    reg rate$reset;
    reg rate$clear;
    reg rate$step;
    reg rate$edge_a;
    reg rate$edge_b;
    reg [20:0] rate$fewest;
    reg [20:0] rate$most;
    reg [19:0] rate$window_less_1;
    reg rate$keep_rates;
    wire rate$low;
    wire rate$high;
    wire [20:0] rate$rate_a;
    wire [20:0] rate$rate_b;
    reg balance$reset;
    reg balance$clear;
    reg balance$step;
    reg balance$value;
    reg [16:0] balance$most;
    reg [15:0] balance$window_less_1;
    wire balance$fail;
    reg commands$reset;
    reg [5:0] commands$index;
    reg commands$csr_write;
    reg [2:0] commands$csr_block;
    reg [5:0] commands$csr_instance;
    reg [6:0] commands$csr_register;
    reg [31:0] commands$csr_data;
    reg commands$start;
    reg commands$stop;
    reg commands$running;
    reg commands$window_ok;
    reg commands$active;
    reg [5:0] commands$alarms;
    reg commands$alarmed;
    reg commands$restart;
    wire commands$enabled;
    wire commands$starts;
    wire commands$stops;
    wire commands$requests;
    wire [5:0] commands$clears;
    wire [7:0] commands$setting_writes;
    wire commands$enable_refused;
    reg settings$reset;
    reg [7:0] settings$write;
    reg [31:0] settings$data;
    reg settings$locked;
    wire settings$refused;
    wire [1:0] settings$options;
    wire [15:0] settings$window;
    wire [19:0] settings$holdoff;
    wire [15:0] settings$rct_cutoff;
    wire [10:0] settings$apt_cutoff;
    wire [20:0] settings$rate_min;
    wire [20:0] settings$rate_max;
    wire [16:0] settings$balance_max;
    reg state$reset;
    reg [4:0] state$fails;
    reg state$startup_done;
    reg state$starts;
    reg state$stops;
    reg state$requests;
    reg [5:0] state$clears;
    wire state$failed;
    wire state$active;
    wire state$in_startup;
    wire state$alarmed;
    wire [5:0] state$alarms;
    wire state$restart;
    wire [1:0] state$code;
    reg tally$reset;
    reg tally$active;
    reg tally$in_startup;
    reg tally$failed;
    reg tally$stops;
    reg tally$testing;
    reg tally$edge_a;
    reg tally$edge_b;
    reg tally$decided;
    reg tally$bit_value;
    reg tally$coincidence;
    reg [1:0] tally$ignored;
    reg tally$stays_open;
    reg [4:0] tally$fails;
    wire tally$valid;
    wire tally$value;
    wire tally$alarm_event;
    wire tally$inc_bits;
    wire tally$inc_ones;
    wire tally$inc_coincidences;
    wire [1:0] tally$inc_ignored;
    wire tally$inc_a;
    wire tally$inc_b;
    wire [1:0] tally$inc_discarded;
    wire tally$test_valid;
    wire [4:0] tally$test_fail;
    reg [5:0] readout$index;
    reg [2:0] readout$csr_block;
    reg [5:0] readout$csr_instance;
    reg [6:0] readout$csr_register;
    reg readout$enable;
    reg [1:0] readout$options;
    reg [15:0] readout$window;
    reg [19:0] readout$holdoff;
    reg [15:0] readout$rct_cutoff;
    reg [10:0] readout$apt_cutoff;
    reg [20:0] readout$rate_min;
    reg [20:0] readout$rate_max;
    reg [16:0] readout$balance_max;
    reg [1:0] readout$code;
    reg readout$restart;
    reg readout$in_startup;
    reg [10:0] readout$startup_left;
    reg [5:0] readout$alarms;
    reg [20:0] readout$rate_a;
    reg [20:0] readout$rate_b;
    wire [31:0] readout$csr_read;
    reg test_settings$d;
    wire test_settings$q;
    reg test_begins$d;
    wire test_begins$q;
    reg test_runs$d;
    wire test_runs$q;
    reg window_allowed$d;
    wire window_allowed$q;
    // Local signals
    reg testing;
    reg clears;
    reg steps;
    reg rising_a;
    reg rising_b;
    reg [4:0] fails;
    // Sub module instances
    pb_lanes_sampler sampler(
        .clock(clock),
        .reset(sampler$reset),
        .clear(sampler$clear),
        .step(sampler$step),
        .edge_a(sampler$edge_a),
        .edge_b(sampler$edge_b),
        .window(sampler$window),
        .holdoff(sampler$holdoff),
        .retrigger(sampler$retrigger),
        .valid(sampler$valid),
        .value(sampler$value),
        .coincidence(sampler$coincidence),
        .ignored(sampler$ignored),
        .stays_open(sampler$stays_open)
    );
    pb_lanes_rct rct(
        .clock(clock),
        .reset(rct$reset),
        .clear(rct$clear),
        .step(rct$step),
        .value(rct$value),
        .cutoff(rct$cutoff),
        .fail(rct$fail)
    );
    pb_lanes_apt apt(
        .clock(clock),
        .reset(apt$reset),
        .clear(apt$clear),
        .step(apt$step),
        .value(apt$value),
        .cutoff(apt$cutoff),
        .fail(apt$fail)
    );
    pb_startup startup(
        .clock(clock),
        .reset(startup$reset),
        .clear(startup$clear),
        .step(startup$step),
        .done(startup$done),
        .left(startup$left)
    );
    pb_lanes_rate rate(
        .clock(clock),
        .reset(rate$reset),
        .clear(rate$clear),
        .step(rate$step),
        .edge_a(rate$edge_a),
        .edge_b(rate$edge_b),
        .fewest(rate$fewest),
        .most(rate$most),
        .window_less_1(rate$window_less_1),
        .keep_rates(rate$keep_rates),
        .low(rate$low),
        .high(rate$high),
        .rate_a(rate$rate_a),
        .rate_b(rate$rate_b)
    );
    pb_lanes_balance balance(
        .clock(clock),
        .reset(balance$reset),
        .clear(balance$clear),
        .step(balance$step),
        .value(balance$value),
        .most(balance$most),
        .window_less_1(balance$window_less_1),
        .fail(balance$fail)
    );
    pb_lanes_commands commands(
        .clock(clock),
        .reset(commands$reset),
        .index(commands$index),
        .csr_write(commands$csr_write),
        .csr_block(commands$csr_block),
        .csr_instance(commands$csr_instance),
        .csr_register(commands$csr_register),
        .csr_data(commands$csr_data),
        .start(commands$start),
        .stop(commands$stop),
        .running(commands$running),
        .window_ok(commands$window_ok),
        .active(commands$active),
        .alarms(commands$alarms),
        .alarmed(commands$alarmed),
        .restart(commands$restart),
        .enabled(commands$enabled),
        .starts(commands$starts),
        .stops(commands$stops),
        .requests(commands$requests),
        .clears(commands$clears),
        .setting_writes(commands$setting_writes),
        .enable_refused(commands$enable_refused)
    );
    pb_settings settings(
        .clock(clock),
        .reset(settings$reset),
        .write(settings$write),
        .data(settings$data),
        .locked(settings$locked),
        .refused(settings$refused),
        .options(settings$options),
        .window(settings$window),
        .holdoff(settings$holdoff),
        .rct_cutoff(settings$rct_cutoff),
        .apt_cutoff(settings$apt_cutoff),
        .rate_min(settings$rate_min),
        .rate_max(settings$rate_max),
        .balance_max(settings$balance_max)
    );
    pb_lanes_state state(
        .clock(clock),
        .reset(state$reset),
        .fails(state$fails),
        .startup_done(state$startup_done),
        .starts(state$starts),
        .stops(state$stops),
        .requests(state$requests),
        .clears(state$clears),
        .failed(state$failed),
        .active(state$active),
        .in_startup(state$in_startup),
        .alarmed(state$alarmed),
        .alarms(state$alarms),
        .restart(state$restart),
        .code(state$code)
    );
    pb_tally tally(
        .clock(clock),
        .reset(tally$reset),
        .active(tally$active),
        .in_startup(tally$in_startup),
        .failed(tally$failed),
        .stops(tally$stops),
        .testing(tally$testing),
        .edge_a(tally$edge_a),
        .edge_b(tally$edge_b),
        .decided(tally$decided),
        .bit_value(tally$bit_value),
        .coincidence(tally$coincidence),
        .ignored(tally$ignored),
        .stays_open(tally$stays_open),
        .fails(tally$fails),
        .valid(tally$valid),
        .value(tally$value),
        .alarm_event(tally$alarm_event),
        .inc_bits(tally$inc_bits),
        .inc_ones(tally$inc_ones),
        .inc_coincidences(tally$inc_coincidences),
        .inc_ignored(tally$inc_ignored),
        .inc_a(tally$inc_a),
        .inc_b(tally$inc_b),
        .inc_discarded(tally$inc_discarded),
        .test_valid(tally$test_valid),
        .test_fail(tally$test_fail)
    );
    pb_lanes_readout readout(
        .clock(clock),
        .index(readout$index),
        .csr_block(readout$csr_block),
        .csr_instance(readout$csr_instance),
        .csr_register(readout$csr_register),
        .enable(readout$enable),
        .options(readout$options),
        .window(readout$window),
        .holdoff(readout$holdoff),
        .rct_cutoff(readout$rct_cutoff),
        .apt_cutoff(readout$apt_cutoff),
        .rate_min(readout$rate_min),
        .rate_max(readout$rate_max),
        .balance_max(readout$balance_max),
        .code(readout$code),
        .restart(readout$restart),
        .in_startup(readout$in_startup),
        .startup_left(readout$startup_left),
        .alarms(readout$alarms),
        .rate_a(readout$rate_a),
        .rate_b(readout$rate_b),
        .csr_read(readout$csr_read)
    );
    pb_dff_1 test_settings(
        .d(test_settings$d),
        .q(test_settings$q),
        .clock(clock)
    );
    pb_dff_1 test_begins(
        .d(test_begins$d),
        .q(test_begins$q),
        .clock(clock)
    );
    pb_dff_1 test_runs(
        .d(test_runs$d),
        .q(test_runs$q),
        .clock(clock)
    );
    pb_dff_1 window_allowed(
        .d(window_allowed$d),
        .q(window_allowed$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        test_settings$d = test_settings$q;
        test_begins$d = test_begins$q;
        test_runs$d = test_runs$q;
        window_allowed$d = window_allowed$q;
        sampler$reset = reset;
        rct$reset = reset;
        apt$reset = reset;
        startup$reset = reset;
        rate$reset = reset;
        balance$reset = reset;
        commands$reset = reset;
        settings$reset = reset;
        state$reset = reset;
        tally$reset = reset;
        test_settings$d = selftest & ~state$active;
        test_begins$d = test_settings$q;
        test_runs$d = test_begins$q;
        testing = test_runs$q & selftest & ~state$active;
        clears = commands$starts | (test_begins$q & ~test_runs$q);
        steps = state$active | testing;
        rising_a = (testing & test_a) | (~testing & edge_a);
        rising_b = (testing & test_b) | (~testing & edge_b);
        sampler$window = settings$window;
        sampler$holdoff = settings$holdoff;
        sampler$retrigger = settings$options[32'h0] & ~test_settings$q;
        rct$cutoff = settings$rct_cutoff;
        apt$cutoff = settings$apt_cutoff;
        rate$fewest = settings$rate_min;
        rate$most = settings$rate_max;
        rate$window_less_1 = rate_window;
        balance$most = settings$balance_max;
        balance$window_less_1 = balance_window;
        if (test_settings$q) begin
            sampler$window = test_window;
            sampler$holdoff = test_holdoff;
            rct$cutoff = test_rct;
            apt$cutoff = test_apt;
            rate$fewest = test_rate_min;
            rate$most = test_rate_max;
            rate$window_less_1 = test_rate_window;
            balance$most = test_balance;
            balance$window_less_1 = test_balance_window;
        end
        sampler$clear = clears;
        sampler$step = steps;
        sampler$edge_a = rising_a;
        sampler$edge_b = rising_b;
        rate$clear = ~steps;
        rate$step = steps;
        rate$edge_a = rising_a;
        rate$edge_b = rising_b;
        rate$keep_rates = (test_begins$q & selftest) | (~steps & ~clears);
        rct$clear = ~steps;
        rct$step = sampler$valid;
        rct$value = sampler$value;
        apt$clear = ~steps;
        apt$step = sampler$valid;
        apt$value = sampler$value;
        balance$clear = ~steps;
        balance$step = sampler$valid;
        balance$value = sampler$value;
        startup$clear = clears;
        startup$step = sampler$valid & state$in_startup;
        fails = ((rct$fail) & 5'h1f) | (((apt$fail) & 5'h1f) << 32'h1) | (((rate$low) & 5'h1f) << 32'h2) | (((rate$high) & 5'h1f) << 32'h3) | (((balance$fail) & 5'h1f) << 32'h4);
        state$fails = fails;
        state$startup_done = startup$done;
        state$starts = commands$starts;
        state$stops = commands$stops;
        state$requests = commands$requests;
        state$clears = commands$clears;
        tally$active = state$active;
        tally$in_startup = state$in_startup;
        tally$failed = state$failed;
        tally$stops = commands$stops;
        tally$testing = testing;
        tally$edge_a = rising_a;
        tally$edge_b = rising_b;
        tally$decided = sampler$valid;
        tally$bit_value = sampler$value;
        tally$coincidence = sampler$coincidence;
        tally$ignored = sampler$ignored;
        tally$stays_open = sampler$stays_open;
        tally$fails = fails;
        commands$index = index;
        commands$csr_write = csr_write;
        commands$csr_block = csr_block;
        commands$csr_instance = csr_instance;
        commands$csr_register = csr_register;
        commands$csr_data = csr_data;
        commands$start = start;
        commands$stop = stop;
        commands$running = running;
        commands$window_ok = window_allowed$q;
        commands$active = state$active;
        commands$alarms = state$alarms;
        commands$alarmed = state$alarmed;
        commands$restart = state$restart;
        window_allowed$d = ~real_pins | |settings$window;
        settings$write = commands$setting_writes;
        settings$data = csr_data;
        settings$locked = running & state$active & ~state$failed;
        csr_refused = settings$refused | commands$enable_refused;
        readout$index = index;
        readout$csr_block = csr_block;
        readout$csr_instance = csr_instance;
        readout$csr_register = csr_register;
        readout$enable = commands$enabled;
        readout$options = settings$options;
        readout$window = settings$window;
        readout$holdoff = settings$holdoff;
        readout$rct_cutoff = settings$rct_cutoff;
        readout$apt_cutoff = settings$apt_cutoff;
        readout$rate_min = settings$rate_min;
        readout$rate_max = settings$rate_max;
        readout$balance_max = settings$balance_max;
        readout$code = state$code;
        readout$restart = state$restart;
        readout$in_startup = state$in_startup;
        readout$startup_left = startup$left;
        readout$alarms = state$alarms;
        readout$rate_a = rate$rate_a;
        readout$rate_b = rate$rate_b;
        csr_read = readout$csr_read;
        valid = tally$valid;
        value = tally$value;
        tap = settings$options[32'h1];
        enabled = commands$enabled;
        active = state$active;
        alarmed = state$alarmed;
        window_ok = window_allowed$q;
        alarm_event = tally$alarm_event;
        inc_bits = tally$inc_bits;
        inc_ones = tally$inc_ones;
        inc_coincidences = tally$inc_coincidences;
        inc_ignored = tally$inc_ignored;
        inc_a = tally$inc_a;
        inc_b = tally$inc_b;
        inc_discarded = tally$inc_discarded;
        test_valid = tally$test_valid;
        test_fail = tally$test_fail;
        if (reset) begin
            test_settings$d = 1'b0;
            test_begins$d = 1'b0;
            test_runs$d = 1'b0;
        end
    end
endmodule // pb_lanes_lanes

module pb_lanes_rate(clock,reset,clear,step,edge_a,edge_b,fewest,most,window_less_1,keep_rates,low,high,rate_a,rate_b);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire clear;
    input wire step;
    input wire edge_a;
    input wire edge_b;
    input wire [20:0] fewest;
    input wire [20:0] most;
    input wire [19:0] window_less_1;
    input wire keep_rates;
    output reg low;
    output reg high;
    output reg [20:0] rate_a;
    output reg [20:0] rate_b;
    // Stub signals
    reg [19:0] left$d;
    wire [19:0] left$q;
    reg last$d;
    wire last$q;
    reg [20:0] count_a$d;
    wire [20:0] count_a$q;
    reg [20:0] count_b$d;
    wire [20:0] count_b$q;
    reg [20:0] last_a$d;
    wire [20:0] last_a$q;
    reg [20:0] last_b$d;
    wire [20:0] last_b$q;
    reg forgotten$d;
    wire forgotten$q;
    reg enough_a$d;
    wire enough_a$q;
    reg enough_b$d;
    wire enough_b$q;
    reg nearly_a$d;
    wire nearly_a$q;
    reg nearly_b$d;
    wire nearly_b$q;
    reg most_a$d;
    wire most_a$q;
    reg most_b$d;
    wire most_b$q;
    reg over_a$d;
    wire over_a$q;
    reg over_b$d;
    wire over_b$q;
    reg [20:0] fewest_less_2$d;
    wire [20:0] fewest_less_2$q;
    reg [20:0] most_less_1$d;
    wire [20:0] most_less_1$q;
    reg none_wanted$d;
    wire none_wanted$q;
    reg one_wanted$d;
    wire one_wanted$q;
    reg none_allowed$d;
    wire none_allowed$q;
    // Local signals
    reg [20:0] next_a;
    reg [20:0] next_b;
    reg ends;
    // Sub module instances
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
    pb_dff_21 count_a(
        .d(count_a$d),
        .q(count_a$q),
        .clock(clock)
    );
    pb_dff_21 count_b(
        .d(count_b$d),
        .q(count_b$q),
        .clock(clock)
    );
    pb_dff_21 last_a(
        .d(last_a$d),
        .q(last_a$q),
        .clock(clock)
    );
    pb_dff_21 last_b(
        .d(last_b$d),
        .q(last_b$q),
        .clock(clock)
    );
    pb_dff_1 forgotten(
        .d(forgotten$d),
        .q(forgotten$q),
        .clock(clock)
    );
    pb_dff_1 enough_a(
        .d(enough_a$d),
        .q(enough_a$q),
        .clock(clock)
    );
    pb_dff_1 enough_b(
        .d(enough_b$d),
        .q(enough_b$q),
        .clock(clock)
    );
    pb_dff_1 nearly_a(
        .d(nearly_a$d),
        .q(nearly_a$q),
        .clock(clock)
    );
    pb_dff_1 nearly_b(
        .d(nearly_b$d),
        .q(nearly_b$q),
        .clock(clock)
    );
    pb_dff_1 most_a(
        .d(most_a$d),
        .q(most_a$q),
        .clock(clock)
    );
    pb_dff_1 most_b(
        .d(most_b$d),
        .q(most_b$q),
        .clock(clock)
    );
    pb_dff_1 over_a(
        .d(over_a$d),
        .q(over_a$q),
        .clock(clock)
    );
    pb_dff_1 over_b(
        .d(over_b$d),
        .q(over_b$q),
        .clock(clock)
    );
    pb_dff_21 fewest_less_2(
        .d(fewest_less_2$d),
        .q(fewest_less_2$q),
        .clock(clock)
    );
    pb_dff_21 most_less_1(
        .d(most_less_1$d),
        .q(most_less_1$q),
        .clock(clock)
    );
    pb_dff_1 none_wanted(
        .d(none_wanted$d),
        .q(none_wanted$q),
        .clock(clock)
    );
    pb_dff_1 one_wanted(
        .d(one_wanted$d),
        .q(one_wanted$q),
        .clock(clock)
    );
    pb_dff_1 none_allowed(
        .d(none_allowed$d),
        .q(none_allowed$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        left$d = left$q;
        last$d = last$q;
        count_a$d = count_a$q;
        count_b$d = count_b$q;
        last_a$d = last_a$q;
        last_b$d = last_b$q;
        forgotten$d = forgotten$q;
        enough_a$d = enough_a$q;
        enough_b$d = enough_b$q;
        nearly_a$d = nearly_a$q;
        nearly_b$d = nearly_b$q;
        most_a$d = most_a$q;
        most_b$d = most_b$q;
        over_a$d = over_a$q;
        over_b$d = over_b$q;
        fewest_less_2$d = fewest_less_2$q;
        most_less_1$d = most_less_1$q;
        none_wanted$d = none_wanted$q;
        one_wanted$d = one_wanted$q;
        none_allowed$d = none_allowed$q;
        fewest_less_2$d = fewest - 32'h2;
        most_less_1$d = most - 32'h1;
        none_wanted$d = fewest == 32'h0;
        one_wanted$d = fewest == 32'h1;
        none_allowed$d = most == 32'h0;
        next_a = count_a$q;
        if (edge_a) begin
            next_a = count_a$q + 32'h1;
        end
        next_b = count_b$q;
        if (edge_b) begin
            next_b = count_b$q + 32'h1;
        end
        ends = step & last$q;
        low = ends & ((~enough_a$q & ~(edge_a & nearly_a$q)) | (~enough_b$q & ~(edge_b & nearly_b$q)));
        high = ends & (over_a$q | over_b$q | (edge_a & most_a$q) | (edge_b & most_b$q));
        rate_a = last_a$q;
        rate_b = last_b$q;
        forgotten$d = clear & ~keep_rates;
        if (forgotten$q) begin
            rate_a = 32'h0;
            rate_b = 32'h0;
            last_a$d = 32'h0;
            last_b$d = 32'h0;
        end
        if (step) begin
            left$d = left$q - 32'h1;
            last$d = left$q == 32'h1;
            count_a$d = next_a;
            count_b$d = next_b;
        end
        if (step & edge_a) begin
            enough_a$d = enough_a$q | nearly_a$q;
            nearly_a$d = count_a$q == fewest_less_2$q;
            over_a$d = over_a$q | most_a$q;
            most_a$d = count_a$q == most_less_1$q;
        end
        if (step & edge_b) begin
            enough_b$d = enough_b$q | nearly_b$q;
            nearly_b$d = count_b$q == fewest_less_2$q;
            over_b$d = over_b$q | most_b$q;
            most_b$d = count_b$q == most_less_1$q;
        end
        if (ends & ~keep_rates) begin
            last_a$d = next_a;
            last_b$d = next_b;
        end
        if (clear | ends) begin
            left$d = window_less_1;
            last$d = 1'b0;
            count_a$d = 32'h0;
            count_b$d = 32'h0;
            enough_a$d = none_wanted$q;
            enough_b$d = none_wanted$q;
            nearly_a$d = one_wanted$q;
            nearly_b$d = one_wanted$q;
            most_a$d = none_allowed$q;
            most_b$d = none_allowed$q;
            over_a$d = 1'b0;
            over_b$d = 1'b0;
        end
        if (reset) begin
            left$d = 32'h0;
            last$d = 1'b0;
            count_a$d = 32'h0;
            count_b$d = 32'h0;
            last_a$d = 32'h0;
            last_b$d = 32'h0;
            forgotten$d = 1'b0;
        end
    end
endmodule // pb_lanes_rate

module pb_lanes_rct(clock,reset,clear,step,value,cutoff,fail);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire clear;
    input wire step;
    input wire value;
    input wire [15:0] cutoff;
    output reg fail;
    // Stub signals
    reg sample$d;
    wire sample$q;
    reg sampled$d;
    wire sampled$q;
    reg [15:0] left$d;
    wire [15:0] left$q;
    reg due$d;
    wire due$q;
    reg [15:0] reload$d;
    wire [15:0] reload$q;
    reg reload_due$d;
    wire reload_due$q;
    // Local signals
    reg repeated;
    reg swept;
    // Sub module instances
    pb_dff_1 sample(
        .d(sample$d),
        .q(sample$q),
        .clock(clock)
    );
    pb_dff_1 sampled(
        .d(sampled$d),
        .q(sampled$q),
        .clock(clock)
    );
    pb_dff_16 left(
        .d(left$d),
        .q(left$q),
        .clock(clock)
    );
    pb_dff_1 due(
        .d(due$d),
        .q(due$q),
        .clock(clock)
    );
    pb_dff_16 reload(
        .d(reload$d),
        .q(reload$q),
        .clock(clock)
    );
    pb_dff_1 reload_due(
        .d(reload_due$d),
        .q(reload_due$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        sample$d = sample$q;
        sampled$d = sampled$q;
        left$d = left$q;
        due$d = due$q;
        reload$d = reload$q;
        reload_due$d = reload_due$q;
        reload$d = cutoff - 32'h1;
        reload_due$d = cutoff <= 32'h2;
        repeated = step & sampled$q & (sample$q == value);
        fail = repeated & due$q;
        if (step) begin
            sample$d = value;
            sampled$d = 1'b1;
            left$d = reload$q;
            due$d = reload_due$q;
        end
        if (repeated) begin
            left$d = left$q - 32'h1;
            due$d = due$q | (left$q == 32'h2);
        end
        swept = reset | clear;
        if (swept) begin
            sample$d = 1'b0;
            sampled$d = 1'b0;
            left$d = 32'h0;
            due$d = 1'b0;
        end
    end
endmodule // pb_lanes_rct

module pb_lanes_readout(clock,index,csr_block,csr_instance,csr_register,enable,options,window,holdoff,rct_cutoff,apt_cutoff,rate_min,rate_max,balance_max,code,restart,in_startup,startup_left,alarms,rate_a,rate_b,csr_read);
    // Module arguments
    input wire clock;
    input wire [5:0] index;
    input wire [2:0] csr_block;
    input wire [5:0] csr_instance;
    input wire [6:0] csr_register;
    input wire enable;
    input wire [1:0] options;
    input wire [15:0] window;
    input wire [19:0] holdoff;
    input wire [15:0] rct_cutoff;
    input wire [10:0] apt_cutoff;
    input wire [20:0] rate_min;
    input wire [20:0] rate_max;
    input wire [16:0] balance_max;
    input wire [1:0] code;
    input wire restart;
    input wire in_startup;
    input wire [10:0] startup_left;
    input wire [5:0] alarms;
    input wire [20:0] rate_a;
    input wire [20:0] rate_b;
    output reg [31:0] csr_read;
    // Constant declarations
    localparam lane_block = 3'b10;
    localparam enable_word = 7'b0;
    localparam config_word = 7'b1;
    localparam window_word = 7'b10;
    localparam holdoff_word = 7'b11;
    localparam rct_word = 7'b100;
    localparam apt_word = 7'b101;
    localparam rate_min_word = 7'b110;
    localparam rate_max_word = 7'b111;
    localparam balance_word = 7'b1000;
    localparam state_word = 7'b1001;
    localparam alarms_word = 7'b1010;
    localparam rate_a_word = 7'b1100;
    localparam rate_b_word = 7'b1101;
    localparam restart_bit = 32'h4;
    localparam startup_shift = 6'b10000;
    // Stub signals
    reg [31:0] answer$d;
    wire [31:0] answer$q;
    // Local signals
    reg [31:0] state_low;
    reg [31:0] state_high;
    // Sub module instances
    pb_dff_32 answer(
        .d(answer$d),
        .q(answer$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        answer$d = 32'h0;
        csr_read = answer$q;
        state_low = ((code) & 32'hffffffff);
        if (restart) begin
            state_low = ((code) & 32'hffffffff) | restart_bit;
        end
        state_high = 32'h0;
        if (in_startup) begin
            state_high = ((startup_left) & 32'hffffffff);
        end
        if ((csr_block == lane_block) & (csr_instance == index)) begin
            if (csr_register == enable_word) begin
                answer$d = ((enable) & 32'hffffffff);
            end
            else if (csr_register == config_word) begin
                answer$d = ((options) & 32'hffffffff);
            end
            else if (csr_register == window_word) begin
                answer$d = ((window) & 32'hffffffff);
            end
            else if (csr_register == holdoff_word) begin
                answer$d = ((holdoff) & 32'hffffffff);
            end
            else if (csr_register == rct_word) begin
                answer$d = ((rct_cutoff) & 32'hffffffff);
            end
            else if (csr_register == apt_word) begin
                answer$d = ((apt_cutoff) & 32'hffffffff);
            end
            else if (csr_register == rate_min_word) begin
                answer$d = ((rate_min) & 32'hffffffff);
            end
            else if (csr_register == rate_max_word) begin
                answer$d = ((rate_max) & 32'hffffffff);
            end
            else if (csr_register == balance_word) begin
                answer$d = ((balance_max) & 32'hffffffff);
            end
            else if (csr_register == state_word) begin
                answer$d = state_low | (state_high << startup_shift);
            end
            else if (csr_register == alarms_word) begin
                answer$d = ((alarms) & 32'hffffffff);
            end
            else if (csr_register == rate_a_word) begin
                answer$d = ((rate_a) & 32'hffffffff);
            end
            else if (csr_register == rate_b_word) begin
                answer$d = ((rate_b) & 32'hffffffff);
            end
        end
    end
endmodule // pb_lanes_readout

module pb_lanes_sampler(clock,reset,clear,step,edge_a,edge_b,window,holdoff,retrigger,valid,value,coincidence,ignored,stays_open);
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
endmodule // pb_lanes_sampler

module pb_lanes_state(clock,reset,fails,startup_done,starts,stops,requests,clears,failed,active,in_startup,alarmed,alarms,restart,code);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire [4:0] fails;
    input wire startup_done;
    input wire starts;
    input wire stops;
    input wire requests;
    input wire [5:0] clears;
    output reg failed;
    output reg active;
    output reg in_startup;
    output reg alarmed;
    output reg [5:0] alarms;
    output reg restart;
    output reg [1:0] code;
    // Constant declarations
    localparam startup_alarm = 6'b100000;
    localparam code_startup = 2'b1;
    localparam code_running = 2'b10;
    localparam code_alarmed = 2'b11;
    // Stub signals
    reg active_flag$d;
    wire active_flag$q;
    reg startup_flag$d;
    wire startup_flag$q;
    reg alarmed_flag$d;
    wire alarmed_flag$q;
    reg [5:0] alarm_flags$d;
    wire [5:0] alarm_flags$q;
    reg restart_flag$d;
    wire restart_flag$q;
    // Local signals
    reg fails_now;
    reg [5:0] remaining;
    // Sub module instances
    pb_dff_1 active_flag(
        .d(active_flag$d),
        .q(active_flag$q),
        .clock(clock)
    );
    pb_dff_1 startup_flag(
        .d(startup_flag$d),
        .q(startup_flag$q),
        .clock(clock)
    );
    pb_dff_1 alarmed_flag(
        .d(alarmed_flag$d),
        .q(alarmed_flag$q),
        .clock(clock)
    );
    pb_dff_6 alarm_flags(
        .d(alarm_flags$d),
        .q(alarm_flags$q),
        .clock(clock)
    );
    pb_dff_1 restart_flag(
        .d(restart_flag$d),
        .q(restart_flag$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        active_flag$d = active_flag$q;
        startup_flag$d = startup_flag$q;
        alarmed_flag$d = alarmed_flag$q;
        alarm_flags$d = alarm_flags$q;
        restart_flag$d = restart_flag$q;
        active = active_flag$q;
        in_startup = startup_flag$q;
        alarmed = alarmed_flag$q;
        alarms = alarm_flags$q;
        restart = restart_flag$q;
        code = 32'h0;
        if (active_flag$q) begin
            code = code_running;
        end
        if (startup_flag$q) begin
            code = code_startup;
        end
        if (alarmed_flag$q) begin
            code = code_alarmed;
        end
        fails_now = active_flag$q & |fails;
        failed = fails_now;
        remaining = alarm_flags$q & ~clears;
        alarm_flags$d = remaining;
        alarmed_flag$d = |remaining;
        restart_flag$d = restart_flag$q & |remaining;
        if (startup_done) begin
            startup_flag$d = 1'b0;
        end
        if (starts) begin
            active_flag$d = 1'b1;
            startup_flag$d = 1'b1;
        end
        if (stops | fails_now) begin
            active_flag$d = 1'b0;
            startup_flag$d = 1'b0;
        end
        if (fails_now) begin
            alarmed_flag$d = 1'b1;
            alarm_flags$d = ((fails) & 6'h3f);
            if (startup_flag$q) begin
                alarm_flags$d = ((fails) & 6'h3f) | startup_alarm;
            end
        end
        if (requests) begin
            restart_flag$d = alarmed_flag$q | fails_now;
        end
        if (reset) begin
            active_flag$d = 1'b0;
            startup_flag$d = 1'b0;
            alarmed_flag$d = 1'b0;
            alarm_flags$d = 32'h0;
            restart_flag$d = 1'b0;
        end
    end
endmodule // pb_lanes_state

module pb_leave(clock,clear,start,start_error,close,quiet,word,sign,shift,free,gone,out_valid,out_ready,out_data,out_last,out_close,out_error,signature);
    // Module arguments
    input wire clock;
    input wire clear;
    input wire start;
    input wire start_error;
    input wire close;
    input wire quiet;
    input wire [31:0] word;
    input wire sign;
    output reg shift;
    output reg free;
    output reg gone;
    output reg out_valid;
    input wire out_ready;
    output reg [63:0] out_data;
    output reg out_last;
    output reg out_close;
    output reg out_error;
    output reg [63:0] signature;
    // Constant declarations
    localparam half = 6'b100000;
    localparam most = 6'b111111;
    localparam top_mask = 32'hffffff;
    localparam modulus2 = 32'hbf6a1f01;
    localparam modulus3 = 32'h6e38ed64;
    localparam modulus4 = 32'hdaa797ed;
    localparam modulus5 = 32'he93ff9f4;
    localparam modulus6 = 32'h184f03;
    // Stub signals
    reg active$d;
    wire active$q;
    reg [2:0] part$d;
    wire [2:0] part$q;
    reg negative$d;
    wire negative$q;
    reg carry$d;
    wire carry$q;
    reg [31:0] addend_now$d;
    wire [31:0] addend_now$q;
    reg top_now$d;
    wire top_now$q;
    reg blank_now$d;
    wire blank_now$q;
    reg [31:0] low$d;
    wire [31:0] low$q;
    reg valid$d;
    wire valid$q;
    reg [63:0] data$d;
    wire [63:0] data$q;
    reg last$d;
    wire last$q;
    reg closing$d;
    wire closing$q;
    reg error$d;
    wire error$q;
    reg [63:0] signature_now$d;
    wire [63:0] signature_now$q;
    reg left_now$d;
    wire left_now$q;
    // Local signals
    reg odd;
    reg room;
    reg advance;
    reg taken;
    reg [31:0] addend;
    reg [33:0] left;
    reg [33:0] right;
    reg [33:0] sum;
    reg [31:0] result;
    reg [63:0] both;
    reg [63:0] turned;
    reg [63:0] top;
    // Sub module instances
    pb_dff_1 active(
        .d(active$d),
        .q(active$q),
        .clock(clock)
    );
    pb_dff_3 part(
        .d(part$d),
        .q(part$q),
        .clock(clock)
    );
    pb_dff_1 negative(
        .d(negative$d),
        .q(negative$q),
        .clock(clock)
    );
    pb_dff_1 carry(
        .d(carry$d),
        .q(carry$q),
        .clock(clock)
    );
    pb_dff_32 addend_now(
        .d(addend_now$d),
        .q(addend_now$q),
        .clock(clock)
    );
    pb_dff_1 top_now(
        .d(top_now$d),
        .q(top_now$q),
        .clock(clock)
    );
    pb_dff_1 blank_now(
        .d(blank_now$d),
        .q(blank_now$q),
        .clock(clock)
    );
    pb_dff_32 low(
        .d(low$d),
        .q(low$q),
        .clock(clock)
    );
    pb_dff_1 valid(
        .d(valid$d),
        .q(valid$q),
        .clock(clock)
    );
    pb_dff_64 data(
        .d(data$d),
        .q(data$q),
        .clock(clock)
    );
    pb_dff_1 last(
        .d(last$d),
        .q(last$q),
        .clock(clock)
    );
    pb_dff_1 closing(
        .d(closing$d),
        .q(closing$q),
        .clock(clock)
    );
    pb_dff_1 error(
        .d(error$d),
        .q(error$q),
        .clock(clock)
    );
    pb_dff_64 signature_now(
        .d(signature_now$d),
        .q(signature_now$q),
        .clock(clock)
    );
    pb_dff_1 left_now(
        .d(left_now$d),
        .q(left_now$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        active$d = active$q;
        part$d = part$q;
        negative$d = negative$q;
        carry$d = carry$q;
        addend_now$d = addend_now$q;
        top_now$d = top_now$q;
        blank_now$d = blank_now$q;
        low$d = low$q;
        valid$d = valid$q;
        data$d = data$q;
        last$d = last$q;
        closing$d = closing$q;
        error$d = error$q;
        signature_now$d = signature_now$q;
        left_now$d = left_now$q;
        odd = part$q[32'h0];
        taken = valid$q & out_ready;
        room = ~valid$q;
        advance = active$q & (~odd | room);
        shift = advance & ~error$q;
        if (advance & (part$q == 32'h0)) begin
            negative$d = sign & ~error$q;
        end
        addend = addend_now$q;
        left = (((word) & 34'h3ffffffff) << 32'h1) | 32'h1;
        right = ((addend) & 34'h3ffffffff) << 32'h1;
        if (carry$q) begin
            right = (((addend) & 34'h3ffffffff) << 32'h1) | 32'h1;
        end
        sum = left + right;
        result = sum[(32'h1)+:(32)];
        if (top_now$q) begin
            result = sum[(32'h1)+:(32)] & top_mask;
        end
        if (blank_now$q | error$q) begin
            result = 32'h0;
        end
        if (taken) begin
            valid$d = 1'b0;
            data$d = 32'h0;
            last$d = 1'b0;
        end
        both = (((result) & 64'hffffffffffffffff) << half) | ((low$q) & 64'hffffffffffffffff);
        top = signature_now$q >> most;
        turned = (signature_now$q << 32'h1) | top;
        if (advance) begin
            part$d = part$q + 32'h1;
            carry$d = sum[32'h21];
            if (odd) begin
                valid$d = ~quiet;
                data$d = both;
                signature_now$d = turned ^ both;
                last$d = part$q == 32'h7;
                low$d = 32'h0;
            end
            else begin
                low$d = result;
            end
            if (part$q == 32'h7) begin
                active$d = 1'b0;
            end
        end
        left_now$d = (taken & last$q & ~error$q) | (quiet & advance & (part$q == 32'h7));
        gone = left_now$q;
        free = ~active$q & ~valid$q & ~left_now$q;
        if (start | start_error) begin
            active$d = 1'b1;
            part$d = 32'h0;
            carry$d = 1'b0;
            negative$d = 1'b0;
            closing$d = close;
            error$d = start_error;
        end
        top_now$d = part$d == 32'h6;
        blank_now$d = part$d == 32'h7;
        addend_now$d = 32'h0;
        if (negative$q) begin
            if (part$d == 32'h2) begin
                addend_now$d = modulus2;
            end
            if (part$d == 32'h3) begin
                addend_now$d = modulus3;
            end
            if (part$d == 32'h4) begin
                addend_now$d = modulus4;
            end
            if (part$d == 32'h5) begin
                addend_now$d = modulus5;
            end
            if (part$d == 32'h6) begin
                addend_now$d = modulus6;
            end
        end
        out_valid = valid$q;
        out_data = data$q;
        out_last = last$q;
        out_close = last$q & closing$q;
        out_error = error$q;
        signature = signature_now$q;
        if (clear) begin
            active$d = 1'b0;
            part$d = 32'h0;
            carry$d = 1'b0;
            negative$d = 1'b0;
            addend_now$d = 32'h0;
            top_now$d = 1'b0;
            blank_now$d = 1'b0;
            low$d = 32'h0;
            valid$d = 1'b0;
            data$d = 32'h0;
            last$d = 1'b0;
            closing$d = 1'b0;
            error$d = 1'b0;
            left_now$d = 1'b0;
            signature_now$d = 32'h0;
        end
    end
endmodule // pb_leave

module pb_leftover(clock,n,m,claimed_h,fits);
    // Module arguments
    input wire clock;
    input wire [15:0] n;
    input wire [15:0] m;
    input wire [16:0] claimed_h;
    output reg fits;
    // Constant declarations
    localparam margin = 17'b10000000;
    // Stub signals
    reg [15:0] multiplier$a;
    reg [16:0] multiplier$b;
    wire [32:0] multiplier$product;
    reg [16:0] h$d;
    wire [16:0] h$q;
    reg [16:0] wanted$d;
    wire [16:0] wanted$q;
    reg fits_r$d;
    wire fits_r$q;
    // Local signals
    reg [32:0] left;
    // Sub module instances
    pb_multiplier multiplier(
        .clock(clock),
        .a(multiplier$a),
        .b(multiplier$b),
        .product(multiplier$product)
    );
    pb_dff_17 h(
        .d(h$d),
        .q(h$q),
        .clock(clock)
    );
    pb_dff_17 wanted(
        .d(wanted$d),
        .q(wanted$q),
        .clock(clock)
    );
    pb_dff_1 fits_r(
        .d(fits_r$d),
        .q(fits_r$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        h$d = h$q;
        wanted$d = wanted$q;
        fits_r$d = fits_r$q;
        h$d = claimed_h;
        if (claimed_h[32'h10]) begin
            h$d = 32'h10000;
        end
        multiplier$a = n;
        multiplier$b = h$q;
        wanted$d = ((m) & 17'h1ffff) + margin;
        left = ((wanted$q) & 33'h1ffffffff) << 32'h10;
        fits_r$d = left <= multiplier$product;
        fits = fits_r$q;
    end
endmodule // pb_leftover

module pb_limit(value);
    // Module arguments
    output reg [31:0] value;
    // Constant declarations
    localparam constant = 32'h100000;
    // Update code
    always @(*) begin
        value = constant;
    end
endmodule // pb_limit

module pb_lost_count(clock,word,count);
    // Module arguments
    input wire clock;
    input wire [3:0] word;
    output reg [6:0] count;
    // Update code (custom)
    initial count = 0;
    always @(posedge clock) count <= {6'd0, word[0]} + {6'd0, word[1]} + {6'd0, word[2]} + {6'd0, word[3]};
endmodule // pb_lost_count

module pb_mac(clock,address,load,load_address,load_data,limb,index,is_next,is_key,is_check,replaced);
    // Module arguments
    input wire clock;
    input wire [9:0] address;
    input wire load;
    input wire [4:0] load_address;
    input wire [35:0] load_data;
    output reg [35:0] limb;
    output reg [4:0] index;
    output reg is_next;
    output reg is_key;
    output reg is_check;
    output reg [35:0] replaced;
    // Constant declarations
    localparam all_ones = 36'hfffffffff;
    // Stub signals
    reg [9:0] words$address;
    wire [41:0] words$data;
    reg [41:0] word$d;
    wire [41:0] word$q;
    reg [4:0] memory_a0$read_address;
    wire [35:0] memory_a0$read_data;
    reg [4:0] memory_a0$write_address;
    reg [35:0] memory_a0$write_data;
    reg memory_a0$write_enable;
    reg [4:0] memory_a1$read_address;
    wire [35:0] memory_a1$read_data;
    reg [4:0] memory_a1$write_address;
    reg [35:0] memory_a1$write_data;
    reg memory_a1$write_enable;
    reg [7:0] memory_b0$read_address;
    wire [35:0] memory_b0$read_data;
    reg [7:0] memory_b0$write_address;
    reg [35:0] memory_b0$write_data;
    reg memory_b0$write_enable;
    reg [7:0] memory_b1$read_address;
    wire [35:0] memory_b1$read_data;
    reg [7:0] memory_b1$write_address;
    reg [35:0] memory_b1$write_data;
    reg memory_b1$write_enable;
    reg [2:0] present$read_address;
    wire [35:0] present$read_data;
    reg [2:0] present$write_address;
    reg [35:0] present$write_data;
    reg present$write_enable;
    reg [35:0] multiplier0$a;
    reg [35:0] multiplier0$b;
    wire [35:0] multiplier0$lo;
    wire [35:0] multiplier0$hi;
    reg [35:0] multiplier1$a;
    reg [35:0] multiplier1$b;
    wire [35:0] multiplier1$lo;
    wire [35:0] multiplier1$hi;
    reg [35:0] a0$d;
    wire [35:0] a0$q;
    reg [35:0] a1$d;
    wire [35:0] a1$q;
    reg [35:0] b0$d;
    wire [35:0] b0$q;
    reg [35:0] b1$d;
    wire [35:0] b1$q;
    reg [37:0] pair_lo$d;
    wire [37:0] pair_lo$q;
    reg [37:0] pair_hi$d;
    wire [37:0] pair_hi$q;
    reg [40:0] column_lo$d;
    wire [40:0] column_lo$q;
    reg [40:0] column_hi$d;
    wire [40:0] column_hi$q;
    reg [40:0] high_before$d;
    wire [40:0] high_before$q;
    reg [41:0] joined$d;
    wire [41:0] joined$q;
    reg [41:0] total$d;
    wire [41:0] total$q;
    reg [15:0] marks1$d;
    wire [15:0] marks1$q;
    reg [15:0] marks2$d;
    wire [15:0] marks2$q;
    reg [15:0] marks3$d;
    wire [15:0] marks3$q;
    reg [15:0] marks4$d;
    wire [15:0] marks4$q;
    reg [15:0] marks5$d;
    wire [15:0] marks5$q;
    reg [15:0] marks6$d;
    wire [15:0] marks6$q;
    reg [15:0] marks7$d;
    wire [15:0] marks7$q;
    reg [15:0] marks8$d;
    wire [15:0] marks8$q;
    reg [15:0] marks9$d;
    wire [15:0] marks9$q;
    // Local signals
    reg [41:0] word_now;
    reg [15:0] now1;
    reg [15:0] now5;
    reg [15:0] now6;
    reg [15:0] now7;
    reg [15:0] now8;
    reg [15:0] now9;
    reg [37:0] lo0;
    reg [37:0] hi0;
    reg [37:0] lo1;
    reg [37:0] hi1;
    reg [40:0] held_lo;
    reg [40:0] held_hi;
    reg [40:0] high_part;
    reg [41:0] total_now;
    reg [41:0] carry;
    reg store;
    reg store_b;
    reg store_x;
    reg [4:0] store_address;
    reg [35:0] store_data;
    // Sub module instances
    pb_words words(
        .address(words$address),
        .clock(clock),
        .data(words$data)
    );
    pb_dff_42 word(
        .d(word$d),
        .q(word$q),
        .clock(clock)
    );
    pb_memory_a0 memory_a0(
        .read_address(memory_a0$read_address),
        .read_clock(clock),
        .read_data(memory_a0$read_data),
        .write_address(memory_a0$write_address),
        .write_clock(clock),
        .write_data(memory_a0$write_data),
        .write_enable(memory_a0$write_enable)
    );
    pb_memory_a0 memory_a1(
        .read_address(memory_a1$read_address),
        .read_clock(clock),
        .read_data(memory_a1$read_data),
        .write_address(memory_a1$write_address),
        .write_clock(clock),
        .write_data(memory_a1$write_data),
        .write_enable(memory_a1$write_enable)
    );
    pb_memory_b0 memory_b0(
        .read_address(memory_b0$read_address),
        .read_clock(clock),
        .read_data(memory_b0$read_data),
        .write_address(memory_b0$write_address),
        .write_clock(clock),
        .write_data(memory_b0$write_data),
        .write_enable(memory_b0$write_enable)
    );
    pb_memory_b0 memory_b1(
        .read_address(memory_b1$read_address),
        .read_clock(clock),
        .read_data(memory_b1$read_data),
        .write_address(memory_b1$write_address),
        .write_clock(clock),
        .write_data(memory_b1$write_data),
        .write_enable(memory_b1$write_enable)
    );
    pb_present present(
        .read_address(present$read_address),
        .read_clock(clock),
        .read_data(present$read_data),
        .write_address(present$write_address),
        .write_clock(clock),
        .write_data(present$write_data),
        .write_enable(present$write_enable)
    );
    pb_multiplier0 multiplier0(
        .clock(clock),
        .a(multiplier0$a),
        .b(multiplier0$b),
        .lo(multiplier0$lo),
        .hi(multiplier0$hi)
    );
    pb_multiplier0 multiplier1(
        .clock(clock),
        .a(multiplier1$a),
        .b(multiplier1$b),
        .lo(multiplier1$lo),
        .hi(multiplier1$hi)
    );
    pb_dff_36 a0(
        .d(a0$d),
        .q(a0$q),
        .clock(clock)
    );
    pb_dff_36 a1(
        .d(a1$d),
        .q(a1$q),
        .clock(clock)
    );
    pb_dff_36 b0(
        .d(b0$d),
        .q(b0$q),
        .clock(clock)
    );
    pb_dff_36 b1(
        .d(b1$d),
        .q(b1$q),
        .clock(clock)
    );
    pb_dff_38 pair_lo(
        .d(pair_lo$d),
        .q(pair_lo$q),
        .clock(clock)
    );
    pb_dff_38 pair_hi(
        .d(pair_hi$d),
        .q(pair_hi$q),
        .clock(clock)
    );
    pb_dff_41 column_lo(
        .d(column_lo$d),
        .q(column_lo$q),
        .clock(clock)
    );
    pb_dff_41 column_hi(
        .d(column_hi$d),
        .q(column_hi$q),
        .clock(clock)
    );
    pb_dff_41 high_before(
        .d(high_before$d),
        .q(high_before$q),
        .clock(clock)
    );
    pb_dff_42 joined(
        .d(joined$d),
        .q(joined$q),
        .clock(clock)
    );
    pb_dff_42 total(
        .d(total$d),
        .q(total$q),
        .clock(clock)
    );
    pb_dff_16 marks1(
        .d(marks1$d),
        .q(marks1$q),
        .clock(clock)
    );
    pb_dff_16 marks2(
        .d(marks2$d),
        .q(marks2$q),
        .clock(clock)
    );
    pb_dff_16 marks3(
        .d(marks3$d),
        .q(marks3$q),
        .clock(clock)
    );
    pb_dff_16 marks4(
        .d(marks4$d),
        .q(marks4$q),
        .clock(clock)
    );
    pb_dff_16 marks5(
        .d(marks5$d),
        .q(marks5$q),
        .clock(clock)
    );
    pb_dff_16 marks6(
        .d(marks6$d),
        .q(marks6$q),
        .clock(clock)
    );
    pb_dff_16 marks7(
        .d(marks7$d),
        .q(marks7$q),
        .clock(clock)
    );
    pb_dff_16 marks8(
        .d(marks8$d),
        .q(marks8$q),
        .clock(clock)
    );
    pb_dff_16 marks9(
        .d(marks9$d),
        .q(marks9$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        word$d = word$q;
        a0$d = a0$q;
        a1$d = a1$q;
        b0$d = b0$q;
        b1$d = b1$q;
        pair_lo$d = pair_lo$q;
        pair_hi$d = pair_hi$q;
        column_lo$d = column_lo$q;
        column_hi$d = column_hi$q;
        high_before$d = high_before$q;
        joined$d = joined$q;
        total$d = total$q;
        marks1$d = marks1$q;
        marks2$d = marks2$q;
        marks3$d = marks3$q;
        marks4$d = marks4$q;
        marks5$d = marks5$q;
        marks6$d = marks6$q;
        marks7$d = marks7$q;
        marks8$d = marks8$q;
        marks9$d = marks9$q;
        words$address = address;
        word$d = words$data;
        word_now = word$q;
        memory_a0$read_address = word_now[(32'h0)+:(5)];
        memory_a1$read_address = word_now[(32'h5)+:(5)];
        memory_b0$read_address = word_now[(32'ha)+:(8)];
        memory_b1$read_address = word_now[(32'h12)+:(8)];
        marks1$d = word_now[(32'h1a)+:(16)];
        marks2$d = marks1$q;
        marks3$d = marks2$q;
        marks4$d = marks3$q;
        marks5$d = marks4$q;
        marks6$d = marks5$q;
        marks7$d = marks6$q;
        marks8$d = marks7$q;
        marks9$d = marks8$q;
        now1 = marks1$q;
        now5 = marks5$q;
        now6 = marks6$q;
        now7 = marks7$q;
        now8 = marks8$q;
        now9 = marks9$q;
        a0$d = memory_a0$read_data;
        a1$d = memory_a1$read_data;
        b0$d = memory_b0$read_data;
        b1$d = memory_b1$read_data;
        if (now1[32'hc]) begin
            a0$d = memory_a0$read_data ^ all_ones;
        end
        if (now1[32'hd]) begin
            a1$d = memory_a1$read_data ^ all_ones;
        end
        multiplier0$a = a0$q;
        multiplier0$b = b0$q;
        multiplier1$a = a1$q;
        multiplier1$b = b1$q;
        lo0 = ((multiplier0$lo) & 38'h3fffffffff);
        hi0 = ((multiplier0$hi) & 38'h3fffffffff);
        lo1 = ((multiplier1$lo) & 38'h3fffffffff);
        hi1 = ((multiplier1$hi) & 38'h3fffffffff);
        if (now5[32'he]) begin
            lo0 = ((multiplier0$lo) & 38'h3fffffffff) << 32'h1;
            hi0 = ((multiplier0$hi) & 38'h3fffffffff) << 32'h1;
        end
        if (now5[32'hf]) begin
            lo1 = ((multiplier1$lo) & 38'h3fffffffff) << 32'h1;
            hi1 = ((multiplier1$hi) & 38'h3fffffffff) << 32'h1;
        end
        pair_lo$d = lo0 + lo1;
        pair_hi$d = hi0 + hi1;
        held_lo = column_lo$q;
        held_hi = column_hi$q;
        if (now6[32'h0]) begin
            held_lo = 32'h0;
            held_hi = 32'h0;
        end
        column_lo$d = held_lo + ((pair_lo$q) & 41'h1ffffffffff);
        column_hi$d = held_hi + ((pair_hi$q) & 41'h1ffffffffff);
        high_part = high_before$q;
        if (now7[(32'h2)+:(2)] != 32'h0) begin
            high_part = 32'h0;
        end
        if (now7[32'h1]) begin
            joined$d = ((column_lo$q) & 42'h3ffffffffff) + ((high_part) & 42'h3ffffffffff);
            high_before$d = column_hi$q;
        end
        total_now = total$q;
        carry = ((total_now[(32'h24)+:(6)]) & 42'h3ffffffffff);
        if (now8[(32'h2)+:(2)] == 32'h1) begin
            carry = 32'h0;
        end
        if (now8[(32'h2)+:(2)] == 32'h2) begin
            carry = 32'h1;
        end
        if (now8[(32'h2)+:(2)] == 32'h3) begin
            carry = 32'h1;
            if (total_now[32'h23]) begin
                carry = 32'h0;
            end
        end
        if (now8[32'h1]) begin
            total$d = joined$q + carry;
        end
        store = now9[32'h6] | load;
        store_address = now9[(32'h7)+:(5)];
        store_data = total_now[(32'h0)+:(36)];
        if (load) begin
            store_address = load_address;
            store_data = load_data;
        end
        store_b = store & (store_address[(32'h3)+:(2)] == 32'h0);
        store_x = store_b;
        memory_a0$write_enable = store;
        memory_a0$write_address = store_address;
        memory_a0$write_data = store_data;
        memory_a1$write_enable = store;
        memory_a1$write_address = store_address;
        memory_a1$write_data = store_data;
        memory_b0$write_enable = store_b;
        memory_b0$write_address = ((store_address[(32'h0)+:(3)]) & 8'hff);
        memory_b0$write_data = store_data;
        memory_b1$write_enable = store_b;
        memory_b1$write_address = ((store_address[(32'h0)+:(3)]) & 8'hff);
        memory_b1$write_data = store_data;
        present$read_address = now8[(32'h7)+:(3)];
        present$write_enable = store_x;
        present$write_address = store_address[(32'h0)+:(3)];
        present$write_data = store_data;
        limb = total_now[(32'h0)+:(36)];
        index = now9[(32'h7)+:(5)];
        is_next = now9[(32'h4)+:(2)] == 32'h1;
        is_key = now9[(32'h4)+:(2)] == 32'h2;
        is_check = now9[(32'h4)+:(2)] == 32'h3;
        replaced = present$read_data;
    end
endmodule // pb_mac

module pb_memory_a0(read_address,read_clock,read_data,write_address,write_clock,write_data,write_enable);
    // Module arguments
    input wire [4:0] read_address;
    input wire read_clock;
    output reg [35:0] read_data;
    input wire [4:0] write_address;
    input wire write_clock;
    input wire [35:0] write_data;
    input wire write_enable;
    // Update code (custom)
    reg[35:0] mem[31:0];
    initial begin
    mem[5'b0] = 36'h0;
    mem[5'b1] = 36'h0;
    mem[5'b10] = 36'h0;
    mem[5'b11] = 36'h0;
    mem[5'b100] = 36'h0;
    mem[5'b101] = 36'h0;
    mem[5'b110] = 36'h0;
    mem[5'b111] = 36'h0;
    mem[5'b1000] = 36'h0;
    mem[5'b1001] = 36'h0;
    mem[5'b1010] = 36'h0;
    mem[5'b1011] = 36'h0;
    mem[5'b1100] = 36'h0;
    mem[5'b1101] = 36'h0;
    mem[5'b1110] = 36'h0;
    mem[5'b1111] = 36'h0;
    mem[5'b10000] = 36'h0;
    mem[5'b10001] = 36'h0;
    mem[5'b10010] = 36'h0;
    mem[5'b10011] = 36'h0;
    mem[5'b10100] = 36'h0;
    mem[5'b10101] = 36'h0;
    mem[5'b10110] = 36'h0;
    mem[5'b10111] = 36'h0;
    mem[5'b11000] = 36'h0;
    mem[5'b11001] = 36'h0;
    mem[5'b11010] = 36'h0;
    mem[5'b11011] = 36'h0;
    mem[5'b11100] = 36'h0;
    mem[5'b11101] = 36'h0;
    mem[5'b11110] = 36'h1;
    mem[5'b11111] = 36'h0;
    end
    always @(posedge read_clock) begin
       read_data <= mem[read_address];
    end
    always @(posedge write_clock) begin
       if (write_enable) begin
          mem[write_address] <= write_data;
       end
    end
endmodule // pb_memory_a0

module pb_memory_b0(read_address,read_clock,read_data,write_address,write_clock,write_data,write_enable);
    // Module arguments
    input wire [7:0] read_address;
    input wire read_clock;
    output reg [35:0] read_data;
    input wire [7:0] write_address;
    input wire write_clock;
    input wire [35:0] write_data;
    input wire write_enable;
    // Update code (custom)
    reg[35:0] mem[255:0];
    initial begin
    mem[8'h0] = 36'h0;
    mem[8'h1] = 36'h0;
    mem[8'h2] = 36'h0;
    mem[8'h3] = 36'h0;
    mem[8'h4] = 36'h0;
    mem[8'h5] = 36'h0;
    mem[8'h6] = 36'h0;
    mem[8'h7] = 36'h0;
    mem[8'h8] = 36'h0;
    mem[8'h9] = 36'h1;
    mem[8'ha] = 36'h4;
    mem[8'hb] = 36'h40000000;
    mem[8'hc] = 36'h8000000;
    mem[8'hd] = 36'h87fea27a5;
    mem[8'he] = 36'ha;
    mem[8'hf] = 36'h0;
    mem[8'h10] = 36'h0;
    mem[8'h11] = 36'hff0000000;
    mem[8'h12] = 36'h29b4095e0;
    mem[8'h13] = 36'h681291c71;
    mem[8'h14] = 36'h60b2558;
    mem[8'h15] = 36'he7b0fc16c;
    mem[8'h16] = 36'h0;
    mem[8'h17] = 36'h0;
    mem[8'h18] = 36'h0;
    mem[8'h19] = 36'h0;
    mem[8'h1a] = 36'h0;
    mem[8'h1b] = 36'h0;
    mem[8'h1c] = 36'h0;
    mem[8'h1d] = 36'h0;
    mem[8'h1e] = 36'h0;
    mem[8'h1f] = 36'h0;
    mem[8'h20] = 36'h56e38647f;
    mem[8'h21] = 36'h139f3a9e2;
    mem[8'h22] = 36'hf4d239dde;
    mem[8'h23] = 36'h5a74dda65;
    mem[8'h24] = 36'h4a3894fe1;
    mem[8'h25] = 36'h4a5d754c7;
    mem[8'h26] = 36'h3665da975;
    mem[8'h27] = 36'h4;
    mem[8'h28] = 36'h0;
    mem[8'h29] = 36'h828000000;
    mem[8'h2a] = 36'h17bde894d;
    mem[8'h2b] = 36'hfbd1938e5;
    mem[8'h2c] = 36'hff0e422a2;
    mem[8'h2d] = 36'h3cc589c71;
    mem[8'h2e] = 36'h0;
    mem[8'h2f] = 36'h0;
    mem[8'h30] = 36'h0;
    mem[8'h31] = 36'hf60000000;
    mem[8'h32] = 36'ha1085dac9;
    mem[8'h33] = 36'h10b9b1c6b;
    mem[8'h34] = 36'h3c6f7574;
    mem[8'h35] = 36'hce9d8e38;
    mem[8'h36] = 36'hfffffffff;
    mem[8'h37] = 36'h0;
    mem[8'h38] = 36'hd57d27073;
    mem[8'h39] = 36'h352985dc9;
    mem[8'h3a] = 36'h321505c96;
    mem[8'h3b] = 36'h55d87c90a;
    mem[8'h3c] = 36'h876c0ee63;
    mem[8'h3d] = 36'h543c8bbad;
    mem[8'h3e] = 36'h6bd6fc425;
    mem[8'h3f] = 36'h0;
    mem[8'h40] = 36'h0;
    mem[8'h41] = 36'h190000000;
    mem[8'h42] = 36'hed6b15d07;
    mem[8'h43] = 36'hd62fc38f2;
    mem[8'h44] = 36'hf68e95a5d;
    mem[8'h45] = 36'h5fb761c73;
    mem[8'h46] = 36'h2;
    mem[8'h47] = 36'h0;
    mem[8'h48] = 36'h0;
    mem[8'h49] = 36'h9c0000000;
    mem[8'h4a] = 36'h4a53a8be3;
    mem[8'h4b] = 36'ha740f1c34;
    mem[8'h4c] = 36'h25c5a9688;
    mem[8'h4d] = 36'h812278e30;
    mem[8'h4e] = 36'hffffffff6;
    mem[8'h4f] = 36'h0;
    mem[8'h50] = 36'hfbbfb71a5;
    mem[8'h51] = 36'hd21dc0960;
    mem[8'h52] = 36'h5021a2db;
    mem[8'h53] = 36'h222f3fa81;
    mem[8'h54] = 36'h272467e3d;
    mem[8'h55] = 36'heed2dac5e;
    mem[8'h56] = 36'hac8b2d36;
    mem[8'h57] = 36'h0;
    mem[8'h58] = 36'h0;
    mem[8'h59] = 36'hfa0000000;
    mem[8'h5a] = 36'h462eda246;
    mem[8'h5b] = 36'h5ddda397d;
    mem[8'h5c] = 36'ha191d87aa;
    mem[8'h5d] = 36'hbd29d1c87;
    mem[8'h5e] = 36'h17;
    mem[8'h5f] = 36'h0;
    mem[8'h60] = 36'h0;
    mem[8'h61] = 36'h180000000;
    mem[8'h62] = 36'he744976e4;
    mem[8'h63] = 36'h888971a0a;
    mem[8'h64] = 36'h79b89e156;
    mem[8'h65] = 36'hb58b8de1;
    mem[8'h66] = 36'hfffffffa1;
    mem[8'h67] = 36'h0;
    mem[8'h68] = 36'he5f9924f6;
    mem[8'h69] = 36'hc8362cdbc;
    mem[8'h6a] = 36'h4d4d029e2;
    mem[8'h6b] = 36'h836b1ff73;
    mem[8'h6c] = 36'h371d3d96c;
    mem[8'h6d] = 36'h17e1e2ad6;
    mem[8'h6e] = 36'h11411e1f;
    mem[8'h6f] = 36'h0;
    mem[8'h70] = 36'h0;
    mem[8'h71] = 36'hc40000000;
    mem[8'h72] = 36'hbdd4856c5;
    mem[8'h73] = 36'haaa863ee4;
    mem[8'h74] = 36'h4fb274ca7;
    mem[8'h75] = 36'h63a231d4c;
    mem[8'h76] = 36'hed;
    mem[8'h77] = 36'h0;
    mem[8'h78] = 36'h0;
    mem[8'h79] = 36'hf00000000;
    mem[8'h7a] = 36'h8adea4e8;
    mem[8'h7b] = 36'h555e7046d;
    mem[8'h7c] = 36'hc1362cd61;
    mem[8'h7d] = 36'h717738ace;
    mem[8'h7e] = 36'hffffffc4a;
    mem[8'h7f] = 36'h0;
    mem[8'h80] = 36'hb0f0ffeb8;
    mem[8'h81] = 36'h4a328ea18;
    mem[8'h82] = 36'he0d237af9;
    mem[8'h83] = 36'hbaee19dc9;
    mem[8'h84] = 36'hd9f11ccbe;
    mem[8'h85] = 36'h9f1c8628a;
    mem[8'h86] = 36'h4f3030448;
    mem[8'h87] = 36'h1b9b636;
    mem[8'h88] = 36'h0;
    mem[8'h89] = 36'ha80000000;
    mem[8'h8a] = 36'h6a4d363b9;
    mem[8'h8b] = 36'haa93e74ef;
    mem[8'h8c] = 36'h1cf88fe8c;
    mem[8'h8d] = 36'he455f24fb;
    mem[8'h8e] = 36'h945;
    mem[8'h8f] = 36'h0;
    mem[8'h90] = 36'h0;
    mem[8'h91] = 36'h600000000;
    mem[8'h92] = 36'h56cb27119;
    mem[8'h93] = 36'h55b062c42;
    mem[8'h94] = 36'h8c1dc05cd;
    mem[8'h95] = 36'h6ea836c13;
    mem[8'h96] = 36'hfffffdae8;
    mem[8'h97] = 36'h0;
    mem[8'h98] = 36'hde7e7ffdf;
    mem[8'h99] = 36'h543841768;
    mem[8'h9a] = 36'h967b6bf7f;
    mem[8'h9b] = 36'h45e49c2fa;
    mem[8'h9c] = 36'h7c31b6146;
    mem[8'h9d] = 36'hdcb60d6a7;
    mem[8'h9e] = 36'h3b1e6b3a0;
    mem[8'h9f] = 36'h2c2bd2;
    mem[8'ha0] = 36'h0;
    mem[8'ha1] = 36'h900000000;
    mem[8'ha2] = 36'h27041e540;
    mem[8'ha3] = 36'ha9c70915a;
    mem[8'ha4] = 36'h21b59f17e;
    mem[8'ha5] = 36'heb5b771cf;
    mem[8'ha6] = 36'h5cba;
    mem[8'ha7] = 36'h0;
    mem[8'ha8] = 36'h0;
    mem[8'ha9] = 36'hc00000000;
    mem[8'haa] = 36'h63ef86afd;
    mem[8'hab] = 36'h58e3dba97;
    mem[8'hac] = 36'h792983a05;
    mem[8'had] = 36'h5292238c3;
    mem[8'hae] = 36'hffffe8d14;
    mem[8'haf] = 36'h0;
    mem[8'hb0] = 36'he30ca6663;
    mem[8'hb1] = 36'hbb9f39bf0;
    mem[8'hb2] = 36'hf0c5798c;
    mem[8'hb3] = 36'h6fd42d19;
    mem[8'hb4] = 36'hf2d1c5687;
    mem[8'hb5] = 36'hafabce243;
    mem[8'hb6] = 36'h391ca4529;
    mem[8'hb7] = 36'h46ac8;
    mem[8'hb8] = 36'h0;
    mem[8'hb9] = 36'ha00000000;
    mem[8'hba] = 36'h86292f485;
    mem[8'hbb] = 36'ha1c65ad85;
    mem[8'hbc] = 36'h511836ef2;
    mem[8'hbd] = 36'h3192a7217;
    mem[8'hbe] = 36'h39f4d;
    mem[8'hbf] = 36'h0;
    mem[8'hc0] = 36'h0;
    mem[8'hc1] = 36'h800000000;
    mem[8'hc2] = 36'he75b42de9;
    mem[8'hc3] = 36'h78e6949e9;
    mem[8'hc4] = 36'hbb9f24435;
    mem[8'hc5] = 36'h39b5637a2;
    mem[8'hc6] = 36'hffff182cb;
    mem[8'hc7] = 36'h0;
    mem[8'hc8] = 36'h16b4770a3;
    mem[8'hc9] = 36'hac5cb8f98;
    mem[8'hca] = 36'h4e4e08c27;
    mem[8'hcb] = 36'h80b2ed14f;
    mem[8'hcc] = 36'h31e1c6f0d;
    mem[8'hcd] = 36'h91912e36d;
    mem[8'hce] = 36'h5b6106ea;
    mem[8'hcf] = 36'h7114;
    mem[8'hd0] = 36'h0;
    mem[8'hd1] = 36'h400000000;
    mem[8'hd2] = 36'h3d9bd8d38;
    mem[8'hd3] = 36'h51bf8c737;
    mem[8'hd4] = 36'h2af22557a;
    mem[8'hd5] = 36'hefba874e9;
    mem[8'hd6] = 36'h243903;
    mem[8'hd7] = 36'h0;
    mem[8'hd8] = 36'h0;
    mem[8'hd9] = 36'h0;
    mem[8'hda] = 36'h9909cb1f;
    mem[8'hdb] = 36'hb901ce323;
    mem[8'hdc] = 36'h54376aa16;
    mem[8'hdd] = 36'h4115e2c5b;
    mem[8'hde] = 36'hfff6f1bf0;
    mem[8'hdf] = 36'h0;
    mem[8'he0] = 36'h0;
    mem[8'he1] = 36'h0;
    mem[8'he2] = 36'h0;
    mem[8'he3] = 36'h0;
    mem[8'he4] = 36'h0;
    mem[8'he5] = 36'h0;
    mem[8'he6] = 36'h0;
    mem[8'he7] = 36'h0;
    mem[8'he8] = 36'h0;
    mem[8'he9] = 36'h0;
    mem[8'hea] = 36'h0;
    mem[8'heb] = 36'h0;
    mem[8'hec] = 36'h0;
    mem[8'hed] = 36'h0;
    mem[8'hee] = 36'h0;
    mem[8'hef] = 36'h0;
    mem[8'hf0] = 36'h0;
    mem[8'hf1] = 36'h0;
    mem[8'hf2] = 36'h0;
    mem[8'hf3] = 36'h0;
    mem[8'hf4] = 36'h0;
    mem[8'hf5] = 36'h0;
    mem[8'hf6] = 36'h0;
    mem[8'hf7] = 36'h0;
    mem[8'hf8] = 36'h0;
    mem[8'hf9] = 36'h0;
    mem[8'hfa] = 36'h0;
    mem[8'hfb] = 36'h0;
    mem[8'hfc] = 36'h0;
    mem[8'hfd] = 36'h0;
    mem[8'hfe] = 36'h0;
    mem[8'hff] = 36'h0;
    end
    always @(posedge read_clock) begin
       read_data <= mem[read_address];
    end
    always @(posedge write_clock) begin
       if (write_enable) begin
          mem[write_address] <= write_data;
       end
    end
endmodule // pb_memory_b0

module pb_multiplier(clock,a,b,product);
    // Module arguments
    input wire clock;
    input wire [15:0] a;
    input wire [16:0] b;
    output reg [32:0] product;
    // Update code (custom)
    initial begin
       product = 33'h0;
    end
    always @(posedge clock) begin
       product <= a * b;
    end
endmodule // pb_multiplier

module pb_multiplier0(clock,a,b,lo,hi);
    // Module arguments
    input wire clock;
    input wire [35:0] a;
    input wire [35:0] b;
    output reg [35:0] lo;
    output reg [35:0] hi;
    // Update code (custom)
    reg [35:0] ll = 0, lh = 0, hl = 0, hh = 0;
    reg [36:0] middle = 0;
    reg [71:0] outer = 0;
    initial begin
       lo = 0;
       hi = 0;
    end
    always @(posedge clock) begin
       ll <= a[17:0] * b[17:0];
       lh <= a[17:0] * b[35:18];
       hl <= a[35:18] * b[17:0];
       hh <= a[35:18] * b[35:18];
       middle <= {1'b0, lh} + {1'b0, hl};
       outer <= {hh, ll};
       lo[17:0] <= outer[17:0];
       {hi, lo[35:18]} <= outer[71:18] + {17'b0, middle};
    end
endmodule // pb_multiplier0

module pb_order(clock,write_address,write_data,write_enable,first_address,first,second_address,second);
    // Module arguments
    input wire clock;
    input wire [2:0] write_address;
    input wire [12:0] write_data;
    input wire write_enable;
    input wire [2:0] first_address;
    output reg [12:0] first;
    input wire [2:0] second_address;
    output reg [12:0] second;
    // Update code (custom)
    (* ram_style = "distributed" *) reg [12:0] entries [0:7];
    integer place;
    initial for (place = 0; place <= 7; place = place + 1) entries[place] = 0;
    always @(posedge clock) if (write_enable) entries[write_address] <= write_data;
    always @(*) first = entries[first_address];
    always @(*) second = entries[second_address];
endmodule // pb_order

module pb_packer(clock,clear,push,mask,bits,count,last,ready,busy,offered,chunk,chunk_count,sent);
    // Module arguments
    input wire clock;
    input wire clear;
    input wire push;
    input wire [3:0] mask;
    input wire [3:0] bits;
    input wire [6:0] count;
    input wire last;
    output reg ready;
    output reg busy;
    output reg offered;
    output reg [7:0] chunk;
    output reg [7:0] chunk_count;
    input wire sent;
    // Update code (custom)
    function [3:0] prefix;
       input [3:0] word;
       reg [3:0] sum;
       begin
          sum = word;
          sum = sum ^ (sum << 1);
          sum = sum ^ (sum << 2);
          prefix = sum;
       end
    endfunction
    function [7:0] rotate;
       input [7:0] word;
       input [2:0] by;
       reg [7:0] turned;
       begin
          turned = word;
          if (by[0]) turned = {turned[6:0], turned[7:7]};
          if (by[1]) turned = {turned[5:0], turned[7:6]};
          if (by[2]) turned = {turned[3:0], turned[7:4]};
          rotate = turned;
       end
    endfunction
    reg valid0, last0;
    reg [6:0] count0;
    reg [3:0] bits0, mask0, empty0;
    reg valid1, last1;
    reg [6:0] count1;
    reg [3:0] bits1, mask1, empty1;
    reg valid2, last2;
    reg [6:0] count2;
    reg [3:0] bits2, mask2, empty2;
    wire [3:0] odd0 = prefix(empty0);
    wire [3:0] moves0 = odd0 & mask0;
    wire [3:0] odd1 = prefix(empty1);
    wire [3:0] moves1 = odd1 & mask1;
    initial begin
       valid0 = 0; last0 = 0; count0 = 0; bits0 = 0; mask0 = 0; empty0 = 0;
       valid1 = 0; last1 = 0; count1 = 0; bits1 = 0; mask1 = 0; empty1 = 0;
       valid2 = 0; last2 = 0; count2 = 0; bits2 = 0; mask2 = 0; empty2 = 0;
    end
    always @(posedge clock) begin
       if (clear) begin
          valid0 <= 0; bits0 <= 0;
          valid1 <= 0; bits1 <= 0;
          valid2 <= 0; bits2 <= 0;
       end else if (ready) begin
          valid0 <= push;
          bits0 <= 0;
          if (push) begin
             bits0 <= bits & mask;
             mask0 <= mask;
             empty0 <= ~mask << 1;
             count0 <= count;
             last0 <= last;
          end
          valid1 <= valid0;
          bits1 <= 0;
          if (valid0) begin
             bits1 <= (bits0 & ~moves0) | ((bits0 & moves0) >> 1);
             mask1 <= (mask0 & ~moves0) | (moves0 >> 1);
             empty1 <= empty0 & ~odd0;
             count1 <= count0;
             last1 <= last0;
          end
          valid2 <= valid1;
          bits2 <= 0;
          if (valid1) begin
             bits2 <= (bits1 & ~moves1) | ((bits1 & moves1) >> 2);
             mask2 <= (mask1 & ~moves1) | (moves1 >> 2);
             empty2 <= empty1 & ~odd1;
             count2 <= count1;
             last2 <= last1;
          end
       end
    end
    reg [2:0] place, turned_place, rest_count;
    reg turned_valid, turned_last, tail, some;
    reg [3:0] turned_end;
    reg [7:0] turned, rest;
    wire [3:0] end_place = {1'b0, place} + count2[3:0];
    wire [7:0] below = ~({8{1'b1}} << turned_place);
    wire [7:0] joined = rest | (turned & ~below);
    initial begin
       place = 0;
       turned_valid = 0;
       turned_last = 0;
       turned_place = 0;
       turned_end = 0;
       turned = 0;
       tail = 0;
       some = 0;
       rest = 0;
       rest_count = 0;
       offered = 0;
       chunk = 0;
       chunk_count = 0;
    end
    always @(*) begin
       ready = ~offered | sent;
       busy = valid0 | valid1 | valid2 | turned_valid | some | offered;
    end
    always @(posedge clock) begin
       if (clear) begin
          place <= 0;
          turned_valid <= 0;
          turned <= 0;
          tail <= 0;
          some <= 0;
          rest <= 0;
          offered <= 0;
          chunk <= 0;
          chunk_count <= 0;
       end else if (ready) begin
          turned_valid <= valid2;
          turned <= 0;
          if (valid2) begin
             turned <= rotate(bits2, place);
             turned_place <= place;
             turned_end <= end_place;
             turned_last <= last2;
             place <= last2 ? 3'd0 : end_place[2:0];
          end
          offered <= 0;
          chunk <= 0;
          chunk_count <= 0;
          if (tail) begin
             offered <= 1;
             chunk <= rest;
             chunk_count <= rest_count;
             tail <= 0;
             some <= 0;
             rest <= 0;
          end else if (turned_valid) begin
             rest_count <= turned_end[2:0];
             if (turned_end[3]) begin
                offered <= 1;
                chunk <= joined;
                chunk_count <= 8'd8;
                rest <= turned & below;
                some <= |turned_end[2:0];
                tail <= turned_last & |turned_end[2:0];
             end else if (turned_last) begin
                offered <= 1;
                chunk <= joined;
                chunk_count <= turned_end;
                rest <= 0;
                some <= 0;
             end else begin
                rest <= joined;
                some <= 1;
             end
          end
       end
    end
endmodule // pb_packer

module pb_pages(clock,address,data);
    // Module arguments
    input wire clock;
    input wire [8:0] address;
    output reg [11:0] data;
    // Update code (custom)
    initial begin
       data = 12'h0;
    end
    always @(posedge clock) begin
       case (address)
          9'h0: data <= 12'h1;
          9'h1: data <= 12'h3;
          9'h2: data <= 12'h5;
          9'h3: data <= 12'h7;
          9'h4: data <= 12'h9;
          9'h5: data <= 12'hb;
          9'h20: data <= 12'h11;
          9'h21: data <= 12'h51;
          9'h22: data <= 12'h91;
          9'h23: data <= 12'hd1;
          9'h80: data <= 12'h19;
          9'h81: data <= 12'h59;
          9'h82: data <= 12'h99;
          9'ha0: data <= 12'h21;
          9'ha1: data <= 12'h23;
          default: data <= 12'h0;
       endcase
    end
endmodule // pb_pages

module pb_pattern(clock,reset,csr_write,csr_block,csr_register,csr_data,csr_read,csr_refused,start,stop,running,pin_a,pin_b,lanes,active);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire csr_write;
    input wire [2:0] csr_block;
    input wire [6:0] csr_register;
    input wire [31:0] csr_data;
    output reg [31:0] csr_read;
    output reg csr_refused;
    input wire start;
    input wire stop;
    input wire running;
    output reg pin_a;
    output reg pin_b;
    output reg [3:0] lanes;
    output reg active;
    // Constant declarations
    localparam global_block = 3'b0;
    localparam at_kind = 7'b101000;
    localparam at_period = 7'b101001;
    localparam at_lo = 7'b101010;
    localparam at_hi = 7'b101011;
    localparam alternate = 4'h1;
    localparam counter = 4'h2;
    localparam stuck_a = 4'h3;
    localparam stuck_b = 4'h4;
    localparam biased = 4'h5;
    localparam taps = 32'h80200003;
    // Stub signals
    reg [2:0] readout$csr_block;
    reg [6:0] readout$csr_register;
    reg [3:0] readout$kind;
    reg [19:0] readout$period;
    reg [31:0] readout$lanes_lo;
    reg [31:0] readout$lanes_hi;
    wire [31:0] readout$csr_read;
    reg [3:0] kind$d;
    wire [3:0] kind$q;
    reg [19:0] period$d;
    wire [19:0] period$q;
    reg [31:0] lanes_lo$d;
    wire [31:0] lanes_lo$q;
    reg [31:0] lanes_hi$d;
    wire [31:0] lanes_hi$q;
    reg [19:0] reload$d;
    wire [19:0] reload$q;
    reg going$d;
    wire going$q;
    reg [3:0] driven$d;
    wire [3:0] driven$q;
    reg [19:0] left$d;
    wire [19:0] left$q;
    reg [10:0] pulses$d;
    wire [10:0] pulses$q;
    reg [31:0] shift$d;
    wire [31:0] shift$q;
    reg a$d;
    wire a$q;
    reg b$d;
    wire b$q;
    // Local signals
    reg mine;
    reg write;
    reg known;
    reg [63:0] both;
    reg pulse;
    reg [7:0] value;
    reg chosen;
    reg [31:0] one;
    reg [31:0] two;
    reg [31:0] three;
    reg [19:0] less;
    // Sub module instances
    pb_pattern_readout readout(
        .clock(clock),
        .csr_block(readout$csr_block),
        .csr_register(readout$csr_register),
        .kind(readout$kind),
        .period(readout$period),
        .lanes_lo(readout$lanes_lo),
        .lanes_hi(readout$lanes_hi),
        .csr_read(readout$csr_read)
    );
    pb_dff_4 kind(
        .d(kind$d),
        .q(kind$q),
        .clock(clock)
    );
    pb_dff_20 period(
        .d(period$d),
        .q(period$q),
        .clock(clock)
    );
    pb_dff_32 lanes_lo(
        .d(lanes_lo$d),
        .q(lanes_lo$q),
        .clock(clock)
    );
    pb_dff_32 lanes_hi(
        .d(lanes_hi$d),
        .q(lanes_hi$q),
        .clock(clock)
    );
    pb_dff_20 reload(
        .d(reload$d),
        .q(reload$q),
        .clock(clock)
    );
    pb_dff_1 going(
        .d(going$d),
        .q(going$q),
        .clock(clock)
    );
    pb_dff_4 driven(
        .d(driven$d),
        .q(driven$q),
        .clock(clock)
    );
    pb_dff_20 left(
        .d(left$d),
        .q(left$q),
        .clock(clock)
    );
    pb_dff_11 pulses(
        .d(pulses$d),
        .q(pulses$q),
        .clock(clock)
    );
    pb_dff_32 shift(
        .d(shift$d),
        .q(shift$q),
        .clock(clock)
    );
    pb_dff_1 a(
        .d(a$d),
        .q(a$q),
        .clock(clock)
    );
    pb_dff_1 b(
        .d(b$d),
        .q(b$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        kind$d = kind$q;
        period$d = period$q;
        lanes_lo$d = lanes_lo$q;
        lanes_hi$d = lanes_hi$q;
        reload$d = reload$q;
        going$d = going$q;
        driven$d = driven$q;
        left$d = left$q;
        pulses$d = pulses$q;
        shift$d = shift$q;
        a$d = a$q;
        b$d = b$q;
        readout$csr_block = csr_block;
        readout$csr_register = csr_register;
        readout$kind = kind$q;
        readout$period = period$q;
        readout$lanes_lo = lanes_lo$q;
        readout$lanes_hi = lanes_hi$q;
        csr_read = readout$csr_read;
        pin_a = a$q;
        pin_b = b$q;
        lanes = driven$q;
        active = driven$q != 32'h0;
        mine = csr_write & (csr_block == global_block) & ((csr_register == at_kind) | (csr_register == at_period) | (csr_register == at_lo) | (csr_register == at_hi));
        csr_refused = mine & running;
        write = mine & ~running;
        if (write) begin
            if (csr_register == at_kind) begin
                kind$d = csr_data[(32'h0)+:(4)];
            end
            if (csr_register == at_period) begin
                period$d = csr_data[(32'h0)+:(20)];
            end
            if (csr_register == at_lo) begin
                lanes_lo$d = csr_data;
            end
            if (csr_register == at_hi) begin
                lanes_hi$d = csr_data;
            end
        end
        less = period$q - 32'h1;
        reload$d = less;
        if (period$q < 32'h2) begin
            reload$d = 32'h1;
        end
        one = shift$q >> 32'h1;
        if (shift$q[32'h0]) begin
            one = (shift$q >> 32'h1) ^ taps;
        end
        two = one >> 32'h1;
        if (one[32'h0]) begin
            two = (one >> 32'h1) ^ taps;
        end
        three = two >> 32'h1;
        if (two[32'h0]) begin
            three = (two >> 32'h1) ^ taps;
        end
        value = pulses$q[(32'h3)+:(8)] << pulses$q[(32'h0)+:(3)];
        known = 1'b1;
        chosen = 1'b0;
        if (kind$q == alternate) begin
            chosen = ~pulses$q[32'h0];
        end
        else if (kind$q == counter) begin
            chosen = value[32'h7];
        end
        else if (kind$q == stuck_a) begin
            chosen = 1'b1;
        end
        else if (kind$q == stuck_b) begin
            chosen = 1'b0;
        end
        else if (kind$q == biased) begin
            chosen = three[(32'h0)+:(3)] != 32'h0;
        end
        else begin
            known = 1'b0;
        end
        pulse = (start & known) | (going$q & (left$q == 32'h0));
        both = (((lanes_hi$q) & 64'hffffffffffffffff) << 32'h20) | ((lanes_lo$q) & 64'hffffffffffffffff);
        a$d = pulse & chosen;
        b$d = pulse & ~chosen;
        if (pulse) begin
            left$d = reload$q;
            pulses$d = pulses$q + 32'h1;
            shift$d = three;
        end
        else begin
            left$d = left$q - 32'h1;
        end
        if (start & known) begin
            going$d = 1'b1;
            driven$d = both[(32'h0)+:(4)];
        end
        if (~going$q & ~start) begin
            left$d = 32'h0;
            pulses$d = 32'h0;
            shift$d = 32'h1;
        end
        if (stop) begin
            going$d = 1'b0;
            driven$d = 32'h0;
            a$d = 1'b0;
            b$d = 1'b0;
        end
        if (reset) begin
            kind$d = 32'h0;
            period$d = 32'h40;
            reload$d = 32'h3f;
            lanes_lo$d = 64'hffffffff;
            lanes_hi$d = 64'hffffffff;
            going$d = 1'b0;
            driven$d = 32'h0;
            left$d = 32'h0;
            pulses$d = 32'h0;
            shift$d = 32'h1;
            a$d = 1'b0;
            b$d = 1'b0;
        end
    end
endmodule // pb_pattern

module pb_pattern_readout(clock,csr_block,csr_register,kind,period,lanes_lo,lanes_hi,csr_read);
    // Module arguments
    input wire clock;
    input wire [2:0] csr_block;
    input wire [6:0] csr_register;
    input wire [3:0] kind;
    input wire [19:0] period;
    input wire [31:0] lanes_lo;
    input wire [31:0] lanes_hi;
    output reg [31:0] csr_read;
    // Update code (custom)
    reg [3:0] at;
    initial begin
       at = 0;
       csr_read = 32'h0;
    end
    always @(posedge clock) begin
       at[0] <= csr_block == 3'd0 && csr_register == 7'h28;
       at[1] <= csr_block == 3'd0 && csr_register == 7'h29;
       at[2] <= csr_block == 3'd0 && csr_register == 7'h2a;
       at[3] <= csr_block == 3'd0 && csr_register == 7'h2b;
       csr_read <= ({32{at[0]}} & (kind))
          | ({32{at[1]}} & (period))
          | ({32{at[2]}} & (lanes_lo))
          | ({32{at[3]}} & (lanes_hi));
    end
endmodule // pb_pattern_readout

module pb_phase(d,q,clock);
    // Module arguments
    input wire [2:0] d;
    output reg [2:0] q;
    input wire clock;
    // Enums
    localparam Phase$Idle = 0;
    localparam Phase$Prepare = 1;
    localparam Phase$Load = 2;
    localparam Phase$Take = 3;
    localparam Phase$Settle = 4;
    localparam Phase$Give = 5;
    // Update code (custom)
    initial begin
       q = 64'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_phase

module pb_present(read_address,read_clock,read_data,write_address,write_clock,write_data,write_enable);
    // Module arguments
    input wire [2:0] read_address;
    input wire read_clock;
    output reg [35:0] read_data;
    input wire [2:0] write_address;
    input wire write_clock;
    input wire [35:0] write_data;
    input wire write_enable;
    // Update code (custom)
    reg[35:0] mem[7:0];
    initial begin
    mem[3'b0] = 36'h0;
    mem[3'b1] = 36'h0;
    mem[3'b10] = 36'h0;
    mem[3'b11] = 36'h0;
    mem[3'b100] = 36'h0;
    mem[3'b101] = 36'h0;
    mem[3'b110] = 36'h0;
    mem[3'b111] = 36'h0;
    end
    always @(posedge read_clock) begin
       read_data <= mem[read_address];
    end
    always @(posedge write_clock) begin
       if (write_enable) begin
          mem[write_address] <= write_data;
       end
    end
endmodule // pb_present

module pb_queue(clock,reset,push,full,in_prior,in_mark,in_mask,in_bits,in_test,in_flags,in_time,pop,valid,prior,mark,mask,bits,test,flags,time_out,empty);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire push;
    output reg full;
    input wire in_prior;
    input wire in_mark;
    input wire [3:0] in_mask;
    input wire [3:0] in_bits;
    input wire [3:0] in_test;
    input wire [2:0] in_flags;
    input wire [55:0] in_time;
    input wire pop;
    output reg valid;
    output reg prior;
    output reg mark;
    output reg [3:0] mask;
    output reg [3:0] bits;
    output reg [3:0] test;
    output reg [2:0] flags;
    output reg [55:0] time_out;
    output reg empty;
    // Update code (custom)
    reg [16:0] memory [0:63];
    reg [16:0] head;
    reg [6:0] pushed, popped, swept;
    // pushed - popped, and whether that is more than 0: much hangs on both.
    reg [6:0] used;
    reg some;
    wire [6:0] unswept = pushed - swept;
    wire load = some & (~valid | pop);
    wire write = push & ~used[6];
    wire sweep = ~write & (swept != popped);
    integer i;
    initial begin
       head = 0;
       pushed = 0;
       popped = 0;
       used = 0;
       some = 0;
       swept = 0;
       valid = 0;
       for (i = 0; i < 64; i = i + 1) memory[i] = 0;
    end
    always @(*) begin
       full = used[6];
       empty = ~some & ~valid;
       prior = head[16];
       mark = head[15];
       flags = head[15 - 1 -: 3];
       test = head[11 -: 4];
       bits = head[7 -: 4];
       mask = head[3:0];
       time_out = 56'd0;
    end
    always @(posedge clock) begin
       if (write) memory[pushed[5:0]] <= {in_prior, in_mark, in_flags, in_test, in_bits, in_mask};
       else if (sweep) memory[swept[5:0]] <= 0;
       if (write) pushed <= pushed + 7'd1;
       if (sweep | (write & unswept[6])) swept <= swept + 7'd1;
       if (reset) begin
          used <= 0;
          some <= 0;
       end else if (write & ~load) begin
          used <= used + 7'd1;
          some <= 1;
       end else if (load & ~write) begin
          used <= used - 7'd1;
          some <= used != 7'd1;
       end
       if (reset) begin
          popped <= write ? pushed + 7'd1 : pushed;
          valid <= 0;
          head <= 0;
       end else if (load) begin
          popped <= popped + 7'd1;
          valid <= 1;
          head <= memory[popped[5:0]];
       end else if (pop) begin
          valid <= 0;
          head <= 0;
       end
    end
endmodule // pb_queue

module pb_rate(clock,start,step,first,second,fault,ok);
    // Module arguments
    input wire clock;
    input wire start;
    input wire step;
    input wire [3:0] first;
    input wire [3:0] second;
    input wire fault;
    output reg ok;
    // Constant declarations
    localparam expected = 16'hd818;
    localparam taps = 16'ha011;
    localparam all = 4'hf;
    // Stub signals
    reg [15:0] register$d;
    wire [15:0] register$q;
    reg differs$d;
    wire differs$q;
    // Local signals
    reg [15:0] turned;
    // Sub module instances
    pb_dff_16 register(
        .d(register$d),
        .q(register$q),
        .clock(clock)
    );
    pb_dff_1 differs(
        .d(differs$d),
        .q(differs$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        register$d = register$q;
        differs$d = differs$q;
        turned = register$q << 32'h1;
        if (step) begin
            register$d = turned ^ ((first[(32'h0)+:(1)]) & 16'hffff) ^ (((second[(32'h0)+:(1)]) & 16'hffff) << 32'h1);
            if (register$q[32'hf]) begin
                register$d = turned ^ taps ^ ((first[(32'h0)+:(1)]) & 16'hffff) ^ (((second[(32'h0)+:(1)]) & 16'hffff) << 32'h1);
            end
            differs$d = differs$q | (|first & (first != all)) | (|second & (second != all));
        end
        if (start) begin
            register$d = ((fault) & 16'hffff);
            differs$d = 1'b0;
        end
        ok = (register$q == expected) & ~differs$q;
    end
endmodule // pb_rate

module pb_rate_max_register(clock,reset,write,data,value);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire write;
    input wire [20:0] data;
    output reg [20:0] value;
    // Constant declarations
    localparam after_reset = 21'h80000;
    // Update code (custom)
    initial value = after_reset;
    always @(posedge clock) begin
        if (reset) value <= after_reset;
        else if (write) value <= data;
    end
endmodule // pb_rate_max_register

module pb_rate_min_register(clock,reset,write,data,value);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire write;
    input wire [20:0] data;
    output reg [20:0] value;
    // Constant declarations
    localparam after_reset = 21'h10;
    // Update code (custom)
    initial value = after_reset;
    always @(posedge clock) begin
        if (reset) value <= after_reset;
        else if (write) value <= data;
    end
endmodule // pb_rate_min_register

module pb_rct(clock,start,step,first,second,fault,ok);
    // Module arguments
    input wire clock;
    input wire start;
    input wire step;
    input wire [3:0] first;
    input wire [3:0] second;
    input wire fault;
    output reg ok;
    // Constant declarations
    localparam expected = 16'h6343;
    localparam taps = 16'ha011;
    localparam all = 4'hf;
    // Stub signals
    reg [15:0] register$d;
    wire [15:0] register$q;
    reg differs$d;
    wire differs$q;
    // Local signals
    reg [15:0] turned;
    // Sub module instances
    pb_dff_16 register(
        .d(register$d),
        .q(register$q),
        .clock(clock)
    );
    pb_dff_1 differs(
        .d(differs$d),
        .q(differs$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        register$d = register$q;
        differs$d = differs$q;
        turned = register$q << 32'h1;
        if (step) begin
            register$d = turned ^ ((first[(32'h0)+:(1)]) & 16'hffff) ^ (((second[(32'h0)+:(1)]) & 16'hffff) << 32'h1);
            if (register$q[32'hf]) begin
                register$d = turned ^ taps ^ ((first[(32'h0)+:(1)]) & 16'hffff) ^ (((second[(32'h0)+:(1)]) & 16'hffff) << 32'h1);
            end
            differs$d = differs$q | (|first & (first != all)) | (|second & (second != all));
        end
        if (start) begin
            register$d = ((fault) & 16'hffff);
            differs$d = 1'b0;
        end
        ok = (register$q == expected) & ~differs$q;
    end
endmodule // pb_rct

module pb_rct_register(clock,reset,write,data,value);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire write;
    input wire [15:0] data;
    output reg [15:0] value;
    // Constant declarations
    localparam after_reset = 16'h51;
    // Update code (custom)
    initial value = after_reset;
    always @(posedge clock) begin
        if (reset) value <= after_reset;
        else if (write) value <= data;
    end
endmodule // pb_rct_register

module pb_readout(clock,csr_block,csr_register,front_end,build_hash,generation,status,scratch,snapshots,cycles,start_error,unknown,refused,bus,stalls,dropped,passed,csr_read);
    // Module arguments
    input wire clock;
    input wire [2:0] csr_block;
    input wire [6:0] csr_register;
    input wire [1:0] front_end;
    input wire [255:0] build_hash;
    input wire [31:0] generation;
    input wire [8:0] status;
    input wire [31:0] scratch;
    input wire [31:0] snapshots;
    input wire [63:0] cycles;
    input wire [8:0] start_error;
    input wire [31:0] unknown;
    input wire [31:0] refused;
    input wire [31:0] bus;
    input wire [31:0] stalls;
    input wire [31:0] dropped;
    input wire [6:0] passed;
    output reg [31:0] csr_read;
    // Update code (custom)
    reg [26:0] at;
    initial begin
       at = 0;
       csr_read = 32'h0;
    end
    always @(posedge clock) begin
       at[0] <= csr_block == 3'd0 && csr_register == 7'h0;
       at[1] <= csr_block == 3'd0 && csr_register == 7'h1;
       at[2] <= csr_block == 3'd0 && csr_register == 7'h2;
       at[3] <= csr_block == 3'd0 && csr_register == 7'h3;
       at[4] <= csr_block == 3'd0 && csr_register == 7'h10;
       at[5] <= csr_block == 3'd0 && csr_register == 7'h13;
       at[6] <= csr_block == 3'd0 && csr_register == 7'h14;
       at[7] <= csr_block == 3'd0 && csr_register == 7'h24;
       at[8] <= csr_block == 3'd0 && csr_register == 7'h8;
       at[9] <= csr_block == 3'd0 && csr_register == 7'h9;
       at[10] <= csr_block == 3'd0 && csr_register == 7'ha;
       at[11] <= csr_block == 3'd0 && csr_register == 7'hb;
       at[12] <= csr_block == 3'd0 && csr_register == 7'hc;
       at[13] <= csr_block == 3'd0 && csr_register == 7'hd;
       at[14] <= csr_block == 3'd0 && csr_register == 7'he;
       at[15] <= csr_block == 3'd0 && csr_register == 7'hf;
       at[16] <= csr_block == 3'd0 && csr_register == 7'h4;
       at[17] <= csr_block == 3'd0 && csr_register == 7'h6;
       at[18] <= csr_block == 3'd0 && csr_register == 7'h7;
       at[19] <= csr_block == 3'd0 && csr_register == 7'h12;
       at[20] <= csr_block == 3'd0 && csr_register == 7'h15;
       at[21] <= csr_block == 3'd0 && csr_register == 7'h1c;
       at[22] <= csr_block == 3'd0 && csr_register == 7'h1d;
       at[23] <= csr_block == 3'd0 && csr_register == 7'h1e;
       at[24] <= csr_block == 3'd0 && csr_register == 7'h1f;
       at[25] <= csr_block == 3'd0 && csr_register == 7'h20;
       at[26] <= csr_block == 3'd0 && csr_register == 7'h25;
       csr_read <= ({32{at[0]}} & (32'h58424850))
          | ({32{at[1]}} & (32'h10001))
          | ({32{at[2]}} & (32'h88080400 | {30'h0, front_end} << 4))
          | ({32{at[3]}} & (32'h2001000))
          | ({32{at[4]}} & (32'hee6b280))
          | ({32{at[5]}} & (cycles[31:0]))
          | ({32{at[6]}} & (cycles[63:32]))
          | ({32{at[7]}} & (32'h7f))
          | ({32{at[8]}} & (build_hash[31:0]))
          | ({32{at[9]}} & (build_hash[63:32]))
          | ({32{at[10]}} & (build_hash[95:64]))
          | ({32{at[11]}} & (build_hash[127:96]))
          | ({32{at[12]}} & (build_hash[159:128]))
          | ({32{at[13]}} & (build_hash[191:160]))
          | ({32{at[14]}} & (build_hash[223:192]))
          | ({32{at[15]}} & (build_hash[255:224]))
          | ({32{at[16]}} & (generation))
          | ({32{at[17]}} & (status))
          | ({32{at[18]}} & (scratch))
          | ({32{at[19]}} & (snapshots))
          | ({32{at[20]}} & (start_error))
          | ({32{at[21]}} & (unknown))
          | ({32{at[22]}} & (refused))
          | ({32{at[23]}} & (bus))
          | ({32{at[24]}} & (stalls))
          | ({32{at[25]}} & (dropped))
          | ({32{at[26]}} & (passed));
    end
endmodule // pb_readout

module pb_registers(clock,address,data);
    // Module arguments
    input wire clock;
    input wire [9:0] address;
    output reg [34:0] data;
    // Update code (custom)
    initial begin
       data = 35'h0;
    end
    always @(posedge clock) begin
       case (address)
          10'h0: data <= 35'h7fffffffd;
          10'h1: data <= 35'h7fffffffd;
          10'h2: data <= 35'h7fffffffd;
          10'h3: data <= 35'h7fffffffd;
          10'h4: data <= 35'h7fffffffd;
          10'h5: data <= 35'h7b;
          10'h6: data <= 35'hffd;
          10'h7: data <= 35'h7ffffffff;
          10'h8: data <= 35'h7fffffffd;
          10'h9: data <= 35'h7fffffffd;
          10'ha: data <= 35'h7fffffffd;
          10'hb: data <= 35'h7fffffffd;
          10'hc: data <= 35'h7fffffffd;
          10'hd: data <= 35'h7fffffffd;
          10'he: data <= 35'h7fffffffd;
          10'hf: data <= 35'h7fffffffd;
          10'h10: data <= 35'h7fffffffd;
          10'h11: data <= 35'h7fffffffb;
          10'h12: data <= 35'h7fffffffd;
          10'h13: data <= 35'h7fffffffd;
          10'h14: data <= 35'h7fffffffd;
          10'h15: data <= 35'hffd;
          10'h18: data <= 35'h3ff;
          10'h19: data <= 35'h3ff;
          10'h1a: data <= 35'h7ffff;
          10'h1b: data <= 35'h7ffffffff;
          10'h1c: data <= 35'h7fffffffd;
          10'h1d: data <= 35'h7fffffffd;
          10'h1e: data <= 35'h7fffffffd;
          10'h1f: data <= 35'h7fffffffd;
          10'h20: data <= 35'h7fffffffd;
          10'h24: data <= 35'h3fd;
          10'h25: data <= 35'h3fd;
          10'h28: data <= 35'h7f;
          10'h29: data <= 35'h7fffff;
          10'h2a: data <= 35'h7ffffffff;
          10'h2b: data <= 35'h7ffffffff;
          10'h80: data <= 35'h7ffff;
          10'h81: data <= 35'h7ffff;
          10'h82: data <= 35'hfffff;
          10'h83: data <= 35'h7ffffffff;
          10'h84: data <= 35'h7fffffffb;
          10'h85: data <= 35'h1b;
          10'h86: data <= 35'h1f87ffd;
          10'h87: data <= 35'h7fffffffd;
          10'h88: data <= 35'h7fffffffd;
          10'h8a: data <= 35'h7fffffffd;
          10'h8b: data <= 35'h7fffffffd;
          10'h8c: data <= 35'h7fffffffd;
          10'h8d: data <= 35'h7fffffffd;
          10'h100: data <= 35'hf;
          10'h101: data <= 35'h1f;
          10'h102: data <= 35'h7ffff;
          10'h103: data <= 35'h7fffff;
          10'h104: data <= 35'h7ffff;
          10'h105: data <= 35'h3fff;
          10'h106: data <= 35'hffffff;
          10'h107: data <= 35'hffffff;
          10'h108: data <= 35'hfffff;
          10'h109: data <= 35'h3ff8003d;
          10'h10a: data <= 35'h1ff;
          10'h10b: data <= 35'hb;
          10'h10c: data <= 35'hfffffd;
          10'h10d: data <= 35'hfffffd;
          10'h110: data <= 35'h7fffffffd;
          10'h111: data <= 35'h7fffffffd;
          10'h112: data <= 35'h7fffffffd;
          10'h113: data <= 35'h7fffffffd;
          10'h114: data <= 35'h7fffffffd;
          10'h115: data <= 35'h7fffffffd;
          10'h116: data <= 35'h7fffffffd;
          10'h117: data <= 35'h7fffffffd;
          10'h118: data <= 35'h7fffffffd;
          10'h119: data <= 35'h7fffffffd;
          10'h11a: data <= 35'h7fffffffd;
          10'h11b: data <= 35'h7fffffffd;
          10'h11c: data <= 35'h7fffffffd;
          10'h11d: data <= 35'h7fffffffd;
          10'h180: data <= 35'h7ffffffff;
          10'h181: data <= 35'h7ffffffff;
          10'h182: data <= 35'h7ffffffff;
          10'h183: data <= 35'h7ffffffff;
          10'h184: data <= 35'hffffff;
          10'h185: data <= 35'h7ffff;
          10'h186: data <= 35'h1b;
          10'h187: data <= 35'h7ffffffff;
          10'h188: data <= 35'h7fffffffd;
          10'h189: data <= 35'hf;
          10'h18a: data <= 35'h1fd;
          10'h18b: data <= 35'h7fffffffd;
          10'h18c: data <= 35'h7ffffffff;
          10'h18d: data <= 35'h7fffffffd;
          10'h200: data <= 35'h7fffffffb;
          10'h201: data <= 35'h7fffffffb;
          10'h202: data <= 35'h7fffffffb;
          10'h203: data <= 35'h7fffffffb;
          10'h204: data <= 35'h7fffffffb;
          10'h205: data <= 35'h7fffffffb;
          10'h206: data <= 35'h7fffffffb;
          10'h207: data <= 35'h7fffb;
          10'h208: data <= 35'h7f;
          10'h209: data <= 35'h7ffff;
          10'h20a: data <= 35'h7ffff;
          10'h20b: data <= 35'h7ffffffff;
          10'h20c: data <= 35'h1ff;
          10'h20d: data <= 35'h1b;
          10'h20e: data <= 35'hfd;
          10'h20f: data <= 35'h7fffffd;
          10'h210: data <= 35'h7fffffffd;
          10'h211: data <= 35'h7fffffffd;
          10'h212: data <= 35'h7fffffffd;
          10'h213: data <= 35'h7fffffffd;
          default: data <= 35'h0;
       endcase
    end
endmodule // pb_registers

module pb_registers_select(clock,csr_block,csr_register,at);
    // Module arguments
    input wire clock;
    input wire [2:0] csr_block;
    input wire [6:0] csr_register;
    output reg [19:0] at;
    // Update code (custom)
    initial at = 0;
    always @(posedge clock) begin
        at[0] <= csr_block == 3'd4 && csr_register == 7'd0;
        at[1] <= csr_block == 3'd4 && csr_register == 7'd1;
        at[2] <= csr_block == 3'd4 && csr_register == 7'd2;
        at[3] <= csr_block == 3'd4 && csr_register == 7'd3;
        at[4] <= csr_block == 3'd4 && csr_register == 7'd4;
        at[5] <= csr_block == 3'd4 && csr_register == 7'd5;
        at[6] <= csr_block == 3'd4 && csr_register == 7'd6;
        at[7] <= csr_block == 3'd4 && csr_register == 7'd7;
        at[8] <= csr_block == 3'd4 && csr_register == 7'd8;
        at[9] <= csr_block == 3'd4 && csr_register == 7'd9;
        at[10] <= csr_block == 3'd4 && csr_register == 7'd10;
        at[11] <= csr_block == 3'd4 && csr_register == 7'd11;
        at[12] <= csr_block == 3'd4 && csr_register == 7'd12;
        at[13] <= csr_block == 3'd4 && csr_register == 7'd13;
        at[14] <= csr_block == 3'd4 && csr_register == 7'd14;
        at[15] <= csr_block == 3'd4 && csr_register == 7'd15;
        at[16] <= csr_block == 3'd4 && csr_register == 7'd16;
        at[17] <= csr_block == 3'd4 && csr_register == 7'd17;
        at[18] <= csr_block == 3'd4 && csr_register == 7'd18;
        at[19] <= csr_block == 3'd4 && csr_register == 7'd19;
    end
endmodule // pb_registers_select

module pb_route(clock,reset,valid,bits,tap,alarm,test,simulated,replayed,timestamp,drain,idle,n,mark,marked,pending,quiet,chunk_ready,chunk_refuse,chunk_valid,chunk_bits,chunk_count,discard,discarded,made,block_lanes,block_flags,raw_valid,raw_ready,raw_data,raw_flags,raw_lanes,lost,thrown,bulk_valid,bulk_lane,bulk_count,dropped);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire [3:0] valid;
    input wire [3:0] bits;
    input wire [3:0] tap;
    input wire [3:0] alarm;
    input wire [3:0] test;
    input wire simulated;
    input wire replayed;
    input wire [55:0] timestamp;
    input wire drain;
    output reg idle;
    input wire [15:0] n;
    input wire mark;
    output reg marked;
    output reg pending;
    output reg quiet;
    input wire chunk_ready;
    input wire chunk_refuse;
    output reg chunk_valid;
    output reg [7:0] chunk_bits;
    output reg [7:0] chunk_count;
    output reg discard;
    input wire discarded;
    input wire made;
    output reg [63:0] block_lanes;
    output reg [5:0] block_flags;
    output reg raw_valid;
    input wire raw_ready;
    output reg [63:0] raw_data;
    output reg [5:0] raw_flags;
    output reg [63:0] raw_lanes;
    output reg [3:0] lost;
    output reg [3:0] thrown;
    output reg bulk_valid;
    output reg [5:0] bulk_lane;
    output reg [13:0] bulk_count;
    output reg [13:0] dropped;
    // Stub signals
    reg to_extract$reset;
    reg [3:0] to_extract$mask;
    reg [3:0] to_extract$bits;
    reg [3:0] to_extract$test;
    reg [1:0] to_extract$flags;
    reg to_extract$alarm;
    reg to_extract$mark;
    wire to_extract$marked;
    wire to_extract$pending;
    wire to_extract$quiet;
    reg to_extract$drain;
    reg to_extract$abandon;
    wire to_extract$moves;
    wire to_extract$idle;
    reg [15:0] to_extract$n;
    reg to_extract$in_ready;
    reg to_extract$in_refuse;
    wire to_extract$chunk_valid;
    wire [7:0] to_extract$chunk_bits;
    wire [7:0] to_extract$chunk_count;
    wire to_extract$discard;
    reg to_extract$discarded;
    reg to_extract$made;
    wire [63:0] to_extract$block_lanes;
    wire [5:0] to_extract$block_flags;
    wire [3:0] to_extract$lost;
    wire [3:0] to_extract$thrown;
    wire to_extract$bulk_valid;
    wire [5:0] to_extract$bulk_lane;
    wire [13:0] to_extract$bulk_count;
    reg to_tap$reset;
    reg [3:0] to_tap$mask;
    reg [3:0] to_tap$bits;
    reg [3:0] to_tap$test;
    reg [2:0] to_tap$flags;
    reg [55:0] to_tap$timestamp;
    reg to_tap$abandon;
    wire to_tap$raw_valid;
    reg to_tap$raw_ready;
    wire [63:0] to_tap$raw_data;
    wire [5:0] to_tap$raw_flags;
    wire [63:0] to_tap$raw_lanes;
    wire [3:0] to_tap$lost;
    wire [3:0] to_tap$thrown;
    wire to_tap$empty;
    reg [7:0] patience$d;
    wire [7:0] patience$q;
    reg [3:0] lost_lanes$d;
    wire [3:0] lost_lanes$q;
    reg [3:0] thrown_lanes$d;
    wire [3:0] thrown_lanes$q;
    reg bulk$d;
    wire bulk$q;
    reg [5:0] bulk_at$d;
    wire [5:0] bulk_at$q;
    reg [13:0] bulk_bits$d;
    wire [13:0] bulk_bits$q;
    reg [13:0] total$d;
    wire [13:0] total$q;
    reg [13:0] many$d;
    wire [13:0] many$q;
    reg [3:0] lost_count$word;
    wire [6:0] lost_count$count;
    reg [3:0] thrown_count$word;
    wire [6:0] thrown_count$count;
    reg collide$d;
    wire collide$q;
    // Local signals
    reg [1:0] marks;
    reg abandon;
    reg waits;
    // Sub module instances
    pb_to_extract to_extract(
        .clock(clock),
        .reset(to_extract$reset),
        .mask(to_extract$mask),
        .bits(to_extract$bits),
        .test(to_extract$test),
        .flags(to_extract$flags),
        .alarm(to_extract$alarm),
        .mark(to_extract$mark),
        .marked(to_extract$marked),
        .pending(to_extract$pending),
        .quiet(to_extract$quiet),
        .drain(to_extract$drain),
        .abandon(to_extract$abandon),
        .moves(to_extract$moves),
        .idle(to_extract$idle),
        .n(to_extract$n),
        .in_ready(to_extract$in_ready),
        .in_refuse(to_extract$in_refuse),
        .chunk_valid(to_extract$chunk_valid),
        .chunk_bits(to_extract$chunk_bits),
        .chunk_count(to_extract$chunk_count),
        .discard(to_extract$discard),
        .discarded(to_extract$discarded),
        .made(to_extract$made),
        .block_lanes(to_extract$block_lanes),
        .block_flags(to_extract$block_flags),
        .lost(to_extract$lost),
        .thrown(to_extract$thrown),
        .bulk_valid(to_extract$bulk_valid),
        .bulk_lane(to_extract$bulk_lane),
        .bulk_count(to_extract$bulk_count)
    );
    pb_to_tap to_tap(
        .clock(clock),
        .reset(to_tap$reset),
        .mask(to_tap$mask),
        .bits(to_tap$bits),
        .test(to_tap$test),
        .flags(to_tap$flags),
        .timestamp(to_tap$timestamp),
        .abandon(to_tap$abandon),
        .raw_valid(to_tap$raw_valid),
        .raw_ready(to_tap$raw_ready),
        .raw_data(to_tap$raw_data),
        .raw_flags(to_tap$raw_flags),
        .raw_lanes(to_tap$raw_lanes),
        .lost(to_tap$lost),
        .thrown(to_tap$thrown),
        .empty(to_tap$empty)
    );
    pb_dff_8 patience(
        .d(patience$d),
        .q(patience$q),
        .clock(clock)
    );
    pb_dff_4 lost_lanes(
        .d(lost_lanes$d),
        .q(lost_lanes$q),
        .clock(clock)
    );
    pb_dff_4 thrown_lanes(
        .d(thrown_lanes$d),
        .q(thrown_lanes$q),
        .clock(clock)
    );
    pb_dff_1 bulk(
        .d(bulk$d),
        .q(bulk$q),
        .clock(clock)
    );
    pb_dff_6 bulk_at(
        .d(bulk_at$d),
        .q(bulk_at$q),
        .clock(clock)
    );
    pb_dff_14 bulk_bits(
        .d(bulk_bits$d),
        .q(bulk_bits$q),
        .clock(clock)
    );
    pb_dff_14 total(
        .d(total$d),
        .q(total$q),
        .clock(clock)
    );
    pb_dff_14 many(
        .d(many$d),
        .q(many$q),
        .clock(clock)
    );
    pb_lost_count lost_count(
        .clock(clock),
        .word(lost_count$word),
        .count(lost_count$count)
    );
    pb_lost_count thrown_count(
        .clock(clock),
        .word(thrown_count$word),
        .count(thrown_count$count)
    );
    pb_dff_1 collide(
        .d(collide$d),
        .q(collide$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        patience$d = patience$q;
        lost_lanes$d = lost_lanes$q;
        thrown_lanes$d = thrown_lanes$q;
        bulk$d = bulk$q;
        bulk_at$d = bulk_at$q;
        bulk_bits$d = bulk_bits$q;
        many$d = many$q;
        total$d = total$q;
        collide$d = collide$q;
        marks = 32'h0;
        if (simulated) begin
            marks = marks | 32'h1;
        end
        if (replayed) begin
            marks = marks | 32'h2;
        end
        to_extract$reset = reset;
        to_extract$mask = valid & ~tap;
        to_extract$bits = bits & valid & ~tap;
        to_extract$test = test & valid & ~tap;
        to_extract$flags = marks;
        to_extract$alarm = |(alarm & ~tap);
        to_extract$mark = mark;
        to_extract$drain = drain;
        to_extract$n = n;
        to_extract$in_ready = chunk_ready;
        to_extract$in_refuse = chunk_refuse;
        to_extract$discarded = discarded;
        to_extract$made = made;
        to_tap$reset = reset;
        to_tap$mask = valid & tap;
        to_tap$bits = bits & valid & tap;
        to_tap$test = test & valid & tap;
        to_tap$flags = ((marks) & 3'h7);
        to_tap$timestamp = timestamp;
        to_tap$raw_ready = raw_ready;
        waits = ~(to_extract$quiet & to_tap$empty);
        patience$d = patience$q + 32'h1;
        abandon = &patience$q;
        if (abandon) begin
            patience$d = patience$q;
        end
        if (~abandon & (to_extract$moves | (to_tap$raw_valid & raw_ready))) begin
            patience$d = 32'h0;
        end
        if (~drain | ~waits) begin
            patience$d = 32'h0;
        end
        to_extract$abandon = abandon;
        collide$d = abandon & to_extract$quiet;
        to_tap$abandon = collide$q;
        lost_lanes$d = to_extract$lost | to_tap$lost;
        thrown_lanes$d = to_extract$thrown | to_tap$thrown;
        bulk$d = to_extract$bulk_valid;
        bulk_at$d = to_extract$bulk_lane;
        bulk_bits$d = to_extract$bulk_count;
        lost_count$word = lost_lanes$q;
        thrown_count$word = thrown_lanes$q;
        many$d = 32'h0;
        if (bulk$q) begin
            many$d = bulk_bits$q;
        end
        total$d = many$q + ((lost_count$count) & 14'h3fff) + ((thrown_count$count) & 14'h3fff);
        idle = to_extract$idle & to_tap$empty;
        marked = to_extract$marked;
        pending = to_extract$pending;
        quiet = to_extract$quiet;
        chunk_valid = to_extract$chunk_valid;
        chunk_bits = to_extract$chunk_bits;
        chunk_count = to_extract$chunk_count;
        discard = to_extract$discard;
        block_lanes = to_extract$block_lanes;
        block_flags = to_extract$block_flags;
        raw_valid = to_tap$raw_valid;
        raw_data = to_tap$raw_data;
        raw_flags = to_tap$raw_flags;
        raw_lanes = to_tap$raw_lanes;
        lost = lost_lanes$q;
        thrown = thrown_lanes$q;
        bulk_valid = bulk$q;
        bulk_lane = bulk_at$q;
        bulk_count = bulk_bits$q;
        dropped = total$q;
        if (reset) begin
            patience$d = 32'h0;
            lost_lanes$d = 32'h0;
            thrown_lanes$d = 32'h0;
            bulk$d = 1'b0;
            many$d = 32'h0;
            total$d = 32'h0;
            collide$d = 1'b0;
        end
    end
endmodule // pb_route

module pb_sampler(clock,start,step,first,second,fault,ok);
    // Module arguments
    input wire clock;
    input wire start;
    input wire step;
    input wire [3:0] first;
    input wire [3:0] second;
    input wire fault;
    output reg ok;
    // Constant declarations
    localparam expected = 16'h83f8;
    localparam taps = 16'ha011;
    localparam all = 4'hf;
    // Stub signals
    reg [15:0] register$d;
    wire [15:0] register$q;
    reg differs$d;
    wire differs$q;
    // Local signals
    reg [15:0] turned;
    // Sub module instances
    pb_dff_16 register(
        .d(register$d),
        .q(register$q),
        .clock(clock)
    );
    pb_dff_1 differs(
        .d(differs$d),
        .q(differs$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        register$d = register$q;
        differs$d = differs$q;
        turned = register$q << 32'h1;
        if (step) begin
            register$d = turned ^ ((first[(32'h0)+:(1)]) & 16'hffff) ^ (((second[(32'h0)+:(1)]) & 16'hffff) << 32'h1);
            if (register$q[32'hf]) begin
                register$d = turned ^ taps ^ ((first[(32'h0)+:(1)]) & 16'hffff) ^ (((second[(32'h0)+:(1)]) & 16'hffff) << 32'h1);
            end
            differs$d = differs$q | (|first & (first != all)) | (|second & (second != all));
        end
        if (start) begin
            register$d = ((fault) & 16'hffff);
            differs$d = 1'b0;
        end
        ok = (register$q == expected) & ~differs$q;
    end
endmodule // pb_sampler

module pb_seeds(clock,write_row,write_even,write_odd,write_data,write_fault,wipe,advance,bank,address,pad,test,word,corrupt);
    // Module arguments
    input wire clock;
    input wire [7:0] write_row;
    input wire write_even;
    input wire write_odd;
    input wire [31:0] write_data;
    input wire write_fault;
    input wire wipe;
    input wire advance;
    input wire bank;
    input wire [12:0] address;
    input wire [5:0] pad;
    input wire test;
    output reg [7:0] word;
    output reg corrupt;
    // Update code (custom)
    reg [32:0] even [0:255];
    reg [32:0] odd [0:255];
    reg [32:0] low = 0, high = 0;
    reg [7:0] newer = 0, older = 0;
    reg known = 0, fresh = 0;
    reg [2:0] part = 0;
    wire [6:0] row_address = address[9:3];
    reg [6:0] known_address = 0;
    wire [63:0] known_row = 64'h9e3779b97f4a7c15 ^ {8{1'b0, known_address}};
    wire [63:0] row = known ? known_row : {high[31:0], low[31:0]};
    wire [7:0] picked = row >> {part, 3'd0};
    wire [15:0] pair = {older, newer};
    wire [15:0] moved = pair << pad;
    integer i;
    initial begin
       corrupt = 0;
       for (i = 0; i < 256; i = i + 1) begin
          even[i] = 0;
          odd[i] = 0;
       end
    end
    always @(*) word = moved[15:8];
    always @(posedge clock) begin
       if (write_even) even[write_row] <= {(^write_data) ^ write_fault, write_data};
       if (write_odd) odd[write_row] <= {(^write_data) ^ write_fault, write_data};
    end
    always @(posedge clock) begin
       if (wipe) low <= 0;
       else if (advance) low <= even[{bank, row_address}];
       if (wipe) high <= 0;
       else if (advance) high <= odd[{bank, row_address}];
    end
    always @(posedge clock) begin
       fresh <= advance & ~test;
       corrupt <= fresh & ((^low) | (^high));
       if (advance) begin
          part <= address[2:0];
          known <= test;
          known_address <= row_address;
       end
       if (wipe) begin
          newer <= 0;
          older <= 0;
       end else if (advance) begin
          newer <= picked;
          older <= newer;
       end
    end
endmodule // pb_seeds

module pb_select(clock,csr_block,csr_register,at);
    // Module arguments
    input wire clock;
    input wire [2:0] csr_block;
    input wire [6:0] csr_register;
    output reg [12:0] at;
    // Update code (custom)
    initial at = 0;
    always @(posedge clock) begin
        at[0] <= csr_block == 3'd1 && csr_register == 7'd0;
        at[1] <= csr_block == 3'd1 && csr_register == 7'd1;
        at[2] <= csr_block == 3'd1 && csr_register == 7'd2;
        at[3] <= csr_block == 3'd1 && csr_register == 7'd3;
        at[4] <= csr_block == 3'd1 && csr_register == 7'd4;
        at[5] <= csr_block == 3'd1 && csr_register == 7'd5;
        at[6] <= csr_block == 3'd1 && csr_register == 7'd6;
        at[7] <= csr_block == 3'd1 && csr_register == 7'd7;
        at[8] <= csr_block == 3'd1 && csr_register == 7'd8;
        at[9] <= csr_block == 3'd1 && csr_register == 7'd10;
        at[10] <= csr_block == 3'd1 && csr_register == 7'd11;
        at[11] <= csr_block == 3'd1 && csr_register == 7'd12;
        at[12] <= csr_block == 3'd1 && csr_register == 7'd13;
    end
endmodule // pb_select

module pb_selftest(clock,reset,start,fault,busy,passed,selftest,test_a,test_b,test_valid,value,test_fail_rct,test_fail_apt,test_fail_rate_low,test_fail_rate_high,test_fail_balance,toeplitz_start,toeplitz_fault,toeplitz_done,toeplitz_ok,keybox_start,keybox_fault,keybox_done,keybox_ok);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire start;
    input wire [6:0] fault;
    output reg busy;
    output reg [6:0] passed;
    output reg selftest;
    output reg test_a;
    output reg test_b;
    input wire [3:0] test_valid;
    input wire [3:0] value;
    input wire [3:0] test_fail_rct;
    input wire [3:0] test_fail_apt;
    input wire [3:0] test_fail_rate_low;
    input wire [3:0] test_fail_rate_high;
    input wire [3:0] test_fail_balance;
    output reg toeplitz_start;
    output reg toeplitz_fault;
    input wire toeplitz_done;
    input wire toeplitz_ok;
    output reg keybox_start;
    output reg keybox_fault;
    input wire keybox_done;
    input wire keybox_ok;
    // Constant declarations
    localparam lead = 13'b10;
    localparam last = 13'b1011111111111;
    // Enums
    localparam State$Idle = 0;
    localparam State$Lead = 1;
    localparam State$Play = 2;
    localparam State$Tail = 3;
    localparam State$Judge = 4;
    localparam State$Toeplitz = 5;
    localparam State$KeyBox = 6;
    // Stub signals
    reg [2:0] state$d;
    wire [2:0] state$q;
    reg [12:0] at$d;
    wire [12:0] at$q;
    reg counts$d;
    wire counts$q;
    reg starts$d;
    wire starts$q;
    reg [6:0] results$d;
    wire [6:0] results$q;
    reg sampler$start;
    reg sampler$step;
    reg [3:0] sampler$first;
    reg [3:0] sampler$second;
    reg sampler$fault;
    wire sampler$ok;
    reg rct$start;
    reg rct$step;
    reg [3:0] rct$first;
    reg [3:0] rct$second;
    reg rct$fault;
    wire rct$ok;
    reg apt$start;
    reg apt$step;
    reg [3:0] apt$first;
    reg [3:0] apt$second;
    reg apt$fault;
    wire apt$ok;
    reg rate$start;
    reg rate$step;
    reg [3:0] rate$first;
    reg [3:0] rate$second;
    reg rate$fault;
    wire rate$ok;
    reg balance$start;
    reg balance$step;
    reg [3:0] balance$first;
    reg [3:0] balance$second;
    reg balance$fault;
    wire balance$ok;
    // Local signals
    reg [2:0] phase;
    reg [4:0] of_32;
    reg [3:0] of_16;
    reg [2:0] of_8;
    reg [1:0] of_4;
    reg plays;
    // Sub module instances
    pb_state state(
        .d(state$d),
        .q(state$q),
        .clock(clock)
    );
    pb_dff_13 at(
        .d(at$d),
        .q(at$q),
        .clock(clock)
    );
    pb_dff_1 counts(
        .d(counts$d),
        .q(counts$q),
        .clock(clock)
    );
    pb_dff_1 starts(
        .d(starts$d),
        .q(starts$q),
        .clock(clock)
    );
    pb_dff_7 results(
        .d(results$d),
        .q(results$q),
        .clock(clock)
    );
    pb_sampler sampler(
        .clock(clock),
        .start(sampler$start),
        .step(sampler$step),
        .first(sampler$first),
        .second(sampler$second),
        .fault(sampler$fault),
        .ok(sampler$ok)
    );
    pb_rct rct(
        .clock(clock),
        .start(rct$start),
        .step(rct$step),
        .first(rct$first),
        .second(rct$second),
        .fault(rct$fault),
        .ok(rct$ok)
    );
    pb_apt apt(
        .clock(clock),
        .start(apt$start),
        .step(apt$step),
        .first(apt$first),
        .second(apt$second),
        .fault(apt$fault),
        .ok(apt$ok)
    );
    pb_rate rate(
        .clock(clock),
        .start(rate$start),
        .step(rate$step),
        .first(rate$first),
        .second(rate$second),
        .fault(rate$fault),
        .ok(rate$ok)
    );
    pb_balance balance(
        .clock(clock),
        .start(balance$start),
        .step(balance$step),
        .first(balance$first),
        .second(balance$second),
        .fault(balance$fault),
        .ok(balance$ok)
    );
    // Update code
    always @(*) begin
        state$d = state$q;
        at$d = at$q;
        counts$d = counts$q;
        starts$d = starts$q;
        results$d = results$q;
        busy = state$q != State$Idle;
        passed = results$q;
        plays = state$q == State$Play;
        selftest = (state$q == State$Lead) | plays;
        phase = at$q[(32'ha)+:(3)];
        of_32 = at$q[(32'h0)+:(5)];
        of_16 = at$q[(32'h0)+:(4)];
        of_8 = at$q[(32'h0)+:(3)];
        of_4 = at$q[(32'h0)+:(2)];
        test_a = of_16 == 32'h0;
        test_b = of_16 == 32'h8;
        if (phase == 32'h1) begin
            test_a = of_8 == 32'h0;
            test_b = 1'b0;
        end
        if (phase == 32'h2) begin
            test_a = of_4 == 32'h0;
            test_b = of_16 == 32'h2;
        end
        if (phase == 32'h5) begin
            test_a = (of_32 == 32'h0) | (of_32 == 32'h10) | (of_32 == 32'h12);
            test_b = (of_32 == 32'h1) | (of_32 == 32'h18);
        end
        sampler$start = starts$q;
        sampler$step = counts$q;
        sampler$first = test_valid;
        sampler$second = value;
        sampler$fault = fault[32'h0];
        rct$start = starts$q;
        rct$step = counts$q;
        rct$first = test_fail_rct;
        rct$second = test_fail_rct;
        rct$fault = fault[32'h1];
        apt$start = starts$q;
        apt$step = counts$q;
        apt$first = test_fail_apt;
        apt$second = test_fail_apt;
        apt$fault = fault[32'h2];
        rate$start = starts$q;
        rate$step = counts$q;
        rate$first = test_fail_rate_low;
        rate$second = test_fail_rate_high;
        rate$fault = fault[32'h3];
        balance$start = starts$q;
        balance$step = counts$q;
        balance$first = test_fail_balance;
        balance$second = test_fail_balance;
        balance$fault = fault[32'h4];
        starts$d = 1'b0;
        counts$d = plays;
        toeplitz_start = 1'b0;
        keybox_start = 1'b0;
        toeplitz_fault = fault[32'h5];
        keybox_fault = fault[32'h6];
        at$d = at$q + 32'h1;
        case (state$q)
            State$Idle:
                begin
                    at$d = 32'h0;
                    if (start) begin
                        results$d = 32'h0;
                        starts$d = 1'b1;
                        state$d = State$Lead;
                    end
                end
            State$Lead:
                begin
                    if (at$q == lead) begin
                        at$d = 32'h0;
                        state$d = State$Play;
                    end
                end
            State$Play:
                begin
                    if (at$q == last) begin
                        at$d = 32'h0;
                        state$d = State$Tail;
                    end
                end
            State$Tail:
                begin
                    if (at$q == 32'h2) begin
                        state$d = State$Judge;
                    end
                end
            State$Judge:
                begin
                    results$d = ((sampler$ok) & 7'h7f) | (((rct$ok) & 7'h7f) << 32'h1) | (((apt$ok) & 7'h7f) << 32'h2) | (((rate$ok) & 7'h7f) << 32'h3) | (((balance$ok) & 7'h7f) << 32'h4);
                    toeplitz_start = 1'b1;
                    state$d = State$Toeplitz;
                end
            State$Toeplitz:
                begin
                    if (toeplitz_done) begin
                        results$d = results$q | (((toeplitz_ok) & 7'h7f) << 32'h5);
                        keybox_start = 1'b1;
                        state$d = State$KeyBox;
                    end
                end
            State$KeyBox:
                begin
                    if (keybox_done) begin
                        results$d = results$q | (((keybox_ok) & 7'h7f) << 32'h6);
                        state$d = State$Idle;
                    end
                end
            default:
                begin
                    state$d = State$Idle;
                end
        endcase
        if (reset) begin
            state$d = State$Idle;
            at$d = 32'h0;
            counts$d = 1'b0;
            starts$d = 1'b0;
            results$d = 32'h0;
        end
    end
endmodule // pb_selftest

module pb_send(clock,reset,in_error,bus_failed,commit,given_up,completion_base,slot_count,burst,burst_buffer,burst_window,burst_first,burst_words,burst_entry,closed,halted,open,open_bits,completion_word,busy,entry_free,stop,swept,quiet,completed,failed,read_place,read_enable,read_completion,sends_completion,side,clear,owned,clear_place,lost_bits,lost_valid,request_valid,request_ready,request_address,request_words,request_tag,take,b_valid,b_error,b_tag);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire in_error;
    input wire bus_failed;
    input wire commit;
    input wire given_up;
    input wire [63:0] completion_base;
    input wire [15:0] slot_count;
    input wire burst;
    input wire burst_buffer;
    input wire [55:0] burst_window;
    input wire [4:0] burst_first;
    input wire [5:0] burst_words;
    input wire [1:0] burst_entry;
    input wire closed;
    input wire halted;
    input wire open;
    input wire [31:0] open_bits;
    input wire [63:0] completion_word;
    output reg [1:0] busy;
    output reg entry_free;
    output reg stop;
    output reg swept;
    output reg quiet;
    output reg completed;
    output reg failed;
    output reg [4:0] read_place;
    output reg read_enable;
    output reg [3:0] read_completion;
    output reg sends_completion;
    output reg side;
    output reg [1:0] clear;
    output reg [1:0] owned;
    output reg [4:0] clear_place;
    output reg [31:0] lost_bits;
    output reg lost_valid;
    output reg request_valid;
    input wire request_ready;
    output reg [63:0] request_address;
    output reg [5:0] request_words;
    output reg [2:0] request_tag;
    input wire take;
    input wire b_valid;
    input wire b_error;
    input wire [2:0] b_tag;
    // Enums
    localparam SendState$Idle = 0;
    localparam SendState$Load = 1;
    localparam SendState$Request = 2;
    localparam SendState$Pull = 3;
    localparam SweepState$Normal = 0;
    localparam SweepState$Settle = 1;
    localparam SweepState$Sweep = 2;
    localparam SweepState$Fetch = 3;
    localparam SweepState$Count = 4;
    localparam SweepState$Open = 5;
    // Stub signals
    reg [1:0] state$d;
    wire [1:0] state$q;
    reg [2:0] sweep$d;
    wire [2:0] sweep$q;
    reg [1:0] held$d;
    wire [1:0] held$q;
    reg [55:0] window0$d;
    wire [55:0] window0$q;
    reg [55:0] window1$d;
    wire [55:0] window1$q;
    reg [4:0] first0$d;
    wire [4:0] first0$q;
    reg [4:0] first1$d;
    wire [4:0] first1$q;
    reg [5:0] words0$d;
    wire [5:0] words0$q;
    reg [5:0] words1$d;
    wire [5:0] words1$q;
    reg [1:0] entry0$d;
    wire [1:0] entry0$q;
    reg [1:0] entry1$d;
    wire [1:0] entry1$q;
    reg next_side$d;
    wire next_side$q;
    reg [63:0] address$d;
    wire [63:0] address$q;
    reg [5:0] words$d;
    wire [5:0] words$q;
    reg [2:0] tag$d;
    wire [2:0] tag$q;
    reg completion$d;
    wire completion$q;
    reg [4:0] place$d;
    wire [4:0] place$q;
    reg [4:0] ahead$d;
    wire [4:0] ahead$q;
    reg [5:0] left$d;
    wire [5:0] left$q;
    reg [4:0] pending$0$d;
    wire [4:0] pending$0$q;
    reg [4:0] pending$1$d;
    wire [4:0] pending$1$q;
    reg [4:0] pending$2$d;
    wire [4:0] pending$2$q;
    reg [4:0] pending$3$d;
    wire [4:0] pending$3$q;
    reg [4:0] in_flight$d;
    wire [4:0] in_flight$q;
    reg [2:0] closed_count$d;
    wire [2:0] closed_count$q;
    reg [1:0] oldest$d;
    wire [1:0] oldest$q;
    reg completion_out$d;
    wire completion_out$q;
    reg [63:0] completion_address$d;
    wire [63:0] completion_address$q;
    reg [15:0] completion_slot$d;
    wire [15:0] completion_slot$q;
    reg completion_last$d;
    wire completion_last$q;
    reg error_swept$d;
    wire error_swept$q;
    reg [4:0] clear_count$d;
    wire [4:0] clear_count$q;
    reg discarding$d;
    wire discarding$q;
    reg settled$d;
    wire settled$q;
    reg completion_due$d;
    wire completion_due$q;
    reg data_due$d;
    wire data_due$q;
    reg [3:0] up$d;
    wire [3:0] up$q;
    // Local signals
    reg [3:0] down;
    reg [1:0] answered;
    reg clear_entry;
    reg sent;
    reg started;
    reg oldest_done;
    reg freed;
    reg side_held;
    reg [15:0] slot_next;
    reg [3:0] fetched;
    reg [3:0] oldest_wide;
    reg [63:0] window_wide;
    reg [63:0] first_wide;
    reg [1:0] place_low;
    reg is_quiet;
    reg discards;
    reg taken;
    // Sub module instances
    pb_send_state state(
        .d(state$d),
        .q(state$q),
        .clock(clock)
    );
    pb_sweep sweep(
        .d(sweep$d),
        .q(sweep$q),
        .clock(clock)
    );
    pb_dff_2 held(
        .d(held$d),
        .q(held$q),
        .clock(clock)
    );
    pb_dff_56 window0(
        .d(window0$d),
        .q(window0$q),
        .clock(clock)
    );
    pb_dff_56 window1(
        .d(window1$d),
        .q(window1$q),
        .clock(clock)
    );
    pb_dff_5 first0(
        .d(first0$d),
        .q(first0$q),
        .clock(clock)
    );
    pb_dff_5 first1(
        .d(first1$d),
        .q(first1$q),
        .clock(clock)
    );
    pb_dff_6 words0(
        .d(words0$d),
        .q(words0$q),
        .clock(clock)
    );
    pb_dff_6 words1(
        .d(words1$d),
        .q(words1$q),
        .clock(clock)
    );
    pb_dff_2 entry0(
        .d(entry0$d),
        .q(entry0$q),
        .clock(clock)
    );
    pb_dff_2 entry1(
        .d(entry1$d),
        .q(entry1$q),
        .clock(clock)
    );
    pb_dff_1 next_side(
        .d(next_side$d),
        .q(next_side$q),
        .clock(clock)
    );
    pb_dff_64 address(
        .d(address$d),
        .q(address$q),
        .clock(clock)
    );
    pb_dff_6 words(
        .d(words$d),
        .q(words$q),
        .clock(clock)
    );
    pb_dff_3 tag(
        .d(tag$d),
        .q(tag$q),
        .clock(clock)
    );
    pb_dff_1 completion(
        .d(completion$d),
        .q(completion$q),
        .clock(clock)
    );
    pb_dff_5 place(
        .d(place$d),
        .q(place$q),
        .clock(clock)
    );
    pb_dff_5 ahead(
        .d(ahead$d),
        .q(ahead$q),
        .clock(clock)
    );
    pb_dff_6 left(
        .d(left$d),
        .q(left$q),
        .clock(clock)
    );
    pb_dff_5 pending$0(
        .d(pending$0$d),
        .q(pending$0$q),
        .clock(clock)
    );
    pb_dff_5 pending$1(
        .d(pending$1$d),
        .q(pending$1$q),
        .clock(clock)
    );
    pb_dff_5 pending$2(
        .d(pending$2$d),
        .q(pending$2$q),
        .clock(clock)
    );
    pb_dff_5 pending$3(
        .d(pending$3$d),
        .q(pending$3$q),
        .clock(clock)
    );
    pb_dff_5 in_flight(
        .d(in_flight$d),
        .q(in_flight$q),
        .clock(clock)
    );
    pb_dff_3 closed_count(
        .d(closed_count$d),
        .q(closed_count$q),
        .clock(clock)
    );
    pb_dff_2 oldest(
        .d(oldest$d),
        .q(oldest$q),
        .clock(clock)
    );
    pb_dff_1 completion_out(
        .d(completion_out$d),
        .q(completion_out$q),
        .clock(clock)
    );
    pb_dff_64 completion_address(
        .d(completion_address$d),
        .q(completion_address$q),
        .clock(clock)
    );
    pb_dff_16 completion_slot(
        .d(completion_slot$d),
        .q(completion_slot$q),
        .clock(clock)
    );
    pb_dff_1 completion_last(
        .d(completion_last$d),
        .q(completion_last$q),
        .clock(clock)
    );
    pb_dff_1 error_swept(
        .d(error_swept$d),
        .q(error_swept$q),
        .clock(clock)
    );
    pb_dff_5 clear_count(
        .d(clear_count$d),
        .q(clear_count$q),
        .clock(clock)
    );
    pb_dff_1 discarding(
        .d(discarding$d),
        .q(discarding$q),
        .clock(clock)
    );
    pb_dff_1 settled(
        .d(settled$d),
        .q(settled$q),
        .clock(clock)
    );
    pb_dff_1 completion_due(
        .d(completion_due$d),
        .q(completion_due$q),
        .clock(clock)
    );
    pb_dff_1 data_due(
        .d(data_due$d),
        .q(data_due$q),
        .clock(clock)
    );
    pb_dff_4 up(
        .d(up$d),
        .q(up$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        state$d = state$q;
        sweep$d = sweep$q;
        held$d = held$q;
        window0$d = window0$q;
        window1$d = window1$q;
        first0$d = first0$q;
        first1$d = first1$q;
        words0$d = words0$q;
        words1$d = words1$q;
        entry0$d = entry0$q;
        entry1$d = entry1$q;
        next_side$d = next_side$q;
        address$d = address$q;
        words$d = words$q;
        tag$d = tag$q;
        completion$d = completion$q;
        place$d = place$q;
        ahead$d = ahead$q;
        left$d = left$q;
        in_flight$d = in_flight$q;
        closed_count$d = closed_count$q;
        oldest$d = oldest$q;
        completion_out$d = completion_out$q;
        completion_address$d = completion_address$q;
        completion_slot$d = completion_slot$q;
        completion_last$d = completion_last$q;
        error_swept$d = error_swept$q;
        clear_count$d = clear_count$q;
        discarding$d = discarding$q;
        settled$d = settled$q;
        completion_due$d = completion_due$q;
        data_due$d = data_due$q;
        up$d = up$q;
        pending$0$d = pending$0$q;
        pending$1$d = pending$1$q;
        pending$2$d = pending$2$q;
        pending$3$d = pending$3$q;
        if (burst & (burst_buffer == 32'h0)) begin
            held$d = held$d | 32'h1;
        end
        if (burst & (burst_buffer == 32'h1)) begin
            held$d = held$d | 32'h2;
        end
        if (~held$q[32'h0]) begin
            window0$d = burst_window;
            first0$d = burst_first;
            words0$d = burst_words;
            entry0$d = burst_entry;
        end
        if (~held$q[32'h1]) begin
            window1$d = burst_window;
            first1$d = burst_first;
            words1$d = burst_words;
            entry1$d = burst_entry;
        end
        side_held = held$q[32'h0];
        if (next_side$q == 32'h1) begin
            side_held = held$q[32'h1];
        end
        oldest_done = pending$0$q == 32'h0;
        if (oldest$q == 32'h1) begin
            oldest_done = pending$1$q == 32'h0;
        end
        if (oldest$q == 32'h2) begin
            oldest_done = pending$2$q == 32'h0;
        end
        if (oldest$q == 32'h3) begin
            oldest_done = pending$3$q == 32'h0;
        end
        settled$d = state$q == SendState$Idle;
        completion_due$d = (closed_count$q != 32'h0) & oldest_done & ~completion_out$q;
        data_due$d = side_held;
        window_wide = ((window0$q) & 64'hffffffffffffffff);
        first_wide = ((first0$q) & 64'hffffffffffffffff);
        if (next_side$q == 32'h1) begin
            window_wide = ((window1$q) & 64'hffffffffffffffff);
            first_wide = ((first1$q) & 64'hffffffffffffffff);
        end
        discards = in_error | bus_failed | discarding$q;
        sent = 1'b0;
        started = 1'b0;
        freed = 1'b0;
        taken = 1'b0;
        case (state$q)
            SendState$Idle:
                begin
                    if (settled$q & ~discards) begin
                        if (completion_due$q) begin
                            state$d = SendState$Load;
                            completion$d = 1'b1;
                            address$d = completion_address$q;
                            words$d = 32'h4;
                            left$d = 32'h4;
                            tag$d = ((oldest$q) & 3'h7) | 32'h4;
                            place$d = 32'h0;
                        end
                        else begin
                            if (data_due$q) begin
                                state$d = SendState$Load;
                                completion$d = 1'b0;
                                address$d = (window_wide << 32'h8) | (first_wide << 32'h3);
                                words$d = words0$q;
                                left$d = words0$q;
                                tag$d = ((entry0$q) & 3'h7);
                                place$d = first0$q;
                                if (next_side$q == 32'h1) begin
                                    words$d = words1$q;
                                    left$d = words1$q;
                                    tag$d = ((entry1$q) & 3'h7);
                                    place$d = first1$q;
                                end
                            end
                        end
                    end
                end
            SendState$Load:
                begin
                    state$d = SendState$Request;
                end
            SendState$Request:
                begin
                    if (request_ready) begin
                        started = 1'b1;
                        state$d = SendState$Pull;
                    end
                    else begin
                        if (discards) begin
                            state$d = SendState$Idle;
                        end
                    end
                end
            SendState$Pull:
                begin
                    if (take) begin
                        taken = 1'b1;
                        left$d = left$q - 32'h1;
                        if (left$q == 32'h1) begin
                            sent = 1'b1;
                        end
                    end
                    if (sent | bus_failed) begin
                        state$d = SendState$Idle;
                        freed = ~completion$q;
                    end
                end
        endcase
        if (started & completion$q) begin
            completion_out$d = 1'b1;
        end
        if (freed) begin
            next_side$d = ~next_side$q;
            if (next_side$q == 32'h0) begin
                held$d = held$d & 32'h2;
            end
            else begin
                held$d = held$d & 32'h1;
            end
        end
        if (state$q == SendState$Idle) begin
            ahead$d = place$d;
        end
        if ((state$q == SendState$Load) | taken) begin
            ahead$d = ahead$q + 32'h1;
        end
        read_enable = taken | (state$q == SendState$Idle) | (state$q == SendState$Load);
        if (taken) begin
            place$d = ahead$q;
        end
        read_place = ahead$q;
        up$d = 32'h0;
        down = 32'h0;
        if (burst) begin
            up$d = 32'h1;
            if (burst_entry == 32'h1) begin
                up$d = 32'h2;
            end
            if (burst_entry == 32'h2) begin
                up$d = 32'h4;
            end
            if (burst_entry == 32'h3) begin
                up$d = 32'h8;
            end
        end
        answered = ((b_tag & 32'h3) & 2'h3);
        if (b_valid & ~b_tag[32'h2]) begin
            down = 32'h1;
            if (answered == 32'h1) begin
                down = 32'h2;
            end
            if (answered == 32'h2) begin
                down = 32'h4;
            end
            if (answered == 32'h3) begin
                down = 32'h8;
            end
        end
        if (up$q[0] & ~down[0]) begin
            pending$0$d = pending$0$q + 32'h1;
        end
        if (down[0] & ~up$q[0]) begin
            pending$0$d = pending$0$q - 32'h1;
        end
        if (up$q[1] & ~down[1]) begin
            pending$1$d = pending$1$q + 32'h1;
        end
        if (down[1] & ~up$q[1]) begin
            pending$1$d = pending$1$q - 32'h1;
        end
        if (up$q[2] & ~down[2]) begin
            pending$2$d = pending$2$q + 32'h1;
        end
        if (down[2] & ~up$q[2]) begin
            pending$2$d = pending$2$q - 32'h1;
        end
        if (up$q[3] & ~down[3]) begin
            pending$3$d = pending$3$q + 32'h1;
        end
        if (down[3] & ~up$q[3]) begin
            pending$3$d = pending$3$q - 32'h1;
        end
        if (started & ~b_valid) begin
            in_flight$d = in_flight$q + 32'h1;
        end
        if (b_valid & ~started) begin
            in_flight$d = in_flight$q - 32'h1;
        end
        failed = (b_valid & b_error) | bus_failed;
        completed = 1'b0;
        clear_entry = 1'b0;
        slot_next = completion_slot$q + 32'h1;
        completion_last$d = slot_next == slot_count;
        if (b_valid & b_tag[32'h2]) begin
            completion_out$d = 1'b0;
            if (~b_error) begin
                completed = 1'b1;
                clear_entry = 1'b1;
                completion_slot$d = slot_next;
                completion_address$d = completion_address$q + 32'h20;
                if (completion_last$q) begin
                    completion_slot$d = 32'h0;
                    completion_address$d = completion_base;
                end
            end
        end
        swept = 1'b0;
        lost_valid = 1'b0;
        lost_bits = open_bits;
        oldest_wide = ((oldest$q) & 4'hf);
        fetched = (oldest_wide << 32'h2) | 32'h2;
        clear = 32'h0;
        clear_place = place$q;
        if (taken & ~completion$q) begin
            clear = 32'h1;
            if (next_side$q == 32'h1) begin
                clear = 32'h2;
            end
        end
        if (~in_error) begin
            error_swept$d = 1'b0;
        end
        case (sweep$q)
            SweepState$Normal:
                begin
                    clear_count$d = 32'h0;
                    if ((in_error & ~error_swept$q) | halted | given_up) begin
                        sweep$d = SweepState$Settle;
                    end
                end
            SweepState$Settle:
                begin
                    if (halted & (state$q == SendState$Idle) & (in_flight$q == 32'h0) & (in_error | discarding$q | ((held$q == 32'h0) & (closed_count$q == 32'h0)))) begin
                        sweep$d = SweepState$Sweep;
                    end
                end
            SweepState$Sweep:
                begin
                    clear = 32'h3;
                    clear_place = clear_count$q;
                    clear_count$d = clear_count$q + 32'h1;
                    if (clear_count$q == 32'h1f) begin
                        sweep$d = SweepState$Open;
                        if (closed_count$q != 32'h0) begin
                            sweep$d = SweepState$Fetch;
                        end
                    end
                end
            SweepState$Fetch:
                begin
                    sweep$d = SweepState$Count;
                end
            SweepState$Count:
                begin
                    lost_valid = 1'b1;
                    lost_bits = ((completion_word >> 32'h20) & 32'hffffffff);
                    clear_entry = 1'b1;
                    sweep$d = SweepState$Open;
                    if (closed_count$q != 32'h1) begin
                        sweep$d = SweepState$Fetch;
                    end
                end
            SweepState$Open:
                begin
                    lost_valid = open;
                    swept = 1'b1;
                    error_swept$d = in_error;
                    discarding$d = 1'b0;
                    held$d = 32'h0;
                    settled$d = 1'b0;
                    next_side$d = 32'h0;
                    pending$0$d = 32'h0;
                    pending$1$d = 32'h0;
                    pending$2$d = 32'h0;
                    pending$3$d = 32'h0;
                    sweep$d = SweepState$Normal;
                end
            default:
                begin
                    sweep$d = SweepState$Normal;
                end
        endcase
        if (given_up) begin
            discarding$d = 1'b1;
        end
        if (clear_entry) begin
            oldest$d = oldest$q + 32'h1;
        end
        if (closed & ~clear_entry) begin
            closed_count$d = closed_count$q + 32'h1;
        end
        if (clear_entry & ~closed) begin
            closed_count$d = closed_count$q - 32'h1;
        end
        if (commit) begin
            completion_slot$d = 32'h0;
            completion_address$d = completion_base;
        end
        place_low = ((read_place & 32'h3) & 2'h3);
        read_completion = (oldest_wide << 32'h2) | ((place_low) & 4'hf);
        if ((sweep$q != SweepState$Normal) & (state$q == SendState$Idle)) begin
            read_completion = fetched;
        end
        is_quiet = (state$q == SendState$Idle) & (sweep$q == SweepState$Normal) & (in_flight$q == 32'h0) & (closed_count$q == 32'h0) & (held$q == 32'h0) & (~in_error | error_swept$q);
        quiet = is_quiet;
        busy = held$q;
        owned = held$q;
        if (sweep$q == SweepState$Sweep) begin
            owned = 32'h3;
        end
        entry_free = closed_count$q < 32'h3;
        stop = (sweep$q != SweepState$Normal) | (in_error & ~error_swept$q);
        sends_completion = completion$q;
        side = next_side$q;
        request_valid = (state$q == SendState$Request) & ~discards;
        request_address = address$q;
        request_words = words$q;
        request_tag = tag$q;
        if (reset) begin
            state$d = SendState$Idle;
            sweep$d = SweepState$Normal;
            held$d = 32'h0;
            next_side$d = 32'h0;
            in_flight$d = 32'h0;
            closed_count$d = 32'h0;
            oldest$d = 32'h0;
            completion_out$d = 1'b0;
            completion_slot$d = 32'h0;
            completion_address$d = 32'h0;
            error_swept$d = 1'b0;
            discarding$d = 1'b0;
            settled$d = 1'b0;
            up$d = 32'h0;
            pending$0$d = 32'h0;
            pending$1$d = 32'h0;
            pending$2$d = 32'h0;
            pending$3$d = 32'h0;
        end
    end
endmodule // pb_send

module pb_send_state(d,q,clock);
    // Module arguments
    input wire [1:0] d;
    output reg [1:0] q;
    input wire clock;
    // Enums
    localparam SendState$Idle = 0;
    localparam SendState$Load = 1;
    localparam SendState$Request = 2;
    localparam SendState$Pull = 3;
    // Update code (custom)
    initial begin
       q = 64'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_send_state

module pb_sequencer(clock,reset,request,dma_quiet,swept,selftest_busy,core_reset,dma_abort,dma_reset,hold,selftest_start,busy);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire request;
    input wire dma_quiet;
    input wire swept;
    input wire selftest_busy;
    output reg core_reset;
    output reg dma_abort;
    output reg dma_reset;
    output reg hold;
    output reg selftest_start;
    output reg busy;
    // Enums
    localparam State$Assert = 0;
    localparam State$Settle = 1;
    localparam State$Sweep = 2;
    localparam State$Begin = 3;
    localparam State$Test = 4;
    localparam State$Run = 5;
    // Stub signals
    reg [2:0] state$d;
    wire [2:0] state$q;
    reg released$d;
    wire released$q;
    reg dma_released$d;
    wire dma_released$q;
    reg abort$d;
    wire abort$q;
    reg open$d;
    wire open$q;
    reg done$d;
    wire done$q;
    reg test$d;
    wire test$q;
    reg by_software$d;
    wire by_software$q;
    reg [3:0] count$d;
    wire [3:0] count$q;
    // Sub module instances
    pb_sequencer_state state(
        .d(state$d),
        .q(state$q),
        .clock(clock)
    );
    pb_dff_1 released(
        .d(released$d),
        .q(released$q),
        .clock(clock)
    );
    pb_dff_1 dma_released(
        .d(dma_released$d),
        .q(dma_released$q),
        .clock(clock)
    );
    pb_dff_1 abort(
        .d(abort$d),
        .q(abort$q),
        .clock(clock)
    );
    pb_dff_1 open(
        .d(open$d),
        .q(open$q),
        .clock(clock)
    );
    pb_dff_1 done(
        .d(done$d),
        .q(done$q),
        .clock(clock)
    );
    pb_dff_1 test(
        .d(test$d),
        .q(test$q),
        .clock(clock)
    );
    pb_dff_1 by_software(
        .d(by_software$d),
        .q(by_software$q),
        .clock(clock)
    );
    pb_dff_4 count(
        .d(count$d),
        .q(count$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        state$d = state$q;
        released$d = released$q;
        dma_released$d = dma_released$q;
        abort$d = abort$q;
        open$d = open$q;
        done$d = done$q;
        test$d = test$q;
        by_software$d = by_software$q;
        count$d = count$q;
        core_reset = ~released$q;
        dma_reset = ~dma_released$q;
        dma_abort = abort$q;
        hold = ~open$q;
        selftest_start = test$q;
        busy = ~done$q;
        test$d = 1'b0;
        count$d = count$q + 32'h1;
        case (state$q)
            State$Assert:
                begin
                    if ((count$q == 32'hf) & (dma_quiet | ~by_software$q)) begin
                        state$d = State$Settle;
                        released$d = 1'b1;
                        dma_released$d = ~by_software$q;
                        abort$d = 1'b0;
                    end
                    else if (count$q == 32'hf) begin
                        count$d = 32'hf;
                    end
                end
            State$Settle:
                begin
                    dma_released$d = 1'b1;
                    if (count$q == 32'hf) begin
                        state$d = State$Sweep;
                    end
                end
            State$Sweep:
                begin
                    if (swept) begin
                        state$d = State$Begin;
                        test$d = 1'b1;
                        open$d = 1'b1;
                        count$d = 32'h0;
                    end
                end
            State$Begin:
                begin
                    if (count$q == 32'h7) begin
                        state$d = State$Test;
                    end
                end
            State$Test:
                begin
                    if (~selftest_busy) begin
                        state$d = State$Run;
                        done$d = 1'b1;
                    end
                end
            State$Run:
                begin
                end
            default:
                begin
                    state$d = State$Assert;
                end
        endcase
        if (request) begin
            state$d = State$Assert;
            count$d = 32'h0;
            released$d = 1'b0;
            abort$d = 1'b1;
            open$d = 1'b0;
            done$d = 1'b0;
            test$d = 1'b0;
            by_software$d = 1'b1;
        end
        if (reset) begin
            state$d = State$Assert;
            count$d = 32'h0;
            released$d = 1'b0;
            dma_released$d = 1'b0;
            abort$d = 1'b0;
            open$d = 1'b0;
            done$d = 1'b0;
            test$d = 1'b0;
            by_software$d = 1'b0;
        end
    end
endmodule // pb_sequencer

module pb_sequencer_state(d,q,clock);
    // Module arguments
    input wire [2:0] d;
    output reg [2:0] q;
    input wire clock;
    // Enums
    localparam State$Assert = 0;
    localparam State$Settle = 1;
    localparam State$Sweep = 2;
    localparam State$Begin = 3;
    localparam State$Test = 4;
    localparam State$Run = 5;
    // Update code (custom)
    initial begin
       q = 64'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_sequencer_state

module pb_settings(clock,reset,write,data,locked,refused,options,window,holdoff,rct_cutoff,apt_cutoff,rate_min,rate_max,balance_max);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire [7:0] write;
    input wire [31:0] data;
    input wire locked;
    output reg refused;
    output reg [1:0] options;
    output reg [15:0] window;
    output reg [19:0] holdoff;
    output reg [15:0] rct_cutoff;
    output reg [10:0] apt_cutoff;
    output reg [20:0] rate_min;
    output reg [20:0] rate_max;
    output reg [16:0] balance_max;
    // Stub signals
    reg config_register$reset;
    reg config_register$write;
    reg [1:0] config_register$data;
    wire [1:0] config_register$value;
    reg window_register$reset;
    reg window_register$write;
    reg [15:0] window_register$data;
    wire [15:0] window_register$value;
    reg holdoff_register$reset;
    reg holdoff_register$write;
    reg [19:0] holdoff_register$data;
    wire [19:0] holdoff_register$value;
    reg rct_register$reset;
    reg rct_register$write;
    reg [15:0] rct_register$data;
    wire [15:0] rct_register$value;
    reg apt_register$reset;
    reg apt_register$write;
    reg [10:0] apt_register$data;
    wire [10:0] apt_register$value;
    reg rate_min_register$reset;
    reg rate_min_register$write;
    reg [20:0] rate_min_register$data;
    wire [20:0] rate_min_register$value;
    reg rate_max_register$reset;
    reg rate_max_register$write;
    reg [20:0] rate_max_register$data;
    wire [20:0] rate_max_register$value;
    reg balance_register$reset;
    reg balance_register$write;
    reg [16:0] balance_register$data;
    wire [16:0] balance_register$value;
    // Sub module instances
    pb_config_register config_register(
        .clock(clock),
        .reset(config_register$reset),
        .write(config_register$write),
        .data(config_register$data),
        .value(config_register$value)
    );
    pb_window_register window_register(
        .clock(clock),
        .reset(window_register$reset),
        .write(window_register$write),
        .data(window_register$data),
        .value(window_register$value)
    );
    pb_holdoff_register holdoff_register(
        .clock(clock),
        .reset(holdoff_register$reset),
        .write(holdoff_register$write),
        .data(holdoff_register$data),
        .value(holdoff_register$value)
    );
    pb_rct_register rct_register(
        .clock(clock),
        .reset(rct_register$reset),
        .write(rct_register$write),
        .data(rct_register$data),
        .value(rct_register$value)
    );
    pb_apt_register apt_register(
        .clock(clock),
        .reset(apt_register$reset),
        .write(apt_register$write),
        .data(apt_register$data),
        .value(apt_register$value)
    );
    pb_rate_min_register rate_min_register(
        .clock(clock),
        .reset(rate_min_register$reset),
        .write(rate_min_register$write),
        .data(rate_min_register$data),
        .value(rate_min_register$value)
    );
    pb_rate_max_register rate_max_register(
        .clock(clock),
        .reset(rate_max_register$reset),
        .write(rate_max_register$write),
        .data(rate_max_register$data),
        .value(rate_max_register$value)
    );
    pb_balance_register balance_register(
        .clock(clock),
        .reset(balance_register$reset),
        .write(balance_register$write),
        .data(balance_register$data),
        .value(balance_register$value)
    );
    // Update code
    always @(*) begin
        config_register$reset = reset;
        window_register$reset = reset;
        holdoff_register$reset = reset;
        rct_register$reset = reset;
        apt_register$reset = reset;
        rate_min_register$reset = reset;
        rate_max_register$reset = reset;
        balance_register$reset = reset;
        refused = locked & |write;
        config_register$write = write[32'h0] & ~locked;
        window_register$write = write[32'h1] & ~locked;
        holdoff_register$write = write[32'h2] & ~locked;
        rct_register$write = write[32'h3] & ~locked;
        apt_register$write = write[32'h4] & ~locked;
        rate_min_register$write = write[32'h5] & ~locked;
        rate_max_register$write = write[32'h6] & ~locked;
        balance_register$write = write[32'h7] & ~locked;
        config_register$data = data[(32'h0)+:(2)];
        window_register$data = data[(32'h0)+:(16)];
        holdoff_register$data = data[(32'h0)+:(20)];
        rct_register$data = data[(32'h0)+:(16)];
        apt_register$data = data[(32'h0)+:(11)];
        rate_min_register$data = data[(32'h0)+:(21)];
        rate_max_register$data = data[(32'h0)+:(21)];
        balance_register$data = data[(32'h0)+:(17)];
        options = config_register$value;
        window = window_register$value;
        holdoff = holdoff_register$value;
        rct_cutoff = rct_register$value;
        apt_cutoff = apt_register$value;
        rate_min = rate_min_register$value;
        rate_max = rate_max_register$value;
        balance_max = balance_register$value;
    end
endmodule // pb_settings

module pb_shape(wide,words,most);
    // Module arguments
    output reg wide;
    output reg [5:0] words;
    output reg [3:0] most;
    // Constant declarations
    localparam is_wide = 1'b0;
    localparam port_words = 6'b1;
    localparam bursts = 4'h8;
    // Update code
    always @(*) begin
        wide = is_wide;
        words = port_words;
        most = bursts;
    end
endmodule // pb_shape

module pb_stage(d,q,clock);
    // Module arguments
    input wire [1:0] d;
    output reg [1:0] q;
    input wire clock;
    // Enums
    localparam Drain$No = 0;
    localparam Drain$Route = 1;
    localparam Drain$Rings = 2;
    // Update code (custom)
    initial begin
       q = 64'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_stage

module pb_startup(clock,reset,clear,step,done,left);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire clear;
    input wire step;
    output reg done;
    output reg [10:0] left;
    // Constant declarations
    localparam all = 11'b10000000000;
    // Stub signals
    reg [10:0] count$d;
    wire [10:0] count$q;
    reg last$d;
    wire last$q;
    // Local signals
    reg [10:0] taken;
    reg swept;
    // Sub module instances
    pb_dff_11 count(
        .d(count$d),
        .q(count$q),
        .clock(clock)
    );
    pb_dff_1 last(
        .d(last$d),
        .q(last$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        count$d = count$q;
        last$d = last$q;
        taken = count$q + 32'h1;
        left = all - count$q;
        done = step & last$q;
        if (step & (count$q != all)) begin
            count$d = taken;
            last$d = (taken + 32'h1) >= all;
        end
        swept = reset | clear;
        if (swept) begin
            count$d = 32'h0;
            last$d = 1'b0;
        end
    end
endmodule // pb_startup

module pb_state(d,q,clock);
    // Module arguments
    input wire [2:0] d;
    output reg [2:0] q;
    input wire clock;
    // Enums
    localparam State$Idle = 0;
    localparam State$Lead = 1;
    localparam State$Play = 2;
    localparam State$Tail = 3;
    localparam State$Judge = 4;
    localparam State$Toeplitz = 5;
    localparam State$KeyBox = 6;
    // Update code (custom)
    initial begin
       q = 64'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_state

module pb_sweep(d,q,clock);
    // Module arguments
    input wire [2:0] d;
    output reg [2:0] q;
    input wire clock;
    // Enums
    localparam SweepState$Normal = 0;
    localparam SweepState$Settle = 1;
    localparam SweepState$Sweep = 2;
    localparam SweepState$Fetch = 3;
    localparam SweepState$Count = 4;
    localparam SweepState$Open = 5;
    // Update code (custom)
    initial begin
       q = 64'h0;
    end
    always @(posedge clock) begin
       q <= d;
    end
endmodule // pb_sweep

module pb_sweep0(clock,reset,restart,step,at);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire restart;
    input wire step;
    output reg [7:0] at;
    // Stub signals
    reg [7:0] count$d;
    wire [7:0] count$q;
    reg again$d;
    wire again$q;
    // Local signals
    reg [7:0] now;
    // Sub module instances
    pb_dff_8 count(
        .d(count$d),
        .q(count$q),
        .clock(clock)
    );
    pb_dff_1 again(
        .d(again$d),
        .q(again$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        count$d = count$q;
        again$d = again$q;
        again$d = restart;
        now = count$q;
        if (again$q) begin
            now = 32'h0;
        end
        at = now;
        count$d = now;
        if (step) begin
            count$d = now + 32'h1;
        end
        if (reset) begin
            count$d = 32'h0;
            again$d = 1'b0;
        end
    end
endmodule // pb_sweep0

module pb_sync_a(clock,pin,rising);
    // Module arguments
    input wire clock;
    input wire pin;
    output reg rising;
    // Stub signals
    reg first$pin;
    wire first$level;
    reg second$pin;
    wire second$level;
    reg earlier$d;
    wire earlier$q;
    // Sub module instances
    pb_first first(
        .clock(clock),
        .pin(first$pin),
        .level(first$level)
    );
    pb_first second(
        .clock(clock),
        .pin(second$pin),
        .level(second$level)
    );
    pb_dff_1 earlier(
        .d(earlier$d),
        .q(earlier$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        earlier$d = earlier$q;
        first$pin = pin;
        second$pin = first$level;
        earlier$d = second$level;
        rising = second$level & ~earlier$q;
    end
endmodule // pb_sync_a

module pb_tally(clock,reset,active,in_startup,failed,stops,testing,edge_a,edge_b,decided,bit_value,coincidence,ignored,stays_open,fails,valid,value,alarm_event,inc_bits,inc_ones,inc_coincidences,inc_ignored,inc_a,inc_b,inc_discarded,test_valid,test_fail);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire active;
    input wire in_startup;
    input wire failed;
    input wire stops;
    input wire testing;
    input wire edge_a;
    input wire edge_b;
    input wire decided;
    input wire bit_value;
    input wire coincidence;
    input wire [1:0] ignored;
    input wire stays_open;
    input wire [4:0] fails;
    output reg valid;
    output reg value;
    output reg alarm_event;
    output reg inc_bits;
    output reg inc_ones;
    output reg inc_coincidences;
    output reg [1:0] inc_ignored;
    output reg inc_a;
    output reg inc_b;
    output reg [1:0] inc_discarded;
    output reg test_valid;
    output reg [4:0] test_fail;
    // Stub signals
    reg valid_flop$d;
    wire valid_flop$q;
    reg value_flop$d;
    wire value_flop$q;
    reg alarm_flop$d;
    wire alarm_flop$q;
    reg bits_flop$d;
    wire bits_flop$q;
    reg ones_flop$d;
    wire ones_flop$q;
    reg coincidences_flop$d;
    wire coincidences_flop$q;
    reg [1:0] ignored_flop$d;
    wire [1:0] ignored_flop$q;
    reg a_flop$d;
    wire a_flop$q;
    reg b_flop$d;
    wire b_flop$q;
    reg discarded_flop$d;
    wire discarded_flop$q;
    reg test_valid_flop$d;
    wire test_valid_flop$q;
    reg [4:0] test_fail_flop$d;
    wire [4:0] test_fail_flop$q;
    // Local signals
    reg made;
    reg cut_short;
    // Sub module instances
    pb_dff_1 valid_flop(
        .d(valid_flop$d),
        .q(valid_flop$q),
        .clock(clock)
    );
    pb_dff_1 value_flop(
        .d(value_flop$d),
        .q(value_flop$q),
        .clock(clock)
    );
    pb_dff_1 alarm_flop(
        .d(alarm_flop$d),
        .q(alarm_flop$q),
        .clock(clock)
    );
    pb_dff_1 bits_flop(
        .d(bits_flop$d),
        .q(bits_flop$q),
        .clock(clock)
    );
    pb_dff_1 ones_flop(
        .d(ones_flop$d),
        .q(ones_flop$q),
        .clock(clock)
    );
    pb_dff_1 coincidences_flop(
        .d(coincidences_flop$d),
        .q(coincidences_flop$q),
        .clock(clock)
    );
    pb_dff_2 ignored_flop(
        .d(ignored_flop$d),
        .q(ignored_flop$q),
        .clock(clock)
    );
    pb_dff_1 a_flop(
        .d(a_flop$d),
        .q(a_flop$q),
        .clock(clock)
    );
    pb_dff_1 b_flop(
        .d(b_flop$d),
        .q(b_flop$q),
        .clock(clock)
    );
    pb_dff_1 discarded_flop(
        .d(discarded_flop$d),
        .q(discarded_flop$q),
        .clock(clock)
    );
    pb_dff_1 test_valid_flop(
        .d(test_valid_flop$d),
        .q(test_valid_flop$q),
        .clock(clock)
    );
    pb_dff_5 test_fail_flop(
        .d(test_fail_flop$d),
        .q(test_fail_flop$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        valid_flop$d = valid_flop$q;
        value_flop$d = value_flop$q;
        alarm_flop$d = alarm_flop$q;
        bits_flop$d = bits_flop$q;
        ones_flop$d = ones_flop$q;
        coincidences_flop$d = coincidences_flop$q;
        ignored_flop$d = ignored_flop$q;
        a_flop$d = a_flop$q;
        b_flop$d = b_flop$q;
        discarded_flop$d = discarded_flop$q;
        test_valid_flop$d = test_valid_flop$q;
        test_fail_flop$d = test_fail_flop$q;
        valid = valid_flop$q;
        value = value_flop$q;
        alarm_event = alarm_flop$q;
        inc_bits = bits_flop$q;
        inc_ones = ones_flop$q;
        inc_coincidences = coincidences_flop$q;
        inc_ignored = ignored_flop$q;
        inc_a = a_flop$q;
        inc_b = b_flop$q;
        inc_discarded = 32'h0;
        if (discarded_flop$q) begin
            inc_discarded = 32'h1;
        end
        test_valid = test_valid_flop$q;
        test_fail = test_fail_flop$q;
        made = active & decided;
        cut_short = (failed | stops) & stays_open;
        valid_flop$d = made & ~in_startup & ~failed;
        value_flop$d = decided & bit_value;
        alarm_flop$d = failed;
        bits_flop$d = made;
        ones_flop$d = made & bit_value;
        coincidences_flop$d = active & coincidence;
        ignored_flop$d = 32'h0;
        if (active) begin
            ignored_flop$d = ignored;
            if (cut_short) begin
                ignored_flop$d = ignored + 32'h1;
            end
        end
        a_flop$d = active & edge_a;
        b_flop$d = active & edge_b;
        discarded_flop$d = made & (in_startup | failed);
        test_valid_flop$d = testing & decided;
        test_fail_flop$d = 32'h0;
        if (testing) begin
            test_fail_flop$d = fails;
        end
        if (reset) begin
            valid_flop$d = 1'b0;
            value_flop$d = 1'b0;
            alarm_flop$d = 1'b0;
            bits_flop$d = 1'b0;
            ones_flop$d = 1'b0;
            coincidences_flop$d = 1'b0;
            ignored_flop$d = 32'h0;
            a_flop$d = 1'b0;
            b_flop$d = 1'b0;
            discarded_flop$d = 1'b0;
            test_valid_flop$d = 1'b0;
            test_fail_flop$d = 32'h0;
        end
    end
endmodule // pb_tally

module pb_to_extract(clock,reset,mask,bits,test,flags,alarm,mark,marked,pending,quiet,drain,abandon,moves,idle,n,in_ready,in_refuse,chunk_valid,chunk_bits,chunk_count,discard,discarded,made,block_lanes,block_flags,lost,thrown,bulk_valid,bulk_lane,bulk_count);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire [3:0] mask;
    input wire [3:0] bits;
    input wire [3:0] test;
    input wire [1:0] flags;
    input wire alarm;
    input wire mark;
    output reg marked;
    output reg pending;
    output reg quiet;
    input wire drain;
    input wire abandon;
    output reg moves;
    output reg idle;
    input wire [15:0] n;
    input wire in_ready;
    input wire in_refuse;
    output reg chunk_valid;
    output reg [7:0] chunk_bits;
    output reg [7:0] chunk_count;
    output reg discard;
    input wire discarded;
    input wire made;
    output reg [63:0] block_lanes;
    output reg [5:0] block_flags;
    output reg [3:0] lost;
    output reg [3:0] thrown;
    output reg bulk_valid;
    output reg [5:0] bulk_lane;
    output reg [13:0] bulk_count;
    // Constant declarations
    localparam last_lane = 6'b11;
    // Stub signals
    reg queue$reset;
    reg queue$push;
    wire queue$full;
    reg queue$in_prior;
    reg queue$in_mark;
    reg [3:0] queue$in_mask;
    reg [3:0] queue$in_bits;
    reg [3:0] queue$in_test;
    reg [2:0] queue$in_flags;
    reg [55:0] queue$in_time;
    reg queue$pop;
    wire queue$valid;
    wire queue$prior;
    wire queue$mark;
    wire [3:0] queue$mask;
    wire [3:0] queue$bits;
    wire [3:0] queue$test;
    wire [2:0] queue$flags;
    wire [55:0] queue$time_out;
    wire queue$empty;
    reg head$reset;
    reg head$in_valid;
    reg head$in_prior;
    reg head$in_mark;
    reg [3:0] head$in_mask;
    reg [3:0] head$in_bits;
    reg [3:0] head$in_test;
    reg [2:0] head$in_flags;
    wire head$pop;
    wire head$valid;
    wire head$prior;
    wire head$mark;
    wire [3:0] head$mask;
    wire [3:0] head$bits;
    wire [3:0] head$test;
    wire [2:0] head$flags;
    wire [6:0] head$count;
    reg head$advance;
    reg head$take_one;
    reg [3:0] head$one;
    wire head$empty;
    reg packer$clear;
    reg packer$push;
    reg [3:0] packer$mask;
    reg [3:0] packer$bits;
    reg [6:0] packer$count;
    reg packer$last;
    wire packer$ready;
    wire packer$busy;
    wire packer$offered;
    wire [7:0] packer$chunk;
    wire [7:0] packer$chunk_count;
    reg packer$sent;
    reg counts$clear;
    reg [3:0] counts$add;
    reg counts$keep;
    reg [5:0] counts$lane;
    wire [13:0] counts$count;
    reg gap$d;
    wire gap$q;
    reg late_mark$d;
    wire late_mark$q;
    reg late_alarm$d;
    wire late_alarm$q;
    reg cleared$d;
    wire cleared$q;
    reg marking$d;
    wire marking$q;
    reg [16:0] room$d;
    wire [16:0] room$q;
    reg begun$d;
    wire begun$q;
    reg full$d;
    wire full$q;
    reg [3:0] taken$d;
    wire [3:0] taken$q;
    reg [3:0] taken_test$d;
    wire [3:0] taken_test$q;
    reg [5:0] taken_tags$d;
    wire [5:0] taken_tags$q;
    reg [3:0] lanes$d;
    wire [3:0] lanes$q;
    reg [5:0] tags$d;
    wire [5:0] tags$q;
    reg holed$d;
    wire holed$q;
    reg bulk$d;
    wire bulk$q;
    reg [5:0] bulk_at$d;
    wire [5:0] bulk_at$q;
    reg drained$d;
    wire drained$q;
    // Local signals
    reg arrives;
    reg [3:0] minus;
    reg [3:0] lowest;
    reg [3:0] part;
    reg [16:0] part_count;
    reg some;
    reg go;
    reg asks;
    reg throw;
    reg pack;
    reg fits;
    reg sent;
    reg [16:0] next_room;
    reg ends;
    reg still;
    reg completes;
    reg wanted;
    // Sub module instances
    pb_queue queue(
        .clock(clock),
        .reset(queue$reset),
        .push(queue$push),
        .full(queue$full),
        .in_prior(queue$in_prior),
        .in_mark(queue$in_mark),
        .in_mask(queue$in_mask),
        .in_bits(queue$in_bits),
        .in_test(queue$in_test),
        .in_flags(queue$in_flags),
        .in_time(queue$in_time),
        .pop(queue$pop),
        .valid(queue$valid),
        .prior(queue$prior),
        .mark(queue$mark),
        .mask(queue$mask),
        .bits(queue$bits),
        .test(queue$test),
        .flags(queue$flags),
        .time_out(queue$time_out),
        .empty(queue$empty)
    );
    pb_head head(
        .clock(clock),
        .reset(head$reset),
        .in_valid(head$in_valid),
        .in_prior(head$in_prior),
        .in_mark(head$in_mark),
        .in_mask(head$in_mask),
        .in_bits(head$in_bits),
        .in_test(head$in_test),
        .in_flags(head$in_flags),
        .pop(head$pop),
        .valid(head$valid),
        .prior(head$prior),
        .mark(head$mark),
        .mask(head$mask),
        .bits(head$bits),
        .test(head$test),
        .flags(head$flags),
        .count(head$count),
        .advance(head$advance),
        .take_one(head$take_one),
        .one(head$one),
        .empty(head$empty)
    );
    pb_packer packer(
        .clock(clock),
        .clear(packer$clear),
        .push(packer$push),
        .mask(packer$mask),
        .bits(packer$bits),
        .count(packer$count),
        .last(packer$last),
        .ready(packer$ready),
        .busy(packer$busy),
        .offered(packer$offered),
        .chunk(packer$chunk),
        .chunk_count(packer$chunk_count),
        .sent(packer$sent)
    );
    pb_to_extract_counts counts(
        .clock(clock),
        .clear(counts$clear),
        .add(counts$add),
        .keep(counts$keep),
        .lane(counts$lane),
        .count(counts$count)
    );
    pb_dff_1 gap(
        .d(gap$d),
        .q(gap$q),
        .clock(clock)
    );
    pb_dff_1 late_mark(
        .d(late_mark$d),
        .q(late_mark$q),
        .clock(clock)
    );
    pb_dff_1 late_alarm(
        .d(late_alarm$d),
        .q(late_alarm$q),
        .clock(clock)
    );
    pb_dff_1 cleared(
        .d(cleared$d),
        .q(cleared$q),
        .clock(clock)
    );
    pb_dff_1 marking(
        .d(marking$d),
        .q(marking$q),
        .clock(clock)
    );
    pb_dff_17 room(
        .d(room$d),
        .q(room$q),
        .clock(clock)
    );
    pb_dff_1 begun(
        .d(begun$d),
        .q(begun$q),
        .clock(clock)
    );
    pb_dff_1 full(
        .d(full$d),
        .q(full$q),
        .clock(clock)
    );
    pb_dff_4 taken(
        .d(taken$d),
        .q(taken$q),
        .clock(clock)
    );
    pb_dff_4 taken_test(
        .d(taken_test$d),
        .q(taken_test$q),
        .clock(clock)
    );
    pb_dff_6 taken_tags(
        .d(taken_tags$d),
        .q(taken_tags$q),
        .clock(clock)
    );
    pb_dff_4 lanes(
        .d(lanes$d),
        .q(lanes$q),
        .clock(clock)
    );
    pb_dff_6 tags(
        .d(tags$d),
        .q(tags$q),
        .clock(clock)
    );
    pb_dff_1 holed(
        .d(holed$d),
        .q(holed$q),
        .clock(clock)
    );
    pb_dff_1 bulk(
        .d(bulk$d),
        .q(bulk$q),
        .clock(clock)
    );
    pb_dff_6 bulk_at(
        .d(bulk_at$d),
        .q(bulk_at$q),
        .clock(clock)
    );
    pb_dff_1 drained(
        .d(drained$d),
        .q(drained$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        gap$d = gap$q;
        late_mark$d = late_mark$q;
        late_alarm$d = late_alarm$q;
        cleared$d = cleared$q;
        marking$d = marking$q;
        room$d = room$q;
        begun$d = begun$q;
        full$d = full$q;
        taken$d = taken$q;
        taken_test$d = taken_test$q;
        taken_tags$d = taken_tags$q;
        lanes$d = lanes$q;
        tags$d = tags$q;
        holed$d = holed$q;
        bulk$d = bulk$q;
        bulk_at$d = bulk_at$q;
        drained$d = drained$q;
        queue$reset = reset;
        head$reset = reset;
        head$in_valid = queue$valid;
        head$in_prior = queue$prior;
        head$in_mark = queue$mark;
        head$in_mask = queue$mask;
        head$in_bits = queue$bits;
        head$in_test = queue$test;
        head$in_flags = queue$flags;
        queue$pop = head$pop;
        arrives = |mask | alarm;
        queue$push = arrives | mark | late_mark$q;
        queue$in_prior = alarm;
        queue$in_mark = mark | late_mark$q;
        queue$in_mask = mask;
        queue$in_bits = bits;
        queue$in_test = test;
        queue$in_flags = ((flags) & 3'h7);
        if (gap$q) begin
            queue$in_flags = ((flags) & 3'h7) | 32'h4;
        end
        queue$in_time = 32'h0;
        lost = 32'h0;
        if (queue$full) begin
            lost = mask;
            gap$d = gap$q | |mask;
            late_mark$d = mark | late_mark$q;
            late_alarm$d = late_alarm$q | alarm;
        end
        else begin
            late_mark$d = 1'b0;
            if (|mask) begin
                gap$d = 1'b0;
            end
        end
        minus = head$mask - 32'h1;
        lowest = head$mask & ~minus;
        some = |head$mask;
        go = head$valid & ~marking$q;
        asks = go & head$prior & ~cleared$q;
        still = queue$empty & head$empty & ~marking$q & ~bulk$q;
        completes = full$q & packer$busy & ~in_refuse & ~abandon;
        wanted = (asks & ~bulk$q & ~late_alarm$q) | (still & late_alarm$q) | (still & drain & ~drained$q & ~arrives);
        discard = wanted & ~completes;
        throw = go & some & (~asks | late_alarm$q) & (in_refuse | abandon | late_alarm$q);
        pack = go & some & ~asks & ~throw & in_ready & packer$ready & ~full$q;
        fits = ((head$count) & 17'h1ffff) <= room$q;
        part = lowest;
        part_count = 32'h1;
        next_room = room$q - 32'h1;
        ends = room$q == 32'h1;
        if (fits) begin
            part = head$mask;
            part_count = ((head$count) & 17'h1ffff);
            next_room = room$q - ((head$count) & 17'h1ffff);
            ends = room$q == ((head$count) & 17'h1ffff);
        end
        head$one = lowest;
        head$take_one = pack & ~fits;
        head$advance = go & (~asks | late_alarm$q) & (throw | (pack & fits) | ~some);
        thrown = 32'h0;
        if (throw) begin
            thrown = head$mask;
            holed$d = 1'b1;
        end
        marking$d = 1'b0;
        if (head$advance) begin
            cleared$d = 1'b0;
            marking$d = head$mark;
        end
        sent = packer$offered & in_ready & ~discard;
        packer$sent = sent;
        packer$clear = reset | discarded;
        packer$push = pack;
        packer$mask = part;
        packer$bits = head$bits;
        packer$count = part_count[(32'h0)+:(7)];
        packer$last = ends;
        taken$d = 32'h0;
        taken_test$d = 32'h0;
        taken_tags$d = 32'h0;
        if (~begun$q) begin
            room$d = ((n) & 17'h1ffff);
        end
        if (pack) begin
            begun$d = 1'b1;
            room$d = next_room;
            full$d = ends;
            taken$d = part;
            taken_test$d = part & head$test;
            taken_tags$d = ((head$flags & 32'h3) & 6'h3f) << 32'h2;
            if (holed$q | head$flags[32'h2]) begin
                taken_tags$d = (((head$flags & 32'h3) & 6'h3f) << 32'h2) | 32'h20;
            end
            holed$d = 1'b0;
        end
        lanes$d = lanes$q | taken$q;
        tags$d = tags$q | taken_tags$q;
        if (|taken_test$q) begin
            tags$d = tags$q | taken_tags$q | 32'h2;
        end
        counts$add = taken$q;
        counts$clear = reset | made;
        counts$keep = discarded;
        if (made) begin
            begun$d = 1'b0;
            room$d = ((n) & 17'h1ffff);
            full$d = 1'b0;
            lanes$d = 32'h0;
            tags$d = 32'h0;
        end
        bulk_valid = bulk$q;
        bulk_lane = bulk_at$q;
        counts$lane = bulk_at$q;
        bulk_count = counts$count;
        if (bulk$q) begin
            bulk_at$d = bulk_at$q + 32'h1;
            if (bulk_at$q == last_lane) begin
                bulk$d = 1'b0;
            end
        end
        if (discarded) begin
            cleared$d = head$valid & ~late_alarm$q;
            late_alarm$d = queue$full & alarm;
            drained$d = drain & still;
            begun$d = 1'b0;
            room$d = ((n) & 17'h1ffff);
            full$d = 1'b0;
            lanes$d = 32'h0;
            tags$d = 32'h0;
            holed$d = holed$q | begun$q;
            bulk$d = 1'b1;
            bulk_at$d = 32'h0;
        end
        if (~drain) begin
            drained$d = 1'b0;
        end
        marked = marking$q;
        pending = packer$busy;
        quiet = still & ~arrives & ~late_mark$q & ~late_alarm$q & ~packer$busy;
        moves = throw | pack | sent | discarded | made;
        idle = quiet & ~begun$q & (drained$q | ~drain);
        chunk_valid = packer$offered & ~discard;
        chunk_bits = packer$chunk;
        chunk_count = packer$chunk_count;
        block_lanes = ((lanes$q) & 64'hffffffffffffffff);
        block_flags = tags$q;
        if (reset) begin
            gap$d = 1'b0;
            late_mark$d = 1'b0;
            late_alarm$d = 1'b0;
            cleared$d = 1'b0;
            marking$d = 1'b0;
            begun$d = 1'b0;
            full$d = 1'b0;
            taken$d = 32'h0;
            taken_test$d = 32'h0;
            taken_tags$d = 32'h0;
            lanes$d = 32'h0;
            tags$d = 32'h0;
            holed$d = 1'b0;
            bulk$d = 1'b0;
            drained$d = 1'b0;
        end
    end
endmodule // pb_to_extract

module pb_to_extract_counts(clock,clear,add,keep,lane,count);
    // Module arguments
    input wire clock;
    input wire clear;
    input wire [3:0] add;
    input wire keep;
    input wire [5:0] lane;
    output reg [13:0] count;
    // Update code (custom)
    reg [3:0] digit0, kept0;
    reg [3:0] digit1, kept1;
    reg [3:0] digit2, kept2;
    reg [3:0] digit3, kept3;
    reg [3:0] digit4, kept4;
    reg [3:0] digit5, kept5;
    reg [3:0] digit6, kept6;
    reg [3:0] digit7, kept7;
    reg [3:0] digit8, kept8;
    reg [3:0] digit9, kept9;
    reg [3:0] digit10, kept10;
    reg [3:0] digit11, kept11;
    reg [3:0] digit12, kept12;
    reg [3:0] digit13, kept13;
    wire [3:0] carry0 = add;
    wire [3:0] carry1 = carry0 & digit0;
    wire [3:0] carry2 = carry1 & digit1;
    wire [3:0] carry3 = carry2 & digit2;
    wire [3:0] carry4 = carry3 & digit3;
    wire [3:0] carry5 = carry4 & digit4;
    wire [3:0] carry6 = carry5 & digit5;
    wire [3:0] carry7 = carry6 & digit6;
    wire [3:0] carry8 = carry7 & digit7;
    wire [3:0] carry9 = carry8 & digit8;
    wire [3:0] carry10 = carry9 & digit9;
    wire [3:0] carry11 = carry10 & digit10;
    wire [3:0] carry12 = carry11 & digit11;
    wire [3:0] carry13 = carry12 & digit12;
    initial begin
       digit0 = 0;
       kept0 = 0;
       digit1 = 0;
       kept1 = 0;
       digit2 = 0;
       kept2 = 0;
       digit3 = 0;
       kept3 = 0;
       digit4 = 0;
       kept4 = 0;
       digit5 = 0;
       kept5 = 0;
       digit6 = 0;
       kept6 = 0;
       digit7 = 0;
       kept7 = 0;
       digit8 = 0;
       kept8 = 0;
       digit9 = 0;
       kept9 = 0;
       digit10 = 0;
       kept10 = 0;
       digit11 = 0;
       kept11 = 0;
       digit12 = 0;
       kept12 = 0;
       digit13 = 0;
       kept13 = 0;
    end
    always @(*) begin
       count[0] = kept0[lane];
       count[1] = kept1[lane];
       count[2] = kept2[lane];
       count[3] = kept3[lane];
       count[4] = kept4[lane];
       count[5] = kept5[lane];
       count[6] = kept6[lane];
       count[7] = kept7[lane];
       count[8] = kept8[lane];
       count[9] = kept9[lane];
       count[10] = kept10[lane];
       count[11] = kept11[lane];
       count[12] = kept12[lane];
       count[13] = kept13[lane];
    end
    always @(posedge clock) begin
       if (keep) begin
          kept0 <= digit0 ^ carry0;
          kept1 <= digit1 ^ carry1;
          kept2 <= digit2 ^ carry2;
          kept3 <= digit3 ^ carry3;
          kept4 <= digit4 ^ carry4;
          kept5 <= digit5 ^ carry5;
          kept6 <= digit6 ^ carry6;
          kept7 <= digit7 ^ carry7;
          kept8 <= digit8 ^ carry8;
          kept9 <= digit9 ^ carry9;
          kept10 <= digit10 ^ carry10;
          kept11 <= digit11 ^ carry11;
          kept12 <= digit12 ^ carry12;
          kept13 <= digit13 ^ carry13;
       end
       if (clear | keep) begin
          digit0 <= 0;
          digit1 <= 0;
          digit2 <= 0;
          digit3 <= 0;
          digit4 <= 0;
          digit5 <= 0;
          digit6 <= 0;
          digit7 <= 0;
          digit8 <= 0;
          digit9 <= 0;
          digit10 <= 0;
          digit11 <= 0;
          digit12 <= 0;
          digit13 <= 0;
       end else if (|add) begin
          digit0 <= digit0 ^ carry0;
          digit1 <= digit1 ^ carry1;
          digit2 <= digit2 ^ carry2;
          digit3 <= digit3 ^ carry3;
          digit4 <= digit4 ^ carry4;
          digit5 <= digit5 ^ carry5;
          digit6 <= digit6 ^ carry6;
          digit7 <= digit7 ^ carry7;
          digit8 <= digit8 ^ carry8;
          digit9 <= digit9 ^ carry9;
          digit10 <= digit10 ^ carry10;
          digit11 <= digit11 ^ carry11;
          digit12 <= digit12 ^ carry12;
          digit13 <= digit13 ^ carry13;
       end
    end
endmodule // pb_to_extract_counts

module pb_to_tap(clock,reset,mask,bits,test,flags,timestamp,abandon,raw_valid,raw_ready,raw_data,raw_flags,raw_lanes,lost,thrown,empty);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire [3:0] mask;
    input wire [3:0] bits;
    input wire [3:0] test;
    input wire [2:0] flags;
    input wire [55:0] timestamp;
    input wire abandon;
    output reg raw_valid;
    input wire raw_ready;
    output reg [63:0] raw_data;
    output reg [5:0] raw_flags;
    output reg [63:0] raw_lanes;
    output reg [3:0] lost;
    output reg [3:0] thrown;
    output reg empty;
    // Constant declarations
    localparam digits$0 = 4'ha;
    localparam digits$1 = 4'hc;
    localparam digits$2 = 4'h0;
    localparam digits$3 = 4'h0;
    localparam digits$4 = 4'h0;
    localparam digits$5 = 4'h0;
    localparam lane_at = 8'h38;
    localparam gap_bit = 64'h4000000000000000;
    localparam one_bit = 64'h8000000000000000;
    // Stub signals
    reg queue$reset;
    reg queue$push;
    wire queue$full;
    reg queue$in_prior;
    reg queue$in_mark;
    reg [3:0] queue$in_mask;
    reg [3:0] queue$in_bits;
    reg [3:0] queue$in_test;
    reg [2:0] queue$in_flags;
    reg [55:0] queue$in_time;
    reg queue$pop;
    wire queue$valid;
    wire queue$prior;
    wire queue$mark;
    wire [3:0] queue$mask;
    wire [3:0] queue$bits;
    wire [3:0] queue$test;
    wire [2:0] queue$flags;
    wire [55:0] queue$time_out;
    wire queue$empty;
    reg gap$d;
    wire gap$q;
    reg [3:0] done$d;
    wire [3:0] done$q;
    reg valid$d;
    wire valid$q;
    reg [63:0] data$d;
    wire [63:0] data$q;
    reg [5:0] marks$d;
    wire [5:0] marks$q;
    reg [63:0] lanes$d;
    wire [63:0] lanes$q;
    // Local signals
    reg arrives;
    reg [3:0] left;
    reg [3:0] minus;
    reg [3:0] lowest;
    reg [3:0] after;
    reg [5:0] number;
    reg free;
    reg take;
    reg holed;
    reg [63:0] record;
    reg [5:0] tags;
    // Sub module instances
    pb_to_tap_queue queue(
        .clock(clock),
        .reset(queue$reset),
        .push(queue$push),
        .full(queue$full),
        .in_prior(queue$in_prior),
        .in_mark(queue$in_mark),
        .in_mask(queue$in_mask),
        .in_bits(queue$in_bits),
        .in_test(queue$in_test),
        .in_flags(queue$in_flags),
        .in_time(queue$in_time),
        .pop(queue$pop),
        .valid(queue$valid),
        .prior(queue$prior),
        .mark(queue$mark),
        .mask(queue$mask),
        .bits(queue$bits),
        .test(queue$test),
        .flags(queue$flags),
        .time_out(queue$time_out),
        .empty(queue$empty)
    );
    pb_dff_1 gap(
        .d(gap$d),
        .q(gap$q),
        .clock(clock)
    );
    pb_dff_4 done(
        .d(done$d),
        .q(done$q),
        .clock(clock)
    );
    pb_dff_1 valid(
        .d(valid$d),
        .q(valid$q),
        .clock(clock)
    );
    pb_dff_64 data(
        .d(data$d),
        .q(data$q),
        .clock(clock)
    );
    pb_dff_6 marks(
        .d(marks$d),
        .q(marks$q),
        .clock(clock)
    );
    pb_dff_64 lanes(
        .d(lanes$d),
        .q(lanes$q),
        .clock(clock)
    );
    // Update code
    always @(*) begin
        gap$d = gap$q;
        done$d = done$q;
        valid$d = valid$q;
        data$d = data$q;
        marks$d = marks$q;
        lanes$d = lanes$q;
        queue$reset = reset;
        arrives = |mask;
        queue$push = arrives;
        queue$in_prior = gap$q;
        queue$in_mark = 1'b0;
        queue$in_mask = mask;
        queue$in_bits = bits;
        queue$in_test = test;
        queue$in_flags = flags;
        queue$in_time = timestamp;
        lost = 32'h0;
        if (arrives) begin
            if (queue$full) begin
                lost = mask;
                gap$d = 1'b1;
            end
            else begin
                gap$d = 1'b0;
            end
        end
        left = queue$mask & ~done$q;
        minus = left - 32'h1;
        lowest = left & ~minus;
        after = left & minus;
        number = 32'h0;
        number = (number & ~(1 << (0)) | ((|(lowest & digits$0)) << (0)));
        number = (number & ~(1 << (1)) | ((|(lowest & digits$1)) << (1)));
        number = (number & ~(1 << (2)) | ((|(lowest & digits$2)) << (2)));
        number = (number & ~(1 << (3)) | ((|(lowest & digits$3)) << (3)));
        number = (number & ~(1 << (4)) | ((|(lowest & digits$4)) << (4)));
        number = (number & ~(1 << (5)) | ((|(lowest & digits$5)) << (5)));
        free = ~valid$q | raw_ready;
        take = queue$valid & (free | abandon);
        queue$pop = take & ~|after;
        holed = queue$prior & ~|done$q;
        record = ((queue$time_out) & 64'hffffffffffffffff) | (((number) & 64'hffffffffffffffff) << lane_at);
        thrown = 32'h0;
        if (take) begin
            done$d = done$q | lowest;
            if (~|after) begin
                done$d = 32'h0;
            end
        end
        if (|(queue$bits & lowest)) begin
            record = record | one_bit;
        end
        tags = (((queue$flags & 32'h3) & 6'h3f) << 32'h2) | 32'h1;
        if (|(queue$test & lowest)) begin
            tags = tags | 32'h2;
        end
        if (holed) begin
            record = record | gap_bit;
            tags = tags | 32'h20;
        end
        if (free) begin
            valid$d = 1'b0;
            data$d = 32'h0;
            lanes$d = 32'h0;
            if (queue$valid & ~abandon) begin
                valid$d = 1'b1;
                data$d = record;
                lanes$d = ((lowest) & 64'hffffffffffffffff);
                marks$d = tags;
            end
        end
        if (abandon) begin
            if (take) begin
                thrown = lowest;
                gap$d = 1'b1;
            end
            else if (valid$q & ~raw_ready) begin
                thrown = ((lanes$q) & 4'hf);
                gap$d = 1'b1;
                valid$d = 1'b0;
                data$d = 32'h0;
            end
        end
        raw_valid = valid$q;
        raw_data = data$q;
        raw_flags = marks$q;
        raw_lanes = lanes$q;
        empty = queue$empty & ~valid$q & ~arrives;
        if (reset) begin
            gap$d = 1'b0;
            done$d = 32'h0;
            valid$d = 1'b0;
            data$d = 32'h0;
        end
    end
endmodule // pb_to_tap

module pb_to_tap_queue(clock,reset,push,full,in_prior,in_mark,in_mask,in_bits,in_test,in_flags,in_time,pop,valid,prior,mark,mask,bits,test,flags,time_out,empty);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire push;
    output reg full;
    input wire in_prior;
    input wire in_mark;
    input wire [3:0] in_mask;
    input wire [3:0] in_bits;
    input wire [3:0] in_test;
    input wire [2:0] in_flags;
    input wire [55:0] in_time;
    input wire pop;
    output reg valid;
    output reg prior;
    output reg mark;
    output reg [3:0] mask;
    output reg [3:0] bits;
    output reg [3:0] test;
    output reg [2:0] flags;
    output reg [55:0] time_out;
    output reg empty;
    // Update code (custom)
    reg [72:0] memory [0:63];
    reg [72:0] head;
    reg [6:0] pushed, popped, swept;
    // pushed - popped, and whether that is more than 0: much hangs on both.
    reg [6:0] used;
    reg some;
    wire [6:0] unswept = pushed - swept;
    wire load = some & (~valid | pop);
    wire write = push & ~used[6];
    wire sweep = ~write & (swept != popped);
    integer i;
    initial begin
       head = 0;
       pushed = 0;
       popped = 0;
       used = 0;
       some = 0;
       swept = 0;
       valid = 0;
       for (i = 0; i < 64; i = i + 1) memory[i] = 0;
    end
    always @(*) begin
       full = used[6];
       empty = ~some & ~valid;
       prior = head[16];
       mark = head[15];
       flags = head[15 - 1 -: 3];
       test = head[11 -: 4];
       bits = head[7 -: 4];
       mask = head[3:0];
       time_out = head[72:17];
    end
    always @(posedge clock) begin
       if (write) memory[pushed[5:0]] <= {in_time, in_prior, in_mark, in_flags, in_test, in_bits, in_mask};
       else if (sweep) memory[swept[5:0]] <= 0;
       if (write) pushed <= pushed + 7'd1;
       if (sweep | (write & unswept[6])) swept <= swept + 7'd1;
       if (reset) begin
          used <= 0;
          some <= 0;
       end else if (write & ~load) begin
          used <= used + 7'd1;
          some <= 1;
       end else if (load & ~write) begin
          used <= used - 7'd1;
          some <= used != 7'd1;
       end
       if (reset) begin
          popped <= write ? pushed + 7'd1 : pushed;
          valid <= 0;
          head <= 0;
       end else if (load) begin
          popped <= popped + 7'd1;
          valid <= 1;
          head <= memory[popped[5:0]];
       end else if (pop) begin
          valid <= 0;
          head <= 0;
       end
    end
endmodule // pb_to_tap_queue

module pb_toeplitz(clock,reset,csr_write,csr_block,csr_register,csr_data,csr_read,csr_refused,running,snapshot,in_valid,in_ready,in_bits,in_count,in_refuse,in_pending,in_quiet,mark,marked,discard,discarded,made,out_valid,out_ready,out_data,out_last,out_error,out_seed_epoch,taken,seeded,exhausted,seed_due_event,n,m,claimed_h,idle,sweeping,kat_start,kat_fault,kat_done,kat_ok,parity_error,seed_fault);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire csr_write;
    input wire [2:0] csr_block;
    input wire [6:0] csr_register;
    input wire [31:0] csr_data;
    output reg [31:0] csr_read;
    output reg csr_refused;
    input wire running;
    input wire snapshot;
    input wire in_valid;
    output reg in_ready;
    input wire [7:0] in_bits;
    input wire [7:0] in_count;
    output reg in_refuse;
    input wire in_pending;
    input wire in_quiet;
    output reg mark;
    input wire marked;
    input wire discard;
    output reg discarded;
    output reg made;
    output reg out_valid;
    input wire out_ready;
    output reg [63:0] out_data;
    output reg out_last;
    output reg out_error;
    output reg [15:0] out_seed_epoch;
    output reg [12:0] taken;
    output reg seeded;
    output reg exhausted;
    output reg seed_due_event;
    output reg [15:0] n;
    output reg [15:0] m;
    output reg [16:0] claimed_h;
    output reg idle;
    output reg sweeping;
    input wire kat_start;
    input wire kat_fault;
    output reg kat_done;
    output reg kat_ok;
    output reg parity_error;
    input wire seed_fault;
    // Stub signals
    reg registers$reset;
    reg registers$csr_write;
    reg [2:0] registers$csr_block;
    reg [6:0] registers$csr_register;
    reg [31:0] registers$csr_data;
    wire [31:0] registers$csr_read;
    wire registers$csr_refused;
    reg registers$running;
    reg registers$snapshot;
    reg registers$marked;
    reg registers$empty;
    reg registers$quiet;
    reg registers$made;
    reg registers$discarded;
    wire registers$mark;
    wire registers$changed;
    wire [15:0] registers$n;
    wire [15:0] registers$m;
    wire [16:0] registers$claimed_h;
    wire registers$seeded;
    wire registers$exhausted;
    wire registers$due_event;
    wire [15:0] registers$epoch;
    wire registers$bank;
    wire registers$sweeping;
    wire [7:0] registers$row;
    wire registers$write_even;
    wire registers$write_odd;
    wire [31:0] registers$data;
    reg engine$reset;
    reg [15:0] engine$n;
    reg [15:0] engine$m;
    reg engine$seeded;
    reg engine$exhausted;
    reg engine$changed;
    reg engine$in_valid;
    reg [7:0] engine$in_bits;
    reg [7:0] engine$in_count;
    wire engine$in_ready;
    wire engine$in_refuse;
    reg engine$discard;
    wire engine$discarded;
    wire engine$made;
    wire engine$out_valid;
    reg engine$out_ready;
    wire engine$out_last;
    wire engine$out_error;
    wire [12:0] engine$taken;
    wire engine$untouched;
    reg engine$kat_start;
    reg engine$kat_fault;
    wire engine$kat_done;
    wire engine$kat_ok;
    reg engine$corrupt;
    wire engine$parity_error;
    wire engine$wipe;
    wire engine$clear;
    wire engine$shift;
    wire engine$add;
    wire [7:0] engine$bits;
    wire [12:0] engine$address;
    wire [5:0] engine$pad;
    wire engine$test;
    wire engine$fetch;
    wire engine$forget;
    wire [7:0] engine$beat;
    wire [63:0] engine$mask;
    reg [63:0] engine$out;
    reg [7:0] seeds$write_row;
    reg seeds$write_even;
    reg seeds$write_odd;
    reg [31:0] seeds$write_data;
    reg seeds$write_fault;
    reg seeds$wipe;
    reg seeds$advance;
    reg seeds$bank;
    reg [12:0] seeds$address;
    reg [5:0] seeds$pad;
    reg seeds$test;
    wire [7:0] seeds$word;
    wire seeds$corrupt;
    reg columns$wipe;
    reg columns$clear;
    reg columns$shift;
    reg columns$add;
    reg [7:0] columns$bits;
    reg [7:0] columns$word;
    reg columns$fetch;
    reg columns$forget;
    reg [7:0] columns$beat;
    reg [63:0] columns$mask;
    wire [63:0] columns$out;
    // Local signals
    reg empty;
    // Sub module instances
    pb_toeplitz_registers registers(
        .clock(clock),
        .reset(registers$reset),
        .csr_write(registers$csr_write),
        .csr_block(registers$csr_block),
        .csr_register(registers$csr_register),
        .csr_data(registers$csr_data),
        .csr_read(registers$csr_read),
        .csr_refused(registers$csr_refused),
        .running(registers$running),
        .snapshot(registers$snapshot),
        .marked(registers$marked),
        .empty(registers$empty),
        .quiet(registers$quiet),
        .made(registers$made),
        .discarded(registers$discarded),
        .mark(registers$mark),
        .changed(registers$changed),
        .n(registers$n),
        .m(registers$m),
        .claimed_h(registers$claimed_h),
        .seeded(registers$seeded),
        .exhausted(registers$exhausted),
        .due_event(registers$due_event),
        .epoch(registers$epoch),
        .bank(registers$bank),
        .sweeping(registers$sweeping),
        .row(registers$row),
        .write_even(registers$write_even),
        .write_odd(registers$write_odd),
        .data(registers$data)
    );
    pb_engine engine(
        .clock(clock),
        .reset(engine$reset),
        .n(engine$n),
        .m(engine$m),
        .seeded(engine$seeded),
        .exhausted(engine$exhausted),
        .changed(engine$changed),
        .in_valid(engine$in_valid),
        .in_bits(engine$in_bits),
        .in_count(engine$in_count),
        .in_ready(engine$in_ready),
        .in_refuse(engine$in_refuse),
        .discard(engine$discard),
        .discarded(engine$discarded),
        .made(engine$made),
        .out_valid(engine$out_valid),
        .out_ready(engine$out_ready),
        .out_last(engine$out_last),
        .out_error(engine$out_error),
        .taken(engine$taken),
        .untouched(engine$untouched),
        .kat_start(engine$kat_start),
        .kat_fault(engine$kat_fault),
        .kat_done(engine$kat_done),
        .kat_ok(engine$kat_ok),
        .corrupt(engine$corrupt),
        .parity_error(engine$parity_error),
        .wipe(engine$wipe),
        .clear(engine$clear),
        .shift(engine$shift),
        .add(engine$add),
        .bits(engine$bits),
        .address(engine$address),
        .pad(engine$pad),
        .test(engine$test),
        .fetch(engine$fetch),
        .forget(engine$forget),
        .beat(engine$beat),
        .mask(engine$mask),
        .out(engine$out)
    );
    pb_seeds seeds(
        .clock(clock),
        .write_row(seeds$write_row),
        .write_even(seeds$write_even),
        .write_odd(seeds$write_odd),
        .write_data(seeds$write_data),
        .write_fault(seeds$write_fault),
        .wipe(seeds$wipe),
        .advance(seeds$advance),
        .bank(seeds$bank),
        .address(seeds$address),
        .pad(seeds$pad),
        .test(seeds$test),
        .word(seeds$word),
        .corrupt(seeds$corrupt)
    );
    pb_columns columns(
        .clock(clock),
        .wipe(columns$wipe),
        .clear(columns$clear),
        .shift(columns$shift),
        .add(columns$add),
        .bits(columns$bits),
        .word(columns$word),
        .fetch(columns$fetch),
        .forget(columns$forget),
        .beat(columns$beat),
        .mask(columns$mask),
        .out(columns$out)
    );
    // Update code
    always @(*) begin
        empty = engine$untouched & ~in_pending;
        registers$reset = reset;
        registers$csr_write = csr_write;
        registers$csr_block = csr_block;
        registers$csr_register = csr_register;
        registers$csr_data = csr_data;
        registers$running = running;
        registers$snapshot = snapshot;
        registers$marked = marked;
        registers$empty = empty;
        registers$quiet = in_quiet;
        registers$made = engine$made;
        registers$discarded = engine$discarded;
        engine$reset = reset;
        engine$n = registers$n;
        engine$m = registers$m;
        engine$seeded = registers$seeded;
        engine$exhausted = registers$exhausted;
        engine$changed = registers$changed;
        engine$in_valid = in_valid;
        engine$in_bits = in_bits;
        engine$in_count = in_count;
        engine$discard = discard;
        engine$out_ready = out_ready;
        engine$kat_start = kat_start;
        engine$kat_fault = kat_fault;
        engine$corrupt = seeds$corrupt;
        engine$out = columns$out;
        seeds$write_row = registers$row;
        seeds$write_even = registers$write_even;
        seeds$write_odd = registers$write_odd;
        seeds$write_data = registers$data;
        seeds$write_fault = seed_fault;
        seeds$wipe = engine$wipe;
        seeds$advance = engine$shift;
        seeds$bank = registers$bank;
        seeds$address = engine$address;
        seeds$pad = engine$pad;
        seeds$test = engine$test;
        columns$wipe = engine$wipe;
        columns$clear = engine$clear;
        columns$shift = engine$shift;
        columns$add = engine$add;
        columns$bits = engine$bits;
        columns$word = seeds$word;
        columns$fetch = engine$fetch;
        columns$forget = engine$forget;
        columns$beat = engine$beat;
        columns$mask = engine$mask;
        csr_read = registers$csr_read;
        csr_refused = registers$csr_refused;
        in_ready = engine$in_ready;
        in_refuse = engine$in_refuse;
        mark = registers$mark;
        discarded = engine$discarded;
        made = engine$made;
        out_valid = engine$out_valid;
        out_data = columns$out;
        out_last = engine$out_last;
        out_error = engine$out_error;
        out_seed_epoch = registers$epoch;
        taken = engine$taken;
        seeded = registers$seeded;
        exhausted = registers$exhausted;
        seed_due_event = registers$due_event;
        n = registers$n;
        m = registers$m;
        claimed_h = registers$claimed_h;
        idle = engine$untouched;
        sweeping = registers$sweeping;
        kat_done = engine$kat_done;
        kat_ok = engine$kat_ok;
        parity_error = engine$parity_error;
    end
endmodule // pb_toeplitz

module pb_toeplitz_registers(clock,reset,csr_write,csr_block,csr_register,csr_data,csr_read,csr_refused,running,snapshot,marked,empty,quiet,made,discarded,mark,changed,n,m,claimed_h,seeded,exhausted,due_event,epoch,bank,sweeping,row,write_even,write_odd,data);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire csr_write;
    input wire [2:0] csr_block;
    input wire [6:0] csr_register;
    input wire [31:0] csr_data;
    output reg [31:0] csr_read;
    output reg csr_refused;
    input wire running;
    input wire snapshot;
    input wire marked;
    input wire empty;
    input wire quiet;
    input wire made;
    input wire discarded;
    output reg mark;
    output reg changed;
    output reg [15:0] n;
    output reg [15:0] m;
    output reg [16:0] claimed_h;
    output reg seeded;
    output reg exhausted;
    output reg due_event;
    output reg [15:0] epoch;
    output reg bank;
    output reg sweeping;
    output reg [7:0] row;
    output reg write_even;
    output reg write_odd;
    output reg [31:0] data;
    // Constant declarations
    localparam n_reset = 16'h400;
    localparam m_reset = 16'h180;
    localparam claimed_reset = 17'b1000000000000000;
    // Stub signals
    reg [15:0] n_bits$d;
    wire [15:0] n_bits$q;
    reg [15:0] m_bits$d;
    wire [15:0] m_bits$q;
    reg [16:0] claimed$d;
    wire [16:0] claimed$q;
    reg [31:0] limit$d;
    wire [31:0] limit$q;
    reg active$d;
    wire active$q;
    reg waiting$d;
    wire waiting$q;
    reg armed$d;
    wire armed$q;
    reg error$d;
    wire error$q;
    reg in_force$d;
    wire in_force$q;
    reg committed$d;
    wire committed$q;
    reg changing$d;
    wire changing$q;
    reg [31:0] number$d;
    wire [31:0] number$q;
    reg [31:0] served$d;
    wire [31:0] served$q;
    reg [63:0] blocks$d;
    wire [63:0] blocks$q;
    reg [63:0] raw$d;
    wire [63:0] raw$q;
    reg [63:0] blocks_copy$d;
    wire [63:0] blocks_copy$q;
    reg [63:0] raw_copy$d;
    wire [63:0] raw_copy$q;
    reg [12:0] words$d;
    wire [12:0] words$q;
    reg [12:0] wanted$d;
    wire [12:0] wanted$q;
    reg pending$d;
    wire pending$q;
    reg [31:0] pending_word$d;
    wire [31:0] pending_word$q;
    reg [12:0] pending_at$d;
    wire [12:0] pending_at$q;
    reg sweep0$reset;
    reg sweep0$restart;
    reg sweep0$step;
    wire [7:0] sweep0$at;
    reg sweep1$reset;
    reg sweep1$restart;
    reg sweep1$step;
    wire [7:0] sweep1$at;
    reg [31:0] three_quarters$d;
    wire [31:0] three_quarters$q;
    reg over$d;
    wire over$q;
    reg nearly$d;
    wire nearly$q;
    reg seen$d;
    wire seen$q;
    reg [2:0] check$d;
    wire [2:0] check$q;
    reg [31:0] read$d;
    wire [31:0] read$q;
    reg new_n$d;
    wire new_n$q;
    reg new_m$d;
    wire new_m$q;
    reg short$d;
    wire short$q;
    reg full$d;
    wire full$q;
    reg [2:0] select$csr_block;
    reg [6:0] select$csr_register;
    wire [12:0] select$at;
    // Local signals
    reg [12:0] at;
    reg write_shape;
    reg write_seed;
    reg commit;
    reg abandon;
    reg room;
    reg complete;
    reg reshape;
    reg fast;
    reg switch;
    reg [17:0] total;
    reg [7:0] spare_sweep;
    reg [7:0] other_sweep;
    reg spare;
    reg [7:0] pending_row;
    reg ahead;
    reg store;
    reg sweep_bank;
    reg [6:0] sweep_row;
    reg restart0;
    reg restart1;
    reg due;
    reg [31:0] status;
    // Sub module instances
    pb_dff_16 n_bits(
        .d(n_bits$d),
        .q(n_bits$q),
        .clock(clock)
    );
    pb_dff_16 m_bits(
        .d(m_bits$d),
        .q(m_bits$q),
        .clock(clock)
    );
    pb_dff_17 claimed(
        .d(claimed$d),
        .q(claimed$q),
        .clock(clock)
    );
    pb_dff_32 limit(
        .d(limit$d),
        .q(limit$q),
        .clock(clock)
    );
    pb_dff_1 active(
        .d(active$d),
        .q(active$q),
        .clock(clock)
    );
    pb_dff_1 waiting(
        .d(waiting$d),
        .q(waiting$q),
        .clock(clock)
    );
    pb_dff_1 armed(
        .d(armed$d),
        .q(armed$q),
        .clock(clock)
    );
    pb_dff_1 error(
        .d(error$d),
        .q(error$q),
        .clock(clock)
    );
    pb_dff_1 in_force(
        .d(in_force$d),
        .q(in_force$q),
        .clock(clock)
    );
    pb_dff_1 committed(
        .d(committed$d),
        .q(committed$q),
        .clock(clock)
    );
    pb_dff_1 changing(
        .d(changing$d),
        .q(changing$q),
        .clock(clock)
    );
    pb_dff_32 number(
        .d(number$d),
        .q(number$q),
        .clock(clock)
    );
    pb_dff_32 served(
        .d(served$d),
        .q(served$q),
        .clock(clock)
    );
    pb_dff_64 blocks(
        .d(blocks$d),
        .q(blocks$q),
        .clock(clock)
    );
    pb_dff_64 raw(
        .d(raw$d),
        .q(raw$q),
        .clock(clock)
    );
    pb_dff_64 blocks_copy(
        .d(blocks_copy$d),
        .q(blocks_copy$q),
        .clock(clock)
    );
    pb_dff_64 raw_copy(
        .d(raw_copy$d),
        .q(raw_copy$q),
        .clock(clock)
    );
    pb_dff_13 words(
        .d(words$d),
        .q(words$q),
        .clock(clock)
    );
    pb_dff_13 wanted(
        .d(wanted$d),
        .q(wanted$q),
        .clock(clock)
    );
    pb_dff_1 pending(
        .d(pending$d),
        .q(pending$q),
        .clock(clock)
    );
    pb_dff_32 pending_word(
        .d(pending_word$d),
        .q(pending_word$q),
        .clock(clock)
    );
    pb_dff_13 pending_at(
        .d(pending_at$d),
        .q(pending_at$q),
        .clock(clock)
    );
    pb_sweep0 sweep0(
        .clock(clock),
        .reset(sweep0$reset),
        .restart(sweep0$restart),
        .step(sweep0$step),
        .at(sweep0$at)
    );
    pb_sweep0 sweep1(
        .clock(clock),
        .reset(sweep1$reset),
        .restart(sweep1$restart),
        .step(sweep1$step),
        .at(sweep1$at)
    );
    pb_dff_32 three_quarters(
        .d(three_quarters$d),
        .q(three_quarters$q),
        .clock(clock)
    );
    pb_dff_1 over(
        .d(over$d),
        .q(over$q),
        .clock(clock)
    );
    pb_dff_1 nearly(
        .d(nearly$d),
        .q(nearly$q),
        .clock(clock)
    );
    pb_dff_1 seen(
        .d(seen$d),
        .q(seen$q),
        .clock(clock)
    );
    pb_dff_3 check(
        .d(check$d),
        .q(check$q),
        .clock(clock)
    );
    pb_dff_32 read(
        .d(read$d),
        .q(read$q),
        .clock(clock)
    );
    pb_dff_1 new_n(
        .d(new_n$d),
        .q(new_n$q),
        .clock(clock)
    );
    pb_dff_1 new_m(
        .d(new_m$d),
        .q(new_m$q),
        .clock(clock)
    );
    pb_dff_1 short(
        .d(short$d),
        .q(short$q),
        .clock(clock)
    );
    pb_dff_1 full(
        .d(full$d),
        .q(full$q),
        .clock(clock)
    );
    pb_select select(
        .clock(clock),
        .csr_block(select$csr_block),
        .csr_register(select$csr_register),
        .at(select$at)
    );
    // Update code
    always @(*) begin
        n_bits$d = n_bits$q;
        m_bits$d = m_bits$q;
        claimed$d = claimed$q;
        limit$d = limit$q;
        active$d = active$q;
        waiting$d = waiting$q;
        armed$d = armed$q;
        error$d = error$q;
        in_force$d = in_force$q;
        committed$d = committed$q;
        changing$d = changing$q;
        number$d = number$q;
        served$d = served$q;
        blocks$d = blocks$q;
        raw$d = raw$q;
        blocks_copy$d = blocks_copy$q;
        raw_copy$d = raw_copy$q;
        words$d = words$q;
        wanted$d = wanted$q;
        pending$d = pending$q;
        pending_word$d = pending_word$q;
        pending_at$d = pending_at$q;
        three_quarters$d = three_quarters$q;
        over$d = over$q;
        nearly$d = nearly$q;
        seen$d = seen$q;
        check$d = check$q;
        read$d = read$q;
        new_n$d = new_n$q;
        new_m$d = new_m$q;
        short$d = short$q;
        full$d = full$q;
        sweep0$reset = reset;
        sweep1$reset = reset;
        select$csr_block = csr_block;
        select$csr_register = csr_register;
        at = select$at;
        write_shape = csr_write & (at[32'h0] | at[32'h1] | at[32'h2]);
        write_seed = csr_write & at[32'h4];
        commit = csr_write & at[32'h5] & csr_data[32'h0];
        abandon = csr_write & at[32'h5] & csr_data[32'h1];
        new_n$d = csr_data[(32'h0)+:(16)] != n_bits$q;
        new_m$d = csr_data[(32'h0)+:(16)] != m_bits$q;
        reshape = 1'b0;
        if (csr_write & ~running) begin
            if (at[32'h0]) begin
                n_bits$d = csr_data[(32'h0)+:(16)];
                reshape = new_n$q;
            end
            if (at[32'h1]) begin
                m_bits$d = csr_data[(32'h0)+:(16)];
                reshape = new_m$q;
            end
            if (at[32'h2]) begin
                claimed$d = csr_data[(32'h0)+:(17)];
            end
        end
        if (csr_write & at[32'h3]) begin
            limit$d = csr_data;
        end
        total = ((n_bits$q) & 18'h3ffff) + ((m_bits$q) & 18'h3ffff) + 32'h1e;
        wanted$d = total[(32'h5)+:(13)];
        short$d = words$q < wanted$q;
        room = ~waiting$q & short$q;
        csr_refused = (write_shape & running) | (write_seed & ~room);
        spare = ~in_force$q;
        spare_sweep = sweep0$at;
        other_sweep = sweep1$at;
        if (spare) begin
            spare_sweep = sweep1$at;
            other_sweep = sweep0$at;
        end
        pending_row = ((pending_at$q[(32'h1)+:(7)]) & 8'hff);
        ahead = pending_row < spare_sweep;
        store = pending$q & ahead;
        if (store) begin
            pending$d = 1'b0;
            pending_word$d = 32'h0;
        end
        if (write_seed & room) begin
            words$d = words$q + 32'h1;
            pending$d = 1'b1;
            pending_word$d = csr_data;
            pending_at$d = words$q;
        end
        sweep_bank = spare;
        sweep_row = spare_sweep[(32'h0)+:(7)];
        if (spare_sweep[32'h7]) begin
            sweep_bank = in_force$q;
            sweep_row = other_sweep[(32'h0)+:(7)];
        end
        row = ((sweep_row) & 8'hff);
        if (sweep_bank) begin
            row = ((sweep_row) & 8'hff) | 32'h80;
        end
        data = 32'h0;
        sweeping = ~(sweep0$at[32'h7] & sweep1$at[32'h7]);
        write_even = sweeping;
        write_odd = sweeping;
        sweep0$step = 1'b0;
        sweep1$step = 1'b0;
        if (store) begin
            row = pending_row;
            if (spare) begin
                row = pending_row | 32'h80;
            end
            data = pending_word$q;
            write_even = ~pending_at$q[32'h0] & (pending_at$q[(32'h8)+:(5)] == 32'h0);
            write_odd = pending_at$q[32'h0] & (pending_at$q[(32'h8)+:(5)] == 32'h0);
        end
        else if (sweeping) begin
            if (sweep_bank) begin
                sweep1$step = 1'b1;
            end
            else begin
                sweep0$step = 1'b1;
            end
        end
        full$d = (words$q == wanted$q) & (n_bits$q != 32'h0) & (m_bits$q != 32'h0);
        complete = full$q;
        restart0 = 1'b0;
        restart1 = 1'b0;
        committed$d = 1'b0;
        if (abandon) begin
            error$d = 1'b0;
        end
        if (abandon | (commit & ~complete)) begin
            restart0 = in_force$q & ~waiting$q;
            restart1 = ~in_force$q & ~waiting$q;
        end
        if (abandon | commit) begin
            words$d = 32'h0;
        end
        if (abandon) begin
            pending$d = 1'b0;
            pending_word$d = 32'h0;
        end
        if (commit) begin
            error$d = 1'b1;
            if (complete & ~abandon) begin
                error$d = 1'b0;
                waiting$d = 1'b1;
                committed$d = 1'b1;
            end
        end
        fast = committed$q & quiet & empty;
        mark = committed$q & ~fast;
        if (marked) begin
            armed$d = 1'b1;
        end
        switch = fast | (waiting$q & ((marked & empty) | ((armed$q | marked) & (made | discarded))));
        check$d = ((check$q[(32'h0)+:(2)]) & 3'h7) << 32'h1;
        if (made) begin
            blocks$d = blocks$q + 32'h1;
            raw$d = raw$q + ((n_bits$q) & 64'hffffffffffffffff);
            if (~&served$q) begin
                served$d = served$q + 32'h1;
            end
            check$d = 32'h1;
        end
        if (snapshot) begin
            blocks_copy$d = blocks$q;
            raw_copy$d = raw$q;
        end
        changing$d = 1'b0;
        if (switch) begin
            active$d = 1'b1;
            waiting$d = 1'b0;
            armed$d = 1'b0;
            in_force$d = ~in_force$q;
            number$d = number$q + 32'h1;
            served$d = 32'h0;
            changing$d = 1'b1;
            restart0 = ~in_force$q;
            restart1 = in_force$q;
        end
        if (reshape) begin
            active$d = 1'b0;
            waiting$d = 1'b0;
            armed$d = 1'b0;
            error$d = 1'b0;
            committed$d = 1'b0;
            words$d = 32'h0;
            pending$d = 1'b0;
            pending_word$d = 32'h0;
            restart0 = 1'b1;
            restart1 = 1'b1;
        end
        sweep0$restart = restart0;
        sweep1$restart = restart1;
        three_quarters$d = limit$q - (limit$q >> 32'h2);
        over$d = (limit$q != 32'h0) & (served$q >= limit$q);
        nearly$d = (limit$q != 32'h0) & (served$q >= three_quarters$q);
        if (switch) begin
            over$d = 1'b0;
            nearly$d = 1'b0;
        end
        due = nearly$q & active$q & ~waiting$q;
        due_event = check$q[32'h2] & due & ~seen$q;
        if (check$q[32'h2]) begin
            seen$d = due;
        end
        status = ((words$q[(32'h0)+:(12)]) & 32'hffffffff);
        if (active$q) begin
            status = status | 32'h10000;
        end
        if (waiting$q) begin
            status = status | 32'h20000;
        end
        if (due) begin
            status = status | 32'h40000;
        end
        if (over$q & active$q) begin
            status = status | 32'h80000;
        end
        if (error$q) begin
            status = status | 32'h100000;
        end
        if (in_force$q) begin
            status = status | 32'h200000;
        end
        read$d = 32'h0;
        if (at[32'h0]) begin
            read$d = ((n_bits$q) & 32'hffffffff);
        end
        if (at[32'h1]) begin
            read$d = ((m_bits$q) & 32'hffffffff);
        end
        if (at[32'h2]) begin
            read$d = ((claimed$q) & 32'hffffffff);
        end
        if (at[32'h3]) begin
            read$d = limit$q;
        end
        if (at[32'h6]) begin
            read$d = status;
        end
        if (at[32'h7]) begin
            read$d = number$q;
        end
        if (at[32'h8]) begin
            read$d = served$q;
        end
        if (at[32'h9]) begin
            read$d = blocks_copy$q[(32'h0)+:(32)];
        end
        if (at[32'ha]) begin
            read$d = blocks_copy$q[(32'h20)+:(32)];
        end
        if (at[32'hb]) begin
            read$d = raw_copy$q[(32'h0)+:(32)];
        end
        if (at[32'hc]) begin
            read$d = raw_copy$q[(32'h20)+:(32)];
        end
        csr_read = read$q;
        changed = changing$q;
        n = n_bits$q;
        m = m_bits$q;
        claimed_h = claimed$q;
        seeded = active$q;
        exhausted = over$q & active$q;
        epoch = number$q[(32'h0)+:(16)];
        bank = in_force$q;
        if (reset) begin
            n_bits$d = n_reset;
            m_bits$d = m_reset;
            claimed$d = claimed_reset;
            limit$d = 32'h0;
            active$d = 1'b0;
            waiting$d = 1'b0;
            armed$d = 1'b0;
            error$d = 1'b0;
            in_force$d = 1'b0;
            committed$d = 1'b0;
            changing$d = 1'b0;
            number$d = 32'h0;
            served$d = 32'h0;
            blocks$d = 32'h0;
            raw$d = 32'h0;
            blocks_copy$d = 32'h0;
            raw_copy$d = 32'h0;
            words$d = 32'h0;
            pending$d = 1'b0;
            pending_word$d = 32'h0;
            seen$d = 1'b0;
            check$d = 32'h0;
            over$d = 1'b0;
            nearly$d = 1'b0;
        end
    end
endmodule // pb_toeplitz_registers

module pb_window_register(clock,reset,write,data,value);
    // Module arguments
    input wire clock;
    input wire reset;
    input wire write;
    input wire [15:0] data;
    output reg [15:0] value;
    // Constant declarations
    localparam after_reset = 16'h0;
    // Update code (custom)
    initial value = after_reset;
    always @(posedge clock) begin
        if (reset) value <= after_reset;
        else if (write) value <= data;
    end
endmodule // pb_window_register

module pb_words(address,clock,data);
    // Module arguments
    input wire [9:0] address;
    input wire clock;
    output reg [41:0] data;
    // Update code (custom)
    reg[41:0] mem [1023:0];
    initial begin
    mem[10'b0] = 42'h211c2003e0;
    mem[10'b1] = 42'h1230c2007e0;
    mem[10'b10] = 42'h2250c080401;
    mem[10'b11] = 42'h3270c0c0801;
    mem[10'b100] = 42'h228040c0822;
    mem[10'b101] = 42'h129082013e0;
    mem[10'b110] = 42'h32a04100c22;
    mem[10'b111] = 42'h12b082017e0;
    mem[10'b1000] = 42'h22c04100c43;
    mem[10'b1001] = 42'h32d08181401;
    mem[10'b1010] = 42'h32e04141043;
    mem[10'b1011] = 42'h12f08201be1;
    mem[10'b1100] = 42'h23004141064;
    mem[10'b1101] = 42'h13108201be2;
    mem[10'b1110] = 42'h3330c181464;
    mem[10'b1111] = 42'h2350c181485;
    mem[10'b10000] = 42'h1370c201be5;
    mem[10'b10001] = 42'h390c201be6;
    mem[10'b10010] = 42'h3b0c2023ff;
    mem[10'b10011] = 42'h401c3430bf;
    mem[10'b10100] = 42'hc3438c5;
    mem[10'b10101] = 42'hf0c203be6;
    mem[10'b10110] = 42'h4014982ebf;
    mem[10'b10111] = 42'h109096f6;
    mem[10'b11000] = 42'h10208ff8;
    mem[10'b11001] = 42'h10208bf9;
    mem[10'b11010] = 42'h102087fa;
    mem[10'b11011] = 42'h182083fb;
    mem[10'b11100] = 42'h4989ed5;
    mem[10'b11101] = 42'h909717;
    mem[10'b11110] = 42'h888f59;
    mem[10'b11111] = 42'h880879b;
    mem[10'b100000] = 42'h1004989ef6;
    mem[10'b100001] = 42'h1000909738;
    mem[10'b100010] = 42'h1000888f7a;
    mem[10'b100011] = 42'h11082087fc;
    mem[10'b100100] = 42'h1204989f17;
    mem[10'b100101] = 42'h1200909759;
    mem[10'b100110] = 42'h1308888f9b;
    mem[10'b100111] = 42'h1404989f38;
    mem[10'b101000] = 42'h140090977a;
    mem[10'b101001] = 42'h1508208ffc;
    mem[10'b101010] = 42'h1604989f59;
    mem[10'b101011] = 42'h170890979b;
    mem[10'b101100] = 42'h1804989f7a;
    mem[10'b101101] = 42'h19082097fc;
    mem[10'b101110] = 42'h1b0c989f9b;
    mem[10'b101111] = 42'h1d0c209ffc;
    mem[10'b110000] = 42'h402c2027f0;
    mem[10'b110001] = 42'h400ca42511;
    mem[10'b110010] = 42'h4004a82512;
    mem[10'b110011] = 42'h820a7e9;
    mem[10'b110100] = 42'h4004ac2513;
    mem[10'b110101] = 42'h8a4a949;
    mem[10'b110110] = 42'h4004b02514;
    mem[10'b110111] = 42'ha8ad49;
    mem[10'b111000] = 42'h820a7eb;
    mem[10'b111001] = 42'h4004b42515;
    mem[10'b111010] = 42'hacb149;
    mem[10'b111011] = 42'h8a4a98b;
    mem[10'b111100] = 42'h4004b82516;
    mem[10'b111101] = 42'hb0b549;
    mem[10'b111110] = 42'ha8ad8b;
    mem[10'b111111] = 42'h820a7ed;
    mem[10'b1000000] = 42'h817c242900;
    mem[10'b1000001] = 42'h834c242921;
    mem[10'b1000010] = 42'h854c242942;
    mem[10'b1000011] = 42'h874c242963;
    mem[10'b1000100] = 42'h894c242984;
    mem[10'b1000101] = 42'h8b4c2429a5;
    mem[10'b1000110] = 42'h8d4c2429c6;
    mem[10'b1000111] = 42'h9c2027e0;
    mem[10'b1001000] = 42'h28c4424e1;
    mem[10'b1001001] = 42'h48c4824e2;
    mem[10'b1001010] = 42'h68c4c24e3;
    mem[10'b1001011] = 42'h88c5024e4;
    mem[10'b1001100] = 42'ha8c5424e5;
    mem[10'b1001101] = 42'h2023ff;
    mem[10'b1001110] = 42'h2023ff;
    mem[10'b1001111] = 42'h2023ff;
    mem[10'b1010000] = 42'h2023ff;
    mem[10'b1010001] = 42'h2023ff;
    mem[10'b1010010] = 42'h2023ff;
    mem[10'b1010011] = 42'h2023ff;
    mem[10'b1010100] = 42'h2023ff;
    mem[10'b1010101] = 42'h2023ff;
    mem[10'b1010110] = 42'h2023ff;
    mem[10'b1010111] = 42'h2023ff;
    mem[10'b1011000] = 42'h2023ff;
    mem[10'b1011001] = 42'h2023ff;
    mem[10'b1011010] = 42'h2023ff;
    mem[10'b1011011] = 42'h2023ff;
    mem[10'b1011100] = 42'h2023ff;
    mem[10'b1011101] = 42'h2023ff;
    mem[10'b1011110] = 42'h2023ff;
    mem[10'b1011111] = 42'h2023ff;
    mem[10'b1100000] = 42'h2023ff;
    mem[10'b1100001] = 42'h2023ff;
    mem[10'b1100010] = 42'h2023ff;
    mem[10'b1100011] = 42'h2023ff;
    mem[10'b1100100] = 42'h2023ff;
    mem[10'b1100101] = 42'h2023ff;
    mem[10'b1100110] = 42'h2023ff;
    mem[10'b1100111] = 42'h2023ff;
    mem[10'b1101000] = 42'h2023ff;
    mem[10'b1101001] = 42'h2023ff;
    mem[10'b1101010] = 42'h2023ff;
    mem[10'b1101011] = 42'h2023ff;
    mem[10'b1101100] = 42'h2023ff;
    mem[10'b1101101] = 42'h2023ff;
    mem[10'b1101110] = 42'h2023ff;
    mem[10'b1101111] = 42'h2023ff;
    mem[10'b1110000] = 42'h1cc027c0;
    mem[10'b1110001] = 42'h20c24c43e;
    mem[10'b1110010] = 42'h40c24c85e;
    mem[10'b1110011] = 42'h60c24cc7e;
    mem[10'b1110100] = 42'h80c24d09e;
    mem[10'b1110101] = 42'ha0c24d4be;
    mem[10'b1110110] = 42'hccc24d8de;
    mem[10'b1110111] = 42'h1c2023ff;
    mem[10'b1111000] = 42'h1c2023ff;
    mem[10'b1111001] = 42'h1c2023ff;
    mem[10'b1111010] = 42'h1c2023ff;
    mem[10'b1111011] = 42'h1c2023ff;
    mem[10'b1111100] = 42'h1c2023ff;
    mem[10'b1111101] = 42'h1c2023ff;
    mem[10'b1111110] = 42'h1c2023ff;
    mem[10'b1111111] = 42'h1c2023ff;
    mem[10'b10000000] = 42'h211c2003e0;
    mem[10'b10000001] = 42'h1230c2007e0;
    mem[10'b10000010] = 42'h2250c080401;
    mem[10'b10000011] = 42'h3270c0c0801;
    mem[10'b10000100] = 42'h228040c0822;
    mem[10'b10000101] = 42'h129082013e0;
    mem[10'b10000110] = 42'h32a04100c22;
    mem[10'b10000111] = 42'h12b082017e0;
    mem[10'b10001000] = 42'h22c04100c43;
    mem[10'b10001001] = 42'h32d08181401;
    mem[10'b10001010] = 42'h32e04141043;
    mem[10'b10001011] = 42'h12f08201be1;
    mem[10'b10001100] = 42'h23004141064;
    mem[10'b10001101] = 42'h13108201be2;
    mem[10'b10001110] = 42'h3330c181464;
    mem[10'b10001111] = 42'h2350c181485;
    mem[10'b10010000] = 42'h1370c201be5;
    mem[10'b10010001] = 42'h390c201be6;
    mem[10'b10010010] = 42'h3b0c2023ff;
    mem[10'b10010011] = 42'h401c3430bf;
    mem[10'b10010100] = 42'hc3438c5;
    mem[10'b10010101] = 42'hf0c203be6;
    mem[10'b10010110] = 42'h4014f82ebf;
    mem[10'b10010111] = 42'h10f0f6f6;
    mem[10'b10011000] = 42'h1020eff8;
    mem[10'b10011001] = 42'h1020ebf9;
    mem[10'b10011010] = 42'h1020e7fa;
    mem[10'b10011011] = 42'h1820e3fb;
    mem[10'b10011100] = 42'h4f8fed5;
    mem[10'b10011101] = 42'hf0f717;
    mem[10'b10011110] = 42'he8ef59;
    mem[10'b10011111] = 42'h8e0e79b;
    mem[10'b10100000] = 42'h1004f8fef6;
    mem[10'b10100001] = 42'h1000f0f738;
    mem[10'b10100010] = 42'h1000e8ef7a;
    mem[10'b10100011] = 42'h110820e7fc;
    mem[10'b10100100] = 42'h1204f8ff17;
    mem[10'b10100101] = 42'h1200f0f759;
    mem[10'b10100110] = 42'h1308e8ef9b;
    mem[10'b10100111] = 42'h1404f8ff38;
    mem[10'b10101000] = 42'h1400f0f77a;
    mem[10'b10101001] = 42'h150820effc;
    mem[10'b10101010] = 42'h1604f8ff59;
    mem[10'b10101011] = 42'h1708f0f79b;
    mem[10'b10101100] = 42'h1804f8ff7a;
    mem[10'b10101101] = 42'h190820f7fc;
    mem[10'b10101110] = 42'h1b0cf8ff9b;
    mem[10'b10101111] = 42'h1d0c20fffc;
    mem[10'b10110000] = 42'h402c2027f0;
    mem[10'b10110001] = 42'h400d042511;
    mem[10'b10110010] = 42'h4005082512;
    mem[10'b10110011] = 42'h82107e9;
    mem[10'b10110100] = 42'h40050c2513;
    mem[10'b10110101] = 42'h9050949;
    mem[10'b10110110] = 42'h4005102514;
    mem[10'b10110111] = 42'h1090d49;
    mem[10'b10111000] = 42'h82107eb;
    mem[10'b10111001] = 42'h4005142515;
    mem[10'b10111010] = 42'h10d1149;
    mem[10'b10111011] = 42'h905098b;
    mem[10'b10111100] = 42'h4005182516;
    mem[10'b10111101] = 42'h1111549;
    mem[10'b10111110] = 42'h1090d8b;
    mem[10'b10111111] = 42'h82107ed;
    mem[10'b11000000] = 42'h817c242900;
    mem[10'b11000001] = 42'h834c242921;
    mem[10'b11000010] = 42'h854c242942;
    mem[10'b11000011] = 42'h874c242963;
    mem[10'b11000100] = 42'h894c242984;
    mem[10'b11000101] = 42'h8b4c2429a5;
    mem[10'b11000110] = 42'h8d4c2429c6;
    mem[10'b11000111] = 42'h9c2027e0;
    mem[10'b11001000] = 42'h28c4424e1;
    mem[10'b11001001] = 42'h48c4824e2;
    mem[10'b11001010] = 42'h68c4c24e3;
    mem[10'b11001011] = 42'h88c5024e4;
    mem[10'b11001100] = 42'ha8c5424e5;
    mem[10'b11001101] = 42'h2023ff;
    mem[10'b11001110] = 42'h2023ff;
    mem[10'b11001111] = 42'h2023ff;
    mem[10'b11010000] = 42'h2023ff;
    mem[10'b11010001] = 42'h2023ff;
    mem[10'b11010010] = 42'h2023ff;
    mem[10'b11010011] = 42'h2023ff;
    mem[10'b11010100] = 42'h2023ff;
    mem[10'b11010101] = 42'h2023ff;
    mem[10'b11010110] = 42'h2023ff;
    mem[10'b11010111] = 42'h2023ff;
    mem[10'b11011000] = 42'h2023ff;
    mem[10'b11011001] = 42'h2023ff;
    mem[10'b11011010] = 42'h2023ff;
    mem[10'b11011011] = 42'h2023ff;
    mem[10'b11011100] = 42'h2023ff;
    mem[10'b11011101] = 42'h2023ff;
    mem[10'b11011110] = 42'h2023ff;
    mem[10'b11011111] = 42'h2023ff;
    mem[10'b11100000] = 42'h2023ff;
    mem[10'b11100001] = 42'h2023ff;
    mem[10'b11100010] = 42'h2023ff;
    mem[10'b11100011] = 42'h2023ff;
    mem[10'b11100100] = 42'h2023ff;
    mem[10'b11100101] = 42'h2023ff;
    mem[10'b11100110] = 42'h2023ff;
    mem[10'b11100111] = 42'h2023ff;
    mem[10'b11101000] = 42'h2023ff;
    mem[10'b11101001] = 42'h2023ff;
    mem[10'b11101010] = 42'h2023ff;
    mem[10'b11101011] = 42'h2023ff;
    mem[10'b11101100] = 42'h2023ff;
    mem[10'b11101101] = 42'h2023ff;
    mem[10'b11101110] = 42'h2023ff;
    mem[10'b11101111] = 42'h2023ff;
    mem[10'b11110000] = 42'h1d2027c0;
    mem[10'b11110001] = 42'h20c25243e;
    mem[10'b11110010] = 42'h40c25285e;
    mem[10'b11110011] = 42'h60c252c7e;
    mem[10'b11110100] = 42'h80c25309e;
    mem[10'b11110101] = 42'ha0c2534be;
    mem[10'b11110110] = 42'hccc2538de;
    mem[10'b11110111] = 42'h1c2023ff;
    mem[10'b11111000] = 42'h1c2023ff;
    mem[10'b11111001] = 42'h1c2023ff;
    mem[10'b11111010] = 42'h1c2023ff;
    mem[10'b11111011] = 42'h1c2023ff;
    mem[10'b11111100] = 42'h1c2023ff;
    mem[10'b11111101] = 42'h1c2023ff;
    mem[10'b11111110] = 42'h1c2023ff;
    mem[10'b11111111] = 42'h1c2023ff;
    mem[10'b100000000] = 42'h211c2003e0;
    mem[10'b100000001] = 42'h1230c2007e0;
    mem[10'b100000010] = 42'h2250c080401;
    mem[10'b100000011] = 42'h3270c0c0801;
    mem[10'b100000100] = 42'h228040c0822;
    mem[10'b100000101] = 42'h129082013e0;
    mem[10'b100000110] = 42'h32a04100c22;
    mem[10'b100000111] = 42'h12b082017e0;
    mem[10'b100001000] = 42'h22c04100c43;
    mem[10'b100001001] = 42'h32d08181401;
    mem[10'b100001010] = 42'h32e04141043;
    mem[10'b100001011] = 42'h12f08201be1;
    mem[10'b100001100] = 42'h23004141064;
    mem[10'b100001101] = 42'h13108201be2;
    mem[10'b100001110] = 42'h3330c181464;
    mem[10'b100001111] = 42'h2350c181485;
    mem[10'b100010000] = 42'h1370c201be5;
    mem[10'b100010001] = 42'h390c201be6;
    mem[10'b100010010] = 42'h3b0c2023ff;
    mem[10'b100010011] = 42'h401c3430bf;
    mem[10'b100010100] = 42'hc3438c5;
    mem[10'b100010101] = 42'hf0c203be6;
    mem[10'b100010110] = 42'h4015582ebf;
    mem[10'b100010111] = 42'h115156f6;
    mem[10'b100011000] = 42'h10214ff8;
    mem[10'b100011001] = 42'h10214bf9;
    mem[10'b100011010] = 42'h102147fa;
    mem[10'b100011011] = 42'h182143fb;
    mem[10'b100011100] = 42'h5595ed5;
    mem[10'b100011101] = 42'h1515717;
    mem[10'b100011110] = 42'h1494f59;
    mem[10'b100011111] = 42'h941479b;
    mem[10'b100100000] = 42'h1005595ef6;
    mem[10'b100100001] = 42'h1001515738;
    mem[10'b100100010] = 42'h1001494f7a;
    mem[10'b100100011] = 42'h11082147fc;
    mem[10'b100100100] = 42'h1205595f17;
    mem[10'b100100101] = 42'h1201515759;
    mem[10'b100100110] = 42'h1309494f9b;
    mem[10'b100100111] = 42'h1405595f38;
    mem[10'b100101000] = 42'h140151577a;
    mem[10'b100101001] = 42'h1508214ffc;
    mem[10'b100101010] = 42'h1605595f59;
    mem[10'b100101011] = 42'h170951579b;
    mem[10'b100101100] = 42'h1805595f7a;
    mem[10'b100101101] = 42'h19082157fc;
    mem[10'b100101110] = 42'h1b0d595f9b;
    mem[10'b100101111] = 42'h1d0c215ffc;
    mem[10'b100110000] = 42'h402c2027f0;
    mem[10'b100110001] = 42'h400d642511;
    mem[10'b100110010] = 42'h4005682512;
    mem[10'b100110011] = 42'h82167e9;
    mem[10'b100110100] = 42'h40056c2513;
    mem[10'b100110101] = 42'h9656949;
    mem[10'b100110110] = 42'h4005702514;
    mem[10'b100110111] = 42'h1696d49;
    mem[10'b100111000] = 42'h82167eb;
    mem[10'b100111001] = 42'h4005742515;
    mem[10'b100111010] = 42'h16d7149;
    mem[10'b100111011] = 42'h965698b;
    mem[10'b100111100] = 42'h4005782516;
    mem[10'b100111101] = 42'h1717549;
    mem[10'b100111110] = 42'h1696d8b;
    mem[10'b100111111] = 42'h82167ed;
    mem[10'b101000000] = 42'h817c242900;
    mem[10'b101000001] = 42'h834c242921;
    mem[10'b101000010] = 42'h854c242942;
    mem[10'b101000011] = 42'h874c242963;
    mem[10'b101000100] = 42'h894c242984;
    mem[10'b101000101] = 42'h8b4c2429a5;
    mem[10'b101000110] = 42'h8d4c2429c6;
    mem[10'b101000111] = 42'h9c2027e0;
    mem[10'b101001000] = 42'h28c4424e1;
    mem[10'b101001001] = 42'h48c4824e2;
    mem[10'b101001010] = 42'h68c4c24e3;
    mem[10'b101001011] = 42'h88c5024e4;
    mem[10'b101001100] = 42'ha8c5424e5;
    mem[10'b101001101] = 42'h2023ff;
    mem[10'b101001110] = 42'h2023ff;
    mem[10'b101001111] = 42'h2023ff;
    mem[10'b101010000] = 42'h2023ff;
    mem[10'b101010001] = 42'h2023ff;
    mem[10'b101010010] = 42'h2023ff;
    mem[10'b101010011] = 42'h2023ff;
    mem[10'b101010100] = 42'h2023ff;
    mem[10'b101010101] = 42'h2023ff;
    mem[10'b101010110] = 42'h2023ff;
    mem[10'b101010111] = 42'h2023ff;
    mem[10'b101011000] = 42'h2023ff;
    mem[10'b101011001] = 42'h2023ff;
    mem[10'b101011010] = 42'h2023ff;
    mem[10'b101011011] = 42'h2023ff;
    mem[10'b101011100] = 42'h2023ff;
    mem[10'b101011101] = 42'h2023ff;
    mem[10'b101011110] = 42'h2023ff;
    mem[10'b101011111] = 42'h2023ff;
    mem[10'b101100000] = 42'h2023ff;
    mem[10'b101100001] = 42'h2023ff;
    mem[10'b101100010] = 42'h2023ff;
    mem[10'b101100011] = 42'h2023ff;
    mem[10'b101100100] = 42'h2023ff;
    mem[10'b101100101] = 42'h2023ff;
    mem[10'b101100110] = 42'h2023ff;
    mem[10'b101100111] = 42'h2023ff;
    mem[10'b101101000] = 42'h2023ff;
    mem[10'b101101001] = 42'h2023ff;
    mem[10'b101101010] = 42'h2023ff;
    mem[10'b101101011] = 42'h2023ff;
    mem[10'b101101100] = 42'h2023ff;
    mem[10'b101101101] = 42'h2023ff;
    mem[10'b101101110] = 42'h2023ff;
    mem[10'b101101111] = 42'h2023ff;
    mem[10'b101110000] = 42'h1d8027c0;
    mem[10'b101110001] = 42'h20c25843e;
    mem[10'b101110010] = 42'h40c25885e;
    mem[10'b101110011] = 42'h60c258c7e;
    mem[10'b101110100] = 42'h80c25909e;
    mem[10'b101110101] = 42'ha0c2594be;
    mem[10'b101110110] = 42'hccc2598de;
    mem[10'b101110111] = 42'h1c2023ff;
    mem[10'b101111000] = 42'h1c2023ff;
    mem[10'b101111001] = 42'h1c2023ff;
    mem[10'b101111010] = 42'h1c2023ff;
    mem[10'b101111011] = 42'h1c2023ff;
    mem[10'b101111100] = 42'h1c2023ff;
    mem[10'b101111101] = 42'h1c2023ff;
    mem[10'b101111110] = 42'h1c2023ff;
    mem[10'b101111111] = 42'h1c2023ff;
    mem[10'b110000000] = 42'h211c2003e0;
    mem[10'b110000001] = 42'h1230c2007e0;
    mem[10'b110000010] = 42'h2250c080401;
    mem[10'b110000011] = 42'h3270c0c0801;
    mem[10'b110000100] = 42'h228040c0822;
    mem[10'b110000101] = 42'h129082013e0;
    mem[10'b110000110] = 42'h32a04100c22;
    mem[10'b110000111] = 42'h12b082017e0;
    mem[10'b110001000] = 42'h22c04100c43;
    mem[10'b110001001] = 42'h32d08181401;
    mem[10'b110001010] = 42'h32e04141043;
    mem[10'b110001011] = 42'h12f08201be1;
    mem[10'b110001100] = 42'h23004141064;
    mem[10'b110001101] = 42'h13108201be2;
    mem[10'b110001110] = 42'h3330c181464;
    mem[10'b110001111] = 42'h2350c181485;
    mem[10'b110010000] = 42'h1370c201be5;
    mem[10'b110010001] = 42'h390c201be6;
    mem[10'b110010010] = 42'h3b0c2023ff;
    mem[10'b110010011] = 42'h401c3430bf;
    mem[10'b110010100] = 42'hc3438c5;
    mem[10'b110010101] = 42'hf0c203be6;
    mem[10'b110010110] = 42'h4015b82ebf;
    mem[10'b110010111] = 42'h11b1b6f6;
    mem[10'b110011000] = 42'h1021aff8;
    mem[10'b110011001] = 42'h1021abf9;
    mem[10'b110011010] = 42'h1021a7fa;
    mem[10'b110011011] = 42'h1821a3fb;
    mem[10'b110011100] = 42'h5b9bed5;
    mem[10'b110011101] = 42'h1b1b717;
    mem[10'b110011110] = 42'h1a9af59;
    mem[10'b110011111] = 42'h9a1a79b;
    mem[10'b110100000] = 42'h1005b9bef6;
    mem[10'b110100001] = 42'h1001b1b738;
    mem[10'b110100010] = 42'h1001a9af7a;
    mem[10'b110100011] = 42'h110821a7fc;
    mem[10'b110100100] = 42'h1205b9bf17;
    mem[10'b110100101] = 42'h1201b1b759;
    mem[10'b110100110] = 42'h1309a9af9b;
    mem[10'b110100111] = 42'h1405b9bf38;
    mem[10'b110101000] = 42'h1401b1b77a;
    mem[10'b110101001] = 42'h150821affc;
    mem[10'b110101010] = 42'h1605b9bf59;
    mem[10'b110101011] = 42'h1709b1b79b;
    mem[10'b110101100] = 42'h1805b9bf7a;
    mem[10'b110101101] = 42'h190821b7fc;
    mem[10'b110101110] = 42'h1b0db9bf9b;
    mem[10'b110101111] = 42'h1d0c21bffc;
    mem[10'b110110000] = 42'h402c2027f0;
    mem[10'b110110001] = 42'h400dc42511;
    mem[10'b110110010] = 42'h4005c82512;
    mem[10'b110110011] = 42'h821c7e9;
    mem[10'b110110100] = 42'h4005cc2513;
    mem[10'b110110101] = 42'h9c5c949;
    mem[10'b110110110] = 42'h4005d02514;
    mem[10'b110110111] = 42'h1c9cd49;
    mem[10'b110111000] = 42'h821c7eb;
    mem[10'b110111001] = 42'h4005d42515;
    mem[10'b110111010] = 42'h1cdd149;
    mem[10'b110111011] = 42'h9c5c98b;
    mem[10'b110111100] = 42'h4005d82516;
    mem[10'b110111101] = 42'h1d1d549;
    mem[10'b110111110] = 42'h1c9cd8b;
    mem[10'b110111111] = 42'h821c7ed;
    mem[10'b111000000] = 42'h817c242900;
    mem[10'b111000001] = 42'h834c242921;
    mem[10'b111000010] = 42'h854c242942;
    mem[10'b111000011] = 42'h874c242963;
    mem[10'b111000100] = 42'h894c242984;
    mem[10'b111000101] = 42'h8b4c2429a5;
    mem[10'b111000110] = 42'h8d4c2429c6;
    mem[10'b111000111] = 42'h9c2027e0;
    mem[10'b111001000] = 42'h28c4424e1;
    mem[10'b111001001] = 42'h48c4824e2;
    mem[10'b111001010] = 42'h68c4c24e3;
    mem[10'b111001011] = 42'h88c5024e4;
    mem[10'b111001100] = 42'ha8c5424e5;
    mem[10'b111001101] = 42'h2023ff;
    mem[10'b111001110] = 42'h2023ff;
    mem[10'b111001111] = 42'h2023ff;
    mem[10'b111010000] = 42'h2023ff;
    mem[10'b111010001] = 42'h2023ff;
    mem[10'b111010010] = 42'h2023ff;
    mem[10'b111010011] = 42'h2023ff;
    mem[10'b111010100] = 42'h2023ff;
    mem[10'b111010101] = 42'h2023ff;
    mem[10'b111010110] = 42'h2023ff;
    mem[10'b111010111] = 42'h2023ff;
    mem[10'b111011000] = 42'h2023ff;
    mem[10'b111011001] = 42'h2023ff;
    mem[10'b111011010] = 42'h2023ff;
    mem[10'b111011011] = 42'h2023ff;
    mem[10'b111011100] = 42'h2023ff;
    mem[10'b111011101] = 42'h2023ff;
    mem[10'b111011110] = 42'h2023ff;
    mem[10'b111011111] = 42'h2023ff;
    mem[10'b111100000] = 42'h2023ff;
    mem[10'b111100001] = 42'h2023ff;
    mem[10'b111100010] = 42'h2023ff;
    mem[10'b111100011] = 42'h2023ff;
    mem[10'b111100100] = 42'h2023ff;
    mem[10'b111100101] = 42'h2023ff;
    mem[10'b111100110] = 42'h2023ff;
    mem[10'b111100111] = 42'h2023ff;
    mem[10'b111101000] = 42'h2023ff;
    mem[10'b111101001] = 42'h2023ff;
    mem[10'b111101010] = 42'h2023ff;
    mem[10'b111101011] = 42'h2023ff;
    mem[10'b111101100] = 42'h2023ff;
    mem[10'b111101101] = 42'h2023ff;
    mem[10'b111101110] = 42'h2023ff;
    mem[10'b111101111] = 42'h2023ff;
    mem[10'b111110000] = 42'h1de027c0;
    mem[10'b111110001] = 42'h20c25e43e;
    mem[10'b111110010] = 42'h40c25e85e;
    mem[10'b111110011] = 42'h60c25ec7e;
    mem[10'b111110100] = 42'h80c25f09e;
    mem[10'b111110101] = 42'ha0c25f4be;
    mem[10'b111110110] = 42'hccc25f8de;
    mem[10'b111110111] = 42'h1c2023ff;
    mem[10'b111111000] = 42'h1c2023ff;
    mem[10'b111111001] = 42'h1c2023ff;
    mem[10'b111111010] = 42'h1c2023ff;
    mem[10'b111111011] = 42'h1c2023ff;
    mem[10'b111111100] = 42'h1c2023ff;
    mem[10'b111111101] = 42'h1c2023ff;
    mem[10'b111111110] = 42'h1c2023ff;
    mem[10'b111111111] = 42'h1c2023ff;
    mem[10'b1000000000] = 42'h211c2003e0;
    mem[10'b1000000001] = 42'h1230c2007e0;
    mem[10'b1000000010] = 42'h2250c080401;
    mem[10'b1000000011] = 42'h3270c0c0801;
    mem[10'b1000000100] = 42'h228040c0822;
    mem[10'b1000000101] = 42'h129082013e0;
    mem[10'b1000000110] = 42'h32a04100c22;
    mem[10'b1000000111] = 42'h12b082017e0;
    mem[10'b1000001000] = 42'h22c04100c43;
    mem[10'b1000001001] = 42'h32d08181401;
    mem[10'b1000001010] = 42'h32e04141043;
    mem[10'b1000001011] = 42'h12f08201be1;
    mem[10'b1000001100] = 42'h23004141064;
    mem[10'b1000001101] = 42'h13108201be2;
    mem[10'b1000001110] = 42'h3330c181464;
    mem[10'b1000001111] = 42'h2350c181485;
    mem[10'b1000010000] = 42'h1370c201be5;
    mem[10'b1000010001] = 42'h390c201be6;
    mem[10'b1000010010] = 42'h3b0c2023ff;
    mem[10'b1000010011] = 42'h401c3430bf;
    mem[10'b1000010100] = 42'hc3438c5;
    mem[10'b1000010101] = 42'hf0c203be6;
    mem[10'b1000010110] = 42'h4016182edf;
    mem[10'b1000010111] = 42'h12121717;
    mem[10'b1000011000] = 42'h10220ff9;
    mem[10'b1000011001] = 42'h10220bfa;
    mem[10'b1000011010] = 42'h102207fb;
    mem[10'b1000011011] = 42'h182203fc;
    mem[10'b1000011100] = 42'h61a1ef6;
    mem[10'b1000011101] = 42'h2121738;
    mem[10'b1000011110] = 42'h20a0f7a;
    mem[10'b1000011111] = 42'ha0207bc;
    mem[10'b1000100000] = 42'h10061a1f17;
    mem[10'b1000100001] = 42'h1002121759;
    mem[10'b1000100010] = 42'h10020a0f9b;
    mem[10'b1000100011] = 42'h11082207fd;
    mem[10'b1000100100] = 42'h12061a1f38;
    mem[10'b1000100101] = 42'h120212177a;
    mem[10'b1000100110] = 42'h130a0a0fbc;
    mem[10'b1000100111] = 42'h14061a1f59;
    mem[10'b1000101000] = 42'h140212179b;
    mem[10'b1000101001] = 42'h1508220ffd;
    mem[10'b1000101010] = 42'h16061a1f7a;
    mem[10'b1000101011] = 42'h170a1217bc;
    mem[10'b1000101100] = 42'h18061a1f9b;
    mem[10'b1000101101] = 42'h19082217fd;
    mem[10'b1000101110] = 42'h1b0e1a1fbc;
    mem[10'b1000101111] = 42'h1d0c221ffd;
    mem[10'b1000110000] = 42'h402c2027f0;
    mem[10'b1000110001] = 42'h400e242511;
    mem[10'b1000110010] = 42'h4006282512;
    mem[10'b1000110011] = 42'h82227e9;
    mem[10'b1000110100] = 42'h40062c2513;
    mem[10'b1000110101] = 42'ha262949;
    mem[10'b1000110110] = 42'h4006302514;
    mem[10'b1000110111] = 42'h22a2d49;
    mem[10'b1000111000] = 42'h82227eb;
    mem[10'b1000111001] = 42'h4006342515;
    mem[10'b1000111010] = 42'h22e3149;
    mem[10'b1000111011] = 42'ha26298b;
    mem[10'b1000111100] = 42'h4006382516;
    mem[10'b1000111101] = 42'h2323549;
    mem[10'b1000111110] = 42'h22a2d8b;
    mem[10'b1000111111] = 42'h82227ed;
    mem[10'b1001000000] = 42'h817c242900;
    mem[10'b1001000001] = 42'h834c242921;
    mem[10'b1001000010] = 42'h854c242942;
    mem[10'b1001000011] = 42'h874c242963;
    mem[10'b1001000100] = 42'h894c242984;
    mem[10'b1001000101] = 42'h8b4c2429a5;
    mem[10'b1001000110] = 42'h8d4c2429c6;
    mem[10'b1001000111] = 42'h9c2027e0;
    mem[10'b1001001000] = 42'h28c4424e1;
    mem[10'b1001001001] = 42'h48c4824e2;
    mem[10'b1001001010] = 42'h68c4c24e3;
    mem[10'b1001001011] = 42'h88c5024e4;
    mem[10'b1001001100] = 42'ha8c5424e5;
    mem[10'b1001001101] = 42'h2023ff;
    mem[10'b1001001110] = 42'h2023ff;
    mem[10'b1001001111] = 42'h2023ff;
    mem[10'b1001010000] = 42'h2023ff;
    mem[10'b1001010001] = 42'h2023ff;
    mem[10'b1001010010] = 42'h2023ff;
    mem[10'b1001010011] = 42'h2023ff;
    mem[10'b1001010100] = 42'h2023ff;
    mem[10'b1001010101] = 42'h2023ff;
    mem[10'b1001010110] = 42'h2023ff;
    mem[10'b1001010111] = 42'h2023ff;
    mem[10'b1001011000] = 42'h2023ff;
    mem[10'b1001011001] = 42'h2023ff;
    mem[10'b1001011010] = 42'h2023ff;
    mem[10'b1001011011] = 42'h2023ff;
    mem[10'b1001011100] = 42'h2023ff;
    mem[10'b1001011101] = 42'h2023ff;
    mem[10'b1001011110] = 42'h2023ff;
    mem[10'b1001011111] = 42'h2023ff;
    mem[10'b1001100000] = 42'h2023ff;
    mem[10'b1001100001] = 42'h2023ff;
    mem[10'b1001100010] = 42'h2023ff;
    mem[10'b1001100011] = 42'h2023ff;
    mem[10'b1001100100] = 42'h2023ff;
    mem[10'b1001100101] = 42'h2023ff;
    mem[10'b1001100110] = 42'h2023ff;
    mem[10'b1001100111] = 42'h2023ff;
    mem[10'b1001101000] = 42'h2023ff;
    mem[10'b1001101001] = 42'h2023ff;
    mem[10'b1001101010] = 42'h2023ff;
    mem[10'b1001101011] = 42'h2023ff;
    mem[10'b1001101100] = 42'h2023ff;
    mem[10'b1001101101] = 42'h2023ff;
    mem[10'b1001101110] = 42'h2023ff;
    mem[10'b1001101111] = 42'h2023ff;
    mem[10'b1001110000] = 42'h1e4027c0;
    mem[10'b1001110001] = 42'h20c26443e;
    mem[10'b1001110010] = 42'h40c26485e;
    mem[10'b1001110011] = 42'h60c264c7e;
    mem[10'b1001110100] = 42'h80c26509e;
    mem[10'b1001110101] = 42'ha0c2654be;
    mem[10'b1001110110] = 42'hccc2658de;
    mem[10'b1001110111] = 42'h1c2023ff;
    mem[10'b1001111000] = 42'h1c2023ff;
    mem[10'b1001111001] = 42'h1c2023ff;
    mem[10'b1001111010] = 42'h1c2023ff;
    mem[10'b1001111011] = 42'h1c2023ff;
    mem[10'b1001111100] = 42'h1c2023ff;
    mem[10'b1001111101] = 42'h1c2023ff;
    mem[10'b1001111110] = 42'h1c2023ff;
    mem[10'b1001111111] = 42'h1c2023ff;
    mem[10'b1010000000] = 42'h211c2003e0;
    mem[10'b1010000001] = 42'h1230c2007e0;
    mem[10'b1010000010] = 42'h2250c080401;
    mem[10'b1010000011] = 42'h3270c0c0801;
    mem[10'b1010000100] = 42'h228040c0822;
    mem[10'b1010000101] = 42'h129082013e0;
    mem[10'b1010000110] = 42'h32a04100c22;
    mem[10'b1010000111] = 42'h12b082017e0;
    mem[10'b1010001000] = 42'h22c04100c43;
    mem[10'b1010001001] = 42'h32d08181401;
    mem[10'b1010001010] = 42'h32e04141043;
    mem[10'b1010001011] = 42'h12f08201be1;
    mem[10'b1010001100] = 42'h23004141064;
    mem[10'b1010001101] = 42'h13108201be2;
    mem[10'b1010001110] = 42'h3330c181464;
    mem[10'b1010001111] = 42'h2350c181485;
    mem[10'b1010010000] = 42'h1370c201be5;
    mem[10'b1010010001] = 42'h390c201be6;
    mem[10'b1010010010] = 42'h3b0c2023ff;
    mem[10'b1010010011] = 42'h401c3430bf;
    mem[10'b1010010100] = 42'hc3438c5;
    mem[10'b1010010101] = 42'hf0c203be6;
    mem[10'b1010010110] = 42'h4016782edf;
    mem[10'b1010010111] = 42'h12727717;
    mem[10'b1010011000] = 42'h10226ff9;
    mem[10'b1010011001] = 42'h10226bfa;
    mem[10'b1010011010] = 42'h102267fb;
    mem[10'b1010011011] = 42'h182263fc;
    mem[10'b1010011100] = 42'h67a7ef6;
    mem[10'b1010011101] = 42'h2727738;
    mem[10'b1010011110] = 42'h26a6f7a;
    mem[10'b1010011111] = 42'ha6267bc;
    mem[10'b1010100000] = 42'h10067a7f17;
    mem[10'b1010100001] = 42'h1002727759;
    mem[10'b1010100010] = 42'h10026a6f9b;
    mem[10'b1010100011] = 42'h11082267fd;
    mem[10'b1010100100] = 42'h12067a7f38;
    mem[10'b1010100101] = 42'h120272777a;
    mem[10'b1010100110] = 42'h130a6a6fbc;
    mem[10'b1010100111] = 42'h14067a7f59;
    mem[10'b1010101000] = 42'h140272779b;
    mem[10'b1010101001] = 42'h1508226ffd;
    mem[10'b1010101010] = 42'h16067a7f7a;
    mem[10'b1010101011] = 42'h170a7277bc;
    mem[10'b1010101100] = 42'h18067a7f9b;
    mem[10'b1010101101] = 42'h19082277fd;
    mem[10'b1010101110] = 42'h1b0e7a7fbc;
    mem[10'b1010101111] = 42'h1d0c227ffd;
    mem[10'b1010110000] = 42'h402c2027f0;
    mem[10'b1010110001] = 42'h400e842511;
    mem[10'b1010110010] = 42'h4006882512;
    mem[10'b1010110011] = 42'h82287e9;
    mem[10'b1010110100] = 42'h40068c2513;
    mem[10'b1010110101] = 42'ha868949;
    mem[10'b1010110110] = 42'h4006902514;
    mem[10'b1010110111] = 42'h28a8d49;
    mem[10'b1010111000] = 42'h82287eb;
    mem[10'b1010111001] = 42'h4006942515;
    mem[10'b1010111010] = 42'h28e9149;
    mem[10'b1010111011] = 42'ha86898b;
    mem[10'b1010111100] = 42'h4006982516;
    mem[10'b1010111101] = 42'h2929549;
    mem[10'b1010111110] = 42'h28a8d8b;
    mem[10'b1010111111] = 42'h82287ed;
    mem[10'b1011000000] = 42'h817c242900;
    mem[10'b1011000001] = 42'h834c242921;
    mem[10'b1011000010] = 42'h854c242942;
    mem[10'b1011000011] = 42'h874c242963;
    mem[10'b1011000100] = 42'h894c242984;
    mem[10'b1011000101] = 42'h8b4c2429a5;
    mem[10'b1011000110] = 42'h8d4c2429c6;
    mem[10'b1011000111] = 42'h9c2027e0;
    mem[10'b1011001000] = 42'h28c4424e1;
    mem[10'b1011001001] = 42'h48c4824e2;
    mem[10'b1011001010] = 42'h68c4c24e3;
    mem[10'b1011001011] = 42'h88c5024e4;
    mem[10'b1011001100] = 42'ha8c5424e5;
    mem[10'b1011001101] = 42'h2023ff;
    mem[10'b1011001110] = 42'h2023ff;
    mem[10'b1011001111] = 42'h2023ff;
    mem[10'b1011010000] = 42'h2023ff;
    mem[10'b1011010001] = 42'h2023ff;
    mem[10'b1011010010] = 42'h2023ff;
    mem[10'b1011010011] = 42'h2023ff;
    mem[10'b1011010100] = 42'h2023ff;
    mem[10'b1011010101] = 42'h2023ff;
    mem[10'b1011010110] = 42'h2023ff;
    mem[10'b1011010111] = 42'h2023ff;
    mem[10'b1011011000] = 42'h2023ff;
    mem[10'b1011011001] = 42'h2023ff;
    mem[10'b1011011010] = 42'h2023ff;
    mem[10'b1011011011] = 42'h2023ff;
    mem[10'b1011011100] = 42'h2023ff;
    mem[10'b1011011101] = 42'h2023ff;
    mem[10'b1011011110] = 42'h2023ff;
    mem[10'b1011011111] = 42'h2023ff;
    mem[10'b1011100000] = 42'h2023ff;
    mem[10'b1011100001] = 42'h2023ff;
    mem[10'b1011100010] = 42'h2023ff;
    mem[10'b1011100011] = 42'h2023ff;
    mem[10'b1011100100] = 42'h2023ff;
    mem[10'b1011100101] = 42'h2023ff;
    mem[10'b1011100110] = 42'h2023ff;
    mem[10'b1011100111] = 42'h2023ff;
    mem[10'b1011101000] = 42'h2023ff;
    mem[10'b1011101001] = 42'h2023ff;
    mem[10'b1011101010] = 42'h2023ff;
    mem[10'b1011101011] = 42'h2023ff;
    mem[10'b1011101100] = 42'h2023ff;
    mem[10'b1011101101] = 42'h2023ff;
    mem[10'b1011101110] = 42'h2023ff;
    mem[10'b1011101111] = 42'h2023ff;
    mem[10'b1011110000] = 42'h1ea027c0;
    mem[10'b1011110001] = 42'h20c26a43e;
    mem[10'b1011110010] = 42'h40c26a85e;
    mem[10'b1011110011] = 42'h60c26ac7e;
    mem[10'b1011110100] = 42'h80c26b09e;
    mem[10'b1011110101] = 42'ha0c26b4be;
    mem[10'b1011110110] = 42'hccc26b8de;
    mem[10'b1011110111] = 42'h1c2023ff;
    mem[10'b1011111000] = 42'h1c2023ff;
    mem[10'b1011111001] = 42'h1c2023ff;
    mem[10'b1011111010] = 42'h1c2023ff;
    mem[10'b1011111011] = 42'h1c2023ff;
    mem[10'b1011111100] = 42'h1c2023ff;
    mem[10'b1011111101] = 42'h1c2023ff;
    mem[10'b1011111110] = 42'h1c2023ff;
    mem[10'b1011111111] = 42'h1c2023ff;
    mem[10'b1100000000] = 42'h211c2003e0;
    mem[10'b1100000001] = 42'h1230c2007e0;
    mem[10'b1100000010] = 42'h2250c080401;
    mem[10'b1100000011] = 42'h3270c0c0801;
    mem[10'b1100000100] = 42'h228040c0822;
    mem[10'b1100000101] = 42'h129082013e0;
    mem[10'b1100000110] = 42'h32a04100c22;
    mem[10'b1100000111] = 42'h12b082017e0;
    mem[10'b1100001000] = 42'h22c04100c43;
    mem[10'b1100001001] = 42'h32d08181401;
    mem[10'b1100001010] = 42'h32e04141043;
    mem[10'b1100001011] = 42'h12f08201be1;
    mem[10'b1100001100] = 42'h23004141064;
    mem[10'b1100001101] = 42'h13108201be2;
    mem[10'b1100001110] = 42'h3330c181464;
    mem[10'b1100001111] = 42'h2350c181485;
    mem[10'b1100010000] = 42'h1370c201be5;
    mem[10'b1100010001] = 42'h390c201be6;
    mem[10'b1100010010] = 42'h3b0c2023ff;
    mem[10'b1100010011] = 42'h401c3430bf;
    mem[10'b1100010100] = 42'hc3438c5;
    mem[10'b1100010101] = 42'hf0c203be6;
    mem[10'b1100010110] = 42'h4016d82edf;
    mem[10'b1100010111] = 42'h12d2d717;
    mem[10'b1100011000] = 42'h1022cff9;
    mem[10'b1100011001] = 42'h1022cbfa;
    mem[10'b1100011010] = 42'h1022c7fb;
    mem[10'b1100011011] = 42'h1822c3fc;
    mem[10'b1100011100] = 42'h6dadef6;
    mem[10'b1100011101] = 42'h2d2d738;
    mem[10'b1100011110] = 42'h2cacf7a;
    mem[10'b1100011111] = 42'hac2c7bc;
    mem[10'b1100100000] = 42'h1006dadf17;
    mem[10'b1100100001] = 42'h1002d2d759;
    mem[10'b1100100010] = 42'h1002cacf9b;
    mem[10'b1100100011] = 42'h110822c7fd;
    mem[10'b1100100100] = 42'h1206dadf38;
    mem[10'b1100100101] = 42'h1202d2d77a;
    mem[10'b1100100110] = 42'h130acacfbc;
    mem[10'b1100100111] = 42'h1406dadf59;
    mem[10'b1100101000] = 42'h1402d2d79b;
    mem[10'b1100101001] = 42'h150822cffd;
    mem[10'b1100101010] = 42'h1606dadf7a;
    mem[10'b1100101011] = 42'h170ad2d7bc;
    mem[10'b1100101100] = 42'h1806dadf9b;
    mem[10'b1100101101] = 42'h190822d7fd;
    mem[10'b1100101110] = 42'h1b0edadfbc;
    mem[10'b1100101111] = 42'h1d0c22dffd;
    mem[10'b1100110000] = 42'h402c2027f0;
    mem[10'b1100110001] = 42'h400ee42511;
    mem[10'b1100110010] = 42'h4006e82512;
    mem[10'b1100110011] = 42'h822e7e9;
    mem[10'b1100110100] = 42'h4006ec2513;
    mem[10'b1100110101] = 42'hae6e949;
    mem[10'b1100110110] = 42'h4006f02514;
    mem[10'b1100110111] = 42'h2eaed49;
    mem[10'b1100111000] = 42'h822e7eb;
    mem[10'b1100111001] = 42'h4006f42515;
    mem[10'b1100111010] = 42'h2eef149;
    mem[10'b1100111011] = 42'hae6e98b;
    mem[10'b1100111100] = 42'h4006f82516;
    mem[10'b1100111101] = 42'h2f2f549;
    mem[10'b1100111110] = 42'h2eaed8b;
    mem[10'b1100111111] = 42'h822e7ed;
    mem[10'b1101000000] = 42'h817c242900;
    mem[10'b1101000001] = 42'h834c242921;
    mem[10'b1101000010] = 42'h854c242942;
    mem[10'b1101000011] = 42'h874c242963;
    mem[10'b1101000100] = 42'h894c242984;
    mem[10'b1101000101] = 42'h8b4c2429a5;
    mem[10'b1101000110] = 42'h8d4c2429c6;
    mem[10'b1101000111] = 42'h9c2027e0;
    mem[10'b1101001000] = 42'h28c4424e1;
    mem[10'b1101001001] = 42'h48c4824e2;
    mem[10'b1101001010] = 42'h68c4c24e3;
    mem[10'b1101001011] = 42'h88c5024e4;
    mem[10'b1101001100] = 42'ha8c5424e5;
    mem[10'b1101001101] = 42'h2023ff;
    mem[10'b1101001110] = 42'h2023ff;
    mem[10'b1101001111] = 42'h2023ff;
    mem[10'b1101010000] = 42'h2023ff;
    mem[10'b1101010001] = 42'h2023ff;
    mem[10'b1101010010] = 42'h2023ff;
    mem[10'b1101010011] = 42'h2023ff;
    mem[10'b1101010100] = 42'h2023ff;
    mem[10'b1101010101] = 42'h2023ff;
    mem[10'b1101010110] = 42'h2023ff;
    mem[10'b1101010111] = 42'h2023ff;
    mem[10'b1101011000] = 42'h2023ff;
    mem[10'b1101011001] = 42'h2023ff;
    mem[10'b1101011010] = 42'h2023ff;
    mem[10'b1101011011] = 42'h2023ff;
    mem[10'b1101011100] = 42'h2023ff;
    mem[10'b1101011101] = 42'h2023ff;
    mem[10'b1101011110] = 42'h2023ff;
    mem[10'b1101011111] = 42'h2023ff;
    mem[10'b1101100000] = 42'h2023ff;
    mem[10'b1101100001] = 42'h2023ff;
    mem[10'b1101100010] = 42'h2023ff;
    mem[10'b1101100011] = 42'h2023ff;
    mem[10'b1101100100] = 42'h2023ff;
    mem[10'b1101100101] = 42'h2023ff;
    mem[10'b1101100110] = 42'h2023ff;
    mem[10'b1101100111] = 42'h2023ff;
    mem[10'b1101101000] = 42'h2023ff;
    mem[10'b1101101001] = 42'h2023ff;
    mem[10'b1101101010] = 42'h2023ff;
    mem[10'b1101101011] = 42'h2023ff;
    mem[10'b1101101100] = 42'h2023ff;
    mem[10'b1101101101] = 42'h2023ff;
    mem[10'b1101101110] = 42'h2023ff;
    mem[10'b1101101111] = 42'h2023ff;
    mem[10'b1101110000] = 42'h1f0027c0;
    mem[10'b1101110001] = 42'h20c27043e;
    mem[10'b1101110010] = 42'h40c27085e;
    mem[10'b1101110011] = 42'h60c270c7e;
    mem[10'b1101110100] = 42'h80c27109e;
    mem[10'b1101110101] = 42'ha0c2714be;
    mem[10'b1101110110] = 42'hccc2718de;
    mem[10'b1101110111] = 42'h1c2023ff;
    mem[10'b1101111000] = 42'h1c2023ff;
    mem[10'b1101111001] = 42'h1c2023ff;
    mem[10'b1101111010] = 42'h1c2023ff;
    mem[10'b1101111011] = 42'h1c2023ff;
    mem[10'b1101111100] = 42'h1c2023ff;
    mem[10'b1101111101] = 42'h1c2023ff;
    mem[10'b1101111110] = 42'h1c2023ff;
    mem[10'b1101111111] = 42'h1c2023ff;
    mem[10'b1110000000] = 42'h211c2003e0;
    mem[10'b1110000001] = 42'h1230c2007e0;
    mem[10'b1110000010] = 42'h2250c080401;
    mem[10'b1110000011] = 42'h3270c0c0801;
    mem[10'b1110000100] = 42'h228040c0822;
    mem[10'b1110000101] = 42'h129082013e0;
    mem[10'b1110000110] = 42'h32a04100c22;
    mem[10'b1110000111] = 42'h12b082017e0;
    mem[10'b1110001000] = 42'h22c04100c43;
    mem[10'b1110001001] = 42'h32d08181401;
    mem[10'b1110001010] = 42'h32e04141043;
    mem[10'b1110001011] = 42'h12f08201be1;
    mem[10'b1110001100] = 42'h23004141064;
    mem[10'b1110001101] = 42'h13108201be2;
    mem[10'b1110001110] = 42'h3330c181464;
    mem[10'b1110001111] = 42'h2350c181485;
    mem[10'b1110010000] = 42'h1370c201be5;
    mem[10'b1110010001] = 42'h390c201be6;
    mem[10'b1110010010] = 42'h3b0c2023ff;
    mem[10'b1110010011] = 42'h401c3430bf;
    mem[10'b1110010100] = 42'hc3438c5;
    mem[10'b1110010101] = 42'hf0c203be6;
    mem[10'b1110010110] = 42'h4017382edf;
    mem[10'b1110010111] = 42'h13333717;
    mem[10'b1110011000] = 42'h10232ff9;
    mem[10'b1110011001] = 42'h10232bfa;
    mem[10'b1110011010] = 42'h102327fb;
    mem[10'b1110011011] = 42'h182323fc;
    mem[10'b1110011100] = 42'h73b3ef6;
    mem[10'b1110011101] = 42'h3333738;
    mem[10'b1110011110] = 42'h32b2f7a;
    mem[10'b1110011111] = 42'hb2327bc;
    mem[10'b1110100000] = 42'h10073b3f17;
    mem[10'b1110100001] = 42'h1003333759;
    mem[10'b1110100010] = 42'h10032b2f9b;
    mem[10'b1110100011] = 42'h11082327fd;
    mem[10'b1110100100] = 42'h12073b3f38;
    mem[10'b1110100101] = 42'h120333377a;
    mem[10'b1110100110] = 42'h130b2b2fbc;
    mem[10'b1110100111] = 42'h14073b3f59;
    mem[10'b1110101000] = 42'h140333379b;
    mem[10'b1110101001] = 42'h1508232ffd;
    mem[10'b1110101010] = 42'h16073b3f7a;
    mem[10'b1110101011] = 42'h170b3337bc;
    mem[10'b1110101100] = 42'h18073b3f9b;
    mem[10'b1110101101] = 42'h19082337fd;
    mem[10'b1110101110] = 42'h1b0f3b3fbc;
    mem[10'b1110101111] = 42'h1d0c233ffd;
    mem[10'b1110110000] = 42'h402c2027f0;
    mem[10'b1110110001] = 42'h400f442511;
    mem[10'b1110110010] = 42'h4007482512;
    mem[10'b1110110011] = 42'h82347e9;
    mem[10'b1110110100] = 42'h40074c2513;
    mem[10'b1110110101] = 42'hb474949;
    mem[10'b1110110110] = 42'h4007502514;
    mem[10'b1110110111] = 42'h34b4d49;
    mem[10'b1110111000] = 42'h82347eb;
    mem[10'b1110111001] = 42'h4007542515;
    mem[10'b1110111010] = 42'h34f5149;
    mem[10'b1110111011] = 42'hb47498b;
    mem[10'b1110111100] = 42'h4007582516;
    mem[10'b1110111101] = 42'h3535549;
    mem[10'b1110111110] = 42'h34b4d8b;
    mem[10'b1110111111] = 42'h82347ed;
    mem[10'b1111000000] = 42'h817c242900;
    mem[10'b1111000001] = 42'h834c242921;
    mem[10'b1111000010] = 42'h854c242942;
    mem[10'b1111000011] = 42'h874c242963;
    mem[10'b1111000100] = 42'h894c242984;
    mem[10'b1111000101] = 42'h8b4c2429a5;
    mem[10'b1111000110] = 42'h8d4c2429c6;
    mem[10'b1111000111] = 42'h9c2027e0;
    mem[10'b1111001000] = 42'h28c4424e1;
    mem[10'b1111001001] = 42'h48c4824e2;
    mem[10'b1111001010] = 42'h68c4c24e3;
    mem[10'b1111001011] = 42'h88c5024e4;
    mem[10'b1111001100] = 42'ha8c5424e5;
    mem[10'b1111001101] = 42'h2023ff;
    mem[10'b1111001110] = 42'h2023ff;
    mem[10'b1111001111] = 42'h2023ff;
    mem[10'b1111010000] = 42'h2023ff;
    mem[10'b1111010001] = 42'h2023ff;
    mem[10'b1111010010] = 42'h2023ff;
    mem[10'b1111010011] = 42'h2023ff;
    mem[10'b1111010100] = 42'h2023ff;
    mem[10'b1111010101] = 42'h2023ff;
    mem[10'b1111010110] = 42'h2023ff;
    mem[10'b1111010111] = 42'h2023ff;
    mem[10'b1111011000] = 42'h2023ff;
    mem[10'b1111011001] = 42'h2023ff;
    mem[10'b1111011010] = 42'h2023ff;
    mem[10'b1111011011] = 42'h2023ff;
    mem[10'b1111011100] = 42'h2023ff;
    mem[10'b1111011101] = 42'h2023ff;
    mem[10'b1111011110] = 42'h2023ff;
    mem[10'b1111011111] = 42'h2023ff;
    mem[10'b1111100000] = 42'h2023ff;
    mem[10'b1111100001] = 42'h2023ff;
    mem[10'b1111100010] = 42'h2023ff;
    mem[10'b1111100011] = 42'h2023ff;
    mem[10'b1111100100] = 42'h2023ff;
    mem[10'b1111100101] = 42'h2023ff;
    mem[10'b1111100110] = 42'h2023ff;
    mem[10'b1111100111] = 42'h2023ff;
    mem[10'b1111101000] = 42'h2023ff;
    mem[10'b1111101001] = 42'h2023ff;
    mem[10'b1111101010] = 42'h2023ff;
    mem[10'b1111101011] = 42'h2023ff;
    mem[10'b1111101100] = 42'h2023ff;
    mem[10'b1111101101] = 42'h2023ff;
    mem[10'b1111101110] = 42'h2023ff;
    mem[10'b1111101111] = 42'h2023ff;
    mem[10'b1111110000] = 42'h1f6027c0;
    mem[10'b1111110001] = 42'h20c27643e;
    mem[10'b1111110010] = 42'h40c27685e;
    mem[10'b1111110011] = 42'h60c276c7e;
    mem[10'b1111110100] = 42'h80c27709e;
    mem[10'b1111110101] = 42'ha0c2774be;
    mem[10'b1111110110] = 42'hccc2778de;
    mem[10'b1111110111] = 42'h1c2023ff;
    mem[10'b1111111000] = 42'h1c2023ff;
    mem[10'b1111111001] = 42'h1c2023ff;
    mem[10'b1111111010] = 42'h1c2023ff;
    mem[10'b1111111011] = 42'h1c2023ff;
    mem[10'b1111111100] = 42'h1c2023ff;
    mem[10'b1111111101] = 42'h1c2023ff;
    mem[10'b1111111110] = 42'h1c2023ff;
    mem[10'b1111111111] = 42'h1c2023ff;
    end
    always @(posedge clock) begin
       data <= mem[address];
    end
endmodule // pb_words

// v-- Setting output parameters to net type for wrapped code.
// v-- Setting output parameters to net type for wrapped code.
// v-- Setting output parameters to net type for wrapped code.
// v-- Setting output parameters to net type for wrapped code.
// v-- Setting output parameters to net type for wrapped code.
// v-- Setting output parameters to net type for wrapped code.
// v-- Setting output parameters to net type for wrapped code.
// v-- Setting output parameters to net type for wrapped code.
// v-- Setting output parameters to net type for wrapped code.
// v-- Setting output parameters to net type for wrapped code.
// v-- Setting output parameters to net type for wrapped code.
// v-- Setting output parameters to net type for wrapped code.
// v-- Setting output parameters to net type for wrapped code.
// v-- Setting output parameters to net type for wrapped code.
// v-- Setting output parameters to net type for wrapped code.
// v-- Setting output parameters to net type for wrapped code.
