-- The label `test`; when each run began and whether it ended in order; recordings once played.

ALTER TABLE ledger_sources    ADD COLUMN test INTEGER NOT NULL DEFAULT 0 CHECK (test IN (0, 1));
ALTER TABLE ledger_deliveries ADD COLUMN test INTEGER NOT NULL DEFAULT 0 CHECK (test IN (0, 1));

CREATE TABLE ledger_runs (
    run             INTEGER PRIMARY KEY,
    began           INTEGER NOT NULL,
    ended           INTEGER
) STRICT;

-- Of earlier runs nobody knows whether they ended in order: they count as if they had not.
INSERT INTO ledger_runs SELECT run, 0, NULL FROM ledger_sources UNION SELECT run, 0, NULL FROM ledger_deliveries;

-- What was played once is replayed for ever.
CREATE TABLE recordings (
    sha256          BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    first_played    INTEGER NOT NULL
) STRICT;
