//! The build hash: SHA-256 of the emitted Verilog with the parameter `BUILD_HASH` at 0 (spec 6-card §6.1, *CSR*).
//!
//! rust-hdl emits no parameters, so the core has an input port `build_hash`, and [`parameterise`] makes a parameter
//! of it. [`stamp`] then computes the hash and makes it the parameter's default: who has the text can compute the
//! hash again ([`verify`]), and a bitstream made of it shows the same value in its registers `BUILD_HASH0` to `7`.
//!
//! Byte i of the hash lies in bits 8i+7 to 8i of the parameter, so that the registers hold it in memory order.

use sha2::{Digest, Sha256};

/// Name of the parameter.
pub const PARAMETER: &str = "BUILD_HASH";
/// Name of the core's input port that the parameter takes the place of; 256 bits.
pub const PORT: &str = "build_hash";

/// The parameter's declaration up to its value.
const DECLARATION: &str = "parameter [255:0] BUILD_HASH = 256'h";
/// The port's declaration as rust-hdl emits it.
const PORT_DECLARATION: &str = "input wire [255:0] build_hash;";

/// Why Verilog text has no build hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashError {
    /// The top module is missing, or its header does not name the port.
    NoPort,
    /// The thread on whose stack the card is built could not be started.
    NoThread,
    /// There is no declaration of the parameter, or more than one.
    NoParameter,
    /// The parameter was already set.
    Stamped,
    /// The parameter is not the hash of the text.
    Mismatch,
}

impl core::fmt::Display for HashError {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        out.write_str(match self {
            Self::NoPort => "the top module has no 256-bit input build_hash",
            Self::NoThread => "no thread with 256 MiB of stack can be started: free some memory",
            Self::NoParameter => "the text declares no parameter BUILD_HASH, or several",
            Self::Stamped => "BUILD_HASH is set already: stamp the text as it was emitted",
            Self::Mismatch => {
                "BUILD_HASH is not the hash of this text: it was edited after it was emitted"
            }
        })
    }
}

impl core::error::Error for HashError {}

/// Makes the parameter `BUILD_HASH`, 0 by default, of the input port `build_hash` of module `top`.
///
/// # Errors
/// [`HashError::NoPort`] when there is no such port.
pub fn parameterise(verilog: &str, top: &str) -> Result<String, HashError> {
    let start = verilog
        .find(&format!("module {top}("))
        .ok_or(HashError::NoPort)?;
    let module = &verilog[start..];
    let end = module.find("endmodule").ok_or(HashError::NoPort)?;
    let module = &module[..end];
    let open = module.find('(').ok_or(HashError::NoPort)?;
    let close = module.find(");").ok_or(HashError::NoPort)?;
    let (header, body) = (&module[open + 1..close], &module[close..]);
    let ports: Vec<&str> = header.split(',').map(str::trim).collect();
    if !ports.contains(&PORT) || body.matches(PORT_DECLARATION).count() != 1 {
        return Err(HashError::NoPort);
    }
    let ports: Vec<&str> = ports.into_iter().filter(|port| *port != PORT).collect();
    let inside =
        format!("{DECLARATION}0;\n    wire [255:0] {PORT};\n    assign {PORT} = {PARAMETER};");
    Ok(format!(
        "{}{}{}{}{}",
        &verilog[..start],
        &module[..=open],
        ports.join(","),
        body.replace(PORT_DECLARATION, &inside),
        &verilog[start + end..]
    ))
}

/// Sets the parameter to the hash of the text, and returns both.
///
/// # Errors
/// [`HashError::NoParameter`] without exactly one parameter `BUILD_HASH`, [`HashError::Stamped`] when it is not 0.
pub fn stamp(verilog: &str) -> Result<(String, [u8; 32]), HashError> {
    let (before, value, after) = split(verilog)?;
    if value != "0" {
        return Err(HashError::Stamped);
    }
    let hash: [u8; 32] = Sha256::digest(verilog.as_bytes()).into();
    Ok((format!("{before}{}{after}", digits(&hash)), hash))
}

/// The hash that stamped text carries, after computing it again.
///
/// # Errors
/// [`HashError::Mismatch`] when the text is not what was hashed; [`HashError::NoParameter`] as [`stamp`].
pub fn verify(verilog: &str) -> Result<[u8; 32], HashError> {
    let (before, value, after) = split(verilog)?;
    let hash: [u8; 32] = Sha256::digest(format!("{before}0{after}").as_bytes()).into();
    if value == digits(&hash) {
        Ok(hash)
    } else {
        Err(HashError::Mismatch)
    }
}

/// The text before the parameter's value, the value's hexadecimal digits, and the text after it.
fn split(verilog: &str) -> Result<(&str, &str, &str), HashError> {
    let mut parts = verilog.split(DECLARATION);
    let (Some(before), Some(rest), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(HashError::NoParameter);
    };
    let end = rest.find(';').ok_or(HashError::NoParameter)?;
    let start = before.len() + DECLARATION.len();
    Ok((&verilog[..start], &rest[..end], &rest[end..]))
}

/// The parameter's value: the last byte comes first, since it is the most significant.
fn digits(hash: &[u8; 32]) -> String {
    hash.iter()
        .rev()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMITTED: &str = "module other(build_hash);\ninput wire [255:0] build_hash;\nendmodule\n\n\
        module top(clock,build_hash,q);\n    input wire clock;\n    input wire [255:0] build_hash;\n    \
        output wire q;\n    assign q = build_hash[0];\nendmodule // top\n";

    #[test]
    fn the_port_of_the_top_becomes_a_parameter() {
        let text = parameterise(EMITTED, "top").expect("has the port");
        assert!(text.starts_with(&EMITTED[..EMITTED.find("module top").expect("there")]));
        assert!(text.contains("module top(clock,q);"));
        assert!(text.contains("    parameter [255:0] BUILD_HASH = 256'h0;\n"));
        assert!(text.contains("    wire [255:0] build_hash;\n    assign build_hash = BUILD_HASH;"));
        assert!(text.ends_with("assign q = build_hash[0];\nendmodule // top\n"));
        assert_eq!(parameterise(EMITTED, "none"), Err(HashError::NoPort));
        assert_eq!(parameterise(&text, "top"), Err(HashError::NoPort));
    }

    #[test]
    fn the_hash_is_of_the_text_with_zero() {
        let text = parameterise(EMITTED, "top").expect("has the port");
        let (stamped, hash) = stamp(&text).expect("has the parameter");
        assert_eq!(hash, <[u8; 32]>::from(Sha256::digest(text.as_bytes())));
        let least = format!("{:02x};", hash[0]);
        let line = stamped
            .lines()
            .find(|line| line.contains("parameter"))
            .expect("there");
        assert!(
            line.ends_with(&least),
            "byte 0 is the least significant: {line}"
        );
        assert_eq!(stamped.len(), text.len() + 63);
        assert_eq!(verify(&stamped), Ok(hash));
    }

    #[test]
    fn an_edited_text_is_noticed() {
        let text = parameterise(EMITTED, "top").expect("has the port");
        let (stamped, _) = stamp(&text).expect("has the parameter");
        assert_eq!(stamp(&stamped), Err(HashError::Stamped));
        assert_eq!(stamp(EMITTED), Err(HashError::NoParameter));
        assert_eq!(stamp(&format!("{text}{text}")), Err(HashError::NoParameter));
        let edited = stamped.replace("build_hash[0]", "build_hash[1]");
        assert_eq!(verify(&edited), Err(HashError::Mismatch));
        assert_eq!(verify(&text), Err(HashError::Mismatch));
    }
}
