//! Which parent a host takes: all addresses of its list are tried side by side, staggered in the
//! list's order as RFC 8305 §5 has it, and the first second channel that stands wins.

use std::sync::Arc;
use std::time::Duration;

use photonbox_channel::message::RefusalCode;
use photonbox_channel::{ByteSource, Channel};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::channels::Channels;
use crate::failure::{self, Failure, LastWord};
use crate::link::{Asking, Link};
use crate::shutdown::{Phase, Shutdown};
use crate::wire::{Surroundings, Wire};
use crate::{Error, os};

/// First pause after a failure; doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// With jitter 4.5 s: whatever kept a host away, it is served within 5 s of its end.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// How long a TCP connection may take: Linux sends its first segment after 0, 1 and 3 s (RFC 6298 §2).
const CONNECT: Duration = Duration::from_secs(4);
/// Head start of an address before the next one (RFC 8305 §8).
const STAGGER: Duration = Duration::from_millis(250);
/// Parents that drop a host sooner than this are no reason to hurry from one to the next.
const STEADY: Duration = Duration::from_secs(1);

/// What became of an address, the last time.
enum Verdict {
    /// May work later.
    Passing,
    /// There, and without keys.
    Unhealthy,
    /// No waiting mends it.
    Identity(Error),
}

/// One address of the list.
struct Candidate {
    address: String,
    /// The next pause after a failure.
    pause: Duration,
    /// When to try; none while it is being tried.
    due: Option<Instant>,
    /// When it was tried last.
    began: Option<Instant>,
    /// Its first attempt may come earlier, when another one fails.
    waits_for_turn: bool,
    verdict: Option<Verdict>,
    /// The failure that was told: the same one again and again is said once.
    told: String,
}

impl Candidate {
    fn failed(&mut self, failure: Failure, now: Instant, jitter: f64) {
        let (reason, verdict) = match failure {
            Failure::Passing(reason) => (reason, Verdict::Passing),
            Failure::Unhealthy => (failure::NO_KEYS_TEXT.to_owned(), Verdict::Unhealthy),
            Failure::Identity(error) => (error.to_string(), Verdict::Identity(error)),
            Failure::Copied => {
                self.due = Some(now);
                return;
            }
        };
        if reason != self.told {
            tracing::warn!(hub = %self.address, reason, "cannot connect");
            self.told = reason;
        }
        self.verdict = Some(verdict);
        // From the attempt's begin on: one that took long to fail was a pause itself.
        let begin = self.began.unwrap_or(now);
        self.due = Some(now.max(begin + self.pause.mul_f64(0.5 + jitter)));
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}

/// A channel that stands.
pub(crate) struct Stood {
    /// Of the address in the list.
    pub(crate) index: usize,
    pub(crate) wire: Wire<TcpStream>,
    pub(crate) handler: Asking,
}

/// How a race ended.
pub(crate) enum Raced {
    Stood(Box<Stood>),
    /// The host is ending.
    Stopping,
    /// No parent takes us, or we none of them, and no waiting mends it.
    Refused(Error),
}

type Attempts = JoinSet<(usize, Result<Stood, Failure>)>;

/// The list of parents, with what is known of each.
pub(crate) struct Parents {
    list: Vec<Candidate>,
    /// The one that was lost last, and how.
    lost: Option<(usize, Loss)>,
}

/// How a parent was lost.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Loss {
    /// After it had stood for a while.
    Steady,
    /// Soon, or together with all its hosts: nobody is hurried to, and none comes before its turn in the list.
    Hasty,
    /// It is as good as ever: this machine was copied.
    Copied,
}

impl Parents {
    pub(crate) fn new(addresses: &[String]) -> Self {
        let list = addresses
            .iter()
            .map(|address| Candidate {
                address: address.clone(),
                pause: FIRST_PAUSE,
                due: None,
                began: None,
                waits_for_turn: false,
                verdict: None,
                told: String::new(),
            })
            .collect();
        Self { list, lost: None }
    }

    /// The channel to `index` is gone, after it stood for so long.
    pub(crate) fn lost(&mut self, index: usize, stood: Duration) {
        let steady = stood >= STEADY;
        self.lost = Some((index, if steady { Loss::Steady } else { Loss::Hasty }));
    }

