//! How deep the logic of a mapped netlist is: levels between registers, and the longest carry chain.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

/// What lies between two registers, at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Depth {
    /// LUTs, LUT RAMs and carry chains on one path; a chain counts once, the muxes beside LUTs do not count.
    pub(crate) levels: u64,
    /// Bits of one carry chain.
    pub(crate) carry_bits: u64,
    /// The register or memory at which that path begins, named as in the source.
    pub(crate) begins_at: String,
    /// The register or memory at which it ends.
    pub(crate) ends_at: String,
}

/// yosys's `write_json`, as much as is looked at.
#[derive(Deserialize)]
struct Netlist {
    modules: HashMap<String, Module>,
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    attributes: HashMap<String, Value>,
    cells: HashMap<String, Cell>,
    #[serde(default)]
    netnames: HashMap<String, Name>,
}

/// A name of the source, or one that yosys made up.
#[derive(Deserialize)]
struct Name {
    #[serde(default)]
    hide_name: u8,
    bits: Vec<Bit>,
}

#[derive(Deserialize)]
struct Cell {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    parameters: HashMap<String, Value>,
    port_directions: HashMap<String, Direction>,
    connections: HashMap<String, Vec<Bit>>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Direction {
    Input,
    Output,
    Inout,
}

/// A net, or a constant.
#[derive(Deserialize, Clone, Copy)]
#[serde(untagged)]
enum Bit {
    Net(u32),
    #[allow(dead_code, reason = "only that it is one matters")]
    Constant(char),
}

impl Bit {
    const fn net(self) -> Option<u32> {
        match self {
            Self::Net(net) => Some(net),
            Self::Constant(_) => None,
        }
    }
}

/// What a cell is to a path.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Role {
    /// Paths begin and end here.
    Register,
    /// One level.
    Level,
    /// No level of its own.
    Through,
    /// One level for the whole chain.
    Carry,
    /// A memory that is read without a clock: its address is one level from what it says.
    Memory,
}

impl Cell {
    fn role(&self) -> Role {
        match self.kind.as_str() {
            "CARRY4" | "CARRY8" => Role::Carry,
            "MUXF7" | "MUXF8" | "MUXF9" | "BUFG" | "IBUF" | "OBUF" => Role::Through,
            // A multiplier that keeps neither its product nor its operands is logic.
            "DSP48E2" if !self.keeps("PREG") && !self.keeps("MREG") && !self.keeps("AREG") => {
                Role::Level
            }
            kind if kind.starts_with("RAM32") || kind.starts_with("RAM64") => Role::Memory,
            kind if kind.starts_with("LUT") || kind == "INV" => Role::Level,
            _ => Role::Register,
        }
    }

    fn keeps(&self, register: &str) -> bool {
        let text = self.parameters.get(register).and_then(Value::as_str);
        text.is_some_and(|bits| bits.contains('1'))
    }

    /// Nets that its outputs follow without a clock.
    fn inputs(&self) -> impl Iterator<Item = u32> {
        let role = self.role();
        let ports = self.connections.iter().filter(move |(name, _)| {
            self.port_directions.get(*name) == Some(&Direction::Input)
                && (role != Role::Memory || self.reads_at(name))
        });
        ports.flat_map(|(_, bits)| bits.iter().filter_map(|bit| bit.net()))
    }

    /// Whether a port of a memory is the address of something that is read: ADDRA of DOA, and so on. The last is often
    /// the address of what is written, and nothing else.
    fn reads_at(&self, port: &str) -> bool {
        match port.strip_prefix("ADDR") {
            Some(letter) => self.connections.contains_key(&format!("DO{letter}")),
            None => port.starts_with('A') || port.starts_with("DPRA"),
        }
    }

    fn nets(&self, port: &str) -> impl Iterator<Item = u32> {
        let bits = self.connections.get(port).into_iter().flatten();
        bits.filter_map(|bit| bit.net())
    }

