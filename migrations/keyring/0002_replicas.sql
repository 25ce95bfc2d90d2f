-- What several replicas need to agree on: whose turn it is with a person, and who can read what.

-- Locked by whoever makes a key for a person, indexes them or erases them, so that none passes the
-- other: after an erasure no key is made.
CREATE TABLE holder (
    subject TEXT PRIMARY KEY
);

-- What each running gateway can read. A new key comes into use once all of them can read it.
CREATE TABLE reader (
    replica  TEXT PRIMARY KEY,        -- random, of one process
    wrappers TEXT NOT NULL,           -- names of wrapping keys, separated by spaces
    lookups  TEXT NOT NULL,           -- versions of hashing keys, separated by spaces
    seen_at  BIGINT NOT NULL          -- 0 once it stopped
);

-- Wrapping keys nothing names any more: never to be used again, and to be destroyed.
CREATE TABLE retired_wrapper (
    wrapper TEXT PRIMARY KEY,
    at      BIGINT NOT NULL
);

CREATE INDEX data_key_wrapper ON data_key (wrapper, subject);
CREATE INDEX subject_lookup_version ON subject_lookup (version, subject);
