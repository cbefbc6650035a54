//! What goes wrong, decided by the seed before the run begins or by each place's own dice.

use std::str::FromStr;

use serde::Serialize;

use crate::Error;
use crate::dice::Dice;

/// Virtual microseconds.
pub(crate) type Micros = u64;
pub(crate) const SECOND: Micros = 1_000_000;

/// The least time on a line: what happens within it at two hosts can't depend on each other.
pub(crate) const LEAST_DELAY: Micros = 5_000;
/// How often a lost segment is sent again, at most, before it gets through.
const RETRIES: u32 = 4;
/// First wait before a lost segment is sent again; doubles (RFC 6298's lower bound in practice).
const RETRY: Micros = 200_000;

/// Which faults, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Faults {
    /// Probability that a segment is lost; it is sent again, so it comes late.
    pub loss: f64,
    /// The longest further delay of a line each way, in milliseconds, by chance for each line; beside jitter.
    pub delay_ms: u64,
    /// Partitions of a link in a minute.
    pub partitions: f64,
    /// Crashes of a host in a minute.
    pub crashes: f64,
    /// Clocks run wrong by up to this, in millionths, and are set wrong by up to an hour.
    pub skew_ppm: u64,
}

impl FromStr for Faults {
    type Err = Error;

    /// `none`, `all`, or a list such as `loss=0.02,delay=100,partition,crash=2,skew`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let all = Self {
            loss: 0.02,
            delay_ms: 100,
            partitions: 1.0,
            crashes: 0.5,
            skew_ppm: 200,
        };
        match text {
            "none" => return Ok(Self::default()),
            "all" => return Ok(all),
            _ => {}
        }
        let bad = Error::Option(
            "faults: none, all, or a list of loss=P, delay=MS, partition=PER_MINUTE, crash=PER_MINUTE, skew=PPM",
        );
        let mut faults = Self::default();
        for part in text.split(',') {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => match value.parse::<f64>() {
                    Ok(value) if value.is_finite() && value >= 0.0 => (name, Some(value)),
                    _ => return Err(bad),
                },
                None => (part, None),
            };
            match name {
                "loss" if value.is_none_or(|p| p < 1.0) => faults.loss = value.unwrap_or(all.loss),
                "delay" => faults.delay_ms = value.map_or(all.delay_ms, |ms| ms as u64),
                "partition" => faults.partitions = value.unwrap_or(all.partitions),
                "crash" => faults.crashes = value.unwrap_or(all.crashes),
                "skew" => faults.skew_ppm = value.map_or(all.skew_ppm, |ppm| ppm as u64),
                _ => return Err(bad),
            }
        }
        Ok(faults)
    }
}

/// Times in which something is out of order: from, to; in order and apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outages(Vec<(Micros, Micros)>);

impl Outages {
    /// About `per_minute` outages of `least` to four times that, from the second one of the run on.
    pub(crate) fn drawn(dice: &mut Dice, per_minute: f64, least: Micros, end: Micros) -> Self {
        let mut outages = Vec::new();
        if per_minute > 0.0 {
            // Half to one and a half times the mean between them.
            let mean = (60.0 * SECOND as f64 / per_minute) as u64 + 1;
            let mut at = SECOND + dice.below(mean * 2);
            while at < end {
                let until = at + least + dice.below(3 * least);
                outages.push((at, until));
                at = until + mean / 2 + dice.below(mean);
            }
        }
        Self(outages)
    }

    /// The end of the outage that this time is in.
    pub(crate) fn until(&self, at: Micros) -> Option<Micros> {
        let before = self.0.partition_point(|(from, _)| *from <= at);
        let (_, until) = self.0[..before].last()?;
        (*until > at).then_some(*until)
    }

    /// When the next outage begins, at this time or later.
    pub(crate) fn next(&self, at: Micros) -> Option<Micros> {
        let before = self.0.partition_point(|(from, _)| *from < at);
        self.0.get(before).map(|(from, _)| *from)
    }

    /// The end of the last outage that began before this time; 0 if none did.
    pub(crate) fn last_end(&self, at: Micros) -> Micros {
        let before = self.0.partition_point(|(from, _)| *from <= at);
        self.0[..before].last().map_or(0, |(_, until)| *until)
    }
}

/// One line, as one of its ends sees it.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    base: Micros,
    loss: f64,
    dice: Dice,
    pub(crate) partitions: Outages,
    /// When the segment before arrives: a stream's bytes stay in order.
    last: Micros,
}

