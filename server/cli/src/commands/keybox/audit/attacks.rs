//! Attacks on raw session keys, measured.

use super::Progress;
use photonbox_keybox::audit::attack;
use photonbox_keybox::{IpKey, KEY_BYTES, MAX_S, Orbit, Parameters, Position, derive};
use serde::Serialize;
use std::time::Instant;

/// From how far the way back is gone at most: its work grows with the square.
const BACK: u32 = 512;
/// Predecessors at one step, at which the way back is given up.
const MOST_PREDECESSORS: usize = 500_000;

/// Attacks on raw session keys.
#[derive(Debug, Serialize)]
pub(super) struct Attack {
    /// By s, with the same IP key.
    pub(super) forwards: Vec<Forwards>,
    /// Session keys after the first, and how many of them the attack found from it and the second.
    pub(super) later_keys: u32,
    pub(super) later_keys_recovered: u32,
    /// Completions that are left if K(1, 1) and K(1, 2) are taken for session keys.
    pub(super) completions_of_derived_keys: usize,
    pub(super) back: Back,
    /// Whether 10^64 − IP key has the same session keys.
    pub(super) twin_has_the_same_keys: bool,
}

/// One raw key completed, and compared with the next.
#[derive(Debug, Serialize)]
pub(super) struct Forwards {
    pub(super) s: u32,
    /// 10^s.
    pub(super) trials: u64,
    /// On one thread.
    pub(super) seconds: f64,
    /// Otherwise extrapolated from the last one measured.
    pub(super) measured: bool,
    /// Completions that are left after the next key; null if not measured.
    pub(super) left: Option<usize>,
}

/// From X_n back to the IP key.
#[derive(Debug, Serialize)]
pub(super) struct Back {
    pub(super) from_n: u32,
    /// False if there were too many predecessors to go on.
    pub(super) done: bool,
    pub(super) predecessors: u64,
    pub(super) widest: usize,
    pub(super) seconds: f64,
    pub(super) ip_keys: usize,
    pub(super) found_ip_key: bool,
    pub(super) found_twin: bool,
    /// The work from the orbit's last key, if it grows with n²: extrapolated. Null if not done.
    pub(super) predecessors_from_the_last_key: Option<f64>,
}

/// All of them; `raw` are the orbit's session keys.
pub(super) fn run(
    ip_key: &IpKey,
    parameters: Parameters,
    quick: bool,
    raw: &[[u8; KEY_BYTES]],
    progress: &Progress,
) -> anyhow::Result<Attack> {
    let forwards = forwards(ip_key, if quick { 0.3 } else { 20.0 }, progress)?;
    let s = parameters.s();
    progress.say("from one raw key to all later ones");
    let later = parameters.total() - 1;
    let recovered = match attack::completions(&raw[0], &raw[1], s)?[..] {
        [one] => {
            let guessed = attack::later(&attack::complete(&raw[0], one), s, later)?;
            let equal = guessed.iter().zip(&raw[1..]).filter(|(a, b)| a == b);
            equal.count() as u32
        }
        _ => 0,
    };
    let salt = derive::ip_key_salt(ip_key, 1);
    let derived = [1, 2].map(|j| {
        let at = Position { n: j, i: 1, j };
        let key = derive::key(&salt, &raw[j as usize - 1], at);
        attack::taken_as_session_key(key.as_array())
    });
    let twin = IpKey::parse(attack::twin(ip_key.digits()).as_bytes())?;
    let mut orbit = Orbit::new(&twin, s)?;
    let mut same = true;
    for key in raw {
        orbit.step()?;
        same &= orbit.session_key() == *key;
    }
    Ok(Attack {
        forwards,
        later_keys: later,
        later_keys_recovered: recovered,
        completions_of_derived_keys: attack::completions(&derived[0], &derived[1], s)?.len(),
        back: back(ip_key, &twin, parameters, quick, progress)?,
        twin_has_the_same_keys: same,
    })
}

/// All 10^s trials for each s, as long as one s takes less than `budget` seconds.
fn forwards(ip_key: &IpKey, budget: f64, progress: &Progress) -> anyhow::Result<Vec<Forwards>> {
    let mut all: Vec<Forwards> = Vec::new();
    for s in 1..=MAX_S {
        let trials = 10_u64.pow(s);
        let expected = all.last().map_or(0.0, |last| 10.0 * last.seconds);
        let row = if expected < budget {
            progress.say(format!("completing a raw key, s = {s}"));
            let mut orbit = Orbit::new(ip_key, s)?;
            orbit.step()?;
            let key = orbit.session_key();
            orbit.step()?;
            let start = Instant::now();
            let left = attack::completions(&key, &orbit.session_key(), s)?.len();
            Forwards {
                s,
                trials,
                seconds: start.elapsed().as_secs_f64(),
                measured: true,
                left: Some(left),
            }
        } else {
            Forwards {
                s,
                trials,
                seconds: expected,
                measured: false,
                left: None,
            }
        };
        all.push(row);
    }
    Ok(all)
}

fn back(
    ip_key: &IpKey,
    twin: &IpKey,
    parameters: Parameters,
    quick: bool,
    progress: &Progress,
) -> anyhow::Result<Back> {
    let from_n = parameters.keys().min(if quick { BACK / 4 } else { BACK });
    let mut orbit = Orbit::new(ip_key, parameters.s())?;
    while orbit.n() < from_n {
        orbit.step()?;
    }
    // The attacker has X_n by completing its session key, as above.
    let leading = orbit.x()[..parameters.s() as usize].parse()?;
    let x = attack::complete(&orbit.session_key(), leading);
    let start = Instant::now();
    let most = MOST_PREDECESSORS;
    let traced = attack::back(&x, from_n, parameters.s(), most, &mut |at, width| {
        progress.say(format!("back to the IP key: n = {at}, {width} candidates"));
    })?;
    let seconds = start.elapsed().as_secs_f64();
    let Some(traced) = traced else {
        return Ok(Back {
            from_n,
            done: false,
            predecessors: 0,
            widest: most,
            seconds,
            ip_keys: 0,
            found_ip_key: false,
            found_twin: false,
            predecessors_from_the_last_key: None,
        });
    };
    let has = |key: &IpKey| {
        let mut found = traced.ip_keys.iter();
        found.any(|found| found.as_bytes() == key.digits())
    };
    let longer = f64::from(parameters.total()) / f64::from(from_n);
    Ok(Back {
        from_n,
        done: true,
        predecessors: traced.work,
        widest: traced.widest,
        seconds,
        ip_keys: traced.ip_keys.len(),
        found_ip_key: has(ip_key),
        found_twin: has(twin),
        predecessors_from_the_last_key: Some(traced.work as f64 * longer.powi(2)),
    })
}
