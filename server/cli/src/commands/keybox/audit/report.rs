//! The report for people.

use super::attacks::Attack;
use super::tested::Tests;
use super::{Audit, sample, small};
use crate::output::Table;
use std::fmt::Write as _;

const CONCLUSION: &str = "
What follows
  A raw session key is a state of the map with a few digits missing. It must never be used as a key, and is not:
  packets have keys that come from K(i, j), which HKDF-SHA-384 makes of it with the salt R_i. What K(i, j) is worth
  rests on HKDF, on R_i and on the IP key, and on nothing in this report. No statistics of an output show that a
  generator is secure: a counter under HKDF would pass all that K(i, j) passes here.
";

/// The whole report.
pub(super) fn text(audit: &Audit) -> String {
    let mut text = format!(
        "Audit of an orbit: s = {}, {} boxes of {} keys\n",
        audit.s, audit.boxes, audit.keys
    );
    if let Some(digits) = &audit.drawn_ip_key {
        say(
            &mut text,
            format!("IP key, drawn for this audit and used nowhere else: {digits}"),
        );
    }
    attack(&mut text, &audit.attack, audit.s);
    cycles(&mut text, &audit.cycles);
    losses(&mut text, &audit.losses);
    digits(&mut text, &audit.digits, audit.s);
    bits(&mut text, &audit.bits);
    tests(&mut text, &audit.tests, &audit.digits);
    text.push_str(CONCLUSION);
    if !audit.plots.is_empty() {
        text.push_str("\nPictures:\n");
    }
    for path in &audit.plots {
        say(&mut text, path.display());
    }
    text
}

/// Adds a line.
fn say(text: &mut String, line: impl std::fmt::Display) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "  {line}");
}

fn attack(text: &mut String, attack: &Attack, s: u32) {
    text.push_str("\n1. From one raw session key to the others\n");
    say(
        text,
        "All 10^s completions of the first raw key are stepped once and compared with the second.",
    );
    let mut table = Table::new(&[">s", ">trials", ">seconds, one thread", "", ">left"]);
    for row in &attack.forwards {
        let how = if row.measured { "" } else { "extrapolated" };
        table.row([
            row.s.to_string(),
            row.trials.to_string(),
            format!("{:.6}", row.seconds),
            how.to_owned(),
            row.left.map_or("-".to_owned(), |left| left.to_string()),
        ]);
    }
    text.push_str(&table.text());
    say(
        text,
        format!(
            "With s = {s} the completion that is left gives {} of {} later session keys.",
            attack.later_keys_recovered, attack.later_keys
        ),
    );
    back(text, attack);
    let same = if attack.twin_has_the_same_keys {
        "has the same session keys: X and M - X have the same successor"
    } else {
        "has other session keys"
    };
    say(text, format!("10^64 less the IP key {same}."));
    say(
        text,
        format!(
            "K(1, 1) and K(1, 2) taken for session keys (modulo 10^64): {} completions are left.",
            attack.completions_of_derived_keys
        ),
    );
    say(
        text,
        "That shows that K(i, j) is no state of the map, so that this attack has no start. It says nothing on HKDF.",
    );
}

fn back(text: &mut String, attack: &Attack) {
    let back = &attack.back;
    let Some(from_the_last) = back.predecessors_from_the_last_key else {
        return say(
            text,
            format!(
                "Backwards from key {}: given up at {} predecessors of one step; fewer --keys make the way shorter.",
                back.from_n, back.widest
            ),
        );
    };
    say(
        text,
        format!(
            "Backwards from key {}, completed: {} predecessors, {} at most at a step, {:.3} s; {} of them are IP keys,",
            back.from_n, back.predecessors, back.widest, back.seconds, back.ip_keys
        ),
    );
    let which = match (back.found_ip_key, back.found_twin) {
        (true, true) => "this one and 10^64 less it among them.",
        (true, false) => "this one among them.",
        _ => "this one not among them.",
    };
    say(
        text,
        format!(
            "{which} From the last key: {from_the_last:.1e} predecessors (extrapolated, as n^2)."
        ),
    );
}

fn cycles(text: &mut String, cycles: &small::Cycles) {
    text.push_str("\n2. Cycles of the same map with D digits\n");
    let mut table = Table::new(&[
        ">D",
        ">starts",
        ">mean cycle",
        ">mean tail",
        ">random map",
        ">longest",
        ">cycles met",
        ">repeats after",
        ">lambda",
    ]);
    for row in &cycles.rows {
        let all = if row.exhaustive { "all " } else { "" };
        table.row([
            row.digits.to_string(),
            format!("{all}{}", row.starts),
            format!("{:.1}", row.mean_cycle),
            format!("{:.1}", row.mean_tail),
            format!("{:.1}", row.random_map),
            row.longest.to_string(),
            row.cycles.to_string(),
            format!("{:.1}", row.repeats_after),
            format!("{:.2}", row.lambda),
        ]);
    }
    text.push_str(&table.text());
    let moduli = cycles.rows.first().map_or(0, |row| row.moduli);
    for line in [
        "random map: sqrt(pi 10^D / 8), for the cycle and for the tail. One map has few cycles, so that its means scatter widely.".to_owned(),
        format!(
            "repeats after: tail and cycle together, mean over {moduli} moduli M next to 10^D. It is sqrt(pi M / (2 lambda)), with"
        ),
        "lambda = 1 for a random map; lambda / M is the chance that two numbers fall together in a step.".to_owned(),
        format!(
            "Fit: lambda = {:.2} + {:.2} D. Extrapolated to D = {}: lambda = {:.0}, a number repeats after 10^{:.1} steps,",
            cycles.lambda_a, cycles.lambda_b, cycles.digits, cycles.lambda, cycles.repeats_after_log10
        ),
        format!(
            "and an orbit of this length repeats with a chance of 10^{:.1}.",
            cycles.chance_log10
        ),
    ] {
        say(text, line);
    }
}

