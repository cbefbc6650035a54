//! The same tests on both databases.
#![allow(clippy::unwrap_used, reason = "tests")]

use tempfile::TempDir;

#[path = "../../../tests/postgres/mod.rs"]
pub(crate) mod server;

use photonbox_secret::SecretArray;

use crate::{HubStore, PostgresStore, RootKey, SqliteStore};

/// A root key of one byte, again and again.
pub(crate) fn root(byte: u8) -> RootKey {
    RootKey::new(&SecretArray::from_array([byte; crate::ROOT_KEY]))
}

/// One empty database, as often as it is opened.
pub(crate) enum World {
    Sqlite(TempDir),
    Postgres {
        server: &'static server::Server,
        database: String,
    },
}

impl World {
    /// An empty SQLite database.
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    /// An empty PostgreSQL database; says *skipped* where there is no server.
    pub(crate) fn postgres() -> Option<Self> {
        match server::shared() {
            Ok(server) => Some(Self::Postgres {
                server,
                database: server.database(),
            }),
            Err(reason) => {
                println!("skipped: {reason}");
                None
            }
        }
    }

    /// A handle of its own.
    pub(crate) fn store(&self) -> Box<dyn HubStore> {
        match self {
            Self::Sqlite(directory) => Box::new(SqliteStore::create(directory.path()).unwrap()),
            Self::Postgres { server, database } => {
                Box::new(PostgresStore::create(&server.url(database)).unwrap())
            }
        }
    }

    /// What somebody else writes into the database.
    pub(crate) fn tamper(&self, sql: &str) {
        match self {
            Self::Sqlite(directory) => {
                let file = rusqlite::Connection::open(directory.path().join(crate::DATABASE_FILE));
                file.unwrap().execute_batch(sql).unwrap();
            }
            Self::Postgres { server, database } => {
                server.psql(database, sql).unwrap();
            }
        }
    }

    /// Bytes, as SQL has them.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> String {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Self::Sqlite(_) => format!("x'{hex}'"),
            Self::Postgres { .. } => format!("'\\x{hex}'::bytea"),
        }
    }
}

/// Runs a test on an empty database of each kind.
pub(crate) fn each(test: impl Fn(&World)) {
    test(&World::sqlite());
    if let Some(world) = World::postgres() {
        test(&world);
    }
}

/// A file system of its own, in memory, that is full soon.
pub(crate) struct SmallDisk {
    path: std::path::PathBuf,
}

impl SmallDisk {
    /// Mounts one of `size` (as `mount` takes it) on a folder; says *skipped* where that is not allowed.
    pub(crate) fn mount(path: &std::path::Path, size: &str) -> Option<Self> {
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(path)
            .output();
        if !mounted.is_ok_and(|done| done.status.success()) {
            println!("skipped: a small disk (mount needs root)");
            return None;
        }
        Some(Self {
            path: path.to_owned(),
        })
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Takes what is left of it, to the last byte.
    pub(crate) fn fill(&self, file: &std::path::Path) {
        use std::io::Write as _;
        let mut filler = std::fs::File::create(file).unwrap();
        for block in [1 << 16, 4096, 1] {
            while filler.write_all(&vec![0; block]).is_ok() {}
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Whatever still runs on it: it goes with the last of them.
        let _ = std::process::Command::new("umount")
            .arg("--lazy")
            .arg(&self.path)
            .status();
    }
}