    /// Bits of a carry cell up to the last one that depends on anything.
    fn carry_bits(&self) -> u64 {
        let select = self.connections.get("S").map_or(&[][..], Vec::as_slice);
        let last = select.iter().rposition(|bit| bit.net().is_some());
        last.map_or(0, |last| last as u64 + 1)
    }
}

/// Reads a netlist and measures it.
pub(crate) fn of_file(path: &Path) -> Result<Depth> {
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let netlist: Netlist = serde_json::from_slice(&text)
        .with_context(|| format!("{} is no netlist of yosys", path.display()))?;
    let is_top = |module: &&Module| module.attributes.contains_key("top");
    let top = netlist.modules.values().find(is_top);
    Ok(depth(top.context("the netlist has no top")?))
}

fn depth(module: &Module) -> Depth {
    let cells: Vec<(&String, &Cell)> = module.cells.iter().collect();
    let mut drivers: HashMap<u32, usize> = HashMap::new();
    for (index, (_, cell)) in cells.iter().enumerate() {
        for (port, bits) in &cell.connections {
            if cell.port_directions.get(port) == Some(&Direction::Output) {
                drivers.extend(
                    bits.iter()
                        .filter_map(|bit| bit.net())
                        .map(|net| (net, index)),
                );
            }
        }
    }
    let reached = levels(&cells, &drivers);
    let (mut deepest, mut path) = (0, None);
    for (index, (_, cell)) in cells.iter().enumerate() {
        if !matches!(cell.role(), Role::Register | Role::Memory) {
            continue;
        }
        let all = cell
            .connections
            .iter()
            .filter(|(port, _)| cell.port_directions.get(*port) == Some(&Direction::Input));
        for net in all.flat_map(|(_, bits)| bits.iter().filter_map(|bit| bit.net())) {
            let Some(&driver) = drivers.get(&net) else {
                continue;
            };
            if reached[driver].levels > deepest {
                deepest = reached[driver].levels;
                path = Some((driver, index));
            }
        }
    }
    let names = names(module);
    let name = |index: usize| {
        let (own, cell) = cells[index];
        let outputs = cell.connections.iter().filter(|(port, _)| {
            cell.port_directions.get(port.as_str()) == Some(&Direction::Output)
        });
        let mut nets = outputs.flat_map(|(_, bits)| bits.iter().filter_map(|bit| bit.net()));
        let named = nets.find_map(|net| names.get(&net).cloned());
        named.unwrap_or_else(|| own.clone())
    };
    let first = |driver: usize| {
        let before = |at: &usize| reached[*at].after;
        std::iter::successors(Some(driver), before)
            .last()
            .unwrap_or(driver)
    };
    Depth {
        levels: deepest,
        carry_bits: longest_chain(&cells, &drivers),
        begins_at: path.map_or_else(|| "nothing".to_owned(), |(driver, _)| name(first(driver))),
        ends_at: path.map_or_else(|| "nothing".to_owned(), |(_, end)| name(end)),
    }
}

/// The source's name of each net that has one; of several, the first in the alphabet.
fn names(module: &Module) -> HashMap<u32, String> {
    let mut kept: HashMap<u32, String> = HashMap::new();
    let of_source = module
        .netnames
        .iter()
        .filter(|(_, name)| name.hide_name == 0);
    for (text, name) in of_source {
        for (place, net) in name.bits.iter().enumerate() {
            let Some(net) = net.net() else { continue };
            let full = if name.bits.len() > 1 {
                format!("{text}[{place}]")
            } else {
                text.clone()
            };
            let first = kept.entry(net).or_insert_with(|| full.clone());
            if full < *first {
                *first = full;
            }
        }
    }
    kept
}

/// How far a cell's outputs are from registers.
#[derive(Clone, Copy)]
struct Reach {
    levels: u64,
    /// The cell before it on the longest way.
    after: Option<usize>,
}

