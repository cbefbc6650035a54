//! A line that is long: bytes on loopback that arrive a fixed time later, each way.

use anyhow::Context as _;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::duo::sockets;

/// How long the line gathers bytes before it carries them on together: carrying is to cost the ends, which share its cores,
/// little. Adds as much to the delay, at most.
const GATHER: Duration = Duration::from_millis(1);

/// A pair of connected sockets with `delay` between them in each direction. The threads that hold the bytes back end with
/// the connection.
pub(crate) fn delayed_sockets(delay: Duration) -> anyhow::Result<(TcpStream, TcpStream)> {
    let (a, a_far) = sockets()?;
    let (b, b_far) = sockets()?;
    for far in [&a_far, &b_far] {
        // Silence is no failure of a line.
        far.set_read_timeout(None)?;
    }
    carry(a_far.try_clone()?, b_far.try_clone()?, delay)?;
    carry(b_far, a_far, delay)?;
    Ok((a, b))
}

/// Takes bytes from one end at once and gives them to the other when they are due.
fn carry(mut from: TcpStream, mut to: TcpStream, delay: Duration) -> anyhow::Result<()> {
    let (held, due) = mpsc::channel::<(Instant, Vec<u8>)>();
    let thread = |name: &str| std::thread::Builder::new().name(name.into());
    thread("line in")
        .spawn(move || {
            let mut chunk = vec![0; 1 << 20];
            // An end that is gone ends the line.
            while let Ok(read @ 1..) = from.read(&mut chunk) {
                if held
                    .send((Instant::now() + delay, chunk[..read].to_vec()))
                    .is_err()
                {
                    break;
                }
                std::thread::sleep(GATHER.min(delay));
            }
        })
        .context("no thread for a long line")?;
    thread("line out")
        .spawn(move || {
            for (at, bytes) in due {
                std::thread::sleep(at.saturating_duration_since(Instant::now()));
                if to.write_all(&bytes).is_err() {
                    return;
                }
            }
            // The other end may be gone already.
            let _ = to.shutdown(Shutdown::Write);
        })
        .context("no thread for a long line")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_arrive_whole_and_not_before_their_time() {
        let delay = Duration::from_millis(20);
        let (mut a, mut b) = delayed_sockets(delay).expect("loopback");
        let start = Instant::now();
        a.write_all(&[7; 100_000]).expect("a socket");
        let mut got = vec![0; 100_000];
        b.read_exact(&mut got).expect("a socket");
        assert!(start.elapsed() >= delay);
        assert!(got.iter().all(|byte| *byte == 7));
        b.write_all(&[9]).expect("a socket");
        a.read_exact(&mut got[..1]).expect("a socket");
        assert!(start.elapsed() >= delay * 2);
        drop(a);
        assert_eq!(b.read(&mut got).expect("an orderly end"), 0);
    }
}
