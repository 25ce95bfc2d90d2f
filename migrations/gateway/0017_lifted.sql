-- How a request and the block it put come to an end. Every request for erasure and every objection is a
-- block of its own, for as long as it has no row in request_end; `blocking` has the first of each scope.
-- Rows are added, never changed.

-- Until when the evidence of a blocked person is kept, by the request that blocks. A request from before
-- this table has it in `blocking`.
CREATE TABLE block_term (
    request TEXT PRIMARY KEY REFERENCES rights_request (request),
    until   BIGINT NOT NULL
);

-- What the person is told before their block is lifted (GDPR 18.3).
CREATE TABLE lift_notice (
    request TEXT PRIMARY KEY REFERENCES rights_request (request),
    words   BYTEA NOT NULL,           -- why, encrypted
    at      BIGINT NOT NULL,
    entry   TEXT NOT NULL             -- the log entry about it
);

CREATE TABLE request_end (
    request TEXT PRIMARY KEY REFERENCES rights_request (request),
    event   TEXT NOT NULL CHECK (event IN
        ('lifted',                    -- by the controller, after a lift_notice
         'withdrawn')),               -- by the person
    at      BIGINT NOT NULL,
    entry   TEXT NOT NULL
);