/// For each cell, the levels up to its outputs. Visits what a cell depends on before it, without recursion: a carry
/// chain of a whole card may be deep.
fn levels(cells: &[(&String, &Cell)], drivers: &HashMap<u32, usize>) -> Vec<Reach> {
    const START: Reach = Reach {
        levels: 0,
        after: None,
    };
    let mut done: Vec<Option<Reach>> = vec![None; cells.len()];
    // Cells whose drivers were asked for. One that is begun and not done waits for the cell at hand: a loop, which
    // synthesis refuses before.
    let mut begun = vec![false; cells.len()];
    for start in 0..cells.len() {
        let mut stack = vec![start];
        while let Some(&index) = stack.last() {
            let cell = cells[index].1;
            if done[index].is_some() {
                stack.pop();
                continue;
            }
            if cell.role() == Role::Register {
                done[index] = Some(START);
                stack.pop();
                continue;
            }
            let before: Vec<usize> = cell
                .inputs()
                .filter_map(|net| drivers.get(&net).copied())
                .collect();
            if begun[index] {
                done[index] = Some(reach(cell, &before, cells, &done));
                stack.pop();
            } else {
                begun[index] = true;
                stack.extend(before.into_iter().filter(|driver| !begun[*driver]));
            }
        }
    }
    done.into_iter()
        .map(|reach| reach.unwrap_or(START))
        .collect()
}

fn reach(
    cell: &Cell,
    before: &[usize],
    cells: &[(&String, &Cell)],
    done: &[Option<Reach>],
) -> Reach {
    let own = u64::from(cell.role() != Role::Through);
    let through = |driver: &usize| {
        let levels = done[*driver].map_or(0, |reach| reach.levels);
        // The rest of a chain is no level more.
        let chain = cell.role() == Role::Carry && cells[*driver].1.role() == Role::Carry;
        Reach {
            levels: levels + if chain { 0 } else { own },
            after: Some(*driver),
        }
    };
    let longest = before.iter().map(through).max_by_key(|reach| reach.levels);
    longest.unwrap_or(Reach {
        levels: own,
        after: None,
    })
}

