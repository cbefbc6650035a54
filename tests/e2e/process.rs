//! Running the `photonbox` binary: once to its end, or in the background until the test is over.

use serde_json::Value;
use std::io::{BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long to wait for something that is going to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The binary, with none of the caller's settings.
pub(crate) fn photonbox(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_photonbox"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PHOTONBOX_") || name == "STATE_DIRECTORY" {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs to the end; one that does not end within [`PATIENCE`] is stopped and fails the test.
pub(crate) fn run(arguments: &[&str]) -> Output {
    run_command(photonbox(arguments), &arguments.join(" "))
}

/// The same for a prepared command.
pub(crate) fn run_command(mut command: Command, what: &str) -> Output {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("photonbox starts");
    let mut stdout = child.stdout.take().expect("piped");
    let mut stderr = child.stderr.take().expect("piped");
    let reading = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stdout.read_to_end(&mut bytes).expect("standard output");
        bytes
    });
    let reading_errors = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stderr.read_to_end(&mut bytes).expect("standard error");
        bytes
    });
    let status = end_of(&mut child, what);
    Output {
        status,
        stdout: reading.join().expect("reader"),
        stderr: reading_errors.join().expect("reader"),
    }
}

fn end_of(child: &mut Child, what: &str) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return status;
        }
        if start.elapsed() > PATIENCE {
            child.kill().expect("a child can be stopped");
            panic!("`{what}` did not end within {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs to a good end and gives standard output.
pub(crate) fn text(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(
        output.status.success(),
        "photonbox {}: {}\n{}",
        arguments.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("standard output is text")
}

/// Runs to a good end; standard output must be exactly one JSON document.
pub(crate) fn json(arguments: &[&str]) -> Value {
    let text = text(arguments);
    serde_json::from_str(&text)
        .unwrap_or_else(|e| panic!("{}: {e} in {text:?}", arguments.join(" ")))
}

/// Runs to a failure: the code, one line `error: … / help: …` on standard error after any log
/// lines, nothing on standard output. Gives that line.
pub(crate) fn refusal(arguments: &[&str], code: i32) -> String {
    refusal_of(photonbox(arguments), &arguments.join(" "), code)
}

/// The same for a prepared command.
pub(crate) fn refusal_of(command: Command, what: &str, code: i32) -> String {
    let output = run_command(command, what);
    let errors = String::from_utf8(output.stderr).expect("standard error is text");
    assert!(!errors.contains("panicked"), "`{what}` panicked:\n{errors}");
    assert_eq!(output.status.code(), Some(code), "`{what}`:\n{errors}");
    let lines: Vec<&str> = errors
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    assert_eq!(
        lines.len(),
        1,
        "`{what}` must say once what failed:\n{errors}"
    );
    assert_eq!(
        errors.lines().last(),
        Some(lines[0]),
        "`{what}` says it last:\n{errors}"
    );
    let (failed, help) = lines[0].split_once(" / help: ").expect("says what to do");
    assert!(
        failed.len() > "error: ".len() && !help.is_empty(),
        "{}",
        lines[0]
    );
    assert!(
        output.stdout.is_empty(),
        "`{what}` wrote to standard output"
    );
    lines[0].to_owned()
}

/// A process in the background; dropped, it is stopped.
pub(crate) struct Background {
    what: String,
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
    readers: Vec<std::thread::JoinHandle<()>>,
}

impl Background {
    /// Starts it; both its outputs are collected line by line.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_command(photonbox(arguments), &arguments.join(" "))
    }

    /// The same for a prepared command.
    pub(crate) fn start_command(mut command: Command, what: &str) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("photonbox starts");
        let said = Arc::new(Mutex::new(Vec::new()));
        let stdout = child.stdout.take().expect("piped");
        let stderr = child.stderr.take().expect("piped");
        let readers = vec![
            collect(BufReader::new(stdout), &said),
            collect(BufReader::new(stderr), &said),
        ];
        Self {
            what: what.to_owned(),
            child,
            said,
            readers,
        }
    }

    /// Waits for a line that holds `part` and gives it.
    pub(crate) fn line_with(&mut self, part: &str) -> String {
        let start = Instant::now();
        loop {
            if let Some(line) = self.lines().into_iter().find(|line| line.contains(part)) {
                return line;
            }
            let ended = self.child.try_wait().expect("a child can be waited for");
            assert!(
                ended.is_none() && start.elapsed() < PATIENCE,
                "`{}` never said {part:?} (ended: {ended:?}):\n{}",
                self.what,
                self.lines().join("\n")
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What it has said so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.said.lock().expect("no reader panics").clone()
    }

    /// Its process number.
    #[allow(dead_code)] // of the network tests
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.child
            .try_wait()
            .expect("a child can be waited for")
            .is_none()
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    pub(crate) fn terminate(self) -> ExitStatus {
        self.stop().0
    }

    /// The same, and what it said.
    pub(crate) fn stop(self) -> (ExitStatus, Vec<String>) {
        let asked = Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", self.child.id())])
            .status()
            .expect("sh runs");
        assert!(asked.success());
        self.end()
    }

    /// Waits until it ends by itself.
    pub(crate) fn end(mut self) -> (ExitStatus, Vec<String>) {
        let status = end_of(&mut self.child, &self.what);
        // It has ended: its last words are on their way.
        for reader in self.readers.drain(..) {
            reader.join().expect("reader");
        }
        (status, self.lines())
    }

    /// Kills it (SIGKILL): no goodbye to anybody.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a child can be waited for");
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- `{}` said:\n{}", self.what, self.lines().join("\n"));
        }
    }
}

fn collect(
    reader: impl std::io::BufRead + Send + 'static,
    said: &Arc<Mutex<Vec<String>>>,
) -> std::thread::JoinHandle<()> {
    let said = Arc::clone(said);
    std::thread::spawn(move || {
        for line in reader.split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            said.lock().expect("no reader panics").push(line);
        }
    })
}

/// Asks again and again until the answer satisfies, or gives up with the last one.
pub(crate) fn until<T: std::fmt::Debug>(
    what: &str,
    mut ask: impl FnMut() -> T,
    satisfies: impl Fn(&T) -> bool,
) -> T {
    let start = Instant::now();
    loop {
        let answer = ask();
        if satisfies(&answer) {
            return answer;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "{what} did not happen; last: {answer:?}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A path as an argument.
pub(crate) fn arg(path: &Path) -> &str {
    path.to_str().expect("temporary paths are UTF-8")
}
