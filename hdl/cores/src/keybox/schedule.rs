//! The engine's program and constants, made at construction: which limbs are multiplied in which cycle.
//!
//! The program is straight: every key takes the same cycles, whatever the data. Products of one column of a result
//! are added up in any order; columns follow each other from the lowest, since each passes its carry on.

use super::arithmetic::{Constants, LIMBS};

/// Cycles from the issue of a column's last product to the first cycle in which its limb can be read.
const LATENCY: usize = 10;
/// Limbs of X² (< 2^480).
const SQUARE_LIMBS: usize = 14;
/// Limbs of P and of 1/G that the quotient is estimated from.
pub(super) const QUOTIENT_LIMBS: usize = 8;
/// Lowest column of the estimate that is computed; the columns below it amount to less than 2^-33.
const FIRST_COLUMN: usize = 6;
/// Column of the estimate's whole part.
const WHOLE_COLUMN: usize = 8;
/// The s that is scheduled; the others differ in operands that are there as early, so every s has the same cycles.
const WORST_S: u32 = 8;
/// Limbs of a session key.
pub(super) const KEY_LIMBS: usize = 6;

/// Places of limbs in the memory of operand `a`.
pub(super) mod place {
    /// X.
    pub(crate) const X: usize = 0;
    /// The digits that are dropped, as a number.
    pub(crate) const TOP: usize = 7;
    /// Estimate of the quotient.
    pub(crate) const Q: usize = 8;
    /// X².
    pub(crate) const P: usize = 16;
    /// The number 1; the only place that is not swept.
    pub(crate) const ONE: usize = 30;
    /// The number 0.
    pub(crate) const ZERO: usize = 31;
}

/// Places of constants in the memory of operand `b`, whose first eight places mirror those of `a`.
pub(super) mod constant {
    /// 0.
    pub(crate) const ZERO: usize = 8;
    /// 1.
    pub(crate) const ONE: usize = 9;
    /// 4.
    pub(crate) const FOUR: usize = 10;
    /// Makes the estimate of the quotient one from above.
    pub(crate) const QUOTIENT_BIAS: usize = 11;
    /// Makes the estimate of the dropped digits one from above.
    pub(crate) const TOP_BIAS: usize = 12;
    /// floor(2^252 / 10^64), two limbs.
    pub(crate) const TOP_INVERSE: usize = 13;
    /// 2^216 - 10^64, six limbs.
    pub(crate) const MINUS_KEY_MODULUS: usize = 16;
    /// Constants of s = 1; those of the next follow.
    pub(crate) const OF_S: usize = 32;
    /// Places for each s.
    pub(crate) const STRIDE: usize = 24;
    /// 1/G, within the constants of an s.
    pub(crate) const INVERSE: usize = 0;
    /// G.
    pub(crate) const G: usize = 8;
    /// 2^252 - M.
    pub(crate) const MINUS_M: usize = 16;
}

/// What becomes of a column's limb, besides being stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing.
    #[default]
    Plain,
    /// It is one of the next X: compared with the present one.
    Next,
    /// It is one of the session key.
    Key,
    /// Its sign is kept: whether X_0 is below M.
    Check,
}

/// Where a column's carry comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Carry {
    /// From the column before.
    #[default]
    Column,
    /// A new number begins, carry 0.
    Zero,
    /// A new number begins, carry 1.
    One,
    /// A new number begins, carry 1 unless the number before is negative.
    NotSign,
}

/// One product.
#[derive(Clone, Copy, Debug)]
struct Product {
    a: usize,
    b: usize,
    invert: bool,
    double: bool,
}

impl Product {
    fn new(a: usize, b: usize) -> Self {
        Self {
            a,
            b,
            invert: false,
            double: false,
        }
    }

    fn inverted(self) -> Self {
        Self {
            invert: true,
            ..self
        }
    }

    fn doubled(self, double: bool) -> Self {
        Self { double, ..self }
    }

    /// From the operands of [`WORST_S`] to those of `s`.
    fn relocate(&mut self, s: u32) {
        let Some(index) = self.b.checked_sub(of_s(WORST_S)) else {
            return;
        };
        self.b = of_s(s) + index;
        if index < constant::G {
            self.a = self.a + Constants::low_limb(s) - Constants::low_limb(WORST_S);
        }
    }

    const NONE: Self = Self {
        a: place::ZERO,
        b: constant::ZERO,
        invert: false,
        double: false,
    };
}

/// One column of a number.
#[derive(Clone, Debug, Default)]
struct Column {
    products: Vec<Product>,
    carry: Carry,
    store: Option<usize>,
    kind: Kind,
    /// Number of the limb, for kinds other than plain.
    index: usize,
}

/// What the engine does in one cycle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    products: [Product; 2],
    first: bool,
    last: bool,
    carry: Carry,
    store: bool,
    destination: usize,
    kind: Kind,
}