    /// This machine was copied, and left `index` for that: nobody is waited for.
    pub(crate) fn left(&mut self, index: usize) {
        self.lost = Some((index, Loss::Copied));
    }

    /// A certificate of the channel to `index` has ended: a new channel has the newest. If it was the parent's, all its
    /// hosts come at once.
    pub(crate) fn expired(&mut self, index: usize) {
        self.lost = Some((index, Loss::Hasty));
    }

    /// Who is tried when: the one that was lost after a pause, the others at once, each with a head
    /// start before the next.
    fn line_up(&mut self, now: Instant, jitter: f64) {
        let pause = FIRST_PAUSE.mul_f64(0.5 + jitter);
        let hurry = self.lost.is_none_or(|(_, loss)| loss != Loss::Hasty);
        let mut turn = if hurry { now } else { now + pause };
        for (index, candidate) in self.list.iter_mut().enumerate() {
            candidate.verdict = None;
            candidate.pause = FIRST_PAUSE;
            candidate.told.clear();
            let is_this = |(lost, loss)| lost == index && loss != Loss::Copied;
            let was_lost = self.lost.is_some_and(is_this);
            candidate.waits_for_turn = !(was_lost && hurry);
            if candidate.waits_for_turn {
                candidate.due = Some(turn);
                turn += STAGGER;
            } else {
                candidate.due = Some(now + pause);
                candidate.pause = FIRST_PAUSE * 2;
            }
        }
    }

    /// Somebody gets on, if slowly: its head start begins anew.
    fn put_off(&mut self, now: Instant) {
        let mut turn = now + STAGGER;
        for candidate in self.list.iter_mut().filter(|one| one.waits_for_turn) {
            candidate.due = Some(turn);
            turn += STAGGER;
        }
    }

    /// Tries all of them, again and again, until one stands.
    pub(crate) async fn race(
        &mut self,
        link: &Link,
        handler: impl Fn() -> Asking,
        last_word: &LastWord,
    ) -> Raced {
        self.line_up(Instant::now(), jitter(&*link.generator));
        // Ends the attempts of this race.
        let over = Shutdown::new();
        let mut attempts = Attempts::new();
        let progress = Arc::new(Notify::new());
        loop {
            let next = self.list.iter().filter_map(|one| one.due).min();
            let next = next.unwrap_or_else(|| Instant::now() + LONGEST_PAUSE);
            tokio::select! {
                () = tokio::time::sleep_until(next) => {
                    for (index, candidate) in self.list.iter_mut().enumerate() {
                        if candidate.due.is_some_and(|due| due <= Instant::now()) {
                            candidate.due = None;
                            candidate.began = Some(Instant::now());
                            candidate.waits_for_turn = false;
                            let mut handler = handler();
                            handler.progress = Arc::clone(&progress);
                            let attempt = attempt(link, candidate.address.clone(), index, handler, over.clone());
                            attempts.spawn(attempt);
                        }
                    }
                }
                () = progress.notified() => self.put_off(Instant::now()),
                Some(ended) = attempts.join_next() => match ended {
                    Ok((_, Ok(stood))) => {
                        over.stop();
                        tokio::spawn(say_goodbye(attempts, over, link.channels.clone()));
                        return Raced::Stood(Box::new(stood));
                    }
                    Ok((index, Err(failure))) => {
                        let jitter = jitter(&*link.generator);
                        self.list[index].failed(failure, Instant::now(), jitter);
                        if let Some(refused) = self.judge(last_word) {
                            return Raced::Refused(refused);
                        }
                        if let Some(next) = self.list.iter_mut().find(|one| one.waits_for_turn) {
                            next.due = Some(Instant::now());
                        }
                    }
                    Err(error) => match error.try_into_panic() {
                        Ok(panic) => std::panic::resume_unwind(panic),
                        // Only the end of the runtime cancels an attempt.
                        Err(_) => return Raced::Stopping,
                    },
                },
                () = link.shutdown.reached(Phase::Drain) => {
                    over.stop();
                    while attempts.join_next().await.is_some() {}
                    return Raced::Stopping;
                }
            }
        }
    }

