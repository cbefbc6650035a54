-- The CA's private key lies under the root key. 0: it does not yet; 1: it does, and its old bytes may still be in the database's
-- files; 2: it does, and they are not.
ALTER TABLE authority ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0 CHECK (sealed IN (0, 1, 2));
