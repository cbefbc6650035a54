//! Sizes, times and counts as people write them: `1MiB`, `500ms`, `inf`.

use std::time::Duration;

/// Bytes: a whole number with an optional `k`, `M`, `G` (powers of 1000) or `KiB`, `MiB`, `GiB`.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text)?;
    let factor: u64 = match unit {
        "" | "B" => 1,
        "k" | "kB" => 1_000,
        "M" | "MB" => 1_000_000,
        "G" | "GB" => 1_000_000_000,
        "K" | "Ki" | "KiB" => 1 << 10,
        "Mi" | "MiB" => 1 << 20,
        "Gi" | "GiB" => 1 << 30,
        other => {
            return Err(format!(
                "`{other}` is not a unit of size; write B, kB, MB, GB, KiB, MiB or GiB"
            ));
        }
    };
    number
        .checked_mul(factor)
        .ok_or_else(|| format!("{text} is too large"))
}

/// A time: a whole number with `ms`, `s` (the default), `m`, `h` or `d`; more than zero.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text)?;
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        other => {
            return Err(format!(
                "`{other}` is not a unit of time; write ms, s, m, h or d"
            ));
        }
    };
    let total = number
        .checked_mul(milliseconds)
        .ok_or_else(|| format!("{text} is too long"))?;
    if total == 0 {
        return Err("a time must be more than zero".to_owned());
    }
    Ok(Duration::from_millis(total))
}

/// A bound that may be absent: a whole number of at least 1, or `inf`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound(pub(crate) Option<u64>);

impl std::str::FromStr for Bound {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("inf") || text == "∞" {
            return Ok(Self(None));
        }
        match text.parse() {
            Ok(0) => Err("the smallest bound is 1; write inf for none".to_owned()),
            Ok(n) => Ok(Self(Some(n))),
            Err(_) => Err(format!("`{text}` is neither a whole number nor inf")),
        }
    }
}

fn split(text: &str) -> Result<(u64, &str), String> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let number = digits
        .parse()
        .map_err(|_| format!("`{text}` does not begin with a whole number that fits"))?;
    Ok((number, unit.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(bytes("1048576"), Ok(1 << 20));
        assert_eq!(bytes("1MiB"), Ok(1 << 20));
        assert_eq!(bytes("64 k"), Ok(64_000));
        assert_eq!(bytes("2K"), Ok(2048));
        for wrong in [
            "",
            "MiB",
            "-1",
            "1.5k",
            "1 parsec",
            "99999999999999999999",
            "18446744073709551615G",
        ] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times() {
        assert_eq!(time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(time("2"), Ok(Duration::from_secs(2)));
        assert_eq!(time("1h"), Ok(Duration::from_secs(3600)));
        assert_eq!(time("7d"), Ok(Duration::from_secs(604_800)));
        for wrong in ["0", "0ms", "s", "1 fortnight", "18446744073709551615d"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn bounds() {
        assert_eq!("inf".parse(), Ok(Bound(None)));
        assert_eq!("20".parse(), Ok(Bound(Some(20))));
        assert!("0".parse::<Bound>().is_err());
        assert!("-1".parse::<Bound>().is_err());
    }
}
