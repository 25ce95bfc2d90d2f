-- The exact texts people were shown, each once: evidence of a consent is whole even after the program
-- ships another version.
CREATE TABLE notice_text (
    digest   TEXT PRIMARY KEY,        -- of the text; what notice_served.digest names
    text     TEXT NOT NULL,
    added_at BIGINT NOT NULL
);
