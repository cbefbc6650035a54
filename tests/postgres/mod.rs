//! A PostgreSQL server of its own for a test binary: a private folder, a private socket and a private port, gone with the
//! process that started it. Part of several test binaries, each of which uses some of it.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "shared by several test binaries"
)]

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// The user that the server runs as where the tests run as root, which it refuses.
const USER: &str = "postgres";

/// Ends the server and removes its folder when standard input ends: with the process that holds the other end.
const KEEPER: &str = "\"$@\" & server=$!; cat >/dev/null; kill -INT $server 2>/dev/null; wait $server; rm -rf \"$KEPT\"";

/// A running server.
pub(crate) struct Server {
    folder: PathBuf,
    programs: PathBuf,
    pub(crate) port: u16,
    /// It is held for as long as the server is wanted.
    _keeper: Mutex<std::process::Child>,
}

/// What differs from one server to the other.
#[derive(Default)]
pub(crate) struct Settings<'a> {
    /// Lines of `postgresql.conf`.
    pub(crate) lines: &'a str,
    /// PEM of a certificate and its key: the server then takes TLS on its port.
    pub(crate) tls: Option<(&'a str, &'a str)>,
    /// A folder on which the data lie, instead of one in the temporary directory. Its mode and owner are changed.
    pub(crate) on: Option<&'a Path>,
}

fn programs() -> Result<PathBuf, String> {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists() && bin.join("postgres").exists())
        .collect();
    found.sort();
    found
        .pop()
        .ok_or_else(|| "PostgreSQL's server is not installed (package postgresql)".into())
}

/// Runs a program as somebody whom PostgreSQL takes.
fn as_user(program: &Path) -> Command {
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", USER, "--regid", USER, "--clear-groups"])
        .arg(program);
    command
}

fn run(command: &mut Command) -> Result<String, String> {
    let out = command
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if out.status.success() {
        return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
    }
    Err(format!(
        "{command:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    ))
}

impl Server {
    /// Starts one.
    ///
    /// # Errors
    /// Why there can be none here.
    pub(crate) fn start(settings: &Settings<'_>) -> Result<Self, String> {
        let programs = programs()?;
        let folder = match settings.on {
            Some(folder) => folder.to_owned(),
            None => tempfile::Builder::new()
                .prefix("photonbox-pg")
                .tempdir()
                .map_err(|error| error.to_string())?
                .keep(),
        };
        if fs::metadata("/proc/self").unwrap().uid() == 0 {
            run(Command::new("chown").arg(format!("{USER}:")).arg(&folder))?;
        }
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        let data = folder.join("data");
        run(as_user(&programs.join("initdb"))
            .arg("-D")
            .arg(&data)
            .args(["-U", USER, "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8"])
            .arg("--no-sync"))?;
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|free| free.local_addr())
            .map_err(|error| error.to_string())?
            .port();
        let mut lines = format!(
            "\nport = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\n{}\n",
            folder.display(),
            settings.lines
        );
        if let Some((certificate, key)) = settings.tls {
            own(&data.join("server.crt"), certificate);
            own(&data.join("server.key"), key);
            lines.push_str("ssl = on\n");
            own(
                &data.join("pg_hba.conf"),
                "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n",
            );
        }
        let mut file = fs::OpenOptions::new()
            .append(true)
            .open(data.join("postgresql.conf"))
            .unwrap();
        file.write_all(lines.as_bytes()).unwrap();
        let log = fs::File::create(folder.join("log")).unwrap();
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper"]);
        let server = as_user(&programs.join("postgres"));
        keeper.arg(server.get_program()).args(server.get_args());
        let keeper = keeper
            .arg("-D")
            .arg(&data)
            .env("KEPT", &folder)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .map_err(|error| error.to_string())?;
        let server = Self {
            folder,
            programs,
            port,
            _keeper: Mutex::new(keeper),
        };
        server.ready()?;
        Ok(server)
    }

    /// Waits until it takes connections; it says itself when.
    pub(crate) fn ready(&self) -> Result<(), String> {
        let began = std::time::Instant::now();
        let mut last = String::new();
        while began.elapsed().as_secs() < 30 {
            match self.psql("postgres", "SELECT 1") {
                Ok(_) => return Ok(()),
                Err(error) => last = error,
            }
            std::thread::sleep(std::time::Duration::from_millis(30));
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Err(format!("it did not start: {last}\n{log}"))
    }

    /// Runs SQL as the superuser and gives what it answers, unaligned.
    pub(crate) fn psql(&self, database: &str, sql: &str) -> Result<String, String> {
        let psql = Path::new("/usr/bin/psql");
        run(Command::new(psql)
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                USER,
                "-h",
            ])
            .arg(&self.folder)
            .args(["-p", &self.port.to_string(), "-d", database, "-c", sql]))
    }

    /// Makes an empty database.
    pub(crate) fn database(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name}"))
            .unwrap();
        name
    }

    /// The URL of a database, over the socket.
    pub(crate) fn url(&self, database: &str) -> String {
        let folder = self.folder.to_str().unwrap().replace('/', "%2F");
        format!("postgres://{USER}@{folder}:{}/{database}", self.port)
    }

    /// Where its data, socket and log are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs `pg_ctl` on it, as in `stop -m immediate`, which is a crash to everybody else.
    pub(crate) fn pg_ctl(&self, what: &[&str]) -> Result<String, String> {
        run(as_user(&self.programs.join("pg_ctl"))
            .arg("-D")
            .arg(self.folder.join("data"))
            .args(what))
    }
}

/// Writes a file that belongs to the server.
fn own(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        run(Command::new("chown").arg(format!("{USER}:")).arg(path)).unwrap();
    }
}

/// The server that the tests of this binary have in common; the reason where there is none.
pub(crate) fn shared() -> Result<&'static Server, String> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    let _one = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    SERVER
        .get_or_init(|| {
            Server::start(&Settings {
                lines: "max_connections = 400\nshared_buffers = 16MB",
                ..Settings::default()
            })
        })
        .as_ref()
        .map_err(Clone::clone)
}
