-- People who let one administration look at them together. Rows are added, never changed; invitations are
-- the mutable rest. No row says who began a household, who invited whom, or when anybody came or went.

CREATE TABLE household (
    household TEXT PRIMARY KEY,        -- random
    body      TEXT NOT NULL,
    purpose   TEXT NOT NULL,
    adults    BIGINT NOT NULL CHECK (adults BETWEEN 1 AND 20)  -- how many it is said to have
);

-- A person's time in a household; another row when they come again.
CREATE TABLE household_member (
    membership TEXT PRIMARY KEY,       -- random
    household  TEXT NOT NULL REFERENCES household (household),
    subject    TEXT NOT NULL REFERENCES subject (subject),
    body       TEXT NOT NULL,
    purpose    TEXT NOT NULL,
    sealed     BYTEA NOT NULL,         -- who a question names: under the person's own key
    of_age_at  BIGINT,                 -- the 18th birthday of somebody who joined as a minor: their consent ends then
    entry      TEXT NOT NULL           -- the log entry about it
);
CREATE INDEX household_member_household ON household_member (household);
CREATE INDEX household_member_subject ON household_member (subject, body, purpose);

CREATE TABLE household_departure (
    membership TEXT PRIMARY KEY REFERENCES household_member (membership),
    entry      TEXT NOT NULL
);

-- Children under fourteen, whom a member answers for. They are no subjects: nothing is asked about them.
CREATE TABLE household_child (
    child      TEXT PRIMARY KEY,       -- random
    membership TEXT NOT NULL REFERENCES household_member (membership),
    sealed     BYTEA NOT NULL,         -- the birth date: under the key of whoever answers for them
    entry      TEXT NOT NULL
);
CREATE INDEX household_child_membership ON household_child (membership);

CREATE TABLE household_child_end (
    child TEXT PRIMARY KEY REFERENCES household_child (child),
    entry TEXT NOT NULL
);

-- Open invitations. Not evidence: a row leaves when it is used or over, so that no trace tells which.
CREATE TABLE household_invitation (
    token      TEXT PRIMARY KEY,       -- SHA-256 of the token in the link
    household  TEXT NOT NULL REFERENCES household (household),
    expires_at BIGINT NOT NULL
);
CREATE INDEX household_invitation_household ON household_invitation (household);
CREATE INDEX household_invitation_expiry ON household_invitation (expires_at);

-- A look at a whole household: one fetch per member, each that member's own.
CREATE TABLE household_job (
    job       TEXT PRIMARY KEY,
    household TEXT NOT NULL REFERENCES household (household),
    client    TEXT NOT NULL,           -- who receives it
    at        BIGINT NOT NULL
);

CREATE TABLE household_job_part (
    job        TEXT NOT NULL REFERENCES household_job (job),
    membership TEXT NOT NULL REFERENCES household_member (membership),
    part       TEXT NOT NULL REFERENCES job (job),
    PRIMARY KEY (job, membership)
);
CREATE INDEX household_job_part_part ON household_job_part (part);
