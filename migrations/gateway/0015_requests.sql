-- What people asked for by right (GDPR 15 to 22), what came of it, and whose data are blocked. Rows are
-- added, never changed.

CREATE TABLE rights_request (
    request   TEXT PRIMARY KEY,
    subject   TEXT NOT NULL REFERENCES subject (subject),
    body      TEXT NOT NULL,          -- the administration that must answer
    kind      TEXT NOT NULL CHECK (kind IN
        ('access', 'rectification', 'erasure', 'objection', 'restriction', 'portability')),
    purpose   TEXT,                   -- NULL: all of them
    statement BYTEA,                  -- in the person's own words, encrypted
    due_at    BIGINT NOT NULL,        -- one month later (GDPR 12.3)
    at        BIGINT NOT NULL,
    entry     TEXT NOT NULL           -- the log entry about it
);
CREATE INDEX rights_request_subject ON rights_request (subject, at);

-- The newest per request (by seq) is its state; without one it is received.
CREATE TABLE rights_event (
    request TEXT NOT NULL REFERENCES rights_request (request),
    seq     BIGINT NOT NULL,          -- 1, 2, 3 ... per request
    event   TEXT NOT NULL CHECK (event IN ('in_progress', 'extended', 'answered', 'refused')),
    answer  BYTEA,                    -- what the person is told, encrypted
    due_at  BIGINT,                   -- of an extension
    at      BIGINT NOT NULL,
    entry   TEXT NOT NULL,
    PRIMARY KEY (request, seq),
    CHECK ((event = 'extended') = (due_at IS NOT NULL)),
    CHECK (event IN ('in_progress', 'answered') OR answer IS NOT NULL)  -- a delay or a refusal has its reason (GDPR 12.3, 12.4)
);

-- Since when nothing may be asked or released about a person, and until when the evidence is kept for
-- courts and authorities (LOPDGDD 32).
CREATE TABLE blocking (
    subject TEXT NOT NULL REFERENCES subject (subject),
    body    TEXT NOT NULL,
    purpose TEXT NOT NULL,            -- '' is every purpose
    request TEXT NOT NULL REFERENCES rights_request (request),
    at      BIGINT NOT NULL,
    until   BIGINT NOT NULL,
    entry   TEXT NOT NULL,
    PRIMARY KEY (subject, body, purpose)
);
CREATE INDEX blocking_until ON blocking (until);
