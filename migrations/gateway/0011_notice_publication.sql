-- Which versions of a notice hold, from when on. A version is published once and never changes.

CREATE TABLE notice_publication (
    notice       TEXT NOT NULL,
    version      BIGINT NOT NULL,
    purpose      TEXT NOT NULL,
    declares     TEXT NOT NULL,       -- what it tells, as canonical JSON (RFC 8785): the register must go on saying it
    digest       TEXT NOT NULL,       -- of `declares`, as the log entry states it
    material     BIGINT NOT NULL CHECK (material IN (0, 1)),
    effective_at BIGINT NOT NULL,     -- from when on it is shown and older answers may not count
    published_at BIGINT NOT NULL,
    entry        TEXT NOT NULL,       -- the log entry about it
    PRIMARY KEY (notice, version),
    CHECK (version >= 1)
);

-- The texts published together; nobody may later say that they read otherwise (GDPR 7.1).
CREATE TABLE notice_publication_text (
    notice   TEXT NOT NULL,
    version  BIGINT NOT NULL,
    language TEXT NOT NULL,
    digest   TEXT NOT NULL,           -- of the exact text
    PRIMARY KEY (notice, version, language),
    FOREIGN KEY (notice, version) REFERENCES notice_publication (notice, version)
);

-- As notice_minimum, for one product: from when on consent to it given under an older version no longer counts.
-- A version that widens one product ends the consent to that one and to no other.
CREATE TABLE notice_product_minimum (
    notice       TEXT NOT NULL,
    product      TEXT NOT NULL,
    version      BIGINT NOT NULL,
    effective_at BIGINT NOT NULL,
    published_at BIGINT NOT NULL,
    PRIMARY KEY (notice, product, version)
);
