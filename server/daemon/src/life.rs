//! How long the two certificates of a channel let it live, and when whoever serves it begins to drain it for that.

use std::time::Duration;

use photonbox_channel::Identity;

use crate::pki;
use crate::wire::FAREWELL;

/// With less time than this nothing is drained: the channel is used up to its end, and then cut.
const LEAST: Duration = Duration::from_secs(1);

/// End of a certificate (DER), seconds since 1970. TLS has read it, too: what cannot be read here has no life.
fn end(certificate: &[u8]) -> u64 {
    pki::validity(certificate).map_or(0, |validity| validity.not_after)
}

/// What whoever serves a channel adds to its life.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Serves {
    /// End of the own certificate, seconds since 1970.
    own_end: u64,
    /// How long requests with an end get.
    drain: Duration,
}

impl Serves {
    /// A channel that is served under `identity`.
    pub(crate) fn under(identity: &Identity, drain: Duration) -> Self {
        Self {
            own_end: end(&identity.public().certificate),
            drain,
        }
    }
}

/// The life of one channel. All times since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    /// When the other side's certificate ends, and this side closes.
    over: Duration,
    /// When the first of the two ends: all that is open must have had its last word.
    first: Duration,
    /// When to begin with that; never on the side that asks.
    drains: Option<Duration>,
}

impl Life {
    /// Of a channel that begins now, to a peer that showed `certificate`.
    ///
    /// It drains for as long as all channels do when a hub or relay ends, but not for more than half of the time that it
    /// has: a certificate that nobody renews is the reason for a few channels, each half as long as the one before, and not
    /// for one after the other up to its end.
    pub(crate) fn new(certificate: &[u8], serves: Option<Serves>, now: Duration) -> Self {
        Self::until(end(certificate), serves, now)
    }

    fn until(over: u64, serves: Option<Serves>, now: Duration) -> Self {
        let first = serves.map_or(over, |serves| serves.own_end.min(over));
        let first = Duration::from_secs(first);
        let drains = serves.and_then(|serves| {
            let most = first.saturating_sub(now) / 2;
            let takes = serves.drain.saturating_add(FAREWELL).min(most);
            (takes >= LEAST).then(|| first.saturating_sub(takes))
        });
        Self {
            over: Duration::from_secs(over),
            first,
            drains,
        }
    }

    /// No channel outlives the certificate that the other side made it by.
    pub(crate) fn is_over(self, now: Duration) -> bool {
        now >= self.over
    }

    /// How long requests with an end still get; none while there is no hurry.
    pub(crate) fn drain(self, now: Duration) -> Option<Duration> {
        let drains = self.drains.is_some_and(|at| now >= at);
        drains.then(|| self.first.saturating_sub(now).saturating_sub(FAREWELL))
    }

    /// Time until one of these changes.
    pub(crate) fn next(self, now: Duration) -> Duration {
        let drains = self.drains.filter(|at| *at > now);
        drains.unwrap_or(self.over).saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const NOW: Duration = Duration::from_secs(1_000_000);

    /// Of a channel with so many seconds left to the peer's certificate and the own one.
    fn life(peer: u64, own: u64, drain_seconds: u64) -> Life {
        let serves = Serves {
            own_end: NOW.as_secs() + own,
            drain: SECOND * drain_seconds as u32,
        };
        Life::until(NOW.as_secs() + peer, Some(serves), NOW)
    }

    /// Seconds from its begin to its draining.
    fn begins(life: Life) -> Option<f64> {
        life.drains.map(|at| (at - NOW).as_secs_f64())
    }

    #[test]
    fn draining_begins_before_the_first_of_the_two_ends() {
        assert_eq!(begins(life(3600, 9000, 5)), Some(3593.0));
        assert_eq!(begins(life(9000, 3600, 5)), Some(3593.0));
        let life = life(3600, 9000, 5);
        let at = |seconds| NOW + SECOND * seconds;
        assert_eq!(life.drain(at(3592)), None);
        // The two seconds that what was made has to leave come off it, whenever it is looked.
        assert_eq!(life.drain(at(3593)), Some(SECOND * 5));
        assert_eq!(life.drain(at(3596)), Some(SECOND * 2));
        assert_eq!(life.drain(at(3599)), Some(Duration::ZERO));
        assert!(!life.is_over(at(3599)) && life.is_over(at(3600)));
        let next = [0, 3593, 3600].map(|seconds| life.next(at(seconds)).as_secs());
        assert_eq!(next, [3593, 7, 0]);
    }

    #[test]
    fn who_asks_drains_nothing() {
        let life = Life::until(NOW.as_secs() + 60, None, NOW);
        assert_eq!(life.drain(NOW + SECOND * 59), None);
        assert_eq!(life.next(NOW), SECOND * 60);
        assert!(life.is_over(NOW + SECOND * 60));
    }

    #[test]
    fn short_lives_drain_for_half_of_them_and_very_short_ones_not_at_all() {
        assert_eq!(begins(life(10, 3600, 5)), Some(5.0));
        assert_eq!(begins(life(2, 3600, 5)), Some(1.0));
        assert_eq!(begins(life(1, 3600, 5)), None);
        assert_eq!(begins(life(3600, 0, 5)), None);
        assert_eq!(begins(life(3600, 3600, u64::from(u32::MAX))), Some(1800.0));
    }

    /// Channels one after the other under a certificate that nobody renews.
    #[test]
    fn a_certificate_that_is_not_renewed_makes_no_loop() {
        for (left, drain, most) in [
            (1, 5, 1),
            (4, 5, 3),
            (14, 5, 4),
            (86_400, 5, 4),
            (60, 60, 6),
        ] {
            let (mut now, mut channels) = (NOW, 0);
            let end = NOW.as_secs() + left;
            loop {
                channels += 1;
                let serves = Serves {
                    own_end: u64::MAX,
                    drain: SECOND * drain,
                };
                match Life::until(end, Some(serves), now).drains {
                    Some(at) => now = at,
                    None => break,
                }
            }
            assert!(channels <= most, "{left} s: {channels} channels");
        }
    }
}
