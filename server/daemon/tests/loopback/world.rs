//! What the tests stand on: state directories, a hub, hosts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use photonbox_daemon::*;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) directory: tempfile::TempDir,
}

pub(crate) struct HubTask {
    pub(crate) address: String,
    pub(crate) shutdown: Shutdown,
    pub(crate) task: JoinHandle<Result<()>>,
}

pub(crate) struct HostTask {
    pub(crate) listen: Option<String>,
    pub(crate) shutdown: Shutdown,
    pub(crate) task: JoinHandle<Result<JoinReport>>,
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        init(&InitOptions {
            state: Some(world.state("hub")),
            hub_name: Some("hub".into()),
            ..InitOptions::default()
        })
        .unwrap();
        world
    }

    pub(crate) fn state(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(format!("{name}.bytes"))
    }

    pub(crate) fn serve_options(&self) -> ServeOptions {
        ServeOptions {
            state: Some(self.state("hub")),
            listen: "127.0.0.1:0".into(),
            allow_simulated: true,
            allow_unlocked_memory: true,
            card: CardOptions {
                seed: Some(7),
                ..CardOptions::default()
            },
            rekey: RekeyOptions {
                packets: Some(20),
                seconds: None,
                ..RekeyOptions::default()
            },
            ..ServeOptions::default()
        }
    }

    pub(crate) fn join_options(
        &self,
        name: &str,
        hub: &str,
        class: Class,
        bytes: u64,
    ) -> JoinOptions {
        JoinOptions {
            state: Some(self.state(name)),
            hubs: vec![hub.to_owned()],
            sinks: vec![SinkSpec::File(self.file(&format!("{name}-{class}")))],
            class,
            bytes: Some(bytes),
            allow_unlocked_memory: true,
            rekey: RekeyOptions {
                packets: Some(20),
                seconds: None,
                ..RekeyOptions::default()
            },
            ..JoinOptions::default()
        }
    }

    pub(crate) async fn enroll(&self, hub: &HubTask, name: &str, relay: bool) {
        let token = enroll_token(&TokenOptions {
            state: Some(self.state("hub")),
            ttl_seconds: 60,
            relay,
            ..TokenOptions::default()
        })
        .unwrap();
        enroll(&EnrollOptions {
            state: Some(self.state(name)),
            hub: hub.address.clone(),
            ca_hash: token.ca_hash,
            token: token.token.into(),
            host_name: Some(name.into()),
        })
        .await
        .unwrap();
    }

    pub(crate) async fn ask(&self, name: &str, command: ControlCommand) -> Value {
        control_request(Some(&self.state(name)), command)
            .await
            .unwrap()
    }
}

pub(crate) async fn hub(options: ServeOptions) -> HubTask {
    let shutdown = Shutdown::new();
    let (tell, told) = oneshot::channel();
    let task = tokio::spawn(serve(options, shutdown.clone(), move |ready| {
        tell.send(ready.listen.unwrap().to_string()).unwrap();
    }));
    match told.await {
        Ok(address) => HubTask {
            address,
            shutdown,
            task,
        },
        Err(_) => panic!("{:?}", task.await),
    }
}

pub(crate) async fn host(options: JoinOptions) -> HostTask {
    let shutdown = Shutdown::new();
    let (tell, told) = oneshot::channel();
    let task = tokio::spawn(join(options, shutdown.clone(), move |ready| {
        tell.send(ready.listen.map(|address| address.to_string()))
            .unwrap();
    }));
    match told.await {
        Ok(listen) => HostTask {
            listen,
            shutdown,
            task,
        },
        Err(_) => panic!("{:?}", task.await),
    }
}

impl HubTask {
    pub(crate) async fn stop(self) {
        self.shutdown.drain();
        tokio::time::timeout(PATIENCE, self.task)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    }
}

impl HostTask {
    pub(crate) async fn end(self) -> JoinReport {
        tokio::time::timeout(PATIENCE, self.task)
            .await
            .unwrap()
            .unwrap()
            .unwrap()
    }

    pub(crate) async fn error(self) -> Error {
        let ended = tokio::time::timeout(PATIENCE, self.task).await;
        ended.unwrap().unwrap().unwrap_err()
    }

    pub(crate) async fn stop(self) -> JoinReport {
        self.shutdown.drain();
        self.end().await
    }
}

pub(crate) fn sha256(path: &Path) -> (u64, String) {
    let bytes = std::fs::read(path).unwrap();
    let hash = Sha256::digest(&bytes);
    (
        bytes.len() as u64,
        hash.iter().map(|byte| format!("{byte:02x}")).collect(),
    )
}

pub(crate) fn is_in_ledger(ledger: &Value, host: &str, class: &str, hops: u8, path: &Path) -> bool {
    let (bytes, hash) = sha256(path);
    ledger["deliveries"].as_array().unwrap().iter().any(|row| {
        row["host"] == host
            && row["class"] == class
            && row["hops"] == hops
            && row["bytes"] == bytes
            && row["sha256"] == hash.as_str()
            && row["simulated"] == true
    })
}

pub(crate) async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(waited.await.is_ok(), "never: {what}");
}
