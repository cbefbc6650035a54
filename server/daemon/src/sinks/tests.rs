#![allow(clippy::unwrap_used, reason = "tests")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::*;
use crate::vm_event::VmEvents;

fn nobody() -> Contribute {
    Arc::new(|_| {})
}

/// A machine that nobody copies.
fn now() -> Since {
    VmEvents::new(|| {}, || {}).since()
}

async fn open(spec: SinkSpec) -> Result<Sink> {
    Sink::open(&spec, nobody()).await
}

#[test]
fn specs_round_trip_and_nonsense_is_a_usage_error() {
    for text in [
        "stdout",
        "file:/a/b",
        "fifo:x",
        "egd:unix:/s",
        "egd:tcp:127.0.0.1:7",
        "kernel",
    ] {
        assert_eq!(text.parse::<SinkSpec>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "file:",
        "egd:",
        "egd:unix:",
        "egd:tcp:",
        "tty",
        "Kernel",
    ] {
        assert_eq!(
            text.parse::<SinkSpec>().unwrap_err().exit_code(),
            2,
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_file_is_appended_to_and_private() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("f");
    for part in [&b"one"[..], b"two"] {
        let mut sink = open(SinkSpec::File(path.clone())).await.unwrap();
        sink.write(part, false, &mut now()).await.unwrap();
        sink.finish().await.unwrap();
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"onetwo");
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[tokio::test]
async fn unwritable_places_are_refused_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let inside = |name: &str| directory.path().join(name);
    std::fs::write(inside("plain"), "x").unwrap();
    for spec in [
        SinkSpec::File(inside("no/such/folder")),
        SinkSpec::File(directory.path().to_owned()),
        SinkSpec::Fifo(inside("no/such/fifo")),
        SinkSpec::Fifo(inside("plain")),
        SinkSpec::EgdUnix(inside("no/such/socket")),
        SinkSpec::EgdUnix(inside("plain")),
        SinkSpec::EgdTcp("203.0.113.1:1".into()),
    ] {
        let error = open(spec.clone())
            .await
            .err()
            .unwrap_or_else(|| panic!("{spec}"));
        assert_eq!(error.exit_code(), 1);
        assert!(error.to_string().contains(&spec.to_string()));
        assert!(!error.help().is_empty());
    }
    assert_eq!(std::fs::read(inside("plain")).unwrap(), b"x");
}

#[tokio::test]
async fn a_fifo_waits_for_each_reader_and_gives_it_everything() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("q");
    let mut sink = open(SinkSpec::Fifo(path.clone())).await.unwrap();
    for round in [b'a', b'b'] {
        let path = path.clone();
        let reader = tokio::task::spawn_blocking(move || {
            use std::io::Read;
            let mut got = [0; 100_000];
            std::fs::File::open(path)
                .unwrap()
                .read_exact(&mut got)
                .unwrap();
            got.to_vec()
        });
        // More than a pipe holds: the reader must really take it.
        let writing = async {
            sink.write(&[round; 100_000], false, &mut now())
                .await
                .unwrap();
        };
        let (got, ()) = tokio::join!(reader, writing);
        assert_eq!(got.unwrap(), vec![round; 100_000]);
        // The reader is gone: a write notices, drops its bytes and waits for the next one.
        sink.write(b"lost", false, &mut now()).await.unwrap();
    }
}

async fn ask(stream: &mut UnixStream, command: &[u8], answer: usize) -> Vec<u8> {
    stream.write_all(command).await.unwrap();
    let mut got = vec![0; answer];
    stream.read_exact(&mut got).await.unwrap();
    got
}

#[tokio::test]
async fn egd_answers_all_commands() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("egd");
    let given: Arc<Mutex<Vec<u8>>> = Arc::default();
    let giving = Arc::clone(&given);
    let contribute: Contribute = Arc::new(move |bytes| giving.lock().unwrap().extend(bytes));
    let mut sink = Sink::open(&SinkSpec::EgdUnix(path.clone()), contribute)
        .await
        .unwrap();
    let mut client = UnixStream::connect(&path).await.unwrap();

    assert_eq!(ask(&mut client, &[0], 4).await, [0; 4]);
    assert_eq!(ask(&mut client, &[1, 9], 1).await, [0]);
    let bytes: Vec<u8> = (0..=255).collect();
    sink.write(&bytes, true, &mut now()).await.unwrap();
    assert_eq!(ask(&mut client, &[0], 4).await, 2048_u32.to_be_bytes());
    assert_eq!(ask(&mut client, &[1, 3], 4).await, [3, 0, 1, 2]);
    assert_eq!(ask(&mut client, &[2, 5], 5).await, [3, 4, 5, 6, 7]);
    let pid = std::process::id().to_string();
    let answer = ask(&mut client, &[3, 0, 8, 2, 0xaa, 0xbb, 4], 1 + pid.len()).await;
    assert_eq!(&answer[1..], pid.as_bytes());
    assert_eq!(*given.lock().unwrap(), [0xaa, 0xbb]);
    assert_eq!(sink.waiting_bytes(), Some(248));

    // What is not EGD ends the conversation, and only that one.
    client.write_all(&[9]).await.unwrap();
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    let mut other = UnixStream::connect(&path).await.unwrap();
    assert_eq!(ask(&mut other, &[2, 1], 1).await, [8]);
    drop(sink);
    assert!(!path.exists(), "the socket file is removed");
}

#[tokio::test]
async fn egd_read_waits_and_no_byte_is_given_twice() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("egd");
    let mut sink = open(SinkSpec::EgdUnix(path.clone())).await.unwrap();
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let path = path.clone();
            tokio::spawn(async move {
                let mut client = UnixStream::connect(&path).await.unwrap();
                let mut all = Vec::new();
                for _ in 0..8 {
                    all.extend(ask(&mut client, &[2, 250], 250).await);
                }
                all
            })
        })
        .collect();
    // 4,000 pairs of bytes, each pair its own number; odd-sized pieces, more than the reservoir.
    let bytes: Vec<u8> = (0..4000_u16).flat_map(u16::to_be_bytes).collect();
    for piece in bytes.chunks(777) {
        sink.write(piece, true, &mut now()).await.unwrap();
    }
    sink.finish().await.unwrap();
    let mut got = Vec::new();
    for reader in readers {
        got.extend(reader.await.unwrap());
    }
    // Every byte arrives exactly once, whoever it went to.
    let mut expected = bytes;
    got.sort_unstable();
    expected.sort_unstable();
    assert_eq!(got, expected);
}

#[tokio::test]
async fn a_dead_servers_socket_is_taken_over_and_a_living_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("egd");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(Path::exists(&path));
    let _first = open(SinkSpec::EgdUnix(path.clone())).await.unwrap();
    let second = open(SinkSpec::EgdUnix(path)).await.err().unwrap();
    assert!(second.help().contains("stop the program"));
}

#[tokio::test]
async fn at_the_end_nobody_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    for spec in [
        SinkSpec::EgdUnix(directory.path().join("egd")),
        SinkSpec::Fifo(directory.path().join("fifo")),
    ] {
        let (ending, near) = watch::channel(false);
        let mut sink = open(spec).await.unwrap();
        sink.until(Ending::at(near));
        // More than a reservoir holds, and nobody reads.
        let writing = tokio::spawn(async move {
            let written = sink
                .write(&[7; 2 * egd::RESERVOIR], false, &mut now())
                .await;
            (written, sink.finish().await)
        });
        tokio::task::yield_now().await;
        assert!(!writing.is_finished());
        ending.send_replace(true);
        let (written, finished) = writing.await.unwrap();
        assert!(matches!(written, Err(SinkEnd::ReaderGone)), "{written:?}");
        assert!(finished.is_ok(), "{finished:?}");
    }
}
