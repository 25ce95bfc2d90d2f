-- Keys, in a database of their own: deleting a row here makes what it sealed unreadable.

-- A person by keyed hashes of their documents; several rows when a NIE became a DNI.
CREATE TABLE subject_lookup (
    version  BIGINT NOT NULL,         -- of the hashing key
    hash     BYTEA NOT NULL,          -- HMAC-SHA-256 of type, country and number
    subject  TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (version, hash)
);
CREATE INDEX subject_lookup_subject ON subject_lookup (subject);

-- One data key per person, year and retention class, wrapped. The gateway's own have 'service' for
-- a person.
CREATE TABLE data_key (
    subject    TEXT NOT NULL,
    year       BIGINT NOT NULL,
    class      TEXT NOT NULL,
    wrapper    TEXT NOT NULL,         -- which wrapping key
    wrapped    BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (subject, year, class)
);

-- People whose keys were destroyed: none is ever made for them again, and "erased" is told apart
-- from "lost".
CREATE TABLE erased (
    subject TEXT PRIMARY KEY,
    at      BIGINT NOT NULL
);
