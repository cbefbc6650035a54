//! One module a kind instead of one an instance.
//!
//! rust-hdl writes a module for every instance: 64 lanes of ten registers each become 704 modules with 11 different
//! bodies. Here modules that are equal, children included, become one. A register's clock takes a detour too
//! (`reg r$clock; always @(*) … r$clock = clock;`), which costs Verilator time and hides the clock from yosys: the
//! child is connected to the parent's clock itself.
//!
//! This is a pass over text in the form that rust-hdl emits. Lockstep on its result proves that it changes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A module as text.
struct Module<'a> {
    name: &'a str,
    /// From the bracket after its name to the last line before `endmodule`.
    body: Vec<String>,
}

/// Rewrites Verilog that rust-hdl emitted: equal modules become one, clocks lose their detour. Modules that nothing
/// instantiates keep their names and come first; the others are called by what they are (`pb_dff_8`) or by the
/// shortest of their instances' names (`pb_sampler`), in alphabetical order. Text outside modules stays at the end.
pub fn dedupe(verilog: &str) -> String {
    let (modules, outside) = split(verilog);
    let places: HashMap<&str, usize> = modules
        .iter()
        .enumerate()
        .map(|(index, module)| (module.name, index))
        .collect();
    let children: Vec<Vec<usize>> = modules
        .iter()
        .map(|module| {
            let lines = module.body.iter();
            lines
                .filter_map(|line| places.get(instance_of(line)?).copied())
                .collect()
        })
        .collect();
    let used: BTreeSet<usize> = children.iter().flatten().copied().collect();

    // Equal ones get the same kind; a kind is known before that of its parents.
    let mut kinds: Vec<Option<usize>> = vec![None; modules.len()];
    let mut bodies: Vec<Vec<String>> = Vec::new();
    let mut known: HashMap<(Option<usize>, Vec<String>), usize> = HashMap::new();
    for index in bottom_up(&children) {
        let body: Vec<String> = without_clock_detours(&modules[index].body)
            .iter()
            .map(|line| rename_instance(line, |child| Some(mark(kinds[*places.get(child)?]?))))
            .collect();
        // A top keeps its name, so it is a kind of its own.
        let own = (!used.contains(&index)).then_some(index);
        let kind = *known.entry((own, body.clone())).or_insert_with(|| {
            bodies.push(body);
            bodies.len() - 1
        });
        kinds[index] = Some(kind);
    }

    let mut members: Vec<Vec<&str>> = vec![Vec::new(); bodies.len()];
    let mut tops: Vec<usize> = Vec::new();
    for (index, kind) in kinds.iter().enumerate() {
        let Some(kind) = *kind else { continue };
        members[kind].push(modules[index].name);
        if !used.contains(&index) {
            tops.push(kind);
        }
    }
    let names = names(&members, &bodies, &tops);
    let mut order: Vec<usize> = (0..bodies.len()).collect();
    order.sort_by_key(|kind| (!tops.contains(kind), &names[*kind]));

    let mut text = String::new();
    for kind in order {
        let name = &names[kind];
        text.push_str(&format!("module {name}"));
        for line in &bodies[kind] {
            let line = rename_instance(line, |child| Some(names[unmark(child)?].clone()));
            text.push_str(&line);
            text.push('\n');
        }
        text.push_str(&format!("endmodule // {name}\n\n"));
    }
    text.push_str(outside.trim_start());
    text
}

/// The modules, and the text outside them.
fn split(verilog: &str) -> (Vec<Module<'_>>, String) {
    let mut modules = Vec::new();
    let mut outside = String::new();
    let mut current: Option<Module<'_>> = None;
    for line in verilog.lines() {
        let trimmed = line.trim_start();
        if let Some(module) = &mut current {
            if identifier(trimmed) == "endmodule" {
                modules.extend(current.take());
            } else if !trimmed.is_empty() {
                module.body.push(tidy(line));
            }
        } else if let Some(rest) = trimmed.strip_prefix("module ") {
            let rest = rest.trim_start();
            let name = identifier(rest);
            current = Some(Module {
                name,
                body: vec![rest[name.len()..].trim_end().to_owned()],
            });
        } else if !trimmed.is_empty() {
            outside.push_str(line.trim_end());
            outside.push('\n');
        }
    }
    (modules, outside)
}

