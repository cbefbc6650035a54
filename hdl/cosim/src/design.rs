//! Verilog text with its top module and ports.

use crate::{Error, Result};

/// Which way a port goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Into the design.
    Input,
    /// Out of the design.
    Output,
}

/// A port of the top module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// Which way it goes.
    pub direction: Direction,
    /// Bits.
    pub width: usize,
}

/// A design: Verilog text whose top module has an input `clock`.
#[derive(Clone, Debug)]
pub struct Design {
    /// Name for files and messages.
    pub name: String,
    /// The text.
    pub verilog: String,
    /// Name of the top module.
    pub top: String,
    /// Ports of the top module.
    pub ports: Vec<Port>,
}

impl Design {
    /// Takes text in the form that rust-hdl emits: `module top(a,b);`, then a line for each port.
    ///
    /// # Errors
    /// When there is no such module, or it has no input `clock`.
    pub fn new(name: &str, verilog: String, top: &str) -> Result<Self> {
        let wrong = |what: &str| Error::Design {
            design: name.to_owned(),
            what: what.to_owned(),
        };
        let body = module_body(&verilog, top).ok_or_else(|| wrong("its top module is missing"))?;
        let ports: Vec<Port> = body.lines().filter_map(port).collect();
        if !ports.iter().any(|port| port.name == "clock") {
            return Err(wrong("its top module has no input `clock`"));
        }
        Ok(Self {
            name: name.to_owned(),
            top: top.to_owned(),
            ports,
            verilog,
        })
    }
}

fn module_body<'a>(verilog: &'a str, top: &str) -> Option<&'a str> {
    let start = verilog.find(&format!("module {top}("))?;
    let rest = &verilog[start..];
    Some(&rest[..rest.find("endmodule")?])
}

/// `input wire [7:0] a;` or `output reg q;`.
fn port(line: &str) -> Option<Port> {
    let line = line.trim().strip_suffix(';')?;
    let mut words = line.split_whitespace();
    let direction = match words.next()? {
        "input" => Direction::Input,
        "output" => Direction::Output,
        _ => return None,
    };
    let name = line.split_whitespace().last()?.to_owned();
    let width = match line.split_once('[') {
        Some((_, range)) => {
            let high: usize = range.split(':').next()?.trim().parse().ok()?;
            high + 1
        }
        None => 1,
    };
    Some(Port {
        name,
        direction,
        width,
    })
}
