-- Every document a person was ever found by, so that they can be indexed under a new hashing key. One
-- may appear twice, when two log-ins wrote it at the same moment.
CREATE TABLE subject_document (
    id       TEXT PRIMARY KEY,        -- random
    subject  TEXT NOT NULL REFERENCES subject (subject),
    sealed   BYTEA NOT NULL,          -- the document, encrypted under the person's identity key
    added_at BIGINT NOT NULL
);
CREATE INDEX subject_document_subject ON subject_document (subject);
