-- Enrolments have a number of their own, counted as they are issued: the row's hidden one is SQLite's alone.

CREATE TABLE numbered (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    serial          TEXT NOT NULL UNIQUE,
    host            TEXT NOT NULL,
    fingerprint     BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 32),
    relay           INTEGER NOT NULL CHECK (relay IN (0, 1)),
    issued          INTEGER NOT NULL,
    expires         INTEGER NOT NULL,
    revoked         INTEGER,
    superseded      INTEGER CHECK (superseded >= 0)
) STRICT;

INSERT INTO numbered (serial, host, fingerprint, relay, issued, expires, revoked, superseded)
    SELECT serial, host, fingerprint, relay, issued, expires, revoked, superseded FROM enrolments ORDER BY rowid;
DROP TABLE enrolments;
ALTER TABLE numbered RENAME TO enrolments;

-- One living enrolment a host: a second one would be an impersonation.
CREATE UNIQUE INDEX enrolments_living ON enrolments (host) WHERE revoked IS NULL AND superseded IS NULL;
CREATE INDEX enrolments_of_host ON enrolments (host);