impl Word {
    /// Nothing: what is being added up stays.
    const PAUSE: Self = Self {
        products: [Product::NONE; 2],
        first: false,
        last: false,
        carry: Carry::Column,
        store: false,
        destination: 0,
        kind: Kind::Plain,
    };

    /// Nothing, and zeros into the whole pipeline.
    const FLUSH: Self = Self {
        first: true,
        last: true,
        carry: Carry::Zero,
        ..Self::PAUSE
    };

    /// Bits, lowest first: a0 (5), a1 (5), b0 (8), b1 (8), first, last, carry (2), kind (2), store, destination (5),
    /// invert (2), double (2).
    pub(super) fn bits(&self) -> u64 {
        let [one, two] = self.products;
        let fields = [
            (one.a as u64, 5),
            (two.a as u64, 5),
            (one.b as u64, 8),
            (two.b as u64, 8),
            (u64::from(self.first), 1),
            (u64::from(self.last), 1),
            (self.carry as u64, 2),
            (self.kind as u64, 2),
            (u64::from(self.store), 1),
            (self.destination as u64, 5),
            (u64::from(one.invert), 1),
            (u64::from(two.invert), 1),
            (u64::from(one.double), 1),
            (u64::from(two.double), 1),
        ];
        let mut at = 0;
        fields.iter().fold(0, |word, (value, width)| {
            let placed = value << at;
            at += width;
            word | placed
        })
    }
}

/// Bits of a program word.
pub(super) const WORD_BITS: usize = 42;
/// Words of the program of one s; its last word flushes.
pub(super) const BANK: usize = 128;
/// Where the check of X_0 begins within a bank.
pub(super) const CHECK: usize = 112;
/// A word that does nothing.
pub(super) const PAUSE: usize = CHECK - 1;
/// A word that flushes.
pub(super) const FLUSH: usize = BANK - 1;

/// The program of one s.
#[derive(Debug)]
pub(super) struct Program {
    /// [`BANK`] words.
    pub(super) words: Vec<Word>,
    /// Words of the loop that makes a key.
    pub(super) period: usize,
    /// The word of the loop at which it may be held: the key before this one leaves first.
    pub(super) hold: usize,
}

impl Program {
    /// The program for `s` dropped digits.
    pub(super) fn new(s: u32) -> Self {
        let mut issue = Issue::new();
        issue.number(square());
        issue.number(top());
        issue.number(quotient());
        issue.number(remainder());
        let hold = issue.number(next());
        issue.number(key());
        // The next round reads limb c of the new X in its cycle c at the earliest.
        let period = issue.words.len().max(hold + LATENCY);
        let mut words = issue.words;
        assert!(period <= PAUSE, "the loop fits its bank");
        words.resize(CHECK, Word::PAUSE);
        let mut check = Issue::new();
        check.number(below_modulus());
        words.extend(check.words);
        words.resize(BANK, Word::FLUSH);
        for product in words.iter_mut().flat_map(|word| &mut word.products) {
            product.relocate(s);
        }
        Self {
            words,
            period,
            hold,
        }
    }
}

/// Puts products into cycles as early as their operands allow.
struct Issue {
    words: Vec<Word>,
    /// First cycle in which a place of `a` can be read.
    ready: [usize; 32],
}

impl Issue {
    fn new() -> Self {
        let mut ready = [0; 32];
        // The round before delivers one limb of X a cycle.
        for (limb, cycle) in ready.iter_mut().enumerate().take(LIMBS) {
            *cycle = limb;
        }
        Self {
            words: Vec::new(),
            ready,
        }
    }

    fn product_ready(&self, product: &Product) -> usize {
        let b = if product.b < constant::ZERO {
            self.ready[product.b]
        } else {
            0
        };
        self.ready[product.a].max(b)
    }

    /// Issues the columns of a number in order; the cycle of its first column's last product.
    fn number(&mut self, columns: Vec<Column>) -> usize {
        let mut first_closed = None;
        for column in columns {
            let mut left = column.products.clone();
            let mut first = true;
            loop {
                let cycle = self.words.len();
                left.sort_by_key(|product| self.product_ready(product));
                let count = left
                    .iter()
                    .take(2)
                    .filter(|product| self.product_ready(product) <= cycle)
                    .count();
                if count == 0 && !left.is_empty() {
                    self.words.push(Word::PAUSE);
                    continue;
                }
                let now: Vec<Product> = left.drain(..count).collect();
                let last = left.is_empty();
                let at = |index: usize| now.get(index).copied().unwrap_or(Product::NONE);
                self.words.push(Word {
                    products: [at(0), at(1)],
                    first,
                    last,
                    carry: column.carry,
                    store: last && column.store.is_some(),
                    destination: column.store.unwrap_or(column.index),
                    kind: if last { column.kind } else { Kind::Plain },
                });
                first = false;
                if last {
                    first_closed.get_or_insert(cycle);
                    // X itself is read again in the next round only.
                    if let Some(place) = column.store.filter(|place| *place >= LIMBS) {
                        self.ready[place] = cycle + LATENCY;
                    }
                    break;
                }
            }
        }
        first_closed.unwrap_or(0)
    }
}

