-- What people were shown and what they decided. Rows are added, never changed.

CREATE TABLE notice_served (
    served     TEXT PRIMARY KEY,
    subject    TEXT NOT NULL REFERENCES subject (subject),
    body       TEXT NOT NULL,
    purpose    TEXT NOT NULL,
    notice     TEXT NOT NULL,
    version    BIGINT NOT NULL,
    language   TEXT NOT NULL,
    digest     TEXT NOT NULL,         -- of the exact text shown
    channel    TEXT NOT NULL,
    seen       BIGINT NOT NULL,       -- newest consent_event.seq when it was shown: what came later, it does not know
    at         BIGINT NOT NULL,
    entry      TEXT NOT NULL          -- the log entry about it
);
CREATE INDEX notice_served_subject ON notice_served (subject);

-- One row per item and event; the newest per item (by seq) is its state.
CREATE TABLE consent_event (
    subject     TEXT NOT NULL REFERENCES subject (subject),
    seq         BIGINT NOT NULL,      -- 1, 2, 3 ... per subject
    epoch       BIGINT NOT NULL,      -- subject_head.epoch this event made
    item        TEXT NOT NULL,
    body        TEXT NOT NULL,
    purpose     TEXT NOT NULL,
    product     TEXT NOT NULL,
    source      TEXT NOT NULL,
    beneficiary TEXT NOT NULL,        -- 'self'
    event       TEXT NOT NULL CHECK (event IN ('granted', 'refused', 'withdrawn')),
    notice      TEXT NOT NULL,
    version     BIGINT NOT NULL,
    language    TEXT NOT NULL,
    served      TEXT REFERENCES notice_served (served),
    valid_until BIGINT,               -- of a grant
    at          BIGINT NOT NULL,
    receipt     TEXT NOT NULL,
    PRIMARY KEY (subject, seq),
    CHECK ((event = 'granted') = (valid_until IS NOT NULL)),   -- no grant without an end (ISO 27560: validity_duration)
    CHECK (event = 'withdrawn' OR served IS NOT NULL)          -- nobody decides what they were not shown (GDPR 7.1)
);
CREATE INDEX consent_event_item ON consent_event (item, seq);

CREATE TABLE receipt (
    receipt    TEXT PRIMARY KEY,
    subject    TEXT NOT NULL REFERENCES subject (subject),
    body       TEXT NOT NULL,
    event      TEXT NOT NULL CHECK (event IN ('granted-and-refused', 'withdrawn')),
    code       TEXT NOT NULL,         -- short, for paper and telephone
    jws        TEXT NOT NULL,
    evidence   BYTEA NOT NULL,        -- who, how authenticated, what was shown: encrypted
    entry      TEXT NOT NULL,         -- the log entry the receipt is about
    at         BIGINT NOT NULL
);
CREATE INDEX receipt_subject ON receipt (subject, at);

-- From when on consent given under an older version of a notice no longer counts.
CREATE TABLE notice_minimum (
    notice       TEXT NOT NULL,
    version      BIGINT NOT NULL,
    effective_at BIGINT NOT NULL,
    published_at BIGINT NOT NULL,
    PRIMARY KEY (notice, version)
);

-- An answer already given to a repeated request. Not evidence: rows leave when they expire.
CREATE TABLE idempotency (
    subject    TEXT NOT NULL,
    key        TEXT NOT NULL,         -- SHA-256 of the header's value
    request    TEXT NOT NULL,         -- SHA-256 of what was asked
    receipt    TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (subject, key)
);
CREATE INDEX idempotency_expiry ON idempotency (expires_at);
