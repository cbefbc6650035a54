//! Two ends of one loopback TCP connection, each on its own pinned thread: streaming and asking.

use super::harness;
use anyhow::{Context as _, anyhow};
use hdrhistogram::Histogram;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// One end of a connection that carries payloads; calls block.
pub(crate) trait End: Send {
    /// Sends one payload and everything that waits, keys included.
    fn send(&mut self, payload: &[u8]) -> anyhow::Result<()>;
    /// Asks the other end for this many bytes.
    fn ask(&mut self, bytes: usize) -> anyhow::Result<()>;
    /// Waits for payload or a question and gives the number of bytes that came or are wanted, at
    /// least 1.
    fn receive(&mut self) -> anyhow::Result<usize>;
    /// Waits until everything that was sent is on the wire.
    fn flush(&mut self) -> anyhow::Result<()>;
}

/// A connected pair of sockets on loopback, without Nagle's delay.
pub(crate) fn sockets() -> anyhow::Result<(TcpStream, TcpStream)> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen on loopback")?;
    let client =
        TcpStream::connect(listener.local_addr()?).context("cannot connect on loopback")?;
    let (server, _) = listener.accept().context("cannot accept on loopback")?;
    for socket in [&client, &server] {
        socket.set_nodelay(true)?;
        // A measurement that hangs is worth an error, not a night.
        socket.set_read_timeout(Some(Duration::from_secs(30)))?;
        socket.set_write_timeout(Some(Duration::from_secs(30)))?;
    }
    Ok((server, client))
}

/// What a stream carried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carried {
    pub(crate) bytes_per_second: f64,
    pub(crate) payloads_per_second: f64,
}

/// Streams `payload` from `from` to `to` for about `slice`; timed at the receiver, until the last
/// byte is there.
pub(crate) fn stream(
    from: &mut dyn End,
    to: &mut dyn End,
    payload: &[u8],
    slice: Duration,
) -> anyhow::Result<Carried> {
    // 0 until the sender knows how much it will have sent; it says so before its last payload.
    let total = AtomicU64::new(0);
    let total = &total;
    std::thread::scope(|scope| {
        let sender = scope.spawn(move || -> anyhow::Result<()> {
            harness::pin(0);
            let start = Instant::now();
            let mut sent = 0_u64;
            loop {
                let last = start.elapsed() >= slice;
                sent += payload.len() as u64;
                if last {
                    total.store(sent, Ordering::SeqCst);
                }
                from.send(payload).context("the sending end")?;
                if last {
                    return from.flush().context("the sending end");
                }
            }
        });
        let receiver = scope.spawn(move || -> anyhow::Result<Carried> {
            harness::pin(1);
            let start = Instant::now();
            let mut received = 0_u64;
            loop {
                received += to.receive().context("the receiving end")? as u64;
                let expected = total.load(Ordering::SeqCst);
                if expected != 0 && received >= expected {
                    let seconds = start.elapsed().as_secs_f64();
                    return Ok(Carried {
                        bytes_per_second: received as f64 / seconds,
                        payloads_per_second: (received / payload.len() as u64) as f64 / seconds,
                    });
                }
            }
        });
        let sent = sender
            .join()
            .map_err(|_| anyhow!("the sending thread panicked"))?;
        let carried = receiver
            .join()
            .map_err(|_| anyhow!("the receiving thread panicked"))?;
        sent.and(carried)
    })
}

/// `asker` asks for `bytes` and gets them, `count` times; nanoseconds of each round trip.
pub(crate) fn ask(
    asker: &mut dyn End,
    answerer: &mut dyn End,
    bytes: usize,
    count: usize,
) -> anyhow::Result<Histogram<u64>> {
    let answer = &vec![0xA5; bytes];
    std::thread::scope(|scope| {
        let server = scope.spawn(move || -> anyhow::Result<()> {
            harness::pin(0);
            for _ in 0..count {
                exactly(answerer, bytes).context("the answering end")?;
                answerer.send(answer).context("the answering end")?;
                answerer.flush().context("the answering end")?;
            }
            Ok(())
        });
        let client = scope.spawn(move || -> anyhow::Result<Histogram<u64>> {
            harness::pin(1);
            let mut histogram = Histogram::new(3).context("cannot make a histogram")?;
            for _ in 0..count {
                let start = Instant::now();
                asker.ask(bytes).context("the asking end")?;
                exactly(asker, bytes).context("the asking end")?;
                let nanoseconds = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
                histogram
                    .record(nanoseconds.max(1))
                    .context("cannot record a latency")?;
            }
            Ok(histogram)
        });
        let served = server
            .join()
            .map_err(|_| anyhow!("the answering thread panicked"))?;
        let histogram = client
            .join()
            .map_err(|_| anyhow!("the asking thread panicked"))?;
        served.and(histogram)
    })
}

fn exactly(end: &mut dyn End, bytes: usize) -> anyhow::Result<()> {
    let mut received = 0;
    while received < bytes {
        received += end.receive()?;
    }
    anyhow::ensure!(
        received == bytes,
        "{received} bytes came instead of {bytes}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};

    struct Plain(TcpStream);

    impl End for Plain {
        fn send(&mut self, payload: &[u8]) -> anyhow::Result<()> {
            Ok(self.0.write_all(payload)?)
        }
        fn ask(&mut self, bytes: usize) -> anyhow::Result<()> {
            self.send(&vec![1; bytes])
        }
        fn receive(&mut self) -> anyhow::Result<usize> {
            let mut buffer = [0; 7];
            Ok(self.0.read(&mut buffer)?)
        }
        fn flush(&mut self) -> anyhow::Result<()> {
            Ok(self.0.flush()?)
        }
    }

    #[test]
    fn a_stream_ends_with_its_last_byte_and_can_be_followed() {
        let (a, b) = sockets().expect("loopback");
        let (mut a, mut b) = (Plain(a), Plain(b));
        for _ in 0..2 {
            let carried =
                stream(&mut a, &mut b, &[7; 1000], Duration::from_millis(1)).expect("stream");
            assert!(carried.bytes_per_second > 0.0);
            let ratio = carried.bytes_per_second / carried.payloads_per_second;
            assert!((ratio - 1000.0).abs() < 1e-6, "{ratio}");
        }
        // Nothing is left in the pipe: questions meet exactly their answers.
        let histogram = ask(&mut b, &mut a, 9, 25).expect("ask");
        assert_eq!(histogram.len(), 25);
    }
}
