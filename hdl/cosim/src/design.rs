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
    /// Takes Verilog whose module `top` has its ports in the header (`module top(input wire [7:0] a, …);`), or names
    /// only there and declares them one a line below, as rust-hdl and yosys write.
    ///
    /// # Errors
    /// When there is no such module, or it has no input `clock`.
    pub fn new(name: &str, verilog: String, top: &str) -> Result<Self> {
        let wrong = |what: &str| Error::Design {
            design: name.to_owned(),
            what: what.to_owned(),
        };
        let plain = without_comments(&verilog);
        let (header, body) =
            module(&plain, top).ok_or_else(|| wrong("its top module is missing"))?;
        let ports = match ports_of_header(header) {
            ports if !ports.is_empty() => ports,
            // Functions declare inputs too.
            _ => body
                .lines()
                .filter_map(|line| port(line.trim().strip_suffix(';')?, None))
                .filter(|port| header.split(',').any(|name| name.trim() == port.name))
                .collect(),
        };
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

/// Comments and attributes cut out.
fn without_comments(verilog: &str) -> String {
    let mut plain = String::with_capacity(verilog.len());
    let mut rest = verilog;
    loop {
        let next = [("//", "\n"), ("/*", "*/"), ("(*", "*)")]
            .into_iter()
            .filter_map(|(open, close)| Some((rest.find(open)?, open, close)))
            .min();
        let Some((start, open, close)) = next else {
            plain.push_str(rest);
            return plain;
        };
        plain.push_str(&rest[..start]);
        let inside = &rest[start + open.len()..];
        if open == "(*" && inside.trim_start().starts_with(')') {
            // `@(*)` is a list of all signals.
            plain.push_str(open);
            rest = inside;
            continue;
        }
        let end = inside.find(close);
        rest = end.map_or("", |end| &inside[end + close.len()..]);
        if close == "\n" {
            plain.push('\n');
        }
    }
}

/// The port list of a module, without its brackets, and its body.
fn module<'a>(verilog: &'a str, top: &str) -> Option<(&'a str, &'a str)> {
    let mut rest = verilog;
    loop {
        rest = &rest[rest.find("module")? + "module".len()..];
        let Some(after) = rest.trim_start().strip_prefix(top) else {
            continue;
        };
        let mut after = after.trim_start();
        if let Some(parameters) = after.strip_prefix('#') {
            after = bracketed(parameters.trim_start())?.1.trim_start();
        }
        // A longer name, if there is no bracket.
        if let Some((ports, body)) = bracketed(after) {
            return Some((ports, &body[..body.find("endmodule")?]));
        }
    }
}

/// What the bracket at the start holds, and what follows it.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('(')?;
    let mut depth = 1;
    for (index, c) in inside.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&inside[..index], &inside[index + 1..]));
        }
    }
    None
}

/// Ports declared in the header; a name without a direction is like the one before. None when it has only names.
fn ports_of_header(header: &str) -> Vec<Port> {
    let mut ports: Vec<Port> = Vec::new();
    for item in header.split(',') {
        match port(item, ports.last()) {
            Some(port) => ports.push(port),
            None => return Vec::new(),
        }
    }
    ports
}

/// `input wire [7:0] a` or `output reg q`; with `before`, also `b`.
fn port(text: &str, before: Option<&Port>) -> Option<Port> {
    let name = text.split_whitespace().last()?;
    let name = name.rsplit(']').next()?.to_owned();
    let direction = match text.split_whitespace().next()? {
        "input" => Direction::Input,
        "output" => Direction::Output,
        only if only == name => {
            return before.map(|before| Port {
                name,
                ..before.clone()
            });
        }
        _ => return None,
    };
    let width = match text.split_once('[') {
        Some((_, range)) => {
            let (high, low) = range.split_once(']')?.0.split_once(':')?;
            let number = |text: &str| text.trim().parse::<usize>().ok();
            number(high)?.checked_sub(number(low)?)? + 1
        }
        None => 1,
    };
    Some(Port {
        name,
        direction,
        width,
    })
}