/// Without trailing blanks; declarations with single ones.
fn tidy(line: &str) -> String {
    let line = line.trim_end();
    let text = line.trim_start();
    if !["input", "output", "inout", "reg", "wire", "localparam"].contains(&identifier(text)) {
        return line.to_owned();
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    format!("{}{}", &line[..line.len() - text.len()], words.join(" "))
}

/// The identifier at the start, maybe empty.
fn identifier(text: &str) -> &str {
    let end =
        text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '$' || c == MARK));
    &text[..end.unwrap_or(text.len())]
}

/// `kind` of a line that begins an instance: `kind name(`.
fn instance_of(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let kind = identifier(line);
    let rest = &line[kind.len()..];
    let name = rest.trim_start();
    let open = name[identifier(name).len()..].trim_start();
    let separate = name.len() < rest.len() && !identifier(name).is_empty();
    (!kind.is_empty() && separate && open.starts_with('(')).then_some(kind)
}

/// The line with the kind of its instance replaced, if it begins one and `new` knows it.
fn rename_instance(line: &str, new: impl Fn(&str) -> Option<String>) -> String {
    let renamed = instance_of(line).and_then(|kind| {
        let start = line.len() - line.trim_start().len();
        let new = new(kind)?;
        Some(format!(
            "{}{new}{}",
            &line[..start],
            &line[start + kind.len()..]
        ))
    });
    renamed.unwrap_or_else(|| line.to_owned())
}

/// Stands for a kind until it has a name; no identifier has it.
const MARK: char = '\u{1}';

fn mark(kind: usize) -> String {
    format!("{MARK}{kind}")
}

fn unmark(text: &str) -> Option<usize> {
    text.strip_prefix(MARK)?.parse().ok()
}

/// Every module after those that it instantiates.
fn bottom_up(children: &[Vec<usize>]) -> Vec<usize> {
    fn visit(index: usize, children: &[Vec<usize>], seen: &mut [bool], order: &mut Vec<usize>) {
        if std::mem::replace(&mut seen[index], true) {
            return;
        }
        for child in &children[index] {
            visit(*child, children, seen, order);
        }
        order.push(index);
    }
    let mut order = Vec::with_capacity(children.len());
    let mut seen = vec![false; children.len()];
    for index in 0..children.len() {
        visit(index, children, &mut seen, &mut order);
    }
    order
}

/// How often each identifier occurs.
fn occurrences(body: &[String]) -> HashMap<&str, usize> {
    let mut count = HashMap::new();
    for line in body {
        let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '$'));
        for word in words.filter(|word| !word.is_empty()) {
            *count.entry(word).or_insert(0) += 1;
        }
    }
    count
}