impl Line {
    /// The line of a link in one direction (0 or 1); partitions are the same in both.
    pub(crate) fn new(seed: u64, link: u64, direction: u64, faults: &Faults, end: Micros) -> Self {
        let mut of_link = Dice::of(seed, "line", link);
        let base = LEAST_DELAY + of_link.below(5_000) + of_link.below(faults.delay_ms * 1000 + 1);
        // Up to a minute: longer than a channel lives in silence.
        let partitions = Outages::drawn(&mut of_link, faults.partitions, 15 * SECOND, end);
        Self {
            base,
            loss: faults.loss,
            dice: Dice::of(seed, "segments", 2 * link + direction),
            partitions,
            last: 0,
        }
    }

    /// When what is sent now arrives.
    pub(crate) fn arrival(&mut self, now: Micros) -> Micros {
        let mut at = self.partitions.until(now).unwrap_or(now);
        let mut wait = RETRY;
        for _ in 0..RETRIES {
            if !self.dice.chance(self.loss) {
                break;
            }
            at += wait;
            wait *= 2;
        }
        at += self.base + self.dice.below(2_000);
        // What would arrive within a partition is held back by it.
        at = self
            .partitions
            .until(at)
            .map_or(at, |until| until + self.base);
        self.last = self.last.max(at);
        self.last
    }
}

/// A host's own clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    ahead: Micros,
    ppm: i64,
}

impl Clock {
    pub(crate) fn new(dice: &mut Dice, faults: &Faults) -> Self {
        if faults.skew_ppm == 0 {
            return Self { ahead: 0, ppm: 0 };
        }
        Self {
            ahead: dice.below(3600 * SECOND),
            ppm: dice.below(2 * faults.skew_ppm + 1) as i64 - faults.skew_ppm as i64,
        }
    }

    /// What this clock shows.
    pub(crate) fn local(self, at: Micros) -> Micros {
        self.ahead + at.saturating_add_signed(at as i64 / 1000 * self.ppm / 1000)
    }

    /// A time at which this clock shows at least that: the first one, but for some microseconds of rounding.
    pub(crate) fn real(self, local: Micros) -> Micros {
        let shown = local.saturating_sub(self.ahead);
        let mut at = shown.saturating_add_signed(-(shown as i64 / 1000 * self.ppm / 1000));
        while self.local(at) < local {
            at += (local - self.local(at)).max(1);
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_faults() {
        let parse = |text: &str| text.parse::<Faults>();
        assert_eq!(parse("none").expect("a word"), Faults::default());
        let some = parse("loss=0.5,crash,skew=9").expect("a list");
        assert!((some.loss - 0.5).abs() < 1e-12 && some.crashes > 0.0);
        assert_eq!((some.skew_ppm, some.delay_ms), (9, 0));
        for bad in ["", "loss=1", "loss=x", "gremlins", "crash=-1", "delay=inf"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn outages_are_apart_and_found() {
        let outages = Outages::drawn(&mut Dice::of(3, "o", 0), 10.0, SECOND, 600 * SECOND);
        assert!((60..150).contains(&outages.0.len()), "{}", outages.0.len());
        for pair in outages.0.windows(2) {
            assert!(pair[0].1 < pair[1].0);
        }
        let (from, until) = outages.0[7];
        assert_eq!(outages.until(from), Some(until));
        assert_eq!(outages.until(until), None);
        assert_eq!(outages.next(from), Some(from));
        assert_eq!(outages.last_end(until + 1), until);
        assert_eq!(Outages::default().next(0), None);
    }

    #[test]
    fn a_line_keeps_its_order_and_its_least_delay() {
        let faults = "all".parse().expect("a word");
        let mut line = Line::new(5, 3, 0, &faults, 600 * SECOND);
        let mut last = 0;
        for i in 0..10_000 {
            let now = i * 50_000;
            let at = line.arrival(now);
            assert!(at >= now + LEAST_DELAY && at >= last);
            assert_eq!(
                line.partitions.until(at),
                None,
                "nothing arrives in a partition"
            );
            last = at;
        }
    }

    #[test]
    fn clocks_turn_back_into_the_time() {
        for number in 0..50 {
            let faults = Faults {
                skew_ppm: 500,
                ..Faults::default()
            };
            let clock = Clock::new(&mut Dice::of(1, "clock", number), &faults);
            for at in [0, 1, 999_999, 123_456_789, 86_400 * SECOND] {
                let back = clock.real(clock.local(at));
                assert!(
                    back <= at + 100 && clock.local(back) >= clock.local(at),
                    "{at} {back}"
                );
            }
        }
    }
}
