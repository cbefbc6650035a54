//! With the feature `verilated`: the committed Verilog becomes C++ by Verilator, and C++ a static library.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "verilated")]
    if let Err(error) = verilated::embed() {
        // One line, which says what to do.
        eprintln!("error: no verilated card: {error}");
        std::process::exit(1);
    }
}

#[cfg(feature = "verilated")]
mod verilated {
    use photonbox_cosim::Embedded;
    use std::error::Error;
    use std::path::{Path, PathBuf};

    /// Where the top level's build hash stands in its Verilog.
    const HASH: &str = "256'h";

    pub(crate) fn embed() -> Result<(), Box<dyn Error>> {
        let here = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
        let out = PathBuf::from(std::env::var("OUT_DIR")?);
        let card = here.join("../verilog/photonbox_small.v");
        let sampler = here.join("../verilog/sampler.v");
        photonbox_cosim::embed(
            "photonbox_verilated",
            &[
                Embedded {
                    verilog: &card,
                    top: "photonbox_small",
                    class: "Vphotonbox_card",
                    shim: &here.join("shim/card.cpp"),
                },
                Embedded {
                    verilog: &sampler,
                    top: "photonbox_sampler",
                    class: "Vphotonbox_sampler",
                    shim: &here.join("shim/sampler.cpp"),
                },
            ],
            &out,
        )?;
        let hash = build_hash(&card)?;
        let text = format!(
            "/// The build hash in the Verilog that this core was made from.\n\
             pub(super) const BUILD_HASH: [u8; 32] = {hash:?};\n"
        );
        std::fs::write(out.join("build_hash.rs"), text)?;
        Ok(())
    }

    /// The default of the parameter `BUILD_HASH`, in memory order: the last two digits are byte 0.
    fn build_hash(verilog: &Path) -> Result<[u8; 32], Box<dyn Error>> {
        let text = std::fs::read_to_string(verilog)?;
        let digits = text
            .lines()
            .find(|line| line.contains("BUILD_HASH") && line.contains(HASH))
            .and_then(|line| line.split(HASH).nth(1))
            .and_then(|rest| rest.get(..64))
            .ok_or("its Verilog has no BUILD_HASH: run `cargo xtask verilog`")?;
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            let at = 62 - 2 * index;
            *byte = u8::from_str_radix(&digits[at..at + 2], 16)?;
        }
        Ok(bytes)
    }
}
