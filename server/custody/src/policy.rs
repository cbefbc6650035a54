//! Who has to approve (specification 3-custody §3.2, rule 5): a number of all, a number of some, and what `and` and `or` make of those.
//!
//! ```text
//! policy  = any *("or" any)
//! any     = one *("and" one)
//! one     = "(" policy ")" / number "of" group
//! group   = "all" / "(" name *("," name) ")"
//! ```
//!
//! `3 of all`, `1 of (alice, bob) and (2 of (carol, dave, erin) or 1 of (frank))`. Whether a policy is met is for the hub to look at; what
//! makes the key need m shares is the polynomial.

use std::collections::BTreeSet;
use std::fmt;

/// The longest policy, characters.
pub const MAX_POLICY: usize = 4096;
/// The deepest parentheses.
const MAX_DEPTH: usize = 16;

/// Who has to approve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Policy {
    /// So many of all holders.
    OfAll(u8),
    /// So many of these.
    Of(u8, BTreeSet<String>),
    /// Each of these.
    All(Vec<Policy>),
    /// One of these.
    Any(Vec<Policy>),
}

/// Why a text is no policy, or none for these holders.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Too long or too deep.
    #[error(
        "a policy of more than {MAX_POLICY} characters, or of more than {MAX_DEPTH} parentheses in each other; write a simpler one"
    )]
    TooMuch,
    /// Something else was expected there.
    #[error(
        "a policy that is not understood at `{0}`; write as `2 of all` or `1 of (alice, bob) and 1 of (carol)`"
    )]
    Unexpected(String),
    /// More than there are, or none.
    #[error(
        "`{0}` can never be met or asks for nobody; let it ask for 1 or more, and for no more than are named"
    )]
    Number(String),
    /// Nobody of that name.
    #[error("no holder `{0}`; look at the list of holders")]
    Unknown(String),
}

/// A text, word by word.
struct Words<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Words<'a> {
    fn peek(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        let mark = |c: char| "(),".contains(c);
        let end = match self.rest.chars().next() {
            None => 0,
            Some(first) if mark(first) => 1,
            Some(_) => self
                .rest
                .find(|c: char| mark(c) || c.is_whitespace())
                .unwrap_or(self.rest.len()),
        };
        &self.rest[..end]
    }

    fn next(&mut self) -> &'a str {
        let word = self.peek();
        self.rest = &self.rest[word.len()..];
        word
    }

    fn unexpected<T>(word: &str) -> Result<T, PolicyError> {
        let word = if word.is_empty() { "its end" } else { word };
        Err(PolicyError::Unexpected(word.to_owned()))
    }

    fn expect(&mut self, wanted: &str) -> Result<(), PolicyError> {
        match self.next() {
            word if word == wanted => Ok(()),
            word => Self::unexpected(word),
        }
    }

    /// Parts with a word between them.
    fn joined(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Policy, PolicyError>,
        join: fn(Vec<Policy>) -> Policy,
    ) -> Result<Policy, PolicyError> {
        let first = part(self)?;
        let mut all = vec![first];
        while self.peek() == word {
            self.next();
            all.push(part(self)?);
        }
        Ok(match all.len() {
            1 => all.remove(0),
            _ => join(all),
        })
    }

    fn policy(&mut self) -> Result<Policy, PolicyError> {
        self.joined("or", Self::any, Policy::Any)
    }

    fn any(&mut self) -> Result<Policy, PolicyError> {
        self.joined("and", Self::one, Policy::All)
    }

    fn one(&mut self) -> Result<Policy, PolicyError> {
        match self.next() {
            "(" => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(PolicyError::TooMuch);
                }
                let policy = self.policy()?;
                self.expect(")")?;
                self.depth -= 1;
                Ok(policy)
            }
            word => match word.parse() {
                Ok(number) => self.group(number),
                Err(_) => Self::unexpected(word),
            },
        }
    }

    fn group(&mut self, number: u8) -> Result<Policy, PolicyError> {
        self.expect("of")?;
        match self.next() {
            "all" => Ok(Policy::OfAll(number)),
            "(" => {
                let mut names = BTreeSet::new();
                loop {
                    let name = self.next();
                    if name.is_empty() || "(),".contains(name) {
                        return Self::unexpected(name);
                    }
                    names.insert(name.to_owned());
                    match self.next() {
                        "," => {}
                        ")" => return Ok(Policy::Of(number, names)),
                        word => return Self::unexpected(word),
                    }
                }
            }
            word => Self::unexpected(word),
        }
    }
}

