-- Keys, in a database of their own: deleting a row here makes what it sealed unreadable.

-- Hashing keys people are indexed under; the keys themselves are in a file. While there are several,
-- whoever is indexed is indexed under each. A row can go only once nobody is indexed under it.
CREATE TABLE lookup_key (
    version  BIGINT PRIMARY KEY,
    name     TEXT NOT NULL,           -- follows from the key: another one of that version is noticed
    since    BIGINT NOT NULL,
    retiring BIGINT                   -- since when nobody is indexed under it any more
);

-- Wrapping keys that data keys may name; the keys themselves are in files. The highest generation
-- wraps, all unwrap. A row can go only once no data key names it.
CREATE TABLE wrapping_key (
    wrapper    TEXT PRIMARY KEY,
    generation BIGINT NOT NULL UNIQUE,
    since      BIGINT NOT NULL
);

-- A person by keyed hashes of their documents; several rows when a NIE became a DNI.
CREATE TABLE subject_lookup (
    version  BIGINT NOT NULL REFERENCES lookup_key (version),
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
    wrapper    TEXT NOT NULL REFERENCES wrapping_key (wrapper),
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
