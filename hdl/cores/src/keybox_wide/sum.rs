//! Sums of products as pipelines that take new numbers in each cycle: Verilog made from a list of terms.
//!
//! The contract of the text: `total` is the sum of all terms modulo 2^`width`, [`Sum::stages`] cycles after the ports
//! that the terms name. Nothing moves in cycles in which `run` is 0.
//!
//! Products of at most 26 by 17 bits have three registers each (factors, product, result), as a DSP48E2 has them.
//! The terms are laid into as few rows as they allow, rows are compressed three to two by carry-save adders, two of
//! those between registers, and the last two rows are added in pieces of at most [`PIECE`] bits.

use std::fmt::Write as _;

/// Cycles of a product.
const PRODUCT_STAGES: usize = 3;
/// Carry-save adders between registers.
const LEVELS: usize = 2;
/// Bits of the longest carry chain, its carry out not counted.
const PIECE: usize = 60;
/// Bits of a factor, and of its partner.
pub(super) const WIDE: usize = 26;
/// Bits of the other one.
pub(super) const NARROW: usize = 17;

/// What a term is, with its width in bits.
#[derive(Clone, Debug)]
enum Term {
    /// Two factors, each an expression and its bits.
    Product([(String, usize); 2]),
    /// An expression.
    Plain(String, usize),
}

/// A sum to be made into text.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    width: usize,
    /// Terms, and the bit that the lowest of each stands at; what would be below bit 0 is cut off.
    terms: Vec<(Term, isize)>,
    carry: Option<String>,
}

/// Bits `low` to `low + bits - 1` of a port.
pub(super) fn slice(port: &str, low: usize, bits: usize) -> (String, usize) {
    (format!("{port}[{}:{low}]", low + bits - 1), bits)
}

/// Limbs of a port: each a slice of `limb` bits, the last what is left, and where it begins.
pub(super) fn limbs(port: &str, bits: usize, limb: usize) -> Vec<((String, usize), usize)> {
    (0..bits)
        .step_by(limb)
        .map(|low| (slice(port, low, limb.min(bits - low)), low))
        .collect()
}

impl Sum {
    /// An empty sum modulo 2^`width`.
    pub(super) fn new(width: usize) -> Self {
        Self {
            width,
            terms: Vec::new(),
            carry: None,
        }
    }

    /// Adds a product of two factors, each an expression or a constant with its bits.
    pub(super) fn product(&mut self, a: (String, usize), b: (String, usize), at: isize) {
        let (narrow, wide) = (a.1.min(b.1), a.1.max(b.1));
        assert!(narrow <= NARROW && wide <= WIDE, "it fits a multiplier");
        self.terms.push((Term::Product([a, b]), at));
    }

    /// Adds an expression of `bits` bits.
    pub(super) fn plain(&mut self, (text, bits): (String, usize), at: isize) {
        self.terms.push((Term::Plain(text, bits), at));
    }

    /// Adds a carry of one bit: it is taken two cycles after the terms that arrive with the last two rows.
    pub(super) fn late_carry(&mut self, text: &str) {
        self.carry = Some(text.to_owned());
    }

    /// Multipliers that it needs.
    pub(super) fn products(&self) -> usize {
        let is_product = |(term, _): &&(Term, isize)| matches!(term, Term::Product(_));
        self.terms.iter().filter(is_product).count()
    }

    /// Terms that lose bits below bit 0.
    #[cfg(test)]
    pub(super) fn cut_terms(&self) -> usize {
        self.terms.iter().filter(|(_, at)| *at < 0).count()
    }

    /// Cycles from the terms to the total.
    pub(super) fn stages(&self) -> usize {
        let mut rows = self.rows().len();
        let mut levels: usize = 0;
        while rows > 2 {
            rows = rows / 3 * 2 + rows % 3;
            levels += 1;
        }
        let products = if self.products() == 0 {
            0
        } else {
            PRODUCT_STAGES
        };
        products + levels.div_ceil(LEVELS) + if self.width <= PIECE { 1 } else { 4 }
    }

