//! How fast one host may ask: so many requests a second, and as many at once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::problem::Refusal;

/// Requests of each host. Only enrolled hosts get as far as this, so their number is bounded.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Requests a second; none: as many as they like.
    rate: Option<u32>,
    /// Until when each host has used its share up.
    used_until: Mutex<HashMap<String, Instant>>,
}

impl Pace {
    pub(crate) fn new(rate: Option<u32>) -> Self {
        Self {
            rate,
            used_until: Mutex::default(),
        }
    }

    /// Takes a request of a host's share.
    ///
    /// # Errors
    /// [`Refusal::TooMany`], with the time after which there is one again.
    pub(crate) fn allow(&self, host: &str) -> Result<(), Refusal> {
        self.allow_at(host, Instant::now())
    }

    fn allow_at(&self, host: &str, now: Instant) -> Result<(), Refusal> {
        let Some(rate) = self.rate else {
            return Ok(());
        };
        let each = Duration::from_secs(1) / rate.max(1);
        let mut hosts = self
            .used_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let used_until = hosts.entry(host.to_owned()).or_insert(now);
        let after = (*used_until).max(now) + each;
        let ahead = after.saturating_duration_since(now);
        if ahead > Duration::from_secs(1) + each {
            return Err(Refusal::TooMany {
                after: ahead.saturating_sub(Duration::from_secs(1)),
            });
        }
        *used_until = after;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_requests_at_once_and_then_the_rate() {
        let pace = Pace::new(Some(10));
        let start = Instant::now();
        let allowed = |host: &str, at: Duration| pace.allow_at(host, start + at).is_ok();
        let at_once = (0..30).filter(|_| allowed("a", Duration::ZERO)).count();
        assert_eq!(at_once, 11);
        assert!(allowed("b", Duration::ZERO), "each host has its own share");
        assert!(!allowed("a", Duration::from_millis(50)));
        assert!(allowed("a", Duration::from_millis(150)));
        assert!(!allowed("a", Duration::from_millis(150)));
        let later = (0..30)
            .filter(|_| allowed("a", Duration::from_secs(60)))
            .count();
        assert_eq!(later, 11, "what was not used is not saved up");
    }

    #[test]
    fn without_a_rate_nobody_waits() {
        let pace = Pace::new(None);
        assert!((0..100_000).all(|_| pace.allow("a").is_ok()));
    }
}