    /// What all failures together mean; an error when no waiting mends them.
    fn judge(&mut self, last_word: &LastWord) -> Option<Error> {
        let verdicts = || self.list.iter().map(|one| one.verdict.as_ref());
        if verdicts().any(|verdict| matches!(verdict, Some(Verdict::Unhealthy))) {
            last_word.refused(RefusalCode::Unhealthy);
        } else if verdicts().all(|verdict| verdict.is_some()) {
            last_word.refused(RefusalCode::Unreachable);
        }
        // A host that once had a channel survives whatever becomes of its hub.
        let for_good = self.lost.is_none()
            && verdicts().all(|verdict| matches!(verdict, Some(Verdict::Identity(_))));
        match self.list.first_mut()?.verdict.take() {
            Some(Verdict::Identity(error)) if for_good => Some(error),
            verdict => {
                self.list.first_mut()?.verdict = verdict;
                None
            }
        }
    }
}

/// 0 … 1, so that the hosts of a dead hub don't all come back at once.
fn jitter(generator: &dyn ByteSource) -> f64 {
    let mut byte = [0];
    // A generator that fails here fails the next handshake, too, and is told there.
    let _ = generator.fill(&mut byte);
    f64::from(byte[0]) / 255.0
}

/// One connection up to its second channel, unless the race is over first.
fn attempt(
    link: &Link,
    address: String,
    index: usize,
    mut handler: Asking,
    over: Shutdown,
) -> impl Future<Output = (usize, Result<Stood, Failure>)> + Send + use<> {
    let (config, channels) = (link.config.get(), link.channels.clone());
    let attempt = async move {
        let passing = |reason: String| Failure::Passing(reason);
        let connected = tokio::select! {
            connected = tokio::time::timeout(CONNECT, connect(&address)) => connected,
            () = over.reached(Phase::Stop) => return Err(passing("given up".into())),
        };
        let stream = match connected {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(passing(error.to_string())),
            Err(_) => {
                let seconds = CONNECT.as_secs();
                return Err(passing(format!("no connection in {seconds} s")));
            }
        };
        handler.progress.notify_one();
        // Requests are small and answers awaited.
        let _ = stream.set_nodelay(true);
        let channel = Channel::connect(&config, os::unix_now(), os::now())
            .map_err(|error| passing(error.to_string()))?;
        let mut wire = Wire::new(stream, channel, &channels);
        let around = Surroundings {
            channels: &channels,
            shutdown: &over,
            drain: Duration::ZERO,
            serves: None,
        };
        match wire.open(&mut handler, &around).await {
            None => Ok(Stood {
                index,
                wire,
                handler,
            }),
            Some(ended) => Err(failure::judge(&address, &ended)),
        }
    };
    async move { (index, attempt.await) }
}

/// Closes in order what came second.
async fn say_goodbye(mut attempts: Attempts, over: Shutdown, channels: Channels) {
    while let Some(ended) = attempts.join_next().await {
        if let Ok((_, Ok(mut stood))) = ended {
            let around = Surroundings {
                channels: &channels,
                shutdown: &over,
                drain: Duration::ZERO,
                serves: None,
            };
            let (_, mut nothing) = mpsc::channel(1);
            stood
                .wire
                .run(&mut stood.handler, &mut nothing, &around)
                .await;
        }
    }
}