    /// The terms, laid side by side into rows: of each its number, and the bits of the row that it takes.
    fn rows(&self) -> Vec<Vec<(usize, usize, usize)>> {
        let mut places: Vec<(usize, usize, usize)> = Vec::new();
        for (number, (term, at)) in self.terms.iter().enumerate() {
            let end = (at + term.bits() as isize).min(self.width as isize);
            let begin = (*at).max(0);
            assert!(begin < end, "term {number} is not beside the sum");
            places.push((number, begin as usize, end as usize));
        }
        places.sort_by_key(|&(number, begin, _)| (begin, number));
        let mut rows: Vec<Vec<(usize, usize, usize)>> = Vec::new();
        for place in places {
            let free = |row: &&mut Vec<(usize, usize, usize)>| {
                row.last().is_none_or(|&(_, _, end)| end <= place.1)
            };
            match rows.iter_mut().find(free) {
                Some(row) => row.push(place),
                None => rows.push(vec![place]),
            }
        }
        rows
    }

    /// The text: registers, then what happens at an edge.
    pub(super) fn text(&self) -> String {
        let products = self.products();
        let what = format!(
            "{products} products and {} more, modulo 2^{}, in {} cycles",
            self.terms.len() - products,
            self.width,
            self.stages()
        );
        let mut text = Text::new(what, self.width);
        let have_products = products != 0;
        let mut factors: Vec<(String, usize)> = Vec::new();
        let mut parts = Vec::new();
        for (number, (term, _)) in self.terms.iter().enumerate() {
            parts.push(match term {
                Term::Product(both) => {
                    let mut names = Vec::new();
                    for factor in both {
                        if factor.0.contains('\'') {
                            // A constant needs no register.
                            names.push(factor.0.clone());
                            continue;
                        }
                        let known = factors.iter().position(|(text, _)| *text == factor.0);
                        let index = known.unwrap_or_else(|| {
                            factors.push(factor.clone());
                            factors.len() - 1
                        });
                        names.push(format!("f{index}"));
                    }
                    let bits = term.bits();
                    text.register(&format!("m{number}"), bits);
                    text.register(&format!("p{number}"), bits);
                    text.edge(&format!("m{number} <= {} * {};", names[0], names[1]));
                    text.edge(&format!("p{number} <= m{number};"));
                    format!("p{number}")
                }
                Term::Plain(expression, bits) if have_products => {
                    for stage in 1..=PRODUCT_STAGES {
                        let name = format!("e{number}_{stage}");
                        text.register(&name, *bits);
                        let before = if stage == 1 {
                            expression.clone()
                        } else {
                            format!("e{number}_{}", stage - 1)
                        };
                        text.edge(&format!("{name} <= {before};"));
                    }
                    format!("e{number}_{PRODUCT_STAGES}")
                }
                Term::Plain(expression, bits) => {
                    text.local(&format!("e{number}"), *bits);
                    text.edge(&format!("e{number} = {expression};"));
                    format!("e{number}")
                }
            });
        }
        for (index, (expression, bits)) in factors.iter().enumerate() {
            text.register(&format!("f{index}"), *bits);
            text.edge(&format!("f{index} <= {expression};"));
        }
        let rows = self.lay(&mut text, &parts);
        let [x, y] = compress(&mut text, rows);
        self.add(&mut text, &x, &y);
        text.finish()
    }

    /// Names of the rows, as local variables.
    fn lay(&self, text: &mut Text, parts: &[String]) -> Vec<String> {
        let mut names = Vec::new();
        for (index, row) in self.rows().iter().enumerate() {
            let mut pieces = Vec::new();
            let mut done = 0;
            for &(number, begin, end) in row {
                if begin > done {
                    pieces.push(format!("{}'d0", begin - done));
                }
                let (term, at) = &self.terms[number];
                let low = begin as isize - at;
                let high = end as isize - at - 1;
                pieces.push(if low == 0 && high == term.bits() as isize - 1 {
                    parts[number].clone()
                } else {
                    format!("{}[{high}:{low}]", parts[number])
                });
                done = end;
            }
            if done < self.width {
                pieces.push(format!("{}'d0", self.width - done));
            }
            pieces.reverse();
            let name = format!("row{index}");
            text.local(&name, self.width);
            text.edge(&format!("{name} = {{{}}};", pieces.join(", ")));
            names.push(name);
        }
        assert!(names.len() >= 2, "one row is no sum");
        names
    }