fn losses(text: &mut String, losses: &small::Losses) {
    text.push_str("\n3. What is left of all IP keys\n");
    let mut table = Table::new(&[">digits", ">s", ">n", ">different X_n", ">predicted"]);
    for row in &losses.rows {
        table.row([
            row.kept.to_string(),
            row.s.to_string(),
            row.n.to_string(),
            row.left.to_string(),
            format!("{:.0}", row.predicted),
        ]);
    }
    text.push_str(&table.text());
    say(
        text,
        "Orbits that meet stay together. Predicted, by lambda: half of the starts, over 1 + starts lambda n / (4 M).",
    );
    say(
        text,
        format!(
            "An IP key is {:.1} bits, an orbit {:.1} (two IP keys share it); the last X has about {:.0} left (extrapolated).",
            losses.ip_key_bits, losses.orbit_bits, losses.last_bits
        ),
    );
}

fn digits(text: &mut String, digits: &sample::DigitsFound, s: u32) {
    text.push_str("\n4. Digits\n");
    let all = digits.leading.iter().sum::<u64>() as f64;
    let mut table = Table::new(&[
        ">digit",
        ">leads X",
        ">arcsine law",
        ">first kept",
        ">equal shares",
    ]);
    for digit in 0..10 {
        table.row([
            digit.to_string(),
            digits.leading[digit].to_string(),
            format!("{:.1}", digits.leading_expected[digit] * all),
            digits.first_kept[digit].to_string(),
            format!("{:.1}", 0.1 * all),
        ]);
    }
    text.push_str(&table.text());
    let flat: Vec<String> = digits
        .dropped_chi_square_flat
        .iter()
        .map(|value| format!("{value:.1}"))
        .collect();
    for line in [
        format!(
            "Dropped digits 1 to {s} against equal shares: chi-square {} (9 degrees of freedom each).",
            flat.join(", ")
        ),
        format!(
            "The first kept digit is not flat either: by the arcsine law 0 has the share {:.6}. That raises its chi-square by",
            digits.first_kept_share_of_0
        ),
        format!(
            "{:.2} here, on average; {:.1e} keys would show it beyond doubt. Each further digit is flatter by sqrt(10).",
            digits.first_kept_excess, digits.first_kept_seen_from
        ),
        format!(
            "Serial correlation of X itself: {:+.4} at lag 1, although each X makes the next; with (X - 1/2)^2 it is {:+.4}.",
            digits.correlation_of_x, digits.parabola_of_x
        ),
        "So it is no evidence below that session keys have none either.".to_owned(),
    ] {
        say(text, line);
    }
}

fn bits(text: &mut String, bits: &sample::BitsFound) {
    text.push_str("\n5. Bits\n");
    say(
        text,
        format!(
            "Raw session keys are below 10^64: {} of 256 bits are never set, bit {} has the share {:.4} ({:.4} expected).",
            bits.raw_never_set, bits.raw_top_bit, bits.raw_top_bit_share, bits.raw_top_bit_expected
        ),
    );
    say(
        text,
        format!("Of K(i, j), {} bits are never set.", bits.derived_never_set),
    );
}

fn tests(text: &mut String, tests: &Tests, digits: &sample::DigitsFound) {
    text.push_str("\n6. All tests that were made\n");
    let mut table = Table::new(&[
        "hypothesis",
        ">tests",
        ">degrees",
        ">p < 0.01",
        ">p > 0.99",
        ">least p",
        "at",
    ]);
    for group in &tests.groups {
        table.row([
            group.name.to_owned(),
            group.tests.to_string(),
            group.degrees.to_string(),
            group.p_below_001.to_string(),
            group.p_above_099.to_string(),
            p_value(group.least_p),
            format!("{} {}", group.place, group.least_p_at),
        ]);
    }
    text.push_str(&table.text());
    say(
        text,
        format!(
            "{} tests: p < 0.01 in {}, p > 0.99 in {}; by chance {:.1} of each, give or take {:.1}.",
            tests.tests,
            tests.p_below_001,
            tests.p_above_099,
            tests.expected,
            (0.99 * tests.expected).sqrt()
        ),
    );
    say(
        text,
        format!(
            "The least p of all is {}; so many tests have one as small with the chance {}. None was left out.",
            p_value(tests.least_p),
            p_value(tests.chance_of_least)
        ),
    );
    say(
        text,
        format!(
            "To be expected: {:.1e} of all X have dropped digits that are all 0 or all 9. There the next X is 4X, or 4(M - X), in its",
            digits.ends
        ),
    );
    say(
        text,
        "leading digits, so that the first kept digits of successive keys depend on each other: the more, the smaller s is.",
    );
}

/// Four places, or the power of ten of what is smaller.
fn p_value(p: f64) -> String {
    if p < 0.001 {
        format!("{p:.1e}")
    } else {
        format!("{p:.4}")
    }
}
