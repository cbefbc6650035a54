-- Identity of this machine (hub or host), its CA, enrolments, join tokens, failed tries, ledger.
-- Times are seconds since 1970. Amounts of entropy are millibits. Private keys are framed blobs.

CREATE TABLE identity (
    only_one        INTEGER PRIMARY KEY CHECK (only_one = 1),
    role            TEXT NOT NULL CHECK (role IN ('hub', 'host')),
    name            TEXT NOT NULL,
    hub             TEXT NOT NULL,
    certificate     BLOB NOT NULL,
    private_key     BLOB NOT NULL,
    ca_certificate  BLOB NOT NULL,
    relay           INTEGER NOT NULL CHECK (relay IN (0, 1)),
    created         INTEGER NOT NULL
) STRICT;

CREATE TABLE authority (
    only_one        INTEGER PRIMARY KEY CHECK (only_one = 1),
    certificate     BLOB NOT NULL,
    private_key     BLOB NOT NULL,
    created         INTEGER NOT NULL
) STRICT;

CREATE TABLE enrolments (
    serial          TEXT PRIMARY KEY,
    host            TEXT NOT NULL,
    fingerprint     BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 32),
    relay           INTEGER NOT NULL CHECK (relay IN (0, 1)),
    issued          INTEGER NOT NULL,
    expires         INTEGER NOT NULL,
    revoked         INTEGER
) STRICT;

-- One living enrolment a host: a second one would be an impersonation.
CREATE UNIQUE INDEX enrolments_living ON enrolments (host) WHERE revoked IS NULL;

CREATE TABLE tokens (
    id              TEXT PRIMARY KEY,
    hash            BLOB NOT NULL CHECK (length(hash) = 32),
    relay           INTEGER NOT NULL CHECK (relay IN (0, 1)),
    issued          INTEGER NOT NULL,
    expires         INTEGER NOT NULL,
    tries_left      INTEGER NOT NULL CHECK (tries_left >= 0),
    used            INTEGER,
    used_by         TEXT
) STRICT;

CREATE TABLE failed_tries (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    at              INTEGER NOT NULL,
    peer            TEXT NOT NULL,
    reason          TEXT NOT NULL
) STRICT;

-- Snapshots of the running ledger, one row per start of the hub and source.
CREATE TABLE ledger_sources (
    run             INTEGER NOT NULL,
    source          TEXT NOT NULL,
    credited        INTEGER NOT NULL CHECK (credited >= 0),
    conditioned     INTEGER NOT NULL CHECK (conditioned >= 0),
    delivered       INTEGER NOT NULL CHECK (delivered >= 0),
    discarded       INTEGER NOT NULL CHECK (discarded >= 0),
    simulated       INTEGER NOT NULL CHECK (simulated IN (0, 1)),
    replayed        INTEGER NOT NULL CHECK (replayed IN (0, 1)),
    PRIMARY KEY (run, source),
    CHECK (conditioned + discarded <= credited)
) STRICT;

CREATE TABLE ledger_deliveries (
    run             INTEGER NOT NULL,
    host            TEXT NOT NULL,
    class           TEXT NOT NULL CHECK (class IN ('full', 'drbg')),
    request         TEXT NOT NULL,
    hops            INTEGER NOT NULL CHECK (hops >= 1),
    bytes           INTEGER NOT NULL CHECK (bytes >= 0),
    sha256          BLOB NOT NULL CHECK (length(sha256) = 32),
    simulated       INTEGER NOT NULL CHECK (simulated IN (0, 1)),
    replayed        INTEGER NOT NULL CHECK (replayed IN (0, 1)),
    updated         INTEGER NOT NULL,
    PRIMARY KEY (run, host, class, request)
) STRICT;
