-- The data-exchange log (C2SP tlog-tiles). Entries are staged by whoever acts and numbered by the
-- sequencer.

CREATE TABLE log_entry (
    entry   TEXT PRIMARY KEY,
    kind    TEXT NOT NULL,
    subject TEXT,                     -- whose key opens it; NULL for the service's own
    at      BIGINT NOT NULL,
    leaf    BYTEA NOT NULL,           -- exact bytes that are hashed
    sealed  BYTEA NOT NULL            -- payload, encrypted
);
CREATE INDEX log_entry_subject ON log_entry (subject, at);

-- Entries that wait for their number. Filled by the trigger, so that no entry can miss it; emptied by
-- the sequencer.
CREATE TABLE log_staged (
    at    BIGINT NOT NULL,
    entry TEXT NOT NULL REFERENCES log_entry (entry),
    PRIMARY KEY (at, entry)
);

CREATE TABLE log_sequence (
    position BIGINT PRIMARY KEY,      -- 0, 1, 2 ... without gaps
    entry    TEXT NOT NULL UNIQUE REFERENCES log_entry (entry)
);

-- A tile grows by new, wider rows. The narrow ones go when it is full: its prefixes say the same.
CREATE TABLE log_tile (
    level  BIGINT NOT NULL,
    number BIGINT NOT NULL,
    width  BIGINT NOT NULL,           -- 1..256 hashes
    hashes BYTEA NOT NULL,
    PRIMARY KEY (level, number, width)
);

-- One row: what the sequencer moves by compare-and-swap.
CREATE TABLE log_head (
    id    BIGINT PRIMARY KEY CHECK (id = 1),
    size  BIGINT NOT NULL,
    root  BYTEA NOT NULL,
    fence BIGINT NOT NULL
);

CREATE TABLE log_checkpoint (
    size BIGINT PRIMARY KEY,
    note TEXT NOT NULL,               -- C2SP signed note
    at   BIGINT NOT NULL
);

-- Who was erased. Also here, so that a restored, older keyring can be made to forget them again.
CREATE TABLE erasure (
    subject TEXT NOT NULL,
    entry   TEXT NOT NULL REFERENCES log_entry (entry),
    at      BIGINT NOT NULL,
    PRIMARY KEY (subject, entry)
);
