-- The data-exchange log (C2SP tlog-tiles). Entries are staged by whoever acts and numbered by the
-- sequencer.

CREATE TABLE log_entry (
    entry   TEXT PRIMARY KEY,
    kind    TEXT NOT NULL,
    subject TEXT,                     -- whose key opens it; NULL for the service's own
    at      INTEGER NOT NULL,
    leaf    BLOB NOT NULL,            -- exact bytes that are hashed
    sealed  BLOB NOT NULL             -- payload, encrypted
);
CREATE INDEX log_entry_subject ON log_entry (subject, at);

-- Entries that wait for their number. Filled by the trigger, so that no entry can miss it; emptied by
-- the sequencer.
CREATE TABLE log_staged (
    at    INTEGER NOT NULL,
    entry TEXT NOT NULL REFERENCES log_entry (entry),
    PRIMARY KEY (at, entry)
);
CREATE TRIGGER log_entry_is_staged AFTER INSERT ON log_entry
BEGIN INSERT INTO log_staged (at, entry) VALUES (NEW.at, NEW.entry); END;

CREATE TABLE log_sequence (
    position INTEGER PRIMARY KEY,     -- 0, 1, 2 ... without gaps
    entry    TEXT NOT NULL UNIQUE REFERENCES log_entry (entry)
);

-- A tile grows by new, wider rows. The narrow ones go when it is full: its prefixes say the same.
CREATE TABLE log_tile (
    level  INTEGER NOT NULL,
    number INTEGER NOT NULL,
    width  INTEGER NOT NULL,          -- 1..256 hashes
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, number, width)
);

-- One row: what the sequencer moves by compare-and-swap.
CREATE TABLE log_head (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    size  INTEGER NOT NULL,
    root  BLOB NOT NULL,
    fence INTEGER NOT NULL
);

CREATE TABLE log_checkpoint (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL,               -- C2SP signed note
    at   INTEGER NOT NULL
);

-- Who was erased. Also here, so that a restored, older keyring can be made to forget them again.
CREATE TABLE erasure (
    subject TEXT NOT NULL,
    entry   TEXT NOT NULL REFERENCES log_entry (entry),
    at      INTEGER NOT NULL,
    PRIMARY KEY (subject, entry)
);

CREATE TRIGGER log_entry_is_append_only_u BEFORE UPDATE ON log_entry
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER log_entry_is_append_only_d BEFORE DELETE ON log_entry
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER log_sequence_is_append_only_u BEFORE UPDATE ON log_sequence
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER log_sequence_is_append_only_d BEFORE DELETE ON log_sequence
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER log_checkpoint_is_append_only_u BEFORE UPDATE ON log_checkpoint
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER log_checkpoint_is_append_only_d BEFORE DELETE ON log_checkpoint
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER log_tile_is_append_only_u BEFORE UPDATE ON log_tile
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER log_tile_is_append_only_d BEFORE DELETE ON log_tile WHEN OLD.width = 256
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER erasure_is_append_only_u BEFORE UPDATE ON erasure
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER erasure_is_append_only_d BEFORE DELETE ON erasure
BEGIN SELECT RAISE(ABORT, 'append only'); END;