fn carry_of(column: usize, first: Carry) -> Carry {
    if column == 0 { first } else { Carry::Column }
}

/// P = X².
fn square() -> Vec<Column> {
    (0..SQUARE_LIMBS)
        .map(|column| Column {
            products: (0..LIMBS)
                .filter_map(|i| Some((i, column.checked_sub(i)?)))
                .filter(|(i, j)| i <= j && *j < LIMBS)
                .map(|(i, j)| Product::new(place::X + i, place::X + j).doubled(i != j))
                .collect(),
            carry: carry_of(column, Carry::Zero),
            store: Some(place::P + column),
            ..Column::default()
        })
        .collect()
}

/// An estimate from above of the dropped digits: floor(X / 10^64) or one more.
fn top() -> Vec<Column> {
    (0..3_usize)
        .map(|column| {
            let mut products: Vec<Product> = (0..2_usize)
                .filter_map(|i| Some((i, column.checked_sub(i)?)))
                .filter(|(_, j)| *j < 2)
                .map(|(i, j)| Product::new(place::X + 5 + i, constant::TOP_INVERSE + j))
                .collect();
            if column == 0 {
                products.push(Product::new(place::ZERO, constant::TOP_BIAS).inverted());
            }
            Column {
                products,
                carry: carry_of(column, Carry::Zero),
                store: (column == 2).then_some(place::TOP),
                ..Column::default()
            }
        })
        .collect()
}

/// An estimate from above of P / G: floor(P / G) or one more.
fn quotient() -> Vec<Column> {
    let low = Constants::low_limb(WORST_S);
    let inverse = of_s(WORST_S) + constant::INVERSE;
    (FIRST_COLUMN..2 * QUOTIENT_LIMBS - 1)
        .map(|column| {
            let mut products: Vec<Product> = (0..QUOTIENT_LIMBS)
                .filter_map(|i| Some((i, column.checked_sub(i)?)))
                .filter(|(_, j)| *j < QUOTIENT_LIMBS)
                .map(|(i, j)| Product::new(place::P + low + i, inverse + j))
                .collect();
            if column == FIRST_COLUMN {
                products.push(Product::new(place::ZERO, constant::QUOTIENT_BIAS).inverted());
            }
            Column {
                products,
                carry: carry_of(column - FIRST_COLUMN, Carry::Zero),
                store: (column >= WHOLE_COLUMN).then(|| place::Q + column - WHOLE_COLUMN),
                ..Column::default()
            }
        })
        .collect()
}

/// R = Q * G - P modulo 2^252; only its sign is used.
fn remainder() -> Vec<Column> {
    // G is a multiple of 2^63: its lowest limb is 0.
    (0..LIMBS)
        .map(|column| {
            let mut products: Vec<Product> = (1..=column)
                .map(|j| Product::new(place::Q + column - j, of_s(WORST_S) + constant::G + j))
                .collect();
            products.push(Product::new(place::P + column, constant::ONE).inverted());
            Column {
                products,
                carry: carry_of(column, Carry::One),
                ..Column::default()
            }
        })
        .collect()
}

/// X' = 4X - Q, and one less if R is negative.
fn next() -> Vec<Column> {
    (0..LIMBS)
        .map(|column| Column {
            products: vec![
                Product::new(place::X + column, constant::FOUR),
                Product::new(place::Q + column, constant::ONE).inverted(),
            ],
            carry: carry_of(column, Carry::NotSign),
            store: Some(place::X + column),
            kind: Kind::Next,
            index: column,
        })
        .collect()
}

/// The session key, or that minus 10^64.
fn key() -> Vec<Column> {
    (0..KEY_LIMBS)
        .map(|column| {
            let mut products = vec![Product::new(place::X + column, constant::ONE)];
            if column > 0 {
                products.push(Product::new(
                    place::TOP,
                    constant::MINUS_KEY_MODULUS + column,
                ));
            }
            Column {
                products,
                carry: carry_of(column, Carry::Zero),
                kind: Kind::Key,
                index: column,
                ..Column::default()
            }
        })
        .collect()
}

/// X_0 - M; only its sign is used.
fn below_modulus() -> Vec<Column> {
    (0..LIMBS)
        .map(|column| Column {
            products: vec![
                Product::new(place::X + column, constant::ONE),
                Product::new(place::ONE, of_s(WORST_S) + constant::MINUS_M + column),
            ],
            carry: carry_of(column, Carry::Zero),
            kind: if column == LIMBS - 1 {
                Kind::Check
            } else {
                Kind::Plain
            },
            index: column,
            ..Column::default()
        })
        .collect()
}

fn of_s(s: u32) -> usize {
    constant::OF_S + constant::STRIDE * (s as usize - 1)
}
