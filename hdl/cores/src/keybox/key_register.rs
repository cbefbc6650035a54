//! The register that X_0 is written into and session keys leave by. One register for both: nothing else of the size
//! is left to sweep.

use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// 256 bits: written by words, shifted by limbs of 36 bits or by words of 32, swept.
#[derive(LogicBlock, Default)]
pub struct KeyRegister {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Everything becomes 0; wins over all else.
    pub clear: Signal<In, Bit>,
    /// Nothing shifts: what is not written stays.
    pub idle: Signal<In, Bit>,
    /// While it is idle: word k becomes `data` with bit k.
    pub write: Signal<In, Bits<8>>,
    /// What to write.
    pub data: Signal<In, Bits<32>>,
    /// Shifts right by 36; `limb_in` enters at bit 180.
    pub shift_limb: Signal<In, Bit>,
    /// Limb that enters; 0 when X_0 leaves.
    pub limb_in: Signal<In, Bits<36>>,
    /// Shifts right by 32.
    pub shift_word: Signal<In, Bit>,
    /// Low 36 bits.
    pub limb: Signal<Out, Bits<36>>,
    /// Low 32 bits.
    pub word: Signal<Out, Bits<32>>,
    /// Bit 215: the sign of a session key that 10^64 is still to be added to.
    pub sign: Signal<Out, Bit>,
}

impl Logic for KeyRegister {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.limb.connect();
        self.word.connect();
        self.sign.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "\
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
end"
            .into(),
        )
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "key_register".into(),
            clock: "clock".into(),
            inputs: [
                "clear",
                "idle",
                "write",
                "data",
                "shift_limb",
                "limb_in",
                "shift_word",
            ]
            .map(String::from)
            .into(),
            outputs: vec![],
        }]
    }
}
