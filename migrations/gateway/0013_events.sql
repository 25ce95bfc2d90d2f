-- What recipients of data must learn, and how far it got.

-- One row per event and receiver: what is said to whom, put down in the transaction of what happened.
CREATE TABLE event_outbox (
    event        TEXT PRIMARY KEY,    -- `jti`: the same however often it is sent
    receiver     TEXT NOT NULL,       -- as configured
    recipient    TEXT NOT NULL,       -- whom the receiver stands for
    subject      TEXT NOT NULL REFERENCES subject (subject),
    number       BIGINT NOT NULL,     -- 1, 2, 3 ... per receiver and person: the order of delivery
    kind         TEXT NOT NULL CHECK (kind IN
        ('expired', 'expiring', 'granted', 'invalidated', 'profile-changed', 'revoked')),
    body         TEXT NOT NULL,
    purpose      TEXT NOT NULL,
    items        TEXT NOT NULL,       -- JSON: item and product
    epoch        BIGINT NOT NULL,     -- of the person
    cause        TEXT NOT NULL,       -- the receipt it is about; of a lapse, the grant's
    effective_at BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    UNIQUE (receiver, subject, number)
);
CREATE INDEX event_outbox_subject ON event_outbox (subject);

-- How far each got. Not evidence: rows leave some time after they were acknowledged.
CREATE TABLE event_delivery (
    event           TEXT PRIMARY KEY REFERENCES event_outbox (event),
    receiver        TEXT NOT NULL,
    subject         TEXT NOT NULL,
    number          BIGINT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('pending', 'acknowledged', 'refused')),
    attempts        BIGINT NOT NULL,
    next_at         BIGINT NOT NULL,  -- not before; while it is on its way, when it counts as lost
    acknowledged_at BIGINT,
    code            TEXT,             -- why the last attempt failed: a word of ours, nothing of theirs
    CHECK ((state = 'acknowledged') = (acknowledged_at IS NOT NULL))
);
CREATE INDEX event_delivery_due ON event_delivery (receiver, state, next_at);
CREATE INDEX event_delivery_order ON event_delivery (receiver, subject, number);

-- That the end of a grant came, or came near: once for each, whoever saw it first.
CREATE TABLE consent_lapse (
    subject TEXT NOT NULL,
    seq     BIGINT NOT NULL,          -- the grant among the person's events
    what    TEXT NOT NULL CHECK (what IN ('expired', 'expiring', 'invalidated')),
    at      BIGINT NOT NULL,
    entry   TEXT,                     -- the log entry about an end
    PRIMARY KEY (subject, seq, what),
    FOREIGN KEY (subject, seq) REFERENCES consent_event (subject, seq),
    CHECK ((what = 'expired') = (entry IS NOT NULL))
);
CREATE INDEX consent_event_end ON consent_event (valid_until) WHERE event = 'granted';
