#![allow(clippy::unwrap_used, reason = "tests")]
//! Shows T23 (`docs/threat-model.md`).

use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// One gauge whose value is asked for.
struct Fixed;

impl Measured for Fixed {
    fn role(&self) -> &'static str {
        "test"
    }

    fn write(&self, page: &mut Page<'_>) -> fmt::Result {
        page.gauges(
            "photonbox_fixed",
            "Help.",
            Some(&super::super::bits()),
            [([("name", "a \"quoted\"\nline\\")], 3_u64)],
        )?;
        page.states("photonbox_state", "Help.", &["up", "down"], "up")
    }
}

async fn served() -> Served {
    let endpoint = Endpoint::open(Some("127.0.0.1:0")).await.unwrap().unwrap();
    endpoint.serve(Arc::new(Fixed))
}

async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_page_has_type_help_and_unit_and_an_end() {
    let served = served().await;
    let answer = ask(served.address(), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let (head, page) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0"));
    for line in [
        "# HELP photonbox_fixed_bits Help.",
        "# TYPE photonbox_fixed_bits gauge",
        "# UNIT photonbox_fixed_bits bits",
        r#"photonbox_fixed_bits{name="a \"quoted\"\nline\\"} 3"#,
        r#"photonbox_state{state="up"} 1"#,
        r#"photonbox_state{state="down"} 0"#,
        concat!(
            "photonbox_build_info{version=\"",
            env!("CARGO_PKG_VERSION"),
            "\",role=\"test\"} 1"
        ),
    ] {
        assert!(
            page.lines().any(|one| one == line),
            "{line} is not in\n{page}"
        );
    }
    assert!(page.contains("\nprocess_resident_memory_bytes "), "{page}");
    assert!(page.ends_with("# EOF\n"), "{page}");
}

#[tokio::test]
async fn other_paths_and_methods_are_refused_and_head_has_no_body() {
    let address = served().await;
    let asked = |request: &'static str| ask(address.address(), request);
    for (request, status) in [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "404 Not Found"),
        ("GET /metrics/ HTTP/1.1\r\nHost: x\r\n\r\n", "404 Not Found"),
        (
            "GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
            "404 Not Found",
        ),
        (
            "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
            "405 Method Not Allowed",
        ),
        (
            "BREW /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
            "405 Method Not Allowed",
        ),
        ("nonsense\r\n\r\n", "400 Bad Request"),
    ] {
        let answer = asked(request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}\r\n")),
            "{answer}"
        );
    }
    let refused = asked("PUT /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(refused.contains("allow: GET, HEAD\r\n"), "{refused}");
    let head = asked("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(
        head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
    let long = format!(
        "GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n",
        "x".repeat(2 * HEAD)
    );
    let mut stream = TcpStream::connect(address.address()).await.unwrap();
    stream.write_all(long.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // It may be cut off hard after the answer, with bytes of ours unread.
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "{answer:?}");
}

#[tokio::test]
async fn only_loopback_is_served() {
    for good in [
        "127.0.0.1:0",
        "127.1.2.3:9",
        "[::1]:4503",
        "::1",
        "127.0.0.1",
        "localhost",
        "localhost:1",
    ] {
        let address = parse(good).unwrap();
        assert!(address.ip().is_loopback(), "{good}");
    }
    assert_eq!(parse("127.0.0.1").unwrap().port(), METRICS_PORT);
    assert_eq!(
        parse("localhost").unwrap(),
        parse("127.0.0.1:4503").unwrap()
    );
    for bad in [
        "0.0.0.0:4503",
        "[::]:4503",
        "192.0.2.1",
        "[2001:db8::1]:1",
        "[::ffff:192.0.2.1]:1",
    ] {
        let error = parse(bad).unwrap_err();
        assert!(
            error.to_string().contains("is not a loopback address"),
            "{error}"
        );
        assert!(
            error.help().contains("a proxy that authenticates"),
            "{}",
            error.help()
        );
        assert_eq!(error.exit_code(), 2);
    }
    for bad in [
        "",
        "example.org:4503",
        "localhost:99999",
        "127.0.0.1:99999",
        "x y",
    ] {
        let error = parse(bad).unwrap_err();
        assert!(
            error.to_string().contains("is not ADDRESS[:PORT]"),
            "{error}"
        );
    }
    assert!(Endpoint::open(None).await.unwrap().is_none());
}

#[tokio::test]
async fn a_taken_port_is_said() {
    let first = Endpoint::open(Some("127.0.0.1:0")).await.unwrap().unwrap();
    let taken = first.address.to_string();
    let error = Endpoint::open(Some(&taken)).await.err().unwrap();
    assert!(error.to_string().contains(&taken), "{error}");
    assert!(error.help().contains("--metrics"), "{}", error.help());
}

/// The rest of what a silent client gets: an end.
async fn end_of(mut stream: TcpStream) -> usize {
    let mut rest = Vec::new();
    // A reset is an end, too.
    let _ = stream.read_to_end(&mut rest).await;
    rest.len()
}

#[tokio::test]
async fn who_says_nothing_is_dropped_and_holds_up_no_end() {
    let served = served().await;
    let mut silent = Vec::new();
    for _ in 0..MOST {
        silent.push(TcpStream::connect(served.address()).await.unwrap());
    }
    // One that says one byte: a time-out from the last byte would be put off by each.
    silent[0].write_all(b"G").await.unwrap();
    let begun = std::time::Instant::now();
    // The ninth is answered once the first places are free again.
    let answer = ask(served.address(), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(
        begun.elapsed() >= SILENCE - Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    for stream in silent {
        assert_eq!(end_of(stream).await, 0);
    }
    // And one that is silent when it all ends does not keep the port.
    let address = served.address();
    let waiting = TcpStream::connect(address).await.unwrap();
    drop(served);
    assert_eq!(end_of(waiting).await, 0);
    assert!(TcpStream::connect(address).await.is_err());
}