fn longest_chain(cells: &[(&String, &Cell)], drivers: &HashMap<u32, usize>) -> u64 {
    // Each cell's predecessor in its chain: the one whose carry it takes.
    let before = |cell: &Cell| {
        let driver = cell.nets("CI").find_map(|net| drivers.get(&net).copied())?;
        (cells[driver].1.role() == Role::Carry).then_some(driver)
    };
    let carries = cells.iter().filter(|(_, cell)| cell.role() == Role::Carry);
    let length = |cell: &Cell| {
        let (mut bits, mut at) = (cell.carry_bits(), cell);
        while let Some(driver) = before(at) {
            at = cells[driver].1;
            bits += at.connections.get("S").map_or(0, |bits| bits.len() as u64);
        }
        bits
    };
    carries.map(|(_, cell)| length(cell)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cell(kind: &str, inputs: Value, outputs: Value) -> Value {
        let mut directions = serde_json::Map::new();
        let mut connections = serde_json::Map::new();
        for (side, ports) in [("input", inputs), ("output", outputs)] {
            for (name, bits) in ports.as_object().expect("ports") {
                directions.insert(name.clone(), json!(side));
                connections.insert(name.clone(), bits.clone());
            }
        }
        json!({"type": kind, "port_directions": directions, "connections": connections})
    }

    fn measured(cells: Value) -> Depth {
        let module = json!({"attributes": {"top": "1"}, "cells": cells});
        depth(&serde_json::from_value(module).expect("a module"))
    }

    #[test]
    fn luts_between_registers_count_and_muxes_do_not() {
        let depth = measured(json!({
            "from": cell("FDRE", json!({"C": [2], "D": [3]}), json!({"Q": [4]})),
            "one": cell("LUT2", json!({"I0": [4], "I1": ["0"]}), json!({"O": [5]})),
            "two": cell("LUT6", json!({"I0": [5]}), json!({"O": [6]})),
            "mux": cell("MUXF7", json!({"I0": [6], "I1": [5], "S": [4]}), json!({"O": [7]})),
            "to": cell("FDRE", json!({"C": [2], "D": [7]}), json!({"Q": [8]})),
        }));
        let expected = Depth {
            levels: 2,
            carry_bits: 0,
            begins_at: "from".to_owned(),
            ends_at: "to".to_owned(),
        };
        assert_eq!(depth, expected);
    }

    /// Each LUT takes from all before it, so that whoever is visited first asks for all others.
    #[test]
    fn cells_that_share_drivers_are_measured_in_any_order() {
        const LUTS: u32 = 12;
        let mut cells = serde_json::Map::new();
        cells.insert(
            "from".to_owned(),
            cell("FDRE", json!({"D": [1]}), json!({"Q": [10]})),
        );
        for lut in 0..LUTS {
            let before: Vec<u32> = (10..=10 + lut).collect();
            let inputs = json!({"I0": before});
            cells.insert(
                format!("lut{lut}"),
                cell("LUT6", inputs, json!({"O": [11 + lut]})),
            );
        }
        cells.insert(
            "to".to_owned(),
            cell("FDRE", json!({"D": [10 + LUTS]}), json!({"Q": [1]})),
        );
        assert_eq!(measured(Value::Object(cells)).levels, u64::from(LUTS));
    }

    #[test]
    fn a_path_is_named_by_the_source() {
        let module = json!({
            "attributes": {"top": "1"},
            "netnames": {
                "$auto$4": {"hide_name": 1, "bits": [4]},
                "lanes.tap": {"hide_name": 0, "bits": [3, 4]},
                "queue.head": {"bits": [9]},
            },
            "cells": {
                "$auto$1": cell("FDRE", json!({"D": [3]}), json!({"Q": [4]})),
                "$auto$2": cell("LUT1", json!({"I0": [4]}), json!({"O": [5]})),
                "$auto$3": cell("FDRE", json!({"D": [5]}), json!({"Q": [9]})),
            },
        });
        let depth = depth(&serde_json::from_value(module).expect("a module"));
        assert_eq!(
            (depth.begins_at.as_str(), depth.ends_at.as_str()),
            ("lanes.tap[1]", "queue.head")
        );
    }

    #[test]
    fn a_chain_is_one_level_and_has_its_bits() {
        let bits = |from: u32| (from..from + 8).collect::<Vec<_>>();
        let depth = measured(json!({
            "from": cell("FDRE", json!({"D": [3]}), json!({"Q": bits(10)})),
            "low": cell("CARRY8", json!({"CI": ["0"], "S": bits(10)}), json!({"CO": bits(20), "O": bits(30)})),
            "high": cell("CARRY8", json!({"CI": [27], "S": [10, 11, 12, "0", "0", "0", "0", "0"]}), json!({"O": bits(40)})),
            "to": cell("FDRE", json!({"D": [42]}), json!({"Q": [99]})),
        }));
        assert_eq!((depth.levels, depth.carry_bits), (1, 11));
    }

    #[test]
    fn a_memory_is_read_through_its_address_only() {
        let depth = measured(json!({
            "from": cell("FDRE", json!({"D": [3]}), json!({"Q": [4]})),
            "lut": cell("LUT1", json!({"I0": [4]}), json!({"O": [5]})),
            "ram": cell(
                "RAM64M8",
                json!({"ADDRA": [4], "DIA": [5], "WE": [5], "ADDRH": [5]}),
                json!({"DOA": [6]})
            ),
            "to": cell("FDRE", json!({"D": [6]}), json!({"Q": [7]})),
        }));
        assert_eq!(depth.levels, 1);
        assert!(["to", "ram"].contains(&depth.ends_at.as_str()));
    }
}
