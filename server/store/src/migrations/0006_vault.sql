-- The vault (specification 4-vault) and the audit log. Columns of secrets are under the root key, bound to table, column and row.
CREATE TABLE vault_sets (
    name TEXT NOT NULL PRIMARY KEY,
    scheme TEXT NOT NULL,
    protocol TEXT NOT NULL,
    appliances_keep_shares INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    private_key BLOB,
    public_key BLOB,
    owner TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT;
CREATE TABLE vault_agents (
    set_name TEXT NOT NULL REFERENCES vault_sets (name),
    position INTEGER NOT NULL,
    host TEXT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (set_name, position)
) STRICT;
CREATE TABLE vault_appliances (
    set_name TEXT NOT NULL REFERENCES vault_sets (name),
    generation INTEGER NOT NULL,
    appliance TEXT NOT NULL,
    state TEXT NOT NULL,
    concealment BLOB,
    private_key BLOB,
    public_key BLOB,
    hpke_key BLOB NOT NULL,
    vouched_by TEXT,
    created INTEGER NOT NULL,
    revoked INTEGER,
    PRIMARY KEY (set_name, generation, appliance)
) STRICT;
CREATE INDEX vault_appliances_by_appliance ON vault_appliances (appliance, set_name);
CREATE TABLE vault_items (
    set_name TEXT NOT NULL REFERENCES vault_sets (name),
    item TEXT NOT NULL,
    generation INTEGER NOT NULL,
    share_generation INTEGER NOT NULL,
    appliance TEXT NOT NULL,
    share BLOB,
    wrapped BLOB,
    user_blinded INTEGER NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (set_name, item, generation)
) STRICT;
CREATE TABLE vault_requests (
    appliance TEXT NOT NULL,
    request_key TEXT NOT NULL,
    digest BLOB NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (appliance, request_key)
) STRICT;
CREATE INDEX vault_requests_by_age ON vault_requests (created);
CREATE TABLE vault_notes (
    set_name TEXT NOT NULL REFERENCES vault_sets (name),
    appliance TEXT NOT NULL,
    id TEXT NOT NULL,
    sender TEXT NOT NULL,
    kind TEXT NOT NULL,
    generation INTEGER NOT NULL,
    body BLOB NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (set_name, appliance, id)
) STRICT;
CREATE TABLE vault_spent (
    set_name TEXT NOT NULL REFERENCES vault_sets (name),
    nonce BLOB NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (set_name, nonce)
) STRICT;
CREATE TABLE vault_secrets (
    name TEXT NOT NULL PRIMARY KEY,
    secret BLOB NOT NULL
) STRICT;
CREATE TABLE audit (
    number INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    hub TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE TABLE audit_head (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    number INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;
