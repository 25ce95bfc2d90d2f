-- Fetches and the exchanges they consist of. Exchanges are added, never changed.

CREATE TABLE job (
    job         TEXT PRIMARY KEY,
    subject     TEXT NOT NULL REFERENCES subject (subject),
    body        TEXT NOT NULL,
    purpose     TEXT NOT NULL,
    client      TEXT NOT NULL,        -- 'pages' or a registered client
    epoch       BIGINT NOT NULL,      -- consent epoch the plan was made under
    state       TEXT NOT NULL CHECK (state IN ('running', 'finished', 'interrupted')),
    owner       TEXT NOT NULL,        -- the process that runs it
    created_at  BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX job_subject ON job (subject, created_at);
CREATE INDEX job_state ON job (state);

CREATE TABLE job_source (
    job         TEXT NOT NULL REFERENCES job (job),
    position    BIGINT NOT NULL,      -- order in which the catalogue lists them
    product     TEXT NOT NULL,
    source      TEXT NOT NULL,
    state       TEXT NOT NULL,
    detail      TEXT,                 -- stable code of a failure, or 'kept'
    gap         TEXT,                 -- why there is no answer, once there is none
    consent_seq BIGINT,               -- the consent_event the answer rests on, once there is one
    PRIMARY KEY (job, product)
);

-- Written by the gate before the first byte leaves.
CREATE TABLE exchange_intent (
    exchange       TEXT PRIMARY KEY,
    job            TEXT,
    subject        TEXT NOT NULL REFERENCES subject (subject),
    item           TEXT NOT NULL,
    body           TEXT NOT NULL,
    purpose        TEXT NOT NULL,
    product        TEXT NOT NULL,
    source         TEXT NOT NULL,
    epoch          BIGINT NOT NULL,   -- of the person when it committed
    consent_seq    BIGINT NOT NULL,   -- the consent_event that allowed it
    counter        BIGINT NOT NULL,   -- of the person's log entries
    request_id     TEXT NOT NULL UNIQUE,  -- IdPeticion: burnt for ever
    request_sha256 TEXT NOT NULL,
    at             BIGINT NOT NULL,
    entry          TEXT NOT NULL
);
CREATE INDEX exchange_intent_subject ON exchange_intent (subject, at);
CREATE INDEX exchange_intent_at ON exchange_intent (at);

-- Written before an answer is used.
CREATE TABLE exchange_outcome (
    exchange      TEXT PRIMARY KEY REFERENCES exchange_intent (exchange),
    result        TEXT NOT NULL CHECK (result IN
        ('ok', 'no_data', 'denied', 'error', 'timeout', 'discarded_revoked', 'abandoned')),
    used          BIGINT NOT NULL,
    code          TEXT,               -- stable code of ours or of the service
    answer_sha256 TEXT,
    epoch         BIGINT NOT NULL,    -- of the person when it committed
    counter       BIGINT NOT NULL,
    at            BIGINT NOT NULL,
    entry         TEXT NOT NULL
);

-- Written before data leave for a client.
CREATE TABLE release (
    release   TEXT PRIMARY KEY,
    job       TEXT NOT NULL,
    subject   TEXT NOT NULL REFERENCES subject (subject),
    recipient TEXT NOT NULL,
    fields    TEXT NOT NULL,          -- names only, comma separated
    epoch     BIGINT NOT NULL,        -- of the person when it committed
    counter   BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    entry     TEXT NOT NULL
);
CREATE INDEX release_subject ON release (subject, at);

-- The exchanges whose answers went out in a release.
CREATE TABLE release_exchange (
    release  TEXT NOT NULL REFERENCES release (release),
    exchange TEXT NOT NULL REFERENCES exchange_outcome (exchange),
    PRIMARY KEY (release, exchange)
);
CREATE INDEX release_exchange_exchange ON release_exchange (exchange);
