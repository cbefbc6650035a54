//! What a store holds: every table that a backup carries, parents before those that refer to them. A test compares this list
//! with the schema of both databases.

/// A table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// The first so many columns are its primary key.
    pub(super) key: usize,
    /// The database counts its first column.
    pub(super) counts: bool,
    pub(super) columns: &'static [&'static str],
}

const fn table(name: &'static str, key: usize, columns: &'static [&'static str]) -> Table {
    let counts = false;
    Table {
        name,
        key,
        counts,
        columns,
    }
}

const fn counted(name: &'static str, columns: &'static [&'static str]) -> Table {
    Table {
        counts: true,
        ..table(name, 1, columns)
    }
}

#[rustfmt::skip]
pub(super) const TABLES: &[Table] = &[
    table("identity", 1, &[
        "only_one", "role", "name", "hub", "certificate", "private_key", "ca_certificate", "relay", "created", "renewed",
    ]),
    table("authority", 1, &["only_one", "certificate", "private_key", "created", "sealed"]),
    counted("enrolments", &[
        "number", "serial", "host", "fingerprint", "relay", "issued", "expires", "revoked", "superseded",
    ]),
    table("tokens", 1, &["id", "hash", "relay", "issued", "expires", "tries_left", "used", "used_by"]),
    counted("failed_tries", &["number", "at", "peer", "reason"]),
    table("ledger_sources", 2, &[
        "run", "source", "credited", "conditioned", "delivered", "discarded", "simulated", "replayed", "test",
    ]),
    table("ledger_deliveries", 4, &[
        "run", "host", "class", "request", "hops", "bytes", "sha256", "simulated", "replayed", "updated", "test",
    ]),
    table("ledger_runs", 1, &["run", "began", "ended"]),
    table("recordings", 1, &["sha256", "first_played"]),
    table("held_lanes", 2, &["card", "lane", "alarms", "since"]),
    table("vault_sets", 1, &[
        "name", "scheme", "protocol", "appliances_keep_shares", "generation", "private_key", "public_key", "owner", "created",
    ]),
    table("vault_agents", 2, &["set_name", "position", "host", "address"]),
    table("vault_appliances", 3, &[
        "set_name", "generation", "appliance", "state", "concealment", "private_key", "public_key", "hpke_key", "vouched_by",
        "created", "revoked",
    ]),
    table("vault_items", 3, &[
        "set_name", "item", "generation", "share_generation", "appliance", "share", "wrapped", "user_blinded", "created",
    ]),
    table("vault_requests", 2, &["appliance", "request_key", "digest", "status", "body", "created"]),
    table("vault_notes", 3, &["set_name", "appliance", "id", "sender", "kind", "generation", "body", "created"]),
    table("vault_spent", 2, &["set_name", "nonce", "expires"]),
    table("vault_secrets", 1, &["name", "secret"]),
    table("audit", 1, &["number", "at", "hub", "actor", "action", "subject", "detail", "previous", "hash"]),
    table("audit_head", 1, &["only_row", "number", "hash"]),
];

/// Columns that lie under the root key; the CA's private key once a hub has opened the store.
pub(super) const SEALED: &[(&str, &str)] = &[
    ("authority", "private_key"),
    ("vault_secrets", "secret"),
    ("vault_sets", "private_key"),
    ("vault_appliances", "concealment"),
    ("vault_appliances", "private_key"),
];

impl Table {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// Names of its key's columns, as SQL lists them.
    pub(super) fn key(&self) -> String {
        self.columns[..self.key].join(", ")
    }
}