/// A TCP connection to whichever of a name's addresses answers first, staggered likewise.
async fn connect(address: &str) -> std::io::Result<TcpStream> {
    let mut addresses = lookup_host(address).await?;
    let mut connecting = JoinSet::new();
    let mut last = None;
    loop {
        let next = addresses.next();
        let more = next.is_some();
        if let Some(next) = next {
            connecting.spawn(TcpStream::connect(next));
        }
        // Without a further address there is nothing to hurry to.
        let head_start = if more { STAGGER } else { CONNECT };
        match tokio::time::timeout(head_start, connecting.join_next()).await {
            Ok(Some(Ok(Ok(stream)))) => return Ok(stream),
            Ok(Some(Ok(Err(error)))) => last = Some(error),
            Ok(Some(Err(error))) => last = Some(std::io::Error::other(error)),
            Ok(None) => {
                let nothing = || std::io::Error::other("the name has no address");
                return Err(last.unwrap_or_else(nothing));
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// When each is tried, in milliseconds from now; without jitter.
    fn dues(parents: &mut Parents) -> Vec<u128> {
        let now = Instant::now();
        parents.line_up(now, 0.5);
        let due = |one: &Candidate| (one.due.unwrap() - now).as_millis();
        parents.list.iter().map(due).collect()
    }

    fn three() -> Parents {
        Parents::new(&["a:1".into(), "b:1".into(), "c:1".into()])
    }

    #[test]
    fn each_has_a_head_start_before_the_next() {
        assert_eq!(dues(&mut three()), [0, 250, 500]);
    }

    #[test]
    fn who_gets_on_has_another_head_start() {
        let mut parents = three();
        let now = Instant::now();
        parents.line_up(now, 0.5);
        parents.list[0].due = None;
        parents.list[0].waits_for_turn = false;
        let later = now + STAGGER / 2;
        parents.put_off(later);
        let dues: Vec<_> = parents.list.iter().map(|one| one.due).collect();
        assert_eq!(
            dues,
            [None, Some(later + STAGGER), Some(later + STAGGER * 2)]
        );
    }

    #[test]
    fn after_a_loss_the_others_come_without_a_pause() {
        let mut parents = three();
        parents.lost(0, STEADY);
        assert_eq!(dues(&mut parents), [250, 0, 250]);
        // It may not be pulled forward by another one's failure.
        assert!(!parents.list[0].waits_for_turn);
        let mut alone = Parents::new(&["a:1".into()]);
        alone.lost(0, STEADY);
        assert_eq!(dues(&mut alone), [250]);
    }

    #[test]
    fn a_copied_machine_waits_for_nobody() {
        let mut parents = three();
        parents.left(1);
        assert_eq!(dues(&mut parents), [0, 250, 500]);
        let now = Instant::now();
        parents.list[0].failed(Failure::Copied, now, 0.5);
        assert_eq!(parents.list[0].due, Some(now));
        assert_eq!(parents.list[0].pause, FIRST_PAUSE);
    }

    #[test]
    fn parents_that_drop_us_at_once_are_not_hurried_between() {
        let mut parents = three();
        parents.lost(1, STEADY / 2);
        assert_eq!(dues(&mut parents), [250, 500, 750]);
        // Nor is one left that stood long, and is there, for a certificate's end.
        parents.lost(0, STEADY);
        parents.expired(0);
        assert_eq!(dues(&mut parents), [250, 500, 750]);
    }

    #[test]
    fn pauses_double_and_a_reason_is_kept_for_each() {
        let mut parents = three();
        let now = Instant::now();
        let one = &mut parents.list[0];
        let mut pauses = Vec::new();
        for _ in 0..9 {
            one.failed(Failure::Passing("no".into()), now, 0.5);
            pauses.push((one.due.unwrap() - now).as_millis());
        }
        assert_eq!(pauses, [250, 500, 1000, 2000, 3000, 3000, 3000, 3000, 3000]);
        // A connection that was waited for in vain is a pause already.
        one.began = Some(now - CONNECT);
        one.failed(Failure::Passing("no".into()), now, 0.5);
        assert_eq!(one.due, Some(now));
        let told = one.told.clone();
        assert_eq!((told.as_str(), parents.list[1].told.as_str()), ("no", ""));
    }

    #[test]
    fn only_when_all_refuse_for_good_waiting_is_over() {
        let mut parents = three();
        let now = Instant::now();
        let refusal = || Failure::Identity(Error::failed("not admitted", "ask"));
        let word = LastWord::default();
        for index in 0..3 {
            assert!(parents.judge(&word).is_none());
            parents.list[index].failed(refusal(), now, 0.5);
        }
        assert!(
            parents
                .judge(&word)
                .unwrap()
                .to_string()
                .contains("not admitted")
        );
        for index in 0..3 {
            parents.list[index].failed(refusal(), now, 0.5);
        }
        parents.list[1].failed(Failure::Unhealthy, now, 0.5);
        assert!(parents.judge(&word).is_none());
        assert_eq!(word.health(false), "unhealthy");
        parents.list[1].failed(refusal(), now, 0.5);
        parents.lost(0, STEADY);
        assert!(parents.judge(&word).is_none(), "it had a channel once");
    }

    #[tokio::test]
    async fn a_name_with_no_way_in_says_so() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        assert!(connect(&address).await.is_ok());
        drop(free);
        assert!(connect(&address).await.is_err());
    }
}