    /// The last two rows. Pieces; whether each has a carry or would pass one on; the carries; the total.
    fn add(&self, text: &mut Text, x: &str, y: &str) {
        let carry = self.carry.as_deref();
        if self.width <= PIECE {
            let carry = carry.map_or(String::new(), |carry| format!(" + {carry}"));
            text.edge(&format!("total <= {x} + {y}{carry};"));
            return;
        }
        let pieces = self.width.div_ceil(PIECE);
        let size = self.width.div_ceil(pieces);
        let mut sums = Vec::new();
        let mut above = carry.map(str::to_owned);
        for piece in 0..pieces {
            let low = piece * size;
            let bits = size.min(self.width - low);
            let range = format!("[{}:{low}]", low + bits - 1);
            for stage in ["a", "b", "c"] {
                let extra = usize::from(stage == "a");
                text.register(&format!("{stage}{piece}"), bits + extra);
            }
            for flag in ["g", "t", "k"] {
                text.register(&format!("{flag}{piece}"), 1);
            }
            text.edge(&format!(
                "a{piece} <= {{1'b0, {x}{range}}} + {{1'b0, {y}{range}}};"
            ));
            let below = format!("a{piece}[{}:0]", bits - 1);
            text.edge(&format!("b{piece} <= {below};"));
            text.edge(&format!("g{piece} <= a{piece}[{bits}];"));
            text.edge(&format!("t{piece} <= &{below};"));
            text.edge(&format!("c{piece} <= b{piece};"));
            let into = above.take().unwrap_or_else(|| "1'b0".to_owned());
            text.edge(&format!("k{piece} <= {into};"));
            above = Some(format!("(g{piece} | (t{piece} & {into}))"));
            text.local(&format!("sum{piece}"), bits);
            text.edge(&format!("sum{piece} = c{piece} + k{piece};"));
            sums.push(format!("sum{piece}"));
        }
        sums.reverse();
        text.edge(&format!("total <= {{{}}};", sums.join(", ")));
    }
}

impl Term {
    fn bits(&self) -> usize {
        match self {
            Self::Product([(_, a), (_, b)]) => a + b,
            Self::Plain(_, bits) => *bits,
        }
    }
}

/// Three rows to two, until two are left.
fn compress(text: &mut Text, mut rows: Vec<String>) -> [String; 2] {
    let width = text.width;
    let mut level = 0;
    while rows.len() > 2 {
        let mut next = Vec::new();
        for (index, group) in rows.chunks(3).enumerate() {
            let [a, b, c] = group else {
                next.extend_from_slice(group);
                continue;
            };
            let (sum, carry) = (format!("s{level}_{index}"), format!("k{level}_{index}"));
            text.local(&sum, width);
            text.local(&carry, width);
            text.edge(&format!("{sum} = {a} ^ {b} ^ {c};"));
            text.edge(&format!(
                "{carry} = (({a} & {b}) | ({c} & ({a} ^ {b}))) << 1;"
            ));
            next.push(sum);
            next.push(carry);
        }
        level += 1;
        rows = next;
        if level % LEVELS == 0 || rows.len() == 2 {
            rows = rows
                .iter()
                .enumerate()
                .map(|(index, row)| {
                    let name = format!("r{level}_{index}");
                    text.register(&name, width);
                    text.edge(&format!("{name} <= {row};"));
                    name
                })
                .collect();
        }
    }
    [rows[0].clone(), rows[1].clone()]
}

/// Verilog under way.
struct Text {
    width: usize,
    registers: String,
    locals: String,
    edge: String,
}

impl Text {
    fn new(what: String, width: usize) -> Self {
        let mut text = Self {
            width,
            registers: format!("// {what}.\n"),
            locals: String::new(),
            edge: String::new(),
        };
        text.register("total", width);
        text
    }

    fn register(&mut self, name: &str, bits: usize) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.registers, "reg [{}:0] {name} = 0;", bits - 1);
    }

    /// A variable of the clocked block that holds nothing from one edge to the next.
    fn local(&mut self, name: &str, bits: usize) {
        let _ = writeln!(self.locals, "   reg [{}:0] {name};", bits - 1);
    }

    fn edge(&mut self, line: &str) {
        let _ = writeln!(self.edge, "   {line}");
    }

    fn finish(self) -> String {
        format!(
            "{}always @(posedge clock) if (run) begin : advance\n{}{}end\n",
            self.registers, self.locals, self.edge
        )
    }
}