/// Connects each child whose clock is always the module's clock to that clock.
///
/// Only a signal that occurs three times is taken: declared, set once and unconditionally, connected.
fn without_clock_detours(body: &[String]) -> Vec<String> {
    let clocks: BTreeSet<&str> = body
        .iter()
        .filter_map(|line| line.trim().strip_prefix("input wire ")?.strip_suffix(';'))
        .filter(|name| name.ends_with("clock"))
        .collect();
    let count = occurrences(body);
    let lines: BTreeSet<&str> = body.iter().map(|line| line.trim()).collect();
    let bracketed = |line: &'_ String| -> Option<(usize, usize)> {
        let open = line.find('(')?;
        Some((open + 1, open + 1 + line[open + 1..].find(')')?))
    };
    let connected: BTreeSet<&str> = body
        .iter()
        .filter_map(|line| bracketed(line).map(|(from, to)| &line[from..to]))
        .collect();
    let mut detours: BTreeMap<&str, &str> = BTreeMap::new();
    let mut depth = 0_usize;
    for line in body {
        let text = line.trim();
        if let Some((signal, value)) = text
            .strip_suffix(';')
            .and_then(|text| text.split_once(" = "))
            && depth == 1
            && signal.ends_with("$clock") | signal.ends_with("_clock")
            && clocks.contains(value)
            && count.get(signal) == Some(&3)
            && lines.contains(format!("reg {signal};").as_str())
            && connected.contains(signal)
        {
            detours.insert(signal, value);
        }
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '$')) {
            match word {
                "begin" | "case" => depth += 1,
                "end" | "endcase" => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
    }
    let kept = body.iter().filter(|line| {
        let Some(text) = line.trim().strip_suffix(';') else {
            return true;
        };
        let declared = text.strip_prefix("reg ");
        let set = text.split_once(" = ");
        !(declared.is_some_and(|signal| detours.contains_key(signal))
            || set.is_some_and(|(signal, value)| detours.get(signal) == Some(&value)))
    });
    kept.map(|line| {
        let connected = bracketed(line).and_then(|(from, to)| {
            let value = detours.get(&line[from..to])?;
            line.trim_start()
                .starts_with('.')
                .then(|| format!("{}{value}{}", &line[..from], &line[to..]))
        });
        connected.unwrap_or_else(|| line.clone())
    })
    .collect()
}

/// A name for each kind, all different.
fn names(members: &[Vec<&str>], bodies: &[Vec<String>], tops: &[usize]) -> Vec<String> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut names = vec![String::new(); members.len()];
    for &top in tops {
        names[top] = members[top][0].to_owned();
        taken.insert(names[top].clone());
    }
    // Those nearest to the top choose first.
    let path = |kind: usize| -> Vec<&str> {
        let shortest = members[kind]
            .iter()
            .map(|name| name.split('$').collect::<Vec<_>>())
            .min_by_key(|path| (path.len(), path.join("$")));
        shortest.unwrap_or_default()
    };
    let mut order: Vec<usize> = (0..members.len())
        .filter(|kind| !tops.contains(kind))
        .collect();
    order.sort_by_key(|kind| (path(*kind).len(), path(*kind).join("$")));
    for kind in order {
        let path = path(kind);
        // Without numbers of arrays; `top` says nothing.
        let words: Vec<&str> = path
            .iter()
            .skip(1)
            .copied()
            .filter(|word| word.parse::<u32>().is_err())
            .collect();
        let wishes = register(&bodies[kind])
            .into_iter()
            .chain((1..=words.len()).map(|last| words[words.len() - last..].join("_")))
            .chain((2..).map(|number| format!("{}_{number}", words.join("_"))));
        let free = wishes
            .map(|wish| format!("pb_{wish}"))
            .find(|name| !taken.contains(name));
        names[kind] = free.unwrap_or_default();
        taken.insert(names[kind].clone());
    }
    names
}

/// `dff_8` for rust-hdl's register of 8 bits that starts as 0, `dff_8_2a` for one that starts as 2a.
fn register(body: &[String]) -> Option<String> {
    let lines: Vec<&str> = body
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.starts_with("//"))
        .collect();
    let [
        "(d,q,clock);",
        input,
        _,
        "input wire clock;",
        "initial begin",
        initial,
        "end",
        "always @(posedge clock) begin",
        "q <= d;",
        "end",
    ] = lines[..]
    else {
        return None;
    };
    let width = match input.split_once('[') {
        Some((_, range)) => range.split_once(':')?.0.parse::<u32>().ok()? + 1,
        None => 1,
    };
    let value = initial
        .strip_prefix("q = ")?
        .strip_suffix(';')?
        .split_once("'h")?
        .1;
    Some(if value.trim_matches('0').is_empty() {
        format!("dff_{width}")
    } else {
        format!("dff_{width}_{value}")
    })
}

#[cfg(test)]
mod tests;