impl Policy {
    /// Reads one.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > MAX_POLICY {
            return Err(PolicyError::TooMuch);
        }
        let mut words = Words {
            rest: text,
            depth: 0,
        };
        let policy = words.policy()?;
        words.expect("")?;
        Ok(policy)
    }

    /// Whether it can be met by these holders, and names no others.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn check(&self, holders: &BTreeSet<&str>) -> Result<(), PolicyError> {
        let among = |number: u8, of: usize| match (1..=of).contains(&usize::from(number)) {
            true => Ok(()),
            false => Err(PolicyError::Number(self.to_string())),
        };
        match self {
            Self::OfAll(number) => among(*number, holders.len()),
            Self::Of(number, names) => {
                let unknown = names.iter().find(|name| !holders.contains(name.as_str()));
                if let Some(name) = unknown {
                    return Err(PolicyError::Unknown(name.clone()));
                }
                among(*number, names.len())
            }
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().try_for_each(|part| part.check(holders))
            }
        }
    }

    /// A number of different holders without which nobody meets it, of so many in all. Groups of an `and` add up where they have nobody in
    /// common; where they have, the largest counts.
    #[must_use]
    pub fn fewest(&self, holders: usize) -> usize {
        match self {
            Self::OfAll(number) | Self::Of(number, _) => usize::from(*number),
            Self::All(parts) => {
                let each = parts.iter().map(|part| part.fewest(holders));
                match self.shares_nobody() {
                    true => each.sum(),
                    false => each.max().unwrap_or(0),
                }
            }
            Self::Any(parts) => {
                let each = parts.iter().map(|part| part.fewest(holders));
                each.min().unwrap_or(0)
            }
        }
        .min(holders)
    }

    /// Who is named in it; none where it may be anybody.
    fn named(&self) -> Option<BTreeSet<&str>> {
        match self {
            Self::OfAll(_) => None,
            Self::Of(_, names) => Some(names.iter().map(String::as_str).collect()),
            Self::All(parts) | Self::Any(parts) => {
                let each: Option<Vec<_>> = parts.iter().map(Self::named).collect();
                Some(each?.into_iter().flatten().collect())
            }
        }
    }

    /// Whether no name is in two of its parts.
    fn shares_nobody(&self) -> bool {
        let (Self::All(parts) | Self::Any(parts)) = self else {
            return true;
        };
        let each: Option<Vec<_>> = parts.iter().map(Self::named).collect();
        let Some(each) = each else { return false };
        let all: BTreeSet<_> = each.iter().flatten().collect();
        all.len() == each.iter().map(BTreeSet::len).sum::<usize>()
    }

    /// Whether these approvals meet it.
    #[must_use]
    pub fn is_met(&self, approved: &BTreeSet<&str>) -> bool {
        match self {
            Self::OfAll(number) => approved.len() >= usize::from(*number),
            Self::Of(number, names) => {
                let there = names.iter().filter(|name| approved.contains(name.as_str()));
                there.count() >= usize::from(*number)
            }
            Self::All(parts) => parts.iter().all(|part| part.is_met(approved)),
            Self::Any(parts) => parts.iter().any(|part| part.is_met(approved)),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, parts: &[Self], word: &str| {
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    write!(f, " {word} ")?;
                }
                match part {
                    Self::OfAll(_) | Self::Of(..) => write!(f, "{part}")?,
                    Self::All(_) | Self::Any(_) => write!(f, "({part})")?,
                }
            }
            Ok(())
        };
        match self {
            Self::OfAll(number) => write!(f, "{number} of all"),
            Self::Of(number, names) => {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                write!(f, "{number} of ({})", names.join(", "))
            }
            Self::All(parts) => joined(f, parts, "and"),
            Self::Any(parts) => joined(f, parts, "or"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // an unexpected error must fail the test

    use super::*;
    use proptest::prelude::*;

    fn set<'a>(names: &[&'a str]) -> BTreeSet<&'a str> {
        names.iter().copied().collect()
    }

    #[test]
    fn policies_are_met_by_whom_they_name() {
        let text = "1 of (alice, bob) and (2 of (carol,dave,erin) or 1 of (frank))";
        let policy = Policy::parse(text).unwrap();
        for (approved, met) in [
            (&["alice", "frank"][..], true),
            (&["bob", "carol", "erin"], true),
            (&["bob", "carol"], false),
            (&["carol", "dave", "erin", "frank"], false),
            (&["alice", "bob"], false),
            (&[], false),
        ] {
            assert_eq!(policy.is_met(&set(approved)), met, "{approved:?}");
        }
        let all = Policy::parse(" 3 of all ").unwrap();
        assert!(all.is_met(&set(&["a", "b", "c"])) && !all.is_met(&set(&["a", "b"])));
        // `and` binds closer.
        let both = Policy::parse("1 of (a) or 1 of (b) and 1 of (c)").unwrap();
        assert!(both.is_met(&set(&["a"])) && both.is_met(&set(&["b", "c"])));
        assert!(!both.is_met(&set(&["b"])) && !both.is_met(&set(&["c"])));
    }

    #[test]
    fn what_is_no_policy_says_where() {
        for (text, at) in [
            ("", "its end"),
            ("2", "its end"),
            ("2 of", "its end"),
            ("two of all", "two"),
            ("256 of all", "256"),
            ("-1 of all", "-1"),
            ("2 of everybody", "everybody"),
            ("1 of ()", ")"),
            ("1 of (a,)", ")"),
            ("1 of (a b)", "b"),
            ("1 of (a", "its end"),
            ("(1 of (a)", "its end"),
            ("1 of (a))", ")"),
            ("1 of all or", "its end"),
            ("1 of all nor 1 of all", "nor"),
        ] {
            let wrong = PolicyError::Unexpected(at.into());
            assert_eq!(Policy::parse(text), Err(wrong), "{text}");
        }
        let deep = format!("{}1 of all{}", "(".repeat(17), ")".repeat(17));
        assert_eq!(Policy::parse(&deep), Err(PolicyError::TooMuch));
        let deep = format!("{}1 of all{}", "(".repeat(16), ")".repeat(16));
        assert!(Policy::parse(&deep).is_ok());
        let long = " ".repeat(MAX_POLICY + 1);
        assert_eq!(Policy::parse(&long), Err(PolicyError::TooMuch));
    }

    #[test]
    fn a_policy_that_nobody_meets_is_refused() {
        let holders = set(&["a", "b"]);
        let checked = |text| Policy::parse(text).unwrap().check(&holders);
        assert_eq!(checked("2 of all or 1 of (b)"), Ok(()));
        let number = |text: &str| Err(PolicyError::Number(text.into()));
        assert_eq!(checked("3 of all"), number("3 of all"));
        assert_eq!(checked("1 of all and 0 of (a)"), number("0 of (a)"));
        assert_eq!(checked("2 of (a, a)"), number("2 of (a)"));
        let unknown = Err(PolicyError::Unknown("c".into()));
        assert_eq!(checked("1 of (a, c)"), unknown);
    }

    fn policies() -> impl Strategy<Value = Policy> {
        let names = prop::collection::btree_set("[a-f]", 1..5);
        let leaf = prop_oneof![
            (1_u8..6).prop_map(Policy::OfAll),
            (1_u8..6, names).prop_map(|(number, names)| Policy::Of(number, names)),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            let several = prop::collection::vec(inner, 2..4);
            prop_oneof![
                several.clone().prop_map(Policy::All),
                several.prop_map(Policy::Any)
            ]
        })
    }

    proptest! {
        /// What is written is read as the same; one more approval never takes one away; and nothing panics.
        #[test]
        fn a_policy_is_its_text(policy in policies(), approved in prop::collection::btree_set("[a-f]", 0..6), more in "[a-f]") {
            prop_assert_eq!(Policy::parse(&policy.to_string()), Ok(policy.clone()));
            let mut approved: BTreeSet<&str> = approved.iter().map(String::as_str).collect();
            let before = policy.is_met(&approved);
            approved.insert(&more);
            prop_assert!(!before || policy.is_met(&approved));
        }

        /// Fewer than its own number meet no policy.
        #[test]
        fn no_policy_is_met_by_fewer(policy in policies(), approved in prop::collection::btree_set("[a-f]", 0..6)) {
            let approved: BTreeSet<&str> = approved.iter().map(String::as_str).collect();
            prop_assert!(!policy.is_met(&approved) || approved.len() >= policy.fewest(6));
        }

        #[test]
        fn no_text_panics(text in "[()a-z0-9, ]{0,40}|\\PC{0,40}") {
            let _ = Policy::parse(&text);
        }
    }
}
