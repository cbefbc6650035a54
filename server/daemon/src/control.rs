//! The control socket `STATE/control.sock`: one JSON request and one JSON answer, each on a line.
//!
//! Request: `{"command": "status"}`, `{"command": "rearm", "lane": 0}`, … Answer: `{"ok": …}`, or
//! `{"error": {"what": …, "help": …, "code": …}}` with the exit code that fits.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use crate::{Error, Result, state_dir};

/// The longest request line.
const MAX_REQUEST: u64 = 4096;
/// The longest answer that a client takes: a ledger with many deliveries.
const MAX_ANSWER: u64 = 256 * 1024 * 1024;
/// A client that says nothing is dropped.
const PATIENCE: Duration = Duration::from_secs(30);

/// What can be asked of a running hub or host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "lowercase", deny_unknown_fields)]
pub enum ControlCommand {
    /// Keys of `8-cli` `status`.
    Status,
    /// Keys of `8-cli` `ledger`; only a hub has one.
    Ledger,
    /// Finish what is open, then stop.
    Drain,
    /// Stop now.
    Shutdown,
    /// The machine was copied: give up what its copy has, too.
    Cloned,
    /// Re-arm a lane of the hub's card.
    Rearm {
        /// Its number.
        lane: u8,
    },
    /// Renew the own certificate now.
    Renew,
    /// A host was revoked in the store: close its channels, end its requests.
    Revoked {
        /// Its id.
        host: String,
    },
}

/// A running hub or host, to the socket.
pub(crate) trait Controlled: Send + Sync + 'static {
    fn control(&self, command: ControlCommand) -> impl Future<Output = Result<Value>> + Send;
}

/// The listening socket; dropping it removes the file.
pub(crate) struct ControlSocket {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl ControlSocket {
    /// Listens. The caller holds the directory's lock, so an old socket file has no owner.
    pub(crate) fn open<C: Controlled>(state: &Path, controlled: Arc<C>) -> Result<Self> {
        let path = state_dir::control_socket(state);
        let fail = |error: std::io::Error| {
            Error::failed(
                format!("cannot listen on {}: {error}", path.display()),
                "choose a state directory on a local file system, with a path below 100 characters",
            )
        };
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fail(error)),
            _ => {}
        }
        let listener = UnixListener::bind(&path).map_err(fail)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(fail)?;
        let task = tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        let controlled = Arc::clone(&controlled);
                        tokio::spawn(async move {
                            let served =
                                tokio::time::timeout(PATIENCE, converse(stream, &*controlled));
                            if let Ok(Err(error)) = served.await {
                                tracing::debug!(%error, "control connection broken off");
                            }
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "control socket cannot accept");
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                }
            }
        });
        Ok(Self { path, task })
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        self.task.abort();
        // Someone may have removed it already.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn converse<C: Controlled>(stream: UnixStream, controlled: &C) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = Vec::new();
    let mut reader = BufReader::new(reader.take(MAX_REQUEST));
    reader.read_until(b'\n', &mut line).await?;
    let answer = match serde_json::from_slice(&line) {
        Ok(command) => controlled.control(command).await,
        Err(error) => Err(Error::usage(
            format!("the control request is not understood: {error}"),
            "use the photonbox command of the same version",
        )),
    };
    let answer = match answer {
        Ok(result) => json!({ "ok": result }),
        Err(error) => json!({ "error": {
            "what": error.to_string(), "help": error.help(), "code": error.exit_code(),
        }}),
    };
    let mut line = answer.to_string();
    line.push('\n');
    writer.write_all(line.as_bytes()).await?;
    writer.shutdown().await
}

/// Asks the hub or host that runs on a state directory.
///
/// # Errors
/// [`Error::ControlUnreachable`] when none runs; what the other side says, with its exit code.
pub async fn control_request(state: Option<&Path>, command: ControlCommand) -> Result<Value> {
    let path = state_dir::control_socket(&state_dir::resolve(state)?);
    let unreachable = |reason: String| Error::ControlUnreachable {
        path: path.clone(),
        reason,
    };
    let io = |error: std::io::Error| unreachable(error.to_string());
    let ask = async {
        let mut stream = UnixStream::connect(&path).await.map_err(io)?;
        let mut line = serde_json::to_string(&command).map_err(|e| unreachable(e.to_string()))?;
        line.push('\n');
        stream.write_all(line.as_bytes()).await.map_err(io)?;
        let mut answer = Vec::new();
        stream
            .take(MAX_ANSWER)
            .read_to_end(&mut answer)
            .await
            .map_err(io)?;
        serde_json::from_slice::<Value>(&answer)
            .map_err(|_| unreachable("it broke the connection off".into()))
    };
    let mut answer = tokio::time::timeout(PATIENCE, ask)
        .await
        .map_err(|_| unreachable("it does not answer".into()))??;
    if let Some(result) = answer.get_mut("ok") {
        return Ok(result.take());
    }
    let text = |key: &str| {
        answer["error"][key]
            .as_str()
            .unwrap_or("it gave no reason")
            .to_owned()
    };
    let (what, help) = (text("what"), text("help"));
    Err(match answer["error"]["code"].as_u64() {
        Some(2) => Error::usage(what, help),
        Some(3) => Error::unhealthy(what, help),
        Some(4) => Error::Locked { what, help },
        _ => Error::failed(what, help),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Echo;

    impl Controlled for Echo {
        async fn control(&self, command: ControlCommand) -> Result<Value> {
            match command {
                ControlCommand::Status => Ok(json!({ "role": "echo" })),
                ControlCommand::Rearm { lane } => {
                    Err(Error::unhealthy(format!("lane {lane}"), "mend it"))
                }
                _ => Err(Error::failed("no", "ask otherwise")),
            }
        }
    }

    #[tokio::test]
    async fn answers_and_errors_cross_the_socket() {
        let directory = tempfile::tempdir().expect("tempdir");
        let state = Some(directory.path());
        let nobody = control_request(state, ControlCommand::Status)
            .await
            .expect_err("nobody");
        assert!(matches!(nobody, Error::ControlUnreachable { .. }));
        let socket = ControlSocket::open(directory.path(), Arc::new(Echo)).expect("listens");
        let path = state_dir::control_socket(directory.path());
        let mode = std::fs::metadata(&path)
            .expect("socket")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let status = control_request(state, ControlCommand::Status)
            .await
            .expect("status");
        assert_eq!(status, json!({ "role": "echo" }));
        let error = control_request(state, ControlCommand::Rearm { lane: 3 })
            .await
            .expect_err("refused");
        assert_eq!(
            (error.exit_code(), error.to_string(), error.help()),
            (3, "lane 3".into(), "mend it".into())
        );
        for nonsense in [&b"hello\n"[..], b"\xff\xff\n", &[b'x'; 9000]] {
            let mut stream = UnixStream::connect(&path).await.expect("connects");
            stream.write_all(nonsense).await.expect("buffered");
            let mut answer = String::new();
            // A request that is too long may be cut off hard.
            if stream.read_to_string(&mut answer).await.is_ok() {
                assert!(answer.contains("not understood"), "{answer}");
            }
        }
        drop(socket);
        assert!(!path.exists());
    }
}
