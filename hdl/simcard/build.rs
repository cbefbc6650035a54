//! With the feature `verilated`: the committed Verilog becomes C++ by Verilator, and C++ a static library. With
//! `verilated-wide` build wide as well, from the text that `cargo xtask verilog` leaves in the target folder.

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
        let sampler = here.join("../verilog/sampler.v");
        let small = here.join("../verilog/photonbox_small.v");
        let wide = if cfg!(feature = "verilated-wide") {
            Some(wide(&here)?)
        } else {
            None
        };
        println!(
            "cargo:rerun-if-changed={}",
            here.join("shim/card.h").display()
        );
        let shim = |name: &str| here.join("shim").join(name);
        let (of_sampler, of_small, of_wide) =
            (shim("sampler.cpp"), shim("small.cpp"), shim("wide.cpp"));
        let mut designs = vec![
            Embedded {
                verilog: &small,
                top: "photonbox_small",
                class: "Vphotonbox_small",
                shim: &of_small,
            },
            Embedded {
                verilog: &sampler,
                top: "photonbox_sampler",
                class: "Vphotonbox_sampler",
                shim: &of_sampler,
            },
        ];
        if let Some(wide) = &wide {
            designs.push(Embedded {
                verilog: wide,
                top: "photonbox_wide",
                class: "Vphotonbox_wide",
                shim: &of_wide,
            });
        }
        photonbox_cosim::embed("photonbox_verilated", &designs, &out)?;
        let wide_hash = wide.as_deref().map(build_hash).transpose()?;
        let text = format!(
            "const SMALL_HASH: [u8; 32] = {:?};\nconst WIDE_HASH: [u8; 32] = {:?};\n",
            build_hash(&small)?,
            wide_hash.unwrap_or_default()
        );
        std::fs::write(out.join("build_hash.rs"), text)?;
        Ok(())
    }

    /// The text of build wide, if it is the one whose hash is committed.
    fn wide(here: &Path) -> Result<PathBuf, Box<dyn Error>> {
        let committed = here.join("../verilog/wide.sha256");
        println!("cargo:rerun-if-changed={}", committed.display());
        let text = photonbox_cosim::target_folder().join("verilog/photonbox_wide.v");
        let found = if text.exists() {
            build_hash(&text)?
        } else {
            [0; 32]
        };
        let found: String = found.iter().map(|byte| format!("{byte:02x}")).collect();
        if !std::fs::read_to_string(committed)?.starts_with(&found) {
            let what =
                "is missing or not the one of hdl/verilog/wide.sha256: run `cargo xtask verilog`";
            return Err(format!("{} {what}", text.display()).into());
        }
        Ok(text)
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
