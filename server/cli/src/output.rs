//! Standard output: one JSON document, or a report for people; nothing else goes there.

use anyhow::Context as _;
use serde::Serialize;
use std::io::Write;
use std::net::SocketAddr;

/// The flag of every command that reports.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Json {
    /// Print one JSON document on standard output, and nothing else there.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Writes one JSON document and a newline.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut text =
        serde_json::to_string_pretty(value).context("cannot write the report as JSON")?;
    text.push('\n');
    write(&text)
}

/// Writes text for people.
pub(crate) fn write(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Where metrics are, as part of the line that says that something runs.
pub(crate) fn metrics(address: Option<SocketAddr>) -> String {
    address.map_or(String::new(), |address| {
        format!(", metrics on http://{address}/metrics")
    })
}

/// A table with left-aligned columns but for those named as numbers.
pub(crate) struct Table {
    head: Vec<&'static str>,
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A column whose name begins with `>` is right-aligned.
    pub(crate) fn new(columns: &[&'static str]) -> Self {
        Self {
            head: columns.iter().map(|c| c.trim_start_matches('>')).collect(),
            right: columns.iter().map(|c| c.starts_with('>')).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; missing cells stay empty.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().collect();
        cells.resize(self.head.len(), String::new());
        self.rows.push(cells);
    }

    /// The table as lines, indented by two spaces.
    pub(crate) fn text(&self) -> String {
        let width = |column: usize| {
            self.rows
                .iter()
                .map(|row| row[column].chars().count())
                .chain([self.head[column].chars().count()])
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let mut text = String::new();
        let mut line = |cells: &mut dyn Iterator<Item = &str>| {
            let mut out = String::from(" ");
            for ((cell, &width), &right) in cells.zip(&widths).zip(&self.right) {
                let pad = " ".repeat(width - cell.chars().count());
                out.push(' ');
                if right {
                    out.push_str(&pad);
                    out.push_str(cell);
                } else {
                    out.push_str(cell);
                    out.push_str(&pad);
                }
            }
            text.push_str(out.trim_end());
            text.push('\n');
        };
        line(&mut self.head.iter().copied());
        for row in &self.rows {
            line(&mut row.iter().map(String::as_str));
        }
        text
    }
}

/// A figure with an SI prefix and four digits: `1.234 M`.
pub(crate) fn si(value: f64) -> String {
    let (scaled, prefix) = match value.abs() {
        v if v >= 1e9 => (value / 1e9, " G"),
        v if v >= 1e6 => (value / 1e6, " M"),
        v if v >= 1e3 => (value / 1e3, " k"),
        _ => (value, " "),
    };
    let decimals = match scaled.abs() {
        v if v >= 100.0 => 1,
        v if v >= 10.0 => 2,
        _ => 3,
    };
    format!("{scaled:.decimals$}{prefix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["name", ">value"]);
        table.row(["a".to_owned(), "1234".to_owned()]);
        table.row(["long".to_owned()]);
        assert_eq!(table.text(), "  name value\n  a     1234\n  long\n");
    }

    #[test]
    fn prefixes() {
        assert_eq!(si(1234.0), "1.234 k");
        assert_eq!(si(12.0e6), "12.00 M");
        assert_eq!(si(250.0e9), "250.0 G");
        assert_eq!(si(0.5), "0.500 ");
    }
}
