//! A mutation as yosys lists it, and as people and `survivors.txt` name it.

/// What of a long text is enough to find it again.
const TEXT: usize = 120;

/// One change of a design.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mutant {
    /// yosys's command, without what depends on the text's lines.
    pub(crate) command: String,
    /// The change by the Verilog that it is in. Cells' numbers and the text's lines are left out, so that the name
    /// outlives changes elsewhere in the design: `inv B[1] of counts.$and: ones9 & {4{take_ones}}`.
    pub(crate) name: String,
}

impl Mutant {
    /// Reads a line of `mutate -list`; `verilog` is the text that its `-src` are places of.
    pub(crate) fn new(line: &str, verilog: &str) -> Self {
        let mut command = Vec::new();
        let (mut mode, mut cell, mut port, mut bit) = ("", "", "", "");
        let (mut control, mut wire, mut wire_bit, mut source) = (None, None, "", "");
        let mut words = line.split_whitespace();
        while let Some(word) = words.next() {
            let option = word.starts_with('-').then(|| words.next()).flatten();
            let value = option.unwrap_or_default();
            match word {
                "-src" => {
                    // The last one is the cell's own; those before are of a wire or of a part.
                    source = value;
                    continue;
                }
                "-mode" => mode = value,
                "-cell" => cell = value,
                "-port" => port = value,
                "-portbit" => bit = value,
                "-ctrlbit" => control = Some(value),
                "-wire" => wire = Some(value),
                "-wirebit" => wire_bit = value,
                _ => {}
            }
            command.push(word);
            command.extend(option);
        }
        let mut name = format!("{mode} {port}[{bit}]");
        if let Some(control) = control {
            name += &format!(" by [{control}]");
        }
        name += &format!(" of {}", kind(cell));
        if let Some(wire) = wire {
            name += &format!(", {wire}[{wire_bit}]");
        }
        if let Some(text) = text(verilog, source) {
            name += &format!(": {text}");
        }
        Self {
            command: command.join(" "),
            name,
        }
    }
}

/// Instance and type of a cell: `counts.$and` of `$flatten\counts.$and$design.v:1108$749`.
fn kind(cell: &str) -> String {
    let path = cell.strip_prefix("$flatten").unwrap_or(cell);
    let (instance, own) = path.split_at(path.rfind(".$").map_or(0, |dot| dot + 1));
    let own: String = own.split_inclusive('$').take(2).collect();
    format!("{instance}{}", own.trim_end_matches('$')).replace('\\', "")
}

/// The text at `design.v:LINE.COLUMN-LINE.COLUMN`, on one line and cut.
fn text(verilog: &str, source: &str) -> Option<String> {
    let (from, to) = source.rsplit_once(':')?.1.split_once('-')?;
    let place = |place: &str| -> Option<usize> {
        let (line, column) = place.split_once('.')?;
        let line: usize = line.parse().ok()?;
        let column: usize = column.parse().ok()?;
        let before: usize = verilog
            .split_inclusive('\n')
            .take(line.checked_sub(1)?)
            .map(str::len)
            .sum();
        Some(before + column.checked_sub(1)?)
    };
    let text = verilog.get(place(from)?..place(to)?)?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let text: String = words.join(" ").chars().take(TEXT).collect();
    Some(text.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::Mutant;

    const VERILOG: &str = "module top;\n  wire [1:0] word = (one & two)\n    | three;\nendmodule\n";

    #[test]
    fn names_outlive_lines_and_numbers() {
        let line = "mutate -mode cnot0 -module top -cell $flatten\\part.$and$design.v:2$749 -port Y -portbit 1 \
                    -ctrlbit 0 -wire part.word -wirebit 1 -src design.v:2.14-2.18 -src design.v:2.22-2.31";
        let mutant = Mutant::new(line, VERILOG);
        assert_eq!(
            mutant.command,
            line.split_once(" -src").map_or("", |(command, _)| command)
        );
        assert_eq!(
            mutant.name,
            "cnot0 Y[1] by [0] of part.$and, part.word[1]: one & two"
        );
    }

    #[test]
    fn long_texts_are_on_one_line() {
        let line = "mutate -mode inv -module top -cell $procmux$12 -port A -portbit 0 -src design.v:2.21-3.12";
        let name = Mutant::new(line, VERILOG).name;
        assert_eq!(name, "inv A[0] of $procmux: (one & two) | three");
        // A place that is not there is no text.
        let line =
            "mutate -mode inv -module top -cell $a.b$3 -port A -portbit 0 -src design.v:9.1-9.2";
        assert!(Mutant::new(line, "").name.starts_with("inv A[0] of "));
    }
}
