-- Certificates are renewed: for a while a host has two, the one that it shows and the one that takes its place.

-- When a newer certificate was issued in the place of this one; it still admits until the newer one is first used.
ALTER TABLE enrolments ADD COLUMN superseded INTEGER CHECK (superseded >= 0);

DROP INDEX enrolments_living;
CREATE UNIQUE INDEX enrolments_living ON enrolments (host) WHERE revoked IS NULL AND superseded IS NULL;
CREATE INDEX enrolments_of_host ON enrolments (host);

-- When this machine's own certificate was last renewed.
ALTER TABLE identity ADD COLUMN renewed INTEGER CHECK (renewed >= 0);
