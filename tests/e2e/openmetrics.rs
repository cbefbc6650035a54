//! Asking for metrics over plain TCP, and reading what comes; judged by Prometheus's own reader where it is installed.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What a server answers to one request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// One request on a connection of its own.
pub(crate) fn ask(address: &str, method: &str, path: &str) -> Answer {
    let mut stream = TcpStream::connect(address).expect("metrics are served");
    let patience = Some(Duration::from_secs(60));
    stream.set_read_timeout(patience).expect("a socket");
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .expect("an answer and its end");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).expect("a status");
    Answer {
        status: status.parse().expect("a number"),
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}

/// A page of metrics.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) text: String,
    series: BTreeMap<String, f64>,
}

impl Page {
    /// Asks for it.
    pub(crate) fn of(address: &str) -> Self {
        let answer = ask(address, "GET", "/metrics");
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(
            answer.head.contains(
                "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"
            ),
            "{}",
            answer.head
        );
        assert!(answer.body.ends_with("\n# EOF\n"), "{}", answer.body);
        let samples = answer.body.lines().filter(|line| !line.starts_with('#'));
        let mut series = BTreeMap::new();
        for line in samples {
            let (name, value) = line.rsplit_once(' ').expect("a name and a value");
            let value = value
                .parse()
                .unwrap_or_else(|_| panic!("no number: {line}"));
            assert!(
                series.insert(name.to_owned(), value).is_none(),
                "twice: {line}"
            );
        }
        Self {
            text: answer.body,
            series,
        }
    }

    /// The value of a series, such as `a_total{b="c"}`.
    pub(crate) fn value(&self, series: &str) -> f64 {
        *self
            .series
            .get(series)
            .unwrap_or_else(|| panic!("no {series} in\n{}", self.text))
    }

    /// The names of all families, with their units.
    pub(crate) fn families(&self) -> Vec<&str> {
        let of_type = |line| str::strip_prefix(line, "# TYPE ");
        let types = self.text.lines().filter_map(of_type);
        types.filter_map(|rest| rest.split(' ').next()).collect()
    }

    /// Whether `name` is in the page as a sum over all labels; missing series count nothing.
    pub(crate) fn sum(&self, name: &str) -> f64 {
        let of = |series: &str| series.split('{').next() == Some(name);
        let series = self.series.iter().filter(|(series, _)| of(series));
        series.map(|(_, value)| value).sum()
    }

    /// Prometheus's own reader of the format has nothing against it; says *skipped* where it is not installed.
    pub(crate) fn judge(&self) {
        const READS: &str = "\
import sys
try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as families
except ImportError:
    sys.exit(77)
print(' '.join(family.name for family in families(sys.stdin.read())))";
        // Debian's packages are for Debian's Python, which need not be the first one.
        for python in ["python3", "/usr/bin/python3"] {
            let started = Command::new(python)
                .args(["-c", READS])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn();
            let Ok(mut judge) = started else { continue };
            // One that cannot import its parser reads nothing.
            let _ = judge
                .stdin
                .take()
                .expect("piped")
                .write_all(self.text.as_bytes());
            let output = judge.wait_with_output().expect("it ends");
            if output.status.code() == Some(77) {
                continue;
            }
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{errors}\n{}", self.text);
            let read = String::from_utf8_lossy(&output.stdout);
            let read: Vec<&str> = read.split_whitespace().collect();
            assert_eq!(read, self.families());
            return;
        }
        println!("skipped: the judge of OpenMetrics is missing (python3-prometheus-client)");
    }

    /// Every family of this project has a line in `docs/operations.md`.
    pub(crate) fn check_documented(&self) {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
        let manual = std::fs::read_to_string(path).expect("the manual");
        for family in self.families() {
            let ours = family.starts_with("photonbox_");
            let standard = family.starts_with("process_");
            assert!(ours || standard, "{family}");
            let named = |part: &str| {
                let name = part.split('{').next().unwrap_or_default();
                let name = name.strip_suffix("_total").unwrap_or(name);
                name.strip_suffix("_info").unwrap_or(name) == family
            };
            let word = |text: &str| text.split('`').any(named);
            assert!(
                standard || word(&manual),
                "docs/operations.md lacks `{family}`"
            );
        }
    }
}
